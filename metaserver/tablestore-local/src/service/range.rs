//! GetRange.

use std::ops::ControlFlow;

use metafs_tablestore::proto;
use proto::Direction;

use super::Service;
use super::catalog::OpenTable;
use super::dispatch::Done;
use super::rows::{check_within, consumed};
use super::sessions::{Overlay, Session, given};
use crate::engine::capacity::units;
use crate::engine::cells::Cells;
use crate::engine::names::{RANGE_BYTES, RANGE_ROWS, check_table};
use crate::engine::schema::{KeyUse, Table, check_shape};
use crate::engine::select::{Asked, Projector, Selection, key_row};
use crate::error::{OtsError, Result};
use crate::store::{Order, Store, Visit};

/// A range of a table's storage keys.
#[derive(Debug)]
pub(super) struct Bounds {
    low: Vec<u8>,
    high: Vec<u8>,
    order: Order,
}

impl Bounds {
    /// Checks bounds against a table.
    ///
    /// # Errors
    /// 400.
    pub fn of(table: &Table, start: &Cells<'_>, end: &Cells<'_>, order: Order) -> Result<Self> {
        table.check_key(&start.key)?;
        table.check_key(&end.key)?;
        let start = table.storage_key(&start.key)?;
        let end = table.storage_key(&end.key)?;
        match order {
            Order::Forward if start < end => Ok(Self { low: start, high: end, order }),
            Order::Forward => {
                Err(OtsError::parameter("Begin key must less than end key in FORWARD"))
            }
            // Backwards the start is taken and the end is not: one byte beyond each.
            Order::Backward if start > end => {
                Ok(Self { low: beyond(end), high: beyond(start), order })
            }
            Order::Backward => {
                Err(OtsError::parameter("Begin key must more than end key in BACKWARD"))
            }
        }
    }
}

/// The first key after `key`.
fn beyond(mut key: Vec<u8>) -> Vec<u8> {
    key.push(0);
    key
}

/// Checks bounds as far as that goes without their table.
///
/// # Errors
/// 400.
pub(super) fn read_bounds<'a>(start: &'a [u8], end: &'a [u8]) -> Result<(Cells<'a>, Cells<'a>)> {
    let (start, end) = (Cells::read(start)?, Cells::read(end)?);
    check_shape(&start.key, KeyUse::Bound)?;
    check_shape(&end.key, KeyUse::Bound)?;
    Ok((start, end))
}

/// One answer's rows.
#[derive(Debug)]
pub(super) struct Page {
    pub rows: Vec<u8>,
    /// The key to go on with, encoded.
    pub next: Option<Vec<u8>>,
    /// Bytes read.
    pub size: usize,
    /// Rows in the answer.
    pub count: usize,
}

impl Service {
    pub(super) fn get_range(
        &self,
        instance: &str,
        request: &proto::GetRangeRequest,
    ) -> Result<Done> {
        check_table(&request.table_name)?;
        let order = match Direction::try_from(request.direction) {
            Ok(Direction::Forward) => Order::Forward,
            Ok(Direction::Backward) => Order::Backward,
            Err(_) => return Err(OtsError::parameter("Invalid direction.")),
        };
        if request.limit.is_some_and(|limit| limit <= 0) {
            return Err(OtsError::parameter("The limit must be greater than 0."));
        }
        let limit = request.limit.and_then(|limit| usize::try_from(limit).ok());
        let start = &request.inclusive_start_primary_key;
        let (start, end) = read_bounds(start, &request.exclusive_end_primary_key)?;
        let asked = Asked {
            columns: &request.columns_to_get,
            times: request.time_range.as_ref(),
            versions: request.max_versions,
            filter: request.filter.as_ref(),
            start_column: request.start_column.as_deref(),
            end_column: request.end_column.as_deref(),
        };
        let selection = Selection::check(&asked, "No version condition is specified.")?;
        let open = self.catalog.get(instance, &request.table_name)?;
        let bounds = Bounds::of(&open.table, &start, &end, order)?;
        let transaction = given(request.transaction_id.as_ref())?;
        let page = self.with_session(instance, transaction, |session| {
            check_within(&open.table, session, &start)?;
            check_within(&open.table, session, &end)?;
            self.read_range(&open, &bounds, &selection, limit, session)
        })?;
        let message = proto::GetRangeResponse {
            consumed: consumed(units(page.size), 0),
            rows: page.rows.into(),
            next_start_primary_key: page.next.map(Into::into),
            next_token: None,
        };
        Ok(Done::rows(&message, page.count, 0))
    }

    /// Reads rows until the limit, or as many as one answer holds.
    pub(super) fn read_range(
        &self,
        open: &OpenTable,
        bounds: &Bounds,
        selection: &Selection,
        limit: Option<usize>,
        session: Option<&Session>,
    ) -> Result<Page> {
        let limit = limit.unwrap_or(usize::MAX);
        let mut projector = Projector::new(&open.table, selection, self.now());
        let (mut size, mut scanned, mut count) = (0, 0, 0);
        let mut next = None;
        let mut fault = None;
        let mut visit = |key: &[u8], row: &[u8]| {
            let start = projector.rows.buffer.len();
            let taken = match projector.take(key, row) {
                Ok(Some(taken)) => taken,
                Ok(None) => return ControlFlow::Continue(()),
                Err(error) => {
                    fault = Some(error);
                    return ControlFlow::Break(());
                }
            };
            // The row after the last that fits is where to go on.
            let full = count == limit
                || scanned == RANGE_ROWS
                || (scanned > 0 && size + taken.size > RANGE_BYTES);
            if full {
                projector.rows.buffer.truncate(start);
                next = Some(key.to_vec());
                return ControlFlow::Break(());
            }
            scanned += 1;
            size += taken.size;
            count += usize::from(taken.written);
            ControlFlow::Continue(())
        };
        let (low, high, order) = (bounds.low.as_slice(), bounds.high.as_slice(), bounds.order);
        match session {
            Some(session) if !session.overlay.is_empty() => {
                let overlay = &session.overlay;
                scan_under(&*self.store, overlay, (low, high), order, &mut visit)?;
            }
            _ => self.store.scan(low, high, order, &mut visit)?,
        }
        if let Some(fault) = fault {
            return Err(fault);
        }
        let next = next.map(|key| key_row(&open.table, &key)).transpose()?;
        Ok(Page { rows: projector.rows.buffer, next, size, count })
    }
}

/// Scans a store under a transaction's own changes.
fn scan_under(
    store: &dyn Store,
    overlay: &Overlay,
    (low, high): (&[u8], &[u8]),
    order: Order,
    visit: &mut Visit<'_>,
) -> Result<()> {
    let range =
        overlay.range::<[u8], _>((std::ops::Bound::Included(low), std::ops::Bound::Excluded(high)));
    let mut own: Vec<(&Vec<u8>, &Option<Vec<u8>>)> = range.collect();
    // Popped from the end.
    if order == Order::Forward {
        own.reverse();
    }
    let mut stopped = false;
    store.scan(low, high, order, &mut |key, row| {
        while let Some((own_key, own_row)) = own.last().copied() {
            let before = match order {
                Order::Forward => own_key.as_slice() < key,
                Order::Backward => own_key.as_slice() > key,
            };
            if !before && own_key.as_slice() != key {
                break;
            }
            own.pop();
            if let Some(row) = own_row
                && visit(own_key, row).is_break()
            {
                stopped = true;
                return ControlFlow::Break(());
            }
            if !before {
                return ControlFlow::Continue(());
            }
        }
        let flow = visit(key, row);
        stopped = flow.is_break();
        flow
    })?;
    while !stopped && let Some((key, row)) = own.pop() {
        if let Some(row) = row {
            stopped = visit(key, row).is_break();
        }
    }
    Ok(())
}
