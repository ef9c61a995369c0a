//! Tests of whole nodes, as one binary: each one links RocksDB.

mod cluster;
mod common;
mod crash;
mod snapshot;
