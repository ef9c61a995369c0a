//! What a node says of itself.

use std::collections::BTreeMap;
use std::time::Duration;

use openraft::ServerState;
use openraft::async_runtime::Instant as _;
use openraft::metrics::RaftMetrics;

use crate::net::Transfer;
use crate::types::{LogId, Peer, StoredMembership, TypeConfig};

/// Raft's metrics.
pub(super) type Metrics = RaftMetrics<TypeConfig>;

/// A member's part in the cluster, as it sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The volume was never part of a cluster.
    Pristine,
    /// Gets the log but has no vote (or is no member any more).
    Learner,
    /// Follows the leader.
    Follower,
    /// Campaigns.
    Candidate,
    /// Leads.
    Leader {
        /// It has applied an entry of its own term, so that whatever others committed before is
        /// applied; and a quorum answered within an election timeout, so that nobody else is
        /// likely to lead by now.
        confirmed: bool,
    },
}

/// The role with what it depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleState {
    /// The role.
    pub role: Role,
    /// Raft's term.
    pub term: u64,
    /// The leader, if one is known.
    pub leader: Option<(u64, Peer)>,
}

/// A member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its addresses.
    pub peer: Peer,
    /// Whether it votes.
    pub voter: bool,
}

/// How far a snapshot has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferProgress {
    /// Bytes sent or received.
    pub bytes_done: u64,
    /// Bytes of the whole; 0 while it is being prepared.
    pub bytes_total: u64,
}

impl From<Transfer> for TransferProgress {
    fn from(t: Transfer) -> Self {
        Self { bytes_done: t.bytes_done, bytes_total: t.bytes_total }
    }
}

/// What the leader knows of another member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerProgress {
    /// The last log index known to be durable there.
    pub matched: Option<u64>,
    /// Milliseconds since it was last heard from.
    pub last_contact_ms: Option<u64>,
    /// The snapshot being sent to it.
    pub snapshot: Option<TransferProgress>,
}

/// Everything about a node that somebody may want to see.
#[derive(Clone, Debug)]
pub struct Status {
    /// The volume's id.
    pub node_id: u64,
    /// The cluster it belongs to.
    pub cluster_id: Option<String>,
    /// Its role.
    pub role: Role,
    /// Raft's term.
    pub term: u64,
    /// The leader, if one is known.
    pub leader: Option<(u64, Peer)>,
    /// Index of the last log entry.
    pub last_log: u64,
    /// Index of the last entry known to be committed.
    pub committed: u64,
    /// Index of the last applied entry.
    pub applied: u64,
    /// Index up to which the state machine is on disk for sure.
    pub flushed: u64,
    /// Index up to which the log was purged.
    pub purged: u64,
    /// Index of the membership's entry.
    pub membership_index: u64,
    /// Whether a change of voters is under way.
    pub joint: bool,
    /// The members.
    pub members: BTreeMap<u64, Member>,
    /// The other members, as the leader sees them; empty elsewhere.
    pub peers: BTreeMap<u64, PeerProgress>,
    /// The snapshot being received.
    pub receiving: Option<TransferProgress>,
    /// A leader is known and everything known to be committed is applied.
    pub caught_up: bool,
    /// Why the node has stopped serving.
    pub fatal: Option<String>,
}

fn index(id: &Option<LogId>) -> u64 {
    id.map_or(0, |id| id.index)
}

/// The members of a membership.
pub(super) fn members(membership: &StoredMembership) -> BTreeMap<u64, Member> {
    let membership = membership.membership();
    let voters: std::collections::BTreeSet<u64> = membership.voter_ids().collect();
    membership
        .nodes()
        .map(|(id, peer)| (*id, Member { peer: peer.clone(), voter: voters.contains(id) }))
        .collect()
}

/// Whether a quorum has answered the leader lately.
fn has_quorum(metrics: &Metrics, election_max: Duration) -> bool {
    metrics.membership_config.membership().voter_ids().count() == 1
        || metrics.last_quorum_acked.is_some_and(|at| at.elapsed() < election_max)
}

/// The role, from what Raft says of itself.
pub(super) fn role_state(
    metrics: &Metrics,
    applied: Option<LogId>,
    election_max: Duration,
) -> RoleState {
    let (vote, membership) = (&metrics.vote, &metrics.membership_config);
    let role = match metrics.state {
        ServerState::Leader => {
            let own_term = applied.is_some_and(|a| a.leader_id == vote.leader_id);
            Role::Leader { confirmed: own_term && has_quorum(metrics, election_max) }
        }
        ServerState::Candidate => Role::Candidate,
        ServerState::Follower => Role::Follower,
        ServerState::Learner | ServerState::Shutdown => {
            let untouched = membership.log_id().is_none() && vote.leader_id.term == 0;
            if untouched { Role::Pristine } else { Role::Learner }
        }
    };
    let leader = metrics
        .current_leader
        .and_then(|id| Some((id, membership.membership().get_node(&id)?.clone())));
    RoleState { role, term: vote.leader_id.term, leader }
}

/// What only the node knows besides Raft's metrics.
pub(super) struct Local {
    pub cluster_id: Option<String>,
    pub election_max: Duration,
    pub applied: Option<LogId>,
    pub flushed: u64,
    pub purged: u64,
    pub sending: BTreeMap<u64, Transfer>,
    pub receiving: Option<Transfer>,
    pub fatal: Option<String>,
}

impl Status {
    pub(super) fn new(metrics: &Metrics, local: Local) -> Self {
        let membership = &metrics.membership_config;
        let RoleState { role, term, leader } =
            role_state(metrics, local.applied, local.election_max);
        let committed = index(&metrics.cluster_committed.max(metrics.local_committed));
        let applied = index(&local.applied);
        let mut peers = BTreeMap::new();
        for (id, matched) in metrics.replication.iter().flatten() {
            if *id != metrics.id {
                let contact = metrics.heartbeat.as_ref().and_then(|h| h.get(id).copied().flatten());
                peers.insert(
                    *id,
                    PeerProgress {
                        matched: matched.map(|id| id.index),
                        last_contact_ms: contact
                            .map(|at| u64::try_from(at.elapsed().as_millis()).unwrap_or(u64::MAX)),
                        snapshot: local.sending.get(id).copied().map(Into::into),
                    },
                );
            }
        }
        Self {
            node_id: metrics.id,
            cluster_id: local.cluster_id,
            role,
            term,
            last_log: metrics.last_log_index.unwrap_or(0),
            committed,
            applied,
            flushed: local.flushed,
            purged: local.purged,
            membership_index: index(membership.log_id()),
            joint: membership.membership().get_joint_config().len() > 1,
            members: members(membership),
            peers,
            receiving: local.receiving.map(Into::into),
            caught_up: leader.is_some() && applied >= committed && local.receiving.is_none(),
            leader,
            fatal: local.fatal,
        }
    }
}
