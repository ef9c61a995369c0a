//! One "server" that is its own quorum, over rows in memory: for the doors' tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use metafs_namespace::{
    Batch, CallId, Caller, Command, ErrorKind, Failure, FsError, MemoryRows, Mutation, Op, Reply,
    Rows, RowsError, Settings, View,
};
use parking_lot::RwLock;

use crate::{Backend, Committed, Freshness, HaError, HaService, HaState, Space};

/// See the module.
#[derive(Default)]
pub struct Memory {
    rows: RwLock<MemoryRows>,
    /// `None`: active.
    state: RwLock<Option<HaState>>,
    applied: AtomicU64,
}

fn storage(error: RowsError) -> FsError {
    FsError::new(ErrorKind::Retriable, error.to_string())
}

impl Memory {
    /// Makes it something else than active; [`HaState::Initializing`]: nobody leads.
    pub fn set_state(&self, state: HaState) {
        *self.state.write() = Some(state);
    }

    /// Applies an operation, whatever the state.
    ///
    /// # Errors
    /// The namespace's refusal.
    pub fn apply(&self, op: Op) -> Result<Reply, FsError> {
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let time_ms = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        let mut rows = self.rows.write();
        let (result, changes) = {
            let mut batch = Batch::new(&*rows).map_err(storage)?;
            let result = batch.apply(&Command { time_ms, op }).map_err(storage)?;
            (result, batch.finish().map_err(storage)?)
        };
        rows.apply(changes);
        self.applied.fetch_add(1, Ordering::SeqCst);
        result
    }

    fn check(&self, category: &str, freshness: Freshness) -> Result<(), FsError> {
        let standby = |state: HaState| {
            let message = format!(
                "Operation category {category} is not supported in state {state}. \
                 Visit https://s.apache.org/sbnn-error"
            );
            Err(FsError::new(ErrorKind::Standby, message))
        };
        match (self.ha_state(), freshness) {
            (HaState::Active, _) => Ok(()),
            (HaState::Initializing, _) => {
                Err(FsError::new(ErrorKind::Retriable, "There is no leader"))
            }
            (HaState::Observer, Freshness::AtLeast(Some(seen))) if seen != i64::MIN => {
                match u64::try_from(seen) {
                    Ok(seen) if seen > self.state_id() => {
                        Err(FsError::new(ErrorKind::Retriable, "too far behind"))
                    }
                    _ => Ok(()),
                }
            }
            (state, _) => standby(state),
        }
    }

    fn run<T>(
        &self,
        f: impl for<'a> FnOnce(&Committed<'a>) -> Result<T, Failure>,
    ) -> Result<T, FsError> {
        let rows = self.rows.read();
        let view = View::new(&*rows as &dyn Rows).map_err(storage)?;
        f(&view).map_err(|failure| match failure {
            Failure::Fs(error) => error,
            Failure::Rows(error) => storage(error),
        })
    }
}

impl Backend for Memory {
    fn settings(&self) -> Result<Arc<Settings>, FsError> {
        let rows = self.rows.read();
        rows.settings()
            .map_err(storage)?
            .ok_or_else(|| FsError::new(ErrorKind::Retriable, "The cluster is not formed yet"))
    }

    async fn query<T, F>(&self, freshness: Freshness, f: F) -> Result<T, FsError>
    where
        T: Send,
        F: for<'a> FnOnce(&Committed<'a>) -> Result<T, Failure> + Send,
    {
        self.check("READ", freshness)?;
        self.run(f)
    }

    async fn mutate(
        &self,
        caller: Caller,
        mutation: Mutation,
        call: Option<CallId>,
    ) -> Result<Reply, FsError> {
        self.check("WRITE", Freshness::Linearizable)?;
        self.apply(match call {
            Some(call) => Op::Once(call, caller, mutation),
            None => Op::Client(caller, mutation),
        })
    }

    fn peek<T, F>(&self, f: F) -> Option<T>
    where
        F: for<'a> FnOnce(&Committed<'a>) -> Result<T, Failure>,
    {
        self.run(f).ok()
    }

    fn space(&self) -> Space {
        Space { capacity: 1000, used: 1, remaining: 999 }
    }

    fn ha_state(&self) -> HaState {
        self.state.read().unwrap_or(HaState::Active)
    }

    fn state_id(&self) -> u64 {
        self.applied.load(Ordering::SeqCst)
    }
}

impl HaService for Memory {
    fn not_ready_reason(&self) -> Option<String> {
        match self.ha_state() {
            HaState::Active | HaState::Standby => None,
            state => Some(format!("State is {state}")),
        }
    }

    fn health(&self) -> Result<(), HaError> {
        Ok(())
    }

    async fn transition(&self, to: HaState, _forced: bool) -> Result<(), HaError> {
        self.set_state(to);
        Ok(())
    }
}
