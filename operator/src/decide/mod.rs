//! Step 6: what to do next. A pure function of the [`View`]: at most one step that changes the
//! cluster, and small upkeep beside it. Its properties (a quorum of voters is never given up, a
//! cluster is formed once) are tested over random histories in `tests`.

pub mod formation;
pub mod membership;
pub mod rolling;
pub mod volumes;

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod world;

use std::collections::{BTreeMap, BTreeSet};

use metafs_admin_api::{Member, NodeId, Role};

use crate::names::{Group, role};
use crate::view::{Leader, MemberView, View};

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Write into the Secret a new cluster id, and of which volumes the cluster is to be formed.
    RecordFormation {
        /// The volumes.
        nodes: BTreeSet<NodeId>,
    },
    /// Write into the Secret the id that the volumes carry already.
    AdoptClusterId {
        /// The id.
        cluster_id: String,
    },
    /// Form the cluster.
    Initialise {
        /// The pod that is asked.
        via: String,
        /// The recorded id.
        cluster_id: String,
        /// All members.
        members: BTreeMap<NodeId, Member>,
    },
    /// Let a new volume receive the log.
    AddLearner {
        /// Its id.
        node: NodeId,
        /// Its addresses.
        member: Member,
        /// The volume it stands in for, if that one is still a voter.
        replaces: Option<NodeId>,
    },
    /// Change who votes.
    SetVoters {
        /// Exactly these.
        voters: BTreeSet<NodeId>,
        /// The membership that the decision was made on.
        expected_membership_index: u64,
        /// Names of those who join.
        joining: Vec<String>,
        /// Names of those who leave.
        leaving: Vec<String>,
    },
    /// Take a learner out that nobody waits for.
    RemoveLearner {
        /// Its id.
        node: NodeId,
        /// Its name.
        name: String,
    },
    /// Hand leadership over.
    TransferLeader {
        /// To whom.
        to: NodeId,
        /// Their name.
        name: String,
    },
    /// Delete a pod, so that it comes back with the present template.
    Restart {
        /// The pod.
        pod: String,
        /// Its uid: no other is meant.
        uid: String,
    },
    /// Delete a volume and its pod, so that both come back empty.
    ReplaceVolume {
        /// The pod.
        pod: String,
        /// The volume claim's uid, if it exists: no other is meant.
        claim_uid: Option<String>,
        /// The pod's uid, if it exists.
        pod_uid: Option<String>,
        /// Whether the pod's node cannot confirm the deletion.
        force: bool,
        /// Why, for people.
        why: String,
    },
    /// Delete the volume of an ordinal that is no longer there.
    DeleteVolume {
        /// Its pod's name.
        pod: String,
        /// The volume claim's uid.
        claim_uid: String,
    },
    /// Ask a StatefulSet for fewer pods.
    Shrink {
        /// Whose.
        group: Group,
        /// This many.
        to: u32,
    },
}

/// Small things that disturb nothing and are done beside a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upkeep {
    /// Bring the replicated settings up to date.
    PutSettings,
    /// Set a member's log filter.
    SetLogLevel {
        /// The member's pod.
        pod: String,
    },
    /// Give all members back the roles that the settings declare, and remove the annotation that
    /// asks for it.
    RestoreRoles,
    /// Say on a pod what the member is to clients.
    LabelRole {
        /// The pod.
        pod: String,
        /// Its uid: no other is meant.
        uid: String,
        /// One of [`mod@crate::names::role`]; `None`: nothing to any client.
        role: Option<&'static str>,
    },
    /// Say on a pod which version of the credentials for Tablestore it mounts: its kubelet then looks.
    TellCredentials {
        /// The pod.
        pod: String,
        /// Its uid: no other is meant.
        uid: String,
        /// The version.
        version: String,
    },
}

/// Why things are as they are; the reason in conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Everything is as wanted.
    Ready,
    /// The cluster is being formed, or waits for its members to be.
    Forming,
    /// Members are being added or removed.
    Scaling,
    /// A lost or emptied volume is being replaced.
    Replacing,
    /// Pods are being restarted one by one.
    Rolling,
    /// There is no leader yet.
    Electing,
    /// A member was (re)started and is becoming ready.
    Starting,
    /// A member is not ready.
    Degraded,
    /// Too few members are alive.
    QuorumLost,
    /// A pod cannot start.
    PodStuck,
    /// A volume belongs to another cluster.
    ForeignVolume,
    /// The cluster existed before and all volumes are new.
    VolumesLost,
    /// The node of a member that cannot be replaced is gone.
    NodeLost,
}

impl Reason {
    /// The reason as conditions carry it.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::Ready => "Ready",
            Reason::Forming => "Forming",
            Reason::Scaling => "Scaling",
            Reason::Replacing => "Replacing",
            Reason::Rolling => "Rolling",
            Reason::Electing => "Electing",
            Reason::Starting => "Starting",
            Reason::Degraded => "Degraded",
            Reason::QuorumLost => "QuorumLost",
            Reason::PodStuck => "PodStuck",
            Reason::ForeignVolume => "ForeignVolume",
            Reason::VolumesLost => "VolumesLost",
            Reason::NodeLost => "NodeLost",
        }
    }

    /// Nothing goes on without a hand.
    pub fn is_stalled(self) -> bool {
        matches!(
            self,
            Reason::PodStuck | Reason::ForeignVolume | Reason::VolumesLost | Reason::NodeLost
        )
    }

    /// The operator is at work or waits for something it began.
    pub fn is_progressing(self) -> bool {
        match self {
            Reason::Forming
            | Reason::Scaling
            | Reason::Replacing
            | Reason::Rolling
            | Reason::Electing
            | Reason::Starting => true,
            Reason::Ready
            | Reason::Degraded
            | Reason::QuorumLost
            | Reason::PodStuck
            | Reason::ForeignVolume
            | Reason::VolumesLost
            | Reason::NodeLost => false,
        }
    }
}

/// What to do, and how to say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The next step, if there is one to take now.
    pub step: Option<Step>,
    /// What is done beside it.
    pub upkeep: Vec<Upkeep>,
    /// Why.
    pub reason: Reason,
    /// The same for people.
    pub message: String,
}

impl Decision {
    fn take(step: Step, reason: Reason, message: impl Into<String>) -> Self {
        Self { step: Some(step), upkeep: Vec::new(), reason, message: message.into() }
    }

    pub(crate) fn wait(reason: Reason, message: impl Into<String>) -> Self {
        Self { step: None, upkeep: Vec::new(), reason, message: message.into() }
    }
}

impl Upkeep {
    /// Whether it tells what is, and changes nothing: done even while the operator is paused.
    pub fn only_tells(&self) -> bool {
        match self {
            Upkeep::LabelRole { .. } => true,
            Upkeep::PutSettings
            | Upkeep::SetLogLevel { .. }
            | Upkeep::RestoreRoles
            | Upkeep::TellCredentials { .. } => false,
        }
    }
}

/// What to do next.
pub fn decide(view: &View) -> Decision {
    let mut decision = next(view);
    decision.upkeep.extend(view.leader().into_iter().flat_map(role_labels));
    decision.upkeep.extend(credentials(view));
    decision
}

fn next(view: &View) -> Decision {
    if let Some(decision) = formation::next(view) {
        return decision;
    }
    let Some(leader) = view.leader() else { return leaderless(view) };
    let mut decision = volumes::next(leader)
        .or_else(|| membership::next(leader))
        .or_else(|| rolling::next(leader))
        .unwrap_or_else(|| settled(leader));
    decision.upkeep = upkeep(leader);
    decision
}

/// A formed cluster without a leader heals by itself as soon as a quorum of its members runs. All
/// that can be done is to restart pods that cannot start as they are.
fn leaderless(view: &View) -> Decision {
    if let Some(decision) = rolling::broken_first(view).or_else(|| rolling::stuck(view.voting())) {
        return decision;
    }
    // The membership as any member knows it.
    let known = view
        .members
        .iter()
        .filter_map(|member| member.server.as_ref())
        .filter(|server| server.cluster_id.is_some())
        .max_by_key(|server| server.membership_index);
    let Some(known) = known else {
        let starting = view.members.iter().any(MemberView::starting);
        let reason = if starting { Reason::Starting } else { Reason::QuorumLost };
        let why: Vec<String> = view.wanted_members().map(why_unready).collect();
        return Decision::wait(
            reason,
            format!("no member of the cluster answers: {}", why.join("; ")),
        );
    };
    let voters: Vec<_> = known.members.iter().filter(|(_, progress)| progress.voter).collect();
    let of = |name: &str| view.member(name);
    let silent: Vec<&str> = voters
        .iter()
        .filter(|(id, progress)| {
            !of(&progress.member.name).is_some_and(|member| member.alive(**id))
        })
        .map(|(_, progress)| progress.member.name.as_str())
        .collect();
    if voters.len() - silent.len() > voters.len() / 2 {
        return Decision::wait(Reason::Electing, "the members are electing a leader");
    }
    let reason = match silent.iter().all(|name| of(name).is_some_and(MemberView::starting)) {
        true => Reason::Starting,
        false => Reason::QuorumLost,
    };
    let message = format!(
        "{} of {} voting members do not answer, or came without their volumes: {}. Clients are served again as soon as a quorum of them runs with its volumes",
        silent.len(),
        voters.len(),
        silent.join(", "),
    );
    Decision::wait(reason, message)
}

/// Nothing is left to do; says whether all is well.
fn settled(leader: Leader<'_>) -> Decision {
    let view = leader.view;
    if let Some(decision) =
        volumes::foreign_reader(view).or_else(|| rolling::stuck(view.members.iter()))
    {
        return decision;
    }
    let unready: Vec<&MemberView> = view.all_wanted().filter(|member| !member.ready()).collect();
    if unready.is_empty() {
        let readers = match view.readers_wanted {
            0 => String::new(),
            1 => ", 1 read replica too".to_owned(),
            n => format!(", {n} read replicas too"),
        };
        let plural = if view.wanted == 1 { "member is" } else { "members are" };
        return Decision::wait(Reason::Ready, format!("{} {plural} ready{readers}", view.wanted));
    }
    let catching_up = |member: &MemberView| {
        member.group == Group::Readers
            && member.node_id().is_some_and(|node| {
                leader.status.members.contains_key(&node) && !leader.caught_up(node)
            })
    };
    let reason = if unready.iter().all(|member| catching_up(member)) {
        Reason::Scaling
    } else if unready.iter().all(|member| member.starting()) {
        Reason::Starting
    } else {
        Reason::Degraded
    };
    Decision::wait(reason, unready.into_iter().map(why_unready).collect::<Vec<_>>().join("; "))
}

/// Why a member is not ready, for people.
pub fn why_unready(member: &MemberView) -> String {
    let name = &member.name;
    match (&member.pod, &member.server) {
        (None, _) => format!("{name} has no pod yet"),
        (Some(pod), _) if pod.terminating => format!("{name} is terminating"),
        (Some(pod), None) => match (&pod.trouble, &member.refusal) {
            (Some(trouble), _) => format!("{name}: {trouble}"),
            (None, Some(refusal)) => format!("{name}: {refusal}"),
            (None, None) if member.node_gone_for.is_some() => {
                format!("{name}: its node is gone or not ready")
            }
            (None, None) => format!("{name} does not answer"),
        },
        (Some(_), Some(server)) => match &server.health.reason {
            Some(reason) => format!("{name}: {reason}"),
            None => format!("{name} is becoming ready"),
        },
    }
}

/// Labels that do not say what the leader's followers and itself are. Without a leader they stay as
/// they are, as nothing better is known.
fn role_labels(leader: Leader<'_>) -> Vec<Upkeep> {
    let members = leader.view.members.iter();
    members
        .filter_map(|member| {
            let pod = member.pod.as_ref().filter(|pod| !pod.terminating)?;
            let present = pod.role.as_deref();
            let role = match member.role() {
                Some(Role::Active) if member.name == leader.member.name => Some(role::ACTIVE),
                // An old leader that does not know yet that it was replaced.
                Some(Role::Active | Role::Standby) => Some(role::STANDBY),
                Some(Role::Observer) => Some(role::OBSERVER),
                Some(Role::Learner | Role::None) => None,
                // Silent to us, maybe not to clients. It does not lead.
                None if present == Some(role::ACTIVE) => None,
                None => return None,
            };
            let uid = pod.uid.clone();
            (role != present).then(|| Upkeep::LabelRole { pod: member.name.clone(), uid, role })
        })
        .collect()
}

/// Pods that do not say which version of the credentials they mount, whoever leads.
fn credentials(view: &View) -> Vec<Upkeep> {
    let Some(version) = &view.credentials_version else { return Vec::new() };
    let pods = view.members.iter().filter_map(|member| Some((member, member.pod.as_ref()?)));
    pods.filter(|(_, pod)| !pod.terminating && pod.credentials_version.as_ref() != Some(version))
        .map(|(member, pod)| Upkeep::TellCredentials {
            pod: member.name.clone(),
            uid: pod.uid.clone(),
            version: version.clone(),
        })
        .collect()
}

fn upkeep(leader: Leader<'_>) -> Vec<Upkeep> {
    let mut upkeep = Vec::new();
    if leader
        .status
        .settings_generation
        .is_none_or(|applied| applied < leader.view.settings_generation)
    {
        upkeep.push(Upkeep::PutSettings);
    }
    if leader.view.restore_roles {
        upkeep.push(Upkeep::RestoreRoles);
    }
    for member in &leader.view.members {
        if member.log_filter.as_ref().is_some_and(|filter| *filter != leader.view.log_filter) {
            upkeep.push(Upkeep::SetLogLevel { pod: member.name.clone() });
        }
    }
    upkeep
}
