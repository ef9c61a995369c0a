//! Handing over the leadership: only to a live voter that has caught up, and undone when it does
//! not come about.
//!
//! Openraft's leader stops taking requests and sending heartbeats the moment a transfer begins,
//! and stays so until somebody else is elected. If nobody is (the target died, its log is behind),
//! it would stay so for ever. The way out is the protocol's own: the old leader grants its vote
//! for the next term to the target, as if the target had asked; with that it is a follower, and
//! campaigns like one.

use std::collections::BTreeMap;
use std::time::Duration;

use metafs_namespace::settings::MemberRole;
use openraft::async_runtime::WatchReceiver;
use openraft::raft::VoteRequest;

use super::status::{PeerProgress, Role};
use super::{ClusterError, Node, Status};
use crate::types::Vote;

/// A target may be this many entries behind: it gets them while others wait.
const MAX_LAG: u64 = 10_000;

/// The voter to hand over to. `wanted`: it must be that one. Else one that `is_observer` (by name)
/// says no to, if there is one: observers lead only when nobody else can.
fn choose(
    status: &Status,
    live_ms: u64,
    wanted: Option<u64>,
    is_observer: impl Fn(&str) -> bool,
) -> Result<u64, String> {
    let standby =
        |id: &u64| status.members.get(id).is_some_and(|member| !is_observer(&member.peer.name));
    let fit = |id: u64, peer: &PeerProgress| -> Result<u64, String> {
        if !status.members.get(&id).is_some_and(|m| m.voter) {
            return Err(format!("node {id} is not a voter"));
        }
        if peer.last_contact_ms.is_none_or(|ms| ms > live_ms) {
            return Err(format!("node {id} does not answer"));
        }
        match peer.matched {
            Some(matched) if status.last_log.saturating_sub(matched) <= MAX_LAG => Ok(matched),
            _ => Err(format!("node {id} has not caught up")),
        }
    };
    match wanted {
        Some(id) if id == status.node_id => Err("this server leads already".into()),
        Some(id) => {
            let peers: &BTreeMap<u64, PeerProgress> = &status.peers;
            let peer = peers.get(&id).ok_or_else(|| format!("node {id} is not a member"))?;
            fit(id, peer).map(|_| id)
        }
        None => status
            .peers
            .iter()
            .filter_map(|(id, peer)| Some((standby(id), fit(*id, peer).ok()?, *id)))
            .max()
            .map(|(_, _, id)| id)
            .ok_or_else(|| "no other voter answers and has caught up".into()),
    }
}

impl Node {
    /// Hands over to `to`, or to the best of the other voters. Gives the new leader. If that does
    /// not come about within an election timeout it is undone and an error.
    pub async fn transfer_leader(&self, to: Option<u64>) -> Result<u64, ClusterError> {
        let status = self.status();
        if !matches!(status.role, Role::Leader { .. }) {
            return match status.leader {
                Some((id, _)) if Some(id) == to => Ok(id),
                leader => Err(ClusterError::NotLeader { leader }),
            };
        }
        let settings = self.settings();
        let is_observer = |name: &str| {
            settings.as_ref().is_some_and(|settings| settings.role_of(name) == MemberRole::Observer)
        };
        let to = choose(&status, self.timings.election_min_ms, to, is_observer)
            .map_err(ClusterError::Refused)?;
        tracing::info!(to, "handing over the leadership");
        let stopped = |e| ClusterError::Stopped(self.stopped_because(&e));
        self.raft.trigger().transfer_leader(to).await.map_err(stopped)?;
        if let Some(leader) = self.other_leader(self.timings.election_max()).await {
            tracing::info!(leader, "handed over the leadership");
            return Ok(leader);
        }
        tracing::warn!(to, "the leadership was not taken over; undoing it");
        self.undo_transfer(to, status.term).await?;
        Err(ClusterError::Unavailable(format!("node {to} did not take over the leadership")))
    }

    /// Waits for another leader.
    async fn other_leader(&self, timeout: Duration) -> Option<u64> {
        let own = self.id();
        let mut metrics = self.raft.server_metrics();
        let changed = async {
            loop {
                let leader = metrics.borrow_watched().current_leader;
                if let Some(leader) = leader.filter(|leader| *leader != own) {
                    return Some(leader);
                }
                metrics.changed().await.ok()?;
            }
        };
        tokio::time::timeout(timeout, changed).await.ok().flatten()
    }

    /// Makes this node a follower that campaigns at once. Harmless if it leads no more.
    pub(super) async fn undo_transfer(&self, to: u64, term: u64) -> Result<(), ClusterError> {
        let vote = Vote::new(term + 1, to);
        let mut request = VoteRequest::new(vote, self.log.last());
        request.leadership_transfer = true;
        let stopped = |e: &dyn std::error::Error| {
            ClusterError::Stopped(self.fatal_reason().unwrap_or_else(|| e.to_string()))
        };
        self.raft.vote(request).await.map_err(|e| stopped(&e))?;
        self.raft.trigger().elect(false).await.map_err(|e| stopped(&e))
    }
}

#[cfg(test)]
#[path = "../../tests/it/common.rs"]
mod common;

#[cfg(test)]
mod tests {
    use super::common::{self, Cluster};
    use super::*;
    use crate::node::Member;
    use crate::types::Peer;

    fn nobody(_: &str) -> bool {
        false
    }

    fn status(peers: &[(u64, bool, Option<u64>, Option<u64>)]) -> Status {
        let peer = || Peer {
            name: String::new(),
            raft: String::new(),
            admin: String::new(),
            web: String::new(),
        };
        let member =
            |voter, id: u64| Member { peer: Peer { name: format!("m{id}"), ..peer() }, voter };
        Status {
            node_id: 1,
            cluster_id: None,
            role: Role::Leader { confirmed: true },
            term: 1,
            leader: None,
            last_log: 20_000,
            committed: 0,
            applied: 0,
            flushed: 0,
            purged: 0,
            membership_index: 0,
            joint: false,
            members: peers
                .iter()
                .map(|(id, voter, ..)| (*id, member(*voter, *id)))
                .chain([(1, member(true, 1))])
                .collect(),
            peers: peers
                .iter()
                .map(|&(id, _, matched, last_contact_ms)| {
                    (id, PeerProgress { matched, last_contact_ms, snapshot: None })
                })
                .collect(),
            receiving: None,
            caught_up: true,
            fatal: None,
        }
    }

    #[test]
    fn only_a_live_voter_that_has_caught_up() {
        let status = status(&[
            (2, true, Some(19_000), Some(10)),
            (3, true, Some(20_000), Some(10)),
            (4, true, Some(20_000), Some(5000)),
            (5, false, Some(20_000), Some(10)),
            (6, true, Some(100), Some(10)),
            (7, true, None, None),
        ]);
        assert_eq!(choose(&status, 200, None, nobody), Ok(3));
        assert_eq!(choose(&status, 200, Some(2), nobody), Ok(2));
        for (id, why) in [
            (1, "leads already"),
            (4, "does not answer"),
            (5, "not a voter"),
            (6, "not caught up"),
            (7, "does not answer"),
            (8, "not a member"),
        ] {
            let error = choose(&status, 200, Some(id), nobody).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn an_observer_only_when_nobody_else_can() {
        let status =
            status(&[(2, true, Some(19_000), Some(10)), (3, true, Some(20_000), Some(10))]);
        assert_eq!(choose(&status, 200, None, |name| name == "m3"), Ok(2));
        assert_eq!(choose(&status, 200, None, |_| true), Ok(3));
        assert_eq!(choose(&status, 200, Some(3), |name| name == "m3"), Ok(3));
    }

    /// The one case in which openraft would stay without a leader for ever: the target died and
    /// nobody else campaigns.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_transfer_that_fails_is_undone() {
        let mut cluster = Cluster::formed(3).await;
        let leader = cluster.leader().await;
        let (target, other) = ((leader + 1) % 3, (leader + 2) % 3);
        cluster.members[other].node().raft.runtime_config().elect(false);
        let id = cluster.members[target].node().id();
        // Stopped this moment, it is still thought to be alive.
        cluster.members[target].stop(false).await;
        let node = cluster.members[leader].node().clone();
        node.raft.trigger().transfer_leader(id).await.unwrap();
        assert_eq!(node.other_leader(node.timings.election_max()).await, None);
        let pending = node.propose(common::mkdirs("/a")).await;
        assert!(matches!(pending, Err(crate::ProposeError::Retriable(_))), "{pending:?}");
        node.undo_transfer(id, node.status().term).await.unwrap();
        cluster.propose(common::mkdirs("/a")).await.reply.unwrap();
        assert_eq!(cluster.leader().await, leader);

        // And as a whole.
        let error = node.transfer_leader(Some(id)).await.unwrap_err();
        assert!(matches!(error, ClusterError::Refused(_)), "{error}");
    }

    #[test]
    fn nobody_to_hand_over_to() {
        assert!(choose(&status(&[]), 200, None, nobody).is_err());
    }
}
