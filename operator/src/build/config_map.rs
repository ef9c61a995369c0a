//! The ConfigMap of the servers: server.yaml, the same for every member.

use k8s_openapi::api::core::v1::ConfigMap;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::names;
use crate::validate::ValidatedCluster;

/// Where the ConfigMap is mounted.
pub const CONFIG_DIR: &str = "/etc/metafs/config";
/// Where the Secret is mounted.
pub const SECRET_DIR: &str = "/etc/metafs/secret";
/// Where the credentials for Tablestore are mounted, whether there are any or not.
pub const TABLESTORE_DIR: &str = "/etc/metafs/tablestore";
/// Where the volume is mounted.
pub const DATA_DIR: &str = "/var/lib/metafs";
/// The one file in it.
pub const FILE: &str = "server.yaml";

/// The server's configuration file, as the server reads it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ServerConfig<'a> {
    data_dir: &'a str,
    key_file: String,
    tablestore_credentials: &'a str,
    advertise: String,
    listen: Listen,
    raft: RaftTiming,
    log: Log<'a>,
}

#[derive(Serialize)]
struct Listen {
    host: &'static str,
    rpc: u16,
    web: u16,
    raft: u16,
    admin: u16,
    health: u16,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RaftTiming {
    heartbeat_ms: u32,
    election_min_ms: u32,
    election_max_ms: u32,
}

#[derive(Serialize)]
struct Log<'a> {
    filter: &'a str,
    format: &'static str,
}

/// The ConfigMap, and what of it needs a new pod when it changes.
pub struct Config {
    /// The object.
    pub object: ConfigMap,
    /// Hash of the configuration without what changes at run time.
    pub restart_hash: String,
}

/// DNS name of the member `name`; `name` may be the placeholder that the server replaces.
pub fn host(cluster: &ValidatedCluster, name: &str) -> String {
    let ValidatedCluster { namespace, cluster_domain, .. } = cluster;
    format!("{name}.{}.{namespace}.svc.{cluster_domain}", names::members_service(&cluster.name))
}

/// Builds it.
///
/// # Errors
/// [`Error::Serialise`]
pub fn build(cluster: &ValidatedCluster) -> Result<Config, Error> {
    let text = server_yaml(cluster, &cluster.log_level)?;
    // The log filter is set through the admin API: a change of it must not restart anything.
    let restart_hash = hash(&server_yaml(cluster, "")?);
    let object = ConfigMap {
        metadata: super::metadata(cluster, names::config(&cluster.name)),
        data: Some([(FILE.to_owned(), text)].into()),
        ..ConfigMap::default()
    };
    Ok(Config { object, restart_hash })
}

fn server_yaml(cluster: &ValidatedCluster, filter: &str) -> Result<String, Error> {
    let metafs_crds::Raft { heartbeat_ms, election_min_ms, election_max_ms } = cluster.raft;
    let config = ServerConfig {
        data_dir: DATA_DIR,
        key_file: format!("{SECRET_DIR}/{}", super::secret::KEY),
        tablestore_credentials: TABLESTORE_DIR,
        advertise: host(cluster, "{name}"),
        listen: Listen {
            host: "0.0.0.0",
            rpc: names::RPC_PORT,
            web: names::WEB_PORT,
            raft: names::RAFT_PORT,
            admin: names::ADMIN_PORT,
            health: names::HEALTH_PORT,
        },
        raft: RaftTiming { heartbeat_ms, election_min_ms, election_max_ms },
        log: Log { filter, format: "json" },
    };
    serde_yaml::to_string(&config)
        .map_err(|e| Error::Serialise { what: FILE, message: e.to_string() })
}

fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::valid;
    use metafs_crds::MetadataClusterSpec;

    #[test]
    fn the_file_is_the_servers_format() {
        let config = build(&valid(MetadataClusterSpec::default())).unwrap();
        let want = "\
dataDir: /var/lib/metafs
keyFile: /etc/metafs/secret/key
tablestoreCredentials: /etc/metafs/tablestore
advertise: '{name}.demo-members.data.svc.cluster.local'
listen:
  host: 0.0.0.0
  rpc: 8020
  web: 9870
  raft: 8030
  admin: 8031
  health: 9872
raft:
  heartbeatMs: 300
  electionMinMs: 1500
  electionMaxMs: 3000
log:
  filter: info
  format: json
";
        assert_eq!(config.object.data.unwrap()[FILE], want);
    }

    #[test]
    fn only_what_needs_a_new_pod_changes_the_hash() {
        let hash = |change: fn(&mut MetadataClusterSpec)| {
            let mut spec = MetadataClusterSpec::default();
            change(&mut spec);
            build(&valid(spec)).unwrap().restart_hash
        };
        let before = hash(|_| {});
        assert_eq!(before, hash(|s| s.log_level = "debug".into()));
        assert_eq!(before, hash(|s| s.audit_log = false));
        assert_eq!(before, hash(|s| s.replicas = 5));
        assert_eq!(before, hash(|s| s.observers = 1));
        assert_eq!(before, hash(|s| s.read_replicas = 2));
        assert_eq!(before, hash(|s| s.observer_reads.max_wait_milliseconds = 1));
        assert_eq!(before, hash(|s| s.tablestore = Some(crate::remote::tests::upload())));
        assert_ne!(before, hash(|s| s.raft.heartbeat_ms = 100));
    }
}
