//! Step 4: server-side apply of the objects, under one field manager. What a user or a controller
//! deleted or changed comes back.

use std::fmt::Debug;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use kube::{Client, Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::info;

use crate::build::{Objects, ReadReplicas, secret, tablestore_secret};
use crate::dereference::Found;
use crate::error::{Context, Error};
use crate::names;
use crate::remote::credentials::{self, Mirror};
use crate::resize;
use crate::validate::ValidatedCluster;

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Applied {
    /// The voters' StatefulSet as it is now; `None` while it is being made anew.
    pub stateful_set: Option<StatefulSet>,
    /// That of the read replicas; `None` also where there are none.
    pub read_set: Option<StatefulSet>,
    /// A StatefulSet is being made anew: nothing is known of its pods' template.
    pub remaking: bool,
    /// An object that Kubernetes refuses until a person changes something.
    pub problem: Option<String>,
    /// What is wrong with the credentials for Tablestore.
    pub credentials: Option<String>,
    /// Version of the Secret with them that the pods mount, if there is one.
    pub credentials_version: Option<String>,
}

/// Applies all objects. The Secret must be there ([`ensure_secret`]).
///
/// # Errors
/// What may go away by itself. What Kubernetes refuses for good is [`Applied::problem`].
pub async fn apply(
    client: &Client,
    cluster: &ValidatedCluster,
    found: &Found,
    objects: &Objects,
) -> Result<Applied, Error> {
    // Without `..`: a new object must be thought of here.
    let Objects {
        service_account,
        config,
        discovery,
        members,
        client: client_service,
        active,
        observers,
        disruption_budget,
        stateful_set,
        readers,
    } = objects;
    let mut applied = Applied::default();
    let mut note = |result: Result<(), Error>| match result {
        Err(error) if error.is_permanent() => {
            applied.problem.get_or_insert_with(|| refusal(&error));
            Ok(())
        }
        other => other,
    };
    note(server_side(client, service_account).await.map(drop))?;
    note(server_side(client, config).await.map(drop))?;
    note(server_side(client, discovery).await.map(drop))?;
    for service in [members, client_service, active, observers] {
        note(server_side(client, service).await.map(drop))?;
    }
    note(server_side(client, disruption_budget).await.map(drop))?;
    note(resize::grow_claims(client, cluster, found).await)?;
    apply_credentials(client, cluster, found, &mut applied).await?;

    let live = found.stateful_set.as_ref();
    applied.stateful_set = apply_set(client, cluster, live, stateful_set, &mut applied).await?;
    let live = found.read_set.as_ref();
    match readers {
        Some(ReadReplicas { disruption_budget, stateful_set }) => {
            match server_side(client, disruption_budget).await {
                Err(error) if error.is_permanent() => {
                    applied.problem.get_or_insert_with(|| refusal(&error));
                }
                other => drop(other?),
            }
            applied.read_set = apply_set(client, cluster, live, stateful_set, &mut applied).await?;
        }
        None => drop_readers(client, live).await?,
    }
    Ok(applied)
}

/// Brings the credentials that the pods mount up to date. Whatever is wrong with them, the cluster
/// goes on.
async fn apply_credentials(
    client: &Client,
    cluster: &ValidatedCluster,
    found: &Found,
    applied: &mut Applied,
) -> Result<(), Error> {
    let live = found.tablestore_secret.as_ref();
    let mirror = credentials::mirror(cluster.tablestore.as_ref(), found.credentials.as_ref());
    let ours = |secret: &Secret| secret.labels().contains_key(names::MANAGED_BY);
    if let Some(foreign) = live.filter(|live| !ours(live)) {
        applied.credentials = mirror.map(|_| {
            format!(
                "Secret {} is not the operator's, which needs that name: delete or rename it",
                foreign.name_any()
            )
        });
        return Ok(());
    }
    let mirror = mirror.unwrap_or_default();
    // Nothing to give, and nothing to take away.
    if live.is_some() || !mirror.data.is_empty() {
        let wanted = tablestore_secret::build(cluster, &mirror);
        match server_side(client, &wanted).await {
            Ok(secret) => applied.credentials_version = secret.resource_version(),
            Err(error) if error.is_permanent() => {
                applied.problem.get_or_insert_with(|| refusal(&error));
            }
            Err(error) => return Err(error),
        }
    }
    let Mirror { data: _, problem } = mirror;
    applied.credentials = problem;
    Ok(())
}

/// Applies a StatefulSet; `None` while it is being made anew.
async fn apply_set(
    client: &Client,
    cluster: &ValidatedCluster,
    live: Option<&StatefulSet>,
    wanted: &StatefulSet,
    applied: &mut Applied,
) -> Result<Option<StatefulSet>, Error> {
    match live {
        // Being deleted, by us (below) or by a user: it is made anew when it is gone.
        Some(live) if live.meta().deletion_timestamp.is_some() => {}
        Some(live) if resize::template_outgrown(live, cluster) => {
            // The volume template is immutable: the StatefulSet is replaced, its pods stay.
            info!(
                cluster = cluster.name,
                namespace = cluster.namespace,
                set = live.name_any(),
                "replacing the StatefulSet: its volumes grow"
            );
            let sets: Api<StatefulSet> = Api::namespaced(client.clone(), &cluster.namespace);
            let orphaning = DeleteParams::orphan();
            ignore_missing(sets.delete(&live.name_any(), &orphaning).await.map(drop))
                .context(|| format!("deleting StatefulSet {}", live.name_any()))?;
        }
        _ => {
            return match server_side(client, wanted).await {
                Ok(set) => Ok(Some(set)),
                Err(error) if error.is_permanent() => {
                    applied.problem.get_or_insert_with(|| refusal(&error));
                    Ok(live.cloned())
                }
                Err(error) => Err(error),
            };
        }
    }
    applied.remaking = true;
    Ok(None)
}

/// Read replicas that are not wanted and have no pods any more leave nothing behind. The
/// StatefulSet goes last: as long as it is there, this is not done.
async fn drop_readers(client: &Client, live: Option<&StatefulSet>) -> Result<(), Error> {
    let Some(live) = live.filter(|live| live.meta().deletion_timestamp.is_none()) else {
        return Ok(());
    };
    let (name, namespace) = (live.name_any(), live.namespace().unwrap_or_default());
    let budgets: Api<PodDisruptionBudget> = Api::namespaced(client.clone(), &namespace);
    ignore_missing(budgets.delete(&name, &DeleteParams::default()).await.map(drop))
        .context(|| format!("deleting PodDisruptionBudget {name}"))?;
    let sets: Api<StatefulSet> = Api::namespaced(client.clone(), &namespace);
    ignore_missing(sets.delete(&name, &DeleteParams::background()).await.map(drop))
        .context(|| format!("deleting StatefulSet {name}"))
}

/// The API server's words, without the request's debris.
fn refusal(error: &Error) -> String {
    match (error, error.answer()) {
        (Error::Kubernetes { what, source: _ }, Some(status)) => {
            format!("{what}: {}", status.message)
        }
        _ => error.to_string(),
    }
}

/// Applies one object.
///
/// # Errors
/// [`Error::Kubernetes`]
pub async fn server_side<K>(client: &Client, object: &K) -> Result<K, Error>
where
    K: Resource<Scope = NamespaceResourceScope> + Clone + Debug + Serialize + DeserializeOwned,
    K::DynamicType: Default,
{
    let kind = K::kind(&K::DynamicType::default()).into_owned();
    let name = object.name_any();
    let namespace = object.namespace().ok_or_else(|| Error::Incomplete {
        object: format!("{kind} {name}"),
        field: "namespace",
    })?;
    Api::<K>::namespaced(client.clone(), &namespace)
        .patch(&name, &PatchParams::apply(names::FIELD_MANAGER).force(), &Patch::Apply(object))
        .await
        .context(|| format!("applying {kind} {name}"))
}

/// Makes the cluster's Secret, with a new key, if there is none; an existing key is never changed.
/// Returns the Secret as it is.
///
/// # Errors
/// [`Error::Kubernetes`]
pub async fn ensure_secret(
    client: &Client,
    cluster: &ValidatedCluster,
    found: &Found,
) -> Result<Secret, Error> {
    let secrets: Api<Secret> = Api::namespaced(client.clone(), &cluster.namespace);
    let name = names::secret(&cluster.name);
    match &found.secret {
        Some(live) if found.key().is_some() => Ok(live.clone()),
        Some(live) => {
            let patch = serde_json::json!({
                "metadata": { "resourceVersion": live.resource_version() },
                "stringData": { secret::KEY: secret::draw_key() },
            });
            secrets
                .patch(&name, &PatchParams::default(), &Patch::Merge(&patch))
                .await
                .context(|| format!("adding a key to Secret {name}"))
        }
        None => {
            let made = secret::build(cluster, &secret::draw_key());
            secrets
                .create(&PostParams::default(), &made)
                .await
                .context(|| format!("creating Secret {name}"))
        }
    }
}

/// Deleting what is gone already is no error.
///
/// # Errors
/// Any but "not found".
pub fn ignore_missing(result: Result<(), kube::Error>) -> Result<(), kube::Error> {
    match result {
        Err(kube::Error::Api(status)) if status.is_not_found() => Ok(()),
        other => other,
    }
}
