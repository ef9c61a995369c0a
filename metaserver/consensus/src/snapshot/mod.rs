//! Snapshots on the wire: a RocksDB checkpoint of the state machine, made when a follower needs
//! it and streamed file by file ([`send`]), checked at arrival ([`receive`]) and then installed by
//! the state machine. Called by the network.
//!
//! Memory is bounded by one chunk on each side; disk on the sender by hard links, on the receiver
//! by one more copy of the state until it is swapped in.

pub mod receive;
pub mod send;

/// Bytes of one chunk of a file.
pub const CHUNK: usize = 256 << 10;
