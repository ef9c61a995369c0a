//! A client's connection to one member: many requests in flight, answers matched by id; made
//! anew, with a growing pause, when it is lost.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::{mpsc, oneshot};

use super::Context;
use super::frame::{self, MAX_FRAME};
use super::handshake::{self, HandshakeError};
use super::message::answer;
use crate::metrics::ConsensusMetrics;

/// Frames waiting for the socket.
const QUEUE: usize = 128;

/// Bytes written to the socket at once, when that many wait.
const WRITE_BUFFER: usize = 256 << 10;

/// Pauses between attempts to connect.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A failure that goes on is logged this often.
const LOG_EVERY: Duration = Duration::from_secs(60);

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// There is no connection; the request did not get out.
    #[error("cannot connect to {addr}: {reason}")]
    Connect {
        /// Whom.
        addr: String,
        /// Why.
        reason: String,
    },
    /// The connection broke; whether the request was handled is unknown.
    #[error("the connection broke")]
    Broken,
    /// No answer in time.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// The other end says why it has no answer.
    #[error("{0}")]
    Remote(String),
    /// The request cannot be sent or the answer not be understood.
    #[error(transparent)]
    Message(#[from] io::Error),
}

type Answer = oneshot::Receiver<frame::Frame>;
/// Requests in flight, oldest first.
type Pending = Arc<Mutex<Option<BTreeMap<u64, (Instant, oneshot::Sender<frame::Frame>)>>>>;

/// A live connection.
pub struct Connection {
    frames: mpsc::Sender<Vec<u8>>,
    /// `None` once it is broken.
    pending: Pending,
    next_id: AtomicU64,
    patience: Duration,
}

impl Connection {
    /// Connects and shakes hands.
    pub async fn open(context: &Arc<Context>, to: u64, addr: &str) -> Result<Self, HandshakeError> {
        let stream = dial(context, to, addr).await?;
        let (read, write) = stream.into_split();
        let (frames, queue) = mpsc::channel(QUEUE);
        let pending: Pending = Arc::new(Mutex::new(Some(BTreeMap::new())));

        let (metrics, lost) = (context.metrics.clone(), pending.clone());
        let writer = tokio::spawn(async move {
            write_frames(queue, write, metrics).await;
            *lost.lock() = None;
        });

        let (metrics, answers) = (context.metrics.clone(), pending.clone());
        tokio::spawn(async move {
            let mut read = BufReader::with_capacity(32 << 10, read);
            while let Ok(Some(frame)) = frame::read(&mut read, MAX_FRAME).await {
                metrics.network_received_bytes.inc_by(frame.body.len() as u64);
                let Some(waiting) = answers.lock().as_mut().map(|p| p.remove(&frame.id)) else {
                    break;
                };
                if let Some((_, waiting)) = waiting {
                    // The asker may have given up.
                    let _ = waiting.send(frame);
                }
            }
            *answers.lock() = None;
            writer.abort();
        });
        let patience = context.patience;
        Ok(Self { frames, pending, next_id: AtomicU64::new(1), patience })
    }

    /// Whether requests can still be answered.
    pub fn is_alive(&self) -> bool {
        self.pending.lock().is_some() && !self.frames.is_closed()
    }

    /// Gives it up: all requests in flight fail.
    pub fn close(&self) {
        *self.pending.lock() = None;
    }

    /// Sends a request whose body `fill` appends; the answer comes by the receiver.
    pub async fn start(
        &self,
        kind: u8,
        fill: impl FnOnce(&mut Vec<u8>) -> io::Result<()>,
    ) -> Result<Answer, CallError> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let mut frame = frame::start(id, kind);
        fill(&mut frame)?;
        let frame = frame::finish(frame)?;
        let (answer, wait) = oneshot::channel();
        let now = Instant::now();
        {
            let mut guard = self.pending.lock();
            let Some(pending) = guard.as_mut() else {
                return Err(CallError::Broken);
            };
            // Those who ask may give up early; the oldest request tells that nobody answers.
            if let Some((_, (since, _))) = pending.first_key_value()
                && now > *since + self.patience
            {
                *guard = None;
                return Err(CallError::Timeout(self.patience));
            }
            pending.insert(id, (now, answer));
        }
        self.frames.send(frame).await.map_err(|_| CallError::Broken)?;
        Ok(wait)
    }

    /// Waits for an answer. Running out of patience gives up the connection: the other end is
    /// stuck or gone.
    pub async fn finish(&self, answer: Answer) -> Result<Bytes, CallError> {
        match tokio::time::timeout(self.patience, answer).await {
            Err(_) => {
                self.close();
                Err(CallError::Timeout(self.patience))
            }
            Ok(Err(_)) => Err(CallError::Broken),
            Ok(Ok(frame)) => match frame.kind {
                answer::OK => Ok(frame.body),
                _ => Err(CallError::Remote(String::from_utf8_lossy(&frame.body).into_owned())),
            },
        }
    }
}

/// Writes frames as they come, joining those that wait, until the socket or the queue ends.
pub async fn write_frames(
    mut queue: mpsc::Receiver<Vec<u8>>,
    mut socket: OwnedWriteHalf,
    metrics: ConsensusMetrics,
) {
    let mut buffer = Vec::new();
    while let Some(frame) = queue.recv().await {
        buffer.clear();
        buffer.extend_from_slice(&frame);
        while buffer.len() < WRITE_BUFFER
            && let Ok(frame) = queue.try_recv()
        {
            buffer.extend_from_slice(&frame);
        }
        metrics.network_sent_bytes.inc_by(buffer.len() as u64);
        if socket.write_all(&buffer).await.is_err() {
            return;
        }
        if buffer.capacity() > 4 * WRITE_BUFFER {
            buffer = Vec::new();
        }
    }
}

/// Connects and shakes hands; the bare stream.
pub async fn dial(context: &Context, to: u64, addr: &str) -> Result<TcpStream, HandshakeError> {
    let timeout = |_| io::Error::from(io::ErrorKind::TimedOut);
    let attempt = async {
        let mut stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        handshake::connect(context, &mut stream, to).await?;
        Ok(stream)
    };
    tokio::time::timeout(context.patience, attempt).await.map_err(timeout)?
}

/// A connection that is made when it is needed.
pub struct Link {
    context: Arc<Context>,
    to: u64,
    addr: String,
    state: tokio::sync::Mutex<LinkState>,
}

#[derive(Default)]
struct LinkState {
    connection: Option<Arc<Connection>>,
    failure: Option<Failure>,
}

struct Failure {
    reason: String,
    pause: Duration,
    retry_at: Instant,
    logged_at: Instant,
}

impl Link {
    /// To the volume `to` at `addr`.
    pub fn new(context: Arc<Context>, to: u64, addr: String) -> Self {
        Self { context, to, addr, state: tokio::sync::Mutex::default() }
    }

    /// Whom it leads to.
    pub fn addr(&self) -> &str {
        &self.addr
    }

    /// The live connection, if there is one just now.
    pub fn live(&self) -> Option<Arc<Connection>> {
        let state = self.state.try_lock().ok()?;
        state.connection.clone().filter(|connection| connection.is_alive())
    }

    /// The live connection; made now if there is none, unless it failed a moment ago.
    pub async fn connection(&self) -> Result<Arc<Connection>, CallError> {
        let mut state = self.state.lock().await;
        if let Some(connection) = &state.connection
            && connection.is_alive()
        {
            return Ok(connection.clone());
        }
        state.connection = None;
        let error = |reason: &str| CallError::Connect {
            addr: self.addr.clone(),
            reason: reason.to_owned(),
        };
        let now = Instant::now();
        if let Some(failure) = &state.failure
            && now < failure.retry_at
        {
            return Err(error(&failure.reason));
        }
        match Connection::open(&self.context, self.to, &self.addr).await {
            Ok(connection) => {
                if state.failure.take().is_some() {
                    tracing::info!(node = self.to, addr = self.addr, "connected again");
                }
                let connection = Arc::new(connection);
                state.connection = Some(connection.clone());
                Ok(connection)
            }
            Err(e) => {
                let reason = e.to_string();
                let now = Instant::now();
                let before = state.failure.take();
                let logged_at = before
                    .as_ref()
                    .filter(|f| f.reason == reason && now < f.logged_at + LOG_EVERY)
                    .map(|f| f.logged_at);
                if logged_at.is_none() {
                    tracing::warn!(node = self.to, addr = self.addr, reason, "cannot connect");
                }
                let pause = before.map_or(FIRST_PAUSE, |f| (f.pause * 2).min(LONGEST_PAUSE));
                let error = error(&reason);
                state.failure = Some(Failure {
                    reason,
                    pause,
                    retry_at: now + pause,
                    logged_at: logged_at.unwrap_or(now),
                });
                Err(error)
            }
        }
    }

    /// One request and its answer.
    pub async fn call(&self, kind: u8, body: &[u8]) -> Result<Bytes, CallError> {
        let connection = self.connection().await?;
        let fill = |out: &mut Vec<u8>| {
            out.extend_from_slice(body);
            Ok(())
        };
        let answer = connection.start(kind, fill).await?;
        connection.finish(answer).await
    }
}
