//! The service's limits, looked at before anything is sent. Pure.

use super::error::{ErrorKind, LimitError};
use super::read::ReadOptions;
use super::write::RowWrite;
use crate::filter::Filter;
use crate::limits;
use crate::model::{Change, PrimaryKey, RowChange, Text, Value};

type Result<T> = std::result::Result<T, ErrorKind>;

fn at_most(what: &'static str, limit: usize, found: usize) -> Result<()> {
    if found > limit { Err(LimitError { what, limit, found }.into()) } else { Ok(()) }
}

/// A table's or a column's name.
pub(crate) fn name(name: &Text) -> Result<()> {
    if name.is_empty() {
        return Err(ErrorKind::Invalid("a name is empty"));
    }
    at_most("bytes of a name", limits::NAME, name.len())
}

/// How many columns a table's primary key has.
pub(crate) fn primary_key_columns(columns: usize) -> Result<()> {
    if columns == 0 {
        return Err(ErrorKind::Invalid("a primary key without columns"));
    }
    at_most("columns of a primary key", limits::PRIMARY_KEY_COLUMNS, columns)
}

/// How many rows a batch has.
pub(crate) fn batch_rows(what: &'static str, limit: usize, rows: usize) -> Result<()> {
    if rows == 0 {
        return Err(ErrorKind::Invalid("a batch without rows"));
    }
    at_most(what, limit, rows)
}

/// Bytes of the encoded rows of a batch.
pub(crate) fn batch_bytes(bytes: usize) -> Result<()> {
    at_most("bytes of a batch", limits::BATCH_WRITE_BYTES, bytes)
}

/// A primary key; `place`: whether it may hold an end of a range.
pub(crate) fn primary_key(key: &PrimaryKey, place: bool) -> Result<()> {
    primary_key_columns(key.columns.len())?;
    for column in &key.columns {
        name(&column.name)?;
        match &column.value {
            Value::String(_) | Value::Binary(_) => {
                let size = column.value.size();
                at_most("bytes of a primary key's value", limits::PRIMARY_KEY_VALUE, size)?;
            }
            Value::Double(_) | Value::Boolean(_) => {
                return Err(ErrorKind::Invalid("a primary key holds a double or a boolean"));
            }
            Value::InfMin | Value::InfMax if !place => {
                return Err(ErrorKind::Invalid("a row's key holds the end of a range"));
            }
            Value::AutoIncrement if place => {
                return Err(ErrorKind::Invalid("the end of a range is not known yet"));
            }
            _ => {}
        }
    }
    Ok(())
}

fn attribute(column: &Text, value: Option<&Value>) -> Result<()> {
    name(column)?;
    match value {
        Some(value @ (Value::String(_) | Value::Binary(_))) => {
            at_most("bytes of an attribute", limits::ATTRIBUTE_VALUE, value.size())
        }
        Some(Value::InfMin | Value::InfMax | Value::AutoIncrement) => {
            Err(ErrorKind::Invalid("an attribute holds what only primary keys can"))
        }
        _ => Ok(()),
    }
}

fn filters(filter: Option<&Filter>) -> Result<()> {
    at_most("filters", limits::FILTERS, filter.map_or(0, Filter::count))
}

/// A write of one row.
pub(crate) fn write(write: &RowWrite) -> Result<()> {
    name(&write.table)?;
    primary_key(write.change.primary_key(), false)?;
    filters(write.condition.columns.as_ref())?;
    let what = "attributes of a written row";
    match &write.change {
        RowChange::Put(row) => {
            at_most(what, limits::ATTRIBUTES_PER_WRITE, row.columns.len())?;
            row.columns.iter().try_for_each(|c| attribute(&c.name, Some(&c.value)))
        }
        RowChange::Update { columns, .. } => {
            if columns.is_empty() {
                return Err(ErrorKind::Invalid("an update of nothing"));
            }
            at_most(what, limits::ATTRIBUTES_PER_WRITE, columns.len())?;
            columns.iter().try_for_each(|column| match &column.change {
                Change::Put { value, .. } => attribute(&column.name, Some(value)),
                _ => attribute(&column.name, None),
            })
        }
        RowChange::Delete(_) => Ok(()),
    }
}

/// What a read asks for.
pub(crate) fn read(options: &ReadOptions) -> Result<()> {
    at_most("columns of a read", limits::COLUMNS_TO_GET, options.columns.len())?;
    filters(options.filter.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Row;

    fn limit<T: std::fmt::Debug>(result: Result<T>) -> LimitError {
        let Err(ErrorKind::Limit(error)) = result else { panic!("{result:?}") };
        error
    }

    fn put(row: Row) -> Result<()> {
        write(&RowWrite::put("t", row))
    }

    #[test]
    fn limits_are_exact_and_named() {
        let key = |size: usize| PrimaryKey::new().with("k", vec![0_u8; size]);
        primary_key(&key(1024), false).unwrap();
        let error = limit(primary_key(&key(1025), false));
        assert_eq!((error.limit, error.found), (1024, 1025));
        assert_eq!(
            error.to_string(),
            "bytes of a primary key's value: 1025 is over the limit of 1024"
        );

        let row = |size: usize| Row::new(key(1)).with("a", vec![0_u8; size]);
        put(row(2 << 20)).unwrap();
        limit(put(row((2 << 20) + 1)));

        let wide = |n: usize| (0..n).fold(Row::new(key(1)), |row, i| row.with(format!("a{i}"), 1));
        put(wide(1024)).unwrap();
        limit(put(wide(1025)));

        name(&"n".repeat(255).into()).unwrap();
        limit(name(&"n".repeat(256).into()));
        let four = (0..4).fold(PrimaryKey::new(), |key, i| key.with(format!("k{i}"), 1));
        primary_key(&four, false).unwrap();
        limit(primary_key(&four.with("k4", 1), false));
        limit(batch_rows("rows", 200, 201));
        batch_bytes(4 << 20).unwrap();
        limit(batch_bytes((4 << 20) + 1));
    }

    #[test]
    fn places_belong_into_ranges() {
        let end = PrimaryKey::new().with("k", Value::InfMax);
        primary_key(&end, true).unwrap();
        assert!(matches!(primary_key(&end, false), Err(ErrorKind::Invalid(_))));
        let given = PrimaryKey::new().with("k", 1).with("n", Value::AutoIncrement);
        primary_key(&given, false).unwrap();
        assert!(matches!(primary_key(&given, true), Err(ErrorKind::Invalid(_))));
        assert!(put(Row::new(PrimaryKey::new().with("k", 1)).with("a", Value::InfMin)).is_err());
        assert!(primary_key(&PrimaryKey::new(), true).is_err());
    }
}
