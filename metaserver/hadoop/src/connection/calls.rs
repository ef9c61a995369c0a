//! The calls of a connection, in its one task: whatever is there is read, all that can be answered
//! is, and when nothing more is ready the answers are written together.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use metafs_door::{Backend, HaService};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::alarm::Alarm;
use super::headers::{failure, parse, success};
use super::{End, Link, Peer};
use crate::dispatch::{self, Answer};
use crate::proto::rpc::{RpcKindProto, RpcRequestHeaderProto};
use crate::refusal::Refusal;
use crate::serve::Door;
use crate::wire;

/// So many bytes of answers are written, even if more are about to be ready.
const WRITE: usize = 64 << 10;

/// See the module.
struct Calls<'a, B, S, F> {
    link: &'a mut Link,
    door: &'a Door<B>,
    /// Begins a call.
    start: S,
    under_way: FuturesUnordered<F>,
    /// When something was asked last.
    asked: Instant,
    /// Since when a part of a request waits for its rest.
    partial: Option<Instant>,
    alarm: Alarm,
    /// Why no more calls are taken; those under way still answer.
    end: Option<End>,
    /// Nobody takes answers any more.
    gone: bool,
}

/// Serves calls until the client goes or sends what ends the connection, and all that were under way
/// then are answered.
pub(super) async fn run<B: Backend + HaService>(
    link: &mut Link,
    door: &Door<B>,
    peer: &Peer,
    ending: &CancellationToken,
) -> End {
    let now = Instant::now();
    let mut calls = Calls {
        link,
        door,
        start: |header, frame| dispatch::answer(door, peer, header, frame),
        under_way: FuturesUnordered::new(),
        asked: now,
        partial: None,
        alarm: Alarm::new(now + door.limits.idle_timeout),
        end: None,
        gone: false,
    };
    let mut ending = pin!(ending.cancelled());
    poll_fn(|cx| {
        if calls.end.is_none() && ending.as_mut().poll(cx).is_ready() {
            calls.end = Some(End::Closed);
        }
        calls.poll(cx)
    })
    .await
}

impl<B, S, F> Calls<'_, B, S, F>
where
    B: Backend + HaService,
    S: Fn(RpcRequestHeaderProto, Bytes) -> F,
    F: Future<Output = Answer>,
{
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        loop {
            let mut ready = self.take();
            ready |= self.read(cx);
            ready |= self.answer(cx);
            if ready && self.link.output.waiting() < WRITE {
                continue;
            }
            let full = !self.has_room();
            self.write(cx);
            if full && self.has_room() {
                self.asked = Instant::now();
                continue;
            }
            if ready || self.is_late(cx) {
                continue;
            }
            let done = self.under_way.is_empty() && self.link.output.answers() == 0;
            return match self.end.take() {
                Some(end) if done => Poll::Ready(end),
                end => {
                    self.end = end;
                    Poll::Pending
                }
            };
        }
    }

    /// Whether one more call is taken. Answers that lie there count too.
    fn has_room(&self) -> bool {
        let unanswered = self.under_way.len() + self.link.output.answers();
        self.end.is_none() && unanswered < self.door.limits.max_calls.max(1)
    }

    /// Takes the calls that have arrived; false: there was none.
    fn take(&mut self) -> bool {
        let mut taken = false;
        while self.has_room() {
            match self.link.input.frame() {
                Ok(Some(frame)) => {
                    taken = true;
                    self.partial = None;
                    self.request(frame);
                }
                Ok(None) => {
                    if !self.link.input.is_empty() {
                        self.partial.get_or_insert_with(Instant::now);
                    }
                    break;
                }
                Err(end) => self.end = Some(end),
            }
        }
        taken
    }

    fn request(&mut self, frame: Bytes) {
        let (header, frame) = match parse(frame) {
            Ok(parsed) => parsed,
            Err(bad) => return self.refuse_and_end(&bad.0, bad.1),
        };
        match header.call_id {
            wire::PING_CALL => return,
            wire::CONTEXT_CALL => {
                let refusal = Refusal::header("Connection context already processed");
                return self.refuse_and_end(&header, refusal);
            }
            wire::SASL_CALL => {
                let refusal = Refusal::header("SASL protocol not requested by client");
                return self.refuse_and_end(&header, refusal);
            }
            call if call < 0 => {
                let refusal = Refusal::header(format!("Unknown out of band call #{call}"));
                return self.refuse_and_end(&header, refusal);
            }
            _ => {}
        }
        if header.rpc_kind() == RpcKindProto::RpcProtocolBuffer {
            self.under_way.push((self.start)(header, frame));
        } else {
            let refusal = Refusal::kind_of_rpc(header.rpc_kind.unwrap_or_default());
            self.refuse(&header, &refusal);
        }
    }

    /// Reads what is there; false: nothing, or nothing is wanted.
    fn read(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.has_room() {
            return false;
        }
        let Link { stream, input, .. } = &mut *self.link;
        let end = match input.poll_fill(stream, cx) {
            Poll::Pending => return false,
            Poll::Ready(Ok(0)) if input.is_empty() => End::Closed,
            Poll::Ready(Ok(0)) => io::Error::from(io::ErrorKind::UnexpectedEof).into(),
            Poll::Ready(Err(error)) => error.into(),
            Poll::Ready(Ok(read)) => {
                self.asked = Instant::now();
                self.door.metrics.received.inc_by(read as u64);
                return true;
            }
        };
        self.end = Some(end);
        true
    }

    /// Puts what is answered to the output; false: nothing more is ready.
    fn answer(&mut self, cx: &mut Context<'_>) -> bool {
        let mut answered = false;
        while let Poll::Ready(Some(Answer { header, result })) = self.under_way.poll_next_unpin(cx)
        {
            answered = true;
            match result {
                _ if self.gone => {}
                Ok(body) => {
                    // After the answer was made: what it shows is not above this.
                    let header = success(&header, self.door.backend.state_id());
                    wire::put_response(self.link.output.answer(), &header, Some(&body));
                }
                Err(refusal) => self.refuse(&header, &refusal),
            }
            if self.link.output.waiting() >= WRITE {
                break;
            }
        }
        answered
    }

    fn write(&mut self, cx: &mut Context<'_>) {
        let Link { stream, output, .. } = &mut *self.link;
        if let Poll::Ready(Err(error)) = output.poll_write(stream, cx) {
            tracing::debug!(%error, "answers cannot be written");
            self.leave();
        }
    }

    /// Whether something took too long, which has been acted on then.
    fn is_late(&mut self, cx: &mut Context<'_>) -> bool {
        let limits = &self.door.limits;
        let taken = self.link.output.since().map(|since| since + limits.write_timeout);
        let read = match self.partial {
            _ if !self.has_room() => None,
            Some(since) => Some(since + limits.frame_timeout),
            None => Some(self.asked + limits.idle_timeout),
        };
        let Some(deadline) = taken.into_iter().chain(read).min() else { return false };
        if self.alarm.poll(deadline, cx).is_pending() {
            return false;
        }
        if taken == Some(deadline) {
            tracing::debug!("a client does not take its answers");
            self.door.metrics.failed.inc();
            self.leave();
        } else if self.partial.is_none() && !self.under_way.is_empty() {
            // Who waits for an answer may be silent.
            self.asked = Instant::now();
        } else {
            self.end = Some(io::Error::from(io::ErrorKind::TimedOut).into());
        }
        true
    }

    /// Nobody takes answers any more: no more calls.
    fn leave(&mut self) {
        self.gone = true;
        self.link.output.discard();
        self.end.get_or_insert(End::Closed);
    }

    fn refuse(&mut self, header: &RpcRequestHeaderProto, refusal: &Refusal) {
        let failure = failure(header, refusal, self.door.backend.state_id());
        wire::put_response(self.link.output.answer(), &failure, None);
    }

    fn refuse_and_end(&mut self, header: &RpcRequestHeaderProto, refusal: Refusal) {
        self.refuse(header, &refusal);
        self.end = Some(End::Refused(refusal));
    }
}
