//! The state machine: the namespace's rows on RocksDB, with what Raft has applied in the same
//! batch. [`StateStore`] owns the database and the caches; [`machine`] is openraft's view of it.
//!
//! One task applies. It computes a batch without keeping anybody out, then writes its rows and
//! publishes them to the caches under a short write lock; readers hold the read lock for one
//! query. Nothing here is durable until flushed: the Raft log is the write-ahead log, kept until
//! the rows are flushed, and what is unflushed is bounded so that a restart replays little.

mod answered;
pub mod database;
mod dirty;
pub mod machine;
pub mod options;
pub mod rows;

#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use metafs_namespace::keys::State;
use metafs_namespace::{Batch, RowsError, Settings, keys};
use openraft::EntryPayload;
use parking_lot::RwLock;
use rocksdb::checkpoint::Checkpoint;
use rocksdb::{DB, FlushOptions, WriteBatch};
use tokio::sync::watch;

use crate::codec::entry_size;
use crate::fatal::Fatal;
use crate::identity::Identity;
use crate::metrics::ConsensusMetrics;
use crate::types::{Entry, LogId, Outcome, SnapshotMeta, StoredMembership};
use database::Database;
use dirty::Tail;
use rows::{Caches, SnapshotRows, StateRows};

/// The state machine's storage, shared by the applying task, the readers and the snapshots.
pub struct StateStore {
    root: PathBuf,
    /// What readers see; written under the write lock only by the applying task.
    current: RwLock<Current>,
    caches: Caches,
    applied: watch::Sender<u64>,
    /// See [`State::state_id_base`].
    state_id_base: AtomicU64,
    /// The state that is on disk for sure.
    flushed: watch::Sender<SnapshotMeta>,
    /// Since the start; what is flushed follows what is applied.
    applied_total: Total,
    flushed_total: Total,
    fatal: Fatal,
    metrics: ConsensusMetrics,
    /// Keeps the volume's lock for as long as the database is open.
    _volume: Arc<Identity>,
}

/// Counts that only grow.
#[derive(Default)]
struct Total {
    entries: AtomicU64,
    bytes: AtomicU64,
}

impl Total {
    fn get(&self) -> (u64, u64) {
        (self.entries.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }

    fn raise(&self, (entries, bytes): (u64, u64)) {
        self.entries.fetch_max(entries, Ordering::Relaxed);
        self.bytes.fetch_max(bytes, Ordering::Relaxed);
    }
}

struct Current {
    database: Arc<Database>,
    settings: Option<Arc<Settings>>,
    counters: State,
    meta: SnapshotMeta,
    /// How far back changes are remembered for the copy in Tablestore.
    tail: Option<Tail>,
}

impl StateStore {
    /// Opens the state machine of the volume.
    pub fn open(
        volume: Arc<Identity>,
        fatal: Fatal,
        metrics: ConsensusMetrics,
    ) -> io::Result<Self> {
        let root = Identity::state_dir(volume.dir());
        let database = Arc::new(Database::open(&root, &options::database())?);
        let caches = Caches::default();
        let meta = database.meta()?;
        let (settings, counters) = read_cached(database.db(), &caches).map_err(io::Error::other)?;
        caches.begin(&counters);
        let tail = dirty::read_tail(database.db()).map_err(io::Error::other)?;
        Ok(Self {
            root,
            state_id_base: AtomicU64::new(counters.state_id_base),
            applied: watch::Sender::new(index(&meta)),
            flushed: watch::Sender::new(meta.clone()),
            current: RwLock::new(Current { database, settings, counters, meta, tail }),
            caches,
            applied_total: Total::default(),
            flushed_total: Total::default(),
            fatal,
            metrics,
            _volume: volume,
        })
    }

    /// Runs a query on the committed rows. It keeps the state machine from advancing, so it must
    /// be short; it must not call itself again from within.
    pub fn read<T>(&self, query: impl FnOnce(&StateRows<'_>) -> T) -> T {
        let current = self.current.read();
        query(&StateRows {
            db: current.database.db(),
            caches: &self.caches,
            settings: current.settings.clone(),
            counters: Some(current.counters.clone()),
        })
    }

    /// The replicated settings as applied.
    pub fn settings(&self) -> Option<Arc<Settings>> {
        self.current.read().settings.clone()
    }

    /// Runs a long scan on the rows as they are now, while the state machine goes on.
    pub fn with_snapshot<T>(&self, scan: impl FnOnce(&SnapshotRows<'_>) -> T) -> T {
        let current = self.current.read();
        let database = current.database.clone();
        let rows =
            SnapshotRows { snapshot: database.db().snapshot(), applied: index(&current.meta) };
        drop(current);
        scan(&rows)
    }

    /// What has been applied.
    pub fn meta(&self) -> SnapshotMeta {
        self.current.read().meta.clone()
    }

    /// The last applied entry.
    pub fn last_applied(&self) -> Option<LogId> {
        self.current.read().meta.last_log_id
    }

    /// The index of the last applied entry, as it moves.
    pub fn applied(&self) -> watch::Receiver<u64> {
        self.applied.subscribe()
    }

    /// The index of the last applied entry.
    pub fn applied_index(&self) -> u64 {
        *self.applied.borrow()
    }

    /// What clients see as the state that this replica has applied.
    pub fn state_id(&self) -> u64 {
        self.state_id_base().saturating_add(self.applied_index())
    }

    /// The state id of log index 0.
    pub fn state_id_base(&self) -> u64 {
        self.state_id_base.load(Ordering::Acquire)
    }

    /// What is on disk for sure.
    pub fn flushed(&self) -> SnapshotMeta {
        self.flushed.borrow().clone()
    }

    /// What is on disk for sure, as it moves.
    pub fn watch_flushed(&self) -> watch::Receiver<SnapshotMeta> {
        self.flushed.subscribe()
    }

    /// Entries and bytes of commands applied since the last flush.
    pub fn unflushed(&self) -> (u64, u64) {
        let (flushed, applied) = (self.flushed_total.get(), self.applied_total.get());
        (applied.0.saturating_sub(flushed.0), applied.1.saturating_sub(flushed.1))
    }

    /// A property of the database, e.g. `rocksdb.estimate-num-keys`.
    pub fn property(&self, name: &str) -> Option<u64> {
        let database = self.current.read().database.clone();
        database.db().property_int_value(name).ok().flatten()
    }

    /// Applies entries in order as one batch and gives what each answered. Only the applying task
    /// calls this. An error is final: the node stops.
    pub fn apply(&self, entries: &[Entry]) -> io::Result<Vec<Outcome>> {
        self.try_apply(entries).inspect_err(|e| {
            self.fatal.set(format!("the state machine cannot go on: {e}"));
        })
    }

    fn try_apply(&self, entries: &[Entry]) -> io::Result<Vec<Outcome>> {
        let Some(last) = entries.last().map(|e| e.log_id) else {
            return Ok(Vec::new());
        };
        let started = Instant::now();
        // Nobody else writes, so what is read here without the lock cannot change.
        let (database, settings, counters, before, tail) = {
            let current = self.current.read();
            let counters = Some(current.counters.clone());
            let before = index(&current.meta);
            (current.database.clone(), current.settings.clone(), counters, before, current.tail)
        };
        let rows = StateRows { db: database.db(), caches: &self.caches, settings, counters };
        let mut batch = Batch::new(&rows).map_err(io::Error::other)?;
        let mut outcomes = Vec::with_capacity(entries.len());
        let (mut membership, mut bytes) = (None, 0);
        for entry in entries {
            bytes += entry_size(entry);
            outcomes.push(match &entry.payload {
                EntryPayload::Blank => Outcome::Internal,
                EntryPayload::Membership(m) => {
                    membership = Some(StoredMembership::new(Some(entry.log_id), m.clone()));
                    Outcome::Internal
                }
                EntryPayload::Normal(command) => {
                    let at = |e: &dyn std::error::Error| {
                        let message = format!("log entry {}: {e}", entry.log_id.index);
                        io::Error::new(io::ErrorKind::InvalidData, message)
                    };
                    let command = command.decode().map_err(|e| at(&e))?;
                    Outcome::Command(batch.apply(&command).map_err(|e| at(&e))?)
                }
            });
        }
        let mut changes = batch.finish().map_err(io::Error::other)?;
        let mut write = WriteBatch::default();
        for prefix in &changes.cleared {
            if let Some(end) = rows::successor(prefix) {
                write.delete_range(prefix.as_slice(), end.as_slice());
            }
        }
        for (key, value) in &changes.rows {
            match value {
                Some(value) => write.put(key, value),
                None => write.delete(key),
            }
        }
        let span = (before, last.index);
        let tail = dirty::remember(database.db(), &mut write, tail, span, &changes)
            .map_err(io::Error::other)?;
        database::put_meta(&mut write, last, membership.as_ref())?;

        let mut current = self.current.write();
        database.db().write_opt(write, &options::write()).map_err(io::Error::other)?;
        if changes.cleared.iter().any(|prefix| keys::is_covered(prefix)) {
            self.caches.clear();
        }
        self.caches.publish(&mut changes);
        if let Some(settings) = changes.settings {
            current.settings = Some(settings);
        }
        if let Some(counters) = changes.state {
            self.state_id_base.store(counters.state_id_base, Ordering::Release);
            current.counters = counters;
        }
        current.tail = tail;
        current.meta.last_log_id = Some(last);
        if let Some(membership) = membership {
            current.meta.last_membership = membership;
        }
        drop(current);

        self.applied.send_replace(last.index);
        let total = self.applied_total.get();
        self.applied_total.raise((total.0 + entries.len() as u64, total.1 + bytes as u64));
        self.metrics.apply_seconds.observe(started.elapsed().as_secs_f64());
        self.metrics.apply_entries.observe(entries.len() as f64);
        Ok(outcomes)
    }

    /// Puts everything applied so far on disk and says what that is. Blocks.
    pub fn flush(&self) -> io::Result<SnapshotMeta> {
        let total = self.applied_total.get();
        let (database, meta) = {
            let current = self.current.read();
            (current.database.clone(), current.meta.clone())
        };
        let mut wait = FlushOptions::default();
        wait.set_wait(true);
        database.db().flush_opt(&wait).map_err(io::Error::other).inspect_err(|e| {
            self.fatal.set(format!("the state machine could not be flushed: {e}"));
        })?;
        self.flushed_total.raise(total);
        self.flushed.send_if_modified(|flushed| {
            let newer = meta.last_log_id > flushed.last_log_id;
            if newer {
                *flushed = meta.clone();
            }
            newer
        });
        Ok(meta)
    }

    /// Ends RocksDB's own threads: a process that exits under them may abort. Nothing can be
    /// applied afterwards. Blocks.
    pub fn close(&self) {
        let database = self.current.read().database.clone();
        database.db().cancel_all_background_work(true);
    }

    /// Makes a checkpoint (hard links) at `target` and says what it holds. Blocks.
    pub fn checkpoint(&self, target: &Path) -> io::Result<SnapshotMeta> {
        let database = self.current.read().database.clone();
        Checkpoint::new(database.db())
            // Without a write-ahead log the checkpoint has to flush.
            .and_then(|c| c.create_checkpoint_with_log_size(target, 0))
            .map_err(io::Error::other)?;
        database::inspect(target, &options::database())
    }

    /// Replaces the state by the received database at `dir`. Only the applying task calls this.
    /// Blocks.
    pub fn install(&self, dir: &Path, meta: &SnapshotMeta) -> io::Result<()> {
        let database = Database::install(&self.root, dir, meta, &options::database())?;
        let caches = Caches::default();
        let (settings, counters) = read_cached(database.db(), &caches).map_err(io::Error::other)?;
        let tail = dirty::read_tail(database.db()).map_err(io::Error::other)?;
        let mut current = self.current.write();
        self.state_id_base.store(counters.state_id_base, Ordering::Release);
        current.database.retire();
        let old = std::mem::replace(
            &mut *current,
            Current { database: Arc::new(database), settings, counters, meta: meta.clone(), tail },
        );
        self.caches.begin(&current.counters);
        drop(current);
        // Closing the old database takes a while; nobody has to wait for it.
        drop(old);
        self.flushed_total.raise(self.applied_total.get());
        self.flushed.send_replace(meta.clone());
        self.applied.send_replace(index(meta));
        Ok(())
    }
}

fn index(meta: &SnapshotMeta) -> u64 {
    meta.last_log_id.map_or(0, |id: LogId| id.index)
}

/// What is kept decoded beside the database.
fn read_cached(db: &DB, caches: &Caches) -> Result<(Option<Arc<Settings>>, State), RowsError> {
    let rows = StateRows { db, caches, settings: None, counters: None };
    Ok((keys::read_settings(&rows)?, keys::read_state(&rows)?))
}
