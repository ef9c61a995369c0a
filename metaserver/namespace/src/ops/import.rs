//! Import of an export (see [`crate::export`]) into an empty namespace, chunk by chunk. While it
//! runs clients change nothing; the settings stay as they are.

use std::sync::Arc;

use bytes::Bytes;

use super::refuse;
use crate::batch::Batch;
use crate::command::ImportChunk;
use crate::error::{ErrorKind, Failure, RowsError};
use crate::inode::{Dentry, Inode, ROOT};
use crate::keys::{self, ImportProgress, Lease, row_hash, table};
use crate::reply::Reply;
use crate::resolve::not_formed;
use crate::rows::Rows;

/// A row of an export, decoded as far as the namespace keeps it so.
enum Row {
    Inode(Arc<Inode>),
    Dentry(u64, Vec<u8>, Dentry),
    Raw,
}

impl<R: Rows + ?Sized> Batch<'_, R> {
    /// Writes one chunk. One that was applied before is skipped, so a client may send it again.
    pub(crate) fn import(&mut self, chunk: &ImportChunk) -> Result<Reply, Failure> {
        let Some(root) = self.overlay.inode(ROOT)? else {
            return Err(not_formed().into());
        };
        let progress = match self.state.import.clone() {
            Some(progress) => progress,
            None if self.is_untouched(&root)? => {
                ImportProgress { next_sequence: 0, last_key: Vec::new() }
            }
            None => {
                let message = "Only an empty namespace takes an import: this one has been used";
                return refuse(ErrorKind::Io, message.into());
            }
        };
        if chunk.sequence < progress.next_sequence {
            return Ok(Reply::Done);
        }
        if chunk.sequence > progress.next_sequence {
            let message =
                format!("Import chunk {} came, {} is next", chunk.sequence, progress.next_sequence);
            return refuse(ErrorKind::Io, message);
        }
        let rows = check_rows(&progress.last_key, &chunk.rows)?;
        if let Some(expected) = chunk.finish {
            let checksum = self.checksum_with(&chunk.rows)?;
            if checksum != expected {
                let message = format!(
                    "The import does not match: its checksum is {expected:032x}, the rows that \
                     came make {checksum:032x}. Import into a new cluster"
                );
                return refuse(ErrorKind::Io, message);
            }
        }
        for (row, (key, value)) in rows.into_iter().zip(&chunk.rows) {
            self.import_row(row, key, value)?;
        }
        self.state.import = match (chunk.finish, chunk.rows.last()) {
            (Some(_), _) => None,
            (None, last) => Some(ImportProgress {
                next_sequence: progress.next_sequence + 1,
                last_key: last.map_or(progress.last_key, |(key, _)| key.to_vec()),
            }),
        };
        Ok(Reply::Done)
    }

    /// Whether nothing was ever made here: the root's row is the only one.
    pub(super) fn is_untouched(&self, root: &Inode) -> Result<bool, RowsError> {
        let only = row_hash(&keys::inode(ROOT), &keys::encode(root)?, &mut Vec::new());
        let moved = self.overlay.checksum_change()?;
        Ok(self.state.next_inode == ROOT + 1 && self.state.checksum.wrapping_add(moved) == only)
    }

    fn import_row(&mut self, row: Row, key: &Bytes, value: &Bytes) -> Result<(), RowsError> {
        match row {
            Row::Inode(inode) => {
                let id = inode.id;
                self.state.next_inode = self.state.next_inode.max(id.saturating_add(1));
                return self.overlay.set_inode(id, Some(inode));
            }
            Row::Dentry(parent, name, entry) => {
                return self.overlay.set_dentry(parent, &name, Some(entry));
            }
            Row::Raw => {}
        }
        match key.first() {
            Some(&table::LEASE_FILE) => self.state.open_files += 1,
            Some(&table::REAP) => {
                let id = keys::trailing_id(key).unwrap_or_default();
                self.state.reap_roots += 1;
                self.state.reap_from = self.state.reap_from.min(id);
            }
            _ => {}
        }
        self.overlay.set_raw(key.to_vec(), Some(value.clone()))
    }

    /// The checksum that the namespace will have with `rows`.
    fn checksum_with(&mut self, rows: &[(Bytes, Bytes)]) -> Result<u128, Failure> {
        let moved = self.overlay.checksum_change()?;
        let mut sum = self.state.checksum.wrapping_add(moved);
        let mut scratch = Vec::new();
        for (key, value) in rows {
            // Of all rows only the root's may be there before.
            if **key == *keys::inode(ROOT)
                && let Some(root) = self.overlay.inode(ROOT)?
            {
                let before = keys::encode(&*root)?;
                sum = sum.wrapping_sub(row_hash(key, &before, &mut scratch));
            }
            sum = sum.wrapping_add(row_hash(key, value, &mut scratch));
        }
        Ok(sum)
    }
}

/// Rows must be of known tables, in ascending order, and exactly what this version would write.
fn check_rows(last_key: &[u8], rows: &[(Bytes, Bytes)]) -> Result<Vec<Row>, Failure> {
    let mut last = last_key;
    let mut decoded = Vec::with_capacity(rows.len());
    for (key, value) in rows {
        if **key <= *last {
            let message = "The rows of the import are not in order".into();
            return refuse(ErrorKind::Io, message);
        }
        last = key;
        match decode_row(key, value) {
            Ok(row) => decoded.push(row),
            Err(error) => return refuse(ErrorKind::Io, format!("The import has a {error}")),
        }
    }
    Ok(decoded)
}

fn decode_row(key: &Bytes, value: &Bytes) -> Result<Row, RowsError> {
    let bad = |reason: &str| keys::corrupt(key, reason.into());
    let exact = |encoded: Bytes| match encoded == *value {
        true => Ok(()),
        false => Err(bad("not in this version's form")),
    };
    let id = |key: &[u8]| match key.len() {
        9 => keys::trailing_id(key).ok_or_else(|| bad("no id")),
        _ => Err(bad("key length")),
    };
    match key.first().copied() {
        Some(table::INODE) => {
            let inode: Inode = keys::decode(key, value)?;
            exact(keys::encode(&inode)?)?;
            if inode.id != id(key)? {
                return Err(bad("another inode's id"));
            }
            return Ok(Row::Inode(Arc::new(inode)));
        }
        Some(table::DENTRY) => {
            let entry: Dentry = keys::decode(key, value)?;
            exact(keys::encode(&entry)?)?;
            let parent = key.get(1..9).and_then(keys::trailing_id);
            let name = keys::dentry_name(key);
            if name.is_empty() {
                return Err(bad("no name"));
            }
            let parent = parent.ok_or_else(|| bad("no parent"))?;
            return Ok(Row::Dentry(parent, name.to_vec(), entry));
        }
        Some(table::XATTR) => {
            keys::decode_raw(key, value)?;
            keys::xattr_name(key).ok_or_else(|| bad("no name"))?;
        }
        Some(table::CONTENT) => {
            id(key)?;
            keys::decode_raw(key, value)?;
        }
        Some(table::LEASE) => {
            let lease: Lease = keys::decode(key, value)?;
            exact(keys::encode(&lease)?)?;
        }
        Some(table::LEASE_FILE) => exact(keys::PRESENT)?,
        Some(table::LEASE_TIME) => {
            exact(keys::PRESENT)?;
            keys::lease_time_parts(key).ok_or_else(|| bad("no time"))?;
        }
        Some(table::REAP) => {
            id(key)?;
            keys::decode_raw(key, value)?;
        }
        _ => return Err(bad("unknown table")),
    }
    Ok(Row::Raw)
}
