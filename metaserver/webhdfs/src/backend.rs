//! The seam to the replicated namespace: what the door needs of it. Implemented by the server
//! crate over the consensus node, and by this crate's tests over rows in memory.

use std::future::Future;
use std::sync::Arc;

use metafs_namespace::{Caller, Failure, FsError, Mutation, Reply, Rows, Settings, View};

/// A view of committed rows, whatever stores them.
pub type Committed<'a> = View<'a, dyn Rows + 'a>;

/// Room for file contents, bytes (what `hadoop fs -df` shows).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// All there is.
    pub capacity: u64,
    /// Taken.
    pub used: u64,
    /// Still free.
    pub remaining: u64,
}

/// The replicated namespace as this door sees it.
///
/// Errors of kind Standby mean "ask the next server", of kind Retriable "nobody can answer now,
/// come back". Trouble with the storage is the implementation's own to handle; a client gets
/// Retriable.
pub trait Backend: Send + Sync + 'static {
    /// The settings as applied here, without any barrier.
    ///
    /// # Errors
    /// Standby or Retriable as long as there are none: no client is served before.
    fn settings(&self) -> Result<Arc<Settings>, FsError>;

    /// Runs `f` on committed state that holds everything acknowledged before this call.
    ///
    /// # Errors
    /// `f`'s own refusal; Standby or Retriable when this server cannot say what is committed.
    fn query<T, F>(&self, f: F) -> impl Future<Output = Result<T, FsError>> + Send
    where
        T: Send,
        F: for<'a> FnOnce(&Committed<'a>) -> Result<T, Failure> + Send;

    /// Replicates and applies `mutation`.
    ///
    /// # Errors
    /// The namespace's refusal; Standby or Retriable when this server cannot replicate. After
    /// Retriable the mutation may still have happened.
    fn mutate(
        &self,
        caller: Caller,
        mutation: Mutation,
    ) -> impl Future<Output = Result<Reply, FsError>> + Send;

    /// Runs `f` on what is applied here, without a barrier: for the audit log, after an answer
    /// that this server has applied itself. `None` if it fails.
    fn peek<T, F>(&self, f: F) -> Option<T>
    where
        F: for<'a> FnOnce(&Committed<'a>) -> Result<T, Failure>;

    /// Room on this server's volume.
    fn space(&self) -> Space;

    /// What this server is at the moment (`active`, `standby`, ...), for the page at `/`.
    fn role(&self) -> String;
}
