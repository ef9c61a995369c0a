//! Where rows are kept: ordered keys and values as bytes, with atomic batches. Owned here; the
//! service is the only user. Two implementations, RocksDB and memory.

mod memory;
mod rocks;

pub use memory::Memory;
pub use rocks::Rocks;

use std::ops::ControlFlow;

/// Reading or writing failed; nothing is known of the batch that was written.
#[derive(Debug, thiserror::Error)]
#[error("storage: {0}")]
pub struct StoreError(String);

impl From<rocksdb::Error> for StoreError {
    fn from(error: rocksdb::Error) -> Self {
        Self(error.into_string())
    }
}

impl From<StoreError> for crate::error::OtsError {
    fn from(error: StoreError) -> Self {
        Self::internal(error)
    }
}

/// A change of one key; None deletes.
pub type Change = (Vec<u8>, Option<Vec<u8>>);

/// A batch that readers see; see [`Store::settle`].
#[derive(Clone, Copy, Debug)]
#[must_use = "it is not durable before it was settled"]
pub struct Written(u64);

/// Direction of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Keys rise.
    Forward,
    /// Keys fall.
    Backward,
}

/// Gets keys and values of a scan; ends it by breaking.
pub type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a;

/// An ordered store.
pub trait Store: Send + Sync {
    /// One value.
    ///
    /// # Errors
    /// It cannot be read.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// All keys in `low..high` as of one moment, in order.
    ///
    /// # Errors
    /// They cannot be read.
    fn scan(
        &self,
        low: &[u8],
        high: &[u8],
        order: Order,
        visit: &mut Visit<'_>,
    ) -> Result<(), StoreError>;

    /// Writes all changes or none; readers see them afterwards.
    ///
    /// # Errors
    /// Nothing was written.
    fn write(&self, changes: Vec<Change>) -> Result<Written, StoreError>;

    /// Waits until a batch is durable. Many wait for one sync.
    ///
    /// # Errors
    /// It cannot be said to be durable.
    fn settle(&self, written: Written) -> Result<(), StoreError>;

    /// Deletes all keys in `low..high`, durably.
    ///
    /// # Errors
    /// They may still be there.
    fn delete_range(&self, low: &[u8], high: &[u8]) -> Result<(), StoreError>;
}

/// The first key after all that begin with `prefix`.
pub fn after(prefix: [u8; 4]) -> [u8; 4] {
    u32::from_be_bytes(prefix).saturating_add(1).to_be_bytes()
}
