//! The seam to storage: how the namespace reads committed rows and what it hands back to be
//! written. Implemented over RocksDB by the consensus crate and over a BTreeMap by tests; this
//! crate knows neither.

use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

use bytes::Bytes;

use crate::error::RowsError;
use crate::inode::{Dentry, Inode};
use crate::keys::{self, State};
use crate::resolve::dangling;
use crate::settings::Settings;

/// A consistent read-only view of committed rows. All methods see the same moment as long as the
/// implementation's guard lives.
pub trait Rows {
    /// One row.
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, RowsError>;

    /// Visits rows whose key starts with `prefix`, from `from` on, in byte order, until `visit`
    /// breaks.
    #[expect(clippy::type_complexity, reason = "a visitor, told by its two arguments")]
    fn scan(
        &self,
        prefix: &[u8],
        from: Bound<&[u8]>,
        visit: &mut dyn FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), RowsError>;

    /// A decoded inode. Implementations may cache; the default reads and decodes the row.
    fn inode(&self, id: u64) -> Result<Option<Arc<Inode>>, RowsError> {
        keys::read_inode(self, id)
    }

    /// A decoded directory entry. Implementations may cache; the default reads the row.
    fn dentry(&self, parent: u64, name: &[u8]) -> Result<Option<Dentry>, RowsError> {
        keys::read_dentry(self, parent, name)
    }

    /// The inodes of all entries of a directory, in the order of their names; asked for small
    /// directories only. Implementations may cache; the default reads the rows.
    fn children(&self, directory: u64) -> Result<Arc<[Arc<Inode>]>, RowsError> {
        Ok(read_children(self, directory)?.into())
    }

    /// The decoded replicated settings. Implementations may cache; the default reads and decodes
    /// the row.
    fn settings(&self) -> Result<Option<Arc<Settings>>, RowsError> {
        keys::read_settings(self)
    }

    /// The namespace's counters. Implementations may cache; the default reads and decodes the row.
    fn state(&self) -> Result<State, RowsError> {
        keys::read_state(self)
    }
}

/// What a batch of commands changed, to be written as ONE atomic batch.
#[derive(Debug, Default)]
pub struct Changes {
    /// Prefixes of rows to delete, all of them, before anything else is done.
    pub cleared: Vec<Vec<u8>>,
    /// Rows to put (`Some`) or delete (`None`); each key once.
    pub rows: Vec<(Vec<u8>, Option<Bytes>)>,
    /// The decoded inodes among them, for caches (`None`: deleted).
    pub inodes: Vec<(u64, Option<Arc<Inode>>)>,
    /// The directory entries among them, for caches (`None`: removed).
    pub dentries: Vec<(u64, Bytes, Option<Dentry>)>,
    /// The replicated settings, if they changed; for caches.
    pub settings: Option<Arc<Settings>>,
    /// The namespace's counters, if they changed; for caches.
    pub state: Option<State>,
    /// There is a copy in Tablestore, or is to be one: what changed has to be remembered for it.
    pub copied: bool,
    /// The copy in Tablestore is complete up to this log index: earlier changes need not be
    /// remembered for it.
    pub uploaded: Option<u64>,
}

/// The inodes of all entries of a directory, in the order of their names.
///
/// # Errors
/// [`RowsError`]; also when an entry leads to no inode.
pub fn read_children<R: Rows + ?Sized>(
    rows: &R,
    directory: u64,
) -> Result<Vec<Arc<Inode>>, RowsError> {
    read_page(rows, directory, None, usize::MAX)
}

/// The inodes of up to `limit` entries of a directory, in the order of their names.
pub(crate) fn read_page<R: Rows + ?Sized>(
    rows: &R,
    id: u64,
    start_after: Option<&[u8]>,
    limit: usize,
) -> Result<Vec<Arc<Inode>>, RowsError> {
    let prefix = keys::dentry_prefix(id);
    let start = start_after.map(|name| keys::dentry(id, name));
    let from = match &start {
        Some(key) => Bound::Excluded(key.as_slice()),
        None => Bound::Unbounded,
    };
    let mut found = Vec::new();
    let mut failed = None;
    rows.scan(&prefix, from, &mut |key, value| {
        match keys::decode::<Dentry>(key, value) {
            Ok(entry) => found.push((key.to_vec(), entry)),
            Err(error) => failed = Some(error),
        }
        if failed.is_some() || found.len() >= limit {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    let mut page = Vec::with_capacity(found.len());
    for (key, entry) in found {
        match rows.inode(entry.child)? {
            Some(child) => page.push(child),
            None => return Err(dangling(id, keys::dentry_name(&key), entry.child)),
        }
    }
    Ok(page)
}
