//! What the clients' doors (WebHDFS, Hadoop RPC) share: the seam to the replicated namespace, the
//! states of a server as clients know them, and the audit log. The doors use it; the server crate
//! implements [`Backend`] and [`HaService`] over the consensus node.

pub mod audit;
mod backend;
mod ha;
pub mod memory;

pub use backend::{Backend, Committed, Freshness, Space};
pub use ha::{HaError, HaService, HaState};
