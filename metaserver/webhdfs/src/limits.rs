//! Bounds on what clients may take of this server.

use std::time::Duration;

/// Bounds of the door; see [`Limits::default`] for values that suit real networks.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections open at once; a further one is told to come back (503) and closed.
    pub max_connections: usize,
    /// Largest head of a request (line and headers), bytes; at least 8192
    /// (hadoop.http.max.request.header.size).
    pub max_header_bytes: usize,
    /// Most headers of a request.
    pub max_headers: usize,
    /// A request's head must have come within this time after the connection was opened or the
    /// last answer was given; so this is also how long an idle connection is kept.
    pub header_timeout: Duration,
    /// Longest pause within a request's body.
    pub body_idle: Duration,
    /// Longest time for a whole body.
    pub body_total: Duration,
    /// Longest time in which a reader takes nothing of an answer.
    pub write_timeout: Duration,
    /// Bytes of bodies held in memory at once, over all connections.
    pub body_memory: usize,
    /// How much of a refused body is read and thrown away, so that a client that does not look
    /// for an answer before it has sent everything sees the refusal, bytes.
    pub discard_bytes: u64,
    /// How long that may take.
    pub discard_time: Duration,
    /// TCP keepalive and user timeout: how long a peer that vanished is believed to be there.
    pub peer_timeout: Duration,
    /// At shutdown: how long requests under way may take to end.
    pub grace: Duration,
    /// Entries in one page of a listing (dfs.ls.limit).
    pub list_page: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 4096,
            max_header_bytes: 64 << 10,
            max_headers: 100,
            header_timeout: Duration::from_secs(60),
            body_idle: Duration::from_secs(60),
            body_total: Duration::from_secs(600),
            write_timeout: Duration::from_secs(60),
            body_memory: 256 << 20,
            discard_bytes: 256 << 20,
            discard_time: Duration::from_secs(60),
            peer_timeout: Duration::from_secs(30),
            grace: Duration::from_secs(5),
            list_page: 1000,
        }
    }
}
