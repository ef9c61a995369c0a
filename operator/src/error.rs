//! Why a pass over a resource failed. What a user must mend becomes a condition instead
//! ([`crate::decide::Reason`]); these are retried with growing delays.

use metafs_admin_api::ErrorCode;

/// A failed pass.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A request to Kubernetes failed.
    #[error("{what}: {source}")]
    Kubernetes {
        /// The request.
        what: String,
        /// Why.
        source: Box<kube::Error>,
    },
    /// An object lacks what Kubernetes always sets.
    #[error("{object} has no {field}")]
    Incomplete {
        /// The object.
        object: String,
        /// What it lacks.
        field: &'static str,
    },
    /// A member's admin API could not be called.
    #[error("admin API: {0}")]
    Admin(#[from] metafs_admin_api::ClientError),
    /// An object could not be written as JSON or YAML.
    #[error("serialising {what}: {message}")]
    Serialise {
        /// The object.
        what: &'static str,
        /// Why.
        message: String,
    },
    /// The pass took longer than it may.
    #[error("the pass took longer than {0:?}")]
    Timeout(std::time::Duration),
}

/// Adds to a result of Kubernetes what was asked for.
pub trait Context<T> {
    /// Says what the request was.
    ///
    /// # Errors
    /// [`Error::Kubernetes`]
    fn context(self, what: impl FnOnce() -> String) -> Result<T, Error>;
}

impl<T> Context<T> for Result<T, kube::Error> {
    fn context(self, what: impl FnOnce() -> String) -> Result<T, Error> {
        self.map_err(|source| Error::Kubernetes { what: what(), source: Box::new(source) })
    }
}

impl Error {
    /// The API server's answer, if it answered.
    pub fn answer(&self) -> Option<&kube::core::Status> {
        match self {
            Error::Kubernetes { what: _, source } => match source.as_ref() {
                kube::Error::Api(status) => Some(status),
                _ => None,
            },
            _ => None,
        }
    }

    /// Why a leader refuses settings, if it does: not for want of a quorum, nor as it leads no more.
    pub fn refused_settings(&self) -> Option<String> {
        let Error::Admin(error) = self else { return None };
        let refusal = error.refusal()?;
        match refusal.code {
            ErrorCode::Conflict | ErrorCode::BadRequest => Some(refusal.message.clone()),
            ErrorCode::Unauthorized
            | ErrorCode::VersionMismatch
            | ErrorCode::NotLeader
            | ErrorCode::Unavailable
            | ErrorCode::Internal => None,
        }
    }

    /// Whether the same request will fail again until a person changes something.
    pub fn is_permanent(&self) -> bool {
        self.answer().is_some_and(|status| {
            status.is_invalid()
                || status.is_forbidden()
                || matches!(status.code, 400 | 404 | 405 | 413 | 415)
        })
    }
}
