//! A node: one member of a cluster, or a volume that waits to become one. Opens the volume,
//! replays, starts Raft with its log, state machine and network, and is what the server talks to.

mod barrier;
mod collector;
mod config;
mod confirm;
mod gather;
mod maintenance;
mod membership;
mod quorum;
mod status;
mod transfer;
mod write;

use std::sync::Arc;
use std::time::Duration;

use metafs_namespace::{RowsError, Settings, View};
use openraft::async_runtime::WatchReceiver;
use parking_lot::Mutex;
use prometheus_client::registry::Registry;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use crate::fatal::Fatal;
use crate::identity::Identity;
use crate::log::LogStore;
use crate::metrics::ConsensusMetrics;
use crate::net::client::{NetworkFactory, Peers};
use crate::net::server::Server;
use crate::net::{Announced, Context, Heard, Transfers};
use crate::state::StateStore;
use crate::state::machine::StateMachine;
use crate::state::rows::{SnapshotRows, StateRows};
use crate::types::{Peer, Raft};

use confirm::Confirmer;

pub use config::{NodeConfig, StartError, Timings};
pub use membership::ClusterError;
pub use status::{Member, PeerProgress, Role, RoleState, Status, TransferProgress};
pub use write::{Applied, ProposeError};

/// See the module.
pub struct Node {
    raft: Raft,
    log: LogStore,
    store: Arc<StateStore>,
    context: Arc<Context>,
    own: Peer,
    timings: Timings,
    fatal: Fatal,
    role: watch::Receiver<RoleState>,
    barrier: barrier::Waiting,
    proposals: mpsc::UnboundedSender<write::Proposal>,
    in_flight: Semaphore,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Node {
    /// Opens the volume (or makes it), replays what its log knows to be committed and starts
    /// Raft. A volume without a past waits: nothing forms a cluster by itself.
    pub async fn start(config: NodeConfig) -> Result<Arc<Self>, StartError> {
        let NodeConfig { data_dir, own, listener, key, timings } = config;
        let raft_config = Arc::new(config::raft_config(timings)?);
        let (fatal, metrics) = (Fatal::default(), ConsensusMetrics::default());
        let (f, m) = (fatal.clone(), metrics.clone());
        let (identity, log, store) = blocking(move || {
            let identity = Arc::new(Identity::open(&data_dir)?);
            let log =
                LogStore::open(identity.clone(), f.clone(), m.clone()).map_err(StartError::Log)?;
            let store = StateStore::open(identity.clone(), f, m).map_err(StartError::State)?;
            Ok((identity, log, Arc::new(store)))
        })
        .await?;
        replay(&log, &store).await?;

        let context = Arc::new(Context {
            identity: identity.clone(),
            key,
            patience: timings.patience(),
            metrics: metrics.clone(),
            transfers: Transfers::default(),
            heard: Heard::default(),
            announced: Announced::default(),
        });
        let id = identity.node_id();
        let peers = Peers::new(context.clone());
        let network = NetworkFactory::new(peers.clone(), store.clone());
        let machine = StateMachine::new(store.clone(), metrics.clone());
        let raft = Raft::new(id, raft_config, network, log.clone(), machine)
            .await
            .map_err(|e| StartError::Raft(e.to_string()))?;

        let (role_sender, role) =
            watch::channel(RoleState { role: Role::Pristine, term: 0, leader: None });
        let (barrier, queue) = mpsc::unbounded_channel();
        let (proposals, proposed) = mpsc::unbounded_channel();
        let node = Arc::new(Self {
            raft: raft.clone(),
            log: log.clone(),
            store: store.clone(),
            context: context.clone(),
            own,
            timings,
            fatal: fatal.clone(),
            role,
            barrier,
            proposals,
            in_flight: Semaphore::new(write::IN_FLIGHT),
            tasks: Mutex::default(),
        });
        let tasks = [
            tokio::spawn(Server::new(context.clone(), raft.clone(), log.clone()).run(listener)),
            tokio::spawn(barrier::run(
                Confirmer::new(
                    raft.clone(),
                    log.clone(),
                    store.clone(),
                    context.clone(),
                    peers,
                    timings,
                ),
                metrics.clone(),
                queue,
            )),
            tokio::spawn(write::run(raft.clone(), proposed)),
            tokio::spawn(watch_role(
                raft.clone(),
                store.clone(),
                timings,
                metrics,
                fatal.clone(),
                role_sender,
            )),
            tokio::spawn(maintenance::run(raft, log, store, context, fatal)),
        ];
        node.tasks.lock().extend(tasks);
        Ok(node)
    }

    /// This volume's node id.
    pub fn id(&self) -> u64 {
        self.context.identity.node_id()
    }

    /// The cluster that this volume belongs to, once known.
    pub fn cluster_id(&self) -> Option<String> {
        self.context.identity.cluster_id()
    }

    /// How others reach this member, as it was started.
    pub fn own(&self) -> &Peer {
        &self.own
    }

    /// Whether the volume was never part of a cluster.
    pub fn is_pristine(&self) -> bool {
        self.log.is_empty() && self.store.last_applied().is_none()
    }

    /// Runs a query on the committed state. Short and without waiting: it keeps the state machine
    /// from advancing. Must not be nested.
    pub fn view<T>(
        &self,
        query: impl FnOnce(&View<'_, StateRows<'_>>) -> T,
    ) -> Result<T, RowsError> {
        self.store.read(|rows| View::new(rows).map(|view| query(&view))).inspect_err(|e| {
            self.fatal.set(format!("the state machine cannot be read: {e}"));
        })
    }

    /// Runs a long scan on the rows as they are now; the state machine goes on. Blocks.
    pub fn with_snapshot<T>(&self, scan: impl FnOnce(&SnapshotRows<'_>) -> T) -> T {
        self.store.with_snapshot(scan)
    }

    /// The index of the last applied entry.
    pub fn applied_index(&self) -> u64 {
        self.store.applied_index()
    }

    /// What clients see as the state that this replica has applied.
    pub fn state_id(&self) -> u64 {
        self.store.state_id()
    }

    /// The state id of log index 0.
    pub fn state_id_base(&self) -> u64 {
        self.store.state_id_base()
    }

    /// The index of the last applied entry, as it moves.
    pub fn applied(&self) -> watch::Receiver<u64> {
        self.store.applied()
    }

    /// Role, term and leader, as they change.
    pub fn role(&self) -> watch::Receiver<RoleState> {
        self.role.clone()
    }

    /// The replicated settings as applied; `None`: the cluster is not formed yet.
    pub fn settings(&self) -> Option<Arc<Settings>> {
        self.store.settings()
    }

    /// For how long no leader was heard from; means nothing on the leader itself.
    pub fn leader_silence(&self) -> Duration {
        self.context.heard.silence()
    }

    /// Whether this member campaigns when it hears of no leader. It votes either way.
    pub fn set_campaigning(&self, campaigns: bool) {
        self.raft.runtime_config().elect(campaigns);
    }

    /// Everything there is to say now.
    pub fn status(&self) -> Status {
        // The borrow must be short: Raft waits for it.
        let metrics = self.raft.metrics().borrow_watched().clone();
        let local = status::Local {
            cluster_id: self.cluster_id(),
            election_max: self.timings.election_max(),
            applied: self.store.last_applied(),
            flushed: self.store.flushed().last_log_id.map_or(0, |id| id.index),
            purged: self.log.purged().map_or(0, |id| id.index),
            sending: self.context.transfers.sending(),
            receiving: self.context.transfers.receiving(),
            fatal: self.fatal_reason(),
        };
        Status::new(&metrics, local)
    }

    /// Why the node has stopped serving, if it has.
    pub fn fatal_reason(&self) -> Option<String> {
        self.fatal.reason().map(|reason| reason.to_string())
    }

    /// Waits until the node has stopped serving for good, and says why.
    pub async fn fatal(&self) -> String {
        self.fatal.wait().await.to_string()
    }

    /// Adds the node's metrics to a registry.
    pub fn register_metrics(self: &Arc<Self>, registry: &mut Registry) {
        self.context.metrics.register(registry);
        registry.register_collector(Box::new(collector::Gauges(self.clone())));
    }

    /// Ends the node: hands over the leadership if `transfer` (for a bounded time), stops Raft,
    /// and puts everything on disk so that a restart replays nothing.
    pub async fn shutdown(&self, transfer: bool) {
        let status = self.status();
        if transfer
            && matches!(status.role, Role::Leader { .. })
            && status.members.values().filter(|m| m.voter).count() > 1
            && status.fatal.is_none()
            && let Err(error) = self.transfer_leader(None).await
        {
            tracing::warn!(%error, "the leadership was not handed over");
        }
        self.in_flight.close();
        for task in self.tasks.lock().drain(..) {
            task.abort();
        }
        if self.raft.shutdown().await.is_err() {
            tracing::error!("Raft did not stop in order");
        }
        let store = self.store.clone();
        let failed = self.fatal_reason().is_some();
        let closed = tokio::task::spawn_blocking(move || {
            let flushed = if failed { Ok(()) } else { store.flush().map(drop) };
            store.close();
            flushed
        });
        if let Ok(Err(error)) = closed.await {
            tracing::error!(%error, "the last flush failed; a restart will replay the log");
        }
        self.log.close().await;
        tracing::info!("the node has stopped");
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StartError> + Send + 'static,
) -> Result<T, StartError> {
    tokio::task::spawn_blocking(work).await.map_err(|e| StartError::Raft(e.to_string()))?
}

/// Applies what the log knows to be committed and the state machine lost with its write buffers.
async fn replay(log: &LogStore, store: &StateStore) -> Result<(), StartError> {
    let applied = store.last_applied();
    if let Some(applied) = applied
        && log.is_empty()
    {
        return Err(StartError::NoLog { applied: applied.index });
    }
    let mut next = applied.map_or(0, |id| id.index + 1);
    let first = log.purged().map_or(0, |id| id.index + 1);
    if next < first {
        return Err(StartError::Gap { applied: applied.map_or(0, |id| id.index), first });
    }
    let committed = log.committed().filter(|id| Some(*id) <= log.last());
    let end = committed.map_or(0, |id| id.index + 1);
    if next >= end {
        return Ok(());
    }
    tracing::info!(from = next, to = end - 1, "replaying the log");
    while next < end {
        let entries = log.read(next, end).await.map_err(StartError::Log)?;
        let Some(last) = entries.last() else {
            break;
        };
        next = last.log_id.index + 1;
        store.apply(&entries).map_err(StartError::State)?;
    }
    Ok(())
}

/// Keeps the role up to date, counts, and notices when Raft's core has ended by itself.
async fn watch_role(
    raft: Raft,
    store: Arc<StateStore>,
    timings: Timings,
    metrics: ConsensusMetrics,
    fatal: Fatal,
    role: watch::Sender<RoleState>,
) {
    let mut server = raft.server_metrics();
    let mut applied = store.applied();
    let mut before: Option<(Option<u64>, u64)> = None;
    let mut tick = tokio::time::interval(timings.election_max() / 4);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let raft_metrics = raft.metrics().borrow_watched().clone();
        if let Err(e) = &raft_metrics.running_state {
            fatal.set(format!("Raft has stopped: {e}"));
            return;
        }
        let last_applied = store.last_applied();
        let now = status::role_state(&raft_metrics, last_applied, timings.election_max());
        let unconfirmed = now.role == Role::Leader { confirmed: false };
        let leader = (now.leader.as_ref().map(|(id, _)| *id), now.term);
        if now.role == Role::Candidate && role.borrow().role != Role::Candidate {
            metrics.elections.inc();
        }
        if before.is_some_and(|before| before != leader) && leader.0.is_some() {
            metrics.leader_changes.inc();
        }
        before = Some(leader);
        role.send_if_modified(|current| {
            let changed = *current != now;
            if changed {
                tracing::info!(
                    role = ?now.role,
                    term = now.term,
                    leader = now.leader.as_ref().map(|(_, peer)| peer.name.as_str()),
                    "role"
                );
                *current = now;
            }
            changed
        });
        let go_on = tokio::select! {
            changed = server.changed() => changed.is_ok(),
            changed = applied.changed(), if unconfirmed => changed.is_ok(),
            _ = tick.tick() => true,
        };
        if !go_on {
            return;
        }
        // The whole metrics are sent right after the server's part. Should this task be even
        // faster, the next tick sees them.
        tokio::task::yield_now().await;
    }
}
