//! What writes do to a row: the check of their cells, the times of new versions, and the new row.

use super::cells::{Cell, Op};
use super::names::{COLUMNS, check_attribute_length, check_column, check_time};
use super::row::{StoredCell, StoredRow, store};
use super::schema::Options;
use super::value::Value;
use crate::error::{OtsError, Result};

/// How far the times that the server gives out may run before its clock, milliseconds: several
/// writes of one millisecond get different versions, and a clock that is set back loses none.
const AHEAD: i64 = 5000;

/// Checks the attributes of PutRow; `keys` are the names of the key's columns.
///
/// # Errors
/// 400.
pub fn check_put(keys: &[Cell<'_>], cells: &[Cell<'_>]) -> Result<()> {
    check_count(cells)?;
    for cell in cells {
        check_name(keys, cell)?;
        if cell.op.is_some() {
            return Err(OtsError::parameter(format!(
                "OpType cannot be given for column name: '{}' in PutRow.",
                cell.name
            )));
        }
        let Some(value) = &cell.value else {
            return Err(OtsError::parameter(
                "Invalid request of put row: find cells without values.",
            ));
        };
        check_value(cell.name, value)?;
    }
    Ok(())
}

/// Checks the attributes of UpdateRow.
///
/// # Errors
/// 400.
pub fn check_update(keys: &[Cell<'_>], cells: &[Cell<'_>]) -> Result<()> {
    if cells.is_empty() {
        return Err(OtsError::parameter("Attribute column is missing."));
    }
    check_count(cells)?;
    for cell in cells {
        check_name(keys, cell)?;
        match (cell.op, &cell.value) {
            (None, Some(value)) => check_value(cell.name, value)?,
            (None, None) => {
                return Err(OtsError::parameter(format!(
                    "Invalid cell: {}. Reason: missing value.",
                    cell.name
                )));
            }
            (Some(Op::Increment), Some(Value::Integer(_))) => {}
            (Some(Op::Increment), _) => {
                return Err(OtsError::parameter(format!(
                    "Invalid cell: {}. Reason: only integers can be incremented.",
                    cell.name
                )));
            }
            (Some(Op::DeleteAll | Op::DeleteOne), Some(_)) => {
                return Err(OtsError::parameter(
                    "Column value cannot be given when type is \
                     DELETE_ONE_VERSION,DELETE_ALL_VERSION.",
                ));
            }
            (Some(Op::DeleteOne), None) if cell.time.is_none() => {
                return Err(OtsError::parameter(
                    "Timestamp must be given when type is DELETE_ONE_VERSION.",
                ));
            }
            (Some(Op::DeleteAll), None) if cell.time.is_some() => {
                return Err(OtsError::parameter(
                    "Timestamp cannot be given when type is DELETE_ALL_VERSION.",
                ));
            }
            (Some(Op::DeleteAll | Op::DeleteOne), None) => {}
        }
    }
    Ok(())
}

fn check_name(keys: &[Cell<'_>], cell: &Cell<'_>) -> Result<()> {
    check_column(cell.name)?;
    if keys.iter().any(|key| key.name == cell.name) {
        return Err(OtsError::parameter(format!(
            "Duplicated attribute column name with primary key column: '{}'.",
            cell.name
        )));
    }
    cell.time.map_or(Ok(()), check_time)
}

fn check_value(name: &str, value: &Value<'_>) -> Result<()> {
    match value {
        Value::Double(v) if v.is_nan() => {
            Err(OtsError::parameter("NaN can't be set to double value."))
        }
        Value::Double(v) if v.is_infinite() => {
            Err(OtsError::parameter("Infinity can't be set to double value."))
        }
        Value::InfMin | Value::InfMax | Value::AutoIncrement => Err(OtsError::parameter(format!(
            "{} is an invalid type for the attribute column.",
            value.type_name()
        ))),
        _ => check_attribute_length(name, value.size()),
    }
}

/// Columns, not versions of them, are limited.
fn check_count(cells: &[Cell<'_>]) -> Result<()> {
    if cells.len() <= COLUMNS {
        return Ok(());
    }
    let mut names: Vec<&str> = cells.iter().map(|cell| cell.name).collect();
    names.sort_unstable();
    names.dedup();
    let count = names.len();
    if count <= COLUMNS {
        return Ok(());
    }
    Err(OtsError::parameter(format!(
        "The number of attribute columns exceeds the limit, limit count: {COLUMNS}, \
         column count: {count}."
    )))
}

/// Bytes of the attributes as billed; with `times`, given timestamps are counted too, as the limit
/// of a request's size does.
pub fn size(cells: &[Cell<'_>], times: bool) -> usize {
    cells
        .iter()
        .map(|cell| {
            let time = if times && cell.time.is_some() { 8 } else { 0 };
            cell.name.len() + cell.value.map_or(0, |value| value.size()) + time
        })
        .sum()
}

/// What a write needs to know beside the row.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// Milliseconds since 1970.
    pub now: i64,
    /// The oldest time that still lives.
    pub oldest: i64,
    /// The table's options.
    pub options: &'a Options,
}

/// A row after an update.
#[derive(Debug, Default)]
pub struct Updated {
    /// The new row; None when there is none (an absent row of which columns were deleted).
    pub row: Option<Vec<u8>>,
    /// Columns that were incremented, with value and time, in the order of the request.
    pub incremented: Vec<(usize, i64, i64)>,
}

/// The row that PutRow leaves.
///
/// # Errors
/// 400: a timestamp out of the table's range.
pub fn put(cells: &[Cell<'_>], setting: &Setting<'_>) -> Result<Vec<u8>> {
    let mut work = Work { cells: Vec::with_capacity(cells.len()), setting };
    for cell in cells {
        if let Some(value) = cell.value {
            work.put(cell.name, cell.time, setting.now, value)?;
        }
    }
    Ok(work.finish())
}

/// The row that UpdateRow leaves of `old`, which is absent or lives.
///
/// # Errors
/// 400: a timestamp out of the table's range, an increment of what is no integer; 500: `old` is
/// damaged.
pub fn update(
    old: Option<StoredRow<'_>>,
    cells: &[Cell<'_>],
    setting: &Setting<'_>,
) -> Result<Updated> {
    let mut work = Work { cells: Vec::with_capacity(cells.len() + 8), setting };
    if let Some(old) = &old {
        for cell in old.cells() {
            let cell = cell?;
            if cell.time >= setting.oldest {
                work.cells.push(cell);
            }
        }
    }
    let given = work.time_for(cells);
    let mut incremented = Vec::new();
    let mut wrote = false;
    for (index, cell) in cells.iter().enumerate() {
        match (cell.op, cell.value) {
            (None, Some(value)) => {
                work.put(cell.name, cell.time, given, value)?;
                wrote = true;
            }
            (Some(Op::Increment), Some(Value::Integer(by))) => {
                let value = work.newest_integer(cell.name)?.unwrap_or(0).wrapping_add(by);
                work.put(cell.name, cell.time, given, Value::Integer(value))?;
                incremented.push((index, value, cell.time.unwrap_or(given)));
                wrote = true;
            }
            (Some(Op::DeleteAll), _) => {
                work.cells.retain(|stored| stored.name != cell.name.as_bytes());
            }
            (Some(Op::DeleteOne), _) => {
                work.cells.retain(|stored| {
                    stored.name != cell.name.as_bytes() || Some(stored.time) != cell.time
                });
            }
            // Refused by the check.
            (None | Some(Op::Increment), _) => {}
        }
    }
    let row = (old.is_some() || wrote).then(|| work.finish());
    Ok(Updated { row, incremented })
}

/// Cells by name and from new to old.
struct Work<'a, 's> {
    cells: Vec<StoredCell<'a>>,
    setting: &'s Setting<'s>,
}

impl<'a> Work<'a, '_> {
    fn find(&self, name: &[u8], time: i64) -> std::result::Result<usize, usize> {
        self.cells.binary_search_by(|cell| cell.name.cmp(name).then_with(|| time.cmp(&cell.time)))
    }

    fn newest(&self, name: &[u8]) -> Option<&StoredCell<'a>> {
        let (Ok(at) | Err(at)) = self.find(name, i64::MAX);
        self.cells.get(at).filter(|cell| cell.name == name)
    }

    fn newest_integer(&self, name: &str) -> Result<Option<i64>> {
        match self.newest(name.as_bytes()).map(|cell| cell.value) {
            None => Ok(None),
            Some(Value::Integer(value)) => Ok(Some(value)),
            Some(_) => Err(OtsError::parameter(format!(
                "The value of column '{name}' to be incremented is not an integer."
            ))),
        }
    }

    /// The time of all cells of this request that bring none: now, but not before a version that is
    /// there. Where several versions are kept, after it.
    fn time_for(&self, cells: &[Cell<'_>]) -> i64 {
        let now = self.setting.now;
        let step = i64::from(self.setting.options.max_versions > 1);
        cells
            .iter()
            .filter(|cell| cell.time.is_none() && cell.value.is_some())
            .filter_map(|cell| self.newest(cell.name.as_bytes()))
            .map(|newest| newest.time)
            .filter(|newest| (now..=now.saturating_add(AHEAD)).contains(newest))
            .map(|newest| newest.saturating_add(step).min(now.saturating_add(AHEAD)))
            .fold(now, i64::max)
    }

    fn put(
        &mut self,
        name: &'a str,
        time: Option<i64>,
        given: i64,
        value: Value<'a>,
    ) -> Result<()> {
        if let Some(time) = time {
            self.check_deviation(name, time)?;
        }
        let cell = StoredCell::new(name.as_bytes(), time.unwrap_or(given), value);
        match self.find(cell.name, cell.time) {
            Ok(at) => {
                if let Some(slot) = self.cells.get_mut(at) {
                    *slot = cell;
                }
            }
            Err(at) => self.cells.insert(at, cell),
        }
        Ok(())
    }

    fn check_deviation(&self, name: &str, time: i64) -> Result<()> {
        let Setting { now, oldest, options } = self.setting;
        let deviation = options.deviation.saturating_mul(1000);
        if time >= now.saturating_sub(deviation)
            && time >= *oldest
            && time < now.saturating_add(deviation)
        {
            return Ok(());
        }
        Err(OtsError::parameter(format!("Invalid timestamp. Cell:'{name}'.")))
    }

    /// Drops versions beyond the table's number.
    fn finish(self) -> Vec<u8> {
        let most = usize::try_from(self.setting.options.max_versions).unwrap_or(1);
        let mut cells = self.cells;
        let mut last: &[u8] = &[];
        let mut seen = 0;
        cells.retain(|cell| {
            seen = if cell.name == last { seen + 1 } else { 1 };
            last = cell.name;
            seen <= most
        });
        store(self.setting.now, cells.iter().copied())
    }
}

#[cfg(test)]
#[path = "change_tests.rs"]
mod tests;
