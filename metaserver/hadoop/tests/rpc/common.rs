//! A served door and the plainest client.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use metafs_door::memory::Memory;
use metafs_hadoop::proto::rpc::{
    IpcConnectionContextProto, RpcRequestHeaderProto, RpcResponseHeaderProto,
    RpcResponseHeaderProtoRpcStatusProto as Status, UserInformationProto,
};
use metafs_hadoop::{Door, Limits, RpcMetrics, serve, wire};
use metafs_namespace::{Op, Settings};
use prost::Message;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

pub const CLIENT: &str = "org.apache.hadoop.hdfs.protocol.ClientProtocol";
pub const HA: &str = "org.apache.hadoop.ha.HAServiceProtocol";

/// A served [`Memory`]; ends when dropped.
pub struct Server {
    pub addr: SocketAddr,
    pub backend: Arc<Memory>,
    stop: Option<oneshot::Sender<()>>,
    runtime: Option<Runtime>,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.stop.take().map(|stop| stop.send(()));
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(5));
        }
    }
}

/// Limits of time as in life: a slow moment of the machine is no slow client.
pub fn limits() -> Limits {
    Limits { max_frame: 64 << 10, ..Limits::default() }
}

pub fn start_with(limits: Limits) -> Server {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let backend = Arc::new(Memory::default());
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let addr = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let door = Door::new(backend.clone(), limits, RpcMetrics::default());
    runtime.spawn(serve(listener, door, async move {
        let _ = stopped.await;
    }));
    Server { addr, backend, stop: Some(stop), runtime: Some(runtime) }
}

/// A formed one: `hdfs` is the superuser.
pub fn start() -> Server {
    let server = start_with(limits());
    server
        .backend
        .apply(Op::SetSettings(Box::new(Settings {
            nameservice: "demo".into(),
            ..Settings::default()
        })))
        .unwrap();
    server
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub header: RpcResponseHeaderProto,
    pub body: Option<Bytes>,
}

impl Reply {
    #[track_caller]
    pub fn message<M: Message + Default>(&self) -> M {
        assert_eq!(self.header.status(), Status::Success, "{:?}", self.header);
        M::decode(self.body.clone().unwrap()).unwrap()
    }

    /// The exception's class without package, and its message.
    #[track_caller]
    pub fn exception(&self) -> (String, String) {
        assert_ne!(self.header.status(), Status::Success, "{:?}", self.body);
        let class = self.header.exception_class_name.clone().unwrap();
        let name = class.rsplit(['.', '$']).next().unwrap().to_owned();
        (name, self.header.error_msg.clone().unwrap())
    }
}

pub struct Client {
    pub stream: TcpStream,
    pub id: [u8; 16],
    pub next: i32,
    pub seen: Option<i64>,
}

impl Client {
    /// Connects; says nothing.
    pub fn raw(server: &Server) -> Self {
        let stream = TcpStream::connect(server.addr).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        Self { stream, id: rand_id(), next: 0, seen: None }
    }

    /// Connects as `user`.
    pub fn new(server: &Server, user: &str) -> Self {
        let mut client = Self::raw(server);
        client.send(&wire::connection_header());
        client.context(user);
        client
    }

    pub fn context(&mut self, user: &str) {
        let context = IpcConnectionContextProto {
            user_info: Some(UserInformationProto {
                effective_user: Some(user.to_owned()),
                real_user: None,
            }),
            protocol: Some(CLIENT.to_owned()),
        };
        let header = wire::call_header(&self.id, wire::CONTEXT_CALL, -1);
        self.request(&header, &[&context.encode_to_vec()]);
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    pub fn request(&mut self, header: &RpcRequestHeaderProto, parts: &[&[u8]]) {
        let mut out = BytesMut::new();
        wire::put_request(&mut out, header, parts);
        self.send(&out);
    }

    /// Sends a call without waiting for its answer.
    pub fn ask(&mut self, protocol: &str, method: &str, request: &impl Message) -> i32 {
        self.next += 1;
        let mut header = wire::call_header(&self.id, self.next, 0);
        header.state_id = self.seen;
        let mut out = BytesMut::new();
        wire::put_call(&mut out, &header, protocol, method, &request.encode_to_vec());
        self.send(&out);
        self.next
    }

    /// The next answer; `None`: the server closed the connection.
    pub fn receive(&mut self) -> Option<Reply> {
        let mut length = [0; 4];
        if self.stream.read_exact(&mut length).is_err() {
            return None;
        }
        let mut frame = vec![0; u32::from_be_bytes(length) as usize];
        self.stream.read_exact(&mut frame).unwrap();
        let mut frame = Bytes::from(frame);
        let header = wire::take_message(&mut frame).unwrap();
        let body = (!frame.is_empty()).then(|| wire::take(&mut frame).unwrap());
        Some(Reply { header, body })
    }

    #[track_caller]
    pub fn call_of(&mut self, protocol: &str, method: &str, request: &impl Message) -> Reply {
        let call = self.ask(protocol, method, request);
        let reply = self.receive().expect("an answer");
        assert_eq!(reply.header.call_id, call.cast_unsigned());
        assert_eq!(reply.header.client_id.as_deref(), Some(&self.id[..]));
        assert!(reply.header.state_id.is_some(), "every answer carries a state id");
        reply
    }

    #[track_caller]
    pub fn call(&mut self, method: &str, request: &impl Message) -> Reply {
        self.call_of(CLIENT, method, request)
    }
}

fn rand_id() -> [u8; 16] {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let mut id = [0; 16];
    id[..8].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    id
}
