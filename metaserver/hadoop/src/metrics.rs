//! What Prometheus sees of the door.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Call {
    method: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Method {
    method: &'static str,
}

/// Counters, gauges and latencies of the Hadoop RPC door.
#[derive(Clone, Debug)]
pub struct RpcMetrics {
    calls: Family<Call, Counter>,
    latency: Family<Method, Histogram, fn() -> Histogram>,
    pub(crate) in_flight: Gauge,
    pub(crate) connections: Gauge,
    pub(crate) accepted: Counter,
    pub(crate) rejected: Counter,
    pub(crate) failed: Counter,
    pub(crate) received: Counter,
    pub(crate) sent: Counter,
}

/// Counts in a gauge as long as it lives.
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

/// Upper bounds in seconds: from a cached read to a write that waits for an election.
const BUCKETS: [f64; 14] = [
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.0,
    10.0,
];

impl Default for RpcMetrics {
    fn default() -> Self {
        Self {
            calls: Family::default(),
            latency: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            in_flight: Gauge::default(),
            connections: Gauge::default(),
            accepted: Counter::default(),
            rejected: Counter::default(),
            failed: Counter::default(),
            received: Counter::default(),
            sent: Counter::default(),
        }
    }
}

impl RpcMetrics {
    /// Adds everything to `registry`.
    pub fn register(&self, registry: &mut Registry) {
        let registry = registry.sub_registry_with_prefix("metafs_rpc");
        registry.register(
            "calls",
            "Calls of Hadoop RPC by result (ok, refused, failover)",
            self.calls.clone(),
        );
        registry.register(
            "call_duration_seconds",
            "Time from a call's last byte to its answer",
            self.latency.clone(),
        );
        registry.register("in_flight", "Calls under way", self.in_flight.clone());
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
            "connections_failed",
            "Connections ended for what they sent, or for sending or taking nothing",
            self.failed.clone(),
        );
        registry.register("received_bytes", "Bytes of requests received", self.received.clone());
        registry.register("sent_bytes", "Bytes of answers sent", self.sent.clone());
    }

    /// Counts one call.
    pub(crate) fn observe(&self, method: &'static str, result: &'static str, took: Duration) {
        self.calls.get_or_create(&Call { method, result }).inc();
        self.latency.get_or_create(&Method { method }).observe(took.as_secs_f64());
    }
}
