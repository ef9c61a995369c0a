//! Volumes that cannot be used again: those whose node is gone for good, those that are lost, and
//! those whose identity has left the cluster. One at a time, and those of voters only while the
//! others hold a quorum.

use metafs_admin_api::Phase;

use super::{Decision, Reason, Step, formation};
use crate::view::{Leader, MemberView, View};

/// The next step about volumes.
pub fn next(leader: Leader<'_>) -> Option<Decision> {
    let replacing = leader.view.wanted_members().any(|member| is_replacement(leader, member));
    let mut lost_for_good = None;
    for member in leader.view.wanted_members() {
        if let Some(why) = expelled(leader, member) {
            // It holds nothing that counts: no quorum depends on it.
            return Some(replace(member, false, why));
        }
        let Some((why, force)) = unusable(leader, member) else { continue };
        if leader.quorum_without(&member.name) {
            if !replacing {
                return Some(replace(member, force, why));
            }
        } else {
            // Without the seconds: this is said again and again.
            lost_for_good = Some(format!(
                "{} lost its node or volume, and cannot be replaced while the other members hold no quorum: bring them back",
                member.name
            ));
        }
    }
    // No quorum depends on a read replica.
    for member in leader.view.wanted_readers() {
        if let Some(why) = expelled(leader, member) {
            return Some(replace(member, false, why));
        }
        if let Some((why, force)) = unusable(leader, member) {
            return Some(replace(member, force, why));
        }
    }
    if let Some(message) = lost_for_good {
        return Some(Decision::wait(Reason::NodeLost, message));
    }
    leader.view.members.iter().find_map(|member| leftover(leader, member))
}

/// A read replica with a volume of another cluster harms nobody, and is not ours to delete.
pub fn foreign_reader(view: &View) -> Option<Decision> {
    let recorded = view.record.cluster_id.as_deref()?;
    let (member, id) = view
        .wanted_readers()
        .filter_map(|member| Some((member, member.server.as_ref()?.cluster_id.as_deref()?)))
        .find(|(_, id)| *id != recorded)?;
    Some(Decision::wait(Reason::ForeignVolume, formation::foreign(member, id, recorded)))
}

/// A volume whose node id is not (or no longer) in the membership must never come back under it.
fn expelled(leader: Leader<'_>, member: &MemberView) -> Option<String> {
    let server = member.server.as_ref()?;
    let ours = server.cluster_id == leader.status.cluster_id;
    let out = ours
        && server.phase != Phase::Pristine
        && !leader.status.members.contains_key(&server.node_id);
    (out && !member.terminating()).then(|| {
        format!("its volume is that of node {}, which was removed from the cluster", server.node_id)
    })
}

/// Why a member that does not answer will not come back with its volume; and whether its pod must
/// be deleted without its node's word.
fn unusable(leader: Leader<'_>, member: &MemberView) -> Option<(String, bool)> {
    if member.server.is_some()
        || member.pod.as_ref().is_some_and(|pod| pod.ready && !pod.terminating)
    {
        return None;
    }
    let volume = member.volume.as_ref();
    // A claim that is being deleted only waits for its pod, which only its node can end.
    let deleting = volume.is_some_and(|volume| volume.terminating) && member.pod.is_none();
    if deleting {
        return None;
    }
    if let Some(gone) = member.node_gone_for.filter(|gone| *gone >= leader.view.node_loss_grace) {
        return Some((format!("its node has been gone for {} s", gone.as_secs()), true));
    }
    volume
        .filter(|volume| volume.lost && !volume.terminating)
        .map(|_| ("its volume is lost".to_owned(), false))
}

/// A member with a new volume on its way into the cluster.
fn is_replacement(leader: Leader<'_>, member: &MemberView) -> bool {
    member
        .node_id()
        .is_some_and(|node| leader.status.members.get(&node).is_none_or(|progress| !progress.voter))
}

fn replace(member: &MemberView, force: bool, why: String) -> Decision {
    let message = format!("replacing {}: {why}", member.name);
    let step = Step::ReplaceVolume {
        pod: member.name.clone(),
        claim_uid: member.volume.as_ref().map(|volume| volume.uid.clone()),
        pod_uid: member.pod.as_ref().map(|pod| pod.uid.clone()),
        force,
        why,
    };
    Decision::take(step, Reason::Replacing, message)
}

/// The volume of a member that was scaled away. The ordinal may come back only with a new
/// identity.
fn leftover(leader: Leader<'_>, member: &MemberView) -> Option<Decision> {
    let view = leader.view;
    let volume = member.volume.as_ref().filter(|volume| !volume.terminating)?;
    let named = leader.status.members.values().any(|progress| progress.member.name == member.name);
    if view.asks_for(member) || member.pod.is_some() || named {
        return None;
    }
    let step = Step::DeleteVolume { pod: member.name.clone(), claim_uid: volume.uid.clone() };
    Some(Decision::take(
        step,
        Reason::Scaling,
        format!("deleting the volume of {}, which left the cluster", member.name),
    ))
}
