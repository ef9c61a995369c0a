//! Hadoop's own NNThroughputBenchmark against either side.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::process::Command;

use super::side::scripts;

/// The operations it is run with.
pub const OPERATIONS: [&str; 6] = ["create", "mkdirs", "open", "fileStatus", "rename", "delete"];

/// It goes on for ever when a server answers what it does not expect.
const LIMIT: Duration = Duration::from_secs(180);

/// Runs one operation with 64 threads on so many files; operations a second.
///
/// # Errors
/// It fails, or does not end.
pub async fn run(server: SocketAddr, operation: &str, files: u64) -> anyhow::Result<f64> {
    let mut command = Command::new(scripts().join("throughput"));
    command.arg(server.to_string()).args(["-op", operation, "-threads", "64"]);
    command.arg(if operation == "mkdirs" { "-dirs" } else { "-files" }).arg(files.to_string());
    if operation == "create" {
        command.arg("-close");
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(LIMIT, command.output());
    let output = output.await.with_context(|| format!("{operation} does not end"))??;
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    let Some(rate) = rate(&text) else {
        bail!("NNThroughputBenchmark -op {operation}: {}\n{text}", output.status)
    };
    Ok(rate)
}

fn rate(text: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.split_once("Ops per sec:"))?;
    line.1.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_rate_is_found() {
        let text =
            "x INFO y: # operations: 10\nx INFO y:  Ops per sec: 2816.5\nx: Average Time: 3\n";
        assert_eq!(super::rate(text), Some(2816.5));
        assert_eq!(super::rate("nothing"), None);
    }
}
