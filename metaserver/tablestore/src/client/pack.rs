//! Rows into batches that are within the limits. Pure.

use super::write::RowWrite;
use crate::limits;
use crate::plain_buffer::encode::row_change_len;

/// Fills batches of rows for [`super::Client::batch_write`]: as many rows as fit by count and by
/// encoded bytes, in their order.
#[derive(Debug)]
pub struct Packer {
    max_rows: usize,
    max_bytes: usize,
    rows: Vec<RowWrite>,
    bytes: usize,
}

impl Default for Packer {
    fn default() -> Self {
        Self::new(limits::BATCH_WRITE_ROWS, limits::BATCH_WRITE_BYTES)
    }
}

impl Packer {
    /// Batches that are smaller than the limits (larger ones are not made).
    #[must_use]
    pub fn new(max_rows: usize, max_bytes: usize) -> Self {
        Self {
            max_rows: max_rows.clamp(1, limits::BATCH_WRITE_ROWS),
            max_bytes: max_bytes.min(limits::BATCH_WRITE_BYTES),
            rows: Vec::new(),
            bytes: 0,
        }
    }

    /// Adds a row; gives the batch before it when the row does not fit any more. A row that is too
    /// large for any batch is alone in one, and refused when that is written.
    #[must_use]
    pub fn push(&mut self, row: RowWrite) -> Option<Vec<RowWrite>> {
        let bytes = row_change_len(&row.change);
        let full = self.rows.len() >= self.max_rows || self.bytes + bytes > self.max_bytes;
        let batch = if full { self.take() } else { None };
        self.rows.push(row);
        self.bytes += bytes;
        batch
    }

    /// What is left.
    #[must_use]
    pub fn take(&mut self) -> Option<Vec<RowWrite>> {
        self.bytes = 0;
        let rows = std::mem::take(&mut self.rows);
        if rows.is_empty() { None } else { Some(rows) }
    }

    /// Encoded bytes of the rows that wait.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{PrimaryKey, Row};

    proptest! {
        #[test]
        fn batches_are_full_and_within_the_limits(
            sizes in prop::collection::vec(0_usize..2000, 0..300),
            max_rows in 1_usize..50,
            max_bytes in 100_usize..20_000,
        ) {
            let rows: Vec<_> = sizes.iter().enumerate().map(|(i, size)| {
                let key = PrimaryKey::new().with("k", i as i64);
                RowWrite::put("t", Row::new(key).with("v", vec![0_u8; *size]))
            }).collect();
            let mut packer = Packer::new(max_rows, max_bytes);
            let mut batches: Vec<_> =
                rows.iter().filter_map(|row| packer.push(row.clone())).collect();
            batches.extend(packer.take());
            prop_assert_eq!(packer.bytes(), 0);
            let bytes = |rows: &[RowWrite]| -> usize {
                rows.iter().map(|row| row_change_len(&row.change)).sum()
            };
            for (i, batch) in batches.iter().enumerate() {
                prop_assert!(batch.len() <= max_rows);
                prop_assert!(batch.len() == 1 || bytes(batch) <= max_bytes);
                if let Some(next) = batches.get(i + 1) {
                    let more = bytes(batch) + bytes(&next[..1]);
                    prop_assert!(batch.len() == max_rows || more > max_bytes);
                }
            }
            prop_assert_eq!(batches.concat(), rows);
        }
    }
}
