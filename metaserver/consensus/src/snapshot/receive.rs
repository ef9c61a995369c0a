//! Receiving a snapshot: files into a directory of their own, each checked against the length
//! that was announced and the checksum that follows it, made durable, and finally opened once to
//! see that it is the state it says. Nothing of the present state is touched here.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use xxhash_rust::xxh3::Xxh3;

use crate::codec::VoteCode;
use crate::identity::{Identity, sync_dir};
use crate::net::message::{self, FileEntry, Manifest};
use crate::net::{Context, Transfer};
use crate::state::{database, options};
use crate::types::SnapshotMeta;

/// Files of one snapshot at most.
const MAX_FILES: usize = 100_000;

/// A snapshot on its way in. Dropped before [`Incoming::finish`], it leaves nothing behind.
pub struct Incoming {
    context: Arc<Context>,
    manifest: Manifest,
    meta: SnapshotMeta,
    dir: Directory,
    next: usize,
    open: Option<OpenFile>,
    done: u64,
}

struct OpenFile {
    file: File,
    hash: Xxh3,
    written: u64,
}

struct Directory(Option<PathBuf>);

impl Drop for Directory {
    fn drop(&mut self) {
        if let Some(path) = self.0.take()
            && let Err(error) = std::fs::remove_dir_all(&path)
        {
            tracing::warn!(%error, path = %path.display(), "could not remove a broken snapshot");
        }
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        self.context.transfers.set_receiving(None);
    }
}

/// A snapshot that was received whole.
#[derive(Debug)]
pub struct Received {
    /// What it holds.
    pub meta: SnapshotMeta,
    /// Where it is.
    pub dir: PathBuf,
}

fn refused(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

impl Incoming {
    /// Starts with the manifest.
    pub async fn begin(context: Arc<Context>, manifest: Manifest) -> io::Result<Self> {
        check_files(&manifest.files)?;
        let meta = manifest.meta()?;
        let name = format!("{:016x}", rand::random::<u64>());
        let path = Identity::incoming_dir(context.identity.dir()).join(name);
        tokio::fs::create_dir_all(&path).await?;
        tracing::info!(snapshot = %meta, bytes = manifest.total(), "receiving a snapshot");
        let incoming = Self {
            context,
            manifest,
            meta,
            dir: Directory(Some(path)),
            next: 0,
            open: None,
            done: 0,
        };
        incoming.show();
        Ok(incoming)
    }

    /// Decodes a manifest.
    pub fn manifest(body: &[u8]) -> io::Result<Manifest> {
        Ok(message::decode("manifest", body)?)
    }

    /// The sending leader's vote.
    pub fn vote(&self) -> VoteCode {
        self.manifest.vote
    }

    /// The next bytes of the present file.
    pub async fn data(&mut self, bytes: &[u8]) -> io::Result<()> {
        let announced = self.present()?.length;
        let open = self.open().await?;
        open.written += bytes.len() as u64;
        if open.written > announced {
            let name = &self.present()?.name;
            return Err(refused(format!("{name} is longer than the {announced} bytes announced")));
        }
        open.hash.update(bytes);
        open.file.write_all(bytes).await?;
        self.done += bytes.len() as u64;
        self.show();
        Ok(())
    }

    /// The present file is complete, and this is its checksum.
    pub async fn file_end(&mut self, digest: &[u8]) -> io::Result<()> {
        let entry = self.present()?.clone();
        self.open().await?;
        let Some(mut open) = self.open.take() else {
            return Err(refused(format!("{} is not open", entry.name)));
        };
        if open.written != entry.length {
            let (name, length, written) = (entry.name, entry.length, open.written);
            return Err(refused(format!("{name} has {written} bytes; {length} were announced")));
        }
        if open.hash.digest().to_be_bytes() != digest {
            return Err(refused(format!("{}: the checksum does not match", entry.name)));
        }
        open.file.flush().await?;
        open.file.sync_all().await?;
        self.next += 1;
        Ok(())
    }

    /// Everything was sent: checks that it is whole and what it says.
    pub async fn finish(mut self) -> io::Result<Received> {
        if let Some(missing) = self.manifest.files.get(self.next) {
            return Err(refused(format!("{} was not sent", missing.name)));
        }
        let path = self.path()?.to_owned();
        let checked = path.clone();
        let found = tokio::task::spawn_blocking(move || {
            sync_dir(&checked)?;
            database::inspect(&checked, &options::database())
        })
        .await
        .map_err(io::Error::other)??;
        if found != self.meta {
            return Err(refused(format!("it holds {found}, not {}", self.meta)));
        }
        self.dir.0 = None;
        Ok(Received { meta: self.meta.clone(), dir: path })
    }

    fn present(&self) -> io::Result<&FileEntry> {
        self.manifest
            .files
            .get(self.next)
            .ok_or_else(|| refused("more files than announced".into()))
    }

    async fn open(&mut self) -> io::Result<&mut OpenFile> {
        let open = match self.open.take() {
            Some(open) => open,
            None => {
                let path = self.path()?.join(&self.present()?.name);
                let file = File::create_new(path).await?;
                OpenFile { file, hash: Xxh3::new(), written: 0 }
            }
        };
        Ok(self.open.insert(open))
    }

    fn path(&self) -> io::Result<&Path> {
        self.dir.0.as_deref().ok_or_else(|| io::Error::other("the snapshot is finished"))
    }

    fn show(&self) {
        self.context.transfers.set_receiving(Some(Transfer {
            bytes_done: self.done,
            bytes_total: self.manifest.total(),
            index: self.meta.last_log_id.map_or(0, |id| id.index),
        }));
    }
}

/// Names come from the network: they must stay in their directory.
fn check_files(files: &[FileEntry]) -> io::Result<()> {
    if files.is_empty() || files.len() > MAX_FILES {
        return Err(refused(format!("a snapshot of {} files", files.len())));
    }
    let mut seen = BTreeSet::new();
    for file in files {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
        let name = &file.name;
        if name.is_empty() || name.len() > 64 || name.starts_with('.') || !name.bytes().all(plain) {
            return Err(refused(format!("a file named {name:?}")));
        }
        if !seen.insert(name) {
            return Err(refused(format!("{name} twice")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::codec::LogIdCode;
    use crate::fatal::Fatal;
    use crate::metrics::ConsensusMetrics;
    use crate::net::testing::{KEY, Member, member};
    use crate::state::StateStore;
    use crate::types::{Entry, LogId, Vote};
    use openraft::EntryPayload;
    use openraft::vote::RaftLeaderId;

    fn id(index: u64) -> LogId {
        LogId::new(RaftLeaderId::new(1, 1), index)
    }

    /// A checkpoint with its manifest.
    fn checkpoint(from: &Member) -> (PathBuf, Manifest) {
        let volume = from.context.identity.clone();
        let store =
            StateStore::open(volume, Fatal::default(), ConsensusMetrics::default()).unwrap();
        store.apply(&[Entry { log_id: id(7), payload: EntryPayload::Blank }]).unwrap();
        let path = from.dir.path().join("checkpoint");
        let meta = store.checkpoint(&path).unwrap();
        assert_eq!(meta.last_log_id, Some(id(7)));
        let mut files: Vec<FileEntry> = std::fs::read_dir(&path)
            .unwrap()
            .map(|e| e.unwrap())
            .map(|e| FileEntry {
                name: e.file_name().into_string().unwrap(),
                length: e.metadata().unwrap().len(),
            })
            .collect();
        files.sort_by(|a, b| a.name.cmp(&b.name));
        let manifest = Manifest::new(Vote::new_committed(1, 1), &meta, files).unwrap();
        (path, manifest)
    }

    /// Sends all files as `change` leaves them; checksums are of what was there.
    async fn transfer(
        to: &Member,
        manifest: &Manifest,
        from: &Path,
        change: impl Fn(&str, &mut Vec<u8>),
    ) -> io::Result<Received> {
        let mut incoming = Incoming::begin(to.context.clone(), manifest.clone()).await?;
        for file in &manifest.files {
            let mut bytes = std::fs::read(from.join(&file.name))?;
            let mut hash = Xxh3::new();
            hash.update(&bytes);
            change(&file.name, &mut bytes);
            for chunk in bytes.chunks(1000) {
                incoming.data(chunk).await?;
            }
            incoming.file_end(&hash.digest().to_be_bytes()).await?;
        }
        incoming.finish().await
    }

    fn nothing_left(to: &Member) {
        let incoming = Identity::incoming_dir(to.context.identity.dir());
        assert_eq!(std::fs::read_dir(incoming).unwrap().count(), 0);
        assert_eq!(to.context.transfers.receiving(), None);
    }

    #[tokio::test]
    async fn whole_or_not_at_all() {
        let (from, to) = (member(KEY, None), member(KEY, None));
        let (path, manifest) = checkpoint(&from);
        let received = transfer(&to, &manifest, &path, |_, _| {}).await.unwrap();
        assert_eq!(received.meta.last_log_id, Some(id(7)));
        std::fs::remove_dir_all(received.dir).unwrap();
        nothing_left(&to);

        let flipped = |name: &str, bytes: &mut Vec<u8>| {
            if name.ends_with(".sst") {
                bytes[100] ^= 1;
            }
        };
        let error = transfer(&to, &manifest, &path, flipped).await.unwrap_err().to_string();
        assert!(error.contains("the checksum does not match"), "{error}");
        nothing_left(&to);
        let shorter = |_: &str, bytes: &mut Vec<u8>| bytes.truncate(bytes.len() / 2);
        let error = transfer(&to, &manifest, &path, shorter).await.unwrap_err().to_string();
        assert!(error.contains("were announced"), "{error}");
        nothing_left(&to);
        let longer = |_: &str, bytes: &mut Vec<u8>| bytes.push(0);
        let error = transfer(&to, &manifest, &path, longer).await.unwrap_err().to_string();
        assert!(error.contains("is longer than"), "{error}");
        nothing_left(&to);

        // Whole, but not the state that was announced.
        let mut other = checkpointed(&manifest, 8);
        let error = transfer(&to, &other, &path, |_, _| {}).await.unwrap_err().to_string();
        assert!(error.contains("not"), "{error}");
        nothing_left(&to);

        // Cut off before the last file, and with files that do not make a database.
        let incoming = Incoming::begin(to.context.clone(), manifest.clone()).await.unwrap();
        let error = incoming.finish().await.unwrap_err().to_string();
        assert!(error.contains("was not sent"), "{error}");
        other.files.retain(|f| f.name != "CURRENT");
        assert!(transfer(&to, &other, &path, |_, _| {}).await.is_err());
        nothing_left(&to);
    }

    /// The manifest, of another log index.
    fn checkpointed(manifest: &Manifest, index: u64) -> Manifest {
        let mut meta = manifest.meta().unwrap();
        meta.last_log_id = Some(LogId::from(LogIdCode::from(id(index))));
        Manifest::new(manifest.vote.into(), &meta, manifest.files.clone()).unwrap()
    }

    #[test]
    fn names_stay_in_their_directory() {
        let entry = |name: &str| FileEntry { name: name.into(), length: 1 };
        check_files(&[entry("CURRENT"), entry("000012.sst"), entry("MANIFEST-000005")]).unwrap();
        for bad in ["", "..", ".x", "a/b", "/etc/passwd", "a\0", "ä", &"x".repeat(65)] {
            assert!(check_files(&[entry(bad)]).is_err(), "{bad:?}");
        }
        assert!(check_files(&[]).is_err());
        assert!(check_files(&[entry("a"), entry("a")]).is_err());
    }
}
