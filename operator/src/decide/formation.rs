//! Whether the cluster is formed, and forming it. Done once in its life:
//!
//! 1. All wanted voters answer and all their volumes are pristine. Read replicas are not waited for.
//! 2. A new cluster id and the ids of exactly these volumes are recorded in the Secret.
//! 3. The cluster is formed of exactly the recorded volumes, under the recorded id.
//!
//! Killed between 2 and 3, the operator goes on with 3: the volumes are the recorded ones and still
//! pristine. Where an id is recorded and other volumes come pristine, the cluster existed before
//! and its data is gone or elsewhere: nothing is formed, and the message says what to delete.

use std::collections::{BTreeMap, BTreeSet};

use metafs_admin_api::{Member, NodeId, Phase, Status};

use super::{Decision, Reason, Step, rolling, why_unready};
use crate::names::{self, Group};
use crate::view::{MemberView, View};

/// The next step towards a formed cluster; `None`: it is formed.
pub fn next(view: &View) -> Option<Decision> {
    let known: Vec<(&MemberView, &str)> = view
        .voting()
        .filter_map(|member| Some((member, member.server.as_ref()?.cluster_id.as_deref()?)))
        .collect();
    if known.is_empty() { unformed(view) } else { existing(view, &known) }
}

/// Some volume knows a cluster: it must be ours.
fn existing(view: &View, known: &[(&MemberView, &str)]) -> Option<Decision> {
    let Some(recorded) = view.record.cluster_id.as_deref() else {
        let ids: BTreeSet<&str> = known.iter().map(|(_, id)| *id).collect();
        if let [cluster_id] = ids.iter().copied().collect::<Vec<_>>()[..] {
            let step = Step::AdoptClusterId { cluster_id: cluster_id.to_owned() };
            return Some(Decision::take(
                step,
                Reason::Forming,
                "recording the cluster id of the kept volumes",
            ));
        }
        let whose: Vec<String> = known
            .iter()
            .map(|(member, id)| format!("{} ({id})", names::claim(&member.name)))
            .collect();
        let message = format!(
            "volumes of different clusters came together: {}. Delete those that are not wanted",
            whose.join(", ")
        );
        return Some(Decision::wait(Reason::ForeignVolume, message));
    };
    let (member, id) = known.iter().find(|(_, id)| *id != recorded)?;
    Some(Decision::wait(Reason::ForeignVolume, foreign(member, id, recorded)))
}

/// What to do about a volume of another cluster.
pub fn foreign(member: &MemberView, id: &str, recorded: &str) -> String {
    format!(
        "volume {} belongs to cluster {id}, not to {recorded}: delete that PersistentVolumeClaim and pod {}, or restore the right volume",
        names::claim(&member.name),
        member.name,
    )
}

fn unformed(view: &View) -> Option<Decision> {
    let pristine: Vec<(&MemberView, &Status)> = view
        .voting()
        .filter_map(|member| Some((member, member.server.as_ref()?)))
        .filter(|(_, server)| server.phase == Phase::Pristine)
        .collect();
    let answers =
        |member: &MemberView| pristine.iter().any(|(other, _)| other.ordinal == member.ordinal);
    let all_answer = view.wanted_members().all(answers);
    if let Some(cluster_id) = &view.record.cluster_id {
        return recorded(view, cluster_id, &pristine);
    }
    if !all_answer {
        if let Some(decision) =
            rolling::broken_first(view).or_else(|| rolling::stuck(view.voting()))
        {
            return Some(decision);
        }
        let missing: Vec<String> =
            view.wanted_members().filter(|member| !answers(member)).map(why_unready).collect();
        return Some(Decision::wait(
            Reason::Forming,
            format!("waiting for all members: {}", missing.join("; ")),
        ));
    }
    // A cluster that was made smaller before it was ever formed.
    if view.stateful_replicas > view.wanted {
        return Some(Decision::take(
            Step::Shrink { group: Group::Voters, to: view.wanted },
            Reason::Forming,
            "removing surplus pods",
        ));
    }
    let nodes: BTreeSet<NodeId> = pristine.iter().map(|(_, server)| server.node_id).collect();
    if nodes.len() < pristine.len() {
        return Some(Decision::wait(
            Reason::ForeignVolume,
            "two volumes have the same node id: one is a copy; delete it",
        ));
    }
    let message = "all members are there; recording the new cluster's id";
    Some(Decision::take(Step::RecordFormation { nodes }, Reason::Forming, message))
}

/// An id is recorded and no volume knows it.
fn recorded(
    view: &View,
    cluster_id: &str,
    pristine: &[(&MemberView, &Status)],
) -> Option<Decision> {
    // Exactly the recorded volumes, even if another number is wanted by now: members are added and
    // removed as usual afterwards.
    let formed_of = view.record.formed_of.clone().unwrap_or_default();
    let members: BTreeMap<NodeId, Member> = pristine
        .iter()
        .filter(|(_, server)| formed_of.contains(&server.node_id))
        .map(|(_, server)| (server.node_id, server.own.clone()))
        .collect();
    if !members.is_empty() && members.len() == formed_of.len() {
        let (via, _) = pristine.iter().find(|(_, server)| formed_of.contains(&server.node_id))?;
        let message = format!("forming a cluster of {}", members.len());
        let step =
            Step::Initialise { via: via.name.clone(), cluster_id: cluster_id.to_owned(), members };
        return Some(Decision::take(step, Reason::Forming, message));
    }
    if view.voting().any(|member| view.asks_for(member) && member.server.is_none()) {
        // Most likely a formed cluster of which nobody answers.
        return None;
    }
    let message = format!(
        "cluster {cluster_id} existed before, and all volumes are empty: its data is not here. Restore the volumes; or, to start anew with an empty namespace, delete Secret {}",
        names::secret(&view.cluster),
    );
    Some(Decision::wait(Reason::VolumesLost, message))
}
