//! The binary's configuration: a small YAML file, and a few options of the command line over it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::service::Settings;

/// The file. Everything has a default: without a file the server listens on loopback, in memory.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Config {
    /// Where HTTP is served.
    pub listen: SocketAddr,
    /// HTTPS beside it.
    pub tls: Option<Tls>,
    /// Where the control API is served; absent: nowhere. It has no authentication.
    pub control: Option<SocketAddr>,
    /// Where rows are kept; absent: in memory.
    pub data_dir: Option<PathBuf>,
    /// What is logged, as `tracing` writes it.
    pub log: String,
    /// Instances, keys, tables.
    pub service: Settings,
}

/// HTTPS.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tls {
    /// Where it is served.
    pub listen: SocketAddr,
    /// The certificate and those above it, PEM.
    pub certificate: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8087)),
            tls: None,
            control: None,
            data_dir: None,
            log: "info".into(),
            service: Settings::default(),
        }
    }
}

/// A file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", path.display())]
pub struct ConfigError {
    path: PathBuf,
    reason: String,
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, or says what is not known.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let failed = |reason: String| ConfigError { path: path.to_owned(), reason };
        let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
        let config: Self =
            serde_yaml::from_str(&text).map_err(|error| failed(error.to_string()))?;
        if config.service.instances.is_empty() {
            return Err(failed("service.instances must name at least one instance".into()));
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Config, ConfigError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.yaml");
        std::fs::write(&path, text).unwrap();
        Config::load(&path)
    }

    #[test]
    fn all_keys_of_the_documentation() {
        let config = load(
            "listen: 127.0.0.1:1\n\
             tls: {listen: 127.0.0.1:2, certificate: /c.pem, key: /k.pem}\n\
             control: 127.0.0.1:3\n\
             dataDir: /data\n\
             log: debug\n\
             service:\n\
             \x20 instances: [a, b]\n\
             \x20 keys:\n\
             \x20 - {id: i, secret: s, instances: [a], readOnly: true, stsToken: t}\n\
             \x20 transactions: {allTables: true, tables: [x]}\n\
             \x20 tables:\n\
             \x20 - name: TransactionTable\n\
             \x20   primaryKey: [{name: PK0, type: INTEGER}, {name: PK1, type: STRING}]\n\
             \x20   transactions: true\n\
             \x20 tablesPerInstance: 5\n\
             \x20 tableOperationsPerSecond: 10\n",
        )
        .unwrap();
        assert!(config.service.keys[0].read_only);
        assert_eq!(config.service.tables[0].primary_key.len(), 2);
        assert!(load("unknown: 1").is_err());
        assert!(load("service: {instances: []}").is_err());
    }
}
