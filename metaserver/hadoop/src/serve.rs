//! Accepting connections, their number, and the end.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use metafs_door::{Backend, HaService};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::connection;
use crate::limits::Limits;
use crate::metrics::RpcMetrics;

/// After accept failed (most often: no file descriptor is left), how long to leave it alone.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Everything a call needs. One for a server, shared by all connections.
pub struct Door<B> {
    pub(crate) backend: Arc<B>,
    pub(crate) limits: Limits,
    pub(crate) metrics: RpcMetrics,
}

impl<B: Backend + HaService> Door<B> {
    /// A door to `backend`.
    pub fn new(backend: Arc<B>, limits: Limits, metrics: RpcMetrics) -> Arc<Self> {
        Arc::new(Self { backend, limits, metrics })
    }
}

/// Serves Hadoop RPC on `listener` until `shutdown` resolves; then takes no more connections and
/// calls, lets calls under way end within the grace, and returns.
pub async fn serve<B: Backend + HaService>(
    listener: TcpListener,
    door: Arc<Door<B>>,
    shutdown: impl Future<Output = ()>,
) {
    let slots = Arc::new(Semaphore::new(door.limits.max_connections));
    let ending = CancellationToken::new();
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "accepting a connection failed");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        door.metrics.accepted.inc();
        let Ok(slot) = Arc::clone(&slots).try_acquire_owned() else {
            // Hadoop's server closes too; the client tries again, here or elsewhere.
            door.metrics.rejected.inc();
            continue;
        };
        let (door, ending) = (Arc::clone(&door), ending.clone());
        connections.spawn(async move {
            let _slot = slot;
            connection::serve(stream, door, ending).await;
        });
    }
    drop(listener);
    ending.cancel();
    let all = async { while connections.join_next().await.is_some() {} };
    if timeout(door.limits.grace, all).await.is_err() {
        connections.shutdown().await;
    }
}
