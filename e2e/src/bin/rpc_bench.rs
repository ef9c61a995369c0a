//! The load generator for Hadoop RPC; see [`metafs_e2e::rpc_bench`].

use clap::Parser as _;

// One thread: the generator must leave the cores to the servers.
#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    match metafs_e2e::rpc_bench::run(metafs_e2e::rpc_bench::Args::parse()).await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("metafs-rpc-bench: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}
