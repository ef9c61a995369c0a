//! What tests of the network need: a member's context on a volume of its own.

use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use super::key::KeyFile;
use super::{Announced, Context, Heard, Transfers};
use crate::identity::Identity;
use crate::metrics::ConsensusMetrics;

pub const KEY: &str = "0123456789abcdef0123456789abcdef";

pub struct Member {
    pub dir: TempDir,
    pub context: Arc<Context>,
}

pub fn member(key: &str, cluster: Option<&str>) -> Member {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key");
    std::fs::write(&path, key).unwrap();
    let identity = Identity::open(&dir.path().join("data")).unwrap();
    if let Some(cluster) = cluster {
        identity.join(cluster).unwrap();
    }
    let context = Context {
        identity: Arc::new(identity),
        key: KeyFile::new(path),
        patience: Duration::from_secs(5),
        metrics: ConsensusMetrics::default(),
        transfers: Transfers::default(),
        heard: Heard::default(),
        announced: Announced::default(),
    };
    Member { dir, context: Arc::new(context) }
}
