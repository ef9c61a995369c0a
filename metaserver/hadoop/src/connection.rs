//! One connection: its header, who it is for, and then calls, each answered when it is done. A call
//! that waits holds a task and no thread, and others overtake it.
//!
//! What Hadoop's `Server.Connection` does with wrong input is done here too: a refusal with the same
//! status and exception, after which the connection ends where it ends there.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use metafs_door::{Backend, HaService};
use prost::Message as _;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::dispatch;
use crate::metrics::{Held, RpcMetrics};
use crate::proto::rpc::{
    IpcConnectionContextProto, RpcKindProto, RpcRequestHeaderProto,
    RpcRequestHeaderProtoOperationProto, RpcResponseHeaderProto,
    RpcResponseHeaderProtoRpcStatusProto as Status, RpcSaslProto, RpcSaslProtoSaslState,
};
use crate::refusal::Refusal;
use crate::serve::Door;
use crate::wire;

/// What an HTTP client that came to the wrong port is told, as by Hadoop.
const HTTP: &[u8] = b"HTTP/1.1 404 Not Found\r\nContent-type: text/plain\r\n\r\n\
    It looks like you are making an HTTP request to a Hadoop IPC port. This is not the correct \
    port for the web interface on this daemon.\r\n";

/// Bytes read at a time, and written before a flush.
const BUFFER: usize = 32 << 10;
/// A buffer that grew beyond this for a large answer is let go.
const KEEP: usize = 256 << 10;

/// Who is connected.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    /// The user.
    pub(crate) user: Arc<str>,
    /// From where.
    pub(crate) ip: IpAddr,
}

/// An answer on its way: the frame, and the call's place among those that are not answered.
struct Answer {
    frame: Bytes,
    _place: Option<OwnedSemaphorePermit>,
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
    let (reader, writer) = stream.into_split();
    let (answers, queue) = mpsc::channel(door.limits.max_calls.max(1));
    let writing =
        tokio::spawn(write(writer, queue, door.limits.write_timeout, door.metrics.clone()));
    let mut connection = Connection {
        reader: BufReader::with_capacity(BUFFER, reader),
        places: Arc::new(Semaphore::new(door.limits.max_calls)),
        answers,
        ip,
        door,
    };
    let mut writing = writing;
    let end = tokio::select! {
        end = connection.run() => end,
        // Nobody takes answers any more: no more calls.
        _ = &mut writing => End::Closed,
        () = ending.cancelled() => End::Closed,
    };
    match &end {
        End::Closed => {}
        end => {
            connection.door.metrics.failed.inc();
            tracing::debug!(peer = %ip, %end, "a connection ended early");
        }
    }
    // Calls under way still answer; the writer ends after the last one.
    drop(connection);
    if !writing.is_finished() {
        let _ = writing.await;
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

/// Writes answers in the order they come, many at a time.
async fn write(
    mut writer: OwnedWriteHalf,
    mut queue: mpsc::Receiver<Answer>,
    patience: Duration,
    metrics: RpcMetrics,
) {
    let mut batch = Vec::new();
    let mut buffer = BytesMut::with_capacity(BUFFER);
    while queue.recv_many(&mut batch, 256).await > 0 {
        let result = match batch.as_slice() {
            [one] => timeout(patience, writer.write_all(&one.frame)).await,
            many => {
                for answer in many {
                    buffer.extend_from_slice(&answer.frame);
                }
                let result = timeout(patience, writer.write_all(&buffer)).await;
                if buffer.capacity() > KEEP {
                    buffer = BytesMut::with_capacity(BUFFER);
                } else {
                    buffer.clear();
                }
                result
            }
        };
        metrics.sent.inc_by(batch.iter().map(|answer| answer.frame.len() as u64).sum());
        batch.clear();
        match result {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::debug!(%error, "answers cannot be written");
                return;
            }
            Err(_) => {
                tracing::debug!("a client does not take its answers");
                metrics.failed.inc();
                return;
            }
        }
    }
}

struct Connection<B> {
    reader: BufReader<OwnedReadHalf>,
    places: Arc<Semaphore>,
    answers: mpsc::Sender<Answer>,
    ip: IpAddr,
    door: Arc<Door<B>>,
}

/// Cuts what takes too long.
async fn within<T>(patience: Duration, what: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(patience, what).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

impl<B: Backend + HaService> Connection<B> {
    async fn run(&mut self) -> End {
        match self.begin().await {
            Ok(peer) => self.calls(peer).await,
            Err(end) => end,
        }
    }

    /// The header, SASL if asked for, and the connection's context.
    async fn begin(&mut self) -> Result<Peer, End> {
        let patience = self.door.limits.handshake_timeout;
        let mut header = [0; wire::HEADER_LEN];
        let (magic, rest) = header.split_at_mut(wire::MAGIC.len());
        match within(patience, self.reader.read_exact(magic)).await {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(End::Closed),
            read => read?,
        };
        if magic == b"GET " {
            self.send(Bytes::from_static(HTTP)).await;
            return Err(End::Foreign("HTTP"));
        }
        within(patience, self.reader.read_exact(rest)).await?;
        let [version, _service, auth] = rest else { return Err(End::Closed) };
        let (version, auth) = (*version, *auth);
        if magic != wire::MAGIC || version != wire::VERSION {
            self.refuse_version(version).await;
            return Err(End::Foreign("not this version of Hadoop RPC"));
        }
        match auth {
            wire::AUTH_NONE => {}
            wire::AUTH_SASL => self.negotiate(patience).await?,
            _ => return Err(End::Foreign("an unknown way of authentication")),
        }
        loop {
            let (header, mut frame) = self.header(patience).await?;
            match header.call_id {
                wire::CONTEXT_CALL => {
                    let context = wire::take_message(&mut frame).map_err(|error| {
                        Refusal::header(format!("the connection context cannot be read: {error}"))
                    });
                    match context.and_then(|context| user(&context)) {
                        Ok(user) => return Ok(Peer { user, ip: self.ip }),
                        Err(refusal) => return Err(self.refuse(&header, refusal).await),
                    }
                }
                wire::PING_CALL => {}
                call if call >= 0 => {
                    let refusal = Refusal::header("Connection context not established");
                    return Err(self.refuse(&header, refusal).await);
                }
                call => {
                    let refusal = Refusal::header(format!("Unknown out of band call #{call}"));
                    return Err(self.refuse(&header, refusal).await);
                }
            }
        }
    }

    /// A server without security answers a negotiation with SUCCESS: go on without SASL.
    async fn negotiate(&mut self, patience: Duration) -> Result<(), End> {
        let (header, mut frame) = self.header(patience).await?;
        let asked: Option<RpcSaslProto> = match header.call_id {
            wire::SASL_CALL => wire::take_message(&mut frame).ok(),
            _ => None,
        };
        let negotiates =
            asked.is_some_and(|asked| asked.state() == RpcSaslProtoSaslState::Negotiate);
        if !negotiates {
            let refusal =
                Refusal::header("SIMPLE authentication is enabled: negotiate, or use no SASL");
            return Err(self.refuse(&header, refusal).await);
        }
        let answer = RpcSaslProto {
            version: Some(0),
            state: RpcSaslProtoSaslState::Success.into(),
            token: None,
            auths: Vec::new(),
        };
        let mut out = BytesMut::new();
        wire::put_response(
            &mut out,
            &success(&header, self.door.backend.state_id()),
            Some(&answer.encode_to_vec()),
        );
        self.send(out.freeze()).await;
        Ok(())
    }

    /// Calls until the client goes or sends what ends the connection.
    async fn calls(&mut self, peer: Peer) -> End {
        let idle = self.door.limits.idle_timeout;
        loop {
            let frame = match self.frame(idle).await {
                Ok(frame) => frame,
                // Who waits for an answer may be silent.
                Err(End::Io(error)) if error.kind() == io::ErrorKind::TimedOut && self.busy() => {
                    continue;
                }
                Err(end) => return end,
            };
            let (header, frame) = match parse(frame) {
                Ok(parsed) => parsed,
                Err(bad) => return self.refuse(&bad.0, bad.1).await,
            };
            match header.call_id {
                wire::PING_CALL => continue,
                wire::CONTEXT_CALL => {
                    let refusal = Refusal::header("Connection context already processed");
                    return self.refuse(&header, refusal).await;
                }
                wire::SASL_CALL => {
                    let refusal = Refusal::header("SASL protocol not requested by client");
                    return self.refuse(&header, refusal).await;
                }
                call if call < 0 => {
                    let refusal = Refusal::header(format!("Unknown out of band call #{call}"));
                    return self.refuse(&header, refusal).await;
                }
                _ => {}
            }
            if header.rpc_kind() != RpcKindProto::RpcProtocolBuffer {
                let refusal = Refusal::kind_of_rpc(header.rpc_kind.unwrap_or_default());
                self.refuse(&header, refusal).await;
                continue;
            }
            // Never closed while it is used.
            let Ok(place) = Arc::clone(&self.places).acquire_owned().await else {
                return End::Closed;
            };
            let (door, answers, peer) = (self.door.clone(), self.answers.clone(), peer.clone());
            tokio::spawn(async move {
                let frame = dispatch::answer(&door, peer, header, frame).await;
                // Nobody is left to read it if this fails.
                let _ = answers.send(Answer { frame, _place: Some(place) }).await;
            });
        }
    }

    /// Whether calls are under way.
    fn busy(&self) -> bool {
        self.places.available_permits() < self.door.limits.max_calls
    }

    /// One frame; `idle`: how long to wait for its first byte.
    async fn frame(&mut self, idle: Duration) -> Result<Bytes, End> {
        let mut length = [0; 4];
        let (first, rest) = length.split_at_mut(1);
        match within(idle, self.reader.read_exact(first)).await {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(End::Closed),
            read => read?,
        };
        let patience = self.door.limits.frame_timeout;
        within(patience, self.reader.read_exact(rest)).await?;
        let length = usize::try_from(i32::from_be_bytes(length))
            .map_err(|_| End::Foreign("a negative data length"))?;
        if length > self.door.limits.max_frame {
            return Err(End::Foreign("a data length above the limit"));
        }
        self.door.metrics.received.inc_by(length as u64 + 4);
        // Memory follows what has arrived, not what was announced.
        let mut frame = BytesMut::with_capacity(length.min(BUFFER));
        let reader = &mut self.reader;
        let whole = async {
            while frame.len() < length {
                let left = (length - frame.len()) as u64;
                if (&mut *reader).take(left).read_buf(&mut frame).await? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            Ok(())
        };
        within(patience, whole).await?;
        Ok(frame.freeze())
    }

    /// One frame before calls are taken, with its header.
    async fn header(&mut self, patience: Duration) -> Result<(RpcRequestHeaderProto, Bytes), End> {
        let frame = self.frame(patience).await?;
        match parse(frame) {
            Ok(parsed) => Ok(parsed),
            Err(bad) => Err(self.refuse(&bad.0, bad.1).await),
        }
    }

    async fn refuse(&self, header: &RpcRequestHeaderProto, refusal: Refusal) -> End {
        let mut out = BytesMut::new();
        wire::put_response(
            &mut out,
            &failure(header, &refusal, self.door.backend.state_id()),
            None,
        );
        self.send(out.freeze()).await;
        End::Refused(refusal)
    }

    /// As `Server.setupBadVersionResponse`.
    async fn refuse_version(&self, version: u8) {
        let refusal = Refusal::ipc_version(version);
        let mut out = BytesMut::new();
        if version >= wire::VERSION {
            let header = wire::call_header(&[], wire::NO_CALL, -1);
            wire::put_response(
                &mut out,
                &failure(&header, &refusal, self.door.backend.state_id()),
                None,
            );
        } else if version >= 3 {
            out.extend_from_slice(&wire::NO_CALL.to_be_bytes());
            // FATAL.
            out.extend_from_slice(&(-1_i32).to_be_bytes());
            for text in [refusal.class, &refusal.message] {
                let length = i32::try_from(text.len()).unwrap_or_default();
                out.extend_from_slice(&length.to_be_bytes());
                out.extend_from_slice(text.as_bytes());
            }
        }
        self.send(out.freeze()).await;
    }

    async fn send(&self, frame: Bytes) {
        // The writer has ended if this fails: so does the connection.
        let _ = self.answers.send(Answer { frame, _place: None }).await;
    }
}

type Parsed = (RpcRequestHeaderProto, Bytes);

/// A frame's header and the rest (`Connection.checkRpcHeaders`).
fn parse(mut frame: Bytes) -> Result<Parsed, Box<(RpcRequestHeaderProto, Refusal)>> {
    let header = match wire::take_message::<RpcRequestHeaderProto>(&mut frame) {
        Ok(header) => header,
        Err(error) => {
            let message = format!("the rpc header cannot be read: {error}");
            let header = wire::call_header(&[], wire::NO_CALL, -1);
            return Err(Box::new((header, Refusal::header(message))));
        }
    };
    let problem = match header.rpc_op {
        None => Some("IPC Server: No rpc op in rpcRequestHeader".to_owned()),
        Some(op) if op != i32::from(RpcRequestHeaderProtoOperationProto::RpcFinalPacket) => {
            Some(format!("IPC Server does not implement rpc header operation{op}"))
        }
        Some(_) if header.rpc_kind.is_none() => {
            Some("IPC Server: No rpc kind in rpcRequestHeader".to_owned())
        }
        Some(_) => None,
    };
    match problem {
        None => Ok((header, frame)),
        Some(message) => Err(Box::new((header, Refusal::header(message)))),
    }
}

/// The user of a connection; nobody may speak for another one.
fn user(context: &IpcConnectionContextProto) -> Result<Arc<str>, Refusal> {
    fn name(name: Option<&String>) -> Option<&str> {
        name.map(|name| short(name)).filter(|name| !name.is_empty())
    }
    let info = context.user_info.as_ref();
    let effective = name(info.and_then(|info| info.effective_user.as_ref()));
    let real = name(info.and_then(|info| info.real_user.as_ref()));
    match (effective, real) {
        (Some(effective), Some(real)) if effective != real => Err(Refusal::unauthorized(format!(
            "User: {real} is not allowed to impersonate {effective}"
        ))),
        (Some(user), _) | (None, Some(user)) => Ok(user.into()),
        (None, None) => Err(Refusal::unauthorized(
            "the connection context names no user; SIMPLE authentication needs one",
        )),
    }
}

/// A principal's short name.
fn short(name: &str) -> &str {
    let end = name.find(['/', '@']).filter(|end| *end > 0);
    end.map_or(name, |end| &name[..end])
}

/// The header of a successful answer.
pub(crate) fn success(request: &RpcRequestHeaderProto, state_id: u64) -> RpcResponseHeaderProto {
    RpcResponseHeaderProto {
        call_id: request.call_id.cast_unsigned(),
        status: Status::Success.into(),
        server_ipc_version_num: Some(wire::VERSION.into()),
        client_id: Some(request.client_id.clone()),
        retry_count: Some(request.retry_count()),
        state_id: Some(i64::try_from(state_id).unwrap_or(i64::MAX)),
        ..RpcResponseHeaderProto::default()
    }
}

/// The header that is a whole refusal.
pub(crate) fn failure(
    request: &RpcRequestHeaderProto,
    refusal: &Refusal,
    state_id: u64,
) -> RpcResponseHeaderProto {
    let status = if refusal.fatal { Status::Fatal } else { Status::Error };
    RpcResponseHeaderProto {
        status: status.into(),
        exception_class_name: Some(refusal.class.to_owned()),
        error_msg: Some(refusal.message.clone()),
        error_detail: Some(refusal.code.into()),
        ..success(request, state_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::rpc::UserInformationProto;

    fn context(effective: Option<&str>, real: Option<&str>) -> IpcConnectionContextProto {
        IpcConnectionContextProto {
            user_info: Some(UserInformationProto {
                effective_user: effective.map(Into::into),
                real_user: real.map(Into::into),
            }),
            protocol: None,
        }
    }

    #[test]
    fn nobody_speaks_for_another() {
        assert_eq!(&*user(&context(Some("joe"), None)).unwrap(), "joe");
        assert_eq!(&*user(&context(Some("joe/host@REALM"), None)).unwrap(), "joe");
        assert_eq!(&*user(&context(None, Some("joe"))).unwrap(), "joe");
        assert_eq!(&*user(&context(Some("joe"), Some("joe"))).unwrap(), "joe");
        let refusal = user(&context(Some("joe"), Some("ann"))).unwrap_err();
        assert!(refusal.fatal);
        assert_eq!(refusal.message, "User: ann is not allowed to impersonate joe");
        assert!(user(&context(None, None)).unwrap_err().fatal);
        assert!(user(&IpcConnectionContextProto::default()).unwrap_err().fatal);
    }
}
