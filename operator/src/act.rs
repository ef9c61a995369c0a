//! Step 7: carries a decided step out. Each is safe to repeat: whatever is lost between two passes
//! is decided again from what is seen then.

use std::time::Duration;

use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod, Secret};
use kube::api::{Api, DeleteParams, Patch, PatchParams, Preconditions};
use kube::{Client, ResourceExt};
use metafs_admin_api::{InitRequest, LearnerRequest, LogLevel, TransferRequest, VotersRequest};
use metafs_crds::MetadataCluster;
use tracing::warn;

use crate::apply::{ignore_missing, server_side};
use crate::build::{self, secret};
use crate::decide::{Step, Upkeep};
use crate::dereference::Found;
use crate::error::{Context, Error};
use crate::events::Note;
use crate::names;
use crate::observe::Access;
use crate::validate::ValidatedCluster;
use crate::view::View;

/// How long a change of membership may take: a joint change is two rounds of the log.
const CHANGE: Duration = Duration::from_secs(20);

/// What a pass acts on.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// Kubernetes.
    pub client: &'a Client,
    /// What is wanted.
    pub cluster: &'a ValidatedCluster,
    /// What was found.
    pub found: &'a Found,
    /// What was seen.
    pub view: &'a View,
    /// The way to the members.
    pub access: &'a Access,
}

/// Carries out one step; returns what people should hear of it.
///
/// # Errors
/// The step did not (surely) happen.
pub async fn act(scene: Scene<'_>, step: &Step) -> Result<Vec<Note>, Error> {
    let Scene { client, cluster, .. } = scene;
    match step {
        Step::RecordFormation { nodes } => {
            let formed_of: Vec<String> = nodes.iter().map(ToString::to_string).collect();
            let cluster_id = uuid::Uuid::new_v4().to_string();
            record(
                scene,
                &[(secret::CLUSTER_ID, &cluster_id), (secret::FORMED_OF, &formed_of.join(","))],
            )
            .await?;
            Ok(Vec::new())
        }
        Step::AdoptClusterId { cluster_id } => {
            record(scene, &[(secret::CLUSTER_ID, cluster_id)]).await?;
            Ok(vec![Note::normal(
                "ClusterFound",
                "Adopt",
                format!("The volumes are those of cluster {cluster_id}"),
            )])
        }
        Step::Initialise { via, cluster_id, members } => {
            let request = InitRequest {
                cluster_id: cluster_id.clone(),
                members: members.clone(),
                settings: cluster.settings.clone(),
            };
            member(scene, via)?.init(&request).await?;
            let text = format!("Formed cluster {cluster_id} of {} members", members.len());
            Ok(vec![Note::normal("Formed", "Form", text)])
        }
        Step::AddLearner { node, member, replaces } => {
            let request = LearnerRequest { node_id: *node, member: member.clone() };
            leader(scene)?.add_learner(&request).await?;
            let text = match replaces {
                Some(old) => format!(
                    "{} came with an empty volume (node {node}, before {old}): catching up",
                    member.name
                ),
                None => format!("Added {} (node {node}): catching up", member.name),
            };
            Ok(vec![Note::normal("MemberAdded", "ChangeMembers", text)])
        }
        Step::SetVoters { voters, expected_membership_index, joining, leaving } => {
            let request = VotersRequest {
                voters: voters.clone(),
                expected_membership_index: Some(*expected_membership_index),
            };
            leader(scene)?.set_voters(&request).await?;
            Ok(vec![voters_note(joining, leaving, voters.len())])
        }
        Step::RemoveLearner { node, name: _ } => {
            leader(scene)?.remove_member(*node).await?;
            Ok(Vec::new())
        }
        Step::TransferLeader { to, name: _ } => {
            leader(scene)?.transfer_leader(&TransferRequest { to: Some(*to) }).await?;
            Ok(Vec::new())
        }
        Step::Restart { pod, uid } => {
            delete_pod(client, cluster, pod, uid, false).await?;
            Ok(Vec::new())
        }
        Step::ReplaceVolume { pod, claim_uid, pod_uid, force, why } => {
            // The claim first: a pod that comes back must not find it again.
            if let Some(uid) = claim_uid {
                delete_claim(client, cluster, pod, uid).await?;
            }
            if let Some(uid) = pod_uid {
                delete_pod(client, cluster, pod, uid, *force).await?;
            }
            let text =
                format!("Deleted pod and volume of {pod}: {why}. It comes back as a new member");
            Ok(vec![Note::warning("VolumeReplaced", "ReplaceVolume", text)])
        }
        Step::DeleteVolume { pod, claim_uid } => {
            delete_claim(client, cluster, pod, claim_uid).await?;
            let text = format!("Deleted the volume of {pod}, which left the cluster");
            Ok(vec![Note::normal("VolumeDeleted", "DeleteVolume", text)])
        }
        Step::Shrink { group, to } => {
            server_side(client, &build::resized(cluster, *group, *to)?).await?;
            Ok(Vec::new())
        }
    }
}

/// Carries out upkeep. What fails is tried again in the next pass. Returns why the servers refuse the
/// settings, if they do.
pub async fn keep_up(scene: Scene<'_>, upkeep: &[Upkeep]) -> Option<String> {
    let mut refused = None;
    let paused = scene.cluster.paused;
    for task in upkeep.iter().filter(|task| !paused || task.only_tells()) {
        let done = match task {
            Upkeep::PutSettings => put_settings(scene).await,
            Upkeep::SetLogLevel { pod } => set_log_level(scene, pod).await,
            Upkeep::RestoreRoles => restore_roles(scene).await,
            Upkeep::LabelRole { pod, uid, role } => label_role(scene, pod, uid, *role).await,
            Upkeep::TellCredentials { pod, uid, version } => {
                tell_credentials(scene, pod, uid, version).await
            }
        };
        if let Err(error) = done {
            if *task == Upkeep::PutSettings {
                refused = error.refused_settings();
            }
            let ValidatedCluster { name, namespace, .. } = scene.cluster;
            warn!(cluster = name, namespace, ?task, %error, "upkeep failed; trying again");
        }
    }
    refused
}

async fn put_settings(scene: Scene<'_>) -> Result<(), Error> {
    leader(scene)?.put_settings(&scene.cluster.settings).await?;
    Ok(())
}

async fn set_log_level(scene: Scene<'_>, pod: &str) -> Result<(), Error> {
    let level = LogLevel { filter: scene.cluster.log_level.clone() };
    member(scene, pod)?.set_log_level(&level).await?;
    Ok(())
}

/// Once: the annotation goes when it is done. Killed in between, the operator does it again, which
/// changes nothing.
async fn restore_roles(scene: Scene<'_>) -> Result<(), Error> {
    leader(scene)?.restore_roles().await?;
    let ValidatedCluster { name, namespace, .. } = scene.cluster;
    let resources: Api<MetadataCluster> = Api::namespaced(scene.client.clone(), namespace);
    let annotations = serde_json::json!({ metafs_crds::RESTORE_ROLES: null });
    let patch = serde_json::json!({ "metadata": { "annotations": annotations } });
    resources
        .patch_metadata(name, &PatchParams::default(), &Patch::Merge(&patch))
        .await
        .context(|| format!("removing an annotation of MetadataCluster {name}"))?;
    Ok(())
}

async fn label_role(
    scene: Scene<'_>,
    pod: &str,
    uid: &str,
    role: Option<&str>,
) -> Result<(), Error> {
    let pods: Api<Pod> = Api::namespaced(scene.client.clone(), &scene.cluster.namespace);
    // Refused for another pod of the same name.
    let patch = serde_json::json!({ "metadata": { "uid": uid, "labels": { names::ROLE: role } } });
    pods.patch_metadata(pod, &PatchParams::default(), &Patch::Merge(&patch))
        .await
        .context(|| format!("labelling pod {pod}"))?;
    Ok(())
}

/// Metadata only: nothing restarts.
async fn tell_credentials(
    scene: Scene<'_>,
    pod: &str,
    uid: &str,
    version: &str,
) -> Result<(), Error> {
    let pods: Api<Pod> = Api::namespaced(scene.client.clone(), &scene.cluster.namespace);
    let annotations = serde_json::json!({ names::CREDENTIALS_VERSION: version });
    let patch = serde_json::json!({ "metadata": { "uid": uid, "annotations": annotations } });
    pods.patch_metadata(pod, &PatchParams::default(), &Patch::Merge(&patch))
        .await
        .context(|| format!("annotating pod {pod}"))?;
    Ok(())
}

fn voters_note(joining: &[String], leaving: &[String], voters: usize) -> Note {
    if !joining.is_empty() && joining == leaving {
        let text = format!("{} votes with its new volume", joining.join(", "));
        return Note::normal("MemberReplaced", "ChangeMembers", text);
    }
    if joining.is_empty() {
        let text = format!("{} left the cluster; {voters} members vote", leaving.join(", "));
        return Note::normal("MemberRemoved", "ChangeMembers", text);
    }
    Note::normal(
        "MemberJoined",
        "ChangeMembers",
        format!("{} joined; {voters} members vote", joining.join(", ")),
    )
}

fn member(scene: Scene<'_>, pod: &str) -> Result<metafs_admin_api::Client, Error> {
    let no_address = || Error::Incomplete { object: format!("pod {pod}"), field: "address" };
    scene.access.client(pod, CHANGE)?.ok_or_else(no_address)
}

fn leader(scene: Scene<'_>) -> Result<metafs_admin_api::Client, Error> {
    let name = scene.view.leader().map(|leader| leader.member.name.clone());
    let no_leader =
        || Error::Incomplete { object: format!("cluster {}", scene.cluster.name), field: "leader" };
    member(scene, &name.ok_or_else(no_leader)?)
}

/// Writes into the Secret, only if nobody else did since it was read: two operators can never both
/// record a formation.
async fn record(scene: Scene<'_>, fields: &[(&str, &str)]) -> Result<(), Error> {
    let name = names::secret(&scene.cluster.name);
    let version = scene.found.secret.as_ref().and_then(ResourceExt::resource_version);
    let missing =
        || Error::Incomplete { object: format!("Secret {name}"), field: "resourceVersion" };
    let data: serde_json::Map<String, serde_json::Value> =
        fields.iter().map(|(key, value)| ((*key).to_owned(), (*value).into())).collect();
    let patch = serde_json::json!({
        "metadata": { "resourceVersion": version.ok_or_else(missing)? },
        "stringData": data,
    });
    let secrets: Api<Secret> = Api::namespaced(scene.client.clone(), &scene.cluster.namespace);
    secrets
        .patch(&name, &PatchParams::default(), &Patch::Merge(&patch))
        .await
        .context(|| format!("writing Secret {name}"))?;
    Ok(())
}

fn exactly(uid: &str) -> DeleteParams {
    DeleteParams {
        preconditions: Some(Preconditions { uid: Some(uid.to_owned()), resource_version: None }),
        ..DeleteParams::default()
    }
}

async fn delete_pod(
    client: &Client,
    cluster: &ValidatedCluster,
    name: &str,
    uid: &str,
    force: bool,
) -> Result<(), Error> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), &cluster.namespace);
    let params = DeleteParams { grace_period_seconds: force.then_some(0), ..exactly(uid) };
    ignore_missing(pods.delete(name, &params).await.map(drop))
        .context(|| format!("deleting pod {name}"))
}

async fn delete_claim(
    client: &Client,
    cluster: &ValidatedCluster,
    pod: &str,
    uid: &str,
) -> Result<(), Error> {
    let name = names::claim(pod);
    let claims: Api<PersistentVolumeClaim> = Api::namespaced(client.clone(), &cluster.namespace);
    ignore_missing(claims.delete(&name, &exactly(uid)).await.map(drop))
        .context(|| format!("deleting volume claim {name}"))
}
