//! Linearizable reads: before a read, the leader makes sure that it still leads ([`super::confirm`]).
//! One confirmation is under way at a time; all reads that arrive meanwhile share the next one.

use tokio::sync::{mpsc, oneshot};

use super::Node;
use super::confirm::Confirmer;
use super::gather::gather;
use super::write::ProposeError;
use crate::metrics::ConsensusMetrics;

type Confirmed = Result<u64, ProposeError>;

/// Where reads queue.
pub(super) type Waiting = mpsc::UnboundedSender<oneshot::Sender<Confirmed>>;

/// Serves the queue until all its senders are gone.
pub(super) async fn run(
    mut confirmer: Confirmer,
    metrics: ConsensusMetrics,
    mut queue: mpsc::UnboundedReceiver<oneshot::Sender<Confirmed>>,
) {
    let mut waiting = Vec::new();
    while gather(&mut queue, &mut waiting).await {
        let confirmed = confirmer.confirm().await;
        if confirmed.is_ok() {
            metrics.read_barriers.inc();
        }
        for read in waiting.drain(..) {
            // The reader may have given up.
            let _ = read.send(confirmed.clone());
        }
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
