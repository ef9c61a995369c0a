//! The conditions Synced, Uploading, Recovered, ReadOnly and RemoteFenced. There are none where
//! `spec.tablestore` is absent. Synced, Uploading and RemoteFenced are the present leader's word and
//! nobody else's, and only once it has applied the present spec: whoever waits for one of them never
//! gets what was left over from before. Recovered and ReadOnly are replicated: any member may say so.
//!
//! Messages hold no numbers that change by themselves: those are in [`super::report`].

use metafs_admin_api::{
    CopyOwner, Problem, ProblemReport, RecoveryState, RecoveryStatus, UploadPhase, UploadStatus,
};
use metafs_crds::{MetadataClusterStatus, condition};
use metafs_namespace::settings::TablestoreMode;

use super::spec::Wanted;
use super::word::{Word, far_behind, lasting};

/// The copy's owner is another cluster, and alive.
pub const WAITING_FOR_OWNER: &str = "WaitingForOwner";
/// The servers refuse the present spec.
pub const SETTINGS_REFUSED: &str = "SettingsRefused";
/// Synced before, and not for a moment.
pub const LAGGING: &str = "Lagging";
/// Not synced for long.
pub const FAR_BEHIND: &str = "FarBehind";
/// Another cluster has taken the copy over.
pub const TAKEN_OVER: &str = "TakenOver";

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It does.
    True,
    /// It does not.
    False,
    /// Nobody can say.
    Unknown,
}

impl Truth {
    /// As conditions carry it.
    pub fn as_str(self) -> &'static str {
        match self {
            Truth::True => "True",
            Truth::False => "False",
            Truth::Unknown => "Unknown",
        }
    }

    /// And back.
    pub fn parse(text: &str) -> Self {
        match text {
            "True" => Truth::True,
            "False" => Truth::False,
            _ => Truth::Unknown,
        }
    }
}

impl From<bool> for Truth {
    fn from(is: bool) -> Self {
        if is { Truth::True } else { Truth::False }
    }
}

/// What a condition says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Whether.
    pub truth: Truth,
    /// Why, CamelCase.
    pub reason: &'static str,
    /// The same for people.
    pub message: String,
}

impl Told {
    fn new(truth: Truth, reason: &'static str, message: impl Into<String>) -> Self {
        Self { truth, reason, message: message.into() }
    }

    fn no(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(Truth::False, reason, message)
    }

    fn unknown(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(Truth::Unknown, reason, message)
    }
}

/// What is known beside the servers' word.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// What the resource asks for.
    pub wanted: &'a Wanted,
    /// What is wrong with the user's Secret.
    pub credentials: Option<&'a str>,
    /// Why the servers refuse the present spec.
    pub refused: Option<&'a str>,
    /// The status before.
    pub before: Option<&'a MetadataClusterStatus>,
}

/// All five, with their types.
pub fn tell(word: &Word<'_>, about: Circumstances<'_>) -> [(&'static str, Told); 5] {
    [
        (condition::SYNCED, synced(word, about)),
        (condition::UPLOADING, uploading(word, about)),
        (condition::RECOVERED, recovered(word, about)),
        (condition::READ_ONLY, read_only(word)),
        (condition::REMOTE_FENCED, fenced(word, about)),
    ]
}

/// The reason of a problem, and of nothing else.
pub fn problem_reason(problem: Problem) -> &'static str {
    match problem {
        Problem::CredentialsMissing => "CredentialsMissing",
        Problem::CredentialsRefused => "CredentialsRefused",
        Problem::PermissionDenied => "PermissionDenied",
        Problem::InstanceMissing => "InstanceMissing",
        Problem::QuotaExceeded => "QuotaExceeded",
        Problem::Unreachable => "Unreachable",
        Problem::Throttled => "Throttled",
        Problem::ForeignTables => "ForeignTables",
        Problem::NoCopy => "NoCopy",
        Problem::Damaged => "Damaged",
        Problem::Mismatch => "Mismatch",
        Problem::NewerFormat => "NewerFormat",
        Problem::Other => "TablestoreError",
    }
}

/// Reasons of [`problem_reason`].
pub const PROBLEMS: [&str; 13] = [
    "CredentialsMissing",
    "CredentialsRefused",
    "PermissionDenied",
    "InstanceMissing",
    "QuotaExceeded",
    "Unreachable",
    "Throttled",
    "ForeignTables",
    "NoCopy",
    "Damaged",
    "Mismatch",
    "NewerFormat",
    "TablestoreError",
];

fn problem(ProblemReport { kind, message, seconds: _ }: &ProblemReport) -> Told {
    Told::no(problem_reason(*kind), message.clone())
}

/// Why the leader's word cannot be had.
fn unheard(word: &Word<'_>, about: Circumstances<'_>) -> Option<Told> {
    if word.leader.is_none() {
        return Some(Told::unknown("NoLeader", "no leader answers"));
    }
    if !word.in_force && about.refused.is_none() && !goes_on(word, about) {
        return Some(Told::unknown(
            "SettingsPending",
            "the leader has not applied the present spec yet",
        ));
    }
    word.remote()
        .is_none()
        .then(|| Told::unknown("NotReported", "the leader says nothing of a copy in Tablestore"))
}

/// Whether the pending spec leaves the upload as it is: where to can change only while it is off.
fn goes_on(word: &Word<'_>, about: Circumstances<'_>) -> bool {
    let uploads = |mode: TablestoreMode| mode == TablestoreMode::AsyncUpload;
    uploads(about.wanted.settings.mode) && word.remote().is_some_and(|remote| uploads(remote.mode))
}

/// The upload, if there is one; else why not.
fn upload<'a>(word: &Word<'a>, about: Circumstances<'_>) -> Result<&'a UploadStatus, Told> {
    if let Some(unheard) = unheard(word, about) {
        return Err(unheard);
    }
    if let Some(refused) = about.refused {
        return Err(Told::no(SETTINGS_REFUSED, refused));
    }
    match word.remote().map(|remote| remote.mode) {
        Some(TablestoreMode::AsyncUpload) => {}
        Some(TablestoreMode::Recovery) => {
            let message = "spec.tablestore.mode is Recovery: nothing is uploaded";
            return Err(Told::no("Recovering", message));
        }
        Some(TablestoreMode::Disabled) | None => {
            let message = "spec.tablestore.mode is Disabled: nothing is uploaded";
            return Err(Told::no("Disabled", message));
        }
    }
    word.upload().ok_or_else(|| match about.credentials {
        Some(credentials) => credentials_missing(credentials),
        None => Told::unknown("Starting", "the leader has not begun to upload yet"),
    })
}

fn credentials_missing(message: &str) -> Told {
    Told::no(problem_reason(Problem::CredentialsMissing), message)
}

/// What keeps an upload from going on.
fn obstacle(upload: &UploadStatus, about: Circumstances<'_>) -> Option<Told> {
    match upload.phase {
        UploadPhase::Fenced => return Some(Told::no("Fenced", taken_over(upload.owner.as_ref()))),
        UploadPhase::WaitingForOwner => {
            return Some(Told::no(WAITING_FOR_OWNER, waiting_for(upload.owner.as_ref())));
        }
        UploadPhase::Starting
        | UploadPhase::TakingOver
        | UploadPhase::Backfill
        | UploadPhase::Tailing => {}
    }
    about
        .credentials
        .map(credentials_missing)
        .or_else(|| lasting(upload.problem.as_ref()).map(problem))
}

fn synced(word: &Word<'_>, about: Circumstances<'_>) -> Told {
    let upload = match upload(word, about) {
        Ok(upload) => upload,
        Err(told) => return told,
    };
    if upload.synced {
        let message = "everything acknowledged until 5 seconds ago is in Tablestore";
        return Told::new(Truth::True, "Synced", message);
    }
    obstacle(upload, about).unwrap_or_else(|| match upload.phase {
        UploadPhase::Backfill => {
            Told::no("Backfilling", "what was there before is still being written")
        }
        UploadPhase::Tailing if far_behind(upload) => {
            Told::no(FAR_BEHIND, "the copy has been behind for more than a minute")
        }
        UploadPhase::Tailing if was_synced(about.before) => {
            Told::no(LAGGING, "the copy was complete and is a little behind now")
        }
        UploadPhase::Tailing => Told::no("CatchingUp", "the copy is behind"),
        UploadPhase::Starting
        | UploadPhase::TakingOver
        | UploadPhase::WaitingForOwner
        | UploadPhase::Fenced => Told::no("Starting", "the leader looks at the copy"),
    })
}

fn was_synced(before: Option<&MetadataClusterStatus>) -> bool {
    before.is_some_and(|before| {
        let mut conditions = before.conditions.iter();
        conditions
            .any(|c| c.type_ == condition::SYNCED && (c.status == "True" || c.reason == LAGGING))
    })
}

fn uploading(word: &Word<'_>, about: Circumstances<'_>) -> Told {
    let upload = match upload(word, about) {
        Ok(upload) => upload,
        Err(told) => return told,
    };
    obstacle(upload, about).unwrap_or_else(|| match upload.phase {
        UploadPhase::Backfill => {
            Told::new(Truth::True, "Backfilling", "writes what was there before")
        }
        UploadPhase::Tailing => Told::new(Truth::True, "Tailing", "writes what changes"),
        UploadPhase::TakingOver => {
            Told::no("TakingOver", "takes the copy over from its owner before")
        }
        UploadPhase::Starting | UploadPhase::WaitingForOwner | UploadPhase::Fenced => {
            Told::no("Starting", "the leader looks at the copy")
        }
    })
}

fn recovered(word: &Word<'_>, about: Circumstances<'_>) -> Told {
    let wanted = about.wanted.settings.mode == TablestoreMode::Recovery;
    let Some(recovery) = word.recovery() else {
        return match (word.leader, word.known) {
            // What was recovered stays so, even while nobody answers.
            (None, _) if was_recovered(about.before) => finished(),
            (None, _) => Told::unknown("NoLeader", "no leader answers"),
            (Some(_), _) if !wanted => {
                Told::no("NotRecovered", "this cluster was not recovered from a copy")
            }
            (Some(_), Some(_)) => waiting(about, None),
            (Some(_), None) => {
                Told::unknown("NotReported", "the leader says nothing of a recovery")
            }
        };
    };
    let RecoveryStatus { state, problem: trouble, source, .. } = recovery;
    match state {
        RecoveryState::Finished => finished(),
        RecoveryState::Failed => trouble.as_ref().map(problem).unwrap_or_else(|| {
            Told::no("Failed", "the recovery failed; the leader's log says why")
        }),
        RecoveryState::Waiting => match lasting(trouble.as_ref()) {
            Some(trouble) if about.credentials.is_none() => problem(trouble),
            _ => waiting(about, source.as_ref()),
        },
        RecoveryState::Loading | RecoveryState::Verifying => match lasting(trouble.as_ref()) {
            Some(trouble) => problem(trouble),
            None if *state == RecoveryState::Loading => {
                Told::no("Loading", "the rows of the copy are being read; no client is served")
            }
            None => {
                Told::no("Verifying", "counts and checksum are being compared with the copy's own")
            }
        },
    }
}

fn finished() -> Told {
    Told::new(Truth::True, "Finished", "FINISH: the namespace is identical to the copy")
}

fn waiting(about: Circumstances<'_>, source: Option<&CopyOwner>) -> Told {
    match (about.credentials, source) {
        (Some(credentials), _) => credentials_missing(credentials),
        (None, Some(_)) => Told::no(WAITING_FOR_OWNER, waiting_for(source)),
        (None, None) => Told::no("Waiting", "the recovery has not begun yet"),
    }
}

fn was_recovered(before: Option<&MetadataClusterStatus>) -> bool {
    before.is_some_and(|before| {
        before.conditions.iter().any(|c| c.type_ == condition::RECOVERED && c.status == "True")
    })
}

fn read_only(word: &Word<'_>) -> Told {
    let Some(remote) = word.known else {
        return match word.leader {
            Some(_) => Told::unknown("NotReported", "the leader says nothing of a recovery"),
            None => Told::unknown("NoLeader", "no leader answers"),
        };
    };
    if !remote.read_only {
        return Told::no("Writable", "writes are accepted");
    }
    let yes = |reason, message: &str| Told::new(Truth::True, reason, message);
    match remote.recovery.as_ref().map(|recovery| recovery.state) {
        Some(RecoveryState::Finished) => yes(
            "RecoveryFinished",
            "the recovery is finished; writes are refused with error 25021 until spec.tablestore.mode is AsyncUpload or Disabled",
        ),
        Some(RecoveryState::Failed) => yes(
            "RecoveryFailed",
            "the recovery failed; condition Recovered says why, and what to do",
        ),
        Some(RecoveryState::Waiting | RecoveryState::Loading | RecoveryState::Verifying) | None => {
            yes(
                "Recovering",
                "the namespace is being recovered; writes are refused with error 25021",
            )
        }
    }
}

fn fenced(word: &Word<'_>, about: Circumstances<'_>) -> Told {
    if let Some(unheard) = unheard(word, about) {
        return unheard;
    }
    match word.upload() {
        Some(upload) if upload.phase == UploadPhase::Fenced => {
            Told::new(Truth::True, TAKEN_OVER, taken_over(upload.owner.as_ref()))
        }
        _ => Told::no("NotFenced", "no other cluster has taken the copy over"),
    }
}

fn owner(owner: Option<&CopyOwner>) -> String {
    match owner {
        Some(CopyOwner { cluster_id, name, epoch: _ }) if cluster_id.is_empty() => name.clone(),
        Some(CopyOwner { cluster_id, name, epoch: _ }) => format!("{name} (cluster {cluster_id})"),
        None => "another cluster".into(),
    }
}

fn waiting_for(of: Option<&CopyOwner>) -> String {
    format!(
        "{} owns the copy and is alive: stop it, or give this cluster another spec.tablestore.tablePrefix, or set spec.tablestore.takeover to true to take the copy over",
        owner(of)
    )
}

fn taken_over(by: Option<&CopyOwner>) -> String {
    format!(
        "{} has taken the copy over, and this cluster writes nothing to it any more: set spec.tablestore.mode to Disabled; or to get it back, stop that cluster and set spec.tablestore.takeover to true",
        owner(by)
    )
}

/// What a cluster that is being recovered, or read-only after that, says beside what it is otherwise.
pub fn under_recovery(word: &Word<'_>) -> Option<UnderRecovery> {
    let remote = word.known.filter(|remote| remote.read_only)?;
    Some(match remote.recovery.as_ref().map(|recovery| recovery.state) {
        Some(RecoveryState::Finished) => UnderRecovery::ReadOnly,
        Some(RecoveryState::Failed) => UnderRecovery::Failed,
        Some(RecoveryState::Waiting | RecoveryState::Loading | RecoveryState::Verifying) | None => {
            UnderRecovery::Recovering
        }
    })
}

/// How a recovery limits what clients may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnderRecovery {
    /// Neither reads nor writes.
    Recovering,
    /// Neither reads nor writes, and a hand is needed.
    Failed,
    /// Reads.
    ReadOnly,
}

impl UnderRecovery {
    /// For people.
    pub fn message(self) -> &'static str {
        match self {
            UnderRecovery::Recovering => {
                "under recovery: clients are not served until it is finished (status.recovery)"
            }
            UnderRecovery::Failed => {
                "the recovery failed (condition Recovered): clients are not served"
            }
            UnderRecovery::ReadOnly => "read-only after a recovery (condition ReadOnly)",
        }
    }
}
