//! Tests of metafs against real `metaserver` processes, and its benchmark.
//!
//! - [`cluster`] starts, forms, breaks and looks at servers ([`server`]) on loopback addresses
//!   ([`addresses`]) or each in a network namespace of its own ([`netns`]).
//! - [`webhdfs`] is a small WebHDFS client over [`http`]; it follows the leader.
//! - [`rpc`] is a small client of Hadoop RPC.
//! - [`linear`] checks histories; [`workload`] makes them; [`faults`] is the schedule meanwhile.
//! - [`sessions`] does the same for clients that read at observers.
//! - [`tablestore`] starts a local Tablestore for copies of the namespace.
//! - [`tree`] is a namespace of any size, as an export.
//! - [`bench`] is what the binary `metafs-bench` runs, [`rpc_bench`] what `metafs-rpc-bench` does.
//!
//! Nothing here is built into the product. The servers' binaries are not built here either: see
//! [`binaries`].

pub mod addresses;
pub mod bench;
pub mod binaries;
pub mod cluster;
pub mod faults;
pub mod http;
pub mod linear;
pub mod netns;
pub mod rpc;
pub mod rpc_bench;
pub mod server;
pub mod sessions;
pub mod tablestore;
pub mod tree;
pub mod wait;
pub mod webhdfs;
pub mod workload;
