//! Who a volume is: its node id, drawn at the first boot and kept for its life, and the cluster
//! it belongs to once known; and the layout of the data directory. Owns `identity.json` and the
//! lock that keeps a second process out. Called by [`crate::node`] and the handshake.
//!
//! ```text
//! DIR/identity.json   this file's; written atomically
//! DIR/LOCK            held while a process runs
//! DIR/log/            RocksDB of the Raft log
//! DIR/state/          the state machine: CURRENT names the directory in use
//! DIR/incoming/       snapshots being received; emptied at start
//! DIR/snapshots/      checkpoints being sent; emptied at start
//! ```

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use parking_lot::RwLock;
use serde::{Deserialize, Serialize};

/// On-disk format of the whole volume that this program writes.
pub const FORMAT: u32 = 1;

const FILE: &str = "identity.json";

/// Why a volume cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// A newer program wrote it.
    #[error(
        "this volume was written by a newer version (format {found}); this binary knows up to {FORMAT}"
    )]
    Newer {
        /// The format found.
        found: u32,
    },
    /// Another process has it open.
    #[error("{} is in use by another process", .0.display())]
    Locked(PathBuf),
    /// `identity.json` is not what this program writes.
    #[error("{}: {reason}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// There is data but no identity: the volume was tampered with.
    #[error("{} holds data but no {FILE}: not making a new identity for it", .0.display())]
    Missing(PathBuf),
    /// It belongs to another cluster.
    #[error("this volume belongs to cluster {own}, not to {other}")]
    OtherCluster {
        /// The volume's cluster.
        own: String,
        /// The cluster that was given.
        other: String,
    },
    /// The file system failed.
    #[error("{}: {source}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Record {
    format: u32,
    node_id: u64,
    cluster_id: Option<String>,
}

/// Read before [`Record`], as a newer format may have other fields.
#[derive(Deserialize)]
struct FormatOnly {
    format: u32,
}

/// An open volume's identity. Holds the volume's lock until dropped.
#[derive(Debug)]
pub struct Identity {
    dir: PathBuf,
    node_id: u64,
    cluster_id: RwLock<Option<String>>,
    _lock: File,
}

impl Identity {
    /// Opens the volume at `dir`, making it (with a new node id) if it is empty.
    pub fn open(dir: &Path) -> Result<Self, IdentityError> {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| IdentityError::Io { path, source }
        };
        fs::create_dir_all(dir).map_err(io(dir))?;
        let lock = lock(dir)?;
        let record = match read(dir)? {
            Some(record) => record,
            None => {
                if dir.join("log").exists() || dir.join("state").exists() {
                    return Err(IdentityError::Missing(dir.to_owned()));
                }
                let record = Record { format: FORMAT, node_id: new_node_id(), cluster_id: None };
                write(dir, &record)?;
                tracing::info!(node_id = record.node_id, dir = %dir.display(), "new volume");
                record
            }
        };
        for sub in [Self::log_dir, Self::state_dir] {
            let path = sub(dir);
            fs::create_dir_all(&path).map_err(io(&path))?;
        }
        for sub in [Self::incoming_dir, Self::snapshots_dir] {
            let path = sub(dir);
            match fs::remove_dir_all(&path) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(io(&path)(e)),
                _ => fs::create_dir_all(&path).map_err(io(&path))?,
            }
        }
        Ok(Self {
            dir: dir.to_owned(),
            node_id: record.node_id,
            cluster_id: RwLock::new(record.cluster_id),
            _lock: lock,
        })
    }

    /// The Raft log's directory.
    pub fn log_dir(dir: &Path) -> PathBuf {
        dir.join("log")
    }

    /// The state machine's directory.
    pub fn state_dir(dir: &Path) -> PathBuf {
        dir.join("state")
    }

    /// Where snapshots are received.
    pub fn incoming_dir(dir: &Path) -> PathBuf {
        dir.join("incoming")
    }

    /// Where checkpoints are made for sending.
    pub fn snapshots_dir(dir: &Path) -> PathBuf {
        dir.join("snapshots")
    }

    /// This volume's node id.
    pub fn node_id(&self) -> u64 {
        self.node_id
    }

    /// The data directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The cluster it belongs to, once known.
    pub fn cluster_id(&self) -> Option<String> {
        self.cluster_id.read().clone()
    }

    /// Makes the volume part of `cluster_id`, durably, or confirms that it is.
    pub fn join(&self, cluster_id: &str) -> Result<(), IdentityError> {
        let mut current = self.cluster_id.write();
        match current.as_deref() {
            Some(own) if own == cluster_id => return Ok(()),
            Some(own) => {
                return Err(IdentityError::OtherCluster {
                    own: own.into(),
                    other: cluster_id.into(),
                });
            }
            None => {}
        }
        let cluster_id = Some(cluster_id.to_owned());
        let record =
            Record { format: FORMAT, node_id: self.node_id, cluster_id: cluster_id.clone() };
        write(&self.dir, &record)?;
        *current = cluster_id;
        Ok(())
    }
}

/// Ids of wiped volumes must never come back, so they are drawn from 63 bits (JSON readers that
/// know only signed 64-bit integers read them too).
fn new_node_id() -> u64 {
    rand::random_range(1..=i64::MAX as u64)
}

fn lock(dir: &Path) -> Result<File, IdentityError> {
    let path = dir.join("LOCK");
    let io = |source| IdentityError::Io { path: path.clone(), source };
    let file =
        OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(IdentityError::Locked(dir.to_owned())),
        Err(TryLockError::Error(source)) => Err(io(source)),
    }
}

fn read(dir: &Path) -> Result<Option<Record>, IdentityError> {
    let path = dir.join(FILE);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(IdentityError::Io { path, source }),
    };
    let corrupt = |reason: String| IdentityError::Corrupt { path: path.clone(), reason };
    let FormatOnly { format } =
        serde_json::from_slice(&bytes).map_err(|e| corrupt(e.to_string()))?;
    if format > FORMAT {
        return Err(IdentityError::Newer { found: format });
    }
    if format == 0 {
        return Err(corrupt("format 0".into()));
    }
    serde_json::from_slice(&bytes).map(Some).map_err(|e| corrupt(e.to_string()))
}

fn write(dir: &Path, record: &Record) -> Result<(), IdentityError> {
    let path = dir.join(FILE);
    serde_json::to_vec_pretty(record)
        .map_err(io::Error::other)
        .and_then(|json| write_atomically(&path, &json))
        .map_err(|source| IdentityError::Io { path, source })
}

/// Replaces a file so that a crash leaves the old or the new content, durably.
pub fn write_atomically(path: &Path, content: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("tmp");
    let mut file = File::create(&temporary)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    match path.parent() {
        Some(dir) => sync_dir(dir),
        None => Ok(()),
    }
}

/// Makes renames and new files in `dir` durable.
pub fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_its_identity() {
        let dir = tempfile::tempdir().unwrap();
        let first = Identity::open(dir.path()).unwrap();
        let id = first.node_id();
        assert_eq!(first.cluster_id(), None);
        assert!(matches!(Identity::open(dir.path()), Err(IdentityError::Locked(_))));
        first.join("one").unwrap();
        first.join("one").unwrap();
        assert!(matches!(first.join("two"), Err(IdentityError::OtherCluster { .. })));
        drop(first);

        let second = Identity::open(dir.path()).unwrap();
        assert_eq!(second.node_id(), id);
        assert_eq!(second.cluster_id().as_deref(), Some("one"));
        let other = tempfile::tempdir().unwrap();
        assert_ne!(Identity::open(other.path()).unwrap().node_id(), id);
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(FILE);
        fs::write(&file, r#"{"format":2,"nodeId":1,"shards":[]}"#).unwrap();
        let error = Identity::open(dir.path()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "this volume was written by a newer version (format 2); this binary knows up to 1"
        );
        for broken in ["", "{", r#"{"format":1}"#, r#"{"format":0,"nodeId":1}"#] {
            fs::write(&file, broken).unwrap();
            let error = Identity::open(dir.path()).unwrap_err();
            assert!(matches!(error, IdentityError::Corrupt { .. }), "{error}");
        }
        fs::remove_file(&file).unwrap();
        fs::create_dir(dir.path().join("log")).unwrap();
        assert!(matches!(Identity::open(dir.path()), Err(IdentityError::Missing(_))));
    }
}
