//! What upload and recovery say of themselves. Snapshots, published through watch channels; times
//! are ms since the epoch unless they say otherwise.

use serde::{Deserialize, Serialize};

use crate::retry::Failing;

/// A lag below this many ms is none: see [`UploadStatus::synced`].
pub const SYNCED_MS: u64 = 5_000;

/// An owner of a copy, for a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerName {
    /// The cluster's name and id.
    pub cluster: String,
    /// Its epoch.
    pub epoch: u64,
}

impl From<&crate::meta::Owner> for OwnerName {
    fn from(owner: &crate::meta::Owner) -> Self {
        let crate::meta::Cluster { id, name } = &owner.cluster;
        Self { cluster: format!("{name} ({id})"), epoch: owner.epoch }
    }
}

/// What an upload does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum UploadPhase {
    /// It has not looked at the store yet.
    #[default]
    Starting,
    /// Another cluster's leader lives and owns the copy.
    Waiting(OwnerName),
    /// It takes the epoch.
    TakingOver,
    /// It reads the whole namespace; until that is done an older copy, if there is one, is what
    /// can be recovered.
    Backfill,
    /// The copy follows.
    Tailing,
    /// Another cluster took the copy over; nothing more happens.
    Fenced(OwnerName),
}

/// How far a backfill is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FillStatus {
    /// Rows written.
    pub rows: u64,
    /// Rows there are, roughly.
    pub of: u64,
    /// Of them a second, since the fill began or went on.
    pub rows_per_s: u64,
    /// Seconds left, roughly, once that can be told.
    pub eta_s: Option<u64>,
}

impl FillStatus {
    /// Percent done.
    pub fn percent(&self) -> u8 {
        percent(self.rows, self.of)
    }
}

/// Percent, never 100 before it is told that all is done.
pub fn percent(done: u64, of: u64) -> u8 {
    let percent = done.saturating_mul(100).checked_div(of).unwrap_or(0);
    percent.min(99) as u8
}

/// A moment in a namespace's history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// Applied index.
    pub index: u64,
    /// Replicated time.
    pub time_ms: i64,
}

/// Counters since the upload began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadCounters {
    /// Batches committed.
    pub batches: u64,
    /// Entries of the log that they cover.
    pub entries: u64,
    /// Changed rows of the namespace in them.
    pub changes: u64,
    /// Rows of the namespace that backfills wrote.
    pub filled: u64,
    /// Rows of Tablestore written, seals, checkpoints and heartbeats included.
    pub rows: u64,
    /// Bytes in them.
    pub bytes: u64,
    /// Rows of Tablestore deleted.
    pub deleted: u64,
}

/// An upload.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UploadStatus {
    /// What it does.
    pub phase: UploadPhase,
    /// What keeps it from going on, if something does.
    pub failing: Option<Failing>,
    /// The epoch it holds; 0: none.
    pub epoch: u64,
    /// Applied index of the local replica.
    pub applied: u64,
    /// Everything up to here is in the journal.
    pub uploaded: Moment,
    /// Recovery begins to look for the journal's end here, not before.
    pub checkpointed: Moment,
    /// Entries applied and not uploaded.
    pub lag_entries: u64,
    /// For how long the oldest of them has been waiting.
    pub lag_ms: u64,
    /// The backfill under way: the first, or one that replaces a long journal.
    pub backfill: Option<FillStatus>,
    /// Changes in the journal that a recovery has to replay.
    pub journal_changes: u64,
    /// Counters.
    pub counters: UploadCounters,
}

impl UploadStatus {
    /// Whether everything acknowledged up to a moment less than 5 s ago can be recovered.
    pub fn synced(&self) -> bool {
        self.phase == UploadPhase::Tailing && self.lag_ms < SYNCED_MS
    }
}

/// What a recovery does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecoveryPhase {
    /// It has not looked at the store yet.
    #[default]
    Starting,
    /// Another cluster's leader lives and owns the copy.
    Waiting(OwnerName),
    /// Rows are read and replicated.
    Loading,
    /// What was loaded is compared with the copy's own counts and checksum.
    Verifying,
    /// The namespace is recovered.
    Finished,
    /// It cannot be recovered, and why.
    Failed(String),
}

/// A recovery.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RecoveryStatus {
    /// What it does.
    pub phase: RecoveryPhase,
    /// What keeps it from going on, if something does.
    pub failing: Option<Failing>,
    /// The cluster whose namespace it is.
    pub source: String,
    /// Rows and changes replicated.
    pub rows: u64,
    /// Rows and changes to replicate in all.
    pub of: u64,
    /// Of them a second, lately.
    pub rows_per_s: u64,
    /// Seconds left, roughly, once that can be told.
    pub eta_s: Option<u64>,
    /// The moment that is recovered.
    pub recovered: Moment,
    /// What the source's leader had applied when it last reported; entries between
    /// [`Self::recovered`] and this were acknowledged and not uploaded. `None`: not known.
    pub reported: Option<Moment>,
}

impl RecoveryStatus {
    /// Percent done; 100 only if it finished.
    pub fn percent(&self) -> u8 {
        if self.phase == RecoveryPhase::Finished { 100 } else { percent(self.rows, self.of) }
    }
}
