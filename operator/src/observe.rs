//! Step 5: asks every member what it says of itself, and puts it together with what Kubernetes
//! says: the [`View`].

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::future::join_all;
use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{ContainerStatus, Node, PersistentVolumeClaim, Pod};
use k8s_openapi::jiff::Timestamp;
use kube::{Api, Client, ResourceExt};
use metafs_admin_api::Status;
use tracing::debug;

use crate::apply::Applied;
use crate::dereference::Found;
use crate::error::Error;
use crate::names::{self, Group};
use crate::validate::ValidatedCluster;
use crate::view::{MemberView, PodView, View, VolumeView};

/// How long a member may take to answer before it counts as silent.
const ANSWER: Duration = Duration::from_secs(3);
/// How long a scheduler may look for a node before the pod counts as stuck (a new node may be on
/// its way).
const SCHEDULING: Duration = Duration::from_secs(120);

/// Reasons of a waiting container whose image is not there.
const PULL_REASONS: [&str; 2] = ["ImagePullBackOff", "ErrImagePull"];
/// Other reasons of a waiting container that do not go away by waiting.
const STUCK_REASONS: [&str; 6] = [
    "ErrImageNeverPull",
    "InvalidImageName",
    "CrashLoopBackOff",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
];
/// Restarts after which a container that fails counts as stuck.
const CRASHES: i32 = 2;

/// Where the members' admin APIs are, and the key to them.
#[derive(Clone, Debug)]
pub struct Access {
    /// Host by pod name.
    pub hosts: BTreeMap<String, String>,
    /// The cluster's key.
    pub key: String,
}

impl Access {
    /// From the pods' addresses. Pod addresses rather than DNS names: no cache stands between.
    pub fn new(pods: &[Pod], key: String) -> Self {
        let host = |pod: &Pod| {
            let ip = pod.status.as_ref()?.pod_ip.clone()?;
            Some((pod.name_any(), if ip.contains(':') { format!("[{ip}]") } else { ip }))
        };
        Self { hosts: pods.iter().filter_map(host).collect(), key }
    }

    /// A client for the member in that pod; `None`: the pod has no address yet.
    ///
    /// # Errors
    /// [`Error::Admin`]
    pub fn client(
        &self,
        pod: &str,
        timeout: Duration,
    ) -> Result<Option<metafs_admin_api::Client>, Error> {
        let Some(host) = self.hosts.get(pod) else { return Ok(None) };
        let address = format!("{host}:{}", names::ADMIN_PORT);
        Ok(Some(metafs_admin_api::Client::new(address, self.key.clone(), timeout)?))
    }
}

/// Looks at everything.
///
/// # Errors
/// Nodes cannot be read.
pub async fn observe(
    client: &Client,
    cluster: &ValidatedCluster,
    found: &Found,
    applied: &Applied,
    access: &Access,
) -> Result<View, Error> {
    let now = Timestamp::now();
    let voters = SetView::new(applied.stateful_set.as_ref());
    let readers = SetView::new(applied.read_set.as_ref());
    let stateful_replicas = voters.replicas.unwrap_or(cluster.replicas);
    // Deleted, it asks for none.
    let readers_asked = readers.replicas.unwrap_or(match &found.read_set {
        Some(_) => cluster.read_replicas,
        None => 0,
    });

    let name = &cluster.name;
    let ordinals = |group: Group, count: u32| {
        let set = names::set(name, group);
        let mut ordinals: BTreeSet<u32> = (0..count).collect();
        ordinals.extend(found.pods.iter().filter_map(|pod| names::ordinal(&set, &pod.name_any())));
        ordinals.extend(
            found.claims.iter().filter_map(|claim| names::claim_ordinal(&set, &claim.name_any())),
        );
        ordinals.into_iter().map(move |ordinal| (group, ordinal, names::pod(&set, ordinal)))
    };
    let all = ordinals(Group::Voters, cluster.replicas.max(stateful_replicas))
        .chain(ordinals(Group::Readers, cluster.read_replicas.max(readers_asked)));

    let revisions = [voters.revision, readers.revision];
    let members = join_all(all.map(|(group, ordinal, pod_name)| async move {
        let [of_voters, of_readers] = revisions;
        let revision = match group {
            Group::Voters => of_voters,
            Group::Readers => of_readers,
        };
        let pod = found.pods.iter().find(|pod| pod.name_any() == pod_name);
        let claim_name = names::claim(&pod_name);
        let claim = found.claims.iter().find(|claim| claim.name_any() == claim_name);
        let Answer { server, refusal, log_filter } = match pod {
            Some(_) => ask(access, &pod_name).await,
            None => Answer::default(),
        };
        let pod_view = pod.map(|pod| pod_view(pod, revision, now));
        let node_gone_for = match (&server, &pod_view) {
            (None, view) if view.as_ref().is_none_or(|pod| !pod.ready || pod.terminating) => {
                let unready = view.as_ref().map_or(Duration::ZERO, |pod| pod.unready_for);
                node_gone_for(client, pod, claim, unready, now).await?
            }
            _ => None,
        };
        let volume = claim.map(volume_view);
        Ok(MemberView {
            group,
            ordinal,
            name: pod_name,
            pod: pod_view,
            volume,
            node_gone_for,
            server,
            refusal,
            log_filter,
        })
    }))
    .await
    .into_iter()
    .collect::<Result<Vec<_>, Error>>()?;

    Ok(View {
        cluster: name.clone(),
        wanted: cluster.replicas,
        stateful_replicas,
        readers_wanted: cluster.read_replicas,
        readers_asked,
        template_seen: voters.template_seen() && (readers_asked == 0 || readers.template_seen()),
        record: found.record(),
        members,
        settings_generation: cluster.settings.generation,
        restore_roles: cluster.restore_roles,
        log_filter: cluster.log_level.clone(),
        node_loss_grace: cluster.node_loss_grace,
        credentials_version: applied.credentials_version.clone(),
    })
}

/// What counts of a StatefulSet.
struct SetView<'a> {
    /// Pods it is asked for.
    replicas: Option<u32>,
    /// Its present template, if its controller has seen it.
    revision: Option<&'a str>,
}

impl<'a> SetView<'a> {
    fn new(set: Option<&'a StatefulSet>) -> Self {
        let replicas = set.and_then(|set| set.spec.as_ref()?.replicas);
        let status = set.and_then(|set| set.status.as_ref());
        let generation = set.and_then(|set| set.metadata.generation);
        Self {
            replicas: replicas.and_then(|n| u32::try_from(n).ok()),
            revision: status
                .filter(|status| status.observed_generation == generation)
                .and_then(|status| status.update_revision.as_deref()),
        }
    }

    fn template_seen(&self) -> bool {
        self.revision.is_some()
    }
}

/// What the server in a pod answered.
#[derive(Default)]
struct Answer {
    server: Option<Status>,
    refusal: Option<String>,
    log_filter: Option<String>,
}

/// Asks the server in a pod; a silent one is not an error here.
async fn ask(access: &Access, pod: &str) -> Answer {
    let client = match access.client(pod, ANSWER) {
        Ok(Some(client)) => client,
        Ok(None) => return Answer::default(),
        Err(error) => {
            debug!(pod, %error, "no client");
            return Answer::default();
        }
    };
    let (status, level) = futures::join!(client.status(), client.log_level());
    let log_filter = level.ok().map(|level| level.filter);
    match status {
        Ok(server) => Answer { server: Some(server), refusal: None, log_filter },
        Err(error) => {
            debug!(pod, %error, "no status");
            Answer {
                server: None,
                refusal: error.refusal().map(|refusal| refusal.message.clone()),
                log_filter,
            }
        }
    }
}

fn since(then: Option<Timestamp>, now: Timestamp) -> Duration {
    // A clock that differs from the API server's must not make an age negative.
    then.and_then(|then| Duration::try_from(now.duration_since(then)).ok()).unwrap_or_default()
}

fn pod_view(pod: &Pod, revision: Option<&str>, now: Timestamp) -> PodView {
    let status = pod.status.as_ref();
    let condition = |type_: &str| {
        status?.conditions.as_deref()?.iter().find(|condition| condition.type_ == type_)
    };
    let ready = condition("Ready");
    let changed = ready.and_then(|ready| ready.last_transition_time.as_ref());
    let created = pod.metadata.creation_timestamp.as_ref();
    let unready_for = since(changed.or(created).map(|time| time.0), now);
    let is_ready = ready.is_some_and(|ready| ready.status == "True");
    let running = |container: &ContainerStatus| {
        container.state.as_ref().is_some_and(|state| state.running.is_some())
    };
    let own = pod.labels().get("controller-revision-hash").map(String::as_str);
    PodView {
        uid: pod.uid().unwrap_or_default(),
        ready: is_ready,
        running: status
            .and_then(|s| s.container_statuses.as_ref())
            .is_some_and(|all| all.iter().any(running)),
        terminating: pod.metadata.deletion_timestamp.is_some(),
        outdated: revision.is_some_and(|revision| own != Some(revision)),
        unready_for: if is_ready { Duration::ZERO } else { unready_for },
        role: pod.labels().get(names::ROLE).cloned(),
        credentials_version: pod.annotations().get(names::CREDENTIALS_VERSION).cloned(),
        trouble: trouble(pod, unready_for),
    }
}

/// What keeps a pod from starting, in words for people.
pub fn trouble(pod: &Pod, unready_for: Duration) -> Option<String> {
    let status = pod.status.as_ref()?;
    if status.phase.as_deref() == Some("Failed") {
        let why =
            status.message.as_deref().or(status.reason.as_deref()).unwrap_or("no reason given");
        return Some(format!("the pod failed: {why}"));
    }
    let unscheduled = status.conditions.iter().flatten().find(|condition| {
        condition.type_ == "PodScheduled"
            && condition.status == "False"
            && unready_for >= SCHEDULING
    });
    if let Some(condition) = unscheduled {
        return Some(format!(
            "cannot be scheduled: {}",
            condition.message.as_deref().unwrap_or("no reason given")
        ));
    }
    status.container_statuses.iter().flatten().filter(|container| !container.ready).find_map(
        |container| {
            let image = &container.image;
            let waiting = container.state.as_ref().and_then(|state| state.waiting.as_ref());
            let ended = container.last_state.as_ref().and_then(|state| state.terminated.as_ref());
            // Between two crashes it runs for a moment; that is no reason for hope.
            if let Some(ended) =
                ended.filter(|ended| ended.exit_code != 0 && container.restart_count >= CRASHES)
            {
                let last_line =
                    ended.message.as_deref().and_then(|text| text.trim().lines().last());
                let why = last_line.or(ended.reason.as_deref()).unwrap_or("no reason given");
                let why: String = why.chars().take(300).collect();
                return Some(format!(
                    "image {image} ends again and again, with code {}: {why}",
                    ended.exit_code
                ));
            }
            let waiting = waiting?;
            match waiting.reason.as_deref()? {
                // The kubelet's words alternate; these stay.
                reason if PULL_REASONS.contains(&reason) => {
                    Some(format!("image {image} cannot be pulled"))
                }
                reason if STUCK_REASONS.contains(&reason) => Some(format!(
                    "{reason} of image {image}: {}",
                    waiting.message.as_deref().unwrap_or_default()
                )),
                _ => None,
            }
        },
    )
}

fn volume_view(claim: &PersistentVolumeClaim) -> VolumeView {
    VolumeView {
        uid: claim.uid().unwrap_or_default(),
        lost: claim.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Lost"),
        terminating: claim.metadata.deletion_timestamp.is_some(),
    }
}

/// For how long the node that a member is bound to has been gone or not ready. It is bound by its
/// pod, or by a volume of that node's own.
async fn node_gone_for(
    client: &Client,
    pod: Option<&Pod>,
    claim: Option<&PersistentVolumeClaim>,
    unready_for: Duration,
    now: Timestamp,
) -> Result<Option<Duration>, Error> {
    let of_pod = pod.and_then(|pod| pod.spec.as_ref()?.node_name.clone());
    let of_claim = claim
        .and_then(|claim| claim.annotations().get("volume.kubernetes.io/selected-node").cloned());
    let Some(node) = of_pod.or(of_claim) else { return Ok(None) };
    let nodes: Api<Node> = Api::all(client.clone());
    let found = nodes.get_opt(&node).await.map_err(|source| Error::Kubernetes {
        what: format!("reading node {node}"),
        source: Box::new(source),
    })?;
    // When a node was deleted nobody knows; its pod has been down for this long.
    let Some(found) = found else { return Ok(Some(unready_for)) };
    let ready =
        found.status.and_then(|status| status.conditions?.into_iter().find(|c| c.type_ == "Ready"));
    Ok(match ready {
        Some(ready) if ready.status == "True" => None,
        Some(ready) => Some(since(ready.last_transition_time.map(|time| time.0), now)),
        None => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(status: serde_json::Value) -> Pod {
        serde_json::from_value(json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": "demo-0", "uid": "u", "labels": { "controller-revision-hash": "a" } },
            "status": status,
        }))
        .unwrap()
    }

    #[test]
    fn says_why_a_pod_cannot_start() {
        let waiting = |reason: &str, last: serde_json::Value| {
            let status = json!({ "containerStatuses": [{
                "name": "metaserver", "image": "x:1", "imageID": "", "ready": false, "restartCount": 0,
                "state": { "waiting": { "reason": reason, "message": "back-off" } }, "lastState": last,
            }]});
            trouble(&pod(status), Duration::ZERO)
        };
        for reason in ["ImagePullBackOff", "ErrImagePull"] {
            assert_eq!(waiting(reason, json!({})).as_deref(), Some("image x:1 cannot be pulled"));
        }
        let want = "InvalidImageName of image x:1: back-off";
        assert_eq!(waiting("InvalidImageName", json!({})).as_deref(), Some(want));
        assert_eq!(waiting("ContainerCreating", json!({})), None);
    }

    #[test]
    fn a_crashing_container_stays_in_trouble_between_crashes() {
        let crashed = |restarts: i32, state: serde_json::Value, ready: bool| {
            let status = json!({ "containerStatuses": [{
                "name": "metaserver", "image": "x:1", "imageID": "", "ready": ready, "restartCount": restarts, "state": state,
                "lastState": { "terminated": { "exitCode": 2, "message": "starting\nbad config\n" } },
            }]});
            trouble(&pod(status), Duration::ZERO)
        };
        let want = Some("image x:1 ends again and again, with code 2: bad config");
        assert_eq!(
            crashed(3, json!({ "waiting": { "reason": "CrashLoopBackOff" } }), false).as_deref(),
            want
        );
        assert_eq!(crashed(3, json!({ "running": {} }), false).as_deref(), want);
        assert_eq!(crashed(3, json!({ "running": {} }), true), None);
        assert_eq!(crashed(1, json!({ "running": {} }), false), None);
    }

    #[test]
    fn gives_the_scheduler_some_time() {
        let status = json!({ "conditions": [
            { "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "no node fits" },
        ]});
        assert_eq!(trouble(&pod(status.clone()), Duration::from_secs(10)), None);
        let stuck = trouble(&pod(status), Duration::from_secs(300));
        assert_eq!(stuck.as_deref(), Some("cannot be scheduled: no node fits"));
    }

    #[test]
    fn a_pod_is_outdated_only_against_a_known_revision() {
        let now = Timestamp::now();
        assert!(!pod_view(&pod(json!({})), None, now).outdated);
        assert!(!pod_view(&pod(json!({})), Some("a"), now).outdated);
        assert!(pod_view(&pod(json!({})), Some("b"), now).outdated);
    }
}
