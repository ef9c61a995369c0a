//! What the doors share: the node (once it runs), why it stopped, and the ways into it.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use metafs_consensus::{Applied, Node, ProposeError};
use metafs_namespace::{Command, Op};

use crate::config::Config;
use crate::remote::Live;

/// One server's shared state.
pub struct Shared {
    config: Config,
    started: Instant,
    node: OnceLock<Arc<Node>>,
    stopped: parking_lot::RwLock<Option<String>>,
    live: Arc<Live>,
}

impl Shared {
    /// For a server that starts now.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            started: Instant::now(),
            node: OnceLock::new(),
            stopped: parking_lot::RwLock::new(None),
            live: Arc::default(),
        }
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// When the process started.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// What upload to and recovery from Tablestore say while they run here.
    pub fn live(&self) -> &Arc<Live> {
        &self.live
    }

    /// The node, once it runs.
    pub fn node(&self) -> Option<&Arc<Node>> {
        self.node.get()
    }

    /// Hands the running node over; once.
    pub fn set_node(&self, node: Arc<Node>) {
        // A second call would be a programming error without consequence: the first node stays.
        let _ = self.node.set(node);
    }

    /// Why this server does not serve, if so.
    pub fn stopped_reason(&self) -> Option<String> {
        self.stopped.read().clone()
    }

    /// Stops serving (`Some`), or goes on (`None`).
    pub fn set_stopped(&self, reason: Option<String>) {
        *self.stopped.write() = reason;
    }

    /// Stamps an operation with this server's clock and takes it through Raft.
    ///
    /// # Errors
    /// See [`ProposeError`].
    pub async fn propose(&self, op: Op) -> Result<Applied, ProposeError> {
        if let Some(reason) = self.stopped_reason() {
            return Err(ProposeError::Retriable(reason));
        }
        let Some(node) = self.node() else {
            return Err(ProposeError::Retriable("the server is starting".into()));
        };
        node.propose(Command { time_ms: now_ms(), op }).await
    }

    /// As [`Shared::propose`], waiting for the first election of a cluster just formed.
    ///
    /// # Errors
    /// Nobody was elected within ten election timeouts, or another member leads.
    pub async fn propose_when_leader(&self, op: Op) -> Result<Applied, ProposeError> {
        let deadline =
            Instant::now() + Duration::from_millis(self.config.timings.election_max_ms * 10);
        let Some(node) = self.node() else {
            return Err(ProposeError::Retriable("the server is starting".into()));
        };
        let mut role = node.role();
        loop {
            match self.propose(op.clone()).await {
                Err(ProposeError::Retriable(_) | ProposeError::NotLeader { leader: None })
                    if Instant::now() < deadline =>
                {
                    let _ = tokio::time::timeout(Duration::from_millis(100), role.changed()).await;
                }
                outcome => return outcome,
            }
        }
    }
}

/// This server's clock, milliseconds since the epoch.
pub fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
