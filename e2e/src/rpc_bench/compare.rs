//! The comparison: what is measured, in which order, and what should be reached.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::ValueEnum;

use super::lane::Target;
use super::load::{Outcome, Until, drive};
use super::report::{Reach, Report, Sample};
use super::side::{Side, Who};
use super::throughput;
use super::works::{Kind, LISTED, Names, Task};
use crate::bench::tree;

/// Clients of the rows with many.
const CLIENTS: usize = 64;

/// Operations in flight on a connection while a tree is made.
const GROW_WINDOW: u32 = 4;

/// The comparison's arguments.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// A small version of every row, to see that all of it works: its figures mean nothing.
    #[arg(long)]
    quick: bool,
    /// Each starts both sides anew; medians are printed.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Seconds that each rate is measured for.
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// Seconds of all kinds of work after a start, so that the JVM has compiled what it needs.
    #[arg(long, default_value_t = 40.0)]
    warm_up: f64,
    /// Operations in flight on each connection; 1 is what one thread of a client does.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    window: u32,
    /// Only these groups of rows.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Group>,
    /// Only this side.
    #[arg(long, value_enum)]
    side: Option<Who>,
    /// Files of the large tree.
    #[arg(long, default_value_t = 1_000_000)]
    files: u64,
    /// File for the JSON; the default is metafs-rpc-bench.json beside this program.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Folder for the servers' data; the default is the one of this program. Figures need a real disk.
    #[arg(long)]
    data_dir: Option<PathBuf>,
}

/// Groups of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Group {
    /// Writes by 64 clients.
    Writes,
    /// Reads by 64 clients at the active server.
    Reads,
    /// Writes by one client.
    Single,
    /// Hadoop's own NNThroughputBenchmark.
    Throughput,
    /// 90% reads, 10% creates, without and with an observer.
    Observer,
    /// Content summary of a large tree, and memory with it; one round.
    Large,
}

/// How large a run is.
#[derive(Clone, Copy, Debug)]
struct Scale {
    warm_up: Duration,
    until: Until,
    /// Files that reads look at.
    listed: u64,
    /// Files of NNThroughputBenchmark, where they are changed and where they are looked at.
    throughput: [u64; 2],
    large: u64,
}

impl Args {
    fn scale(&self) -> Scale {
        let seconds = Duration::from_secs_f64;
        if self.quick {
            Scale {
                warm_up: seconds(3.5),
                until: Until::Time { warm: seconds(0.2), measured: seconds(0.8) },
                listed: 100 * LISTED,
                throughput: [640, 640],
                large: self.files.min(10_000),
            }
        } else {
            Scale {
                warm_up: seconds(self.warm_up),
                until: Until::Time { warm: seconds(1.0), measured: seconds(self.seconds) },
                listed: 2_000 * LISTED,
                throughput: [20_000, 60_000],
                large: self.files,
            }
        }
    }

    fn wants(&self, group: Group) -> bool {
        self.only.is_empty() || self.only.contains(&group)
    }

    fn rounds(&self) -> u32 {
        if self.quick { 1 } else { self.rounds.max(1) }
    }
}

/// Runs it and prints the table.
///
/// # Errors
/// A side does not come up, an operation fails, or the JSON cannot be written. A missed figure is none.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let own = std::env::current_exe().context("the own executable has no path")?;
    let beside = own.parent().context("the own executable has no folder")?;
    let base = args.data_dir.clone().unwrap_or_else(|| beside.to_owned());
    let mut report = Report::new(args.quick, args.rounds(), args.seconds, args.window);
    eprint!("{}", report.heading());
    let result = all(&args, &base, &mut report).await;
    println!("\n{}", report.table());
    let out = args.out.clone().unwrap_or_else(|| beside.join("metafs-rpc-bench.json"));
    std::fs::write(&out, report.json()?)
        .with_context(|| format!("cannot write {}", out.display()))?;
    println!("written to {}", out.display());
    result
}

async fn all(args: &Args, base: &Path, report: &mut Report) -> anyhow::Result<()> {
    let plain = [Group::Writes, Group::Reads, Group::Single, Group::Throughput];
    for round in 0..args.rounds() {
        // Who is first takes turns.
        let mut sides = [Who::NameNode, Who::Metafs];
        sides.rotate_left(round as usize % 2);
        for who in sides {
            if args.side.is_some_and(|only| only != who) {
                continue;
            }
            let mut parts: Vec<(bool, Vec<Group>)> =
                vec![(false, plain.to_vec()), (true, vec![Group::Observer])];
            if round == 0 {
                parts.push((false, vec![Group::Large]));
            }
            for (observer, groups) in parts {
                if groups.iter().any(|group| args.wants(*group)) {
                    let side = Side::start(who, observer, base).await?;
                    let mut bench = Bench { args, scale: args.scale(), side: &side, report };
                    // The large tree is warmth enough.
                    if groups != [Group::Large] {
                        bench.warm_up().await.context("warming up")?;
                    }
                    for group in groups.iter().filter(|group| args.wants(**group)) {
                        let result = bench.group(*group).await;
                        result.with_context(|| format!("{who:?}, {group:?}"))?;
                    }
                    side.stop().await?;
                }
            }
        }
    }
    Ok(())
}

/// One side that runs.
struct Bench<'a> {
    args: &'a Args,
    scale: Scale,
    side: &'a Side,
    report: &'a mut Report,
}

impl Bench<'_> {
    async fn group(&mut self, group: Group) -> anyhow::Result<()> {
        match group {
            Group::Writes => {
                let reach =
                    Reach { at_least: Some(2.0), cpu_at_most: Some(0.5), ..Reach::default() };
                self.writes(CLIENTS, reach).await
            }
            Group::Reads => self.reads().await,
            Group::Single => {
                self.writes(1, Reach { at_least: Some(1.0), ..Reach::default() }).await
            }
            Group::Throughput => self.throughput().await,
            Group::Observer => self.mixed().await,
            Group::Large => self.large().await,
        }
    }

    fn target(&self) -> Target {
        Target { active: self.side.active, observer: None, window: self.args.window, every: None }
    }

    async fn drive(
        &self,
        kind: Kind,
        root: &str,
        names: Names,
        count: Option<Vec<u64>>,
        clients: usize,
        until: Until,
    ) -> anyhow::Result<Outcome> {
        let task = Task { kind, root: root.to_owned(), names, count };
        let outcome = drive(self.target(), task.lanes(clients), until, &self.side.pids()).await;
        outcome.with_context(|| format!("{kind:?}"))
    }

    fn add(&mut self, name: &str, unit: &'static str, reach: Reach, sample: Sample) {
        self.report.add(name, unit, reach, self.side.who, sample);
    }

    /// All kinds of work for a while; not measured.
    async fn warm_up(&self) -> anyhow::Result<()> {
        let listed = Names::Listed { files: 100 * LISTED };
        let part = Until::Time { warm: Duration::ZERO, measured: self.scale.warm_up / 7 };
        let create = self.drive(Kind::Create, "/warm/c", Names::Lane, None, CLIENTS, part).await?;
        self.drive(Kind::Mkdirs, "/warm/m", Names::Lane, None, CLIENTS, part).await?;
        let renamed = Names::renamed(self.args.window);
        self.prepare_renames("/warm/r", renamed, CLIENTS).await?;
        self.drive(Kind::Rename, "/warm/r", renamed, None, CLIENTS, part).await?;
        self.drive(Kind::Create, "/warm/l", listed, None, CLIENTS, Until::Done).await?;
        for kind in [Kind::FileInfo, Kind::Listing, Kind::Locations] {
            self.drive(kind, "/warm/l", listed, None, CLIENTS, part).await?;
        }
        let files = Some(create.done);
        self.drive(Kind::Delete, "/warm/c", Names::Lane, files, CLIENTS, part).await?;
        Ok(())
    }

    async fn prepare_renames(
        &self,
        root: &str,
        names: Names,
        clients: usize,
    ) -> anyhow::Result<()> {
        if let Names::Renamed { places } = names {
            let count = Some(vec![places; clients]);
            self.drive(Kind::Create, root, names, count, clients, Until::Done).await?;
        }
        Ok(())
    }

    async fn writes(&mut self, clients: usize, reach: Reach) -> anyhow::Result<()> {
        let root = |kind: &str| format!("/bench-{clients}/{kind}");
        let until = self.scale.until;
        let name = |what: &str| match clients {
            1 => format!("{what}, 1 client"),
            _ => format!("{what}, {clients} clients"),
        };
        let created =
            self.drive(Kind::Create, &root("create"), Names::Lane, None, clients, until).await?;
        self.add(&name("create + complete"), "/s", reach, Sample::rate(&created.measured));
        let made =
            self.drive(Kind::Mkdirs, &root("mkdirs"), Names::Lane, None, clients, until).await?;
        self.add(&name("mkdirs"), "/s", reach, Sample::rate(&made.measured));
        let renamed = Names::renamed(self.args.window);
        self.prepare_renames(&root("rename"), renamed, clients).await?;
        let moved =
            self.drive(Kind::Rename, &root("rename"), renamed, None, clients, until).await?;
        self.add(&name("rename"), "/s", reach, Sample::rate(&moved.measured));
        // The files of the first row, measured from the first one on: they are soon used up.
        let files = Some(created.done);
        let until = match until {
            Until::Time { measured, .. } => Until::Time { warm: Duration::ZERO, measured },
            Until::Done => until,
        };
        let gone =
            self.drive(Kind::Delete, &root("create"), Names::Lane, files, clients, until).await?;
        self.add(&name("delete"), "/s", reach, Sample::rate(&gone.measured));
        Ok(())
    }

    async fn reads(&mut self) -> anyhow::Result<()> {
        let names = Names::Listed { files: self.scale.listed };
        let reach = Reach { at_least: Some(2.0), cpu_at_most: Some(0.5), ..Reach::default() };
        self.drive(Kind::Create, "/bench-read", names, None, CLIENTS, Until::Done).await?;
        for (kind, name) in [
            (Kind::FileInfo, "getFileInfo"),
            (Kind::Listing, "getListing (10 entries)"),
            (Kind::Locations, "getBlockLocations"),
        ] {
            let until = self.scale.until;
            let read = self.drive(kind, "/bench-read", names, None, CLIENTS, until).await?;
            let name = format!("{name}, {CLIENTS} clients");
            self.add(&name, "/s", reach, Sample::rate(&read.measured));
        }
        Ok(())
    }

    async fn throughput(&mut self) -> anyhow::Result<()> {
        let [changed, looked_at] = self.scale.throughput;
        for operation in throughput::OPERATIONS {
            let files = match operation {
                "open" | "fileStatus" => looked_at,
                _ => changed,
            };
            let rate = throughput::run(self.side.active, operation, files).await?;
            let name = format!("NNThroughputBenchmark {operation}, 64 threads");
            self.add(&name, "/s", Reach::default(), Sample::of(rate));
        }
        Ok(())
    }

    /// The same work, all of it at the active server, and with the reads at the observer.
    async fn mixed(&mut self) -> anyhow::Result<()> {
        let observer = self.side.observer.context("no observer was started")?;
        for (root, observer, name) in [
            ("/bench-alone", None, "90% getFileInfo, 10% create, all at the active"),
            ("/bench-observed", Some(observer), "the same, reads at one observer"),
        ] {
            let names = Names::Listed { files: self.scale.listed };
            self.drive(Kind::Create, root, names, None, CLIENTS, Until::Done).await?;
            let task = Task { kind: Kind::Mixed, root: root.to_owned(), names, count: None };
            let target = Target { observer, ..self.target() };
            let pids = self.side.pids();
            let works = task.lanes(CLIENTS);
            let mixed = drive(target, works, self.scale.until, &pids).await?;
            self.add(name, "/s", Reach::default(), Sample::rate(&mixed.measured));
        }
        Ok(())
    }

    async fn large(&mut self) -> anyhow::Result<()> {
        let files = self.scale.large;
        let names = Names::Large { files };
        let task = Task { kind: Kind::Create, root: tree::ROOT.to_owned(), names, count: None };
        let target = Target { window: GROW_WINDOW, ..self.target() };
        let works = task.lanes(CLIENTS);
        let made = drive(target, works, Until::Done, &self.side.pids()).await?;
        let name = format!("{files} files of a tree, {} in flight", CLIENTS * GROW_WINDOW as usize);
        self.add(&name, "/s", Reach::default(), Sample::rate(&made.measured));

        let until = self.scale.until;
        let summed = self.drive(Kind::Summary, tree::ROOT, names, None, 1, until).await?;
        let reach = Reach { at_most: Some(0.01), ..Reach::default() };
        let name = format!("getContentSummary of {files} files");
        self.add(&name, "ms", reach, Sample::latency(&summed.measured));

        let memory = self.side.memory()?;
        let reach = Reach { at_most: Some(0.25), ..Reach::default() };
        let active = memory.first().map_or(0.0, |(_, mib)| *mib);
        let all = memory.iter().map(|(_, mib)| mib).sum();
        eprintln!("memory with {files} files, MiB: {memory:?}");
        let name = |what: &str| format!("memory with {files} files, {what}");
        self.add(&name("active server"), "MiB", reach, Sample::of(active));
        self.add(&name("all servers"), "MiB", reach, Sample::of(all));
        // A JVM takes what it may: what it needs is what lives. Ours is given whole, caches too.
        let live = self.side.live_heap().await?.unwrap_or(active);
        self.add(&name("live heap against the active server"), "MiB", reach, Sample::of(live));
        Ok(())
    }
}
