//! Consensus: a Raft group (openraft) whose log and state machine live in two RocksDB instances
//! of one volume, its network, its snapshots, and the [`Node`] that a server runs.
//!
//! The only user is the server crate. The namespace's rules are the `metafs-namespace` crate's:
//! this crate turns committed entries into its commands and keeps the rows it hands back.
//!
//! - [`types`], [`codec`]: what is replicated, and the bytes of it on disk and on the wire.
//! - [`identity`]: who this volume is, and the layout of its directory.
//! - [`log`]: the Raft log; one writer thread, one fsync for all that waits.
//! - [`state`]: the state machine; batches, caches, readers.
//! - [`snapshot`]: checkpoints, streamed file by file.
//! - [`net`]: the protocol between members.
//! - [`node`]: all of it put together.

// So that the tests here can share helpers with those in `tests/`.
#[cfg(test)]
extern crate self as metafs_consensus;

pub mod codec;
pub mod fatal;
pub mod identity;
pub mod log;
pub mod metrics;
pub mod net;
pub mod node;
pub mod snapshot;
pub mod state;
pub mod types;

pub use net::PROTOCOL as PROTOCOL_VERSION;
pub use net::key::{KeyError, KeyFile};
pub use node::{
    Applied, ClusterError, Member, Node, NodeConfig, PeerProgress, ProposeError, Role, RoleState,
    StartError, Status, Timings, TransferProgress,
};
pub use state::rows::{SnapshotRows, StateRows};
pub use types::Peer;
