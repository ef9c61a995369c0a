//! Linearizable reads by ReadIndex: before a read, the leader confirms with a quorum that it
//! still leads, and waits until what was committed then is applied. One confirmation is under way
//! at a time; all reads that arrive meanwhile share the next one.
//!
//! Openraft's lease reads would save the round trip but are not safe here: a voter that restarts
//! forgets the lease it granted.

use std::time::Duration;

use openraft::ReadPolicy;
use openraft::error::{LinearizableReadError, RaftError};
use tokio::sync::{mpsc, oneshot};

use super::Node;
use super::gather::gather;
use super::write::{ProposeError, forward};
use crate::metrics::ConsensusMetrics;
use crate::types::Raft;

type Confirmed = Result<u64, ProposeError>;

/// Where reads queue.
pub(super) type Waiting = mpsc::UnboundedSender<oneshot::Sender<Confirmed>>;

/// Serves the queue until all its senders are gone.
pub(super) async fn run(
    raft: Raft,
    own: u64,
    timeout: Duration,
    metrics: ConsensusMetrics,
    mut queue: mpsc::UnboundedReceiver<oneshot::Sender<Confirmed>>,
) {
    let mut waiting = Vec::new();
    while gather(&mut queue, &mut waiting).await {
        let confirmed = confirm(&raft, own, timeout).await;
        if confirmed.is_ok() {
            metrics.read_barriers.inc();
        }
        for read in waiting.drain(..) {
            // The reader may have given up.
            let _ = read.send(confirmed.clone());
        }
    }
}

async fn confirm(raft: &Raft, own: u64, timeout: Duration) -> Confirmed {
    let linearizer =
        raft.get_read_linearizer(ReadPolicy::ReadIndex).await.map_err(|e| match e {
            RaftError::APIError(LinearizableReadError::ForwardToLeader(f)) => forward(own, f),
            RaftError::APIError(LinearizableReadError::QuorumNotEnough(_)) => {
                ProposeError::Retriable("this leader cannot reach a quorum of the members".into())
            }
            RaftError::Fatal(e) => ProposeError::Stopped(e.to_string()),
        })?;
    match linearizer.try_await_ready(raft, Some(timeout)).await {
        Ok(Ok(state)) => Ok(state.read_log_id().index()),
        Ok(Err(state)) => Err(ProposeError::Retriable(format!(
            "log index {} is not applied within {timeout:?}",
            state.read_log_id().index()
        ))),
        Err(e) => Err(ProposeError::Stopped(e.to_string())),
    }
}

impl Node {
    /// Makes reads of the local state that follow linearizable; only the leader can. Gives the
    /// log index that is applied at least.
    pub async fn read(&self) -> Result<u64, ProposeError> {
        self.ensure_serving()?;
        let (done, wait) = oneshot::channel();
        let stopped = || ProposeError::Stopped("shutting down".into());
        self.barrier.send(done).map_err(|_| stopped())?;
        match wait.await.map_err(|_| stopped())? {
            Err(ProposeError::Stopped(reason)) => {
                Err(ProposeError::Stopped(self.fatal_reason().unwrap_or(reason)))
            }
            confirmed => confirmed,
        }
    }
}
