//! Deletion where volumes are deleted with the resource: the pods first, then volumes and Secret,
//! then the finalizer. Without the finalizer there is nothing to do: what the resource owns goes by
//! its owner references, and volumes and Secret stay.

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Secret};
use kube::api::{Api, DeleteParams, Patch, PatchParams};
use kube::{Client, Resource, ResourceExt};
use metafs_crds::{MetadataCluster, VolumeRetention};

use crate::apply::ignore_missing;
use crate::dereference::dereference;
use crate::error::{Context, Error};
use crate::names;

/// How far the deletion is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Pods are still there.
    Waiting,
    /// Nothing is left for us.
    Done,
}

/// Whether the resource carries our finalizer.
pub fn has_finalizer(resource: &MetadataCluster) -> bool {
    resource.finalizers().iter().any(|name| name == names::FINALIZER)
}

/// Adds or removes the finalizer as the spec asks; returns whether it changed.
///
/// # Errors
/// [`Error::Kubernetes`]
pub async fn ensure_finalizer(client: &Client, resource: &MetadataCluster) -> Result<bool, Error> {
    let wanted = resource.spec.volume_retention == VolumeRetention::Delete;
    if wanted == has_finalizer(resource) {
        return Ok(false);
    }
    set_finalizer(client, resource, wanted).await?;
    Ok(true)
}

async fn set_finalizer(
    client: &Client,
    resource: &MetadataCluster,
    wanted: bool,
) -> Result<(), Error> {
    let name = resource.name_any();
    let mut finalizers: Vec<&str> = resource
        .finalizers()
        .iter()
        .map(String::as_str)
        .filter(|name| *name != names::FINALIZER)
        .collect();
    if wanted {
        finalizers.push(names::FINALIZER);
    }
    let patch = serde_json::json!({
        "metadata": { "finalizers": finalizers, "resourceVersion": resource.resource_version() },
    });
    api(client, resource)?
        .patch_metadata(&name, &PatchParams::default(), &Patch::Merge(&patch))
        .await
        .context(|| format!("writing the finalizer of MetadataCluster {name}"))?;
    Ok(())
}

fn api(client: &Client, resource: &MetadataCluster) -> Result<Api<MetadataCluster>, Error> {
    Ok(Api::namespaced(client.clone(), &namespace(resource)?))
}

fn namespace(resource: &MetadataCluster) -> Result<String, Error> {
    resource
        .namespace()
        .ok_or_else(|| Error::Incomplete { object: resource.name_any(), field: "namespace" })
}

/// One step of the deletion of a resource.
///
/// # Errors
/// [`Error::Kubernetes`]
pub async fn finalize(client: &Client, resource: &MetadataCluster) -> Result<Progress, Error> {
    if !has_finalizer(resource) {
        return Ok(Progress::Done);
    }
    if resource.spec.volume_retention == VolumeRetention::Delete {
        let (name, namespace) = (resource.name_any(), namespace(resource)?);
        let found = dereference(client, &namespace, &name, None).await?;
        let sets: Api<StatefulSet> = Api::namespaced(client.clone(), &namespace);
        let live: Vec<&StatefulSet> = found.stateful_set.iter().chain(&found.read_set).collect();
        for set in live.iter().filter(|set| set.meta().deletion_timestamp.is_none()) {
            let set = set.name_any();
            ignore_missing(sets.delete(&set, &DeleteParams::background()).await.map(drop))
                .context(|| format!("deleting StatefulSet {set}"))?;
        }
        // The StatefulSet's controller would make a missing volume anew as long as it is there.
        if !live.is_empty() || !found.pods.is_empty() {
            return Ok(Progress::Waiting);
        }
        let claims: Api<PersistentVolumeClaim> = Api::namespaced(client.clone(), &namespace);
        for claim in found.claims.iter().filter(|claim| claim.meta().deletion_timestamp.is_none()) {
            let claim = claim.name_any();
            ignore_missing(claims.delete(&claim, &DeleteParams::default()).await.map(drop))
                .context(|| format!("deleting volume claim {claim}"))?;
        }
        let secrets: Api<Secret> = Api::namespaced(client.clone(), &namespace);
        let secret = names::secret(&name);
        ignore_missing(secrets.delete(&secret, &DeleteParams::default()).await.map(drop))
            .context(|| format!("deleting Secret {secret}"))?;
    }
    set_finalizer(client, resource, false).await?;
    Ok(Progress::Done)
}
