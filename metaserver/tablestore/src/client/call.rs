//! One request: signed anew for every attempt, its answer verified, tried again while that is safe
//! and there is time.

use std::sync::Arc;

use bytes::Bytes;
use prost::Message;
use tokio::time::Instant;
use tracing::debug;

use super::error::{Error, ErrorKind, LimitError};
use super::{Client, Idempotence};
use crate::error::Retry;
use crate::limits;
use crate::observe::{Attempt, AttemptResult};
use crate::operation::Operation;
use crate::request::{self, Body, Template};
use crate::response::{self, Answer, Expected, ResponseError};

/// A decoded answer and the service's name for the request.
pub(super) struct Answered<R> {
    pub message: R,
    pub request_id: String,
}

/// Counts what has happened to a request so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tries {
    /// Attempts that have ended.
    pub attempts: u32,
    /// One of them may have taken effect.
    pub unknown: bool,
}

impl Tries {
    /// Adds an attempt that failed and makes the error of it.
    pub(super) fn failed(&mut self, operation: Operation, kind: ErrorKind) -> Error {
        self.attempts = self.attempts.saturating_add(1);
        let earlier_unknown = self.unknown;
        self.unknown |= kind.is_unknown();
        Error { operation, attempts: self.attempts, earlier_unknown, kind }
    }
}

impl Client {
    /// When a request that begins now must have ended.
    pub(super) fn deadline(&self) -> Instant {
        let latest = Instant::now() + self.inner.config.retry.total;
        self.options.deadline.map_or(latest, |deadline| deadline.min(latest))
    }

    /// Whether a request may be done twice: what the caller said, or else what is known of it.
    pub(super) fn idempotent(&self, known: bool) -> bool {
        match self.options.idempotence {
            Idempotence::Auto => known,
            Idempotence::Yes => true,
            Idempotence::No => false,
        }
    }

    /// Makes the body of a request.
    pub(super) fn body(&self, operation: Operation, message: &impl Message) -> Result<Body, Error> {
        let length = message.encoded_len();
        if length > limits::REQUEST_BODY {
            let (what, limit) = ("bytes of a request", limits::REQUEST_BODY);
            return Err(Error::before(operation, LimitError { what, limit, found: length }));
        }
        let bytes = Bytes::from(message.encode_to_vec());
        Ok(Body::new(bytes, self.inner.config.compress_requests_from))
    }

    /// Sends a request until it is answered; `read` makes of the answer what the caller wants.
    pub(super) async fn call<R: Message + Default, T>(
        &self,
        operation: Operation,
        message: &impl Message,
        idempotent: bool,
        read: impl Fn(R) -> Result<T, ErrorKind>,
    ) -> Result<T, Error> {
        let idempotent = self.idempotent(idempotent);
        let body = self.body(operation, message)?;
        let deadline = self.deadline();
        let mut tries = Tries::default();
        loop {
            let retry = tries.attempts > 0;
            let answered = self.attempt(operation, &body, deadline, retry).await;
            let kind = match answered.and_then(|answered| read(answered.message)) {
                Ok(value) => return Ok(value),
                Err(kind) => kind,
            };
            let error = tries.failed(operation, kind);
            let throttled = match error.kind.retry() {
                Retry::Always { throttled } => throttled,
                Retry::IfIdempotent if idempotent => false,
                Retry::IfIdempotent | Retry::Never => return Err(error),
            };
            if !self.pause(tries.attempts, throttled, deadline).await {
                return Err(error);
            }
            debug!(%operation, attempts = tries.attempts, error = %error.kind, "trying again");
        }
    }

    /// Waits before another attempt; false: there must not be another.
    pub(super) async fn pause(&self, attempts: u32, throttled: bool, deadline: Instant) -> bool {
        let policy = &self.inner.config.retry;
        if attempts > policy.max_retries {
            return false;
        }
        let pause = policy.pause(attempts.saturating_sub(1), throttled, rand::random());
        let until = Instant::now() + pause;
        if until >= deadline {
            return false;
        }
        tokio::time::sleep_until(until).await;
        true
    }

    /// Sends a request once.
    pub(super) async fn attempt<R: Message + Default>(
        &self,
        operation: Operation,
        body: &Body,
        deadline: Instant,
        retry: bool,
    ) -> Result<Answered<R>, ErrorKind> {
        let start = Instant::now();
        let mut received = 0;
        let outcome = self.exchange(operation, body, deadline, &mut received).await;
        let result = match &outcome {
            Ok(_) => AttemptResult::Ok,
            Err(ErrorKind::Service(_)) => AttemptResult::Refused,
            Err(_) => AttemptResult::Failed,
        };
        let (took, sent) = (start.elapsed(), body.bytes.len());
        let attempt = Attempt { operation, result, retry, took, sent, received };
        self.inner.config.observer.attempt(&attempt);
        outcome
    }

    async fn exchange<R: Message + Default>(
        &self,
        operation: Operation,
        body: &Body,
        deadline: Instant,
        received: &mut usize,
    ) -> Result<Answered<R>, ErrorKind> {
        let config = &self.inner.config;
        let credentials = config.credentials.credentials()?;
        let now = config.clock.now();
        let key = request::signing_key(&config.signature, &credentials, now);
        let template = Template {
            endpoint: &config.endpoint,
            instance: &config.instance,
            signature: &config.signature,
            compress_responses: config.compress_responses,
        };
        let trace = uuid::Uuid::new_v4().to_string();
        let request =
            request::build(&template, operation, body, &credentials, &key, now, &trace)
                .map_err(|_| ErrorKind::Invalid("a credential or name cannot stand in a header"))?;

        let until = (Instant::now() + config.attempt_timeout).min(deadline);
        let answer = tokio::time::timeout_at(until, self.inner.transport.send(request)).await;
        let answer = match answer {
            Err(_) => return Err(ErrorKind::Timeout),
            Ok(Err(error)) => return Err(ErrorKind::Transport(Arc::new(error))),
            Ok(Ok(answer)) => answer,
        };
        *received = answer.body().len();
        let expected = Expected {
            operation,
            access_key_id: &credentials.access_key_id,
            key: &key,
            now: config.clock.now(),
            max_body: config.http.max_response,
        };
        match response::read(answer, &expected)? {
            Answer::Refused(error) => Err(error.into()),
            Answer::Ok { body, request_id } => {
                let message = R::decode(body).map_err(ResponseError::from)?;
                Ok(Answered { message, request_id })
            }
        }
    }
}
