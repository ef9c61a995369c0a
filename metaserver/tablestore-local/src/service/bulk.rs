//! BulkImport and BulkExport: as BatchWriteRow without conditions and GetRange of newest versions,
//! billed by bytes instead of units.

use metafs_tablestore::proto::{CapacityDataSize, CapacityUnit, ConsumedCapacity};

use super::Service;
use super::batch_get::message_of;
use super::batch_write::check_size;
use super::commit::Entry;
use super::dispatch::Done;
use super::faults::RowFaults;
use super::messages::{
    BulkExportRequest, BulkExportResponse, BulkImportRequest, BulkImportResponse,
    RowInBulkImportResponse,
};
use super::range::{Bounds, read_bounds};
use super::write::RowWrite;
use crate::engine::names::{BATCH_WRITE_ROWS, check_table};
use crate::engine::select::{Asked, Selection};
use crate::error::{OtsError, Result};
use crate::store::Order;

/// Rows in PlainBuffer: the form that is always given, whatever the client likes best.
const PLAIN_BUFFER: i32 = 0;

impl Service {
    pub(super) fn bulk_import(
        &self,
        instance: &str,
        request: &BulkImportRequest,
        faults: &RowFaults,
    ) -> Result<Done> {
        check_table(&request.table_name)?;
        if request.rows.is_empty() {
            return Err(OtsError::parameter("No row is specified in BulkImport."));
        }
        if request.rows.len() > BATCH_WRITE_ROWS {
            return Err(OtsError::parameter(format!(
                "Rows count exceeds the upper limit: {BATCH_WRITE_ROWS}."
            )));
        }
        let open = self.catalog.get(instance, &request.table_name)?;
        let mut entries = Vec::with_capacity(request.rows.len());
        for row in &request.rows {
            let row = RowWrite::check(row.r#type, &row.row_change, None, None)?;
            entries.push(Entry { table: Ok(open.clone()), row, outcome: None });
        }
        check_size("BulkImport", &entries)?;
        faults.refuse(&mut entries);
        self.write_rows(&mut entries, None, false)?;
        let count = entries.len();
        let rows = entries.into_iter().map(|entry| match faults.lose(entry.outcome) {
            Ok(applied) => RowInBulkImportResponse {
                is_ok: true,
                error: None,
                consumed: Some(bytes(0, applied.size)),
            },
            Err(error) => RowInBulkImportResponse {
                is_ok: false,
                error: Some(message_of(&error)),
                consumed: None,
            },
        });
        let message =
            BulkImportResponse { table_name: request.table_name.clone(), rows: rows.collect() };
        Ok(Done::rows(&message, 0, count))
    }

    pub(super) fn bulk_export(&self, instance: &str, request: &BulkExportRequest) -> Result<Done> {
        check_table(&request.table_name)?;
        let start = &request.inclusive_start_primary_key;
        let end = &request.exclusive_end_primary_key;
        let (start, end) = read_bounds(start, end)?;
        let asked = Asked {
            columns: &request.columns_to_get,
            versions: Some(1),
            filter: request.filter.as_ref(),
            ..Asked::default()
        };
        let selection = Selection::check(&asked, "")?;
        let open = self.catalog.get(instance, &request.table_name)?;
        let bounds = Bounds::of(&open.table, &start, &end, Order::Forward)?;
        let page = self.read_range(&open, &bounds, &selection, None, None)?;
        let message = BulkExportResponse {
            consumed: bytes(page.size, 0),
            rows: page.rows.into(),
            next_start_primary_key: page.next.map(Into::into),
            data_block_type: Some(PLAIN_BUFFER),
        };
        Ok(Done::rows(&message, page.count, 0))
    }
}

fn bytes(read: usize, write: usize) -> ConsumedCapacity {
    let count = |size: usize| Some(i64::try_from(size).unwrap_or(i64::MAX));
    ConsumedCapacity {
        capacity_unit: CapacityUnit { read: Some(0), write: Some(0) },
        capacity_data_size: Some(CapacityDataSize {
            read_size: count(read),
            write_size: count(write),
        }),
    }
}
