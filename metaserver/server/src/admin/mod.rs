//! The admin API's server side (port 8031): HTTP/JSON for holders of the cluster's key. Messages
//! are in metafs-admin-api; every handler is a thin door to [`metafs_consensus::Node`].

mod members;
mod roles;
mod settings;
mod status;
mod transfer;

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use metafs_admin_api::{
    ApiError, Done, ErrorCode, Leader, LogLevel, NodeId, VERSION, VERSION_HEADER,
};
use metafs_consensus::{ClusterError, KeyFile, Node, Peer, ProposeError};
use serde::de::DeserializeOwned;

pub use status::{describe, readiness};

use crate::config::Config;
use crate::logging::LogFilter;
use crate::service::Shared;

/// Requests with JSON bodies are small; the import alone streams.
const JSON_LIMIT: usize = 4 << 20;

/// What the handlers share.
#[derive(Clone)]
pub struct Admin {
    /// What this server is and does.
    pub shared: Arc<Shared>,
    /// The log filter.
    pub logs: LogFilter,
}

impl Admin {
    fn node(&self) -> Result<&Arc<Node>, Refusal> {
        self.shared.node().ok_or_else(|| {
            let reason =
                self.shared.stopped_reason().unwrap_or_else(|| "the server is starting".into());
            Refusal::new(ErrorCode::Unavailable, reason)
        })
    }
}

/// An [`ApiError`] on its way out.
#[derive(Debug)]
pub struct Refusal(Box<ApiError>);

impl Refusal {
    fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self(Box::new(ApiError { code, message: message.into(), leader: None }))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.code.http_status())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, axum::Json(*self.0)).into_response()
    }
}

fn not_leader(leader: Option<(u64, Peer)>) -> Refusal {
    let message = match &leader {
        Some((_, peer)) => format!("this server does not lead; {} does", peer.name),
        None => "this server does not lead, and knows no leader".to_owned(),
    };
    let leader =
        leader.map(|(id, peer)| Leader { node_id: NodeId(id), member: Some(status::member(peer)) });
    Refusal(Box::new(ApiError { code: ErrorCode::NotLeader, message, leader }))
}

impl From<ProposeError> for Refusal {
    fn from(error: ProposeError) -> Self {
        match error {
            ProposeError::NotLeader { leader } => not_leader(leader),
            ProposeError::Retriable(message) | ProposeError::OutcomeUnknown(message) => {
                Refusal::new(ErrorCode::Unavailable, message)
            }
            ProposeError::Stopped(message) => Refusal::new(ErrorCode::Internal, message),
        }
    }
}

impl From<ClusterError> for Refusal {
    fn from(error: ClusterError) -> Self {
        match error {
            ClusterError::NotLeader { leader } => not_leader(leader),
            ClusterError::Unavailable(message) => Refusal::new(ErrorCode::Unavailable, message),
            ClusterError::Stopped(message) => Refusal::new(ErrorCode::Internal, message),
            refused => Refusal::new(ErrorCode::Conflict, refused.to_string()),
        }
    }
}

/// The API's routes.
pub fn router(admin: Admin, key: Arc<KeyFile>) -> Router {
    Router::new()
        .route("/v1/status", get(status::get))
        .route("/v1/init", post(members::init))
        .route("/v1/learners", post(members::add_learner))
        .route("/v1/voters", put(members::set_voters))
        .route("/v1/members/{node}", delete(members::remove))
        .route("/v1/transfer-leader", post(members::transfer_leader))
        .route("/v1/settings", get(settings::get).put(settings::put))
        .route("/v1/roles/{name}", put(roles::force))
        .route("/v1/roles", delete(roles::restore))
        .route("/v1/log-level", get(log_level).put(set_log_level))
        .route("/v1/export", get(transfer::export))
        .layer(DefaultBodyLimit::max(JSON_LIMIT))
        .route("/v1/import", post(transfer::import).layer(DefaultBodyLimit::disable()))
        .fallback(|| async { Refusal::new(ErrorCode::BadRequest, "no such call in the admin API") })
        .layer(middleware::from_fn_with_state(key, authorise))
        .with_state(admin)
}

/// Lets only holders of the cluster's key pass, and only those who speak this version.
async fn authorise(
    State(key): State<Arc<KeyFile>>,
    headers: HeaderMap,
    request: Request,
    next: Next,
) -> Response {
    let presented = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.as_bytes().strip_prefix(b"Bearer "))
        .unwrap_or_default();
    match key.verify(presented) {
        Ok(true) => {}
        Ok(false) => {
            return Refusal::new(
                ErrorCode::Unauthorized,
                "this needs the cluster's key (Authorization: Bearer KEY)",
            )
            .into_response();
        }
        Err(error) => {
            tracing::error!(%error, "cannot read the cluster's key");
            return Refusal::new(ErrorCode::Internal, error.to_string()).into_response();
        }
    }
    let version = headers
        .get(VERSION_HEADER)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse().ok());
    if version != Some(VERSION) {
        let message = format!(
            "this server speaks version {VERSION} of the admin API; say so in {VERSION_HEADER}"
        );
        return Refusal::new(ErrorCode::VersionMismatch, message).into_response();
    }
    next.run(request).await
}

/// Parses a JSON body; the error says where it does not fit.
fn parse<T: DeserializeOwned>(body: &Bytes) -> Result<T, Refusal> {
    serde_json::from_slice(body)
        .map_err(|error| Refusal::new(ErrorCode::BadRequest, error.to_string()))
}

fn done(applied_index: u64) -> axum::Json<Done> {
    axum::Json(Done { applied_index: Some(applied_index) })
}

async fn log_level(State(admin): State<Admin>) -> axum::Json<LogLevel> {
    axum::Json(LogLevel { filter: admin.logs.current() })
}

async fn set_log_level(
    State(admin): State<Admin>,
    body: Bytes,
) -> Result<axum::Json<LogLevel>, Refusal> {
    let LogLevel { filter } = parse(&body)?;
    admin
        .logs
        .replace(&filter)
        .map_err(|error| Refusal::new(ErrorCode::BadRequest, error.to_string()))?;
    tracing::info!(filter, "log filter replaced");
    Ok(log_level(State(admin)).await)
}

/// When the process started, for the status.
pub fn uptime_seconds(started: Instant) -> u64 {
    started.elapsed().as_secs()
}

/// The own addresses, as the admin API has them.
pub fn own_member(config: &Config) -> metafs_admin_api::Member {
    status::member(config.own.clone())
}
