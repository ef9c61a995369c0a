//! One written row, from its message to what the store gets: the same for PutRow, UpdateRow,
//! DeleteRow, BatchWriteRow and BulkImport. The checks stand in the service's order: what is wrong
//! with the request itself, then what is wrong with the row for this table.

use metafs_tablestore::proto;
use prost::bytes::Bytes;
use proto::{OperationType, ReturnType, RowExistenceExpectation as Expectation};

use super::catalog::OpenTable;
use crate::engine::capacity::units;
use crate::engine::cells::{Cells, RowsWriter, cell_sum};
use crate::engine::change::{self, Setting};
use crate::engine::filter::Filter;
use crate::engine::row::{StoredCell, StoredRow};
use crate::engine::schema::{KeyUse, Table, check_shape, key_size};
use crate::engine::select::key_row;
use crate::engine::value::Value;
use crate::error::{CONDITION, OtsError, Result};

/// A checked row of a request.
#[derive(Debug)]
pub struct RowWrite<'a> {
    kind: OperationType,
    cells: Cells<'a>,
    expectation: Expectation,
    condition: Option<Filter>,
    returns: ReturnType,
    return_columns: &'a [String],
}

/// Where a row lies.
#[derive(Debug)]
pub struct Place {
    /// Key in the store.
    pub key: Vec<u8>,
    /// The part of it that transactions lock.
    pub partition: Vec<u8>,
}

/// What became of a row.
#[derive(Debug)]
pub struct Applied {
    /// The row to store; None deletes.
    pub row: Option<Vec<u8>>,
    /// The answer's row, where one was asked for.
    pub returned: Option<Bytes>,
    /// Capacity units read.
    pub read: i32,
    /// Capacity units written.
    pub write: i32,
    /// Bytes written, as billed.
    pub size: usize,
}

impl<'a> RowWrite<'a> {
    /// Reads and checks what does not need the table.
    ///
    /// # Errors
    /// 400.
    pub fn check(
        kind: i32,
        row: &'a [u8],
        condition: Option<&proto::Condition>,
        returns: Option<&'a proto::ReturnContent>,
    ) -> Result<Self> {
        let kind = OperationType::try_from(kind)
            .map_err(|_| OtsError::parameter("The modify type is invalid."))?;
        let cells = Cells::read(row)?;
        let purpose = if kind == OperationType::Delete { KeyUse::Delete } else { KeyUse::Write };
        check_shape(&cells.key, purpose)?;
        if cells.deleted && kind != OperationType::Delete {
            return Err(OtsError::parameter(
                "Invalid request of put/update row: unexpected RowDeleteMarker in request.",
            ));
        }
        match kind {
            OperationType::Put => change::check_put(&cells.key, &cells.attributes)?,
            OperationType::Update => change::check_update(&cells.key, &cells.attributes)?,
            OperationType::Delete if cells.attributes.is_empty() => {}
            OperationType::Delete => {
                return Err(OtsError::parameter(
                    "Invalid delete row request: unexpected cells in request.",
                ));
            }
        }
        let expectation = condition.map_or(0, |condition| condition.row_existence);
        let expectation = Expectation::try_from(expectation).map_err(|_| {
            OtsError::parameter(format!("Invalid row-existence expectation: {expectation}."))
        })?;
        let condition = match condition.and_then(|condition| condition.column_condition.as_ref()) {
            Some(bytes) if !bytes.is_empty() => Some(Filter::read(bytes)?),
            _ => None,
        };
        if matches!(condition, Some(Filter::Pages { .. })) {
            return Err(OtsError::parameter("Invalid condition: ColumnPaginationFilter."));
        }
        let (returns, return_columns) = check_returns(kind, &cells, returns)?;
        let this = Self { kind, cells, expectation, condition, returns, return_columns };
        this.check_placeholder()?;
        Ok(this)
    }

    fn check_placeholder(&self) -> Result<()> {
        let placeholder = |cell: &crate::engine::cells::Cell<'_>| {
            matches!(cell.value, Some(Value::AutoIncrement))
        };
        match self.cells.key.iter().filter(|cell| placeholder(cell)).count() {
            0 => Ok(()),
            1 if self.condition.is_some() => Err(OtsError::parameter(
                "Can't set condition when modify row with pk auto increment.",
            )),
            1 if self.expectation != Expectation::Ignore => Err(OtsError::parameter(format!(
                "Invalid expect: {} when modify row with pk auto increment.",
                name_of(self.expectation)
            ))),
            1 => Ok(()),
            count => Err(OtsError::parameter(format!("{count} pk auto increment exist in row."))),
        }
    }

    /// Bytes of key and attributes as the limits of requests count them.
    pub fn request_size(&self) -> usize {
        key_size(&self.cells.key) + change::size(&self.cells.attributes, true)
    }

    /// Whether it has a condition on the row's existence.
    pub fn expects(&self) -> bool {
        self.expectation != Expectation::Ignore
    }

    /// Whether it has a condition on columns.
    pub fn has_condition(&self) -> bool {
        self.condition.is_some()
    }

    /// The partition key's value, for messages.
    pub fn partition_name(&self) -> String {
        let first = self.cells.key.first().and_then(|cell| cell.value);
        first.map(|value| value.display()).unwrap_or_default()
    }

    /// Finds the row's place in a table; a placeholder gets its value.
    ///
    /// # Errors
    /// 400: the key is not one of this table, or the table does not take this change.
    pub fn place(&mut self, open: &OpenTable, now: i64) -> Result<Place> {
        let table = &open.table;
        if table.index_of.is_some() {
            return Err(OtsError::parameter("Can't write index table directly."));
        }
        table.check_key(&self.cells.key)?;
        if self.kind == OperationType::Update && !table.options.allow_update {
            return Err(OtsError::parameter(
                "The table is not allowed to be updated by UpdateRow.",
            ));
        }
        if let Some(at) = table.auto_increment()
            && let Some(cell) = self.cells.key.get_mut(at)
        {
            if cell.value == Some(Value::AutoIncrement) {
                cell.value = Some(Value::Integer(open.next_value(now)));
            } else if self.kind != OperationType::Delete
                && self.expectation != Expectation::ExpectExist
            {
                return Err(OtsError::parameter(format!(
                    "Invalid expect: {} when modify a specific row for table with pk auto \
                     increment.",
                    name_of(self.expectation)
                )));
            }
        }
        Ok(Place {
            key: table.storage_key(&self.cells.key)?,
            partition: table.partition_key(&self.cells.key)?,
        })
    }

    /// Decides what becomes of the row. `old` is what the store has; `now` milliseconds since 1970.
    ///
    /// # Errors
    /// 403: a condition does not hold; 400: a timestamp or an increment that cannot be.
    pub fn apply(
        &self,
        table: &Table,
        place: &Place,
        old: Option<&[u8]>,
        now: i64,
    ) -> Result<Applied> {
        let oldest = table.oldest(now);
        let old = match old.map(StoredRow::open).transpose()? {
            Some(row) if row.lives(oldest)? => Some(row),
            _ => None,
        };
        let exists = old.is_some();
        match self.expectation {
            Expectation::ExpectExist if !exists => return Err(CONDITION),
            Expectation::ExpectNotExist if exists => return Err(CONDITION),
            _ => {}
        }
        if let Some(condition) = &self.condition
            && !self.condition_holds(condition, old, oldest)?
        {
            return Err(CONDITION);
        }
        let setting = Setting { now, oldest, options: &table.options };
        let attributes = &self.cells.attributes;
        let mut incremented = Vec::new();
        let row = match self.kind {
            OperationType::Put => Some(change::put(attributes, &setting)?),
            OperationType::Update => {
                let updated = change::update(old, attributes, &setting)?;
                incremented = updated.incremented;
                updated.row
            }
            OperationType::Delete => None,
        };
        let key_size = key_size(&self.cells.key);
        let size = key_size + change::size(attributes, false);
        let reads = self.expects() || self.condition.is_some();
        Ok(Applied {
            row,
            returned: self.returned(table, place, &incremented)?,
            read: if reads { units(key_size) } else { 0 },
            write: units(size),
            size,
        })
    }

    fn condition_holds(
        &self,
        condition: &Filter,
        old: Option<StoredRow<'_>>,
        oldest: i64,
    ) -> Result<bool> {
        let mut cells: Vec<StoredCell<'_>> = Vec::with_capacity(8);
        for cell in old.iter().flat_map(StoredRow::cells) {
            let cell = cell?;
            if cell.time >= oldest {
                cells.push(cell);
            }
        }
        let of_key = |name: &str| {
            old.as_ref()?;
            self.cells.key.iter().find(|cell| cell.name == name).and_then(|cell| cell.value)
        };
        Ok(condition.holds(&cells, &of_key))
    }

    fn returned(
        &self,
        table: &Table,
        place: &Place,
        incremented: &[(usize, i64, i64)],
    ) -> Result<Option<Bytes>> {
        match self.returns {
            ReturnType::None => Ok(None),
            ReturnType::Pk => Ok(Some(key_row(table, &place.key)?.into())),
            ReturnType::AfterModify => {
                let mut rows = RowsWriter::default();
                rows.start();
                for cell in &self.cells.key {
                    if let Some(value) = &cell.value {
                        rows.key(cell.name.as_bytes(), value);
                    }
                }
                for (index, value, time) in incremented {
                    let Some(cell) = self.cells.attributes.get(*index) else { continue };
                    if self.return_columns.iter().any(|name| name == cell.name) {
                        let name = cell.name.as_bytes();
                        let value = Value::Integer(*value);
                        rows.attribute(name, &value, *time, cell_sum(name, &value, Some(*time)));
                    }
                }
                rows.end();
                Ok(Some(rows.buffer.into()))
            }
        }
    }
}

fn check_returns<'a>(
    kind: OperationType,
    cells: &Cells<'_>,
    asked: Option<&'a proto::ReturnContent>,
) -> Result<(ReturnType, &'a [String])> {
    let Some(asked) = asked else { return Ok((ReturnType::None, &[])) };
    let code = asked.return_type.unwrap_or_default();
    let returns = ReturnType::try_from(code)
        .map_err(|_| OtsError::parameter(format!("Invalid return type: {code}.")))?;
    let columns = asked.return_column_names.as_slice();
    if returns != ReturnType::AfterModify {
        if columns.is_empty() {
            return Ok((returns, columns));
        }
        return Err(OtsError::parameter(
            "Return column names can only be given when return type is RT_AFTER_MODIFY.",
        ));
    }
    if kind != OperationType::Update {
        return Err(OtsError::parameter(
            "Return type RT_AFTER_MODIFY is only supported by UpdateRow.",
        ));
    }
    for name in columns {
        let increments = |cell: &crate::engine::cells::Cell<'_>| {
            cell.name == name && cell.op == Some(crate::engine::cells::Op::Increment)
        };
        if !cells.attributes.iter().any(increments) {
            return Err(OtsError::parameter(format!(
                "Return column '{name}' is not a column to be incremented."
            )));
        }
    }
    Ok((returns, columns))
}

fn name_of(expectation: Expectation) -> &'static str {
    match expectation {
        Expectation::Ignore => "IGNORE",
        Expectation::ExpectExist => "EXPECT_EXIST",
        Expectation::ExpectNotExist => "EXPECT_NOT_EXIST",
    }
}
