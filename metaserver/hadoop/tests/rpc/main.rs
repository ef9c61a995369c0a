//! The Hadoop RPC door over rows in memory, on a real socket.

mod calls;
mod common;
mod handshake;
mod hostile;
mod states;
