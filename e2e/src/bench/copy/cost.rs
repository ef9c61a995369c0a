//! What the copy takes from writers: the same creates at three clusters, one that knows of no copy, one that is to
//! have one and does not upload, and one that uploads. In rounds, whoever is first taking turns.
//!
//! A cluster whose mode is Disabled remembers what changes, so that the upload can go on; so it is not the one
//! to compare with.

use std::rc::Rc;

use anyhow::Context as _;
use metafs_namespace::settings::TablestoreMode;

use super::{Site, caught_up, end, idle};
use crate::bench::load::{Besides, Load, Measured, Template};
use crate::bench::report::{Reach, Report, Row};
use crate::bench::{Scale, rows, tree};
use crate::cluster::Cluster;

/// Creates in flight.
const IN_FLIGHT: usize = 64;

/// What is compared.
const MODES: [(&str, Option<TablestoreMode>); 3] = [
    ("no copy", None),
    ("mode Disabled", Some(TablestoreMode::Disabled)),
    ("mode AsyncUpload", Some(TablestoreMode::AsyncUpload)),
];

/// A run, or the median of some. CPU times are microseconds an operation.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cost {
    rate: f64,
    /// Of the three servers.
    servers: f64,
    /// Of the leader, which alone uploads.
    leader: f64,
    /// Of the local Tablestore.
    local: f64,
    /// Of the generator.
    own: f64,
}

impl Cost {
    fn new(measured: &Measured) -> Self {
        let apart = |at| measured.apart_cpu_us.get(at).copied().unwrap_or(0.0);
        Self {
            rate: measured.rate,
            servers: measured.server_cpu_us,
            leader: apart(0),
            local: apart(1),
            own: measured.own_cpu_us,
        }
    }

    fn median(runs: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| median(runs.iter().map(figure).collect());
        Self {
            rate: of(|run| run.rate),
            servers: of(|run| run.servers),
            leader: of(|run| run.leader),
            local: of(|run| run.local),
            own: of(|run| run.own),
        }
    }
}

/// All rows.
pub(super) async fn measure(
    scale: Scale,
    site: &Site<'_>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut clusters = Vec::with_capacity(MODES.len());
    for (_, mode) in MODES {
        clusters.push(site.cluster(mode.map(|mode| site.copy(mode))).await?);
    }
    let result = rounds(scale, site, &clusters).await;
    let runs = end(clusters, result).await?;
    table(&runs).into_iter().for_each(|row| report.add(row));
    Ok(())
}

/// The runs of each mode.
async fn rounds(
    scale: Scale,
    site: &Site<'_>,
    clusters: &[Cluster],
) -> anyhow::Result<Vec<Vec<Cost>>> {
    let mut runs = vec![Vec::new(); clusters.len()];
    for round in 0..scale.copy.rounds {
        for turn in 0..clusters.len() {
            let at = (round + turn) % clusters.len();
            runs[at].push(creates(scale, site, &clusters[at], round).await?);
            if MODES[at].1 == Some(TablestoreMode::AsyncUpload) {
                caught_up(&clusters[at]).await?;
            }
            idle(&clusters[at]).await?;
        }
    }
    Ok(runs)
}

async fn creates(
    scale: Scale,
    site: &Site<'_>,
    cluster: &Cluster,
    round: usize,
) -> anyhow::Result<Cost> {
    let addresses = cluster.web_leader_first().await?;
    let leader = cluster.server(cluster.leader().await?).pid().context("the leader has ended")?;
    let (connections, pipeline) = rows::spread(IN_FLIGHT, scale.pipeline);
    let root = format!("/cost-{round}");
    let load = Load {
        template: Template::new("PUT", "op=CREATE&data=true", addresses[0]),
        addresses,
        connections,
        pipeline,
        paths: Rc::new(move |lane, number, out| {
            tree::in_lane(&root, lane, number, out);
            true
        }),
        servers: &rows::pids(cluster),
    };
    let apart = [leader, site.pid()?];
    let besides = Besides { rate: None, apart: &apart };
    Ok(Cost::new(&load.during_with(besides, scale.warm, scale.measured).await?))
}

/// The runs of [`MODES`] as rows.
fn table(runs: &[Vec<Cost>]) -> Vec<Row> {
    let [none, disabled, uploading] = runs else { return Vec::new() };
    let mut rows = Vec::new();
    for ((name, mode), runs) in std::iter::zip(MODES, runs) {
        let Cost { rate, servers, leader, local, own } = Cost::median(runs);
        let mut note = format!("medians of {}; CPU of the leader {leader:.1} us", runs.len());
        if mode == Some(TablestoreMode::AsyncUpload) {
            note += &format!(", of tablestore-local {local:.1} us");
        }
        let row = Row::new(format!("create, {IN_FLIGHT} in flight, {name}"), rate, "/s", None);
        rows.push(Row {
            server_cpu_us: Some(servers),
            generator_cpu_us: Some(own),
            ..row.note(note)
        });
    }
    let cpu = more(none, uploading, |run| run.servers);
    rows.push(
        Row::new("upload: more CPU of the servers", cpu, "%", Some(Reach::Below(10.0))).note(
            format!(
                "without tablestore-local: what it takes where Tablestore is elsewhere; against mode Disabled {:.1}%; of the leader alone {:.1}%, against Disabled {:.1}%",
                more(disabled, uploading, |run| run.servers),
                more(none, uploading, |run| run.leader),
                more(disabled, uploading, |run| run.leader),
            ),
        ),
    );
    let less = |without| -more(without, uploading, |run| run.rate);
    rows.push(
        Row::new(
            "upload: less rate with tablestore-local on the same cores",
            less(none),
            "%",
            None,
        )
        .note(format!("against mode Disabled {:.1}%", less(disabled))),
    );
    rows
}

/// By how many percent a figure of `with` is above that of `without`: the median over the rounds, in each of
/// which both were measured shortly after each other.
fn more(without: &[Cost], with: &[Cost], figure: fn(&Cost) -> f64) -> f64 {
    let each = std::iter::zip(without, with)
        .map(|(without, with)| (figure(with) / figure(without) - 1.0) * 100.0);
    median(each.collect())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(rate: f64, servers: f64) -> Cost {
        Cost { rate, servers, leader: servers / 2.0, local: 1.0, own: 1.0 }
    }

    #[test]
    fn rounds_are_compared_one_by_one() {
        // A slow round is slow for both.
        let without = [run(100.0, 10.0), run(10.0, 100.0), run(100.0, 10.0)];
        let with = [run(80.0, 11.0), run(8.0, 110.0), run(80.0, 11.0)];
        let rows = table(&[without.to_vec(), without.to_vec(), with.to_vec()]);
        let values: Vec<f64> = rows.iter().map(|row| row.value.round()).collect();
        assert_eq!(values, [100.0, 100.0, 80.0, 10.0, 20.0]);
        assert_eq!(rows[2].server_cpu_us, Some(11.0));
    }

    #[test]
    fn medians() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(Vec::new()), 0.0);
    }
}
