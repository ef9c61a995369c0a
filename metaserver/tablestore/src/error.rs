//! What the service answers instead of doing what it was asked: codes, their HTTP statuses, and
//! whether trying again can help. Sources: Alibaba Cloud's documentation, "Error codes", and the
//! retry policies of the official SDKs (Python 6.4.8 `retry.py`, Java 5.17.10
//! `DefaultRetryStrategy`).

use std::fmt;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal, $status:literal;)+) => {
        /// An error's code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $($(#[doc = $doc])+ $name,)+
            /// A code that this program does not know; the text is in [`ServiceError::raw_code`].
            Other,
        }

        impl ErrorCode {
            /// The code with this text.
            #[must_use]
            pub fn from_text(text: &str) -> Self {
                match text {
                    $($text => Self::$name,)+
                    _ => Self::Other,
                }
            }

            /// Its text; empty for [`ErrorCode::Other`].
            #[must_use]
            pub fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                    Self::Other => "",
                }
            }

            /// The HTTP status that goes with it.
            #[must_use]
            pub fn status(self) -> u16 {
                match self {
                    $(Self::$name => $status,)+
                    Self::Other => 500,
                }
            }
        }
    };
}

codes! {
    /// Who asks is not known, or may not, or the signature, date or MD5 is wrong.
    AuthFailed = "OTSAuthFailed", 403;
    /// Who asks is known but may not.
    NoPermissionAccess = "OTSNoPermissionAccess", 403;
    /// The request is larger than the service takes.
    RequestBodyTooLarge = "OTSRequestBodyTooLarge", 413;
    /// The request took too long to arrive.
    RequestTimeout = "OTSRequestTimeout", 408;
    /// Only POST is served.
    MethodNotAllowed = "OTSMethodNotAllowed", 405;
    /// Something in the request is wrong.
    ParameterInvalid = "OTSParameterInvalid", 400;
    /// The key is not one of this table.
    InvalidPk = "OTSInvalidPK", 400;
    /// A row with too many attributes.
    OutOfColumnCountLimit = "OTSOutOfColumnCountLimit", 400;
    /// A row that is too large.
    OutOfRowSizeLimit = "OTSOutOfRowSizeLimit", 400;
    /// The operation is not allowed on this table.
    UnsupportOperation = "OTSUnsupportOperation", 403;
    /// The condition does not hold.
    ConditionCheckFail = "OTSConditionCheckFail", 403;
    /// Too many tables, or table operations too often.
    QuotaExhausted = "OTSQuotaExhausted", 403;
    /// The table's reserved throughput is used up.
    NotEnoughCapacityUnit = "OTSNotEnoughCapacityUnit", 403;
    /// The instance's throughput is used up.
    CapacityUnitExhausted = "OTSCapacityUnitExhausted", 403;
    /// The reserved throughput was changed too recently.
    TooFrequentReservedThroughputAdjustment = "OTSTooFrequentReservedThroughputAdjustment", 403;
    /// No such table.
    ObjectNotExist = "OTSObjectNotExist", 404;
    /// The table has only just been made.
    TableNotReady = "OTSTableNotReady", 404;
    /// No such transaction (any more).
    SessionNotExist = "OTSSessionNotExist", 404;
    /// The table exists.
    ObjectAlreadyExist = "OTSObjectAlreadyExist", 409;
    /// Another request is writing the same row, or a transaction holds it.
    RowOperationConflict = "OTSRowOperationConflict", 409;
    /// Another operation is under way on the same thing.
    OperationConflict = "OTSOperationConflict", 409;
    /// Something is wrong in the service.
    InternalServerError = "OTSInternalServerError", 500;
    /// The service has too much to do.
    ServerBusy = "OTSServerBusy", 503;
    /// Requests are being held back.
    OperationThrottled = "OTSOperationThrottled", 503;
    /// A partition is moving.
    PartitionUnavailable = "OTSPartitionUnavailable", 503;
    /// The service did not manage in time; what was asked may have been done, or be done yet.
    Timeout = "OTSTimeout", 503;
    /// A server of the service is not reachable.
    ServerUnavailable = "OTSServerUnavailable", 503;
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text())
    }
}

/// Whether trying again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// It fails again.
    Never,
    /// Nothing was done: trying again is safe.
    Always {
        /// The service is asking for less: wait longer.
        throttled: bool,
    },
    /// It may have been done: trying again is safe only if doing it twice is.
    IfIdempotent,
}

/// Text of the one [`ErrorCode::QuotaExhausted`] that passes.
const TOO_FREQUENT: &str = "Too frequent table operations.";

impl Retry {
    /// What an error with this code means for another try. `status`: of the whole answer; for a row of
    /// a batch, the code's own.
    #[must_use]
    pub fn of(code: ErrorCode, message: &str, status: u16) -> Self {
        match code {
            ErrorCode::ServerBusy
            | ErrorCode::NotEnoughCapacityUnit
            | ErrorCode::OperationThrottled => Self::Always { throttled: true },
            ErrorCode::QuotaExhausted if message.trim_end() == TOO_FREQUENT => {
                Self::Always { throttled: true }
            }
            ErrorCode::RowOperationConflict
            | ErrorCode::OperationConflict
            | ErrorCode::TableNotReady
            | ErrorCode::PartitionUnavailable => Self::Always { throttled: false },
            ErrorCode::Timeout | ErrorCode::InternalServerError | ErrorCode::ServerUnavailable => {
                Self::IfIdempotent
            }
            ErrorCode::Other if (500..=599).contains(&status) => Self::IfIdempotent,
            _ => Self::Never,
        }
    }
}

/// An error that the service answered, for a request or for a row of a batch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{raw_code} ({status}): {message} [request {request_id}]")]
pub struct ServiceError {
    /// The code.
    pub code: ErrorCode,
    /// The code as it was answered.
    pub raw_code: String,
    /// Text for people.
    pub message: String,
    /// The HTTP status; for a row of a batch, the one that goes with its code.
    pub status: u16,
    /// The service's name for the request; empty if it gave none.
    pub request_id: String,
}

impl ServiceError {
    /// Whether trying again can help.
    #[must_use]
    pub fn retry(&self) -> Retry {
        Retry::of(self.code, &self.message, self.status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_one_text() {
        let code = ErrorCode::from_text("OTSConditionCheckFail");
        assert_eq!((code, code.text()), (ErrorCode::ConditionCheckFail, "OTSConditionCheckFail"));
        assert_eq!(ErrorCode::from_text("OTSNew"), ErrorCode::Other);
    }

    #[test]
    fn retries_follow_the_official_policies() {
        let of = |text: &str, message: &str| {
            let code = ErrorCode::from_text(text);
            Retry::of(code, message, code.status())
        };
        assert_eq!(of("OTSServerBusy", ""), Retry::Always { throttled: true });
        assert_eq!(of("OTSRowOperationConflict", ""), Retry::Always { throttled: false });
        assert_eq!(of("OTSTimeout", ""), Retry::IfIdempotent);
        assert_eq!(of("OTSQuotaExhausted", TOO_FREQUENT), Retry::Always { throttled: true });
        assert_eq!(of("OTSQuotaExhausted", "Too many tables."), Retry::Never);
        assert_eq!(of("OTSConditionCheckFail", ""), Retry::Never);
        assert_eq!(of("OTSNew", ""), Retry::IfIdempotent);
        assert_eq!(Retry::of(ErrorCode::Other, "", 418), Retry::Never);
    }
}
