//! The service on sockets: HTTP/1.1, HTTPS, and the control API on a port of its own.

mod control;
mod tls;

pub use control::router as control_router;
pub use tls::{TlsError, acceptor};

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::engine::names::REQUEST_BODY;
use crate::service::Service;

/// Bytes of a body that is too large that are taken from the wire before the client is cut off.
const DISCARD: usize = 32 << 20;

/// A request is to be cut off without an answer.
#[derive(Debug, thiserror::Error)]
#[error("cut on purpose")]
struct Cut;

/// Serves until `stop` is ready, then closes the connections. What a request does to the store it
/// does to the end.
pub async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    service: Arc<Service>,
    stop: impl Future<Output = ()> + Send,
) {
    let mut stop = pin!(stop);
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
        };
        match accepted {
            Ok((stream, _)) => {
                // An answer is one write; waiting for more would only delay it.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "no delay");
                }
                let (tls, service) = (tls.clone(), service.clone());
                connections.spawn(async move {
                    match tls {
                        None => connection(stream, service).await,
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => connection(stream, service).await,
                            Err(error) => tracing::debug!(%error, "TLS handshake failed"),
                        },
                    }
                });
            }
            Err(error) => accept_failed(&error).await,
        }
    }
    connections.abort_all();
}

/// The process may be out of descriptors: let it get some back.
async fn accept_failed(error: &io::Error) {
    tracing::warn!(%error, "cannot accept a connection");
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
}

async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    service: Arc<Service>,
) {
    let answer = service_fn(move |request| answer(service.clone(), request));
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), answer)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "connection ended");
    }
}

async fn answer(
    service: Arc<Service>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Cut> {
    let (parts, body) = request.into_parts();
    let body = read(body).await?;
    let work = tokio::task::spawn_blocking(move || service.handle(&parts, body));
    let Ok(reply) = work.await else {
        tracing::error!("a request failed");
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        return Ok(response);
    };
    if !reply.delay.is_zero() {
        tokio::time::sleep(reply.delay).await;
    }
    match reply.response {
        Some(response) => Ok(response.map(Full::new)),
        None => Err(Cut),
    }
}

/// A body; of one that is too large only enough to be refused as that, though all of it is taken
/// from the wire: clients that send before they listen would miss the refusal.
async fn read(mut body: Incoming) -> Result<Bytes, Cut> {
    if body.size_hint().upper().is_some_and(|size| size <= REQUEST_BODY as u64) {
        return Ok(body.collect().await.map_err(|_| Cut)?.to_bytes());
    }
    let mut kept = BytesMut::new();
    let mut size = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Cut)?.into_data() else { continue };
        size += data.len();
        if size > DISCARD {
            return Err(Cut);
        }
        let room = (REQUEST_BODY + 1).saturating_sub(kept.len());
        kept.extend_from_slice(data.get(..room.min(data.len())).unwrap_or_default());
    }
    Ok(kept.freeze())
}
