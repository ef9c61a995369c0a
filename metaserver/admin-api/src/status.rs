//! What a member says of itself: GET /v1/status.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use metafs_namespace::settings::MemberRole;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::RemoteStatus;

/// A member's identity: drawn at random when its volume is first used, printed as 16 hex digits
/// (a JSON number would lose bits in many readers).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u64);

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for NodeId {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match u64::from_str_radix(text, 16) {
            Ok(id) if text.len() == 16 => Ok(Self(id)),
            _ => Err(format!("a node id is 16 hex digits, not {text:?}")),
        }
    }
}

impl Serialize for NodeId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for NodeId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A member's name and addresses (`host:port` each), as the others and the clients reach it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Member {
    /// The pod's name (without Kubernetes: any unique name).
    pub name: String,
    /// Raft.
    pub raft: String,
    /// Admin API.
    pub admin: String,
    /// WebHDFS.
    pub web: String,
}

/// How far a volume is in a cluster's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Never part of a cluster: no cluster id, no log.
    Pristine,
    /// Knows its cluster, but is not in the membership it knows (being added, or removed).
    Outside,
    /// In the membership.
    Member,
}

/// What a member does in the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// The leader, its term confirmed by a quorum: serves clients.
    Active,
    /// A voter that follows or campaigns.
    Standby,
    /// A voter or learner that answers reads.
    Observer,
    /// Receives the log without a vote.
    Learner,
    /// Not a member.
    None,
}

/// Whether the member serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// Readiness: it is a member, knows a leader and has caught up with it.
    pub ready: bool,
    /// Why it is not ready, or what stopped it (disk full, failed fsync).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Who leads, as far as this member knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Leader {
    /// Its id.
    pub node_id: NodeId,
    /// Its addresses, if it is in the membership known here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<Member>,
}

/// A member of the cluster as this member's membership has it, with what the leader knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberProgress {
    /// Its addresses.
    #[serde(flatten)]
    pub member: MemberFields,
    /// Voter, or learner.
    pub voter: bool,
    /// Highest log index known to be stored there (leader only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matched_index: Option<u64>,
    /// Milliseconds since it last answered (leader only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_contact_ms: Option<u64>,
    /// Percent of a snapshot under way to it (leader only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot_percent: Option<u8>,
}

/// [`Member`] where it is flattened into another object (serde's flatten and deny_unknown_fields
/// exclude each other).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberFields {
    /// See [`Member`].
    pub name: String,
    /// See [`Member`].
    pub raft: String,
    /// See [`Member`].
    pub admin: String,
    /// See [`Member`].
    pub web: String,
}

impl From<Member> for MemberFields {
    fn from(Member { name, raft, admin, web }: Member) -> Self {
        Self { name, raft, admin, web }
    }
}

impl From<MemberFields> for Member {
    fn from(MemberFields { name, raft, admin, web }: MemberFields) -> Self {
        Self { name, raft, admin, web }
    }
}

/// The namespace's figures as of the member's applied index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NamespaceFigures {
    /// Directories, the root included.
    pub directories: u64,
    /// Files.
    pub files: u64,
    /// Bytes of content.
    pub bytes: u64,
    /// Files open for writing.
    pub open_files: u64,
    /// Checksum of all rows, 32 hex digits; equal on members with the same applied index.
    pub checksum: String,
    /// Whether deleted trees are still being cleaned up.
    pub cleaning_up: bool,
}

/// GET /v1/status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Product version, e.g. `0.1.0`.
    pub version: String,
    /// Version of Raft's protocol between members.
    pub raft_protocol: u32,
    /// This volume's id.
    pub node_id: NodeId,
    /// Own name and addresses, as configured.
    pub own: Member,
    /// The cluster's id, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_id: Option<String>,
    /// How far the volume is.
    pub phase: Phase,
    /// What it does.
    pub role: Role,
    /// Whether it serves.
    pub health: Health,
    /// Raft's current term.
    pub term: u64,
    /// The leader known here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leader: Option<Leader>,
    /// Highest index in the own log.
    pub last_log_index: u64,
    /// Highest index known to be committed.
    pub committed_index: u64,
    /// Highest index applied to the own state machine.
    pub applied_index: u64,
    /// Index of the log entry that set the present membership.
    pub membership_index: u64,
    /// Whether a membership change is in its joint phase.
    pub membership_joint: bool,
    /// All members by id.
    pub members: BTreeMap<NodeId, MemberProgress>,
    /// Generation of the applied settings; `None` before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings_generation: Option<u64>,
    /// Roles that were forced on members, by name, against those of the settings.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub forced_roles: BTreeMap<String, MemberRole>,
    /// Figures of the namespace.
    pub namespace: NamespaceFigures,
    /// The copy in Tablestore; `None`: the settings name none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<RemoteStatus>,
    /// Bytes the data directory takes on its volume.
    pub disk_used_bytes: u64,
    /// Bytes free on that volume.
    pub disk_free_bytes: u64,
    /// Seconds since the process started.
    pub uptime_seconds: u64,
}
