//! Gauges that are computed when Prometheus asks.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::gauge::ConstGauge;

use super::Node;
use super::status::Role;

/// RocksDB's properties that tell whether it is well.
const PROPERTIES: [(&str, &str, &str); 8] = [
    ("estimate-num-keys", "rows", "Rows in the state machine, estimated"),
    ("total-sst-files-size", "sst_bytes", "Bytes of the state machine's SST files"),
    ("total-blob-file-size", "blob_bytes", "Bytes of the state machine's blob files"),
    ("cur-size-all-mem-tables", "memtable_bytes", "Bytes of the state machine's write buffers"),
    ("block-cache-usage", "block_cache_bytes", "Bytes of the state machine's block cache in use"),
    (
        "estimate-table-readers-mem",
        "table_reader_bytes",
        "Bytes of the state machine's open tables",
    ),
    ("num-running-compactions", "compactions", "Compactions of the state machine under way"),
    (
        "is-write-stopped",
        "write_stopped",
        "Whether RocksDB has stopped writes of the state machine",
    ),
];

pub(super) struct Gauges(pub Arc<Node>);

impl fmt::Debug for Gauges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gauges")
    }
}

impl Collector for Gauges {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let mut gauge = |name: &str, help: &str, value: u64| {
            let gauge = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
            let encoder = encoder.encode_descriptor(name, help, None, gauge.metric_type())?;
            gauge.encode(encoder)
        };
        let status = self.0.status();
        gauge("metafs_raft_term", "Raft's term", status.term)?;
        let leads = u64::from(matches!(status.role, Role::Leader { confirmed: true }));
        gauge("metafs_raft_is_leader", "Whether this member leads", leads)?;
        let known = u64::from(status.leader.is_some());
        gauge("metafs_raft_has_leader", "Whether this member knows a leader", known)?;
        let members = status.members.len() as u64;
        gauge("metafs_raft_members", "Members of the cluster", members)?;
        let voters = status.members.values().filter(|m| m.voter).count() as u64;
        gauge("metafs_raft_voters", "Voting members of the cluster", voters)?;
        gauge("metafs_raft_last_log_index", "Last log index", status.last_log)?;
        gauge("metafs_raft_committed_index", "Last committed log index", status.committed)?;
        gauge("metafs_raft_applied_index", "Last applied log index", status.applied)?;
        gauge("metafs_raft_flushed_index", "Last log index in flushed state", status.flushed)?;
        gauge("metafs_raft_purged_index", "Last purged log index", status.purged)?;
        gauge("metafs_raft_log_size_bytes", "Bytes of the Raft log", self.0.log.disk_bytes())?;
        let lag = status.peers.values().map(|p| status.last_log - p.matched.unwrap_or(0)).max();
        gauge(
            "metafs_raft_max_follower_lag",
            "Entries that the slowest follower lacks; 0 where there is no leader",
            lag.unwrap_or(0),
        )?;
        for (property, name, help) in PROPERTIES {
            if let Some(value) = self.0.store.property(&format!("rocksdb.{property}")) {
                gauge(&format!("metafs_rocksdb_{name}"), help, value)?;
            }
        }
        Ok(())
    }
}
