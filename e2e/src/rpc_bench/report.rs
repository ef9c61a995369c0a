//! The comparison as a table for people and JSON for programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::side::Who;
use crate::bench::load::Measured;
use crate::bench::procfs;
use crate::bench::report::milliseconds;

/// What one round showed of one row on one side.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sample {
    /// In the row's unit.
    pub value: f64,
    /// CPU of all servers together, microseconds an operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_cpu_us: Option<f64>,
    /// CPU of the generator, microseconds an operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generator_cpu_us: Option<f64>,
    /// Median latency, microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p50_us: Option<u32>,
    /// 99th percentile, microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99_us: Option<u32>,
    /// Calls that were refused and sent again.
    pub refused: u64,
}

impl Sample {
    /// A figure by itself.
    pub fn of(value: f64) -> Self {
        Self {
            value,
            server_cpu_us: None,
            generator_cpu_us: None,
            p50_us: None,
            p99_us: None,
            refused: 0,
        }
    }

    /// A load's rate and all else.
    pub fn rate(measured: &Measured) -> Self {
        Self {
            value: measured.rate,
            server_cpu_us: Some(measured.server_cpu_us),
            generator_cpu_us: Some(measured.own_cpu_us),
            p50_us: Some(measured.p50_us),
            p99_us: Some(measured.p99_us),
            refused: measured.refused,
        }
    }

    /// A load's median latency in milliseconds, where that is the figure.
    pub fn latency(measured: &Measured) -> Self {
        Self { value: f64::from(measured.p50_us) / 1_000.0, ..Self::rate(measured) }
    }

    /// For people.
    pub fn told(&self, unit: &str) -> String {
        let mut out = format!("{} {unit}", figure(self.value));
        if let (Some(p50), Some(p99)) = (self.p50_us, self.p99_us) {
            let _ = write!(out, ", p50 {}, p99 {}", milliseconds(p50), milliseconds(p99));
        }
        if let (Some(servers), Some(own)) = (self.server_cpu_us, self.generator_cpu_us) {
            let _ = write!(out, ", CPU/op {servers:.0} us, generator {own:.1} us");
        }
        if self.refused > 0 {
            let _ = write!(out, "; {} refused and sent again", self.refused);
        }
        out
    }
}

/// What ours should reach, as ratios to Hadoop's.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reach {
    /// At least so much of the figure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    /// At most so much of the figure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// At most so much CPU.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_at_most: Option<f64>,
}

/// One row.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// What was done.
    pub name: String,
    /// The figure's unit.
    pub unit: &'static str,
    /// What should be reached.
    pub reach: Reach,
    /// The rounds of each side.
    pub samples: BTreeMap<Who, Vec<Sample>>,
}

impl Row {
    fn median(&self, who: Who, of: impl Fn(&Sample) -> Option<f64>) -> Option<f64> {
        let mut values: Vec<f64> = self.samples.get(&who)?.iter().filter_map(of).collect();
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        match values.len() {
            0 => None,
            count if count % 2 == 1 => values.get(middle).copied(),
            _ => Some(f64::midpoint(values[middle - 1], values[middle])),
        }
    }

    fn ratio(&self, of: impl Fn(&Sample) -> Option<f64>) -> Option<f64> {
        let theirs = self.median(Who::NameNode, &of).filter(|value| *value > 0.0)?;
        Some(self.median(Who::Metafs, &of)? / theirs)
    }

    /// Whether all of the reach is there; `None` if there is none, or a side is missing.
    pub fn reached(&self) -> Option<bool> {
        let Reach { at_least, at_most, cpu_at_most } = self.reach;
        let mut checks = Vec::new();
        if let Some(least) = at_least {
            checks.push(self.ratio(value)? >= least);
        }
        if let Some(most) = at_most {
            checks.push(self.ratio(value)? <= most);
        }
        if let Some(most) = cpu_at_most {
            checks.push(self.ratio(cpu)? <= most);
        }
        (!checks.is_empty()).then(|| checks.into_iter().all(|reached| reached))
    }
}

#[expect(clippy::unnecessary_wraps, reason = "one of several that a median may be of")]
fn value(sample: &Sample) -> Option<f64> {
    Some(sample.value)
}

fn cpu(sample: &Sample) -> Option<f64> {
    sample.server_cpu_us
}

/// All of a run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    version: &'static str,
    machine: String,
    load_before: f64,
    quick: bool,
    rounds: u32,
    seconds: f64,
    window: u32,
    rows: Vec<Row>,
}

impl Report {
    /// An empty one.
    pub fn new(quick: bool, rounds: u32, seconds: f64, window: u32) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            machine: procfs::machine(),
            load_before: procfs::load(),
            quick,
            rounds,
            seconds,
            window,
            rows: Vec::new(),
        }
    }

    /// Adds a figure to its row, and shows it to who waits.
    pub fn add(&mut self, name: &str, unit: &'static str, reach: Reach, who: Who, sample: Sample) {
        eprintln!("{who:?}: {name}: {}", sample.told(unit));
        let index = match self.rows.iter().position(|row| row.name == name) {
            Some(index) => index,
            None => {
                let samples = BTreeMap::new();
                self.rows.push(Row { name: name.to_owned(), unit, reach, samples });
                self.rows.len() - 1
            }
        };
        self.rows[index].samples.entry(who).or_default().push(sample);
    }

    /// What the figures were made on.
    pub fn heading(&self) -> String {
        let mut out = format!(
            "metafs {}: three servers, against Hadoop's NameNode with three JournalNodes, all and the generator on one machine \
             ({}); medians of {} rounds of {} s; {} in flight a client\n",
            self.version, self.machine, self.rounds, self.seconds, self.window
        );
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

    /// The table, as Markdown.
    pub fn table(&self) -> String {
        let header = [
            "work",
            "NameNode",
            "metafs",
            "ratio",
            "NameNode CPU",
            "metafs CPU",
            "ratio",
            "reach",
            "",
        ];
        let mut lines: Vec<[String; 9]> = vec![header.map(str::to_owned)];
        lines.extend(self.rows.iter().map(cells));
        let widths: [usize; 9] = std::array::from_fn(|column| {
            lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0)
        });
        let mut out = self.heading() + "\n";
        for (number, line) in lines.iter().enumerate() {
            for (cell, width) in line.iter().zip(widths) {
                let _ = write!(out, "| {cell:<width$} ");
            }
            out.push_str("|\n");
            if number == 0 {
                for width in widths {
                    let _ = write!(out, "|{}", "-".repeat(width + 2));
                }
                out.push_str("|\n");
            }
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

fn figure(value: f64) -> String {
    match value {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        0.05.. => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

fn cells(row: &Row) -> [String; 9] {
    let side = |who| {
        let Some(middle) = row.median(who, value) else { return "-".to_owned() };
        let mut out = format!("{} {}", figure(middle), row.unit);
        let us = |of: fn(&Sample) -> Option<u32>| {
            row.median(who, |sample| of(sample).map(f64::from)).map(|us| us / 1_000.0)
        };
        if let (Some(p50), Some(p99)) = (us(|sample| sample.p50_us), us(|sample| sample.p99_us)) {
            let _ = write!(out, " ({} / {} ms)", figure(p50), figure(p99));
        }
        out
    };
    let ratio = |of: fn(&Sample) -> Option<f64>| {
        row.ratio(of).map_or_else(String::new, |ratio| format!("{}x", figure(ratio)))
    };
    let cpu_of =
        |who| row.median(who, cpu).map_or_else(String::new, |us| format!("{} us", figure(us)));
    let Reach { at_least, at_most, cpu_at_most } = row.reach;
    let reach: Vec<String> = [
        at_least.map(|least| format!(">= {least}x")),
        at_most.map(|most| format!("<= {most}x")),
        cpu_at_most.map(|most| format!("CPU <= {most}x")),
    ]
    .into_iter()
    .flatten()
    .collect();
    let reached = match row.reached() {
        Some(true) => "reached",
        Some(false) => "MISSED",
        None => "",
    };
    [
        row.name.clone(),
        side(Who::NameNode),
        side(Who::Metafs),
        ratio(value),
        cpu_of(Who::NameNode),
        cpu_of(Who::Metafs),
        ratio(cpu),
        reach.join(", "),
        reached.to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_judged_by_the_medians_of_both_sides() {
        let mut report = Report::new(true, 3, 1.0, 1);
        let reach = Reach { at_least: Some(2.0), cpu_at_most: Some(0.5), ..Reach::default() };
        let mut add = |who, rate, us| {
            let sample = Sample { server_cpu_us: Some(us), ..Sample::of(rate) };
            report.add("a", "/s", reach, who, sample);
            report.rows[0].reached()
        };
        // The other side is missing; then all is reached; then the CPU is not.
        for rate in [10.0, 1.0, 11.0] {
            assert_eq!(add(Who::NameNode, rate, 100.0), None);
        }
        assert_eq!(add(Who::Metafs, 20.0, 50.0), Some(true));
        assert_eq!(add(Who::Metafs, 22.0, 60.0), Some(false));
        assert_eq!(report.rows[0].ratio(value), Some(2.1));
        assert!(report.table().contains("| 2.10x |"), "{}", report.table());
    }
}
