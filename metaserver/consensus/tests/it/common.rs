//! Members in one process: temporary volumes, loopback sockets, a client that finds the leader.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use metafs_consensus::{
    Applied, KeyFile, Node, NodeConfig, Peer, ProposeError, Role, StartError, Timings,
};
use metafs_namespace::{Caller, Command, Mutation, Op, Settings};
use tempfile::TempDir;
use tokio::net::TcpListener;

pub const KEY: &str = "0123456789abcdef0123456789abcdef";

/// Long enough for a slow machine; nothing waits for it to pass.
pub const SOON: Duration = Duration::from_secs(60);

pub struct Member {
    pub dir: PathBuf,
    pub peer: Peer,
    pub node: Option<Arc<Node>>,
}

impl Member {
    pub fn node(&self) -> &Arc<Node> {
        self.node.as_ref().expect("the member runs")
    }

    pub async fn start(&mut self, key: &Path) {
        assert!(self.node.is_none());
        self.node = Some(start(&self.dir, &self.peer, key).await);
    }

    /// Stops without handing over or flushing more than it must: as near to a kill as one process allows.
    pub async fn stop(&mut self, transfer: bool) {
        if let Some(node) = self.node.take() {
            node.shutdown(transfer).await;
        }
    }
}

/// Starts a node; waits for the volume's lock if its last user is still letting go.
pub async fn start(dir: &Path, peer: &Peer, key: &Path) -> Arc<Node> {
    let deadline = Instant::now() + SOON;
    loop {
        match try_start(dir, peer, key).await {
            Ok(node) => return node,
            Err(e) if e.to_string().contains("in use by another process") => {
                assert!(Instant::now() < deadline, "{e}");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            Err(e) => panic!("{e}"),
        }
    }
}

/// Starts a node.
pub async fn try_start(dir: &Path, peer: &Peer, key: &Path) -> Result<Arc<Node>, StartError> {
    let deadline = Instant::now() + SOON;
    let listener = loop {
        match TcpListener::bind(&peer.raft).await {
            Ok(listener) => break listener,
            Err(e) => assert!(Instant::now() < deadline, "{e}"),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    Node::start(NodeConfig {
        data_dir: dir.to_owned(),
        own: peer.clone(),
        listener,
        key: KeyFile::new(key),
        timings: Timings::loopback(),
    })
    .await
}

pub struct Cluster {
    pub root: TempDir,
    pub key: PathBuf,
    pub members: Vec<Member>,
}

impl Cluster {
    /// Pristine members that run.
    pub async fn pristine(count: usize) -> Self {
        let root = tempfile::tempdir().unwrap();
        let key = root.path().join("key");
        std::fs::write(&key, KEY).unwrap();
        let mut cluster = Self { root, key, members: Vec::new() };
        for _ in 0..count {
            cluster.add().await;
        }
        cluster
    }

    /// A formed cluster with its first settings.
    pub async fn formed(count: usize) -> Self {
        let cluster = Self::pristine(count).await;
        let voters: BTreeMap<u64, Peer> =
            cluster.members.iter().map(|m| (m.node().id(), m.peer.clone())).collect();
        cluster.members[0].node().initialise("test", voters).await.unwrap();
        cluster.settle().await;
        cluster.propose(settings(1)).await.reply.unwrap();
        cluster
    }

    /// One more pristine member.
    pub async fn add(&mut self) -> &mut Member {
        let number = self.members.len();
        // Bound once to find a free port; the member binds it again.
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let peer = Peer {
            name: format!("member-{number}"),
            raft: format!("127.0.0.1:{port}"),
            admin: "127.0.0.1:1".into(),
            web: "127.0.0.1:2".into(),
        };
        let dir = self.root.path().join(format!("volume-{number}"));
        let mut member = Member { dir, peer, node: None };
        member.start(&self.key.clone()).await;
        self.members.push(member);
        self.members.last_mut().unwrap()
    }

    /// Index of the running member that leads and has confirmed it.
    pub fn leader_now(&self) -> Option<usize> {
        self.members.iter().position(|m| {
            m.node
                .as_ref()
                .is_some_and(|n| n.role().borrow().role == Role::Leader { confirmed: true })
        })
    }

    /// Waits for a leader.
    pub async fn leader(&self) -> usize {
        let deadline = Instant::now() + SOON;
        loop {
            if let Some(leader) = self.leader_now() {
                return leader;
            }
            assert!(Instant::now() < deadline, "no leader");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until there is a leader and all that run agree on it.
    pub async fn settle(&self) {
        let leader = self.leader().await;
        let id = self.members[leader].node().id();
        for member in self.members.iter().filter(|m| m.node.is_some()) {
            let mut role = member.node().role();
            let agreed = role.wait_for(|r| r.leader.as_ref().map(|l| l.0) == Some(id));
            let _ = tokio::time::timeout(Duration::from_secs(5), agreed).await;
        }
    }

    /// Proposes at whoever leads until it is acknowledged.
    pub async fn propose(&self, command: Command) -> Applied {
        let deadline = Instant::now() + SOON;
        loop {
            let leader = self.leader().await;
            match self.members[leader].node().propose(command.clone()).await {
                Ok(applied) => return applied,
                Err(ProposeError::Stopped(reason)) => panic!("{reason}"),
                Err(e) => assert!(Instant::now() < deadline, "{e}"),
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until all that run have applied `index`.
    pub async fn applied(&self, index: u64) {
        for member in self.members.iter().filter(|m| m.node.is_some()) {
            applied(member.node(), index).await;
        }
    }

    /// The one checksum of all that run, after all have applied the same.
    pub async fn checksum(&self) -> u128 {
        let leader = self.leader().await;
        let index = self.members[leader].node().read().await.unwrap();
        self.applied(index).await;
        let sums: Vec<u128> =
            self.members.iter().filter_map(|m| m.node.as_ref()).map(|n| checksum(n)).collect();
        assert!(sums.windows(2).all(|w| w[0] == w[1]), "replicas differ: {sums:x?}");
        sums[0]
    }

    pub async fn stop_all(&mut self) {
        for member in &mut self.members {
            member.stop(false).await;
        }
    }
}

pub async fn applied(node: &Node, index: u64) {
    let mut applied = node.applied();
    let reached = applied.wait_for(|a| *a >= index);
    tokio::time::timeout(SOON, reached).await.expect("applied in time").unwrap();
}

pub fn checksum(node: &Node) -> u128 {
    node.view(|view| view.totals()).unwrap().unwrap().checksum
}

pub fn now_ms() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_millis()).unwrap()
}

pub fn settings(generation: u64) -> Command {
    let settings = Settings { generation, ..Settings::default() };
    Command { time_ms: now_ms(), op: Op::SetSettings(Box::new(settings)) }
}

pub fn superuser() -> Caller {
    Caller { user: "hdfs".into(), groups: vec!["supergroup".into()], superuser: true }
}

pub fn client(mutation: Mutation) -> Command {
    Command { time_ms: now_ms(), op: Op::Client(superuser(), mutation) }
}

pub fn mkdirs(path: &str) -> Command {
    client(Mutation::Mkdirs {
        path: path.into(),
        permission: 0o755,
        unmasked: None,
        create_parent: true,
    })
}

pub fn exists(node: &Node, path: &str) -> bool {
    node.view(|view| view.file_status(&superuser(), path)).unwrap().unwrap().is_some()
}
