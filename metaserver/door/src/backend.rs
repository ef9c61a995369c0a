//! The seam to the replicated namespace: what a door needs of it. Implemented by the server
//! crate over the consensus node, and by the doors' tests over rows in memory.

use std::future::Future;
use std::sync::Arc;

use metafs_namespace::{CallId, Caller, Failure, FsError, Mutation, Reply, Rows, Settings, View};

use crate::ha::HaState;

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

/// What a query's answer must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Everything acknowledged before the query: only the active server can say.
    Linearizable,
    /// Everything up to the state id that the client has seen; an observer may answer. `None`: the
    /// client keeps no state ids, so only the active server will do.
    AtLeast(Option<i64>),
}

/// The replicated namespace as a door sees it.
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

    /// Runs `f` on committed state that is as fresh as told.
    ///
    /// # Errors
    /// `f`'s own refusal; Standby or Retriable when this server cannot answer.
    fn query<T, F>(
        &self,
        freshness: Freshness,
        f: F,
    ) -> impl Future<Output = Result<T, FsError>> + Send
    where
        T: Send,
        F: for<'a> FnOnce(&Committed<'a>) -> Result<T, Failure> + Send;

    /// Replicates and applies `mutation`; with a call's id at most once, and its retries get the
    /// first answer.
    ///
    /// # Errors
    /// The namespace's refusal; Standby or Retriable when this server cannot replicate. After
    /// Retriable the mutation may still have happened.
    fn mutate(
        &self,
        caller: Caller,
        mutation: Mutation,
        call: Option<CallId>,
    ) -> impl Future<Output = Result<Reply, FsError>> + Send;

    /// Runs `f` on what is applied here, without a barrier: for the audit log, after an answer
    /// that this server has applied itself. `None` if it fails.
    fn peek<T, F>(&self, f: F) -> Option<T>
    where
        F: for<'a> FnOnce(&Committed<'a>) -> Result<T, Failure>;

    /// Room on this server's volume.
    fn space(&self) -> Space;

    /// What this server is at the moment.
    fn ha_state(&self) -> HaState;

    /// The state id: the log index of the last applied entry. What was answered before is not
    /// above it.
    fn state_id(&self) -> u64;
}
