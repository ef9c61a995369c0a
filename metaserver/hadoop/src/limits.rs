//! Bounds of what clients may take.

use std::time::Duration;

/// See the fields; the defaults suit a server of its own.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at a time; more are closed at once.
    pub max_connections: usize,
    /// Bytes of one request (HDFS: ipc.maximum.data.length). Calls about metadata are small; the
    /// largest are concat's lists of files.
    pub max_frame: usize,
    /// Calls of one connection that are not answered yet; no more are read meanwhile. Answers that a
    /// slow reader leaves lying count too.
    pub max_calls: usize,
    /// A new connection must have told who it is within this time.
    pub handshake_timeout: Duration,
    /// A request that has begun must arrive within this time.
    pub frame_timeout: Duration,
    /// A connection on which nothing was asked for this long, and nothing is under way, is closed.
    pub idle_timeout: Duration,
    /// An answer must be taken by its reader within this time.
    pub write_timeout: Duration,
    /// A peer that does not acknowledge for this long is gone.
    pub peer_timeout: Duration,
    /// Entries in one page of a listing (dfs.ls.limit).
    pub list_page: usize,
    /// After the end was asked for, calls under way may take this long.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 16_384,
            max_frame: 8 << 20,
            max_calls: 1024,
            handshake_timeout: Duration::from_secs(20),
            frame_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(600),
            write_timeout: Duration::from_secs(60),
            peer_timeout: Duration::from_secs(120),
            list_page: 1000,
            grace: Duration::from_secs(5),
        }
    }
}
