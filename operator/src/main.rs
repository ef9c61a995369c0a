//! The operator's process.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Parser;
use metafs_operator::config::{LogFormat, Options};
use metafs_operator::http;
use metafs_operator::metrics::Metrics;
use metafs_operator::run::{End, run};
use tokio::signal::unix::{SignalKind, signal};
use tracing::{error, info};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    match work(options).await {
        Ok(End::Shutdown) => ExitCode::SUCCESS,
        Ok(End::LostElection) => ExitCode::FAILURE,
        Err(error) => {
            error!("{error:#}");
            eprintln!("metafs-operator: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn work(options: Options) -> anyhow::Result<End> {
    let filter = EnvFilter::try_new(&options.log).context("--log")?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match options.log_format {
        LogFormat::Json => log.json().flatten_event(true).init(),
        LogFormat::Text => log.init(),
    }
    info!(
        version = env!("CARGO_PKG_VERSION"),
        image = options.image,
        identity = options.identity,
        "starting"
    );
    let mut terminate = signal(SignalKind::terminate()).context("waiting for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("waiting for SIGINT")?;
    let shutdown = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    let client = kube::Client::try_default().await.context("finding Kubernetes")?;
    let metrics = Arc::new(Metrics::default());
    let serving = http::serve(options.listen, metrics.clone());
    tokio::select! {
        end = run(client, &options, metrics, shutdown) => Ok(end),
        served = serving => {
            served.with_context(|| format!("serving {}", options.listen))?;
            anyhow::bail!("the HTTP server ended")
        }
    }
}
