//! The door over rows in memory, on a real TCP socket; and the plainest HTTP client.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use metafs_namespace::{Op, Settings};
use metafs_webhdfs::{Door, Limits, WebMetrics, serve};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

pub use metafs_door::memory::Memory;

/// A served [`Memory`]; ends when dropped.
pub struct Server {
    pub addr: SocketAddr,
    pub backend: Arc<Memory>,
    pub metrics: WebMetrics,
    stop: Option<oneshot::Sender<()>>,
    runtime: Option<Runtime>,
}

/// Settings of most tests: a small inline limit, `hdfs` is the superuser.
pub fn settings() -> Settings {
    Settings {
        generation: 1,
        inline_limit: 4096,
        max_directory_items: 100_000,
        ..Settings::default()
    }
}

/// Limits of time as in life: a slow moment of the machine is no slow client.
pub fn limits() -> Limits {
    Limits { discard_bytes: 8 << 20, ..Limits::default() }
}

/// Limits that do not let a test wait for what is cut off.
pub fn impatient() -> Limits {
    Limits {
        body_idle: Duration::from_millis(500),
        header_timeout: Duration::from_millis(800),
        write_timeout: Duration::from_millis(500),
        ..limits()
    }
}

/// A server whose root folder everybody may write to.
pub fn start() -> Server {
    start_with(settings(), limits())
}

pub fn start_with(settings: Settings, limits: Limits) -> Server {
    let server = start_unformed(limits);
    server.backend.apply(Op::SetSettings(Box::new(settings))).unwrap();
    server.put("/?op=SETPERMISSION&permission=1777&user.name=hdfs").expect(200);
    server
}

pub fn start_unformed(limits: Limits) -> Server {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let backend = Arc::new(Memory::default());
    let metrics = WebMetrics::default();
    let door = Door::new(Arc::clone(&backend), limits, metrics.clone());
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let addr = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    runtime.spawn(serve(listener, door, async {
        let _ = stopped.await;
    }));
    Server { addr, backend, metrics, stop: Some(stop), runtime: Some(runtime) }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(2));
        }
    }
}

/// A response, read to its end.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Response {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> serde_json::Value {
        assert_eq!(self.headers["content-type"], "application/json", "{self:?}");
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The status is `status`.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:?} {}", self.headers, self.text());
        self
    }

    /// The answer is a RemoteException with this class, and `part` is within its message.
    #[track_caller]
    pub fn refused(self, status: u16, class: &str, part: &str) -> Self {
        let json = self.expect(status).json_and_self();
        let exception = &json.0["RemoteException"];
        assert_eq!(exception["javaClassName"], class, "{exception}");
        let simple = class.rsplit(['.', '$']).next().unwrap();
        assert_eq!(exception["exception"], simple, "{exception}");
        let message = exception["message"].as_str().unwrap();
        assert!(message.contains(part), "{message}");
        json.1
    }

    fn json_and_self(self) -> (serde_json::Value, Self) {
        (self.json(), self)
    }
}

impl Server {
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.addr).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// Sends `bytes` and reads all until the server closes.
    pub fn raw(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = self.connect();
        // A server that has refused may close before it has read everything.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        answer
    }

    pub fn send(&self, method: &str, target: &str, headers: &str, body: &[u8]) -> Response {
        let head = format!(
            "{method} {target} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n{headers}\r\n",
            self.addr
        );
        let mut request = head.into_bytes();
        request.extend_from_slice(body);
        parse(&self.raw(&request))
    }

    /// A WebHDFS request without a body; the user is joe if the target names none.
    pub fn call(&self, method: &str, target: &str) -> Response {
        let user = if target.contains("user.name") { "" } else { "&user.name=joe" };
        self.send(method, &format!("/webhdfs/v1{target}{user}"), "content-length: 0\r\n", b"")
    }

    pub fn get(&self, target: &str) -> Response {
        self.call("GET", target)
    }

    pub fn put(&self, target: &str) -> Response {
        self.call("PUT", target)
    }

    pub fn post(&self, target: &str) -> Response {
        self.call("POST", target)
    }

    pub fn delete(&self, target: &str) -> Response {
        self.call("DELETE", target)
    }

    /// The data step with a Content-Length.
    pub fn upload(&self, method: &str, target: &str, body: &[u8]) -> Response {
        let target = format!("/webhdfs/v1{target}&data=true&user.name=joe");
        self.send(method, &target, &format!("content-length: {}\r\n", body.len()), body)
    }

    /// The data step in chunks.
    pub fn upload_chunked(&self, method: &str, target: &str, chunks: &[&[u8]]) -> Response {
        let target = format!("/webhdfs/v1{target}&data=true&user.name=joe");
        self.send(method, &target, "transfer-encoding: chunked\r\n", &chunked(chunks))
    }

    /// Makes a small file.
    pub fn file(&self, path: &str, content: &str) {
        let target = format!("{path}?op=CREATE");
        self.upload("PUT", &target, content.as_bytes()).expect(201);
    }

    pub fn stop(&mut self) {
        drop(self.stop.take());
    }
}

/// `chunks` in HTTP's chunked coding, ended.
pub fn chunked(chunks: &[&[u8]]) -> Vec<u8> {
    let mut body = Vec::new();
    for chunk in chunks {
        body.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        body.extend_from_slice(chunk);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"0\r\n\r\n");
    body
}

/// Reads the (last) response in `bytes`.
pub fn parse(bytes: &[u8]) -> Response {
    let text = String::from_utf8_lossy(bytes);
    let Some(end) = text.find("\r\n\r\n") else { panic!("no response: {text:?}") };
    let mut lines = text[..end].split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    if status == 100 {
        return parse(&bytes[end + 4..]);
    }
    let headers: BTreeMap<String, String> = lines
        .map(|line| line.split_once(':').unwrap())
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let rest = &bytes[end + 4..];
    let body = match headers.get("transfer-encoding") {
        Some(_) => unchunk(rest),
        None => rest.to_vec(),
    };
    Response { status, headers, body }
}

/// The body of a chunked response; a cut one gives what came.
fn unchunk(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(line) = rest.windows(2).position(|pair| pair == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).unwrap(), 16).unwrap();
        if size == 0 {
            break;
        }
        body.extend_from_slice(&rest[line + 2..line + 2 + size]);
        rest = &rest[line + 2 + size + 2..];
    }
    body
}

impl Server {
    /// What Prometheus would see.
    pub fn metrics_text(&self) -> String {
        let mut registry = prometheus_client::registry::Registry::default();
        self.metrics.register(&mut registry);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        text
    }
}
