//! One call on its way through its handler: who asks, what it has seen, and what the audit log is
//! going to say of it.

use std::sync::Arc;

use metafs_door::{Backend, Committed, Freshness};
use metafs_namespace::{CallId, Caller, Failure, FsError, Mutation, Reply, Settings};
use prost::Message;

use crate::connection::Peer;
use crate::proto::rpc::RpcRequestHeaderProto;
use crate::refusal::Refusal;
use crate::serve::Door;
use crate::wire::WireError;

/// An answer's message, encoded; empty for those without fields.
pub(crate) type Body = Vec<u8>;

/// What a handler gives.
pub(crate) type Answered = Result<Body, Refusal>;

/// See the module.
pub(crate) struct Call<'a, B> {
    pub(crate) door: &'a Door<B>,
    pub(crate) peer: &'a Peer,
    pub(crate) header: &'a RpcRequestHeaderProto,
    /// What the audit log shows besides the user and the method.
    pub(crate) audit: Audited,
}

/// What the audit log shows; filled in while the call is handled.
#[derive(Debug, Default)]
pub(crate) struct Audited {
    /// The path; `None`: nothing was decoded yet.
    pub(crate) src: Option<String>,
    /// The second path.
    pub(crate) dst: Option<String>,
    /// Options behind the method's name.
    pub(crate) options: Option<&'static str>,
    /// Whose owner, group and permission are shown.
    pub(crate) status_of: Option<String>,
    /// Answered, but with "no".
    pub(crate) denied: bool,
}

/// Decodes a request.
pub(crate) fn decode<M: Message + Default>(request: &[u8]) -> Result<M, Refusal> {
    M::decode(request).map_err(|error| Refusal::parameters(&WireError::Decode(error)))
}

/// Encodes an answer.
pub(crate) fn encode(answer: &impl Message) -> Answered {
    Ok(answer.encode_to_vec())
}

impl<B: Backend> Call<'_, B> {
    /// The backend.
    pub(crate) fn backend(&self) -> &B {
        &self.door.backend
    }

    /// The settings in force.
    pub(crate) fn settings(&self) -> Result<Arc<Settings>, FsError> {
        self.backend().settings()
    }

    /// Who asks, with groups and privilege.
    pub(crate) fn caller(&self) -> Result<Caller, FsError> {
        Ok(self.settings()?.caller(&self.peer.user))
    }

    /// Notes the path for the audit log.
    pub(crate) fn about(&mut self, path: &str) {
        self.audit.src = Some(path.to_owned());
    }

    /// A coordinated read: at least as fresh as the client has seen.
    pub(crate) async fn read<T, F>(&self, f: F) -> Result<T, Refusal>
    where
        T: Send,
        F: for<'v> FnOnce(&Committed<'v>, &Caller) -> Result<T, Failure> + Send,
    {
        let caller = self.caller()?;
        let freshness = Freshness::AtLeast(self.header.state_id);
        Ok(self.backend().query(freshness, |view| f(view, &caller)).await?)
    }

    /// A read that only the active server answers.
    pub(crate) async fn read_active<T, F>(&self, f: F) -> Result<T, Refusal>
    where
        T: Send,
        F: for<'v> FnOnce(&Committed<'v>, &Caller) -> Result<T, Failure> + Send,
    {
        let caller = self.caller()?;
        Ok(self.backend().query(Freshness::Linearizable, |view| f(view, &caller)).await?)
    }

    /// A mutation that may be repeated.
    pub(crate) async fn write(&self, mutation: Mutation) -> Result<Reply, Refusal> {
        Ok(self.backend().mutate(self.caller()?, mutation, None).await?)
    }

    /// A mutation that happens at most once, however often the client sends the call.
    pub(crate) async fn write_once(&self, mutation: Mutation) -> Result<Reply, Refusal> {
        Ok(self.backend().mutate(self.caller()?, mutation, self.id()).await?)
    }

    /// The call's identity; `None` for a client that does not tell one of 16 bytes
    /// (`RetryCache.skipRetryCache`).
    fn id(&self) -> Option<CallId> {
        let client = self.header.client_id.as_ref().try_into().ok()?;
        Some(CallId { client, call: self.header.call_id })
    }
}
