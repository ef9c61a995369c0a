//! What a member says of the copy in Tablestore: part of GET /v1/status.

use metafs_namespace::settings::TablestoreMode;
use serde::{Deserialize, Serialize};

/// The copy in Tablestore, as this member sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RemoteStatus {
    /// The mode in force: after a recovery that is followed by upload, AsyncUpload.
    pub mode: TablestoreMode,
    /// Whether clients' writes are refused with error 25021.
    pub read_only: bool,
    /// The upload; on the leader only, while it uploads or is to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload: Option<UploadStatus>,
    /// The recovery; `None`: this cluster was not recovered, nor is it to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery: Option<RecoveryStatus>,
}

/// What keeps the copy from being written or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Problem {
    /// No credentials are mounted, or they are incomplete.
    CredentialsMissing,
    /// Tablestore does not know the key, or the signature is wrong.
    CredentialsRefused,
    /// The key may not do what is needed.
    PermissionDenied,
    /// There is no such instance.
    InstanceMissing,
    /// A quota of the instance is exhausted.
    QuotaExceeded,
    /// Tablestore cannot be reached, or does not answer in time.
    Unreachable,
    /// Tablestore refuses for its load.
    Throttled,
    /// Tables of these names hold something else.
    ForeignTables,
    /// There is no complete copy under this prefix.
    NoCopy,
    /// The copy is damaged: a row is missing, or not what was written.
    Damaged,
    /// What was read does not match the copy's own counts or checksum.
    Mismatch,
    /// The copy was written by a newer version.
    NewerFormat,
    /// Anything else; the message says what.
    Other,
}

/// A problem and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProblemReport {
    /// For programs.
    pub kind: Problem,
    /// For people: what is wrong and what to do.
    pub message: String,
    /// For how long it has lasted, seconds.
    pub seconds: u64,
}

/// What the upload does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UploadPhase {
    /// Looks at the copy.
    Starting,
    /// Another cluster owns the copy and is alive.
    WaitingForOwner,
    /// Takes the copy over and closes what its owner before left open.
    TakingOver,
    /// Writes all of the namespace that was there before.
    Backfill,
    /// Writes what changes, as it changes.
    Tailing,
    /// Another cluster has taken the copy over: this one writes nothing any more.
    Fenced,
}

/// The cluster that owns a copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CopyOwner {
    /// Its id.
    pub cluster_id: String,
    /// Its name for people, such as `MetadataCluster default/demo`.
    pub name: String,
    /// Its epoch of ownership.
    pub epoch: u64,
}

/// How far a long step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// Rows done.
    pub rows_done: u64,
    /// Rows in all, as far as known.
    pub rows_total: u64,
    /// 0 to 100.
    pub percent: u8,
    /// Lately.
    pub rows_per_second: u64,
    /// Seconds to go at that rate; `None`: not known yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eta_seconds: Option<u64>,
}

/// The upload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UploadStatus {
    /// What it does.
    pub phase: UploadPhase,
    /// Everything acknowledged up to a moment less than 5 s ago is in Tablestore and checkpointed.
    pub synced: bool,
    /// What keeps it from going on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<ProblemReport>,
    /// Who owns the copy, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<CopyOwner>,
    /// Everything up to this log index is in the copy.
    pub checkpoint_index: u64,
    /// The replicated time of that, ms since the epoch.
    pub checkpoint_time_ms: i64,
    /// Log entries applied and not in the copy.
    pub lag_entries: u64,
    /// For how long the oldest of them has waited.
    pub lag_ms: u64,
    /// In phase Backfill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backfill: Option<Progress>,
}

/// What a recovery has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecoveryState {
    /// Not begun: no leader, no credentials, the copy's owner is alive.
    Waiting,
    /// Rows are being read; no client is served.
    Loading,
    /// All was read; counts and checksum are compared.
    Verifying,
    /// Identical to the copy; read-only until the mode is changed.
    Finished,
    /// Not identical, or not possible: the problem says why.
    Failed,
}

/// The recovery, from the replicated state; alike on all members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecoveryStatus {
    /// What it has come to.
    pub state: RecoveryState,
    /// What keeps it from going on, or what it failed of. While it is not Failed, on the leader only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<ProblemReport>,
    /// Whose copy it is, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<CopyOwner>,
    /// How far it is; rate and ETA on the leader only.
    pub progress: Progress,
    /// Everything up to this log index of the source was recovered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovered_index: Option<u64>,
    /// The source's replicated time of that, ms since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovered_time_ms: Option<i64>,
    /// Log entries that the source's leader last reported beyond that; `None`: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_uploaded_entries: Option<u64>,
    /// When it began, ms since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_ms: Option<i64>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_ms: Option<i64>,
}
