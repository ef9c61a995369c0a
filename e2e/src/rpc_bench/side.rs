//! The two sides that are compared: Hadoop's NameNode with three JournalNodes, and three servers of
//! ours. Each is started on empty disks and stopped again.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::ValueEnum;
use metafs_admin_api::Role;
use metafs_namespace::Settings;
use serde::Serialize;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::bench::procfs;
use crate::cluster::{Cluster, Options, PATIENCE, SUPERUSER};
use crate::server::{Server, Timings};
use crate::wait::eventually;

/// Hadoop RPC.
const RPC_PORT: u16 = 8020;

/// Starting five JVMs one after the other on a busy machine, jars from Maven Central included.
const NAMENODE_PATIENCE: Duration = Duration::from_secs(300);

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "camelCase")]
pub enum Who {
    /// Hadoop's.
    #[value(name = "namenode")]
    NameNode,
    /// Ours.
    Metafs,
}

/// One side, running.
pub struct Side {
    /// Whose.
    pub who: Who,
    /// Where writes go.
    pub active: SocketAddr,
    /// Who answers reads beside it.
    pub observer: Option<SocketAddr>,
    /// Name and process id, the active server's first.
    pub processes: Vec<(String, u32)>,
    running: Running,
}

enum Running {
    NameNode(Child),
    Metafs(Box<Cluster>),
}

/// The folder of the scripts that run Hadoop's.
pub fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("namenode")
}

impl Side {
    /// Starts one with its data below `base`, with an observer or without.
    ///
    /// # Errors
    /// It does not come up.
    pub async fn start(who: Who, observer: bool, base: &Path) -> anyhow::Result<Self> {
        match who {
            Who::NameNode => start_namenode(observer, base).await,
            Who::Metafs => start_metafs(observer, base).await,
        }
    }

    /// Process ids of all its servers.
    pub fn pids(&self) -> Vec<u32> {
        self.processes.iter().map(|(_, pid)| *pid).collect()
    }

    /// Resident memory of each process, MiB.
    ///
    /// # Errors
    /// One is gone.
    pub fn memory(&self) -> anyhow::Result<Vec<(String, f64)>> {
        let of = |(name, pid): &(String, u32)| {
            Ok((name.clone(), procfs::resident(*pid)? as f64 / f64::from(1 << 20)))
        };
        self.processes.iter().map(of).collect()
    }

    /// What the NameNode's heap holds after a full collection, MiB; `None` for ours.
    ///
    /// # Errors
    /// `jcmd` does not do it.
    pub async fn live_heap(&self) -> anyhow::Result<Option<f64>> {
        let Running::NameNode(_) = self.running else { return Ok(None) };
        let (_, pid) = self.processes.first().context("it has processes")?;
        jcmd(*pid, "GC.run").await?;
        let text = jcmd(*pid, "GC.heap_info").await?;
        let used = text.split("used ").nth(1).and_then(|rest| rest.split('K').next());
        let kib: f64 = used.with_context(|| text.clone())?.parse().context("GC.heap_info")?;
        Ok(Some(kib / 1024.0))
    }

    /// Stops it and removes its data.
    ///
    /// # Errors
    /// It does not end.
    pub async fn stop(self) -> anyhow::Result<()> {
        match self.running {
            Running::NameNode(mut script) => {
                drop(script.stdin.take());
                let ended = tokio::time::timeout(PATIENCE, script.wait()).await;
                ended.context("the NameNode does not end")??;
            }
            Running::Metafs(mut cluster) => {
                for server in cluster.servers_mut() {
                    server.terminate(PATIENCE).await?;
                }
            }
        }
        Ok(())
    }
}

async fn jcmd(pid: u32, command: &str) -> anyhow::Result<String> {
    let output = Command::new("jcmd").arg(pid.to_string()).arg(command).output().await?;
    if !output.status.success() {
        bail!("jcmd {command}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}

async fn start_namenode(observer: bool, base: &Path) -> anyhow::Result<Side> {
    let mut command = Command::new(scripts().join("run"));
    command.arg("--data").arg(base);
    if observer {
        command.arg("--observer");
    }
    // It stops everything when its standard input ends, however this process does.
    let mut script = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start e2e/namenode/run")?;
    let output = script.stdout.take().context("its output is a pipe")?;
    let told = async {
        let mut lines = BufReader::new(output).lines();
        let mut told = Vec::new();
        while let Some(line) = lines.next_line().await? {
            if line == "ready" {
                return anyhow::Ok(told);
            }
            told.push(line);
        }
        bail!("e2e/namenode/run failed")
    };
    let told = tokio::time::timeout(NAMENODE_PATIENCE, told).await.context("the NameNode")??;
    let (mut active, mut seen_observer, mut processes) = (None, None, Vec::new());
    for line in told {
        let [name, role, address, pid] = line.split(' ').collect::<Vec<_>>()[..] else {
            bail!("e2e/namenode/run says: {line}")
        };
        match role {
            "active" => active = Some(address.parse()?),
            "observer" => seen_observer = Some(address.parse()?),
            _ => {}
        }
        processes.push((name.to_owned(), pid.parse()?));
    }
    let active = active.context("no active NameNode")?;
    let running = Running::NameNode(script);
    Ok(Side { who: Who::NameNode, active, observer: seen_observer, processes, running })
}

async fn start_metafs(observer: bool, base: &Path) -> anyhow::Result<Side> {
    let settings = Settings {
        generation: 1,
        superuser: SUPERUSER.into(),
        // Hadoop's default is off too.
        audit_log: false,
        ..Settings::default()
    };
    let options = Options {
        timings: Timings { heartbeat_ms: 50, election_min_ms: 500, election_max_ms: 1000 },
        log_filter: "info".into(),
        settings: settings.clone(),
        base_dir: Some(base.to_owned()),
        ..Options::default()
    };
    let cluster = Cluster::formed(options).await.context("the cluster does not come up")?;
    let leader = cluster.leader().await?;
    let mut seen_observer = None;
    if observer {
        let follower = cluster.server(cluster.follower().await?);
        let observers = [follower.name()].into();
        let settings = Settings { generation: 2, observers, ..settings };
        cluster.server(leader).admin().put_settings(&settings).await?;
        eventually("the observer", PATIENCE, async || {
            Ok((follower.status().await?.role == Role::Observer).then_some(()))
        })
        .await?;
        seen_observer = Some(follower.at(RPC_PORT));
    }
    let active = cluster.server(leader).at(RPC_PORT);
    let process = |server: &Server| Some((server.name(), server.pid()?));
    let mut processes: Vec<_> = cluster.servers().iter().filter_map(process).collect();
    processes.rotate_left(leader);
    let running = Running::Metafs(Box::new(cluster));
    Ok(Side { who: Who::Metafs, active, observer: seen_observer, processes, running })
}
