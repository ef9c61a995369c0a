//! Roles forced on members.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use metafs_admin_api::{Done, ErrorCode, RoleRequest};
use metafs_namespace::Op;

use super::{Admin, Refusal, done, parse};

/// PUT /v1/roles/{name}.
pub async fn force(
    State(admin): State<Admin>,
    Path(name): Path<String>,
    body: Bytes,
) -> Result<Json<Done>, Refusal> {
    let RoleRequest { role } = parse(&body)?;
    let known = admin.node()?.status().members.into_values().any(|m| m.peer.name == name);
    if !known {
        let message = format!("no member is called {name}");
        return Err(Refusal::new(ErrorCode::BadRequest, message));
    }
    propose(&admin, Op::ForceRole { name, role }).await
}

/// DELETE /v1/roles.
pub async fn restore(State(admin): State<Admin>) -> Result<Json<Done>, Refusal> {
    propose(&admin, Op::RestoreRoles).await
}

async fn propose(admin: &Admin, op: Op) -> Result<Json<Done>, Refusal> {
    let applied = admin.shared.propose(op).await?;
    match applied.reply {
        Ok(_) => Ok(done(applied.index)),
        Err(error) => Err(Refusal::new(ErrorCode::Conflict, error.message)),
    }
}
