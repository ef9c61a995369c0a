//! The Raft log on its own RocksDB: `DIR/log`. Appends return at once and are readable at once
//! (from [`tail`]); one thread ([`writer`]) makes them durable, joining all that waits into one
//! fsync. Called by openraft only, and by the node for the replay at start.

pub mod rows;
pub mod tail;
pub mod writer;

#[cfg(test)]
mod tests;

use std::fmt::Debug;
use std::io;
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

use bytes::Bytes;
use futures::Stream;
use openraft::storage::{IOFlushed, LogState, RaftLogReader, RaftLogStorage};
use parking_lot::Mutex;
use rocksdb::{DB, Direction, IteratorMode, ReadOptions};
use serde::de::DeserializeOwned;
use tokio::sync::oneshot;

use crate::codec::{self, LogIdCode, VoteCode, entry_size};
use crate::fatal::Fatal;
use crate::identity::Identity;
use crate::metrics::ConsensusMetrics;
use crate::types::{Entry, LogId, TypeConfig, Vote};
use rows::{COMMITTED, ENTRIES, LogDb, META, PURGED, VOTE, entry_index, entry_key};
use tail::Tail;
use writer::{Request, Writer};

/// Bytes of entries that one replication request or one step of applying carries at most, unless
/// a single entry is larger.
pub const MAX_PAYLOAD: usize = 1 << 20;

/// Bytes of entries kept in memory for followers and the state machine.
const TAIL_BUDGET: usize = 16 << 20;

/// The log store; clones share it.
#[derive(Clone)]
pub struct LogStore {
    inner: Arc<Inner>,
}

struct Inner {
    db: Arc<LogDb>,
    tail: Arc<Mutex<Tail>>,
    /// The tickets of append requests; locked while queueing, so that the queue has the order of
    /// the tickets.
    ticket: Mutex<u64>,
    committed: Arc<Mutex<Option<LogId>>>,
    vote: Mutex<Option<Vote>>,
    writer: Writer,
}

impl LogStore {
    /// Opens the log. Checks its ends; entries between are checked as they are read.
    pub fn open(
        volume: Arc<Identity>,
        fatal: Fatal,
        metrics: ConsensusMetrics,
    ) -> io::Result<Self> {
        let db = Arc::new(rows::open(volume).map_err(io::Error::other)?);
        let vote: Option<VoteCode> = meta(&db, "vote", VOTE)?;
        let committed: Option<LogIdCode> = meta(&db, "committed log id", COMMITTED)?;
        let purged: Option<LogIdCode> = meta(&db, "purged log id", PURGED)?;
        let purged = purged.map(LogId::from);
        let last = last_entry(&db)?.map(|e| e.log_id).filter(|last| Some(*last) > purged);
        if let Some(last) = last {
            // The first entry behind the purged ones must be there, or there is a hole.
            let first = purged.map_or(0, |p| p.index + 1);
            read_one(&db, first)?.ok_or_else(|| missing(first, last.index))?;
        }
        let tail = Arc::new(Mutex::new(Tail::new(TAIL_BUDGET, purged, last)));
        let committed = Arc::new(Mutex::new(committed.map(LogId::from)));
        let writer = Writer::start(db.clone(), tail.clone(), committed.clone(), fatal, metrics)?;
        Ok(Self {
            inner: Arc::new(Inner {
                db,
                tail,
                ticket: Mutex::new(0),
                committed,
                vote: Mutex::new(vote.map(Vote::from)),
                writer,
            }),
        })
    }

    /// The last entry's id (the last purged one's if there is none).
    pub fn last(&self) -> Option<LogId> {
        self.inner.tail.lock().last()
    }

    /// The last purged entry's id.
    pub fn purged(&self) -> Option<LogId> {
        self.inner.tail.lock().purged()
    }

    /// The last entry known to be committed when the log was last written.
    pub fn committed(&self) -> Option<LogId> {
        *self.inner.committed.lock()
    }

    /// The saved vote.
    pub fn vote(&self) -> Option<Vote> {
        *self.inner.vote.lock()
    }

    /// Whether nothing was ever written.
    pub fn is_empty(&self) -> bool {
        self.last().is_none() && self.vote().is_none()
    }

    /// The database, for its properties.
    pub fn db(&self) -> &DB {
        &self.inner.db
    }

    /// Bytes of entries on disk, roughly.
    pub fn disk_bytes(&self) -> u64 {
        let property = |name: &str| {
            rows::family(&self.inner.db, ENTRIES)
                .ok()
                .and_then(|f| self.inner.db.property_int_value_cf(f, name).ok().flatten())
                .unwrap_or(0)
        };
        property("rocksdb.total-sst-files-size") + property("rocksdb.cur-size-all-mem-tables")
    }

    /// Makes everything queued durable and ends the writer and RocksDB's own threads. Later
    /// writes fail.
    pub async fn close(&self) {
        let (done, wait) = oneshot::channel();
        self.inner.writer.send(Request::Stop(done));
        let _ = wait.await;
        let inner = self.inner.clone();
        let ended = tokio::task::spawn_blocking(move || {
            inner.writer.join();
            inner.db.cancel_all_background_work(true);
        });
        if ended.await.is_err() {
            tracing::error!("closing the log failed");
        }
    }

    /// Entries from `start` on, before `end`: at least one, at most [`MAX_PAYLOAD`] bytes.
    pub async fn read(&self, start: u64, end: u64) -> io::Result<Vec<Entry>> {
        if start >= end {
            return Ok(Vec::new());
        }
        let cached_from = {
            let tail = self.inner.tail.lock();
            match tail.first_cached() {
                Some(first) if first <= start => return Ok(tail.range(start, end, MAX_PAYLOAD)),
                first => first,
            }
        };
        let end = end.min(cached_from.unwrap_or(u64::MAX));
        let db = self.inner.db.clone();
        tokio::task::spawn_blocking(move || read_range(&db, start, end, MAX_PAYLOAD))
            .await
            .map_err(io::Error::other)?
    }

    async fn read_all(&self, mut start: u64, end: u64) -> io::Result<Vec<Entry>> {
        let mut out = Vec::new();
        while start < end {
            let part = self.read(start, end).await?;
            let Some(last) = part.last() else {
                break;
            };
            start = last.log_id.index + 1;
            out.extend(part);
        }
        Ok(out)
    }

    fn bounds(&self, range: &impl RangeBounds<u64>) -> (u64, u64) {
        let start = match range.start_bound() {
            Bound::Included(i) => *i,
            Bound::Excluded(i) => i + 1,
            Bound::Unbounded => self.purged().map_or(0, |p| p.index + 1),
        };
        let log_end = self.last().map_or(0, |l| l.index + 1);
        let end = match range.end_bound() {
            Bound::Included(i) => i + 1,
            Bound::Excluded(i) => *i,
            Bound::Unbounded => log_end,
        };
        (start, end.min(log_end))
    }
}

impl RaftLogReader<TypeConfig> for LogStore {
    async fn try_get_log_entries<RB: RangeBounds<u64> + Clone + Debug + Send>(
        &mut self,
        range: RB,
    ) -> io::Result<Vec<Entry>> {
        let (start, end) = self.bounds(&range);
        self.read_all(start, end).await
    }

    async fn read_vote(&mut self) -> io::Result<Option<Vote>> {
        Ok(self.vote())
    }

    async fn limited_get_log_entries(&mut self, start: u64, end: u64) -> io::Result<Vec<Entry>> {
        self.read(start, end).await
    }

    /// In bounded steps: a state machine far behind must not pull the whole log into memory.
    async fn entries_stream<RB>(
        &mut self,
        range: RB,
    ) -> impl Stream<Item = io::Result<Entry>> + Send
    where
        RB: RangeBounds<u64> + Clone + Debug + Send,
    {
        let (start, end) = self.bounds(&range);
        let state = (self.clone(), start, end, Vec::new().into_iter());
        futures::stream::try_unfold(state, |(log, mut start, end, mut part)| async move {
            if let Some(entry) = part.next() {
                return Ok(Some((entry, (log, start, end, part))));
            }
            if start >= end {
                return Ok(None);
            }
            let mut next: std::vec::IntoIter<Entry> = log.read(start, end).await?.into_iter();
            start += next.len() as u64;
            match next.next() {
                Some(entry) => Ok(Some((entry, (log, start, end, next)))),
                None => Err(missing(start, end)),
            }
        })
    }
}

impl RaftLogStorage<TypeConfig> for LogStore {
    type LogReader = Self;

    async fn get_log_state(&mut self) -> io::Result<LogState<TypeConfig>> {
        let tail = self.inner.tail.lock();
        Ok(LogState { last_purged_log_id: tail.purged(), last_log_id: tail.last() })
    }

    async fn get_log_reader(&mut self) -> Self {
        self.clone()
    }

    async fn save_vote(&mut self, vote: &Vote) -> io::Result<()> {
        let (done, wait) = oneshot::channel();
        self.inner.writer.send(Request::Vote(*vote, done));
        wait.await.map_err(io::Error::other)??;
        *self.inner.vote.lock() = Some(*vote);
        Ok(())
    }

    /// Only noted; it goes to disk with the next write. It is a hint for the replay at start.
    async fn save_committed(&mut self, committed: Option<LogId>) -> io::Result<()> {
        *self.inner.committed.lock() = committed;
        Ok(())
    }

    async fn read_committed(&mut self) -> io::Result<Option<LogId>> {
        // The node has replayed up to it before Raft starts.
        Ok(self.committed().filter(|c| Some(*c) <= self.last()))
    }

    async fn append<I>(&mut self, entries: I, callback: IOFlushed<TypeConfig>) -> io::Result<()>
    where
        I: IntoIterator<Item = Entry> + Send,
        I::IntoIter: Send,
    {
        let entries: Vec<Entry> = entries.into_iter().collect();
        let mut ticket = self.inner.ticket.lock();
        *ticket += 1;
        {
            let mut tail = self.inner.tail.lock();
            for entry in &entries {
                tail.push(entry.clone(), *ticket).map_err(io::Error::other)?;
            }
        }
        self.inner.writer.send(Request::Append { entries, ticket: *ticket, callback });
        Ok(())
    }

    async fn truncate_after(&mut self, last: Option<LogId>) -> io::Result<()> {
        self.inner.tail.lock().truncate(last);
        let (done, wait) = oneshot::channel();
        self.inner.writer.send(Request::Truncate(last.map_or(0, |l| l.index + 1), done));
        wait.await.map_err(io::Error::other)?
    }

    async fn purge(&mut self, upto: LogId) -> io::Result<()> {
        self.inner.tail.lock().purge(upto);
        self.inner.writer.send(Request::Purge(upto));
        Ok(())
    }
}

fn missing(index: u64, last: u64) -> io::Error {
    let message = format!("log entry {index} is missing (the log goes up to {last})");
    io::Error::new(io::ErrorKind::InvalidData, message)
}

fn meta<T: DeserializeOwned>(db: &DB, what: &'static str, key: &[u8]) -> io::Result<Option<T>> {
    match db.get_cf(rows::family(db, META)?, key).map_err(io::Error::other)? {
        None => Ok(None),
        Some(bytes) => Ok(Some(codec::decode(what, &bytes)?)),
    }
}

fn decode(index: u64, record: Bytes) -> io::Result<Entry> {
    let corrupt = |reason: String| {
        let message = format!("log entry {index} is corrupt: {reason}");
        io::Error::new(io::ErrorKind::InvalidData, message)
    };
    let entry = codec::decode_entry(record).map_err(|e| corrupt(e.to_string()))?;
    if entry.log_id.index != index {
        return Err(corrupt(format!("it says it is entry {}", entry.log_id.index)));
    }
    Ok(entry)
}

fn bad_key(key: &[u8]) -> io::Error {
    let message = format!("the log holds a row with a malformed key ({} bytes)", key.len());
    io::Error::new(io::ErrorKind::InvalidData, message)
}

fn read_one(db: &DB, index: u64) -> io::Result<Option<Entry>> {
    let family = rows::family(db, ENTRIES)?;
    let record = db.get_cf(family, entry_key(index)).map_err(|e| unreadable(index, &e))?;
    record.map(|record| decode(index, record.into())).transpose()
}

fn unreadable(index: u64, error: &rocksdb::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("log entry {index}: {error}"))
}

fn last_entry(db: &DB) -> io::Result<Option<Entry>> {
    let family = rows::family(db, ENTRIES)?;
    let Some(row) = db.iterator_cf(family, IteratorMode::End).next() else {
        return Ok(None);
    };
    let (key, record) = row.map_err(|e| {
        let message = format!("the end of the log: {e}");
        io::Error::new(io::ErrorKind::InvalidData, message)
    })?;
    let index = entry_index(&key).ok_or_else(|| bad_key(&key))?;
    decode(index, Bytes::from(record.into_vec())).map(Some)
}

/// At least one entry, then at most `max_bytes`; a hole is an error.
fn read_range(db: &DB, start: u64, end: u64, max_bytes: usize) -> io::Result<Vec<Entry>> {
    let family = rows::family(db, ENTRIES)?;
    let mut options = ReadOptions::default();
    options.set_iterate_upper_bound(entry_key(end));
    options.set_readahead_size(256 << 10);
    let from = entry_key(start);
    let rows = db.iterator_cf_opt(family, options, IteratorMode::From(&from, Direction::Forward));
    let (mut out, mut bytes, mut expected) = (Vec::new(), 0usize, start);
    for row in rows {
        let (key, record) = row.map_err(|e| unreadable(expected, &e))?;
        let index = entry_index(&key).ok_or_else(|| bad_key(&key))?;
        if index != expected {
            return Err(missing(expected, index));
        }
        let entry = decode(index, Bytes::from(record.into_vec()))?;
        bytes += entry_size(&entry);
        if !out.is_empty() && bytes > max_bytes {
            break;
        }
        out.push(entry);
        expected += 1;
    }
    if out.is_empty() {
        return Err(missing(start, end.saturating_sub(1)));
    }
    Ok(out)
}
