//! The types Raft is instantiated with.

use std::fmt;

use bytes::Bytes;
use metafs_namespace::{Command, FsError, Reply};
use openraft::alias;
use serde::{Deserialize, Serialize};

use crate::codec::{self, CodecError};

/// Where a member is reached. Addresses are `host:port`; names are resolved at each connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// Its name for people (the pod's).
    pub name: String,
    /// Raft.
    pub raft: String,
    /// Admin API.
    pub admin: String,
    /// WebHDFS.
    pub web: String,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.raft)
    }
}

/// An encoded [`Command`]. It is encoded once by the leader that takes it and decoded once by
/// each replica that applies it; on the way (log, network) it is only passed on.
#[derive(Clone, PartialEq, Eq)]
pub struct CommandBytes(pub Bytes);

impl CommandBytes {
    /// Encodes a command.
    pub fn encode(command: &Command) -> Result<Self, CodecError> {
        codec::encode_command(command).map(|bytes| Self(bytes.into()))
    }

    /// Decodes it.
    pub fn decode(&self) -> Result<Command, CodecError> {
        codec::decode_command(&self.0)
    }
}

impl fmt::Debug for CommandBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "command of {} bytes", self.0.len())
    }
}

impl fmt::Display for CommandBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// What applying an entry gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The namespace's answer to a command.
    Command(Result<Reply, FsError>),
    /// Raft's own entry: a new leader's blank one or a membership.
    Internal,
}

openraft::declare_raft_types!(
    /// The type configuration of this crate's Raft.
    pub TypeConfig:
        D = CommandBytes,
        R = Outcome,
        NodeId = u64,
        Node = Peer,
);

/// A position in the log: index, and the leader that wrote it.
pub type LogId = alias::LogIdOf<TypeConfig>;
/// A vote: term, candidate, whether a quorum granted it.
pub type Vote = alias::VoteOf<TypeConfig>;
/// A log entry.
pub type Entry = alias::EntryOf<TypeConfig>;
/// A membership with the position of its entry.
pub type StoredMembership = alias::StoredMembershipOf<TypeConfig>;
/// Voters (one set, or two while changing) and all members' addresses.
pub type Membership = openraft::Membership<u64, Peer>;
/// What a snapshot holds.
pub type SnapshotMeta = alias::SnapshotMetaOf<TypeConfig>;
/// Raft itself.
pub type Raft = openraft::Raft<TypeConfig, crate::state::machine::StateMachine>;
