//! The replicated settings.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use metafs_admin_api::{Done, ErrorCode};
use metafs_namespace::settings::MAX_INLINE_LIMIT;
use metafs_namespace::{Op, Settings};

use super::{Admin, Refusal, done, parse};

/// GET /v1/settings, as applied here.
pub async fn get(State(admin): State<Admin>) -> Result<Json<Settings>, Refusal> {
    let settings = admin
        .node()?
        .settings()
        .ok_or_else(|| Refusal::new(ErrorCode::Unavailable, "the cluster is not formed yet"))?;
    Ok(Json(Settings::clone(&settings)))
}

/// PUT /v1/settings.
pub async fn put(State(admin): State<Admin>, body: Bytes) -> Result<Json<Done>, Refusal> {
    let settings: Settings = parse(&body)?;
    if settings.inline_limit > MAX_INLINE_LIMIT {
        let message =
            format!("inlineLimit is {} bytes; at most {MAX_INLINE_LIMIT}", settings.inline_limit);
        return Err(Refusal::new(ErrorCode::BadRequest, message));
    }
    let applied = admin.shared.propose(Op::SetSettings(Box::new(settings))).await?;
    match applied.reply {
        Ok(_) => Ok(done(applied.index)),
        Err(error) => Err(Refusal::new(ErrorCode::Conflict, error.message)),
    }
}
