//! Members that catch up by snapshot.

use std::ops::{Bound, ControlFlow};
use std::path::Path;

use crate::common::{Cluster, Member, SOON, applied, client, exists, mkdirs, settings};
use bytes::Bytes;
use metafs_consensus::Node;
use metafs_namespace::command::{CreateOptions, IfExists};
use metafs_namespace::{Command, Mutation, Rows};

fn put_file(path: &str, content: Vec<u8>) -> Command {
    client(Mutation::PutFile {
        path: path.into(),
        options: CreateOptions {
            permission: 0o644,
            unmasked: None,
            if_exists: IfExists::Overwrite,
            create_parent: true,
            replication: 3,
            block_size: 1 << 20,
        },
        content: Bytes::from(content),
    })
}

/// All rows but Raft's own.
fn rows(node: &Node) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut all = Vec::new();
    node.with_snapshot(|rows| {
        rows.scan(&[], Bound::Unbounded, &mut |key, value| {
            if key[0] < 0xF0 {
                all.push((key.to_vec(), value.to_vec()));
            }
            ControlFlow::Continue(())
        })
    })
    .unwrap();
    all
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(dir)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn metric(node: &std::sync::Arc<Node>, name: &str) -> u64 {
    let mut registry = prometheus_client::registry::Registry::default();
    node.register_metrics(&mut registry);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    let line = text.lines().find(|l| l.starts_with(&format!("{name} "))).unwrap();
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

/// It is counted a moment after it is done, and once.
async fn counted(node: &std::sync::Arc<Node>, name: &str) {
    tokio::time::timeout(SOON, async {
        while metric(node, name) == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    })
    .await
    .expect(name);
    assert_eq!(metric(node, name), 1);
}

/// Files in folders, with contents in blob files and without.
async fn fill(cluster: &Cluster, from: u64, to: u64) {
    let leader = cluster.leader().await;
    let mut writes = tokio::task::JoinSet::new();
    for i in from..to {
        let node = cluster.members[leader].node().clone();
        let path = format!("/folder-{}/file-{i}", i % 10);
        let size = if i % 20 == 0 { 50_000 } else { (i % 100) as usize };
        let content = (0..size).map(|b| (b as u64 * i) as u8).collect();
        writes.spawn(async move { node.propose(put_file(&path, content)).await });
    }
    while let Some(done) = writes.join_next().await {
        done.unwrap().unwrap().reply.unwrap();
    }
}

async fn compact(cluster: &Cluster) {
    for member in cluster.members.iter().filter(|m| m.node.is_some()) {
        let applied = member.node().applied_index();
        member.node().compact(0).await.unwrap();
        tokio::time::timeout(SOON, async {
            while member.node().status().purged < applied {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        })
        .await
        .expect("purged in time");
    }
}

/// Nothing is left of transfers, and there is one generation of the state.
async fn tidy(member: &Member) {
    tokio::time::timeout(SOON, async {
        loop {
            let state = names(&member.dir.join("state"));
            if names(&member.dir.join("snapshots")).is_empty()
                && names(&member.dir.join("incoming")).is_empty()
                && state.len() == 2
            {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    })
    .await
    .expect("leftovers go");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_volume_catches_up_while_others_serve() {
    let mut cluster = Cluster::formed(1).await;
    fill(&cluster, 0, 2000).await;
    compact(&cluster).await;
    fill(&cluster, 2000, 2200).await;

    let first = cluster.members[0].node().clone();
    let added = cluster.add().await;
    let (id, peer, node) = (added.node().id(), added.peer.clone(), added.node().clone());
    first.add_learner(id, peer).await.unwrap();
    // Serving goes on, and what is written meanwhile gets there too.
    fill(&cluster, 2200, 2600).await;
    applied(&node, first.applied_index()).await;
    cluster.checksum().await;
    assert!(exists(&node, "/folder-7/file-2597"));
    counted(&node, "metafs_raft_snapshots_received_total").await;
    counted(&first, "metafs_raft_snapshots_sent_total").await;
    // Snapshot and tail give the same bytes as the log from its beginning.
    assert_eq!(rows(&first), rows(&node));
    assert_eq!(node.status().members.len(), 2);
    tidy(&cluster.members[0]).await;
    tidy(&cluster.members[1]).await;

    // It survives a restart, and leads as well as any.
    let key = cluster.key.clone();
    first.change_voters([first.id(), id].into()).await.unwrap();
    drop((first, node));
    cluster.members[1].stop(false).await;
    cluster.members[1].start(&key).await;
    cluster.checksum().await;
    let first = cluster.members[0].node().clone();
    assert_eq!(first.transfer_leader(Some(id)).await.unwrap(), id);
    cluster.propose(mkdirs("/by-the-new-one")).await.reply.unwrap();
    cluster.checksum().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_that_fell_behind_swaps_its_state() {
    let mut cluster = Cluster::formed(3).await;
    let key = cluster.key.clone();
    fill(&cluster, 0, 300).await;
    // Formed and in use, also where it is told last.
    cluster.checksum().await;
    let lost = (cluster.leader().await + 1) % 3;
    cluster.members[lost].stop(false).await;
    cluster.propose(client(Mutation::Delete { path: "/folder-3".into(), recursive: true })).await;
    fill(&cluster, 300, 900).await;
    compact(&cluster).await;
    cluster.propose(settings(2)).await.reply.unwrap();

    cluster.members[lost].start(&key).await;
    let node = cluster.members[lost].node().clone();
    // Readers go on during the swap.
    let reader = {
        let node = node.clone();
        tokio::spawn(async move {
            let mut reads = 0u64;
            while !exists(&node, "/folder-3/file-893") {
                reads += 1;
                tokio::task::yield_now().await;
            }
            reads
        })
    };
    cluster.checksum().await;
    tokio::time::timeout(SOON, reader).await.unwrap().unwrap();
    counted(&node, "metafs_raft_snapshots_received_total").await;
    assert!(!exists(&node, "/folder-3/file-3"));
    let generation = node.view(|view| view.settings()).unwrap().unwrap().generation;
    assert_eq!(generation, 2);
    drop(node);
    tidy(&cluster.members[lost]).await;

    // Everybody restarts from purged logs.
    let sum = cluster.checksum().await;
    cluster.stop_all().await;
    for member in &mut cluster.members {
        member.start(&key).await;
    }
    assert_eq!(cluster.checksum().await, sum);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_snapshot_starts_anew() {
    let mut cluster = Cluster::formed(1).await;
    let key = cluster.key.clone();
    for i in 0..200 {
        let noise: Vec<u8> = (0..60_000u64).map(|b| ((b * b * (i + 7)) >> 5) as u8).collect();
        cluster.propose(put_file(&format!("/big/{i}"), noise)).await.reply.unwrap();
    }
    compact(&cluster).await;
    let first = cluster.members[0].node().clone();
    let added = cluster.add().await;
    let (id, peer) = (added.node().id(), added.peer.clone());
    first.add_learner(id, peer).await.unwrap();
    for _ in 0..3 {
        let node = cluster.members[1].node().clone();
        tokio::time::timeout(SOON, async {
            while node.status().receiving.is_none() && node.applied_index() == 0 {
                tokio::task::yield_now().await;
            }
        })
        .await
        .unwrap();
        drop(node);
        cluster.members[1].stop(false).await;
        cluster.members[1].start(&key).await;
    }
    cluster.checksum().await;
    assert_eq!(rows(&first), rows(cluster.members[1].node()));
    tidy(&cluster.members[1]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leftovers_of_a_crash_are_removed() {
    let mut cluster = Cluster::formed(1).await;
    let key = cluster.key.clone();
    cluster.propose(mkdirs("/a")).await.reply.unwrap();
    cluster.members[0].stop(false).await;
    let dir = cluster.members[0].dir.clone();
    for leftover in ["state/00000007", "incoming/abc", "snapshots/def"] {
        std::fs::create_dir_all(dir.join(leftover)).unwrap();
        std::fs::write(dir.join(leftover).join("000001.sst"), "half").unwrap();
    }
    cluster.members[0].start(&key).await;
    tidy(&cluster.members[0]).await;
    cluster.leader().await;
    assert!(exists(cluster.members[0].node(), "/a"));
}
