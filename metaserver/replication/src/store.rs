//! The seam to Tablestore: the few operations that the scheme needs, in its own terms. Implemented
//! over the real client, and in memory by the tests.
//!
//! Everything the scheme writes is a row with a blob and a small integer; the conditions it needs
//! are "absent" and "this integer is still so". Nothing needs a transaction.

use std::fmt;
use std::future::Future;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// How many partition keys the base rows of a copy are spread over.
pub const SHARDS: u64 = 16;

/// Keys in one call of [`Store::delete`], at most: Tablestore's limit of `BatchWriteRow`.
pub const MAX_DELETES: usize = 200;

/// Bytes of a row's value, at most. Tablestore's limit of a cell is 2 MB.
pub const MAX_VALUE: usize = 2_000_000;

/// What a row is; the first column of its primary key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Area {
    /// The one row that says whose the copy is and what of the rest counts.
    Meta,
    /// (epoch, batch): the commit row of a batch, or a seal.
    Journal,
    /// (epoch, batch, part): changes of a batch that its commit row had no room for.
    Part,
    /// (epoch, number): rows of the namespace as a backfill read them, a range of keys each. In
    /// shards, so that a backfill does not write to one partition only.
    Base(u8),
}

/// A row's primary key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    /// What it is.
    pub area: Area,
    /// Epoch of the writer.
    pub epoch: u64,
    /// Batch, or number of a base row.
    pub number: u64,
    /// Number of a part; otherwise 0.
    pub part: u64,
}

impl Key {
    /// The one row of [`Area::Meta`].
    pub const META: Self = Self { area: Area::Meta, epoch: 0, number: 0, part: 0 };

    /// A batch's commit row, or a seal in its place.
    pub const fn journal(epoch: u64, batch: u64) -> Self {
        Self { area: Area::Journal, epoch, number: batch, part: 0 }
    }

    /// A part of a batch.
    pub const fn part(epoch: u64, batch: u64, part: u32) -> Self {
        Self { area: Area::Part, epoch, number: batch, part: part as u64 }
    }

    /// A base row.
    pub const fn base(epoch: u64, number: u64) -> Self {
        Self { area: Area::Base((number % SHARDS) as u8), epoch, number, part: 0 }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { area, epoch, number, part } = self;
        match area {
            Area::Meta => f.write_str("meta"),
            Area::Journal => write!(f, "journal (epoch {epoch}, batch {number})"),
            Area::Part => write!(f, "part (epoch {epoch}, batch {number}, part {part})"),
            Area::Base(_) => write!(f, "base (epoch {epoch}, number {number})"),
        }
    }
}

/// What a row holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The integer that conditions look at and listings return.
    pub tag: i64,
    /// The rest, [`MAX_VALUE`] bytes at most.
    pub value: Bytes,
}

/// On which condition a row is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// None.
    Anything,
    /// There is no such row.
    Absent,
    /// There is one, and its [`Row::tag`] is this.
    Tag(i64),
}

/// Why an operation did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The condition of a put does not hold. It may be an earlier try of the same put that took
    /// effect without an answer.
    #[error("the condition of the write does not hold")]
    Refused,
    /// Anything else. Whether the operation took effect is not known, or it may still take effect.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

/// What is wrong with the store, for a status.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{message}")]
pub struct Trouble {
    /// What kind of thing.
    pub kind: TroubleKind,
    /// For a human, with the store's own words.
    pub message: String,
}

/// Kinds of [`Trouble`]; each is a reason of its own on the resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TroubleKind {
    /// There are no credentials.
    NoCredentials,
    /// The credentials are wrong, or no longer valid.
    BadCredentials,
    /// There is no such instance.
    NoInstance,
    /// The credentials are fine, but must not do this.
    NoPermission,
    /// A quota is used up.
    Quota,
    /// Too much was asked at once.
    Throttled,
    /// The store cannot be reached, or does not answer in time.
    Unreachable,
    /// The store says that it is at fault.
    Server,
    /// The table is there and is not ours.
    ForeignTable,
    /// The table is not there.
    NoTable,
    /// The store refuses what was sent as wrong.
    Rejected,
}

/// Tablestore, as far as the scheme needs it. An operation that ends in [`StoreError::Trouble`],
/// or is dropped before it ends, may have taken effect, or may take effect much later.
pub trait Store: Send + Sync + 'static {
    /// Checks that the table is there and ours; makes it if it is not there and `create`.
    ///
    /// # Errors
    /// [`TroubleKind::ForeignTable`] if it is something else, [`TroubleKind::NoTable`] if it is
    /// absent and stays so.
    fn prepare(&self, create: bool) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// One row, as it is now (reads are strongly consistent).
    ///
    /// # Errors
    /// Never [`StoreError::Refused`].
    fn get(&self, key: Key) -> impl Future<Output = Result<Option<Row>, StoreError>> + Send;

    /// Writes a row.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if what it expects is not so.
    fn put(
        &self,
        key: Key,
        row: Row,
        expect: Expect,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Deletes [`MAX_DELETES`] rows at most, whether they exist or not.
    ///
    /// # Errors
    /// If any may be left.
    fn delete(&self, keys: Vec<Key>) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Keys and tags of the first rows of one area from `from` on, below `to`: some, in order, if
    /// there are any (not necessarily `limit` of them).
    ///
    /// # Errors
    /// Never [`StoreError::Refused`].
    fn list(
        &self,
        from: Key,
        to: Key,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<(Key, i64)>, StoreError>> + Send;
}
