//! The scripted transport, and clients over it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use metafs_tablestore::model::{PrimaryKey, Row};
use metafs_tablestore::sign::{self, SigningKey, content_md5, header};
use metafs_tablestore::{
    Attempt, AttemptResult, Client, Config, Credentials, Observer, Operation, RetryPolicy,
    Transport, TransportError, proto,
};
use prost::Message;
use tokio::time::Instant;

/// What becomes of one request.
pub enum Step {
    /// A success with this message.
    Ok(Vec<u8>),
    /// An error of the service.
    Refuse(u16, &'static str),
    /// A success whose body was exchanged on the way.
    Forged(Vec<u8>),
    /// It does not leave.
    NotSent,
    /// Its answer is lost.
    NoAnswer,
    /// There is never an answer.
    Hang,
}

impl Step {
    pub fn ok(message: &impl Message) -> Self {
        Self::Ok(message.encode_to_vec())
    }
}

#[derive(Clone)]
pub struct Sent {
    pub operation: String,
    pub body: Bytes,
    pub access_key_id: String,
    pub at: Instant,
}

impl Sent {
    pub fn read<M: Message + Default>(&self) -> M {
        M::decode(self.body.clone()).unwrap()
    }
}

#[derive(Default)]
pub struct Script {
    steps: Mutex<VecDeque<Step>>,
    sent: Mutex<Vec<Sent>>,
}

impl Script {
    pub fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    pub fn push(&self, step: Step) {
        self.steps.lock().unwrap().push_back(step);
    }

    pub fn left(&self) -> usize {
        self.steps.lock().unwrap().len()
    }
}

fn header_of(request: &http::Request<Bytes>, name: &str) -> String {
    request.headers()[name].to_str().unwrap().to_owned()
}

/// Signed as the service signs.
fn answer(operation: &str, id: &str, status: u16, body: Vec<u8>) -> http::Response<Bytes> {
    let date = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string();
    let md5 = content_md5(&body);
    let headers = [
        (header::CONTENT_MD5, md5.as_str()),
        (header::REQUEST_ID, "request"),
        (header::DATE, &date),
        (header::CONTENT_TYPE, sign::CONTENT_TYPE),
    ];
    let authorization = SigningKey::v2("secret").authorization(operation, headers, id);
    let mut response = http::Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.header(header::AUTHORIZATION, authorization).body(body.into()).unwrap()
}

impl Transport for Script {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        let operation = request.uri().path().trim_start_matches('/').to_owned();
        let id = header_of(&request, header::ACCESS_KEY_ID);
        let headers = request.headers().iter().map(|(n, v)| (n.as_str(), v.to_str().unwrap()));
        let signature = header_of(&request, header::SIGNATURE);
        assert!(SigningKey::v2("secret").verify_request(&operation, headers, &signature));
        assert_eq!(header_of(&request, header::CONTENT_MD5), content_md5(request.body()));
        self.sent.lock().unwrap().push(Sent {
            operation: operation.clone(),
            body: request.body().clone(),
            access_key_id: id.clone(),
            at: Instant::now(),
        });
        let step = self.steps.lock().unwrap().pop_front().expect("one request too many");
        Box::pin(async move {
            match step {
                Step::Ok(body) => Ok(answer(&operation, &id, 200, body)),
                Step::Refuse(status, code) => {
                    let error = proto::Error { code: code.into(), message: Some("why".into()) };
                    Ok(answer(&operation, &id, status, error.encode_to_vec()))
                }
                Step::Forged(body) => {
                    let mut response = answer(&operation, &id, 200, Vec::new());
                    let md5 = content_md5(&body).parse().unwrap();
                    response.headers_mut().insert(header::CONTENT_MD5, md5);
                    *response.body_mut() = body.into();
                    Ok(response)
                }
                Step::NotSent => Err(TransportError::NotSent("refused".into())),
                Step::NoAnswer => Err(TransportError::NoAnswer("reset".into())),
                Step::Hang => std::future::pending().await,
            }
        })
    }
}

/// Adds up what it is told.
#[derive(Default)]
pub struct Sums {
    pub requests: Mutex<Vec<(Operation, AttemptResult, bool)>>,
    pub rows: Mutex<Vec<(Operation, usize, bool)>>,
}

impl Observer for Sums {
    fn attempt(&self, attempt: &Attempt) {
        let (operation, result, retry) = (attempt.operation, attempt.result, attempt.retry);
        self.requests.lock().unwrap().push((operation, result, retry));
    }

    fn rows(&self, operation: Operation, count: usize, failed: bool) {
        self.rows.lock().unwrap().push((operation, count, failed));
    }
}

/// Pauses of milliseconds: that the real ones double and end is tested where they are computed.
pub fn config() -> Config {
    let mut config = Config::new("http://inst.example/", "inst", Credentials::new("id", "secret"));
    config.attempt_timeout = Duration::from_millis(20);
    config.retry = RetryPolicy {
        base: Duration::from_millis(2),
        throttled_base: Duration::from_millis(20),
        cap: Duration::from_millis(20),
        ..RetryPolicy::default()
    };
    config
}

pub fn client_with(config: Config, steps: impl IntoIterator<Item = Step>) -> (Client, Arc<Script>) {
    let script = Arc::new(Script::default());
    steps.into_iter().for_each(|step| script.push(step));
    (Client::with_transport(config, script.clone()).unwrap(), script)
}

pub fn client(steps: impl IntoIterator<Item = Step>) -> (Client, Arc<Script>) {
    client_with(config(), steps)
}

pub fn client_retrying(
    retry: RetryPolicy,
    steps: impl IntoIterator<Item = Step>,
) -> (Client, Arc<Script>) {
    let mut config = config();
    config.retry = retry;
    client_with(config, steps)
}

pub fn key(number: i64) -> PrimaryKey {
    PrimaryKey::new().with("k", number)
}

pub fn row(number: i64) -> Row {
    Row::new(key(number)).with("v", "value")
}

pub fn put_ok() -> Step {
    Step::ok(&proto::PutRowResponse::default())
}
