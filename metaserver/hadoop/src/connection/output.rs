//! Answers on their way to a connection's socket: those being written, and those that wait for
//! them and are going to be written together.

use std::io;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use prometheus_client::metrics::counter::Counter;
use tokio::io::AsyncWrite as _;
use tokio::net::TcpStream;
use tokio::time::Instant;

/// A buffer that grew beyond this for a large answer is let go.
const KEEP: usize = 256 << 10;

/// Answers one after the other.
#[derive(Default)]
struct Batch {
    bytes: BytesMut,
    answers: usize,
}

/// See the module.
pub(super) struct Output {
    waiting: Batch,
    writing: Batch,
    /// Bytes of `writing` that the socket has taken.
    written: usize,
    /// Since when the socket has not taken all of it.
    since: Option<Instant>,
    /// Counts bytes that were written.
    sent: Counter,
}

impl Output {
    /// Nothing yet; bytes that are written count in `sent`.
    pub(super) fn new(sent: &Counter) -> Self {
        let (waiting, writing) = (Batch::default(), Batch::default());
        Self { waiting, writing, written: 0, since: None, sent: sent.clone() }
    }

    /// Where one more answer is put.
    pub(super) fn answer(&mut self) -> &mut BytesMut {
        self.waiting.answers += 1;
        &mut self.waiting.bytes
    }

    /// Bytes that wait for being written.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.bytes.len()
    }

    /// Answers that the socket has not taken.
    pub(super) fn answers(&self) -> usize {
        self.waiting.answers + self.writing.answers
    }

    /// Since when the socket has not taken what is being written; `None`: it has.
    pub(super) fn since(&self) -> Option<Instant> {
        self.since
    }

    /// Forgets everything: nobody reads it.
    pub(super) fn discard(&mut self) {
        *self = Self::new(&self.sent);
    }

    /// Writes everything.
    pub(super) fn poll_write(
        &mut self,
        stream: &mut TcpStream,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            if self.writing.bytes.is_empty() {
                if self.waiting.bytes.is_empty() {
                    return Poll::Ready(Ok(()));
                }
                mem::swap(&mut self.writing, &mut self.waiting);
            }
            while let Some(left) = self.writing.bytes.get(self.written..)
                && !left.is_empty()
            {
                let wrote = Pin::new(&mut *stream).poll_write(cx, left);
                if wrote.is_pending() {
                    self.since.get_or_insert_with(Instant::now);
                }
                match ready!(wrote)? {
                    0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    wrote => self.written += wrote,
                }
            }
            self.sent.inc_by(self.written as u64);
            self.written = 0;
            self.since = None;
            self.writing.answers = 0;
            if self.writing.bytes.capacity() > KEEP {
                self.writing.bytes = BytesMut::new();
            } else {
                self.writing.bytes.clear();
            }
        }
    }
}
