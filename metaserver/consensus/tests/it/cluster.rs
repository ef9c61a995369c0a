//! Members in one process: forming, writing, reading, restarting, handing over, changing members.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::common::{Cluster, SOON, applied, checksum, exists, mkdirs, settings, try_start};
use metafs_consensus::identity::Identity;
use metafs_consensus::{ClusterError, Node, ProposeError, Role};
use prometheus_client::registry::Registry;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_member_is_a_cluster() {
    let mut cluster = Cluster::pristine(1).await;
    let node = cluster.members[0].node().clone();
    assert!(node.is_pristine());
    assert_eq!(node.role().borrow().role, Role::Pristine);
    let refused = node.propose(settings(1)).await.unwrap_err();
    assert_eq!(refused, ProposeError::NotLeader { leader: None });

    let voters = BTreeMap::from([(node.id(), cluster.members[0].peer.clone())]);
    let other = BTreeMap::from([(5, cluster.members[0].peer.clone())]);
    assert!(matches!(node.initialise("one", other).await, Err(ClusterError::Refused(_))));
    node.initialise("one", voters.clone()).await.unwrap();
    node.initialise("one", voters.clone()).await.unwrap();
    assert!(matches!(node.initialise("two", voters).await, Err(ClusterError::Refused(_))));
    assert_eq!(node.cluster_id().as_deref(), Some("one"));

    cluster.propose(settings(1)).await.reply.unwrap();
    let made = cluster.propose(mkdirs("/a/b")).await;
    made.reply.unwrap();
    assert!(node.read().await.unwrap() >= made.index);
    assert!(exists(&node, "/a/b"));
    let sum = checksum(&node);
    drop(node);

    cluster.members[0].stop(true).await;
    let key = cluster.key.clone();
    cluster.members[0].start(&key).await;
    let node = cluster.members[0].node().clone();
    assert!(!node.is_pristine());
    cluster.leader().await;
    node.read().await.unwrap();
    assert_eq!(checksum(&node), sum);
    assert_eq!(node.cluster_id().as_deref(), Some("one"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_members_agree() {
    let cluster = Cluster::formed(3).await;
    let leader = cluster.leader().await;
    let mut writes = tokio::task::JoinSet::new();
    for i in 0..500 {
        let node = cluster.members[leader].node().clone();
        writes.spawn(async move { node.propose(mkdirs(&format!("/d{}/f{i}", i % 7))).await });
    }
    while let Some(done) = writes.join_next().await {
        done.unwrap().unwrap().reply.unwrap();
    }
    cluster.checksum().await;
    for member in &cluster.members {
        let status = member.node().status();
        assert!(status.caught_up);
        assert_eq!(status.members.len(), 3);
        assert_eq!(status.cluster_id.as_deref(), Some("test"));
        assert!(exists(member.node(), "/d3/f3"));
    }
    // A follower says who leads.
    let follower = (leader + 1) % 3;
    let refused = cluster.members[follower].node().propose(mkdirs("/x")).await.unwrap_err();
    let id = cluster.members[leader].node().id();
    let peer = cluster.members[leader].peer.clone();
    assert_eq!(refused, ProposeError::NotLeader { leader: Some((id, peer)) });
    assert!(cluster.members[follower].node().read().await.is_err());
    let peers = cluster.members[leader].node().status().peers;
    assert_eq!(peers.len(), 2);
    assert!(peers.values().all(|p| p.matched.is_some()));
}

/// Batches that a member has applied.
fn batches(node: &Arc<Node>) -> u64 {
    let mut registry = Registry::default();
    node.register_metrics(&mut registry);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("metafs_raft_apply_entries_count "));
    line.expect("the metric").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn standbys_apply_together_what_is_written_one_by_one() {
    let cluster = Cluster::formed(3).await;
    // A busy machine may elect another leader meanwhile.
    for round in 0..10 {
        if let Some((all, [leads, first, second])) = write_one_by_one(&cluster, round).await {
            assert!(leads >= WRITES as u64, "{leads}");
            assert!(first.max(second) <= all, "{first}, {second}: more than {all}");
            return;
        }
    }
    panic!("no leader led for the time of {WRITES} writes");
}

const WRITES: usize = 400;

/// Batches that standbys have applied at most, and those that the leader and they did apply; `None`:
/// another one leads now.
async fn write_one_by_one(cluster: &Cluster, round: usize) -> Option<(u64, [u64; 3])> {
    let first = cluster.propose(mkdirs(&format!("/{round}"))).await.index;
    cluster.applied(first).await;
    let leader = cluster.leader().await;
    let nodes = [leader, (leader + 1) % 3, (leader + 2) % 3].map(|i| cluster.members[i].node());
    let term = nodes[0].status().term;
    let before = nodes.map(batches);
    let started = Instant::now();
    for i in 0..WRITES {
        cluster.propose(mkdirs(&format!("/{round}/{i}"))).await.reply.unwrap();
    }
    let ms = started.elapsed().as_millis() as u64;
    // Nothing is written after them: the last ones are told of too.
    cluster.checksum().await;
    let applied = std::array::from_fn(|i| batches(nodes[i]) - before[i]);
    // Told every 20 ms, and by heartbeats every 50, and a little at the ends.
    let most = ms / 20 + ms / 50 + 20;
    nodes.iter().all(|node| node.status().term == term).then_some((most, applied))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rest_goes_on_and_the_lost_catches_up() {
    let mut cluster = Cluster::formed(3).await;
    let key = cluster.key.clone();
    let leader = cluster.leader().await;
    cluster.members[leader].stop(false).await;
    for i in 0..50 {
        cluster.propose(mkdirs(&format!("/while-away/{i}"))).await.reply.unwrap();
    }
    assert_ne!(cluster.leader().await, leader);
    cluster.members[leader].start(&key).await;
    cluster.checksum().await;
    assert!(exists(cluster.members[leader].node(), "/while-away/49"));

    // All at once, too.
    let sum = cluster.checksum().await;
    cluster.stop_all().await;
    for member in &mut cluster.members {
        member.start(&key).await;
    }
    assert_eq!(cluster.checksum().await, sum);
    cluster.propose(mkdirs("/afterwards")).await.reply.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_needs_a_quorum() {
    let mut cluster = Cluster::formed(3).await;
    let key = cluster.key.clone();
    let leader = cluster.leader().await;
    let node = cluster.members[leader].node().clone();
    let (one, other) = ((leader + 1) % 3, (leader + 2) % 3);

    // Whichever of the two is gone, the other's word is enough.
    for gone in [one, other] {
        cluster.members[gone].stop(false).await;
        let index = cluster.propose(mkdirs(&format!("/without-{gone}"))).await.index;
        for _ in 0..200 {
            assert!(node.read().await.unwrap() >= index);
        }
        cluster.members[gone].start(&key).await;
        cluster.applied(index).await;
    }

    cluster.members[one].stop(false).await;
    cluster.members[other].stop(false).await;
    let answer = tokio::time::timeout(Duration::from_secs(10), node.read()).await;
    let refused = answer.expect("refused in time").unwrap_err();
    let lost = matches!(refused, ProposeError::Retriable(_) | ProposeError::NotLeader { .. });
    assert!(lost, "{refused}");

    // Whoever is elected next: a read here has what was written there, or is refused.
    cluster.members[one].start(&key).await;
    let index = cluster.propose(mkdirs("/later")).await.index;
    if let Ok(read) = node.read().await {
        assert!(read >= index);
    }
    drop(node);
    cluster.members[other].start(&key).await;
    cluster.checksum().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_is_confirmed_while_voters_change() {
    let mut cluster = Cluster::formed(3).await;
    cluster.add().await;
    let leader = cluster.leader().await;
    let node = cluster.members[leader].node().clone();
    let added = cluster.members[3].node().id();
    let peer = cluster.members[3].peer.clone();
    let reading = tokio::spawn({
        let node = node.clone();
        async move {
            let mut reads = 0;
            while reads < 3000 {
                node.read().await.unwrap();
                reads += 1;
            }
        }
    });
    node.add_learner(added, peer).await.unwrap();
    let away = cluster.members[(leader + 1) % 3].node().id();
    let mut voters: std::collections::BTreeSet<u64> =
        cluster.members.iter().map(|m| m.node().id()).collect();
    voters.remove(&away);
    node.change_voters(voters).await.unwrap();
    reading.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leadership_is_handed_over() {
    let mut cluster = Cluster::formed(3).await;
    let old = cluster.leader().await;
    let target = (old + 1) % 3;
    let id = cluster.members[target].node().id();
    let node = cluster.members[old].node().clone();
    assert_eq!(node.transfer_leader(Some(id)).await.unwrap(), id);
    cluster.propose(mkdirs("/a")).await.reply.unwrap();
    assert_eq!(cluster.leader().await, target);
    // A follower does not hand over; to whom leads already is done.
    assert!(matches!(node.transfer_leader(None).await, Err(ClusterError::NotLeader { .. })));
    assert_eq!(node.transfer_leader(Some(id)).await.unwrap(), id);
    drop(node);

    // Stopping hands over first.
    let mut role = cluster.members[(target + 1) % 3].node().role();
    cluster.members[target].stop(true).await;
    let other = role.wait_for(|r| r.leader.as_ref().is_some_and(|l| l.0 != id));
    tokio::time::timeout(Duration::from_secs(10), other).await.unwrap().unwrap();
    cluster.propose(mkdirs("/b")).await.reply.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_come_and_go() {
    let mut cluster = Cluster::formed(1).await;
    cluster.propose(mkdirs("/a")).await.reply.unwrap();
    let first = cluster.members[0].node().clone();
    for _ in 0..2 {
        let added = cluster.add().await;
        let (id, peer) = (added.node().id(), added.peer.clone());
        first.add_learner(id, peer.clone()).await.unwrap();
        first.add_learner(id, peer).await.unwrap();
        let node = added.node().clone();
        applied(&node, first.applied_index()).await;
        assert!(exists(&node, "/a"));
        let mut role = node.role();
        let learner = role.wait_for(|r| r.role == Role::Learner);
        tokio::time::timeout(SOON, learner).await.unwrap().unwrap();
    }
    let all: BTreeSet<u64> = cluster.members.iter().map(|m| m.node().id()).collect();
    first.change_voters(all.clone()).await.unwrap();
    let status = first.status();
    assert!(!status.joint && status.members.values().all(|m| m.voter));

    let second = cluster.members[1].node().id();
    assert!(matches!(first.remove(first.id()).await, Err(ClusterError::Refused(_))));
    first.remove(second).await.unwrap();
    first.remove(second).await.unwrap();
    assert_eq!(first.status().members.len(), 2);
    assert!(matches!(first.change_voters(all).await, Err(ClusterError::Refused(_))));
    cluster.propose(mkdirs("/b")).await.reply.unwrap();

    // A pristine volume that was never asked stays so.
    let fourth = cluster.add().await;
    assert!(fourth.node().is_pristine());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_with_another_key_stays_outside() {
    let mut cluster = Cluster::formed(1).await;
    let wrong = cluster.root.path().join("wrong");
    std::fs::write(&wrong, "another key that is long enough").unwrap();
    let added = cluster.add().await;
    added.stop(false).await;
    added.start(&wrong).await;
    let (id, peer, node) = (added.node().id(), added.peer.clone(), added.node().clone());
    let first = cluster.members[0].node().clone();
    first.add_learner(id, peer).await.unwrap();
    cluster.propose(mkdirs("/a")).await.reply.unwrap();
    let mut registry = prometheus_client::registry::Registry::default();
    node.register_metrics(&mut registry);
    let refused = |registry: &prometheus_client::registry::Registry| {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, registry).unwrap();
        !text.contains("metafs_raft_handshakes_refused_total 0")
    };
    tokio::time::timeout(SOON, async {
        while !refused(&registry) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .unwrap();
    assert!(node.is_pristine());
    assert_eq!(node.cluster_id(), None);

    // With the right key in the file it joins without a restart.
    std::fs::write(&wrong, crate::common::KEY).unwrap();
    applied(&node, first.applied_index()).await;
    assert!(exists(&node, "/a"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_volume_without_its_log_is_refused() {
    let mut cluster = Cluster::formed(1).await;
    let key = cluster.key.clone();
    cluster.propose(mkdirs("/a")).await.reply.unwrap();
    cluster.members[0].stop(false).await;
    let (dir, peer) = (cluster.members[0].dir.clone(), cluster.members[0].peer.clone());
    let log = dir.join("log");
    let aside = dir.join("log-aside");
    std::fs::rename(&log, &aside).unwrap();
    let error = loop {
        match try_start(&dir, &peer, &key).await {
            Err(e) if e.to_string().contains("in use") => tokio::task::yield_now().await,
            Err(e) => break e,
            Ok(_) => panic!("it started without its log"),
        }
    };
    assert!(error.to_string().contains("the Raft log is empty"), "{error}");

    // Whoever still holds the volume after that is waited for.
    let held = loop {
        match Identity::open(&dir) {
            Ok(volume) => break volume,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    // Without its state it is rebuilt from the log, which still has everything.
    // The refused start may still be closing its files there.
    while let Err(error) = std::fs::remove_dir_all(&log) {
        assert_eq!(error.kind(), std::io::ErrorKind::DirectoryNotEmpty, "{error}");
        tokio::task::yield_now().await;
    }
    std::fs::rename(&aside, &log).unwrap();
    std::fs::remove_dir_all(dir.join("state")).unwrap();
    drop(held);
    cluster.members[0].start(&key).await;
    cluster.leader().await;
    assert!(exists(cluster.members[0].node(), "/a"));
}
