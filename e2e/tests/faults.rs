//! A random schedule of faults under concurrent clients: every history is linearizable, no acknowledged write is
//! lost, all replicas end equal.
//!
//! `METAFS_FAULT_SECONDS` (default 30) is how long the faults go on, `METAFS_FAULT_SEED` repeats a schedule.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use metafs_admin_api::Role;
use metafs_e2e::cluster::{Options, PATIENCE, SUPERUSER, scenario};
use metafs_e2e::wait::eventually;
use metafs_e2e::webhdfs::Client;
use metafs_e2e::workload::Recorder;
use metafs_e2e::{faults, netns};

const CLIENTS: usize = 6;

/// Whether connections can be cut here; CI must be able to.
async fn can_cut() -> bool {
    let Some(reason) = netns::unavailable().await else { return true };
    eprintln!("NO CONNECTIONS ARE CUT: network namespaces are not possible here ({reason})");
    let ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
    assert!(!ci, "CI must cut connections: run as root, with iproute2");
    false
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn histories_under_faults_are_linearizable() {
    let seconds = number("METAFS_FAULT_SECONDS").unwrap_or(30);
    let seed = number("METAFS_FAULT_SEED").unwrap_or_else(rand::random);
    let cuts = can_cut().await;
    let steps = faults::schedule(seed, Duration::from_secs(seconds), cuts);
    eprintln!(
        "METAFS_FAULT_SEED={seed} METAFS_FAULT_SECONDS={seconds}: {} steps, connections cut: {cuts}",
        steps.len()
    );
    for step in &steps {
        eprintln!("  {step}");
    }
    let options = Options { namespaces: cuts, ..Options::default() };
    scenario(options, true, Duration::from_secs(seconds) + PATIENCE * 5, async |cluster| {
        let recorder = Recorder::new("/faults", &mut cluster.client()).await?;
        let servers = cluster.web();
        let faults = async {
            let result = faults::run(cluster, &steps).await;
            recorder.stop();
            result
        };
        let ((), result) = tokio::join!(recorder.clients(CLIENTS, &servers, seed), faults);
        result?;
        for server in cluster.servers_mut() {
            server.up(PATIENCE).await?;
        }
        cluster.all_ready().await?;
        let figures = recorder.verify(&mut cluster.client()).await?;
        let status = cluster.converged().await?;
        eprintln!("{figures:?}; {:?} at index {}", status.namespace, status.applied_index);
        ensure!(figures.acknowledged > 100, "hardly anything was done: {figures:?}");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_cut_off_from_the_others_answers_nobody() {
    if !can_cut().await {
        return;
    }
    let options = Options { namespaces: true, ..Options::default() };
    scenario(options, true, PATIENCE * 4, async |cluster| {
        cluster.client().create("/file", b"old", true).await?;
        let old = cluster.leader().await?;
        let others: Vec<usize> = (0..3).filter(|index| *index != old).collect();
        let network = cluster.network().context("it has a network")?;
        for other in &others {
            network.cut(old, *other).await?;
            network.cut(*other, old).await?;
        }
        eventually("another leader", PATIENCE, async || {
            let statuses = cluster.statuses().await;
            let mut new = statuses.iter().filter(|(index, _)| *index != old);
            Ok(new.any(|(_, status)| status.role == Role::Active).then_some(()))
        })
        .await?;
        let web = others.iter().map(|index| cluster.server(*index).web()).collect();
        Client::new(web, SUPERUSER).create("/file", b"new", true).await?;

        // Clients still reach it; it must know that it cannot know.
        for (method, query) in
            [("GET", "op=OPEN"), ("PUT", "op=MKDIRS"), ("GET", "op=GETFILESTATUS")]
        {
            let mut stale = Client::of(cluster.server(old).web(), SUPERUSER);
            stale.timeout = Duration::from_secs(3);
            let answer = stale.attempt(method, "/file", query, b"").await;
            ensure!(answer.is_err(), "{method} {query} at the leader cut off: {answer:?}");
        }
        for other in &others {
            network.heal(old, *other).await?;
            network.heal(*other, old).await?;
        }
        cluster.all_ready().await?;
        cluster.converged().await?;
        ensure!(cluster.client().open("/file").await? == b"new");
        Ok(())
    })
    .await;
}
