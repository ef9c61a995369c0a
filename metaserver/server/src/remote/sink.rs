//! The leader's replica as a recovery sees it: rows go through Raft in numbered steps, several on
//! their way at once, and where to go on is in the replicated state.

use std::pin::Pin;
use std::task::Poll;

use bytes::Bytes;
use futures::stream::FuturesOrdered;
use futures::{StreamExt as _, poll};
use metafs_namespace::Op;
use metafs_namespace::command::{RecoverStep, Recovered};
use metafs_namespace::recovery::{Recovery, RecoveryPhase};
use metafs_replication::{Change, Chunk, Cursor, Plan, Progress, ReplicaError, Sink, Totals};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::source::{Replica, unreadable};
use super::totals;

/// Chunks on their way through Raft at most; each is about 2 MiB.
const ON_THEIR_WAY: usize = 8;

/// What the replicated state says of a recovery in this crate's words.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Note {
    /// What is recovered.
    pub(super) plan: Plan,
    /// How far.
    pub(super) cursor: Cursor,
    /// Changes so far.
    pub(super) changes: u64,
}

impl Note {
    fn encode(&self) -> Result<Bytes, ReplicaError> {
        postcard::to_stdvec(self)
            .map(Bytes::from)
            .map_err(|e| ReplicaError(format!("the plan cannot be encoded: {e}")))
    }

    /// What a recovery's cursor says; `None`: nothing was begun.
    pub(super) fn decode(recovery: &Recovery) -> Result<Option<Self>, ReplicaError> {
        if recovery.cursor.is_empty() {
            return Ok(None);
        }
        postcard::from_bytes(&recovery.cursor)
            .map(Some)
            .map_err(|e| ReplicaError(format!("the plan cannot be read: {e}")))
    }
}

type Step = Pin<Box<dyn Future<Output = Result<(), ReplicaError>> + Send>>;

/// Where the next step goes on.
#[derive(Default)]
struct Position {
    number: u64,
    note: Option<Note>,
    on_their_way: FuturesOrdered<Step>,
}

/// See the module.
pub(super) struct Recovering {
    replica: std::sync::Arc<Replica>,
    position: Mutex<Position>,
}

impl Recovering {
    /// Into `replica`.
    pub(super) fn new(replica: std::sync::Arc<Replica>) -> Self {
        Self { replica, position: Mutex::default() }
    }

    fn replicated(&self) -> Result<Option<Recovery>, ReplicaError> {
        self.replica.node.view(|view| view.recovery()).and_then(|read| read).map_err(unreadable)
    }

    /// Sends a step on its way, behind those before it.
    fn send(&self, position: &mut Position, what: Recovered) -> Result<(), ReplicaError> {
        let cursor = position.note.as_ref().map(Note::encode).transpose()?.unwrap_or_default();
        let step = RecoverStep { number: position.number, cursor, what };
        position.number += 1;
        let replica = self.replica.clone();
        position
            .on_their_way
            .push_back(Box::pin(async move { replica.propose(Op::Recover(step)).await }));
        Ok(())
    }

    /// Waits until at most `most` steps are on their way.
    async fn drain(position: &mut Position, most: usize) -> Result<(), ReplicaError> {
        // Polled once at least, so that each is proposed in its turn.
        if let Poll::Ready(Some(result)) = poll!(position.on_their_way.next()) {
            result?;
        }
        while position.on_their_way.len() > most {
            if let Some(result) = position.on_their_way.next().await {
                result?;
            }
        }
        Ok(())
    }

    async fn chunk(
        &self,
        chunk: Chunk,
        recovered: impl FnOnce(Vec<Change>) -> Result<Recovered, ReplicaError>,
    ) -> Result<(), ReplicaError> {
        let Chunk { after, cursor, changes } = chunk;
        let mut position = self.position.lock().await;
        let Some(note) = &mut position.note else {
            return Err(ReplicaError("no recovery was begun".into()));
        };
        if note.cursor != after {
            let message =
                format!("a chunk after {after:?} came, the next is after {:?}", note.cursor);
            return Err(ReplicaError(message));
        }
        note.cursor = cursor;
        note.changes += changes.len() as u64;
        self.send(&mut position, recovered(changes)?)?;
        Self::drain(&mut position, ON_THEIR_WAY).await
    }
}

fn fresh(changes: Vec<Change>) -> Result<Recovered, ReplicaError> {
    let mut rows = Vec::with_capacity(changes.len());
    for Change { key, value } in changes {
        let value =
            value.ok_or_else(|| ReplicaError("a removed row among those to load".into()))?;
        rows.push((key, value));
    }
    Ok(Recovered::Fresh(rows))
}

fn changed(changes: Vec<Change>) -> Result<Recovered, ReplicaError> {
    Ok(Recovered::Changed(changes.into_iter().map(|Change { key, value }| (key, value)).collect()))
}

impl Sink for Recovering {
    async fn progress(&self) -> Result<Option<Progress>, ReplicaError> {
        // All that earlier leaders replicated must be applied here.
        self.replica.node.read().await.map_err(|e| ReplicaError(e.to_string()))?;
        let mut position = self.position.lock().await;
        *position = Position::default();
        let Some(recovery) = self.replicated()? else {
            return Ok(None);
        };
        position.number = recovery.next_step;
        let Some(note) = Note::decode(&recovery)? else {
            return Ok(None);
        };
        position.note = Some(note.clone());
        let Note { plan, cursor, changes } = note;
        let ended = match recovery.phase {
            RecoveryPhase::Loading => None,
            RecoveryPhase::Finished => Some(Ok(())),
            RecoveryPhase::Failed { reason } => Some(Err(reason)),
        };
        Ok(Some(Progress { plan, cursor, changes, ended }))
    }

    async fn begin(&self, plan: Plan, afresh: bool) -> Result<(), ReplicaError> {
        let mut position = self.position.lock().await;
        let (cursor, changes) = match &position.note {
            Some(note) if !afresh => (note.cursor, note.changes),
            _ => (Cursor::Start, 0),
        };
        position.note = Some(Note { plan, cursor, changes });
        self.send(&mut position, Recovered::Begin { afresh })?;
        Self::drain(&mut position, 0).await
    }

    async fn load(&self, chunk: Chunk) -> Result<(), ReplicaError> {
        self.chunk(chunk, fresh).await
    }

    async fn replay(&self, chunk: Chunk) -> Result<(), ReplicaError> {
        self.chunk(chunk, changed).await
    }

    async fn settle(&self) -> Result<(), ReplicaError> {
        Self::drain(&mut *self.position.lock().await, 0).await
    }

    async fn totals(&self, expected: &Totals) -> Result<Totals, ReplicaError> {
        let node = &self.replica.node;
        let read = node.view(|view| view.copy_totals(0)).and_then(|totals| totals);
        let found = totals::to_copy(read.map_err(unreadable)?)?;
        let Totals { folders, files, bytes, checksum, next_inode: _, counters: _ } = found;
        let Totals { next_inode, counters, .. } = expected.clone();
        Ok(Totals { folders, files, bytes, checksum, next_inode, counters })
    }

    async fn end(&self, outcome: Result<(), String>) -> Result<(), ReplicaError> {
        let mut position = self.position.lock().await;
        let what = match (outcome, &position.note) {
            (Ok(()), Some(note)) => Recovered::Complete(totals::from_copy(&note.plan.totals)?),
            (Ok(()), None) => return Err(ReplicaError("no recovery was begun".into())),
            (Err(reason), _) => Recovered::Failed { reason },
        };
        self.send(&mut position, what)?;
        Self::drain(&mut position, 0).await
    }
}
