//! What Prometheus sees of the door.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    op: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Operation {
    op: &'static str,
}

/// Counters, gauges and latencies of the WebHDFS door.
#[derive(Clone, Debug)]
pub struct WebMetrics {
    requests: Family<Request, Counter>,
    latency: Family<Operation, Histogram, fn() -> Histogram>,
    pub(crate) in_flight: Gauge,
    pub(crate) connections: Gauge,
    pub(crate) accepted: Counter,
    pub(crate) rejected: Counter,
    pub(crate) received: Counter<u64, AtomicU64>,
    pub(crate) sent: Counter<u64, AtomicU64>,
}

/// Counts in a gauge as long as it lives: a request's future is dropped when its client goes.
pub(crate) struct Held(Gauge);

impl Held {
    /// One more.
    pub(crate) fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Default for WebMetrics {
    fn default() -> Self {
        Self {
            requests: Family::default(),
            latency: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            in_flight: Gauge::default(),
            connections: Gauge::default(),
            accepted: Counter::default(),
            rejected: Counter::default(),
            received: Counter::default(),
            sent: Counter::default(),
        }
    }
}

/// Upper bounds in seconds: from a cached read to a write that waits for an election.
const BUCKETS: [f64; 14] = [
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.0,
    10.0,
];

impl WebMetrics {
    /// Adds everything to `registry`.
    pub fn register(&self, registry: &mut Registry) {
        let registry = registry.sub_registry_with_prefix("metafs_webhdfs");
        registry.register(
            "requests",
            "WebHDFS operations by result (ok, refused, failover, error)",
            self.requests.clone(),
        );
        registry.register(
            "request_duration_seconds",
            "Time from a request's head to its answer's",
            self.latency.clone(),
        );
        registry.register("in_flight", "Operations under way", self.in_flight.clone());
        registry.register("connections", "Open connections", self.connections.clone());
        registry.register(
            "connections_accepted",
            "Connections accepted since the start",
            self.accepted.clone(),
        );
        registry.register(
            "connections_rejected",
            "Connections refused because there were too many",
            self.rejected.clone(),
        );
        registry.register(
            "received_bytes",
            "Bytes of file content received",
            self.received.clone(),
        );
        registry.register("sent_bytes", "Bytes of answers' bodies sent", self.sent.clone());
    }

    /// Counts one operation.
    pub(crate) fn observe(&self, op: &'static str, result: &'static str, took: Duration) {
        self.requests.get_or_create(&Request { op, result }).inc();
        self.latency.get_or_create(&Operation { op }).observe(took.as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_exported() {
        let metrics = WebMetrics::default();
        metrics.observe("GETFILESTATUS", "ok", Duration::from_micros(80));
        let mut registry = Registry::default();
        metrics.register(&mut registry);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        for line in [
            "metafs_webhdfs_requests_total{op=\"GETFILESTATUS\",result=\"ok\"} 1",
            "metafs_webhdfs_request_duration_seconds_bucket{le=\"0.0001\",op=\"GETFILESTATUS\"} 1",
            "metafs_webhdfs_connections 0",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }
}
