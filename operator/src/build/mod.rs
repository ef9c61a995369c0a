//! Step 3: the Kubernetes objects of a cluster. Pure: from a [`ValidatedCluster`] to objects, a
//! file an object.

pub mod config_map;
pub mod discovery;
pub mod pdb;
pub mod pod;
pub mod secret;
pub mod service_account;
pub mod services;
pub mod stateful_set;
pub mod tablestore_secret;

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{ConfigMap, Service, ServiceAccount};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::core::ObjectMeta;

use crate::error::Error;
use crate::names::{self, Group};
use crate::validate::ValidatedCluster;

/// How many pods to run now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pods {
    /// Those with a vote.
    pub voters: u32,
    /// Read replicas.
    pub readers: u32,
}

/// Everything that is applied in each pass, in this order. The Secret is not among them: it is
/// made once ([`secret`]).
#[derive(Clone, Debug)]
pub struct Objects {
    /// Account of the pods; has no rights and no token.
    pub service_account: ServiceAccount,
    /// Configuration of the servers.
    pub config: ConfigMap,
    /// Configuration of Hadoop clients.
    pub discovery: ConfigMap,
    /// DNS names of the pods.
    pub members: Service,
    /// One address for clients that need no failover of their own.
    pub client: Service,
    /// Address of the active server.
    pub active: Service,
    /// Address of the observers.
    pub observers: Service,
    /// Keeps voluntary disruptions from breaking the quorum.
    pub disruption_budget: PodDisruptionBudget,
    /// The voters' pods and their volumes.
    pub stateful_set: StatefulSet,
    /// The read replicas, if there are or were any.
    pub readers: Option<ReadReplicas>,
}

/// What read replicas are made of.
#[derive(Clone, Debug)]
pub struct ReadReplicas {
    /// Keeps voluntary disruptions from taking several at a time.
    pub disruption_budget: PodDisruptionBudget,
    /// The pods and their volumes.
    pub stateful_set: StatefulSet,
}

/// Builds all objects for these pods ([`stateful_set::replicas`]).
///
/// # Errors
/// [`Error::Serialise`]: the servers' configuration cannot be written.
pub fn objects(cluster: &ValidatedCluster, pods: Pods) -> Result<Objects, Error> {
    let config = config_map::build(cluster)?;
    Ok(Objects {
        service_account: service_account::build(cluster),
        discovery: discovery::build(cluster, pods),
        members: services::members(cluster),
        client: services::client(cluster),
        active: services::active(cluster),
        observers: services::observers(cluster),
        disruption_budget: pdb::build(cluster),
        stateful_set: stateful_set::build(
            cluster,
            Group::Voters,
            pods.voters,
            &config.restart_hash,
        ),
        readers: (pods.readers > 0).then(|| ReadReplicas {
            disruption_budget: pdb::readers(cluster),
            stateful_set: stateful_set::build(
                cluster,
                Group::Readers,
                pods.readers,
                &config.restart_hash,
            ),
        }),
        config: config.object,
    })
}

/// The StatefulSet of a group with that many pods.
///
/// # Errors
/// [`Error::Serialise`]
pub fn resized(cluster: &ValidatedCluster, group: Group, pods: u32) -> Result<StatefulSet, Error> {
    let hash = config_map::build(cluster)?.restart_hash;
    Ok(stateful_set::build(cluster, group, pods, &hash))
}

/// Metadata of an object that goes when the cluster goes.
fn metadata(cluster: &ValidatedCluster, name: String) -> ObjectMeta {
    metadata_in(cluster, Group::Voters, name)
}

/// The same for an object of a group.
fn metadata_in(cluster: &ValidatedCluster, group: Group, name: String) -> ObjectMeta {
    ObjectMeta {
        name: Some(name),
        namespace: Some(cluster.namespace.clone()),
        labels: Some(names::labels(&cluster.name, group)),
        owner_references: Some(vec![cluster.owner.clone()]),
        ..ObjectMeta::default()
    }
}
