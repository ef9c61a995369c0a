//! [`Rows`] over a BTreeMap: for tests of this and other crates.

use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};

use bytes::Bytes;

use crate::error::RowsError;
use crate::rows::{Changes, Rows};

/// All rows in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryRows {
    /// The rows by key.
    pub rows: BTreeMap<Vec<u8>, Bytes>,
}

impl MemoryRows {
    /// Writes what a batch changed.
    pub fn apply(&mut self, changes: Changes) {
        for prefix in &changes.cleared {
            self.rows.retain(|key, _| !key.starts_with(prefix));
        }
        for (key, value) in changes.rows {
            match value {
                Some(value) => self.rows.insert(key, value),
                None => self.rows.remove(&key),
            };
        }
    }
}

impl Rows for MemoryRows {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, RowsError> {
        Ok(self.rows.get(key).cloned())
    }

    fn scan(
        &self,
        prefix: &[u8],
        from: Bound<&[u8]>,
        visit: &mut dyn FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), RowsError> {
        let start = match from {
            Bound::Included(key) if key > prefix => Bound::Included(key),
            Bound::Excluded(key) if key >= prefix => Bound::Excluded(key),
            _ => Bound::Included(prefix),
        };
        for (key, value) in self.rows.range::<[u8], _>((start, Bound::Unbounded)) {
            if !key.starts_with(prefix) || visit(key, value).is_break() {
                break;
            }
        }
        Ok(())
    }
}
