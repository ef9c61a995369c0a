//! How a leader makes sure that it still leads: Raft's ReadIndex, with votes in the place of
//! heartbeats. Called by [`super::barrier`] alone.
//!
//! The leader asks members for their votes, straight from their logs, without a step of Raft on
//! either side. A vote is in a member's log before anybody hears of it. So if the votes of a quorum,
//! each looked at after a read had arrived, are still for this leader's term, then nobody had been
//! elected in a later one when the read arrived: whatever was acknowledged then, by anybody, is in
//! this leader's log. That it is applied too is then waited for, up to what others may have seen.
//!
//! No clock has a part in it. A lease would save the question, but a voter that restarts forgets
//! the lease it granted.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use openraft::ServerState;
use openraft::async_runtime::WatchReceiver;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::config::Timings;
use super::quorum::{fewest, is_quorum, ordered, reordered};
use super::write::ProposeError;
use crate::log::LogStore;
use crate::net::Context;
use crate::net::client::Peers;
use crate::state::StateStore;
use crate::types::{Raft, Vote};

/// Only as many members are asked as are needed. Every so many times all are, to find out who
/// answers fastest.
const ASK_ALL: u64 = 64;

/// See the module.
pub(super) struct Confirmer {
    raft: Raft,
    log: LogStore,
    store: Arc<StateStore>,
    context: Arc<Context>,
    peers: Arc<Peers>,
    timings: Timings,
    /// Other voters, in the order in which they are asked.
    order: Vec<u64>,
    rounds: u64,
}

/// A leader as it sees itself.
struct Leading {
    vote: Vote,
    voters: Vec<BTreeSet<u64>>,
}

impl Confirmer {
    pub(super) fn new(
        raft: Raft,
        log: LogStore,
        store: Arc<StateStore>,
        context: Arc<Context>,
        peers: Arc<Peers>,
        timings: Timings,
    ) -> Self {
        Self { raft, log, store, context, peers, timings, order: Vec::new(), rounds: 0 }
    }

    /// Makes sure that this node led at some time after the call, and that whatever anybody may have
    /// seen by then is applied. Gives the log index that is applied at least.
    pub(super) async fn confirm(&mut self) -> Result<u64, ProposeError> {
        let deadline = Instant::now() + self.timings.election_max();
        let leading = self.leading()?;
        self.ask(&leading, deadline).await?;
        self.catch_up(&leading.vote, deadline).await
    }

    /// # Errors
    /// This node does not lead, as far as it knows.
    fn leading(&self) -> Result<Leading, ProposeError> {
        let metrics = self.raft.metrics();
        // The borrow must be short: Raft waits for it.
        let metrics = metrics.borrow_watched();
        if let Err(error) = &metrics.running_state {
            return Err(ProposeError::Stopped(error.to_string()));
        }
        let membership = metrics.membership_config.membership();
        let vote = metrics.vote;
        let own = self.log.vote();
        let unchanged = own.is_some_and(|own| own.leader_id == vote.leader_id);
        if metrics.state == ServerState::Leader && unchanged {
            // These may be a step behind, but not two: the second of two changes is not begun
            // before the first is known here. Quorums of neighbours share a member.
            return Ok(Leading { vote, voters: membership.get_joint_config().clone() });
        }
        let leader = metrics.current_leader.filter(|id| *id != self.context.identity.node_id());
        let leader = leader.and_then(|id| Some((id, membership.get_node(&id)?.clone())));
        Err(ProposeError::NotLeader { leader })
    }

    /// Asks until a quorum's votes are for this leader.
    async fn ask(&mut self, leading: &Leading, deadline: Instant) -> Result<(), ProposeError> {
        let Leading { vote, voters } = leading;
        let own = self.context.identity.node_id();
        // Its own vote was looked at when it was found to lead.
        let mut confirmed = BTreeSet::from([own]);
        if is_quorum(voters, &confirmed) {
            return Ok(());
        }
        self.rounds = self.rounds.wrapping_add(1);
        self.order = ordered(voters, own, &self.order);
        let mut all = self.rounds.is_multiple_of(ASK_ALL);
        let wanted = if all { &self.order[..] } else { fewest(voters, own, &self.order) };
        let peers = &self.peers;
        let question = |id: u64| async move { (id, peers.vote_of(id).await) };
        let mut questions: FuturesUnordered<_> = wanted.iter().map(|id| question(*id)).collect();
        let (mut answered, mut again) = (Vec::new(), Instant::now() + self.pause());
        loop {
            tokio::select! {
                Some((id, answer)) = questions.next() => match answer {
                    Ok(Some(theirs)) if theirs.leader_id == vote.leader_id => {
                        confirmed.insert(id);
                        answered.push(id);
                        if is_quorum(voters, &confirmed) {
                            break;
                        }
                        continue;
                    }
                    // Gone, behind, or for somebody else: the others may be enough.
                    _ if all => continue,
                    _ => {}
                },
                () = sleep_until(again.min(deadline)) => {
                    if Instant::now() >= deadline {
                        let reason = "this leader cannot reach a quorum of the members";
                        return Err(ProposeError::Retriable(reason.into()));
                    }
                }
            }
            if self.leading()?.vote.leader_id != vote.leader_id {
                let reason = "another leader was elected meanwhile";
                return Err(ProposeError::Retriable(reason.into()));
            }
            all = true;
            again = Instant::now() + self.pause();
            let missing = self.order.iter().filter(|id| !confirmed.contains(id));
            questions.extend(missing.map(|id| question(*id)));
        }
        if all {
            self.order = reordered(&self.order, &answered);
        }
        Ok(())
    }

    /// After so long without answers the others are asked, or all again.
    fn pause(&self) -> Duration {
        Duration::from_millis((self.timings.heartbeat_ms / 4).max(10))
    }

    /// Waits until what others may have seen is applied, and an entry of this leader's own term: with
    /// it, what the leaders before have acknowledged.
    async fn catch_up(&self, vote: &Vote, deadline: Instant) -> Result<u64, ProposeError> {
        let seen = self.context.announced.index();
        let is_done = || {
            let applied = self.store.last_applied()?;
            (applied.leader_id == vote.leader_id && applied.index >= seen).then_some(applied.index)
        };
        if let Some(index) = is_done() {
            return Ok(index);
        }
        let mut applied = self.store.applied();
        let wait = async {
            loop {
                match is_done() {
                    Some(index) => return Ok(index),
                    None => applied.changed().await?,
                }
            }
        };
        match timeout_at(deadline, wait).await {
            Ok(Ok::<u64, tokio::sync::watch::error::RecvError>(index)) => Ok(index),
            Ok(Err(_)) => Err(ProposeError::Stopped("shutting down".into())),
            Err(_) => Err(ProposeError::Retriable(format!(
                "log index {seen}, or the first of term {}, is not applied in time",
                vote.leader_id.term
            ))),
        }
    }
}
