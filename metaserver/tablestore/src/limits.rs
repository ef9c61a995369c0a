//! Tablestore's documented limits. Sources: Alibaba Cloud's documentation, "Limits" (general limits)
//! and the pages of BatchGetRow, BatchWriteRow and GetRange. The service refuses what is over them;
//! the client refuses the same before it sends anything.

/// Columns of a primary key.
pub const PRIMARY_KEY_COLUMNS: usize = 4;
/// Bytes of a string or binary in a primary key.
pub const PRIMARY_KEY_VALUE: usize = 1024;
/// Bytes of a string or binary attribute.
pub const ATTRIBUTE_VALUE: usize = 2 << 20;
/// Attributes of one written row.
pub const ATTRIBUTES_PER_WRITE: usize = 1024;
/// Columns that a read names.
pub const COLUMNS_TO_GET: usize = 128;
/// Bytes of a table's or a column's name.
pub const NAME: usize = 255;
/// Tables of an instance.
pub const TABLES_PER_INSTANCE: usize = 64;
/// Rows of one BatchGetRow.
pub const BATCH_GET_ROWS: usize = 100;
/// Rows of one BatchWriteRow.
pub const BATCH_WRITE_ROWS: usize = 200;
/// Bytes of the rows of one BatchWriteRow (names and values, as [`crate::model`] counts them; their
/// encoding, which is a little larger, is what the client counts).
pub const BATCH_WRITE_BYTES: usize = 4 << 20;
/// Bytes of a request's body.
pub const REQUEST_BODY: usize = 5 << 20;
/// Rows that one GetRange gives.
pub const RANGE_ROWS: usize = 5000;
/// Bytes of rows that one GetRange gives.
pub const RANGE_BYTES: usize = 4 << 20;
/// Filters in one condition or filter.
pub const FILTERS: usize = 10;
/// Milliseconds that a local transaction lives, and that it may be idle.
pub const TRANSACTION_MILLIS: u64 = 60_000;
/// Bytes that a local transaction may write.
pub const TRANSACTION_BYTES: usize = 4 << 20;
/// Milliseconds that the clocks of client and service may differ.
pub const CLOCK_DIFFERENCE_MILLIS: i64 = 15 * 60 * 1000;
