//! BatchWriteRow.

use metafs_tablestore::proto;

use super::Service;
use super::batch_get::message_of;
use super::commit::Entry;
use super::dispatch::Done;
use super::faults::RowFaults;
use super::rows::consumed;
use super::sessions::given;
use super::write::{Applied, RowWrite};
use crate::engine::names::{BATCH_WRITE_BYTES, BATCH_WRITE_ROWS, check_table};
use crate::error::{OtsError, Result};

impl Service {
    pub(super) fn batch_write(
        &self,
        instance: &str,
        request: &proto::BatchWriteRowRequest,
        faults: &RowFaults,
    ) -> Result<Done> {
        check(request)?;
        let mut entries = Vec::with_capacity(BATCH_WRITE_ROWS);
        for table in &request.tables {
            let open = self.catalog.get(instance, &table.table_name);
            for row in &table.rows {
                let returns = row.return_content.as_ref();
                let checked =
                    RowWrite::check(row.r#type, &row.row_change, Some(&row.condition), returns)?;
                entries.push(Entry { table: open.clone(), row: checked, outcome: None });
            }
        }
        check_size("BatchWriteRow", &entries)?;
        let atomic = request.is_atomic.unwrap_or(false);
        let transaction = given(request.transaction_id.as_ref())?.map(|id| (instance, id));
        faults.refuse(&mut entries);
        self.write_rows(&mut entries, transaction, atomic)?;
        let count = entries.len();
        let mut outcomes = entries.into_iter().map(|entry| faults.lose(entry.outcome));
        let tables = request.tables.iter().map(|table| proto::TableInBatchWriteRowResponse {
            table_name: table.table_name.clone(),
            rows: outcomes.by_ref().take(table.rows.len()).map(row_answer).collect(),
        });
        let message = proto::BatchWriteRowResponse { tables: tables.collect() };
        Ok(Done::rows(&message, 0, count))
    }
}

fn row_answer(outcome: Result<Applied>) -> proto::RowInBatchWriteRowResponse {
    match outcome {
        Ok(applied) => proto::RowInBatchWriteRowResponse {
            is_ok: true,
            error: None,
            consumed: Some(consumed(applied.read, applied.write)),
            row: applied.returned,
        },
        Err(error) => proto::RowInBatchWriteRowResponse {
            is_ok: false,
            error: Some(message_of(&error)),
            consumed: None,
            row: None,
        },
    }
}

/// What the rows write together is limited.
///
/// # Errors
/// 400.
pub(super) fn check_size(operation: &str, entries: &[Entry<'_>]) -> Result<()> {
    let size: usize = entries.iter().map(|entry| entry.row.request_size()).sum();
    if size <= BATCH_WRITE_BYTES {
        return Ok(());
    }
    Err(OtsError::parameter(format!(
        "The total data size of {operation} request exceeds the limit, \
         limit size: {BATCH_WRITE_BYTES}, data size: {size}."
    )))
}

fn check(request: &proto::BatchWriteRowRequest) -> Result<()> {
    if request.tables.is_empty() {
        return Err(OtsError::parameter("No row is specified in BatchWriteRow."));
    }
    let count: usize = request.tables.iter().map(|table| table.rows.len()).sum();
    if count > BATCH_WRITE_ROWS {
        return Err(OtsError::parameter(format!(
            "Rows count exceeds the upper limit: {BATCH_WRITE_ROWS}."
        )));
    }
    for (index, table) in request.tables.iter().enumerate() {
        let name = &table.table_name;
        check_table(name)?;
        if request.tables.iter().take(index).any(|other| other.table_name == *name) {
            return Err(OtsError::parameter(format!("Duplicated table name: '{name}'.")));
        }
        if table.rows.is_empty() {
            let message = format!("No operation is specified for table: '{name}'.");
            return Err(OtsError::parameter(message));
        }
    }
    Ok(())
}
