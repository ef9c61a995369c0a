//! Keeps what a restart must replay and what the log takes on disk within bounds: flushes the
//! state machine (which openraft knows as building a snapshot) and then purges the log.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::MissedTickBehavior;

use crate::fatal::Fatal;
use crate::log::LogStore;
use crate::net::Context;
use crate::state::StateStore;
use crate::types::Raft;

use super::{ClusterError, Node};

/// The state machine is flushed when this much is not: what a restart replays at most, about.
const MAX_UNFLUSHED_ENTRIES: u64 = 25_000;
const MAX_UNFLUSHED_BYTES: u64 = 32 << 20;

/// And when something was not for this long.
const MAX_UNFLUSHED_AGE: Duration = Duration::from_secs(300);

const TICK: Duration = Duration::from_millis(500);

/// The log keeps this much behind its end, for followers that were away for a while: a longer
/// way back costs them a snapshot.
const KEEP_ENTRIES: u64 = 100_000;
const KEEP_BYTES: u64 = 256 << 20;

/// While a follower receives a snapshot, the log keeps what follows it, but no more than this.
const KEEP_BYTES_FOR_SNAPSHOT: u64 = 2 << 30;

/// How far the log may be purged. All log indexes inclusive.
#[derive(Clone, Copy, Debug)]
struct Extent {
    /// Purged already.
    purged: u64,
    /// End.
    last: u64,
    /// Bytes between, roughly.
    bytes: u64,
    /// Durable in the state machine.
    flushed: u64,
    /// What snapshots on their way need kept from here on.
    held: Option<u64>,
}

/// The index to purge up to; `None`: nothing worth it.
fn purge_target(extent: Extent) -> Option<u64> {
    let Extent { purged, last, bytes, flushed, held } = extent;
    let entries = last.saturating_sub(purged).max(1);
    let size = (bytes / entries).max(1);
    let mut target = flushed.min(last.saturating_sub(KEEP_ENTRIES.min(KEEP_BYTES / size)));
    if let Some(held) = held {
        let floor = last.saturating_sub(KEEP_BYTES_FOR_SNAPSHOT / size);
        target = target.min(held.max(floor));
    }
    // In steps, as every purge costs a write.
    (target > purged + KEEP_ENTRIES / 20).then_some(target)
}

impl Node {
    /// Flushes the state machine and purges the log but for its last `keep` entries, now. Raft
    /// itself decides what it can do without; the rest follows when it can.
    pub async fn compact(&self, keep: u64) -> Result<(), ClusterError> {
        let stopped = |e: &dyn std::error::Error| {
            ClusterError::Stopped(self.fatal_reason().unwrap_or_else(|| e.to_string()))
        };
        let applied = self.applied_index();
        let mut flushed = self.store.watch_flushed();
        self.raft.trigger().snapshot().await.map_err(|e| stopped(&e))?;
        flushed
            .wait_for(|meta| meta.last_log_id.map_or(0, |id| id.index) >= applied)
            .await
            .map_err(|e| stopped(&e))?;
        // Raft hears of the flush a moment after it is done.
        self.raft
            .wait(Some(self.timings.patience()))
            .metrics(|m| m.snapshot.map_or(0, |id| id.index) >= applied, "flushed")
            .await
            .map_err(|e| ClusterError::Unavailable(e.to_string()))?;
        match applied.checked_sub(keep) {
            Some(upto) => self.raft.trigger().purge_log(upto).await.map_err(|e| stopped(&e)),
            None => Ok(()),
        }
    }
}

/// Runs until the task is aborted or Raft has stopped.
pub(super) async fn run(
    raft: Raft,
    log: LogStore,
    store: Arc<StateStore>,
    context: Arc<Context>,
    fatal: Fatal,
) {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut clean_since = Instant::now();
    while fatal.reason().is_none() {
        tick.tick().await;
        let (entries, bytes) = store.unflushed();
        if entries == 0 {
            clean_since = Instant::now();
            continue;
        }
        if entries < MAX_UNFLUSHED_ENTRIES
            && bytes < MAX_UNFLUSHED_BYTES
            && clean_since.elapsed() < MAX_UNFLUSHED_AGE
        {
            continue;
        }
        let before = store.flushed().last_log_id;
        if raft.trigger().snapshot().await.is_err() {
            return;
        }
        let started = Instant::now();
        while store.flushed().last_log_id == before && started.elapsed() < 60 * TICK {
            tick.tick().await;
        }
        clean_since = Instant::now();
        let held = context.transfers.sending().values().map(|t| t.index).min();
        let extent = Extent {
            purged: log.purged().map_or(0, |id| id.index),
            last: log.last().map_or(0, |id| id.index),
            bytes: log.disk_bytes(),
            flushed: store.flushed().last_log_id.map_or(0, |id| id.index),
            held,
        };
        if let Some(target) = purge_target(extent) {
            tracing::debug!(target, "purging the log");
            if raft.trigger().purge_log(target).await.is_err() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keeps_entries_and_bytes() {
        let small =
            Extent { purged: 0, last: 500_000, bytes: 100 << 20, flushed: 490_000, held: None };
        assert_eq!(purge_target(small), Some(400_000));
        let large =
            Extent { purged: 0, last: 10_000, bytes: 10_000 << 20, flushed: 10_000, held: None };
        assert_eq!(purge_target(large), Some(10_000 - 256));
        assert_eq!(purge_target(Extent { flushed: 100, ..small }), None);
        assert_eq!(purge_target(Extent { held: Some(50_000), ..small }), Some(50_000));
        assert_eq!(purge_target(Extent { purged: 399_000, ..small }), None);
    }

    proptest! {
        #[test]
        fn never_beyond_what_is_flushed(
            purged in 0u64..1_000_000,
            more in 0u64..1_000_000,
            bytes in 0u64..(1 << 40),
            flushed in 0u64..2_000_000,
            held in prop::option::of(0u64..2_000_000),
        ) {
            let last = purged + more;
            let flushed = flushed.min(last);
            if let Some(target) = purge_target(Extent { purged, last, bytes, flushed, held }) {
                prop_assert!(target <= flushed && target <= last && target > purged);
            }
        }
    }
}
