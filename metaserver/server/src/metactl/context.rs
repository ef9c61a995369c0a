//! Where metactl's servers and key come from, and how it finds the whole cluster from one of them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use futures::future::join_all;
use metafs_admin_api::{Client, Member, NodeId, Status};

use crate::config::{Config, Overrides};

/// Between two looks for a leader.
const RETRY: Duration = Duration::from_millis(20);

/// Options that every command has.
#[derive(Args, Debug)]
pub struct Connection {
    /// A server's admin address, host:port; may be repeated. One is enough: the others are found through it.
    #[arg(
        long = "server",
        short = 's',
        global = true,
        env = "METACTL_SERVERS",
        value_delimiter = ','
    )]
    servers: Vec<String>,
    /// File with the cluster's key.
    #[arg(long, global = true, env = "METACTL_KEY_FILE")]
    key_file: Option<PathBuf>,
    /// A server's configuration: gives the key file, and the address of the server it is for.
    #[arg(
        long,
        global = true,
        env = "METACTL_CONFIG",
        default_value = "/etc/metafs/config/server.yaml"
    )]
    config: PathBuf,
    /// The name of that server, if the configuration does not have it.
    #[arg(long, global = true, env = "METAFS_NAME", hide_env_values = true)]
    name: Option<String>,
    /// Seconds to wait for one answer.
    #[arg(long, global = true, default_value_t = 5)]
    timeout: u64,
}

/// Addresses and key, resolved.
#[derive(Clone, Debug)]
pub struct Context {
    servers: Vec<String>,
    key: String,
    timeout: Duration,
}

/// One member and what it answered.
#[derive(Debug)]
pub struct Seen {
    /// Its admin address.
    pub address: String,
    /// Its name, if the membership has it.
    pub name: String,
    /// Its answer.
    pub status: Result<Status, String>,
}

impl Connection {
    /// Resolves the options.
    ///
    /// # Errors
    /// No server or no key is known: says which option to give.
    pub fn resolve(self) -> anyhow::Result<Context> {
        let Connection { servers, key_file, config, name, timeout } = self;
        let needs_config = servers.is_empty() || key_file.is_none();
        let config = match Config::load(&config, Overrides { name, data_dir: None }) {
            Ok(config) => Some(config),
            Err(error) if needs_config => {
                return Err(error).context(
                    "give --server and --key-file, or --config with a server's configuration",
                );
            }
            Err(_) => None,
        };
        let key_file = key_file
            .or_else(|| config.as_ref().map(|config| config.key_file.clone()))
            .ok_or_else(|| anyhow!("give --key-file"))?;
        let key = std::fs::read_to_string(&key_file)
            .with_context(|| format!("cannot read the cluster's key {}", key_file.display()))?;
        let servers = if servers.is_empty() {
            config.map(|config| vec![config.own.admin]).unwrap_or_default()
        } else {
            servers
        };
        Ok(Context { servers, key: key.trim().to_owned(), timeout: Duration::from_secs(timeout) })
    }
}

impl Context {
    /// The addresses given.
    pub fn servers(&self) -> &[String] {
        &self.servers
    }

    /// A client for one address.
    ///
    /// # Errors
    /// The HTTP client cannot be made.
    pub fn client(&self, address: &str) -> anyhow::Result<Client> {
        Ok(Client::new(address, &self.key, self.timeout)?)
    }

    /// Asks the given servers, and through their membership all others.
    ///
    /// # Errors
    /// None of the given ones answered.
    pub async fn survey(&self) -> anyhow::Result<Vec<Seen>> {
        let mut asked: BTreeMap<String, Seen> = BTreeMap::new();
        let mut round: Vec<(String, String)> =
            self.servers.iter().map(|address| (address.clone(), address.clone())).collect();
        while !round.is_empty() {
            let answers = join_all(round.drain(..).map(|(address, name)| async move {
                let status = match self.client(&address) {
                    Ok(client) => client.status().await.map_err(|error| error.to_string()),
                    Err(error) => Err(error.to_string()),
                };
                Seen { address, name, status }
            }))
            .await;
            for mut seen in answers {
                if let Ok(status) = &seen.status {
                    seen.name.clone_from(&status.own.name);
                }
                asked.insert(seen.address.clone(), seen);
            }
            let known: BTreeMap<String, String> = asked
                .values()
                .filter_map(|seen| seen.status.as_ref().ok())
                .flat_map(|status| status.members.values())
                .map(|progress| (progress.member.admin.clone(), progress.member.name.clone()))
                .collect();
            round.extend(known.into_iter().filter(|(address, _)| !asked.contains_key(address)));
        }
        let mut seen = one_row_per_server(asked.into_values().collect());
        if seen.iter().all(|seen| seen.status.is_err()) {
            let reasons: Vec<_> = seen.into_iter().filter_map(|seen| seen.status.err()).collect();
            bail!("no server answered: {}", reasons.join("; "));
        }
        seen.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(seen)
    }

    /// The leader's status and a client for it.
    ///
    /// # Errors
    /// Nobody leads just now, or it cannot be reached.
    pub async fn leader(&self) -> anyhow::Result<(Status, Client)> {
        let seen = self.survey().await?;
        let leader = seen
            .into_iter()
            .filter_map(|seen| Some((seen.address, seen.status.ok()?)))
            .find(|(_, status)| status.role == metafs_admin_api::Role::Active);
        match leader {
            Some((address, status)) => Ok((status, self.client(&address)?)),
            None => bail!("no server leads just now; `metactl status` shows what each one says"),
        }
    }

    /// The same after a change of leaders: the new one has to confirm its term first.
    ///
    /// # Errors
    /// As [`Self::leader`], for as long as one answer may take.
    pub async fn next_leader(&self) -> anyhow::Result<(Status, Client)> {
        let end = Instant::now() + self.timeout;
        loop {
            match self.leader().await {
                Err(_) if Instant::now() < end => tokio::time::sleep(RETRY).await,
                found => return found,
            }
        }
    }
}

/// A server may have been reached under two addresses (the given one and the membership's).
fn one_row_per_server(seen: Vec<Seen>) -> Vec<Seen> {
    let mut ids: Vec<NodeId> = Vec::new();
    seen.into_iter()
        .filter(|seen| match &seen.status {
            Ok(status) if ids.contains(&status.node_id) => false,
            Ok(status) => {
                ids.push(status.node_id);
                true
            }
            Err(_) => true,
        })
        .collect()
}

/// Finds a member by name or id.
///
/// # Errors
/// There is none; the message lists those there are.
pub fn find_member(status: &Status, wanted: &str) -> anyhow::Result<(NodeId, Member)> {
    status
        .members
        .iter()
        .find(|(id, progress)| progress.member.name == wanted || id.to_string() == wanted)
        .map(|(id, progress)| (*id, progress.member.clone().into()))
        .ok_or_else(|| {
            let names: Vec<_> =
                status.members.values().map(|progress| progress.member.name.as_str()).collect();
            anyhow!("no member is called {wanted:?}; there are: {}", names.join(", "))
        })
}
