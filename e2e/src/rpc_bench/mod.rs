//! The load generator for Hadoop RPC, and the comparison with Hadoop's own NameNode: what the binary
//! `metafs-rpc-bench` runs. It asserts nothing: a figure that is missed is printed as missed.
//!
//! [`frames`] and [`answers`] are the cheap codec, [`lane`] is a client with a window of operations,
//! [`load`] drives many and measures, [`works`] is what they do; [`side`] starts either side,
//! [`compare`] is the order of everything, [`throughput`] Hadoop's own benchmark, [`report`] prints.

pub mod answers;
pub mod compare;
pub mod frames;
pub mod lane;
pub mod load;
pub mod report;
pub mod side;
pub mod throughput;
pub mod works;

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Parser, Subcommand};

use lane::Target;
use load::{Until, drive};
use report::Sample;
use works::{Kind, LISTED, Names, Task};

/// Load for any server of Hadoop RPC, and the comparison of metafs with Hadoop's NameNode.
#[derive(Clone, Debug, Parser)]
#[command(name = "metafs-rpc-bench", version, max_term_width = 110)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Starts both sides, one after the other, and prints the table.
    Compare(compare::Args),
    /// Loads one server that runs already.
    Load(LoadArgs),
}

/// One load.
#[derive(Clone, Debug, clap::Args)]
pub struct LoadArgs {
    /// The active server's RPC address.
    #[arg(long)]
    server: SocketAddr,
    /// An observer, for the reads.
    #[arg(long)]
    observer: Option<SocketAddr>,
    /// What to do.
    #[arg(long, value_enum)]
    work: Kind,
    /// Connections, each a client of its own.
    #[arg(long, default_value_t = 64)]
    clients: usize,
    /// Operations in flight on each connection.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1024))]
    window: u32,
    /// Operations a second of all clients together; without it, as many as are answered.
    #[arg(long)]
    rate: Option<f64>,
    /// Seconds that are measured.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Seconds before that.
    #[arg(long, default_value_t = 2.0)]
    warm: f64,
    /// Processes of the servers, for their CPU time.
    #[arg(long, value_delimiter = ',')]
    pids: Vec<u32>,
    /// A folder for what is written; it must be new.
    #[arg(long, default_value = "/bench")]
    root: String,
    /// Files that are made for the reads before.
    #[arg(long, default_value_t = 20_000)]
    files: u64,
}

/// Runs the command.
///
/// # Errors
/// A server does not come up, an operation fails, or the JSON cannot be written.
pub async fn run(args: Args) -> anyhow::Result<()> {
    match args.command {
        Command::Compare(args) => compare::run(args).await,
        Command::Load(args) => load_one(args).await,
    }
}

async fn load_one(args: LoadArgs) -> anyhow::Result<()> {
    let LoadArgs { server, observer, work, clients, window, rate, files, pids, .. } = args;
    let every = rate.map(|rate| Duration::from_secs_f64(clients as f64 / rate));
    let target = Target { active: server, observer, window, every };
    let free = Target { observer: None, every: None, ..target };
    let make = async |names, count, window| {
        let task = Task { kind: Kind::Create, root: args.root.clone(), names, count };
        drive(Target { window, ..free }, task.lanes(clients), Until::Done, &pids).await
    };
    let seconds = |seconds| Duration::from_secs_f64(seconds);
    let until = Until::Time { warm: seconds(args.warm), measured: seconds(args.seconds) };
    let (names, count) = match work {
        Kind::Create | Kind::Mkdirs => (Names::Lane, None),
        Kind::Rename => {
            let names = Names::renamed(window);
            let Names::Renamed { places } = names else { return Ok(()) };
            make(names, Some(vec![places; clients]), 1).await?;
            (names, None)
        }
        Kind::Delete => {
            let each = files / clients as u64;
            let counts = Some(vec![each; clients]);
            make(Names::Lane, counts.clone(), window).await?;
            (Names::Lane, counts)
        }
        Kind::FileInfo | Kind::Listing | Kind::Locations | Kind::Summary | Kind::Mixed => {
            let names = Names::Listed { files: files / LISTED * LISTED };
            make(names, None, window).await?;
            (names, None)
        }
    };
    let task = Task { kind: work, root: args.root.clone(), names, count };
    let outcome = drive(target, task.lanes(clients), until, &pids).await?;
    println!("{}", Sample::rate(&outcome.measured).told("/s"));
    Ok(())
}
