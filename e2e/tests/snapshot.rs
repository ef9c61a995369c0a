//! A member that the log alone cannot bring back: it gets a snapshot, while the others serve.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use metafs_e2e::bench::load::{Load, Template};
use metafs_e2e::bench::tree;
use metafs_e2e::cluster::{Cluster, Options, PATIENCE, scenario};
use metafs_e2e::server::{Server, ports};
use metafs_e2e::wait::eventually;

/// Entries that are more than the log keeps for a follower that is away, and than is flushed at a time.
const MANY: u64 = 160_000;

/// Makes files `from..to` through the leader.
async fn many_files(cluster: &Cluster, from: u64, to: u64) -> anyhow::Result<()> {
    let addresses = cluster.web_leader_first().await?;
    let next = Cell::new(from);
    let servers: Vec<u32> = cluster.servers().iter().filter_map(Server::pid).collect();
    let load = Load {
        template: Template::new("PUT", "op=CREATE&data=true", addresses[0]),
        addresses,
        connections: 256,
        pipeline: 1,
        paths: Rc::new(move |_, _, out| {
            let number = next.replace(next.get() + 1);
            tree::file(number, out);
            number < to
        }),
        servers: &servers,
    };
    load.to_the_end().await?;
    Ok(())
}

/// The value of a counter at the health port.
async fn counter(server: &Server, name: &str) -> anyhow::Result<u64> {
    let (_, text) = server.health("/metrics").await?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .with_context(|| format!("no metric {name}"))?;
    Ok(line.trim().parse()?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_far_behind_and_a_new_member_catch_up_by_snapshot() {
    scenario(Options::default(), true, Duration::from_secs(300), async |cluster| {
        let mut client = cluster.client();
        client.create("/before", b"kept", false).await?;
        let follower = cluster.follower().await?;
        cluster.server_mut(follower).kill().await?;
        many_files(cluster, 0, MANY).await?;
        // Flushes go on behind the writes.
        let leader = cluster.leader().await?;
        eventually("the log's beginning to go", PATIENCE, async || {
            let purged = counter(cluster.server(leader), "metafs_raft_purged_index").await?;
            Ok((purged > 1000).then_some(()))
        })
        .await?;

        cluster.server_mut(follower).start()?;
        cluster.server_mut(follower).up(PATIENCE).await?;
        for number in 0..200 {
            client.create(&format!("/meanwhile/{number}"), b"served", false).await?;
        }
        cluster.all_ready().await?;
        let status = cluster.converged().await?;
        ensure!(status.namespace.files == MANY + 201, "{:?}", status.namespace);
        let received =
            counter(cluster.server(follower), "metafs_raft_snapshots_received_total").await?;
        ensure!(received >= 1, "it came back by the log alone: this test needs more entries");

        // The same for a volume that is empty, as a new member.
        let old = cluster.server(follower).status().await?.node_id;
        cluster.server_mut(follower).kill().await?;
        cluster.server_mut(follower).wipe()?;
        cluster.server_mut(follower).start()?;
        cluster.server_mut(follower).up(PATIENCE).await?;
        cluster.metactl_ok(["members", "remove", &old.to_string()]).await?;
        let address = cluster.server(follower).at(ports::ADMIN).to_string();
        let adding = cluster.metactl_ok(["members", "add", &address]);
        let writing = async {
            for number in 0..200 {
                client.create(&format!("/joining/{number}"), b"served", false).await?;
            }
            anyhow::Ok(())
        };
        let (added, written) = tokio::join!(adding, writing);
        added?;
        written?;
        cluster.all_ready().await?;
        let status = cluster.converged().await?;
        ensure!(status.namespace.files == MANY + 401, "{:?}", status.namespace);
        ensure!(
            counter(cluster.server(follower), "metafs_raft_snapshots_received_total").await? >= 1
        );

        // What a snapshot brought is as durable as what the log brought.
        cluster.server_mut(follower).kill().await?;
        cluster.server_mut(follower).start()?;
        cluster.server_mut(follower).up(PATIENCE).await?;
        cluster.all_ready().await?;
        cluster.converged().await?;
        Ok(())
    })
    .await;
}
