//! The binary: configuration, ports, and an end on SIGTERM or SIGINT.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Parser;
use metafs_tablestore_local::config::Config;
use metafs_tablestore_local::server::{acceptor, control_router, serve};
use metafs_tablestore_local::service::Service;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

/// For Rust's own allocations; RocksDB keeps the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A local imitation of Tablestore, for development, tests and demos; not for production.
///
/// Without options: HTTP on 127.0.0.1:8087, instance `local`, access key `testid`, secret `testsecret`,
/// rows in memory.
#[derive(Parser, Debug)]
#[command(name = "tablestore-local", version, max_term_width = 110)]
struct Cli {
    /// The configuration file (YAML).
    #[arg(long, env = "TABLESTORE_LOCAL_CONFIG")]
    config: Option<PathBuf>,
    /// Where HTTP is served, in place of the configuration's.
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// Where the control API is served, in place of the configuration's.
    #[arg(long)]
    control: Option<SocketAddr>,
    /// Where rows are kept, in place of the configuration's.
    #[arg(long, conflicts_with = "in_memory")]
    data_dir: Option<PathBuf>,
    /// Keep rows in memory, whatever the configuration says.
    #[arg(long)]
    in_memory: bool,
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tablestore-local: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    let Cli { config, listen, control, data_dir, in_memory } = cli;
    let mut config = config.map_or_else(|| Ok(Config::default()), |path| Config::load(&path))?;
    config.listen = listen.unwrap_or(config.listen);
    config.control = control.or(config.control);
    config.data_dir = data_dir.or(config.data_dir).filter(|_| !in_memory);
    let filter = EnvFilter::try_new(&config.log).context("log")?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .init();
    tokio::runtime::Runtime::new()?.block_on(start(config))
}

async fn start(config: Config) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (stop, stopping) = watch::channel(false);
    let until = |mut stopping: watch::Receiver<bool>| async move {
        // An error means that the sender is gone: the end, too.
        let _ = stopping.wait_for(|stop| *stop).await;
    };
    let service = Arc::new(match &config.data_dir {
        Some(dir) => {
            Service::open(config.service.clone(), dir).with_context(|| dir.display().to_string())?
        }
        None => Service::in_memory(config.service.clone())?,
    });
    let listener = listen(config.listen).await?;
    let mut doors =
        vec![tokio::spawn(serve(listener, None, service.clone(), until(stopping.clone())))];
    if let Some(tls) = &config.tls {
        let acceptor = acceptor(&tls.certificate, &tls.key)?;
        let listener = listen(tls.listen).await?;
        let stopping = until(stopping.clone());
        doors.push(tokio::spawn(serve(listener, Some(acceptor), service.clone(), stopping)));
    }
    if let Some(control) = config.control {
        let listener = listen(control).await?;
        let stopping = until(stopping.clone());
        let router = control_router(service.clone());
        doors.push(tokio::spawn(async move {
            let served = axum::serve(listener, router).with_graceful_shutdown(stopping).await;
            if let Err(error) = served {
                tracing::error!(%error, "control API ended");
            }
        }));
    }
    tracing::info!(
        listen = %config.listen,
        data = config.data_dir.as_ref().map(|dir| dir.display().to_string()),
        instances = ?service.settings().instances,
        "a local imitation of Tablestore for development, tests and demos; not for production"
    );
    tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
    tracing::info!("asked to stop");
    stop.send_replace(true);
    for door in doors {
        door.await.context("a port's task failed")?;
    }
    Ok(())
}

async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}
