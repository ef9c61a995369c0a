//! Rows into bytes. Everything goes straight into the caller's buffer; lengths are known before.

use bytes::{BufMut, Bytes, BytesMut};

use super::{HEADER, HEADER_LEN, crc, op, tag};
use crate::model::{Change, Column, ColumnChange, PrimaryKey, Row, RowChange, Value};

/// Bytes of tags, lengths and checksum around a cell's name: 03, 04 len32 .. 0A crc.
const CELL_FRAME: usize = 1 + 1 + 4 + 2;
/// Bytes around a row's cells: 01 .. 09 crc.
const ROW_FRAME: usize = 1 + 2;

/// A row as it was stored, with the header.
#[must_use]
pub fn encode_row(row: &Row) -> Bytes {
    let mut out = BytesMut::with_capacity(HEADER_LEN + row_len(row));
    put_header(&mut out);
    put_row(&mut out, row);
    out.freeze()
}

/// Many rows under one header. No rows: only the header, or nothing at all, as the service answers.
#[must_use]
pub fn encode_rows<'a>(rows: impl IntoIterator<Item = &'a Row> + Clone) -> Bytes {
    let length: usize = rows.clone().into_iter().map(row_len).sum();
    if length == 0 {
        return Bytes::new();
    }
    let mut out = BytesMut::with_capacity(HEADER_LEN + length);
    put_header(&mut out);
    for row in rows {
        put_row(&mut out, row);
    }
    out.freeze()
}

/// A primary key, with the header.
#[must_use]
pub fn encode_primary_key(key: &PrimaryKey) -> Bytes {
    let mut out = BytesMut::with_capacity(HEADER_LEN + primary_key_len(key));
    put_header(&mut out);
    put_primary_key(&mut out, key);
    out.freeze()
}

/// A change of a row, with the header.
#[must_use]
pub fn encode_row_change(change: &RowChange) -> Bytes {
    let mut out = BytesMut::with_capacity(row_change_len(change));
    put_row_change(&mut out, change);
    out.freeze()
}

/// A value as filters and ranges of partitions hold it: type and data without a length before it.
#[must_use]
pub fn encode_value(value: &Value) -> Bytes {
    let mut out = BytesMut::with_capacity(value_len(value));
    put_value(&mut out, value);
    out.freeze()
}

/// Appends the header.
pub fn put_header(out: &mut BytesMut) {
    out.put_u32_le(HEADER);
}

/// Appends a row without the header.
pub fn put_row(out: &mut BytesMut, row: &Row) {
    let mut row_crc = put_key_cells(out, &row.primary_key);
    if !row.columns.is_empty() {
        out.put_u8(tag::ROW_DATA);
        for Column { name, value, timestamp } in &row.columns {
            row_crc = put_cell(out, row_crc, name.as_bytes(), Some(value), None, *timestamp);
        }
    }
    put_row_end(out, row_crc, false);
}

/// Appends a primary key without the header.
pub fn put_primary_key(out: &mut BytesMut, key: &PrimaryKey) {
    let row_crc = put_key_cells(out, key);
    put_row_end(out, row_crc, false);
}

/// Appends a change, header included: every change of a batch has its own.
pub fn put_row_change(out: &mut BytesMut, change: &RowChange) {
    put_header(out);
    match change {
        RowChange::Put(row) => put_row(out, row),
        RowChange::Delete(key) => {
            let row_crc = put_key_cells(out, key);
            put_row_end(out, row_crc, true);
        }
        RowChange::Update { primary_key, columns } => {
            let mut row_crc = put_key_cells(out, primary_key);
            if !columns.is_empty() {
                out.put_u8(tag::ROW_DATA);
                for change in columns {
                    row_crc = put_column_change(out, row_crc, change);
                }
            }
            put_row_end(out, row_crc, false);
        }
    }
}

/// Bytes of [`put_row`].
#[must_use]
pub fn row_len(row: &Row) -> usize {
    let cells = row.columns.iter().map(|Column { name, value, timestamp }| {
        CELL_FRAME + name.len() + cell_value_len(value) + timestamp.map_or(0, |_| 9)
    });
    primary_key_len(&row.primary_key) + usize::from(!row.columns.is_empty()) + cells.sum::<usize>()
}

/// Bytes of [`put_primary_key`].
#[must_use]
pub fn primary_key_len(key: &PrimaryKey) -> usize {
    let cells = key.columns.iter();
    let cells = cells.map(|column| CELL_FRAME + column.name.len() + cell_value_len(&column.value));
    ROW_FRAME + cells.sum::<usize>()
}

/// Bytes of [`put_row_change`], header included.
#[must_use]
pub fn row_change_len(change: &RowChange) -> usize {
    HEADER_LEN
        + match change {
            RowChange::Put(row) => row_len(row),
            RowChange::Delete(key) => primary_key_len(key) + 1,
            RowChange::Update { primary_key, columns } => {
                primary_key_len(primary_key)
                    + usize::from(!columns.is_empty())
                    + columns.iter().map(column_change_len).sum::<usize>()
            }
        }
}

fn column_change_len(column: &ColumnChange) -> usize {
    let rest = match &column.change {
        Change::Put { value, timestamp } => cell_value_len(value) + timestamp.map_or(0, |_| 9),
        Change::DeleteOne { .. } => 2 + 9,
        Change::DeleteAll => 2,
        Change::Increment { by } => cell_value_len(&Value::Integer(*by)) + 2,
    };
    CELL_FRAME + column.name.len() + rest
}

fn put_column_change(out: &mut BytesMut, row_crc: u8, column: &ColumnChange) -> u8 {
    let name = column.name.as_bytes();
    match &column.change {
        Change::Put { value, timestamp } => {
            put_cell(out, row_crc, name, Some(value), None, *timestamp)
        }
        Change::DeleteOne { timestamp } => {
            put_cell(out, row_crc, name, None, Some(op::DELETE_ONE), Some(*timestamp))
        }
        Change::DeleteAll => put_cell(out, row_crc, name, None, Some(op::DELETE_ALL), None),
        Change::Increment { by } => {
            put_cell(out, row_crc, name, Some(&Value::Integer(*by)), Some(op::INCREMENT), None)
        }
    }
}

fn put_key_cells(out: &mut BytesMut, key: &PrimaryKey) -> u8 {
    out.put_u8(tag::ROW_PK);
    key.columns.iter().fold(0, |row_crc, column| {
        put_cell(out, row_crc, column.name.as_bytes(), Some(&column.value), None, None)
    })
}

fn put_row_end(out: &mut BytesMut, row_crc: u8, deleted: bool) {
    if deleted {
        out.put_u8(tag::DELETE_MARKER);
    }
    out.put_u8(tag::ROW_CHECKSUM);
    out.put_u8(crc::byte(row_crc, u8::from(deleted)));
}

/// Appends a cell and gives the row's checksum after it.
fn put_cell(
    out: &mut BytesMut,
    row_crc: u8,
    name: &[u8],
    value: Option<&Value>,
    op: Option<u8>,
    timestamp: Option<i64>,
) -> u8 {
    out.put_u8(tag::CELL);
    out.put_u8(tag::CELL_NAME);
    put_bytes(out, name);
    let mut cell = crc::bytes(0, name);
    if let Some(value) = value {
        out.put_u8(tag::CELL_VALUE);
        out.put_u32_le(length(value_len(value)));
        let start = out.len();
        put_value(out, value);
        // What was written is what is summed up: type, length of strings, data.
        cell = crc::bytes(cell, out.get(start..).unwrap_or_default());
    }
    // The operation stands before the time, and is summed up after it.
    if let Some(op) = op {
        out.put_u8(tag::CELL_OP);
        out.put_u8(op);
    }
    if let Some(timestamp) = timestamp {
        out.put_u8(tag::CELL_TIMESTAMP);
        out.put_i64_le(timestamp);
        cell = crc::bytes(cell, &timestamp.to_le_bytes());
    }
    if let Some(op) = op {
        cell = crc::byte(cell, op);
    }
    out.put_u8(tag::CELL_CHECKSUM);
    out.put_u8(cell);
    crc::byte(row_crc, cell)
}

fn put_value(out: &mut BytesMut, value: &Value) {
    out.put_u8(value.value_type().wire());
    match value {
        Value::Integer(value) => out.put_i64_le(*value),
        Value::Double(value) => out.put_f64_le(*value),
        Value::Boolean(value) => out.put_u8(u8::from(*value)),
        Value::String(text) => put_bytes(out, text.as_bytes()),
        Value::Binary(bytes) => put_bytes(out, bytes),
        Value::InfMin | Value::InfMax | Value::AutoIncrement => {}
    }
}

fn put_bytes(out: &mut BytesMut, bytes: &[u8]) {
    out.put_u32_le(length(bytes.len()));
    out.put_slice(bytes);
}

/// A value of 4 GiB is refused long before: the limits are far below.
fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Tag, length, type and data.
fn cell_value_len(value: &Value) -> usize {
    1 + 4 + value_len(value)
}

/// Type and data.
fn value_len(value: &Value) -> usize {
    match value {
        Value::Integer(_) | Value::Double(_) => 9,
        Value::Boolean(_) => 2,
        Value::String(text) => 5 + text.len(),
        Value::Binary(bytes) => 5 + bytes.len(),
        Value::InfMin | Value::InfMax | Value::AutoIncrement => 1,
    }
}
