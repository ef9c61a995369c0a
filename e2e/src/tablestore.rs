//! One real `tablestore-local` process on a loopback address of its own, over HTTP and HTTPS, with its data
//! in a folder, and its control API: for tests of the copy in Tablestore. And what those tests ask of a cluster.

use std::fs::OpenOptions;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use metafs_admin_api::{RecoveryState, RemoteStatus, UploadPhase};
use metafs_namespace::Settings;
use metafs_namespace::settings::{OnRecovered, Tablestore, TablestoreMode};
use tokio::process::{Child, Command};

use crate::addresses;
use crate::cluster::{Cluster, Options, PATIENCE};
use crate::http::Connection;
use crate::wait::eventually;
use crate::webhdfs;

const PORT: u16 = 8087;
const CONTROL: u16 = 8088;
const TLS_PORT: u16 = 8443;
/// The instance and the key that the server has without a configuration.
pub const INSTANCE: &str = "local";
/// The key's id.
pub const KEY_ID: &str = "testid";
/// The key.
pub const KEY_SECRET: &str = "testsecret";

/// See the module.
#[derive(Debug)]
pub struct LocalTablestore {
    address: IpAddr,
    dir: PathBuf,
    child: Option<Child>,
}

impl LocalTablestore {
    /// Starts one with its data and log in `dir`.
    ///
    /// # Errors
    /// The binary is missing, or it does not come up.
    pub async fn start(dir: &Path) -> anyhow::Result<Self> {
        let dir = dir.join("tablestore");
        std::fs::create_dir_all(&dir)?;
        let address = *addresses::pick(1)?.first().context("an address")?;
        let mut local = Self { address, dir, child: None };
        local.configure()?;
        local.up().await?;
        Ok(local)
    }

    /// Writes its configuration, with a certificate that nobody has signed but itself.
    fn configure(&self) -> anyhow::Result<()> {
        let made = rcgen::generate_simple_self_signed([self.address.to_string()])?;
        let key = self.dir.join("key.pem");
        std::fs::write(self.certificate(), made.cert.pem())?;
        std::fs::write(&key, made.signing_key.serialize_pem())?;
        let config = serde_json::json!({
            "listen": self.at(PORT),
            "tls": { "listen": self.at(TLS_PORT), "certificate": self.certificate(), "key": key },
            "control": self.at(CONTROL),
            "dataDir": self.dir.join("data"),
        });
        // JSON is YAML.
        std::fs::write(self.config_file(), config.to_string())?;
        Ok(())
    }

    fn config_file(&self) -> PathBuf {
        self.dir.join("config.yaml")
    }

    /// Starts the process (again) and waits until it answers.
    ///
    /// # Errors
    /// It runs already, or does not come up.
    pub async fn up(&mut self) -> anyhow::Result<()> {
        if self.child.is_some() {
            bail!("the local Tablestore runs already");
        }
        let log = OpenOptions::new().create(true).append(true).open(self.dir.join("log"))?;
        let mut command = Command::new(crate::binaries::find("tablestore-local")?);
        command
            .arg("--config")
            .arg(self.config_file())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true);
        self.child = Some(command.spawn().context("cannot start tablestore-local")?);
        eventually("the local Tablestore to answer", PATIENCE, async || {
            let mut connection = Connection::open(self.at(PORT), Duration::from_secs(1)).await?;
            let answer = connection.call(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n").await?;
            Ok((answer.status == 200).then_some(()))
        })
        .await
    }

    /// kill -9, and waits for the end.
    ///
    /// # Errors
    /// It does not run.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        let mut child = self.child.take().context("the local Tablestore does not run")?;
        child.kill().await?;
        Ok(())
    }

    /// Its process id while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().and_then(Child::id)
    }

    fn at(&self, port: u16) -> SocketAddr {
        SocketAddr::new(self.address, port)
    }

    /// Its endpoint.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.at(PORT))
    }

    /// The same over HTTPS.
    pub fn https_endpoint(&self) -> String {
        format!("https://{}", self.at(TLS_PORT))
    }

    /// Its certificate, for those who are to trust it.
    pub fn certificate(&self) -> PathBuf {
        self.dir.join("certificate.pem")
    }

    /// A call of the control API.
    ///
    /// # Errors
    /// It is refused.
    pub async fn control(&self, method: &str, path: &str, body: &str) -> anyhow::Result<String> {
        let mut connection = Connection::open(self.at(CONTROL), Duration::from_secs(5)).await?;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        let answer = connection.call(request.as_bytes()).await?;
        match answer.status {
            200..300 => Ok(answer.text()),
            status => bail!("{method} {path}: {status}: {}", answer.text()),
        }
    }

    /// What happens to requests from now on, in words of docs/tablestore-local.md; `[]`: nothing.
    ///
    /// # Errors
    /// There is no such fault.
    pub async fn faults(&self, rules: &serde_json::Value) -> anyhow::Result<()> {
        let plan = serde_json::json!({ "seed": 1, "rules": rules });
        self.control("PUT", "/faults", &plan.to_string()).await.map(drop)
    }

    /// The settings of a copy in it.
    pub fn settings(&self, mode: TablestoreMode, prefix: &str) -> Tablestore {
        Tablestore {
            mode,
            endpoint: self.endpoint(),
            instance: INSTANCE.into(),
            region: None,
            table_prefix: prefix.into(),
            on_recovered: OnRecovered::StayReadOnly,
            takeover: false,
        }
    }
}

/// A cluster made to be recovered into, with its key.
///
/// # Errors
/// It does not come up.
pub async fn recovering(copy: Tablestore, options: Options) -> anyhow::Result<Cluster> {
    let settings = Settings { tablestore: Some(copy), ..options.settings };
    let cluster = Cluster::start(Options { settings, ..options }).await?;
    cluster.put_credentials(KEY_ID, KEY_SECRET)?;
    cluster.form(&[0, 1, 2]).await?;
    Ok(cluster)
}

/// Writes files `0`, `1`, ... in a folder, each with its name as content.
///
/// # Errors
/// One is refused.
pub async fn files(client: &mut webhdfs::Client, folder: &str, count: u32) -> anyhow::Result<()> {
    for number in 0..count {
        let content = format!("{folder} {number}");
        client.create(&format!("{folder}/{number}"), content.as_bytes(), true).await?;
    }
    Ok(())
}

impl Cluster {
    /// Gives all servers a key for Tablestore.
    ///
    /// # Errors
    /// The files cannot be written.
    pub fn put_credentials(&self, id: &str, secret: &str) -> anyhow::Result<()> {
        for server in self.servers() {
            let folder = server.tablestore_credentials();
            std::fs::create_dir_all(&folder)?;
            std::fs::write(folder.join("accessKeyId"), id)?;
            std::fs::write(folder.join("accessKeySecret"), secret)?;
        }
        Ok(())
    }

    /// Replaces the settings of the copy.
    ///
    /// # Errors
    /// They are refused.
    pub async fn put_tablestore(&self, generation: u64, copy: Tablestore) -> anyhow::Result<()> {
        let settings = Settings { generation, tablestore: Some(copy), ..self.settings().clone() };
        let leader = self.leader().await?;
        self.server(leader).admin().put_settings(&settings).await?;
        Ok(())
    }

    /// What the leader says of the copy.
    ///
    /// # Errors
    /// There is no leader, or it knows of no copy.
    pub async fn remote(&self) -> anyhow::Result<RemoteStatus> {
        let leader = self.leader().await?;
        self.server(leader).status().await?.remote.context("no copy is configured")
    }

    /// Waits until the copy has everything that was acknowledged before.
    ///
    /// # Errors
    /// It has not in time.
    pub async fn synced(&self, within: Duration) -> anyhow::Result<()> {
        let leader = self.leader().await?;
        let wanted = self.server(leader).status().await?.committed_index;
        eventually("everything to be in the copy", within, async || {
            let remote = self.remote().await?;
            let Some(upload) = remote.upload else { bail!("nothing is uploaded: {remote:?}") };
            if upload.phase == UploadPhase::Tailing
                && upload.synced
                && upload.checkpoint_index >= wanted
            {
                return Ok(Some(()));
            }
            bail!("up to {wanted} is wanted: {upload:?}")
        })
        .await
    }

    /// Kills all servers; the copy is then another cluster's to recover, under the settings that this gives.
    ///
    /// # Errors
    /// A server does not run.
    pub async fn lose(&mut self, copy: Tablestore) -> anyhow::Result<Tablestore> {
        for server in self.servers_mut() {
            server.kill().await?;
        }
        Ok(Tablestore { mode: TablestoreMode::Recovery, takeover: true, ..copy })
    }

    /// Waits until the recovery has ended in `state`.
    ///
    /// # Errors
    /// It ends otherwise, or not in time.
    pub async fn recovered(
        &self,
        state: RecoveryState,
        within: Duration,
    ) -> anyhow::Result<RemoteStatus> {
        let ended = eventually("the recovery to end", within, async || {
            let remote = self.remote().await?;
            let Some(recovery) = &remote.recovery else { bail!("nothing is recovered") };
            let over = matches!(recovery.state, RecoveryState::Finished | RecoveryState::Failed);
            if over { Ok(Some(remote)) } else { bail!("{recovery:?}") }
        })
        .await?;
        match &ended.recovery {
            Some(recovery) if recovery.state == state => Ok(ended),
            other => bail!("not {state:?}: {other:?}"),
        }
    }
}
