//! Which copied rows changed since when: what the uploader to Tablestore has still to send. Kept by
//! each replica for itself, in the same batch as the changes, so that any of them can go on when it
//! leads. Written by the state machine alone, read through a snapshot.
//!
//! A row a batch: the index of the batch's last entry -> the keys that changed. Where batches begin
//! and end differs between replicas; so who asks for what changed after an index may be given keys
//! that changed a little before it too, which does no harm.

use std::ops::ControlFlow;

use metafs_namespace::keys::table;
use metafs_namespace::recovery::is_copied;
use metafs_namespace::{Changes, RowsError};
use rocksdb::{DB, ReadOptions, Snapshot, WriteBatch};
use serde::{Deserialize, Serialize};

use crate::codec;

/// Row: [`Tail`].
const TAIL: [u8; 2] = [table::FOREIGN, b't'];
/// What the rows of changed keys begin with.
const CHANGED: [u8; 2] = [table::FOREIGN, b'd'];
/// First key after them.
const CHANGED_END: [u8; 2] = [table::FOREIGN, b'd' + 1];

/// Bytes of keys remembered at most, about ten million changes. An upload that is so far behind
/// writes everything anew, which is sooner done.
pub(super) const LIMIT: u64 = 1 << 30;

/// How far back the memory goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tail {
    /// Everything that changed after this index is remembered.
    pub from: u64,
    /// Bytes of keys.
    pub bytes: u64,
}

/// What a batch is to do to the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step {
    tail: Option<Tail>,
    /// Forget everything that was remembered before.
    forget: bool,
    /// Remember what the batch changed.
    remember: bool,
}

/// The next step. `wanted`: there is a copy, or is to be one; `before`: index before the batch;
/// `last`: its last index; `added`: bytes of the keys that it changed. Pure.
fn next(tail: Option<Tail>, wanted: bool, (before, last): (u64, u64), added: u64) -> Step {
    if !wanted {
        return Step { tail: None, forget: tail.is_some(), remember: false };
    }
    let Tail { from, bytes } = tail.unwrap_or(Tail { from: before, bytes: 0 });
    match bytes.saturating_add(added) {
        all if all > LIMIT => {
            Step { tail: Some(Tail { from: last, bytes: 0 }), forget: true, remember: false }
        }
        all => Step { tail: Some(Tail { from, bytes: all }), forget: false, remember: added > 0 },
    }
}

fn changed(index: u64) -> [u8; 10] {
    let mut key = [0; 10];
    let (tag, number) = key.split_at_mut(CHANGED.len());
    tag.copy_from_slice(&CHANGED);
    number.copy_from_slice(&index.to_be_bytes());
    key
}

fn storage(error: impl std::fmt::Display) -> RowsError {
    RowsError::Storage(format!("the memory of changes: {error}"))
}

/// The changed copied keys of a batch, one after the other, each with its length before it.
fn keys_of(changes: &Changes) -> Result<Vec<u8>, RowsError> {
    let mut keys = Vec::new();
    for (key, _) in changes.rows.iter().filter(|(key, _)| is_copied(key)) {
        let length = u16::try_from(key.len()).map_err(storage)?;
        keys.extend_from_slice(&length.to_le_bytes());
        keys.extend_from_slice(key);
    }
    Ok(keys)
}

/// Adds to `write` what has to be remembered of `changes`, and gives the new tail. `span`: the
/// index before the batch and its last one.
pub(super) fn remember(
    db: &DB,
    write: &mut WriteBatch,
    tail: Option<Tail>,
    span: (u64, u64),
    changes: &Changes,
) -> Result<Option<Tail>, RowsError> {
    let wanted = changes.copied;
    if !wanted && tail.is_none() {
        return Ok(None);
    }
    let keys = if wanted { keys_of(changes)? } else { Vec::new() };
    let Step { tail: mut new, forget, remember } = next(tail, wanted, span, keys.len() as u64);
    if forget {
        write.delete_range(CHANGED, CHANGED_END);
    }
    if remember {
        write.put(changed(span.1), keys);
    }
    if let (Some(tail), Some(uploaded)) = (&mut new, changes.uploaded)
        && !forget
    {
        trim(db, write, tail, uploaded)?;
    }
    if new != tail {
        match new {
            Some(tail) => write.put(TAIL, codec::encode("tail", &tail).map_err(storage)?),
            None => write.delete(TAIL),
        }
    }
    Ok(new)
}

/// Forgets what changed up to `uploaded`.
fn trim(db: &DB, write: &mut WriteBatch, tail: &mut Tail, uploaded: u64) -> Result<(), RowsError> {
    if uploaded <= tail.from {
        return Ok(());
    }
    let end = changed(uploaded.saturating_add(1));
    let mut options = ReadOptions::default();
    options.set_iterate_upper_bound(end);
    let mut iterator = db.raw_iterator_opt(options);
    iterator.seek(CHANGED);
    while let Some(value) = iterator.value() {
        tail.bytes = tail.bytes.saturating_sub(value.len() as u64);
        iterator.next();
    }
    iterator.status().map_err(storage)?;
    write.delete_range(&CHANGED[..], &end[..]);
    tail.from = uploaded;
    Ok(())
}

/// The tail as it is stored.
pub(super) fn read_tail(db: &DB) -> Result<Option<Tail>, RowsError> {
    decode_tail(db.get(TAIL))
}

fn decode_tail(row: Result<Option<Vec<u8>>, rocksdb::Error>) -> Result<Option<Tail>, RowsError> {
    let row = row.map_err(storage)?;
    row.map(|bytes| codec::decode("tail", &bytes)).transpose().map_err(storage)
}

/// Calls `visit` with each copied key that changed after `index`, and an index at or after that
/// change, in the order of the log; a key comes as often as it changed. False: what changed is not remembered so far back.
pub(super) fn visit_changed(
    snapshot: &Snapshot<'_>,
    index: u64,
    visit: &mut dyn FnMut(u64, &[u8]) -> ControlFlow<()>,
) -> Result<bool, RowsError> {
    if decode_tail(snapshot.get(TAIL))?.is_none_or(|tail| tail.from > index) {
        return Ok(false);
    }
    let mut options = ReadOptions::default();
    options.set_iterate_upper_bound(CHANGED_END);
    options.fill_cache(false);
    let mut iterator = snapshot.raw_iterator_opt(options);
    iterator.seek(changed(index.saturating_add(1)));
    while let Some((row, mut keys)) = iterator.item() {
        let Some(last) = row.split_last_chunk::<8>().map(|(_, last)| u64::from_be_bytes(*last))
        else {
            return Err(storage("a row of changed keys has no index"));
        };
        while let Some((length, rest)) = keys.split_first_chunk::<2>() {
            let Some((key, rest)) = rest.split_at_checked(u16::from_le_bytes(*length).into())
            else {
                return Err(storage("a row of changed keys is cut off"));
            };
            if visit(last, key).is_break() {
                return Ok(true);
            }
            keys = rest;
        }
        iterator.next();
    }
    iterator.status().map_err(storage)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_begins_when_it_is_wanted_and_ends_when_not() {
        let began = next(None, true, (4, 7), 30);
        assert_eq!(began.tail, Some(Tail { from: 4, bytes: 30 }));
        assert!(began.remember && !began.forget);
        let idle = next(began.tail, true, (7, 8), 0);
        assert_eq!((idle.tail, idle.remember), (began.tail, false));
        let over = next(began.tail, false, (8, 9), 10);
        assert_eq!(over, Step { tail: None, forget: true, remember: false });
        assert_eq!(
            next(None, false, (8, 9), 10),
            Step { tail: None, forget: false, remember: false }
        );
    }

    #[test]
    fn too_much_is_forgotten_as_a_whole() {
        let full = Some(Tail { from: 4, bytes: LIMIT });
        let step = next(full, true, (8, 9), 1);
        assert_eq!(step.tail, Some(Tail { from: 9, bytes: 0 }));
        assert!(step.forget && !step.remember);
    }
}
