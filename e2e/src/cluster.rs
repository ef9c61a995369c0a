//! A cluster of real servers: started, formed, looked at. Data and logs are in a temporary
//! folder, which is kept, and its logs shown, when a test fails.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use futures::future::{join_all, try_join_all};
use metafs_admin_api::{InitRequest, Role, Status};
use metafs_namespace::Settings;
use tempfile::TempDir;

use crate::netns::Network;
use crate::server::{Place, Server, Timings, ports};
use crate::wait::eventually;
use crate::{addresses, webhdfs};

/// The superuser of test clusters.
pub const SUPERUSER: &str = "hdfs";

/// How long starting, electing and catching up may take; generous, for busy machines.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How a cluster is made.
#[derive(Clone, Debug)]
pub struct Options {
    /// Number of servers.
    pub servers: usize,
    /// Raft's clocks.
    pub timings: Timings,
    /// Filter of the servers' logs.
    pub log_filter: String,
    /// The first settings.
    pub settings: Settings,
    /// So many servers, the last ones, are declared observers in them.
    pub observers: usize,
    /// Each server in a network namespace of its own, so that connections can be cut.
    pub namespaces: bool,
    /// Where the temporary folder is made; `None`: the system's.
    pub base_dir: Option<std::path::PathBuf>,
    /// File with certificates that the servers trust; `None`: none beside those they know.
    pub trusts: Option<std::path::PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            servers: 3,
            timings: Timings::default(),
            log_filter: std::env::var("METAFS_E2E_LOG").unwrap_or_else(|_| "info".into()),
            settings: Settings {
                generation: 1,
                superuser: SUPERUSER.into(),
                audit_log: false,
                ..Settings::default()
            },
            observers: 0,
            namespaces: false,
            base_dir: None,
            trusts: None,
        }
    }
}

/// Servers that know the same key.
#[derive(Debug)]
pub struct Cluster {
    servers: Vec<Server>,
    // After the servers: they run in it.
    network: Option<Network>,
    dir: Option<TempDir>,
    settings: Settings,
}

impl Cluster {
    /// Starts the processes on pristine volumes; forms nothing.
    ///
    /// # Errors
    /// A process cannot be started or does not answer.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        let Options {
            servers,
            timings,
            log_filter,
            settings,
            observers,
            namespaces,
            base_dir,
            trusts,
        } = options;
        let dir = match base_dir {
            Some(base) => TempDir::with_prefix_in("metafs-e2e-", base)?,
            None => TempDir::with_prefix("metafs-e2e-")?,
        };
        let network = if namespaces { Some(Network::create(servers).await?) } else { None };
        let places: Vec<(IpAddr, Option<String>)> = match &network {
            Some(network) => network.places(),
            None => addresses::pick(servers)?.into_iter().map(|address| (address, None)).collect(),
        };
        let key = uuid::Uuid::new_v4().to_string();
        let servers = places
            .into_iter()
            .map(|(address, netns)| {
                let dir = dir.path().join(address.to_string());
                Server::new(Place {
                    address,
                    dir,
                    key: key.clone(),
                    timings,
                    log_filter: log_filter.clone(),
                    netns,
                    trusts: trusts.clone(),
                })
            })
            .collect::<anyhow::Result<Vec<_>>>()?;
        let observers = servers.iter().rev().take(observers).map(Server::name).collect();
        let settings = Settings { observers, ..settings };
        let mut cluster = Self { servers, network, dir: Some(dir), settings };
        for server in &mut cluster.servers {
            server.start()?;
        }
        try_join_all(cluster.servers.iter_mut().map(|server| server.up(PATIENCE))).await?;
        Ok(cluster)
    }

    /// Starts and forms a cluster of all servers, and waits until all are ready.
    ///
    /// # Errors
    /// It does not come up.
    pub async fn formed(options: Options) -> anyhow::Result<Self> {
        let cluster = Self::start(options).await?;
        let all: Vec<usize> = (0..cluster.servers.len()).collect();
        cluster.form(&all).await?;
        cluster.all_ready().await?;
        Ok(cluster)
    }

    /// Forms a cluster of these servers through the admin API.
    ///
    /// # Errors
    /// It is refused.
    pub async fn form(&self, members: &[usize]) -> anyhow::Result<()> {
        let statuses =
            try_join_all(members.iter().map(|index| self.servers[*index].status())).await?;
        let members: BTreeMap<_, _> =
            statuses.iter().map(|status| (status.node_id, status.own.clone())).collect();
        let request = InitRequest {
            cluster_id: uuid::Uuid::new_v4().to_string(),
            members,
            settings: self.settings.clone(),
        };
        self.servers.first().context("a cluster has servers")?.admin().init(&request).await?;
        Ok(())
    }

    /// The settings it was made with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// All servers.
    pub fn servers(&self) -> &[Server] {
        &self.servers
    }

    /// One server.
    pub fn server(&self, index: usize) -> &Server {
        &self.servers[index]
    }

    /// One server, to do something to it.
    pub fn server_mut(&mut self, index: usize) -> &mut Server {
        &mut self.servers[index]
    }

    /// All servers, to do something to them at once.
    pub fn servers_mut(&mut self) -> &mut [Server] {
        &mut self.servers
    }

    /// The network, if servers run in namespaces.
    pub fn network(&self) -> Option<&Network> {
        self.network.as_ref()
    }

    /// Its temporary folder.
    pub fn dir(&self) -> Option<&Path> {
        self.dir.as_ref().map(TempDir::path)
    }

    /// WebHDFS of all servers.
    pub fn web(&self) -> Vec<SocketAddr> {
        self.servers.iter().map(Server::web).collect()
    }

    /// WebHDFS of all servers that run, the leader's first.
    ///
    /// # Errors
    /// There is no leader in time.
    pub async fn web_leader_first(&self) -> anyhow::Result<Vec<SocketAddr>> {
        let leader = self.leader().await?;
        let others = (0..self.servers.len())
            .filter(|index| *index != leader && self.servers[*index].serving());
        Ok(std::iter::once(leader).chain(others).map(|index| self.servers[index].web()).collect())
    }

    /// A WebHDFS client of the superuser that follows the leader.
    pub fn client(&self) -> webhdfs::Client {
        webhdfs::Client::new(self.web(), SUPERUSER)
    }

    /// Waits until every server that runs is ready.
    ///
    /// # Errors
    /// One is not in time.
    pub async fn all_ready(&self) -> anyhow::Result<()> {
        let running = self.servers.iter().filter(|server| server.serving());
        try_join_all(running.map(|server| server.ready(PATIENCE))).await?;
        Ok(())
    }

    /// Waits for a leader that has confirmed its term, and that all running servers agree on.
    ///
    /// # Errors
    /// There is none in time.
    pub async fn leader(&self) -> anyhow::Result<usize> {
        eventually("one leader that all running servers know", PATIENCE, async || {
            let statuses = self.statuses().await;
            let active: Vec<_> = statuses
                .iter()
                .filter(|(_, status)| status.role == Role::Active)
                .map(|(index, status)| (*index, status.node_id))
                .collect();
            let [(index, id)] = active[..] else {
                bail!("{} servers say that they lead", active.len())
            };
            let agreed = statuses.iter().all(|(_, status)| {
                status.leader.as_ref().is_some_and(|leader| leader.node_id == id)
            });
            Ok(agreed.then_some(index))
        })
        .await
    }

    /// A running server that does not lead.
    ///
    /// # Errors
    /// There is no leader in time, or nobody else.
    pub async fn follower(&self) -> anyhow::Result<usize> {
        let leader = self.leader().await?;
        let follower = (0..self.servers.len())
            .find(|index| *index != leader && self.servers[*index].serving());
        follower.context("nobody but the leader runs")
    }

    /// The status of every running server that answers.
    pub async fn statuses(&self) -> Vec<(usize, Status)> {
        let running = self.servers.iter().enumerate().filter(|(_, server)| server.serving());
        let answers = join_all(
            running.map(async |(index, server)| Some((index, server.status().await.ok()?))),
        )
        .await;
        answers.into_iter().flatten().collect()
    }

    /// Waits until all running servers have applied the same index and nothing is being cleaned up any
    /// more, and compares their checksums. Nobody writes meanwhile.
    ///
    /// # Errors
    /// They do not meet in time, or their checksums differ.
    pub async fn converged(&self) -> anyhow::Result<Status> {
        let running = self.servers.iter().filter(|server| server.serving()).count();
        let statuses = eventually("all servers at the same index", PATIENCE, async || {
            let statuses = self.statuses().await;
            let figures: Vec<_> = statuses
                .iter()
                .map(|(_, status)| (status.applied_index, status.namespace.cleaning_up))
                .collect();
            let first = figures.first().copied();
            if figures.len() == running
                && figures.iter().all(|figure| Some(*figure) == first && !figure.1)
            {
                return Ok(Some(statuses));
            }
            bail!("(applied index, cleaning up) of each server: {figures:?}")
        })
        .await?;
        let checksums: Vec<&str> =
            statuses.iter().map(|(_, status)| status.namespace.checksum.as_str()).collect();
        if checksums.windows(2).any(|two| two[0] != two[1]) {
            bail!("replicas differ at the same index: {checksums:?}");
        }
        let (_, status) = statuses.into_iter().next().context("nobody runs")?;
        Ok(status)
    }

    /// Runs `metactl` with a server's key and the first running server's address.
    ///
    /// # Errors
    /// It cannot be run, or does not end within a minute.
    pub async fn metactl<A: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = A>,
    ) -> anyhow::Result<Output> {
        let server = self.servers.iter().find(|server| server.serving()).context("nobody runs")?;
        let mut command = tokio::process::Command::new(crate::binaries::find("metactl")?);
        command
            .arg("--server")
            .arg(server.at(ports::ADMIN).to_string())
            .arg("--key-file")
            .arg(server.dir().join("key"));
        command.args(args).stdin(Stdio::null()).kill_on_drop(true);
        Ok(tokio::time::timeout(PATIENCE * 2, command.output())
            .await
            .context("metactl does not end")??)
    }

    /// Runs `metactl`, which must succeed; what it printed.
    ///
    /// # Errors
    /// It fails.
    pub async fn metactl_ok<A: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = A>,
    ) -> anyhow::Result<String> {
        let output = self.metactl(args).await?;
        if !output.status.success() {
            bail!("metactl: {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Keeps the folder and shows the end of every log.
    pub fn show_logs(&mut self) {
        for server in &self.servers {
            eprintln!("--- log of {} (end)\n{}", server.name(), server.log_tail(60));
        }
        if let Some(dir) = self.dir.take() {
            eprintln!("--- data and logs are kept in {}", dir.keep().display());
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.show_logs();
        }
    }
}

/// Runs a test on a new cluster, formed or not, within `deadline`.
///
/// # Panics
/// When it fails, after the logs were shown.
pub async fn scenario(
    options: Options,
    formed: bool,
    deadline: Duration,
    test: impl AsyncFnOnce(&mut Cluster) -> anyhow::Result<()>,
) {
    let made = if formed { Cluster::formed(options).await } else { Cluster::start(options).await };
    let mut cluster = match made {
        Ok(cluster) => cluster,
        Err(error) => panic!("the cluster does not come up: {error:#}"),
    };
    let result = tokio::time::timeout(deadline, test(&mut cluster)).await;
    let result =
        result.unwrap_or_else(|_| Err(anyhow::anyhow!("the test did not end within {deadline:?}")));
    if let Err(error) = result {
        let backtrace = error.backtrace().to_string();
        let own: Vec<&str> = backtrace.lines().filter(|line| line.contains("./tests/")).collect();
        panic!("{error:#}\n{}", own.join("\n"));
    }
}
