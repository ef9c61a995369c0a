//! The seam to storage: how the namespace reads committed rows and what it hands back to be
//! written. Implemented over RocksDB by the consensus crate and over a BTreeMap by tests; this
//! crate knows neither.

use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

use bytes::Bytes;

use crate::error::RowsError;
use crate::inode::{Dentry, Inode};
use crate::keys::State;
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
        crate::keys::read_inode(self, id)
    }

    /// A decoded directory entry. Implementations may cache; the default reads the row.
    fn dentry(&self, parent: u64, name: &[u8]) -> Result<Option<Dentry>, RowsError> {
        crate::keys::read_dentry(self, parent, name)
    }

    /// The decoded replicated settings. Implementations may cache; the default reads and decodes
    /// the row.
    fn settings(&self) -> Result<Option<Arc<Settings>>, RowsError> {
        crate::keys::read_settings(self)
    }

    /// The namespace's counters. Implementations may cache; the default reads and decodes the row.
    fn state(&self) -> Result<State, RowsError> {
        crate::keys::read_state(self)
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
}
