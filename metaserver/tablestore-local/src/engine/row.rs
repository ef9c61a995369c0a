//! A stored row: a format byte, the time of the last write (a row without attributes lives by it),
//! then the cells by name and from new to old. A cell keeps the checksum that it has on the wire.
//!
//! cell = checksum, type, length of name (1), name, time (8), data; strings and binaries: length (4)
//! before the data. All numbers little-endian.

use super::cells::cell_sum;
use super::value::{Value, code};
use crate::error::OtsError;

const FORMAT: u8 = 1;
/// Format byte and time of the last write.
const HEAD: usize = 9;

/// A cell of a stored row, or one to be stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StoredCell<'a> {
    /// Column name.
    pub name: &'a [u8],
    /// Version, milliseconds since 1970.
    pub time: i64,
    /// Its value; never a bound.
    pub value: Value<'a>,
    /// Checksum on the wire.
    pub sum: u8,
}

impl<'a> StoredCell<'a> {
    /// Computes the checksum.
    pub fn new(name: &'a [u8], time: i64, value: Value<'a>) -> Self {
        Self { name, time, value, sum: cell_sum(name, &value, Some(time)) }
    }
}

/// A stored row.
#[derive(Clone, Copy, Debug)]
pub struct StoredRow<'a> {
    /// Time of the last write, milliseconds since 1970.
    pub written: i64,
    cells: &'a [u8],
}

impl<'a> StoredRow<'a> {
    /// Reads the head.
    ///
    /// # Errors
    /// Not a stored row.
    pub fn open(bytes: &'a [u8]) -> Result<Self, OtsError> {
        match bytes.split_first_chunk::<HEAD>() {
            Some(([FORMAT, written @ ..], cells)) => {
                Ok(Self { written: i64::from_le_bytes(*written), cells })
            }
            _ => Err(damaged()),
        }
    }

    /// The cells in order.
    pub fn cells(&self) -> CellIter<'a> {
        CellIter { rest: self.cells }
    }

    /// Whether anything of it has outlived the table's time to live: cells, or the row itself when
    /// it has none. `oldest` is the oldest time that still lives.
    pub fn lives(&self, oldest: i64) -> Result<bool, OtsError> {
        if oldest == i64::MIN {
            return Ok(true);
        }
        if self.cells.is_empty() {
            return Ok(self.written >= oldest);
        }
        for cell in self.cells() {
            if cell?.time >= oldest {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn damaged() -> OtsError {
    OtsError::internal("a stored row is damaged")
}

/// Iterator over stored cells; an error ends it.
#[derive(Clone, Debug)]
pub struct CellIter<'a> {
    rest: &'a [u8],
}

impl<'a> CellIter<'a> {
    fn step(&mut self) -> Option<StoredCell<'a>> {
        let ([sum, kind, name_length], rest) = self.rest.split_first_chunk()?;
        let (name, rest) = rest.split_at_checked(usize::from(*name_length))?;
        let (time, rest) = rest.split_first_chunk::<8>()?;
        let (value, rest) = match *kind {
            code::INTEGER => {
                let (data, rest) = rest.split_first_chunk()?;
                (Value::Integer(i64::from_le_bytes(*data)), rest)
            }
            code::DOUBLE => {
                let (data, rest) = rest.split_first_chunk()?;
                (Value::Double(f64::from_le_bytes(*data)), rest)
            }
            code::BOOLEAN => {
                let ([data], rest) = rest.split_first_chunk()?;
                (Value::Boolean(*data != 0), rest)
            }
            code::STRING | code::BLOB => {
                let (length, rest) = rest.split_first_chunk()?;
                let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
                let (data, rest) = rest.split_at_checked(length)?;
                let value =
                    if *kind == code::STRING { Value::String(data) } else { Value::Blob(data) };
                (value, rest)
            }
            _ => return None,
        };
        self.rest = rest;
        Some(StoredCell { name, time: i64::from_le_bytes(*time), value, sum: *sum })
    }
}

impl<'a> Iterator for CellIter<'a> {
    type Item = Result<StoredCell<'a>, OtsError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let cell = self.step();
        if cell.is_none() {
            self.rest = &[];
        }
        Some(cell.ok_or_else(damaged))
    }
}

/// Makes a stored row of cells that are in order.
pub fn store<'a>(written: i64, cells: impl Iterator<Item = StoredCell<'a>> + Clone) -> Vec<u8> {
    let length: usize = cells.clone().map(|cell| 16 + cell.name.len() + cell.value.size()).sum();
    let mut out = Vec::with_capacity(HEAD + length);
    out.push(FORMAT);
    out.extend_from_slice(&written.to_le_bytes());
    for cell in cells {
        // Names are at most 255 bytes: checked where they come in.
        let name_length = u8::try_from(cell.name.len()).unwrap_or(u8::MAX);
        out.extend_from_slice(&[cell.sum, cell.value.code(), name_length]);
        out.extend_from_slice(cell.name);
        out.extend_from_slice(&cell.time.to_le_bytes());
        match cell.value {
            Value::Integer(v) => out.extend_from_slice(&v.to_le_bytes()),
            Value::Double(v) => out.extend_from_slice(&v.to_le_bytes()),
            Value::Boolean(v) => out.push(u8::from(v)),
            Value::String(v) | Value::Blob(v) => {
                out.extend_from_slice(&u32::try_from(v.len()).unwrap_or(u32::MAX).to_le_bytes());
                out.extend_from_slice(v);
            }
            Value::InfMin | Value::InfMax | Value::AutoIncrement => {}
        }
    }
    out
}
