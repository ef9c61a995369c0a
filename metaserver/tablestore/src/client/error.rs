//! Why a request, or a row of a batch, failed, and whether it may have been done all the same.

use crate::credentials::CredentialsError;
use crate::error::{ErrorCode, Retry, ServiceError};
use crate::operation::Operation;
use crate::plain_buffer::PlainBufferError;
use crate::response::ResponseError;
use crate::transport::TransportError;

/// What went wrong in the last attempt, or before there was one.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The service answered an error.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The request is over a limit of the service; nothing was sent.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// The request makes no sense; nothing was sent.
    #[error("{0}")]
    Invalid(&'static str),
    /// There are no credentials; nothing was sent.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// The request or its answer was lost.
    #[error("{0}")]
    Transport(std::sync::Arc<TransportError>),
    /// No answer within the time of one attempt.
    #[error("no answer in time")]
    Timeout,
    /// The answer is not the service's, or damaged.
    #[error(transparent)]
    Response(#[from] ResponseError),
    /// A row of the answer is damaged.
    #[error("a row of the answer: {0}")]
    Row(#[from] PlainBufferError),
    /// The answer has not what it should.
    #[error("the answer {0}")]
    Answer(&'static str),
}

/// A limit of the service that a request is over; see [`crate::limits`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {found} is over the limit of {limit}")]
pub struct LimitError {
    /// What is limited.
    pub what: &'static str,
    /// The limit.
    pub limit: usize,
    /// What there is.
    pub found: usize,
}

/// Why a request, or a row of a batch, failed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{operation}, after {attempts} attempts{}: {kind}", unknown(.earlier_unknown))]
pub struct Error {
    /// What was asked.
    pub operation: Operation,
    /// How often it was sent (or tried to be).
    pub attempts: u32,
    /// An attempt before the last may have taken effect: its outcome was never known.
    pub earlier_unknown: bool,
    /// What went wrong in the last attempt.
    #[source]
    pub kind: ErrorKind,
}

fn unknown(earlier: &bool) -> &'static str {
    if *earlier { " of which an earlier one may have taken effect" } else { "" }
}

impl Error {
    /// One that happened before anything was sent.
    pub(crate) fn before(operation: Operation, kind: impl Into<ErrorKind>) -> Self {
        Self { operation, attempts: 0, earlier_unknown: false, kind: kind.into() }
    }

    /// The service's code, if it answered one.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        if let ErrorKind::Service(error) = &self.kind { Some(error.code) } else { None }
    }

    /// Whether the service said that the condition does not hold. If [`Error::may_have_applied`],
    /// that may be this very request's own doing.
    #[must_use]
    pub fn is_condition_failed(&self) -> bool {
        self.code() == Some(ErrorCode::ConditionCheckFail)
    }

    /// Whether what was asked may have been done, or be done yet, in spite of the error.
    #[must_use]
    pub fn may_have_applied(&self) -> bool {
        self.earlier_unknown || self.kind.is_unknown()
    }
}

impl ErrorKind {
    /// Whether trying again can help.
    pub(crate) fn retry(&self) -> Retry {
        match self {
            Self::Service(error) => error.retry(),
            Self::Transport(error) => match error.as_ref() {
                TransportError::NotSent(_) => Retry::Always { throttled: false },
                TransportError::NoAnswer(_) => Retry::IfIdempotent,
                TransportError::TooLarge { .. } => Retry::Never,
            },
            // A provider may be in the middle of a change.
            Self::Credentials(_) => Retry::Always { throttled: false },
            Self::Timeout | Self::Response(_) => Retry::IfIdempotent,
            Self::Limit(_) | Self::Invalid(_) | Self::Row(_) | Self::Answer(_) => Retry::Never,
        }
    }

    /// Whether the attempt that ended so may have taken effect.
    pub(crate) fn is_unknown(&self) -> bool {
        match self {
            Self::Service(error) => error.retry() == Retry::IfIdempotent,
            Self::Transport(error) => !matches!(error.as_ref(), TransportError::NotSent(_)),
            Self::Timeout | Self::Response(_) | Self::Row(_) | Self::Answer(_) => true,
            Self::Limit(_) | Self::Invalid(_) | Self::Credentials(_) => false,
        }
    }
}
