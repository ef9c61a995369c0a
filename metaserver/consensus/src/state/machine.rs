//! Openraft's state machine over [`StateStore`].
//!
//! How its snapshots fit: "building" one is a flush, after which the log may be purged up to what
//! was flushed. The checkpoint that a follower needs is made only when it is sent
//! ([`crate::snapshot::send`]), so it is at or beyond the position that openraft was told of;
//! openraft then sends the entries between once more and the follower, which has them as
//! committed, skips them.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use futures::{Stream, StreamExt};
use openraft::Snapshot;
use openraft::storage::{EntryResponder, RaftSnapshotBuilder, RaftStateMachine};

use super::StateStore;
use crate::codec::entry_size;
use crate::log::MAX_PAYLOAD;
use crate::metrics::ConsensusMetrics;
use crate::types::{LogId, SnapshotMeta, StoredMembership, TypeConfig};

/// Entries applied as one batch at most: the time for which readers are kept out.
const MAX_BATCH: usize = 256;

/// A snapshot in openraft's hands.
pub enum SnapshotData {
    /// Of this node's own state, to be taken when it is sent.
    Own(Arc<StateStore>),
    /// Received and checked, at this directory.
    Received(PathBuf),
}

/// A snapshot with what it holds.
pub type NodeSnapshot = openraft::alias::SnapshotOf<TypeConfig, SnapshotData>;

/// See the module.
pub struct StateMachine {
    store: Arc<StateStore>,
    metrics: ConsensusMetrics,
}

impl StateMachine {
    /// Over `store`.
    pub fn new(store: Arc<StateStore>, metrics: ConsensusMetrics) -> Self {
        Self { store, metrics }
    }
}

impl RaftStateMachine<TypeConfig> for StateMachine {
    type SnapshotData = SnapshotData;
    type SnapshotBuilder = Flush;

    async fn applied_state(&mut self) -> io::Result<(Option<LogId>, StoredMembership)> {
        let meta = self.store.meta();
        Ok((meta.last_log_id, meta.last_membership))
    }

    async fn apply<Strm>(&mut self, mut stream: Strm) -> io::Result<()>
    where
        Strm: Stream<Item = io::Result<EntryResponder<TypeConfig>>> + Unpin + Send,
    {
        let (mut entries, mut responders, mut bytes) = (Vec::new(), Vec::new(), 0);
        loop {
            let next = stream.next().await.transpose()?;
            let end = next.is_none();
            if let Some((entry, responder)) = next {
                bytes += entry_size(&entry);
                entries.push(entry);
                responders.push(responder);
            }
            if end || entries.len() >= MAX_BATCH || bytes >= MAX_PAYLOAD {
                let outcomes = self.store.apply(&entries)?;
                for (responder, outcome) in responders.drain(..).zip(outcomes) {
                    if let Some(responder) = responder {
                        responder.send(outcome);
                    }
                }
                entries.clear();
                bytes = 0;
                if end {
                    return Ok(());
                }
                tokio::task::yield_now().await;
            }
        }
    }

    async fn get_snapshot_builder(&mut self) -> Flush {
        Flush { store: self.store.clone() }
    }

    async fn install_snapshot(
        &mut self,
        meta: &SnapshotMeta,
        snapshot: SnapshotData,
    ) -> io::Result<()> {
        let SnapshotData::Received(dir) = snapshot else {
            return Err(io::Error::other("a node cannot install its own state"));
        };
        let (store, meta) = (self.store.clone(), meta.clone());
        tokio::task::spawn_blocking(move || store.install(&dir, &meta))
            .await
            .map_err(io::Error::other)??;
        self.metrics.snapshots_received.inc();
        Ok(())
    }

    async fn get_current_snapshot(&mut self) -> io::Result<Option<NodeSnapshot>> {
        let meta = self.store.flushed();
        Ok(meta
            .last_log_id
            .is_some()
            .then(|| Snapshot { meta, snapshot: SnapshotData::Own(self.store.clone()) }))
    }
}

/// "Builds a snapshot": see the module.
pub struct Flush {
    store: Arc<StateStore>,
}

impl RaftSnapshotBuilder<TypeConfig> for Flush {
    type SnapshotData = SnapshotData;

    async fn build_snapshot(&mut self) -> io::Result<NodeSnapshot> {
        let store = self.store.clone();
        let meta = tokio::task::spawn_blocking(move || store.flush())
            .await
            .map_err(io::Error::other)??;
        Ok(Snapshot { meta, snapshot: SnapshotData::Own(self.store.clone()) })
    }
}
