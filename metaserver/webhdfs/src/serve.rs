//! Connections: accepting them, their timeouts, their number, and the end.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::door::Door;
use crate::error::Refusal;
use crate::io::Timed;
use crate::metrics::Held;
use crate::request::Ends;
use metafs_door::Backend;

/// After accept failed (most often: no file descriptor is left), how long to leave it alone.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves WebHDFS on `listener` until `shutdown` resolves; then takes no more connections, lets
/// requests under way end within the grace, and returns.
pub async fn serve<B: Backend>(
    listener: TcpListener,
    door: Arc<Door<B>>,
    shutdown: impl Future<Output = ()>,
) {
    let slots = Arc::new(Semaphore::new(door.limits.max_connections));
    let (ending, ended) = (CancellationToken::new(), CancellationToken::new());
    let connections = TaskTracker::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "accepting a connection failed");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        door.metrics.accepted.inc();
        let Ok(slot) = Arc::clone(&slots).try_acquire_owned() else {
            door.metrics.rejected.inc();
            turn_away(&stream);
            continue;
        };
        let connection = Connection {
            door: Arc::clone(&door),
            ending: ending.clone(),
            ended: ended.clone(),
            _slot: slot,
        };
        connections.spawn(connection.serve(stream));
    }
    drop(listener);
    ending.cancel();
    connections.close();
    if timeout(door.limits.grace, connections.wait()).await.is_err() {
        ended.cancel();
        connections.wait().await;
    }
}

/// Tells a client that there are too many, as far as its socket takes it at once.
fn turn_away(stream: &TcpStream) {
    let refusal = Refusal::busy("Too many connections; try again");
    let body = refusal.document();
    let mut response = format!(
        "HTTP/1.1 {} Service Unavailable\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n",
        refusal.status().as_u16(),
        body.len()
    )
    .into_bytes();
    response.extend_from_slice(&body);
    let _ = stream.try_write(&response);
}

struct Connection<B> {
    door: Arc<Door<B>>,
    /// No further request.
    ending: CancellationToken,
    /// Now.
    ended: CancellationToken,
    _slot: OwnedSemaphorePermit,
}

impl<B: Backend> Connection<B> {
    async fn serve(self, stream: TcpStream) {
        let limits = &self.door.limits;
        let ends = match prepare(&stream, limits.peer_timeout) {
            Ok(ends) => ends,
            Err(error) => {
                tracing::debug!(%error, "a connection was gone before it was served");
                return;
            }
        };
        let _open = Held::new(&self.door.metrics.connections);
        let answer = service_fn(|request| {
            let door = Arc::clone(&self.door);
            async move { Ok::<_, Infallible>(door.answer(request, ends).await) }
        });
        let io = TokioIo::new(Timed::new(stream, limits.write_timeout));
        let mut connection = pin!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(limits.header_timeout)
                .max_headers(limits.max_headers)
                .max_header_size(limits.max_header_bytes)
                .max_buf_size(limits.max_header_bytes.max(8192))
                .serve_connection(io, answer)
        );
        let result = tokio::select! {
            result = connection.as_mut() => result,
            () = self.ending.cancelled() => {
                connection.as_mut().graceful_shutdown();
                tokio::select! {
                    result = connection => result,
                    () = self.ended.cancelled() => Ok(()),
                }
            }
        };
        if let Err(error) = result {
            tracing::debug!(peer = %ends.peer, %error, "a connection ended early");
        }
    }
}

/// Sets the socket's options and reads its addresses.
fn prepare(stream: &TcpStream, peer_timeout: Duration) -> io::Result<Ends> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    socket.set_tcp_user_timeout(Some(peer_timeout))?;
    let probe = (peer_timeout / 3).max(Duration::from_secs(1));
    socket.set_tcp_keepalive(
        &TcpKeepalive::new().with_time(probe).with_interval(probe).with_retries(3),
    )?;
    Ok(Ends { peer: stream.peer_addr()?, local: stream.local_addr()? })
}
