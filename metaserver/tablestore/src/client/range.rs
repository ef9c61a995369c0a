//! Reads of ranges, page by page, and the keys between pieces of a table.

use bytes::Bytes;
use futures::Stream;

use super::error::{Error, ErrorKind};
use super::read::ReadOptions;
use super::write::Consumed;
use super::{Client, check};
use crate::filter::Filter;
use crate::model::{PrimaryKey, Row, Text, Value};
use crate::operation::Operation;
use crate::plain_buffer::{decode_primary_key, decode_rows, encode_primary_key};
use crate::proto;
pub use crate::proto::Direction;

const OPERATION: Operation = Operation::GetRange;

/// A range of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeRead {
    /// The table.
    pub table: Text,
    /// Rising or falling keys.
    pub direction: Direction,
    /// The first key.
    pub start: PrimaryKey,
    /// The first key no more. Backward: below `start`.
    pub end: PrimaryKey,
    /// What is read of each row.
    pub options: ReadOptions,
    /// Rows at most, of all pages together; `None`: all.
    pub limit: Option<usize>,
    /// Rows of one page at most; the service gives 5000, or 4 MB, at most.
    pub page_rows: Option<usize>,
}

impl RangeRead {
    /// All rows from `start` up to but without `end`.
    pub fn forward(table: impl Into<Text>, start: PrimaryKey, end: PrimaryKey) -> Self {
        Self {
            table: table.into(),
            direction: Direction::Forward,
            start,
            end,
            options: ReadOptions::default(),
            limit: None,
            page_rows: None,
        }
    }

    /// All rows from `start` down to but without `end`.
    pub fn backward(table: impl Into<Text>, start: PrimaryKey, end: PrimaryKey) -> Self {
        Self { direction: Direction::Backward, ..Self::forward(table, start, end) }
    }

    /// What is read of each row.
    #[must_use]
    pub fn options(mut self, options: ReadOptions) -> Self {
        self.options = options;
        self
    }

    /// Rows at most.
    #[must_use]
    pub fn limit(mut self, rows: usize) -> Self {
        self.limit = Some(rows);
        self
    }

    /// Rows of one page at most.
    #[must_use]
    pub fn page_rows(mut self, rows: usize) -> Self {
        self.page_rows = Some(rows);
        self
    }
}

/// Some rows of a range.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RangePage {
    /// The rows; there may be none although the range goes on.
    pub rows: Vec<Row>,
    /// Where the range goes on; `None`: this was the end.
    pub next: Option<PrimaryKey>,
    /// Where in a wide row it goes on.
    pub next_token: Option<Bytes>,
    /// What it cost.
    pub consumed: Consumed,
}

/// Goes through a range page by page; made by [`Client::get_range`]. It can be taken up again
/// elsewhere from [`RangePages::position`].
#[derive(Debug)]
pub struct RangePages {
    client: Client,
    read: RangeRead,
    token: Option<Bytes>,
    transaction: Option<String>,
    done: bool,
}

impl RangePages {
    /// Where the next page begins; `None` after the last.
    #[must_use]
    pub fn position(&self) -> Option<&PrimaryKey> {
        if self.done { None } else { Some(&self.read.start) }
    }

    /// The next page; `None` after the last. After an error the same page can be asked for again.
    pub async fn next_page(&mut self) -> Result<Option<RangePage>, Error> {
        if self.done || self.read.limit == Some(0) {
            return Ok(None);
        }
        let token = self.token.clone();
        let transaction = self.transaction.clone();
        let page = self.client.get_range_page_in(&self.read, token, transaction).await?;
        if let Some(limit) = &mut self.read.limit {
            *limit = limit.saturating_sub(page.rows.len());
        }
        match &page.next {
            Some(next) => {
                if *next == self.read.start && page.rows.is_empty() && page.next_token == self.token
                {
                    let kind = ErrorKind::Answer("goes on where it began");
                    return Err(Error::before(OPERATION, kind));
                }
                self.read.start = next.clone();
                self.token = page.next_token.clone();
            }
            None => self.done = true,
        }
        Ok(Some(page))
    }

    /// Row by row. Ends after an error.
    pub fn rows(self) -> impl Stream<Item = Result<Row, Error>> + Send {
        let state = (Some(self), Vec::new().into_iter());
        futures::stream::unfold(state, |(mut pages, mut rows)| async move {
            loop {
                if let Some(row) = rows.next() {
                    return Some((Ok(row), (pages, rows)));
                }
                match pages.as_mut()?.next_page().await {
                    Ok(Some(page)) => rows = page.rows.into_iter(),
                    Ok(None) => return None,
                    Err(error) => return Some((Err(error), (None, rows))),
                }
            }
        })
    }
}

/// Keys that cut a table into pieces of about one size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SplitPoints {
    /// The keys between the pieces, rising, each with all columns.
    pub keys: Vec<PrimaryKey>,
    /// What it cost.
    pub consumed: Consumed,
}

impl Client {
    /// Goes through a range.
    pub fn get_range(&self, read: RangeRead) -> RangePages {
        self.get_range_in(read, None)
    }

    pub(super) fn get_range_in(&self, read: RangeRead, transaction: Option<String>) -> RangePages {
        RangePages { client: self.clone(), read, token: None, transaction, done: false }
    }

    /// The first page of a range.
    pub async fn get_range_page(&self, read: &RangeRead) -> Result<RangePage, Error> {
        self.get_range_page_in(read, None, None).await
    }

    async fn get_range_page_in(
        &self,
        read: &RangeRead,
        token: Option<Bytes>,
        transaction_id: Option<String>,
    ) -> Result<RangePage, Error> {
        let before = |kind| Error::before(OPERATION, kind);
        let request = message(read, token, transaction_id).map_err(before)?;
        let page = self.call(OPERATION, &request, true, page).await?;
        self.inner.config.observer.rows(OPERATION, page.rows.len(), false);
        Ok(page)
    }

    /// Keys that cut a table into pieces of about `size` bytes (a multiple of 1 MiB or of 100 MiB;
    /// it is rounded up). For reading a table in parallel.
    pub async fn split_points(
        &self,
        table: impl Into<Text>,
        size: u64,
    ) -> Result<SplitPoints, Error> {
        let operation = Operation::ComputeSplitPointsBySize;
        let table = table.into();
        check::name(&table).map_err(|kind| Error::before(operation, kind))?;
        let unit: u32 = 1 << 20;
        let units = size.div_ceil(u64::from(unit)).max(1);
        let request = proto::ComputeSplitPointsBySizeRequest {
            table_name: table.as_str().to_owned(),
            split_size: i64::try_from(units).unwrap_or(i64::MAX),
            split_size_unit_in_byte: Some(i64::from(unit)),
            split_point_limit: None,
        };
        self.call(operation, &request, true, split_points).await
    }
}

fn message(
    read: &RangeRead,
    token: Option<Bytes>,
    transaction_id: Option<String>,
) -> Result<proto::GetRangeRequest, ErrorKind> {
    check::name(&read.table)?;
    check::primary_key(&read.start, true)?;
    check::primary_key(&read.end, true)?;
    check::read(&read.options)?;
    let (time_range, max_versions) = read.options.versions.messages();
    let (start_column, end_column) = read.options.column_range();
    let rows = [read.limit, read.page_rows].into_iter().flatten().min();
    Ok(proto::GetRangeRequest {
        table_name: read.table.as_str().to_owned(),
        direction: read.direction.into(),
        columns_to_get: read.options.column_names(),
        time_range,
        max_versions,
        limit: rows.map(|rows| i32::try_from(rows).unwrap_or(i32::MAX)),
        inclusive_start_primary_key: encode_primary_key(&read.start),
        exclusive_end_primary_key: encode_primary_key(&read.end),
        filter: read.options.filter.as_ref().map(Filter::encode),
        start_column,
        end_column,
        token,
        transaction_id,
    })
}

fn page(answer: proto::GetRangeResponse) -> Result<RangePage, ErrorKind> {
    let next = answer.next_start_primary_key.filter(|next| !next.is_empty());
    Ok(RangePage {
        rows: decode_rows(answer.rows)?,
        next: next.map(decode_primary_key).transpose()?,
        next_token: answer.next_token.filter(|token| !token.is_empty()),
        consumed: answer.consumed.into(),
    })
}

fn split_points(answer: proto::ComputeSplitPointsBySizeResponse) -> Result<SplitPoints, ErrorKind> {
    let keys = answer.split_points.into_iter().map(|point| whole(point, &answer.schema));
    Ok(SplitPoints { keys: keys.collect::<Result<_, _>>()?, consumed: answer.consumed.into() })
}

/// The service leaves trailing columns out that are INF_MIN.
fn whole(point: Bytes, schema: &[proto::PrimaryKeySchema]) -> Result<PrimaryKey, ErrorKind> {
    let key = decode_primary_key(point)?;
    let missing = schema.iter().skip(key.columns.len());
    Ok(missing.fold(key, |key, column| key.with(column.name.as_str(), Value::InfMin)))
}
