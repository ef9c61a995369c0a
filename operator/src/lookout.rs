//! What is looked at between passes, as no watch of the controller tells it: the user's Secret with
//! the credentials (watched by its name, so that no other is ever read), and the leader's word of the
//! copy in Tablestore (asked every two seconds, one request, while there is a copy). When one changes,
//! a pass is made. Nothing here is decided, nor remembered for a decision.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::channel::mpsc;
use futures::{Stream, StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::Secret;
use kube::Client;
use kube::api::{Api, WatchEvent, WatchParams};
use kube::core::PartialObjectMeta;
use kube::runtime::reflector::ObjectRef;
use tokio::task::JoinHandle;
use tracing::debug;

use crate::controller::Guarded;
use crate::metrics::ClusterLabels;
use crate::remote::word::Signature;

/// Between two questions to the leader.
const ASK: Duration = Duration::from_secs(2);
/// Silent questions after which a pass looks at the whole cluster.
const SILENT: u32 = 2;
/// After a watch that failed.
const AGAIN: Duration = Duration::from_secs(5);

/// What to look at for one cluster.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// Name of the user's Secret.
    pub secret: Option<String>,
    /// The leader.
    pub leader: Option<Leader>,
}

/// A leader to be asked.
#[derive(Clone, Debug)]
pub struct Leader {
    /// Its admin API.
    pub client: metafs_admin_api::Client,
    /// What it said in the last pass.
    pub said: Signature,
}

/// A task that ends with its owner.
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[derive(Default)]
struct Watched {
    secret: Option<(String, Task)>,
    leader: Option<Task>,
}

/// All that is looked at.
pub struct Lookout {
    kubernetes: Client,
    changed: mpsc::UnboundedSender<ObjectRef<Guarded>>,
    receiver: Mutex<Option<mpsc::UnboundedReceiver<ObjectRef<Guarded>>>>,
    watched: Mutex<HashMap<ClusterLabels, Watched>>,
}

impl Lookout {
    /// Looks at nothing yet.
    pub fn new(kubernetes: Client) -> Self {
        let (changed, receiver) = mpsc::unbounded();
        Self {
            kubernetes,
            changed,
            receiver: Mutex::new(Some(receiver)),
            watched: Mutex::default(),
        }
    }

    /// The resources to be passed over. Once; afterwards the stream is empty.
    pub fn changes(&self) -> impl Stream<Item = ObjectRef<Guarded>> + Send + use<> {
        let receiver = self.receiver.lock().unwrap_or_else(PoisonError::into_inner).take();
        futures::stream::iter(receiver).flatten()
    }

    /// Looks at this from now on, for that cluster.
    pub fn look(&self, cluster: &ClusterLabels, target: Target) {
        let Target { secret, leader } = target;
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if secret.is_none() && leader.is_none() {
            watched.remove(cluster);
            return;
        }
        let tell = Tell {
            changed: self.changed.clone(),
            resource: ObjectRef::new(&cluster.name).within(&cluster.namespace),
        };
        let entry = watched.entry(cluster.clone()).or_default();
        if entry.secret.as_ref().map(|(name, _)| name) != secret.as_ref() {
            entry.secret = secret.map(|name| {
                let secrets: Api<Secret> =
                    Api::namespaced(self.kubernetes.clone(), &cluster.namespace);
                let task = tokio::spawn(watch_secret(secrets, name.clone(), tell.clone()));
                (name, Task(task))
            });
        }
        entry.leader = leader.map(|leader| Task(tokio::spawn(ask_leader(leader, tell))));
    }

    /// Looks at nothing of that cluster any more.
    pub fn forget(&self, cluster: &ClusterLabels) {
        self.look(cluster, Target::default());
    }
}

/// The way to have a pass made.
#[derive(Clone)]
struct Tell {
    changed: mpsc::UnboundedSender<ObjectRef<Guarded>>,
    resource: ObjectRef<Guarded>,
}

impl Tell {
    fn changed(&self) {
        // The receiver is gone only when the controller ends.
        let _ = self.changed.unbounded_send(self.resource.clone());
    }
}

/// Tells of every change of one Secret, until it is dropped. Only its metadata comes over the wire.
async fn watch_secret(secrets: Api<Secret>, name: String, tell: Tell) {
    // Without bookmarks: with them, a watch from "0" on is a streamed list to the API server, which one
    // over an old etcd refuses.
    let params =
        WatchParams::default().fields(&format!("metadata.name={name}")).disable_bookmarks();
    let mut version = "0".to_owned();
    let mut watched = true;
    loop {
        match watch_once(&secrets, &params, &mut version, &tell).await {
            Ok(()) => watched = true,
            Err(error) => {
                debug!(secret = name, %error, "watching a Secret failed; trying again");
                "0".clone_into(&mut version);
                // What happened meanwhile is not known; no more than one pass for one failure.
                if std::mem::take(&mut watched) {
                    tell.changed();
                }
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}

async fn watch_once(
    secrets: &Api<Secret>,
    params: &WatchParams,
    version: &mut String,
    tell: &Tell,
) -> Result<(), kube::Error> {
    let mut events = std::pin::pin!(secrets.watch_metadata(params, version).await?);
    while let Some(event) = events.try_next().await? {
        let of = |object: &PartialObjectMeta<Secret>| object.metadata.resource_version.clone();
        match event {
            WatchEvent::Added(object)
            | WatchEvent::Modified(object)
            | WatchEvent::Deleted(object) => {
                if let Some(new) = of(&object) {
                    *version = new;
                }
                tell.changed();
            }
            // Not asked for.
            WatchEvent::Bookmark(_) => {}
            WatchEvent::Error(status) => return Err(kube::Error::Api(status)),
        }
    }
    Ok(())
}

/// Asks until the leader says something else than in the last pass, or nothing; a pass follows, and
/// sets this up anew.
async fn ask_leader(Leader { client, said }: Leader, tell: Tell) {
    let mut silent = 0;
    loop {
        tokio::time::sleep(ASK).await;
        let changed = match client.status().await {
            Ok(status) => {
                silent = 0;
                Signature::new(&status) != said
            }
            Err(error) => {
                debug!(leader = client.address(), %error, "no answer");
                silent += 1;
                silent >= SILENT
            }
        };
        if changed {
            tell.changed();
            // If the pass fails it is made again, and this with it.
            return;
        }
    }
}
