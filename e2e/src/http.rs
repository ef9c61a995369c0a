//! HTTP/1.1 as a client needs it here: whole requests out, answers scanned for status line, length and
//! body. It costs little, and it sends what a library would refuse to send. Used by the WebHDFS client, the
//! tests of bad input and the benchmark's load generator.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Largest head that is accepted, bytes.
const MAX_HEAD: usize = 64 << 10;

/// What ended a call.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The connection could not be made: the request was not sent.
    #[error("cannot connect: {0}")]
    Connect(std::io::Error),
    /// It broke, or was silent for too long, after the request may have been sent.
    #[error("no answer: {0}")]
    Broken(std::io::Error),
    /// The answer is not HTTP/1.1.
    #[error("not an HTTP answer: {0}")]
    Malformed(String),
}

/// How the end of a body is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// So many bytes follow.
    Length(usize),
    /// Chunks (RFC 9112, section 7.1).
    Chunked,
}

/// A scanned head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The status code.
    pub status: u16,
    /// Bytes of the head, the empty line included.
    pub length: usize,
    /// What follows.
    pub body: Body,
    /// Whether the server closes the connection after this answer.
    pub close: bool,
}

/// Scans a head at the start of `buffer`; `None` while it is incomplete.
///
/// # Errors
/// It cannot become a head any more.
pub fn scan_head(buffer: &[u8]) -> Result<Option<Head>, HttpError> {
    let malformed = |reason: &str| {
        HttpError::Malformed(format!(
            "{reason}: {:?}",
            String::from_utf8_lossy(&buffer[..buffer.len().min(80)])
        ))
    };
    let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") else {
        if buffer.len() > MAX_HEAD {
            return Err(malformed("head too long"));
        }
        return Ok(None);
    };
    let mut lines = buffer[..end].split(|byte| *byte == b'\n');
    let status_line = lines.next().unwrap_or_default();
    if !status_line.starts_with(b"HTTP/1.") || status_line.len() < 12 {
        return Err(malformed("no status line"));
    }
    let status = digits(&status_line[9..12]).ok_or_else(|| malformed("no status code"))?;
    let mut body = Body::Length(0);
    let mut close = false;
    for line in lines {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            return Err(malformed("bad header"));
        };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"content-length") {
            body = Body::Length(digits(value).ok_or_else(|| malformed("bad content-length"))?);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            body = Body::Chunked;
        } else if name.eq_ignore_ascii_case(b"connection") {
            close = value.eq_ignore_ascii_case(b"close");
        }
    }
    if status == 204 || status == 304 || (100..200).contains(&status) {
        body = Body::Length(0);
    }
    let status = u16::try_from(status).map_err(|_| malformed("no status code"))?;
    Ok(Some(Head { status, length: end + 4, body, close }))
}

fn digits(text: &[u8]) -> Option<usize> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// The head as text.
    pub head: String,
    /// The body.
    pub body: Bytes,
}

impl Response {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }

    /// The body as text, for messages.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A connection kept alive.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    buffer: BytesMut,
    timeout: Duration,
    usable: bool,
}

impl Connection {
    /// Connects; `timeout` bounds this and every later answer.
    ///
    /// # Errors
    /// [`HttpError::Connect`].
    pub async fn open(address: SocketAddr, timeout: Duration) -> Result<Self, HttpError> {
        let stream = tokio::time::timeout(timeout, TcpStream::connect(address))
            .await
            .map_err(|_| HttpError::Connect(ErrorKind::TimedOut.into()))?
            .map_err(HttpError::Connect)?;
        stream.set_nodelay(true).map_err(HttpError::Connect)?;
        Ok(Self { stream, buffer: BytesMut::with_capacity(4 << 10), timeout, usable: true })
    }

    /// Whether another request may be sent: the last answer was whole and the server keeps the
    /// connection.
    pub fn usable(&self) -> bool {
        self.usable
    }

    /// As [`Self::usable`], and the server has neither closed it since nor sent what nobody asked
    /// for. Between calls only: what an earlier request may still bring would be lost.
    pub fn idle(&self) -> bool {
        let read = self.stream.try_read(&mut [0]);
        let quiet = matches!(read, Err(error) if error.kind() == ErrorKind::WouldBlock);
        self.usable && quiet
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// [`HttpError::Broken`].
    pub async fn send(&mut self, bytes: &[u8]) -> Result<(), HttpError> {
        let sent = tokio::time::timeout(self.timeout, self.stream.write_all(bytes)).await;
        self.usable = matches!(sent, Ok(Ok(())));
        sent.map_err(|_| HttpError::Broken(ErrorKind::TimedOut.into()))?.map_err(HttpError::Broken)
    }

    /// Reads one answer.
    ///
    /// # Errors
    /// See [`HttpError`]; the connection is of no use afterwards.
    pub async fn receive(&mut self) -> Result<Response, HttpError> {
        self.usable = false;
        let (response, close) = tokio::time::timeout(self.timeout, self.read_response())
            .await
            .map_err(|_| HttpError::Broken(ErrorKind::TimedOut.into()))??;
        self.usable = !close;
        Ok(response)
    }

    /// One request, one answer.
    ///
    /// # Errors
    /// See [`HttpError`].
    pub async fn call(&mut self, request: &[u8]) -> Result<Response, HttpError> {
        self.send(request).await?;
        self.receive().await
    }

    /// Whether the server closes the connection within the timeout, whatever it still sends.
    pub async fn closed_by_server(&mut self) -> bool {
        let drain = async {
            loop {
                self.buffer.clear();
                match self.stream.read_buf(&mut self.buffer).await {
                    Ok(0) | Err(_) => return,
                    Ok(_) => {}
                }
            }
        };
        tokio::time::timeout(self.timeout, drain).await.is_ok()
    }

    async fn read_response(&mut self) -> Result<(Response, bool), HttpError> {
        let head = loop {
            match scan_head(&self.buffer)? {
                Some(head) if (100..200).contains(&head.status) => self.buffer.advance(head.length),
                Some(head) => break head,
                None => self.fill().await?,
            }
        };
        let text = String::from_utf8_lossy(&self.buffer.split_to(head.length)).into_owned();
        let body = match head.body {
            Body::Length(length) => self.take(length).await?,
            Body::Chunked => self.read_chunks().await?,
        };
        Ok((Response { status: head.status, head: text, body }, head.close))
    }

    async fn read_chunks(&mut self) -> Result<Bytes, HttpError> {
        let mut body = BytesMut::new();
        loop {
            let line = self.line().await?;
            let size = line.split(';').next().unwrap_or_default();
            let size = usize::from_str_radix(size.trim(), 16)
                .map_err(|_| HttpError::Malformed(format!("chunk size {line:?}")))?;
            body.extend_from_slice(&self.take(size).await?);
            self.line().await?;
            if size == 0 {
                return Ok(body.freeze());
            }
        }
    }

    async fn line(&mut self) -> Result<String, HttpError> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|two| two == b"\r\n") {
                let line = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
                self.buffer.advance(end + 2);
                return Ok(line);
            }
            self.fill().await?;
        }
    }

    async fn take(&mut self, length: usize) -> Result<Bytes, HttpError> {
        while self.buffer.len() < length {
            self.fill().await?;
        }
        Ok(self.buffer.split_to(length).freeze())
    }

    async fn fill(&mut self) -> Result<(), HttpError> {
        match self.stream.read_buf(&mut self.buffer).await {
            Ok(0) => Err(HttpError::Broken(ErrorKind::UnexpectedEof.into())),
            Ok(_) => Ok(()),
            Err(error) => Err(HttpError::Broken(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_scanned_once_it_is_whole() {
        let text = b"HTTP/1.1 201 Created\r\nContent-LENGTH: 12\r\nconnection: close\r\n\r\nbody";
        for end in 0..text.len() - 4 {
            assert!(scan_head(&text[..end]).expect("not malformed").is_none(), "{end}");
        }
        let head = scan_head(text).expect("not malformed").expect("whole");
        assert_eq!(
            head,
            Head { status: 201, length: text.len() - 4, body: Body::Length(12), close: true }
        );
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for text in [
            "SSH-2.0-x\r\n\r\n",
            "HTTP/1.1 abc\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        ] {
            assert!(scan_head(text.as_bytes()).is_err(), "{text}");
        }
        assert!(scan_head(&vec![b'x'; MAX_HEAD + 1]).is_err());
    }

    #[tokio::test]
    async fn chunks_are_joined_and_the_connection_is_kept() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let address = listener.local_addr().expect("bound");
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("accepts");
            let answer = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno";
            stream.write_all(answer).await.expect("writes");
        });
        let mut connection =
            Connection::open(address, Duration::from_secs(5)).await.expect("connects");
        let first = connection.receive().await.expect("first answer");
        assert_eq!((first.status, first.text().as_str()), (200, "abcde"));
        assert!(connection.usable());
        let second = connection.receive().await.expect("second answer");
        assert_eq!(
            (second.status, second.text().as_str(), second.header("content-length")),
            (404, "no", Some("2"))
        );
        server.await.expect("served");
        assert!(connection.closed_by_server().await);
    }
}
