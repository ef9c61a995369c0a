//! The rows about the copy in Tablestore: [`lag`] is how far it is behind, [`cost`] what it takes from writers,
//! [`large`] how long a large tree takes in and out. Each group has clusters and a local Tablestore of its own, on the
//! same cores.

mod cost;
mod lag;
mod large;

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use metafs_admin_api::{Role, Status, UploadPhase};
use metafs_namespace::Settings;
use metafs_namespace::settings::{Tablestore, TablestoreMode};
use tempfile::TempDir;

use super::report::Report;
use super::{Args, Group, Scale, procfs, rows};
use crate::cluster::{Cluster, Options};
use crate::tablestore::{KEY_ID, KEY_SECRET, LocalTablestore};
use crate::wait::eventually;

/// Between two looks at what goes on for long.
const LOOK: Duration = Duration::from_millis(250);

/// How long a copy of what was written lately may take.
const CATCH_UP: Duration = Duration::from_secs(120);

/// CPU time that a server may take in a second and still count as idle, microseconds.
const IDLE_US: u64 = 50_000;

/// For how long an idle moment is waited for, seconds; the figures are taken after that all the same.
const IDLE_PATIENCE: usize = 30;

/// How large the rows are.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Creates a second while the lag is watched.
    pub rate: f64,
    /// For so long.
    pub sustained: Duration,
    /// Single writes on an idle cluster.
    pub singles: usize,
    /// How often each mode is measured.
    pub rounds: usize,
    /// Folders of the large tree, the root included.
    pub folders: u64,
    /// Files of the large tree.
    pub files: u64,
}

impl Size {
    /// That of the figures.
    pub const FULL: Self = Self {
        rate: 5_000.0,
        sustained: Duration::from_secs(60),
        singles: 10,
        rounds: 5,
        folders: 1_596,
        files: 1_482_809,
    };
    /// For `--quick`.
    pub const QUICK: Self = Self {
        rate: 500.0,
        sustained: Duration::from_secs(3),
        singles: 3,
        rounds: 1,
        folders: 40,
        files: 4_000,
    };
}

/// Measures the groups that are asked for.
///
/// # Errors
/// A cluster does not come up, an operation fails, or a copy does not get on. A missed figure is none.
pub async fn all(
    args: &Args,
    scale: Scale,
    options: &Options,
    report: &mut Report,
) -> anyhow::Result<()> {
    if args.wants(Group::CopyLag) {
        lag::measure(scale, &Site::open(options).await?, report).await.context("copy-lag")?;
    }
    if args.wants(Group::CopyCost) {
        cost::measure(scale, &Site::open(options).await?, report).await.context("copy-cost")?;
    }
    if args.wants(Group::CopyLarge) {
        large::measure(scale, &Site::open(options).await?, report).await.context("copy-large")?;
    }
    Ok(())
}

/// A local Tablestore, and how clusters beside it are made.
struct Site<'a> {
    options: &'a Options,
    // Before the folder: it runs there.
    local: LocalTablestore,
    _dir: TempDir,
}

impl<'a> Site<'a> {
    async fn open(options: &'a Options) -> anyhow::Result<Self> {
        let dir = match &options.base_dir {
            Some(base) => TempDir::with_prefix_in("metafs-bench-", base)?,
            None => TempDir::with_prefix("metafs-bench-")?,
        };
        let local = LocalTablestore::start(dir.path()).await?;
        Ok(Self { options, local, _dir: dir })
    }

    /// The local Tablestore's process.
    fn pid(&self) -> anyhow::Result<u32> {
        self.local.pid().context("the local Tablestore has ended")
    }

    /// The settings of a copy here.
    fn copy(&self, mode: TablestoreMode) -> Tablestore {
        self.local.settings(mode, "bench")
    }

    /// Servers with a key, not yet formed.
    async fn start(&self, copy: Option<Tablestore>) -> anyhow::Result<Cluster> {
        let settings = Settings { tablestore: copy, ..self.options.settings.clone() };
        let cluster = Cluster::start(Options { settings, ..self.options.clone() })
            .await
            .context("the servers do not come up")?;
        cluster.put_credentials(KEY_ID, KEY_SECRET)?;
        Ok(cluster)
    }

    /// A cluster that is ready, and whose copy, if it is to have one, has all that is there.
    async fn cluster(&self, copy: Option<Tablestore>) -> anyhow::Result<Cluster> {
        let uploads = copy.as_ref().is_some_and(|copy| copy.mode == TablestoreMode::AsyncUpload);
        let cluster = self.start(copy).await?;
        cluster.form(&[0, 1, 2]).await?;
        cluster.all_ready().await?;
        if uploads {
            caught_up(&cluster).await?;
        }
        Ok(cluster)
    }
}

/// Ends clusters that were worked on; shows and keeps their logs if that failed.
async fn end<T>(clusters: Vec<Cluster>, result: anyhow::Result<T>) -> anyhow::Result<T> {
    for mut cluster in clusters {
        if result.is_err() {
            cluster.show_logs();
        }
        for server in cluster.servers_mut().iter_mut().filter(|server| server.serving()) {
            if let Err(error) = server.kill().await
                && result.is_ok()
            {
                return Err(error);
            }
        }
    }
    result
}

/// The leader of a cluster, looked for anew only when it is another.
struct Leader<'a> {
    cluster: &'a Cluster,
    index: usize,
}

impl<'a> Leader<'a> {
    async fn of(cluster: &'a Cluster) -> anyhow::Result<Self> {
        Ok(Self { cluster, index: cluster.leader().await? })
    }

    async fn status(&mut self) -> anyhow::Result<Status> {
        if let Ok(status) = self.cluster.server(self.index).status().await
            && status.role == Role::Active
        {
            return Ok(status);
        }
        self.index = self.cluster.leader().await?;
        self.cluster.server(self.index).status().await
    }
}

/// Whether everything up to an index is in the copy; an error says how far it is.
fn has(status: &Status, wanted: u64) -> anyhow::Result<Option<()>> {
    let upload = status.remote.as_ref().and_then(|remote| remote.upload.as_ref());
    let upload = upload.context("nothing is uploaded")?;
    let whole = upload.phase == UploadPhase::Tailing && upload.synced;
    if whole && upload.checkpoint_index >= wanted {
        return Ok(Some(()));
    }
    bail!("up to {wanted} is wanted: {upload:?}")
}

/// Waits until the copy has all that was acknowledged before, and tells how long that took.
async fn caught_up(cluster: &Cluster) -> anyhow::Result<Duration> {
    let start = Instant::now();
    let mut leader = Leader::of(cluster).await?;
    let wanted = leader.status().await?.committed_index;
    eventually("the copy to have everything", CATCH_UP, async || {
        has(&leader.status().await?, wanted)
    })
    .await?;
    Ok(start.elapsed())
}

/// Waits until a cluster is idle: what it compacts after one run is not to be paid by the next.
async fn idle(cluster: &Cluster) -> anyhow::Result<()> {
    let pids = rows::pids(cluster);
    for _ in 0..IDLE_PATIENCE {
        let before = cpu_us(&pids)?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        if cpu_us(&pids)? - before < IDLE_US * pids.len() as u64 {
            break;
        }
    }
    Ok(())
}

/// CPU time of processes so far, microseconds.
fn cpu_us(pids: &[u32]) -> anyhow::Result<u64> {
    pids.iter().map(|pid| procfs::cpu_us(*pid)).sum()
}

/// Does `work`, and looks every [`LOOK`] meanwhile.
async fn beside<T>(
    work: impl Future<Output = anyhow::Result<T>>,
    mut look: impl AsyncFnMut() -> anyhow::Result<()>,
) -> anyhow::Result<T> {
    let looking = async {
        loop {
            if let Err(error) = look().await {
                return error;
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::select! {
        result = work => result,
        error = looking => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn looks_end_with_the_work_and_a_failed_one_ends_it() {
        let mut looks = 0;
        let work = async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Ok(5)
        };
        let worked = beside(work, async || {
            looks += 1;
            Ok(())
        });
        assert_eq!(worked.await.expect("no look failed"), 5);
        assert_eq!(looks, 1);
        let never = std::future::pending::<anyhow::Result<()>>();
        assert!(beside(never, async || bail!("gone")).await.is_err());
    }
}
