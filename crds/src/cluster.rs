//! `MetadataCluster`: what a user asks for. Doc comments are the texts of `kubectl explain`.
//!
//! Every field has a default in the schema or means something when it is absent; optional ones
//! are left out when serialised, as CEL's `has()` takes `null` for present.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Affinity, LocalObjectReference, ResourceRequirements, Toleration, TopologySpreadConstraint,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::quantity::quantity_schema;
use crate::status::MetadataClusterStatus;
use crate::tablestore::Tablestore;

/// The wanted state of a metadata cluster: a group of servers that keep one HDFS-compatible
/// namespace, replicated by Raft.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[kube(
    group = "metafs.dev",
    version = "v1alpha1",
    kind = "MetadataCluster",
    plural = "metadataclusters",
    shortname = "mdc",
    category = "metafs",
    namespaced,
    doc = "A MetadataCluster is a group of servers that keep one HDFS-compatible namespace on replicated volumes.",
    status = "MetadataClusterStatus",
    derive = "PartialEq",
    scale(
        spec_replicas_path = ".spec.replicas",
        status_replicas_path = ".status.replicas",
        label_selector_path = ".status.selector"
    ),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.ready",
        description = "Members that are ready, of those wanted"
    ),
    printcolumn(
        name = "Status",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].reason",
        description = "Why the cluster is ready or not"
    ),
    printcolumn(
        name = "Leader",
        type_ = "string",
        json_path = ".status.leader",
        description = "The member that serves writes"
    ),
    printcolumn(
        name = "Observers",
        type_ = "string",
        json_path = ".status.observersReady",
        description = "Observers that serve reads, of those wanted"
    ),
    printcolumn(
        name = "Synced",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Synced\")].status",
        description = "Whether everything is in the copy in Tablestore"
    ),
    printcolumn(
        name = "Lag",
        type_ = "integer",
        json_path = ".status.tablestore.lagSeconds",
        description = "Seconds by which the copy in Tablestore is behind"
    ),
    printcolumn(
        name = "Recovery",
        type_ = "string",
        json_path = ".status.recovery.state",
        description = "What the recovery from Tablestore has come to"
    ),
    printcolumn(name = "Files", type_ = "integer", json_path = ".status.files", description = "Files in the namespace"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Term",
        type_ = "integer",
        json_path = ".status.term",
        priority = 1,
        description = "Raft's term: grows with each election"
    ),
    printcolumn(
        name = "Dirs",
        type_ = "integer",
        json_path = ".status.directories",
        priority = 1,
        description = "Directories in the namespace"
    ),
    printcolumn(
        name = "Bytes",
        type_ = "integer",
        json_path = ".status.bytes",
        priority = 1,
        description = "Bytes of file content"
    ),
    printcolumn(
        name = "Version",
        type_ = "string",
        json_path = ".status.version",
        priority = 1,
        description = "Version the members run"
    ),
    printcolumn(
        name = "Roles",
        type_ = "string",
        json_path = ".status.roles",
        priority = 1,
        description = "What each member is to clients"
    ),
    printcolumn(
        name = "URI",
        type_ = "string",
        json_path = ".status.uri",
        priority = 1,
        description = "The clients' fs.defaultFS"
    ),
    validation = Rule::new("size(self.metadata.name) <= 40 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')")
        .message("metadata.name begins the names of pods and services: use at most 40 lower-case letters, digits and '-', beginning with a letter"),
    validation = Rule::new("(has(self.spec.nameservice) ? self.spec.nameservice : self.metadata.name) == (has(oldSelf.spec.nameservice) ? oldSelf.spec.nameservice : oldSelf.metadata.name)")
        .message("spec.nameservice is part of clients' URIs and cannot change: create another MetadataCluster, and copy the files")
        .field_path(".spec.nameservice"),
    validation = Rule::new("!self.metadata.name.matches('-(members|active|observers|read)$')")
        .message("metadata.name must not end in -members, -active, -observers or -read: parts of another MetadataCluster may have that name"),
    validation = Rule::new("self.spec.observers == 0 || self.spec.observers <= self.spec.replicas - 2")
        .message("spec.observers must be at most spec.replicas - 2, as one member leads and one stands by for it: lower spec.observers, raise spec.replicas, or use spec.readReplicas, which have no vote")
        .field_path(".spec.observers"),
    validation = Rule::new("!has(self.spec.tablestore) || self.spec.tablestore.mode != 'Recovery' || (has(oldSelf.spec.tablestore) && oldSelf.spec.tablestore.mode == 'Recovery')")
        .message("spec.tablestore.mode can be Recovery only from the creation of a MetadataCluster on, as only a namespace that never took a write can be recovered into: create another MetadataCluster with this mode")
        .field_path(".spec.tablestore.mode"),
    validation = Rule::new("has(self.spec.tablestore) || !has(oldSelf.spec.tablestore) || oldSelf.spec.tablestore.mode == 'Disabled'")
        .message("spec.tablestore can be removed only while its mode is Disabled: set spec.tablestore.mode to Disabled first")
        .field_path(".spec.tablestore"),
    validation = Rule::new("!has(self.spec.tablestore) || self.spec.tablestore.credentialsSecret.name != self.metadata.name + '-tablestore'")
        .message("spec.tablestore.credentialsSecret.name must not be the resource's name and -tablestore: the operator makes a Secret of that name; name another one")
        .field_path(".spec.tablestore.credentialsSecret.name"),
)]
#[serde(rename_all = "camelCase")]
pub struct MetadataClusterSpec {
    /// Number of servers, each with its own volume: 1, or an odd number up to 9. Three survive the
    /// loss of one, five of two. One alone is not replicated. May be changed at any time; members
    /// are added and removed one step at a time.
    #[serde(default = "default_replicas")]
    #[schemars(range(min = 1, max = 9))]
    #[x_kube(validation = Rule::new("self % 2 == 1").message("spec.replicas must be odd (1, 3, 5, 7 or 9): an even number survives no more failures than one less"))]
    pub replicas: i32,

    /// How many of the servers are observers: they answer reads over hdfs://, and lead only when
    /// nobody else is left to. They vote like the others. At most replicas - 2. The servers with the
    /// highest numbers are taken. Applied without a restart.
    #[serde(default)]
    #[schemars(range(min = 0, max = 7))]
    pub observers: i32,

    /// Observers beyond the voting servers, for more reads: pods NAME-read-0 and so on, with
    /// volumes of the same kind. They never vote, so their number has no effect on what the cluster
    /// survives. May be changed at any time; those removed lose their volumes.
    #[serde(default)]
    #[schemars(range(min = 0, max = 16))]
    pub read_replicas: i32,

    /// Reads on observers. Applied without a restart.
    #[serde(default)]
    pub observer_reads: ObserverReads,

    /// The logical name in clients' URIs, as in hdfs://NAME/ and webhdfs://NAME/. Default: the resource's name.
    /// Cannot be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"))]
    pub nameservice: Option<String>,

    /// Image of the servers. Default: the one that the operator was installed with, so that an
    /// upgrade of the operator upgrades the servers. A change rolls one pod at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512), regex(pattern = r"^\S+$"))]
    pub image: Option<String>,

    /// When the image is pulled.
    #[serde(default)]
    pub image_pull_policy: ImagePullPolicy,

    /// Secrets with the credentials for a private image registry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    pub image_pull_secrets: Vec<LocalObjectReference>,

    /// The volume of each server.
    #[serde(default)]
    pub storage: Storage,

    /// What becomes of the volumes when the MetadataCluster is deleted. Kept volumes are used again
    /// by a MetadataCluster of the same name.
    #[serde(default)]
    pub volume_retention: VolumeRetention,

    /// CPU and memory of each server. A change rolls one pod at a time.
    #[serde(default = "default_resources")]
    pub resources: ResourceRequirements,

    /// Where pods may run. By default servers prefer different nodes and zones. A change rolls one
    /// pod at a time.
    #[serde(default)]
    pub scheduling: Scheduling,

    /// While true the operator changes nothing: no roll, no membership change, no repair. The
    /// status and the pods' role labels are still kept up to date and the servers serve on.
    #[serde(default)]
    pub paused: bool,

    /// Who may do what. Applied without a restart.
    #[serde(default)]
    pub permissions: Permissions,

    /// Bounds of what clients may store. Applied without a restart.
    #[serde(default)]
    pub limits: Limits,

    /// Values for files whose creator gives none. Applied without a restart.
    #[serde(default)]
    pub defaults: Defaults,

    /// Leases of files that are open for writing. Applied without a restart.
    #[serde(default)]
    pub leases: Leases,

    /// A copy of the namespace in a Tablestore instance, kept up to date or recovered from. Absent: none,
    /// and nothing is remembered for one. Applied without a restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tablestore: Option<Tablestore>,

    /// Minutes for which deleted files stay in the trash of clients that use one
    /// (fs.trash.interval); 0 switches the trash off. Applied without a restart.
    #[serde(default)]
    #[schemars(range(min = 0, max = 5256000))]
    pub trash_interval_minutes: u32,

    /// Whether each client operation is written to the log as one line of audit. Applied without a
    /// restart.
    #[serde(default = "default_true")]
    pub audit_log: bool,

    /// What the servers log: a level (error, warn, info, debug, trace), or levels by module as in
    /// info,metafs_consensus=debug. Applied without a restart.
    #[serde(default = "default_log_level")]
    #[schemars(length(min = 1, max = 256), regex(pattern = r"^[A-Za-z0-9_:=,-]+$"))]
    pub log_level: String,

    /// Timing of Raft. The defaults suit members with up to about 50 ms between them. A change
    /// rolls one pod at a time.
    #[serde(default)]
    pub raft: Raft,

    /// Seconds after which a member whose node is gone or not ready is given up: its pod and its
    /// volume are deleted and a new member with an empty volume starts elsewhere, as long as the
    /// others hold a quorum.
    #[serde(default = "default_node_loss_grace")]
    #[schemars(range(min = 10, max = 604800))]
    pub node_loss_grace_seconds: u32,
}

/// When an image is pulled.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq, JsonSchema)]
pub enum ImagePullPolicy {
    /// At each start of a pod.
    Always,
    /// Only if the node does not have it.
    #[default]
    IfNotPresent,
    /// Never: the node must have it.
    Never,
}

/// What becomes of volumes.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq, JsonSchema)]
pub enum VolumeRetention {
    /// Volumes and the cluster's Secret are kept.
    #[default]
    Retain,
    /// Volumes and the cluster's Secret are deleted with the MetadataCluster.
    Delete,
}

/// The volume of each server.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("quantity(string(self.size)).compareTo(quantity(string(oldSelf.size))) >= 0")
        .message("spec.storage.size cannot shrink: volumes only grow; give a size at least as large as before")
        .field_path(".size"),
    validation = Rule::new("quantity(string(self.size)).compareTo(quantity('256Mi')) >= 0")
        .message("spec.storage.size must be at least 256Mi")
        .field_path(".size"),
    validation = Rule::new("has(self.storageClassName) == has(oldSelf.storageClassName) && (!has(self.storageClassName) || self.storageClassName == oldSelf.storageClassName)")
        .message("spec.storage.storageClassName cannot change: create another MetadataCluster, and copy the files"),
)]
pub struct Storage {
    /// Size of each volume. May grow where the storage class allows it, but not shrink.
    #[serde(default = "default_storage_size")]
    #[schemars(schema_with = "quantity_schema")]
    pub size: Quantity,

    /// Storage class of the volumes. Default: the Kubernetes cluster's default class. Cannot be
    /// changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), regex(pattern = r"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$"))]
    pub storage_class_name: Option<String>,
}

/// Where pods may run.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Scheduling {
    /// Labels a node must have.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub node_selector: BTreeMap<String, String>,

    /// Taints of nodes that the pods tolerate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub tolerations: Vec<Toleration>,

    /// Replaces the default affinity, which prefers nodes without another member of this cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub affinity: Option<Affinity>,

    /// Replaces the default spread over zones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    pub topology_spread_constraints: Option<Vec<TopologySpreadConstraint>>,

    /// Priority class of the pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub priority_class_name: Option<String>,
}

/// Who may do what. Clients name their user (simple authentication); groups are looked up here.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Permissions {
    /// Whether permissions are checked (dfs.permissions.enabled).
    #[serde(default = "default_true")]
    pub enabled: bool,

    /// The user that passes every check and owns the root directory.
    #[serde(default = "default_superuser")]
    #[schemars(length(min = 1, max = 255), regex(pattern = r"^[^\s/:]+$"))]
    pub superuser: String,

    /// Members of this group are superusers too (dfs.permissions.superusergroup); also the root
    /// directory's group.
    #[serde(default = "default_supergroup")]
    #[schemars(length(min = 1, max = 255), regex(pattern = r"^[^\s/:]+$"))]
    pub supergroup: String,

    /// Groups of users. A user that is not listed has one group, of its own name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 2000))]
    #[x_kube(merge_strategy = kube::core::ListMerge::Map(vec!["name".into()]))]
    pub users: Vec<User>,
}

/// A user and its groups.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The user's name.
    #[schemars(length(min = 1, max = 255), regex(pattern = r"^[^\s/:]+$"))]
    pub name: String,

    /// Its groups; the first one is the primary group.
    #[schemars(
        length(min = 1, max = 64),
        inner(length(min = 1, max = 255), regex(pattern = r"^[^\s/:]+$"))
    )]
    pub groups: Vec<String>,
}

/// Bounds of what clients may store.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Largest content of a file, in bytes; at most 1 MiB. A larger file is refused with an error
    /// that names this limit.
    #[serde(default = "default_inline_limit")]
    #[schemars(range(min = 0, max = 1048576))]
    pub inline_limit_bytes: u32,

    /// Largest number of entries in one directory (dfs.namenode.fs-limits.max-directory-items).
    #[serde(default = "default_max_directory_items")]
    #[schemars(range(min = 1, max = 6400000))]
    pub max_directory_items: u32,

    /// Largest number of extended attributes of one file or directory
    /// (dfs.namenode.fs-limits.max-xattrs-per-inode).
    #[serde(default = "default_max_xattrs")]
    #[schemars(range(min = 0, max = 1024))]
    pub max_xattrs_per_inode: u16,

    /// Largest size of one extended attribute, name and value together, in bytes
    /// (dfs.namenode.fs-limits.max-xattr-size).
    #[serde(default = "default_max_xattr_size")]
    #[schemars(range(min = 1, max = 32768))]
    pub max_xattr_size_bytes: u32,
}

/// Values for files whose creator gives none.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Defaults {
    /// Replication that clients are told and shown (dfs.replication). It counts in space quotas.
    #[serde(default = "default_replication")]
    #[schemars(range(min = 1, max = 512))]
    pub replication: u16,

    /// Block size that clients are told and shown, in bytes (dfs.blocksize).
    #[serde(default = "default_block_size")]
    #[schemars(range(min = 1048576, max = 1099511627776_i64))]
    pub block_size_bytes: i64,
}

/// Reads on observers.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("self.autoMsyncPeriodMilliseconds >= -1")
    .message("spec.observerReads.autoMsyncPeriodMilliseconds must be -1 (off), 0 (before every read) or a number of milliseconds")
    .field_path(".autoMsyncPeriodMilliseconds"))]
pub struct ObserverReads {
    /// Longest time in milliseconds for which an observer lets a read wait until it has applied
    /// what the client has seen before. Past it the client reads from the active server.
    #[serde(default = "default_max_wait")]
    #[schemars(range(min = 1, max = 60000))]
    pub max_wait_milliseconds: u32,

    /// How stale a read on an observer may be with regard to what OTHER clients have written
    /// (dfs.client.failover.observer.auto-msync-period in the ConfigMap NAME-discovery), in milliseconds: -1
    /// for no bound, 0 to ask the active server before every read. What a client wrote or read
    /// itself it always sees.
    #[serde(default = "default_auto_msync")]
    #[schemars(range(max = 86400000))]
    pub auto_msync_period_milliseconds: i64,
}

/// Leases of files that are open for writing.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("self.hardLimitSeconds >= self.softLimitSeconds")
    .message("spec.leases.hardLimitSeconds must not be smaller than softLimitSeconds: raise the hard limit or lower the soft one")
    .field_path(".hardLimitSeconds"))]
pub struct Leases {
    /// Seconds without a sign of the writer after which another client may take the file over.
    #[serde(default = "default_soft_limit")]
    #[schemars(range(min = 1, max = 86400))]
    pub soft_limit_seconds: u32,

    /// Seconds without a sign of the writer after which the file is closed
    /// (dfs.namenode.lease-hard-limit-sec).
    #[serde(default = "default_hard_limit")]
    #[schemars(range(min = 1, max = 604800))]
    pub hard_limit_seconds: u32,
}

/// Timing of Raft.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("self.electionMinMs >= 3 * self.heartbeatMs")
        .message("spec.raft.electionMinMs must be at least three times heartbeatMs, or one late heartbeat starts an election")
        .field_path(".electionMinMs"),
    validation = Rule::new("self.electionMaxMs > self.electionMinMs")
        .message("spec.raft.electionMaxMs must be greater than electionMinMs: members draw their timeout between the two, so that they do not campaign together")
        .field_path(".electionMaxMs"),
)]
pub struct Raft {
    /// Milliseconds between two heartbeats of the leader.
    #[serde(default = "default_heartbeat")]
    #[schemars(range(min = 20, max = 10000))]
    pub heartbeat_ms: u32,

    /// Least milliseconds without a heartbeat after which a member campaigns.
    #[serde(default = "default_election_min")]
    #[schemars(range(min = 100, max = 60000))]
    pub election_min_ms: u32,

    /// Most milliseconds without a heartbeat after which a member campaigns.
    #[serde(default = "default_election_max")]
    #[schemars(range(min = 200, max = 120000))]
    pub election_max_ms: u32,
}

fn default_replicas() -> i32 {
    3
}
fn default_true() -> bool {
    true
}
fn default_log_level() -> String {
    "info".into()
}
fn default_node_loss_grace() -> u32 {
    300
}
fn default_resources() -> ResourceRequirements {
    let requests = [("cpu", "200m"), ("memory", "512Mi")];
    ResourceRequirements {
        requests: Some(requests.map(|(name, value)| (name.into(), Quantity(value.into()))).into()),
        ..Default::default()
    }
}
fn default_storage_size() -> Quantity {
    Quantity("10Gi".into())
}
fn default_superuser() -> String {
    "hdfs".into()
}
fn default_supergroup() -> String {
    "supergroup".into()
}
fn default_inline_limit() -> u32 {
    64 << 10
}
fn default_max_directory_items() -> u32 {
    1 << 20
}
fn default_max_xattrs() -> u16 {
    32
}
fn default_max_xattr_size() -> u32 {
    16 << 10
}
fn default_replication() -> u16 {
    3
}
fn default_block_size() -> i64 {
    128 << 20
}
fn default_soft_limit() -> u32 {
    60
}
fn default_hard_limit() -> u32 {
    1200
}
fn default_max_wait() -> u32 {
    2000
}
fn default_auto_msync() -> i64 {
    -1
}
fn default_heartbeat() -> u32 {
    300
}
fn default_election_min() -> u32 {
    1500
}
fn default_election_max() -> u32 {
    3000
}

impl Default for MetadataClusterSpec {
    fn default() -> Self {
        Self {
            replicas: default_replicas(),
            observers: 0,
            read_replicas: 0,
            observer_reads: ObserverReads::default(),
            nameservice: None,
            image: None,
            image_pull_policy: ImagePullPolicy::default(),
            image_pull_secrets: Vec::new(),
            storage: Storage::default(),
            volume_retention: VolumeRetention::default(),
            resources: default_resources(),
            scheduling: Scheduling::default(),
            paused: false,
            permissions: Permissions::default(),
            limits: Limits::default(),
            defaults: Defaults::default(),
            leases: Leases::default(),
            tablestore: None,
            trash_interval_minutes: 0,
            audit_log: default_true(),
            log_level: default_log_level(),
            raft: Raft::default(),
            node_loss_grace_seconds: default_node_loss_grace(),
        }
    }
}

impl Default for Storage {
    fn default() -> Self {
        Self { size: default_storage_size(), storage_class_name: None }
    }
}

impl Default for Permissions {
    fn default() -> Self {
        Self {
            enabled: true,
            superuser: default_superuser(),
            supergroup: default_supergroup(),
            users: Vec::new(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            inline_limit_bytes: default_inline_limit(),
            max_directory_items: default_max_directory_items(),
            max_xattrs_per_inode: default_max_xattrs(),
            max_xattr_size_bytes: default_max_xattr_size(),
        }
    }
}

impl Default for Defaults {
    fn default() -> Self {
        Self { replication: default_replication(), block_size_bytes: default_block_size() }
    }
}

impl Default for ObserverReads {
    fn default() -> Self {
        Self {
            max_wait_milliseconds: default_max_wait(),
            auto_msync_period_milliseconds: default_auto_msync(),
        }
    }
}

impl Default for Leases {
    fn default() -> Self {
        Self { soft_limit_seconds: default_soft_limit(), hard_limit_seconds: default_hard_limit() }
    }
}

impl Default for Raft {
    fn default() -> Self {
        Self {
            heartbeat_ms: default_heartbeat(),
            election_min_ms: default_election_min(),
            election_max_ms: default_election_max(),
        }
    }
}
