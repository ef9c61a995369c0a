//! The ServiceAccount of the pods: no rights, no token.

use k8s_openapi::api::core::v1::ServiceAccount;

use crate::validate::ValidatedCluster;

/// Builds it.
pub fn build(cluster: &ValidatedCluster) -> ServiceAccount {
    ServiceAccount {
        metadata: super::metadata(cluster, cluster.name.clone()),
        automount_service_account_token: Some(false),
        ..ServiceAccount::default()
    }
}
