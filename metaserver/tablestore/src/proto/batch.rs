//! Batches of rows.

use bytes::Bytes;

use super::row::{Condition, ConsumedCapacity, ReturnContent, TimeRange};
use super::table::Error;

/// What a row of a batch does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum OperationType {
    /// PutRow.
    Put = 1,
    /// UpdateRow.
    Update = 2,
    /// DeleteRow.
    Delete = 3,
}

/// Rows of one table in BatchGetRow.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct TableInBatchGetRowRequest {
    /// The table.
    #[prost(string, required, tag = "1")]
    pub table_name: String,
    /// The keys.
    #[prost(bytes = "bytes", repeated, tag = "2")]
    pub primary_key: Vec<Bytes>,
    /// Where wide rows go on; one for each key, or none at all.
    #[prost(bytes = "bytes", repeated, tag = "3")]
    pub token: Vec<Bytes>,
    /// Which columns; none: all.
    #[prost(string, repeated, tag = "4")]
    pub columns_to_get: Vec<String>,
    /// Which versions.
    #[prost(message, optional, tag = "5")]
    pub time_range: Option<TimeRange>,
    /// How many versions.
    #[prost(int32, optional, tag = "6")]
    pub max_versions: Option<i32>,
    /// A [`super::Filter`].
    #[prost(bytes = "bytes", optional, tag = "8")]
    pub filter: Option<Bytes>,
    /// The first column.
    #[prost(string, optional, tag = "9")]
    pub start_column: Option<String>,
    /// The first column no more.
    #[prost(string, optional, tag = "10")]
    pub end_column: Option<String>,
}

/// BatchGetRow.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct BatchGetRowRequest {
    /// By table.
    #[prost(message, repeated, tag = "1")]
    pub tables: Vec<TableInBatchGetRowRequest>,
}

/// One row of the answer to BatchGetRow.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct RowInBatchGetRowResponse {
    /// Whether it was read.
    #[prost(bool, required, tag = "1")]
    pub is_ok: bool,
    /// Why not.
    #[prost(message, optional, tag = "2")]
    pub error: Option<Error>,
    /// What it cost.
    #[prost(message, optional, tag = "3")]
    pub consumed: Option<ConsumedCapacity>,
    /// The row; empty: none.
    #[prost(bytes = "bytes", optional, tag = "4")]
    pub row: Option<Bytes>,
    /// Where a wide row goes on.
    #[prost(bytes = "bytes", optional, tag = "5")]
    pub next_token: Option<Bytes>,
}

/// Rows of one table, in the order of the request.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct TableInBatchGetRowResponse {
    /// The table.
    #[prost(string, required, tag = "1")]
    pub table_name: String,
    /// The rows.
    #[prost(message, repeated, tag = "2")]
    pub rows: Vec<RowInBatchGetRowResponse>,
}

/// The answer to BatchGetRow, in the order of the request.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct BatchGetRowResponse {
    /// By table.
    #[prost(message, repeated, tag = "1")]
    pub tables: Vec<TableInBatchGetRowResponse>,
}

/// One row of BatchWriteRow.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct RowInBatchWriteRowRequest {
    /// What is done.
    #[prost(enumeration = "OperationType", required, tag = "1")]
    pub r#type: i32,
    /// The row, or key and changes.
    #[prost(bytes = "bytes", required, tag = "2")]
    pub row_change: Bytes,
    /// What must hold.
    #[prost(message, required, tag = "3")]
    pub condition: Condition,
    /// What to give back.
    #[prost(message, optional, tag = "4")]
    pub return_content: Option<ReturnContent>,
}

/// Rows of one table in BatchWriteRow.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct TableInBatchWriteRowRequest {
    /// The table.
    #[prost(string, required, tag = "1")]
    pub table_name: String,
    /// The rows.
    #[prost(message, repeated, tag = "2")]
    pub rows: Vec<RowInBatchWriteRowRequest>,
}

/// BatchWriteRow.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct BatchWriteRowRequest {
    /// By table.
    #[prost(message, repeated, tag = "1")]
    pub tables: Vec<TableInBatchWriteRowRequest>,
    /// The transaction.
    #[prost(string, optional, tag = "2")]
    pub transaction_id: Option<String>,
    /// All rows or none, within one partition key; in the Java SDK only.
    #[prost(bool, optional, tag = "3")]
    pub is_atomic: Option<bool>,
}

/// One row of the answer to BatchWriteRow.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct RowInBatchWriteRowResponse {
    /// Whether it was written.
    #[prost(bool, required, tag = "1")]
    pub is_ok: bool,
    /// Why not.
    #[prost(message, optional, tag = "2")]
    pub error: Option<Error>,
    /// What it cost.
    #[prost(message, optional, tag = "3")]
    pub consumed: Option<ConsumedCapacity>,
    /// What was asked back.
    #[prost(bytes = "bytes", optional, tag = "4")]
    pub row: Option<Bytes>,
}

/// Rows of one table, in the order of the request.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct TableInBatchWriteRowResponse {
    /// The table.
    #[prost(string, required, tag = "1")]
    pub table_name: String,
    /// The rows.
    #[prost(message, repeated, tag = "2")]
    pub rows: Vec<RowInBatchWriteRowResponse>,
}

/// The answer to BatchWriteRow, in the order of the request.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct BatchWriteRowResponse {
    /// By table.
    #[prost(message, repeated, tag = "1")]
    pub tables: Vec<TableInBatchWriteRowResponse>,
}
