//! What this crate counts while it works: histograms and counters fed by the log's writer, the
//! state machine and the network. Gauges that are only worth computing when somebody looks are
//! in [`crate::node`]'s collector.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// Counters and histograms of one node; clones share them.
#[derive(Clone, Debug)]
pub struct ConsensusMetrics {
    /// Seconds of each synced write of the log.
    pub log_sync_seconds: Histogram,
    /// Entries joined into one synced write.
    pub log_sync_entries: Histogram,
    /// Bytes appended to the log.
    pub log_bytes: Counter,
    /// Seconds of applying one batch and writing its rows.
    pub apply_seconds: Histogram,
    /// Entries in one applied batch.
    pub apply_entries: Histogram,
    /// Times this node saw another leader or term.
    pub leader_changes: Counter,
    /// Elections this node started.
    pub elections: Counter,
    /// Snapshots sent whole.
    pub snapshots_sent: Counter,
    /// Snapshots received and installed.
    pub snapshots_received: Counter,
    /// Bytes of Raft messages sent.
    pub network_sent_bytes: Counter,
    /// Bytes of Raft messages received.
    pub network_received_bytes: Counter,
    /// Connections refused at the handshake.
    pub handshakes_refused: Counter,
    /// Read barriers confirmed, each for all reads that waited.
    pub read_barriers: Counter,
}

impl Default for ConsensusMetrics {
    fn default() -> Self {
        let seconds = || Histogram::new(exponential_buckets(25e-6, 2.0, 18));
        let entries = || Histogram::new(exponential_buckets(1.0, 2.0, 13));
        Self {
            log_sync_seconds: seconds(),
            log_sync_entries: entries(),
            log_bytes: Counter::default(),
            apply_seconds: seconds(),
            apply_entries: entries(),
            leader_changes: Counter::default(),
            elections: Counter::default(),
            snapshots_sent: Counter::default(),
            snapshots_received: Counter::default(),
            network_sent_bytes: Counter::default(),
            network_received_bytes: Counter::default(),
            handshakes_refused: Counter::default(),
            read_barriers: Counter::default(),
        }
    }
}

impl ConsensusMetrics {
    /// Adds everything to `registry`.
    pub fn register(&self, registry: &mut Registry) {
        let raft = registry.sub_registry_with_prefix("metafs_raft");
        raft.register_with_unit(
            "log_sync",
            "Time of one synced write of the Raft log",
            Unit::Seconds,
            self.log_sync_seconds.clone(),
        );
        raft.register(
            "log_sync_entries",
            "Entries joined into one synced write of the Raft log",
            self.log_sync_entries.clone(),
        );
        raft.register_with_unit(
            "log_appended",
            "Bytes appended to the Raft log",
            Unit::Bytes,
            self.log_bytes.clone(),
        );
        raft.register_with_unit(
            "apply",
            "Time of applying one batch of entries",
            Unit::Seconds,
            self.apply_seconds.clone(),
        );
        raft.register("apply_entries", "Entries in one applied batch", self.apply_entries.clone());
        raft.register(
            "leader_changes",
            "Times this member saw the leader change",
            self.leader_changes.clone(),
        );
        raft.register("elections", "Elections this member started", self.elections.clone());
        raft.register(
            "snapshots_sent",
            "Snapshots sent to other members",
            self.snapshots_sent.clone(),
        );
        raft.register(
            "snapshots_received",
            "Snapshots received and installed",
            self.snapshots_received.clone(),
        );
        raft.register_with_unit(
            "network_sent",
            "Bytes sent to other members",
            Unit::Bytes,
            self.network_sent_bytes.clone(),
        );
        raft.register_with_unit(
            "network_received",
            "Bytes received from other members",
            Unit::Bytes,
            self.network_received_bytes.clone(),
        );
        raft.register(
            "handshakes_refused",
            "Connections refused at the handshake",
            self.handshakes_refused.clone(),
        );
        raft.register(
            "read_barriers",
            "Linearizable read barriers confirmed",
            self.read_barriers.clone(),
        );
    }
}
