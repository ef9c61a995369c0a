//! GetRow, PutRow, UpdateRow, DeleteRow.

use metafs_tablestore::proto;
use prost::bytes::Bytes;
use proto::OperationType;

use super::Service;
use super::catalog::OpenTable;
use super::commit::Entry;
use super::dispatch::Done;
use super::sessions::{Session, given};
use super::write::{Applied, RowWrite};
use crate::engine::capacity::units;
use crate::engine::cells::Cells;
use crate::engine::names::{BATCH_WRITE_BYTES, check_table};
use crate::engine::schema::{KeyUse, Table, check_shape, key_size};
use crate::engine::select::{Asked, Projector, Selection};
use crate::error::{OtsError, Result};

/// A row that was read, as it goes into an answer.
#[derive(Debug)]
pub(super) struct Read {
    /// Empty: there is none, or the filter left it out.
    pub row: Bytes,
    /// Units.
    pub units: i32,
}

/// What an operation cost.
pub(super) fn consumed(read: i32, write: i32) -> proto::ConsumedCapacity {
    proto::ConsumedCapacity {
        capacity_unit: proto::CapacityUnit { read: Some(read), write: Some(write) },
        capacity_data_size: None,
    }
}

/// A key of a read, checked as far as it can be without its table.
///
/// # Errors
/// 400.
pub(super) fn read_key(bytes: &[u8]) -> Result<Cells<'_>> {
    let cells = Cells::read(bytes)?;
    if !cells.attributes.is_empty() {
        return Err(OtsError::parameter("Attribute column cannot be given while reading data."));
    }
    if cells.deleted {
        return Err(OtsError::parameter("Delete marker cannot be given."));
    }
    check_shape(&cells.key, KeyUse::Read)?;
    Ok(cells)
}

/// Checks that a read of a transaction stays within its partition key.
///
/// # Errors
/// 400.
pub(super) fn check_within(
    table: &Table,
    session: Option<&Session>,
    key: &Cells<'_>,
) -> Result<()> {
    let Some(session) = session else { return Ok(()) };
    let first = key.key.first().and_then(|cell| cell.value);
    let name = first.map(|value| value.display()).unwrap_or_default();
    session.check(&table.partition_key(&key.key)?, &name)
}

impl Service {
    pub(super) fn get_row(&self, instance: &str, request: &proto::GetRowRequest) -> Result<Done> {
        check_table(&request.table_name)?;
        let key = read_key(&request.primary_key)?;
        let asked = Asked {
            columns: &request.columns_to_get,
            times: request.time_range.as_ref(),
            versions: request.max_versions,
            filter: request.filter.as_ref(),
            start_column: request.start_column.as_deref(),
            end_column: request.end_column.as_deref(),
        };
        let selection = Selection::check(&asked, "No version condition is specified.")?;
        let open = self.catalog.get(instance, &request.table_name)?;
        let transaction = given(request.transaction_id.as_ref())?;
        let read = self.with_session(instance, transaction, |session| {
            self.read_row(&open, &key, &selection, session)
        })?;
        let message = proto::GetRowResponse {
            consumed: consumed(read.units, 0),
            row: read.row,
            next_token: None,
        };
        Ok(Done::rows(&message, 1, 0))
    }

    /// Runs a read, within a transaction when one is given.
    pub(super) fn with_session<T>(
        &self,
        instance: &str,
        transaction: Option<&str>,
        read: impl FnOnce(Option<&Session>) -> Result<T>,
    ) -> Result<T> {
        let Some(id) = transaction else { return read(None) };
        let session = self.sessions.take(instance, id, self.now())?;
        let outcome = read(Some(&session));
        self.sessions.give_back(id, session, self.now());
        outcome
    }

    /// Reads one row.
    pub(super) fn read_row(
        &self,
        open: &OpenTable,
        key: &Cells<'_>,
        selection: &Selection,
        session: Option<&Session>,
    ) -> Result<Read> {
        open.table.check_key(&key.key)?;
        check_within(&open.table, session, key)?;
        let stored_key = open.table.storage_key(&key.key)?;
        let stored = match session.and_then(|session| session.overlay.get(&stored_key)) {
            Some(row) => row.clone(),
            None => self.store.get(&stored_key)?,
        };
        let mut projector = Projector::new(&open.table, selection, self.now());
        let taken = match stored {
            Some(row) => projector.take(&stored_key, &row)?,
            None => None,
        };
        let size = taken.map_or_else(|| key_size(&key.key), |taken| taken.size);
        Ok(Read { row: projector.rows.buffer.into(), units: units(size) })
    }

    pub(super) fn put_row(&self, instance: &str, request: &proto::PutRowRequest) -> Result<Done> {
        let row = RowRequest {
            operation: "PutRow",
            kind: OperationType::Put,
            table: &request.table_name,
            row: &request.row,
            condition: &request.condition,
            returns: request.return_content.as_ref(),
            transaction: given(request.transaction_id.as_ref())?,
        };
        let applied = self.write_row(instance, &row)?;
        let consumed = consumed(applied.read, applied.write);
        Ok(Done::rows(&proto::PutRowResponse { consumed, row: applied.returned }, 0, 1))
    }

    pub(super) fn update_row(
        &self,
        instance: &str,
        request: &proto::UpdateRowRequest,
    ) -> Result<Done> {
        let row = RowRequest {
            operation: "UpdateRow",
            kind: OperationType::Update,
            table: &request.table_name,
            row: &request.row_change,
            condition: &request.condition,
            returns: request.return_content.as_ref(),
            transaction: given(request.transaction_id.as_ref())?,
        };
        let applied = self.write_row(instance, &row)?;
        let consumed = consumed(applied.read, applied.write);
        Ok(Done::rows(&proto::UpdateRowResponse { consumed, row: applied.returned }, 0, 1))
    }

    pub(super) fn delete_row(
        &self,
        instance: &str,
        request: &proto::DeleteRowRequest,
    ) -> Result<Done> {
        let row = RowRequest {
            operation: "DeleteRow",
            kind: OperationType::Delete,
            table: &request.table_name,
            row: &request.primary_key,
            condition: &request.condition,
            returns: request.return_content.as_ref(),
            transaction: given(request.transaction_id.as_ref())?,
        };
        let applied = self.write_row(instance, &row)?;
        let consumed = consumed(applied.read, applied.write);
        Ok(Done::rows(&proto::DeleteRowResponse { consumed, row: applied.returned }, 0, 1))
    }

    fn write_row(&self, instance: &str, request: &RowRequest<'_>) -> Result<Applied> {
        check_table(request.table)?;
        let row = RowWrite::check(
            request.kind.into(),
            request.row,
            Some(request.condition),
            request.returns,
        )?;
        let size = row.request_size();
        if size > BATCH_WRITE_BYTES {
            return Err(OtsError::parameter(format!(
                "The total data size of {} request exceeds the limit, \
                 limit size: {BATCH_WRITE_BYTES}, data size: {size}.",
                request.operation
            )));
        }
        let open = self.catalog.get(instance, request.table)?;
        let mut entries = [Entry { table: Ok(open), row, outcome: None }];
        let transaction = request.transaction.map(|id| (instance, id));
        self.write_rows(&mut entries, transaction, false)?;
        let [entry] = entries;
        entry.outcome.unwrap_or_else(|| Err(OtsError::internal("a row has no outcome")))
    }
}

/// What the three messages have in common.
struct RowRequest<'a> {
    operation: &'static str,
    kind: OperationType,
    table: &'a str,
    row: &'a [u8],
    condition: &'a proto::Condition,
    returns: Option<&'a proto::ReturnContent>,
    transaction: Option<&'a str>,
}
