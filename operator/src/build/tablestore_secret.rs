//! The Secret with the credentials for Tablestore that the pods mount: a copy of the user's
//! ([`crate::remote::credentials`]). It goes with the resource.

use k8s_openapi::api::core::v1::Secret;

use crate::names;
use crate::remote::credentials::Mirror;
use crate::validate::ValidatedCluster;

/// Builds it.
pub fn build(cluster: &ValidatedCluster, mirror: &Mirror) -> Secret {
    let Mirror { data, problem: _ } = mirror;
    Secret {
        metadata: super::metadata(cluster, names::tablestore_secret(&cluster.name)),
        data: (!data.is_empty()).then(|| data.clone()),
        ..Secret::default()
    }
}
