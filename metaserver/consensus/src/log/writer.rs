//! The thread that alone writes the log: it takes requests from a queue in order, joins all that
//! wait into one batch, writes and syncs it once, then answers them all. A failed write or sync
//! ends it: every later request is refused and the server stops (retrying a failed fsync would
//! claim durability for pages the kernel has dropped).

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Instant;

use openraft::storage::IOFlushed;
use parking_lot::Mutex;
use rocksdb::{WriteBatch, WriteOptions};
use tokio::sync::oneshot;

use super::rows::{self, COMMITTED, ENTRIES, LogDb, META, PURGED, VOTE, entry_key};
use super::tail::Tail;
use crate::codec::{self, LogIdCode, VoteCode, entry_size};
use crate::fatal::Fatal;
use crate::metrics::ConsensusMetrics;
use crate::types::{Entry, LogId, TypeConfig, Vote};

/// Bytes of entries joined into one write at most (a single request may be larger).
const MAX_WRITE: usize = 4 << 20;

/// What can be asked of the writer.
pub enum Request {
    /// Appends entries; the callback hears when they are durable.
    Append {
        /// In order, following the log's end.
        entries: Vec<Entry>,
        /// Position in the queue, for the tail's eviction.
        ticket: u64,
        /// Openraft's.
        callback: IOFlushed<TypeConfig>,
    },
    /// Saves the vote.
    Vote(Vote, oneshot::Sender<io::Result<()>>),
    /// Removes all entries from this index on.
    Truncate(u64, oneshot::Sender<io::Result<()>>),
    /// Marks everything up to here as dead.
    Purge(LogId),
    /// Answers when everything before it is durable, and ends the thread.
    Stop(oneshot::Sender<()>),
}

/// A running writer's queue.
pub struct Writer {
    queue: Sender<Request>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread.
    pub fn start(
        db: Arc<LogDb>,
        tail: Arc<Mutex<Tail>>,
        committed: Arc<Mutex<Option<LogId>>>,
        fatal: Fatal,
        metrics: ConsensusMetrics,
    ) -> io::Result<Self> {
        let (queue, requests) = channel();
        let mut sync = WriteOptions::default();
        sync.set_sync(true);
        let worker = Worker {
            db,
            tail,
            committed,
            saved_committed: None,
            fatal,
            metrics,
            sync,
            scratch: Vec::new(),
        };
        let thread = std::thread::Builder::new()
            .name("raft-log".into())
            .spawn(move || worker.run(&requests))?;
        Ok(Self { queue, thread: Mutex::new(Some(thread)) })
    }

    /// Queues a request. After a failure the request is answered with an error at once.
    pub fn send(&self, request: Request) {
        if let Err(refused) = self.queue.send(request) {
            refuse(refused.0, "the log's writer has stopped");
        }
    }

    /// Ends the thread after everything queued is durable. Blocks for that long.
    pub fn join(&self) {
        if let Some(thread) = self.thread.lock().take()
            && thread.join().is_err()
        {
            tracing::error!("the log's writer thread panicked");
        }
    }
}

fn refuse(request: Request, reason: &str) {
    let error = || io::Error::other(reason.to_owned());
    match request {
        Request::Append { callback, .. } => callback.io_completed(Err(error())),
        Request::Vote(_, done) | Request::Truncate(_, done) => {
            // The asker may have gone; then nobody needs the answer.
            let _ = done.send(Err(error()));
        }
        Request::Purge(_) => {}
        Request::Stop(done) => {
            let _ = done.send(());
        }
    }
}

struct Worker {
    db: Arc<LogDb>,
    tail: Arc<Mutex<Tail>>,
    committed: Arc<Mutex<Option<LogId>>>,
    saved_committed: Option<LogId>,
    fatal: Fatal,
    metrics: ConsensusMetrics,
    sync: WriteOptions,
    scratch: Vec<u8>,
}

impl Worker {
    fn run(mut self, requests: &Receiver<Request>) {
        while let Ok(first) = requests.recv() {
            let mut bytes = request_size(&first);
            let mut group = vec![first];
            while bytes < MAX_WRITE
                && let Ok(next) = requests.try_recv()
            {
                bytes += request_size(&next);
                group.push(next);
            }
            match self.write(&group) {
                Ok(purged) => {
                    if !answer(group) {
                        return;
                    }
                    self.drop_files(purged);
                }
                Err(e) => {
                    let reason = format!("the Raft log could not be written: {e}");
                    self.fatal.set(reason.as_str());
                    group.into_iter().for_each(|r| refuse(r, &reason));
                    // Whatever is still queued must be answered too.
                    while let Ok(request) = requests.recv() {
                        let last = matches!(request, Request::Stop(_));
                        refuse(request, &reason);
                        if last {
                            break;
                        }
                    }
                    return;
                }
            }
        }
    }

    /// One batch, one sync. Returns how far the log was purged by it.
    fn write(&mut self, group: &[Request]) -> io::Result<Option<LogId>> {
        let db = self.db.clone();
        let entries_family = rows::family(&db, ENTRIES)?;
        let meta = rows::family(&db, META)?;
        let mut batch = WriteBatch::default();
        let (mut count, mut ticket, mut purged) = (0usize, None, None);
        for request in group {
            match request {
                Request::Append { entries, ticket: t, .. } => {
                    for entry in entries {
                        self.scratch.clear();
                        codec::encode_entry(entry, &mut self.scratch)?;
                        batch.put_cf(entries_family, entry_key(entry.log_id.index), &self.scratch);
                    }
                    count += entries.len();
                    ticket = Some(*t);
                }
                Request::Vote(vote, _) => {
                    batch.put_cf(meta, VOTE, codec::encode("vote", &VoteCode::from(*vote))?);
                }
                Request::Truncate(from, _) => {
                    batch.delete_range_cf(entries_family, entry_key(*from), entry_key(u64::MAX));
                }
                Request::Purge(upto) => {
                    let row = codec::encode("purged log id", &LogIdCode::from(*upto))?;
                    batch.put_cf(meta, PURGED, row);
                    purged = Some(*upto);
                }
                Request::Stop(_) => {}
            }
        }
        let committed = *self.committed.lock();
        if committed > self.saved_committed
            && let Some(log_id) = committed
        {
            let row = codec::encode("committed log id", &LogIdCode::from(log_id))?;
            batch.put_cf(meta, COMMITTED, row);
        }
        let bytes = batch.size_in_bytes();
        let started = Instant::now();
        self.db.write_opt(batch, &self.sync).map_err(io::Error::other)?;
        self.saved_committed = committed.max(self.saved_committed);
        self.metrics.log_sync_seconds.observe(started.elapsed().as_secs_f64());
        self.metrics.log_sync_entries.observe(count as f64);
        self.metrics.log_bytes.inc_by(bytes as u64);
        if let Some(ticket) = ticket {
            self.tail.lock().written(ticket);
        }
        Ok(purged)
    }

    /// Frees the space of whole files below the purged position. Only after the mark is durable:
    /// otherwise a crash could leave a log that begins above its mark.
    fn drop_files(&self, purged: Option<LogId>) {
        let Some(purged) = purged else {
            return;
        };
        let result = rows::family(&self.db, ENTRIES).and_then(|family| {
            self.db
                .delete_file_in_range_cf(family, entry_key(0), entry_key(purged.index))
                .map_err(io::Error::other)
        });
        if let Err(error) = result {
            tracing::warn!(%error, "could not free the space of purged log entries");
        }
    }
}

fn request_size(request: &Request) -> usize {
    match request {
        Request::Append { entries, .. } => entries.iter().map(entry_size).sum(),
        _ => 64,
    }
}

/// Answers a written group; false when the thread is to end.
fn answer(group: Vec<Request>) -> bool {
    let mut go_on = true;
    for request in group {
        match request {
            Request::Append { callback, .. } => callback.io_completed(Ok(())),
            Request::Vote(_, done) | Request::Truncate(_, done) => {
                let _ = done.send(Ok(()));
            }
            Request::Purge(_) => {}
            Request::Stop(done) => {
                let _ = done.send(());
                go_on = false;
            }
        }
    }
    go_on
}
