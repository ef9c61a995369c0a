//! Clusters in memory: a history of states that Raft agreed on, and replicas that follow it.

use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

use bytes::Bytes;
use metafs_replication::{
    Change, Chunk, Cluster, Cursor, Plan, Progress, Reach, ReplicaError, Report, Sink, Snapshot,
    Source, Totals,
};
use parking_lot::Mutex;
use tokio::sync::watch;
use xxhash_rust::xxh3::xxh3_128;

use super::dice::Dice;

pub type State = BTreeMap<Bytes, Bytes>;

pub fn totals(state: &State, next_inode: u64) -> Totals {
    let hash = |(key, value): (&Bytes, &Bytes)| {
        xxh3_128(&[&(key.len() as u64).to_le_bytes(), &key[..], &value[..]].concat())
    };
    Totals {
        folders: state.values().filter(|value| value.len() % 3 == 0).count() as u64,
        files: state.len() as u64,
        bytes: state.values().map(|value| value.len() as u64).sum(),
        checksum: state.iter().map(hash).fold(0, u128::wrapping_add),
        next_inode,
        counters: Bytes::copy_from_slice(&next_inode.to_le_bytes()),
    }
}

/// One entry of the log, applied.
#[derive(Clone)]
pub struct Entry {
    pub state: Arc<State>,
    pub next_inode: u64,
    pub touched: Vec<Bytes>,
}

/// What a cluster agreed on.
pub struct History {
    pub cluster: Cluster,
    /// By applied index; never empty.
    pub entries: Vec<Entry>,
    pub report: Report,
    /// Keys touched up to here are forgotten.
    pub floor: u64,
    /// Who leads: only that one may replicate anything.
    pub leader: u64,
    /// A recovery into it.
    pub progress: Option<Progress>,
    pub loading: State,
}

impl History {
    pub fn new(id: &str, state: State) -> Self {
        let entry = Entry { state: Arc::new(state), next_inode: 1, touched: Vec::new() };
        let cluster = Cluster { id: id.into(), name: format!("name-{id}") };
        Self {
            cluster,
            entries: vec![entry],
            report: Report::default(),
            floor: 0,
            leader: 0,
            progress: None,
            loading: State::new(),
        }
    }

    pub fn applied(&self) -> u64 {
        self.entries.len() as u64 - 1
    }

    pub fn last(&self) -> &Entry {
        self.entries.last().unwrap()
    }

    /// An entry that changes a few rows, or none.
    pub fn write(&mut self, dice: &Dice) {
        let last = self.last().clone();
        let mut state = (*last.state).clone();
        let mut touched = Vec::new();
        for _ in 0..dice.below(4) {
            let key = Bytes::from(format!("key-{}", dice.below(14)));
            if dice.one_in(3) {
                state.remove(&key);
            } else {
                let length = dice.below(if dice.one_in(5) { 90 } else { 12 }) as usize;
                let fill = dice.below(256) as u8;
                state.insert(key.clone(), vec![fill; length].into());
            }
            touched.push(key);
        }
        let next_inode = last.next_inode + u64::from(dice.one_in(4));
        self.entries.push(Entry { state: Arc::new(state), next_inode, touched });
    }

    /// An entry that touches nothing.
    fn write_nothing(&mut self) {
        let last = self.last().clone();
        self.entries.push(Entry { touched: Vec::new(), ..last });
    }
}

pub type Shared = Arc<Mutex<History>>;

/// A replica that leads, led, or thinks that it leads.
pub struct Replica {
    pub history: Shared,
    pub id: u64,
    pub applied: watch::Sender<u64>,
}

impl Replica {
    /// Has applied this.
    pub fn follow(&self, index: u64) {
        self.applied.send_if_modified(|applied| {
            let new = index > *applied;
            *applied = index.max(*applied);
            new
        });
    }

    fn leads(&self, history: &History) -> Result<(), ReplicaError> {
        if history.leader == self.id { Ok(()) } else { Err(ReplicaError("no leader".into())) }
    }
}

impl Source for Replica {
    fn applied(&self) -> watch::Receiver<u64> {
        self.applied.subscribe()
    }

    async fn snapshot<T, F>(&self, read: F) -> Result<T, ReplicaError>
    where
        T: Send + 'static,
        F: FnOnce(&dyn Snapshot) -> T + Send + 'static,
    {
        tokio::task::yield_now().await;
        let applied = *self.applied.borrow();
        Ok(read(&View { history: self.history.clone(), applied }))
    }

    fn reported(&self) -> Report {
        self.history.lock().report
    }

    async fn report(&self, report: Report) -> Result<(), ReplicaError> {
        let mut history = self.history.lock();
        self.leads(&history)?;
        let Report { epoch, index } = history.report;
        history.report = Report { epoch: epoch.max(report.epoch), index: index.max(report.index) };
        history.floor = history.floor.max(report.index);
        history.write_nothing();
        self.follow(history.applied());
        Ok(())
    }
}

struct View {
    history: Shared,
    applied: u64,
}

impl View {
    fn entry(&self) -> Entry {
        self.history.lock().entries[self.applied as usize].clone()
    }
}

impl Snapshot for View {
    fn applied(&self) -> u64 {
        self.applied
    }

    fn time_ms(&self) -> i64 {
        self.applied as i64 * 10
    }

    fn totals(&self) -> Result<Totals, ReplicaError> {
        let entry = self.entry();
        Ok(totals(&entry.state, entry.next_inode))
    }

    fn estimated_rows(&self) -> u64 {
        10
    }

    fn touched(
        &self,
        after: u64,
        visit: &mut dyn FnMut(u64, &[u8]) -> ControlFlow<()>,
    ) -> Result<Reach, ReplicaError> {
        let touched: Vec<Vec<Bytes>> = {
            let history = self.history.lock();
            if after < history.floor {
                return Ok(Reach::Gone);
            }
            let to = self.applied as usize + 1;
            let from = (after as usize + 1).min(to);
            history.entries[from..to].iter().map(|entry| entry.touched.clone()).collect()
        };
        for (n, keys) in touched.iter().enumerate() {
            for key in keys {
                if visit(after + 1 + n as u64, key).is_break() {
                    return Ok(Reach::Whole);
                }
            }
        }
        Ok(Reach::Whole)
    }

    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, ReplicaError> {
        Ok(self.entry().state.get(key).cloned())
    }

    fn scan(
        &self,
        after: Option<&[u8]>,
        visit: &mut dyn FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), ReplicaError> {
        let entry = self.entry();
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        for (key, value) in entry.state.range::<[u8], _>((from, Bound::Unbounded)) {
            if visit(key, value).is_break() {
                break;
            }
        }
        Ok(())
    }
}

impl Replica {
    fn apply(&self, chunk: Chunk, fresh: bool) -> Result<(), ReplicaError> {
        let mut history = self.history.lock();
        self.leads(&history)?;
        let history = &mut *history;
        let progress = history.progress.as_mut().ok_or(ReplicaError("not begun".into()))?;
        if progress.cursor != chunk.after {
            return Err(ReplicaError("another cursor".into()));
        }
        progress.cursor = chunk.cursor;
        progress.changes += chunk.changes.len() as u64;
        for Change { key, value } in chunk.changes {
            match value {
                Some(value) => {
                    let before = history.loading.insert(key.clone(), value);
                    assert!(!fresh || before.is_none(), "loaded twice: {key:?}");
                }
                None => {
                    assert!(!fresh, "a base with a deletion: {key:?}");
                    history.loading.remove(&key);
                }
            }
        }
        Ok(())
    }
}

impl Sink for Replica {
    async fn progress(&self) -> Result<Option<Progress>, ReplicaError> {
        let history = self.history.lock();
        self.leads(&history)?;
        Ok(history.progress.clone())
    }

    async fn begin(&self, plan: Plan, afresh: bool) -> Result<(), ReplicaError> {
        let mut history = self.history.lock();
        self.leads(&history)?;
        if afresh {
            history.loading.clear();
            let cursor = Cursor::Start;
            history.progress = Some(Progress { plan, cursor, changes: 0, ended: None });
        } else {
            let progress = history.progress.as_mut().ok_or(ReplicaError("not begun".into()))?;
            progress.plan = plan;
        }
        Ok(())
    }

    async fn load(&self, chunk: Chunk) -> Result<(), ReplicaError> {
        self.apply(chunk, true)
    }

    async fn replay(&self, chunk: Chunk) -> Result<(), ReplicaError> {
        self.apply(chunk, false)
    }

    async fn settle(&self) -> Result<(), ReplicaError> {
        Ok(())
    }

    async fn totals(&self, expected: &Totals) -> Result<Totals, ReplicaError> {
        Ok(totals(&self.history.lock().loading, expected.next_inode))
    }

    async fn end(&self, outcome: Result<(), String>) -> Result<(), ReplicaError> {
        let mut history = self.history.lock();
        self.leads(&history)?;
        let history = &mut *history;
        if let Some(progress) = &mut history.progress {
            if outcome.is_ok() {
                // From here on it is a cluster like any other.
                history.entries[0].state = Arc::new(history.loading.clone());
                history.entries[0].next_inode = progress.plan.totals.next_inode;
            }
            progress.ended = Some(outcome);
        }
        Ok(())
    }
}
