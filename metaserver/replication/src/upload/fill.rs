//! A new base: the whole namespace in order of its keys, when there is none or the journal has
//! grown longer than the one there is. Meanwhile the tail goes on, and what was complete before
//! stays so until the new one is.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesOrdered;
use tokio::time::Instant;

use crate::frame::{Segment, TAG_DATA, encode};
use crate::meta::{Base, Filling, Meta, Span};
use crate::seams::{ReplicaError, Source};
use crate::status::{FillStatus, UploadPhase};
use crate::store::{Key, Store};

use super::collect::{Scanned, scanned};
use super::shared::{Durable, Shared};
use super::{SessionEnd, sweep};

/// How often the cursor is written to the meta row: what a new leader does again at most.
const CHECKPOINT: Duration = Duration::from_secs(5);

/// Runs longer than this are replaced by a base whatever is in them: they are listed in the meta
/// row.
const MOST_RUNS: usize = 1_000;

/// Runs until the session ends.
pub async fn run<R: Source, S: Store>(shared: &Shared<'_, R, S>) -> Result<Infallible, SessionEnd> {
    // Numbers of this epoch's base rows are never used twice, whatever came of the first use.
    let mut next = 0;
    let mut meta = shared.ownership.meta().await;
    loop {
        let replaces = meta.copy.as_ref().is_some_and(|copy| copy.chain == shared.chain);
        let phase = if replaces { UploadPhase::Tailing } else { UploadPhase::Backfill };
        shared.status.send_modify(|status| status.phase = phase);
        if meta.filling.is_none() && replaces {
            sweep::run(shared, &meta, next).await;
            until_due(shared, &meta).await?;
        }
        fill(shared, meta, &mut next, replaces).await?;
        meta = shared.ownership.meta().await;
        shared.status.send_modify(|status| status.backfill = None);
    }
}

/// Whether a journal is to be replaced by a new base.
fn due(copy: &Base, durable: &Durable, runs: usize, longest: u64) -> bool {
    let changes = durable.chain_changes.saturating_sub(copy.start_changes);
    let bytes = durable.chain_bytes.saturating_sub(copy.start_bytes);
    let long = changes > copy.rows || bytes > copy.bytes;
    (changes > longest && long) || runs > MOST_RUNS
}

async fn until_due<R: Source, S: Store>(
    shared: &Shared<'_, R, S>,
    meta: &Meta,
) -> Result<(), SessionEnd> {
    let Some(copy) = &meta.copy else { return Ok(()) };
    let runs = meta.chain(shared.chain).map_or(0, |chain| chain.runs.len());
    let longest = shared.config.longest_journal;
    let journal = |durable: &Durable| {
        let changes = durable.chain_changes.saturating_sub(copy.start_changes);
        shared.status.send_if_modified(|status| {
            std::mem::replace(&mut status.journal_changes, changes) != changes
        });
        due(copy, durable, runs, longest)
    };
    let gone = |_| ReplicaError("the tail is gone".into());
    shared.durable.subscribe().wait_for(journal).await.map_err(gone)?;
    Ok(())
}

/// A row on its way.
struct Sent {
    rows: u64,
    bytes: u64,
    last: Vec<u8>,
    index: u64,
}

/// Writes a base, or the rest of one that an earlier leader began.
async fn fill<R: Source, S: Store>(
    shared: &Shared<'_, R, S>,
    meta: Meta,
    next: &mut u64,
    gently: bool,
) -> Result<(), SessionEnd> {
    let Filling { mut base, mut cursor } = begin(shared, meta, *next).await?;
    let (started, already) = (Instant::now(), base.rows);
    let mut saved = started;
    let mut read = cursor.clone();
    let (mut estimated, mut done) = (0, false);
    let mut writes = FuturesOrdered::new();
    let mut waiting: VecDeque<Sent> = VecDeque::new();
    let most = if gently { 1 } else { shared.config.in_flight };
    loop {
        if !done && writes.len() < most {
            let (after, limit) = (read.clone(), shared.config.blob);
            let scan = shared.source.snapshot(move |snapshot| scanned(snapshot, &after, limit));
            // What is on its way goes on meanwhile.
            let mut scan = std::pin::pin!(scan);
            let scanned: Scanned = loop {
                tokio::select! {
                    biased;
                    scanned = &mut scan => break scanned??,
                    Some(()) = writes.next() => {
                        written(&mut base, &mut cursor, waiting.pop_front());
                    }
                }
            };
            let Scanned { shape, blob, last, index, .. } = scanned;
            (done, estimated) = (scanned.done, scanned.estimated);
            if last.is_empty() {
                // That no row comes after the cursor was read at this index, too.
                base.newest = base.newest.max(index);
            } else {
                let key = Key::base(shared.ownership.epoch(), *next);
                *next += 1;
                let row = encode(TAG_DATA, &Segment { key, shape }, &blob);
                let (rows, bytes) = (u64::from(shape.changes), row.value.len() as u64);
                waiting.push_back(Sent { rows, bytes, last: last.clone(), index });
                writes.push_back(shared.put_own(key, row));
                read = last;
            }
        } else if writes.next().await.is_some() {
            written(&mut base, &mut cursor, waiting.pop_front());
        } else {
            break;
        }
        publish(shared, &base, already, estimated, started);
        if saved.elapsed() >= CHECKPOINT {
            let now = Filling { base: base.clone(), cursor: cursor.clone() };
            shared.update(|meta| meta.filling = Some(now.clone())).await?;
            saved = Instant::now();
        }
    }
    // Rows of the base are as new as this; only where the journal is at least as new do the two
    // together give a state that ever was.
    let newest = base.newest;
    let gone = |_| ReplicaError("the tail is gone".into());
    shared.durable.subscribe().wait_for(|d| d.index >= newest).await.map_err(gone)?;
    let complete = Filling { base, cursor };
    shared
        .update(|meta| {
            // Unless an earlier try did so already.
            if meta.filling.is_some() {
                meta.filling = Some(complete.clone());
                meta.complete();
            }
        })
        .await?;
    let seconds = started.elapsed().as_secs_f32();
    tracing::info!(rows = complete.base.rows, seconds, "the base is complete");
    Ok(())
}

/// Begins a base, or a new span in one that was begun.
async fn begin<R: Source, S: Store>(
    shared: &Shared<'_, R, S>,
    meta: Meta,
    next: u64,
) -> Result<Filling, SessionEnd> {
    let epoch = shared.ownership.epoch();
    let span = Span { epoch, first: next, count: 0 };
    let filling = match meta.filling {
        Some(mut filling) => {
            filling.base.spans.push(span);
            filling
        }
        None => {
            let gone = |_| ReplicaError("the tail is gone".into());
            let mut durable = shared.durable.subscribe();
            let durable = *durable.wait_for(|d| d.at.epoch > 0).await.map_err(gone)?;
            let base = Base {
                id: shared.board.random.nonce(),
                chain: shared.chain,
                start: durable.at,
                start_changes: durable.chain_changes,
                start_bytes: durable.chain_bytes,
                spans: vec![span],
                rows: 0,
                bytes: 0,
                newest: 0,
            };
            Filling { base, cursor: Vec::new() }
        }
    };
    shared.update(|meta| meta.filling = Some(filling.clone())).await?;
    Ok(filling)
}

fn written(base: &mut Base, cursor: &mut Vec<u8>, sent: Option<Sent>) {
    let Some(Sent { rows, bytes, last, index }) = sent else { return };
    if let Some(span) = base.spans.last_mut() {
        span.count += 1;
    }
    base.rows += rows;
    base.bytes += bytes;
    base.newest = base.newest.max(index);
    *cursor = last;
}

fn publish<R, S>(
    shared: &Shared<'_, R, S>,
    base: &Base,
    already: u64,
    estimated: u64,
    started: Instant,
) {
    let rate = base.rows.saturating_sub(already) as f64 / started.elapsed().as_secs_f64();
    let left = estimated.saturating_sub(base.rows) as f64 / rate;
    let eta_s = (left.is_finite() && rate > 0.0).then_some(left as u64);
    let fill = FillStatus { rows: base.rows, of: estimated, rows_per_s: rate as u64, eta_s };
    shared.status.send_if_modified(|status| {
        let before = status.backfill.replace(fill);
        let rows = base.rows.saturating_sub(before.map_or(already, |b| b.rows));
        status.counters.filled += rows;
        before != Some(fill)
    });
}
