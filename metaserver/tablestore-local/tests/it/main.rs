//! The service through its heads and messages, in this process and over sockets. Rows are written and
//! read by the client's own codec, which was written apart from the server's.

mod access;
mod client;
mod common;
mod faults;
mod indexes;
mod ranges;
mod rows;
mod socket;
mod tables;
mod transactions;
