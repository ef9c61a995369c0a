//! What the upload and the recovery say of themselves, in the admin API's words.

use metafs_admin_api::{
    CopyOwner, Problem, ProblemReport, Progress, RecoveryState, RecoveryStatus, RemoteStatus,
    UploadPhase, UploadStatus,
};
use metafs_consensus::Node;
use metafs_namespace::recovery::{self, Recovery, RecoveryPhase};
use metafs_namespace::settings::TablestoreMode;
use metafs_replication::status::{self, OwnerName};
use metafs_replication::{Failing, FailureKind, TroubleKind};

use super::Live;
use super::sink::Note;
use crate::service::now_ms;

/// The kind of problem that a trouble of the store is.
pub(super) fn problem(kind: TroubleKind) -> Problem {
    match kind {
        TroubleKind::NoCredentials => Problem::CredentialsMissing,
        TroubleKind::BadCredentials => Problem::CredentialsRefused,
        TroubleKind::NoInstance => Problem::InstanceMissing,
        TroubleKind::NoPermission => Problem::PermissionDenied,
        TroubleKind::Quota => Problem::QuotaExceeded,
        TroubleKind::Throttled => Problem::Throttled,
        TroubleKind::Unreachable => Problem::Unreachable,
        TroubleKind::ForeignTable => Problem::ForeignTables,
        TroubleKind::NoTable => Problem::NoCopy,
        TroubleKind::Server | TroubleKind::Rejected => Problem::Other,
    }
}

fn failing(failing: &Failing) -> ProblemReport {
    let Failing { kind, message, since_ms } = failing;
    let seconds = now_ms().saturating_sub(*since_ms).max(0) / 1000;
    ProblemReport {
        kind: problem(*kind),
        message: message.clone(),
        seconds: u64::try_from(seconds).unwrap_or_default(),
    }
}

fn owner(name: &OwnerName) -> CopyOwner {
    let OwnerName { cluster, epoch } = name;
    // "NAME (ID)", see OwnerName.
    let (name, id) = match cluster.rsplit_once(" (") {
        Some((name, id)) => (name, id.trim_end_matches(')')),
        None => (cluster.as_str(), ""),
    };
    CopyOwner { cluster_id: id.to_owned(), name: name.to_owned(), epoch: *epoch }
}

/// The upload as the leader has it.
pub(super) fn upload(upload: &status::UploadStatus) -> UploadStatus {
    let (phase, of) = match &upload.phase {
        status::UploadPhase::Starting => (UploadPhase::Starting, None),
        status::UploadPhase::Waiting(name) => (UploadPhase::WaitingForOwner, Some(name)),
        status::UploadPhase::TakingOver => (UploadPhase::TakingOver, None),
        status::UploadPhase::Backfill => (UploadPhase::Backfill, None),
        status::UploadPhase::Tailing => (UploadPhase::Tailing, None),
        status::UploadPhase::Fenced(name) => (UploadPhase::Fenced, Some(name)),
    };
    UploadStatus {
        phase,
        synced: upload.synced(),
        problem: upload.failing.as_ref().map(failing),
        owner: of.map(owner),
        checkpoint_index: upload.uploaded.index,
        checkpoint_time_ms: upload.uploaded.time_ms,
        lag_entries: upload.lag_entries,
        lag_ms: upload.lag_ms,
        backfill: upload.backfill.map(|fill| Progress {
            rows_done: fill.rows,
            rows_total: fill.of,
            percent: fill.percent(),
            rows_per_second: fill.rows_per_s,
            eta_seconds: fill.eta_s,
        }),
    }
}

/// A recovery: what is replicated, with what the leader knows besides.
pub(super) fn recovery(
    replicated: Option<&Recovery>,
    live: Option<&status::RecoveryStatus>,
) -> RecoveryStatus {
    let note = replicated.and_then(|recovery| Note::decode(recovery).ok().flatten());
    let verifying = live.is_some_and(|live| live.phase == status::RecoveryPhase::Verifying);
    let state = match replicated.map(|recovery| &recovery.phase) {
        None => RecoveryState::Waiting,
        Some(RecoveryPhase::Loading) if verifying => RecoveryState::Verifying,
        Some(RecoveryPhase::Loading) => RecoveryState::Loading,
        Some(RecoveryPhase::Finished) => RecoveryState::Finished,
        Some(RecoveryPhase::Failed { .. }) => RecoveryState::Failed,
    };
    let waits_for = match live.map(|live| &live.phase) {
        Some(status::RecoveryPhase::Waiting(name)) => Some(owner(name)),
        _ => None,
    };
    let failed = match replicated.map(|recovery| &recovery.phase) {
        Some(RecoveryPhase::Failed { reason }) => {
            Some(ProblemReport { kind: reason_kind(reason), message: reason.clone(), seconds: 0 })
        }
        _ => live.and_then(|live| live.failing.as_ref()).map(failing),
    };
    let rows_done = note.as_ref().map_or(0, |note| note.changes);
    let rows_total = note.as_ref().map_or(0, |note| note.plan.rows + note.plan.changes);
    RecoveryStatus {
        state,
        problem: failed,
        source: note
            .as_ref()
            .map(|note| CopyOwner {
                cluster_id: String::new(),
                name: note.plan.cluster.clone(),
                epoch: note.plan.epoch,
            })
            .or(waits_for),
        progress: Progress {
            rows_done,
            rows_total: rows_total.max(rows_done),
            percent: match state {
                RecoveryState::Finished => 100,
                _ => status::percent(rows_done, rows_total),
            },
            rows_per_second: live.map_or(0, |live| live.rows_per_s),
            eta_seconds: live.and_then(|live| live.eta_s),
        },
        recovered_index: note.as_ref().map(|note| note.plan.index),
        recovered_time_ms: note.as_ref().map(|note| note.plan.time_ms),
        not_uploaded_entries: note
            .as_ref()
            .filter(|note| note.plan.reported_index >= note.plan.index)
            .map(|note| note.plan.reported_index - note.plan.index),
        started_ms: replicated.map(|recovery| recovery.started_ms),
        finished_ms: replicated.and_then(|recovery| recovery.ended_ms),
    }
}

/// What a recovery failed of. The namespace compares totals too, in words of its own.
fn reason_kind(reason: &str) -> Problem {
    match FailureKind::of(reason) {
        FailureKind::NoCopy => Problem::NoCopy,
        FailureKind::Damaged => Problem::Damaged,
        FailureKind::NewerFormat => Problem::NewerFormat,
        FailureKind::Mismatch => Problem::Mismatch,
        FailureKind::Other if reason.starts_with(recovery::MISMATCH) => Problem::Mismatch,
        FailureKind::Other => Problem::Other,
    }
}

/// All that this server says; `None`: the settings name no copy.
pub fn describe(node: &Node, live: &Live) -> Option<RemoteStatus> {
    let settings = node.settings()?;
    let tablestore = settings.tablestore.as_ref()?;
    let replicated = match node.view(|view| view.recovery()).and_then(|read| read) {
        Ok(replicated) => replicated,
        Err(error) => {
            tracing::error!(%error, "cannot read the recovery's state");
            return None;
        }
    };
    let mode = recovery::mode(&settings, replicated.as_ref());
    let recovers = tablestore.mode == TablestoreMode::Recovery || replicated.is_some();
    Some(RemoteStatus {
        mode,
        read_only: mode == TablestoreMode::Recovery,
        upload: live.upload().as_ref().map(upload),
        recovery: recovers.then(|| recovery(replicated.as_ref(), live.recovery().as_ref())),
    })
}
