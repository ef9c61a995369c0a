//! One real `metaserver` process with its configuration, data directory and log. Owned by
//! [`crate::cluster`].

use std::fs::OpenOptions;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use metafs_admin_api::{Client, Status};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use crate::http::Connection;
use crate::wait::eventually;

/// The standard ports.
pub mod ports {
    /// Hadoop RPC.
    pub const RPC: u16 = 8020;
    /// WebHDFS.
    pub const WEB: u16 = 9870;
    /// Raft.
    pub const RAFT: u16 = 8030;
    /// Admin API.
    pub const ADMIN: u16 = 8031;
    /// Health and metrics.
    pub const HEALTH: u16 = 9872;
    /// All of them.
    pub const ALL: [u16; 5] = [RPC, WEB, RAFT, ADMIN, HEALTH];
}

/// Raft's clocks in a configuration.
#[derive(Clone, Copy, Debug)]
pub struct Timings {
    /// Heartbeat, milliseconds.
    pub heartbeat_ms: u64,
    /// Least election timeout, milliseconds.
    pub election_min_ms: u64,
    /// Largest election timeout, milliseconds.
    pub election_max_ms: u64,
}

impl Default for Timings {
    /// For loopback: short, yet above what a busy machine of two cores delays a heartbeat.
    fn default() -> Self {
        Self { heartbeat_ms: 50, election_min_ms: 250, election_max_ms: 500 }
    }
}

/// What a server's place is made of.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its address, which is its name too.
    pub address: IpAddr,
    /// Folder of its configuration, data and log.
    pub dir: PathBuf,
    /// The cluster's key.
    pub key: String,
    /// Raft's clocks.
    pub timings: Timings,
    /// Filter of its log.
    pub log_filter: String,
    /// The network namespace it runs in.
    pub netns: Option<String>,
    /// File with certificates that it trusts beside those it knows (its `SSL_CERT_FILE`).
    pub trusts: Option<PathBuf>,
}

/// A server, running or not.
#[derive(Debug)]
pub struct Server {
    place: Place,
    binary: PathBuf,
    child: Option<Child>,
    frozen: bool,
    admin: Client,
}

impl Server {
    /// Writes its configuration; does not start it.
    ///
    /// # Errors
    /// Files cannot be written, or the binary is missing.
    pub fn new(place: Place) -> anyhow::Result<Self> {
        let binary = crate::binaries::find("metaserver")?;
        std::fs::create_dir_all(&place.dir)?;
        std::fs::write(place.dir.join("key"), &place.key)?;
        let Timings { heartbeat_ms, election_min_ms, election_max_ms } = place.timings;
        let config = format!(
            "dataDir: {dir}/data\nkeyFile: {dir}/key\nadvertise: \"{{name}}\"\nlisten: {{host: \"{{name}}\"}}\n\
             raft: {{heartbeatMs: {heartbeat_ms}, electionMinMs: {election_min_ms}, electionMaxMs: {election_max_ms}}}\n\
             log: {{filter: {filter:?}}}\ntablestoreCredentials: {dir}/tablestore\n",
            dir = place.dir.display(),
            filter = place.log_filter,
        );
        std::fs::write(place.dir.join("server.yaml"), config)?;
        let admin = Client::new(
            SocketAddr::new(place.address, ports::ADMIN).to_string(),
            &place.key,
            Duration::from_secs(5),
        )?;
        Ok(Self { place, binary, child: None, frozen: false, admin })
    }

    /// Its name (its address as text).
    pub fn name(&self) -> String {
        self.place.address.to_string()
    }

    /// One of its doors.
    pub fn at(&self, port: u16) -> SocketAddr {
        SocketAddr::new(self.place.address, port)
    }

    /// WebHDFS.
    pub fn web(&self) -> SocketAddr {
        self.at(ports::WEB)
    }

    /// Hadoop RPC.
    pub fn rpc(&self) -> SocketAddr {
        self.at(ports::RPC)
    }

    /// The admin API's client for it.
    pub fn admin(&self) -> &Client {
        &self.admin
    }

    /// Where its data is.
    pub fn data_dir(&self) -> PathBuf {
        self.place.dir.join("data")
    }

    /// The folder that it reads its key for Tablestore from.
    pub fn tablestore_credentials(&self) -> PathBuf {
        self.place.dir.join("tablestore")
    }

    /// Its configuration.
    pub fn config_file(&self) -> PathBuf {
        self.place.dir.join("server.yaml")
    }

    /// Its log of all runs.
    pub fn log_file(&self) -> PathBuf {
        self.place.dir.join("log")
    }

    /// Its process id while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().and_then(Child::id)
    }

    /// Whether it was started, and not stopped by [`Self::freeze`] or ended since.
    pub fn serving(&self) -> bool {
        self.child.is_some() && !self.frozen
    }

    /// Whether it is stopped by [`Self::freeze`].
    pub fn frozen(&self) -> bool {
        self.frozen
    }

    /// Starts the process.
    ///
    /// # Errors
    /// It runs already, or cannot be started.
    pub fn start(&mut self) -> anyhow::Result<()> {
        if self.child.is_some() {
            bail!("{} runs already", self.name());
        }
        let log = OpenOptions::new().create(true).append(true).open(self.log_file())?;
        let mut command = match &self.place.netns {
            Some(netns) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", netns]).arg(&self.binary);
                command
            }
            None => Command::new(&self.binary),
        };
        command.arg("--config").arg(self.config_file()).args(["--name", &self.name()]);
        if let Some(certificates) = &self.place.trusts {
            command.env("SSL_CERT_FILE", certificates);
        }
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).kill_on_drop(true);
        self.child = Some(
            command.spawn().with_context(|| format!("cannot start {}", self.binary.display()))?,
        );
        Ok(())
    }

    /// What it says of itself.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn status(&self) -> anyhow::Result<Status> {
        Ok(self.admin.status().await?)
    }

    /// GET of a path of the health port.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn health(&self, path: &str) -> anyhow::Result<(u16, String)> {
        let mut connection =
            Connection::open(self.at(ports::HEALTH), Duration::from_secs(2)).await?;
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.name());
        let response = connection.call(request.as_bytes()).await?;
        Ok((response.status, response.text()))
    }

    /// Waits until its admin port answers.
    ///
    /// # Errors
    /// It does not in time, or its process ended.
    pub async fn up(&mut self, within: Duration) -> anyhow::Result<Status> {
        let what = format!("{} to answer on its admin port", self.name());
        let result = eventually(&what, within, async || {
            if let Some(child) = &mut self.child
                && let Some(status) = child.try_wait()?
            {
                return Ok(Some(Err(status)));
            }
            Ok(Some(Ok(self.admin.status().await?)))
        });
        match result.await? {
            Ok(status) => Ok(status),
            Err(status) => {
                self.child = None;
                bail!("{} ended with {status}:\n{}", self.name(), self.log_tail(20))
            }
        }
    }

    /// Waits until its readiness probe says yes.
    ///
    /// # Errors
    /// It does not in time.
    pub async fn ready(&self, within: Duration) -> anyhow::Result<()> {
        eventually(&format!("{} to be ready", self.name()), within, async || {
            match self.health("/readyz").await? {
                (200, _) => Ok(Some(())),
                (status, text) => bail!("/readyz answers {status}: {text}"),
            }
        })
        .await
    }

    /// kill -9, and waits for the end.
    ///
    /// # Errors
    /// It does not run.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        self.signal(Signal::KILL)?;
        self.ended(Duration::from_secs(10)).await?;
        Ok(())
    }

    /// SIGTERM, and waits for the end.
    ///
    /// # Errors
    /// It does not run, or does not end in time.
    pub async fn terminate(&mut self, within: Duration) -> anyhow::Result<ExitStatus> {
        self.signal(Signal::TERM)?;
        self.ended(within).await
    }

    /// Waits for the process's own end.
    ///
    /// # Errors
    /// It does not run, or goes on.
    pub async fn ended(&mut self, within: Duration) -> anyhow::Result<ExitStatus> {
        let name = self.name();
        let child = self.child.as_mut().with_context(|| format!("{name} does not run"))?;
        let status = tokio::time::timeout(within, child.wait())
            .await
            .with_context(|| format!("{name} did not end within {within:?}"))??;
        self.child = None;
        self.frozen = false;
        Ok(status)
    }

    /// SIGSTOP: the process stands still, its connections stay open.
    ///
    /// # Errors
    /// It does not run.
    pub fn freeze(&mut self) -> anyhow::Result<()> {
        self.signal(Signal::STOP)?;
        self.frozen = true;
        Ok(())
    }

    /// SIGCONT.
    ///
    /// # Errors
    /// It does not run.
    pub fn thaw(&mut self) -> anyhow::Result<()> {
        self.signal(Signal::CONT)?;
        self.frozen = false;
        Ok(())
    }

    /// Empties its volume, as when a disk was replaced.
    ///
    /// # Errors
    /// It runs, or the volume cannot be removed.
    pub fn wipe(&mut self) -> anyhow::Result<()> {
        if self.child.is_some() {
            bail!("{} runs: stop it before its volume is emptied", self.name());
        }
        std::fs::remove_dir_all(self.data_dir()).context("cannot empty the volume")
    }

    /// The last `lines` of its log, without the audit log's.
    pub fn log_tail(&self, lines: usize) -> String {
        let text = std::fs::read(self.log_file()).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let all: Vec<&str> = text.lines().filter(|line| !line.contains(" audit: ")).collect();
        all[all.len().saturating_sub(lines)..].join("\n")
    }

    /// The folder that has everything of this server.
    pub fn dir(&self) -> &Path {
        &self.place.dir
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let pid = self.pid().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
        let pid = pid.with_context(|| format!("{} does not run", self.name()))?;
        kill_process(pid, signal).with_context(|| format!("cannot signal {}", self.name()))
    }
}
