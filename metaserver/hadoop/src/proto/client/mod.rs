//! ClientProtocol: requests and responses, as far as they have fields; by the same parts as their
//! handlers.

mod cluster;
mod files;
mod read;
mod write;

pub use cluster::*;
pub use files::*;
pub use read::*;
pub use write::*;
