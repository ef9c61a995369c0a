//! A stream of append requests over one connection: many on their way at once, answers in order;
//! and what is committed told as [`super::commits`] says. Used by [`super::client`] alone.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use futures::future::BoxFuture;
use futures::stream::{BoxStream, FuturesOrdered};
use futures::{Stream, StreamExt};
use openraft::error::{NetworkError, RPCError, Unreachable};
use openraft::raft::{AppendEntriesRequest, AppendEntriesResponse, StreamAppendResult};
use tokio::time::sleep_until;

use super::Context;
use super::commits::{Step, Told};
use super::connection::{CallError, Connection};
use super::message::{self, AppendAnswer, request};
use crate::types::{LogId, TypeConfig, Vote};

/// Append requests of one stream without an answer yet.
const PIPELINE: usize = 32;

pub(super) type Rpc<T> = Result<T, RPCError<TypeConfig>>;

pub(super) fn rpc_error(error: CallError) -> RPCError<TypeConfig> {
    match &error {
        CallError::Connect { .. } => RPCError::Unreachable(Unreachable::new(&error)),
        _ => RPCError::Network(NetworkError::new(&error)),
    }
}

pub(super) fn encoding(error: impl std::error::Error + 'static) -> RPCError<TypeConfig> {
    RPCError::Network(NetworkError::new(&error))
}

/// Where a request's entries begin and end.
pub(super) type Range = (Option<LogId>, Option<LogId>);

pub(super) fn range(rpc: &AppendEntriesRequest<TypeConfig>) -> Range {
    let last = rpc.entries.last().map(|e| e.log_id).or(rpc.prev_log_id);
    (rpc.prev_log_id, last)
}

pub(super) fn stream_result(
    response: AppendEntriesResponse<TypeConfig>,
    (prev, last): Range,
) -> Rpc<StreamAppendResult<TypeConfig>> {
    if matches!(response, AppendEntriesResponse::Conflict) && prev.is_none() {
        // Openraft would take this answer as impossible; a faulty peer must not stop us.
        let error = io::Error::other("a conflict with the beginning of the log");
        return Err(encoding(error));
    }
    Ok(response.into_stream_result(prev, last))
}

/// What a stream goes by.
pub(super) struct Way {
    /// The sender's.
    pub context: Arc<Context>,
    /// To the follower.
    pub connection: Arc<Connection>,
    /// The stream's number on the connection.
    pub stream: u64,
    /// Whether the follower is to know at once what is committed.
    pub prompt: Box<dyn Fn() -> bool + Send>,
}

/// Whose request an answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asker {
    Raft,
    /// It tells what is committed: nobody waits for the answer.
    Own,
}

type Answer = (Asker, Rpc<StreamAppendResult<TypeConfig>>);

struct Appending<S> {
    way: Way,
    input: Option<S>,
    inflight: FuturesOrdered<BoxFuture<'static, Answer>>,
    begun: Option<Begun>,
    failed: bool,
}

/// After the first request.
struct Begun {
    vote: Vote,
    /// Last entry sent.
    last: Option<LogId>,
    told: Told,
}

/// Sends the requests of `input` and gives their answers; fewer where one only said what is
/// committed. Everything happens as the returned stream is polled, so that dropping it lets go of
/// `input` at once.
pub(super) fn append<'s, S>(
    way: Way,
    input: S,
) -> BoxStream<'s, Rpc<StreamAppendResult<TypeConfig>>>
where
    S: Stream<Item = AppendEntriesRequest<TypeConfig>> + Send + Unpin + 's,
{
    let inflight = FuturesOrdered::new();
    let state = Appending { way, input: Some(input), inflight, begun: None, failed: false };
    futures::stream::unfold(state, |mut state| async move {
        let answer = state.next_answer().await?;
        Some((answer, state))
    })
    .boxed()
}

impl<S> Appending<S>
where
    S: Stream<Item = AppendEntriesRequest<TypeConfig>> + Send + Unpin,
{
    async fn next_answer(&mut self) -> Option<Rpc<StreamAppendResult<TypeConfig>>> {
        if self.failed {
            return None;
        }
        loop {
            let may_send = self.inflight.len() < PIPELINE;
            let due = self.begun.as_ref().and_then(|begun| begun.told.due());
            let sent = tokio::select! {
                biased;
                Some((asker, answer)) = self.inflight.next() => {
                    self.failed = !matches!(answer, Ok(Ok(_)));
                    if asker == Asker::Raft || self.failed {
                        return Some(answer);
                    }
                    Ok(())
                }
                () = at(due), if may_send && due.is_some() => self.tell().await,
                rpc = next(&mut self.input), if may_send && self.input.is_some() => match rpc {
                    Some(rpc) => self.request(rpc).await,
                    None => {
                        self.input = None;
                        // Raft believes this told already and may not say it again.
                        if due.is_some() { self.tell().await } else { Ok(()) }
                    }
                },
                else => return None,
            };
            if let Err(error) = sent {
                self.failed = true;
                return Some(Err(error));
            }
        }
    }

    /// Handles a request of Raft's.
    async fn request(&mut self, mut rpc: AppendEntriesRequest<TypeConfig>) -> Rpc<()> {
        let now = Instant::now();
        let (_, last) = range(&rpc);
        match &mut self.begun {
            None => {
                let told = Told::first(rpc.leader_commit, now);
                self.begun = Some(Begun { vote: rpc.vote, last, told });
            }
            Some(begun) => {
                let says_more = !rpc.entries.is_empty() || rpc.prev_log_id != begun.last;
                let prompt = (self.way.prompt)();
                match begun.told.next(rpc.leader_commit, says_more, prompt, now) {
                    Step::Send(commit) => rpc.leader_commit = commit,
                    Step::Later => return Ok(()),
                }
                begun.last = last;
            }
        }
        self.send(Asker::Raft, rpc).await
    }

    /// Tells what was kept back.
    async fn tell(&mut self) -> Rpc<()> {
        let Some(begun) = &mut self.begun else {
            return Ok(());
        };
        let rpc = AppendEntriesRequest {
            vote: begun.vote,
            prev_log_id: begun.last,
            leader_commit: begun.told.tell(Instant::now()),
            entries: Vec::new(),
        };
        self.send(Asker::Own, rpc).await
    }

    async fn send(&mut self, asker: Asker, rpc: AppendEntriesRequest<TypeConfig>) -> Rpc<()> {
        let range = range(&rpc);
        let stream = self.way.stream;
        self.way.context.announced.note(rpc.leader_commit);
        let fill = |out: &mut Vec<u8>| {
            out.extend_from_slice(&stream.to_be_bytes());
            message::encode_append(&rpc, out).map_err(io::Error::from)
        };
        let connection = self.way.connection.clone();
        let answer = connection.start(request::APPEND_STREAM, fill).await.map_err(rpc_error)?;
        self.inflight.push_back(Box::pin(async move {
            let answer = async {
                let body = connection.finish(answer).await.map_err(rpc_error)?;
                let answer: AppendAnswer =
                    message::decode("answer to an append", &body).map_err(encoding)?;
                stream_result(answer.into(), range)
            };
            (asker, answer.await)
        }));
        Ok(())
    }
}

async fn next<S: Stream + Unpin>(input: &mut Option<S>) -> Option<S::Item> {
    match input {
        Some(input) => input.next().await,
        None => pending().await,
    }
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time.into()).await,
        None => pending().await,
    }
}

/// A stream that fails at its first answer. Openraft's pause between attempts is where it makes the
/// next request, so one is taken first: after an error from opening the stream it would try again
/// at once, thousands of times a second.
pub(super) fn failing<S>(
    mut input: S,
    error: RPCError<TypeConfig>,
) -> impl Stream<Item = Rpc<StreamAppendResult<TypeConfig>>> + Send
where
    S: Stream<Item = AppendEntriesRequest<TypeConfig>> + Send + Unpin,
{
    futures::stream::once(async move {
        input.next().await;
        Err(error)
    })
}
