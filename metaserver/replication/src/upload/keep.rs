//! Beside tail and base: heartbeats and checkpoints into the meta row, reports to the cluster,
//! and the lag.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior};

use crate::seams::{ReplicaError, Report, Source};
use crate::store::Store;

use super::SessionEnd;
use super::shared::Shared;

/// How exactly the lag is known.
const SAMPLE: Duration = Duration::from_millis(50);
/// Samples kept at most: beyond them a lag that shrinks is told a little too small.
const MOST_SAMPLES: usize = 20_000;
/// How often it is published when nothing happens.
const TICK: Duration = Duration::from_millis(250);

/// Writes a heartbeat, with the journal's end, as often as configured.
pub async fn run<R: Source, S: Store>(shared: &Shared<'_, R, S>) -> Result<Infallible, SessionEnd> {
    let mut tick = tokio::time::interval(shared.config.heartbeat);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tick.tick().await;
    loop {
        tick.tick().await;
        shared.update(|_| ()).await?;
    }
}

/// Tells the cluster what is uploaded, as often as configured and only what a batch ends with:
/// what is touched after that is needed to go on.
pub async fn report<R: Source, S: Store>(
    shared: &Shared<'_, R, S>,
) -> Result<Infallible, SessionEnd> {
    let mut durable = shared.durable.subscribe();
    let mut told = durable.borrow_and_update().to;
    loop {
        if durable.wait_for(|durable| durable.to > told).await.is_err() {
            return Err(ReplicaError("the tail is gone".into()).into());
        }
        let index = durable.borrow_and_update().to;
        let report = Report { epoch: shared.ownership.epoch(), index };
        match shared.source.report(report).await {
            Ok(()) => told = index,
            Err(error) => tracing::debug!(%error, "cannot report what is uploaded"),
        }
        tokio::time::sleep(shared.config.heartbeat / 2).await;
    }
}

/// Measures for how long entries have been waiting.
pub async fn measure<R: Source, S: Store>(
    shared: &Shared<'_, R, S>,
) -> Result<Infallible, SessionEnd> {
    let mut applied = shared.source.applied();
    let mut durable = shared.durable.subscribe();
    let mut waiting: VecDeque<(u64, Instant)> = VecDeque::new();
    loop {
        let now = *applied.borrow_and_update();
        let done = durable.borrow_and_update().index;
        let newest = waiting.back().map_or(done, |(index, _)| *index);
        if now > newest && waiting.len() < MOST_SAMPLES {
            waiting.push_back((now, Instant::now()));
        }
        while waiting.front().is_some_and(|(index, _)| *index <= done) {
            waiting.pop_front();
        }
        let lag = waiting.front().map_or(Duration::ZERO, |(_, since)| since.elapsed());
        let lag_ms = u64::try_from(lag.as_millis()).unwrap_or(u64::MAX);
        shared.status.send_if_modified(|status| {
            let before = (status.applied, status.lag_entries, status.lag_ms);
            let after = (now, now.saturating_sub(done), lag_ms);
            (status.applied, status.lag_entries, status.lag_ms) = after;
            before != after
        });
        tokio::time::sleep(SAMPLE).await;
        tokio::select! {
        biased;
                   changed = applied.changed() => {
                       if changed.is_err() {
                           return Err(ReplicaError("the replica is gone".into()).into());
                       }
                   }
                   _ = durable.changed() => {}
                   () = tokio::time::sleep(TICK) => {}
               }
    }
}
