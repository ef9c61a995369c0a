//! One request, decoded: the operation, who asks, the path; and what comes of it.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use http::{HeaderMap, Response, StatusCode, Uri};
use metafs_namespace::{Caller, FsError, Settings, path};

use crate::body::Body;
use crate::door::Door;
use crate::error::Refusal;
use crate::ops::Op;
use crate::params::{Params, decode};
use metafs_door::{Backend, Freshness};

/// The prefix of every WebHDFS URL.
pub(crate) const PREFIX: &str = "/webhdfs/v1";

/// Who a request without `user.name` is: hadoop.http.staticuser.user.
const DEFAULT_USER: &str = "dr.who";

/// The two ends of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    /// The client.
    pub(crate) peer: SocketAddr,
    /// This server.
    pub(crate) local: SocketAddr,
}

/// A decoded request.
pub(crate) struct Call<'a, B> {
    pub(crate) door: &'a Arc<Door<B>>,
    pub(crate) op: Op,
    pub(crate) params: Params<'a>,
    /// The path, normal.
    pub(crate) path: String,
    pub(crate) uri: &'a Uri,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) ends: Ends,
    pub(crate) caller: Caller,
    pub(crate) settings: Arc<Settings>,
}

impl<'a, B: Backend> Call<'a, B> {
    /// Reads everything but the operation's own parameters.
    pub(crate) fn read(
        door: &'a Arc<Door<B>>,
        op: Op,
        params: Params<'a>,
        uri: &'a Uri,
        headers: &'a HeaderMap,
        ends: Ends,
    ) -> Result<Self, Refusal> {
        let path = path_of(op, uri)?;
        let user = params.user()?.unwrap_or(DEFAULT_USER);
        if let Some(other) = params.get("doas").filter(|other| *other != user) {
            // What HDFS says to who is no proxy user; there are none here.
            return Err(Refusal::authorization(format!(
                "User: {user} is not allowed to impersonate {other}"
            )));
        }
        let settings = door.backend.settings()?;
        let caller = settings.caller(user);
        Ok(Self { door, op, params, path, uri, headers, ends, caller, settings })
    }

    /// The backend.
    pub(crate) fn backend(&self) -> &B {
        &self.door.backend
    }

    /// A parameter that the operation cannot do without.
    pub(crate) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.params.required(name, self.op.name())
    }

    /// Waits until this server knows that it may answer, as every READ of HDFS does.
    pub(crate) async fn barrier(&self) -> Result<(), FsError> {
        self.backend().query(Freshness::Linearizable, |_| Ok(())).await
    }
}

/// The normal path in `uri`.
fn path_of(op: Op, uri: &Uri) -> Result<String, Refusal> {
    let rest = uri.path().strip_prefix(PREFIX).unwrap_or_default();
    let decoded = decode(if rest.is_empty() { "/" } else { rest }, false)?;
    Ok(match op {
        // Those that HDFS sends on to a DataNode (`redirectURI`).
        Op::Create | Op::Open | Op::Append | Op::GetFileChecksum => path::normalize_file(&decoded)?,
        Op::Mkdirs => path::normalize_new(&decoded)?,
        _ => path::normalize(&decoded)?,
    })
}

/// What goes back.
pub(crate) enum Answer {
    /// A JSON document.
    Json(Vec<u8>),
    /// 200 and nothing else.
    Nothing,
    /// A file's bytes.
    Content(Bytes),
    /// A JSON document in parts.
    Parts(Body),
    /// 201.
    Created(String),
    /// 307 to the same operation with its data.
    Redirect(String),
}

impl Answer {
    /// As an HTTP response.
    pub(crate) fn into_response(self) -> Response<Body> {
        const JSON: HeaderValue = HeaderValue::from_static("application/json");
        const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");
        let (status, kind, location, body) = match self {
            Self::Json(json) => (StatusCode::OK, JSON, None, Body::full(json)),
            Self::Nothing => (StatusCode::OK, OCTETS, None, Body::full(Bytes::new())),
            Self::Content(bytes) => (StatusCode::OK, OCTETS, None, Body::full(bytes)),
            Self::Parts(parts) => (StatusCode::OK, JSON, None, parts),
            Self::Created(uri) => {
                (StatusCode::CREATED, OCTETS, Some(uri), Body::full(Bytes::new()))
            }
            Self::Redirect(uri) => {
                (StatusCode::TEMPORARY_REDIRECT, OCTETS, Some(uri), Body::full(Bytes::new()))
            }
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, kind);
        // A location is made of a checked authority and percent-encoded text.
        if let Some(location) = location.and_then(|uri| HeaderValue::try_from(uri).ok()) {
            response.headers_mut().insert(LOCATION, location);
        }
        response
    }
}

/// An answer and what the audit log says of it.
pub(crate) struct Outcome {
    pub(crate) answer: Answer,
    /// False if the audit log shall say so although there is an answer.
    pub(crate) allowed: bool,
    /// The second path.
    pub(crate) dst: Option<String>,
    /// Instead of the request's path.
    pub(crate) src: Option<String>,
    /// Options to show.
    pub(crate) options: Option<String>,
    /// Whose owner, group and permission to show.
    pub(crate) status_of: Option<String>,
}

impl Outcome {
    /// An answer about the request's own path.
    pub(crate) fn new(answer: Answer) -> Self {
        Self { answer, allowed: true, dst: None, src: None, options: None, status_of: None }
    }

    /// A JSON document.
    pub(crate) fn json(document: Vec<u8>) -> Self {
        Self::new(Answer::Json(document))
    }

    /// `{"boolean":...}`.
    pub(crate) fn boolean(value: bool) -> Self {
        Self::json(crate::json::single("boolean", &value))
    }

    /// 200 and nothing else.
    pub(crate) fn nothing() -> Self {
        Self::new(Answer::Nothing)
    }

    /// Shows `path`'s owner, group and permission.
    pub(crate) fn showing(mut self, path: &str) -> Self {
        self.status_of = Some(path.to_owned());
        self
    }
}
