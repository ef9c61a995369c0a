//! How a request reaches the service: one function, so that tests can put faults, or a server in the
//! same process, under the real client. [`HttpTransport`] is the real one.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::future::BoxFuture;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The request did not leave: nothing can have been done.
    #[error("the request was not sent: {}", Causes(.0.as_ref()))]
    NotSent(Box<dyn Error + Send + Sync>),
    /// The request may have arrived: it may have been done, or be done yet.
    #[error("no answer: {}", Causes(.0.as_ref()))]
    NoAnswer(Box<dyn Error + Send + Sync>),
    /// The answer is larger than the client takes.
    #[error("the answer has more than {limit} bytes")]
    TooLarge {
        /// What it takes.
        limit: usize,
    },
}

/// An error with those that caused it: the outermost of HTTP's does not say what a person can mend.
struct Causes<'a>(&'a (dyn Error + 'static));

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut error = self.0;
        while let Some(cause) = error.source() {
            write!(f, ": {cause}")?;
            error = cause;
        }
        Ok(())
    }
}

/// Carries one request to the service and its answer back. No retries, no signatures, no limit of
/// time: those are the client's.
pub trait Transport: Send + Sync + 'static {
    /// Sends a request and waits for the whole answer. Dropping the future gives the request up.
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>>;
}

/// Settings of [`HttpTransport`].
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// A connection must be there within this time.
    pub connect_timeout: Duration,
    /// Idle connections that are kept.
    pub idle_connections: usize,
    /// How long they are kept.
    pub idle_timeout: Duration,
    /// Bytes of an answer that are taken.
    pub max_response: usize,
    /// Certificates (PEM) that are trusted beside the system's; for HTTPS.
    pub root_certificates: Vec<Bytes>,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            idle_connections: 64,
            idle_timeout: Duration::from_secs(60),
            max_response: 64 << 20,
            root_certificates: Vec::new(),
        }
    }
}

/// HTTP and HTTPS with a pool of connections.
#[derive(Clone, Debug)]
pub struct HttpTransport {
    client: reqwest::Client,
    max_response: usize,
}

impl HttpTransport {
    /// Prepares; connects to nobody yet.
    pub fn new(settings: &HttpSettings) -> Result<Self, reqwest::Error> {
        let mut builder = reqwest::Client::builder()
            .connect_timeout(settings.connect_timeout)
            .pool_max_idle_per_host(settings.idle_connections)
            .pool_idle_timeout(settings.idle_timeout)
            .tcp_nodelay(true)
            .redirect(reqwest::redirect::Policy::none())
            .http1_only();
        for certificate in &settings.root_certificates {
            builder = builder.add_root_certificate(reqwest::Certificate::from_pem(certificate)?);
        }
        Ok(Self { client: builder.build()?, max_response: settings.max_response })
    }

    async fn exchange(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let request =
            reqwest::Request::try_from(request).map_err(|e| TransportError::NotSent(e.into()))?;
        let answer = self.client.execute(request).await.map_err(sending)?;
        let mut response = http::Response::new(Bytes::new());
        *response.status_mut() = answer.status();
        response.headers_mut().clone_from(answer.headers());
        *response.body_mut() = self.body(answer).await?;
        Ok(response)
    }

    async fn body(&self, mut answer: reqwest::Response) -> Result<Bytes, TransportError> {
        let limit = self.max_response;
        let announced = answer.content_length().unwrap_or(0);
        let announced = usize::try_from(announced).unwrap_or(usize::MAX);
        bounded(announced, limit)?;
        let no_answer = |e: reqwest::Error| TransportError::NoAnswer(e.without_url().into());
        let Some(first) = answer.chunk().await.map_err(no_answer)? else {
            return Ok(Bytes::new());
        };
        // Small answers come in one piece, which is the body then.
        let Some(second) = answer.chunk().await.map_err(no_answer)? else {
            return bounded(first.len(), limit).map(|()| first);
        };
        let mut body = BytesMut::with_capacity(announced.max(first.len() + second.len()));
        body.extend_from_slice(&first);
        let mut next = Some(second);
        while let Some(chunk) = next {
            bounded(body.len() + chunk.len(), limit)?;
            body.extend_from_slice(&chunk);
            next = answer.chunk().await.map_err(no_answer)?;
        }
        Ok(body.freeze())
    }
}

fn bounded(length: usize, limit: usize) -> Result<(), TransportError> {
    if length > limit { Err(TransportError::TooLarge { limit }) } else { Ok(()) }
}

/// Only a connection that never came to be is known not to have carried the request.
fn sending(error: reqwest::Error) -> TransportError {
    let unsent = error.is_connect() || error.is_builder();
    let error = error.without_url().into();
    if unsent { TransportError::NotSent(error) } else { TransportError::NoAnswer(error) }
}

impl Transport for HttpTransport {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        Box::pin(self.exchange(request))
    }
}
