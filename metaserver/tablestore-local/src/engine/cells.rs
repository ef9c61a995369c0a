//! PlainBuffer over borrowed bytes: the row of a request is read and the rows of an answer are
//! written without an allocation per cell. The client's crate has the owned form; that the two were
//! written apart makes each a check of the other.

use super::value::{Value, code};
use crate::error::OtsError;

const HEADER: u32 = 0x75;

mod tag {
    pub const KEY: u8 = 0x01;
    pub const DATA: u8 = 0x02;
    pub const CELL: u8 = 0x03;
    pub const NAME: u8 = 0x04;
    pub const VALUE: u8 = 0x05;
    pub const OP: u8 = 0x06;
    pub const TIME: u8 = 0x07;
    pub const DELETED: u8 = 0x08;
    pub const ROW_SUM: u8 = 0x09;
    pub const CELL_SUM: u8 = 0x0a;
}

static SUMS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut sum = byte as u8;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 0x80 == 0 { sum << 1 } else { (sum << 1) ^ 0x07 };
            bit += 1;
        }
        table[byte] = sum;
        byte += 1;
    }
    table
};

/// CRC-8 (polynomial 7), continued.
pub fn sum(start: u8, bytes: &[u8]) -> u8 {
    bytes.iter().fold(start, |sum, byte| SUMS[usize::from(sum ^ byte)])
}

/// What an update does with a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// All versions go.
    DeleteAll,
    /// The version of the cell's timestamp goes.
    DeleteOne,
    /// The newest version's integer grows.
    Increment,
}

/// One cell of a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell<'a> {
    /// Column name, UTF-8.
    pub name: &'a str,
    /// Absent for deletions.
    pub value: Option<Value<'a>>,
    /// Absent for plain values.
    pub op: Option<Op>,
    /// Milliseconds since 1970.
    pub time: Option<i64>,
}

/// One row of a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cells<'a> {
    /// Primary key columns.
    pub key: Vec<Cell<'a>>,
    /// Attribute columns.
    pub attributes: Vec<Cell<'a>>,
    /// The marker of a deletion.
    pub deleted: bool,
}

impl<'a> Cells<'a> {
    /// Reads a buffer of exactly one row.
    ///
    /// # Errors
    /// 400: not PlainBuffer, a checksum is wrong, a name or string is not UTF-8.
    pub fn read(bytes: &'a [u8]) -> Result<Self, OtsError> {
        let mut reader = Reader { rest: bytes };
        let header = reader.u32()?;
        if header != HEADER {
            return Err(OtsError::parameter(format!(
                "Cell data broken, mismatch header, actual: {header}, expect: {HEADER}."
            )));
        }
        let mut cells = Cells::default();
        let mut row_sum = 0;
        let mut next = reader.u8()?;
        if next == tag::KEY {
            next = reader.cells(&mut cells.key, &mut row_sum)?;
        }
        if next == tag::DATA {
            next = reader.cells(&mut cells.attributes, &mut row_sum)?;
        }
        if next == tag::DELETED {
            cells.deleted = true;
            next = reader.u8()?;
        }
        if next != tag::ROW_SUM {
            return Err(OtsError::parameter("Cell data broken, row is not end with checksum tag."));
        }
        checked(sum(row_sum, &[u8::from(cells.deleted)]), reader.u8()?)?;
        if cells.key.is_empty() {
            return Err(OtsError::parameter("Cell data broken, PK is empty."));
        }
        // The official Node.js SDK sends its whole buffer, with zeros behind the row.
        if reader.rest.iter().any(|byte| *byte != 0) {
            return Err(OtsError::parameter(
                "Cell data broken, has more data in cell, but they can't be parsed.",
            ));
        }
        Ok(cells)
    }
}

/// Reads a value that stands alone: type and data, as in filters.
///
/// # Errors
/// 400: not such a value.
pub fn lone_value(bytes: &[u8]) -> Result<Value<'_>, OtsError> {
    let mut reader = Reader { rest: bytes };
    reader.value("")
}

fn broken() -> OtsError {
    OtsError::parameter("data format is invalid.")
}

fn checked(computed: u8, given: u8) -> Result<(), OtsError> {
    if computed == given {
        return Ok(());
    }
    Err(OtsError::parameter(format!("Cell data broken, checksum is mismatch, {given}:{computed}.")))
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], OtsError> {
        let (head, rest) = self.rest.split_at_checked(count).ok_or_else(broken)?;
        self.rest = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], OtsError> {
        let (head, rest) = self.rest.split_first_chunk().ok_or_else(broken)?;
        self.rest = rest;
        Ok(*head)
    }

    fn u8(&mut self) -> Result<u8, OtsError> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn u32(&mut self) -> Result<u32, OtsError> {
        self.array().map(u32::from_le_bytes)
    }

    fn bytes(&mut self) -> Result<&'a [u8], OtsError> {
        let length = self.u32()?;
        self.take(usize::try_from(length).map_err(|_| broken())?)
    }

    /// Reads cells until something else comes; gives that tag.
    fn cells(&mut self, into: &mut Vec<Cell<'a>>, row_sum: &mut u8) -> Result<u8, OtsError> {
        loop {
            let next = self.u8()?;
            if next != tag::CELL {
                return Ok(next);
            }
            into.push(self.cell(row_sum)?);
        }
    }

    fn cell(&mut self, row_sum: &mut u8) -> Result<Cell<'a>, OtsError> {
        if self.u8()? != tag::NAME {
            return Err(OtsError::parameter("Cell data broken, attr has no name."));
        }
        let name = self.bytes()?;
        let mut cell_sum = sum(0, name);
        let name = std::str::from_utf8(name)
            .map_err(|_| OtsError::parameter("Column name must be UTF8 encoding."))?;
        let mut cell = Cell { name, value: None, op: None, time: None };
        let mut next = self.u8()?;
        if next == tag::VALUE {
            let value = self.bytes()?;
            cell_sum = sum(cell_sum, value);
            let mut inner = Reader { rest: value };
            cell.value = Some(inner.value(name)?);
            if !inner.rest.is_empty() {
                return Err(broken());
            }
            next = self.u8()?;
        }
        let mut op = None;
        if next == tag::OP {
            let given = self.u8()?;
            cell.op = Some(match given {
                1 => Op::DeleteAll,
                3 => Op::DeleteOne,
                4 => Op::Increment,
                _ => return Err(OtsError::parameter(format!("Invalid op type of cell: {given}."))),
            });
            op = Some(given);
            next = self.u8()?;
        }
        if next == tag::TIME {
            let time = self.array()?;
            cell_sum = sum(cell_sum, &time);
            cell.time = Some(i64::from_le_bytes(time));
            next = self.u8()?;
        }
        if let Some(op) = op {
            cell_sum = sum(cell_sum, &[op]);
        }
        if next != tag::CELL_SUM {
            return Err(OtsError::parameter(
                "Cell data broken, cell is not end with checksum tag.",
            ));
        }
        checked(cell_sum, self.u8()?)?;
        *row_sum = sum(*row_sum, &[cell_sum]);
        Ok(cell)
    }

    fn value(&mut self, name: &str) -> Result<Value<'a>, OtsError> {
        Ok(match self.u8()? {
            code::INTEGER => Value::Integer(i64::from_le_bytes(self.array()?)),
            code::DOUBLE => Value::Double(f64::from_le_bytes(self.array()?)),
            code::BOOLEAN => Value::Boolean(self.u8()? != 0),
            code::STRING => {
                let bytes = self.bytes()?;
                if std::str::from_utf8(bytes).is_err() {
                    let message = format!("Value of column {name} must be UTF8 encoding.");
                    return Err(OtsError::parameter(message));
                }
                Value::String(bytes)
            }
            code::BLOB => Value::Blob(self.bytes()?),
            code::INF_MIN => Value::InfMin,
            code::INF_MAX => Value::InfMax,
            code::AUTO_INCREMENT => Value::AutoIncrement,
            _ => {
                return Err(OtsError::parameter(
                    "data format is invalid, unknown variant type occured.",
                ));
            }
        })
    }
}

/// Writes rows into one buffer, the header before the first.
#[derive(Debug, Default)]
pub struct RowsWriter {
    /// What was written.
    pub buffer: Vec<u8>,
    row_sum: u8,
    in_data: bool,
}

impl RowsWriter {
    /// Begins a row with its key.
    pub fn start(&mut self) {
        if self.buffer.is_empty() {
            self.buffer.extend_from_slice(&HEADER.to_le_bytes());
        }
        self.buffer.push(tag::KEY);
        self.row_sum = 0;
        self.in_data = false;
    }

    /// A column of the key.
    pub fn key(&mut self, name: &[u8], value: &Value<'_>) {
        self.cell(name, value, None, None);
    }

    /// An attribute. With `known_sum` its checksum is not computed.
    pub fn attribute(&mut self, name: &[u8], value: &Value<'_>, time: i64, known_sum: u8) {
        if !self.in_data {
            self.in_data = true;
            self.buffer.push(tag::DATA);
        }
        self.cell(name, value, Some(time), Some(known_sum));
    }

    /// Ends the row.
    pub fn end(&mut self) {
        let row_sum = sum(self.row_sum, &[0]);
        self.buffer.extend_from_slice(&[tag::ROW_SUM, row_sum]);
    }

    fn cell(&mut self, name: &[u8], value: &Value<'_>, time: Option<i64>, known: Option<u8>) {
        let out = &mut self.buffer;
        out.extend_from_slice(&[tag::CELL, tag::NAME]);
        put_bytes(out, name);
        out.push(tag::VALUE);
        let length = 1
            + value.size()
            + if matches!(value, Value::String(_) | Value::Blob(_)) { 4 } else { 0 };
        put_length(out, length);
        out.push(value.code());
        match value {
            Value::Integer(v) => out.extend_from_slice(&v.to_le_bytes()),
            Value::Double(v) => out.extend_from_slice(&v.to_le_bytes()),
            Value::Boolean(v) => out.push(u8::from(*v)),
            Value::String(v) | Value::Blob(v) => put_bytes(out, v),
            Value::InfMin | Value::InfMax | Value::AutoIncrement => {}
        }
        if let Some(time) = time {
            out.push(tag::TIME);
            out.extend_from_slice(&time.to_le_bytes());
        }
        let cell_sum = known.unwrap_or_else(|| cell_sum(name, value, time));
        out.extend_from_slice(&[tag::CELL_SUM, cell_sum]);
        self.row_sum = sum(self.row_sum, &[cell_sum]);
    }
}

/// Checksum of a cell without an operation.
pub fn cell_sum(name: &[u8], value: &Value<'_>, time: Option<i64>) -> u8 {
    let mut crc = sum(sum(0, name), &[value.code()]);
    crc = match value {
        Value::Integer(v) => sum(crc, &v.to_le_bytes()),
        Value::Double(v) => sum(crc, &v.to_le_bytes()),
        Value::Boolean(v) => sum(crc, &[u8::from(*v)]),
        Value::String(v) | Value::Blob(v) => {
            sum(sum(crc, &u32::try_from(v.len()).unwrap_or(u32::MAX).to_le_bytes()), v)
        }
        Value::InfMin | Value::InfMax | Value::AutoIncrement => crc,
    };
    time.map_or(crc, |time| sum(crc, &time.to_le_bytes()))
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_length(out, bytes.len());
    out.extend_from_slice(bytes);
}

/// Lengths fit: a body is a few megabytes.
fn put_length(out: &mut Vec<u8>, length: usize) {
    out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
}

#[cfg(test)]
#[path = "cells_tests.rs"]
mod tests;
