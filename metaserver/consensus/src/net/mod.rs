//! The protocol between members, on one TCP port (8030 by default): a handshake that proves the
//! cluster's key both ways and agrees on version and identity, then length-prefixed frames with
//! many requests in flight. Only [`crate::node`] and openraft call into it.
//!
//! What goes over the connection after the handshake is not encrypted: the key keeps strangers
//! out, it does not hide the traffic from who can read the network.

mod appending;
pub mod client;
mod commits;
pub mod connection;
pub mod frame;
pub mod handshake;
pub mod key;
pub mod message;
pub mod server;
#[cfg(test)]
pub(crate) mod testing;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::identity::Identity;
use crate::metrics::ConsensusMetrics;
use crate::types::LogId;
use key::KeyFile;

/// Version of the protocol; a connection needs the same one on both ends.
pub const PROTOCOL: u32 = 2;

/// What all connections of a node share.
pub struct Context {
    /// Who this is.
    pub identity: Arc<Identity>,
    /// The cluster's key.
    pub key: Arc<KeyFile>,
    /// After this long without the answer to a request its connection is given up.
    pub patience: Duration,
    /// Counters.
    pub metrics: ConsensusMetrics,
    /// Snapshots under way.
    pub transfers: Transfers,
    /// When a leader was last heard from.
    pub heard: Heard,
    /// What others may have applied.
    pub announced: Announced,
}

/// The highest log index that this node, leading, told others to be committed: none of them has
/// applied more, as far as it comes from this leader.
#[derive(Debug, Default)]
pub struct Announced(AtomicU64);

impl Announced {
    /// To be called before it is told.
    pub fn note(&self, committed: Option<LogId>) {
        if let Some(LogId { index, .. }) = committed {
            self.0.fetch_max(index, Ordering::AcqRel);
        }
    }

    /// The index; 0: nothing was told.
    pub fn index(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

/// The moment at which a leader's message was last accepted; at first, that of its making.
#[derive(Debug)]
pub struct Heard {
    base: Instant,
    millis: AtomicU64,
}

impl Default for Heard {
    fn default() -> Self {
        Self { base: Instant::now(), millis: AtomicU64::new(0) }
    }
}

impl Heard {
    /// A leader was heard from just now.
    pub fn note(&self) {
        let millis = u64::try_from(self.base.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.millis.store(millis, Ordering::Relaxed);
    }

    /// For how long none was.
    pub fn silence(&self) -> Duration {
        let heard = Duration::from_millis(self.millis.load(Ordering::Relaxed));
        self.base.elapsed().saturating_sub(heard)
    }
}

/// How far a snapshot has got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transfer {
    /// Bytes sent or received.
    pub bytes_done: u64,
    /// Bytes of the whole snapshot; 0 while the checkpoint is being made.
    pub bytes_total: u64,
    /// The log index that must be kept for what follows the snapshot.
    pub index: u64,
}

/// The snapshots under way.
#[derive(Default)]
pub struct Transfers {
    sending: Mutex<BTreeMap<u64, Transfer>>,
    receiving: Mutex<Option<Transfer>>,
}

impl Transfers {
    /// Those being sent, by the receiver's node id.
    pub fn sending(&self) -> BTreeMap<u64, Transfer> {
        self.sending.lock().clone()
    }

    /// The one being received.
    pub fn receiving(&self) -> Option<Transfer> {
        *self.receiving.lock()
    }

    /// Notes the state of one being sent; `None`: it ended.
    pub fn set_sending(&self, to: u64, transfer: Option<Transfer>) {
        let mut sending = self.sending.lock();
        match transfer {
            Some(transfer) => sending.insert(to, transfer),
            None => sending.remove(&to),
        };
    }

    /// Notes the state of the one being received; `None`: it ended.
    pub fn set_receiving(&self, transfer: Option<Transfer>) {
        *self.receiving.lock() = transfer;
    }
}
