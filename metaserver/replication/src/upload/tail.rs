//! The tail: batch after batch of net changes into the journal.
//!
//! A batch is what leads from the state at one applied index to the state at a later one. It
//! exists once its commit row does, and its parts are written before that. Several commit rows may
//! be on their way at once; only what has no hole before it counts, here as in a recovery.

use std::collections::VecDeque;
use std::convert::Infallible;

use futures::StreamExt;
use futures::future::Either;
use futures::stream::{FuturesOrdered, FuturesUnordered};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::frame::{Commit, Part, Position, TAG_DATA, TAG_SEAL, encode, read_commit};
use crate::meta::Owner;
use crate::owner::Lost;
use crate::pack::Shape;
use crate::seams::{Source, Totals};
use crate::store::{Expect, Key, Row, Store};

use super::SessionEnd;
use super::collect::{Changed, ChangedEnd, Point, Touch, changed};
use super::shared::{Durable, Shared};
use super::takeover::Begin;

/// What the builder hands to the committer.
struct Built {
    /// The commit row; `None`: nothing was changed up to here.
    commit: Option<(Key, Row)>,
    /// The journal's end with it.
    durable: Durable,
    /// For counters.
    changes: u64,
    entries: u64,
}

/// Runs until the session ends.
pub async fn run<R: Source, S: Store>(
    shared: &Shared<'_, R, S>,
    begin: Begin,
) -> Result<Infallible, SessionEnd> {
    let (sender, receiver) = mpsc::channel(1);
    tokio::select! {
    biased;
           ended = build(shared, begin, sender) => ended,
           ended = commit(shared, receiver) => ended,
       }
}

/// The state up to which batches are built.
struct Builder {
    last: Durable,
    totals: Option<Totals>,
    next: u64,
}

async fn build<R: Source, S: Store>(
    shared: &Shared<'_, R, S>,
    begin: Begin,
    sender: mpsc::Sender<Built>,
) -> Result<Infallible, SessionEnd> {
    let mut applied = shared.source.applied();
    let mut builder = Builder { last: begin.durable, totals: begin.totals, next: 1 };
    if builder.totals.is_none() {
        let point = shared.source.snapshot(|snapshot| Point::of(snapshot)).await??;
        let built = builder.anchor(shared, point);
        sender.send(built).await.ok();
    }
    loop {
        let index = builder.last.index;
        if applied.wait_for(|applied| *applied > index).await.is_err() {
            return Err(crate::seams::ReplicaError("the replica is gone".into()).into());
        }
        let started = Instant::now();
        if let Some(built) = builder.batch(shared).await? {
            // Waits while enough is on its way.
            sender.send(built).await.ok();
        }
        tokio::time::sleep_until(started + shared.config.pace).await;
    }
}

impl Builder {
    /// The first batch of a chain: no changes, but where it begins.
    fn anchor<R, S: Store>(&mut self, shared: &Shared<'_, R, S>, point: Point) -> Built {
        self.last.to = point.index;
        self.last.index = point.index;
        self.close(shared, point, 0, 0, 0, (Shape::default(), Vec::new()))
    }

    /// The next batch.
    async fn batch<R: Source, S: Store>(
        &mut self,
        shared: &Shared<'_, R, S>,
    ) -> Result<Option<Built>, SessionEnd> {
        let mut from = Touch { index: self.last.index + 1, skip: 0 };
        let (mut parts, mut changes, mut bytes) = (0u32, 0u64, 0u64);
        let mut writes = FuturesUnordered::new();
        loop {
            let limit = shared.config.blob;
            let read = shared.source.snapshot(move |snapshot| changed(snapshot, from, limit));
            // What is on its way goes on meanwhile.
            let read = async {
                let mut read = std::pin::pin!(read);
                loop {
                    tokio::select! {
                    biased;
                                           read = &mut read => return read,
                                           Some(()) = writes.next() => {}
                                       }
                }
            };
            let Changed { shape, blob, end } = read.await??.ok_or(SessionEnd::Gap)?;
            changes += u64::from(shape.changes);
            bytes += blob.len() as u64;
            match end {
                ChangedEnd::Full(next) => {
                    from = next;
                    let key = Key::part(shared.ownership.epoch(), self.next, parts);
                    let row = encode(TAG_DATA, &Part { key, shape }, &blob);
                    writes.push(shared.put_own(key, row));
                    parts += 1;
                    while writes.len() >= shared.config.in_flight {
                        writes.next().await;
                    }
                }
                ChangedEnd::Whole(point) => {
                    // A commit row promises that its parts are there.
                    while writes.next().await.is_some() {}
                    let nothing = changes == 0 && self.totals.as_ref() == Some(&point.totals);
                    if nothing {
                        return Ok(Some(self.nothing(&point)));
                    }
                    return Ok(Some(self.close(
                        shared,
                        point,
                        parts,
                        changes,
                        bytes,
                        (shape, blob),
                    )));
                }
            }
        }
    }

    fn nothing(&mut self, point: &Point) -> Built {
        let entries = point.index - self.last.index;
        self.last.index = point.index;
        self.last.time_ms = point.time_ms;
        Built { commit: None, durable: self.last, changes: 0, entries }
    }

    fn close<R, S: Store>(
        &mut self,
        shared: &Shared<'_, R, S>,
        point: Point,
        parts: u32,
        changes: u64,
        bytes: u64,
        (shape, blob): (Shape, Vec<u8>),
    ) -> Built {
        let position = Position { epoch: shared.ownership.epoch(), batch: self.next };
        let Point { index, time_ms, totals } = point;
        let chain_changes = self.last.chain_changes + changes;
        let chain_bytes = self.last.chain_bytes + bytes;
        let commit = Commit {
            position,
            nonce: shared.ownership.nonce(),
            from: self.last.to,
            to: index,
            time_ms,
            totals,
            parts,
            changes,
            chain_changes,
            chain_bytes,
            shape,
        };
        let entries = index - self.last.index;
        self.next += 1;
        self.last = Durable { at: position, to: index, index, time_ms, chain_changes, chain_bytes };
        let key = Key::journal(position.epoch, position.batch);
        let row = encode(TAG_DATA, &commit, &blob);
        self.totals = Some(commit.totals);
        Built { commit: Some((key, row)), durable: self.last, changes, entries }
    }
}

/// Commits what was built, several at once, and moves the journal's end in order.
async fn commit<R: Source, S: Store>(
    shared: &Shared<'_, R, S>,
    mut receiver: mpsc::Receiver<Built>,
) -> Result<Infallible, SessionEnd> {
    let mut writes = FuturesOrdered::new();
    let mut waiting: VecDeque<Built> = VecDeque::new();
    loop {
        tokio::select! {
            biased;
            Some(written) = writes.next() => {
                let written: Result<(), SessionEnd> = written;
                written?;
                let Some(built) = waiting.pop_front() else { continue };
                shared.durable.send_replace(built.durable);
                note(shared, &built);
            }
            Some(mut built) = receiver.recv(), if writes.len() < shared.config.in_flight => {
                writes.push_back(match built.commit.take() {
                    Some((key, row)) => Either::Left(commit_one(shared, key, row)),
                    None => Either::Right(std::future::ready(Ok(()))),
                });
                waiting.push_back(built);
            }
            else => return Err(crate::seams::ReplicaError("the builder is gone".into()).into()),
        }
    }
}

fn note<R, S>(shared: &Shared<'_, R, S>, built: &Built) {
    let Built { durable, changes, entries, .. } = built;
    shared.status.send_modify(|status| {
        status.uploaded.index = durable.index;
        status.uploaded.time_ms = durable.time_ms;
        status.counters.batches += u64::from(durable.to == durable.index);
        status.counters.changes += changes;
        status.counters.entries += entries;
    });
}

/// Writes a commit row. Refused, the row there tells: our nonce, and an earlier try took effect;
/// anything else, and the epoch is lost.
async fn commit_one<R, S: Store>(
    shared: &Shared<'_, R, S>,
    key: Key,
    row: Row,
) -> Result<(), SessionEnd> {
    let Shared { store, board, ownership, .. } = shared;
    loop {
        if board.persist(|| store.put(key, row.clone(), Expect::Absent)).await.is_ok() {
            shared.count(row.value.len());
            return Ok(());
        }
        let Some(there) = board.until_done(|| store.get(key)).await else { continue };
        let own = there.tag != TAG_SEAL
            && read_commit(key, &there).is_ok_and(|(c, _)| c.nonce == ownership.nonce());
        if own {
            shared.count(row.value.len());
            return Ok(());
        }
        return Err(fenced(shared).await);
    }
}

/// Who fenced us.
async fn fenced<R, S: Store>(shared: &Shared<'_, R, S>) -> SessionEnd {
    match shared.ownership.update(|_| ()).await {
        Err(Lost::Fenced(owner)) => SessionEnd::Fenced(owner),
        Err(lost) => lost.into(),
        // A seal of our own epoch without a new owner: cannot be, and must not go on.
        Ok(meta) => SessionEnd::Fenced(Owner { ..meta.owner }),
    }
}
