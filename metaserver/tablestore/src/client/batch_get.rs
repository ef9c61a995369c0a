//! Reads of many rows by key: only rows that failed are asked for again.

use bytes::Bytes;

use super::batch_write::row_error;
use super::call::Answered;
use super::error::{Error, ErrorKind};
use super::ledger::Ledger;
use super::read::{Got, ReadOptions};
use super::{Client, check};
use crate::filter::Filter;
use crate::limits;
use crate::model::{PrimaryKey, Text};
use crate::operation::Operation;
use crate::plain_buffer::encode_primary_key;
use crate::proto;

const OPERATION: Operation = Operation::BatchGetRow;

/// Rows of one table that are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableGet {
    /// The table.
    pub table: Text,
    /// The keys.
    pub keys: Vec<PrimaryKey>,
    /// What is read of each row.
    pub options: ReadOptions,
}

impl Client {
    /// Reads up to 100 rows; by table and key, in the order of the request. Every row has its own
    /// outcome; an error of the whole means that nothing was sent.
    pub async fn batch_get(
        &self,
        tables: &[TableGet],
    ) -> Result<Vec<Vec<Result<Got, Error>>>, Error> {
        let keys = encode(tables).map_err(|kind| Error::before(OPERATION, kind))?;
        let deadline = self.deadline();
        let mut ledger = Ledger::new(OPERATION, keys.len());
        for attempts in 1.. {
            let (request, order) = round(tables, &keys, &ledger);
            let body = self.body(OPERATION, &request)?;
            let answer = self.attempt(OPERATION, &body, deadline, attempts > 1).await;
            let mut throttled = false;
            for (index, outcome) in outcomes(&request, &order, answer) {
                match outcome {
                    Ok(got) => ledger.succeed(index, got),
                    Err(kind) => throttled |= ledger.fail(index, kind, self.idempotent(true)),
                }
            }
            if ledger.pending().is_empty() || !self.pause(attempts, throttled, deadline).await {
                break;
            }
        }
        let rows = ledger.finish();
        let failed = rows.iter().filter(|row| row.is_err()).count();
        self.inner.config.observer.rows(OPERATION, rows.len() - failed, false);
        if failed > 0 {
            self.inner.config.observer.rows(OPERATION, failed, true);
        }
        let mut rows = rows.into_iter();
        Ok(tables.iter().map(|table| rows.by_ref().take(table.keys.len()).collect()).collect())
    }
}

/// All keys, table after table.
fn encode(tables: &[TableGet]) -> Result<Vec<Bytes>, ErrorKind> {
    let count = tables.iter().map(|table| table.keys.len()).sum();
    check::batch_rows("rows of a BatchGetRow", limits::BATCH_GET_ROWS, count)?;
    let mut keys = Vec::with_capacity(count);
    for table in tables {
        check::name(&table.table)?;
        check::read(&table.options)?;
        for key in &table.keys {
            check::primary_key(key, false)?;
            keys.push(encode_primary_key(key));
        }
    }
    Ok(keys)
}

/// A request for the pending rows, and the place of each of its rows among all.
fn round(
    tables: &[TableGet],
    keys: &[Bytes],
    ledger: &Ledger<Got>,
) -> (proto::BatchGetRowRequest, Vec<usize>) {
    let mut order = Vec::new();
    let mut messages = Vec::with_capacity(tables.len());
    let mut first = 0;
    for table in tables {
        let places = first..first + table.keys.len();
        first = places.end;
        let pending: Vec<usize> = places.filter(|index| ledger.is_pending(*index)).collect();
        if pending.is_empty() {
            continue;
        }
        let options = &table.options;
        let (time_range, max_versions) = options.versions.messages();
        let (start_column, end_column) = options.column_range();
        messages.push(proto::TableInBatchGetRowRequest {
            table_name: table.table.as_str().to_owned(),
            primary_key: pending.iter().filter_map(|index| keys.get(*index).cloned()).collect(),
            token: Vec::new(),
            columns_to_get: options.column_names(),
            time_range,
            max_versions,
            filter: options.filter.as_ref().map(Filter::encode),
            start_column,
            end_column,
        });
        order.extend(pending);
    }
    (proto::BatchGetRowRequest { tables: messages }, order)
}

/// What an attempt means for each of its rows.
fn outcomes(
    request: &proto::BatchGetRowRequest,
    order: &[usize],
    answer: Result<Answered<proto::BatchGetRowResponse>, ErrorKind>,
) -> Vec<(usize, Result<Got, ErrorKind>)> {
    let all = |kind: ErrorKind| order.iter().map(|index| (*index, Err(kind.clone()))).collect();
    let Answered { message, request_id } = match answer {
        Ok(answered) => answered,
        Err(kind) => return all(kind),
    };
    let asked = request.tables.iter().map(|table| (&table.table_name, table.primary_key.len()));
    let answered = message.tables.iter().map(|table| (&table.table_name, table.rows.len()));
    if !asked.eq(answered) {
        return all(ErrorKind::Answer("has other rows than the request"));
    }
    let rows = message.tables.into_iter().flat_map(|table| table.rows);
    let read = |row: proto::RowInBatchGetRowResponse| {
        if row.is_ok {
            Got::read(row.consumed, row.row.unwrap_or_default(), row.next_token)
        } else {
            Err(row_error(row.error, &request_id).into())
        }
    };
    order.iter().copied().zip(rows.map(read)).collect()
}
