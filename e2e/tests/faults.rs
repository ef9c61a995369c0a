//! A random schedule of faults under concurrent clients: every history is linearizable, no acknowledged write is
//! lost, all replicas end equal.
//!
//! `METAFS_FAULT_SECONDS` (default 30) is how long the faults go on, `METAFS_FAULT_SEED` repeats a schedule.

use std::time::Duration;

use metafs_e2e::cluster::{Options, PATIENCE, scenario};
use metafs_e2e::workload::Recorder;
use metafs_e2e::{faults, netns};

const CLIENTS: usize = 6;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn histories_under_faults_are_linearizable() {
    let seconds = number("METAFS_FAULT_SECONDS").unwrap_or(30);
    let seed = number("METAFS_FAULT_SEED").unwrap_or_else(rand::random);
    let without = netns::unavailable().await;
    if let Some(reason) = &without {
        eprintln!(
            "NO CONNECTIONS ARE CUT in this run: network namespaces are not possible here ({reason})"
        );
        assert!(
            std::env::var_os("CI").is_none_or(|value| value.is_empty()),
            "CI must cut connections: run as root, with iproute2"
        );
    }
    let cuts = without.is_none();
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
        anyhow::ensure!(figures.acknowledged > 100, "hardly anything was done: {figures:?}");
        Ok(())
    })
    .await;
}
