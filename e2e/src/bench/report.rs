//! How the figures are shown: a table for people, JSON for programs.

use std::fmt::Write as _;
use std::path::Path;

use rustix::fs::statfs;
use serde::Serialize;

use super::load::Measured;
use super::{Args, procfs};
use crate::server::Timings;

/// f_type of tmpfs, statfs(2).
const TMPFS_MAGIC: i128 = 0x0102_1994;

/// What a figure should reach.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind", content = "value")]
pub enum Reach {
    /// Not less than this.
    AtLeast(f64),
    /// Less than this.
    Below(f64),
}

/// One figure.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// What was measured.
    pub name: String,
    /// The figure.
    pub value: f64,
    /// Its unit.
    pub unit: &'static str,
    /// What it should reach, if that was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reach: Option<Reach>,
    /// Whether it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reached: Option<bool>,
    /// CPU of all servers, microseconds an operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_cpu_us: Option<f64>,
    /// CPU of the generator, microseconds an operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generator_cpu_us: Option<f64>,
    /// Latencies and the like.
    pub note: String,
}

impl Row {
    /// A figure by itself.
    pub fn new(
        name: impl Into<String>,
        value: f64,
        unit: &'static str,
        reach: Option<Reach>,
    ) -> Self {
        let reached = reach.map(|reach| match reach {
            Reach::AtLeast(least) => value >= least,
            Reach::Below(most) => value < most,
        });
        Self {
            name: name.into(),
            value,
            unit,
            reach,
            reached,
            server_cpu_us: None,
            generator_cpu_us: None,
            note: String::new(),
        }
    }

    /// A rate.
    pub fn rate(name: impl Into<String>, measured: &Measured, reach: Option<f64>) -> Self {
        let Measured { rate, server_cpu_us, own_cpu_us, p50_us, p99_us, refused, .. } = measured;
        let mut note = format!("p50 {}, p99 {}", milliseconds(*p50_us), milliseconds(*p99_us));
        if *refused > 0 {
            let _ = write!(note, "; {refused} refused and sent again");
        }
        Self {
            server_cpu_us: Some(*server_cpu_us),
            generator_cpu_us: Some(*own_cpu_us),
            note,
            ..Self::new(name, *rate, "/s", reach.map(Reach::AtLeast))
        }
    }

    /// With a remark.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }
}

/// A latency for people.
pub fn milliseconds(us: u32) -> String {
    format!("{:.2} ms", f64::from(us) / 1_000.0)
}

/// All of a run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    version: &'static str,
    machine: String,
    load_before: f64,
    quick: bool,
    audit_log: bool,
    pipeline: usize,
    disk_in_memory: bool,
    heartbeat_ms: u64,
    election_ms: [u64; 2],
    rows: Vec<Row>,
}

impl Report {
    /// An empty one.
    ///
    /// # Errors
    /// The folder for the volumes cannot be looked at.
    pub fn new(args: &Args, data_dir: &Path, timings: Timings) -> anyhow::Result<Self> {
        Ok(Self {
            version: env!("CARGO_PKG_VERSION"),
            machine: procfs::machine(),
            load_before: procfs::load(),
            quick: args.quick,
            audit_log: args.audit,
            pipeline: args.pipeline.max(1),
            disk_in_memory: i128::from(statfs(data_dir)?.f_type) == TMPFS_MAGIC,
            heartbeat_ms: timings.heartbeat_ms,
            election_ms: [timings.election_min_ms, timings.election_max_ms],
            rows: Vec::new(),
        })
    }

    /// Adds a row, and shows it to who waits.
    pub fn add(&mut self, row: Row) {
        eprintln!("{}", cells(&row).join("  "));
        self.rows.push(row);
    }

    /// What the figures were made on.
    pub fn heading(&self) -> String {
        let mut out = format!(
            "metafs {}: three servers on loopback, {}; heartbeat {} ms, election {}-{} ms; audit log {}; {} in flight a connection\n",
            self.version,
            self.machine,
            self.heartbeat_ms,
            self.election_ms[0],
            self.election_ms[1],
            if self.audit_log { "on" } else { "off" },
            self.pipeline,
        );
        if self.disk_in_memory {
            out.push_str("WARNING: the volumes are in memory, where fsync costs nothing: give --data-dir on a disk\n");
        }
        if self.load_before >= 0.5 {
            let load = self.load_before;
            let _ = writeln!(
                out,
                "WARNING: something else ran before (load {load}): rates are too low, CPU/op is less so"
            );
        }
        if self.quick {
            out.push_str("--quick: these figures mean nothing\n");
        }
        out
    }

    /// The table.
    pub fn table(&self) -> String {
        let header = ["WHAT", "FIGURE", "REACH", "", "SERVERS CPU/OP", "GENERATOR CPU/OP", "NOTE"]
            .map(str::to_owned);
        let lines: Vec<[String; 7]> =
            std::iter::once(header).chain(self.rows.iter().map(cells)).collect();
        let mut out = self.heading();
        for line in &lines {
            for (column, cell) in line.iter().enumerate() {
                let width =
                    lines.iter().map(|other| other[column].chars().count()).max().unwrap_or(0);
                let _ = if column == 0 || column == 6 {
                    write!(out, "{cell:<width$}  ")
                } else {
                    write!(out, "{cell:>width$}  ")
                };
            }
            out.truncate(out.trim_end().len());
            out.push('\n');
        }
        out
    }

    /// The JSON.
    ///
    /// # Errors
    /// A figure is no number.
    pub fn json(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

fn cells(row: &Row) -> [String; 7] {
    let figure = |value: f64| {
        if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") }
    };
    let reach = match row.reach {
        Some(Reach::AtLeast(least)) => format!(">= {}", figure(least)),
        Some(Reach::Below(most)) => format!("< {}", figure(most)),
        None => String::new(),
    };
    let reached = match row.reached {
        Some(true) => "reached",
        Some(false) => "MISSED",
        None => "",
    };
    let cpu = |us: Option<f64>| us.map_or_else(String::new, |us| format!("{us:.1} us"));
    [
        row.name.clone(),
        format!("{} {}", figure(row.value), row.unit),
        reach,
        reached.into(),
        cpu(row.server_cpu_us),
        cpu(row.generator_cpu_us),
        row.note.clone(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_whether_it_reaches_its_figure() {
        assert_eq!(Row::new("a", 10.0, "/s", Some(Reach::AtLeast(10.0))).reached, Some(true));
        assert_eq!(Row::new("a", 9.9, "/s", Some(Reach::AtLeast(10.0))).reached, Some(false));
        assert_eq!(Row::new("a", 2.0, "ms", Some(Reach::Below(2.0))).reached, Some(false));
        assert_eq!(Row::new("a", 2.0, "ms", None).reached, None);
        assert_eq!(
            cells(&Row::new("a", 1999.6, "/s", Some(Reach::AtLeast(2000.0))))[1..4],
            ["2000 /s", ">= 2000", "MISSED"]
        );
    }
}
