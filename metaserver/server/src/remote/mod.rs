//! The copy in Tablestore: starts and stops upload and recovery as role and replicated settings say,
//! gives them this replica and the store, and tells what they say of themselves. What has to be done
//! is decided in [`work`]; how it is done is the replication crate's.

mod credentials;
mod metrics;
mod report;
mod sink;
mod source;
mod totals;
mod work;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use metafs_consensus::{Node, Role};
use metafs_namespace::recovery;
use metafs_namespace::settings::Tablestore;
use metafs_replication::status::{RecoveryStatus, UploadStatus};
use metafs_replication::{
    Cluster, RecoveryConfig, TablestoreStore, UploadConfig, UploadEnd, release, run_recovery,
    run_upload,
};
use metafs_tablestore::{Client, Config, ConfigError, RetryPolicy, SignatureVersion};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::service::Shared;
use credentials::Mounted;
use sink::Recovering;
use source::Replica;
use work::Work;

pub use metrics::RemoteMetrics;
pub use report::describe;

/// How often role, settings and the recovery's state are looked at, besides at their changes.
const LOOK: Duration = Duration::from_millis(250);
/// Time of one request.
const ATTEMPT: Duration = Duration::from_secs(10);
/// How long an upload that is switched off tries to tell other clusters so.
const RELEASE: Duration = Duration::from_secs(30);

/// What upload and recovery last said, while they run here.
pub struct Live {
    upload: watch::Sender<UploadStatus>,
    recovery: watch::Sender<RecoveryStatus>,
    /// Whether they run.
    runs: watch::Sender<(bool, bool)>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            upload: watch::Sender::new(UploadStatus::default()),
            recovery: watch::Sender::new(RecoveryStatus::default()),
            runs: watch::Sender::new((false, false)),
        }
    }
}

impl Live {
    /// The upload's status; `None`: nothing is uploaded from here.
    pub fn upload(&self) -> Option<UploadStatus> {
        self.runs.borrow().0.then(|| self.upload.borrow().clone())
    }

    /// The recovery's status; `None`: nothing is recovered from here.
    pub fn recovery(&self) -> Option<RecoveryStatus> {
        self.runs.borrow().1.then(|| self.recovery.borrow().clone())
    }
}

/// A task that does some work.
struct Running {
    work: Work,
    /// Cancels the task when it is dropped.
    cancel: DropGuard,
    task: JoinHandle<()>,
}

impl Running {
    async fn stop(self) {
        drop(self.cancel);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the work on the copy in Tablestore failed");
        }
    }
}

/// Runs for as long as the server does. `credentials`: the folder that they are mounted at.
pub async fn run(
    shared: Arc<Shared>,
    node: Arc<Node>,
    live: Arc<Live>,
    credentials: Option<PathBuf>,
) {
    let replica = Arc::new(Replica { shared, node: node.clone() });
    let mut role = node.role();
    let mut tick = tokio::time::interval(LOOK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut running: Option<Running> = None;
    // What came to its end stays there until something else is asked.
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            changed = role.changed() => if changed.is_err() { return },
        }
        let work = look(&node);
        if running.as_ref().is_some_and(|running| running.work == work) {
            continue;
        }
        if let Some(running) = running.take() {
            running.stop().await;
        }
        live.runs.send_replace((false, false));
        if work == Work::Nothing {
            continue;
        }
        let cancel = CancellationToken::new();
        let task = tokio::spawn(carry_out(
            work.clone(),
            replica.clone(),
            live.clone(),
            credentials.clone(),
            cancel.clone(),
        ));
        running = Some(Running { work, cancel: cancel.drop_guard(), task });
    }
}

fn look(node: &Node) -> Work {
    let leads = node.role().borrow().role == Role::Leader { confirmed: true };
    if !leads {
        return Work::Nothing;
    }
    let read = node.view(|view| {
        let owned = recovery::read_uploaded(view.rows())?.epoch > 0;
        Ok::<_, metafs_namespace::RowsError>((view.settings(), view.recovery()?, owned))
    });
    match read.and_then(|read| read) {
        Ok((settings, recovery, owned)) => {
            work::next(leads, settings.as_deref(), recovery.as_ref(), owned)
        }
        Err(error) => {
            tracing::error!(%error, "cannot read what to do for the copy in Tablestore");
            Work::Nothing
        }
    }
}

/// This cluster as others know it.
fn cluster(node: &Node) -> Cluster {
    let settings = node.settings();
    let name = settings
        .map(|settings| {
            settings.roles_managed_by.clone().unwrap_or_else(|| settings.nameservice.clone())
        })
        .unwrap_or_default();
    Cluster { id: node.cluster_id().unwrap_or_default(), name }
}

/// The store that the settings name.
fn store(
    tablestore: &Tablestore,
    credentials: Option<PathBuf>,
) -> Result<Arc<TablestoreStore>, ConfigError> {
    let Tablestore {
        mode: _,
        endpoint,
        instance,
        region,
        table_prefix,
        on_recovered: _,
        takeover: _,
    } = tablestore;
    let mut config = Config::new(endpoint, instance, Mounted::new(credentials));
    // Whoever uses the store tries again, and says meanwhile what is wrong.
    config.retry = RetryPolicy::none();
    config.attempt_timeout = ATTEMPT;
    if let Some(region) = region {
        config.signature = SignatureVersion::V4 { region: region.clone() };
    }
    let client = Client::new(config)?;
    Ok(Arc::new(TablestoreStore::new(client, table_prefix)))
}

async fn carry_out(
    work: Work,
    replica: Arc<Replica>,
    live: Arc<Live>,
    credentials: Option<PathBuf>,
    cancel: CancellationToken,
) {
    let (Work::Release(tablestore) | Work::Upload(tablestore) | Work::Recover(tablestore)) = &work
    else {
        return;
    };
    let store = match store(tablestore, credentials) {
        Ok(store) => store,
        Err(error) => {
            tracing::error!(%error, "the client of Tablestore cannot be set up");
            return;
        }
    };
    let cluster = cluster(&replica.node);
    match &work {
        Work::Nothing => {}
        Work::Release(_) => {
            let release = tokio::time::timeout(RELEASE, release(&*store, &cluster));
            tokio::select! {
                () = cancel.cancelled() => {}
                released = release => match released {
                    Ok(()) => tracing::info!("the copy in Tablestore is released"),
                    Err(_) => tracing::warn!("the copy in Tablestore could not be released"),
                }
            }
        }
        Work::Upload(tablestore) => {
            live.upload.send_replace(UploadStatus::default());
            live.runs.send_replace((true, false));
            let config =
                UploadConfig { takeover: tablestore.takeover, ..UploadConfig::new(cluster) };
            let status = live.upload.clone();
            match run_upload(replica, store, config, status, cancel).await {
                UploadEnd::Cancelled => tracing::debug!("the upload was stopped"),
                UploadEnd::Fenced(owner) => {
                    tracing::warn!(owner = owner.cluster.name, "the upload is fenced");
                }
            }
        }
        Work::Recover(tablestore) => {
            live.recovery.send_replace(RecoveryStatus::default());
            live.runs.send_replace((false, true));
            let config =
                RecoveryConfig { takeover: tablestore.takeover, ..RecoveryConfig::new(cluster) };
            let sink = Arc::new(Recovering::new(replica));
            let status = live.recovery.clone();
            let end = run_recovery(sink, store, config, status, cancel).await;
            tracing::info!(?end, "the recovery");
        }
    }
}
