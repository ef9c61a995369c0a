//! The service: a request's head and body in, an answer out. No sockets: the HTTP server calls
//! [`Service::handle`], and so can a client in the same process.

mod answer;
mod auth;
mod batch_get;
mod batch_write;
mod bulk;
mod catalog;
mod commit;
mod counters;
mod damage;
mod definitions;
mod dispatch;
mod faults;
mod indexes;
mod locks;
mod messages;
mod range;
mod rows;
mod sessions;
mod settings;
mod splits;
mod tables;
mod transactions;
mod write;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use parking_lot::Mutex;

pub use counters::{Counters, OperationCounts};
pub use damage::{Damage, DamageError};
pub use dispatch::Operation;
pub use faults::{FaultKind, FaultPlan, FaultRule};
pub use settings::{AccessKey, KeySetting, Settings, TableSetting, Transactions};

use catalog::Catalog;
use faults::Faults;
use locks::Locks;
use sessions::Sessions;

use crate::error::OtsError;
use crate::store::{Memory, Rocks, Store, StoreError};

/// Gives milliseconds since 1970; a simulation brings its own.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The service could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store or the settings hold what cannot be used.
    #[error("cannot start: {0}")]
    Refused(#[from] OtsError),
}

/// What a caller gets.
#[derive(Debug)]
pub struct Reply {
    /// None: the connection is to be cut without an answer.
    pub response: Option<http::Response<Bytes>>,
    /// To be waited before the answer.
    pub delay: Duration,
}

/// See the module.
pub struct Service {
    settings: Settings,
    store: Box<dyn Store>,
    catalog: Catalog,
    locks: Locks,
    sessions: Sessions,
    faults: Faults,
    counters: Counters,
    clock: Clock,
    definitions: Mutex<Definitions>,
}

/// What changes of tables are serialised by.
#[derive(Debug)]
struct Definitions {
    next_id: u32,
    /// Times of the last operations on tables, milliseconds since 1970.
    recent: VecDeque<i64>,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Service {
    /// Starts on any store with any clock.
    ///
    /// # Errors
    /// The store cannot be read, or a table of the settings cannot be made.
    pub fn start(
        settings: Settings,
        store: Box<dyn Store>,
        clock: Clock,
    ) -> Result<Self, StartError> {
        let (catalog, next_id) = Catalog::load(&*store)?;
        let service = Self {
            settings,
            store,
            catalog,
            locks: Locks::default(),
            sessions: Sessions::default(),
            faults: Faults::default(),
            counters: Counters::default(),
            clock,
            definitions: Mutex::new(Definitions { next_id, recent: VecDeque::new() }),
        };
        service.make_tables()?;
        Ok(service)
    }

    /// Starts in memory with the system's clock.
    ///
    /// # Errors
    /// A table of the settings cannot be made.
    pub fn in_memory(settings: Settings) -> Result<Self, StartError> {
        Self::start(settings, Box::new(Memory::default()), system_clock())
    }

    /// Starts on RocksDB in `dir` with the system's clock.
    ///
    /// # Errors
    /// See [`Service::start`].
    pub fn open(settings: Settings, dir: &Path) -> Result<Self, StartError> {
        Self::start(settings, Box::new(Rocks::open(dir)?), system_clock())
    }

    /// What it was started with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Counts of what it did.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Replaces the faults that it injects.
    pub fn set_faults(&self, plan: FaultPlan) {
        self.faults.set(plan);
    }

    /// The faults that it injects.
    pub fn faults(&self) -> FaultPlan {
        self.faults.plan()
    }

    fn now(&self) -> i64 {
        (self.clock)()
    }
}

/// The system's clock.
pub fn system_clock() -> Clock {
    Arc::new(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
    })
}
