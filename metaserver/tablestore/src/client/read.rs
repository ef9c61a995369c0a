//! Reads of single rows, and what all reads can ask for.

use bytes::Bytes;

use super::error::{Error, ErrorKind};
use super::write::Consumed;
use super::{Client, check};
use crate::filter::Filter;
use crate::model::{PrimaryKey, Row, Text};
use crate::operation::Operation;
use crate::plain_buffer::{decode_row, encode_primary_key};
use crate::proto;

/// Which versions of attributes are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versions {
    /// The newest ones, so many at most.
    Newest(i32),
    /// Those from `start` up to but without `end`.
    Between {
        /// The first.
        start: i64,
        /// The first no more.
        end: i64,
        /// How many at most.
        max: Option<i32>,
    },
    /// Only this one.
    Exactly(i64),
}

impl Versions {
    pub(super) fn messages(self) -> (Option<proto::TimeRange>, Option<i32>) {
        let none = proto::TimeRange { start_time: None, end_time: None, specific_time: None };
        match self {
            Self::Newest(max) => (None, Some(max)),
            Self::Between { start, end, max } => {
                let (start_time, end_time) = (Some(start), Some(end));
                (Some(proto::TimeRange { start_time, end_time, ..none }), max)
            }
            Self::Exactly(version) => {
                (Some(proto::TimeRange { specific_time: Some(version), ..none }), None)
            }
        }
    }
}

/// What a read gives of each row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadOptions {
    /// Which columns; none: all.
    pub columns: Vec<Text>,
    /// Which versions.
    pub versions: Versions,
    /// Which rows.
    pub filter: Option<Filter>,
    /// The first column, by name.
    pub start_column: Option<Text>,
    /// The first column no more.
    pub end_column: Option<Text>,
}

impl Default for ReadOptions {
    /// The newest version of every column.
    fn default() -> Self {
        Self {
            columns: Vec::new(),
            versions: Versions::Newest(1),
            filter: None,
            start_column: None,
            end_column: None,
        }
    }
}

impl ReadOptions {
    /// Only these columns.
    #[must_use]
    pub fn columns<T: Into<Text>>(mut self, columns: impl IntoIterator<Item = T>) -> Self {
        self.columns = columns.into_iter().map(Into::into).collect();
        self
    }

    /// Only rows that pass.
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = Some(filter);
        self
    }

    /// These versions.
    #[must_use]
    pub fn versions(mut self, versions: Versions) -> Self {
        self.versions = versions;
        self
    }

    pub(super) fn column_names(&self) -> Vec<String> {
        self.columns.iter().map(|name| name.as_str().to_owned()).collect()
    }

    pub(super) fn column_range(&self) -> (Option<String>, Option<String>) {
        let owned = |name: &Option<Text>| name.as_ref().map(|name| name.as_str().to_owned());
        (owned(&self.start_column), owned(&self.end_column))
    }
}

/// A row was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Got {
    /// The row; `None`: it does not exist, or does not pass the filter.
    pub row: Option<Row>,
    /// What it cost.
    pub consumed: Consumed,
    /// Where a wide row goes on.
    pub next_token: Option<Bytes>,
}

impl Got {
    pub(super) fn read(
        consumed: Option<proto::ConsumedCapacity>,
        row: Bytes,
        next_token: Option<Bytes>,
    ) -> Result<Self, ErrorKind> {
        let consumed = consumed.map(Consumed::from).unwrap_or_default();
        let next_token = next_token.filter(|token| !token.is_empty());
        Ok(Self { row: decode_row(row)?, consumed, next_token })
    }
}

impl Client {
    /// Reads one row.
    pub async fn get_row(
        &self,
        table: impl Into<Text>,
        key: &PrimaryKey,
        options: &ReadOptions,
    ) -> Result<Got, Error> {
        self.get_row_in(&table.into(), key, options, None, None).await
    }

    /// Reads one row on from where an earlier read of it [ended](Got::next_token).
    pub async fn get_row_from(
        &self,
        table: impl Into<Text>,
        key: &PrimaryKey,
        options: &ReadOptions,
        token: Bytes,
    ) -> Result<Got, Error> {
        self.get_row_in(&table.into(), key, options, Some(token), None).await
    }

    pub(super) async fn get_row_in(
        &self,
        table: &Text,
        key: &PrimaryKey,
        options: &ReadOptions,
        token: Option<Bytes>,
        transaction_id: Option<String>,
    ) -> Result<Got, Error> {
        let operation = Operation::GetRow;
        let before = |kind| Error::before(operation, kind);
        check::name(table).map_err(before)?;
        check::primary_key(key, false).map_err(before)?;
        check::read(options).map_err(before)?;
        let (time_range, max_versions) = options.versions.messages();
        let (start_column, end_column) = options.column_range();
        let request = proto::GetRowRequest {
            table_name: table.as_str().to_owned(),
            primary_key: encode_primary_key(key),
            columns_to_get: options.column_names(),
            time_range,
            max_versions,
            filter: options.filter.as_ref().map(Filter::encode),
            start_column,
            end_column,
            token,
            transaction_id,
        };
        let read = |a: proto::GetRowResponse| Got::read(Some(a.consumed), a.row, a.next_token);
        let outcome = self.call(operation, &request, true, read).await;
        self.inner.config.observer.rows(operation, 1, outcome.is_err());
        outcome
    }
}
