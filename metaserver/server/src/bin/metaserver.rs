//! The binary metaserver; see [`metafs_server::run`].

use std::path::PathBuf;
use std::process::ExitCode;

/// For Rust's own allocations; RocksDB keeps the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use clap::Parser;
use metafs_server::config::{Config, Overrides};

/// A metafs server: one replica of a file-system namespace.
#[derive(Parser, Debug)]
#[command(name = "metaserver", version, max_term_width = 110)]
struct Cli {
    /// The configuration file.
    #[arg(long, env = "METAFS_CONFIG")]
    config: PathBuf,
    /// The server's own name, in place of the configuration's.
    #[arg(long, env = "METAFS_NAME")]
    name: Option<String>,
    /// The data directory, in place of the configuration's.
    #[arg(long)]
    data_dir: Option<String>,
}

fn main() -> ExitCode {
    let Cli { config, name, data_dir } = Cli::parse();
    let started = Config::load(&config, Overrides { name, data_dir })
        .map_err(anyhow::Error::from)
        .and_then(|config| Ok((metafs_server::logging::start(&config.log)?, config)))
        .and_then(|(logs, config)| Ok((logs, config, metafs_server::process::runtime()?)));
    match started {
        Ok(((logs, _written), config, runtime)) => {
            runtime.block_on(metafs_server::run::run(config, logs))
        }
        Err(error) => {
            eprintln!("metaserver: {error:#}");
            ExitCode::FAILURE
        }
    }
}
