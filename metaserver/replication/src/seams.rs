//! The seams to the replica that is copied ([`Source`]) and to the one that is recovered
//! ([`Sink`]). Implemented by the server over Raft and RocksDB, and by tests in memory. Keys and
//! values are opaque here; which rows belong to the copy is the source's affair, but must be the
//! same on every replica.

use std::future::Future;
use std::ops::ControlFlow;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::frame::Position;
use crate::pack::Change;

/// What identifies a namespace's state, as far as the copy's rows determine it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Directories.
    pub folders: u64,
    /// Files.
    pub files: u64,
    /// Bytes of all files.
    pub bytes: u64,
    /// Order-independent checksum of the rows.
    pub checksum: u128,
    /// The id the next inode gets.
    pub next_inode: u64,
    /// Whatever else must be restored that is in no row: counters, in the source's own form.
    pub counters: Bytes,
}

/// The local replica failed, or does not lead any more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ReplicaError(pub String);

/// What a cluster remembers, through Raft, of its uploads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The last epoch that a leader of this cluster held; 0: none.
    pub epoch: u64,
    /// Everything up to this applied index is in the copy, so that what is kept of touched
    /// keys up to here may go; 0: nothing yet.
    pub index: u64,
}

/// The replica that is copied: that of the leader.
pub trait Source: Send + Sync + 'static {
    /// The applied index, and its changes.
    fn applied(&self) -> watch::Receiver<u64>;

    /// Runs `read` with a consistent view of the replica where blocking is allowed. Reads take
    /// some ten milliseconds and end by themselves.
    ///
    /// # Errors
    /// If the replica cannot be read; `read` reports its own errors in `T`.
    fn snapshot<T, F>(&self, read: F) -> impl Future<Output = Result<T, ReplicaError>> + Send
    where
        T: Send + 'static,
        F: FnOnce(&dyn Snapshot) -> T + Send + 'static;

    /// What was last reported, by whichever leader.
    fn reported(&self) -> Report;

    /// Has all replicas remember this, through Raft. Neither of its numbers goes back.
    ///
    /// # Errors
    /// If it cannot be replicated now. That is not fatal: it is reported again later.
    fn report(&self, report: Report) -> impl Future<Output = Result<(), ReplicaError>> + Send;
}

/// Whether [`Snapshot::touched`] could tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Yes.
    Whole,
    /// No: keys that were touched after the given index are forgotten already.
    Gone,
}

/// A consistent view of the replica.
pub trait Snapshot {
    /// Its applied index: all entries up to it are in it, and none after it.
    fn applied(&self) -> u64;

    /// Its replicated time, ms since the epoch.
    fn time_ms(&self) -> i64;

    /// What the namespace amounts to.
    ///
    /// # Errors
    /// If it cannot be read.
    fn totals(&self) -> Result<Totals, ReplicaError>;

    /// How many rows a copy has, roughly.
    fn estimated_rows(&self) -> u64;

    /// Visits the keys (of rows that belong to the copy) that entries after `after` touched, in
    /// order of the entries' indexes, and within one index in an order that is always the same,
    /// until `visit` breaks. A key may come repeatedly.
    ///
    /// # Errors
    /// If they cannot be read.
    fn touched(
        &self,
        after: u64,
        visit: &mut dyn FnMut(u64, &[u8]) -> ControlFlow<()>,
    ) -> Result<Reach, ReplicaError>;

    /// One row.
    ///
    /// # Errors
    /// If it cannot be read.
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, ReplicaError>;

    /// Visits all rows of the copy after `after` (`None`: from the first on), in order of their
    /// keys, until `visit` breaks.
    ///
    /// # Errors
    /// If they cannot be read.
    #[expect(clippy::type_complexity, reason = "a visitor, told by its two arguments")]
    fn scan(
        &self,
        after: Option<&[u8]>,
        visit: &mut dyn FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), ReplicaError>;
}

/// How far a recovery got; opaque to the sink.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Cursor {
    /// Nothing yet.
    #[default]
    Start,
    /// So many base rows are loaded.
    Base(u64),
    /// The journal is replayed up to here: so many parts of the batch after this one as well.
    Journal(Position, u32),
}

/// What is being recovered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Identifies the base; loading goes on where it stopped only if this is the same.
    pub copy: u128,
    /// The cluster whose namespace it is, for humans.
    pub cluster: String,
    /// The epoch under which it is read.
    pub epoch: u64,
    /// The applied index, in that cluster, that will be recovered.
    pub index: u64,
    /// Its replicated time there, ms.
    pub time_ms: i64,
    /// The last applied index that the cluster's leader reported, at least `index`; what is
    /// between was acknowledged and is lost. 0: not known.
    pub reported_index: u64,
    /// Its replicated time then, ms.
    pub reported_ms: i64,
    /// What the namespace must amount to in the end.
    pub totals: Totals,
    /// Rows to load, roughly.
    pub rows: u64,
    /// Changes to replay, roughly.
    pub changes: u64,
}

/// The replicated state of a recovery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// What is recovered, as last said by [`Sink::begin`].
    pub plan: Plan,
    /// The cursor of the last chunk applied.
    pub cursor: Cursor,
    /// Changes in all chunks applied.
    pub changes: u64,
    /// How it ended, if it did: `Ok`, or why it failed.
    pub ended: Option<Result<(), String>>,
}

/// The replica that is recovered: that of the leader, which refuses all writes but these. All
/// go through Raft, in the order of the calls.
pub trait Sink: Send + Sync + 'static {
    /// The replicated state; `None`: no recovery was begun. Must see all that was replicated
    /// before by other leaders.
    ///
    /// # Errors
    /// If the replica cannot be read or does not lead.
    fn progress(&self) -> impl Future<Output = Result<Option<Progress>, ReplicaError>> + Send;

    /// Begins or goes on. If `afresh`, whatever an earlier recovery loaded is deleted first and
    /// the cursor is [`Cursor::Start`]; otherwise rows and cursor stay, and only the plan is new.
    ///
    /// # Errors
    /// If it cannot be replicated.
    fn begin(
        &self,
        plan: Plan,
        afresh: bool,
    ) -> impl Future<Output = Result<(), ReplicaError>> + Send;

    /// Loads rows whose keys are all new and ascend over all calls. May return before they are
    /// applied: then later calls report what went wrong. Memory bounds how many may be on their
    /// way. A chunk must take effect only if the replicated cursor is still `after`.
    ///
    /// # Errors
    /// If they cannot be replicated.
    fn load(&self, chunk: Chunk) -> impl Future<Output = Result<(), ReplicaError>> + Send;

    /// Applies changes to rows that may exist or not, in order; otherwise as [`Sink::load`].
    ///
    /// # Errors
    /// If they cannot be replicated.
    fn replay(&self, chunk: Chunk) -> impl Future<Output = Result<(), ReplicaError>> + Send;

    /// Waits until everything is applied.
    ///
    /// # Errors
    /// If something was not.
    fn settle(&self) -> impl Future<Output = Result<(), ReplicaError>> + Send;

    /// What the rows amount to, recomputed from them as far as they tell; `expected` is what it
    /// is compared with afterwards (for what no row tells, like [`Totals::counters`], its own).
    ///
    /// # Errors
    /// If they cannot be read.
    fn totals(
        &self,
        expected: &Totals,
    ) -> impl Future<Output = Result<Totals, ReplicaError>> + Send;

    /// The recovery is over: the namespace is what the plan says (`Ok`; counters are to be set
    /// to those of the plan's totals), or cannot be recovered, which may turn out before
    /// [`Sink::begin`].
    ///
    /// # Errors
    /// If it cannot be replicated.
    fn end(
        &self,
        outcome: Result<(), String>,
    ) -> impl Future<Output = Result<(), ReplicaError>> + Send;
}

/// Some rows or changes on their way into a [`Sink`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The replicated cursor before it.
    pub after: Cursor,
    /// And with it.
    pub cursor: Cursor,
    /// The rows.
    pub changes: Vec<Change>,
}
