//! The binary metactl; see [`metafs_server::metactl`].

use std::ffi::OsString;

use clap::Parser as _;

/// As it was typed, but that `-detail` is `--detail`: whoever comes from JindoFS types that.
fn arguments() -> impl Iterator<Item = OsString> {
    std::env::args_os().map(|argument| match argument {
        argument if argument == "-detail" => "--detail".into(),
        argument => argument,
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    match metafs_server::metactl::run(metafs_server::metactl::Cli::parse_from(arguments())).await {
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
