//! Writes of many rows: only rows that failed are sent again, each row has its own outcome.

use std::collections::HashSet;

use bytes::{Bytes, BytesMut};

use super::call::Answered;
use super::error::{Error, ErrorKind};
use super::ledger::Ledger;
use super::write::{RowWrite, Written};
use super::{Client, check};
use crate::error::{ErrorCode, ServiceError};
use crate::limits;
use crate::model::{RowChange, Text};
use crate::operation::Operation;
use crate::plain_buffer::encode::{put_row_change, row_change_len};
use crate::proto::{self, OperationType};

const OPERATION: Operation = Operation::BatchWriteRow;

/// The outcome of every row of a batch, in the order of the request.
#[derive(Debug)]
pub struct BatchWritten {
    /// By row.
    pub rows: Vec<Result<Written, Error>>,
}

impl BatchWritten {
    /// Rows that failed, with their places in the batch.
    pub fn failed(&self) -> impl Iterator<Item = (usize, &Error)> {
        self.rows.iter().enumerate().filter_map(|(i, row)| row.as_ref().err().map(|e| (i, e)))
    }

    /// All rows, or the first error.
    pub fn all(self) -> Result<Vec<Written>, Error> {
        self.rows.into_iter().collect()
    }
}

/// A request for some of the rows, and the place of each of its rows in the batch.
struct Round {
    request: proto::BatchWriteRowRequest,
    order: Vec<usize>,
}

impl Client {
    /// Writes up to 200 rows, of one table or several; [`super::Packer`] makes such batches. An
    /// error means that nothing was sent. Rows with the same key are written in their order: an
    /// earlier one is not tried again once a later one is done (it then keeps its error).
    ///
    /// What [`Client::write_row`] says of idempotence holds for each row.
    pub async fn batch_write(&self, rows: &[RowWrite]) -> Result<BatchWritten, Error> {
        self.batch_write_in(rows, None, false).await
    }

    /// The same, but all rows or none: all of one table and partition key.
    pub async fn batch_write_atomic(&self, rows: &[RowWrite]) -> Result<BatchWritten, Error> {
        self.batch_write_in(rows, None, true).await
    }

    pub(super) async fn batch_write_in(
        &self,
        rows: &[RowWrite],
        transaction: Option<&str>,
        atomic: bool,
    ) -> Result<BatchWritten, Error> {
        let encoded = encode(rows).map_err(|kind| Error::before(OPERATION, kind))?;
        let deadline = self.deadline();
        let mut ledger = Ledger::new(OPERATION, rows.len());
        for attempts in 1.. {
            let mut round = round(rows, &encoded, &ledger.pending());
            round.request.transaction_id = transaction.map(str::to_owned);
            round.request.is_atomic = atomic.then_some(true);
            let body = match self.body(OPERATION, &round.request) {
                Ok(body) => body,
                Err(error) if attempts == 1 => return Err(error),
                Err(_) => break,
            };
            let answer = self.attempt(OPERATION, &body, deadline, attempts > 1).await;
            let mut outcomes = outcomes(&round, answer);
            if atomic {
                together(&mut outcomes);
            }
            let mut throttled = false;
            // Whole or not at all: if one row may not be written twice, none is sent again.
            let whole = rows.iter().all(RowWrite::is_idempotent);
            for (index, outcome) in outcomes {
                match outcome {
                    Ok(written) => ledger.succeed(index, written),
                    Err(kind) => {
                        let known = rows.get(index).is_some_and(RowWrite::is_idempotent);
                        let idempotent = self.idempotent(if atomic { whole } else { known });
                        throttled |= ledger.fail(index, kind, idempotent);
                    }
                }
            }
            keep_order(rows, &mut ledger);
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
        Ok(BatchWritten { rows })
    }
}

/// All rows in one buffer, cut into rows.
fn encode(rows: &[RowWrite]) -> Result<Vec<Bytes>, ErrorKind> {
    check::batch_rows("rows of a BatchWriteRow", limits::BATCH_WRITE_ROWS, rows.len())?;
    rows.iter().try_for_each(check::write)?;
    let length = rows.iter().map(|row| row_change_len(&row.change)).sum();
    check::batch_bytes(length)?;
    let mut buffer = BytesMut::with_capacity(length);
    Ok(rows
        .iter()
        .map(|row| {
            put_row_change(&mut buffer, &row.change);
            buffer.split().freeze()
        })
        .collect())
}

/// A request for the pending rows: tables in the order in which they first come.
fn round(rows: &[RowWrite], encoded: &[Bytes], pending: &[usize]) -> Round {
    let mut tables: Vec<(&Text, Vec<usize>)> = Vec::new();
    for &index in pending {
        let Some(row) = rows.get(index) else { continue };
        match tables.iter_mut().find(|(table, _)| *table == &row.table) {
            Some((_, indexes)) => indexes.push(index),
            None => tables.push((&row.table, vec![index])),
        }
    }
    let mut order = Vec::with_capacity(pending.len());
    let tables = tables
        .into_iter()
        .map(|(table, indexes)| {
            let message = |index: &usize| {
                let (row, bytes) = (rows.get(*index)?, encoded.get(*index)?);
                order.push(*index);
                Some(row_message(row, bytes.clone()))
            };
            let rows = indexes.iter().filter_map(message).collect();
            proto::TableInBatchWriteRowRequest { table_name: table.as_str().to_owned(), rows }
        })
        .collect();
    let request = proto::BatchWriteRowRequest { tables, transaction_id: None, is_atomic: None };
    Round { request, order }
}

fn row_message(row: &RowWrite, row_change: Bytes) -> proto::RowInBatchWriteRowRequest {
    let operation = match row.change {
        RowChange::Put(_) => OperationType::Put,
        RowChange::Update { .. } => OperationType::Update,
        RowChange::Delete(_) => OperationType::Delete,
    };
    proto::RowInBatchWriteRowRequest {
        r#type: operation.into(),
        row_change,
        condition: row.condition.message(),
        return_content: row.return_content(),
    }
}

type Outcomes = Vec<(usize, Result<Written, ErrorKind>)>;

/// What an attempt means for each of its rows.
fn outcomes(
    round: &Round,
    answer: Result<Answered<proto::BatchWriteRowResponse>, ErrorKind>,
) -> Outcomes {
    let order = &round.order;
    let all = |kind: ErrorKind| order.iter().map(|index| (*index, Err(kind.clone()))).collect();
    let Answered { message, request_id } = match answer {
        Ok(answered) => answered,
        Err(kind) => return all(kind),
    };
    let asked = round.request.tables.iter().map(|table| (&table.table_name, table.rows.len()));
    let answered = message.tables.iter().map(|table| (&table.table_name, table.rows.len()));
    if !asked.eq(answered) {
        return all(ErrorKind::Answer("has other rows than the request"));
    }
    let rows = message.tables.into_iter().flat_map(|table| table.rows);
    let read = |row: proto::RowInBatchWriteRowResponse| {
        if row.is_ok {
            Written::read(row.consumed, row.row)
        } else {
            Err(row_error(row.error, &request_id).into())
        }
    };
    order.iter().copied().zip(rows.map(read)).collect()
}

/// The error of one row of a batch.
pub(super) fn row_error(error: Option<proto::Error>, request_id: &str) -> ServiceError {
    let error = error.unwrap_or_default();
    let code = ErrorCode::from_text(&error.code);
    ServiceError {
        code,
        raw_code: error.code,
        message: error.message.unwrap_or_default(),
        status: code.status(),
        request_id: request_id.to_owned(),
    }
}

/// If one row of an atomic batch failed, none was written.
fn together(outcomes: &mut Outcomes) {
    let failed = outcomes.iter().find_map(|(_, outcome)| outcome.as_ref().err().cloned());
    let Some(failed) = failed else { return };
    for (_, outcome) in outcomes {
        if outcome.is_ok() {
            *outcome = Err(failed.clone());
        }
    }
}

/// Gives up rows that would be written after a later row of the same key.
fn keep_order(rows: &[RowWrite], ledger: &mut Ledger<Written>) {
    if ledger.pending().is_empty() {
        return;
    }
    let mut done = HashSet::new();
    for (index, row) in rows.iter().enumerate().rev() {
        let key = (&row.table, row.change.primary_key());
        if !ledger.is_pending(index) {
            done.insert(key);
        } else if done.contains(&key) {
            ledger.give_up(index);
        }
    }
}

#[cfg(test)]
#[path = "batch_write_tests.rs"]
mod tests;
