//! Operations on the store are tried until they succeed: the copy waits for Tablestore, however
//! long it takes, and says what it waits for.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::store::{StoreError, Trouble, TroubleKind};

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_secs(5);

/// Where nonces and the length of pauses come from; a test that must run the same way again sets
/// its own.
#[derive(Clone)]
pub struct Random(Arc<dyn Fn() -> u64 + Send + Sync>);

impl Random {
    /// From a function.
    pub fn new(next: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(next))
    }

    /// Something that no other writer has.
    pub fn nonce(&self) -> u128 {
        (u128::from((self.0)()) << 64) | u128::from((self.0)())
    }

    /// Between half and all of a pause, so that many do not come back at once.
    pub fn some_of(&self, pause: Duration) -> Duration {
        pause.mul_f64(0.5 + ((self.0)() % 512) as f64 / 1024.0)
    }
}

impl Default for Random {
    fn default() -> Self {
        Self::new(rand::random)
    }
}

impl std::fmt::Debug for Random {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Random")
    }
}

/// The condition of a write does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;

/// What keeps going wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failing {
    /// What, lastly.
    pub kind: TroubleKind,
    /// In the store's words.
    pub message: String,
    /// Since when nothing succeeded, ms since the epoch.
    pub since_ms: i64,
}

/// Where operations say whether they succeed.
pub struct Board {
    failing: Mutex<Option<Failing>>,
    /// For nonces and pauses.
    pub random: Random,
    gone: tokio::sync::Notify,
    publish: Box<dyn Fn(Option<Failing>) + Send + Sync>,
}

impl std::fmt::Debug for Board {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Board").field("failing", &self.failing).finish_non_exhaustive()
    }
}

impl Board {
    /// `publish` is told of every change.
    pub fn new(random: Random, publish: impl Fn(Option<Failing>) + Send + Sync + 'static) -> Self {
        let (failing, gone) = (Mutex::new(None), tokio::sync::Notify::new());
        Self { failing, random, gone, publish: Box::new(publish) }
    }

    /// Until an operation says that the table is not there.
    pub async fn table_gone(&self) {
        self.gone.notified().await;
    }

    fn succeeded(&self) {
        let mut failing = self.failing.lock();
        if failing.take().is_some() {
            tracing::info!("the remote store answers again");
            (self.publish)(None);
        }
    }

    /// Something went wrong.
    pub fn failed(&self, trouble: &Trouble) {
        let mut failing = self.failing.lock();
        let since_ms = failing.as_ref().map_or_else(now_ms, |f| f.since_ms);
        let now = Failing { kind: trouble.kind, message: trouble.message.clone(), since_ms };
        if failing.as_ref().map(|f| f.kind) != Some(now.kind) {
            tracing::warn!(kind = ?now.kind, error = now.message, "the remote store fails");
        }
        if trouble.kind == TroubleKind::NoTable {
            self.gone.notify_waiters();
        }
        if failing.as_ref() != Some(&now) {
            (self.publish)(Some(now.clone()));
            *failing = Some(now);
        }
    }

    /// Runs `operation` until it succeeds or its condition is refused. That an earlier try took
    /// effect may be why it is refused.
    ///
    /// # Errors
    /// If it is refused.
    pub async fn persist<T, F, O>(&self, mut operation: O) -> Result<T, Refused>
    where
        O: FnMut() -> F,
        F: Future<Output = Result<T, StoreError>>,
    {
        let mut pause = FIRST_PAUSE;
        loop {
            match operation().await {
                Ok(value) => {
                    self.succeeded();
                    return Ok(value);
                }
                Err(StoreError::Refused) => {
                    self.succeeded();
                    return Err(Refused);
                }
                Err(StoreError::Trouble(trouble)) => self.failed(&trouble),
            }
            tokio::time::sleep(self.random.some_of(pause)).await;
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }

    /// As [`Self::persist`], of operations without a condition.
    pub async fn until_done<T, F, O>(&self, mut operation: O) -> T
    where
        O: FnMut() -> F,
        F: Future<Output = Result<T, StoreError>>,
    {
        loop {
            // A refusal that cannot be is tried again, too.
            if let Ok(value) = self.persist(&mut operation).await {
                return value;
            }
            tokio::time::sleep(LAST_PAUSE).await;
        }
    }
}

/// The clock, ms since the epoch; for statuses only.
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
