//! The rows: what is measured and how. Each is one function on a cluster that runs.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use super::load::{Load, Template, percentile};
use super::report::{Reach, Row, milliseconds};
use super::{Scale, procfs, tree};
use crate::cluster::{Cluster, PATIENCE, SUPERUSER};
use crate::server::Server;
use crate::webhdfs;

/// Connections that the large tree is made with.
const GROW_CONNECTIONS: usize = 256;

/// Clients of the rows that say so.
const CLIENTS: usize = 64;

/// Between two looks while a restart or a failover is timed.
const LOOK: Duration = Duration::from_millis(1);

/// `(connections, in flight on each)` for so many in flight.
pub(super) fn spread(in_flight: usize, pipeline: usize) -> (usize, usize) {
    let pipeline = pipeline.min(in_flight);
    (in_flight / pipeline, pipeline)
}

pub(super) fn pids(cluster: &Cluster) -> Vec<u32> {
    cluster.servers().iter().filter_map(Server::pid).collect()
}

/// Creates of empty files, so many in flight at the leader.
///
/// # Errors
/// A request fails; so for all rows.
pub async fn creates(
    cluster: &Cluster,
    scale: Scale,
    in_flight: usize,
    reach: f64,
) -> anyhow::Result<Row> {
    let addresses = cluster.web_leader_first().await?;
    let (connections, pipeline) = spread(in_flight, scale.pipeline);
    let root = format!("/creates-{in_flight}");
    let load = Load {
        template: Template::new("PUT", "op=CREATE&data=true", addresses[0]),
        addresses,
        connections,
        pipeline,
        paths: Rc::new(move |lane, number, out| {
            tree::in_lane(&root, lane, number, out);
            true
        }),
        servers: &pids(cluster),
    };
    let measured = load.during(scale.warm, scale.measured).await?;
    Ok(Row::rate(format!("create, {in_flight} in flight"), &measured, Some(reach)))
}

/// MKDIRS by 64 clients, each with one request at a time.
///
/// # Errors
/// See [`creates`].
pub async fn mkdirs(cluster: &Cluster, scale: Scale) -> anyhow::Result<Row> {
    let addresses = cluster.web_leader_first().await?;
    let load = Load {
        template: Template::new("PUT", "op=MKDIRS", addresses[0]),
        addresses,
        connections: CLIENTS,
        pipeline: 1,
        paths: Rc::new(|lane, number, out| {
            tree::in_lane("/mkdirs", lane, number, out);
            true
        }),
        servers: &pids(cluster),
    };
    let measured = load.during(scale.warm, scale.measured).await?;
    Ok(Row::rate(format!("mkdirs, {CLIENTS} clients"), &measured, Some(8_000.0)))
}

/// Makes files `from..to` of the large tree through the same door as everybody.
///
/// # Errors
/// See [`creates`].
pub async fn grow(cluster: &Cluster, from: u64, to: u64) -> anyhow::Result<Row> {
    let addresses = cluster.web_leader_first().await?;
    let next = Cell::new(from);
    let load = Load {
        template: Template::new("PUT", "op=CREATE&data=true", addresses[0]),
        addresses,
        connections: GROW_CONNECTIONS,
        pipeline: 1,
        paths: Rc::new(move |_, _, out| {
            let number = next.get();
            next.set(number + 1);
            tree::file(number, out);
            number < to
        }),
        servers: &pids(cluster),
    };
    let measured = load.to_the_end().await?;
    Ok(Row::rate(
        format!("files {from} to {to} of a tree, {GROW_CONNECTIONS} in flight"),
        &measured,
        None,
    ))
}

/// GETFILESTATUS of random files at depth 5.
///
/// # Errors
/// See [`creates`].
pub async fn file_status(cluster: &Cluster, scale: Scale) -> anyhow::Result<Row> {
    let addresses = cluster.web_leader_first().await?;
    let files = scale.files;
    let (connections, pipeline) = (CLIENTS, scale.pipeline);
    let load = Load {
        template: Template::new("GET", "op=GETFILESTATUS", addresses[0]),
        addresses,
        connections,
        pipeline,
        paths: Rc::new(move |lane, number, out| {
            tree::file(scatter(lane as u64, number) % files, out);
            true
        }),
        servers: &pids(cluster),
    };
    let measured = load.during(scale.warm, scale.measured).await?;
    Ok(Row::rate(
        format!("getfilestatus, depth 5, {files} files, {CLIENTS} clients"),
        &measured,
        Some(40_000.0),
    ))
}

/// A cheap number that looks random (the mixing of splitmix64).
pub fn scatter(lane: u64, number: u64) -> u64 {
    let mut value = (lane << 40).wrapping_add(number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// GETCONTENTSUMMARY of the large tree and of a folder with ten files, one at a time.
///
/// # Errors
/// See [`creates`]; or a count is wrong.
pub async fn counts(cluster: &Cluster, scale: Scale) -> anyhow::Result<Vec<Row>> {
    let leader = cluster.server(cluster.leader().await?);
    let mut client = webhdfs::Client::of(leader.web(), SUPERUSER);
    for number in 0..10 {
        client.create(&format!("/small/{number}"), b"", true).await?;
    }
    let mut rows = Vec::new();
    for (path, files, reach) in
        [(tree::ROOT, scale.files_large, Some(Reach::Below(2.0))), ("/small", 10, None)]
    {
        let mut latencies = Vec::with_capacity(scale.counts);
        for _ in 0..scale.counts {
            let start = Instant::now();
            let (_, counted) = client.count(path).await?;
            latencies.push(u32::try_from(start.elapsed().as_micros()).unwrap_or(u32::MAX));
            if counted != files {
                bail!("{path} has {files} files, the count says {counted}");
            }
        }
        latencies.sort_unstable();
        let median = f64::from(percentile(&latencies, 50)) / 1_000.0;
        let note = format!(
            "median of {}; p99 {}",
            latencies.len(),
            milliseconds(percentile(&latencies, 99))
        );
        rows.push(Row::new(format!("count of {files} files"), median, "ms", reach).note(note));
    }
    Ok(rows)
}

/// Resident memory of the servers.
///
/// # Errors
/// A server is gone.
pub fn memory(cluster: &Cluster) -> anyhow::Result<Vec<Row>> {
    let resident =
        pids(cluster).into_iter().map(procfs::resident).collect::<anyhow::Result<Vec<_>>>()?;
    let mib: Vec<u64> = resident.iter().map(|bytes| bytes >> 20).collect();
    let largest = resident.into_iter().max().unwrap_or(0) as f64 / f64::from(1 << 20);
    let note = format!("the largest of three after all of the above: {mib:?} MiB");
    Ok(vec![
        Row::new("memory of a server with the tree", largest, "MiB", Some(Reach::Below(400.0)))
            .note(note),
    ])
}

/// Restart of a follower with the large tree, until its readiness probe says yes; after SIGTERM, after kill -9.
///
/// # Errors
/// It does not come back.
pub async fn restarts(cluster: &mut Cluster, scale: Scale) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut resident = 0;
    for kill in [false, true] {
        let mut times = Vec::new();
        for _ in 0..scale.restarts {
            let follower = cluster.follower().await?;
            let server = cluster.server_mut(follower);
            if kill {
                server.kill().await?;
            } else {
                server.terminate(PATIENCE).await?;
            }
            let start = Instant::now();
            server.start()?;
            let deadline = start + PATIENCE * 4;
            while !server.health("/readyz").await.is_ok_and(|(status, _)| status == 200) {
                if Instant::now() > deadline {
                    bail!("{} is not ready after {:?}", server.name(), PATIENCE * 4);
                }
                tokio::time::sleep(LOOK).await;
            }
            times.push(u32::try_from(start.elapsed().as_millis()).unwrap_or(u32::MAX));
            resident = procfs::resident(server.pid().context("it runs")?)?;
        }
        let after = if kill { "kill -9" } else { "SIGTERM" };
        let (median, note) = spread_of(times, "ms");
        rows.push(
            Row::new(
                format!("restart after {after} to ready"),
                median / 1_000.0,
                "s",
                Some(Reach::Below(1.0)),
            )
            .note(note),
        );
    }
    let mib = resident as f64 / f64::from(1 << 20);
    rows.push(Row::new("memory of that server, restarted", mib, "MiB", Some(Reach::Below(400.0))));
    Ok(rows)
}

/// kill -9 of the leader to the next acknowledged write.
///
/// # Errors
/// Nobody takes over.
pub async fn failover(cluster: &mut Cluster, scale: Scale) -> anyhow::Result<Row> {
    let mut times = Vec::new();
    for round in 0..scale.failovers {
        let leader = cluster.leader().await?;
        let others = cluster
            .servers()
            .iter()
            .enumerate()
            .filter(|(index, _)| *index != leader)
            .map(|(_, server)| server.web());
        let mut client = webhdfs::Client::new(others.collect(), SUPERUSER);
        client.timeout = Duration::from_secs(2);
        let start = Instant::now();
        cluster.server_mut(leader).kill().await?;
        let path = format!("/failover/{round}");
        while client.attempt("PUT", &path, "op=CREATE&data=true&overwrite=true", b"").await.is_err()
        {
            if start.elapsed() > PATIENCE {
                bail!("no write was acknowledged within {PATIENCE:?} after the leader was killed");
            }
            client.next_server();
            tokio::time::sleep(LOOK).await;
        }
        times.push(u32::try_from(start.elapsed().as_millis()).unwrap_or(u32::MAX));
        cluster.server_mut(leader).start()?;
        cluster.server_mut(leader).up(PATIENCE).await?;
        cluster.all_ready().await?;
    }
    let (median, note) = spread_of(times, "ms");
    Ok(Row::new(
        "kill -9 of the leader to the next write",
        median / 1_000.0,
        "s",
        Some(Reach::Below(1.0)),
    )
    .note(note))
}

/// Median, and a note with the extremes.
fn spread_of(mut times: Vec<u32>, unit: &str) -> (f64, String) {
    times.sort_unstable();
    let note = format!(
        "median of {}; {} to {} {unit}",
        times.len(),
        times.first().copied().unwrap_or(0),
        times.last().copied().unwrap_or(0)
    );
    (f64::from(percentile(&times, 50)), note)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_flight_is_spread_over_connections() {
        assert_eq!(spread(1, 8), (1, 1));
        assert_eq!(spread(256, 1), (256, 1));
        assert_eq!(spread(256, 4), (64, 4));
    }

    #[test]
    fn the_median_and_the_extremes() {
        assert_eq!(spread_of(vec![5, 1, 9], "ms"), (5.0, "median of 3; 1 to 9 ms".to_owned()));
    }
}
