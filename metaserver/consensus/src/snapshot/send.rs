//! Sending a snapshot: connect, make a checkpoint, stream its files, wait for the installation.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use openraft::error::{NetworkError, StreamingError, Unreachable};
use openraft::raft::SnapshotResponse;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufWriter};
use tokio::net::TcpStream;
use tokio::time::timeout;
use xxhash_rust::xxh3::Xxh3;

use super::CHUNK;
use crate::identity::Identity;
use crate::net::message::{self, FileEntry, Manifest, SnapshotAnswer, answer, request};
use crate::net::{Context, Transfer, connection, frame};
use crate::state::StateStore;
use crate::state::machine::{NodeSnapshot, SnapshotData};
use crate::types::{TypeConfig, Vote};

/// The receiver takes no bytes for this long: it is gone.
const STALL: Duration = Duration::from_secs(30);

/// Checking and installing on the receiver's side.
const INSTALL: Duration = Duration::from_secs(600);

/// Pause after a failure.
const RETRY: Duration = Duration::from_secs(2);

type Sent = Result<SnapshotResponse<TypeConfig>, StreamingError<TypeConfig>>;

/// Sends the snapshot to the volume `to` and gives its answer after it was installed.
pub async fn send(
    context: &Arc<Context>,
    to: u64,
    addr: &str,
    vote: Vote,
    snapshot: NodeSnapshot,
) -> Sent {
    let SnapshotData::Own(store) = snapshot.snapshot else {
        let error = io::Error::other("only a node's own state can be sent");
        return Err(NetworkError::new(&error).into());
    };
    let mut progress = Progress {
        context,
        to,
        transfer: Transfer {
            index: snapshot.meta.last_log_id.map_or(0, |id| id.index),
            ..Transfer::default()
        },
    };
    progress.add(0);
    // First of all: is there anybody? A checkpoint is not free.
    let stream = connection::dial(context, to, addr)
        .await
        .map_err(|e| StreamingError::Unreachable(Unreachable::new(&e)))?;
    let result = transmit(&mut progress, stream, vote, store).await;
    if let Err(error) = &result {
        tracing::warn!(node = to, %error, "sending a snapshot failed");
        // Raft tries again soon; a receiver without space will not have any by then.
        tokio::time::sleep(RETRY).await;
    }
    let response = result.map_err(|e| StreamingError::Unreachable(Unreachable::new(&e)))?;
    context.metrics.snapshots_sent.inc();
    Ok(response)
}

/// Shows how far the transfer is, until it is dropped.
struct Progress<'a> {
    context: &'a Context,
    to: u64,
    transfer: Transfer,
}

impl Progress<'_> {
    fn add(&mut self, bytes: u64) {
        self.transfer.bytes_done += bytes;
        self.context.transfers.set_sending(self.to, Some(self.transfer));
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.context.transfers.set_sending(self.to, None);
    }
}

/// A checkpoint's directory; removed with the last user.
struct Checkpoint {
    path: PathBuf,
}

impl Drop for Checkpoint {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, path = %self.path.display(), "could not remove a checkpoint");
        }
    }
}

async fn transmit(
    progress: &mut Progress<'_>,
    stream: TcpStream,
    vote: Vote,
    store: Arc<StateStore>,
) -> io::Result<SnapshotResponse<TypeConfig>> {
    let dir = Identity::snapshots_dir(progress.context.identity.dir());
    let checkpoint = Checkpoint { path: dir.join(format!("{:016x}", rand::random::<u64>())) };
    let path = checkpoint.path.clone();
    let (meta, files) = tokio::task::spawn_blocking(move || {
        let meta = store.checkpoint(&path)?;
        Ok::<_, io::Error>((meta, list(&path)?))
    })
    .await
    .map_err(io::Error::other)??;
    let manifest = Manifest::new(vote, &meta, files)
        .ok_or_else(|| io::Error::other("there is nothing in the state machine to send"))?;
    progress.transfer.bytes_total = manifest.total();
    progress.add(0);
    tracing::info!(
        node = progress.to,
        snapshot = %meta,
        files = manifest.files.len(),
        bytes = manifest.total(),
        "sending a snapshot"
    );

    let mut stream = BufWriter::with_capacity(CHUNK, stream);
    let begin = message::encode("manifest", &manifest)?;
    put(&mut stream, request::SNAPSHOT_BEGIN, &begin).await?;
    let go_ahead = ask(&mut stream, STALL).await?;
    if go_ahead.vote > vote {
        return Ok(go_ahead);
    }
    let mut chunk = vec![0; CHUNK];
    for file in &manifest.files {
        if let Err(e) = send_file(progress, &mut stream, &checkpoint.path, file, &mut chunk).await {
            // The receiver may have said why it hung up.
            return match ask(&mut stream, Duration::from_secs(1)).await {
                Err(said) if said.kind() == io::ErrorKind::Other => Err(said),
                _ => Err(e),
            };
        }
    }
    put(&mut stream, request::SNAPSHOT_FINISH, &[]).await?;
    let response = ask(&mut stream, INSTALL).await?;
    tracing::info!(node = progress.to, snapshot = %meta, "the snapshot is installed");
    Ok(response)
}

async fn send_file(
    progress: &mut Progress<'_>,
    stream: &mut BufWriter<TcpStream>,
    dir: &Path,
    file: &FileEntry,
    chunk: &mut [u8],
) -> io::Result<()> {
    let mut reader = tokio::fs::File::open(dir.join(&file.name)).await?.take(file.length);
    let mut hash = Xxh3::new();
    loop {
        let n = reader.read(chunk).await?;
        if n == 0 {
            break;
        }
        hash.update(&chunk[..n]);
        put(stream, request::SNAPSHOT_DATA, &chunk[..n]).await?;
        progress.add(n as u64);
    }
    put(stream, request::SNAPSHOT_FILE_END, &hash.digest().to_be_bytes()).await
}

async fn put(stream: &mut BufWriter<TcpStream>, kind: u8, body: &[u8]) -> io::Result<()> {
    let frame = frame::encode(0, kind, body)?;
    timeout(STALL, stream.write_all(&frame)).await?
}

async fn ask(
    stream: &mut BufWriter<TcpStream>,
    patience: Duration,
) -> io::Result<SnapshotResponse<TypeConfig>> {
    timeout(STALL, stream.flush()).await??;
    let frame = timeout(patience, frame::read(stream.get_mut(), frame::MAX_FRAME)).await??;
    let frame = frame.ok_or(io::ErrorKind::UnexpectedEof)?;
    if frame.kind != answer::OK {
        return Err(io::Error::other(String::from_utf8_lossy(&frame.body).into_owned()));
    }
    let answer: SnapshotAnswer = message::decode("answer to a snapshot", &frame.body)?;
    Ok(answer.into())
}

fn list(dir: &Path) -> io::Result<Vec<FileEntry>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|name| {
            io::Error::other(format!("a checkpoint's file with a strange name: {name:?}"))
        })?;
        files.push(FileEntry { name, length: entry.metadata()?.len() });
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}
