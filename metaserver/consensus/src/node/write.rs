//! Proposing commands, and the answers when that fails.

use std::time::Duration;

use metafs_namespace::{Command, ErrorKind, FsError, Reply};
use openraft::error::{ClientWriteError, ForwardReason, ForwardToLeader};
use openraft::impls::ProgressResponder;
use openraft::raft::ClientWriteResult;
use tokio::sync::mpsc;

use super::Node;
use super::gather::gather;
use crate::types::{CommandBytes, Outcome, Peer, Raft, TypeConfig};

/// Bytes of one encoded command at most. A message with it must fit a frame.
const MAX_COMMAND: usize = 16 << 20;

/// Bytes of commands on their way at most; more have to wait. Counted in units of
/// [`IN_FLIGHT_UNIT`].
pub(super) const IN_FLIGHT: usize = 64 << 10;
const IN_FLIGHT_UNIT: usize = 1 << 10;

/// An applied command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Its log index.
    pub index: u64,
    /// The namespace's answer.
    pub reply: Result<Reply, FsError>,
}

/// Why a command was not applied, or a read not allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProposeError {
    /// Another member leads, or none is known to.
    #[error("not the leader{}", leader.as_ref().map(|(_, p)| format!("; that is {p}")).unwrap_or_default())]
    NotLeader {
        /// The leader, if one is known.
        leader: Option<(u64, Peer)>,
    },
    /// Not done: nobody can do it just now; try again.
    #[error("{0}")]
    Retriable(String),
    /// It may or may not have been done, or may still be.
    #[error("{0}")]
    OutcomeUnknown(String),
    /// This server has stopped serving.
    #[error("this server has stopped serving: {0}")]
    Stopped(String),
}

pub(super) fn leader_of(forward: ForwardToLeader<TypeConfig>) -> Option<(u64, Peer)> {
    forward.leader_id.zip(forward.leader_node)
}

pub(super) fn forward(own: u64, forward: ForwardToLeader<TypeConfig>) -> ProposeError {
    match forward.reason {
        ForwardReason::NotLeader if forward.leader_id != Some(own) => {
            ProposeError::NotLeader { leader: leader_of(forward) }
        }
        ForwardReason::LeadershipTransfer => {
            ProposeError::Retriable("the leadership is being handed over".into())
        }
        ForwardReason::LeaseExpired | ForwardReason::NotLeader => {
            ProposeError::Retriable("this leader cannot reach a quorum of the members".into())
        }
    }
}

/// A command, and who hears what became of it.
pub(super) type Proposal =
    (CommandBytes, ProgressResponder<TypeConfig, ClientWriteResult<TypeConfig>>);

/// Hands commands to Raft, all together that have arrived, so that they share its steps: one write to the log,
/// one request to each follower. Ends with the queue's senders or with Raft, which drops the responders.
pub(super) async fn run(raft: Raft, mut queue: mpsc::UnboundedReceiver<Proposal>) {
    let mut taken = Vec::new();
    while gather(&mut queue, &mut taken).await {
        for (command, responder) in taken.drain(..) {
            if raft.client_write_ff(command, Some(responder)).await.is_err() {
                return;
            }
        }
    }
}

impl Node {
    /// Replicates and applies a command. Many may be in flight; they share the log's syncs.
    pub async fn propose(&self, command: Command) -> Result<Applied, ProposeError> {
        self.ensure_serving()?;
        let bytes = match CommandBytes::encode(&command) {
            Ok(bytes) if bytes.0.len() <= MAX_COMMAND => bytes,
            Ok(bytes) => {
                let length = bytes.0.len();
                return Ok(self.refuse(format!(
                    "An operation of {length} bytes is too large; the limit is {MAX_COMMAND} bytes"
                )));
            }
            Err(e) => return Ok(self.refuse(format!("The operation cannot be encoded: {e}"))),
        };
        drop(command);
        let units = (bytes.0.len() / IN_FLIGHT_UNIT + 1) as u32;
        let stopped = || {
            let reason = self.fatal_reason();
            ProposeError::Stopped(reason.unwrap_or_else(|| "shutting down".into()))
        };
        let _room = self.in_flight.acquire_many(units).await.map_err(|_| stopped())?;
        let (responder, written) = ProgressResponder::complete_only();
        self.proposals.send((bytes, responder)).map_err(|_| stopped())?;
        match tokio::time::timeout(self.write_timeout(), written).await {
            Ok(Ok(Ok(response))) => match response.data {
                Outcome::Command(reply) => Ok(Applied { index: response.log_id.index, reply }),
                Outcome::Internal => {
                    Err(ProposeError::OutcomeUnknown("a command was applied as none".into()))
                }
            },
            Ok(Ok(Err(error))) => Err(self.write_error(error)),
            Ok(Err(_)) => Err(stopped()),
            Err(_) => Err(ProposeError::OutcomeUnknown(format!(
                "not committed within {:?}: too few members answer",
                self.write_timeout()
            ))),
        }
    }

    /// A command that cannot even be proposed is answered like one that the namespace refuses.
    fn refuse(&self, message: String) -> Applied {
        Applied { index: self.applied_index(), reply: Err(FsError::new(ErrorKind::Io, message)) }
    }

    /// Long enough for an election to decide what becomes of the entry.
    fn write_timeout(&self) -> Duration {
        self.timings.election_max() * 3 + Duration::from_secs(5)
    }

    fn write_error(&self, error: ClientWriteError<TypeConfig>) -> ProposeError {
        match error {
            ClientWriteError::ForwardToLeader(f) => forward(self.id(), f),
            ClientWriteError::LogEntryDiscarded(_) => {
                ProposeError::OutcomeUnknown("the leader changed meanwhile".into())
            }
            e => ProposeError::Retriable(e.to_string()),
        }
    }

    pub(super) fn ensure_serving(&self) -> Result<(), ProposeError> {
        match self.fatal_reason() {
            Some(reason) => Err(ProposeError::Stopped(reason)),
            None => Ok(()),
        }
    }

    pub(super) fn stopped_because(&self, error: &impl std::error::Error) -> String {
        self.fatal_reason().unwrap_or_else(|| error.to_string())
    }
}
