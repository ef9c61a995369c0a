//! One request from its bytes to the bytes of its answer: size, signature, compression, faults, the
//! operation, and the answer's headers as clients verify them.

use std::io::{Read, Write};
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use jiff::Timestamp;
use metafs_tablestore::proto;
use metafs_tablestore::sign::{CONTENT_TYPE, DEFLATE, content_md5, header};
use prost::Message;
use uuid::Uuid;

use super::auth::{self, Caller, check_right};
use super::counters::OperationCounts;
use super::dispatch::{Done, Operation, Request};
use super::faults::{Decision, FaultKind, RowFaults};
use super::{Reply, Service};
use crate::engine::names::REQUEST_BODY;
use crate::error::{OtsError, Result};

/// What GET / says.
const ABOUT: &str = concat!(
    "tablestore-local ",
    env!("CARGO_PKG_VERSION"),
    ": a local imitation of Tablestore for development, tests and demos; not for production.\n"
);

/// Answers of fewer bytes are not compressed.
const COMPRESS_FROM: usize = 1024;

impl Service {
    /// Answers a request. Blocks while the store works.
    pub fn handle(&self, parts: &Parts, body: Bytes) -> Reply {
        let path = parts.uri.path();
        if parts.method == Method::GET && path == "/" {
            return Reply { response: Some(about()), delay: Duration::ZERO };
        }
        let name = path.trim_start_matches('/');
        let mut decision = Decision::default();
        let bytes_in = body.len();
        let (caller, outcome) = self.answer(parts, name, body, &mut decision);
        let cut = matches!(decision.kind, Some(FaultKind::CutBefore | FaultKind::CutAfter));
        let lost = decision.kind == Some(FaultKind::TimeoutAfter) && outcome.is_ok();
        let outcome = if lost { Err(crate::error::TIMEOUT) } else { outcome };
        if let Some(operation) = Operation::of(name) {
            let done = outcome.as_ref().ok();
            let count = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX);
            self.counters.add(
                operation,
                &OperationCounts {
                    requests: 1,
                    errors: u64::from(outcome.is_err()),
                    faults: u64::from(decision.kind.is_some() || !decision.delay.is_zero()),
                    rows_read: done.map_or(0, |done| done.read),
                    rows_written: done.map_or(0, |done| done.written),
                    bytes_in: count(bytes_in),
                    bytes_out: count(done.map_or(0, |done| done.body.len())),
                },
            );
        }
        if cut {
            return Reply { response: None, delay: decision.delay };
        }
        let damaged = decision.kind == Some(FaultKind::DamagedAnswer);
        let mut response = respond(name, &parts.headers, caller.as_ref(), outcome, self.now());
        if damaged {
            damage(response.body_mut());
        }
        Reply { response: Some(response), delay: decision.delay }
    }

    fn answer<'s>(
        &'s self,
        parts: &Parts,
        name: &str,
        body: Bytes,
        decision: &mut Decision,
    ) -> (Option<Caller<'s>>, Result<Done>) {
        if parts.method != Method::POST {
            return (
                None,
                Err(OtsError::fixed(
                    405,
                    "OTSMethodNotAllowed",
                    "Only POST method for requests is supported.",
                )),
            );
        }
        if body.len() > REQUEST_BODY {
            return (None, Err(too_large()));
        }
        let known = match auth::check(&self.settings, name, &parts.headers, &body, self.now()) {
            Ok(known) => known,
            Err(error) => return (None, Err(error)),
        };
        let outcome = match known.refused {
            Some(error) => Err(error),
            None => self.perform(&known.caller, parts, name, body, decision),
        };
        (Some(known.caller), outcome)
    }

    fn perform(
        &self,
        caller: &Caller<'_>,
        parts: &Parts,
        name: &str,
        body: Bytes,
        decision: &mut Decision,
    ) -> Result<Done> {
        let operation = Operation::of(name)
            .ok_or_else(|| OtsError::parameter(format!("Unsupported operation: {name}.")))?;
        check_right(caller.key, operation.writes())?;
        let request = Request::read(operation, inflate(&parts.headers, body)?)?;
        *decision = self.faults.decide(operation, &request.tables());
        if decision.kind == Some(FaultKind::CutBefore) {
            return Err(crate::error::UNAVAILABLE);
        }
        if let Some(error) = decision.refusal() {
            return Err(error);
        }
        let rows: &RowFaults = &decision.rows;
        self.execute(caller, &request, rows)
    }
}

fn too_large() -> OtsError {
    OtsError::fixed(413, "OTSRequestBodyTooLarge", "The size of POST data is too large.")
}

/// The body as it was before the client compressed it.
fn inflate(headers: &HeaderMap, body: Bytes) -> Result<Bytes> {
    let Some(kind) = headers.get(header::REQUEST_COMPRESS_TYPE) else { return Ok(body) };
    if !kind.as_bytes().eq_ignore_ascii_case(DEFLATE.as_bytes()) {
        return Err(OtsError::parameter("Unsupported compress type."));
    }
    let invalid = || OtsError::parameter("Invalid compressed request body.");
    let size = headers.get(header::REQUEST_COMPRESS_SIZE).and_then(|size| size.to_str().ok());
    let size: usize = size.and_then(|size| size.parse().ok()).ok_or_else(invalid)?;
    if size > REQUEST_BODY {
        return Err(too_large());
    }
    let mut plain = Vec::with_capacity(size);
    let most = u64::try_from(size).unwrap_or(u64::MAX).saturating_add(1);
    ZlibDecoder::new(&*body).take(most).read_to_end(&mut plain).map_err(|_| invalid())?;
    if plain.len() != size {
        return Err(invalid());
    }
    Ok(plain.into())
}

fn respond(
    operation: &str,
    asked: &HeaderMap,
    caller: Option<&Caller<'_>>,
    outcome: Result<Done>,
    now: i64,
) -> Response<Bytes> {
    let (status, mut body) = match outcome {
        Ok(done) => (200, done.body),
        Err(error) => {
            let message = Some(error.message.into_owned());
            let error_message = proto::Error { code: error.code.to_owned(), message };
            (error.status, error_message.encode_to_vec().into())
        }
    };
    let mut headers: Vec<(&'static str, String)> = Vec::with_capacity(7);
    // Of the body as it was before it is compressed: the Java SDK inflates first.
    headers.push((header::CONTENT_MD5, content_md5(&body)));
    let wanted = asked.get(header::RESPONSE_COMPRESS_TYPE);
    let wanted =
        wanted.is_some_and(|kind| kind.as_bytes().eq_ignore_ascii_case(DEFLATE.as_bytes()));
    if wanted
        && body.len() >= COMPRESS_FROM
        && let Some(small) = deflate(&body)
    {
        headers.push((header::RESPONSE_COMPRESS_TYPE, DEFLATE.to_owned()));
        headers.push((header::RESPONSE_COMPRESS_SIZE, body.len().to_string()));
        body = small;
    }
    headers.push((header::CONTENT_TYPE, CONTENT_TYPE.to_owned()));
    headers.push((header::DATE, date(now)));
    headers.push((header::REQUEST_ID, Uuid::new_v4().to_string()));
    if let Some(caller) = caller {
        let pairs = headers.iter().map(|(name, value)| (*name, value.as_str()));
        let authorization = caller.signing.authorization(operation, pairs, &caller.key.id);
        headers.push((header::AUTHORIZATION, authorization));
    }
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response
}

fn deflate(body: &[u8]) -> Option<Bytes> {
    let mut encoder = ZlibEncoder::new(Vec::with_capacity(body.len() / 2), Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

fn date(now: i64) -> String {
    let now = Timestamp::from_millisecond(now).unwrap_or_default();
    now.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

fn damage(body: &mut Bytes) {
    let mut bytes = body.to_vec();
    match bytes.last_mut() {
        Some(last) => *last ^= 1,
        None => bytes.push(0),
    }
    *body = bytes.into();
}

fn about() -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(ABOUT.as_bytes()));
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(http::header::CONTENT_TYPE, kind);
    response
}
