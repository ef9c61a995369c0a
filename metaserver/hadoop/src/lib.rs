//! The Hadoop RPC door (port 8020): what `hdfs://` clients and Hadoop's own tools speak. Protocol
//! buffers over Hadoop's framing in, namespace queries and mutations out, answers, exceptions and
//! state ids as HDFS 3.4 gives them.
//!
//! - [`proto`]: the messages, also for clients in tests and benchmarks.
//! - [`wire`]: framing, pure; for clients too.
//! - `serve`, `connection`: sockets, limits, the order of replies.
//! - `dispatch`: from a protocol's and a method's name to its handler.
//! - `client`, `ha`, `tools`: the protocols.
//!
//! It knows neither Raft nor RocksDB: the server crate implements [`metafs_door::Backend`] and
//! [`metafs_door::HaService`] and calls [`serve`]; nothing else here is called by servers.

mod call;
mod client;
mod connection;
mod dispatch;
mod ha;
mod limits;
mod metrics;
pub mod proto;
mod refusal;
mod serve;
mod tools;
pub mod wire;

pub use limits::Limits;
pub use metrics::RpcMetrics;
pub use serve::{Door, serve};
