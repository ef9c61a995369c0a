//! What a client is told.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::credentials::CredentialsProvider;
use crate::observe::{NoObserver, Observer};
use crate::retry::RetryPolicy;
use crate::sign::SignatureVersion;
use crate::transport::HttpSettings;

/// Tells the time of day: for the date in requests and answers. Pauses and timeouts go by tokio's
/// clock.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The endpoint is no address.
    #[error("the endpoint {0:?} is not http://host or https://host")]
    Endpoint(String),
    /// The instance has no name, or one that cannot be.
    #[error("the instance's name {0:?} is not of letters, digits and '-'")]
    Instance(String),
    /// HTTP cannot be prepared (a certificate, say).
    #[error("HTTP cannot be prepared: {0}")]
    Http(#[from] reqwest::Error),
}

/// What a client is told. Made by [`Config::new`]; the fields may be changed before it is used.
#[derive(Clone)]
pub struct Config {
    /// The service's address: `https://instance.region.ots.aliyuncs.com`.
    pub endpoint: String,
    /// The instance.
    pub instance: String,
    /// Who asks.
    pub credentials: Arc<dyn CredentialsProvider>,
    /// How requests are signed.
    pub signature: SignatureVersion,
    /// Time of one attempt.
    pub attempt_timeout: Duration,
    /// When and how often there is another.
    pub retry: RetryPolicy,
    /// Bodies of at least so many bytes are compressed; `None`: never.
    pub compress_requests_from: Option<usize>,
    /// Whether answers may be compressed.
    pub compress_responses: bool,
    /// Connections.
    pub http: HttpSettings,
    /// Who is told of the work.
    pub observer: Arc<dyn Observer>,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
}

impl Config {
    /// Signature v2, 30 s for an attempt, the default retries, no compression.
    pub fn new(
        endpoint: impl Into<String>,
        instance: impl Into<String>,
        credentials: impl CredentialsProvider,
    ) -> Self {
        Self {
            endpoint: endpoint.into(),
            instance: instance.into(),
            credentials: Arc::new(credentials),
            signature: SignatureVersion::V2,
            attempt_timeout: Duration::from_secs(30),
            retry: RetryPolicy::default(),
            compress_requests_from: None,
            compress_responses: false,
            http: HttpSettings::default(),
            observer: Arc::new(NoObserver),
            clock: Arc::new(SystemClock),
        }
    }

    /// Looks the names over, and takes slashes off the end of the endpoint.
    pub(crate) fn checked(mut self) -> Result<Self, ConfigError> {
        let trimmed = self.endpoint.trim().trim_end_matches('/').to_owned();
        let uri: Option<http::Uri> = trimmed.parse().ok();
        let usable = uri.is_some_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.host().is_some_and(|host| !host.is_empty())
                && uri.path() == "/"
                && uri.query().is_none()
        });
        if !usable {
            return Err(ConfigError::Endpoint(self.endpoint));
        }
        let name = &self.instance;
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(ConfigError::Instance(self.instance));
        }
        self.endpoint = trimmed;
        Ok(self)
    }
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("endpoint", &self.endpoint)
            .field("instance", &self.instance)
            .field("signature", &self.signature)
            .finish_non_exhaustive()
    }
}
