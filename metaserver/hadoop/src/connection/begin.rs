//! How a connection begins: the header, SASL if asked for, and the connection's context.

use std::future::poll_fn;
use std::io;
use std::net::IpAddr;

use bytes::Bytes;
use metafs_door::{Backend, HaService};
use prost::Message as _;
use tokio::time::{Instant, timeout, timeout_at};

use super::headers::{failure, parse, success, user};
use super::{End, Link, Peer};
use crate::proto::rpc::{RpcRequestHeaderProto, RpcSaslProto, RpcSaslProtoSaslState};
use crate::refusal::Refusal;
use crate::serve::Door;
use crate::wire;

/// What an HTTP client that came to the wrong port is told, as by Hadoop.
const HTTP: &[u8] = b"HTTP/1.1 404 Not Found\r\nContent-type: text/plain\r\n\r\n\
    It looks like you are making an HTTP request to a Hadoop IPC port. This is not the correct \
    port for the web interface on this daemon.\r\n";

/// A connection that has not told yet who it is.
struct Stranger<'a, B> {
    link: &'a mut Link,
    door: &'a Door<B>,
    /// It must have told by then.
    deadline: Instant,
}

/// Everything before the first call. What is answered may lie in the output afterwards.
pub(super) async fn begin<B: Backend + HaService>(
    link: &mut Link,
    door: &Door<B>,
    ip: IpAddr,
) -> Result<Peer, End> {
    let deadline = Instant::now() + door.limits.handshake_timeout;
    Stranger { link, door, deadline }.begin(ip).await
}

/// Writes what is still to be said to who is not served.
pub(super) async fn finish<B>(link: &mut Link, door: &Door<B>) {
    let Link { stream, output, .. } = link;
    let write = poll_fn(|cx| output.poll_write(stream, cx));
    // The connection ends either way.
    let _ = timeout(door.limits.write_timeout, write).await;
}

impl<B: Backend + HaService> Stranger<'_, B> {
    async fn begin(&mut self, ip: IpAddr) -> Result<Peer, End> {
        let magic: [u8; wire::MAGIC.len()] = self.take().await?;
        if &magic == b"GET " {
            self.link.output.answer().extend_from_slice(HTTP);
            return Err(End::Foreign("HTTP"));
        }
        let [version, _service, auth] = self.take().await?;
        if magic != wire::MAGIC || version != wire::VERSION {
            self.refuse_version(version);
            return Err(End::Foreign("not this version of Hadoop RPC"));
        }
        match auth {
            wire::AUTH_NONE => {}
            wire::AUTH_SASL => self.negotiate().await?,
            _ => return Err(End::Foreign("an unknown way of authentication")),
        }
        loop {
            let (header, mut frame) = self.request().await?;
            match header.call_id {
                wire::CONTEXT_CALL => {
                    let context = wire::take_message(&mut frame).map_err(|error| {
                        Refusal::header(format!("the connection context cannot be read: {error}"))
                    });
                    match context.and_then(|context| user(&context)) {
                        Ok(user) => return Ok(Peer { user, ip }),
                        Err(refusal) => return Err(self.refuse(&header, refusal)),
                    }
                }
                wire::PING_CALL => {}
                call if call >= 0 => {
                    let refusal = Refusal::header("Connection context not established");
                    return Err(self.refuse(&header, refusal));
                }
                call => {
                    let refusal = Refusal::header(format!("Unknown out of band call #{call}"));
                    return Err(self.refuse(&header, refusal));
                }
            }
        }
    }

    /// A server without security answers a negotiation with SUCCESS: go on without SASL.
    async fn negotiate(&mut self) -> Result<(), End> {
        let (header, mut frame) = self.request().await?;
        let asked: Option<RpcSaslProto> = match header.call_id {
            wire::SASL_CALL => wire::take_message(&mut frame).ok(),
            _ => None,
        };
        let negotiates =
            asked.is_some_and(|asked| asked.state() == RpcSaslProtoSaslState::Negotiate);
        if !negotiates {
            let refusal =
                Refusal::header("SIMPLE authentication is enabled: negotiate, or use no SASL");
            return Err(self.refuse(&header, refusal));
        }
        let answer = RpcSaslProto {
            version: Some(0),
            state: RpcSaslProtoSaslState::Success.into(),
            token: None,
            auths: Vec::new(),
        };
        let header = success(&header, self.door.backend.state_id());
        let body = answer.encode_to_vec();
        wire::put_response(self.link.output.answer(), &header, Some(&body));
        Ok(())
    }

    /// Writes what was answered, and reads more.
    async fn exchange(&mut self) -> Result<(), End> {
        let Link { stream, input, output } = &mut *self.link;
        let exchange = async {
            poll_fn(|cx| output.poll_write(stream, cx)).await?;
            let read = poll_fn(|cx| input.poll_fill(stream, cx)).await?;
            self.door.metrics.received.inc_by(read as u64);
            Ok(read)
        };
        match timeout_at(self.deadline, exchange).await {
            Ok(Ok(0)) if input.is_empty() => Err(End::Closed),
            Ok(Ok(0)) => Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(End::Io(error)),
            Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
        }
    }

    async fn take<const N: usize>(&mut self) -> Result<[u8; N], End> {
        loop {
            match self.link.input.take() {
                Some(taken) => return Ok(taken),
                None => self.exchange().await?,
            }
        }
    }

    /// One frame, with its header.
    async fn request(&mut self) -> Result<(RpcRequestHeaderProto, Bytes), End> {
        loop {
            match self.link.input.frame()? {
                Some(frame) => {
                    return parse(frame).map_err(|bad| self.refuse(&bad.0, bad.1));
                }
                None => self.exchange().await?,
            }
        }
    }

    fn refuse(&mut self, header: &RpcRequestHeaderProto, refusal: Refusal) -> End {
        let failure = failure(header, &refusal, self.door.backend.state_id());
        wire::put_response(self.link.output.answer(), &failure, None);
        End::Refused(refusal)
    }

    /// As `Server.setupBadVersionResponse`.
    fn refuse_version(&mut self, version: u8) {
        let refusal = Refusal::ipc_version(version);
        if version >= wire::VERSION {
            let header = wire::call_header(&[], wire::NO_CALL, -1);
            self.refuse(&header, refusal);
        } else if version >= 3 {
            let out = self.link.output.answer();
            out.extend_from_slice(&wire::NO_CALL.to_be_bytes());
            // FATAL.
            out.extend_from_slice(&(-1_i32).to_be_bytes());
            for text in [refusal.class, &refusal.message] {
                let length = i32::try_from(text.len()).unwrap_or_default();
                out.extend_from_slice(&length.to_be_bytes());
                out.extend_from_slice(text.as_bytes());
            }
        }
    }
}
