//! Ranges of rows.

use bytes::Bytes;

use super::row::{ConsumedCapacity, TimeRange};
use super::table::PrimaryKeySchema;

/// The direction of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum Direction {
    /// Keys rise.
    Forward = 0,
    /// Keys fall.
    Backward = 1,
}

/// GetRange.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetRangeRequest {
    /// The table.
    #[prost(string, required, tag = "1")]
    pub table_name: String,
    /// The direction.
    #[prost(enumeration = "Direction", required, tag = "2")]
    pub direction: i32,
    /// Which columns; none: all.
    #[prost(string, repeated, tag = "3")]
    pub columns_to_get: Vec<String>,
    /// Which versions.
    #[prost(message, optional, tag = "4")]
    pub time_range: Option<TimeRange>,
    /// How many versions.
    #[prost(int32, optional, tag = "5")]
    pub max_versions: Option<i32>,
    /// Rows at most.
    #[prost(int32, optional, tag = "6")]
    pub limit: Option<i32>,
    /// The first key.
    #[prost(bytes = "bytes", required, tag = "7")]
    pub inclusive_start_primary_key: Bytes,
    /// The first key no more.
    #[prost(bytes = "bytes", required, tag = "8")]
    pub exclusive_end_primary_key: Bytes,
    /// A [`super::Filter`].
    #[prost(bytes = "bytes", optional, tag = "10")]
    pub filter: Option<Bytes>,
    /// The first column.
    #[prost(string, optional, tag = "11")]
    pub start_column: Option<String>,
    /// The first column no more.
    #[prost(string, optional, tag = "12")]
    pub end_column: Option<String>,
    /// Where a wide row goes on.
    #[prost(bytes = "bytes", optional, tag = "13")]
    pub token: Option<Bytes>,
    /// The transaction.
    #[prost(string, optional, tag = "14")]
    pub transaction_id: Option<String>,
}

/// The answer to GetRange.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetRangeResponse {
    /// What it cost.
    #[prost(message, required, tag = "1")]
    pub consumed: ConsumedCapacity,
    /// The rows.
    #[prost(bytes = "bytes", required, tag = "2")]
    pub rows: Bytes,
    /// Where to go on; absent or empty: it is all.
    #[prost(bytes = "bytes", optional, tag = "3")]
    pub next_start_primary_key: Option<Bytes>,
    /// Where a wide row goes on.
    #[prost(bytes = "bytes", optional, tag = "4")]
    pub next_token: Option<Bytes>,
}

/// ComputeSplitPointsBySize.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ComputeSplitPointsBySizeRequest {
    /// The table.
    #[prost(string, required, tag = "1")]
    pub table_name: String,
    /// Size of a piece in units.
    #[prost(int64, required, tag = "2")]
    pub split_size: i64,
    /// The unit in bytes; absent: 100 MiB.
    #[prost(int64, optional, tag = "3")]
    pub split_size_unit_in_byte: Option<i64>,
    /// Points at most.
    #[prost(int32, optional, tag = "4")]
    pub split_point_limit: Option<i32>,
}

/// The answer to ComputeSplitPointsBySize.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ComputeSplitPointsBySizeResponse {
    /// What it cost.
    #[prost(message, required, tag = "1")]
    pub consumed: ConsumedCapacity,
    /// The primary key.
    #[prost(message, repeated, tag = "2")]
    pub schema: Vec<PrimaryKeySchema>,
    /// Keys between the pieces, rising; trailing columns that are INF_MIN may be left out.
    #[prost(bytes = "bytes", repeated, tag = "3")]
    pub split_points: Vec<Bytes>,
    /// Where pieces lie.
    #[prost(message, repeated, tag = "4")]
    pub locations: Vec<SplitLocation>,
}

/// Where some pieces lie.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct SplitLocation {
    /// A name; may be empty.
    #[prost(string, required, tag = "1")]
    pub location: String,
    /// For how many pieces it holds.
    #[prost(sint64, required, tag = "2")]
    pub repeat: i64,
}
