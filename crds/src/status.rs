//! `MetadataCluster.status`: what the operator last saw. Numbers that change fast are written
//! seldom; exact ones are metrics of the servers.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::copy::{RecoveryStatus, TablestoreStatus};

/// Types of the conditions in the status.
pub mod condition {
    /// The present spec is in force and every member is ready.
    pub const READY: &str = "Ready";
    /// A leader with a quorum serves clients.
    pub const AVAILABLE: &str = "Available";
    /// The operator is changing something, or waits for a change to take effect.
    pub const PROGRESSING: &str = "Progressing";
    /// Nothing goes on without a hand; the message says what to do (kstatus: failed).
    pub const STALLED: &str = "Stalled";
    /// Every wanted observer answers reads.
    pub const OBSERVERS_READY: &str = "ObserversReady";
    /// Everything acknowledged up to a moment less than 5 s ago is in Tablestore and checkpointed.
    pub const SYNCED: &str = "Synced";
    /// The leader writes to the copy in Tablestore.
    pub const UPLOADING: &str = "Uploading";
    /// The namespace was recovered from a copy, and is identical to it.
    pub const RECOVERED: &str = "Recovered";
    /// Writes are refused because of a recovery (error 25021).
    pub const READ_ONLY: &str = "ReadOnly";
    /// Another cluster has taken the copy over.
    pub const REMOTE_FENCED: &str = "RemoteFenced";
}

/// What the operator last saw of the cluster.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct MetadataClusterStatus {
    /// The generation of the spec that this status is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,

    /// Ready, Available, Progressing, Stalled and ObserversReady, and where spec.tablestore is given Synced,
    /// Uploading, Recovered, ReadOnly and RemoteFenced, each with a reason and a message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,

    /// Pods that exist, without those of read replicas.
    #[serde(default)]
    pub replicas: i32,

    /// Members that are ready, without read replicas.
    #[serde(default)]
    pub ready_replicas: i32,

    /// Members that are ready, of those wanted, as in 3/3; without read replicas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<String>,

    /// Observers that serve reads, of those wanted (spec.observers and spec.readReplicas), as in 1/1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observers_ready: Option<String>,

    /// What each member is to clients, as in demo-0=active,demo-1=standby,demo-2=observer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<String>,

    /// Label selector of the pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,

    /// The cluster's id, drawn when it was formed. Kept in the Secret NAME-cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_id: Option<String>,

    /// What clients use as fs.defaultFS. The files that make it work are in the ConfigMap
    /// NAME-discovery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,

    /// What clients of the native protocol use, for everything but the contents of files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rpc_uri: Option<String>,

    /// Name of the member that serves writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leader: Option<String>,

    /// Raft's term; grows with each election.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub term: Option<i64>,

    /// Version that the members run; the lowest one while they differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,

    /// Files in the namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<i64>,

    /// Directories in the namespace, the root included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directories: Option<i64>,

    /// Bytes of file content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<i64>,

    /// The copy in Tablestore.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tablestore: Option<TablestoreStatus>,

    /// The recovery from a copy in Tablestore, if there was or is to be one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery: Option<RecoveryStatus>,

    /// The members, read replicas among them, by pod name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub members: Vec<MemberStatus>,
}

/// One member.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct MemberStatus {
    /// The pod's name.
    pub name: String,

    /// What it does.
    pub role: MemberRole,

    /// The role that haadmin -forcemanual gave it, against spec.observers. The next change of the
    /// spec, or the annotation metafs.dev/restore-roles, ends that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forced_role: Option<ForcedRole>,

    /// Whether it is caught up and serves its part.
    pub ready: bool,

    /// Identity of its volume, 16 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_id: Option<String>,

    /// Log index up to which it has applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied_index: Option<i64>,

    /// Log entries by which it is behind the leader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag: Option<i64>,

    /// Bytes its data takes on its volume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk_used_bytes: Option<i64>,

    /// Why it is not ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// What a member does.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
pub enum MemberRole {
    /// Leads and serves clients.
    Leader,
    /// Has a vote and follows, ready to take over.
    Follower,
    /// Follows and answers reads.
    Observer,
    /// Receives the log and has no vote yet.
    Learner,
    /// Is not a member (yet).
    Outside,
    /// Does not answer.
    Unknown,
}

/// A role that was forced on a member.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
pub enum ForcedRole {
    /// Sends its clients to the active server.
    Standby,
    /// Answers reads.
    Observer,
}
