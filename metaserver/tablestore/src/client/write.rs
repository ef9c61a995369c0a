//! Writes of single rows.

use bytes::Bytes;

use super::error::{Error, ErrorKind};
use super::{Client, check};
use crate::filter::{Condition, Filter};
use crate::model::{ColumnChange, PrimaryKey, Row, RowChange, RowExistence, Text};
use crate::operation::Operation;
use crate::plain_buffer::{decode_row, encode_row_change};
use crate::proto;

/// What a write gives back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Returning {
    /// Nothing.
    #[default]
    Nothing,
    /// The primary key, with numbers that the service gave out.
    PrimaryKey,
    /// These attributes as they are afterwards (incremented ones, say).
    AfterModify(Vec<Text>),
}

/// A write of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowWrite {
    /// The table.
    pub table: Text,
    /// What is done.
    pub change: RowChange,
    /// What must hold.
    pub condition: Condition,
    /// What is given back.
    pub returning: Returning,
}

impl RowWrite {
    /// Any change, without a condition.
    pub fn new(table: impl Into<Text>, change: RowChange) -> Self {
        let (condition, returning) = (Condition::default(), Returning::Nothing);
        Self { table: table.into(), change, condition, returning }
    }

    /// Puts a row in the place of whatever was there.
    pub fn put(table: impl Into<Text>, row: Row) -> Self {
        Self::new(table, RowChange::Put(row))
    }

    /// Changes attributes.
    pub fn update(
        table: impl Into<Text>,
        primary_key: PrimaryKey,
        columns: Vec<ColumnChange>,
    ) -> Self {
        Self::new(table, RowChange::Update { primary_key, columns })
    }

    /// Deletes a row.
    pub fn delete(table: impl Into<Text>, primary_key: PrimaryKey) -> Self {
        Self::new(table, RowChange::Delete(primary_key))
    }

    /// Only if the row is there, or is not.
    #[must_use]
    pub fn expect(mut self, row: RowExistence) -> Self {
        self.condition.row = row;
        self
    }

    /// Only if the row passes.
    #[must_use]
    pub fn only_if(mut self, filter: Filter) -> Self {
        self.condition.columns = Some(filter);
        self
    }

    /// Gives something back.
    #[must_use]
    pub fn returning(mut self, returning: Returning) -> Self {
        self.returning = returning;
        self
    }

    /// Whether it may be done twice: its change may, and there is no condition, which the first time
    /// could make fail the second.
    #[must_use]
    pub fn is_idempotent(&self) -> bool {
        self.condition.is_none() && self.change.is_idempotent()
    }

    /// The operation that does it.
    #[must_use]
    pub fn operation(&self) -> Operation {
        match self.change {
            RowChange::Put(_) => Operation::PutRow,
            RowChange::Update { .. } => Operation::UpdateRow,
            RowChange::Delete(_) => Operation::DeleteRow,
        }
    }

    pub(super) fn return_content(&self) -> Option<proto::ReturnContent> {
        let (kind, names) = match &self.returning {
            Returning::Nothing => return None,
            Returning::PrimaryKey => (proto::ReturnType::Pk, Vec::new()),
            Returning::AfterModify(names) => {
                let names = names.iter().map(|name| name.as_str().to_owned()).collect();
                (proto::ReturnType::AfterModify, names)
            }
        };
        let return_type = Some(kind.into());
        Some(proto::ReturnContent { return_type, return_column_names: names })
    }
}

/// Units of throughput that something cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Consumed {
    /// For reads.
    pub read: i32,
    /// For writes.
    pub write: i32,
}

impl From<proto::ConsumedCapacity> for Consumed {
    fn from(consumed: proto::ConsumedCapacity) -> Self {
        let unit = consumed.capacity_unit;
        Self { read: unit.read.unwrap_or(0), write: unit.write.unwrap_or(0) }
    }
}

/// A row was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// What it cost.
    pub consumed: Consumed,
    /// What was asked back.
    pub row: Option<Row>,
}

impl Written {
    pub(super) fn read(
        consumed: Option<proto::ConsumedCapacity>,
        row: Option<Bytes>,
    ) -> Result<Self, ErrorKind> {
        let consumed = consumed.map(Consumed::from).unwrap_or_default();
        Ok(Self { consumed, row: decode_row(row.unwrap_or_default())? })
    }
}

impl Client {
    /// Writes one row. Without the caller's word ([`Client::with_idempotence`]) a write whose outcome
    /// is not known is tried again only if it [is idempotent](RowWrite::is_idempotent).
    pub async fn write_row(&self, write: &RowWrite) -> Result<Written, Error> {
        self.write_row_in(write, None).await
    }

    /// [`Client::write_row`] of [`RowWrite::put`].
    pub async fn put_row(&self, table: impl Into<Text>, row: Row) -> Result<Written, Error> {
        self.write_row(&RowWrite::put(table, row)).await
    }

    /// [`Client::write_row`] of [`RowWrite::update`].
    pub async fn update_row(
        &self,
        table: impl Into<Text>,
        primary_key: PrimaryKey,
        columns: Vec<ColumnChange>,
    ) -> Result<Written, Error> {
        self.write_row(&RowWrite::update(table, primary_key, columns)).await
    }

    /// [`Client::write_row`] of [`RowWrite::delete`].
    pub async fn delete_row(
        &self,
        table: impl Into<Text>,
        primary_key: PrimaryKey,
    ) -> Result<Written, Error> {
        self.write_row(&RowWrite::delete(table, primary_key)).await
    }

    pub(super) async fn write_row_in(
        &self,
        write: &RowWrite,
        transaction_id: Option<String>,
    ) -> Result<Written, Error> {
        let operation = write.operation();
        check::write(write).map_err(|kind| Error::before(operation, kind))?;
        let table_name = write.table.as_str().to_owned();
        let row = encode_row_change(&write.change);
        let condition = write.condition.message();
        let return_content = write.return_content();
        let idempotent = write.is_idempotent();
        let outcome = match operation {
            Operation::PutRow => {
                let request = proto::PutRowRequest {
                    table_name,
                    row,
                    condition,
                    return_content,
                    transaction_id,
                };
                let read = |a: proto::PutRowResponse| Written::read(Some(a.consumed), a.row);
                self.call(operation, &request, idempotent, read).await
            }
            Operation::UpdateRow => {
                let request = proto::UpdateRowRequest {
                    table_name,
                    row_change: row,
                    condition,
                    return_content,
                    transaction_id,
                };
                let read = |a: proto::UpdateRowResponse| Written::read(Some(a.consumed), a.row);
                self.call(operation, &request, idempotent, read).await
            }
            _ => {
                let request = proto::DeleteRowRequest {
                    table_name,
                    primary_key: row,
                    condition,
                    return_content,
                    transaction_id,
                };
                let read = |a: proto::DeleteRowResponse| Written::read(Some(a.consumed), a.row);
                self.call(operation, &request, idempotent, read).await
            }
        };
        self.inner.config.observer.rows(operation, 1, outcome.is_err());
        outcome
    }
}
