//! The PodDisruptionBudgets: a drain never takes the quorum, and one read replica at a time.

use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::names::{self, Group};
use crate::validate::ValidatedCluster;

/// That of the voters. One server alone may be moved: its volume comes with it, and a budget would
/// only block every drain.
pub fn build(cluster: &ValidatedCluster) -> PodDisruptionBudget {
    let keep = if cluster.replicas == 1 { 0 } else { cluster.replicas / 2 + 1 };
    let keep = IntOrString::Int(i32::try_from(keep).unwrap_or(i32::MAX));
    budget(
        cluster,
        Group::Voters,
        PodDisruptionBudgetSpec { min_available: Some(keep), ..PodDisruptionBudgetSpec::default() },
    )
}

/// That of the read replicas.
pub fn readers(cluster: &ValidatedCluster) -> PodDisruptionBudget {
    budget(
        cluster,
        Group::Readers,
        PodDisruptionBudgetSpec {
            max_unavailable: Some(IntOrString::Int(1)),
            ..PodDisruptionBudgetSpec::default()
        },
    )
}

fn budget(
    cluster: &ValidatedCluster,
    group: Group,
    spec: PodDisruptionBudgetSpec,
) -> PodDisruptionBudget {
    PodDisruptionBudget {
        metadata: super::metadata_in(cluster, group, names::set(&cluster.name, group)),
        spec: Some(PodDisruptionBudgetSpec {
            selector: Some(LabelSelector {
                match_labels: Some(names::selector(&cluster.name, group)),
                ..LabelSelector::default()
            }),
            // A pod that is not ready holds nothing together: it may go.
            unhealthy_pod_eviction_policy: Some("AlwaysAllow".into()),
            ..spec
        }),
        ..PodDisruptionBudget::default()
    }
}
