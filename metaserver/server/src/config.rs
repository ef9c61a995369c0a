//! The server's configuration file: a small YAML document, read once at start. Owned here; the
//! operator writes the same form into the ConfigMap of the servers.
//!
//! `{name}` in `dataDir`, `advertise` and `listen.host` stands for the server's own name, so that one file
//! serves all members.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use metafs_consensus::Peer;
use serde::Deserialize;

/// The file as written; see [`Config`] for what it means.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    name: Option<String>,
    data_dir: String,
    key_file: PathBuf,
    advertise: String,
    #[serde(default)]
    listen: Listen,
    #[serde(default)]
    raft: RaftTimings,
    #[serde(default)]
    log: LogConfig,
    tablestore_credentials: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Listen {
    host: String,
    rpc: u16,
    web: u16,
    raft: u16,
    admin: u16,
    health: u16,
}

impl Default for Listen {
    fn default() -> Self {
        Self { host: "0.0.0.0".into(), rpc: 8020, web: 9870, raft: 8030, admin: 8031, health: 9872 }
    }
}

/// Raft's clocks; the defaults are for a real network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RaftTimings {
    /// A leader's heartbeat, milliseconds.
    pub heartbeat_ms: u64,
    /// Least time without a leader before a member campaigns, milliseconds.
    pub election_min_ms: u64,
    /// Most time, milliseconds.
    pub election_max_ms: u64,
}

impl Default for RaftTimings {
    fn default() -> Self {
        Self { heartbeat_ms: 300, election_min_ms: 1500, election_max_ms: 3000 }
    }
}

/// How the log is written.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct LogConfig {
    /// Filter in the syntax of tracing's EnvFilter.
    pub filter: String,
    /// Lines for people or for machines.
    pub format: LogFormat,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { filter: "info".into(), format: LogFormat::Text }
    }
}

/// Form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// A checked configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Own name and the addresses others use.
    pub own: Peer,
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// File with the cluster's key.
    pub key_file: PathBuf,
    /// Hadoop RPC.
    pub rpc: SocketAddr,
    /// WebHDFS.
    pub web: SocketAddr,
    /// Raft.
    pub raft: SocketAddr,
    /// Admin API.
    pub admin: SocketAddr,
    /// Health and metrics.
    pub health: SocketAddr,
    /// Raft's clocks.
    pub timings: RaftTimings,
    /// Logging.
    pub log: LogConfig,
    /// Folder with the key for Tablestore: files accessKeyId, accessKeySecret and, with temporary
    /// keys, securityToken. Read anew when they change.
    pub tablestore_credentials: Option<PathBuf>,
}

/// Why a configuration is no good; the message says what to change.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {path}: {source}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not the YAML that is expected.
    #[error("{path}: {source}")]
    Parse {
        /// Which.
        path: PathBuf,
        /// Where and why.
        source: serde_yaml::Error,
    },
    /// A value does not fit.
    #[error("{path}: {field}: {reason}")]
    Value {
        /// Which file.
        path: PathBuf,
        /// Which field.
        field: &'static str,
        /// What to change.
        reason: String,
    },
}

/// What the command line may override.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--name` or `METAFS_NAME`.
    pub name: Option<String>,
    /// `--data-dir`.
    pub data_dir: Option<String>,
}

impl Config {
    /// Reads and checks `path`.
    ///
    /// # Errors
    /// [`ConfigError`], naming the file and what to change.
    pub fn load(path: &Path, overrides: Overrides) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        Self::parse(&text, path, overrides)
    }

    fn parse(text: &str, path: &Path, overrides: Overrides) -> Result<Self, ConfigError> {
        let File { name, data_dir, key_file, advertise, listen, raft, log, tablestore_credentials } =
            serde_yaml::from_str(text)
                .map_err(|source| ConfigError::Parse { path: path.to_owned(), source })?;
        let bad = |field, reason: &str| ConfigError::Value {
            path: path.to_owned(),
            field,
            reason: reason.to_owned(),
        };
        let name = overrides.name.or(name).filter(|name| !name.is_empty()).ok_or_else(|| {
            bad("name", "give the server a name here, with --name or in METAFS_NAME")
        })?;
        let named = |text: &str| text.replace("{name}", &name);
        let advertise = named(&advertise);
        if advertise.is_empty() || advertise.contains(['/', ' ']) {
            return Err(bad(
                "advertise",
                "must be the host name or address that the others reach this server at",
            ));
        }
        if raft.heartbeat_ms == 0 || raft.election_min_ms < raft.heartbeat_ms * 2 {
            return Err(bad(
                "raft",
                "electionMinMs must be at least twice heartbeatMs, and heartbeatMs at least 1",
            ));
        }
        if raft.election_max_ms <= raft.election_min_ms {
            return Err(bad("raft", "electionMaxMs must be above electionMinMs"));
        }
        let host: std::net::IpAddr = named(&listen.host).parse().map_err(|_| {
            bad("listen.host", "must be an IP address to bind to, such as 0.0.0.0 or ::")
        })?;
        let Listen { host: _, rpc, web, raft: raft_port, admin, health } = listen;
        let at = |port| SocketAddr::new(host, port);
        let seen_at = |port| {
            if advertise.contains(':') {
                format!("[{advertise}]:{port}")
            } else {
                format!("{advertise}:{port}")
            }
        };
        Ok(Self {
            own: Peer {
                raft: seen_at(raft_port),
                admin: seen_at(admin),
                web: seen_at(web),
                name: name.clone(),
            },
            data_dir: PathBuf::from(named(&overrides.data_dir.unwrap_or(data_dir))),
            key_file,
            rpc: at(rpc),
            web: at(web),
            raft: at(raft_port),
            admin: at(admin),
            health: at(health),
            timings: raft,
            log,
            tablestore_credentials,
        })
    }
}

impl RaftTimings {
    /// The least election timeout.
    pub fn election_min(self) -> Duration {
        Duration::from_millis(self.election_min_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, ConfigError> {
        Config::parse(
            text,
            Path::new("server.yaml"),
            Overrides { name: Some("n-1".into()), data_dir: None },
        )
    }

    const GOOD: &str = "dataDir: /data/{name}\nkeyFile: /k\nadvertise: \"{name}.svc\"\n";

    #[test]
    fn one_file_serves_all_members() {
        let config = parse(GOOD).expect("parses");
        assert_eq!(config.own.raft, "n-1.svc:8030");
        assert_eq!(config.own.web, "n-1.svc:9870");
        assert_eq!(config.data_dir, PathBuf::from("/data/n-1"));
        assert_eq!(config.health, "0.0.0.0:9872".parse().expect("address"));
    }

    #[test]
    fn addresses_of_version_6_are_bracketed() {
        let config = parse("dataDir: d\nkeyFile: k\nadvertise: '::1'\nlisten: {host: '::1'}\n")
            .expect("parses");
        assert_eq!(config.own.raft, "[::1]:8030");
    }

    #[test]
    fn mistakes_are_named() {
        for (text, says) in [
            ("dataDir: d\nkeyFile: k\nadvertise: a\nspeed: 1\n", "unknown field `speed`"),
            ("dataDir: d\nkeyFile: k\nadvertise: ''\n", "advertise"),
            ("dataDir: d\nkeyFile: k\nadvertise: a\nlisten: {host: example}\n", "IP address"),
            ("dataDir: d\nkeyFile: k\nadvertise: a\nraft: {heartbeatMs: 0}\n", "heartbeatMs"),
            ("dataDir: d\nkeyFile: k\nadvertise: a\nraft: {electionMaxMs: 5}\n", "electionMaxMs"),
            ("keyFile: k\nadvertise: a\n", "dataDir"),
            ("\u{0}", "server.yaml"),
        ] {
            let error = parse(text).expect_err(text).to_string();
            assert!(error.contains(says), "{error:?} should mention {says:?}");
        }
        let nameless =
            Config::parse(GOOD, Path::new("f"), Overrides::default()).expect_err("no name");
        assert!(nameless.to_string().contains("METAFS_NAME"));
    }
}
