//! Names, labels and ports of everything a cluster is made of. One place, as they are a contract
//! with users (Services, ConfigMaps) and with kept volumes.

use std::collections::BTreeMap;

/// Field manager of all objects but the status.
pub const FIELD_MANAGER: &str = "metafs-operator";
/// Field manager of the status.
pub const STATUS_MANAGER: &str = "metafs-operator-status";
/// Finalizer where volumes are deleted with the resource.
pub const FINALIZER: &str = "metafs.dev/volumes";
/// Pod annotation: hash of the configuration that needs a new pod when it changes.
pub const CONFIG_HASH: &str = "metafs.dev/config-hash";
/// Pod annotation: version of the Secret with the credentials for Tablestore. A kubelet looks anew at
/// what a pod mounts when the pod changes, and else about once a minute.
pub const CREDENTIALS_VERSION: &str = "metafs.dev/tablestore-credentials";
/// Pod label: what the member is to clients. Kept by the operator ([`role`]).
pub const ROLE: &str = "metafs.dev/role";
/// The one container of a pod.
pub const CONTAINER: &str = "metaserver";
/// The one volume claim template.
pub const VOLUME: &str = "data";

/// Hadoop RPC.
pub const RPC_PORT: u16 = 8020;
/// WebHDFS.
pub const WEB_PORT: u16 = 9870;
/// Raft.
pub const RAFT_PORT: u16 = 8030;
/// Admin API.
pub const ADMIN_PORT: u16 = 8031;
/// Health and metrics.
pub const HEALTH_PORT: u16 = 9872;

/// Values of [`ROLE`].
pub mod role {
    /// Serves writes.
    pub const ACTIVE: &str = "active";
    /// Waits to take over.
    pub const STANDBY: &str = "standby";
    /// Serves reads.
    pub const OBSERVER: &str = "observer";
}

/// Label that names the cluster a pod or volume belongs to.
pub const INSTANCE: &str = "app.kubernetes.io/instance";
/// Selects everything this operator made, whatever the cluster.
pub const MANAGED: &str =
    "app.kubernetes.io/name=metafs,app.kubernetes.io/managed-by=metafs-operator";
/// Label of what this operator made.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

/// The two groups of servers in a cluster, each a StatefulSet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Those with a vote.
    Voters,
    /// Observers beyond them, without a vote.
    Readers,
}

impl Group {
    fn component(self) -> &'static str {
        match self {
            Group::Voters => CONTAINER,
            Group::Readers => "read-replica",
        }
    }
}

/// Labels that select all pods of a cluster.
pub fn all_selector(cluster: &str) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("app.kubernetes.io/name".into(), "metafs".into()),
        (INSTANCE.into(), cluster.into()),
    ])
}

/// Labels that select the pods of a group; never changed (a StatefulSet's selector is immutable).
pub fn selector(cluster: &str, group: Group) -> BTreeMap<String, String> {
    let mut labels = all_selector(cluster);
    labels.insert("app.kubernetes.io/component".into(), group.component().into());
    labels
}

/// Labels that select those of a cluster's pods that have that role now.
pub fn role_selector(cluster: &str, role: &str) -> BTreeMap<String, String> {
    let mut labels = all_selector(cluster);
    labels.insert(ROLE.into(), role.into());
    labels
}

/// Labels of every object of a group.
pub fn labels(cluster: &str, group: Group) -> BTreeMap<String, String> {
    let mut labels = selector(cluster, group);
    labels.insert(MANAGED_BY.into(), "metafs-operator".into());
    labels
}

/// A selector in the form of a query.
pub fn query(selector: &BTreeMap<String, String>) -> String {
    selector.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
}

/// Headless Service: a stable DNS name for every pod, ready or not.
pub fn members_service(cluster: &str) -> String {
    format!("{cluster}-members")
}

/// Service in front of the active server.
pub fn active_service(cluster: &str) -> String {
    format!("{cluster}-active")
}

/// Service in front of the observers.
pub fn observers_service(cluster: &str) -> String {
    format!("{cluster}-observers")
}

/// ConfigMap of the servers.
pub fn config(cluster: &str) -> String {
    format!("{cluster}-config")
}

/// ConfigMap for Hadoop clients.
pub fn discovery(cluster: &str) -> String {
    format!("{cluster}-discovery")
}

/// Secret with the cluster's key and id.
pub fn secret(cluster: &str) -> String {
    format!("{cluster}-cluster")
}

/// Secret with the credentials for Tablestore that the pods mount.
pub fn tablestore_secret(cluster: &str) -> String {
    format!("{cluster}-tablestore")
}

/// StatefulSet of a group; names of its pods and volumes begin with it.
pub fn set(cluster: &str, group: Group) -> String {
    match group {
        Group::Voters => cluster.to_owned(),
        Group::Readers => format!("{cluster}-read"),
    }
}

/// A member's pod.
pub fn pod(set: &str, ordinal: u32) -> String {
    format!("{set}-{ordinal}")
}

/// A member's volume claim.
pub fn claim(pod: &str) -> String {
    format!("{VOLUME}-{pod}")
}

/// The ordinal in a pod's or member's name.
pub fn ordinal(set: &str, pod: &str) -> Option<u32> {
    let digits = pod.strip_prefix(set)?.strip_prefix('-')?;
    let canonical = !digits.is_empty() && (digits == "0" || !digits.starts_with('0'));
    if canonical && digits.bytes().all(|b| b.is_ascii_digit()) { digits.parse().ok() } else { None }
}

/// The ordinal in a volume claim's name.
pub fn claim_ordinal(set: &str, claim: &str) -> Option<u32> {
    ordinal(set, claim.strip_prefix(VOLUME)?.strip_prefix('-')?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals_are_read_back_and_nothing_else() {
        assert_eq!(ordinal("demo", &pod("demo", 12)), Some(12));
        assert_eq!(claim_ordinal("demo", &claim(&pod("demo", 3))), Some(3));
        let read = set("demo", Group::Readers);
        assert_eq!(ordinal(&read, &pod(&read, 0)), Some(0));
        assert_eq!(ordinal("demo", &pod(&read, 0)), None);
        assert_eq!(claim_ordinal("demo", &claim(&pod(&read, 0))), None);
        for other in ["demo", "demo-", "demo-01", "demo-x", "demo-members-0", "demo2-0", "other-0"]
        {
            assert_eq!(ordinal("demo", other), None, "{other}");
        }
        assert_eq!(claim_ordinal("demo", "demo-0"), None);
    }
}
