//! What a pass sees of a cluster: the input of all decisions. Plain data; ages instead of times,
//! so that decisions need no clock.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use metafs_admin_api::{MemberProgress, NodeId, Role, Status};
use metafs_namespace::settings::MemberRole;

use crate::names::Group;

/// Log entries by which a member may be behind the leader and still count as caught up: what a
/// busy leader appends between two answers.
pub const CAUGHT_UP: u64 = 1000;
/// For how long a member may take to come back before it counts as failed.
pub const STARTING: Duration = Duration::from_secs(60);
/// A member that the leader has not heard of for longer is not caught up.
pub const CONTACT: Duration = Duration::from_secs(5);

/// What is recorded in the Secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The cluster's id: written before the cluster is formed.
    pub cluster_id: Option<String>,
    /// The volumes it was (to be) formed of.
    pub formed_of: Option<BTreeSet<NodeId>>,
}

/// A cluster.
#[derive(Clone, Debug)]
pub struct View {
    /// Its name.
    pub cluster: String,
    /// Voting members wanted.
    pub wanted: u32,
    /// Pods their StatefulSet is asked for.
    pub stateful_replicas: u32,
    /// Read replicas wanted.
    pub readers_wanted: u32,
    /// Pods their StatefulSet is asked for.
    pub readers_asked: u32,
    /// Whether the StatefulSets' controller has seen the present templates, so that
    /// [`PodView::outdated`] can be trusted.
    pub template_seen: bool,
    /// What is recorded of its formation.
    pub record: Record,
    /// Every ordinal that is wanted, or has a pod or a volume; the voters ascending, then the read
    /// replicas.
    pub members: Vec<MemberView>,
    /// Generation of the settings that should be in force.
    pub settings_generation: u64,
    /// The roles that the settings declare are to be given back to all members.
    pub restore_roles: bool,
    /// Log filter that should be in force.
    pub log_filter: String,
    /// Grace for lost nodes.
    pub node_loss_grace: Duration,
    /// Version of the Secret with credentials for Tablestore that the pods mount, if there is one.
    pub credentials_version: Option<String>,
}

/// One ordinal.
#[derive(Clone, Debug)]
pub struct MemberView {
    /// Whether it is to vote.
    pub group: Group,
    /// The ordinal in its group.
    pub ordinal: u32,
    /// The pod's name, and the member's.
    pub name: String,
    /// The pod, if it exists.
    pub pod: Option<PodView>,
    /// The volume claim, if it exists.
    pub volume: Option<VolumeView>,
    /// For how long the node it is bound to has been gone or not ready.
    pub node_gone_for: Option<Duration>,
    /// What its server says of itself, if it answers.
    pub server: Option<Status>,
    /// Why it refuses to, if it answers that (its disk failed, the key is another one).
    pub refusal: Option<String>,
    /// Its present log filter.
    pub log_filter: Option<String>,
}

/// A pod.
#[derive(Clone, Debug, PartialEq)]
pub struct PodView {
    /// Its uid.
    pub uid: String,
    /// Ready, as Kubernetes sees it.
    pub ready: bool,
    /// Its container runs. It may hold a quorum together even if nobody else hears of it.
    pub running: bool,
    /// Being deleted.
    pub terminating: bool,
    /// Made from an older template.
    pub outdated: bool,
    /// For how long it has not been ready.
    pub unready_for: Duration,
    /// Its label [`crate::names::ROLE`].
    pub role: Option<String>,
    /// Its annotation [`crate::names::CREDENTIALS_VERSION`].
    pub credentials_version: Option<String>,
    /// What keeps it from starting, in words for people.
    pub trouble: Option<String>,
}

/// A volume claim.
#[derive(Clone, Debug, PartialEq)]
pub struct VolumeView {
    /// Its uid.
    pub uid: String,
    /// The volume behind the claim is gone.
    pub lost: bool,
    /// Being deleted.
    pub terminating: bool,
}

impl MemberView {
    /// What its server does, if it answers.
    pub fn role(&self) -> Option<Role> {
        self.server.as_ref().map(|server| server.role)
    }

    /// Whether the server answers as this volume, in a pod that stays. A voter that has not received
    /// anything yet counts: it can vote.
    pub fn alive(&self, node: NodeId) -> bool {
        !self.terminating() && self.node_id() == Some(node)
    }

    /// The server's node id, if it answers.
    pub fn node_id(&self) -> Option<NodeId> {
        self.server.as_ref().map(|server| server.node_id)
    }

    /// Not ready, but for so short a time that it may just be starting.
    pub fn starting(&self) -> bool {
        self.pod
            .as_ref()
            .is_some_and(|pod| !pod.ready && pod.unready_for < STARTING && pod.trouble.is_none())
    }

    /// The pod is being deleted.
    pub fn terminating(&self) -> bool {
        self.pod.as_ref().is_some_and(|pod| pod.terminating)
    }

    /// The pod is ready and the server says so too.
    pub fn ready(&self) -> bool {
        self.pod.as_ref().is_some_and(|pod| pod.ready && !pod.terminating)
            && self.server.as_ref().is_some_and(|server| server.health.ready)
    }
}

impl View {
    /// The member that leads, its term confirmed by a quorum. After a partition an old leader may
    /// still believe in itself: the highest term wins.
    pub fn leader(&self) -> Option<Leader<'_>> {
        self.members
            .iter()
            .filter_map(|member| Some((member, member.server.as_ref()?)))
            .filter(|(_, server)| server.role == Role::Active)
            .max_by_key(|(_, server)| server.term)
            .map(|(member, status)| Leader { view: self, member, status })
    }

    /// Roles that were forced on members, by name: the leader's word, or that of whoever knows most.
    pub fn forced_roles(&self) -> Option<&BTreeMap<String, MemberRole>> {
        let knows_most = || {
            self.members
                .iter()
                .filter_map(|member| member.server.as_ref())
                .max_by_key(|server| server.applied_index)
        };
        let server = self.leader().map(|leader| leader.status).or_else(knows_most)?;
        Some(&server.forced_roles)
    }

    /// Members of the voters' StatefulSet.
    pub fn voting(&self) -> impl Iterator<Item = &MemberView> {
        self.members.iter().filter(|member| member.group == Group::Voters)
    }

    /// Wanted ordinals of the voters.
    pub fn wanted_members(&self) -> impl Iterator<Item = &MemberView> {
        self.voting().filter(|member| self.wants(member))
    }

    /// Wanted ordinals of the read replicas.
    pub fn wanted_readers(&self) -> impl Iterator<Item = &MemberView> {
        let readers = self.members.iter().filter(|member| member.group == Group::Readers);
        readers.filter(|member| self.wants(member))
    }

    /// Both.
    pub fn all_wanted(&self) -> impl Iterator<Item = &MemberView> {
        self.wanted_members().chain(self.wanted_readers())
    }

    /// Whether the member is wanted in its group.
    pub fn wants(&self, member: &MemberView) -> bool {
        let wanted = match member.group {
            Group::Voters => self.wanted,
            Group::Readers => self.readers_wanted,
        };
        member.ordinal < wanted
    }

    /// Whether the member's ordinal has a pod, or is to have one.
    pub fn asks_for(&self, member: &MemberView) -> bool {
        let asked = match member.group {
            Group::Voters => self.stateful_replicas,
            Group::Readers => self.readers_asked,
        };
        self.wants(member) || member.ordinal < asked
    }

    /// The member of that name.
    pub fn member(&self, name: &str) -> Option<&MemberView> {
        self.members.iter().find(|member| member.name == name)
    }

    /// Whether a member of that name is wanted, voter or not.
    pub fn is_wanted(&self, name: &str) -> bool {
        self.member(name).is_some_and(|member| self.wants(member))
    }

    /// Whether a member of that name is wanted as a voter.
    pub fn is_wanted_voter(&self, name: &str) -> bool {
        self.member(name).is_some_and(|member| member.group == Group::Voters && self.wants(member))
    }
}

/// The leader and what it knows.
#[derive(Clone, Copy)]
pub struct Leader<'a> {
    /// All there is.
    pub view: &'a View,
    /// The leader.
    pub member: &'a MemberView,
    /// What it says.
    pub status: &'a Status,
}

impl<'a> Leader<'a> {
    /// The members of the cluster that have a vote.
    pub fn voters(&self) -> impl Iterator<Item = (NodeId, &'a MemberProgress)> + use<'a> {
        self.status
            .members
            .iter()
            .filter(|(_, progress)| progress.voter)
            .map(|(id, progress)| (*id, progress))
    }

    /// The voters' ids.
    pub fn voter_ids(&self) -> BTreeSet<NodeId> {
        self.voters().map(|(id, _)| id).collect()
    }

    /// The voter of that name.
    pub fn voter_named(&self, name: &str) -> Option<NodeId> {
        self.voters().find(|(_, progress)| progress.member.name == name).map(|(id, _)| id)
    }

    /// Whether that voter answers.
    pub fn is_alive(&self, node: NodeId) -> bool {
        self.status
            .members
            .get(&node)
            .and_then(|progress| self.view.member(&progress.member.name))
            .is_some_and(|member| member.alive(node))
    }

    /// Whether the voters hold a quorum without the member of that name.
    pub fn quorum_without(&self, name: &str) -> bool {
        let voters = self.status.members.values().filter(|progress| progress.voter).count();
        let alive = self
            .voters()
            .filter(|(id, progress)| progress.member.name != name && self.is_alive(*id))
            .count();
        alive > voters / 2
    }

    /// Whether the member has (nearly) all of the leader's log.
    pub fn caught_up(&self, node: NodeId) -> bool {
        if node == self.status.node_id {
            return true;
        }
        let Some(progress) = self.status.members.get(&node) else { return false };
        progress
            .matched_index
            .is_some_and(|matched| matched.saturating_add(CAUGHT_UP) >= self.status.last_log_index)
            && progress.snapshot_percent.is_none()
            && progress.last_contact_ms.is_none_or(|ms| u128::from(ms) <= CONTACT.as_millis())
    }
}
