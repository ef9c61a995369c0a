//! Damage on demand: a test deletes a stored row or overwrites a column behind the back of whoever
//! wrote it. No condition, no lock, no version.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::Service;
use crate::engine::key;
use crate::engine::row::{StoredCell, StoredRow, store};
use crate::engine::schema::{KeyType, Table};
use crate::engine::value::Value;
use crate::error::OtsError;
use crate::store::StoreError;

/// What is to be done to a row.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Damage {
    /// The instance; absent: the first one.
    #[serde(default)]
    pub instance: Option<String>,
    /// The table.
    pub table: String,
    /// Values of the key's columns in order: integers, strings, and binaries in base64.
    pub primary_key: Vec<serde_json::Value>,
    /// The column to overwrite; absent: the row is deleted.
    #[serde(default)]
    pub column: Option<String>,
    /// Its new value: an integer, a double, a boolean, a string, or `{"binary": "base64"}`; null
    /// deletes the column.
    #[serde(default)]
    pub value: serde_json::Value,
}

/// It could not be done.
#[derive(Debug, thiserror::Error)]
pub enum DamageError {
    /// No such instance or table.
    #[error("{0}")]
    Table(OtsError),
    /// The key or value does not fit.
    #[error("{0}")]
    Value(&'static str),
    /// There is no such row.
    #[error("there is no such row")]
    NoRow,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<OtsError> for DamageError {
    fn from(error: OtsError) -> Self {
        Self::Table(error)
    }
}

impl Service {
    /// Does it.
    ///
    /// # Errors
    /// See [`DamageError`].
    pub fn damage(&self, damage: &Damage) -> Result<(), DamageError> {
        let first = self.settings.instances.first();
        let instance = damage.instance.as_ref().or(first).map_or("", String::as_str);
        let open = self.catalog.get(instance, &damage.table)?;
        let stored_key = key_of(&open.table, &damage.primary_key)?;
        let old = self.store.get(&stored_key)?.ok_or(DamageError::NoRow)?;
        let row = match &damage.column {
            None => None,
            Some(column) => Some(overwrite(&old, column, &damage.value)?),
        };
        let written = self.store.write(vec![(stored_key, row)])?;
        Ok(self.store.settle(written)?)
    }
}

fn key_of(table: &Table, values: &[serde_json::Value]) -> Result<Vec<u8>, DamageError> {
    if values.len() != table.keys.len() {
        return Err(DamageError::Value("the key has another number of columns"));
    }
    let mut bytes = key::table(table.id).to_vec();
    for (column, value) in table.keys.iter().zip(values) {
        let text = value.as_str();
        match column.kind {
            KeyType::Integer => {
                let value = value.as_i64().ok_or(DamageError::Value("not an integer"))?;
                key::push(&mut bytes, &Value::Integer(value));
            }
            KeyType::String => {
                let value = text.ok_or(DamageError::Value("not a string"))?;
                key::push(&mut bytes, &Value::String(value.as_bytes()));
            }
            KeyType::Binary => {
                let value = text.and_then(|text| STANDARD.decode(text).ok());
                let value = value.ok_or(DamageError::Value("not base64"))?;
                key::push(&mut bytes, &Value::Blob(&value));
            }
        }
    }
    Ok(bytes)
}

/// Replaces the newest version of a column, or all versions by nothing.
fn overwrite(old: &[u8], column: &str, value: &serde_json::Value) -> Result<Vec<u8>, DamageError> {
    let row = StoredRow::open(old)?;
    let mut cells: Vec<StoredCell<'_>> = row.cells().collect::<Result<_, OtsError>>()?;
    let name = column.as_bytes();
    let blob;
    let value = match value {
        serde_json::Value::Null => None,
        serde_json::Value::Bool(value) => Some(Value::Boolean(*value)),
        serde_json::Value::String(value) => Some(Value::String(value.as_bytes())),
        serde_json::Value::Number(value) => Some(match value.as_i64() {
            Some(value) => Value::Integer(value),
            None => Value::Double(value.as_f64().unwrap_or_default()),
        }),
        other => {
            let text = other.get("binary").and_then(serde_json::Value::as_str);
            blob = text
                .and_then(|text| STANDARD.decode(text).ok())
                .ok_or(DamageError::Value("not a value of a column"))?;
            Some(Value::Blob(&blob))
        }
    };
    match value {
        None => cells.retain(|cell| cell.name != name),
        Some(value) => match cells.iter_mut().find(|cell| cell.name == name) {
            Some(cell) => *cell = StoredCell::new(cell.name, cell.time, value),
            None => {
                let at = cells.partition_point(|cell| cell.name < name);
                cells.insert(at, StoredCell::new(name, row.written, value));
            }
        },
    }
    Ok(store(row.written, cells.iter().copied()))
}
