//! Step 1: all reads from Kubernetes that a pass needs.

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod, Secret};
use kube::api::{Api, ListParams};
use kube::{Client, Resource, ResourceExt};

use crate::build::secret;
use crate::error::{Context, Error};
use crate::names::{self, Group};
use crate::view::Record;

/// What there is of a cluster.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The voters' StatefulSet.
    pub stateful_set: Option<StatefulSet>,
    /// The read replicas' StatefulSet.
    pub read_set: Option<StatefulSet>,
    /// The pods of both.
    pub pods: Vec<Pod>,
    /// The volume claims.
    pub claims: Vec<PersistentVolumeClaim>,
    /// The cluster's Secret.
    pub secret: Option<Secret>,
    /// The Secret with credentials for Tablestore that the pods mount.
    pub tablestore_secret: Option<Secret>,
    /// The user's, of which that is a copy.
    pub credentials: Option<Secret>,
}

/// Reads it; `credentials` is the name of the user's Secret.
///
/// # Errors
/// [`Error::Kubernetes`]
pub async fn dereference(
    client: &Client,
    namespace: &str,
    name: &str,
    credentials: Option<&str>,
) -> Result<Found, Error> {
    let stateful_sets: Api<StatefulSet> = Api::namespaced(client.clone(), namespace);
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let claims: Api<PersistentVolumeClaim> = Api::namespaced(client.clone(), namespace);
    let secrets: Api<Secret> = Api::namespaced(client.clone(), namespace);
    let ours = ListParams::default().labels(&names::query(&names::all_selector(name)));
    let secret_name = names::secret(name);
    let read_set_name = names::set(name, Group::Readers);
    let tablestore_name = names::tablestore_secret(name);
    let users = async {
        match credentials {
            Some(name) => secrets.get_opt(name).await,
            None => Ok(None),
        }
    };
    let (stateful_set, read_set, pods, claims, secret, tablestore_secret, users) = futures::join!(
        stateful_sets.get_opt(name),
        stateful_sets.get_opt(&read_set_name),
        pods.list(&ours),
        claims.list(&ours),
        secrets.get_opt(&secret_name),
        secrets.get_opt(&tablestore_name),
        users,
    );
    Ok(Found {
        stateful_set: stateful_set.context(|| format!("reading StatefulSet {name}"))?,
        read_set: read_set.context(|| format!("reading StatefulSet {read_set_name}"))?,
        pods: pods.context(|| "listing pods".into())?.items,
        claims: claims.context(|| "listing volume claims".into())?.items,
        secret: secret.context(|| format!("reading Secret {secret_name}"))?,
        tablestore_secret: tablestore_secret
            .context(|| format!("reading Secret {tablestore_name}"))?,
        credentials: users.context(|| "reading the Secret with credentials".into())?,
    })
}

impl Found {
    /// The StatefulSet of a group.
    pub fn set(&self, group: Group) -> Option<&StatefulSet> {
        match group {
            Group::Voters => self.stateful_set.as_ref(),
            Group::Readers => self.read_set.as_ref(),
        }
    }

    /// Pods that the live StatefulSet of a group is asked for.
    pub fn live_replicas(&self, group: Group) -> Option<u32> {
        let set = self.set(group).filter(|set| set.meta().deletion_timestamp.is_none())?;
        Some(u32::try_from(set.spec.as_ref()?.replicas.unwrap_or(1)).unwrap_or(0))
    }

    /// The highest ordinal of a voter that has a volume claim.
    pub fn highest_claim(&self, cluster: &str) -> Option<u32> {
        self.claims
            .iter()
            .filter_map(|claim| names::claim_ordinal(cluster, &claim.name_any()))
            .max()
    }

    /// The cluster's key.
    pub fn key(&self) -> Option<String> {
        field(self.secret.as_ref()?, secret::KEY)
    }

    /// What the Secret says of the cluster's formation.
    pub fn record(&self) -> Record {
        let Some(secret) = &self.secret else { return Record::default() };
        let formed_of = field(secret, secret::FORMED_OF).map(|text| {
            // What cannot be read names no volume: it then matches none.
            text.split(',').filter_map(|id| id.parse().ok()).collect()
        });
        Record { cluster_id: field(secret, secret::CLUSTER_ID), formed_of }
    }
}

fn field(secret: &Secret, name: &str) -> Option<String> {
    let bytes = &secret.data.as_ref()?.get(name)?.0;
    let text = std::str::from_utf8(bytes).ok()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
