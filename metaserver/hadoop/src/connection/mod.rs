//! One connection: its header, who it is for, and then calls, each answered when it is done. One
//! task does all of it: a call that waits holds no thread, and others overtake it.
//!
//! - [`begin`]: up to the context, which says who asks.
//! - [`calls`]: what comes then.
//! - [`input`], [`output`]: bytes on their way.
//! - [`headers`]: what stands before requests and answers.
//!
//! What Hadoop's `Server.Connection` does with wrong input is done here too: a refusal with the same
//! status and exception, after which the connection ends where it ends there.

mod alarm;
mod begin;
mod calls;
mod headers;
mod input;
mod output;

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use metafs_door::{Backend, HaService};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::metrics::Held;
use crate::refusal::Refusal;
use crate::serve::Door;
use input::Input;
use output::Output;

/// Who is connected.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    /// The user.
    pub(crate) user: Arc<str>,
    /// From where.
    pub(crate) ip: IpAddr,
}

/// Why a connection ends.
#[derive(Debug, thiserror::Error)]
enum End {
    /// The client has gone, or the server goes.
    #[error("closed")]
    Closed,
    /// The socket failed, or was silent for too long.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The client sent what ends a connection.
    #[error("{}", .0.message)]
    Refused(Refusal),
    /// Not Hadoop RPC at all.
    #[error("{0}")]
    Foreign(&'static str),
}

/// A socket with what was read and not understood yet, and what was answered and not written yet.
struct Link {
    stream: TcpStream,
    input: Input,
    output: Output,
}

/// Serves one connection to its end.
pub(crate) async fn serve<B: Backend + HaService>(
    stream: TcpStream,
    door: Arc<Door<B>>,
    ending: CancellationToken,
) {
    let ip = match prepare(&stream, door.limits.peer_timeout) {
        Ok(ip) => ip,
        Err(error) => {
            tracing::debug!(%error, "a connection was gone before it was served");
            return;
        }
    };
    let _open = Held::new(&door.metrics.connections);
    let mut link = Link {
        stream,
        input: Input::new(door.limits.max_frame),
        output: Output::new(&door.metrics.sent),
    };
    let end = match ending.run_until_cancelled(begin::begin(&mut link, &door, ip)).await {
        Some(Ok(peer)) => calls::run(&mut link, &door, &peer, &ending).await,
        Some(Err(end)) => {
            begin::finish(&mut link, &door).await;
            end
        }
        None => End::Closed,
    };
    match &end {
        End::Closed => {}
        end => {
            door.metrics.failed.inc();
            tracing::debug!(peer = %ip, %end, "a connection ended early");
        }
    }
}

/// Sets the socket's options and reads its peer's address.
fn prepare(stream: &TcpStream, peer_timeout: Duration) -> io::Result<IpAddr> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    socket.set_tcp_user_timeout(Some(peer_timeout))?;
    let probe = (peer_timeout / 3).max(Duration::from_secs(1));
    socket.set_tcp_keepalive(
        &TcpKeepalive::new().with_time(probe).with_interval(probe).with_retries(3),
    )?;
    Ok(stream.peer_addr()?.ip().to_canonical())
}
