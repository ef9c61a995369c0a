//! The server's end: accepts connections, shakes hands, hands requests to Raft and snapshots to
//! [`crate::snapshot::receive`].

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::StreamExt;
use openraft::Snapshot;
use openraft::raft::SnapshotResponse;
use openraft::raft::{AppendEntriesRequest, AppendEntriesResponse, StreamAppendError};
use parking_lot::Mutex;
use tokio::io::BufReader;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};

use super::Context;
use super::connection::write_frames;
use super::frame::{self, Frame, MAX_FRAME};
use super::handshake::{self, HandshakeError};
use super::message::{
    self, AppendAnswer, SnapshotAnswer, TransferMessage, VoteAnswer, VoteMessage, answer, request,
};
use crate::codec::VoteCode;
use crate::log::LogStore;
use crate::snapshot::receive::{Incoming, Received};
use crate::state::machine::SnapshotData;
use crate::types::{Raft, TypeConfig, Vote};

/// Strangers at the door at once.
const MAX_HANDSHAKES: usize = 64;

/// A connection that is silent for this long is closed; its client makes a new one when needed.
const IDLE: Duration = Duration::from_secs(300);

/// Answers waiting for the socket, and appends waiting for Raft.
const QUEUE: usize = 128;

/// Refused handshakes are logged at most this often.
const LOG_EVERY: Duration = Duration::from_secs(10);

/// What the connections of the server's end share.
pub struct Server {
    context: Arc<Context>,
    raft: Raft,
    log: LogStore,
    handshakes: Arc<Semaphore>,
    refusals: Mutex<Option<(Instant, u64)>>,
    /// The newest snapshot reception; older ones give up.
    reception: AtomicU64,
}

impl Server {
    /// Serves `raft`, whose votes are in `log`.
    pub fn new(context: Arc<Context>, raft: Raft, log: LogStore) -> Arc<Self> {
        Arc::new(Self {
            context,
            raft,
            log,
            handshakes: Arc::new(Semaphore::new(MAX_HANDSHAKES)),
            refusals: Mutex::new(None),
            reception: AtomicU64::new(0),
        })
    }

    /// Accepts connections until the task is aborted, which ends them too.
    pub async fn run(self: Arc<Self>, listener: TcpListener) {
        let mut connections = tokio::task::JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, from)) => {
                        let server = self.clone();
                        connections.spawn(async move {
                            if let Err(e) = server.handle(stream, &from.ip().to_string()).await {
                                tracing::debug!(%from, error = %e, "connection ended");
                            }
                        });
                    }
                    Err(error) => {
                        // Out of file descriptors, most likely; others may let go of some.
                        tracing::warn!(%error, "cannot accept a connection");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                },
                Some(_) = connections.join_next() => {}
            }
        }
    }

    async fn handle(&self, mut stream: TcpStream, from: &str) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let permit = self.handshakes.clone().acquire_owned().await.map_err(io::Error::other)?;
        let shake = handshake::accept(&self.context, &mut stream);
        let peer = match tokio::time::timeout(self.context.patience, shake).await {
            Ok(Ok(peer)) => peer,
            Ok(Err(error)) => {
                self.refused(from, &error);
                return Ok(());
            }
            Err(_) => return Ok(()),
        };
        drop(permit);
        tracing::debug!(peer, from, "connected");
        let (read, write) = stream.into_split();
        let (answers, queue) = mpsc::channel(QUEUE);
        let writer = tokio::spawn(write_frames(queue, write, self.context.metrics.clone()));
        let mut session = Session { server: self, answers, stream: None, incoming: None };
        let mut read = BufReader::with_capacity(32 << 10, read);
        let result = loop {
            let frame = match tokio::time::timeout(IDLE, frame::read(&mut read, MAX_FRAME)).await {
                Ok(Ok(Some(frame))) => frame,
                Ok(Ok(None)) | Err(_) => break Ok(()),
                Ok(Err(e)) => break Err(e),
            };
            self.context.metrics.network_received_bytes.inc_by(frame.body.len() as u64);
            if let Err(e) = session.request(frame).await {
                break Err(e);
            }
        };
        // Answers under way are still written; the writer ends when the last of them is.
        drop(session);
        if tokio::time::timeout(self.context.patience, writer).await.is_err() {
            tracing::debug!(peer, "the connection's last answers could not be written");
        }
        result
    }

    /// Logs a refusal, but not each of a flood.
    fn refused(&self, from: &str, error: &HandshakeError) {
        if matches!(error, HandshakeError::Io(_)) {
            // Port scans and probes.
            tracing::debug!(from, %error, "handshake broken off");
            return;
        }
        self.context.metrics.handshakes_refused.inc();
        let mut refusals = self.refusals.lock();
        match &mut *refusals {
            Some((since, more)) if since.elapsed() < LOG_EVERY => *more += 1,
            before => {
                let more = before.map_or(0, |(_, more)| more);
                tracing::warn!(from, %error, not_logged = more, "refused a connection");
                *before = Some((Instant::now(), 0));
            }
        }
    }
}

/// One connection after its handshake.
struct Session<'a> {
    server: &'a Server,
    answers: mpsc::Sender<Vec<u8>>,
    stream: Option<AppendStream>,
    incoming: Option<(u64, Incoming)>,
}

/// A stream of appends being handed to Raft in order.
struct AppendStream {
    number: u64,
    requests: mpsc::Sender<AppendEntriesRequest<TypeConfig>>,
    ids: mpsc::UnboundedSender<u64>,
}

fn gone<E>(_: E) -> io::Error {
    io::ErrorKind::BrokenPipe.into()
}

fn invalid(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message.to_owned())
}

async fn reply(
    answers: &mpsc::Sender<Vec<u8>>,
    id: u64,
    result: Result<Vec<u8>, String>,
) -> io::Result<()> {
    let frame = match result {
        Ok(body) => frame::encode(id, answer::OK, &body)?,
        Err(text) => frame::encode(id, answer::ERROR, text.as_bytes())?,
    };
    answers.send(frame).await.map_err(gone)
}

impl Session<'_> {
    /// Handles one request. An error ends the connection.
    async fn request(&mut self, frame: Frame) -> io::Result<()> {
        match frame.kind {
            request::APPEND_STREAM => self.append_stream(frame).await,
            request::ASK_VOTE => {
                // Not from Raft's metrics, which follow later: a vote is in the log before it is given.
                let vote = self.server.log.vote().map(VoteCode::from);
                let body = message::encode("vote that was asked for", &vote)?;
                reply(&self.answers, frame.id, Ok(body)).await
            }
            request::SNAPSHOT_BEGIN
            | request::SNAPSHOT_DATA
            | request::SNAPSHOT_FILE_END
            | request::SNAPSHOT_FINISH => self.snapshot(frame).await,
            request::APPEND | request::VOTE | request::PRE_VOTE | request::TRANSFER => {
                let (raft, answers) = (self.server.raft.clone(), self.answers.clone());
                let context = self.server.context.clone();
                tokio::spawn(async move {
                    let result = single(&raft, &context, frame.kind, frame.body).await;
                    // The connection may be gone by now.
                    let _ = reply(&answers, frame.id, result).await;
                });
                Ok(())
            }
            kind => Err(invalid(&format!("a request of unknown kind {kind}"))),
        }
    }

    async fn append_stream(&mut self, frame: Frame) -> io::Result<()> {
        let (number, _) =
            frame.body.split_first_chunk().ok_or_else(|| invalid("a cut-off append"))?;
        let number = u64::from_be_bytes(*number);
        let rpc = message::decode_append(frame.body.slice(8..))?;
        if self.stream.as_ref().is_none_or(|s| s.number != number) {
            self.stream = Some(self.new_stream(number));
        }
        let Some(stream) = &self.stream else {
            return Err(io::Error::other("no append stream"));
        };
        // When the stream has ended (a conflict, a higher vote), its client has given it up too;
        // what was still under way in it needs no answer.
        if stream.ids.send(frame.id).is_ok() {
            let _ = stream.requests.send(rpc).await;
        }
        Ok(())
    }

    fn new_stream(&self, number: u64) -> AppendStream {
        let (requests, queue) = mpsc::channel(QUEUE);
        let (ids, mut waiting) = mpsc::unbounded_channel();
        let input = futures::stream::unfold(queue, |mut queue| async move {
            queue.recv().await.map(|rpc| (rpc, queue))
        });
        let results = self.server.raft.stream_append(input);
        let (answers, context) = (self.answers.clone(), self.server.context.clone());
        tokio::spawn(async move {
            let mut results = std::pin::pin!(results);
            while let Some(result) = results.next().await {
                if let Ok(Ok(_) | Err(StreamAppendError::Conflict(_))) = &result {
                    context.heard.note();
                }
                let Some(id) = waiting.recv().await else {
                    return;
                };
                let body = result.map_err(|e| e.to_string()).and_then(|result| {
                    message::encode("answer", &AppendAnswer::from(result))
                        .map_err(|e| e.to_string())
                });
                if reply(&answers, id, body).await.is_err() {
                    return;
                }
            }
        });
        AppendStream { number, requests, ids }
    }

    async fn snapshot(&mut self, frame: Frame) -> io::Result<()> {
        let id = frame.id;
        match self.snapshot_step(frame).await {
            Ok(None) => Ok(()),
            Ok(Some(body)) => reply(&self.answers, id, Ok(body)).await,
            Err(e) => {
                tracing::warn!(error = %e, "receiving a snapshot failed");
                self.incoming = None;
                reply(&self.answers, id, Err(e.to_string())).await?;
                Err(e)
            }
        }
    }

    /// Gives the answer, if this step has one.
    async fn snapshot_step(&mut self, frame: Frame) -> io::Result<Option<Vec<u8>>> {
        let server = self.server;
        if frame.kind == request::SNAPSHOT_BEGIN {
            let manifest = Incoming::manifest(&frame.body)?;
            let vote = own_vote(&server.raft);
            if vote <= Vote::from(manifest.vote) {
                let number = server.reception.fetch_add(1, Ordering::SeqCst) + 1;
                self.incoming = None;
                let incoming = Incoming::begin(server.context.clone(), manifest).await?;
                self.incoming = Some((number, incoming));
            }
            return snapshot_answer(vote).map(Some);
        }
        let Some((number, incoming)) = &mut self.incoming else {
            return Err(invalid("part of a snapshot that was not begun"));
        };
        if *number != server.reception.load(Ordering::SeqCst) {
            return Err(io::Error::other("a newer snapshot is being received"));
        }
        match frame.kind {
            request::SNAPSHOT_DATA => incoming.data(&frame.body).await?,
            request::SNAPSHOT_FILE_END => incoming.file_end(&frame.body).await?,
            _ => {
                let Some((_, incoming)) = self.incoming.take() else {
                    return Err(invalid("no snapshot"));
                };
                let vote = Vote::from(incoming.vote());
                let received = incoming.finish().await?;
                return install(&server.raft, vote, received).await.map(Some);
            }
        }
        Ok(None)
    }
}

async fn install(raft: &Raft, vote: Vote, received: Received) -> io::Result<Vec<u8>> {
    let Received { meta, dir } = received;
    tracing::info!(snapshot = %meta, "installing a snapshot");
    let snapshot = Snapshot { meta, snapshot: SnapshotData::Received(dir.clone()) };
    let response = raft.install_full_snapshot(vote, snapshot).await;
    // An installed one has been moved; one that Raft had no use for is still there.
    match tokio::fs::remove_dir_all(&dir).await {
        Err(e) if e.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(error = %e, "could not remove a snapshot that was not needed");
        }
        _ => {}
    }
    snapshot_answer(response.map_err(io::Error::other)?.vote)
}

fn snapshot_answer(vote: Vote) -> io::Result<Vec<u8>> {
    let response = SnapshotResponse::<TypeConfig>::new(vote);
    Ok(message::encode("answer to a snapshot", &SnapshotAnswer::from(response))?)
}

fn own_vote(raft: &Raft) -> Vote {
    use openraft::async_runtime::watch::WatchReceiver;
    raft.metrics().borrow_watched().vote
}

/// A request that stands alone; an error is a text for the asker.
async fn single(raft: &Raft, context: &Context, kind: u8, body: Bytes) -> Result<Vec<u8>, String> {
    let text = |e: &dyn std::error::Error| e.to_string();
    let encoded = match kind {
        request::APPEND => {
            let rpc = message::decode_append(body).map_err(|e| text(&e))?;
            let response = raft.append_entries(rpc).await.map_err(|e| text(&e))?;
            if !matches!(response, AppendEntriesResponse::HigherVote(_)) {
                context.heard.note();
            }
            message::encode("answer", &AppendAnswer::from(response))
        }
        request::VOTE | request::PRE_VOTE => {
            let rpc: VoteMessage = message::decode("vote", &body).map_err(|e| text(&e))?;
            let response = match kind {
                request::VOTE => raft.vote(rpc.into()).await,
                _ => raft.pre_vote(rpc.into()).await,
            };
            message::encode("answer", &VoteAnswer::from(response.map_err(|e| text(&e))?))
        }
        _ => {
            let rpc: TransferMessage = message::decode("transfer", &body).map_err(|e| text(&e))?;
            let response = raft.handle_transfer_leader(rpc.into()).await.map_err(|e| text(&e))?;
            response.map_err(|e| text(&e))?;
            Ok(Vec::new())
        }
    };
    encoded.map_err(|e| text(&e))
}
