//! A small WebHDFS client: one operation a call, over one kept connection, following the leader the way Hadoop's
//! client does (the next server after a StandbyException or a refused connection, a pause after a
//! RetriableException). Unlike Hadoop's it never repeats a write whose outcome is unknown.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::http::{Connection, HttpError, Response};

/// An exception that the server answered with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{status} {exception}: {message}")]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// Simple class name.
    pub exception: String,
    /// Full class name.
    pub class: String,
    /// Message.
    pub message: String,
}

/// Why an operation has no result.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The server refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The request was not sent.
    #[error("not sent: {0}")]
    NotSent(HttpError),
    /// It was sent, and whether it was carried out is unknown.
    #[error("outcome unknown: {0}")]
    Unknown(HttpError),
}

impl Failure {
    /// The simple name of the exception, if it is one.
    pub fn exception(&self) -> Option<&str> {
        match self {
            Failure::Refused(refusal) => Some(&refusal.exception),
            Failure::NotSent(_) | Failure::Unknown(_) => None,
        }
    }

    /// Whether another server, or the same a little later, may answer.
    pub fn passes(&self) -> bool {
        matches!(self, Failure::NotSent(_))
            || matches!(self.exception(), Some("StandbyException" | "RetriableException"))
    }
}

/// A file or folder as LISTSTATUS and GETFILESTATUS tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileStatus {
    /// Its name in the folder; empty for the object asked for.
    pub name: String,
    /// Whether it is a folder.
    pub folder: bool,
    /// Bytes.
    pub length: u64,
}

/// A client.
#[derive(Debug)]
pub struct Client {
    servers: Vec<SocketAddr>,
    current: usize,
    connection: Option<Connection>,
    user: String,
    /// Bound of one answer.
    pub timeout: Duration,
    /// How long [`Self::call`] goes on looking for a leader.
    pub patience: Duration,
}

impl Client {
    /// A client of these servers.
    pub fn new(servers: Vec<SocketAddr>, user: &str) -> Self {
        Self {
            servers,
            current: 0,
            connection: None,
            user: user.to_owned(),
            timeout: Duration::from_secs(10),
            patience: Duration::from_secs(20),
        }
    }

    /// A client of one server.
    pub fn of(server: SocketAddr, user: &str) -> Self {
        Self::new(vec![server], user)
    }

    /// The server it talks to.
    pub fn server(&self) -> usize {
        self.current
    }

    /// Goes to another server.
    pub fn next_server(&mut self) {
        self.connection = None;
        self.current = (self.current + 1) % self.servers.len();
    }

    /// One try at the present server.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn attempt(
        &mut self,
        method: &str,
        path: &str,
        query: &str,
        body: &[u8],
    ) -> Result<Response, Failure> {
        let address = self.servers[self.current];
        let kept = self.connection.take().filter(Connection::idle);
        let mut connection = match kept {
            Some(connection) => connection,
            None => Connection::open(address, self.timeout).await.map_err(Failure::NotSent)?,
        };
        let request = request(method, &address.to_string(), path, query, &self.user, body);
        let response = connection.call(&request).await.map_err(Failure::Unknown)?;
        self.connection = Some(connection);
        if response.status < 400 { Ok(response) } else { Err(refusal(&response).into()) }
    }

    /// Tries until a leader answers. A sent request without an answer is repeated only if it reads.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn call(
        &mut self,
        method: &str,
        path: &str,
        query: &str,
        body: &[u8],
    ) -> Result<Response, Failure> {
        let deadline = Instant::now() + self.patience;
        let mut tried = 0;
        loop {
            match self.attempt(method, path, query, body).await {
                Err(failure)
                    if (failure.passes()
                        || method == "GET" && matches!(failure, Failure::Unknown(_)))
                        && Instant::now() < deadline =>
                {
                    self.next_server();
                    tried += 1;
                    if tried % self.servers.len() == 0 {
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                }
                result => return result,
            }
        }
    }

    /// MKDIRS.
    ///
    /// # Errors
    /// See [`Failure`]; so for all below.
    pub async fn mkdirs(&mut self, path: &str) -> Result<bool, Failure> {
        self.call("PUT", path, "op=MKDIRS", b"").await.map(|response| boolean(&response))
    }

    /// CREATE with its content in one request.
    pub async fn create(
        &mut self,
        path: &str,
        content: &[u8],
        overwrite: bool,
    ) -> Result<(), Failure> {
        let query = format!("op=CREATE&data=true&overwrite={overwrite}");
        self.call("PUT", path, &query, content).await.map(drop)
    }

    /// OPEN; the whole content.
    pub async fn open(&mut self, path: &str) -> Result<Vec<u8>, Failure> {
        self.call("GET", path, "op=OPEN&noredirect=false", b"")
            .await
            .map(|response| response.body.to_vec())
    }

    /// GETFILESTATUS.
    pub async fn status(&mut self, path: &str) -> Result<FileStatus, Failure> {
        let response = self.call("GET", path, "op=GETFILESTATUS", b"").await?;
        Ok(file_status(&json(&response)["FileStatus"]))
    }

    /// LISTSTATUS.
    pub async fn list(&mut self, path: &str) -> Result<Vec<FileStatus>, Failure> {
        let response = self.call("GET", path, "op=LISTSTATUS", b"").await?;
        let json = json(&response);
        Ok(json["FileStatuses"]["FileStatus"]
            .as_array()
            .map(|all| all.iter().map(file_status).collect())
            .unwrap_or_default())
    }

    /// DELETE, recursive.
    pub async fn delete(&mut self, path: &str) -> Result<bool, Failure> {
        self.call("DELETE", path, "op=DELETE&recursive=true", b"")
            .await
            .map(|response| boolean(&response))
    }

    /// RENAME with the option OVERWRITE (rename2).
    pub async fn rename(&mut self, from: &str, to: &str) -> Result<(), Failure> {
        let query = format!("op=RENAME&renameoptions=OVERWRITE&destination={}", encode(to));
        self.call("PUT", from, &query, b"").await.map(drop)
    }

    /// GETCONTENTSUMMARY: (folders, files).
    pub async fn count(&mut self, path: &str) -> Result<(u64, u64), Failure> {
        let response = self.call("GET", path, "op=GETCONTENTSUMMARY", b"").await?;
        let summary = &json(&response)["ContentSummary"];
        Ok((
            summary["directoryCount"].as_u64().unwrap_or(0),
            summary["fileCount"].as_u64().unwrap_or(0),
        ))
    }
}

/// A whole request.
pub fn request(
    method: &str,
    host: &str,
    path: &str,
    query: &str,
    user: &str,
    body: &[u8],
) -> Vec<u8> {
    let mut request = format!(
        "{method} /webhdfs/v1{path}?{query}&user.name={user} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n",
        path = encode(path),
        length = body.len(),
    );
    if method == "PUT" || method == "POST" {
        request.push_str("Content-Type: application/octet-stream\r\n");
    }
    request.push_str("\r\n");
    let mut request = request.into_bytes();
    request.extend_from_slice(body);
    request
}

/// Percent-encodes a path, slashes left as they are.
pub fn encode(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// What an error answer says.
pub fn refusal(response: &Response) -> Refusal {
    let json = json(response);
    let field = |name: &str| json["RemoteException"][name].as_str().map(str::to_owned);
    Refusal {
        status: response.status,
        exception: field("exception").unwrap_or_else(|| "(no RemoteException)".into()),
        class: field("javaClassName").unwrap_or_default(),
        message: field("message").unwrap_or_else(|| response.text()),
    }
}

fn json(response: &Response) -> Value {
    serde_json::from_slice(&response.body).unwrap_or(Value::Null)
}

fn boolean(response: &Response) -> bool {
    json(response)["boolean"].as_bool().unwrap_or(false)
}

fn file_status(value: &Value) -> FileStatus {
    FileStatus {
        name: value["pathSuffix"].as_str().unwrap_or_default().to_owned(),
        folder: value["type"] == "DIRECTORY",
        length: value["length"].as_u64().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_one_line_its_headers_and_the_body() {
        let bytes = request("PUT", "h:1", "/a b/ü", "op=CREATE", "me", b"xyz");
        let text = String::from_utf8(bytes).expect("text");
        assert!(text.starts_with("PUT /webhdfs/v1/a%20b/%C3%BC?op=CREATE&user.name=me HTTP/1.1\r\nHost: h:1\r\nContent-Length: 3\r\n"));
        assert!(text.ends_with("\r\n\r\nxyz"));
    }

    #[test]
    fn refusals_are_read_from_their_json() {
        let body = br#"{"RemoteException":{"exception":"StandbyException","javaClassName":"org.apache.hadoop.ipc.StandbyException","message":"m"}}"#;
        let response =
            Response { status: 403, head: String::new(), body: bytes::Bytes::from_static(body) };
        let failure = Failure::from(refusal(&response));
        assert_eq!(failure.exception(), Some("StandbyException"));
        assert!(failure.passes());
        let other =
            Response { status: 500, head: String::new(), body: bytes::Bytes::from_static(b"oops") };
        assert_eq!(refusal(&other).message, "oops");
    }
}
