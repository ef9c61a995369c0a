//! What Prometheus sees of upload and recovery: gauges and counters taken from their statuses when
//! they are asked for.

use std::sync::Arc;

use metafs_admin_api::{RecoveryState, UploadPhase};
use metafs_consensus::Node;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use super::{Live, describe};

/// See the module.
pub struct RemoteMetrics {
    node: Arc<Node>,
    live: Arc<Live>,
}

impl std::fmt::Debug for RemoteMetrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RemoteMetrics").finish_non_exhaustive()
    }
}

impl RemoteMetrics {
    /// Of this server.
    pub fn new(node: Arc<Node>, live: Arc<Live>) -> Self {
        Self { node, live }
    }
}

fn put(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    metric: &impl EncodeMetric,
) -> Result<(), std::fmt::Error> {
    metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
}

impl Collector for RemoteMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let Some(status) = describe(&self.node, &self.live) else { return Ok(()) };
        if let Some(upload) = &status.upload {
            let gauge = |value: u64| ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
            let fenced = upload.phase == UploadPhase::Fenced;
            for (name, help, value) in [
                (
                    "metafs_upload_synced",
                    "1 if the copy in Tablestore is less than 5 s behind",
                    u64::from(upload.synced),
                ),
                (
                    "metafs_upload_fenced",
                    "1 if another cluster has taken the copy over",
                    u64::from(fenced),
                ),
                (
                    "metafs_upload_lag_entries",
                    "Log entries that are not in the copy",
                    upload.lag_entries,
                ),
            ] {
                put(&mut encoder, name, help, &gauge(value))?;
            }
            put(
                &mut encoder,
                "metafs_upload_lag_seconds",
                "For how long the oldest of them has waited",
                &ConstGauge::new(upload.lag_ms as f64 / 1000.0),
            )?;
        }
        if let Some(upload) = self.live.upload() {
            let counters = upload.counters;
            for (name, help, value) in [
                (
                    "metafs_upload_rows_written",
                    "Rows written to Tablestore, heartbeats and checkpoints included",
                    counters.rows,
                ),
                ("metafs_upload_bytes_written", "Bytes in them", counters.bytes),
                ("metafs_upload_rows_deleted", "Rows deleted in Tablestore", counters.deleted),
                ("metafs_upload_batches", "Batches committed", counters.batches),
                ("metafs_upload_entries", "Log entries that they cover", counters.entries),
                (
                    "metafs_upload_changes",
                    "Changed rows of the namespace in them, each once a batch",
                    counters.changes,
                ),
                (
                    "metafs_upload_filled",
                    "Rows of the namespace that backfills wrote",
                    counters.filled,
                ),
            ] {
                put(&mut encoder, name, help, &ConstCounter::new(value))?;
            }
        }
        if let Some(recovery) = &status.recovery {
            let states = [
                (RecoveryState::Waiting, "Waiting"),
                (RecoveryState::Loading, "Loading"),
                (RecoveryState::Verifying, "Verifying"),
                (RecoveryState::Finished, "Finished"),
                (RecoveryState::Failed, "Failed"),
            ];
            let help = "1 for the state that the recovery is in";
            let mut family = encoder.encode_descriptor(
                "metafs_recovery_state",
                help,
                None,
                MetricType::Gauge,
            )?;
            for (state, name) in states {
                let gauge = ConstGauge::new(i64::from(state == recovery.state));
                gauge.encode(family.encode_family(&[("state", name)])?)?;
            }
            put(
                &mut encoder,
                "metafs_recovery_rows",
                "Rows recovered",
                &ConstCounter::new(recovery.progress.rows_done),
            )?;
        }
        Ok(())
    }
}
