//! Export and import of the whole namespace as one stream (form: [`metafs_namespace::export`]).

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use metafs_admin_api::{Done, ErrorCode};
use metafs_consensus::Node;
use metafs_namespace::command::ImportChunk;
use metafs_namespace::export::{self, Importer};
use metafs_namespace::{Op, RowsError, View};
use tokio::sync::mpsc;

use super::{Admin, Refusal, done};

/// Bytes of one part of the stream, and of one replicated chunk of an import.
const PART: usize = 256 << 10;
/// Parts made ahead of a slow reader.
const AHEAD: usize = 4;

/// GET /v1/export: one moment of the namespace, at or after everything acknowledged before.
pub async fn export(State(admin): State<Admin>) -> Result<Response, Refusal> {
    let node = admin.node()?.clone();
    node.read().await?;
    let (parts, receiver) = mpsc::channel(AHEAD);
    tokio::task::spawn_blocking(move || {
        if let Err(error) = write_export(&node, &parts) {
            tracing::error!(%error, "export broke off");
            // Breaking the stream off is how the reader learns of it.
            let _ = parts.blocking_send(Err(error));
        }
    });
    let body =
        stream::unfold(
            receiver,
            |mut receiver| async move { Some((receiver.recv().await?, receiver)) },
        );
    Ok(Response::new(Body::from_stream(body)))
}

fn write_export(
    node: &Node,
    parts: &mpsc::Sender<Result<Vec<u8>, RowsError>>,
) -> Result<(), RowsError> {
    node.with_snapshot(|rows| {
        let view = View::new(rows)?;
        // An error of the channel: the reader is gone, there is nobody to write for.
        let gone = |_| RowsError::Storage("the reader of the export is gone".into());
        parts.blocking_send(Ok(export::header(&view)?)).map_err(gone)?;
        let (mut last_key, mut rows) = (Vec::new(), 0);
        loop {
            let part = export::part(&view, &last_key, PART)?;
            if part.rows == 0 {
                break;
            }
            rows += part.rows;
            last_key = part.last_key;
            parts.blocking_send(Ok(part.bytes)).map_err(gone)?;
        }
        parts.blocking_send(Ok(export::trailer(&view, rows)?)).map_err(gone)
    })
}

/// POST /v1/import.
pub async fn import(State(admin): State<Admin>, body: Body) -> Result<Json<Done>, Refusal> {
    let broken =
        |error: &dyn std::fmt::Display| Refusal::new(ErrorCode::BadRequest, error.to_string());
    let mut importer = Importer::new(PART);
    let mut stream = body.into_data_stream();
    while let Some(bytes) = next(&mut stream).await.map_err(|error| broken(&error))? {
        for chunk in importer.push(&bytes).map_err(|error| broken(&error))? {
            propose(&admin, chunk).await?;
        }
    }
    let applied = propose(&admin, importer.finish().map_err(|error| broken(&error))?).await?;
    tracing::info!("import done");
    Ok(done(applied))
}

async fn next(
    stream: &mut (impl Stream<Item = Result<Bytes, axum::Error>> + Unpin),
) -> Result<Option<Bytes>, axum::Error> {
    stream.next().await.transpose()
}

async fn propose(admin: &Admin, chunk: ImportChunk) -> Result<u64, Refusal> {
    let applied = admin.shared.propose(Op::Import(chunk)).await?;
    match applied.reply {
        Ok(_) => Ok(applied.index),
        Err(error) => Err(Refusal::new(ErrorCode::Conflict, error.message)),
    }
}
