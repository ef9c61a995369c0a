//! What this server says of itself, for the admin API, the health port and metactl.

use axum::Json;
use axum::extract::State;
use metafs_admin_api::{
    Health, Leader, Member, MemberProgress, NamespaceFigures, NodeId, Phase, Role, Status,
};
use metafs_consensus::{self as consensus, Peer};
use metafs_namespace::settings::MemberRole;

use super::{Admin, Refusal};
use crate::service::Shared;

/// GET /v1/status.
pub async fn get(State(admin): State<Admin>) -> Result<Json<Status>, Refusal> {
    admin.node()?;
    let shared = admin.shared.clone();
    let status = tokio::task::spawn_blocking(move || describe(&shared))
        .await
        .map_err(|error| Refusal::new(metafs_admin_api::ErrorCode::Internal, error.to_string()))?;
    status.map(Json).ok_or_else(|| {
        Refusal::new(metafs_admin_api::ErrorCode::Unavailable, "the server is starting")
    })
}

/// A peer's addresses in the API's form.
pub fn member(Peer { name, raft, admin, web }: Peer) -> Member {
    Member { name, raft, admin, web }
}

/// Entries that a ready member may lack: under load every follower is some behind for moments,
/// and a probe that sees one of them must not take the member out.
const READY_LAG: u64 = 4096;

/// Whether clients and probes may count on this member, and if not, why.
pub fn readiness(status: &consensus::Status, stopped: Option<String>) -> Health {
    let reason = stopped.or_else(|| status.fatal.clone()).or_else(|| {
        if !status.members.contains_key(&status.node_id) {
            Some("not a member of a formed cluster".to_owned())
        } else if let Some(receiving) = &status.receiving {
            let percent =
                (receiving.bytes_done * 100).checked_div(receiving.bytes_total).unwrap_or(0);
            Some(format!("receiving a snapshot ({percent}%)"))
        } else if status.leader.is_none() {
            Some("no leader is known".to_owned())
        } else if status.committed.saturating_sub(status.applied) > READY_LAG {
            let behind = status.committed - status.applied;
            Some(format!("catching up with the leader: {behind} entries behind"))
        } else {
            None
        }
    });
    Health { ready: reason.is_none(), reason }
}

fn phase_and_role(status: &consensus::Status, declared: Option<MemberRole>) -> (Phase, Role) {
    let observes = declared == Some(MemberRole::Observer);
    match (status.role, status.members.get(&status.node_id)) {
        (consensus::Role::Pristine, _) => (Phase::Pristine, Role::None),
        (_, None) => (Phase::Outside, Role::None),
        (consensus::Role::Leader { confirmed: true }, _) => (Phase::Member, Role::Active),
        (consensus::Role::Leader { confirmed: false }, _) => (Phase::Member, Role::Standby),
        (_, Some(_)) if observes => (Phase::Member, Role::Observer),
        (_, Some(member)) if !member.voter => (Phase::Member, Role::Learner),
        (_, Some(_)) => (Phase::Member, Role::Standby),
    }
}

/// The whole status; `None` while the server has no node (starting, or stopped for its disk).
/// Reads files' sizes: not for an async thread.
pub fn describe(shared: &Shared) -> Option<Status> {
    let node = shared.node()?;
    let status = node.status();
    let health = readiness(&status, shared.stopped_reason());
    let settings = node.settings();
    let declared = settings.as_ref().map(|settings| settings.role_of(&node.own().name));
    let (phase, role) = phase_and_role(&status, declared);
    let namespace = node.view(|view| view.totals()).and_then(|totals| totals).unwrap_or_default();
    let space = crate::disk::Space::of(&shared.config().data_dir).unwrap_or_default();
    let consensus::Status {
        node_id,
        cluster_id,
        term,
        leader,
        last_log,
        committed,
        applied,
        membership_index,
        joint,
        members,
        peers,
        ..
    } = status;
    let members = members
        .into_iter()
        .map(|(id, consensus::Member { peer, voter })| {
            let progress = peers.get(&id);
            let snapshot = progress.and_then(|progress| progress.snapshot.as_ref());
            let described = MemberProgress {
                member: member(peer).into(),
                voter,
                matched_index: if id == node_id && role == Role::Active {
                    Some(last_log)
                } else {
                    progress.and_then(|progress| progress.matched)
                },
                last_contact_ms: progress.and_then(|progress| progress.last_contact_ms),
                snapshot_percent: snapshot.map(|transfer| {
                    let percent =
                        (transfer.bytes_done * 100).checked_div(transfer.bytes_total).unwrap_or(0);
                    u8::try_from(percent.min(100)).unwrap_or(100)
                }),
            };
            (NodeId(id), described)
        })
        .collect();
    Some(Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        raft_protocol: consensus::PROTOCOL_VERSION,
        node_id: NodeId(node_id),
        own: super::own_member(shared.config()),
        cluster_id,
        phase,
        role,
        health,
        term,
        leader: leader.map(|(id, peer)| Leader { node_id: NodeId(id), member: Some(member(peer)) }),
        last_log_index: last_log,
        committed_index: committed,
        applied_index: applied,
        membership_index,
        membership_joint: joint,
        members,
        settings_generation: settings.as_ref().map(|settings| settings.generation),
        forced_roles: settings.map(|settings| settings.forced_roles.clone()).unwrap_or_default(),
        namespace: NamespaceFigures {
            directories: namespace.directories,
            files: namespace.files,
            bytes: namespace.length,
            open_files: namespace.open_files,
            checksum: format!("{:032x}", namespace.checksum),
            cleaning_up: namespace.reap_pending,
        },
        remote: crate::remote::describe(node, shared.live()),
        disk_used_bytes: crate::disk::usage(&shared.config().data_dir),
        disk_free_bytes: space.free,
        uptime_seconds: super::uptime_seconds(shared.started()),
    })
}
