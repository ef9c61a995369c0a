//! The WebHDFS door's way to the replicated namespace: [`metafs_webhdfs::Backend`] over the
//! consensus node. Here "who leads" becomes the exceptions that make Hadoop's clients go to
//! another server, or wait.

use std::sync::Arc;

use metafs_consensus::{Node, ProposeError, Role};
use metafs_namespace::{
    Caller, ErrorKind, Failure, FsError, Mutation, Op, Reply, Rows, RowsError, Settings, View,
};
use metafs_webhdfs::{Backend, Committed, Space};

use crate::service::Shared;

/// The namespace behind Raft.
#[derive(Clone)]
pub struct RaftBackend {
    shared: Arc<Shared>,
    node: Arc<Node>,
}

impl RaftBackend {
    /// Over a running node.
    pub fn new(shared: Arc<Shared>, node: Arc<Node>) -> Self {
        Self { shared, node }
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
fn unavailable(error: ProposeError, category: Category) -> FsError {
    let (kind, message) = match error {
        ProposeError::NotLeader { leader: Some(_) } => {
            let category = match category {
                Category::Read => "READ",
                Category::Write => "WRITE",
            };
            let message = format!(
                "Operation category {category} is not supported in state standby. Visit https://s.apache.org/sbnn-error"
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
        let settings = self.node.view(|view| view.settings()).map_err(storage)?;
        settings.ok_or_else(|| {
            FsError::new(ErrorKind::Retriable, "The cluster is not formed yet; retry")
        })
    }

    async fn query<T, F>(&self, f: F) -> Result<T, FsError>
    where
        T: Send,
        F: for<'a> FnOnce(&Committed<'a>) -> Result<T, Failure> + Send,
    {
        self.node.read().await.map_err(|error| unavailable(error, Category::Read))?;
        self.committed(f).map_err(answer)
    }

    async fn mutate(&self, caller: Caller, mutation: Mutation) -> Result<Reply, FsError> {
        let applied = self.shared.propose(Op::Client(caller, mutation)).await;
        applied.map_err(|error| unavailable(error, Category::Write))?.reply
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

    fn role(&self) -> String {
        match self.node.role().borrow().role {
            Role::Leader { confirmed: true } => "active",
            Role::Learner => "learner",
            Role::Pristine => "not formed yet",
            Role::Leader { confirmed: false } | Role::Follower | Role::Candidate => "standby",
        }
        .to_owned()
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
        let follower =
            unavailable(ProposeError::NotLeader { leader: Some((1, peer())) }, Category::Write);
        assert_eq!(follower.kind, ErrorKind::Standby);
        assert!(
            follower
                .message
                .starts_with("Operation category WRITE is not supported in state standby")
        );
        let nobody = unavailable(ProposeError::NotLeader { leader: None }, Category::Read);
        assert_eq!(nobody.kind, ErrorKind::Retriable);
        assert_eq!(
            unavailable(ProposeError::Stopped("full".into()), Category::Read).kind,
            ErrorKind::Standby
        );
    }
}
