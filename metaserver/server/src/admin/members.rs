//! Formation, membership and leadership.

use std::collections::BTreeMap;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use metafs_admin_api::{
    Done, ErrorCode, InitRequest, LearnerRequest, Member, NodeId, TransferRequest, VotersRequest,
};
use metafs_consensus::Peer;
use metafs_namespace::Op;

use super::{Admin, Refusal, done, parse};

fn peer(Member { name, raft, admin, web }: Member) -> Peer {
    Peer { name, raft, admin, web }
}

/// POST /v1/init: forms the cluster, then writes the first settings, without which no client is
/// served.
pub async fn init(State(admin): State<Admin>, body: Bytes) -> Result<Json<Done>, Refusal> {
    let node = admin.node()?;
    let InitRequest { cluster_id, members, settings } = parse(&body)?;
    if cluster_id.is_empty() {
        return Err(Refusal::new(ErrorCode::BadRequest, "clusterId must not be empty"));
    }
    let voters: BTreeMap<u64, Peer> =
        members.into_iter().map(|(id, member)| (id.0, peer(member))).collect();
    if !voters.contains_key(&node.id()) {
        let message =
            format!("this server ({}) is not among the members to form", NodeId(node.id()));
        return Err(Refusal::new(ErrorCode::BadRequest, message));
    }
    node.initialise(&cluster_id, voters).await?;
    let applied = admin.shared.propose_when_leader(Op::SetSettings(Box::new(settings))).await?;
    tracing::info!(cluster_id, "cluster formed");
    Ok(done(applied.index))
}

/// POST /v1/learners.
pub async fn add_learner(State(admin): State<Admin>, body: Bytes) -> Result<Json<Done>, Refusal> {
    let node = admin.node()?;
    let LearnerRequest { node_id, member } = parse(&body)?;
    node.add_learner(node_id.0, peer(member)).await?;
    Ok(done(node.applied_index()))
}

/// PUT /v1/voters. Voters left out leave the cluster.
pub async fn set_voters(State(admin): State<Admin>, body: Bytes) -> Result<Json<Done>, Refusal> {
    let node = admin.node()?;
    let VotersRequest { voters, expected_membership_index } = parse(&body)?;
    let status = node.status();
    if let Some(expected) = expected_membership_index
        && expected != status.membership_index
    {
        let message = format!(
            "the membership changed meanwhile (index {}, not {expected})",
            status.membership_index
        );
        return Err(Refusal::new(ErrorCode::Conflict, message));
    }
    let leaving: Vec<u64> = status
        .members
        .iter()
        .filter(|(id, member)| member.voter && !voters.contains(&NodeId(**id)))
        .map(|(id, _)| *id)
        .collect();
    node.change_voters(voters.into_iter().map(|id| id.0).collect()).await?;
    for id in leaving {
        node.remove(id).await?;
    }
    Ok(done(node.applied_index()))
}

/// DELETE /v1/members/{node}.
pub async fn remove(
    State(admin): State<Admin>,
    Path(id): Path<String>,
) -> Result<Json<Done>, Refusal> {
    let node = admin.node()?;
    let id: NodeId =
        id.parse().map_err(|reason: String| Refusal::new(ErrorCode::BadRequest, reason))?;
    node.remove(id.0).await?;
    Ok(done(node.applied_index()))
}

/// POST /v1/transfer-leader.
pub async fn transfer_leader(
    State(admin): State<Admin>,
    body: Bytes,
) -> Result<Json<Done>, Refusal> {
    let node = admin.node()?;
    let TransferRequest { to } = parse(&body)?;
    node.transfer_leader(to.map(|id| id.0)).await?;
    Ok(done(node.applied_index()))
}
