//! Bringing pods to the present template, one at a time:
//!
//! 1. Nothing happens before the StatefulSet's controller has seen the present template.
//! 2. A pod that does not run at all and has an older template is restarted first: a newer
//!    template may mend it, and it has nothing to lose.
//! 3. A pod that cannot start with the present template stops the roll; the message names it and
//!    says why. A newer template continues with it (2).
//! 4. A pod that runs but does not get ready, with an older template, is restarted next, while the
//!    others hold a quorum.
//! 5. While any member is not ready, or not yet a member, the roll waits.
//! 6. Read replicas come first: no quorum depends on them. Then the outdated pod with the highest ordinal that does not lead is restarted.
//! 7. When only the leader is left, it hands over to the most caught-up standby, or to an observer
//!    if no standby fits; then it is restarted like the others. One server alone is just restarted.

use std::time::Duration;

use super::membership::successor;
use super::{Decision, Reason, Step, why_unready};
use crate::names::Group;
use crate::view::{Leader, MemberView, PodView, View};

/// For how long a pod may run without becoming ready before a newer template is tried on it.
const PATIENCE: Duration = Duration::from_secs(30);

/// The next step of a roll; `None`: all pods have the present template.
pub fn next(leader: Leader<'_>) -> Option<Decision> {
    let view = leader.view;
    if !view.template_seen {
        return Some(Decision::wait(Reason::Rolling, "waiting for the StatefulSet's controller"));
    }
    if let Some(decision) = broken_first(view) {
        return Some(decision);
    }
    let outdated: Vec<(&MemberView, &PodView)> = view
        .members
        .iter()
        .filter_map(|member| Some((member, member.pod.as_ref()?)))
        .filter(|(_, pod)| pod.outdated && !pod.terminating)
        .collect();
    if outdated.is_empty() {
        return None;
    }
    if let Some(decision) = stuck(view.members.iter()) {
        return Some(decision);
    }
    let lame = outdated.iter().find(|(member, pod)| {
        !member.ready() && pod.unready_for >= PATIENCE && leader.quorum_without(&member.name)
    });
    if let Some((member, pod)) = lame {
        return Some(restart(view, member, pod, "it is not ready and has an older template"));
    }
    let left = outdated.len();
    let unfit: Vec<String> = view
        .all_wanted()
        .filter(|member| !member.ready() || !belongs(leader, member))
        .map(why_unready)
        .collect();
    if !unfit.is_empty() {
        return Some(Decision::wait(
            Reason::Rolling,
            format!("{left} left; waiting: {}", unfit.join("; ")),
        ));
    }
    let mut readers = outdated.iter().filter(|(member, _)| member.group == Group::Readers);
    if let Some((member, pod)) = readers.next_back() {
        return Some(restart(view, member, pod, &format!("{left} left")));
    }
    let follower = outdated.iter().rev().find(|(member, _)| member.name != leader.member.name);
    if let Some((member, pod)) = follower {
        if !leader.quorum_without(&member.name) {
            return Some(Decision::wait(
                Reason::Rolling,
                format!("{left} left; the others hold no quorum"),
            ));
        }
        return Some(restart(view, member, pod, &format!("{left} left")));
    }
    let (member, pod) = outdated.first()?;
    if view.wanted == 1 {
        return Some(restart(view, member, pod, "it is the only member"));
    }
    match successor(leader, &leader.voter_ids()) {
        Some((to, name)) => {
            let message = format!("{} is left and leads: handing over to {name}", member.name);
            Some(Decision::take(Step::TransferLeader { to, name }, Reason::Rolling, message))
        }
        None => Some(Decision::wait(
            Reason::Rolling,
            format!("{} leads and nobody has caught up with it", member.name),
        )),
    }
}

/// Whether the member's volume is that of the membership.
fn belongs(leader: Leader<'_>, member: &MemberView) -> bool {
    match member.group {
        Group::Voters => member.node_id() == leader.voter_named(&member.name),
        Group::Readers => {
            member.node_id().is_some_and(|node| leader.status.members.contains_key(&node))
        }
    }
}

/// Step 2: a pod that does not run and has an older template.
pub fn broken_first(view: &View) -> Option<Decision> {
    if !view.template_seen {
        return None;
    }
    view.members.iter().find_map(|member| {
        let pod = member.pod.as_ref()?;
        let down = !pod.ready && member.server.is_none() && (!pod.running || pod.trouble.is_some());
        let broken = down && pod.outdated && !pod.terminating;
        // On a node that is gone nothing can be restarted.
        (broken && member.node_gone_for.is_none())
            .then(|| restart(view, member, pod, "it does not run and has an older template"))
    })
}

/// Step 3: one of these pods cannot start.
pub fn stuck<'a>(members: impl Iterator<Item = &'a MemberView>) -> Option<Decision> {
    let stuck: Vec<String> = members
        .filter(|member| !member.ready())
        .filter_map(|member| {
            Some(format!("{}: {}", member.name, member.pod.as_ref()?.trouble.as_ref()?))
        })
        .collect();
    (!stuck.is_empty()).then(|| Decision::wait(Reason::PodStuck, stuck.join("; ")))
}

fn restart(view: &View, member: &MemberView, pod: &PodView, why: &str) -> Decision {
    let reason = if view.leader().is_some() { Reason::Rolling } else { Reason::Forming };
    let step = Step::Restart { pod: member.name.clone(), uid: pod.uid.clone() };
    Decision::take(step, reason, format!("restarting {}: {why}", member.name))
}
