//! Forming the cluster and changing its members. Who does it and when is the operator's (or
//! metactl's) decision; here is only what Raft allows.

use std::collections::{BTreeMap, BTreeSet};

use openraft::ChangeMembers;
use openraft::error::{ClientWriteError, ForwardReason, InitializeError, RaftError};

use super::Node;
use super::write::leader_of;
use crate::identity::IdentityError;
use crate::types::{Peer, TypeConfig};

/// Why the cluster was not formed or changed.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// Another member leads, or none is known to.
    #[error("not the leader{}", leader.as_ref().map(|(_, p)| format!("; that is {p}")).unwrap_or_default())]
    NotLeader {
        /// The leader, if one is known.
        leader: Option<(u64, Peer)>,
    },
    /// Not now: another change is under way, or there is no quorum.
    #[error("{0}")]
    Unavailable(String),
    /// This server has stopped serving.
    #[error("this server has stopped serving: {0}")]
    Stopped(String),
    /// It makes no sense as things are.
    #[error("{0}")]
    Refused(String),
    /// The volume's identity stands against it, or could not be written.
    #[error(transparent)]
    Volume(#[from] IdentityError),
}

type Write<T> = Result<T, RaftError<TypeConfig, ClientWriteError<TypeConfig>>>;

impl Node {
    /// Forms the cluster `cluster_id` of `voters`, this node among them. Every voter's volume
    /// must be pristine; that is for the caller to see to. Repeating it with the same values is
    /// harmless.
    pub async fn initialise(
        &self,
        cluster_id: &str,
        voters: BTreeMap<u64, Peer>,
    ) -> Result<(), ClusterError> {
        self.serving()?;
        if !voters.contains_key(&self.id()) {
            let own = self.id();
            return Err(ClusterError::Refused(format!(
                "this server's volume is node {own}, which is not among the members to be"
            )));
        }
        if cluster_id.is_empty() || cluster_id.len() > 128 {
            let message = "a cluster's id has 1 to 128 bytes".to_owned();
            return Err(ClusterError::Refused(message));
        }
        if !self.is_pristine() {
            let members: BTreeMap<u64, Peer> =
                self.status().members.into_iter().map(|(id, m)| (id, m.peer)).collect();
            return if self.cluster_id().as_deref() == Some(cluster_id) && members == voters {
                Ok(())
            } else {
                Err(ClusterError::Refused(
                    "this server's volume was part of a cluster before".to_owned(),
                ))
            };
        }
        self.context.identity.join(cluster_id)?;
        self.raft.initialize(voters).await.map_err(|e| match e {
            RaftError::APIError(InitializeError::NotAllowed(_)) => {
                ClusterError::Refused("this server's volume was part of a cluster before".into())
            }
            RaftError::APIError(e) => ClusterError::Refused(e.to_string()),
            RaftError::Fatal(e) => ClusterError::Stopped(self.stopped_because(&e)),
        })?;
        // So that whoever looks next sees the members.
        self.raft
            .wait(Some(self.timings.patience()))
            .metrics(|m| m.membership_config.log_id().is_some(), "formed")
            .await
            .map_err(|e| ClusterError::Unavailable(e.to_string()))?;
        Ok(())
    }

    /// Adds a member without a vote, or changes the addresses of one. Done when that is
    /// committed; the member has yet to catch up.
    pub async fn add_learner(&self, id: u64, peer: Peer) -> Result<(), ClusterError> {
        self.serving()?;
        let present = self.status().members.remove(&id);
        match present {
            Some(member) if member.peer == peer => Ok(()),
            Some(_) => {
                let change = ChangeMembers::SetNodes(BTreeMap::from([(id, peer)]));
                self.changed(self.raft.change_membership(change, true).await)
            }
            None => self.changed(self.raft.add_learner(id, peer, false).await),
        }
    }

    /// Makes exactly these members the voters. Those who lose their vote stay as learners.
    pub async fn change_voters(&self, voters: BTreeSet<u64>) -> Result<(), ClusterError> {
        self.serving()?;
        let change = ChangeMembers::ReplaceAllVoters(voters);
        self.changed(self.raft.change_membership(change, true).await)
    }

    /// Removes a member for good: its volume must never come back. Not the leader itself, which
    /// hands over first.
    pub async fn remove(&self, id: u64) -> Result<(), ClusterError> {
        self.serving()?;
        if id == self.id() {
            return Err(ClusterError::Refused(
                "the leader does not remove itself: transfer the leadership first".into(),
            ));
        }
        match self.status().members.get(&id) {
            None => return Ok(()),
            Some(member) if member.voter => {
                let change = ChangeMembers::RemoveVoters(BTreeSet::from([id]));
                self.changed(self.raft.change_membership(change, true).await)?;
            }
            Some(_) => {}
        }
        let change = ChangeMembers::RemoveNodes(BTreeSet::from([id]));
        self.changed(self.raft.change_membership(change, true).await)
    }

    fn serving(&self) -> Result<(), ClusterError> {
        match self.fatal_reason() {
            Some(reason) => Err(ClusterError::Stopped(reason)),
            None => Ok(()),
        }
    }

    fn changed<T>(&self, result: Write<T>) -> Result<(), ClusterError> {
        use openraft::error::ChangeMembershipError::{InProgress, UncommittedLeaderLog};
        match result {
            Ok(_) => Ok(()),
            Err(RaftError::Fatal(e)) => Err(ClusterError::Stopped(self.stopped_because(&e))),
            Err(RaftError::APIError(e)) => Err(match e {
                ClientWriteError::ForwardToLeader(f) if f.reason == ForwardReason::NotLeader => {
                    ClusterError::NotLeader { leader: leader_of(f) }
                }
                e @ (ClientWriteError::ForwardToLeader(_)
                | ClientWriteError::LogEntryDiscarded(_)
                | ClientWriteError::ChangeMembershipError(
                    InProgress(_) | UncommittedLeaderLog(_),
                )) => ClusterError::Unavailable(e.to_string()),
                e => ClusterError::Refused(e.to_string()),
            }),
        }
    }
}
