//! One schedule: who does what when.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use metafs_replication::status::{RecoveryStatus, UploadPhase, UploadStatus};
use metafs_replication::{
    Cluster, RecoveryConfig, RecoveryEnd, Store, UploadConfig, UploadEnd, run_recovery, run_upload,
};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::cluster::{History, Replica, Shared, State};
use super::dice::Dice;
use super::network::{Faults, Injected, Network, Remote, Watch};
use super::store::{Client, Rows, Server};

/// What a schedule amounted to.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub schedules: u64,
    /// Recoveries that were compared with the history.
    pub recoveries: u64,
    /// Those that were over a client of the store, and not over one of a copy in memory.
    pub over_client: u64,
    pub of_nothing: u64,
    pub clusters: u64,
    pub epochs: u64,
    /// Different bases that were recovered from.
    pub bases: u64,
    /// What went wrong on purpose.
    pub injected: Injected,
}

impl Tally {
    pub fn add(&mut self, other: &Self) {
        self.schedules += other.schedules;
        self.recoveries += other.recoveries;
        self.over_client += other.over_client;
        self.of_nothing += other.of_nothing;
        self.clusters += other.clusters;
        self.epochs += other.epochs;
        self.bases += other.bases;
        self.injected.add(&other.injected);
    }
}

/// What uploads have promised: by cluster, the index up to which everything can be recovered.
type Promises = BTreeMap<String, u64>;

#[derive(Default)]
struct Watched {
    uploads: Vec<(String, watch::Receiver<UploadStatus>)>,
    promises: Promises,
    queue: VecDeque<(Rows, Promises)>,
}

impl Watched {
    fn promise(&mut self) {
        for (id, status) in &self.uploads {
            let status = status.borrow();
            if status.phase == UploadPhase::Tailing {
                let promised = self.promises.entry(id.clone()).or_default();
                *promised = (*promised).max(status.uploaded.index);
            }
        }
    }
}

pub fn upload_config(cluster: Cluster, dice: &Dice) -> UploadConfig {
    UploadConfig {
        fresh: Duration::from_secs(3),
        heartbeat: Duration::from_millis(700),
        pace: Duration::from_millis(60),
        in_flight: 3,
        blob: 70,
        longest_journal: 25,
        patience: Duration::from_secs(2),
        random: dice.random(),
        ..UploadConfig::new(cluster)
    }
}

pub fn recovery_config(cluster: Cluster, dice: &Dice) -> RecoveryConfig {
    RecoveryConfig {
        fresh: Duration::from_secs(3),
        heartbeat: Duration::from_millis(700),
        in_flight: 3,
        chunk: 100,
        random: dice.random(),
        ..RecoveryConfig::new(cluster)
    }
}

/// What a recovery gave.
pub struct Recovered {
    pub id: String,
    pub index: u64,
    pub copy: u128,
    pub state: State,
}

/// A recovery under way.
struct Recovering {
    task: JoinHandle<RecoveryEnd>,
    /// Whether it may be killed and begun again.
    again: bool,
    /// Whether there was a complete copy when it began: one that looked before may say that there is
    /// none, though there is one by the time that it is asked.
    complete: bool,
}

/// What came of recovering a copy of the rows, without faults.
pub async fn recover(rows: Rows, dice: &Dice) -> Result<Recovered, String> {
    let server = Server { rows, exists: true, watch: None };
    let network = Network::new(dice, Faults::default());
    recover_over(Arc::new(Client { server: Arc::new(Mutex::new(server)), network }), dice).await
}

/// What comes of taking the copy over and recovering it.
pub async fn recover_over<S: Store>(store: Arc<S>, dice: &Dice) -> Result<Recovered, String> {
    let history = Arc::new(Mutex::new(History::new("check", State::new())));
    let replica = replica(&history);
    let config =
        RecoveryConfig { takeover: true, ..recovery_config(history.lock().cluster.clone(), dice) };
    let (status, cancel) = (watch::Sender::default(), CancellationToken::new());
    let end = run_recovery(replica, store, config, status, cancel).await;
    let history = history.lock();
    match (end, &history.progress) {
        (RecoveryEnd::Finished, Some(progress)) => {
            let id = progress.plan.cluster.rsplit_once('(').unwrap().1.trim_end_matches(')');
            let (id, state) = (id.to_owned(), history.loading.clone());
            Ok(Recovered { id, index: progress.plan.index, copy: progress.plan.copy, state })
        }
        (RecoveryEnd::Failed(why), _) => Err(why),
        (end, _) => panic!("{end:?}"),
    }
}

pub fn replica(history: &Shared) -> Arc<Replica> {
    let (id, applied) = {
        let history = history.lock();
        (history.leader, history.applied())
    };
    Arc::new(Replica { history: history.clone(), id, applied: watch::Sender::new(applied) })
}

struct Running {
    cluster: String,
    replica: Arc<Replica>,
    cancel: CancellationToken,
    task: JoinHandle<()>,
    status: watch::Receiver<UploadStatus>,
}

struct World<R> {
    dice: Dice,
    remote: R,
    watched: Arc<Mutex<Watched>>,
    histories: BTreeMap<String, Shared>,
    running: Vec<Running>,
    recovering: Vec<(String, Recovering)>,
    complete: bool,
    bases: BTreeSet<u128>,
    tally: Tally,
}

/// Runs one on a store that `make` makes.
pub async fn schedule<R: Remote>(seed: u64, make: impl FnOnce(&Dice, Watch) -> R) -> Tally {
    let dice = Dice::new(seed);
    let watched = Arc::new(Mutex::new(Watched::default()));
    let watching = watched.clone();
    let watch = move |rows: &Rows| {
        let mut watched = watching.lock();
        watched.promise();
        let promises = watched.promises.clone();
        watched.queue.push_back((rows.clone(), promises));
    };
    let mut world = World {
        dice: dice.clone(),
        remote: make(&dice, Box::new(watch)),
        watched,
        histories: BTreeMap::new(),
        running: Vec::new(),
        recovering: Vec::new(),
        complete: false,
        bases: BTreeSet::new(),
        tally: Tally { schedules: 1, ..Tally::default() },
    };
    world.new_cluster();
    world.change_faults();
    for _ in 0..40 + dice.below(40) {
        world.step().await;
        world.check().await;
    }
    world.settle().await;
    world.tally.bases = world.bases.len() as u64;
    world.tally.injected = world.remote.network().injected.lock().clone();
    world.tally
}

impl<R: Remote> World<R> {
    async fn step(&mut self) {
        match self.dice.below(100) {
            0..45 => self.write(),
            45..80 => self.sleep(400).await,
            80..84 => self.sleep(6_000).await,
            84..90 => self.new_leader(),
            90..92 => self.forget(),
            92..94 => self.change_faults(),
            94..96 => self.crash(),
            96..98 if self.histories.len() < 4 => self.new_recovery(),
            98 if self.histories.len() < 3 => self.new_cluster(),
            _ => self.sleep(100).await,
        }
        self.recovered().await;
    }

    async fn sleep(&self, ms: u64) {
        tokio::time::sleep(Duration::from_millis(self.dice.below(ms))).await;
    }

    fn some_cluster(&self) -> String {
        let n = self.dice.below(self.histories.len() as u64) as usize;
        self.histories.keys().nth(n).unwrap().clone()
    }

    fn change_faults(&self) {
        let dice = &self.dice;
        let rate = |most: u64| if dice.one_in(3) { dice.below(most) as u32 } else { 0 };
        *self.remote.network().faults.lock() = Faults {
            lost: rate(300),
            unanswered: rate(300),
            late: rate(150),
            twice: rate(150),
            slow_ms: 1 + dice.below(20),
            late_ms: 1 + dice.below(if dice.one_in(2) { 500 } else { 30_000 }),
            service: if R::AT_FAULT { rate(250) } else { 0 },
        };
    }

    fn write(&self) {
        let id = self.some_cluster();
        let mut history = self.histories[&id].lock();
        if history.progress.as_ref().is_some_and(|p| p.ended != Some(Ok(()))) {
            return;
        }
        for _ in 0..1 + self.dice.below(3) {
            history.write(&self.dice);
        }
        let index = history.applied();
        for running in self.running.iter().filter(|running| running.cluster == id) {
            // One that was deposed may still hear of what was committed, or not.
            if running.replica.id == history.leader || self.dice.one_in(2) {
                self.follow_later(&running.replica, index);
            }
        }
    }

    fn follow_later(&self, replica: &Arc<Replica>, index: u64) {
        let replica = replica.clone();
        let later = Duration::from_millis(self.dice.below(30));
        tokio::spawn(async move {
            tokio::time::sleep(later).await;
            replica.follow(index);
        });
    }

    /// The bounded memory of touched keys runs over.
    fn forget(&self) {
        let mut history = self.histories[&self.some_cluster()].lock();
        history.floor = history.applied();
    }

    fn new_cluster(&mut self) {
        let id = format!("c{}", self.histories.len());
        let mut history = History::new(&id, State::new());
        for _ in 0..self.dice.below(12) {
            history.write(&self.dice);
        }
        if self.dice.one_in(2) {
            history.floor = history.applied();
        }
        self.tally.clusters += 1;
        self.histories.insert(id.clone(), Arc::new(Mutex::new(history)));
        self.upload(&id);
    }

    fn upload(&mut self, id: &str) {
        let takeover = self.dice.one_in(3);
        self.start(id, takeover);
    }

    fn start(&mut self, id: &str, takeover: bool) {
        let history = &self.histories[id];
        history.lock().leader += 1;
        let replica = replica(history);
        // It leads before it has applied everything that was committed.
        let index = history.lock().applied();
        replica.applied.send_modify(|applied| *applied -= self.dice.below(4).min(*applied));
        self.follow_later(&replica, index);
        let cluster = history.lock().cluster.clone();
        let config = UploadConfig { takeover, ..upload_config(cluster, &self.dice) };
        let (sender, status) = watch::channel(UploadStatus::default());
        self.watched.lock().uploads.push((id.to_owned(), status.clone()));
        let cancel = CancellationToken::new();
        let upload =
            run_upload(replica.clone(), self.remote.client(), config, sender, cancel.clone());
        let task = tokio::spawn(async move {
            let end: UploadEnd = upload.await;
            drop(end);
        });
        self.tally.epochs += 1;
        self.running.push(Running { cluster: id.to_owned(), replica, cancel, task, status });
    }

    /// The old one stops at once, some time later, or never hears of it.
    fn new_leader(&mut self) {
        let id = self.some_cluster();
        if self.histories[&id].lock().progress.as_ref().is_some_and(|p| p.ended != Some(Ok(()))) {
            return;
        }
        for running in self.running.iter().filter(|running| running.cluster == id) {
            let (cancel, dice) = (running.cancel.clone(), self.dice.below(4));
            let later = Duration::from_millis(match dice {
                0 => 0,
                1 => self.dice.below(100),
                2 => self.dice.below(5_000),
                _ => continue,
            });
            tokio::spawn(async move {
                tokio::time::sleep(later).await;
                cancel.cancel();
            });
        }
        self.upload(&id);
    }

    /// All of a cluster's leaders die in the middle of whatever they do.
    fn crash(&mut self) {
        let id = self.some_cluster();
        self.running.retain(|running| {
            if running.cluster == id {
                running.task.abort();
            }
            running.cluster != id
        });
        if self.dice.one_in(2)
            && self.histories[&id].lock().progress.as_ref().is_none_or(|p| p.ended == Some(Ok(())))
        {
            self.upload(&id);
        }
    }

    /// A new cluster is recovered from whatever there is.
    fn new_recovery(&mut self) {
        let id = format!("c{}", self.histories.len());
        let mut history = History::new(&id, State::new());
        // What is not loaded yet is no state to write to.
        history.progress = Some(metafs_replication::Progress {
            plan: metafs_replication::Plan {
                copy: 0,
                cluster: String::new(),
                epoch: 0,
                index: 0,
                time_ms: 0,
                reported_index: 0,
                reported_ms: 0,
                totals: metafs_replication::Totals::default(),
                rows: 0,
                changes: 0,
            },
            cursor: metafs_replication::Cursor::Start,
            changes: 0,
            ended: None,
        });
        self.tally.clusters += 1;
        self.histories.insert(id.clone(), Arc::new(Mutex::new(history)));
        self.recover_into(&id);
    }

    fn recover_into(&mut self, id: &str) {
        let history = &self.histories[id];
        history.lock().leader += 1;
        let config = RecoveryConfig {
            takeover: self.dice.one_in(3),
            ..recovery_config(history.lock().cluster.clone(), &self.dice)
        };
        let status = watch::Sender::new(RecoveryStatus::default());
        let cancel = CancellationToken::new();
        let driver = run_recovery(replica(history), self.remote.client(), config, status, cancel);
        let again = self.dice.one_in(2);
        let recovering = Recovering { task: tokio::spawn(driver), again, complete: self.complete };
        self.recovering.push((id.to_owned(), recovering));
    }

    /// Sees to recoveries: some are killed and begun again by the next leader; of those that are
    /// done the result is compared, and the cluster lives on.
    async fn recovered(&mut self) {
        for (id, recovering) in std::mem::take(&mut self.recovering) {
            let Recovering { task, again, complete } = recovering;
            if !task.is_finished() {
                if again && self.dice.one_in(8) {
                    task.abort();
                    self.recover_into(&id);
                } else {
                    self.recovering.push((id, Recovering { task, again, complete }));
                }
                continue;
            }
            let end = task.await.unwrap();
            if end != RecoveryEnd::Finished {
                assert!(!matches!(end, RecoveryEnd::Failed(_)) || !complete, "{end:?}");
                continue;
            }
            let (source, index, state) = {
                let history = self.histories[&id].lock();
                let plan = &history.progress.as_ref().unwrap().plan;
                let id = plan.cluster.rsplit_once('(').unwrap().1.trim_end_matches(')');
                (id.to_owned(), plan.index, history.loading.clone())
            };
            self.compare(&source, index, &state, "the recovery of a cluster");
            self.tally.recoveries += 1;
            self.tally.over_client += 1;
            self.upload(&id);
        }
    }

    fn compare(&self, id: &str, index: u64, state: &State, what: &str) {
        let history = self.histories[id].lock();
        let entry = history.entries.get(index as usize);
        let entry = entry.unwrap_or_else(|| panic!("{what}: {id} never was at {index}"));
        assert_eq!(*entry.state, *state, "{what}: not what {id} was at {index}");
    }

    /// Recovers what the store was after each change, and compares.
    async fn check(&mut self) {
        loop {
            let next = self.watched.lock().queue.pop_front();
            let Some((rows, promises)) = next else { return };
            let copy = self.remote.copy_of(&rows).await;
            let over_client = u64::from(copy.is_some());
            let recovered = match copy {
                Some(store) => recover_over(store, &self.dice).await,
                None => recover(rows, &self.dice).await,
            };
            match recovered {
                Ok(Recovered { id, index, copy, state }) => {
                    self.bases.insert(copy);
                    self.tally.recoveries += 1;
                    self.tally.over_client += over_client;
                    self.complete = true;
                    self.compare(&id, index, &state, "a recovery");
                    let promised = promises.get(&id).copied().unwrap_or(0);
                    if index < promised {
                        let history = self.histories[&id].lock();
                        let promised = &history.entries[promised as usize].state;
                        assert_eq!(**promised, state, "{id} was promised more than {index}");
                    }
                }
                Err(why) => {
                    assert!(!self.complete, "what was complete once cannot be recovered: {why}");
                    self.tally.of_nothing += 1;
                }
            }
        }
    }

    /// Nothing goes wrong any more, and one cluster has a leader: all it has must get into the
    /// copy.
    async fn settle(&mut self) {
        *self.remote.network().faults.lock() = Faults { slow_ms: 5, ..Faults::default() };
        for running in &self.running {
            running.cancel.cancel();
        }
        for (_, Recovering { task, .. }) in &self.recovering {
            task.abort();
        }
        let lives = |history: &&Shared| {
            history.lock().progress.as_ref().is_none_or(|p| p.ended == Some(Ok(())))
        };
        let ids = self.histories.iter().filter(|(_, history)| lives(history));
        let ids: Vec<String> = ids.map(|(id, _)| id.clone()).collect();
        let id = ids[self.dice.below(ids.len() as u64) as usize].clone();
        self.start(&id, true);
        self.histories[&id].lock().write(&self.dice);
        let running = self.running.last().unwrap();
        let index = self.histories[&id].lock().applied();
        running.replica.follow(index);
        let mut status = running.status.clone();
        let synced = status.wait_for(|s| s.synced() && s.uploaded.index >= index);
        let synced = tokio::time::timeout(Duration::from_secs(600), synced).await;
        let seen = running.status.borrow().clone();
        assert!(synced.is_ok(), "does not get synced to {index}: {seen:?}");
        drop(synced);
        self.check().await;
        let rows = self.remote.rows();
        self.last(&id, index, recover(rows, &self.dice).await);
        // And once more, of the store itself and under faults.
        self.change_faults();
        self.last(&id, index, recover_over(self.remote.client(), &self.dice).await);
        self.tally.over_client += 1;
        for running in &self.running {
            running.task.abort();
        }
    }

    /// Compares a recovery of all there is.
    fn last(&mut self, id: &str, index: u64, recovered: Result<Recovered, String>) {
        let Recovered { id: of, index: at, state, .. } = recovered.unwrap();
        assert_eq!(of, id);
        self.compare(id, at, &state, "the last recovery");
        let history = self.histories[id].lock();
        assert_eq!(*history.entries[index as usize].state, state, "the last state");
        self.tally.recoveries += 1;
    }
}
