//! The binary metactl; see [`metafs_server::metactl`].

use clap::Parser as _;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    match metafs_server::metactl::run(metafs_server::metactl::Cli::parse()).await {
        Ok(text) => {
            print!("{text}");
            std::process::ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("metactl: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}
