//! The control API: faults, counts, damage. JSON over HTTP, for tests; no authentication, so it
//! belongs on loopback.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::json;

use crate::service::{Damage, DamageError, FaultPlan, Service};

/// The routes.
pub fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route("/faults", get(faults).put(set_faults).post(set_faults).delete(clear_faults))
        .route("/counters", get(counters).delete(reset_counters))
        .route("/metrics", get(metrics))
        .route("/damage", post(damage))
        .with_state(service)
}

async fn faults(State(service): State<Arc<Service>>) -> Json<FaultPlan> {
    Json(service.faults())
}

async fn set_faults(
    State(service): State<Arc<Service>>,
    Json(plan): Json<FaultPlan>,
) -> StatusCode {
    tracing::info!(?plan, "faults");
    service.set_faults(plan);
    StatusCode::NO_CONTENT
}

async fn clear_faults(State(service): State<Arc<Service>>) -> StatusCode {
    service.set_faults(FaultPlan::default());
    StatusCode::NO_CONTENT
}

async fn counters(State(service): State<Arc<Service>>) -> Response {
    let counts: BTreeMap<_, _> = service
        .counters()
        .read()
        .into_iter()
        .map(|(operation, counts)| (operation.name(), counts))
        .collect();
    Json(counts).into_response()
}

async fn reset_counters(State(service): State<Arc<Service>>) -> StatusCode {
    service.counters().reset();
    StatusCode::NO_CONTENT
}

async fn metrics(State(service): State<Arc<Service>>) -> Response {
    let kind = [(axum::http::header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    (kind, service.counters().prometheus()).into_response()
}

async fn damage(State(service): State<Arc<Service>>, Json(damage): Json<Damage>) -> Response {
    tracing::info!(?damage, "damage");
    let done = tokio::task::spawn_blocking(move || service.damage(&damage)).await;
    let (status, error) = match done {
        Ok(Ok(())) => return StatusCode::NO_CONTENT.into_response(),
        Ok(Err(error @ (DamageError::Table(_) | DamageError::NoRow))) => {
            (StatusCode::NOT_FOUND, error.to_string())
        }
        Ok(Err(error @ DamageError::Value(_))) => (StatusCode::BAD_REQUEST, error.to_string()),
        Ok(Err(error @ DamageError::Store(_))) => {
            (StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    };
    (status, Json(json!({ "error": error }))).into_response()
}
