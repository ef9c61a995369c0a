//! A local server that speaks Tablestore's protocol: for development, tests and demos.
//!
//! - [`Service`]: requests in, answers out, without sockets; a client in the same process calls
//!   [`Service::handle`], or takes [`LocalTransport`].
//! - [`server`]: the server on sockets (HTTP, HTTPS) and the control API.
//! - [`config`]: the binary's configuration file.
//! - [`engine`]: pure decisions about rows; [`store`]: where rows are kept.

pub mod config;
pub mod engine;
pub mod error;
pub mod server;
pub mod service;
pub mod store;
pub mod transport;

pub use service::{Reply, Service, Settings};
pub use transport::LocalTransport;
