//! Rows that are missing, damaged or in each other's place: recovery either does not need them, or
//! fails and names one. And who waits for whom.

use std::sync::Arc;
use std::time::Duration;

use crate::sim::cluster::{History, Shared, State};
use crate::sim::dice::Dice;
use crate::sim::network::{Faults, Network};
use crate::sim::store::{Client, Rows, Server};
use crate::sim::world::{Recovered, recover, replica, upload_config};
use bytes::Bytes;
use metafs_replication::status::{UploadPhase, UploadStatus};
use metafs_replication::{Key, Row, UploadConfig, UploadEnd, release, run_upload};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

struct Uploading {
    status: watch::Receiver<UploadStatus>,
    cancel: CancellationToken,
    task: JoinHandle<UploadEnd>,
    follow: Box<dyn Fn(u64)>,
}

fn client(server: &Arc<Mutex<Server>>, dice: &Dice) -> Client {
    let network = Network::new(dice, Faults { slow_ms: 2, ..Faults::default() });
    Client { server: server.clone(), network }
}

fn upload(history: &Shared, server: &Arc<Mutex<Server>>, dice: &Dice, takeover: bool) -> Uploading {
    history.lock().leader += 1;
    let replica = replica(history);
    let cluster = history.lock().cluster.clone();
    let config = UploadConfig { takeover, ..upload_config(cluster, dice) };
    let (sender, status) = watch::channel(UploadStatus::default());
    let cancel = CancellationToken::new();
    let store = Arc::new(client(server, dice));
    let task = tokio::spawn(run_upload(replica.clone(), store, config, sender, cancel.clone()));
    Uploading { status, cancel, task, follow: Box::new(move |index| replica.follow(index)) }
}

async fn synced(uploading: &mut Uploading, index: u64) {
    let synced = uploading.status.wait_for(|s| s.synced() && s.uploaded.index >= index);
    timeout(Duration::from_secs(60), synced).await.unwrap().unwrap();
}

fn cluster(id: &str, dice: &Dice) -> Shared {
    let mut history = History::new(id, State::new());
    for _ in 0..15 {
        history.write(dice);
    }
    Arc::new(Mutex::new(history))
}

/// A copy with a base, parts and batches, written in two epochs.
async fn copy(dice: &Dice) -> (Rows, State) {
    let server = Arc::new(Mutex::new(Server::default()));
    let history = cluster("a", dice);
    for _ in 0..2 {
        let mut uploading = upload(&history, &server, dice, false);
        let first = history.lock().applied();
        synced(&mut uploading, first).await;
        for _ in 0..4 {
            let index = {
                let mut history = history.lock();
                for _ in 0..3 {
                    history.write(dice);
                }
                history.applied()
            };
            (uploading.follow)(index);
            synced(&mut uploading, index).await;
        }
        uploading.cancel.cancel();
        assert_eq!(uploading.task.await.unwrap(), UploadEnd::Cancelled);
    }
    let rows = server.lock().rows.clone();
    let state = (*history.lock().last().state).clone();
    (rows, state)
}

async fn check(rows: Rows, key: Key, state: &State, dice: &Dice) -> bool {
    match recover(rows, dice).await {
        Ok(Recovered { state: recovered, .. }) => {
            assert_eq!(recovered, *state, "with another {key}");
            true
        }
        Err(why) => {
            assert!(why.contains(&key.to_string()), "{key}: {why}");
            false
        }
    }
}

#[tokio::test(start_paused = true)]
async fn damaged_rows_are_named() {
    let dice = Dice::new(7);
    let (rows, state) = copy(&dice).await;
    assert!(check(rows.clone(), Key::META, &state, &dice).await);
    let mut failed = 0;
    for (key, row) in &rows {
        let mut flipped = row.value.to_vec();
        let at = dice.below(flipped.len() as u64) as usize;
        flipped[at] ^= 1 << dice.below(8);
        let cut = row.value.slice(..row.value.len() - 1);
        for value in [Bytes::from(flipped), cut, Bytes::new()] {
            let mut rows = rows.clone();
            rows.insert(*key, Row { tag: row.tag, value });
            failed += u32::from(!check(rows, *key, &state, &dice).await);
        }
    }
    assert!(failed > 10, "{failed} of {}", rows.len());
}

#[tokio::test(start_paused = true)]
async fn rows_in_the_place_of_others_are_named() {
    let dice = Dice::new(8);
    let (rows, state) = copy(&dice).await;
    for key in rows.keys().filter(|key| **key != Key::META) {
        for (other, row) in rows.iter().filter(|(other, _)| other.area == key.area) {
            // A seal where it should not be is an end of the journal.
            if other != key && row.tag == rows[key].tag {
                let mut rows = rows.clone();
                rows.insert(*key, row.clone());
                check(rows, *key, &state, &dice).await;
            }
        }
    }
}

/// A missing commit row behind the last checkpoint cannot be told from one that never was.
#[tokio::test(start_paused = true)]
async fn missing_rows_are_named() {
    let dice = Dice::new(9);
    let server = Arc::new(Mutex::new(Server::default()));
    let (mut rows, state) = copy(&dice).await;
    // Whoever takes over writes down where the journal ends.
    server.lock().rows = std::mem::take(&mut rows);
    let client = client(&server, &dice);
    release(&client, &History::new("a", State::new()).cluster).await;
    let rows = server.lock().rows.clone();
    let mut failed = 0;
    for key in rows.keys().filter(|key| **key != Key::META) {
        let mut rows = rows.clone();
        rows.remove(key);
        failed += u32::from(!check(rows, *key, &state, &dice).await);
    }
    assert!(failed > 3, "{failed} of {}", rows.len());
    let nothing = recover(Rows::new(), &dice).await.err().unwrap();
    assert!(nothing.starts_with("there is no "), "{nothing}");
}

#[tokio::test(start_paused = true)]
async fn a_second_cluster_waits_and_the_first_notices_when_it_is_fenced() {
    let dice = Dice::new(1);
    let server = Arc::new(Mutex::new(Server::default()));
    let (a, b) = (cluster("a", &dice), cluster("b", &dice));
    let mut first = upload(&a, &server, &dice, false);
    let index = a.lock().applied();
    synced(&mut first, index).await;

    // While it lives the other waits, and says for whom.
    let mut second = upload(&b, &server, &dice, false);
    let waiting =
        |s: &UploadStatus| matches!(&s.phase, UploadPhase::Waiting(o) if o.cluster == "name-a (a)");
    second.status.wait_for(waiting).await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(waiting(&second.status.borrow()));
    second.cancel.cancel();

    // On purpose it does not wait, and the first says that it is fenced.
    let mut second = upload(&b, &server, &dice, true);
    let index = b.lock().applied();
    synced(&mut second, index).await;
    let UploadEnd::Fenced(owner) = first.task.await.unwrap() else { panic!("not fenced") };
    assert_eq!(owner.cluster.id, "b");
    assert!(matches!(first.status.borrow().phase, UploadPhase::Fenced(_)));

    // The next leader of the first stays away, however long the second is silent.
    second.cancel.cancel();
    tokio::time::sleep(Duration::from_secs(60)).await;
    let fenced = upload(&a, &server, &dice, false);
    assert!(matches!(fenced.task.await.unwrap(), UploadEnd::Fenced(_)));

    // A third one takes over after the silence, but not before.
    let c = cluster("c", &dice);
    let began = Instant::now();
    let mut third = upload(&c, &server, &dice, false);
    let index = c.lock().applied();
    synced(&mut third, index).await;
    assert!(began.elapsed() >= Duration::from_secs(3));
    third.cancel.cancel();

    // What was released is free at once.
    let client = client(&server, &dice);
    let own = c.lock().cluster.clone();
    release(&client, &own).await;
    let d = cluster("d", &dice);
    let began = Instant::now();
    let mut fourth = upload(&d, &server, &dice, false);
    let index = d.lock().applied();
    synced(&mut fourth, index).await;
    assert!(began.elapsed() < Duration::from_secs(2));
    fourth.cancel.cancel();
}

#[tokio::test(start_paused = true)]
async fn a_journal_that_grew_long_is_replaced_and_swept() {
    let dice = Dice::new(3);
    let server = Arc::new(Mutex::new(Server::default()));
    let history = cluster("a", &dice);
    let mut uploading = upload(&history, &server, &dice, false);
    for _ in 0..200 {
        let index = {
            let mut history = history.lock();
            history.write(&dice);
            history.applied()
        };
        (uploading.follow)(index);
        synced(&mut uploading, index).await;
    }
    // Far fewer rows than batches and bases were written.
    let left = server.lock().rows.len();
    let counters = uploading.status.borrow().counters;
    assert!(counters.batches > 100 && counters.deleted > 100, "{counters:?}");
    assert!(left < 90, "{left} rows are left");
    let rows = server.lock().rows.clone();
    let recovered = recover(rows, &dice).await.unwrap();
    assert_eq!(recovered.state, *history.lock().last().state);
    uploading.cancel.cancel();
}
