//! What the client tells of its work, for metrics.

use std::time::Duration;

use crate::operation::Operation;

/// How one attempt of a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptResult {
    /// An answer that is a success (rows of a batch may have failed all the same).
    Ok,
    /// The service answered an error.
    Refused,
    /// No answer in time, or none at all, or one that is not the service's.
    Failed,
}

/// One attempt of a request.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// What was asked.
    pub operation: Operation,
    /// How it ended.
    pub result: AttemptResult,
    /// Whether it was not the first.
    pub retry: bool,
    /// How long it took.
    pub took: Duration,
    /// Bytes of the request's body as sent.
    pub sent: usize,
    /// Bytes of the answer's body as received.
    pub received: usize,
}

/// Is told what the client does. Called on the caller's task: must be quick.
pub trait Observer: Send + Sync + 'static {
    /// An attempt has ended.
    fn attempt(&self, attempt: &Attempt);

    /// Rows were read or written (`failed` false), or were given up.
    fn rows(&self, operation: Operation, count: usize, failed: bool);
}

/// Is told, and does nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoObserver;

impl Observer for NoObserver {
    fn attempt(&self, _attempt: &Attempt) {}

    fn rows(&self, _operation: Operation, _count: usize, _failed: bool) {}
}
