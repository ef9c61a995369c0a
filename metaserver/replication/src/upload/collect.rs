//! What goes into base rows and batches: pure functions over a [`Snapshot`], run where blocking
//! is allowed. Each reads one blob's worth and ends, so that no snapshot is held for long and
//! memory is bounded, whatever there is to upload.

use std::collections::HashSet;
use std::ops::ControlFlow;

use xxhash_rust::xxh3::xxh3_128;

use crate::pack::{Packer, Shape, TooLarge};
use crate::seams::{Reach, ReplicaError, Snapshot, Totals};

/// A place among the touched keys: all of entries below `index` are done, and the first `skip`
/// of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    /// Index of an entry, at least 1.
    pub index: u64,
    /// Keys of it.
    pub skip: u32,
}

/// Why nothing could be collected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CollectError {
    /// The replica failed.
    #[error(transparent)]
    Replica(#[from] ReplicaError),
    /// A row is too large for the copy.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
}

/// Changed rows, read in one snapshot.
#[derive(Debug, PartialEq, Eq)]
pub struct Changed {
    /// What the blob is.
    pub shape: Shape,
    /// The changes.
    pub blob: Vec<u8>,
    /// How far they reach.
    pub end: ChangedEnd,
}

/// How far [`Changed`] reaches.
#[derive(Debug, PartialEq, Eq)]
pub enum ChangedEnd {
    /// There was no room for more: go on here.
    Full(Touch),
    /// To the snapshot itself: all that was collected from the same beginning on is together
    /// what leads from there to this state.
    Whole(Point),
}

/// A state of the replica.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// Applied index.
    pub index: u64,
    /// Replicated time, ms.
    pub time_ms: i64,
    /// What it amounts to.
    pub totals: Totals,
}

impl Point {
    /// That of a snapshot.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn of(snapshot: &dyn Snapshot) -> Result<Self, ReplicaError> {
        let totals = snapshot.totals()?;
        Ok(Self { index: snapshot.applied(), time_ms: snapshot.time_ms(), totals })
    }
}

/// The rows that were touched from `from` on, as they are now; `None` if that is forgotten.
///
/// What is cut off here is continued in a later snapshot. That is sound: a key's last touch lies
/// in exactly one of the chunks, whose snapshot is at or after that touch, and whose blob is the
/// last that has the key. As nothing touched it after that, its value there is the one of the
/// snapshot that ends the batch.
///
/// # Errors
/// If rows cannot be read, or one is too large.
pub fn changed(
    snapshot: &dyn Snapshot,
    from: Touch,
    limit: usize,
) -> Result<Option<Changed>, CollectError> {
    let mut packer = Packer::default();
    // By 128 bits of hash: a key that comes again has the same value in the same snapshot.
    let mut seen = HashSet::new();
    let mut place = Touch { index: from.index, skip: 0 };
    let mut visit = |place: Touch, key: &[u8]| -> Result<bool, CollectError> {
        let done = place.index == from.index && place.skip < from.skip;
        if done || !seen.insert(xxh3_128(key)) {
            return Ok(true);
        }
        let value = snapshot.get(key)?;
        Ok(packer.push(key, value.as_deref(), limit)?)
    };
    let mut stopped: Result<bool, CollectError> = Ok(false);
    let reach = snapshot.touched(from.index.saturating_sub(1), &mut |index, key| {
        if index != place.index {
            place = Touch { index, skip: 0 };
        }
        match visit(place, key) {
            Ok(true) => {
                place.skip += 1;
                return ControlFlow::Continue(());
            }
            Ok(false) => stopped = Ok(true),
            Err(error) => stopped = Err(error),
        }
        ControlFlow::Break(())
    })?;
    if reach == Reach::Gone {
        return Ok(None);
    }
    let end =
        if stopped? { ChangedEnd::Full(place) } else { ChangedEnd::Whole(Point::of(snapshot)?) };
    let (shape, blob) = packer.finish();
    Ok(Some(Changed { shape, blob, end }))
}

/// Rows in order of their keys, read in one snapshot.
#[derive(Debug, PartialEq, Eq)]
pub struct Scanned {
    /// What the blob is.
    pub shape: Shape,
    /// The rows.
    pub blob: Vec<u8>,
    /// The last key in it; where to go on. Empty: nothing is in it.
    pub last: Vec<u8>,
    /// Nothing comes after it.
    pub done: bool,
    /// Applied index of the snapshot.
    pub index: u64,
    /// Rows there are in all, roughly.
    pub estimated: u64,
}

/// The rows after `after` (empty: from the first on).
///
/// # Errors
/// If rows cannot be read, or one is too large.
pub fn scanned(
    snapshot: &dyn Snapshot,
    after: &[u8],
    limit: usize,
) -> Result<Scanned, CollectError> {
    let mut packer = Packer::default();
    let (mut last, mut done) = (Vec::new(), true);
    let mut failed = None;
    snapshot.scan((!after.is_empty()).then_some(after), &mut |key, value| match packer.push(
        key,
        Some(value),
        limit,
    ) {
        Ok(true) => {
            last.clear();
            last.extend_from_slice(key);
            ControlFlow::Continue(())
        }
        Ok(false) => {
            done = false;
            ControlFlow::Break(())
        }
        Err(error) => {
            failed = Some(error);
            ControlFlow::Break(())
        }
    })?;
    if let Some(error) = failed {
        return Err(error.into());
    }
    let (shape, blob) = packer.finish();
    let (index, estimated) = (snapshot.applied(), snapshot.estimated_rows());
    Ok(Scanned { shape, blob, last, done, index, estimated })
}

#[cfg(test)]
#[path = "collect_tests.rs"]
mod tests;
