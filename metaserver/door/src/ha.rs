//! High availability as Hadoop's clients and `haadmin` know it (`HAServiceProtocol`).

use std::fmt;
use std::future::Future;

use metafs_namespace::FsError;

/// What a server is to clients (`HAServiceState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HaState {
    /// No member of a formed cluster yet.
    Initializing,
    /// Leads, its term confirmed: answers everything.
    Active,
    /// Sends its clients on.
    Standby,
    /// Answers reads that are not ahead of it.
    Observer,
}

impl HaState {
    /// Hadoop's word for it.
    pub fn name(self) -> &'static str {
        match self {
            HaState::Initializing => "initializing",
            HaState::Active => "active",
            HaState::Standby => "standby",
            HaState::Observer => "observer",
        }
    }
}

impl fmt::Display for HaState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a transition did not happen, or a server is not well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HaError {
    /// `org.apache.hadoop.ha.ServiceFailedException`.
    Failed(String),
    /// `org.apache.hadoop.ha.HealthCheckFailedException`.
    Unhealthy(String),
    /// The request is refused.
    Refused(FsError),
}

/// The server's part in the cluster, for `HAServiceProtocol`.
pub trait HaService: Send + Sync + 'static {
    /// Why it could not become active now; `None`: it could.
    fn not_ready_reason(&self) -> Option<String>;

    /// Whether it is well, whatever its state.
    ///
    /// # Errors
    /// [`HaError::Unhealthy`].
    fn health(&self) -> Result<(), HaError>;

    /// Makes this server `to`. `forced`: although something else manages the roles
    /// (`haadmin -forcemanual`).
    ///
    /// # Errors
    /// Refused, or it did not come about.
    fn transition(
        &self,
        to: HaState,
        forced: bool,
    ) -> impl Future<Output = Result<(), HaError>> + Send;
}
