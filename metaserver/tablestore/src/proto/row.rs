//! Single rows: conditions, costs, and the operations.

use bytes::Bytes;

/// What a write expects of its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum RowExistenceExpectation {
    /// Nothing.
    Ignore = 0,
    /// That it is there.
    ExpectExist = 1,
    /// That it is not there.
    ExpectNotExist = 2,
}

/// What a write gives back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum ReturnType {
    /// Nothing.
    None = 0,
    /// The primary key, with numbers that were given out.
    Pk = 1,
    /// Attributes as they are afterwards.
    AfterModify = 2,
}

/// What must hold for a write.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct Condition {
    /// Of the row.
    #[prost(enumeration = "RowExistenceExpectation", required, tag = "1")]
    pub row_existence: i32,
    /// Of its attributes: a [`super::Filter`].
    #[prost(bytes = "bytes", optional, tag = "2")]
    pub column_condition: Option<Bytes>,
}

/// Units of throughput.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct CapacityUnit {
    /// For reads.
    #[prost(int32, optional, tag = "1")]
    pub read: Option<i32>,
    /// For writes.
    #[prost(int32, optional, tag = "2")]
    pub write: Option<i32>,
}

/// Throughput in bytes.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct CapacityDataSize {
    /// Read.
    #[prost(int64, optional, tag = "1")]
    pub read_size: Option<i64>,
    /// Written.
    #[prost(int64, optional, tag = "2")]
    pub write_size: Option<i64>,
}

/// What a request cost.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ConsumedCapacity {
    /// In units.
    #[prost(message, required, tag = "1")]
    pub capacity_unit: CapacityUnit,
    /// In bytes.
    #[prost(message, optional, tag = "2")]
    pub capacity_data_size: Option<CapacityDataSize>,
}

/// Versions that are read.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct TimeRange {
    /// The first.
    #[prost(int64, optional, tag = "1")]
    pub start_time: Option<i64>,
    /// The first no more.
    #[prost(int64, optional, tag = "2")]
    pub end_time: Option<i64>,
    /// The only one.
    #[prost(int64, optional, tag = "3")]
    pub specific_time: Option<i64>,
}

/// What a write should give back.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ReturnContent {
    /// What.
    #[prost(enumeration = "ReturnType", optional, tag = "1")]
    pub return_type: Option<i32>,
    /// Which attributes.
    #[prost(string, repeated, tag = "2")]
    pub return_column_names: Vec<String>,
}

/// GetRow.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetRowRequest {
    /// The table.
    #[prost(string, required, tag = "1")]
    pub table_name: String,
    /// The key.
    #[prost(bytes = "bytes", required, tag = "2")]
    pub primary_key: Bytes,
    /// Which columns; none: all.
    #[prost(string, repeated, tag = "3")]
    pub columns_to_get: Vec<String>,
    /// Which versions.
    #[prost(message, optional, tag = "4")]
    pub time_range: Option<TimeRange>,
    /// How many versions.
    #[prost(int32, optional, tag = "5")]
    pub max_versions: Option<i32>,
    /// A [`super::Filter`].
    #[prost(bytes = "bytes", optional, tag = "7")]
    pub filter: Option<Bytes>,
    /// The first column.
    #[prost(string, optional, tag = "8")]
    pub start_column: Option<String>,
    /// The first column no more.
    #[prost(string, optional, tag = "9")]
    pub end_column: Option<String>,
    /// Where a wide row goes on.
    #[prost(bytes = "bytes", optional, tag = "10")]
    pub token: Option<Bytes>,
    /// The transaction.
    #[prost(string, optional, tag = "11")]
    pub transaction_id: Option<String>,
}

/// The answer to GetRow.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetRowResponse {
    /// What it cost.
    #[prost(message, required, tag = "1")]
    pub consumed: ConsumedCapacity,
    /// The row; empty: none.
    #[prost(bytes = "bytes", required, tag = "2")]
    pub row: Bytes,
    /// Where a wide row goes on.
    #[prost(bytes = "bytes", optional, tag = "3")]
    pub next_token: Option<Bytes>,
}

/// UpdateRow.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct UpdateRowRequest {
    /// The table.
    #[prost(string, required, tag = "1")]
    pub table_name: String,
    /// The key and the changes.
    #[prost(bytes = "bytes", required, tag = "2")]
    pub row_change: Bytes,
    /// What must hold.
    #[prost(message, required, tag = "3")]
    pub condition: Condition,
    /// What to give back.
    #[prost(message, optional, tag = "4")]
    pub return_content: Option<ReturnContent>,
    /// The transaction.
    #[prost(string, optional, tag = "5")]
    pub transaction_id: Option<String>,
}

/// The answer to UpdateRow.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct UpdateRowResponse {
    /// What it cost.
    #[prost(message, required, tag = "1")]
    pub consumed: ConsumedCapacity,
    /// What was asked back.
    #[prost(bytes = "bytes", optional, tag = "2")]
    pub row: Option<Bytes>,
}

/// PutRow.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct PutRowRequest {
    /// The table.
    #[prost(string, required, tag = "1")]
    pub table_name: String,
    /// The row.
    #[prost(bytes = "bytes", required, tag = "2")]
    pub row: Bytes,
    /// What must hold.
    #[prost(message, required, tag = "3")]
    pub condition: Condition,
    /// What to give back.
    #[prost(message, optional, tag = "4")]
    pub return_content: Option<ReturnContent>,
    /// The transaction.
    #[prost(string, optional, tag = "5")]
    pub transaction_id: Option<String>,
}

/// The answer to PutRow.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct PutRowResponse {
    /// What it cost.
    #[prost(message, required, tag = "1")]
    pub consumed: ConsumedCapacity,
    /// What was asked back.
    #[prost(bytes = "bytes", optional, tag = "2")]
    pub row: Option<Bytes>,
}

/// DeleteRow.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct DeleteRowRequest {
    /// The table.
    #[prost(string, required, tag = "1")]
    pub table_name: String,
    /// The key, with a delete marker.
    #[prost(bytes = "bytes", required, tag = "2")]
    pub primary_key: Bytes,
    /// What must hold.
    #[prost(message, required, tag = "3")]
    pub condition: Condition,
    /// What to give back.
    #[prost(message, optional, tag = "4")]
    pub return_content: Option<ReturnContent>,
    /// The transaction.
    #[prost(string, optional, tag = "5")]
    pub transaction_id: Option<String>,
}

/// The answer to DeleteRow.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct DeleteRowResponse {
    /// What it cost.
    #[prost(message, required, tag = "1")]
    pub consumed: ConsumedCapacity,
    /// What was asked back.
    #[prost(bytes = "bytes", optional, tag = "2")]
    pub row: Option<Bytes>,
}
