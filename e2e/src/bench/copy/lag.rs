//! How far the copy is behind: under writes at a fixed rate, after them, and for a single write.

use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use metafs_namespace::settings::TablestoreMode;

use super::{CATCH_UP, Leader, Site, beside, caught_up, end, has, idle};
use crate::bench::load::{Besides, Load, Template, percentile};
use crate::bench::report::{Reach, Report, Row};
use crate::bench::{Scale, rows, tree};
use crate::cluster::{Cluster, SUPERUSER};
use crate::wait::eventually;
use crate::webhdfs;

/// Connections for the writes at a fixed rate: more than are in flight unless the servers stall.
const CONNECTIONS: usize = 256;

/// Part of the rate that must be answered for it to count as sustained.
const SUSTAINED: f64 = 0.99;

/// What the leader said at a moment.
#[derive(Clone, Copy, Debug)]
struct Seen {
    entries: u64,
    ms: u64,
    synced: bool,
}

/// All rows.
pub(super) async fn measure(
    scale: Scale,
    site: &Site<'_>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let cluster = site.cluster(Some(site.copy(TablestoreMode::AsyncUpload))).await?;
    let result = async {
        for row in under_load(scale, site, &cluster).await? {
            report.add(row);
        }
        idle(&cluster).await?;
        report.add(single_writes(scale.copy.singles, &cluster).await?);
        Ok(())
    };
    let result = result.await;
    end(vec![cluster], result).await
}

async fn under_load(scale: Scale, site: &Site<'_>, cluster: &Cluster) -> anyhow::Result<Vec<Row>> {
    let (rate, sustained) = (scale.copy.rate, scale.copy.sustained);
    let addresses = cluster.web_leader_first().await?;
    let load = Load {
        template: Template::new("PUT", "op=CREATE&data=true", addresses[0]),
        addresses,
        connections: CONNECTIONS,
        pipeline: 1,
        paths: Rc::new(|lane, number, out| {
            tree::in_lane("/lag", lane, number, out);
            true
        }),
        servers: &rows::pids(cluster),
    };
    let apart = [site.pid()?];
    let besides = Besides { rate: Some(rate), apart: &apart };
    let mut leader = Leader::of(cluster).await?;
    let (mut seen, mut unknown) = (Vec::new(), 0);
    let measured = beside(load.during_with(besides, scale.warm, sustained), async || {
        // A leader that does not answer for a moment is no reason to end the load.
        let remote = leader.status().await.ok().and_then(|status| status.remote);
        match remote.and_then(|remote| remote.upload) {
            Some(upload) => seen.push(Seen {
                entries: upload.lag_entries,
                ms: upload.lag_ms,
                synced: upload.synced,
            }),
            None => unknown += 1,
        }
        Ok(())
    })
    .await?;
    let behind = caught_up(cluster).await?;

    let name = format!("create at {rate} /s for {} s, uploaded", sustained.as_secs());
    let mut paced = Row::rate(name, &measured, Some(rate * SUSTAINED));
    let local = measured.apart_cpu_us.first().copied().unwrap_or(0.0);
    paced.note += &format!("; tablestore-local's CPU {local:.1} us");
    let most = |value: fn(&Seen) -> u64| seen.iter().map(value).max().unwrap_or(0);
    let mut note = format!(
        "{} entries at most; largest of each quarter of the time: {:?} ms; synced in {} of {} looks",
        most(|seen| seen.entries),
        by_quarter(&seen),
        seen.iter().filter(|seen| seen.synced).count(),
        seen.len(),
    );
    if unknown > 0 {
        note += &format!("; {unknown} looks without an answer");
    }
    Ok(vec![
        paced,
        Row::new(
            "lag meanwhile, the largest",
            most(|seen| seen.ms) as f64,
            "ms",
            Some(Reach::Below(5_000.0)),
        )
        .note(note),
        Row::new(
            "the last of it in the copy after",
            behind.as_secs_f64(),
            "s",
            Some(Reach::Below(5.0)),
        ),
    ])
}

/// The largest lag of each quarter of the looks, ms: whether it grows.
fn by_quarter(seen: &[Seen]) -> Vec<u64> {
    let quarter = seen.len().div_ceil(4).max(1);
    seen.chunks(quarter).map(|part| part.iter().map(|seen| seen.ms).max().unwrap_or(0)).collect()
}

/// From the acknowledgement of a write on an idle cluster until the leader says that it is in the copy.
async fn single_writes(count: usize, cluster: &Cluster) -> anyhow::Result<Row> {
    let mut leader = Leader::of(cluster).await?;
    let mut client = webhdfs::Client::of(cluster.server(leader.index).web(), SUPERUSER);
    let mut times = Vec::with_capacity(count);
    for number in 0..count {
        caught_up(cluster).await?;
        // Not in step with the batches.
        let pause = 300 + number as u64 * 137 % 500;
        tokio::time::sleep(Duration::from_millis(pause)).await;
        client.create(&format!("/single/{number}"), b"", true).await?;
        let start = Instant::now();
        let wanted = leader.status().await?.committed_index;
        eventually("a write to be in the copy", CATCH_UP, async || {
            has(&leader.status().await?, wanted)
        })
        .await?;
        times.push(u32::try_from(start.elapsed().as_millis()).unwrap_or(u32::MAX));
    }
    times.sort_unstable();
    let largest = *times.last().context("no write was made")?;
    let note = format!("median {} ms", percentile(&times, 50));
    Ok(Row::new(
        format!("lag of a single write, the largest of {count}"),
        f64::from(largest),
        "ms",
        Some(Reach::Below(1_000.0)),
    )
    .note(note))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_of_each_quarter() {
        let seen = |ms| Seen { entries: 0, ms, synced: true };
        let all: Vec<Seen> = [1, 9, 2, 3, 4, 4, 8].map(seen).into();
        assert_eq!(by_quarter(&all), [9, 3, 4, 8]);
        assert_eq!(by_quarter(&[]), [0_u64; 0]);
        assert_eq!(by_quarter(&all[..1]), [1]);
    }
}
