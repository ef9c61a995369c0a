//! What tables are.

use bytes::Bytes;

use super::row::CapacityUnit;

/// Types of primary key columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum PrimaryKeyType {
    /// 64-bit integers.
    Integer = 1,
    /// UTF-8.
    String = 2,
    /// Bytes.
    Binary = 3,
    /// Booleans; in the Python SDK only.
    Boolean = 5,
}

/// Types of defined columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum DefinedColumnType {
    /// 64-bit integers.
    Integer = 1,
    /// Doubles.
    Double = 2,
    /// Booleans.
    Boolean = 3,
    /// UTF-8.
    String = 4,
    /// Bytes.
    Blob = 7,
}

/// Options of primary key columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum PrimaryKeyOption {
    /// The service gives out rising numbers.
    AutoIncrement = 1,
}

/// How an index follows its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum IndexUpdateMode {
    /// Behind it.
    Async = 0,
    /// With it.
    Sync = 1,
}

/// Kinds of secondary indexes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum IndexType {
    /// With partitions of its own.
    Global = 0,
    /// In the table's partitions.
    Local = 1,
}

/// How far an index is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum IndexSyncPhase {
    /// Not known.
    Invalid = 0,
    /// What was there before is being read.
    Full = 1,
    /// It follows.
    Incr = 2,
}

/// Whose key encrypts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum SseKeyType {
    /// The service's.
    KmsService = 1,
    /// The customer's.
    Byok = 2,
}

/// What a table is doing; in the Node SDK only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum TableStatus {
    /// It serves.
    Active = 1,
    /// It is unloaded.
    Inactive = 2,
    /// It comes.
    Loading = 3,
    /// It goes.
    Unloading = 4,
    /// It is being changed.
    Updating = 5,
}

/// Why a request, or a row of a batch, failed.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct Error {
    /// The code (`OTS...`).
    #[prost(string, required, tag = "1")]
    pub code: String,
    /// Text for people.
    #[prost(string, optional, tag = "2")]
    pub message: Option<String>,
}

/// A primary key column of a table.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct PrimaryKeySchema {
    /// Its name.
    #[prost(string, required, tag = "1")]
    pub name: String,
    /// Its type.
    #[prost(enumeration = "PrimaryKeyType", required, tag = "2")]
    pub r#type: i32,
    /// Its option.
    #[prost(enumeration = "PrimaryKeyOption", optional, tag = "3")]
    pub option: Option<i32>,
}

/// An attribute that indexes may use.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct DefinedColumnSchema {
    /// Its name.
    #[prost(string, required, tag = "1")]
    pub name: String,
    /// Its type.
    #[prost(enumeration = "DefinedColumnType", required, tag = "2")]
    pub r#type: i32,
}

/// What can be changed of a table.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct TableOptions {
    /// Seconds that data live; -1: for ever.
    #[prost(int32, optional, tag = "1")]
    pub time_to_live: Option<i32>,
    /// Versions kept of an attribute.
    #[prost(int32, optional, tag = "2")]
    pub max_versions: Option<i32>,
    /// How far a version may be from the time, in seconds.
    #[prost(int64, optional, tag = "5")]
    pub deviation_cell_version_in_sec: Option<i64>,
    /// Whether UpdateRow is allowed.
    #[prost(bool, optional, tag = "6")]
    pub allow_update: Option<bool>,
    /// Whether an update is to give the whole row.
    #[prost(bool, optional, tag = "7")]
    pub update_full_row: Option<bool>,
}

/// A secondary index.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct IndexMeta {
    /// Its name.
    #[prost(string, required, tag = "1")]
    pub name: String,
    /// Its primary key.
    #[prost(string, repeated, tag = "2")]
    pub primary_key: Vec<String>,
    /// Attributes that it holds.
    #[prost(string, repeated, tag = "3")]
    pub defined_column: Vec<String>,
    /// How it follows its table.
    #[prost(enumeration = "IndexUpdateMode", required, tag = "4")]
    pub index_update_mode: i32,
    /// Its kind.
    #[prost(enumeration = "IndexType", required, tag = "5")]
    pub index_type: i32,
    /// How far it is.
    #[prost(enumeration = "IndexSyncPhase", optional, tag = "6")]
    pub index_sync_phase: Option<i32>,
}

/// What never changes of a table.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct TableMeta {
    /// Its name.
    #[prost(string, required, tag = "1")]
    pub table_name: String,
    /// Its primary key.
    #[prost(message, repeated, tag = "2")]
    pub primary_key: Vec<PrimaryKeySchema>,
    /// Its defined columns.
    #[prost(message, repeated, tag = "3")]
    pub defined_column: Vec<DefinedColumnSchema>,
    /// Its id.
    #[prost(string, optional, tag = "5")]
    pub table_id: Option<String>,
    /// The id of its global table.
    #[prost(string, optional, tag = "6")]
    pub global_table_id: Option<String>,
}

/// Throughput that is paid for whether used or not.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ReservedThroughput {
    /// How much.
    #[prost(message, required, tag = "1")]
    pub capacity_unit: CapacityUnit,
}

/// The reserved throughput, and since when.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ReservedThroughputDetails {
    /// How much.
    #[prost(message, required, tag = "1")]
    pub capacity_unit: CapacityUnit,
    /// When it was last raised; seconds since 1970.
    #[prost(int64, required, tag = "2")]
    pub last_increase_time: i64,
    /// When it was last lowered; seconds since 1970.
    #[prost(int64, optional, tag = "3")]
    pub last_decrease_time: Option<i64>,
}

/// How a stream should be.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct StreamSpecification {
    /// Whether there is one.
    #[prost(bool, required, tag = "1")]
    pub enable_stream: bool,
    /// Hours that its records live.
    #[prost(int32, optional, tag = "2")]
    pub expiration_time: Option<i32>,
    /// Attributes of the old row in its records.
    #[prost(string, repeated, tag = "3")]
    pub columns_to_get: Vec<String>,
}

/// How a stream is.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct StreamDetails {
    /// Whether there is one.
    #[prost(bool, required, tag = "1")]
    pub enable_stream: bool,
    /// Its id.
    #[prost(string, optional, tag = "2")]
    pub stream_id: Option<String>,
    /// Hours that its records live.
    #[prost(int32, optional, tag = "3")]
    pub expiration_time: Option<i32>,
    /// When it was switched on; microseconds since 1970.
    #[prost(int64, optional, tag = "4")]
    pub last_enable_time: Option<i64>,
    /// Attributes of the old row in its records.
    #[prost(string, repeated, tag = "5")]
    pub columns_to_get: Vec<String>,
}

/// How data at rest should be encrypted.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct SseSpecification {
    /// Whether they are.
    #[prost(bool, required, tag = "1")]
    pub enable: bool,
    /// Whose key.
    #[prost(enumeration = "SseKeyType", optional, tag = "2")]
    pub key_type: Option<i32>,
    /// Which key of the customer.
    #[prost(bytes = "bytes", optional, tag = "3")]
    pub key_id: Option<Bytes>,
    /// The role that may use it.
    #[prost(bytes = "bytes", optional, tag = "4")]
    pub role_arn: Option<Bytes>,
}

/// How data at rest are encrypted.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct SseDetails {
    /// Whether they are.
    #[prost(bool, required, tag = "1")]
    pub enable: bool,
    /// Whose key.
    #[prost(enumeration = "SseKeyType", optional, tag = "2")]
    pub key_type: Option<i32>,
    /// Which key of the customer.
    #[prost(bytes = "bytes", optional, tag = "3")]
    pub key_id: Option<Bytes>,
    /// The role that may use it.
    #[prost(bytes = "bytes", optional, tag = "4")]
    pub role_arn: Option<Bytes>,
}

/// A partition that a table is to begin with: values of the first key column.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct PartitionRange {
    /// Its first value.
    #[prost(bytes = "bytes", required, tag = "1")]
    pub begin: Bytes,
    /// The first value after it.
    #[prost(bytes = "bytes", required, tag = "2")]
    pub end: Bytes,
}
