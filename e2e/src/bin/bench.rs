//! The benchmark; see [`metafs_e2e::bench`].

use clap::Parser as _;

// One thread: the generator must leave the cores to the servers.
#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    match metafs_e2e::bench::run(metafs_e2e::bench::Args::parse()).await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("metafs-bench: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}
