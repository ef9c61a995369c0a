//! Stand-ins for the servers: a model of their Raft behind the real admin API, one HTTP server a
//! pod. What a volume knows lives as long as its claim; what a cluster has agreed on is shared by
//! those that run.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use axum::{Json, Router};
use metafs_admin_api::{
    ApiError, Done, ErrorCode, Health, InitRequest, Leader, LearnerRequest, LogLevel, Member,
    MemberProgress, NamespaceFigures, NodeId, Phase, RemoteStatus, Role, Status, TransferRequest,
    VERSION, VERSION_HEADER, VotersRequest,
};
use metafs_namespace::Settings;
use metafs_namespace::settings::MemberRole;
use tokio::task::JoinHandle;

/// What a volume knows, by the uid of its claim.
#[derive(Clone, Debug)]
struct Volume {
    node: NodeId,
    cluster_id: Option<String>,
}

/// What the members of a cluster have agreed on.
#[derive(Clone, Debug, Default)]
pub struct Cluster {
    pub id: String,
    pub voters: BTreeMap<NodeId, Member>,
    pub learners: BTreeMap<NodeId, Member>,
    pub membership_index: u64,
    pub term: u64,
    pub leader: Option<NodeId>,
    pub settings: Option<Settings>,
    /// How often it was formed.
    pub formed: u32,
    pub files: u64,
    /// How often the roles were asked back.
    pub restored: u32,
    /// The settings it was formed with.
    pub first_settings: Option<Settings>,
    /// What the leader says of the copy in Tablestore; the others leave out the upload.
    pub remote: Option<RemoteStatus>,
    /// Settings are refused with this.
    pub refusal: Option<&'static str>,
}

impl Cluster {
    /// Whether that member is an observer while it does not lead.
    fn observes(&self, member: &Member) -> bool {
        let role = self.settings.as_ref().map(|settings| settings.role_of(&member.name));
        role == Some(MemberRole::Observer)
    }
}

struct Server {
    claim: String,
    cluster: String,
    member: Member,
    key: String,
    filter: String,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    volumes: HashMap<String, Volume>,
    clusters: HashMap<String, Cluster>,
    /// By pod name.
    servers: BTreeMap<String, Server>,
    /// Every number of votes there ever was, and by whom, to look at afterwards.
    votes: Vec<BTreeSet<String>>,
    /// The worst there was: running voters less a quorum.
    margin: i64,
}

/// All servers of one namespace.
#[derive(Clone, Default)]
pub struct Servers(Arc<Mutex<Shared>>);

/// One server, as its handlers know it.
#[derive(Clone)]
struct Own {
    servers: Servers,
    pod: String,
}

/// A refusal, made into a response where it leaves.
struct Refused(ErrorCode, &'static str);

type Answer<T> = Result<Json<T>, Refused>;

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Refused(code, message) = self;
        let status = StatusCode::from_u16(code.http_status()).unwrap();
        (status, Json(ApiError { code, message: message.into(), leader: None })).into_response()
    }
}

fn refuse<T>(code: ErrorCode, message: &'static str) -> Answer<T> {
    Err(Refused(code, message))
}

impl Servers {
    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap()
    }

    /// Starts the server of a pod on its volume.
    pub async fn start(
        &self,
        cluster: &str,
        pod: &str,
        claim: &str,
        ip: IpAddr,
        key: String,
        filter: String,
    ) {
        let listener = tokio::net::TcpListener::bind((ip, 8031)).await.unwrap();
        let own = Own { servers: self.clone(), pod: pod.to_owned() };
        let routes = Router::new()
            .route("/v1/status", get(status))
            .route("/v1/init", post(init))
            .route("/v1/learners", post(add_learner))
            .route("/v1/voters", put(set_voters))
            .route("/v1/members/{node}", delete(remove_member))
            .route("/v1/transfer-leader", post(transfer))
            .route("/v1/settings", put(put_settings))
            .route("/v1/roles", delete(restore_roles))
            .route("/v1/log-level", get(get_level).put(set_level))
            .with_state(own);
        let task = tokio::spawn(async move {
            axum::serve(listener, routes).await.unwrap();
        });
        let host = format!("{pod}.{cluster}-members");
        let member = Member {
            name: pod.to_owned(),
            raft: format!("{host}:8030"),
            admin: format!("{host}:8031"),
            web: format!("{host}:9870"),
        };
        let mut shared = self.lock();
        shared
            .volumes
            .entry(claim.to_owned())
            .or_insert_with(|| Volume { node: NodeId(rand::random()), cluster_id: None });
        let server = Server {
            claim: claim.to_owned(),
            cluster: cluster.to_owned(),
            member,
            key,
            filter,
            task,
        };
        if let Some(old) = shared.servers.insert(pod.to_owned(), server) {
            old.task.abort();
        }
        shared.elect(cluster);
    }

    /// Ends the server of a pod.
    pub fn stop(&self, pod: &str) {
        let mut shared = self.lock();
        if let Some(server) = shared.servers.remove(pod) {
            server.task.abort();
            shared.elect(&server.cluster);
        }
    }

    /// The key that the cluster's servers ask for from now on.
    pub fn set_key(&self, cluster: &str, key: &str) {
        for server in self.lock().servers.values_mut().filter(|server| server.cluster == cluster) {
            key.clone_into(&mut server.key);
        }
    }

    /// The claim under the server of a pod.
    pub fn claim(&self, pod: &str) -> Option<String> {
        self.lock().servers.get(pod).map(|server| server.claim.clone())
    }

    /// Whether /readyz says yes.
    pub fn ready(&self, pod: &str) -> bool {
        let shared = self.lock();
        shared.servers.get(pod).is_some_and(|server| shared.is_ready(server))
    }

    /// What the members have agreed on.
    pub fn cluster(&self, name: &str) -> Cluster {
        self.lock().clusters.get(name).cloned().unwrap_or_default()
    }

    /// Names of the voters.
    pub fn voters(&self, cluster: &str) -> Vec<String> {
        let mut names: Vec<String> =
            self.cluster(cluster).voters.into_values().map(|member| member.name).collect();
        names.sort();
        names
    }

    /// The name of the leader.
    pub fn leader(&self, cluster: &str) -> Option<String> {
        let cluster = self.cluster(cluster);
        Some(cluster.voters.get(&cluster.leader?)?.name.clone())
    }

    /// The node id of a pod's volume.
    pub fn node(&self, pod: &str) -> Option<NodeId> {
        let shared = self.lock();
        Some(shared.volumes.get(&shared.servers.get(pod)?.claim)?.node)
    }

    /// The log filter of a pod's server.
    pub fn filter(&self, pod: &str) -> Option<String> {
        self.lock().servers.get(pod).map(|server| server.filter.clone())
    }

    /// Counts of voters there were.
    pub fn vote_counts(&self) -> Vec<usize> {
        self.lock().votes.iter().map(BTreeSet::len).collect()
    }

    /// The least number of running voters beyond a quorum since the last call; negative: there was
    /// none for a while.
    pub fn take_margin(&self) -> i64 {
        std::mem::replace(&mut self.lock().margin, i64::MAX)
    }

    /// What haadmin -forcemanual does.
    pub fn force(&self, cluster: &str, name: &str, role: MemberRole) {
        let mut shared = self.lock();
        if let Some(settings) = shared.clusters.get_mut(cluster).and_then(|c| c.settings.as_mut()) {
            settings.forced_roles.insert(name.to_owned(), role);
        }
        shared.elect(cluster);
    }

    /// Names of the learners.
    pub fn learners(&self, cluster: &str) -> Vec<String> {
        let mut names: Vec<String> =
            self.cluster(cluster).learners.into_values().map(|member| member.name).collect();
        names.sort();
        names
    }

    /// What is said of the copy in Tablestore from now on.
    pub fn say(&self, cluster: &str, remote: RemoteStatus) {
        self.lock().clusters.entry(cluster.to_owned()).or_default().remote = Some(remote);
    }

    /// Settings are refused from now on, or not any more.
    pub fn refuse_settings(&self, cluster: &str, refusal: Option<&'static str>) {
        self.lock().clusters.entry(cluster.to_owned()).or_default().refusal = refusal;
    }

    /// Hands the leadership over, as Raft may at any time.
    pub fn depose(&self, cluster: &str) {
        let mut shared = self.lock();
        let Some(cluster) = shared.clusters.get_mut(cluster) else { return };
        let other = cluster.voters.keys().find(|node| Some(**node) != cluster.leader).copied();
        cluster.leader = other;
        cluster.term += 1;
    }

    /// How often the roles were asked back.
    pub fn restored(&self, cluster: &str) -> u32 {
        self.cluster(cluster).restored
    }

    /// Writes files, so that the figures change.
    pub fn write_files(&self, cluster: &str, files: u64) {
        if let Some(cluster) = self.lock().clusters.get_mut(cluster) {
            cluster.files += files;
        }
    }
}

impl Shared {
    fn volume(&self, server: &Server) -> &Volume {
        &self.volumes[&server.claim]
    }

    fn running(&self, cluster: &str) -> BTreeSet<NodeId> {
        self.servers
            .values()
            .filter(|s| s.cluster == cluster)
            .map(|server| self.volume(server).node)
            .collect()
    }

    fn is_ready(&self, server: &Server) -> bool {
        let node = self.volume(server).node;
        self.clusters.get(&server.cluster).is_some_and(|c| {
            c.leader.is_some() && (c.voters.contains_key(&node) || c.learners.contains_key(&node))
        })
    }

    fn elect(&mut self, name: &str) {
        let running = self.running(name);
        let Some(cluster) = self.clusters.get_mut(name) else { return };
        let mut alive: Vec<NodeId> =
            cluster.voters.keys().filter(|node| running.contains(node)).copied().collect();
        alive.sort_by_key(|node| cluster.voters[node].name.clone());
        let quorum = cluster.voters.len() / 2 + 1;
        self.margin = self.margin.min(alive.len() as i64 - quorum as i64);
        if alive.len() < quorum {
            cluster.leader = None;
        } else {
            // An observer leads only while no standby is left, and hands over when one is back.
            let standby = alive.iter().find(|node| !cluster.observes(&cluster.voters[*node]));
            let old = cluster.leader.filter(|leader| alive.contains(leader));
            let stays = old
                .filter(|leader| standby.is_none() || !cluster.observes(&cluster.voters[leader]));
            let leader = stays.or(standby.copied()).or(alive.first().copied());
            if leader != cluster.leader {
                cluster.leader = leader;
                cluster.term += 1;
            }
        }
        if cluster.leader.is_some() {
            // Whoever runs and is a member hears of the cluster.
            let id = cluster.id.clone();
            let members: BTreeSet<NodeId> =
                cluster.voters.keys().chain(cluster.learners.keys()).copied().collect();
            for volume in self
                .volumes
                .values_mut()
                .filter(|v| members.contains(&v.node) && running.contains(&v.node))
            {
                volume.cluster_id = Some(id.clone());
            }
        }
        let names = self.clusters[name].voters.values().map(|member| member.name.clone()).collect();
        if self.votes.last() != Some(&names) {
            self.votes.push(names);
        }
    }

    fn status(&self, server: &Server) -> Status {
        let volume = self.volume(server);
        let cluster =
            self.clusters.get(&server.cluster).filter(|_| volume.cluster_id.is_some()).cloned();
        let cluster = cluster.unwrap_or_default();
        let running = self.running(&server.cluster);
        let leads = cluster.leader == Some(volume.node);
        let voter = cluster.voters.contains_key(&volume.node);
        let learner = cluster.learners.contains_key(&volume.node);
        let progress = |node: &NodeId, member: &Member, voter: bool| MemberProgress {
            member: member.clone().into(),
            voter,
            matched_index: leads.then_some(if running.contains(node) { 5000 } else { 1000 }),
            last_contact_ms: leads.then_some(if running.contains(node) { 5 } else { 60_000 }),
            snapshot_percent: None,
        };
        let mut members: BTreeMap<NodeId, MemberProgress> = BTreeMap::new();
        members.extend(
            cluster.voters.iter().map(|(node, member)| (*node, progress(node, member, true))),
        );
        members.extend(
            cluster.learners.iter().map(|(node, member)| (*node, progress(node, member, false))),
        );
        Status {
            version: "0.1.0".into(),
            raft_protocol: 1,
            node_id: volume.node,
            own: server.member.clone(),
            cluster_id: volume.cluster_id.clone(),
            phase: match (&volume.cluster_id, voter || learner) {
                (None, _) => Phase::Pristine,
                (Some(_), true) => Phase::Member,
                (Some(_), false) => Phase::Outside,
            },
            role: match (leads, voter, learner) {
                (true, _, _) => Role::Active,
                (_, true, _) | (_, _, true) if cluster.observes(&server.member) => Role::Observer,
                (_, true, _) => Role::Standby,
                (_, _, true) => Role::Learner,
                _ => Role::None,
            },
            health: Health { ready: self.is_ready(server), reason: None },
            term: cluster.term,
            leader: cluster
                .leader
                .map(|node_id| Leader { node_id, member: cluster.voters.get(&node_id).cloned() }),
            last_log_index: 5000,
            committed_index: 5000,
            applied_index: 5000,
            membership_index: cluster.membership_index,
            membership_joint: false,
            members,
            settings_generation: cluster.settings.as_ref().map(|settings| settings.generation),
            forced_roles: cluster.settings.map(|s| s.forced_roles).unwrap_or_default(),
            remote: cluster.remote.map(|mut remote| {
                remote.upload = remote.upload.filter(|_| leads);
                remote
            }),
            namespace: NamespaceFigures {
                directories: 1,
                files: cluster.files,
                bytes: 0,
                open_files: 0,
                checksum: "0".repeat(32),
                cleaning_up: false,
            },
            disk_used_bytes: 4096,
            disk_free_bytes: 1 << 30,
            uptime_seconds: 1,
        }
    }
}

impl Own {
    /// Checks the caller and works on the shared state.
    fn with<T>(
        &self,
        headers: &HeaderMap,
        work: impl FnOnce(&mut Shared, &Own) -> Answer<T>,
    ) -> Answer<T> {
        let mut shared = self.servers.lock();
        let Some(server) = shared.servers.get(&self.pod) else {
            return refuse(ErrorCode::Unavailable, "stopping");
        };
        let wanted = format!("Bearer {}", server.key);
        if headers.get("authorization").and_then(|v| v.to_str().ok()) != Some(&wanted) {
            return refuse(ErrorCode::Unauthorized, "wrong key");
        }
        if headers.get(VERSION_HEADER).and_then(|v| v.to_str().ok()) != Some(&VERSION.to_string()) {
            return refuse(ErrorCode::VersionMismatch, "wrong version");
        }
        work(&mut shared, self)
    }

    /// The same on the leader only.
    fn lead<T>(
        &self,
        headers: &HeaderMap,
        work: impl FnOnce(&mut Cluster) -> Answer<T>,
    ) -> Answer<T> {
        self.with(headers, |shared, own| {
            let server = &shared.servers[&own.pod];
            let (node, name) = (shared.volume(server).node, server.cluster.clone());
            let Some(cluster) =
                shared.clusters.get_mut(&name).filter(|cluster| cluster.leader == Some(node))
            else {
                return refuse(ErrorCode::NotLeader, "not the leader");
            };
            let answer = work(cluster);
            shared.elect(&name);
            answer
        })
    }
}

async fn status(State(own): State<Own>, headers: HeaderMap) -> Answer<Status> {
    own.with(&headers, |shared, own| Ok(Json(shared.status(&shared.servers[&own.pod]))))
}

async fn init(
    State(own): State<Own>,
    headers: HeaderMap,
    Json(request): Json<InitRequest>,
) -> Answer<Done> {
    own.with(&headers, |shared, own| {
        let (claim, name) =
            (shared.servers[&own.pod].claim.clone(), shared.servers[&own.pod].cluster.clone());
        let volume = shared.volumes.get_mut(&claim).unwrap();
        if volume.cluster_id.is_some() {
            return refuse(ErrorCode::Conflict, "not pristine");
        }
        volume.cluster_id = Some(request.cluster_id.clone());
        let cluster = shared.clusters.entry(name.clone()).or_default();
        cluster.id = request.cluster_id;
        cluster.voters = request.members;
        cluster.first_settings = Some(request.settings.clone());
        cluster.settings = Some(request.settings);
        cluster.membership_index = 1;
        cluster.formed += 1;
        shared.elect(&name);
        Ok(Json(Done { applied_index: Some(1) }))
    })
}

async fn add_learner(
    State(own): State<Own>,
    headers: HeaderMap,
    Json(request): Json<LearnerRequest>,
) -> Answer<Done> {
    own.lead(&headers, |cluster| {
        cluster.learners.insert(request.node_id, request.member);
        cluster.membership_index += 1;
        Ok(Json(Done::default()))
    })
}

async fn set_voters(
    State(own): State<Own>,
    headers: HeaderMap,
    Json(request): Json<VotersRequest>,
) -> Answer<Done> {
    own.lead(&headers, |cluster| {
        if request.expected_membership_index.is_some_and(|index| index != cluster.membership_index)
        {
            return refuse(ErrorCode::Conflict, "the membership changed");
        }
        let mut all = cluster.voters.clone();
        all.append(&mut cluster.learners.clone());
        if request.voters.iter().any(|node| !all.contains_key(node)) {
            return refuse(ErrorCode::BadRequest, "not a member");
        }
        cluster.learners.retain(|node, _| !request.voters.contains(node));
        all.retain(|node, _| request.voters.contains(node));
        cluster.voters = all;
        cluster.membership_index += 1;
        Ok(Json(Done::default()))
    })
}

async fn remove_member(
    State(own): State<Own>,
    headers: HeaderMap,
    Path(node): Path<String>,
) -> Answer<Done> {
    own.lead(&headers, |cluster| {
        let Ok(node) = node.parse::<NodeId>() else {
            return refuse(ErrorCode::BadRequest, "not a node id");
        };
        cluster.learners.remove(&node);
        cluster.membership_index += 1;
        Ok(Json(Done::default()))
    })
}

async fn transfer(
    State(own): State<Own>,
    headers: HeaderMap,
    Json(request): Json<TransferRequest>,
) -> Answer<Done> {
    own.lead(&headers, |cluster| {
        let Some(to) = request.to.filter(|to| cluster.voters.contains_key(to)) else {
            return refuse(ErrorCode::BadRequest, "not a voter");
        };
        cluster.leader = Some(to);
        cluster.term += 1;
        Ok(Json(Done::default()))
    })
}

async fn put_settings(
    State(own): State<Own>,
    headers: HeaderMap,
    Json(settings): Json<Settings>,
) -> Answer<Done> {
    own.lead(&headers, |cluster| {
        if let Some(refusal) = cluster.refusal {
            return refuse(ErrorCode::Conflict, refusal);
        }
        if cluster.settings.as_ref().is_none_or(|applied| applied.generation < settings.generation)
        {
            cluster.settings = Some(settings);
        }
        Ok(Json(Done::default()))
    })
}

async fn restore_roles(State(own): State<Own>, headers: HeaderMap) -> Answer<Done> {
    own.lead(&headers, |cluster| {
        if let Some(settings) = &mut cluster.settings {
            settings.forced_roles.clear();
        }
        cluster.restored += 1;
        Ok(Json(Done::default()))
    })
}

async fn get_level(State(own): State<Own>, headers: HeaderMap) -> Answer<LogLevel> {
    own.with(&headers, |shared, own| {
        Ok(Json(LogLevel { filter: shared.servers[&own.pod].filter.clone() }))
    })
}

async fn set_level(
    State(own): State<Own>,
    headers: HeaderMap,
    Json(level): Json<LogLevel>,
) -> Answer<LogLevel> {
    own.with(&headers, |shared, own| {
        if let Some(server) = shared.servers.get_mut(&own.pod) {
            server.filter.clone_from(&level.filter);
        }
        Ok(Json(level))
    })
}
