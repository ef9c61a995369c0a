//! The operations on tables.

use bytes::Bytes;

use super::table::{
    IndexMeta, PartitionRange, ReservedThroughput, ReservedThroughputDetails, SseDetails,
    SseSpecification, StreamDetails, StreamSpecification, TableMeta, TableOptions, TableStatus,
};

/// CreateTable.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct CreateTableRequest {
    /// The table.
    #[prost(message, required, tag = "1")]
    pub table_meta: TableMeta,
    /// Its throughput.
    #[prost(message, required, tag = "2")]
    pub reserved_throughput: ReservedThroughput,
    /// Its options.
    #[prost(message, optional, tag = "3")]
    pub table_options: Option<TableOptions>,
    /// Partitions to begin with.
    #[prost(message, repeated, tag = "4")]
    pub partitions: Vec<PartitionRange>,
    /// Its stream.
    #[prost(message, optional, tag = "5")]
    pub stream_spec: Option<StreamSpecification>,
    /// Its encryption.
    #[prost(message, optional, tag = "6")]
    pub sse_spec: Option<SseSpecification>,
    /// Its indexes.
    #[prost(message, repeated, tag = "7")]
    pub index_metas: Vec<IndexMeta>,
    /// Whether it has local transactions; in the Java SDK only.
    #[prost(bool, optional, tag = "8")]
    pub enable_local_txn: Option<bool>,
}

/// The answer to CreateTable.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct CreateTableResponse {}

/// UpdateTable.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct UpdateTableRequest {
    /// The table.
    #[prost(string, required, tag = "1")]
    pub table_name: String,
    /// Its new throughput.
    #[prost(message, optional, tag = "2")]
    pub reserved_throughput: Option<ReservedThroughput>,
    /// Its new options.
    #[prost(message, optional, tag = "3")]
    pub table_options: Option<TableOptions>,
    /// Its new stream.
    #[prost(message, optional, tag = "4")]
    pub stream_spec: Option<StreamSpecification>,
}

/// The answer to UpdateTable.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct UpdateTableResponse {
    /// Its throughput.
    #[prost(message, required, tag = "1")]
    pub reserved_throughput_details: ReservedThroughputDetails,
    /// Its options.
    #[prost(message, required, tag = "2")]
    pub table_options: TableOptions,
    /// Its stream.
    #[prost(message, optional, tag = "3")]
    pub stream_details: Option<StreamDetails>,
}

/// DescribeTable.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct DescribeTableRequest {
    /// The table.
    #[prost(string, required, tag = "1")]
    pub table_name: String,
}

/// The answer to DescribeTable.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct DescribeTableResponse {
    /// The table.
    #[prost(message, required, tag = "1")]
    pub table_meta: TableMeta,
    /// Its throughput.
    #[prost(message, required, tag = "2")]
    pub reserved_throughput_details: ReservedThroughputDetails,
    /// Its options.
    #[prost(message, required, tag = "3")]
    pub table_options: TableOptions,
    /// What it is doing.
    #[prost(enumeration = "TableStatus", optional, tag = "4")]
    pub table_status: Option<i32>,
    /// Its stream.
    #[prost(message, optional, tag = "5")]
    pub stream_details: Option<StreamDetails>,
    /// Keys between its partitions.
    #[prost(bytes = "bytes", repeated, tag = "6")]
    pub shard_splits: Vec<Bytes>,
    /// Its encryption.
    #[prost(message, optional, tag = "7")]
    pub sse_details: Option<SseDetails>,
    /// Its indexes.
    #[prost(message, repeated, tag = "8")]
    pub index_metas: Vec<IndexMeta>,
    /// When it was made; microseconds since 1970.
    #[prost(int64, optional, tag = "9")]
    pub creation_time: Option<i64>,
}

/// ListTable.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ListTableRequest {}

/// The answer to ListTable.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ListTableResponse {
    /// The names.
    #[prost(string, repeated, tag = "1")]
    pub table_names: Vec<String>,
}

/// DeleteTable.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct DeleteTableRequest {
    /// The table.
    #[prost(string, required, tag = "1")]
    pub table_name: String,
}

/// The answer to DeleteTable.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct DeleteTableResponse {}
