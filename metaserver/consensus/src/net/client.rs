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
use futures::stream::BoxStream;
use futures::{Stream, StreamExt};
use metafs_namespace::settings::MemberRole;
use openraft::RaftNetworkFactory;
use openraft::error::{ReplicationClosed, StreamingError};
use openraft::network::{Backoff, RPCOption, RaftNetworkV2};
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse, StreamAppendResult,
    TransferLeaderRequest, TransferLeaderResponse, VoteRequest, VoteResponse,
};
use parking_lot::Mutex;

use super::Context;
use super::appending::{Rpc, Way, append, encoding, failing, range, rpc_error, stream_result};
use super::connection::{CallError, Link};
use super::message::{self, AppendAnswer, TransferMessage, VoteAnswer, VoteMessage, request};
use crate::codec::VoteCode;
use crate::snapshot;
use crate::state::StateStore;
use crate::state::machine::{NodeSnapshot, SnapshotData};
use crate::types::{Peer, TypeConfig, Vote};

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
    store: Arc<StateStore>,
}

impl NetworkFactory {
    /// Over these links. The roles of members are in `store`.
    pub fn new(peers: Arc<Peers>, store: Arc<StateStore>) -> Self {
        Self { peers, store }
    }

    fn client(&self, target: u64, peer: &Peer, heartbeats: bool) -> PeerClient {
        let (context, links) = (self.peers.context.clone(), self.peers.links(target, peer));
        let (store, name) = (self.store.clone(), peer.name.clone());
        PeerClient { context, store, target, name, links, heartbeats }
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
    store: Arc<StateStore>,
    target: u64,
    name: String,
    links: Arc<Links>,
    heartbeats: bool,
}

/// Whether the member `name` is to know at once what is committed: clients read there, or nobody
/// knows yet.
fn is_prompt(store: &StateStore, name: &str) -> bool {
    store.settings().is_none_or(|settings| settings.role_of(name) == MemberRole::Observer)
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

impl RaftNetworkV2<TypeConfig> for PeerClient {
    type SnapshotData = SnapshotData;

    async fn append_entries(
        &mut self,
        rpc: AppendEntriesRequest<TypeConfig>,
        _option: RPCOption,
    ) -> Rpc<AppendEntriesResponse<TypeConfig>> {
        self.single_append(rpc).await
    }

    /// Pipelined: see [`super::appending`].
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
            let (store, name) = (self.store.clone(), self.name.clone());
            let way = Way {
                context: self.context.clone(),
                connection,
                stream: self.links.streams.fetch_add(1, Ordering::Relaxed),
                prompt: Box::new(move || is_prompt(&store, &name)),
            };
            Ok(append(way, input))
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
