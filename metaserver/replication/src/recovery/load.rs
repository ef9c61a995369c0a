//! The work of a recovery, under the epoch: plan, base, journal, comparison.

use futures::StreamExt;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::frame::{Damage, Position};
use crate::meta::{Base, Chain, Meta};
use crate::owner::Ownership;
use crate::pack::Change;
use crate::retry::Board;
use crate::seams::{Chunk, Cursor, Plan, Progress, Sink};
use crate::status::{RecoveryPhase, RecoveryStatus};
use crate::store::{Key, Store};

use super::read;
use super::reason::mismatch;
use super::{AttemptEnd, RecoveryConfig, differences, show};

/// Hands chunks to the sink and says how far it is.
struct Loader<'a, K> {
    sink: &'a K,
    status: &'a watch::Sender<RecoveryStatus>,
    cursor: Cursor,
    started: Instant,
    already: u64,
    done: u64,
}

impl<K: Sink> Loader<'_, K> {
    async fn hand(&mut self, cursor: Cursor, changes: Vec<Change>) -> Result<(), AttemptEnd> {
        self.done += changes.len() as u64;
        let chunk = Chunk { after: self.cursor, cursor, changes };
        self.cursor = cursor;
        match cursor {
            Cursor::Journal(..) => self.sink.replay(chunk).await?,
            Cursor::Base(_) | Cursor::Start => self.sink.load(chunk).await?,
        }
        let rate = (self.done - self.already) as f64 / self.started.elapsed().as_secs_f64();
        self.status.send_modify(|status| {
            status.rows = self.done;
            status.rows_per_s = rate as u64;
            let left = status.of.saturating_sub(self.done) as f64 / rate;
            status.eta_s = left.is_finite().then_some(left as u64);
        });
        Ok(())
    }
}

#[expect(clippy::too_many_arguments, reason = "what an attempt has, once")]
pub async fn run<K: Sink, S: Store>(
    sink: &K,
    store: &S,
    config: &RecoveryConfig,
    status: &watch::Sender<RecoveryStatus>,
    board: &Board,
    ownership: &Ownership<'_, S>,
    meta: &Meta,
    before: Option<Progress>,
) -> Result<AttemptEnd, AttemptEnd> {
    let damage = |what: &str| Damage::new(Key::META, what);
    let base = meta.copy.as_ref().ok_or_else(|| damage("names no copy"))?;
    let chain = meta.chain(base.chain).ok_or_else(|| damage("lacks the copy's journal"))?;
    let end = chain.end().ok_or_else(|| damage("names no end of the journal"))?;
    let plan = plan(store, board, ownership.epoch(), base, chain, end).await?;

    let same = before.filter(|before| before.plan.copy == plan.copy);
    let (cursor, done) = same.map_or((Cursor::Start, 0), |b| (b.cursor, b.changes));
    show(status, &plan, done);
    status.send_modify(|status| status.phase = RecoveryPhase::Loading);
    let crate::meta::Cluster { name, .. } = &chain.cluster;
    tracing::info!(cluster = name, index = plan.index, rows = plan.rows, "recovering");
    sink.begin(plan.clone(), cursor == Cursor::Start).await?;
    let mut loader = Loader { sink, status, cursor, started: Instant::now(), already: done, done };

    let (skip, from, parts) = match cursor {
        Cursor::Start => (0, base.start, 0),
        Cursor::Base(n) => (n, base.start, 0),
        Cursor::Journal(at, parts) => (u64::MAX, at, parts),
    };
    let mut n = skip;
    let mut segments = std::pin::pin!(read::base(store, board, base, skip, config.in_flight));
    while let Some(rows) = segments.next().await {
        n += 1;
        loader.hand(Cursor::Base(n), rows?).await?;
    }
    replay(store, board, config, chain, (from, parts), &mut loader).await?;
    sink.settle().await?;

    status.send_modify(|status| status.phase = RecoveryPhase::Verifying);
    let loaded = sink.totals(&plan.totals).await?;
    let differences = differences(&loaded, &plan.totals);
    if !differences.is_empty() {
        return Err(AttemptEnd::Failed(mismatch(&differences)));
    }
    // Nobody can have changed what was read without the epoch; that it is still ours shows that
    // nobody did.
    ownership.update(|meta| meta.owner.heartbeat += 1).await?;
    sink.end(Ok(())).await?;
    tracing::info!(index = plan.index, "recovered");
    Ok(AttemptEnd::Finished)
}

async fn plan<S: Store>(
    store: &S,
    board: &Board,
    epoch: u64,
    base: &Base,
    chain: &Chain,
    end: Position,
) -> Result<Plan, Damage> {
    let (last, _) = read::commit(store, board, end).await?;
    let crate::meta::Cluster { id, name } = &chain.cluster;
    let known = chain.applied >= last.to;
    Ok(Plan {
        copy: base.id,
        cluster: format!("{name} ({id})"),
        epoch,
        index: last.to,
        time_ms: last.time_ms,
        reported_index: if known { chain.applied } else { 0 },
        reported_ms: if known { chain.time_ms } else { 0 },
        totals: last.totals,
        rows: base.rows,
        changes: last.chain_changes.saturating_sub(base.start_changes),
    })
}

/// Replays the journal from a batch on, whose successor has `parts` of its parts replayed already.
async fn replay<K: Sink, S: Store>(
    store: &S,
    board: &Board,
    config: &RecoveryConfig,
    chain: &Chain,
    (from, parts): (Position, u32),
    loader: &mut Loader<'_, K>,
) -> Result<(), AttemptEnd> {
    let mut at = from;
    let mut reached = read::commit(store, board, from).await?.0.to;
    let mut skip = parts;
    let mut waiting: Vec<Change> = Vec::new();
    let mut bytes = 0;
    let mut commits = std::pin::pin!(read::commits(store, board, chain, from, config.in_flight));
    while let Some(commit) = commits.next().await {
        let (commit, changes) = commit?;
        if commit.from != reached {
            let key = Key::journal(commit.position.epoch, commit.position.batch);
            let what =
                format!("begins at {}, not where the one before ends, {reached}", commit.from);
            return Err(Damage::new(key, what).into());
        }
        if commit.parts > skip && !waiting.is_empty() {
            loader.hand(Cursor::Journal(at, 0), std::mem::take(&mut waiting)).await?;
            bytes = 0;
        }
        let mut done = skip;
        let mut stream = std::pin::pin!(read::parts(store, board, &commit, skip, config.in_flight));
        while let Some(part) = stream.next().await {
            done += 1;
            loader.hand(Cursor::Journal(at, done), part?).await?;
        }
        skip = 0;
        at = commit.position;
        reached = commit.to;
        bytes += read::size(&changes);
        waiting.extend(changes);
        if bytes >= config.chunk {
            loader.hand(Cursor::Journal(at, 0), std::mem::take(&mut waiting)).await?;
            bytes = 0;
        }
    }
    if !waiting.is_empty() {
        loader.hand(Cursor::Journal(at, 0), waiting).await?;
    }
    Ok(())
}
