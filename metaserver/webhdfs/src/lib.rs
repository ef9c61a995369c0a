//! The WebHDFS door: HTTP/1.1 requests of Hadoop clients in, namespace queries and mutations out,
//! answers in the exact JSON and error forms of HDFS 3.4 (`NamenodeWebHdfsMethods`, `JsonUtil`,
//! and for data the DataNode's `WebHdfsHandler`). It plays NameNode and DataNode at once: CREATE
//! and APPEND redirect to this same server.
//!
//! It knows neither Raft nor RocksDB: the server crate implements [`metafs_door::Backend`] over the
//! consensus node and calls [`serve`]; nothing else here is called from outside. Everything that a client
//! sends is bounded by [`Limits`].

mod body;
mod checksum;
mod door;
mod error;
mod io;
mod json;
mod limits;
mod listing;
mod metrics;
mod ops;
mod page;
mod params;
mod read;
mod redirect;
mod request;
mod serve;
mod upload;
mod write;
mod xattr_codec;

pub use door::Door;
pub use limits::Limits;
pub use metrics::WebMetrics;
pub use serve::serve;
