//! StartLocalTransaction, CommitTransaction, AbortTransaction.

use metafs_tablestore::proto;

use super::Service;
use super::dispatch::Done;
use super::sessions::check_id;
use crate::engine::cells::Cells;
use crate::engine::names::check_table;
use crate::engine::schema::{KeyUse, check_shape};
use crate::error::{OtsError, Result};

impl Service {
    pub(super) fn start_transaction(
        &self,
        instance: &str,
        request: &proto::StartLocalTransactionRequest,
    ) -> Result<Done> {
        check_table(&request.table_name)?;
        let cells = Cells::read(&request.key)?;
        check_shape(&cells.key, KeyUse::Read)?;
        let [first] = cells.key.as_slice() else {
            return Err(OtsError::parameter("StartLocalTransaction support only one primary key."));
        };
        let open = self.catalog.get(instance, &request.table_name)?;
        if !open.table.transactions {
            return Err(OtsError::parameter(
                "Try to call method using explicit transaction on \
                 explicit-transaction-disabled table.",
            ));
        }
        open.table.check_partition(first)?;
        let partition = open.table.partition_key(&cells.key)?;
        let name = first.value.map(|value| value.display()).unwrap_or_default();
        let held = self.locks.hold(std::iter::once(partition.as_slice()));
        let transaction_id = self.sessions.start(instance, partition.clone(), name, self.now())?;
        drop(held);
        Ok(Done::of(&proto::StartLocalTransactionResponse { transaction_id }))
    }

    pub(super) fn commit_transaction(
        &self,
        instance: &str,
        request: &proto::CommitTransactionRequest,
    ) -> Result<Done> {
        let id = check_id(&request.transaction_id)?;
        let mut session = self.sessions.take(instance, id, self.now())?;
        let changes: Vec<_> = std::mem::take(&mut session.overlay).into_iter().collect();
        let rows = changes.len();
        let held = self.locks.hold(std::iter::once(session.partition.as_slice()));
        let written = if changes.is_empty() { None } else { Some(self.store.write(changes)) };
        self.sessions.end(id, &session);
        drop(held);
        if let Some(written) = written {
            self.store.settle(written?)?;
        }
        Ok(Done::rows(&proto::CommitTransactionResponse {}, 0, rows))
    }

    pub(super) fn abort_transaction(
        &self,
        instance: &str,
        request: &proto::AbortTransactionRequest,
    ) -> Result<Done> {
        let id = check_id(&request.transaction_id)?;
        let session = self.sessions.take(instance, id, self.now())?;
        let held = self.locks.hold(std::iter::once(session.partition.as_slice()));
        self.sessions.end(id, &session);
        drop(held);
        // The official Node.js SDK reads the answer as if it were the request; to the others the field
        // is unknown.
        Ok(Done::of(request))
    }
}
