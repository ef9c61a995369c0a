//! Logging: tracing to standard error, with a filter that can be replaced while running, and the
//! audit log (target `audit`) beside it, which has its own switch in the replicated settings.

use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry, fmt, reload};

use crate::config::{LogConfig, LogFormat};
use crate::lines::{Guard, Lines};

/// Why logging does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// See there.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// There can be no thread that writes.
    #[error("the log's thread cannot be started: {0}")]
    Thread(#[from] io::Error),
}

/// A filter that does not parse.
#[derive(Debug, thiserror::Error)]
#[error("log filter {filter:?}: {reason}; use for example `info` or `info,metafs_consensus=debug`")]
pub struct FilterError {
    filter: String,
    reason: String,
}

/// The handle that reads and replaces the filter.
#[derive(Clone, Debug)]
pub struct LogFilter {
    handle: reload::Handle<EnvFilter, Registry>,
    /// As it was given: whoever set it compares it.
    given: Arc<Mutex<String>>,
}

/// Starts logging for the process. Lines are written by a thread of their own, many at a time:
/// with the audit log on there is one for each client operation. Dropping the guard writes what
/// still waits.
///
/// # Errors
/// The filter does not parse, or there can be no thread.
pub fn start(config: &LogConfig) -> Result<(LogFilter, Guard), StartError> {
    let LogConfig { filter, format } = config;
    let given = Arc::new(Mutex::new(filter.clone()));
    let (filter, handle) = reload::Layer::new(parse(filter)?);
    let (writer, guard) = Lines::start(io::stderr())?;
    let registry = tracing_subscriber::registry().with(filter);
    match format {
        LogFormat::Text => registry.with(fmt::layer().with_ansi(false).with_writer(writer)).init(),
        LogFormat::Json => registry.with(fmt::layer().json().with_writer(writer)).init(),
    }
    Ok((LogFilter { handle, given }, guard))
}

impl LogFilter {
    /// The present filter.
    pub fn current(&self) -> String {
        self.given.lock().clone()
    }

    /// Replaces the filter until the next start.
    ///
    /// # Errors
    /// It does not parse; the old one stays.
    pub fn replace(&self, filter: &str) -> Result<(), FilterError> {
        let parsed = parse(filter)?;
        self.handle.reload(parsed).map_err(|error| FilterError {
            filter: filter.to_owned(),
            reason: error.to_string(),
        })?;
        filter.clone_into(&mut self.given.lock());
        Ok(())
    }
}

/// Raft's engine tells every message at level info; unless the filter names it, only its warnings
/// are wanted.
fn complete(filter: &str) -> String {
    if filter.contains("openraft") { filter.to_owned() } else { format!("openraft=warn,{filter}") }
}

fn parse(filter: &str) -> Result<EnvFilter, FilterError> {
    EnvFilter::builder()
        .parse(complete(filter))
        .map_err(|error| FilterError { filter: filter.to_owned(), reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_is_quiet_unless_it_is_named() {
        assert_eq!(complete("info"), "openraft=warn,info");
        assert_eq!(complete("info,openraft=debug"), "info,openraft=debug");
        assert!(parse("info,metafs_consensus=loud").is_err());
    }
}
