//! BatchGetRow.

use metafs_tablestore::proto;

use super::Service;
use super::dispatch::Done;
use super::faults::RowFaults;
use super::rows::{consumed, read_key};
use crate::engine::cells::Cells;
use crate::engine::names::{BATCH_GET_ROWS, check_table};
use crate::engine::select::{Asked, Selection};
use crate::error::{OtsError, Result};

struct CheckedTable<'a> {
    name: &'a str,
    keys: Vec<Cells<'a>>,
    selection: Selection,
}

impl Service {
    pub(super) fn batch_get(
        &self,
        instance: &str,
        request: &proto::BatchGetRowRequest,
        faults: &RowFaults,
    ) -> Result<Done> {
        let tables = check(request)?;
        let mut rows = 0;
        let mut answers = Vec::with_capacity(tables.len());
        for table in &tables {
            let open = self.catalog.get(instance, table.name);
            let answer = table.keys.iter().map(|key| {
                rows += 1;
                let read = faults.before().map_or(Ok(()), Err).and_then(|()| {
                    let open = open.as_ref().map_err(Clone::clone)?;
                    self.read_row(open, key, &table.selection, None)
                });
                match read {
                    Ok(read) => proto::RowInBatchGetRowResponse {
                        is_ok: true,
                        consumed: Some(consumed(read.units, 0)),
                        row: Some(read.row),
                        ..proto::RowInBatchGetRowResponse::default()
                    },
                    Err(error) => proto::RowInBatchGetRowResponse {
                        is_ok: false,
                        error: Some(message_of(&error)),
                        ..proto::RowInBatchGetRowResponse::default()
                    },
                }
            });
            let answer = answer.collect();
            answers.push(proto::TableInBatchGetRowResponse {
                table_name: table.name.to_owned(),
                rows: answer,
            });
        }
        Ok(Done::rows(&proto::BatchGetRowResponse { tables: answers }, rows, 0))
    }
}

/// An error in a row of an answer.
pub(super) fn message_of(error: &OtsError) -> proto::Error {
    proto::Error { code: error.code.to_owned(), message: Some(error.message.to_string()) }
}

fn check(request: &proto::BatchGetRowRequest) -> Result<Vec<CheckedTable<'_>>> {
    if request.tables.is_empty() {
        return Err(OtsError::parameter("No row specified in the request of BatchGetRow."));
    }
    let count: usize = request.tables.iter().map(|table| table.primary_key.len()).sum();
    if count > BATCH_GET_ROWS {
        return Err(OtsError::parameter(format!(
            "Rows count exceeds the upper limit: {BATCH_GET_ROWS}."
        )));
    }
    let mut tables: Vec<CheckedTable<'_>> = Vec::with_capacity(request.tables.len());
    for table in &request.tables {
        let name = table.table_name.as_str();
        check_table(name)?;
        if tables.iter().any(|other| other.name == name) {
            return Err(OtsError::parameter(format!("Duplicated table name: '{name}'.")));
        }
        let keys = table.primary_key.iter().map(|key| read_key(key)).collect::<Result<_>>()?;
        let asked = Asked {
            columns: &table.columns_to_get,
            times: table.time_range.as_ref(),
            versions: table.max_versions,
            filter: table.filter.as_ref(),
            start_column: table.start_column.as_deref(),
            end_column: table.end_column.as_deref(),
        };
        let missing = "No version condition is specified while querying row.";
        let selection = Selection::check(&asked, missing)?;
        tables.push(CheckedTable { name, keys, selection });
    }
    Ok(tables)
}
