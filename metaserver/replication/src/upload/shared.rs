//! What the parts of a session share.

use tokio::sync::watch;

use crate::frame::Position;
use crate::meta::Meta;
use crate::owner::{Lost, Ownership};
use crate::retry::Board;
use crate::status::UploadStatus;
use crate::store::{Expect, Key, Row, Store};

use super::UploadConfig;
use super::takeover::Begin;

/// The journal's end: all batches up to it are committed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Durable {
    /// The last of them; epoch 0: there is none in this chain yet.
    pub at: Position,
    /// Applied index of that batch's end.
    pub to: u64,
    /// Nothing was touched from `to` to here.
    pub index: u64,
    /// Replicated time at `index`, ms.
    pub time_ms: i64,
    /// Changes in the chain.
    pub chain_changes: u64,
    /// Stored bytes of the chain.
    pub chain_bytes: u64,
}

/// See the module.
pub struct Shared<'a, R, S> {
    /// The local replica.
    pub source: &'a R,
    /// The store.
    pub store: &'a S,
    /// How.
    pub config: &'a UploadConfig,
    /// Where to say what happens.
    pub status: &'a watch::Sender<UploadStatus>,
    /// Where to say what the store does.
    pub board: &'a Board,
    /// The epoch.
    pub ownership: &'a Ownership<'a, S>,
    /// The chain that is written.
    pub chain: u64,
    /// The journal's end; written by the tail only.
    pub durable: watch::Sender<Durable>,
}

impl<'a, R, S: Store> Shared<'a, R, S> {
    /// At the beginning of a session.
    pub fn new(
        source: &'a R,
        store: &'a S,
        config: &'a UploadConfig,
        status: &'a watch::Sender<UploadStatus>,
        board: &'a Board,
        ownership: &'a Ownership<'a, S>,
        begin: &Begin,
    ) -> Self {
        let durable = watch::Sender::new(begin.durable);
        Self { source, store, config, status, board, ownership, chain: begin.chain, durable }
    }

    /// Writes a row that only this writer has ever written or will write, with these very bytes.
    /// So nothing is lost if it arrives twice, or late.
    pub async fn put_own(&self, key: Key, row: Row) {
        let bytes = row.value.len();
        self.board.until_done(|| self.store.put(key, row.clone(), Expect::Anything)).await;
        self.count(bytes);
    }

    /// Counts a row that was written.
    pub fn count(&self, bytes: usize) {
        self.status.send_modify(|status| {
            status.counters.rows += 1;
            status.counters.bytes += bytes as u64;
        });
    }

    /// Changes the meta row, with the journal's end in it.
    pub async fn update(&self, change: impl Fn(&mut Meta)) -> Result<Meta, Lost> {
        let durable = *self.durable.borrow();
        let (epoch, applied) = (self.ownership.epoch(), self.status.borrow().applied);
        let meta = self
            .ownership
            .update(|meta| {
                meta.owner.heartbeat += 1;
                for chain in meta.chains.iter_mut().filter(|chain| chain.id == self.chain) {
                    chain.applied = chain.applied.max(applied).max(durable.index);
                    chain.time_ms = chain.time_ms.max(durable.time_ms);
                    let run = chain.runs.iter_mut().find(|run| run.epoch == epoch);
                    if let Some(run) = run.filter(|_| durable.at.epoch == epoch) {
                        run.committed = run.committed.max(durable.at.batch);
                    }
                }
                change(meta);
            })
            .await?;
        self.count(0);
        self.status.send_modify(|status| {
            status.checkpointed.index = durable.index;
            status.checkpointed.time_ms = durable.time_ms;
        });
        Ok(meta)
    }
}
