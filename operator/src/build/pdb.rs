//! The PodDisruptionBudget: a drain never takes the quorum.

use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::names;
use crate::validate::ValidatedCluster;

/// Builds it. One server alone may be moved: its volume comes with it, and a budget would only
/// block every drain.
pub fn build(cluster: &ValidatedCluster) -> PodDisruptionBudget {
    let keep = if cluster.replicas == 1 { 0 } else { cluster.replicas / 2 + 1 };
    PodDisruptionBudget {
        metadata: super::metadata(cluster, cluster.name.clone()),
        spec: Some(PodDisruptionBudgetSpec {
            min_available: Some(IntOrString::Int(i32::try_from(keep).unwrap_or(i32::MAX))),
            selector: Some(LabelSelector {
                match_labels: Some(names::selector(&cluster.name)),
                ..LabelSelector::default()
            }),
            // A pod that is not ready holds nothing together: it may go.
            unhealthy_pod_eviction_policy: Some("AlwaysAllow".into()),
            ..PodDisruptionBudgetSpec::default()
        }),
        ..PodDisruptionBudget::default()
    }
}
