//! Whose word about the copy counts, and what of it is worth a look at the whole cluster.

use std::time::Duration;

use metafs_admin_api::{
    CopyOwner, Problem, ProblemReport, RecoveryState, RecoveryStatus, RemoteStatus, Role, Status,
    UploadPhase, UploadStatus,
};
use metafs_namespace::settings::TablestoreMode;

use crate::view::View;

/// What passes within this time is not told: the servers try again by themselves.
const TRANSIENT: Duration = Duration::from_secs(5);
/// Not synced for longer than this is worth an Event.
const LONG: Duration = Duration::from_secs(60);

/// What the servers say.
#[derive(Clone, Copy, Debug)]
pub struct Word<'a> {
    /// The leader's status.
    pub leader: Option<&'a Status>,
    /// Whether the leader has applied the present spec.
    pub in_force: bool,
    /// What is replicated of the copy, from the leader or else from whoever knows most.
    pub known: Option<&'a RemoteStatus>,
}

impl<'a> Word<'a> {
    /// From what was seen.
    pub fn new(view: &'a View) -> Self {
        let leader = view.leader().map(|leader| leader.status);
        let knows_most = || {
            let servers = view.members.iter().filter_map(|member| member.server.as_ref());
            servers.max_by_key(|server| server.applied_index)
        };
        let known = leader.or_else(knows_most).and_then(|server| server.remote.as_ref());
        let in_force = leader.is_some_and(|leader| {
            leader.settings_generation.is_some_and(|applied| applied >= view.settings_generation)
        });
        Self { leader, in_force, known }
    }

    /// The leader's word of the copy.
    pub fn remote(&self) -> Option<&'a RemoteStatus> {
        self.leader?.remote.as_ref()
    }

    /// The leader's word of the upload.
    pub fn upload(&self) -> Option<&'a UploadStatus> {
        self.remote()?.upload.as_ref()
    }

    /// The recovery, as far as known.
    pub fn recovery(&self) -> Option<&'a RecoveryStatus> {
        self.known?.recovery.as_ref()
    }
}

/// Whether a recovery has not ended yet.
pub fn under_way(state: RecoveryState) -> bool {
    match state {
        RecoveryState::Waiting | RecoveryState::Loading | RecoveryState::Verifying => true,
        RecoveryState::Finished | RecoveryState::Failed => false,
    }
}

/// A problem that has lasted long enough to be told.
pub fn lasting(problem: Option<&ProblemReport>) -> Option<&ProblemReport> {
    problem.filter(|report| match report.kind {
        Problem::Throttled | Problem::Unreachable => report.seconds >= TRANSIENT.as_secs(),
        Problem::CredentialsMissing
        | Problem::CredentialsRefused
        | Problem::PermissionDenied
        | Problem::InstanceMissing
        | Problem::QuotaExceeded
        | Problem::ForeignTables
        | Problem::NoCopy
        | Problem::Damaged
        | Problem::Mismatch
        | Problem::NewerFormat
        | Problem::Other => true,
    })
}

/// Whether the copy has been behind for long.
pub fn far_behind(upload: &UploadStatus) -> bool {
    u128::from(upload.lag_ms) >= LONG.as_millis()
}

/// Percent in steps: what is worth a write before its time.
pub fn steps(percent: u8) -> u8 {
    percent / 5
}

/// What a whole pass is made for when it changes. The rest waits for the next one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    leads: bool,
    term: u64,
    settings_generation: Option<u64>,
    mode: Option<TablestoreMode>,
    read_only: bool,
    upload: Option<UploadSignature>,
    recovery: Option<(RecoveryState, u8, Option<Problem>, Option<CopyOwner>)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct UploadSignature {
    phase: UploadPhase,
    synced: bool,
    far_behind: bool,
    problem: Option<Problem>,
    owner: Option<CopyOwner>,
    percent: Option<u8>,
}

impl Signature {
    /// Of what a server says of itself.
    pub fn new(status: &Status) -> Self {
        let remote = status.remote.as_ref();
        let kind =
            |problem: &Option<ProblemReport>| lasting(problem.as_ref()).map(|report| report.kind);
        Self {
            leads: status.role == Role::Active,
            term: status.term,
            settings_generation: status.settings_generation,
            mode: remote.map(|remote| remote.mode),
            read_only: remote.is_some_and(|remote| remote.read_only),
            upload: remote.and_then(|remote| remote.upload.as_ref()).map(|upload| {
                UploadSignature {
                    phase: upload.phase,
                    synced: upload.synced,
                    far_behind: far_behind(upload),
                    problem: kind(&upload.problem),
                    owner: upload.owner.clone(),
                    percent: upload.backfill.as_ref().map(|progress| steps(progress.percent)),
                }
            }),
            recovery: remote.and_then(|remote| remote.recovery.as_ref()).map(|recovery| {
                let percent = steps(recovery.progress.percent);
                (recovery.state, percent, kind(&recovery.problem), recovery.source.clone())
            }),
        }
    }
}
