//! The operator as a whole: election, controller, and the way down.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use tokio::sync::watch;
use tracing::info;

use crate::config::{Options, Settings};
use crate::controller::{self, Context};
use crate::election::Elector;
use crate::metrics::Metrics;

/// How an operator ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// As it was told.
    Shutdown,
    /// Another operator may be elected now.
    LostElection,
}

/// Waits to be elected, then works until `shutdown` or until the election is lost.
pub async fn run(
    client: Client,
    options: &Options,
    metrics: Arc<Metrics>,
    shutdown: impl Future<Output = ()>,
) -> End {
    let mut elector = Elector::new(
        client.clone(),
        &options.lease_namespace,
        &options.lease_name,
        &options.identity,
        Duration::from_secs(options.lease_seconds.into()),
    );
    let mut shutdown = std::pin::pin!(shutdown);
    tokio::select! {
        () = elector.acquire() => {}
        () = &mut shutdown => return End::Shutdown,
    }
    metrics.set_leading(true);
    let (stop, mut stopped) = watch::channel(false);
    let context = Arc::new(Context::new(client, Settings::from(options), metrics.clone()));
    let mut controller = tokio::spawn(controller::run(context, async move {
        // An error is the other end gone: stop too.
        let _ = stopped.wait_for(|stop| *stop).await;
    }));
    let end = tokio::select! {
        () = elector.hold() => End::LostElection,
        () = &mut shutdown => End::Shutdown,
        // It ends only when told; whatever ended it, another operator may do better.
        _ = &mut controller => End::LostElection,
    };
    metrics.set_leading(false);
    match end {
        // Somebody else may be at work already: nothing is finished.
        End::LostElection => controller.abort(),
        End::Shutdown => {
            info!("finishing passes under way");
            // The lease is held on meanwhile.
            let _ = stop.send(true);
            tokio::select! {
                _ = &mut controller => {}
                () = elector.hold() => controller.abort(),
            }
            elector.release().await;
        }
    }
    end
}
