//! Bytes into rows. Names, strings and binaries are slices of the body, so what is decoded keeps the
//! body in memory; everything else that is allocated is bounded by the body's length.

use bytes::Bytes;

use super::{HEADER, PlainBufferError, crc, op, tag};
use crate::model::{
    Change, Column, ColumnChange, PrimaryKey, PrimaryKeyColumn, Row, RowChange, Text, Value,
    ValueType,
};
use crate::proto::OperationType;

type Result<T> = std::result::Result<T, PlainBufferError>;

/// The one row of a body; `None` when the body is empty (the row does not exist).
pub fn decode_row(body: Bytes) -> Result<Option<Row>> {
    if body.is_empty() {
        return Ok(None);
    }
    let mut rows = Rows::new(body)?;
    let cut_off = PlainBufferError::CutOff { at: rows.reader.at, missing: 1 };
    let row = rows.next().ok_or(cut_off)??;
    rows.reader.end()?;
    Ok(Some(row))
}

/// All rows of a body.
pub fn decode_rows(body: Bytes) -> Result<Vec<Row>> {
    Rows::new(body)?.collect()
}

/// A body that is a primary key and nothing else.
pub fn decode_primary_key(body: Bytes) -> Result<PrimaryKey> {
    let (key, deleted) = key_only(body)?;
    if deleted.0 {
        return Err(PlainBufferError::Shape { at: deleted.1, what: "a key with a delete marker" });
    }
    Ok(key)
}

/// The primary key of a body that deletes a row. The Python SDK writes the delete marker, others may
/// leave it out, so both are taken.
pub fn decode_deleted(body: Bytes) -> Result<PrimaryKey> {
    key_only(body).map(|(key, _)| key)
}

/// A change of a row, as requests hold it.
pub fn decode_row_change(body: Bytes, operation: OperationType) -> Result<RowChange> {
    match operation {
        OperationType::Put => {
            let mut reader = Reader::new(body)?;
            let parts = reader.row(column)?;
            reader.end()?;
            refuse_marker(&parts, reader.at)?;
            Ok(RowChange::Put(Row { primary_key: parts.key, columns: parts.cells }))
        }
        OperationType::Update => {
            let mut reader = Reader::new(body)?;
            let parts = reader.row(column_change)?;
            reader.end()?;
            refuse_marker(&parts, reader.at)?;
            Ok(RowChange::Update { primary_key: parts.key, columns: parts.cells })
        }
        OperationType::Delete => decode_deleted(body).map(RowChange::Delete),
    }
}

/// A value as filters and ranges of partitions hold it.
pub fn decode_value(body: Bytes) -> Result<Value> {
    let mut reader = Reader { body, at: 0 };
    let value = reader.value()?;
    reader.end()?;
    Ok(value)
}

/// The rows of a body, one by one. After an error there are no more.
pub struct Rows {
    reader: Reader,
}

impl Rows {
    /// Begins. An empty body holds no rows.
    pub fn new(body: Bytes) -> Result<Self> {
        let reader = if body.is_empty() { Reader { body, at: 0 } } else { Reader::new(body)? };
        Ok(Self { reader })
    }
}

impl Iterator for Rows {
    type Item = Result<Row>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.reader.left() == 0 {
            return None;
        }
        let row = self.reader.row(column).and_then(|parts| {
            refuse_marker(&parts, self.reader.at)?;
            Ok(Row { primary_key: parts.key, columns: parts.cells })
        });
        if row.is_err() {
            self.reader.at = self.reader.body.len();
        }
        Some(row)
    }
}

struct Parts<C> {
    key: PrimaryKey,
    cells: Vec<C>,
    deleted: bool,
}

/// A cell before anybody knows what it means.
struct Cell {
    name: Text,
    value: Option<Value>,
    op: Option<u8>,
    timestamp: Option<i64>,
    /// Where it ends, for errors.
    end: usize,
}

fn key_only(body: Bytes) -> Result<(PrimaryKey, (bool, usize))> {
    let mut reader = Reader::new(body)?;
    let parts = reader.row(|cell| -> Result<()> {
        Err(PlainBufferError::Shape { at: cell.end, what: "an attribute where only a key belongs" })
    })?;
    reader.end()?;
    Ok((parts.key, (parts.deleted, reader.at)))
}

fn refuse_marker<C>(parts: &Parts<C>, at: usize) -> Result<()> {
    if parts.deleted {
        return Err(PlainBufferError::Shape { at, what: "a row with a delete marker" });
    }
    Ok(())
}

fn primary_key_column(cell: Cell) -> Result<PrimaryKeyColumn> {
    let Cell { name, value: Some(value), op: None, timestamp: None, .. } = cell else {
        let what = "a key column that is more or less than a name and a value";
        return Err(PlainBufferError::Shape { at: cell.end, what });
    };
    Ok(PrimaryKeyColumn { name, value })
}

fn column(cell: Cell) -> Result<Column> {
    let Cell { name, value: Some(value), op: None, timestamp, .. } = cell else {
        let what = "an attribute without a value, or with an operation";
        return Err(PlainBufferError::Shape { at: cell.end, what });
    };
    Ok(Column { name, value, timestamp })
}

fn column_change(cell: Cell) -> Result<ColumnChange> {
    let Cell { name, value, op, timestamp, end } = cell;
    let shape = |what| PlainBufferError::Shape { at: end, what };
    let change = match (op, value, timestamp) {
        (None, Some(value), timestamp) => Change::Put { value, timestamp },
        (Some(op::DELETE_ONE), None, Some(timestamp)) => Change::DeleteOne { timestamp },
        (Some(op::DELETE_ALL), None, None) => Change::DeleteAll,
        (Some(op::INCREMENT), Some(Value::Integer(by)), None) => Change::Increment { by },
        (None, None, _) => return Err(shape("a changed attribute without a value")),
        (Some(op::DELETE_ONE), ..) => {
            return Err(shape("one version is deleted by its time and without a value"));
        }
        (Some(op::DELETE_ALL), ..) => {
            return Err(shape("all versions are deleted without a time or a value"));
        }
        (Some(op::INCREMENT), ..) => {
            return Err(shape("an increment is an integer without a time"));
        }
        (Some(found), ..) => return Err(PlainBufferError::Operation { at: end, found }),
    };
    Ok(ColumnChange { name, change })
}

struct Reader {
    body: Bytes,
    at: usize,
}

impl Reader {
    fn new(body: Bytes) -> Result<Self> {
        let mut reader = Self { body, at: 0 };
        let header = reader.u32()?;
        if header != HEADER {
            return Err(PlainBufferError::Header(header));
        }
        Ok(reader)
    }

    fn left(&self) -> usize {
        self.body.len() - self.at
    }

    fn end(&self) -> Result<()> {
        if self.left() != 0 {
            let what = "bytes follow where the body should end";
            return Err(PlainBufferError::Shape { at: self.at, what });
        }
        Ok(())
    }

    fn row<C>(&mut self, make: impl Fn(Cell) -> Result<C>) -> Result<Parts<C>> {
        let mut row_crc = 0;
        let mut key = PrimaryKey::new();
        let mut cells = Vec::new();
        let mut next = self.u8()?;
        // Answers with attributes only may leave the key out (the Java SDK takes that too).
        if next != tag::ROW_PK && next != tag::ROW_DATA {
            return Err(self.unexpected(next, "a row's key"));
        }
        if next == tag::ROW_PK {
            next = self.u8()?;
            while next == tag::CELL {
                key.columns.push(primary_key_column(self.cell(&mut row_crc)?)?);
                next = self.u8()?;
            }
        }
        if next == tag::ROW_DATA {
            next = self.u8()?;
            while next == tag::CELL {
                cells.push(make(self.cell(&mut row_crc)?)?);
                next = self.u8()?;
            }
        }
        let deleted = next == tag::DELETE_MARKER;
        if deleted {
            next = self.u8()?;
        }
        if next != tag::ROW_CHECKSUM {
            return Err(self.unexpected(next, "a cell or a row's end"));
        }
        let stored = self.u8()?;
        let computed = crc::byte(row_crc, u8::from(deleted));
        if stored != computed {
            return Err(PlainBufferError::RowChecksum { at: self.at, stored, computed });
        }
        Ok(Parts { key, cells, deleted })
    }

    /// Reads a cell after its tag and carries the row's checksum on.
    fn cell(&mut self, row_crc: &mut u8) -> Result<Cell> {
        let mut next = self.u8()?;
        if next != tag::CELL_NAME {
            return Err(self.unexpected(next, "a cell's name"));
        }
        let name = self.text()?;
        let mut computed = crc::bytes(0, name.as_bytes());
        next = self.u8()?;
        let mut cell = Cell { name, value: None, op: None, timestamp: None, end: 0 };
        if next == tag::CELL_VALUE {
            let length = self.u32()?;
            let start = self.at;
            cell.value = Some(self.value()?);
            if self.at - start != usize::try_from(length).unwrap_or(usize::MAX) {
                return Err(PlainBufferError::ValueLength { at: start, length });
            }
            computed = crc::bytes(computed, self.body.get(start..self.at).unwrap_or_default());
            next = self.u8()?;
        }
        if next == tag::CELL_OP {
            cell.op = Some(self.u8()?);
            next = self.u8()?;
        }
        if next == tag::CELL_TIMESTAMP {
            let timestamp = self.array::<8>()?;
            computed = crc::bytes(computed, &timestamp);
            cell.timestamp = Some(i64::from_le_bytes(timestamp));
            next = self.u8()?;
        }
        if let Some(op) = cell.op {
            computed = crc::byte(computed, op);
        }
        if next != tag::CELL_CHECKSUM {
            return Err(self.unexpected(next, "a cell's checksum"));
        }
        let stored = self.u8()?;
        if stored != computed {
            return Err(PlainBufferError::CellChecksum { at: self.at, stored, computed });
        }
        *row_crc = crc::byte(*row_crc, computed);
        cell.end = self.at;
        Ok(cell)
    }

    fn value(&mut self) -> Result<Value> {
        let found = self.u8()?;
        let Some(value_type) = ValueType::from_wire(found) else {
            return Err(PlainBufferError::ValueType { at: self.at - 1, found });
        };
        Ok(match value_type {
            ValueType::Integer => Value::Integer(i64::from_le_bytes(self.array()?)),
            ValueType::Double => Value::Double(f64::from_le_bytes(self.array()?)),
            ValueType::Boolean => Value::Boolean(self.u8()? != 0),
            ValueType::String => Value::String(self.text()?),
            ValueType::Binary => Value::Binary(self.bytes()?),
            ValueType::InfMin => Value::InfMin,
            ValueType::InfMax => Value::InfMax,
            ValueType::AutoIncrement => Value::AutoIncrement,
        })
    }

    fn text(&mut self) -> Result<Text> {
        let at = self.at + 4;
        Text::from_utf8(self.bytes()?).map_err(|_| PlainBufferError::Utf8 { at })
    }

    fn bytes(&mut self) -> Result<Bytes> {
        let length = usize::try_from(self.u32()?).unwrap_or(usize::MAX);
        let start = self.advance(length)?;
        Ok(self.body.slice(start..self.at))
    }

    fn u8(&mut self) -> Result<u8> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let start = self.advance(N)?;
        let cut_off = PlainBufferError::CutOff { at: start, missing: N };
        self.body.get(start..).and_then(|rest| rest.first_chunk()).copied().ok_or(cut_off)
    }

    /// Goes `length` bytes on and says where they begin.
    fn advance(&mut self, length: usize) -> Result<usize> {
        let start = self.at;
        let left = self.left();
        if length > left {
            return Err(PlainBufferError::CutOff { at: self.body.len(), missing: length - left });
        }
        self.at += length;
        Ok(start)
    }

    fn unexpected(&self, found: u8, expected: &'static str) -> PlainBufferError {
        PlainBufferError::Tag { at: self.at - 1, found, expected }
    }
}
