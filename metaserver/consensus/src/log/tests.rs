//! The log on disk: what survives, what is refused.

use std::fs;
use std::path::Path;

use openraft::EntryPayload;
use openraft::vote::RaftLeaderId;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::types::CommandBytes;

fn id(term: u64, index: u64) -> LogId {
    LogId::new(RaftLeaderId::new(term, 1), index)
}

fn entry(term: u64, index: u64, size: usize) -> Entry {
    let bytes = vec![index as u8; size];
    Entry { log_id: id(term, index), payload: EntryPayload::Normal(CommandBytes(bytes.into())) }
}

async fn open(dir: &Path) -> io::Result<LogStore> {
    // The last user of the volume may still be letting go.
    let volume = loop {
        match Identity::open(dir) {
            Ok(volume) => break volume,
            Err(crate::identity::IdentityError::Locked(_)) => tokio::task::yield_now().await,
            Err(e) => panic!("{e}"),
        }
    };
    LogStore::open(Arc::new(volume), Fatal::default(), ConsensusMetrics::default())
}

/// Appends and waits until it is durable.
async fn append(log: &mut LogStore, entries: Vec<Entry>) -> io::Result<()> {
    let (done, wait) = oneshot::channel();
    let callback = IOFlushed::signal(openraft_sender(done));
    log.append(entries, callback).await?;
    wait.await.map_err(io::Error::other)?
}

/// Openraft's own kind of sender.
fn openraft_sender(
    done: oneshot::Sender<io::Result<()>>,
) -> openraft::alias::OneshotSenderOf<TypeConfig, io::Result<()>> {
    use openraft::type_config::TypeConfigExt;
    let (tx, rx) = TypeConfig::oneshot();
    tokio::spawn(async move {
        let _ = done.send(rx.await.unwrap_or_else(|e| Err(io::Error::other(e))));
    });
    tx
}

fn indexes(entries: &[Entry]) -> Vec<(u64, u64)> {
    entries.iter().map(|e| (e.log_id.leader_id.term, e.log_id.index)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_comes_back() {
    let dir = TempDir::new().unwrap();
    let mut log = open(dir.path()).await.unwrap();
    assert!(log.is_empty());
    append(&mut log, (0..5).map(|i| entry(1, i, 10)).collect()).await.unwrap();
    append(&mut log, vec![entry(1, 5, 10), entry(1, 6, 10)]).await.unwrap();
    log.truncate_after(Some(id(1, 3))).await.unwrap();
    append(&mut log, vec![entry(2, 4, 10)]).await.unwrap();
    log.save_vote(&Vote::new_committed(2, 1)).await.unwrap();
    log.save_committed(Some(id(1, 2))).await.unwrap();
    log.purge(id(1, 1)).await.unwrap();
    assert!(append(&mut log, vec![entry(2, 9, 1)]).await.is_err());
    let expected = [(1, 2), (1, 3), (2, 4)];
    assert_eq!(indexes(&log.try_get_log_entries(..).await.unwrap()), expected);
    log.close().await;
    assert!(append(&mut log, vec![entry(2, 5, 1)]).await.is_err());
    drop(log);

    let mut log = open(dir.path()).await.unwrap();
    assert_eq!(indexes(&log.try_get_log_entries(..).await.unwrap()), expected);
    assert_eq!(log.purged(), Some(id(1, 1)));
    assert_eq!(log.last(), Some(id(2, 4)));
    assert_eq!(log.vote(), Some(Vote::new_committed(2, 1)));
    assert_eq!(log.committed(), Some(id(1, 2)));

    // A snapshot beyond the end, and the log after it.
    log.purge(id(3, 100)).await.unwrap();
    append(&mut log, vec![entry(3, 101, 10)]).await.unwrap();
    log.close().await;
    drop(log);
    let mut log = open(dir.path()).await.unwrap();
    assert_eq!(indexes(&log.try_get_log_entries(..).await.unwrap()), [(3, 101)]);
    log.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn purged_files_free_their_space() {
    let dir = TempDir::new().unwrap();
    let mut log = open(dir.path()).await.unwrap();
    for i in 0..160 {
        append(&mut log, vec![entry(1, i, 512 << 10)]).await.unwrap();
    }
    let full = log.disk_bytes();
    assert!(full > 64 << 20, "{full}");
    log.purge(id(1, 150)).await.unwrap();
    append(&mut log, vec![entry(1, 160, 10)]).await.unwrap();
    let (mut freed, deadline) = (log.disk_bytes(), std::time::Instant::now());
    while freed > full / 2 && deadline.elapsed().as_secs() < 30 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        log.purge(id(1, 150)).await.unwrap();
        freed = log.disk_bytes();
    }
    assert!(freed <= full / 2, "{freed} of {full}");
    assert_eq!(log.try_get_log_entries(..).await.unwrap().len(), 10);
    log.close().await;
}

/// Changes a row behind the log's back.
fn set(log: &LogStore, index: u64, record: Option<&[u8]>) {
    let family = rows::family(log.db(), ENTRIES).unwrap();
    match record {
        Some(record) => log.db().put_cf(family, entry_key(index), record).unwrap(),
        None => log.db().delete_cf(family, entry_key(index)).unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_is_an_error_that_names_the_entry() {
    let dir = TempDir::new().unwrap();
    let mut log = open(dir.path()).await.unwrap();
    append(&mut log, (0..5).map(|i| entry(1, i, 10)).collect()).await.unwrap();
    log.close().await;
    set(&log, 2, Some(&[9, 9, 9]));
    drop(log);

    let mut log = open(dir.path()).await.unwrap();
    let error = log.try_get_log_entries(0..5).await.unwrap_err().to_string();
    assert!(error.contains("log entry 2 is corrupt: format version 9"), "{error}");
    set(&log, 2, None);
    let error = log.try_get_log_entries(1..5).await.unwrap_err().to_string();
    assert!(error.contains("log entry 2 is missing"), "{error}");
    let mut other = Vec::new();
    codec::encode_entry(&entry(1, 3, 1), &mut other).unwrap();
    set(&log, 2, Some(&other));
    let error = log.try_get_log_entries(1..5).await.unwrap_err().to_string();
    assert!(error.contains("log entry 2 is corrupt: it says it is entry 3"), "{error}");
    set(&log, 0, None);
    log.close().await;
    drop(log);
    let error = open(dir.path()).await.err().unwrap().to_string();
    assert!(error.contains("log entry 0 is missing"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_write_ahead_file_is_an_error() {
    let dir = TempDir::new().unwrap();
    let mut log = open(dir.path()).await.unwrap();
    for i in 0..20 {
        append(&mut log, vec![entry(1, i, 1000)]).await.unwrap();
    }
    log.close().await;
    drop(log);
    let wal = newest_wal(dir.path());
    let mut bytes = fs::read(&wal).unwrap();
    bytes[5000] ^= 1;
    fs::write(&wal, bytes).unwrap();
    let error = open(dir.path()).await.err().expect("damage in the middle").to_string();
    assert!(error.contains("Corruption"), "{error}");
}

fn newest_wal(dir: &Path) -> std::path::PathBuf {
    let mut files: Vec<_> = fs::read_dir(Identity::log_dir(dir))
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "log"))
        .collect();
    files.sort();
    files.pop().unwrap()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Power is cut with any part of what was not yet synced lost: whatever was acknowledged is
    /// there, and what is there is a prefix of what was written.
    #[test]
    fn a_cut_tail_keeps_what_was_acknowledged(
        batches in prop::collection::vec((1u64..5, 0usize..3000), 1..30),
        cut in 0.0f64..1.0,
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let dir = TempDir::new().unwrap();
            let mut log = open(dir.path()).await.unwrap();
            let wal = newest_wal(dir.path());
            // The size of the file after each acknowledgement, and the log's end then.
            let mut acknowledged = vec![(fs::metadata(&wal).unwrap().len(), 0)];
            let mut next = 0;
            for (count, size) in &batches {
                let entries = (next..next + count).map(|i| entry(1, i, *size)).collect();
                append(&mut log, entries).await.unwrap();
                next += count;
                acknowledged.push((fs::metadata(&wal).unwrap().len(), next));
            }
            let crashed = TempDir::new().unwrap();
            copy(dir.path(), crashed.path());
            log.close().await;
            drop(log);

            let written = acknowledged.last().unwrap().0;
            let length = (written as f64 * cut) as u64;
            let file = fs::OpenOptions::new()
                .write(true)
                .open(newest_wal(crashed.path()))
                .unwrap();
            file.set_len(length).unwrap();
            drop(file);
            let least =
                acknowledged.iter().filter(|(size, _)| *size <= length).map(|a| a.1).max();
            let mut log = open(crashed.path()).await.unwrap();
            let found = log.try_get_log_entries(..).await.unwrap();
            assert!(found.len() as u64 >= least.unwrap_or(0));
            assert!(found.len() as u64 <= next);
            for (i, e) in found.iter().enumerate() {
                assert_eq!(e.log_id, id(1, i as u64));
            }
            log.close().await;
        });
    }
}
