//! A client of the admin API: used by the operator and `metactl`. One instance talks to one
//! server; following [`crate::ErrorCode::NotLeader`] is the caller's business.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{
    ApiError, Done, InitRequest, LearnerRequest, LogLevel, NodeId, RoleRequest, Status,
    TransferRequest, VERSION, VERSION_HEADER, VotersRequest,
};

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The server answered, and refused.
    #[error("{address}: {error}")]
    Refused {
        /// Who.
        address: String,
        /// Why.
        error: Box<ApiError>,
    },
    /// Nobody answered, or not in the API's language.
    #[error("{address}: {source}")]
    Transport {
        /// Who was asked.
        address: String,
        /// What went wrong.
        source: reqwest::Error,
    },
}

impl ClientError {
    /// The server's refusal, if it answered.
    pub fn refusal(&self) -> Option<&ApiError> {
        match self {
            ClientError::Refused { address: _, error } => Some(error),
            ClientError::Transport { .. } => None,
        }
    }
}

/// A client for the server at one address.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    address: String,
    key: String,
}

impl Client {
    /// A client for `address` (`host:port`), with the cluster's key and a bound on each call.
    ///
    /// # Errors
    /// The HTTP client could not be set up.
    pub fn new(
        address: impl Into<String>,
        key: impl Into<String>,
        timeout: Duration,
    ) -> Result<Self, ClientError> {
        let address = address.into();
        // No proxy: members are reached directly, whatever the environment says.
        let http = reqwest::Client::builder()
            .connect_timeout(timeout)
            .timeout(timeout)
            .no_proxy()
            .build()
            .map_err(|source| ClientError::Transport { address: address.clone(), source })?;
        Ok(Self { http, address, key: key.into() })
    }

    /// The address it talks to.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What the member says of itself.
    ///
    /// # Errors
    /// See [`ClientError`]; so for all calls below.
    pub async fn status(&self) -> Result<Status, ClientError> {
        self.call(reqwest::Method::GET, "/v1/status", None::<&()>).await
    }

    /// Forms a cluster.
    pub async fn init(&self, request: &InitRequest) -> Result<Done, ClientError> {
        self.call(reqwest::Method::POST, "/v1/init", Some(request)).await
    }

    /// Adds a learner.
    pub async fn add_learner(&self, request: &LearnerRequest) -> Result<Done, ClientError> {
        self.call(reqwest::Method::POST, "/v1/learners", Some(request)).await
    }

    /// Changes the voters.
    pub async fn set_voters(&self, request: &VotersRequest) -> Result<Done, ClientError> {
        self.call(reqwest::Method::PUT, "/v1/voters", Some(request)).await
    }

    /// Removes a member, voter or learner.
    pub async fn remove_member(&self, node: NodeId) -> Result<Done, ClientError> {
        self.call(reqwest::Method::DELETE, &format!("/v1/members/{node}"), None::<&()>).await
    }

    /// Hands leadership over.
    pub async fn transfer_leader(&self, request: &TransferRequest) -> Result<Done, ClientError> {
        self.call(reqwest::Method::POST, "/v1/transfer-leader", Some(request)).await
    }

    /// Replaces the replicated settings.
    pub async fn put_settings(
        &self,
        settings: &metafs_namespace::Settings,
    ) -> Result<Done, ClientError> {
        self.call(reqwest::Method::PUT, "/v1/settings", Some(settings)).await
    }

    /// The replicated settings in force there.
    pub async fn settings(&self) -> Result<metafs_namespace::Settings, ClientError> {
        self.call(reqwest::Method::GET, "/v1/settings", None::<&()>).await
    }

    /// Forces a role on a member, or gives back its declared one.
    pub async fn set_role(&self, name: &str, request: &RoleRequest) -> Result<Done, ClientError> {
        self.call(reqwest::Method::PUT, &format!("/v1/roles/{name}"), Some(request)).await
    }

    /// Gives all members back the roles that the settings declare.
    pub async fn restore_roles(&self) -> Result<Done, ClientError> {
        self.call(reqwest::Method::DELETE, "/v1/roles", None::<&()>).await
    }

    /// The present log filter.
    pub async fn log_level(&self) -> Result<LogLevel, ClientError> {
        self.call(reqwest::Method::GET, "/v1/log-level", None::<&()>).await
    }

    /// Changes the log filter until the next start.
    pub async fn set_log_level(&self, level: &LogLevel) -> Result<LogLevel, ClientError> {
        self.call(reqwest::Method::PUT, "/v1/log-level", Some(level)).await
    }

    /// Starts an export; the body is the stream.
    pub async fn export(&self) -> Result<reqwest::Response, ClientError> {
        // A long stream: bounded by progress of the connection, not as a whole.
        let request = self
            .request(reqwest::Method::GET, "/v1/export")
            .timeout(Duration::from_secs(24 * 3600));
        self.send(request).await
    }

    /// Sends an import.
    pub async fn import(&self, body: reqwest::Body) -> Result<Done, ClientError> {
        let request = self
            .request(reqwest::Method::POST, "/v1/import")
            .timeout(Duration::from_secs(24 * 3600))
            .body(body);
        let response = self.send(request).await?;
        response.json().await.map_err(|source| self.transport(source))
    }

    fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method, format!("http://{}{path}", self.address))
            .bearer_auth(&self.key)
            .header(VERSION_HEADER, VERSION)
    }

    fn transport(&self, source: reqwest::Error) -> ClientError {
        ClientError::Transport { address: self.address.clone(), source: source.without_url() }
    }

    async fn send(
        &self,
        request: reqwest::RequestBuilder,
    ) -> Result<reqwest::Response, ClientError> {
        let response = request.send().await.map_err(|source| self.transport(source))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let error = response.json().await.map_err(|source| self.transport(source))?;
        let error = Box::new(error);
        Err(ClientError::Refused { address: self.address.clone(), error })
    }

    async fn call<B: Serialize, A: DeserializeOwned>(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Option<&B>,
    ) -> Result<A, ClientError> {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = self.send(request).await?;
        response.json().await.map_err(|source| self.transport(source))
    }
}
