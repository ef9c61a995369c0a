//! The Secret with the cluster's key and id. Made once and never overwritten; it has no owner, as
//! it must live as long as the volumes it belongs to.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::core::ObjectMeta;
use rand::RngCore;

use crate::names::{self, Group};
use crate::validate::ValidatedCluster;

/// Field with the key that Raft and the admin API ask for.
pub const KEY: &str = "key";
/// Field with the cluster's id; written before the cluster is formed.
pub const CLUSTER_ID: &str = "clusterId";
/// Field with the node ids of the volumes that the cluster was formed of, comma-separated.
pub const FORMED_OF: &str = "formedOf";

/// A new key: 32 random bytes as 64 hex digits.
pub fn draw_key() -> String {
    let mut key = [0_u8; 32];
    rand::rng().fill_bytes(&mut key);
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A Secret for a cluster that has none.
pub fn build(cluster: &ValidatedCluster, key: &str) -> Secret {
    Secret {
        metadata: ObjectMeta {
            name: Some(names::secret(&cluster.name)),
            namespace: Some(cluster.namespace.clone()),
            labels: Some(names::labels(&cluster.name, Group::Voters)),
            ..ObjectMeta::default()
        },
        data: Some(BTreeMap::from([(KEY.into(), ByteString(key.as_bytes().to_vec()))])),
        ..Secret::default()
    }
}
