//! The file-system namespace as HDFS has it, pure: commands in, row changes and replies out;
//! queries over the same rows. It knows neither Raft nor RocksDB's API nor clocks nor sockets.
//!
//! - [`Batch`] applies [`Command`]s over a [`Rows`] and collects [`Changes`] (the only way to
//!   change anything); used by the consensus crate's state machine.
//! - [`View`] answers queries; used by the doors.
//! - [`keys`] is the one place that knows the row formats.

pub mod acl;
mod batch;
pub mod command;
pub mod error;
pub mod export;
pub mod inode;
pub mod keys;
pub mod memory;
mod ops;
mod overlay;
pub mod path;
pub mod permission;
pub mod recovery;
pub mod reply;
mod resolve;
mod retry;
mod roles;
pub mod rows;
pub mod settings;
mod usage;
mod view;
pub mod xattr;

pub use batch::Batch;
pub use command::{CallId, Caller, Command, Mutation, Op};
pub use error::{ErrorKind, Failure, FsError, RowsError};
pub use memory::MemoryRows;
pub use reply::Reply;
pub use rows::{Changes, Rows, read_children};
pub use settings::Settings;
pub use view::View;
