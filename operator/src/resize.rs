//! Volumes that grow: the claims are asked for more, and a StatefulSet whose volume template says
//! less is replaced (its template is immutable).

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, PersistentVolumeClaimSpec};
use kube::api::{Api, Patch, PatchParams};
use kube::{Client, Resource, ResourceExt};
use metafs_crds::quantity;
use tracing::info;

use crate::dereference::Found;
use crate::error::{Context, Error};
use crate::validate::ValidatedCluster;

/// Bytes a claim asks for.
fn asked(spec: Option<&PersistentVolumeClaimSpec>) -> Option<u64> {
    let requests = spec?.resources.as_ref()?.requests.as_ref()?;
    quantity::units(requests.get("storage")?).ok()
}

/// Whether new volumes of this StatefulSet would be smaller than wanted.
pub fn template_outgrown(set: &StatefulSet, cluster: &ValidatedCluster) -> bool {
    let templates = set
        .spec
        .as_ref()
        .and_then(|spec| spec.volume_claim_templates.as_deref())
        .unwrap_or_default();
    templates
        .iter()
        .any(|claim| asked(claim.spec.as_ref()).is_some_and(|bytes| bytes != cluster.storage_bytes))
}

/// Asks for more where a claim asks for less than wanted. Whether the storage class can do it, the
/// API server says.
///
/// # Errors
/// [`Error::Kubernetes`]
pub async fn grow_claims(
    client: &Client,
    cluster: &ValidatedCluster,
    found: &Found,
) -> Result<(), Error> {
    let claims: Api<PersistentVolumeClaim> = Api::namespaced(client.clone(), &cluster.namespace);
    for claim in found.claims.iter().filter(|claim| claim.meta().deletion_timestamp.is_none()) {
        if asked(claim.spec.as_ref()).is_none_or(|bytes| bytes >= cluster.storage_bytes) {
            continue;
        }
        let name = claim.name_any();
        info!(
            cluster = cluster.name,
            namespace = cluster.namespace,
            claim = name,
            size = cluster.storage.size.0,
            "growing a volume"
        );
        let requests = BTreeMap::from([("storage", &cluster.storage.size)]);
        let patch = serde_json::json!({ "spec": { "resources": { "requests": requests } } });
        claims
            .patch(&name, &PatchParams::default(), &Patch::Merge(&patch))
            .await
            .context(|| format!("growing volume claim {name} to {}", cluster.storage.size.0))?;
    }
    Ok(())
}
