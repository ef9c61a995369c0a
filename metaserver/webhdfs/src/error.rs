//! Refusals as WebHDFS words them: a Java exception class, its message and the HTTP status of
//! `org.apache.hadoop.hdfs.web.resources.ExceptionHandler`.

use http::StatusCode;
use metafs_namespace::{ErrorKind, FsError};

use crate::json;

/// What goes back instead of a result.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    class: &'static str,
    message: String,
    /// The namespace's kind, if it came from there.
    pub(crate) kind: Option<ErrorKind>,
}

impl Refusal {
    fn new(status: StatusCode, class: &'static str, message: String) -> Self {
        Self { status, class, message, kind: None }
    }

    /// `java.lang.IllegalArgumentException`.
    pub(crate) fn illegal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "java.lang.IllegalArgumentException", message.into())
    }

    /// A parameter's value that does not parse, as Hadoop's `ParamException` reads.
    pub(crate) fn parameter(name: &str, reason: impl std::fmt::Display) -> Self {
        Self::illegal(format!("Invalid value for webhdfs parameter \"{name}\": {reason}"))
    }

    /// `java.lang.UnsupportedOperationException`.
    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        FsError::new(ErrorKind::Unsupported, message).into()
    }

    /// `java.io.IOException`.
    pub(crate) fn io(message: impl Into<String>) -> Self {
        FsError::new(ErrorKind::Io, message).into()
    }

    /// `org.apache.hadoop.security.authorize.AuthorizationException`.
    pub(crate) fn authorization(message: impl Into<String>) -> Self {
        const CLASS: &str = "org.apache.hadoop.security.authorize.AuthorizationException";
        Self::new(StatusCode::FORBIDDEN, CLASS, message.into())
    }

    /// A method that WebHDFS does not have.
    pub(crate) fn method(message: impl Into<String>) -> Self {
        Self { status: StatusCode::METHOD_NOT_ALLOWED, ..Self::unsupported(message) }
    }

    /// More connections than the limit: RetriableException, so that a Hadoop client backs off.
    pub(crate) fn busy(message: impl Into<String>) -> Self {
        let busy = FsError::new(ErrorKind::Retriable, message);
        Self { status: StatusCode::SERVICE_UNAVAILABLE, ..busy.into() }
    }

    /// The HTTP status.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// The JSON document, `{"RemoteException":{...}}`.
    pub(crate) fn document(&self) -> Vec<u8> {
        let simple = self.class.rsplit(['.', '$']).next().unwrap_or(self.class);
        json::remote_exception(simple, self.class, &self.message)
    }

    /// The message.
    #[cfg(test)]
    pub(crate) fn message(&self) -> &str {
        &self.message
    }
}

impl From<FsError> for Refusal {
    fn from(error: FsError) -> Self {
        Self {
            status: status_of(error.kind),
            class: error.kind.java_class(),
            message: error.message,
            kind: Some(error.kind),
        }
    }
}

/// FileNotFoundException is 404, other IOExceptions are 403, IllegalArgumentException (of which
/// InvalidPathException is one) and UnsupportedOperationException are 400.
fn status_of(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::FileNotFound => StatusCode::NOT_FOUND,
        ErrorKind::InvalidPath
        | ErrorKind::HadoopIllegalArgument
        | ErrorKind::IllegalArgument
        | ErrorKind::Unsupported => StatusCode::BAD_REQUEST,
        _ => StatusCode::FORBIDDEN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remote_exception_has_hadoops_form() {
        let refusal: Refusal =
            FsError::new(ErrorKind::PathComponentTooLong, "too \"long\"\n").into();
        assert_eq!(refusal.status(), StatusCode::FORBIDDEN);
        assert_eq!(
            String::from_utf8(refusal.document()).unwrap(),
            "{\"RemoteException\":{\"exception\":\"PathComponentTooLongException\",\
             \"javaClassName\":\"org.apache.hadoop.hdfs.protocol.FSLimitException\
             $PathComponentTooLongException\",\"message\":\"too \\\"long\\\"\\n\"}}"
        );
    }

    #[test]
    fn statuses_are_those_of_the_exception_handler() {
        for (kind, status) in [
            (ErrorKind::FileNotFound, 404),
            (ErrorKind::AccessControl, 403),
            (ErrorKind::Standby, 403),
            (ErrorKind::Retriable, 403),
            (ErrorKind::InvalidPath, 400),
            (ErrorKind::Unsupported, 400),
        ] {
            assert_eq!(Refusal::from(FsError::new(kind, "x")).status().as_u16(), status);
        }
        assert_eq!(Refusal::busy("x").status().as_u16(), 503);
        assert_eq!(
            Refusal::parameter("op", "X is not a valid GET operation.").message(),
            "Invalid value for webhdfs parameter \"op\": X is not a valid GET operation."
        );
    }
}
