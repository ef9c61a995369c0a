//! Tablestore's messages (API version 2015-12-31). Field numbers as published with the official
//! SDKs: Java 5.17.10 (`ots_internal_api.proto`, `ots_filter.proto`), PyPI 6.4.8, npm 5.6.5; where
//! they differ the widest is taken. Bytes are shared slices of the buffer they were decoded from.
//!
//! For the client here, and for servers of the same protocol.

mod batch;
mod filter;
mod range;
mod row;
mod table;
mod table_calls;
mod transaction;

pub use batch::{
    BatchGetRowRequest, BatchGetRowResponse, BatchWriteRowRequest, BatchWriteRowResponse,
    OperationType, RowInBatchGetRowResponse, RowInBatchWriteRowRequest, RowInBatchWriteRowResponse,
    TableInBatchGetRowRequest, TableInBatchGetRowResponse, TableInBatchWriteRowRequest,
    TableInBatchWriteRowResponse,
};
pub use filter::{
    ColumnPaginationFilter, ComparatorType, CompositeColumnValueFilter, Filter, FilterType,
    LogicalOperator, SingleColumnValueFilter, ValueTransferRule, VariantType,
};
pub use range::{
    ComputeSplitPointsBySizeRequest, ComputeSplitPointsBySizeResponse, Direction, GetRangeRequest,
    GetRangeResponse, SplitLocation,
};
pub use row::{
    CapacityDataSize, CapacityUnit, Condition, ConsumedCapacity, DeleteRowRequest,
    DeleteRowResponse, GetRowRequest, GetRowResponse, PutRowRequest, PutRowResponse, ReturnContent,
    ReturnType, RowExistenceExpectation, TimeRange, UpdateRowRequest, UpdateRowResponse,
};
pub use table::{
    DefinedColumnSchema, DefinedColumnType, Error, IndexMeta, IndexSyncPhase, IndexType,
    IndexUpdateMode, PartitionRange, PrimaryKeyOption, PrimaryKeySchema, PrimaryKeyType,
    ReservedThroughput, ReservedThroughputDetails, SseDetails, SseKeyType, SseSpecification,
    StreamDetails, StreamSpecification, TableMeta, TableOptions, TableStatus,
};
pub use table_calls::{
    CreateTableRequest, CreateTableResponse, DeleteTableRequest, DeleteTableResponse,
    DescribeTableRequest, DescribeTableResponse, ListTableRequest, ListTableResponse,
    UpdateTableRequest, UpdateTableResponse,
};
pub use transaction::{
    AbortTransactionRequest, AbortTransactionResponse, CommitTransactionRequest,
    CommitTransactionResponse, StartLocalTransactionRequest, StartLocalTransactionResponse,
};
