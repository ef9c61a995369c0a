//! Logging: tracing to standard error, with a filter that can be replaced while running, and the
//! audit log (target `audit`) beside it, which has its own switch in the replicated settings.

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry, fmt, reload};

use crate::config::{LogConfig, LogFormat};

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
}

/// Starts logging for the process.
///
/// # Errors
/// The filter does not parse.
pub fn start(config: &LogConfig) -> Result<LogFilter, FilterError> {
    let LogConfig { filter, format } = config;
    let (layer, handle) = reload::Layer::new(parse(filter)?);
    let registry = tracing_subscriber::registry().with(layer);
    match format {
        LogFormat::Text => registry
            .with(fmt::layer().with_writer(std::io::stderr))
            .init(),
        LogFormat::Json => registry
            .with(fmt::layer().json().with_writer(std::io::stderr))
            .init(),
    }
    Ok(LogFilter { handle })
}

impl LogFilter {
    /// The present filter.
    pub fn current(&self) -> String {
        self.handle
            .with_current(ToString::to_string)
            .unwrap_or_default()
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
        })
    }
}

fn parse(filter: &str) -> Result<EnvFilter, FilterError> {
    EnvFilter::builder()
        .parse(filter)
        .map_err(|error| FilterError {
            filter: filter.to_owned(),
            reason: error.to_string(),
        })
}
