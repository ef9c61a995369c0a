//! The meta row: whose the copy is and what of the other rows counts. Decisions on it are pure;
//! [`crate::owner`] reads and writes it.
//!
//! A *chain* is a journal without gaps: runs of batches, one run for each epoch in which its
//! cluster's leaders wrote to it. A *base* is what a backfill wrote; together with the chain from
//! its start on it is a copy.

use serde::{Deserialize, Serialize};

use crate::frame::{Damage, Position, TAG_DATA, decode, encode};
use crate::store::{Key, Row};

/// A cluster, as others know it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cluster {
    /// Unique for all time.
    pub id: String,
    /// For humans.
    pub name: String,
}

/// What an owner does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Activity {
    /// It keeps the copy up to date.
    Uploading,
    /// It is being recovered from it, or was.
    Recovering,
    /// Nothing any more: anybody may take over at once.
    Released,
}

/// Who may write. An epoch has one writer, ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Whose.
    pub cluster: Cluster,
    /// Rises with every change of the writer.
    pub epoch: u64,
    /// Of the writer's choice: two that want the same epoch are told apart by it.
    pub nonce: u128,
    /// What it does.
    pub activity: Activity,
    /// Changes as long as the writer lives.
    pub heartbeat: u64,
}

/// The batches of one epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Which.
    pub epoch: u64,
    /// At least so many are committed.
    pub committed: u64,
    /// Exactly so many are, and no more will be: the batch after it is sealed.
    pub last: Option<u64>,
}

/// A journal without gaps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// Epoch of its first run.
    pub id: u64,
    /// Whose history it is.
    pub cluster: Cluster,
    /// In order. Only the last may be open.
    pub runs: Vec<Run>,
    /// What its cluster had applied at the writer's last heartbeat, committed here or not.
    pub applied: u64,
    /// Replicated time of that, ms.
    pub time_ms: i64,
}

/// Consecutive base rows of one writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Epoch of the writer.
    pub epoch: u64,
    /// Number of the first.
    pub first: u64,
    /// How many.
    pub count: u64,
}

/// What a backfill wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// Random.
    pub id: u128,
    /// The chain it goes with.
    pub chain: u64,
    /// No row of it is older than this batch.
    pub start: Position,
    /// Changes in the chain up to `start`.
    pub start_changes: u64,
    /// Stored bytes of the chain up to `start`.
    pub start_bytes: u64,
    /// The rows, in order of what is in them.
    pub spans: Vec<Span>,
    /// Rows of the namespace in them.
    pub rows: u64,
    /// Bytes stored.
    pub bytes: u64,
    /// No row of it is newer than this applied index.
    pub newest: u64,
}

/// A backfill under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filling {
    /// What it has written.
    pub base: Base,
    /// The last key in it; empty: nothing yet.
    pub cursor: Vec<u8>,
}

/// The meta row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// Rises by one with every write; the row's tag.
    pub revision: u64,
    /// Who may write.
    pub owner: Owner,
    /// The chains that a base goes with, and the one being written.
    pub chains: Vec<Chain>,
    /// The last complete base: this is what is recovered.
    pub copy: Option<Base>,
    /// A base that is not complete yet.
    pub filling: Option<Filling>,
}

impl Meta {
    /// The row to store.
    pub fn encode(&self) -> Row {
        let row = encode(TAG_DATA, self, &[]);
        Row { tag: self.tag(), ..row }
    }

    /// What a put expects that replaces this one.
    pub fn tag(&self) -> i64 {
        i64::try_from(self.revision).unwrap_or(i64::MAX)
    }

    /// The row that was stored.
    ///
    /// # Errors
    /// If it is damaged.
    pub fn decode(row: &Row) -> Result<Self, Damage> {
        let (meta, _) = decode::<Self>(Key::META, row)?;
        if meta.tag() == row.tag {
            Ok(meta)
        } else {
            Err(Damage::new(Key::META, "does not have the revision it says"))
        }
    }

    /// What a writer makes of `before` to become the owner.
    pub fn taken(
        before: Option<&Self>,
        cluster: &Cluster,
        nonce: u128,
        activity: Activity,
    ) -> Self {
        let epoch = before.map_or(0, |meta| meta.owner.epoch) + 1;
        let owner = Owner { cluster: cluster.clone(), epoch, nonce, activity, heartbeat: 0 };
        match before {
            None => Self { revision: 1, owner, chains: Vec::new(), copy: None, filling: None },
            Some(meta) => Self { revision: meta.revision + 1, owner, ..meta.clone() },
        }
    }

    /// A chain.
    pub fn chain(&self, id: u64) -> Option<&Chain> {
        self.chains.iter().find(|chain| chain.id == id)
    }

    /// The run that may still be written to: its writer lost the epoch, if it is not the owner's.
    pub fn open_run(&self) -> Option<Run> {
        self.chains.iter().flat_map(|chain| &chain.runs).find(|run| run.last.is_none()).copied()
    }

    /// A run was sealed after `last`.
    pub fn close(&mut self, epoch: u64, last: u64) {
        for run in self.chains.iter_mut().flat_map(|chain| &mut chain.runs) {
            if run.epoch == epoch {
                run.committed = last;
                run.last = Some(last);
            }
        }
    }

    /// Chains that a leader of `cluster` may go on with, best first.
    pub fn continuable(&self, cluster: &Cluster) -> Vec<u64> {
        let filling = self.filling.as_ref().map(|filling| filling.base.chain);
        let copy = self.copy.as_ref().map(|copy| copy.chain);
        let own = |id: &u64| self.chain(*id).is_some_and(|chain| chain.cluster.id == cluster.id);
        let mut ids: Vec<u64> = filling.into_iter().chain(copy).filter(own).collect();
        ids.dedup();
        ids
    }

    /// The owner begins to write, to a chain it goes on with or (`None`) to a new one. Nothing
    /// is left open then, and what no base goes with is dropped.
    pub fn open(&mut self, chain: Option<u64>) {
        let epoch = self.owner.epoch;
        let id = chain.unwrap_or(epoch);
        if self.filling.as_ref().is_some_and(|filling| filling.base.chain != id) {
            self.filling = None;
        }
        let copy = self.copy.as_ref().map(|copy| copy.chain);
        self.chains.retain(|chain| chain.id == id || Some(chain.id) == copy);
        let run = Run { epoch, committed: 0, last: None };
        match self.chains.iter_mut().find(|chain| chain.id == id) {
            Some(chain) => {
                // Runs without a batch say nothing; the first one is kept as the chain's own.
                chain.runs.retain(|run| run.last != Some(0));
                chain.runs.push(run);
            }
            None => self.chains.push(Chain {
                id,
                cluster: self.owner.cluster.clone(),
                runs: vec![run],
                applied: 0,
                time_ms: 0,
            }),
        }
    }

    /// The backfill is complete: it becomes the copy, and what came before it is dropped.
    pub fn complete(&mut self) {
        let Some(Filling { base, .. }) = self.filling.take() else { return };
        self.chains.retain(|chain| chain.id == base.chain);
        for chain in &mut self.chains {
            chain.runs.retain(|run| run.epoch >= base.start.epoch);
        }
        self.copy = Some(base);
    }

    /// Whether a base row may be read by anybody who goes by this. `next`: the owner itself has
    /// used the numbers of its epoch below this one.
    pub fn needs_base(&self, epoch: u64, number: u64, next: u64) -> bool {
        let filling = self.filling.as_ref().map(|filling| &filling.base);
        let in_span = |span: &Span| {
            span.epoch == epoch && (span.first..span.first + span.count).contains(&number)
        };
        (epoch == self.owner.epoch && number >= next)
            || epoch > self.owner.epoch
            || self.copy.iter().chain(filling).flat_map(|base| &base.spans).any(in_span)
    }

    /// Whether a batch may be read by anybody who goes by this: the starts of bases themselves
    /// are, for what they say of the state there.
    pub fn needs_batch(&self, at: Position) -> bool {
        let epoch = at.epoch;
        if epoch > self.owner.epoch {
            return true;
        }
        let filling = self.filling.as_ref().map(|filling| &filling.base);
        let Some(chain) = self.chains.iter().find(|c| c.runs.iter().any(|run| run.epoch == epoch))
        else {
            return false;
        };
        let starts = self.copy.iter().chain(filling).filter(|base| base.chain == chain.id);
        let start = starts.map(|base| base.start).min();
        let last = chain.runs.iter().find(|run| run.epoch == epoch).and_then(|run| run.last);
        start.is_none_or(|start| at >= start) && last.is_none_or(|last| at.batch <= last)
    }
}

impl Chain {
    /// Its last batch, if it has one and is closed.
    pub fn end(&self) -> Option<Position> {
        let run = self.runs.iter().rev().find(|run| run.last != Some(0))?;
        run.last.map(|batch| Position { epoch: run.epoch, batch })
    }

    /// The batches after `start`, in order, of a closed chain: (epoch, first, last).
    pub fn after(&self, start: Position) -> Vec<(u64, u64, u64)> {
        let of = |run: &Run| {
            let first = if run.epoch == start.epoch { start.batch + 1 } else { 1 };
            let last = run.last.unwrap_or(run.committed);
            (run.epoch >= start.epoch && first <= last).then_some((run.epoch, first, last))
        };
        self.runs.iter().filter_map(of).collect()
    }
}

#[cfg(test)]
#[path = "meta_tests.rs"]
mod tests;
