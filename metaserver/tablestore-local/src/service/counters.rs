//! Counts of what the service did, by operation.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

use super::dispatch::Operation;

#[derive(Debug, Default)]
struct Row {
    requests: AtomicU64,
    errors: AtomicU64,
    faults: AtomicU64,
    rows_read: AtomicU64,
    rows_written: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
}

/// Counts of one operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OperationCounts {
    /// Requests that were read.
    pub requests: u64,
    /// Those that were answered with an error.
    pub errors: u64,
    /// Those that a fault happened to.
    pub faults: u64,
    /// Rows that answers hold, or that were looked for.
    pub rows_read: u64,
    /// Rows that were to be written.
    pub rows_written: u64,
    /// Bytes of requests' bodies.
    pub bytes_in: u64,
    /// Bytes of answers' bodies.
    pub bytes_out: u64,
}

/// See the module.
#[derive(Debug)]
pub struct Counters {
    rows: Box<[Row]>,
}

impl Default for Counters {
    fn default() -> Self {
        Self { rows: Operation::ALL.iter().map(|_| Row::default()).collect() }
    }
}

impl Counters {
    /// Counts a request.
    pub(super) fn add(&self, operation: Operation, counts: &OperationCounts) {
        let Some(row) = self.rows.get(operation as usize) else { return };
        let add = |to: &AtomicU64, count: u64| {
            if count > 0 {
                to.fetch_add(count, Ordering::Relaxed);
            }
        };
        add(&row.requests, counts.requests);
        add(&row.errors, counts.errors);
        add(&row.faults, counts.faults);
        add(&row.rows_read, counts.rows_read);
        add(&row.rows_written, counts.rows_written);
        add(&row.bytes_in, counts.bytes_in);
        add(&row.bytes_out, counts.bytes_out);
    }

    /// Counts of all operations that were asked for.
    pub fn read(&self) -> Vec<(Operation, OperationCounts)> {
        let get = |from: &AtomicU64| from.load(Ordering::Relaxed);
        let rows = Operation::ALL.iter().zip(&self.rows).map(|(operation, row)| {
            let counts = OperationCounts {
                requests: get(&row.requests),
                errors: get(&row.errors),
                faults: get(&row.faults),
                rows_read: get(&row.rows_read),
                rows_written: get(&row.rows_written),
                bytes_in: get(&row.bytes_in),
                bytes_out: get(&row.bytes_out),
            };
            (*operation, counts)
        });
        rows.filter(|(_, counts)| counts.requests > 0).collect()
    }

    /// Begins to count anew.
    pub fn reset(&self) {
        for row in &self.rows {
            let Row { requests, errors, faults, rows_read, rows_written, bytes_in, bytes_out } =
                row;
            for count in [requests, errors, faults, rows_read, rows_written, bytes_in, bytes_out] {
                count.store(0, Ordering::Relaxed);
            }
        }
    }

    /// The counts as Prometheus reads them.
    pub fn prometheus(&self) -> String {
        let counts = self.read();
        let mut text = String::new();
        type Get = fn(&OperationCounts) -> u64;
        let metrics: [(&str, &str, Get); 7] = [
            ("requests", "Requests", |c| c.requests),
            ("errors", "Requests answered with an error", |c| c.errors),
            ("faults", "Requests that a fault happened to", |c| c.faults),
            ("rows_read", "Rows read", |c| c.rows_read),
            ("rows_written", "Rows written", |c| c.rows_written),
            ("bytes_in", "Bytes of requests", |c| c.bytes_in),
            ("bytes_out", "Bytes of answers", |c| c.bytes_out),
        ];
        for (name, help, get) in metrics {
            let metric = format!("tablestore_local_{name}_total");
            // Writing to a string cannot fail.
            let _ = writeln!(text, "# HELP {metric} {help}.\n# TYPE {metric} counter");
            for (operation, counts) in &counts {
                let (operation, count) = (operation.name(), get(counts));
                let _ = writeln!(text, "{metric}{{operation=\"{operation}\"}} {count}");
            }
        }
        text
    }
}
