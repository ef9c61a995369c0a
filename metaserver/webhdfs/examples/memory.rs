//! The door over rows in memory, to try real clients against: `memory [ADDRESS] [INLINE_LIMIT]`.
//! The superuser is `hdfs`; the trash is on.

#[path = "../tests/common/mod.rs"]
mod common;

use std::sync::Arc;

use metafs_namespace::Settings;
use metafs_namespace::command::Op;
use metafs_webhdfs::{Door, Limits, WebMetrics, serve};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_env_filter("warn,audit=info").init();
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:9870".into());
    let inline_limit = arguments.next().map_or(Ok(64 << 10), |limit| limit.parse())?;
    let backend = Arc::new(common::Memory::default());
    let settings = Settings { inline_limit, trash_interval_minutes: 60, ..Settings::default() };
    backend.apply(Op::SetSettings(Box::new(settings)))?;
    let listener = TcpListener::bind(&address).await?;
    println!("WebHDFS at http://{}/webhdfs/v1", listener.local_addr()?);
    let door = Door::new(backend, Limits::default(), WebMetrics::default());
    serve(listener, door, async {
        let _ = tokio::signal::ctrl_c().await;
    })
    .await;
    Ok(())
}
