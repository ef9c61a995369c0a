//! Rows on their way into the store: locks, conditions on what is stored, one batch, one sync. Also
//! the way of rows that are written within a transaction, which is into its overlay.

use std::collections::HashMap;
use std::sync::Arc;

use super::Service;
use super::catalog::OpenTable;
use super::sessions::Session;
use super::write::{Applied, Place, RowWrite};
use crate::engine::index::row_of as index_row;
use crate::engine::key::table as table_prefix;
use crate::error::{CONFLICT, OtsError, Result};
use crate::store::Change;

/// A row to be written, and what became of it.
#[derive(Debug)]
pub struct Entry<'a> {
    /// The table, or why there is none.
    pub table: Result<Arc<OpenTable>>,
    /// The change.
    pub row: RowWrite<'a>,
    /// Set when it is done.
    pub outcome: Option<Result<Applied>>,
}

/// What a batch sees and leaves: the store's rows under its own changes.
struct Pending<'s> {
    service: &'s Service,
    session: Option<&'s Session>,
    changes: Vec<Change>,
    /// Where a key's change stands, when a batch has keys more than once.
    repeated: Option<HashMap<Vec<u8>, usize>>,
}

impl Pending<'_> {
    fn read(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        if let Some(at) = self.repeated.as_ref().and_then(|repeated| repeated.get(key)) {
            return Ok(self.changes.get(*at).and_then(|(_, row)| row.clone()));
        }
        if let Some(row) = self.session.as_ref().and_then(|session| session.overlay.get(key)) {
            return Ok(row.clone());
        }
        Ok(self.service.store.get(key)?)
    }

    fn write(&mut self, key: Vec<u8>, row: Option<Vec<u8>>) {
        let Some(repeated) = &mut self.repeated else {
            self.changes.push((key, row));
            return;
        };
        match repeated.get(&key).and_then(|at| self.changes.get_mut(*at)) {
            Some(change) => change.1 = row,
            None => {
                repeated.insert(key.clone(), self.changes.len());
                self.changes.push((key, row));
            }
        }
    }
}

impl Service {
    /// Writes rows. Each gets its own outcome; with `atomic` those of a table fail together.
    ///
    /// # Errors
    /// The request as a whole is refused: nothing was written.
    pub(super) fn write_rows(
        &self,
        entries: &mut [Entry<'_>],
        transaction: Option<(&str, &str)>,
        atomic: bool,
    ) -> Result<()> {
        let now = self.now();
        let places: Vec<Option<Place>> = entries
            .iter_mut()
            .map(|entry| {
                let placed = match &entry.table {
                    Ok(table) => entry.row.place(table, now),
                    Err(error) => Err(error.clone()),
                };
                placed.map_err(|error| entry.outcome = Some(Err(error))).ok()
            })
            .collect();
        let repeated = check_repeated(entries, &places)?;
        if atomic {
            check_atomic(entries, &places);
        }
        match transaction {
            Some((instance, id)) => {
                let mut session = self.sessions.take(instance, id, now)?;
                let outcome = self.write_in(&mut session, entries, &places, repeated, atomic, now);
                self.sessions.give_back(id, session, self.now());
                outcome
            }
            None => self.write_through(entries, &places, repeated, atomic, now),
        }
    }

    fn write_through(
        &self,
        entries: &mut [Entry<'_>],
        places: &[Option<Place>],
        repeated: bool,
        atomic: bool,
        now: i64,
    ) -> Result<()> {
        let partitions = places.iter().flatten().map(|place| place.partition.as_slice());
        let held = self.locks.hold(partitions);
        let mut pending = Pending {
            service: self,
            session: None,
            changes: Vec::with_capacity(entries.len()),
            repeated: repeated.then(HashMap::new),
        };
        for (entry, place) in entries.iter_mut().zip(places) {
            if let Some(place) = place
                && entry.outcome.is_none()
                && self.sessions.locks(&place.partition, now)
            {
                entry.outcome = Some(Err(CONFLICT));
            }
        }
        apply(&mut pending, entries, places, atomic, now);
        let changes = pending.changes;
        if changes.is_empty() {
            return Ok(());
        }
        let written = self.store.write(changes)?;
        drop(held);
        Ok(self.store.settle(written)?)
    }

    fn write_in(
        &self,
        session: &mut Session,
        entries: &mut [Entry<'_>],
        places: &[Option<Place>],
        repeated: bool,
        atomic: bool,
        now: i64,
    ) -> Result<()> {
        for (entry, place) in entries.iter_mut().zip(places) {
            let name = entry.row.partition_name();
            if let Some(Err(error)) =
                place.as_ref().map(|place| session.check(&place.partition, &name))
            {
                entry.outcome = Some(Err(error));
            }
        }
        session.count(entries.iter().map(|entry| entry.row.request_size()).sum())?;
        let mut pending = Pending {
            service: self,
            session: Some(&*session),
            changes: Vec::new(),
            repeated: repeated.then(HashMap::new),
        };
        apply(&mut pending, entries, places, atomic, now);
        let changes = pending.changes;
        session.overlay.extend(changes);
        Ok(())
    }
}

/// Applies rows in their order.
fn apply(
    pending: &mut Pending<'_>,
    entries: &mut [Entry<'_>],
    places: &[Option<Place>],
    atomic: bool,
    now: i64,
) {
    for (entry, place) in entries.iter_mut().zip(places) {
        let (Some(place), None, Ok(table)) = (place, &entry.outcome, &entry.table) else {
            continue;
        };
        let applied = pending.read(&place.key).and_then(|old| {
            let mut applied = entry.row.apply(&table.table, place, old.as_deref(), now)?;
            let row = applied.row.take();
            for index in &table.table.indexes {
                let of = |row: &Option<Vec<u8>>| match row {
                    Some(row) => index_row(&table.table, index, &place.key, row),
                    None => Ok(None),
                };
                let (old, new) = (of(&old)?, of(&row)?);
                if let Some((key, _)) = old {
                    pending.write(key, None);
                }
                if let Some((key, row)) = new {
                    pending.write(key, Some(row));
                }
            }
            if row.is_some() || old.is_some() {
                pending.write(place.key.clone(), row);
            }
            Ok(applied)
        });
        entry.outcome = Some(applied);
    }
    if atomic {
        let failed = fail_together(entries);
        let of_failed = |key: &[u8]| failed.iter().any(|id| key.starts_with(&table_prefix(*id)));
        pending.changes.retain(|(key, _)| !of_failed(key));
    }
}

/// Whether keys are repeated: then they are applied in order, but must have no conditions.
fn check_repeated(entries: &[Entry<'_>], places: &[Option<Place>]) -> Result<bool> {
    let mut order: Vec<(&[u8], &Entry<'_>)> = places
        .iter()
        .zip(entries)
        .filter_map(|(place, entry)| Some((place.as_ref()?.key.as_slice(), entry)))
        .collect();
    order.sort_by_key(|(key, _)| *key);
    let mut repeated = false;
    for same in order.chunk_by(|(a, _), (b, _)| a == b).filter(|same| same.len() > 1) {
        repeated = true;
        if same.iter().any(|(_, entry)| entry.row.expects()) {
            return Err(OtsError::parameter(
                "Repeated rows do not support row exist expectation check in BatchModify.",
            ));
        }
        if same.iter().any(|(_, entry)| entry.row.has_condition()) {
            return Err(OtsError::parameter(
                "Repeated rows do not support row condition check in BatchModify.",
            ));
        }
    }
    Ok(repeated)
}

/// An atomic batch must keep to one partition key in each table.
fn check_atomic(entries: &mut [Entry<'_>], places: &[Option<Place>]) {
    let mut first: HashMap<[u8; 4], usize> = HashMap::new();
    let mut out: HashMap<[u8; 4], OtsError> = HashMap::new();
    let placed = |at: usize| places.get(at).and_then(Option::as_ref);
    let table_of = |place: &Place| place.key.first_chunk::<4>().copied().unwrap_or_default();
    for (at, entry) in entries.iter().enumerate() {
        let Some(place) = placed(at) else { continue };
        let head = *first.entry(table_of(place)).or_insert(at);
        if let Some(start) = placed(head)
            && start.partition != place.partition
            && let Some(start_entry) = entries.get(head)
        {
            out.entry(table_of(place)).or_insert_with(|| {
                OtsError::out_of_range(format!(
                    "Data out of scope of atomic. Atomic PartKey:{}. Data PartKey:{}",
                    start_entry.row.partition_name(),
                    entry.row.partition_name()
                ))
            });
        }
    }
    for (at, entry) in entries.iter_mut().enumerate() {
        let Some(place) = placed(at) else { continue };
        if let Some(error) = out.get(&table_of(place)) {
            entry.outcome = Some(Err(error.clone()));
        }
    }
}

/// The first error of a table is that of all its rows. Gives the ids of such
/// tables and of their indexes.
fn fail_together(entries: &mut [Entry<'_>]) -> Vec<u32> {
    let mut failed: HashMap<u32, OtsError> = HashMap::new();
    let id_of = |entry: &Entry<'_>| entry.table.as_ref().ok().map(|open| open.table.id);
    for entry in entries.iter() {
        if let (Some(id), Some(Err(error))) = (id_of(entry), &entry.outcome) {
            failed.entry(id).or_insert_with(|| error.clone());
        }
    }
    for entry in entries.iter_mut() {
        let error = id_of(entry).and_then(|id| failed.get(&id));
        if let (Some(error), Some(Ok(_))) = (error, &entry.outcome) {
            entry.outcome = Some(Err(error.clone()));
        }
    }
    let mut ids: Vec<u32> = failed.into_keys().collect();
    for open in entries.iter().filter_map(|entry| entry.table.as_ref().ok()) {
        if ids.contains(&open.table.id) {
            ids.extend(open.table.indexes.iter().map(|index| index.id));
        }
    }
    ids
}
