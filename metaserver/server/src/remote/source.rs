//! The leader's replica as the upload sees it.

use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

use bytes::Bytes;
use metafs_consensus::{Node, SnapshotRows};
use metafs_namespace::recovery::{self, Uploaded};
use metafs_namespace::{Op, Rows, RowsError, View};
use metafs_replication::{Reach, ReplicaError, Report, Snapshot, Source, Totals};
use tokio::sync::watch;

use super::totals;
use crate::service::Shared;

/// See the module.
pub(super) struct Replica {
    pub(super) shared: Arc<Shared>,
    pub(super) node: Arc<Node>,
}

pub(super) fn unreadable(error: RowsError) -> ReplicaError {
    ReplicaError(error.to_string())
}

impl Replica {
    /// Takes an operation through Raft.
    pub(super) async fn propose(&self, op: Op) -> Result<(), ReplicaError> {
        let applied = self.shared.propose(op).await.map_err(|e| ReplicaError(e.to_string()))?;
        applied.reply.map(drop).map_err(|refused| ReplicaError(refused.message))
    }
}

impl Source for Replica {
    fn applied(&self) -> watch::Receiver<u64> {
        self.node.applied()
    }

    async fn snapshot<T, F>(&self, read: F) -> Result<T, ReplicaError>
    where
        T: Send + 'static,
        F: FnOnce(&dyn Snapshot) -> T + Send + 'static,
    {
        let node = self.node.clone();
        let reading = tokio::task::spawn_blocking(move || {
            node.with_snapshot(|rows| {
                let view = View::new(rows).map_err(unreadable)?;
                Ok(read(&Copied { rows, view }))
            })
        });
        reading.await.map_err(|e| ReplicaError(e.to_string()))?
    }

    fn reported(&self) -> Report {
        let read = self.node.view(|view| recovery::read_uploaded(view.rows()));
        match read.and_then(|row| row) {
            Ok(Uploaded { epoch, index }) => Report { epoch, index },
            Err(error) => {
                // The node stops for the same reason; meanwhile nothing is known to be uploaded.
                tracing::error!(%error, "cannot read what was uploaded");
                Report::default()
            }
        }
    }

    async fn report(&self, Report { epoch, index }: Report) -> Result<(), ReplicaError> {
        self.propose(Op::Uploaded(Uploaded { epoch, index })).await
    }
}

/// One moment of the replica.
struct Copied<'a> {
    rows: &'a SnapshotRows<'a>,
    view: View<'a, SnapshotRows<'a>>,
}

impl Snapshot for Copied<'_> {
    fn applied(&self) -> u64 {
        self.rows.applied()
    }

    fn time_ms(&self) -> i64 {
        self.view.time_ms()
    }

    fn totals(&self) -> Result<Totals, ReplicaError> {
        let totals = self.view.copy_totals(self.rows.applied()).map_err(unreadable)?;
        totals::to_copy(totals)
    }

    fn estimated_rows(&self) -> u64 {
        // An entry and an inode each; contents and xattrs are not counted anywhere.
        self.view.totals().map_or(0, |totals| (totals.directories + totals.files) * 2)
    }

    fn touched(
        &self,
        after: u64,
        visit: &mut dyn FnMut(u64, &[u8]) -> ControlFlow<()>,
    ) -> Result<Reach, ReplicaError> {
        match self.rows.visit_changed(after, visit).map_err(unreadable)? {
            true => Ok(Reach::Whole),
            false => Ok(Reach::Gone),
        }
    }

    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, ReplicaError> {
        self.rows.get(key).map_err(unreadable)
    }

    fn scan(
        &self,
        after: Option<&[u8]>,
        visit: &mut dyn FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), ReplicaError> {
        let first = after.and_then(|key| key.first().copied()).unwrap_or_default();
        for tag in recovery::COPIED.into_iter().filter(|tag| *tag >= first) {
            let from = match after {
                Some(key) if tag == first => Bound::Excluded(key),
                _ => Bound::Unbounded,
            };
            let mut stopped = false;
            let mut until = |key: &[u8], value: &[u8]| {
                let flow = visit(key, value);
                stopped = flow.is_break();
                flow
            };
            self.rows.scan(&[tag], from, &mut until).map_err(unreadable)?;
            if stopped {
                break;
            }
        }
        Ok(())
    }
}
