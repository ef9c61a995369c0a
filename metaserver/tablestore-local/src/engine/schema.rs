//! A table's definition, as it is stored too, and the check of a request's key against it.

use serde::{Deserialize, Serialize};

use super::cells::Cell;
use super::key;
use super::names::{KEY_COLUMNS, KEY_VALUE, check_column};
use super::value::Value;
use crate::error::{OtsError, Result};

/// Type of a primary key column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyType {
    /// 64-bit integer.
    Integer,
    /// UTF-8.
    String,
    /// Bytes.
    Binary,
}

impl KeyType {
    fn name(self) -> &'static str {
        match self {
            Self::Integer => "VT_INTEGER",
            Self::String => "VT_STRING",
            Self::Binary => "VT_BLOB",
        }
    }

    fn takes(self, value: &Value<'_>) -> bool {
        matches!(
            (self, value),
            (Self::Integer, Value::Integer(_))
                | (Self::String, Value::String(_))
                | (Self::Binary, Value::Blob(_))
        )
    }
}

/// A primary key column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyColumn {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: KeyType,
    /// The server chooses the value.
    pub auto_increment: bool,
}

/// A secondary index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// Id of the table behind it.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// Columns of its key.
    pub keys: Vec<String>,
    /// Columns that it holds.
    pub columns: Vec<String>,
    /// Code of the update mode.
    pub update_mode: i32,
    /// Code of the type.
    pub kind: i32,
}

/// What a table keeps of its stream specification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stream {
    /// An id of its own.
    pub id: String,
    /// Hours.
    pub expiration: i32,
    /// Microseconds since 1970.
    pub enabled_at: i64,
}

/// Server-side encryption as asked for: kept, not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encryption {
    /// Code of the kind of key.
    pub key_type: Option<i32>,
    /// Key id of a key brought along.
    pub key_id: Option<Vec<u8>>,
    /// Role of a key brought along.
    pub role_arn: Option<Vec<u8>>,
}

/// Options of a table that can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// Seconds; -1 for ever.
    pub time_to_live: i32,
    /// Versions of a column that are kept.
    pub max_versions: i32,
    /// Seconds that a given timestamp may be away from the clock.
    pub deviation: i64,
    /// Whether UpdateRow is allowed.
    pub allow_update: bool,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// First part of its rows' keys; never used again.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// Primary key.
    pub keys: Vec<KeyColumn>,
    /// Predefined columns: name and code of the type.
    pub defined: Vec<(String, i32)>,
    /// Options.
    pub options: Options,
    /// Reserved read and write capacity.
    pub reserved: (i32, i32),
    /// Seconds since 1970.
    pub increased_at: i64,
    /// Seconds since 1970.
    pub decreased_at: Option<i64>,
    /// Stream, when on.
    pub stream: Option<Stream>,
    /// Encryption, when on.
    pub encryption: Option<Encryption>,
    /// Secondary indexes.
    pub indexes: Vec<Index>,
    /// The main table, when this is the table behind an index.
    pub index_of: Option<String>,
    /// Whether local transactions are allowed.
    pub transactions: bool,
    /// Microseconds since 1970.
    pub created_at: i64,
}

impl Table {
    /// The oldest time of a cell that still lives.
    pub fn oldest(&self, now: i64) -> i64 {
        match i64::from(self.options.time_to_live) {
            -1 => i64::MIN,
            seconds => now.saturating_sub(seconds.saturating_mul(1000)),
        }
    }

    /// Versions that a column keeps.
    pub fn versions(&self) -> usize {
        usize::try_from(self.options.max_versions).unwrap_or(1)
    }

    /// Which column the server fills.
    pub fn auto_increment(&self) -> Option<usize> {
        self.keys.iter().position(|column| column.auto_increment)
    }

    /// Checks a key against the schema. Bounds and placeholders pass: [`check_shape`] refused them
    /// where they do not belong.
    ///
    /// # Errors
    /// 400 OTSInvalidPK.
    pub fn check_key(&self, cells: &[Cell<'_>]) -> Result<()> {
        if cells.len() != self.keys.len() {
            return Err(OtsError::invalid_pk(format!(
                "Validate PK size fail. Input: {}, Meta: {}.",
                cells.len(),
                self.keys.len()
            )));
        }
        cells.iter().zip(&self.keys).try_for_each(|(cell, column)| check_column_of(cell, column))
    }

    /// Checks the first column of a key alone.
    ///
    /// # Errors
    /// 400 OTSInvalidPK.
    pub fn check_partition(&self, cell: &Cell<'_>) -> Result<()> {
        self.keys.first().map_or(Ok(()), |column| check_column_of(cell, column))
    }

    /// The storage key of a checked key.
    ///
    /// # Errors
    /// A column without a value.
    pub fn storage_key(&self, cells: &[Cell<'_>]) -> Result<Vec<u8>> {
        let length: usize = cells.iter().map(|c| 3 + c.value.map_or(0, |v| v.size())).sum();
        let mut bytes = Vec::with_capacity(4 + length);
        bytes.extend_from_slice(&key::table(self.id));
        for cell in cells {
            key::push(&mut bytes, &value_of(cell)?);
        }
        Ok(bytes)
    }

    /// The part of a storage key that transactions lock, of a stored key.
    ///
    /// # Errors
    /// 500: it is damaged.
    pub fn partition_of<'k>(&self, stored: &'k [u8]) -> Result<&'k [u8]> {
        let integer = self.keys.first().is_some_and(|column| column.kind == KeyType::Integer);
        let length = 4 + key::first_length(stored.get(4..).unwrap_or_default(), integer);
        stored.get(..length).ok_or_else(|| OtsError::internal("a stored key is damaged"))
    }

    /// The part of a storage key that transactions lock: table and first column.
    ///
    /// # Errors
    /// No column, or one without a value.
    pub fn partition_key(&self, cells: &[Cell<'_>]) -> Result<Vec<u8>> {
        self.storage_key(cells.get(..1).unwrap_or_default())
    }
}

fn check_column_of(cell: &Cell<'_>, column: &KeyColumn) -> Result<()> {
    if cell.name != column.name {
        return Err(OtsError::invalid_pk(format!(
            "Validate PK name fail. Input: {}, Meta: {}.",
            cell.name, column.name
        )));
    }
    let value = value_of(cell)?;
    let fits = match value {
        Value::InfMin | Value::InfMax => true,
        Value::AutoIncrement => column.auto_increment,
        _ => column.kind.takes(&value),
    };
    if fits {
        return Ok(());
    }
    Err(OtsError::invalid_pk(format!(
        "Validate PK type fail. Input: {}, Meta: {}.",
        value.type_name(),
        column.kind.name()
    )))
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyUse {
    /// Reading a row.
    Read,
    /// Writing a row: placeholders are allowed.
    Write,
    /// Deleting a row.
    Delete,
    /// A bound of a range: infinities are allowed.
    Bound,
}

fn value_of<'a>(cell: &Cell<'a>) -> Result<Value<'a>> {
    cell.value.ok_or_else(|| {
        OtsError::parameter(format!("No value is given for primary key name:'{}'.", cell.name))
    })
}

/// What can be said of a key without knowing its table.
///
/// # Errors
/// 400.
pub fn check_shape(cells: &[Cell<'_>], purpose: KeyUse) -> Result<()> {
    if cells.is_empty() || cells.len() > KEY_COLUMNS {
        return Err(OtsError::parameter(format!(
            "The number of primary key columns must be in range: [1, {KEY_COLUMNS}]."
        )));
    }
    for (index, cell) in cells.iter().enumerate() {
        let name = cell.name;
        check_column(name)?;
        if cells.iter().take(index).any(|earlier| earlier.name == name) {
            return Err(OtsError::parameter(format!("Duplicated primary key name: '{name}'.")));
        }
        if cell.op.is_some() {
            return Err(OtsError::parameter(format!(
                "OpType cannot be given for primary key name :'{name}'."
            )));
        }
        if cell.time.is_some() {
            return Err(OtsError::parameter(format!(
                "Timestamp cannot be given for primary key name:'{name}'."
            )));
        }
        let value = value_of(cell)?;
        match value {
            Value::Integer(_) => {}
            Value::String(bytes) | Value::Blob(bytes) if bytes.len() > KEY_VALUE => {
                return Err(OtsError::parameter(format!(
                    "The length of primary key column: '{name}' exceeds the MaxLength:{KEY_VALUE} \
                     with CurrentLength:{}.",
                    bytes.len()
                )));
            }
            Value::String(_) | Value::Blob(_) => {}
            Value::InfMin | Value::InfMax if purpose == KeyUse::Bound => {}
            Value::AutoIncrement => match purpose {
                KeyUse::Write => {}
                KeyUse::Delete => {
                    return Err(OtsError::parameter(
                        "Invalid row to delete which with pk auto increment.",
                    ));
                }
                KeyUse::Read | KeyUse::Bound => {
                    return Err(OtsError::parameter(
                        "PKAutoIncr can't be used for read operations.",
                    ));
                }
            },
            Value::InfMin | Value::InfMax | Value::Double(_) | Value::Boolean(_) => {
                return Err(OtsError::parameter(format!(
                    "{} is an invalid type for the primary key.",
                    value.type_name()
                )));
            }
        }
    }
    Ok(())
}

/// Bytes of a key as billed: names and values.
pub fn key_size(cells: &[Cell<'_>]) -> usize {
    cells.iter().map(|cell| cell.name.len() + cell.value.map_or(0, |v| v.size())).sum()
}
