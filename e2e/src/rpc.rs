//! A small client of Hadoop RPC for tests: one call at a time, with all that Hadoop's own client
//! sends: client and call ids, retries, state ids. Nothing is hidden: a refusal is told as it came.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::{Bytes, BytesMut};
use metafs_hadoop::proto::rpc::{
    IpcConnectionContextProto, RpcResponseHeaderProto, RpcResponseHeaderProtoRpcStatusProto,
    UserInformationProto,
};
use metafs_hadoop::wire;
use prost::Message;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// The protocol of files.
pub const CLIENT_PROTOCOL: &str = "org.apache.hadoop.hdfs.protocol.ClientProtocol";
/// The protocol of `haadmin`.
pub const HA_PROTOCOL: &str = "org.apache.hadoop.ha.HAServiceProtocol";

/// An exception, as it came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{class}: {message}")]
pub struct Exception {
    /// Java's class.
    pub class: String,
    /// Its message.
    pub message: String,
    /// The connection ends with it.
    pub fatal: bool,
}

impl Exception {
    /// The class without its package.
    pub fn name(&self) -> &str {
        self.class.rsplit(['.', '$']).next().unwrap_or(&self.class)
    }
}

/// Who calls: keeps its ids and the newest state id over all its connections.
#[derive(Clone, Debug)]
pub struct Session {
    user: String,
    client: [u8; 16],
    next_call: i32,
    /// The newest state id seen; what the next calls tell. `None`: tell none, as a client without
    /// ObserverReadProxyProvider.
    pub seen: Option<i64>,
    /// How long an answer may take.
    pub patience: Duration,
}

impl Session {
    /// A new client that keeps state ids.
    pub fn new(user: &str) -> Self {
        Self {
            user: user.to_owned(),
            client: *uuid::Uuid::new_v4().as_bytes(),
            next_call: 0,
            seen: Some(i64::MIN),
            patience: Duration::from_secs(20),
        }
    }

    /// The id of a call that is going to be made; the same one makes it a retry.
    pub fn draw_call(&mut self) -> i32 {
        self.next_call += 1;
        self.next_call
    }
}

/// A connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
}

impl Connection {
    /// Connects and says who it is for; from `from` if given.
    ///
    /// # Errors
    /// Nobody listens there, or not in time.
    pub async fn open(
        session: &Session,
        server: SocketAddr,
        from: Option<std::net::IpAddr>,
    ) -> anyhow::Result<Self> {
        let socket = if server.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        if let Some(from) = from {
            socket.bind(SocketAddr::new(from, 0))?;
        }
        let mut stream =
            timeout(session.patience, socket.connect(server)).await.context("connecting")??;
        stream.set_nodelay(true)?;
        let mut out = BytesMut::from(&wire::connection_header()[..]);
        let context = IpcConnectionContextProto {
            user_info: Some(UserInformationProto {
                effective_user: Some(session.user.clone()),
                real_user: None,
            }),
            protocol: Some(CLIENT_PROTOCOL.to_owned()),
        };
        let header = wire::call_header(&session.client, wire::CONTEXT_CALL, -1);
        wire::put_request(&mut out, &header, &[&context.encode_to_vec()]);
        stream.write_all(&out).await?;
        Ok(Self { stream })
    }

    /// Calls `method` of [`CLIENT_PROTOCOL`].
    ///
    /// # Errors
    /// The outer one: the connection is no good any more. The inner one is the answer.
    pub async fn call<A: Message + Default>(
        &mut self,
        session: &mut Session,
        method: &str,
        request: &impl Message,
    ) -> anyhow::Result<Result<A, Exception>> {
        let call = session.draw_call();
        self.call_as(session, call, 0, CLIENT_PROTOCOL, method, request).await
    }

    /// As [`Connection::call`], with the call's id, its retries and the protocol.
    ///
    /// # Errors
    /// See [`Connection::call`].
    pub async fn call_as<A: Message + Default>(
        &mut self,
        session: &mut Session,
        call: i32,
        retry: i32,
        protocol: &str,
        method: &str,
        request: &impl Message,
    ) -> anyhow::Result<Result<A, Exception>> {
        self.ask(session, call, retry, protocol, method, request).await?;
        let (header, body) =
            timeout(session.patience, self.receive()).await.context(method.to_owned())??;
        if header.call_id != call.cast_unsigned() {
            bail!("{method}: the answer is for call {}, not {call}", header.call_id);
        }
        if let (Some(seen), Some(state_id)) = (session.seen, header.state_id) {
            session.seen = Some(seen.max(state_id));
        }
        match header.status() {
            RpcResponseHeaderProtoRpcStatusProto::Success => {
                Ok(Ok(A::decode(body.context("an answer without a body")?)?))
            }
            status => Ok(Err(Exception {
                class: header.exception_class_name.unwrap_or_default(),
                message: header.error_msg.unwrap_or_default(),
                fatal: status == RpcResponseHeaderProtoRpcStatusProto::Fatal,
            })),
        }
    }

    /// Sends a call and leaves its answer.
    ///
    /// # Errors
    /// The connection is no good any more.
    pub async fn ask(
        &mut self,
        session: &Session,
        call: i32,
        retry: i32,
        protocol: &str,
        method: &str,
        request: &impl Message,
    ) -> anyhow::Result<()> {
        let mut header = wire::call_header(&session.client, call, retry);
        header.state_id = session.seen;
        let mut out = BytesMut::new();
        wire::put_call(&mut out, &header, protocol, method, &request.encode_to_vec());
        Ok(self.stream.write_all(&out).await?)
    }

    async fn receive(&mut self) -> anyhow::Result<(RpcResponseHeaderProto, Option<Bytes>)> {
        let length = self.stream.read_u32().await? as usize;
        let mut frame = vec![0; length];
        self.stream.read_exact(&mut frame).await?;
        let mut frame = Bytes::from(frame);
        let header: RpcResponseHeaderProto = wire::take_message(&mut frame)?;
        let body = if frame.is_empty() { None } else { Some(wire::take(&mut frame)?) };
        Ok((header, body))
    }
}
