//! ComputeSplitPointsBySize: measured by reading the table through.

use std::ops::ControlFlow;

use metafs_tablestore::proto;

use super::Service;
use super::catalog::rows_of;
use super::definitions::key_message;
use super::dispatch::Done;
use super::rows::consumed;
use crate::engine::names::check_table;
use crate::engine::select::key_row;
use crate::error::{OtsError, Result};
use crate::store::Order;

/// Unit of sizes unless the request says otherwise.
const UNIT: i64 = 100 << 20;
/// The smallest unit.
const UNIT_MIN: i64 = 1 << 20;
/// Where all pieces lie: a name of 32 characters, as the service gives them.
const LOCATION: &str = "00000000000000000000000000000000";

impl Service {
    pub(super) fn split_points(
        &self,
        instance: &str,
        request: &proto::ComputeSplitPointsBySizeRequest,
    ) -> Result<Done> {
        check_table(&request.table_name)?;
        if request.split_size <= 0 {
            return Err(OtsError::parameter("The split_size should be greater than 0."));
        }
        let unit = request.split_size_unit_in_byte.unwrap_or(UNIT);
        if unit < UNIT_MIN {
            return Err(OtsError::parameter(format!(
                "The split_size_unit_in_byte should be greater equal than: {UNIT_MIN}"
            )));
        }
        let size = request.split_size.saturating_mul(unit).unsigned_abs();
        let most = match request.split_point_limit {
            None => usize::MAX,
            Some(limit) => usize::try_from(limit).unwrap_or(0),
        };
        let open = self.catalog.get(instance, &request.table_name)?;
        let table = &open.table;
        let (low, high) = rows_of(table.id);
        let mut keys: Vec<Vec<u8>> = Vec::new();
        let mut piece = 0;
        self.store.scan(&low, &high, Order::Forward, &mut |key, row| {
            if piece >= size {
                if keys.len() == most {
                    return ControlFlow::Break(());
                }
                keys.push(key.to_vec());
                piece = 0;
            }
            piece += u64::try_from(key.len() + row.len()).unwrap_or(u64::MAX);
            ControlFlow::Continue(())
        })?;
        let points = keys.iter().map(|key| key_row(table, key).map(Into::into));
        let message = proto::ComputeSplitPointsBySizeResponse {
            consumed: consumed(1, 0),
            schema: table.keys.iter().map(key_message).collect(),
            split_points: points.collect::<Result<_>>()?,
            locations: vec![proto::SplitLocation {
                location: LOCATION.into(),
                repeat: i64::try_from(keys.len() + 1).unwrap_or(i64::MAX),
            }],
        };
        Ok(Done::of(&message))
    }
}
