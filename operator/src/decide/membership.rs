//! Who is a member and who votes. In this order:
//!
//! 1. A change of membership under way is waited for.
//! 2. Learners that nobody waits for are removed.
//! 3. Each wanted member with a new volume becomes a learner. Read replicas stay that: the voters'
//!    steps below do not know them. When those that are not wanted are removed, their pods go.
//! 4. A caught-up learner takes the vote of the lost volume it stands in for: the number of voters
//!    stays the same.
//! 5. When the learners for ALL missing votes have caught up, they get them in one change, so that
//!    the number of voters stays odd.
//! 6. Surplus members lose their vote in one change, once every member that stays is alive and
//!    caught up; a surplus leader hands over first.
//! 7. Only then are there fewer pods.
//!
//! openraft changes voters by joint consensus: both majorities must agree, so each change keeps
//! whatever was committed.

use std::collections::BTreeSet;

use metafs_admin_api::{NodeId, Phase, Role};

use super::{Decision, Reason, Step};
use crate::names::Group;
use crate::view::{Leader, MemberView};

/// The next step about the membership.
pub fn next(leader: Leader<'_>) -> Option<Decision> {
    if leader.status.membership_joint {
        return Some(Decision::wait(
            Reason::Scaling,
            "a change of the voting members is under way",
        ));
    }
    useless_learner(leader)
        .or_else(|| newcomer(leader))
        .or_else(|| fewer_readers(leader))
        .or_else(|| stand_in(leader))
        .or_else(|| growth(leader))
        .or_else(|| reduction(leader))
}

fn useless_learner(leader: Leader<'_>) -> Option<Decision> {
    let (node, progress) = leader.status.members.iter().find(|(node, progress)| {
        let name = &progress.member.name;
        let other_volume =
            leader.view.member(name).and_then(MemberView::node_id).is_some_and(|id| id != **node);
        !progress.voter && (!leader.view.is_wanted(name) || other_volume)
    })?;
    let name = progress.member.name.clone();
    let message = format!("removing learner {name} (node {node}), which is not wanted any more");
    Some(Decision::take(Step::RemoveLearner { node: *node, name }, Reason::Scaling, message))
}

/// The learners are removed already.
fn fewer_readers(leader: Leader<'_>) -> Option<Decision> {
    let view = leader.view;
    (view.readers_asked > view.readers_wanted).then(|| {
        Decision::take(
            Step::Shrink { group: Group::Readers, to: view.readers_wanted },
            Reason::Scaling,
            "removing the pods of read replicas that left",
        )
    })
}

fn newcomer(leader: Leader<'_>) -> Option<Decision> {
    let (member, server) = leader
        .view
        .all_wanted()
        .filter_map(|member| Some((member, member.server.as_ref()?)))
        .find(|(member, server)| {
            server.phase == Phase::Pristine
                && !member.terminating()
                && !leader.status.members.contains_key(&server.node_id)
        })?;
    let replaces = leader.voter_named(&member.name);
    let (reason, message) = match replaces {
        Some(old) => (
            Reason::Replacing,
            format!("{} came with an empty volume in place of node {old}: adding it", member.name),
        ),
        None => (Reason::Scaling, format!("adding {}", member.name)),
    };
    let step = Step::AddLearner { node: server.node_id, member: server.own.clone(), replaces };
    Some(Decision::take(step, reason, message))
}

/// A learner in place of a voter of the same name.
fn stand_in(leader: Leader<'_>) -> Option<Decision> {
    let mut waiting = None;
    for member in leader.view.wanted_members() {
        let Some(new) = member.node_id().filter(|node| leader.status.members.contains_key(node))
        else {
            continue;
        };
        let Some(old) = leader.voter_named(&member.name).filter(|old| *old != new) else {
            continue;
        };
        if member.alive(new) && leader.caught_up(new) {
            let mut voters = leader.voter_ids();
            voters.remove(&old);
            voters.insert(new);
            let step =
                set_voters(leader, voters, vec![member.name.clone()], vec![member.name.clone()]);
            let message = format!("{} has caught up: it votes in place of node {old}", member.name);
            return Some(Decision::take(step, Reason::Replacing, message));
        }
        waiting =
            Some(Decision::wait(Reason::Replacing, format!("{} is catching up", member.name)));
    }
    waiting
}

fn growth(leader: Leader<'_>) -> Option<Decision> {
    let missing: Vec<&MemberView> = leader
        .view
        .wanted_members()
        .filter(|member| leader.voter_named(&member.name).is_none())
        .collect();
    if missing.is_empty() {
        return None;
    }
    let ready: Vec<(NodeId, &MemberView)> = missing
        .iter()
        .filter_map(|member| Some((member.node_id()?, *member)))
        .filter(|(node, member)| member.alive(*node) && leader.caught_up(*node))
        .collect();
    let mut voters = leader.voter_ids();
    if ready.len() < missing.len() {
        if missing.iter().any(|member| member.pod.as_ref().is_some_and(|pod| pod.trouble.is_some()))
        {
            // Said by name and reason, and a newer template may mend it.
            return None;
        }
        let names: Vec<&str> = missing.iter().map(|member| member.name.as_str()).collect();
        return Some(Decision::wait(
            Reason::Scaling,
            format!("waiting for {} to catch up", names.join(", ")),
        ));
    }
    voters.extend(ready.iter().map(|(node, _)| *node));
    let joining: Vec<String> = ready.iter().map(|(_, member)| member.name.clone()).collect();
    let message = format!("{} caught up: now {} votes", joining.join(", "), voters.len());
    Some(Decision::take(set_voters(leader, voters, joining, Vec::new()), Reason::Scaling, message))
}

fn reduction(leader: Leader<'_>) -> Option<Decision> {
    let view = leader.view;
    let surplus: Vec<(NodeId, String)> = leader
        .voters()
        .filter(|(_, progress)| !view.is_wanted_voter(&progress.member.name))
        .map(|(node, progress)| (node, progress.member.name.clone()))
        .collect();
    if surplus.is_empty() {
        return (view.stateful_replicas > view.wanted).then(|| {
            Decision::take(
                Step::Shrink { group: Group::Voters, to: view.wanted },
                Reason::Scaling,
                "removing the pods of members that left",
            )
        });
    }
    let staying: BTreeSet<NodeId> = leader
        .voters()
        .filter(|(_, progress)| view.is_wanted_voter(&progress.member.name))
        .map(|(node, _)| node)
        .collect();
    let fit = |node: &NodeId| leader.is_alive(*node) && leader.caught_up(*node);
    if !staying.iter().all(fit) {
        // Whoever is missing must come back or be replaced first; that is said by the steps after
        // this one.
        return None;
    }
    let leaving: Vec<String> = surplus.iter().map(|(_, name)| name.clone()).collect();
    if surplus.iter().any(|(node, _)| *node == leader.status.node_id) {
        let (to, name) = successor(leader, &staying)?;
        let message =
            format!("{} leads and is to leave: handing over to {name}", leader.member.name);
        return Some(Decision::take(Step::TransferLeader { to, name }, Reason::Scaling, message));
    }
    let message = format!("{} leave the cluster", leaving.join(", "));
    Some(Decision::take(set_voters(leader, staying, Vec::new(), leaving), Reason::Scaling, message))
}

/// Of `candidates` the most caught-up that is alive and not the leader; an observer only if no
/// standby is.
pub fn successor(leader: Leader<'_>, candidates: &BTreeSet<NodeId>) -> Option<(NodeId, String)> {
    leader
        .voters()
        .filter(|(node, _)| candidates.contains(node) && *node != leader.status.node_id)
        .filter(|(node, _)| leader.is_alive(*node) && leader.caught_up(*node))
        .max_by_key(|(node, progress)| {
            let member = leader.view.member(&progress.member.name);
            let observes = member.and_then(MemberView::role) == Some(Role::Observer);
            (!observes, progress.matched_index, std::cmp::Reverse(*node))
        })
        .map(|(node, progress)| (node, progress.member.name.clone()))
}

fn set_voters(
    leader: Leader<'_>,
    voters: BTreeSet<NodeId>,
    joining: Vec<String>,
    leaving: Vec<String>,
) -> Step {
    Step::SetVoters {
        voters,
        expected_membership_index: leader.status.membership_index,
        joining,
        leaving,
    }
}
