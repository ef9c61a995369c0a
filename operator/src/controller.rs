//! The controller: watches resources and what belongs to them, and passes over each resource with
//! the pipeline that [`crate`] describes. A resource that cannot be read or worked with gets a
//! condition; the others are none the worse.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::StreamExt;
use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{ConfigMap, PersistentVolumeClaim, Pod, Service, ServiceAccount};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::jiff::Timestamp;
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use kube::core::{ApiResource, DeserializeGuard};
use kube::runtime::controller::{self, Action, Controller};
use kube::runtime::events::{Recorder, Reporter};
use kube::runtime::reflector::ObjectRef;
use kube::runtime::watcher;
use kube::{Client, Resource, ResourceExt};
use metafs_crds::{MetadataCluster, MetadataClusterStatus, condition};
use tracing::{debug, info, warn};

use crate::act::{self, Scene};
use crate::apply::{self, Applied};
use crate::build::{self, Pods, stateful_set};
use crate::config::Settings;
use crate::decide::{Decision, Reason, Upkeep, decide};
use crate::dereference::{Found, dereference};
use crate::error::{Context as _, Error};
use crate::events;
use crate::finalize::{self, Progress};
use crate::lookout::{self, Lookout, Target};
use crate::metrics::{ClusterLabels, Metrics};
use crate::names::{self, Group};
use crate::observe::{Access, observe};
use crate::remote::credentials::mirror;
use crate::remote::word::Signature;
use crate::status::{self, Obstacles};
use crate::validate::{ValidatedCluster, validate};
use crate::view::View;

/// The longest a pass may take: steps and questions to members have their own, shorter bounds.
const PASS: Duration = Duration::from_secs(120);
/// After a step: look soon at what came of it.
const SOON: Duration = Duration::from_secs(1);
/// While something is awaited that no watch tells.
const WAITING: Duration = Duration::from_secs(3);
/// How long a leader may take to answer between two passes.
const GLANCE: Duration = Duration::from_secs(2);
/// The longest delay between two tries of a pass that fails.
const MAX_BACKOFF: Duration = Duration::from_secs(120);
/// Passes at a time, over different resources.
const CONCURRENCY: u16 = 8;

/// A resource that may be unreadable.
pub type Guarded = DeserializeGuard<MetadataCluster>;

/// What all passes share.
pub struct Context {
    client: Client,
    settings: Settings,
    recorder: Recorder,
    metrics: Arc<Metrics>,
    memory: Mutex<HashMap<ClusterLabels, Memory>>,
    lookout: Lookout,
}

/// Between two passes: for pace only, never for decisions.
#[derive(Clone, Copy, Debug, Default)]
struct Memory {
    failures: u32,
    written: Option<Instant>,
}

impl Context {
    /// For one controller.
    pub fn new(client: Client, settings: Settings, metrics: Arc<Metrics>) -> Self {
        let reporter = Reporter {
            controller: names::FIELD_MANAGER.into(),
            instance: Some(settings.identity.clone()),
        };
        let recorder = Recorder::new(client.clone(), reporter);
        let lookout = Lookout::new(client.clone());
        Self { client, settings, recorder, metrics, memory: Mutex::default(), lookout }
    }

    fn remember<T>(&self, cluster: &ClusterLabels, change: impl FnOnce(&mut Memory) -> T) -> T {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        change(memory.entry(cluster.clone()).or_default())
    }

    fn forget(&self, cluster: &ClusterLabels) {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).remove(cluster);
        self.metrics.set_ready(cluster, None);
        self.lookout.forget(cluster);
    }
}

/// Runs the controller until `shutdown`; passes under way are finished.
pub async fn run(
    context: Arc<Context>,
    shutdown: impl Future<Output = ()> + Send + Sync + 'static,
) {
    let client = context.client.clone();
    let gone = context.clone();
    let all = watcher::Config::default().any_semantic();
    let ours = || watcher::Config::default().labels(names::MANAGED).any_semantic();
    let config =
        controller::Config::default().concurrency(CONCURRENCY).debounce(Duration::from_millis(100));
    Controller::new(Api::<Guarded>::all(client.clone()), all)
        .with_config(config)
        .owns(Api::<StatefulSet>::all(client.clone()), ours())
        .owns(Api::<ConfigMap>::all(client.clone()), ours())
        .owns(Api::<Service>::all(client.clone()), ours())
        .owns(Api::<ServiceAccount>::all(client.clone()), ours())
        .owns(Api::<PodDisruptionBudget>::all(client.clone()), ours())
        .watches(Api::<Pod>::all(client.clone()), ours(), |pod| of_instance(&pod))
        .watches(Api::<PersistentVolumeClaim>::all(client.clone()), ours(), |claim| {
            of_instance(&claim)
        })
        .reconcile_on(context.lookout.changes())
        .graceful_shutdown_on(shutdown)
        .run(reconcile, on_error, context)
        .for_each(|done| {
            match done {
                Ok((object, _)) => debug!(%object, "passed"),
                // Said by `on_error` already.
                Err(controller::Error::ReconcilerFailed(..)) => {}
                // Deleted in the meantime.
                Err(controller::Error::ObjectNotFound(object)) => {
                    debug!(%object, "gone");
                    let namespace = object.namespace.unwrap_or_default();
                    gone.forget(&ClusterLabels { namespace, name: object.name });
                }
                Err(error) => warn!(%error, "watching failed; trying again"),
            }
            std::future::ready(())
        })
        .await;
}

/// Pods and volumes name their cluster by a label.
fn of_instance<K: ResourceExt>(object: &K) -> Option<ObjectRef<Guarded>> {
    let cluster = object.labels().get(names::INSTANCE)?;
    Some(ObjectRef::new(cluster).within(&object.namespace()?))
}

fn labels_of(object: &Guarded) -> ClusterLabels {
    ClusterLabels { namespace: object.namespace().unwrap_or_default(), name: object.name_any() }
}

fn on_error(object: Arc<Guarded>, error: &Error, context: Arc<Context>) -> Action {
    let labels = labels_of(&object);
    let failures = context.remember(&labels, |memory| {
        memory.failures = memory.failures.saturating_add(1);
        memory.failures
    });
    let delay = Duration::from_secs(1 << failures.min(7)).min(MAX_BACKOFF);
    let ClusterLabels { namespace, name } = labels;
    warn!(cluster = name, namespace, %error, failures, ?delay, "pass failed");
    Action::requeue(delay)
}

async fn reconcile(object: Arc<Guarded>, context: Arc<Context>) -> Result<Action, Error> {
    let begun = Instant::now();
    let result = match tokio::time::timeout(PASS, pass(&object, &context)).await {
        Ok(result) => result,
        Err(_) => Err(Error::Timeout(PASS)),
    };
    context.metrics.pass(result.is_ok(), begun.elapsed());
    result
}

/// One pass over one resource.
async fn pass(object: &Guarded, context: &Context) -> Result<Action, Error> {
    let labels = labels_of(object);
    let resource = match &object.0 {
        Ok(resource) => resource,
        Err(invalid) => return unreadable(context, &labels, object, &invalid.error).await,
    };
    if resource.meta().deletion_timestamp.is_some() {
        return Ok(match finalize::finalize(&context.client, resource).await? {
            Progress::Waiting => Action::requeue(SOON),
            Progress::Done => {
                context.forget(&labels);
                Action::await_change()
            }
        });
    }
    let cluster = match validate(resource, &context.settings) {
        Ok(cluster) => cluster,
        Err(why) => {
            let generation = resource.meta().generation.unwrap_or_default();
            let status =
                status::invalid(generation, &why, resource.status.as_ref(), Timestamp::now());
            write_status(context, &labels, resource, status).await?;
            return Ok(Action::await_change());
        }
    };
    if finalize::ensure_finalizer(&context.client, resource).await? {
        // The change brings the next pass.
        return Ok(Action::await_change());
    }

    let wanted = cluster.tablestore.as_ref();
    let credentials = wanted.map(|wanted| wanted.credentials.secret.clone());
    let mut found =
        dereference(&context.client, &cluster.namespace, &cluster.name, credentials.as_deref())
            .await?;
    let applied = if cluster.paused {
        Applied {
            stateful_set: found.stateful_set.clone(),
            read_set: found.read_set.clone(),
            remaking: false,
            problem: None,
            credentials: mirror(wanted, found.credentials.as_ref()).and_then(|m| m.problem),
            credentials_version: None,
        }
    } else {
        found.secret = Some(apply::ensure_secret(&context.client, &cluster, &found).await?);
        let formed = found.record().cluster_id.is_some();
        let pods = Pods {
            voters: stateful_set::replicas(
                cluster.replicas,
                found.live_replicas(Group::Voters),
                formed,
                found.highest_claim(&cluster.name),
            ),
            readers: stateful_set::readers(
                cluster.read_replicas,
                found.live_replicas(Group::Readers),
            ),
        };
        apply::apply(&context.client, &cluster, &found, &build::objects(&cluster, pods)?).await?
    };

    let access = Access::new(&found.pods, found.key().unwrap_or_default());
    let view = observe(&context.client, &cluster, &found, &applied, &access).await?;
    let decision = decide(&view);
    debug!(cluster = cluster.name, namespace = cluster.namespace, ?decision, "decided");
    let scene = Scene {
        client: &context.client,
        cluster: &cluster,
        found: &found,
        view: &view,
        access: &access,
    };
    let obstacles = carry_out(context, scene, resource, &applied, &decision).await;

    let status = status::status(
        &cluster,
        &view,
        &decision,
        &obstacles,
        resource.status.as_ref(),
        Timestamp::now(),
    );
    write_status(context, &labels, resource, status).await?;
    context.remember(&labels, |memory| memory.failures = 0);
    context.lookout.look(&labels, target(&cluster, credentials, &view, &access));
    Ok(Action::requeue(pace(&cluster, &found, &decision, &obstacles, context.settings.poll)))
}

/// Takes the decided step, unless something forbids it.
async fn carry_out(
    context: &Context,
    scene: Scene<'_>,
    resource: &MetadataCluster,
    applied: &Applied,
    decision: &Decision,
) -> Obstacles {
    let mut obstacles = Obstacles {
        refused_object: applied.problem.clone(),
        failed_step: None,
        refused_settings: act::keep_up(scene, &decision.upkeep).await,
        credentials: applied.credentials.clone(),
    };
    if scene.cluster.paused {
        return obstacles;
    }
    // While objects are refused the pods may not be what the spec asks for: nothing is torn down
    // to get there. While the StatefulSet is made anew nothing is known of the pods' template.
    let Some(step) = &decision.step else { return obstacles };
    if obstacles.refused_object.is_some() || applied.remaking || applied.stateful_set.is_none() {
        return obstacles;
    }
    let ValidatedCluster { name, namespace, .. } = scene.cluster;
    info!(cluster = name, namespace, reason = decision.reason.as_str(), "{}", decision.message);
    match act::act(scene, step).await {
        Ok(notes) => {
            context.metrics.step();
            events::publish(&context.recorder, &resource.object_ref(&()), &notes).await;
        }
        Err(error) => {
            warn!(cluster = name, namespace, ?step, %error, "the step failed; deciding anew");
            obstacles.failed_step = Some(error.to_string());
        }
    }
    obstacles
}

/// When to look again if no watch tells of a change.
fn pace(
    cluster: &ValidatedCluster,
    found: &Found,
    decision: &Decision,
    obstacles: &Obstacles,
    poll: Duration,
) -> Duration {
    let refused = obstacles.refused_object.is_some();
    match decision {
        _ if cluster.paused || refused => poll,
        _ if found.stateful_set.is_none() => SOON,
        Decision { step: Some(_), .. } if obstacles.failed_step.is_none() => SOON,
        _ if obstacles.refused_settings.is_some() => WAITING.min(poll),
        // Conditions wait for the settings to be in force.
        Decision { upkeep, .. } if upkeep.contains(&Upkeep::PutSettings) => SOON,
        Decision { reason: Reason::Ready, .. } => poll,
        _ => WAITING.min(poll),
    }
}

/// What to look at until the next pass.
fn target(
    cluster: &ValidatedCluster,
    secret: Option<String>,
    view: &View,
    access: &Access,
) -> Target {
    let leader = cluster.tablestore.as_ref().and_then(|_| view.leader()).and_then(|leader| {
        let client = access.client(&leader.member.name, GLANCE).ok()??;
        Some(lookout::Leader { client, said: Signature::new(leader.status) })
    });
    Target { secret, leader }
}

/// A resource that is not of the present schema: said on it, and left alone.
async fn unreadable(
    context: &Context,
    labels: &ClusterLabels,
    object: &Guarded,
    why: &str,
) -> Result<Action, Error> {
    let generation = object.meta().generation.unwrap_or_default();
    let invalid = crate::validate::Invalid::Field { field: "spec", message: why.to_owned() };
    let status = status::invalid(generation, &invalid, None, Timestamp::now());
    let known = context.remember(labels, |memory| memory.written.is_some());
    if !known {
        warn!(
            cluster = labels.name,
            namespace = labels.namespace,
            error = why,
            "the resource cannot be read"
        );
        patch_status(context, labels, &status).await?;
        context.remember(labels, |memory| memory.written = Some(Instant::now()));
    }
    Ok(Action::await_change())
}

/// Writes the status if it is worth it, and tells what changed.
async fn write_status(
    context: &Context,
    labels: &ClusterLabels,
    resource: &MetadataCluster,
    status: MetadataClusterStatus,
) -> Result<(), Error> {
    let ready = status.conditions.iter().any(|c| c.type_ == condition::READY && c.status == "True");
    context.metrics.set_ready(labels, Some(ready));
    let before = resource.status.as_ref();
    let due = context.remember(labels, |memory| {
        memory.written.is_none_or(|written| written.elapsed() >= context.settings.poll)
    });
    if !status::worth_writing(before, &status, due) {
        return Ok(());
    }
    patch_status(context, labels, &status).await?;
    context.remember(labels, |memory| memory.written = Some(Instant::now()));
    let notes = events::changes(before, &status);
    for note in &notes {
        info!(
            cluster = labels.name,
            namespace = labels.namespace,
            reason = note.reason,
            "{}",
            note.text
        );
    }
    events::publish(&context.recorder, &resource.object_ref(&()), &notes).await;
    Ok(())
}

async fn patch_status(
    context: &Context,
    labels: &ClusterLabels,
    status: &MetadataClusterStatus,
) -> Result<(), Error> {
    // Untyped: the answer may hold a spec that cannot be read.
    let kind = ApiResource::erase::<MetadataCluster>(&());
    let api: Api<DynamicObject> =
        Api::namespaced_with(context.client.clone(), &labels.namespace, &kind);
    let patch = serde_json::json!({
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": { "name": labels.name },
        "status": status,
    });
    let params = PatchParams::apply(names::STATUS_MANAGER).force();
    api.patch_status(&labels.name, &params, &Patch::Apply(&patch))
        .await
        .context(|| format!("writing the status of MetadataCluster {}", labels.name))?;
    Ok(())
}
