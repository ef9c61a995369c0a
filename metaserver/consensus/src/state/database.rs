//! One generation of the state machine's database on disk: `DIR/state/<name>`, where the file
//! `DIR/state/CURRENT` names the one in use. A snapshot is installed as a new generation by
//! replacing CURRENT atomically: a crash at any point leaves the old state or the new one.
//! Also the rows that Raft itself keeps among the namespace's.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use metafs_namespace::keys::table;
use rocksdb::{DB, Options, WriteBatch};

use crate::codec::{self, LogIdCode, MembershipCode};
use crate::identity::{sync_dir, write_atomically};
use crate::types::{LogId, SnapshotMeta, StoredMembership};

/// Row: the last applied log id.
const APPLIED: [u8; 2] = [table::FOREIGN, b'a'];
/// Row: the last applied membership.
const MEMBERSHIP: [u8; 2] = [table::FOREIGN, b'm'];

const CURRENT: &str = "CURRENT";

/// An open generation. When the last user of one that was replaced lets go, its files go too.
pub struct Database {
    // Closed before the directory goes: fields drop in this order.
    db: DB,
    dir: Directory,
}

struct Directory {
    path: PathBuf,
    obsolete: AtomicBool,
}

impl Drop for Directory {
    fn drop(&mut self) {
        if self.obsolete.load(Ordering::Acquire)
            && let Err(error) = fs::remove_dir_all(&self.path)
        {
            tracing::warn!(%error, path = %self.path.display(), "could not remove the old state");
        }
    }
}

impl Database {
    /// Opens the generation in use below `root`, or makes the first one. Leftovers of installs
    /// that did not come to their end are removed.
    pub fn open(root: &Path, options: &Options) -> io::Result<Self> {
        let name = match fs::read_to_string(root.join(CURRENT)) {
            Ok(name) => check_name(root, name.trim())?.to_owned(),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                let name = generation(0);
                write_atomically(&root.join(CURRENT), name.as_bytes())?;
                name
            }
            Err(e) => return Err(context(&root.join(CURRENT), e)),
        };
        for entry in fs::read_dir(root)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() && entry.file_name() != name.as_str() {
                fs::remove_dir_all(entry.path()).map_err(|e| context(&entry.path(), e))?;
            }
        }
        Self::open_generation(root.join(name), options)
    }

    /// Makes the received database at `dir` the generation in use, durably. Checks first that it
    /// holds the state that `meta` says.
    pub fn install(
        root: &Path,
        dir: &Path,
        meta: &SnapshotMeta,
        options: &Options,
    ) -> io::Result<Self> {
        let current = fs::read_to_string(root.join(CURRENT))?;
        let number: u64 = check_name(root, current.trim())?.parse().map_err(io::Error::other)?;
        let name = generation(number + 1);
        let path = root.join(&name);
        fs::rename(dir, &path).map_err(|e| context(&path, e))?;
        sync_dir(root)?;
        let database = Self::open_generation(path, options)?;
        database.dir.obsolete.store(true, Ordering::Release);
        let found = database.meta()?;
        if found != *meta {
            return Err(invalid(format!("the snapshot is of {found}, not of {meta}")));
        }
        write_atomically(&root.join(CURRENT), name.as_bytes())?;
        database.dir.obsolete.store(false, Ordering::Release);
        Ok(database)
    }

    fn open_generation(path: PathBuf, options: &Options) -> io::Result<Self> {
        let db = DB::open(options, &path).map_err(|e| context(&path, io::Error::other(e)))?;
        let dir = Directory { path, obsolete: AtomicBool::new(false) };
        Ok(Self { db, dir })
    }

    /// The database.
    pub fn db(&self) -> &DB {
        &self.db
    }

    /// Its files go when the last user lets go.
    pub fn retire(&self) {
        self.dir.obsolete.store(true, Ordering::Release);
    }

    /// What has been applied to it.
    pub fn meta(&self) -> io::Result<SnapshotMeta> {
        read_meta(&self.db)
    }
}

/// Reads what a checkpoint at `dir` holds, without writing to it.
pub fn inspect(dir: &Path, options: &Options) -> io::Result<SnapshotMeta> {
    let db = DB::open_for_read_only(options, dir, false)
        .map_err(|e| context(dir, io::Error::other(e)))?;
    read_meta(&db)
}

/// Adds Raft's own rows to a batch.
pub fn put_meta(
    batch: &mut WriteBatch,
    applied: LogId,
    membership: Option<&StoredMembership>,
) -> io::Result<()> {
    batch.put(APPLIED, codec::encode("applied log id", &LogIdCode::from(applied))?);
    if let Some(membership) = membership {
        batch.put(MEMBERSHIP, codec::encode("membership", &MembershipCode::from(membership))?);
    }
    Ok(())
}

fn read_meta(db: &DB) -> io::Result<SnapshotMeta> {
    let row = |key: &[u8]| db.get(key).map_err(io::Error::other);
    let applied: Option<LogIdCode> = match row(&APPLIED)? {
        Some(bytes) => Some(codec::decode("applied log id", &bytes)?),
        None => None,
    };
    let membership = match row(&MEMBERSHIP)? {
        Some(bytes) => {
            let code: MembershipCode = codec::decode("membership", &bytes)?;
            StoredMembership::try_from(code)?
        }
        None => StoredMembership::default(),
    };
    Ok(SnapshotMeta { last_log_id: applied.map(LogId::from), last_membership: membership })
}

fn generation(number: u64) -> String {
    format!("{number:08}")
}

/// The name comes from a file: it must not lead anywhere else.
fn check_name<'a>(root: &Path, name: &'a str) -> io::Result<&'a str> {
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_digit()) {
        let path = root.join(CURRENT);
        return Err(context(&path, invalid(format!("{name:?} names no generation"))));
    }
    Ok(name)
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

fn context(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
