//! What a read takes of a row: columns, versions, a filter; and the row's way into the answer.

use metafs_tablestore::proto::TimeRange;
use prost::bytes::Bytes;

use super::cells::RowsWriter;
use super::filter::Filter;
use super::key::KeyReader;
use super::names::{COLUMNS, check_column, check_time};
use super::row::{StoredCell, StoredRow};
use super::schema::{KeyType, Table};
use super::value::{Owned, Value};
use crate::error::{OtsError, Result};

/// The parts of a read's message that say what is taken.
#[derive(Debug, Default)]
pub struct Asked<'a> {
    /// Names of columns; none: all.
    pub columns: &'a [String],
    /// Which versions.
    pub times: Option<&'a TimeRange>,
    /// How many versions.
    pub versions: Option<i32>,
    /// A filter's message.
    pub filter: Option<&'a Bytes>,
    /// First column.
    pub start_column: Option<&'a str>,
    /// First column no more.
    pub end_column: Option<&'a str>,
}

/// A read's selection, checked.
#[derive(Debug)]
pub struct Selection {
    /// Sorted.
    columns: Vec<Box<str>>,
    start: Option<Box<str>>,
    end: Option<Box<str>>,
    from: i64,
    to: i64,
    versions: usize,
    filter: Option<Filter>,
    pages: Option<(usize, usize)>,
    timed: bool,
}

impl Selection {
    /// Checks what is asked. `missing` is what is said when neither versions nor times are given.
    ///
    /// # Errors
    /// 400.
    pub fn check(asked: &Asked<'_>, missing: &'static str) -> Result<Self> {
        if asked.columns.len() > COLUMNS {
            return Err(OtsError::parameter(format!(
                "The number of columns from the request exceeds the limit, \
                 limit count: {COLUMNS}, column count: {}.",
                asked.columns.len()
            )));
        }
        for name in asked.columns {
            check_column(name)?;
        }
        let mut columns: Vec<Box<str>> = asked.columns.iter().map(|c| c.as_str().into()).collect();
        columns.sort_unstable();
        columns.dedup();
        let filter = match asked.filter {
            Some(bytes) if !bytes.is_empty() => Some(Filter::read(bytes)?),
            _ => None,
        };
        if asked.versions.is_none() && asked.times.is_none_or(is_empty) {
            return Err(OtsError::parameter(missing));
        }
        let versions = match asked.versions.map(usize::try_from) {
            None => usize::MAX,
            Some(Ok(versions)) if versions > 0 => versions,
            Some(_) => {
                return Err(OtsError::parameter(format!(
                    "Invalid max versions: {}. Reason: Max versions must be positive.",
                    asked.versions.unwrap_or_default()
                )));
            }
        };
        let (from, to) = match asked.times {
            Some(times) if !is_empty(times) => span(times, asked.versions.is_some())?,
            _ => (i64::MIN, i64::MAX),
        };
        let (filter, pages) = match filter {
            Some(Filter::Pages { offset, limit }) => (None, Some((offset, limit))),
            other => (other, None),
        };
        Ok(Self {
            columns,
            start: asked.start_column.filter(|name| !name.is_empty()).map(Into::into),
            end: asked.end_column.filter(|name| !name.is_empty()).map(Into::into),
            from,
            to,
            versions,
            filter,
            pages,
            timed: from != i64::MIN,
        })
    }

    /// Whether a row without any cell that was taken is given all the same: when all its columns
    /// were asked for, or its key's by name.
    fn bare(&self, table: &Table) -> bool {
        if self.start.is_some() || self.end.is_some() || self.timed || self.pages.is_some() {
            return false;
        }
        self.columns.is_empty()
            || table.keys.iter().any(|key| {
                self.columns.binary_search_by(|name| (**name).cmp(key.name.as_str())).is_ok()
            })
    }

    fn takes(&self, name: &[u8]) -> bool {
        self.start.as_ref().is_none_or(|start| name >= start.as_bytes())
            && self.end.as_ref().is_none_or(|end| name < end.as_bytes())
            && (self.columns.is_empty()
                || self.columns.binary_search_by(|column| column.as_bytes().cmp(name)).is_ok())
    }
}

fn is_empty(times: &TimeRange) -> bool {
    times.start_time.is_none() && times.end_time.is_none() && times.specific_time.is_none()
}

fn span(times: &TimeRange, versions: bool) -> Result<(i64, i64)> {
    match (times.specific_time, times.start_time, times.end_time) {
        (Some(_), Some(_), _) | (Some(_), _, Some(_)) => Err(OtsError::parameter(if versions {
            "Specific timestamp, time range and max versions cannot be given at the same time."
        } else {
            "Specific tiemstamp and time range cannot be given at the same time."
        })),
        (Some(time), ..) if time < 0 => {
            Err(OtsError::parameter("Specific timestamp cannot be less than 0."))
        }
        (Some(time), ..) => {
            check_time(time)?;
            Ok((time, time + 1))
        }
        (None, Some(start), Some(end)) => {
            if start < 0 || end < 0 {
                check_time(start.min(end))?;
            }
            if start >= end {
                return Err(OtsError::parameter(
                    "The start time of time range must be less than the end time.",
                ));
            }
            Ok((start, end))
        }
        _ => Err(OtsError::parameter("Start and end time must be given at the same time.")),
    }
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Whether it was written into the answer.
    pub written: bool,
    /// Bytes that were read of it: key and taken cells, filtered or not.
    pub size: usize,
}

/// Takes rows of one table into an answer.
#[derive(Debug)]
pub struct Projector<'a> {
    table: &'a Table,
    selection: &'a Selection,
    oldest: i64,
    /// The answer.
    pub rows: RowsWriter,
    keys: KeyReader,
}

impl<'a> Projector<'a> {
    /// `now` in milliseconds since 1970: what is expired is not seen.
    pub fn new(table: &'a Table, selection: &'a Selection, now: i64) -> Self {
        Self {
            table,
            selection,
            oldest: table.oldest(now),
            rows: RowsWriter::default(),
            keys: KeyReader::default(),
        }
    }

    /// Takes a stored row. None: it has expired, as if it were not there.
    ///
    /// # Errors
    /// 500: key or row are damaged.
    pub fn take(&mut self, key: &[u8], row: &[u8]) -> Result<Option<Taken>> {
        let row = StoredRow::open(row)?;
        if !row.lives(self.oldest)? {
            return Ok(None);
        }
        let cells = self.pick(&row)?;
        let mut size = self.key_size(key)?;
        size += cells.iter().map(|cell| cell.name.len() + cell.value.size()).sum::<usize>();
        let mut written = !cells.is_empty() || self.selection.bare(self.table);
        if written && let Some(filter) = &self.selection.filter {
            let values = self.key_values(key)?;
            let of_key = |name: &str| {
                let at = self.table.keys.iter().position(|column| column.name == name)?;
                values.get(at).map(Owned::value)
            };
            written = filter.holds(&cells, &of_key);
        }
        if written {
            self.write(key, &cells)?;
        }
        Ok(Some(Taken { written, size }))
    }

    /// The cells that are asked for, before the filter.
    fn pick<'r>(&self, row: &StoredRow<'r>) -> Result<Vec<StoredCell<'r>>> {
        let selection = self.selection;
        let most = selection.versions.min(self.table.versions());
        let from = selection.from.max(self.oldest);
        let mut cells: Vec<StoredCell<'r>> = Vec::with_capacity(8);
        let mut last: &[u8] = &[];
        let mut versions = 0;
        let mut taken = false;
        let mut columns = 0;
        for cell in row.cells() {
            let cell = cell?;
            if cell.name != last {
                last = cell.name;
                versions = 0;
                taken = selection.takes(cell.name);
            }
            if !taken || versions == most || cell.time < from || cell.time >= selection.to {
                continue;
            }
            versions += 1;
            if versions == 1 {
                columns += 1;
            }
            if let Some((offset, limit)) = selection.pages
                && (columns <= offset || columns > offset.saturating_add(limit))
            {
                continue;
            }
            cells.push(cell);
        }
        Ok(cells)
    }

    fn write(&mut self, key: &[u8], cells: &[StoredCell<'_>]) -> Result<()> {
        write_key(&mut self.rows, &mut self.keys, self.table, key)?;
        for cell in cells {
            self.rows.attribute(cell.name, &cell.value, cell.time, cell.sum);
        }
        self.rows.end();
        Ok(())
    }

    fn key_size(&mut self, key: &[u8]) -> Result<usize> {
        let table = self.table;
        let mut size = 0;
        self.keys.read(key, integers(table), |index, value| {
            size += value.size() + table.keys.get(index).map_or(0, |column| column.name.len());
        })?;
        Ok(size)
    }

    fn key_values(&mut self, key: &[u8]) -> Result<Vec<Owned>> {
        let table = self.table;
        let mut values = Vec::with_capacity(table.keys.len());
        self.keys.read(key, integers(table), |index, value| {
            values.push(Owned::of(typed(table, index, value)));
        })?;
        Ok(values)
    }
}

fn integers(table: &Table) -> impl ExactSizeIterator<Item = bool> + '_ {
    table.keys.iter().map(|column| column.kind == KeyType::Integer)
}

fn typed<'v>(table: &Table, index: usize, value: Value<'v>) -> Value<'v> {
    match (value, table.keys.get(index).map(|column| column.kind)) {
        (Value::Blob(bytes), Some(KeyType::String)) => Value::String(bytes),
        (value, _) => value,
    }
}

/// Begins a row with the columns of a storage key.
///
/// # Errors
/// 500: the key is damaged.
pub fn write_key(
    rows: &mut RowsWriter,
    keys: &mut KeyReader,
    table: &Table,
    key: &[u8],
) -> Result<()> {
    rows.start();
    keys.read(key, integers(table), |index, value| {
        if let Some(column) = table.keys.get(index) {
            rows.key(column.name.as_bytes(), &typed(table, index, value));
        }
    })
}

/// A row that is a storage key and nothing else: next keys, split points, returned keys.
///
/// # Errors
/// 500: the key is damaged.
pub fn key_row(table: &Table, key: &[u8]) -> Result<Vec<u8>> {
    let mut rows = RowsWriter::default();
    write_key(&mut rows, &mut KeyReader::default(), table, key)?;
    rows.end();
    Ok(rows.buffer)
}
