//! The doors' way to the replicated namespace: [`metafs_door::Backend`] over the consensus node.
//! Here "who leads" becomes the exceptions that make Hadoop's clients go to another server, or
//! wait.

use std::sync::Arc;
use std::time::Duration;

use metafs_consensus::{Node, ProposeError};
use metafs_door::{Backend, Committed, Freshness, HaState, Space};
use metafs_namespace::{
    CallId, Caller, ErrorKind, Failure, FsError, Mutation, Op, Reply, Rows, RowsError, Settings,
    View,
};

use crate::ha::Key;
use crate::observer::Waiters;
use crate::roles;
use crate::service::Shared;

/// The namespace behind Raft.
#[derive(Clone)]
pub struct RaftBackend {
    shared: Arc<Shared>,
    node: Arc<Node>,
    key: Key,
    waiters: Arc<Waiters>,
}

impl RaftBackend {
    /// Over a running node; `key` opens the other members' admin API.
    pub fn new(shared: Arc<Shared>, node: Arc<Node>, key: Key, waiters: Arc<Waiters>) -> Self {
        Self { shared, node, key, waiters }
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(crate) fn node(&self) -> &Arc<Node> {
        &self.node
    }

    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    /// How long another member may take to answer.
    pub(crate) fn patience(&self) -> Duration {
        self.election_max() * 3
    }

    fn election_max(&self) -> Duration {
        Duration::from_millis(self.shared.config().timings.election_max_ms)
    }

    /// The wait of an observer's read; elsewhere, what makes sure that this server leads.
    async fn barrier(&self, freshness: Freshness) -> Result<(), FsError> {
        self.serving()?;
        if let Freshness::AtLeast(seen) = freshness
            && self.ha_state() == HaState::Observer
        {
            // Cut off from the leader nothing comes that would be worth waiting for.
            let cut_off = self.node.leader_silence() > self.election_max();
            let bound = if cut_off { 0 } else { self.settings()?.observer_wait_ms };
            return self
                .waiters
                .wait(seen, self.node.state_id_base(), Duration::from_millis(bound.into()))
                .await;
        }
        let read = self.node.read().await;
        read.map(drop).map_err(|error| unavailable(error, Category::Read, self.ha_state()))
    }

    fn serving(&self) -> Result<(), FsError> {
        // A stopped server sends its clients away: another one may well serve.
        self.shared
            .stopped_reason()
            .map_or(Ok(()), |reason| Err(FsError::new(ErrorKind::Standby, reason)))
    }

    fn committed<T>(
        &self,
        f: impl FnOnce(&Committed<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.node.view(|view| f(&View::new(view.rows() as &dyn Rows)?))?
    }
}

/// HDFS's operation categories, as its messages name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Category {
    Read,
    Write,
}

/// What a client is told when this server cannot answer. Pure.
///
/// StandbyException sends Hadoop's clients to the next server at once; RetriableException makes
/// them wait and come back, which is right while nobody leads.
fn unavailable(error: ProposeError, category: Category, state: HaState) -> FsError {
    let (kind, message) = match error {
        ProposeError::NotLeader { leader: Some(_) } => {
            let category = match category {
                Category::Read => "READ",
                Category::Write => "WRITE",
            };
            // An old leader may not know yet that it leads no more.
            let state = if state == HaState::Active { HaState::Standby } else { state };
            let message = format!(
                "Operation category {category} is not supported in state {state}. Visit https://s.apache.org/sbnn-error"
            );
            (ErrorKind::Standby, message)
        }
        ProposeError::NotLeader { leader: None } => {
            (ErrorKind::Retriable, "No server is active at the moment; retry".to_owned())
        }
        ProposeError::Retriable(reason) | ProposeError::OutcomeUnknown(reason) => {
            (ErrorKind::Retriable, reason)
        }
        ProposeError::Stopped(reason) => (ErrorKind::Standby, reason),
    };
    FsError::new(kind, message)
}

/// A storage failure is the server's trouble: it is logged here, and the client may come back.
fn storage(error: RowsError) -> FsError {
    tracing::error!(%error, "cannot read the namespace");
    FsError::new(ErrorKind::Retriable, "The server cannot read its storage; retry")
}

fn answer(failure: Failure) -> FsError {
    match failure {
        Failure::Fs(error) => error,
        Failure::Rows(error) => storage(error),
    }
}

impl Backend for RaftBackend {
    fn settings(&self) -> Result<Arc<Settings>, FsError> {
        self.serving()?;
        self.node.settings().ok_or_else(|| {
            FsError::new(ErrorKind::Retriable, "The cluster is not formed yet; retry")
        })
    }

    async fn query<T, F>(&self, freshness: Freshness, f: F) -> Result<T, FsError>
    where
        T: Send,
        F: for<'a> FnOnce(&Committed<'a>) -> Result<T, Failure> + Send,
    {
        self.barrier(freshness).await?;
        self.committed(|view| {
            view.check_readable()?;
            f(view)
        })
        .map_err(answer)
    }

    async fn mutate(
        &self,
        caller: Caller,
        mutation: Mutation,
        call: Option<CallId>,
    ) -> Result<Reply, FsError> {
        let op = match call {
            Some(call) => Op::Once(call, caller, mutation),
            None => Op::Client(caller, mutation),
        };
        let applied = self.shared.propose(op).await;
        applied.map_err(|error| unavailable(error, Category::Write, self.ha_state()))?.reply
    }

    fn peek<T, F>(&self, f: F) -> Option<T>
    where
        F: for<'a> FnOnce(&Committed<'a>) -> Result<T, Failure>,
    {
        self.committed(f).ok()
    }

    fn space(&self) -> Space {
        let dir = &self.shared.config().data_dir;
        let disk = crate::disk::Space::of(dir).unwrap_or_default();
        Space {
            capacity: disk.total,
            used: disk.total.saturating_sub(disk.free),
            remaining: disk.free,
        }
    }

    fn ha_state(&self) -> HaState {
        roles::ha_state(self.node.role().borrow().role, roles::declared(&self.node))
    }

    fn state_id(&self) -> u64 {
        self.node.state_id()
    }
}

#[cfg(test)]
mod tests {
    use metafs_consensus::Peer;

    use super::*;

    #[test]
    fn clients_go_on_when_somebody_leads_and_wait_when_nobody_does() {
        let peer =
            || Peer { name: "n".into(), raft: "r".into(), admin: "a".into(), web: "w".into() };
        let follower = unavailable(
            ProposeError::NotLeader { leader: Some((1, peer())) },
            Category::Write,
            HaState::Active,
        );
        assert_eq!(follower.kind, ErrorKind::Standby);
        assert!(
            follower
                .message
                .starts_with("Operation category WRITE is not supported in state standby")
        );
        let nobody =
            unavailable(ProposeError::NotLeader { leader: None }, Category::Read, HaState::Standby);
        assert_eq!(nobody.kind, ErrorKind::Retriable);
        assert_eq!(
            unavailable(ProposeError::Stopped("full".into()), Category::Read, HaState::Observer)
                .kind,
            ErrorKind::Standby
        );
    }
}
