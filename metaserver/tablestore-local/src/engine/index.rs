//! Secondary indexes: the table behind an index, and the row that it has for a row of the main
//! table. Main tables with indexes keep one version, so an index row is that of the newest values.

use metafs_tablestore::proto::DefinedColumnType;

use super::key::{self, KeyReader};
use super::row::{StoredCell, StoredRow, store};
use super::schema::{Index, KeyColumn, KeyType, Table};
use super::value::{Owned, Value};
use crate::error::{OtsError, Result};

/// The table behind an index: the index's columns, then what is left of the main table's key.
///
/// # Errors
/// 400: a column's type cannot be in a key.
pub fn table_of(main: &Table, index: &Index) -> Result<Table> {
    let mut keys: Vec<KeyColumn> = Vec::with_capacity(index.keys.len() + main.keys.len());
    for name in &index.keys {
        let kind = match main.keys.iter().find(|key| key.name == *name) {
            Some(key) => key.kind,
            None => defined_kind(main, name)?,
        };
        keys.push(KeyColumn { name: name.clone(), kind, auto_increment: false });
    }
    for key in &main.keys {
        if !index.keys.contains(&key.name) {
            keys.push(KeyColumn { auto_increment: false, ..key.clone() });
        }
    }
    let defined = main.defined.iter().filter(|(name, _)| index.columns.contains(name));
    Ok(Table {
        id: index.id,
        name: index.name.clone(),
        keys,
        defined: defined.cloned().collect(),
        indexes: Vec::new(),
        stream: None,
        transactions: false,
        index_of: Some(main.name.clone()),
        ..main.clone()
    })
}

fn defined_kind(main: &Table, name: &str) -> Result<KeyType> {
    let code = main.defined.iter().find(|(defined, _)| defined == name).map(|(_, code)| *code);
    match code.map(DefinedColumnType::try_from) {
        Some(Ok(DefinedColumnType::Integer)) => Ok(KeyType::Integer),
        Some(Ok(DefinedColumnType::String)) => Ok(KeyType::String),
        Some(Ok(DefinedColumnType::Blob)) => Ok(KeyType::Binary),
        _ => Err(OtsError::parameter(format!(
            "Column '{name}' cannot be in the primary key of an index."
        ))),
    }
}

/// The index's row for a stored row of the main table: key and value for the store. None: a column
/// of the index's key is missing, or of another type than the table says.
///
/// # Errors
/// 500: key or row are damaged.
pub fn row_of(
    main: &Table,
    index: &Index,
    stored_key: &[u8],
    row: &[u8],
) -> Result<Option<(Vec<u8>, Vec<u8>)>> {
    let of_index = table_of(main, index)?;
    let row = StoredRow::open(row)?;
    let mut of_key: Vec<Owned> = Vec::with_capacity(main.keys.len());
    let integers = main.keys.iter().map(|key| key.kind == KeyType::Integer);
    KeyReader::default().read(stored_key, integers, |_, value| of_key.push(Owned::of(value)))?;
    let cells: Vec<StoredCell<'_>> = row.cells().collect::<Result<_>>()?;
    let newest = |name: &str| cells.iter().find(|cell| cell.name == name.as_bytes());
    let mut bytes = key::table(index.id).to_vec();
    for column in &of_index.keys {
        let value = match main.keys.iter().position(|key| key.name == column.name) {
            Some(at) => of_key.get(at).map(Owned::value),
            None => newest(&column.name).map(|cell| cell.value),
        };
        match (column.kind, value) {
            (KeyType::Integer, Some(value @ Value::Integer(_)))
            | (KeyType::String, Some(value @ (Value::String(_) | Value::Blob(_))))
            | (KeyType::Binary, Some(value @ Value::Blob(_))) => key::push(&mut bytes, &value),
            _ => return Ok(None),
        }
    }
    let is_key =
        |cell: &StoredCell<'_>| of_index.keys.iter().any(|key| key.name.as_bytes() == cell.name);
    let kept = cells.iter().filter(|cell| {
        index.columns.iter().any(|name| name.as_bytes() == cell.name) && !is_key(cell)
    });
    Ok(Some((bytes, store(row.written, kept.copied()))))
}
