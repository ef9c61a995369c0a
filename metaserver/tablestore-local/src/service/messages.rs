//! Messages that the client's crate has no use for. Field numbers: the Java SDK's
//! `ots_internal_api.proto` and `search.proto`.

use metafs_tablestore::proto::{ConsumedCapacity, DefinedColumnSchema, Error, IndexMeta};
use prost::bytes::Bytes;

/// CreateIndex.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct CreateIndexRequest {
    /// The table.
    #[prost(string, required, tag = "1")]
    pub main_table_name: String,
    /// The index.
    #[prost(message, required, tag = "2")]
    pub index_meta: IndexMeta,
    /// Whether rows that are there are to be indexed.
    #[prost(bool, optional, tag = "3")]
    pub include_base_data: Option<bool>,
}

/// DropIndex.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct DropIndexRequest {
    /// The table.
    #[prost(string, required, tag = "1")]
    pub main_table_name: String,
    /// The index.
    #[prost(string, required, tag = "2")]
    pub index_name: String,
}

/// AddDefinedColumn.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct AddDefinedColumnRequest {
    /// The table.
    #[prost(string, required, tag = "1")]
    pub table_name: String,
    /// The columns.
    #[prost(message, repeated, tag = "2")]
    pub columns: Vec<DefinedColumnSchema>,
}

/// DeleteDefinedColumn.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct DeleteDefinedColumnRequest {
    /// The table.
    #[prost(string, required, tag = "1")]
    pub table_name: String,
    /// The columns.
    #[prost(string, repeated, tag = "2")]
    pub columns: Vec<String>,
}

/// The answer of operations that have nothing to say.
#[derive(Clone, Copy, PartialEq, ::prost::Message)]
pub struct EmptyResponse {}

/// ListSearchIndex.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ListSearchIndexRequest {
    /// The table.
    #[prost(string, optional, tag = "1")]
    pub table_name: Option<String>,
}

/// The answer to ListSearchIndex: none.
#[derive(Clone, Copy, PartialEq, ::prost::Message)]
pub struct ListSearchIndexResponse {}

/// ListStream.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ListStreamRequest {
    /// The table.
    #[prost(string, optional, tag = "1")]
    pub table_name: Option<String>,
}

/// The answer to ListStream: none.
#[derive(Clone, Copy, PartialEq, ::prost::Message)]
pub struct ListStreamResponse {}

/// BulkImport.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct BulkImportRequest {
    /// The table.
    #[prost(string, required, tag = "1")]
    pub table_name: String,
    /// The rows.
    #[prost(message, repeated, tag = "2")]
    pub rows: Vec<RowInBulkImportRequest>,
}

/// A row of BulkImport.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct RowInBulkImportRequest {
    /// An operation's type.
    #[prost(int32, required, tag = "1")]
    pub r#type: i32,
    /// The row, or key and changes.
    #[prost(bytes = "bytes", required, tag = "2")]
    pub row_change: Bytes,
}

/// The answer to BulkImport.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct BulkImportResponse {
    /// The table.
    #[prost(string, required, tag = "1")]
    pub table_name: String,
    /// The rows, in the order of the request.
    #[prost(message, repeated, tag = "2")]
    pub rows: Vec<RowInBulkImportResponse>,
}

/// What became of a row of BulkImport.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct RowInBulkImportResponse {
    /// Whether it was written.
    #[prost(bool, required, tag = "1")]
    pub is_ok: bool,
    /// Why not.
    #[prost(message, optional, tag = "2")]
    pub error: Option<Error>,
    /// What it cost.
    #[prost(message, optional, tag = "3")]
    pub consumed: Option<ConsumedCapacity>,
}

/// BulkExport.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct BulkExportRequest {
    /// The table.
    #[prost(string, required, tag = "1")]
    pub table_name: String,
    /// Which columns.
    #[prost(string, repeated, tag = "2")]
    pub columns_to_get: Vec<String>,
    /// The first key.
    #[prost(bytes = "bytes", required, tag = "3")]
    pub inclusive_start_primary_key: Bytes,
    /// The first key no more.
    #[prost(bytes = "bytes", required, tag = "4")]
    pub exclusive_end_primary_key: Bytes,
    /// A filter.
    #[prost(bytes = "bytes", optional, tag = "5")]
    pub filter: Option<Bytes>,
    /// The form that the client would like best.
    #[prost(int32, optional, tag = "6")]
    pub data_block_type_hint: Option<i32>,
}

/// The answer to BulkExport.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct BulkExportResponse {
    /// What it cost.
    #[prost(message, required, tag = "1")]
    pub consumed: ConsumedCapacity,
    /// The rows.
    #[prost(bytes = "bytes", required, tag = "2")]
    pub rows: Bytes,
    /// Where to go on.
    #[prost(bytes = "bytes", optional, tag = "3")]
    pub next_start_primary_key: Option<Bytes>,
    /// Their form.
    #[prost(int32, optional, tag = "4")]
    pub data_block_type: Option<i32>,
}
