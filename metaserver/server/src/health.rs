//! The open port (9872): probes and metrics, nothing that changes or tells secrets.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use parking_lot::RwLock;
use prometheus_client::registry::Registry;

use crate::admin::readiness;
use crate::service::Shared;

/// What the handlers share.
#[derive(Clone)]
pub struct HealthPort {
    /// What this server is and does.
    pub shared: Arc<Shared>,
    /// All metrics.
    pub registry: Arc<RwLock<Registry>>,
}

/// The routes.
pub fn router(port: HealthPort) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(port)
}

/// Liveness: the process answers. A server that stopped for a full disk is alive: a restart would
/// not help it, and its reason stays readable.
async fn healthz() -> &'static str {
    "ok\n"
}

/// Readiness: a member that has caught up.
async fn readyz(State(port): State<HealthPort>) -> Response {
    let health = match port.shared.node() {
        Some(node) => readiness(&node.status(), port.shared.stopped_reason()),
        None => metafs_admin_api::Health {
            ready: false,
            reason: Some(port.shared.stopped_reason().unwrap_or_else(|| "starting".to_owned())),
        },
    };
    match health.reason {
        None => (StatusCode::OK, "ok\n").into_response(),
        Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, reason + "\n").into_response(),
    }
}

async fn metrics(State(port): State<HealthPort>) -> Response {
    let mut text = String::new();
    match prometheus_client::encoding::text::encode(&mut text, &port.registry.read()) {
        Ok(()) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
