//! Local transactions: writes and reads within one partition key that take effect together.

use super::batch_write::BatchWritten;
use super::error::{Error, ErrorKind};
use super::range::{RangePages, RangeRead};
use super::read::{Got, ReadOptions};
use super::write::{RowWrite, Written};
use super::{Client, check};
use crate::error::ErrorCode;
use crate::model::{PrimaryKey, Text};
use crate::operation::Operation;
use crate::plain_buffer::encode_primary_key;
use crate::proto;

/// A local transaction. Others' writes to its partition key are refused while it is open
/// (OTSRowOperationConflict); they read what was before. It lives for 60 s and writes 4 MB at most
/// ([`crate::limits`]), and takes one request at a time, hence `&mut`. One that is dropped stays open
/// in the service until its time is over: commit or abort it.
#[derive(Debug)]
pub struct Transaction {
    client: Client,
    id: String,
}

impl Client {
    /// Begins a transaction on one partition key: `partition` holds the first column of the key only.
    ///
    /// Not tried again after a lost answer: a transaction that nobody knows may hold the key.
    pub async fn start_transaction(
        &self,
        table: impl Into<Text>,
        partition: &PrimaryKey,
    ) -> Result<Transaction, Error> {
        let operation = Operation::StartLocalTransaction;
        let before = |kind| Error::before(operation, kind);
        let table = table.into();
        check::name(&table).map_err(before)?;
        check::primary_key(partition, false).map_err(before)?;
        if partition.columns.len() != 1 {
            return Err(before(ErrorKind::Invalid("a transaction is on the first key column")));
        }
        let request = proto::StartLocalTransactionRequest {
            table_name: table.as_str().to_owned(),
            key: encode_primary_key(partition),
            row_keys: Vec::new(),
        };
        let id = |answer: proto::StartLocalTransactionResponse| Ok(answer.transaction_id);
        let id = self.call(operation, &request, false, id).await?;
        Ok(Transaction { client: self.clone(), id })
    }

    /// A transaction that was begun elsewhere.
    #[must_use]
    pub fn transaction(&self, id: impl Into<String>) -> Transaction {
        Transaction { client: self.clone(), id: id.into() }
    }
}

impl Transaction {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// As [`Client::write_row`].
    pub async fn write_row(&mut self, write: &RowWrite) -> Result<Written, Error> {
        self.client.write_row_in(write, Some(self.id.clone())).await
    }

    /// As [`Client::batch_write`].
    pub async fn batch_write(&mut self, rows: &[RowWrite]) -> Result<BatchWritten, Error> {
        self.client.batch_write_in(rows, Some(&self.id), false).await
    }

    /// As [`Client::get_row`]; sees what the transaction wrote.
    pub async fn get_row(
        &mut self,
        table: impl Into<Text>,
        key: &PrimaryKey,
        options: &ReadOptions,
    ) -> Result<Got, Error> {
        let transaction = Some(self.id.clone());
        self.client.get_row_in(&table.into(), key, options, None, transaction).await
    }

    /// As [`Client::get_range`]; sees what the transaction wrote.
    pub fn get_range(&mut self, read: RangeRead) -> RangePages {
        self.client.get_range_in(read, Some(self.id.clone()))
    }

    /// Makes its writes take effect. If the answer is lost they may have ([`Error::may_have_applied`]).
    pub async fn commit(self) -> Result<(), Error> {
        let request = proto::CommitTransactionRequest { transaction_id: self.id };
        let operation = Operation::CommitTransaction;
        let done = |_: proto::CommitTransactionResponse| Ok(());
        self.client.call(operation, &request, false, done).await
    }

    /// Takes its writes back. One that is over already is well.
    pub async fn abort(self) -> Result<(), Error> {
        let request = proto::AbortTransactionRequest { transaction_id: self.id };
        let operation = Operation::AbortTransaction;
        let done = |_: proto::AbortTransactionResponse| Ok(());
        match self.client.call(operation, &request, true, done).await {
            Err(error) if error.code() != Some(ErrorCode::SessionNotExist) => Err(error),
            _ => Ok(()),
        }
    }
}
