//! What a node is started with, why it may not start, and openraft's settings.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use openraft::{Config, SnapshotPolicy};
use tokio::net::TcpListener;

use crate::identity::IdentityError;
use crate::net::key::KeyFile;
use crate::types::Peer;

/// Raft's times, milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timings {
    /// The leader is heard from this often.
    pub heartbeat_ms: u64,
    /// A follower that hears nothing for a random time between this ...
    pub election_min_ms: u64,
    /// ... and this campaigns.
    pub election_max_ms: u64,
}

impl Default for Timings {
    /// For a real network.
    fn default() -> Self {
        Self { heartbeat_ms: 250, election_min_ms: 1500, election_max_ms: 3000 }
    }
}

impl Timings {
    /// For members on one machine.
    pub fn loopback() -> Self {
        Self { heartbeat_ms: 50, election_min_ms: 200, election_max_ms: 400 }
    }

    /// The longest time without a leader before somebody campaigns.
    pub fn election_max(&self) -> Duration {
        Duration::from_millis(self.election_max_ms)
    }

    /// After this long without an answer a connection is given up.
    pub fn patience(&self) -> Duration {
        (self.election_max() * 3).max(Duration::from_secs(3))
    }
}

/// What a node is started with.
pub struct NodeConfig {
    /// The volume.
    pub data_dir: PathBuf,
    /// How others reach this member.
    pub own: Peer,
    /// Where Raft's port listens.
    pub listener: TcpListener,
    /// The cluster's key.
    pub key: Arc<KeyFile>,
    /// Raft's times.
    pub timings: Timings,
}

/// Why a node does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The volume cannot be used.
    #[error(transparent)]
    Volume(#[from] IdentityError),
    /// The log cannot be opened.
    #[error("the Raft log cannot be opened: {0}")]
    Log(#[source] io::Error),
    /// The state machine cannot be opened.
    #[error("the state machine cannot be opened: {0}")]
    State(#[source] io::Error),
    /// Log and state machine do not belong together.
    #[error(
        "the state machine is at log index {applied} but the log begins at {first}: this volume \
         is damaged; remove this member and let it join anew with an empty volume"
    )]
    Gap {
        /// Last applied index.
        applied: u64,
        /// First index of the log.
        first: u64,
    },
    /// The log is gone, and with it this member's vote and what it had promised to keep.
    #[error(
        "the state machine is at log index {applied} but the Raft log is empty: this volume is \
         damaged; remove this member and let it join anew with an empty volume"
    )]
    NoLog {
        /// Last applied index.
        applied: u64,
    },
    /// Raft's times do not fit together.
    #[error("the Raft timings do not fit together: {0}")]
    Timings(String),
    /// Raft does not start.
    #[error("Raft does not start: {0}")]
    Raft(String),
}

/// Openraft's settings, far from its defaults where those are for small logs and fast networks.
pub fn raft_config(timings: Timings) -> Result<Config, StartError> {
    let config = Config {
        heartbeat_interval: timings.heartbeat_ms,
        election_timeout_min: timings.election_min_ms,
        election_timeout_max: timings.election_max_ms,
        enable_pre_vote: Some(true),
        // A leader that was killed may have sent entries that its own log had not synced yet. Leading on
        // in the same term it would give their indexes to other entries under the same log ids, which
        // no follower can tell apart: replicas would differ for ever. It leads again by election only.
        enable_leader_restore: Some(false),
        // Snapshots and purges are this crate's own decision: see the maintenance module.
        snapshot_policy: SnapshotPolicy::Never,
        max_in_snapshot_log_to_keep: u64::MAX,
        // A follower is sent entries as long as the log has them, however far behind it is.
        replication_lag_threshold: u64::MAX / 2,
        // The log store bounds the bytes of a request; this only bounds the entries.
        max_payload_entries: 1024,
        max_append_entries: Some(4096),
        // A snapshot is sent under the network module's own time limits.
        install_snapshot_timeout: 24 * 3600 * 1000,
        api_channel_size: Some(16 << 10),
        ..Config::default()
    };
    config.validate().map_err(|e| StartError::Timings(e.to_string()))
}
