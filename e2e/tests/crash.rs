//! kill -9 of every server at once in the middle of writing: everything acknowledged is there afterwards.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::ensure;
use futures::future::{join_all, try_join_all};
use metafs_e2e::cluster::{Cluster, Options, PATIENCE, SUPERUSER, scenario};
use metafs_e2e::webhdfs::Client;

const ROUNDS: usize = 6;
const CLIENTS: usize = 8;

/// Paths and contents of acknowledged files, of renamed ones under their last acknowledged name.
type Acknowledged = Mutex<BTreeMap<String, String>>;

/// Creates files one after the other, and moves every fifth, until `stop`.
async fn write(
    mut client: Client,
    folder: &str,
    numbers: &AtomicU64,
    stop: &AtomicBool,
    acknowledged: &Acknowledged,
) {
    client.timeout = Duration::from_secs(5);
    client.patience = Duration::ZERO;
    while !stop.load(Ordering::Relaxed) {
        let number = numbers.fetch_add(1, Ordering::Relaxed);
        let (path, content) = (
            format!("{folder}/{number}"),
            format!("content {number}").repeat((number % 40) as usize + 1),
        );
        if client.create(&path, content.as_bytes(), false).await.is_err() {
            client.next_server();
            continue;
        }
        let mut at = path.clone();
        if number.is_multiple_of(5) {
            at = format!("{folder}/moved-{number}");
            if client.rename(&path, &at).await.is_err() {
                // It may be under either name.
                client.next_server();
                continue;
            }
        }
        acknowledged.lock().expect("no client panics").insert(at, content);
    }
}

async fn crash_rounds(cluster: &mut Cluster) -> anyhow::Result<()> {
    let acknowledged = Acknowledged::default();
    let numbers = AtomicU64::new(0);
    cluster.client().mkdirs("/crash").await?;
    for round in 0..ROUNDS {
        let before = acknowledged.lock().expect("no client panics").len();
        let stop = AtomicBool::new(false);
        let web = cluster.web();
        let writers = join_all((0..CLIENTS).map(|_| {
            write(Client::new(web.clone(), SUPERUSER), "/crash", &numbers, &stop, &acknowledged)
        }));
        let killer = async {
            tokio::time::sleep(Duration::from_millis(rand::random_range(150..900))).await;
            let killed =
                try_join_all(cluster.servers_mut().iter_mut().map(|server| server.kill())).await;
            stop.store(true, Ordering::Relaxed);
            killed
        };
        tokio::join!(writers, killer).1?;
        for server in cluster.servers_mut() {
            server.start()?;
        }
        try_join_all(cluster.servers_mut().iter_mut().map(|server| server.up(PATIENCE))).await?;
        cluster.all_ready().await?;
        let mut client = cluster.client();
        let expected = acknowledged.lock().expect("no client panics").clone();
        ensure!(expected.len() > before, "round {round}: nothing was acknowledged");
        for (path, content) in &expected {
            let found = client.open(path).await;
            let same = found.as_ref().is_ok_and(|found| found == content.as_bytes());
            ensure!(
                same,
                "round {round}: {path} was acknowledged with {} bytes; now {found:?}",
                content.len()
            );
        }
    }
    cluster.converged().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_servers_killed_at_once_lose_nothing() {
    scenario(Options::default(), true, Duration::from_secs(240), crash_rounds).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_server_killed_loses_nothing() {
    scenario(
        Options { servers: 1, ..Options::default() },
        true,
        Duration::from_secs(240),
        crash_rounds,
    )
    .await;
}
