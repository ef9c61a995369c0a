//! Openraft's view of the network: one [`PeerClient`] for each use it makes of a member, over
//! links that they share (replication has its own, so that heartbeats and votes never wait behind
//! a megabyte of entries). [`Peers`] keeps those, for the node's own questions too.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{BoxStream, FuturesOrdered};
use futures::{Stream, StreamExt};
use openraft::RaftNetworkFactory;
use openraft::error::{NetworkError, RPCError, ReplicationClosed, StreamingError, Unreachable};
use openraft::network::{Backoff, RPCOption, RaftNetworkV2};
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse, StreamAppendResult,
    TransferLeaderRequest, TransferLeaderResponse, VoteRequest, VoteResponse,
};
use parking_lot::Mutex;

use super::Context;
use super::connection::{CallError, Connection, Link};
use super::message::{self, AppendAnswer, TransferMessage, VoteAnswer, VoteMessage, request};
use crate::codec::VoteCode;
use crate::snapshot;
use crate::state::machine::{NodeSnapshot, SnapshotData};
use crate::types::{LogId, Peer, TypeConfig, Vote};

/// Append requests of one stream without an answer yet.
const PIPELINE: usize = 32;

/// The links to the other members, shared by all who talk to them.
pub struct Peers {
    context: Arc<Context>,
    links: Mutex<HashMap<u64, Arc<Links>>>,
}

struct Links {
    addr: String,
    replication: Link,
    control: Link,
    streams: AtomicU64,
}

impl Peers {
    /// Of this node.
    pub fn new(context: Arc<Context>) -> Arc<Self> {
        Arc::new(Self { context, links: Mutex::default() })
    }

    fn links(&self, target: u64, peer: &Peer) -> Arc<Links> {
        let mut links = self.links.lock();
        let known = links.entry(target).or_insert_with(|| self.make(target, peer));
        if known.addr != peer.raft {
            *known = self.make(target, peer);
        }
        known.clone()
    }

    fn make(&self, target: u64, peer: &Peer) -> Arc<Links> {
        let link = || Link::new(self.context.clone(), target, peer.raft.clone());
        Arc::new(Links {
            addr: peer.raft.clone(),
            replication: link(),
            control: link(),
            streams: AtomicU64::new(1),
        })
    }

    /// Asks a member for its vote ([`request::ASK_VOTE`]). Fails at once without a connection that
    /// heartbeats have made.
    pub async fn vote_of(&self, target: u64) -> Result<Option<Vote>, CallError> {
        let links = self.links.lock().get(&target).cloned();
        let connection = links.and_then(|links| links.control.live()).ok_or(CallError::Broken)?;
        let answer = connection.start(request::ASK_VOTE, |_| Ok(())).await?;
        let body = connection.finish(answer).await?;
        let vote: Option<VoteCode> =
            message::decode("vote that was asked for", &body).map_err(io::Error::from)?;
        Ok(vote.map(Vote::from))
    }
}

/// Makes clients.
pub struct NetworkFactory {
    peers: Arc<Peers>,
}

impl NetworkFactory {
    /// Over these links.
    pub fn new(peers: Arc<Peers>) -> Self {
        Self { peers }
    }

    fn client(&self, target: u64, peer: &Peer, heartbeats: bool) -> PeerClient {
        let (context, links) = (self.peers.context.clone(), self.peers.links(target, peer));
        PeerClient { context, target, links, heartbeats }
    }
}

impl RaftNetworkFactory<TypeConfig> for NetworkFactory {
    type Network = PeerClient;

    async fn new_client(&mut self, target: u64, node: &Peer) -> PeerClient {
        self.client(target, node, false)
    }

    async fn new_heartbeat_client(&mut self, target: u64, node: &Peer) -> PeerClient {
        self.client(target, node, true)
    }
}

/// Talks to one member.
pub struct PeerClient {
    context: Arc<Context>,
    target: u64,
    links: Arc<Links>,
    heartbeats: bool,
}

type Rpc<T> = Result<T, RPCError<TypeConfig>>;

fn rpc_error(error: CallError) -> RPCError<TypeConfig> {
    match &error {
        CallError::Connect { .. } => RPCError::Unreachable(Unreachable::new(&error)),
        _ => RPCError::Network(NetworkError::new(&error)),
    }
}

fn encoding(error: impl std::error::Error + 'static) -> RPCError<TypeConfig> {
    RPCError::Network(NetworkError::new(&error))
}

impl PeerClient {
    async fn vote_like(
        &self,
        kind: u8,
        rpc: VoteRequest<TypeConfig>,
    ) -> Rpc<VoteResponse<TypeConfig>> {
        let body = message::encode("vote", &VoteMessage::from(&rpc)).map_err(encoding)?;
        let answer = self.links.control.call(kind, &body).await;
        let answer: VoteAnswer =
            message::decode("answer to a vote", &answer.map_err(rpc_error)?).map_err(encoding)?;
        Ok(answer.into())
    }

    async fn single_append(
        &self,
        rpc: AppendEntriesRequest<TypeConfig>,
    ) -> Rpc<AppendEntriesResponse<TypeConfig>> {
        let mut body = Vec::with_capacity(128);
        message::encode_append(&rpc, &mut body).map_err(encoding)?;
        self.context.announced.note(rpc.leader_commit);
        let call = self.links.control.call(request::APPEND, &body);
        let answer: AppendAnswer =
            message::decode("answer to an append", &call.await.map_err(rpc_error)?)
                .map_err(encoding)?;
        Ok(answer.into())
    }
}

/// Where a request's entries begin and end.
type Range = (Option<LogId>, Option<LogId>);

fn range(rpc: &AppendEntriesRequest<TypeConfig>) -> Range {
    let last = rpc.entries.last().map(|e| e.log_id).or(rpc.prev_log_id);
    (rpc.prev_log_id, last)
}

fn stream_result(
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

/// A stream of appends being sent over one connection.
struct Appending<S> {
    context: Arc<Context>,
    input: Option<S>,
    inflight: FuturesOrdered<BoxFuture<'static, Rpc<StreamAppendResult<TypeConfig>>>>,
    connection: Arc<Connection>,
    stream: u64,
    failed: bool,
}

impl<S> Appending<S> {
    async fn send(&mut self, rpc: AppendEntriesRequest<TypeConfig>) -> Rpc<()> {
        let range = range(&rpc);
        let stream = self.stream;
        self.context.announced.note(rpc.leader_commit);
        let fill = |out: &mut Vec<u8>| {
            out.extend_from_slice(&stream.to_be_bytes());
            message::encode_append(&rpc, out).map_err(io::Error::from)
        };
        let answer =
            self.connection.start(request::APPEND_STREAM, fill).await.map_err(rpc_error)?;
        let connection = self.connection.clone();
        self.inflight.push_back(Box::pin(async move {
            let body = connection.finish(answer).await.map_err(rpc_error)?;
            let answer: AppendAnswer =
                message::decode("answer to an append", &body).map_err(encoding)?;
            stream_result(answer.into(), range)
        }));
        Ok(())
    }
}

impl RaftNetworkV2<TypeConfig> for PeerClient {
    type SnapshotData = SnapshotData;

    async fn append_entries(
        &mut self,
        rpc: AppendEntriesRequest<TypeConfig>,
        _option: RPCOption,
    ) -> Rpc<AppendEntriesResponse<TypeConfig>> {
        self.single_append(rpc).await
    }

    /// Pipelined: up to [`PIPELINE`] requests go out before the first answer is back. Everything
    /// happens as the returned stream is polled, so that dropping it lets go of `input` at once.
    fn stream_append<'s, S>(
        &'s mut self,
        input: S,
        _option: RPCOption,
    ) -> BoxFuture<'s, Rpc<BoxStream<'s, Rpc<StreamAppendResult<TypeConfig>>>>>
    where
        S: Stream<Item = AppendEntriesRequest<TypeConfig>> + Send + Unpin + 'static,
    {
        Box::pin(async move {
            if self.heartbeats {
                let this = &*self;
                let answers = input.then(move |rpc| async move {
                    let range = range(&rpc);
                    stream_result(this.single_append(rpc).await?, range)
                });
                return Ok(answers.boxed());
            }
            let connection = match self.links.replication.connection().await {
                Ok(connection) => connection,
                Err(error) => return Ok(failing(input, rpc_error(error)).boxed()),
            };
            let state = Appending {
                context: self.context.clone(),
                input: Some(input),
                inflight: FuturesOrdered::new(),
                connection,
                stream: self.links.streams.fetch_add(1, Ordering::Relaxed),
                failed: false,
            };
            Ok(futures::stream::unfold(state, next_answer).boxed())
        })
    }

    async fn vote(
        &mut self,
        rpc: VoteRequest<TypeConfig>,
        _option: RPCOption,
    ) -> Rpc<VoteResponse<TypeConfig>> {
        self.vote_like(request::VOTE, rpc).await
    }

    async fn pre_vote(
        &mut self,
        rpc: VoteRequest<TypeConfig>,
        _option: RPCOption,
    ) -> Rpc<VoteResponse<TypeConfig>> {
        self.vote_like(request::PRE_VOTE, rpc).await
    }

    async fn full_snapshot(
        &mut self,
        vote: Vote,
        snapshot: NodeSnapshot,
        cancel: impl Future<Output = ReplicationClosed> + Send + 'static,
        _option: RPCOption,
    ) -> Result<SnapshotResponse<TypeConfig>, StreamingError<TypeConfig>> {
        let send = snapshot::send::send(
            &self.context,
            self.target,
            self.links.control.addr(),
            vote,
            snapshot,
        );
        tokio::select! {
            closed = cancel => Err(StreamingError::Closed(closed)),
            sent = send => sent,
        }
    }

    async fn transfer_leader(
        &mut self,
        rpc: TransferLeaderRequest<TypeConfig>,
        _option: RPCOption,
    ) -> Rpc<TransferLeaderResponse<TypeConfig>> {
        let body = message::encode("transfer", &TransferMessage::from(&rpc)).map_err(encoding)?;
        let call = self.links.control.call(request::TRANSFER, &body);
        call.await.map_err(rpc_error)?;
        Ok(Ok(()))
    }

    fn backoff(&self) -> Option<Backoff> {
        let longest = Duration::from_millis(500);
        let pauses = std::iter::successors(Some(Duration::from_millis(20)), move |pause| {
            Some((*pause * 2).min(longest))
        });
        Some(Backoff::new(pauses))
    }
}

/// A stream that fails at its first answer. Openraft's pause between attempts is where it makes the
/// next request, so one is taken first: after an error from opening the stream it would try again
/// at once, thousands of times a second.
fn failing<S>(
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

async fn next_answer<S>(
    mut state: Appending<S>,
) -> Option<(Rpc<StreamAppendResult<TypeConfig>>, Appending<S>)>
where
    S: Stream<Item = AppendEntriesRequest<TypeConfig>> + Send + Unpin,
{
    if state.failed {
        return None;
    }
    loop {
        let may_send = state.inflight.len() < PIPELINE;
        let sending = match &mut state.input {
            Some(input) if may_send => Some(input.next()),
            _ => None,
        };
        let answer = match (sending, state.inflight.is_empty()) {
            (None, true) => return None,
            (None, false) => state.inflight.next().await,
            (Some(next), true) => match next.await {
                Some(rpc) => send(&mut state, rpc).await,
                None => {
                    state.input = None;
                    None
                }
            },
            (Some(next), false) => tokio::select! {
                biased;
                answer = state.inflight.next() => answer,
                rpc = next => match rpc {
                    Some(rpc) => send(&mut state, rpc).await,
                    None => {
                        state.input = None;
                        None
                    }
                },
            },
        };
        if let Some(answer) = answer {
            state.failed = !matches!(answer, Ok(Ok(_)));
            return Some((answer, state));
        }
    }
}

/// Sends one request; a failure to do so is the stream's last answer.
async fn send<S>(
    state: &mut Appending<S>,
    rpc: AppendEntriesRequest<TypeConfig>,
) -> Option<Rpc<StreamAppendResult<TypeConfig>>> {
    state.send(rpc).await.err().map(Err)
}
