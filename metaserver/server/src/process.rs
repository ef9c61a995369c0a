//! The process: its runtime, and its own figures under the names that Prometheus's client libraries
//! use, read from /proc when a scrape asks for them.

use std::io;
use std::num::NonZeroUsize;
use std::thread::available_parallelism;
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

/// Threads for requests and Raft on so many cores: one is left to the log's syncs, RocksDB's own work and the
/// kernel's part of the network. See docs/decisions/threads.md.
fn threads(cores: usize) -> usize {
    cores.saturating_sub(1).max(1)
}

/// The runtime that everything runs in.
///
/// # Errors
/// Its threads cannot be started.
pub fn runtime() -> io::Result<tokio::runtime::Runtime> {
    let cores = available_parallelism().map_or(1, NonZeroUsize::get);
    tokio::runtime::Builder::new_multi_thread().worker_threads(threads(cores)).enable_all().build()
}

/// Collects `process_*`.
#[derive(Debug)]
pub struct ProcessCollector {
    start: f64,
}

impl ProcessCollector {
    /// For the process that starts now.
    pub fn new() -> Self {
        let start =
            SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
        Self { start }
    }
}

impl Default for ProcessCollector {
    fn default() -> Self {
        Self::new()
    }
}

/// What /proc/self tells.
#[derive(Debug, Default, PartialEq)]
struct Figures {
    cpu_seconds: f64,
    resident_bytes: u64,
    virtual_bytes: u64,
    threads: u64,
}

/// Parses /proc/self/stat: the fields behind the command's closing bracket, as proc(5) numbers them.
fn parse_stat(stat: &str, ticks: f64, page: u64) -> Option<Figures> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |index: usize| fields.get(index - 3)?.parse::<u64>().ok();
    Some(Figures {
        cpu_seconds: (number(14)? + number(15)?) as f64 / ticks,
        threads: number(20)?,
        virtual_bytes: number(23)?,
        resident_bytes: number(24)? * page,
    })
}

impl Collector for ProcessCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let ticks = rustix::param::clock_ticks_per_second() as f64;
        let page = rustix::param::page_size() as u64;
        let figures = std::fs::read_to_string("/proc/self/stat")
            .ok()
            .and_then(|stat| parse_stat(&stat, ticks, page))
            .unwrap_or_default();
        let fds = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);

        let cpu = ConstCounter::new(figures.cpu_seconds);
        cpu.encode(encoder.encode_descriptor(
            "process_cpu",
            "User and system CPU time spent",
            Some(&Unit::Seconds),
            cpu.metric_type(),
        )?)?;
        let gauges: [(&str, &str, Option<&Unit>, f64); 5] = [
            (
                "process_resident_memory",
                "Resident memory",
                Some(&Unit::Bytes),
                figures.resident_bytes as f64,
            ),
            (
                "process_virtual_memory",
                "Virtual memory",
                Some(&Unit::Bytes),
                figures.virtual_bytes as f64,
            ),
            ("process_threads", "Threads", None, figures.threads as f64),
            ("process_open_fds", "Open file descriptors", None, fds as f64),
            ("process_start_time", "Start, since the epoch", Some(&Unit::Seconds), self.start),
        ];
        for (name, help, unit, value) in gauges {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, unit, gauge.metric_type())?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_core_is_left_to_others_where_there_are_several() {
        assert_eq!([0, 1, 2, 4, 16].map(threads), [1, 1, 1, 3, 15]);
    }

    #[test]
    fn a_command_with_brackets_does_not_shift_the_fields() {
        let stat =
            "42 (a ) b) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 7 0 12345 8192 3 0 0";
        let figures = parse_stat(stat, 100.0, 4096).expect("parses");
        assert_eq!(
            figures,
            Figures { cpu_seconds: 3.0, resident_bytes: 3 * 4096, virtual_bytes: 8192, threads: 7 }
        );
        assert_eq!(parse_stat("nonsense", 100.0, 4096), None);
    }
}
