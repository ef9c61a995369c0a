//! The door itself: from a request to its response. WebHDFS URLs are dispatched here, without a
//! router; all others go to the pages.

use std::sync::Arc;
use std::time::Instant;

use http::header::{ALLOW, CONTENT_TYPE, EXPECT, HeaderValue};
use http::request::Parts;
use http::{Method, Request, Response};
use hyper::body::{Body as _, Incoming};
use metafs_namespace::{Caller, ErrorKind};
use tokio::sync::Semaphore;

use crate::body::Body;
use crate::error::Refusal;
use crate::limits::Limits;
use crate::metrics::{Held, WebMetrics};
use crate::ops::{Op, Verb};
use crate::page::Pages;
use crate::params::Params;
use crate::request::{Answer, Call, Ends, Outcome, PREFIX};
use crate::{read, upload, write};
use metafs_door::Backend;
use metafs_door::audit;

/// Bytes that one permit of the body memory stands for.
const PERMIT: u64 = 1024;

/// Everything a request needs. One for a server, shared by all connections.
pub struct Door<B> {
    pub(crate) backend: Arc<B>,
    pub(crate) limits: Limits,
    pub(crate) metrics: WebMetrics,
    pub(crate) body_memory: Arc<Semaphore>,
    pages: Pages,
}

impl<B: Backend> Door<B> {
    /// A door to `backend`.
    pub fn new(backend: Arc<B>, limits: Limits, metrics: WebMetrics) -> Arc<Self> {
        let permits = limits.body_memory / PERMIT as usize;
        Arc::new(Self {
            pages: Pages::new(Arc::clone(&backend)),
            backend,
            body_memory: Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS))),
            limits,
            metrics,
        })
    }

    /// How many permits of the body memory `bytes` take; never more than there are.
    pub(crate) fn permits(&self, bytes: u64) -> u32 {
        let all = self.limits.body_memory as u64 / PERMIT;
        u32::try_from(bytes.div_ceil(PERMIT).clamp(1, all.max(1))).unwrap_or(u32::MAX)
    }

    /// The response to `request`.
    pub(crate) async fn answer(
        self: &Arc<Self>,
        request: Request<Incoming>,
        ends: Ends,
    ) -> Response<Body> {
        let ours = request.uri().path().strip_prefix(PREFIX);
        if !ours.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
            return self.pages.answer(request).await;
        }
        let Some(verb) = Verb::of(request.method()) else { return no_verb(request.method()) };
        let started = Instant::now();
        let _in_flight = Held::new(&self.metrics.in_flight);
        let (parts, body) = request.into_parts();
        let mut body = Some(body);
        let mut name = "invalid";
        let result = self.run(verb, &parts, &mut body, ends, &mut name).await;
        // A body that nobody wanted; a client that waits for "100 Continue" sends none.
        if let Some(body) = body.filter(|body| !body.is_end_stream())
            && !parts.headers.contains_key(EXPECT)
        {
            tokio::spawn(upload::discard(body, self.limits.clone()));
        }
        let (response, result) = match result {
            Ok(answer) => (answer.into_response(), "ok"),
            Err(refusal) => refused(&refusal),
        };
        if let Some(bytes) = response.body().len() {
            self.metrics.sent.inc_by(bytes);
        }
        self.metrics.observe(name, result, started.elapsed());
        response
    }

    async fn run(
        self: &Arc<Self>,
        verb: Verb,
        parts: &Parts,
        body: &mut Option<Incoming>,
        ends: Ends,
        name: &mut &'static str,
    ) -> Result<Answer, Refusal> {
        let params = Params::parse(parts.uri.query().unwrap_or_default())?;
        let op = Op::parse(verb, params.get("op"))?;
        *name = op.name();
        let call = Call::read(self, op, params, &parts.uri, &parts.headers, ends)?;
        let carries_data =
            matches!(op, Op::Create | Op::Append) && call.params.boolean("data", false)?;
        // The first step of CREATE and APPEND is not the operation yet.
        let first_step = matches!(op, Op::Create | Op::Append) && !carries_data;
        let audited = !first_step
            && !op.audit_name().is_empty()
            && call.settings.audit_log
            && audit::enabled();
        if !audited {
            return Ok(self.dispatch(call, carries_data, body).await?.answer);
        }
        let (user, path) = (call.caller.clone(), call.path.clone());
        let outcome = self.dispatch(call, carries_data, body).await;
        self.audit(op, &user, &path, ends, &outcome);
        Ok(outcome?.answer)
    }

    async fn dispatch(
        self: &Arc<Self>,
        call: Call<'_, B>,
        carries_data: bool,
        body: &mut Option<Incoming>,
    ) -> Result<Outcome, Refusal> {
        if call.op.is_read() {
            return read::run(call).await;
        }
        match body.take().filter(|_| carries_data) {
            Some(body) => upload::run(call, body).await,
            None => write::run(call).await,
        }
    }

    /// As HDFS: what permissions refused is logged as not allowed, other failures are not
    /// logged, but for a status of what is missing.
    fn audit(
        &self,
        op: Op,
        caller: &Caller,
        path: &str,
        ends: Ends,
        outcome: &Result<Outcome, Refusal>,
    ) {
        let mut entry = audit::Entry {
            allowed: true,
            user: &caller.user,
            ip: ends.peer.ip(),
            cmd: op.audit_name(),
            options: None,
            src: path,
            dst: None,
            status: None,
            proto: "webhdfs",
        };
        match outcome {
            Ok(outcome) => {
                let status = outcome.status_of.as_deref().and_then(|path| {
                    let anybody = Caller { superuser: true, ..caller.clone() };
                    self.backend.peek(|view| view.file_status(&anybody, path)).flatten()
                });
                entry.allowed = outcome.allowed;
                entry.options = outcome.options.as_deref();
                entry.src = outcome.src.as_deref().unwrap_or(path);
                entry.dst = outcome.dst.as_deref();
                entry.status = status.as_ref();
                audit::log(&entry);
            }
            Err(refusal) => match refusal.kind {
                Some(ErrorKind::AccessControl) => {
                    entry.allowed = false;
                    audit::log(&entry);
                }
                Some(ErrorKind::FileNotFound) if op == Op::GetFileStatus => audit::log(&entry),
                _ => {}
            },
        }
    }
}

/// The response to a refusal and its name in the metrics.
fn refused(refusal: &Refusal) -> (Response<Body>, &'static str) {
    let result = match refusal.kind {
        Some(ErrorKind::Standby | ErrorKind::Retriable) => "failover",
        _ if refusal.status().is_server_error() => "error",
        _ => "refused",
    };
    (refusal_response(refusal), result)
}

/// The response to a refusal.
pub(crate) fn refusal_response(refusal: &Refusal) -> Response<Body> {
    let mut response = Response::new(Body::full(refusal.document()));
    *response.status_mut() = refusal.status();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// OPTIONS, or a method that WebHDFS has no use for.
fn no_verb(method: &Method) -> Response<Body> {
    const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, PUT, POST, DELETE, OPTIONS");
    let mut response = match *method {
        Method::OPTIONS => Response::new(Body::full("")),
        _ => refusal_response(&Refusal::method(format!(
            "WebHDFS has no operations of the method {method}"
        ))),
    };
    response.headers_mut().insert(ALLOW, METHODS);
    response
}
