//! What the operator counts of itself, for Prometheus.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// A resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ClusterLabels {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    result: &'static str,
}

/// The operator's metrics.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    passes: Family<ResultLabels, Counter>,
    seconds: Histogram,
    steps: Counter,
    leading: Gauge,
    ready: Family<ClusterLabels, Gauge>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("metafs_operator");
        let passes = Family::default();
        registry.register("passes", "Passes over resources, by result", passes.clone());
        let seconds = Histogram::new(exponential_buckets(0.005, 2.0, 14));
        registry.register("pass_seconds", "Duration of passes", seconds.clone());
        let steps = Counter::default();
        registry.register("steps", "Steps carried out", steps.clone());
        let leading = Gauge::default();
        registry.register("leading", "Whether this operator is the elected one", leading.clone());
        let ready = Family::default();
        registry.register("cluster_ready", "Whether a MetadataCluster is Ready", ready.clone());
        Self { registry, passes, seconds, steps, leading, ready }
    }
}

impl Metrics {
    /// A pass ended.
    pub fn pass(&self, ok: bool, took: Duration) {
        let result = if ok { "ok" } else { "error" };
        self.passes.get_or_create(&ResultLabels { result }).inc();
        self.seconds.observe(took.as_secs_f64());
    }

    /// A step was carried out.
    pub fn step(&self) {
        self.steps.inc();
    }

    /// Whether this operator is the elected one.
    pub fn set_leading(&self, leading: bool) {
        self.leading.set(leading.into());
    }

    /// Whether a cluster is ready; `None`: it is gone.
    pub fn set_ready(&self, cluster: &ClusterLabels, ready: Option<bool>) {
        match ready {
            Some(ready) => {
                self.ready.get_or_create(cluster).set(ready.into());
            }
            None => {
                self.ready.remove(cluster);
            }
        }
    }

    /// All of them in the text format.
    ///
    /// # Errors
    /// Never in practice: writing to a string.
    pub fn encode(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deleted_cluster_leaves_the_metrics() {
        let metrics = Metrics::default();
        let cluster = ClusterLabels { namespace: "data".into(), name: "demo".into() };
        metrics.set_ready(&cluster, Some(true));
        let line = "metafs_operator_cluster_ready{namespace=\"data\",name=\"demo\"} 1";
        assert!(metrics.encode().unwrap().contains(line));
        metrics.set_ready(&cluster, None);
        assert!(!metrics.encode().unwrap().contains("demo"));
    }
}
