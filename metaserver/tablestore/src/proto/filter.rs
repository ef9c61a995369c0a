//! Filters, also used as conditions.

use bytes::Bytes;

/// What a piece of a string is taken for before it is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum VariantType {
    /// An integer.
    Integer = 0,
    /// A double.
    Double = 1,
    /// A string.
    String = 3,
    /// Nothing.
    Null = 6,
    /// Bytes.
    Blob = 7,
}

/// Kinds of filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum FilterType {
    /// [`SingleColumnValueFilter`].
    SingleColumnValue = 1,
    /// [`CompositeColumnValueFilter`].
    CompositeColumnValue = 2,
    /// [`ColumnPaginationFilter`].
    ColumnPagination = 3,
}

/// How a column is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum ComparatorType {
    /// =.
    Equal = 1,
    /// !=.
    NotEqual = 2,
    /// >.
    GreaterThan = 3,
    /// >=.
    GreaterEqual = 4,
    /// <.
    LessThan = 5,
    /// <=.
    LessEqual = 6,
    /// It is there; in the Python SDK only.
    Exist = 7,
    /// It is not there; in the Python SDK only.
    NotExist = 8,
}

/// How filters are combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum LogicalOperator {
    /// The one below does not hold.
    Not = 1,
    /// All hold.
    And = 2,
    /// One holds.
    Or = 3,
}

/// Takes a piece out of a string before it is compared.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ValueTransferRule {
    /// The first group of its first match is taken.
    #[prost(string, required, tag = "1")]
    pub regex: String,
    /// What the piece is taken for.
    #[prost(enumeration = "VariantType", optional, tag = "2")]
    pub cast_type: Option<i32>,
}

/// Compares one column.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct SingleColumnValueFilter {
    /// How.
    #[prost(enumeration = "ComparatorType", required, tag = "1")]
    pub comparator: i32,
    /// Which column.
    #[prost(string, required, tag = "2")]
    pub column_name: String,
    /// With which value: type and data.
    #[prost(bytes = "bytes", required, tag = "3")]
    pub column_value: Bytes,
    /// Whether a row without the column is left out.
    #[prost(bool, required, tag = "4")]
    pub filter_if_missing: bool,
    /// Whether older versions do not count.
    #[prost(bool, required, tag = "5")]
    pub latest_version_only: bool,
    /// What is done with the stored value first.
    #[prost(message, optional, tag = "6")]
    pub value_trans_rule: Option<ValueTransferRule>,
}

/// Combines filters.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct CompositeColumnValueFilter {
    /// How.
    #[prost(enumeration = "LogicalOperator", required, tag = "1")]
    pub combinator: i32,
    /// Which.
    #[prost(message, repeated, tag = "2")]
    pub sub_filters: Vec<Filter>,
}

/// Takes some of the columns.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ColumnPaginationFilter {
    /// Columns left out before.
    #[prost(int32, required, tag = "1")]
    pub offset: i32,
    /// Columns at most.
    #[prost(int32, required, tag = "2")]
    pub limit: i32,
}

/// A filter of any kind.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct Filter {
    /// Its kind.
    #[prost(enumeration = "FilterType", required, tag = "1")]
    pub r#type: i32,
    /// The encoded message of that kind.
    #[prost(bytes = "bytes", required, tag = "2")]
    pub filter: Bytes,
}
