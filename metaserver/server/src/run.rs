//! The life of a server process: from configuration to doors, and back on SIGTERM.
//!
//! Order of start: admin and health ports first (a server that cannot start says why there), then
//! the volume and Raft, then the clients' doors. Order of stop: leadership handed over, the clients'
//! doors closed, everything flushed.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use metafs_consensus::{KeyFile, Node, NodeConfig, Timings};
use metafs_hadoop::RpcMetrics;
use metafs_webhdfs::WebMetrics;
use parking_lot::RwLock;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::admin::{self, Admin};
use crate::backend::RaftBackend;
use crate::chores;
use crate::config::{Config, RaftTimings};
use crate::disk::Space;
use crate::health::{self, HealthPort};
use crate::logging::LogFilter;
use crate::observer::{ReadMetrics, Waiters};
use crate::process::ProcessCollector;
use crate::remote::{self, RemoteMetrics};
use crate::roles;
use crate::service::Shared;

/// How often the volume's free space is looked at.
const DISK_CHECK: Duration = Duration::from_secs(2);
/// Where Kubernetes picks up the reason of an exit.
const TERMINATION_LOG: &str = "/dev/termination-log";

/// Why a server stopped other than by a signal.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A port cannot be bound.
    #[error("cannot listen on {address} for {what}: {source}")]
    Listen {
        /// Which door.
        what: &'static str,
        /// Where.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The data directory cannot be used.
    #[error("data directory {path}: {source}")]
    DataDir {
        /// Which.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The volume or Raft did not start.
    #[error(transparent)]
    Start(#[from] metafs_consensus::StartError),
    /// It must not go on: a failed write, a failed fsync, a corrupt row.
    #[error("stopped serving: {0}")]
    Fatal(String),
    /// Signals cannot be received.
    #[error("signal handlers: {0}")]
    Signal(std::io::Error),
}

/// Runs until SIGTERM or SIGINT, or until it must not go on.
pub async fn run(config: Config, logs: LogFilter) -> ExitCode {
    match serve(config, logs).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "server stopped");
            // Present in a pod only; elsewhere the log line is enough.
            if std::path::Path::new(TERMINATION_LOG).exists() {
                let _ = std::fs::write(TERMINATION_LOG, error.to_string());
            }
            ExitCode::FAILURE
        }
    }
}

async fn listen(what: &'static str, address: SocketAddr) -> Result<TcpListener, RunError> {
    TcpListener::bind(address).await.map_err(|source| RunError::Listen { what, address, source })
}

async fn serve(config: Config, logs: LogFilter) -> Result<(), RunError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(RunError::Signal)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(RunError::Signal)?;
    let (stop, stopping) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        tracing::info!("asked to stop");
        let _ = stop.send(true);
    });

    let admin_port = listen("the admin API", config.admin).await?;
    let health_port = listen("health and metrics", config.health).await?;
    let raft_port = listen("Raft", config.raft).await?;
    let key = KeyFile::new(&config.key_file);
    let shared = Arc::new(Shared::new(config));
    let registry = Arc::new(RwLock::new(process_metrics()));

    let admin = admin::router(Admin { shared: shared.clone(), logs }, key.clone());
    tokio::spawn(plain_http("admin", admin_port, admin, stopping.clone()));
    let health = health::router(HealthPort { shared: shared.clone(), registry: registry.clone() });
    tokio::spawn(plain_http("health", health_port, health, stopping.clone()));

    if !wait_for_space(&shared, stopping.clone()).await? {
        return Ok(());
    }
    let node = start_node(&shared, raft_port, key.clone()).await?;
    let (web_metrics, rpc_metrics) = (WebMetrics::default(), RpcMetrics::default());
    let read_metrics = ReadMetrics::default();
    {
        let mut registry = registry.write();
        node.register_metrics(&mut registry);
        web_metrics.register(&mut registry);
        rpc_metrics.register(&mut registry);
        read_metrics.register(&mut registry);
        let copy = RemoteMetrics::new(node.clone(), shared.live().clone());
        registry.register_collector(Box::new(copy));
    }
    let election_max = Duration::from_millis(shared.config().timings.election_max_ms);
    roles::settle(&node, election_max);
    shared.set_node(node.clone());
    let chores = tokio::spawn(chores::run(shared.clone(), node.clone()));
    let copying = tokio::spawn(remote::run(
        shared.clone(),
        node.clone(),
        shared.live().clone(),
        shared.config().tablestore_credentials.clone(),
    ));
    let in_role = tokio::spawn(roles::run(node.clone(), read_metrics.clone(), election_max));
    let web_port = listen("WebHDFS", shared.config().web).await?;
    let rpc_port = listen("Hadoop RPC", shared.config().rpc).await?;
    tracing::info!(name = shared.config().own.name, id = format!("{:016x}", node.id()), "serving");
    let (close_doors, closing) = watch::channel(false);
    let waiters = Waiters::new(node.applied(), read_metrics);
    let backend = Arc::new(RaftBackend::new(shared.clone(), node.clone(), key, waiters));
    let web = metafs_webhdfs::serve(
        web_port,
        metafs_webhdfs::Door::new(backend.clone(), Default::default(), web_metrics),
        until(closing.clone()),
    );
    let rpc = metafs_hadoop::serve(
        rpc_port,
        metafs_hadoop::Door::new(backend, Default::default(), rpc_metrics),
        until(closing),
    );
    let doors = [tokio::spawn(web), tokio::spawn(rpc)];

    let outcome = tokio::select! {
        () = until(stopping) => Ok(()),
        reason = node.fatal() => Err(RunError::Fatal(reason)),
        reason = disk_fills(&shared) => Err(RunError::Fatal(reason)),
    };
    chores.abort();
    copying.abort();
    in_role.abort();
    if let Err(error) = &outcome {
        shared.set_stopped(Some(error.to_string()));
    }
    // Leadership first, while the doors still tell late clients where to go.
    node.shutdown(true).await;
    let _ = close_doors.send(true);
    for door in doors {
        if let Err(error) = door.await {
            tracing::error!(%error, "a clients' door failed");
        }
    }
    outcome
}

/// The metrics that are there before the node is.
fn process_metrics() -> Registry {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(ProcessCollector::new()));
    let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
    registry.register("metafs_build", "The running version", build);
    registry
}

async fn start_node(
    shared: &Shared,
    listener: TcpListener,
    key: Arc<KeyFile>,
) -> Result<Arc<Node>, RunError> {
    let config = shared.config();
    let RaftTimings { heartbeat_ms, election_min_ms, election_max_ms } = config.timings;
    let node = Node::start(NodeConfig {
        data_dir: config.data_dir.clone(),
        own: config.own.clone(),
        listener,
        key,
        timings: Timings { heartbeat_ms, election_min_ms, election_max_ms },
    })
    .await?;
    Ok(node)
}

/// Waits, saying why, until the volume has room to work. False: asked to stop meanwhile.
async fn wait_for_space(
    shared: &Shared,
    stopping: watch::Receiver<bool>,
) -> Result<bool, RunError> {
    let dir = &shared.config().data_dir;
    let in_dir = |source| RunError::DataDir { path: dir.display().to_string(), source };
    std::fs::create_dir_all(dir).map_err(in_dir)?;
    let mut stopped = false;
    while let Some(reason) = Space::of(dir).map_err(in_dir)?.too_full(stopped) {
        if !stopped {
            tracing::error!(reason, "not serving");
        }
        stopped = true;
        shared.set_stopped(Some(reason));
        if tokio::time::timeout(DISK_CHECK, until(stopping.clone())).await.is_ok() {
            return Ok(false);
        }
    }
    shared.set_stopped(None);
    Ok(true)
}

/// Returns, with the reason, when the volume is too full to go on.
async fn disk_fills(shared: &Shared) -> String {
    loop {
        tokio::time::sleep(DISK_CHECK).await;
        match Space::of(&shared.config().data_dir) {
            Ok(space) => {
                if let Some(reason) = space.too_full(false) {
                    return reason;
                }
            }
            Err(error) => tracing::warn!(%error, "cannot measure the data volume"),
        }
    }
}

async fn until(mut stopping: watch::Receiver<bool>) {
    // An error means that the sender is gone, which only happens when the process ends.
    let _ = stopping.wait_for(|stop| *stop).await;
}

async fn plain_http(
    what: &'static str,
    listener: TcpListener,
    router: axum::Router,
    stopping: watch::Receiver<bool>,
) {
    if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(until(stopping)).await
    {
        tracing::error!(%error, what, "port closed");
    }
}
