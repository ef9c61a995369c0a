//! Errors as the service answers them: an HTTP status, a code and a message. Owned here; every
//! operation returns them. Wordings: Tablestore's page of error codes, and the makers' own tests
//! where these say more.

use std::borrow::Cow;
use std::fmt::Display;

/// An error answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{status} {code}: {message}")]
pub struct OtsError {
    /// HTTP status.
    pub status: u16,
    /// For example `OTSParameterInvalid`.
    pub code: &'static str,
    /// For a person.
    pub message: Cow<'static, str>,
}

/// What an operation gives.
pub type Result<T> = std::result::Result<T, OtsError>;

impl OtsError {
    /// Any other error.
    pub const fn fixed(status: u16, code: &'static str, message: &'static str) -> Self {
        Self { status, code, message: Cow::Borrowed(message) }
    }

    fn of(status: u16, code: &'static str, message: String) -> Self {
        Self { status, code, message: Cow::Owned(message) }
    }

    /// 400 OTSParameterInvalid.
    pub fn parameter(message: impl Into<Cow<'static, str>>) -> Self {
        Self { status: 400, code: "OTSParameterInvalid", message: message.into() }
    }

    /// 400 OTSInvalidPK.
    pub fn invalid_pk(message: String) -> Self {
        Self::of(400, "OTSInvalidPK", message)
    }

    /// 403 OTSAuthFailed.
    pub fn auth(message: impl Into<Cow<'static, str>>) -> Self {
        Self { status: 403, code: "OTSAuthFailed", message: message.into() }
    }

    /// A row that the request meant lies elsewhere.
    pub fn out_of_range(message: String) -> Self {
        Self::of(400, "OTSDataOutOfRange", message)
    }

    /// Something broke here; the reason goes to the log only, as in the real service.
    pub fn internal(reason: impl Display) -> Self {
        tracing::error!(%reason, "internal error");
        Self::fixed(500, "OTSInternalServerError", "Internal server error.")
    }
}

/// A condition did not hold.
pub const CONDITION: OtsError =
    OtsError::fixed(403, "OTSConditionCheckFail", "Condition check failed.");
/// No such table.
pub const NO_TABLE: OtsError =
    OtsError::fixed(404, "OTSObjectNotExist", "Requested table does not exist.");
/// The table is there already.
pub const TABLE_EXISTS: OtsError =
    OtsError::fixed(409, "OTSObjectAlreadyExist", "Requested table already exists.");
/// The partition key is locked by a transaction.
pub const CONFLICT: OtsError =
    OtsError::fixed(409, "OTSRowOperationConflict", "Data is being modified by the other request.");
/// No such transaction, or no more.
pub const NO_SESSION: OtsError =
    OtsError::fixed(404, "OTSSessionNotExist", "Session not exist or may be timeout.");
/// Another request of the same transaction is under way.
pub const SESSION_BUSY: OtsError =
    OtsError::fixed(409, "OTSSessionBusy", "Session is busy with another request.");
/// The operation may or may not have been done.
pub const TIMEOUT: OtsError = OtsError::fixed(503, "OTSTimeout", "Operation timeout.");
/// Try again later.
pub const BUSY: OtsError = OtsError::fixed(503, "OTSServerBusy", "Server is busy.");
/// Try again later.
pub const UNAVAILABLE: OtsError =
    OtsError::fixed(503, "OTSServerUnavailable", "Server is not available.");
/// Try again later.
pub const PARTITION: OtsError =
    OtsError::fixed(503, "OTSPartitionUnavailable", "The partition is not available.");
/// Try again later.
pub const NOT_READY: OtsError = OtsError::fixed(404, "OTSTableNotReady", "The table is not ready.");
/// Reserved throughput used up.
pub const CAPACITY: OtsError =
    OtsError::fixed(403, "OTSNotEnoughCapacityUnit", "Remaining capacity unit is not enough.");
/// Too many operations on tables.
pub const TOO_FREQUENT: OtsError =
    OtsError::fixed(403, "OTSQuotaExhausted", "Too frequent table operations.");
