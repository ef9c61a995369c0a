//! The client: operations, retries, limits. I/O is the [`Transport`]'s; what is sent and what an
//! answer means are pure functions in `request`, `response`, `check`, `ledger`.

mod batch_get;
mod batch_write;
mod call;
mod check;
mod config;
mod error;
mod ledger;
mod pack;
mod range;
mod read;
mod table;
mod transaction;
mod write;

use std::sync::Arc;

use tokio::time::Instant;

pub use batch_get::TableGet;
pub use batch_write::BatchWritten;
pub use config::{Clock, Config, ConfigError, SystemClock};
pub use error::{Error, ErrorKind, LimitError};
pub use pack::Packer;
pub use range::{Direction, RangePage, RangePages, RangeRead, SplitPoints};
pub use read::{Got, ReadOptions, Versions};
pub use table::{
    DefinedColumnSchema, DefinedColumnType, IndexMeta, PrimaryKeyOption, PrimaryKeySchema,
    PrimaryKeyType, SseSpecification, StreamSpecification, TableDescription, TableOptions,
    TableSpec, TableUpdate,
};
pub use transaction::Transaction;
pub use write::{Consumed, Returning, RowWrite, Written};

use crate::transport::{HttpTransport, Transport};

/// Whether a request may be sent again when nobody knows whether it was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Idempotence {
    /// If it is known to be harmless: reads, and writes without conditions, increments and numbers
    /// that the service gives out.
    #[default]
    Auto,
    /// The caller says that it is harmless.
    Yes,
    /// The caller says that it is not.
    No,
}

#[derive(Clone, Copy, Debug, Default)]
struct Options {
    idempotence: Idempotence,
    deadline: Option<Instant>,
}

struct Inner {
    config: Config,
    transport: Arc<dyn Transport>,
}

/// A client of one instance. Cheap to clone: clones share connections.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
    options: Options,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("config", &self.inner.config).finish_non_exhaustive()
    }
}

impl Client {
    /// A client over HTTP. Connects to nobody yet.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let transport = Arc::new(HttpTransport::new(&config.http)?);
        Self::with_transport(config, transport)
    }

    /// A client over anything that carries requests.
    pub fn with_transport(
        config: Config,
        transport: Arc<dyn Transport>,
    ) -> Result<Self, ConfigError> {
        let config = config.checked()?;
        Ok(Self { inner: Arc::new(Inner { config, transport }), options: Options::default() })
    }

    /// The same client, whose requests may, or may not, be done twice.
    #[must_use]
    pub fn with_idempotence(&self, idempotence: Idempotence) -> Self {
        let options = Options { idempotence, ..self.options };
        Self { inner: self.inner.clone(), options }
    }

    /// The same client, whose requests end at this time at the latest (and within
    /// [`crate::RetryPolicy::total`] each).
    #[must_use]
    pub fn with_deadline(&self, deadline: Instant) -> Self {
        let options = Options { deadline: Some(deadline), ..self.options };
        Self { inner: self.inner.clone(), options }
    }
}
