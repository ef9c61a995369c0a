//! A small model of Kubernetes and Raft for the tests of the decisions: what a [`Step`] does, what
//! fails, and what a [`View`] shows of it. Each tick is ten seconds.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use metafs_admin_api::{
    Health, Leader, Member, MemberProgress, NamespaceFigures, NodeId, Phase, RemoteStatus, Role,
    Status,
};

use metafs_namespace::settings::MemberRole;

use super::Step;
use crate::names::{self, Group};
use crate::view::{MemberView, PodView, Record, View, VolumeView};

/// Ordinals of read replicas in the model begin here.
pub(crate) const READ: u32 = 100;

/// Name of a pod.
pub(crate) fn name(ordinal: u32) -> String {
    match ordinal.checked_sub(READ) {
        None => names::pod("demo", ordinal),
        Some(ordinal) => names::pod(&names::set("demo", Group::Readers), ordinal),
    }
}

/// And back.
pub(crate) fn ordinal(name: &str) -> Option<u32> {
    let reader = names::ordinal(&names::set("demo", Group::Readers), name);
    names::ordinal("demo", name).or(reader.map(|ordinal| READ + ordinal))
}

/// Generation of the settings that should be in force.
pub(crate) const WANTED: u64 = 7;
const TICK: Duration = Duration::from_secs(10);
const GRACE: Duration = Duration::from_secs(60);

#[derive(Clone, Debug)]
pub(crate) struct SimPod {
    pub uid: u64,
    pub template: u32,
    /// Crashed by a fault, until it heals.
    pub crashed: bool,
    /// The operator cannot reach it, though it runs.
    pub unheard: bool,
    pub node_gone: Option<u32>,
    pub unready_ticks: u32,
    /// Ticks until the container runs.
    pub starting: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SimVolume {
    pub node: NodeId,
    pub cluster: Option<String>,
    /// Ticks until it has the leader's log, once it is a member.
    pub behind: u32,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Membership {
    pub cluster: String,
    /// Name by id.
    pub voters: BTreeMap<NodeId, String>,
    pub learners: BTreeMap<NodeId, String>,
    pub index: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct World {
    pub wanted: u32,
    pub pods_wanted: u32,
    pub readers: u32,
    pub reader_pods_wanted: u32,
    pub template: u32,
    /// Templates whose pods never start.
    pub bad_templates: BTreeSet<u32>,
    pub pods: BTreeMap<u32, SimPod>,
    pub volumes: BTreeMap<u32, SimVolume>,
    pub membership: Option<Membership>,
    pub leader: Option<NodeId>,
    pub term: u64,
    pub record: Record,
    pub formed_times: u32,
    /// How many voters observe: those with the highest ordinals.
    pub observers: u32,
    /// Roles against that.
    pub forced: BTreeMap<String, MemberRole>,
    /// Labels of the pods.
    pub labels: BTreeMap<u64, String>,
    /// What all servers say of the copy in Tablestore.
    pub remote: Option<RemoteStatus>,
    /// Generation of the settings that all servers have applied; the wanted one is [`WANTED`].
    pub settings_generation: u64,
    pub files: u64,
    next: u64,
}

impl World {
    pub fn new(wanted: u32) -> Self {
        Self {
            wanted,
            pods_wanted: wanted,
            readers: 0,
            reader_pods_wanted: 0,
            template: 1,
            bad_templates: BTreeSet::new(),
            pods: BTreeMap::new(),
            volumes: BTreeMap::new(),
            membership: None,
            leader: None,
            term: 0,
            record: Record::default(),
            formed_times: 0,
            observers: 0,
            forced: BTreeMap::new(),
            labels: BTreeMap::new(),
            remote: None,
            settings_generation: WANTED,
            files: 0,
            next: 1,
        }
    }

    fn draw(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Whether the server of that ordinal runs.
    pub fn up(&self, ordinal: u32) -> bool {
        self.pods.get(&ordinal).is_some_and(|pod| {
            !pod.crashed
                && pod.node_gone.is_none()
                && pod.starting == 0
                && !self.bad_templates.contains(&pod.template)
        }) && self.volumes.contains_key(&ordinal)
    }

    /// The voters that run, with their own volumes.
    pub fn alive_voters(&self) -> BTreeSet<NodeId> {
        let Some(membership) = &self.membership else { return BTreeSet::new() };
        self.volumes
            .iter()
            .filter(|(ordinal, volume)| {
                self.up(**ordinal) && membership.voters.contains_key(&volume.node)
            })
            .map(|(_, volume)| volume.node)
            .collect()
    }

    pub fn has_quorum(&self) -> bool {
        self.membership.as_ref().is_some_and(|m| self.alive_voters().len() > m.voters.len() / 2)
    }

    /// Whether it is an observer while it does not lead.
    pub fn observes(&self, ordinal: u32) -> bool {
        match self.forced.get(&name(ordinal)) {
            Some(role) => *role == MemberRole::Observer,
            None if ordinal >= READ => ordinal - READ < self.readers,
            None => ordinal < self.wanted && ordinal >= self.wanted - self.observers,
        }
    }

    /// Cuts a pod off from the operator and the others, or heals that.
    pub fn force_silent(&mut self, ordinal: u32, silent: bool) {
        if let Some(pod) = self.pods.get_mut(&ordinal) {
            pod.unheard = silent;
        }
    }

    pub fn ordinal_of(&self, node: NodeId) -> Option<u32> {
        self.volumes.iter().find(|(_, volume)| volume.node == node).map(|(ordinal, _)| *ordinal)
    }

    /// What goes by itself within ten seconds: controllers, kubelets, elections, catching up.
    pub fn tick(&mut self) {
        self.pods_wanted = self.pods_wanted.max(self.wanted);
        self.reader_pods_wanted = self.reader_pods_wanted.max(self.readers);
        let (pods, readers) = (self.pods_wanted, self.reader_pods_wanted);
        self.pods.retain(|ordinal, _| asked(*ordinal, pods, readers));
        for ordinal in (0..pods).chain(READ..READ + readers) {
            if !self.volumes.contains_key(&ordinal) {
                let node = NodeId(self.draw());
                self.volumes.insert(ordinal, SimVolume { node, cluster: None, behind: 2 });
            }
            if !self.pods.contains_key(&ordinal) {
                let uid = self.draw();
                let template = self.template;
                self.pods.insert(
                    ordinal,
                    SimPod {
                        uid,
                        template,
                        crashed: false,
                        unheard: false,
                        node_gone: None,
                        unready_ticks: 0,
                        starting: 1,
                    },
                );
            }
        }
        for pod in self.pods.values_mut() {
            pod.starting = pod.starting.saturating_sub(1);
            if let Some(ticks) = &mut pod.node_gone {
                *ticks += 1;
            }
        }
        for ordinal in self.pods.keys().copied().collect::<Vec<_>>() {
            let ready = self.ready(ordinal);
            if let Some(pod) = self.pods.get_mut(&ordinal) {
                pod.unready_ticks = if ready { 0 } else { pod.unready_ticks + 1 };
            }
        }
        self.elect();
        self.replicate(1);
    }

    /// The members that run hear of the cluster, and catch up by so many ticks.
    fn replicate(&mut self, by: u32) {
        if self.leader.is_some() {
            let members: BTreeSet<NodeId> = self
                .membership
                .iter()
                .flat_map(|m| m.voters.keys().chain(m.learners.keys()))
                .copied()
                .collect();
            let cluster = self.membership.as_ref().map(|m| m.cluster.clone());
            for ordinal in self.volumes.keys().copied().collect::<Vec<_>>() {
                let up = self.up(ordinal);
                let Some(volume) = self.volumes.get_mut(&ordinal) else { continue };
                if up && members.contains(&volume.node) {
                    volume.behind = volume.behind.saturating_sub(by);
                    volume.cluster = cluster.clone();
                }
            }
        }
    }

    fn elect(&mut self) {
        let alive = self.alive_voters();
        if !self.has_quorum() {
            self.leader = None;
        } else if self.leader.is_none_or(|leader| !alive.contains(&leader)) {
            // Only those who have everything can win.
            let full =
                |node: &NodeId| self.volumes.values().any(|v| v.node == *node && v.behind == 0);
            let knows = |node: &NodeId| {
                self.volumes.values().any(|v| v.node == *node && v.cluster.is_some())
            };
            let find = |fit: &dyn Fn(&NodeId) -> bool| alive.iter().copied().find(fit);
            self.leader = find(&full).or_else(|| find(&knows));
            self.term += 1;
        }
    }

    fn ready(&self, ordinal: u32) -> bool {
        let Some(membership) = &self.membership else { return false };
        self.up(ordinal)
            && self.leader.is_some()
            && self.volumes.get(&ordinal).is_some_and(|v| {
                let learner = ordinal >= READ && membership.learners.contains_key(&v.node);
                v.behind == 0 && (learner || membership.voters.contains_key(&v.node))
            })
    }

    /// Carries a step out; `false`: it was refused.
    pub fn apply(&mut self, step: &Step) -> bool {
        match step {
            Step::RecordFormation { nodes } => {
                self.record = Record {
                    cluster_id: Some(format!("c{}", self.draw())),
                    formed_of: Some(nodes.clone()),
                };
            }
            Step::AdoptClusterId { cluster_id } => {
                self.record.cluster_id = Some(cluster_id.clone())
            }
            Step::Initialise { via, cluster_id, members } => {
                let Some(ordinal) = self::ordinal(via) else { return false };
                if !self.up(ordinal) {
                    return false;
                }
                let Some(volume) = self.volumes.get_mut(&ordinal) else { return false };
                if volume.cluster.is_some() {
                    return false;
                }
                volume.cluster = Some(cluster_id.clone());
                volume.behind = 0;
                self.formed_times += 1;
                let voters =
                    members.iter().map(|(node, member)| (*node, member.name.clone())).collect();
                self.membership = Some(Membership {
                    cluster: cluster_id.clone(),
                    voters,
                    learners: BTreeMap::new(),
                    index: 1,
                });
                self.elect();
                // A majority has it, or it is not done.
                self.replicate(0);
            }
            Step::AddLearner { node, member, replaces: _ } => {
                return self.change(|m| {
                    m.learners.insert(*node, member.name.clone());
                    true
                });
            }
            Step::RemoveLearner { node, name: _ } => {
                return self.change(|m| m.learners.remove(node).is_some());
            }
            Step::SetVoters { voters, expected_membership_index, joining: _, leaving: _ } => {
                let done = self.change(|m| {
                    if m.index != *expected_membership_index {
                        return false;
                    }
                    let all: BTreeMap<_, _> = m
                        .voters
                        .iter()
                        .chain(&m.learners)
                        .map(|(id, name)| (*id, name.clone()))
                        .collect();
                    m.voters =
                        voters.iter().filter_map(|id| Some((*id, all.get(id)?.clone()))).collect();
                    m.learners.retain(|id, _| !voters.contains(id));
                    true
                });
                self.elect();
                return done;
            }
            Step::TransferLeader { to, name: _ } => {
                if self.leader.is_none() || !self.alive_voters().contains(to) {
                    return false;
                }
                self.leader = Some(*to);
                self.term += 1;
            }
            Step::Restart { pod, uid } => {
                let Some(ordinal) = self::ordinal(pod) else { return false };
                if self.pods.get(&ordinal).is_none_or(|pod| pod.uid.to_string() != *uid) {
                    return false;
                }
                self.pods.remove(&ordinal);
                self.elect();
            }
            Step::ReplaceVolume { pod, .. } => {
                let Some(ordinal) = self::ordinal(pod) else { return false };
                self.pods.remove(&ordinal);
                self.volumes.remove(&ordinal);
                self.elect();
            }
            Step::DeleteVolume { pod, claim_uid: _ } => {
                let Some(ordinal) = self::ordinal(pod) else { return false };
                self.volumes.remove(&ordinal);
            }
            Step::Shrink { group, to } => {
                match group {
                    Group::Voters => self.pods_wanted = *to,
                    Group::Readers => self.reader_pods_wanted = *to,
                }
                let (pods, readers) = (self.pods_wanted, self.reader_pods_wanted);
                self.pods.retain(|ordinal, _| asked(*ordinal, pods, readers));
                self.elect();
            }
        }
        true
    }

    fn change(&mut self, change: impl FnOnce(&mut Membership) -> bool) -> bool {
        if self.leader.is_none() {
            return false;
        }
        let Some(membership) = &mut self.membership else { return false };
        let done = change(membership);
        membership.index += u64::from(done);
        done
    }

    fn member(&self, ordinal: u32) -> Member {
        let name = name(ordinal);
        Member {
            raft: format!("{name}:8030"),
            admin: format!("{name}:8031"),
            web: format!("{name}:9870"),
            name,
        }
    }

    fn status(&self, ordinal: u32, volume: &SimVolume) -> Status {
        let membership = self.membership.clone().unwrap_or_default();
        let knows = volume.cluster.is_some();
        let leads = self.leader == Some(volume.node);
        let voter = membership.voters.contains_key(&volume.node);
        let learner = membership.learners.contains_key(&volume.node);
        let progress = |(node, name): (&NodeId, &String), voter: bool| {
            let ordinal = self::ordinal(name).unwrap_or(0);
            let behind =
                self.ordinal_of(*node).and_then(|o| self.volumes.get(&o)).map_or(9, |v| v.behind);
            let matched = 1_000_000 - 10_000 * u64::from(behind);
            let progress = MemberProgress {
                member: self.member(ordinal).into(),
                voter,
                matched_index: leads.then_some(matched),
                last_contact_ms: (leads && self.up(ordinal)).then_some(10),
                snapshot_percent: None,
            };
            (*node, progress)
        };
        let mut members: BTreeMap<NodeId, MemberProgress> = BTreeMap::new();
        if knows {
            members.extend(membership.voters.iter().map(|entry| progress(entry, true)));
            members.extend(membership.learners.iter().map(|entry| progress(entry, false)));
        }
        Status {
            version: "0.1.0".into(),
            raft_protocol: 1,
            node_id: volume.node,
            own: self.member(ordinal),
            cluster_id: volume.cluster.clone(),
            phase: match (knows, voter || learner) {
                (false, _) => Phase::Pristine,
                (true, true) => Phase::Member,
                (true, false) => Phase::Outside,
            },
            role: match (leads, knows && voter, knows && learner) {
                (true, _, _) => Role::Active,
                (_, true, _) | (_, _, true) if self.observes(ordinal) => Role::Observer,
                (_, true, _) => Role::Standby,
                (_, _, true) => Role::Learner,
                _ => Role::None,
            },
            health: Health { ready: self.ready(ordinal), reason: None },
            term: self.term,
            leader: self.leader.map(|node_id| Leader { node_id, member: None }),
            last_log_index: 1_000_000,
            committed_index: 1_000_000,
            applied_index: 1_000_000 - 10_000 * u64::from(volume.behind),
            membership_index: if knows { membership.index } else { 0 },
            membership_joint: false,
            members,
            settings_generation: Some(self.settings_generation),
            forced_roles: self.forced.clone(),
            remote: self.remote.clone(),
            namespace: NamespaceFigures {
                directories: 1,
                files: self.files,
                bytes: 0,
                open_files: 0,
                checksum: String::new(),
                cleaning_up: false,
            },
            disk_used_bytes: 0,
            disk_free_bytes: 0,
            uptime_seconds: 1,
        }
    }

    pub fn view(&self) -> View {
        let mut ordinals: BTreeSet<u32> =
            (0..self.wanted).chain(READ..READ + self.readers).collect();
        ordinals.extend(self.volumes.keys().chain(self.pods.keys()));
        let members = ordinals
            .into_iter()
            .map(|ordinal| {
                let volume = self.volumes.get(&ordinal);
                let pod = self.pods.get(&ordinal);
                MemberView {
                    group: if ordinal < READ { Group::Voters } else { Group::Readers },
                    ordinal: if ordinal < READ { ordinal } else { ordinal - READ },
                    name: name(ordinal),
                    pod: pod.map(|pod| PodView {
                        uid: pod.uid.to_string(),
                        ready: self.ready(ordinal),
                        running: self.up(ordinal),
                        terminating: false,
                        outdated: pod.template != self.template,
                        unready_for: TICK * pod.unready_ticks,
                        role: self.labels.get(&pod.uid).cloned(),
                        credentials_version: None,
                        trouble: (self.bad_templates.contains(&pod.template)
                            && pod.unready_ticks > 1)
                            .then(|| "the image cannot be pulled".into()),
                    }),
                    volume: volume.map(|v| VolumeView {
                        uid: v.node.to_string(),
                        lost: false,
                        terminating: false,
                    }),
                    node_gone_for: pod.and_then(|pod| pod.node_gone).map(|ticks| TICK * ticks),
                    server: volume
                        .filter(|_| self.up(ordinal) && !pod.is_some_and(|pod| pod.unheard))
                        .map(|volume| self.status(ordinal, volume)),
                    refusal: None,
                    log_filter: None,
                }
            })
            .collect();
        View {
            cluster: "demo".into(),
            wanted: self.wanted,
            stateful_replicas: self.pods_wanted.max(self.wanted),
            readers_wanted: self.readers,
            readers_asked: self.reader_pods_wanted.max(self.readers),
            template_seen: true,
            record: self.record.clone(),
            members,
            settings_generation: WANTED,
            restore_roles: false,
            log_filter: "info".into(),
            node_loss_grace: GRACE,
            credentials_version: None,
        }
    }
}

fn asked(ordinal: u32, pods: u32, readers: u32) -> bool {
    match ordinal.checked_sub(READ) {
        None => ordinal < pods,
        Some(reader) => reader < readers,
    }
}
