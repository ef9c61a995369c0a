//! A member killed at random moments: whatever it had acknowledged is there afterwards, and its
//! state is exactly what its log says. The member is this test's own binary, started again.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::ops::{Bound, ControlFlow};
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};
use std::sync::Arc;
use std::time::Duration;

use crate::common::{KEY, SOON, client, exists, mkdirs, settings, start};
use bytes::Bytes;
use metafs_consensus::fatal::Fatal;
use metafs_consensus::identity::Identity;
use metafs_consensus::log::LogStore;
use metafs_consensus::metrics::ConsensusMetrics;
use metafs_consensus::state::StateStore;
use metafs_consensus::{Node, Peer, ProposeError, Role};
use metafs_namespace::command::RenameMode;
use metafs_namespace::{Batch, MemoryRows, Mutation, Rows};
use openraft::EntryPayload;

const CHILD: &str = "METAFS_CRASH_TEST_VOLUME";
/// How much each writer of it writes.
const WRITES: &str = "METAFS_TEST_CRASH_WRITES";
const ROUNDS: u64 = 8;

fn peer(addr: &str) -> Peer {
    Peer { name: "m".into(), raft: addr.into(), admin: addr.into(), web: addr.into() }
}

async fn leads(node: &Node) {
    let mut role = node.role();
    let leads = role.wait_for(|r| r.role == Role::Leader { confirmed: true });
    tokio::time::timeout(SOON, leads).await.unwrap().unwrap();
}

/// Writes without end, saying what was acknowledged; somebody will kill it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_that_is_killed() {
    let Ok(dir) = std::env::var(CHILD) else {
        return;
    };
    let dir = Path::new(&dir);
    let node = start(&dir.join("volume"), &peer("127.0.0.1:0"), &dir.join("key")).await;
    if node.is_pristine() {
        let voters = BTreeMap::from([(node.id(), peer("127.0.0.1:1"))]);
        node.initialise("crash", voters).await.unwrap();
    }
    leads(&node).await;
    node.propose(settings(1)).await.unwrap().reply.unwrap();
    let compactor = node.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(40)).await;
            // Flushes, but keeps the whole log, however fast the machine is: the state is compared
            // with it from its first entry on.
            let _ = compactor.compact(u64::MAX).await;
        }
    });
    let round = std::process::id();
    let writes: u64 = std::env::var(WRITES).unwrap().parse().unwrap();
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..16 {
        let node = node.clone();
        writers.spawn(async move {
            for number in 0..writes {
                let path = format!("/{round}/{writer}/{number}");
                match node.propose(mkdirs(&path)).await {
                    Ok(applied) => applied.reply.unwrap(),
                    Err(ProposeError::Stopped(reason)) => {
                        println!("STOPPED {reason}");
                        std::process::exit(3);
                    }
                    Err(e) => panic!("{e}"),
                };
                println!("MADE {path}");
                if number % 5 == 4 {
                    let src = format!("/{round}/{writer}/{}", number - 2);
                    let dst = format!("{src}-moved");
                    let mode = RenameMode::NoReplace;
                    let rename = Mutation::Rename { src: src.clone(), dst: dst.clone(), mode };
                    node.propose(client(rename)).await.unwrap().reply.unwrap();
                    println!("MOVED {src} {dst}");
                }
            }
            // Enough for one round: all rounds together stay within what the log keeps.
            std::future::pending::<()>().await;
        });
    }
    writers.join_next().await;
}

fn spawn(dir: &Path, file_kib: Option<u64>) -> Child {
    // A limit on the size of files is a disk that is full as far as the log is concerned.
    let limit = file_kib.map_or(String::new(), |kib| format!("trap '' XFSZ; ulimit -f {kib}; "));
    Process::new("bash")
        .arg("-c")
        .arg(format!("{limit}exec \"$0\" --exact crash::child_that_is_killed --nocapture"))
        .arg(std::env::current_exe().unwrap())
        .env(CHILD, dir)
        .env(WRITES, if file_kib.is_some() { u64::MAX } else { 500 }.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What a killed or stopped child had acknowledged: whether a path must be there.
fn acknowledged(lines: &[String], expected: &mut BTreeMap<String, bool>) {
    for line in lines {
        // The harness prints on the same stream: the line may begin with its words.
        let words: Vec<&str> = line.split_whitespace().collect();
        if let [.., "MADE", path] = words[..] {
            expected.entry(path.into()).or_insert(true);
        } else if let [.., "MOVED", src, dst] = words[..] {
            expected.insert(src.into(), false);
            expected.insert(dst.into(), true);
        }
    }
}

fn volume() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("key"), KEY).unwrap();
    dir
}

async fn all_there(dir: &Path, expected: &BTreeMap<String, bool>) {
    let node = start(&dir.join("volume"), &peer("127.0.0.1:0"), &dir.join("key")).await;
    leads(&node).await;
    node.read().await.unwrap();
    for (path, there) in expected {
        // A move may have been done without being acknowledged; then the old name is gone.
        let found = exists(&node, path) || (*there && exists(&node, &format!("{path}-moved")));
        assert_eq!(found, *there, "{path}");
    }
    node.shutdown(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_stops_it_and_loses_nothing() {
    let dir = volume();
    let mut expected = BTreeMap::new();
    let child = spawn(dir.path(), Some(1200));
    let output = tokio::task::spawn_blocking(|| child.wait_with_output()).await.unwrap().unwrap();
    let lines: Vec<String> =
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
    let stopped: Vec<&String> = lines.iter().filter(|l| l.contains("STOPPED")).collect();
    assert!(!stopped.is_empty(), "it did not stop: {:?}", lines.last());
    assert!(stopped[0].contains("the Raft log could not be written"), "{}", stopped[0]);
    acknowledged(&lines, &mut expected);
    assert!(expected.len() > 100, "{}", expected.len());
    same_as_its_log(&dir.path().join("volume")).await;
    all_there(dir.path(), &expected).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment() {
    let dir = volume();
    let mut expected = BTreeMap::new();
    for round in 0..ROUNDS {
        let mut child = spawn(dir.path(), None);
        let out = BufReader::new(child.stdout.take().unwrap());
        // From another thread: reading blocks.
        let lines =
            std::thread::spawn(move || out.lines().map_while(Result::ok).collect::<Vec<String>>());
        // Some rounds end while it starts, most while it writes.
        tokio::time::sleep(Duration::from_millis(30 + 170 * round)).await;
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged(&lines.join().unwrap(), &mut expected);
        if dir.path().join("volume/state/CURRENT").exists() {
            same_as_its_log(&dir.path().join("volume")).await;
        }
    }
    let moved = expected.values().filter(|there| !**there).count();
    assert!(expected.len() > 100 && moved > 10, "{} writes, {moved} moves", expected.len());
    all_there(dir.path(), &expected).await;
}

/// What is on disk of the state machine equals the log applied to nothing, up to where it says.
async fn same_as_its_log(volume: &Path) {
    let identity = Arc::new(Identity::open(volume).unwrap());
    let (fatal, metrics) = (Fatal::default(), ConsensusMetrics::default());
    let log = LogStore::open(identity.clone(), fatal.clone(), metrics.clone()).unwrap();
    let state = StateStore::open(identity, fatal, metrics).unwrap();
    if let Some(applied) = state.meta().last_log_id {
        assert!(Some(applied) <= log.last(), "the state machine is ahead of its log");
        assert_eq!(log.purged(), None);
        let mut model = MemoryRows::default();
        let mut next = 0;
        while next <= applied.index {
            let entries = log.read(next, applied.index + 1).await.unwrap();
            next += entries.len() as u64;
            let mut batch = Batch::new(&model).unwrap();
            for entry in entries {
                if let EntryPayload::Normal(command) = entry.payload {
                    let _ = batch.apply(&command.decode().unwrap()).unwrap();
                }
            }
            let changes = batch.finish().unwrap();
            model.apply(changes);
        }
        let mut rows: BTreeMap<Vec<u8>, Bytes> = BTreeMap::new();
        state.read(|state| {
            state
                .scan(&[], Bound::Unbounded, &mut |key, value| {
                    if key[0] < 0xF0 {
                        rows.insert(key.to_vec(), Bytes::copy_from_slice(value));
                    }
                    ControlFlow::Continue(())
                })
                .unwrap();
        });
        assert!(rows == model.rows, "the state differs from its log at {applied}");
    }
    log.close().await;
}
