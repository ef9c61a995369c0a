//! Drives clients for a time, or until their work is done, and measures.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::Notify;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::Instant;

use super::lane::{Lane, Target, Work};
use crate::bench::load::{Measured, percentile};
use crate::bench::procfs;

/// What the clients share.
#[derive(Debug, Default)]
pub struct Shared {
    done: Cell<u64>,
    /// Calls that were refused for the moment.
    pub refused: Cell<u64>,
    /// The end is asked for.
    pub stop: Cell<bool>,
    /// A client has nothing more to do.
    pub dry: Notify,
    counting: Cell<bool>,
    latencies: RefCell<Vec<u32>>,
}

impl Shared {
    /// Counts an operation that was due at `start`.
    pub fn done(&self, start: Instant) {
        if self.counting.get() {
            let us = u32::try_from(start.elapsed().as_micros()).unwrap_or(u32::MAX);
            self.latencies.borrow_mut().push(us);
            self.done.set(self.done.get() + 1);
        }
    }
}

/// How long a load goes on.
#[derive(Clone, Copy, Debug)]
pub enum Until {
    /// For a time after a time of warming up, or until the first client has nothing more to do.
    Time {
        /// Not measured.
        warm: Duration,
        /// Measured.
        measured: Duration,
    },
    /// Until every client has nothing more to do.
    Done,
}

/// What a load did.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The figures.
    pub measured: Measured,
    /// Operations of each client, those that were not measured too.
    pub done: Vec<u64>,
}

struct Sample {
    at: Instant,
    servers: u64,
    own: u64,
}

impl Sample {
    fn take(servers: &[u32]) -> anyhow::Result<Self> {
        let servers =
            servers.iter().map(|pid| procfs::cpu_us(*pid)).sum::<anyhow::Result<u64>>()?;
        Ok(Self { at: Instant::now(), servers, own: procfs::cpu_us(std::process::id())? })
    }
}

/// Runs a client for each of `works`. `servers`: the processes whose CPU time counts.
///
/// # Errors
/// A call failed.
pub async fn drive<W: Work + 'static>(
    target: Target,
    works: Vec<W>,
    until: Until,
    servers: &[u32],
) -> anyhow::Result<Outcome> {
    let local = LocalSet::new();
    local.run_until(drive_here(target, works, until, servers)).await
}

async fn drive_here<W: Work + 'static>(
    target: Target,
    works: Vec<W>,
    until: Until,
    servers: &[u32],
) -> anyhow::Result<Outcome> {
    let shared = Rc::new(Shared::default());
    let mut lanes = Vec::with_capacity(works.len());
    for work in works {
        lanes.push(Lane::connect(target, work, Rc::clone(&shared)).await?);
    }
    let mut done = vec![0; lanes.len()];
    let mut running = JoinSet::new();
    let apart =
        target.every.unwrap_or_default() / u32::try_from(lanes.len()).unwrap_or(u32::MAX).max(1);
    for (number, lane) in lanes.into_iter().enumerate() {
        let delay = apart * u32::try_from(number).unwrap_or(0);
        running.spawn_local(async move { lane.run(delay).await.map(|done| (number, done)) });
    }
    let mut all = async || {
        while let Some(ended) = running.join_next().await {
            let (number, count) = ended.context("a client's task failed")??;
            done[number] = count;
        }
        anyhow::Ok(())
    };
    let (before, after) = match until {
        Until::Done => {
            shared.counting.set(true);
            let before = Sample::take(servers)?;
            all().await?;
            (before, Sample::take(servers)?)
        }
        Until::Time { warm, measured } => {
            let window = async {
                tokio::time::sleep(warm).await;
                shared.counting.set(true);
                let before = Sample::take(servers)?;
                // Whichever is first: the time is over, or a client has nothing more to do.
                let _ = tokio::time::timeout(measured, shared.dry.notified()).await;
                let after = Sample::take(servers)?;
                shared.counting.set(false);
                shared.stop.set(true);
                anyhow::Ok((before, after))
            };
            let (samples, ()) = tokio::try_join!(window, all())?;
            samples
        }
    };
    let count = shared.done.get() as f64;
    let mut latencies = shared.latencies.take();
    latencies.sort_unstable();
    let measured = Measured {
        rate: count / (after.at - before.at).as_secs_f64(),
        server_cpu_us: (after.servers - before.servers) as f64 / count.max(1.0),
        own_cpu_us: (after.own - before.own) as f64 / count.max(1.0),
        p50_us: percentile(&latencies, 50),
        p99_us: percentile(&latencies, 99),
        refused: shared.refused.get(),
        apart_cpu_us: Vec::new(),
    };
    Ok(Outcome { measured, done })
}
