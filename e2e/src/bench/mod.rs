//! The benchmark: every figure that the project set itself, in one run, against three server processes on loopback
//! with real fsync. It prints a table, writes JSON and asserts nothing.
//!
//! [`rows`] measures, [`copy`] does so for the copy in Tablestore, [`load`] is the generator, [`tree`] names the paths,
//! [`procfs`] reads CPU time and memory, [`report`] prints.

pub mod copy;
pub mod load;
pub mod procfs;
pub mod report;
pub mod rows;
pub mod tree;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Parser, ValueEnum};
use metafs_namespace::Settings;

use crate::cluster::{Cluster, Options, SUPERUSER};
use crate::server::Timings;
use report::{Report, Row};

/// Measures a metafs of three servers on this machine and prints how far it reaches its figures.
#[derive(Clone, Debug, Parser)]
#[command(name = "metafs-bench", version, max_term_width = 110)]
pub struct Args {
    /// A small version of every row, to see that all of it works: its figures mean nothing.
    #[arg(long)]
    quick: bool,
    /// Seconds that each rate is measured for, after two of warming up.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Only these groups of rows.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Group>,
    /// File for the JSON; the default is metafs-bench.json beside this program.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Folder for the servers' volumes; the default is the one of this program. Figures need a real disk.
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// Writes the servers' audit log, as by default (`true`), or not.
    #[arg(long, default_value_t = true, action = clap::ArgAction::Set)]
    audit: bool,
    /// Requests in flight on one connection in the rows with 64 and 256; 1 is what Hadoop's clients do.
    #[arg(long, default_value_t = 1)]
    pipeline: usize,
}

/// Groups of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Group {
    /// Creates with 1, 64 and 256 in flight.
    Creates,
    /// MKDIRS with 64 clients.
    Mkdirs,
    /// GETFILESTATUS among many inodes.
    Status,
    /// GETCONTENTSUMMARY of a large tree and a small one.
    Count,
    /// Memory with the large tree.
    Memory,
    /// Restart with the large tree.
    Restart,
    /// kill -9 of the leader.
    Failover,
    /// How far the copy in Tablestore is behind.
    CopyLag,
    /// What the copy takes from creates.
    CopyCost,
    /// A large tree into the copy and out of it.
    CopyLarge,
}

impl Group {
    /// Groups that share one cluster.
    const SHARED: [Self; 7] = [
        Self::Creates,
        Self::Mkdirs,
        Self::Status,
        Self::Count,
        Self::Memory,
        Self::Restart,
        Self::Failover,
    ];
}

/// How large a run is.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// Before a rate is measured.
    pub warm: Duration,
    /// While it is measured.
    pub measured: Duration,
    /// Files for the row of GETFILESTATUS.
    pub files: u64,
    /// Files for the rows with the large tree.
    pub files_large: u64,
    /// Calls of GETCONTENTSUMMARY.
    pub counts: usize,
    /// Restarts of each kind.
    pub restarts: usize,
    /// Leaders killed.
    pub failovers: usize,
    /// Requests in flight on one connection where many are in flight.
    pub pipeline: usize,
    /// For the rows about the copy in Tablestore.
    pub copy: copy::Size,
}

impl Args {
    fn scale(&self) -> Scale {
        let pipeline = self.pipeline.max(1);
        if self.quick {
            let (warm, measured) = (Duration::from_millis(200), Duration::from_millis(800));
            Scale {
                warm,
                measured,
                files: 4_000,
                files_large: 6_000,
                counts: 50,
                restarts: 1,
                failovers: 2,
                pipeline,
                copy: copy::Size::QUICK,
            }
        } else {
            Scale {
                warm: Duration::from_secs(2),
                measured: Duration::from_secs(self.seconds.max(1)),
                files: 1_000_000,
                files_large: 1_500_000,
                counts: 2_000,
                restarts: 5,
                failovers: 20,
                pipeline,
                copy: copy::Size::FULL,
            }
        }
    }

    fn wants(&self, group: Group) -> bool {
        self.only.is_empty() || self.only.contains(&group)
    }
}

/// Runs the rows and prints them.
///
/// # Errors
/// The cluster does not come up, an operation fails, or the JSON cannot be written. A missed figure is none.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let own = std::env::current_exe().context("the own executable has no path")?;
    let beside = own.parent().context("the own executable has no folder")?;
    let data_dir = args.data_dir.clone().unwrap_or_else(|| beside.to_owned());
    let timings = Timings { heartbeat_ms: 50, election_min_ms: 200, election_max_ms: 400 };
    let scale = args.scale();
    let mut report = Report::new(&args, &data_dir, timings)?;
    eprint!("{}", report.heading());

    let settings = Settings {
        generation: 1,
        superuser: SUPERUSER.into(),
        audit_log: args.audit,
        ..Settings::default()
    };
    let options = Options {
        timings,
        log_filter: "info".into(),
        settings,
        base_dir: Some(data_dir),
        ..Options::default()
    };
    let result = all(&args, scale, &options, &mut report).await;
    println!("\n{}", report.table());
    let out = args.out.clone().unwrap_or_else(|| beside.join("metafs-bench.json"));
    std::fs::write(&out, report.json()?)
        .with_context(|| format!("cannot write {}", out.display()))?;
    println!("written to {}", out.display());
    result
}

async fn all(
    args: &Args,
    scale: Scale,
    options: &Options,
    report: &mut Report,
) -> anyhow::Result<()> {
    if Group::SHARED.iter().any(|group| args.wants(*group)) {
        let formed = Cluster::formed(options.clone()).await;
        let mut cluster = formed.context("the cluster does not come up")?;
        let result = shared(args, scale, &mut cluster, report).await;
        if result.is_err() {
            cluster.show_logs();
        }
        result?;
    }
    copy::all(args, scale, options, report).await
}

async fn shared(
    args: &Args,
    scale: Scale,
    cluster: &mut Cluster,
    report: &mut Report,
) -> anyhow::Result<()> {
    if args.wants(Group::Creates) {
        for (in_flight, reach) in [(1, 1_000.0), (64, 10_000.0), (256, 20_000.0)] {
            report.add(rows::creates(cluster, scale, in_flight, reach).await?);
        }
    }
    if args.wants(Group::Mkdirs) {
        report.add(rows::mkdirs(cluster, scale).await?);
    }
    if args.wants(Group::Failover) {
        report.add(rows::failover(cluster, scale).await?);
    }
    if args.wants(Group::Status) {
        report.add(rows::grow(cluster, 0, scale.files).await?);
        report.add(rows::file_status(cluster, scale).await?);
    }
    let large = [Group::Count, Group::Memory, Group::Restart];
    if large.iter().any(|group| args.wants(*group)) {
        let loaded = if args.wants(Group::Status) { scale.files } else { 0 };
        report.add(rows::grow(cluster, loaded, scale.files_large).await?);
    }
    let mut add_all = |rows: Vec<Row>| rows.into_iter().for_each(|row| report.add(row));
    if args.wants(Group::Count) {
        add_all(rows::counts(cluster, scale).await?);
    }
    if args.wants(Group::Memory) {
        add_all(rows::memory(cluster)?);
    }
    if args.wants(Group::Restart) {
        add_all(rows::restarts(cluster, scale).await?);
    }
    Ok(())
}
