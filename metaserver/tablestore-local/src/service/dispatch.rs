//! Which operation a request is, its message, and the call of what does it.

use metafs_tablestore::proto;
use prost::Message;
use prost::bytes::Bytes;

use super::Service;
use super::auth::Caller;
use super::faults::RowFaults;
use super::messages;
use crate::error::{OtsError, Result};

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident($message:ty) $writes:literal |$m:ident| $tables:expr;)+) => {
        /// An operation of the API.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Operation {
            $($(#[$doc])* $name,)+
        }

        impl Operation {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The operation with this name.
            pub fn of(name: &str) -> Option<Self> {
                match name {
                    $(stringify!($name) => Some(Self::$name),)+
                    _ => None,
                }
            }

            /// Its name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                }
            }

            /// Whether it changes anything.
            pub fn writes(self) -> bool {
                match self {
                    $(Self::$name => $writes,)+
                }
            }
        }

        /// A request's message.
        #[derive(Debug)]
        pub(super) enum Request {
            $($name($message),)+
        }

        impl Request {
            /// Reads the message.
            ///
            /// # Errors
            /// 400: it is not one.
            pub fn read(operation: Operation, body: Bytes) -> Result<Self> {
                let read = match operation {
                    $(Operation::$name => <$message>::decode(body).map(Self::$name),)+
                };
                read.map_err(|_| OtsError::parameter("Parse PBMessage from RawString failed."))
            }

            /// Names of the tables that it is about.
            pub fn tables(&self) -> Vec<&str> {
                match self {
                    $(Self::$name($m) => $tables,)+
                }
            }
        }
    };
}

operations! {
    /// Makes a table.
    CreateTable(proto::CreateTableRequest) true |m| vec![&m.table_meta.table_name];
    /// Tells about a table.
    DescribeTable(proto::DescribeTableRequest) false |m| vec![&m.table_name];
    /// Changes a table's options.
    UpdateTable(proto::UpdateTableRequest) true |m| vec![&m.table_name];
    /// Deletes a table.
    DeleteTable(proto::DeleteTableRequest) true |m| vec![&m.table_name];
    /// Names of the tables.
    ListTable(proto::ListTableRequest) false |_m| Vec::new();
    /// Describes a new index.
    CreateIndex(messages::CreateIndexRequest) true |m| vec![&m.main_table_name];
    /// Forgets an index.
    DropIndex(messages::DropIndexRequest) true |m| vec![&m.main_table_name];
    /// Adds predefined columns.
    AddDefinedColumn(messages::AddDefinedColumnRequest) true |m| vec![&m.table_name];
    /// Forgets predefined columns.
    DeleteDefinedColumn(messages::DeleteDefinedColumnRequest) true |m| vec![&m.table_name];
    /// There are none.
    ListSearchIndex(messages::ListSearchIndexRequest) false |_m| Vec::new();
    /// There are none that can be read.
    ListStream(messages::ListStreamRequest) false |_m| Vec::new();
    /// Reads a row.
    GetRow(proto::GetRowRequest) false |m| vec![&m.table_name];
    /// Replaces a row.
    PutRow(proto::PutRowRequest) true |m| vec![&m.table_name];
    /// Changes columns of a row.
    UpdateRow(proto::UpdateRowRequest) true |m| vec![&m.table_name];
    /// Deletes a row.
    DeleteRow(proto::DeleteRowRequest) true |m| vec![&m.table_name];
    /// Reads rows.
    BatchGetRow(proto::BatchGetRowRequest) false
        |m| m.tables.iter().map(|table| table.table_name.as_str()).collect();
    /// Writes rows.
    BatchWriteRow(proto::BatchWriteRowRequest) true
        |m| m.tables.iter().map(|table| table.table_name.as_str()).collect();
    /// Writes rows without conditions.
    BulkImport(messages::BulkImportRequest) true |m| vec![&m.table_name];
    /// Reads a range.
    GetRange(proto::GetRangeRequest) false |m| vec![&m.table_name];
    /// Reads a range of newest versions.
    BulkExport(messages::BulkExportRequest) false |m| vec![&m.table_name];
    /// Keys between pieces of about one size.
    ComputeSplitPointsBySize(proto::ComputeSplitPointsBySizeRequest) false
        |m| vec![&m.table_name];
    /// Begins a transaction.
    StartLocalTransaction(proto::StartLocalTransactionRequest) true |m| vec![&m.table_name];
    /// Makes a transaction's writes visible.
    CommitTransaction(proto::CommitTransactionRequest) true |_m| Vec::new();
    /// Forgets a transaction's writes.
    AbortTransaction(proto::AbortTransactionRequest) true |_m| Vec::new();
}

/// An answer's body, and how many rows it was about.
#[derive(Debug)]
pub(super) struct Done {
    pub body: Bytes,
    pub read: u64,
    pub written: u64,
}

impl Done {
    /// An answer about no rows.
    pub fn of(message: &impl Message) -> Self {
        Self::rows(message, 0, 0)
    }

    /// An answer about rows.
    pub fn rows(message: &impl Message, read: usize, written: usize) -> Self {
        let count = |rows: usize| u64::try_from(rows).unwrap_or(u64::MAX);
        Self { body: message.encode_to_vec().into(), read: count(read), written: count(written) }
    }
}

impl Service {
    pub(super) fn execute(
        &self,
        caller: &Caller<'_>,
        request: &Request,
        faults: &RowFaults,
    ) -> Result<Done> {
        let instance = caller.instance;
        match request {
            Request::CreateTable(m) => self.create_table(instance, m),
            Request::DescribeTable(m) => self.describe_table(instance, m),
            Request::UpdateTable(m) => self.update_table(instance, m),
            Request::DeleteTable(m) => self.delete_table(instance, m),
            Request::ListTable(_) => Ok(self.list_tables(instance)),
            Request::CreateIndex(m) => self.create_index(instance, m),
            Request::DropIndex(m) => self.drop_index(instance, m),
            Request::AddDefinedColumn(m) => self.add_columns(instance, m),
            Request::DeleteDefinedColumn(m) => self.delete_columns(instance, m),
            Request::ListSearchIndex(_) => Ok(Done::of(&messages::ListSearchIndexResponse {})),
            Request::ListStream(_) => Ok(Done::of(&messages::ListStreamResponse {})),
            Request::GetRow(m) => self.get_row(instance, m),
            Request::PutRow(m) => self.put_row(instance, m),
            Request::UpdateRow(m) => self.update_row(instance, m),
            Request::DeleteRow(m) => self.delete_row(instance, m),
            Request::BatchGetRow(m) => self.batch_get(instance, m, faults),
            Request::BatchWriteRow(m) => self.batch_write(instance, m, faults),
            Request::BulkImport(m) => self.bulk_import(instance, m, faults),
            Request::GetRange(m) => self.get_range(instance, m),
            Request::BulkExport(m) => self.bulk_export(instance, m),
            Request::ComputeSplitPointsBySize(m) => self.split_points(instance, m),
            Request::StartLocalTransaction(m) => self.start_transaction(instance, m),
            Request::CommitTransaction(m) => self.commit_transaction(instance, m),
            Request::AbortTransaction(m) => self.abort_transaction(instance, m),
        }
    }
}
