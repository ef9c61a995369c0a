//! The admin API (port 8031) of a metafs server: its JSON messages and a client.
//!
//! Served by the server crate to holders of the cluster's key; spoken by the operator and
//! `metactl`. HTTP/1.1, JSON, `Authorization: Bearer <key>`; every request carries the header
//! [`VERSION_HEADER`] and a server refuses a version it does not speak.
//!
//! | method and path | body -> answer | who answers |
//! |---|---|---|
//! | GET /v1/status | -> [`Status`] | everybody |
//! | POST /v1/init | [`InitRequest`] -> [`Done`] | a pristine member |
//! | POST /v1/learners | [`LearnerRequest`] -> [`Done`] | leader |
//! | PUT /v1/voters | [`VotersRequest`] -> [`Done`] | leader |
//! | DELETE /v1/members/{node} | -> [`Done`] | leader |
//! | POST /v1/transfer-leader | [`TransferRequest`] -> [`Done`] | leader |
//! | GET /v1/settings | -> [`metafs_namespace::Settings`] | everybody |
//! | PUT /v1/settings | [`metafs_namespace::Settings`] -> [`Done`] | leader |
//! | PUT /v1/roles/{name} | [`RoleRequest`] -> [`Done`] | leader |
//! | DELETE /v1/roles | -> [`Done`] | leader |
//! | GET /v1/log-level, PUT /v1/log-level | [`LogLevel`] | everybody |
//! | GET /v1/export | -> the export as a byte stream | leader |
//! | POST /v1/import | the export as a byte stream -> [`Done`] | leader |
//!
//! Every failure is [`ApiError`] with a 4xx/5xx status.

mod client;
mod remote;
mod status;

pub use client::{Client, ClientError};
pub use remote::{
    CopyOwner, Problem, ProblemReport, Progress, RecoveryState, RecoveryStatus, RemoteStatus,
    UploadPhase, UploadStatus,
};
pub use status::{
    Health, Leader, Member, MemberFields, MemberProgress, NamespaceFigures, NodeId, Phase, Role,
    Status,
};

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Version of the admin API; exchanged in [`VERSION_HEADER`].
pub const VERSION: u32 = 1;

/// Request header that names the caller's [`VERSION`].
pub const VERSION_HEADER: &str = "x-metafs-admin-version";

/// Forms a new cluster out of pristine volumes. Sent to ONE member; refused unless it is pristine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InitRequest {
    /// The new cluster's id (a UUID).
    pub cluster_id: String,
    /// All first voters, the receiver included.
    pub members: BTreeMap<NodeId, Member>,
    /// The first replicated settings.
    pub settings: metafs_namespace::Settings,
}

/// Adds a learner. Idempotent for the same node id and addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LearnerRequest {
    /// Its node id, as its own status tells it.
    pub node_id: NodeId,
    /// Its addresses.
    pub member: Member,
}

/// Makes exactly these the voters (joint consensus); each must be a member already. A voter left
/// out leaves the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VotersRequest {
    /// The new voters.
    pub voters: BTreeSet<NodeId>,
    /// The log id index of the membership the caller decided on; refused with
    /// [`ErrorCode::Conflict`] when the membership changed since.
    pub expected_membership_index: Option<u64>,
}

/// Hands leadership over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TransferRequest {
    /// To whom; `None`: to the most caught-up live voter.
    pub to: Option<NodeId>,
}

/// Forces a role on a member until settings of a newer generation come (`haadmin -forcemanual`).
/// DELETE /v1/roles gives back the declared roles of all members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoleRequest {
    /// The role; `None` gives back the declared one.
    pub role: Option<metafs_namespace::settings::MemberRole>,
}

/// The log filter (tracing's EnvFilter syntax, e.g. `info,metafs_consensus=debug`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LogLevel {
    /// The filter.
    pub filter: String,
}

/// A request was carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Done {
    /// The applied index that includes the effect, where the request went through Raft.
    pub applied_index: Option<u64>,
}

/// Why a request was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ErrorCode {
    /// No key or a wrong one (401).
    Unauthorized,
    /// The request does not fit (400): the message says what to change.
    BadRequest,
    /// Another version of the API (400).
    VersionMismatch,
    /// Only the leader does this (409); [`ApiError::leader`] names it if known.
    NotLeader,
    /// The state of the cluster does not allow it now (409).
    Conflict,
    /// No quorum, a step in progress, not formed yet (503): try again.
    Unavailable,
    /// The server failed (500).
    Internal,
}

/// The body of every failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
#[serde(rename_all = "camelCase")]
pub struct ApiError {
    /// For programs.
    pub code: ErrorCode,
    /// For people: what is wrong and what to do.
    pub message: String,
    /// Who leads, with [`ErrorCode::NotLeader`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leader: Option<Leader>,
}

impl ErrorCode {
    /// The HTTP status that goes with it.
    pub fn http_status(self) -> u16 {
        match self {
            ErrorCode::Unauthorized => 401,
            ErrorCode::BadRequest | ErrorCode::VersionMismatch => 400,
            ErrorCode::NotLeader | ErrorCode::Conflict => 409,
            ErrorCode::Unavailable => 503,
            ErrorCode::Internal => 500,
        }
    }
}
