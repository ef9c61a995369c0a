//! The real client over a transport that does what a script says.

mod batch;
mod common;
mod operations;
mod range;
mod retry;
