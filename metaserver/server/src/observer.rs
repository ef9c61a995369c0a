//! Reads on an observer wait until it has applied what their client has seen: bounded in time, in
//! the order of the log, without a thread each. And what Prometheus sees of that.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::{Duration, Instant};

use metafs_namespace::{ErrorKind, FsError};
use parking_lot::Mutex;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use tokio::sync::{oneshot, watch};

/// Entries a second that an observer surely applies: who would have to wait for more than that is
/// sent to the active server at once.
const APPLIED_PER_SECOND: u64 = 50_000;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

/// Gauges and counters of reads on observers.
#[derive(Clone, Debug)]
pub struct ReadMetrics {
    waiting: Gauge,
    waited: Histogram,
    rejected: Family<Reason, Counter>,
    lag_entries: Gauge,
    lag_ms: Gauge<i64, AtomicI64>,
}

impl Default for ReadMetrics {
    fn default() -> Self {
        Self {
            waiting: Gauge::default(),
            waited: Histogram::new(exponential_buckets(100e-6, 2.0, 16)),
            rejected: Family::default(),
            lag_entries: Gauge::default(),
            lag_ms: Gauge::default(),
        }
    }
}

impl ReadMetrics {
    /// Adds everything to `registry`.
    pub fn register(&self, registry: &mut Registry) {
        let registry = registry.sub_registry_with_prefix("metafs_observer");
        registry.register(
            "reads_waiting",
            "Reads that wait until this server has applied what their clients have seen",
            self.waiting.clone(),
        );
        registry.register_with_unit(
            "read_wait",
            "Time that reads waited until this server had applied what their clients had seen",
            Unit::Seconds,
            self.waited.clone(),
        );
        registry.register(
            "reads_rejected",
            "Reads sent to the active server by reason (no_state_id, too_far_behind, timeout)",
            self.rejected.clone(),
        );
        registry.register(
            "lag_entries",
            "Entries known to be committed and not applied here yet",
            self.lag_entries.clone(),
        );
        registry.register(
            "lag_milliseconds",
            "Time since this server had last applied everything it knew to be committed",
            self.lag_ms.clone(),
        );
    }

    /// Sets how far this server is behind.
    pub fn lag(&self, entries: u64, time: Duration) {
        self.lag_entries.set(i64::try_from(entries).unwrap_or(i64::MAX));
        self.lag_ms.set(i64::try_from(time.as_millis()).unwrap_or(i64::MAX));
    }

    fn reject(&self, reason: &'static str) {
        self.rejected.get_or_create(&Reason { reason }).inc();
    }
}

/// Whether to wait at all, and for what log index; `base`: the state id of index 0. Pure.
///
/// # Errors
/// The reason in the metrics, and the answer.
fn judge(
    seen: Option<i64>,
    base: u64,
    applied: u64,
    bound: Duration,
) -> Result<Option<u64>, (&'static str, FsError)> {
    // The smallest id is what hdfs-native and a fresh AlignmentContext start with: nothing seen yet.
    let Some(seen) = seen.filter(|id| *id != i64::MIN) else {
        let message = "Observer Node received request without stateId. This mostly likely is \
                       because client is not configured with ObserverReadProxyProvider";
        return Err(("no_state_id", FsError::new(ErrorKind::Standby, message)));
    };
    // What was seen of the cluster that this one was recovered from is all applied.
    let seen = u64::try_from(seen).unwrap_or(0).saturating_sub(base);
    let behind = seen.saturating_sub(applied);
    if behind == 0 {
        return Ok(None);
    }
    let reachable = APPLIED_PER_SECOND * u64::try_from(bound.as_millis()).unwrap_or(0) / 1000;
    if behind > reachable {
        let message = format!(
            "Observer Node is too far behind: serverStateId = {applied} clientStateId = {seen}"
        );
        return Err(("too_far_behind", FsError::new(ErrorKind::Retriable, message)));
    }
    Ok(Some(seen))
}

/// Waiting reads by the index they wait for and their number.
type Queue = BTreeMap<(u64, u64), oneshot::Sender<()>>;

/// The reads that wait.
pub struct Waiters {
    queue: Mutex<(Queue, u64)>,
    applied: watch::Receiver<u64>,
    metrics: ReadMetrics,
}

/// Takes its read out of the queue when it has stopped waiting.
struct Waiting<'a> {
    waiters: &'a Waiters,
    key: (u64, u64),
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.waiters.queue.lock().0.remove(&self.key);
        self.waiters.metrics.waiting.dec();
    }
}

impl Waiters {
    /// Waiters for `applied`, the index of the last applied entry. Runs a task that ends with its
    /// sender.
    pub fn new(applied: watch::Receiver<u64>, metrics: ReadMetrics) -> Arc<Self> {
        let waiters = Arc::new(Self { queue: Mutex::default(), applied: applied.clone(), metrics });
        tokio::spawn(release(Arc::downgrade(&waiters), applied));
        waiters
    }

    /// Waits until what the client has seen is applied here. `base`: the state id of log index 0.
    ///
    /// # Errors
    /// Standby: the client tells no state. Retriable: it would take longer than `bound`.
    pub async fn wait(&self, seen: Option<i64>, base: u64, bound: Duration) -> Result<(), FsError> {
        let applied = *self.applied.borrow();
        let index = match judge(seen, base, applied, bound) {
            Ok(None) => return Ok(()),
            Ok(Some(index)) => index,
            Err((reason, error)) => {
                self.metrics.reject(reason);
                return Err(error);
            }
        };
        let started = Instant::now();
        let (done, wait) = oneshot::channel();
        let _waiting = {
            let mut queue = self.queue.lock();
            queue.1 += 1;
            let key = (index, queue.1);
            queue.0.insert(key, done);
            self.metrics.waiting.inc();
            Waiting { waiters: self, key }
        };
        // It may have been applied before the queue held this read.
        let released = *self.applied.borrow() >= index
            || tokio::time::timeout(bound, wait).await.is_ok_and(|told| told.is_ok());
        self.metrics.waited.observe(started.elapsed().as_secs_f64());
        if released {
            return Ok(());
        }
        self.metrics.reject("timeout");
        let message = format!(
            "Observer Node has not applied state id {index} within {bound:?}: serverStateId = {}",
            *self.applied.borrow()
        );
        Err(FsError::new(ErrorKind::Retriable, message))
    }

    fn release(&self, applied: u64) {
        let mut queue = self.queue.lock();
        let later = queue.0.split_off(&(applied.saturating_add(1), 0));
        let ready = std::mem::replace(&mut queue.0, later);
        drop(queue);
        for done in ready.into_values() {
            // The reader may have given up.
            let _ = done.send(());
        }
    }
}

async fn release(waiters: std::sync::Weak<Waiters>, mut applied: watch::Receiver<u64>) {
    while applied.changed().await.is_ok() {
        let index = *applied.borrow_and_update();
        let Some(waiters) = waiters.upgrade() else { return };
        waiters.release(index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUND: Duration = Duration::from_secs(2);

    #[test]
    fn who_has_to_wait() {
        assert!(matches!(judge(Some(7), 0, 7, BOUND), Ok(None)));
        assert!(matches!(judge(Some(-1), 0, 7, BOUND), Ok(None)));
        assert!(matches!(judge(Some(9), 0, 7, BOUND), Ok(Some(9))));
        assert!(matches!(judge(Some(99), 100, 7, BOUND), Ok(None)));
        assert!(matches!(judge(Some(109), 100, 7, BOUND), Ok(Some(9))));
        for none in [None, Some(i64::MIN)] {
            let (_, error) = judge(none, 0, 7, BOUND).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Standby);
        }
        let (reason, error) = judge(Some(i64::MAX), 0, 7, BOUND).unwrap_err();
        assert_eq!((reason, error.kind), ("too_far_behind", ErrorKind::Retriable));
    }

    #[tokio::test]
    async fn reads_go_on_when_their_state_is_applied_and_not_before() {
        let (apply, applied) = watch::channel(5);
        let waiters = Waiters::new(applied, ReadMetrics::default());
        waiters.wait(Some(5), 0, BOUND).await.unwrap();
        let soon = tokio::spawn({
            let waiters = waiters.clone();
            async move { waiters.wait(Some(8), 0, BOUND).await }
        });
        while waiters.queue.lock().0.is_empty() {
            tokio::task::yield_now().await;
        }
        apply.send_replace(7);
        let error = waiters.wait(Some(9), 0, Duration::from_millis(20)).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Retriable);
        assert!(!soon.is_finished());
        apply.send_replace(8);
        soon.await.unwrap().unwrap();
        assert!(waiters.queue.lock().0.is_empty());
    }
}
