//! Recovery: an empty cluster becomes what a copy says. It takes the epoch and seals first, so
//! that what it reads stands still and nobody else goes on believing that the copy is theirs.
//! Then it loads the base, replays the journal in order, and compares counts and checksum with
//! those the journal's last batch says the namespace had.

mod load;
mod read;
mod reason;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::frame::Damage;
use crate::meta::{Activity, Cluster, Owner};
use crate::owner::{Claim, Lost, Ownership, Seen, wait_free};
use crate::retry::{Board, Random};
use crate::seams::{Plan, Progress, ReplicaError, Sink, Totals};
use crate::status::{Moment, RecoveryPhase, RecoveryStatus};
use crate::store::{Store, StoreError, TroubleKind};

use reason::no_copy;

pub use reason::FailureKind;

/// How a recovery goes about it.
#[derive(Clone, Debug)]
pub struct RecoveryConfig {
    /// The cluster that is recovered; it becomes the copy's owner.
    pub cluster: Cluster,
    /// Take the copy from a cluster that lives.
    pub takeover: bool,
    /// A cluster whose heartbeat stands still for this long is gone.
    pub fresh: Duration,
    /// How often to write a heartbeat.
    pub heartbeat: Duration,
    /// Rows read at once, at most.
    pub in_flight: usize,
    /// Bytes of changes in a chunk, about: small batches of the journal are joined.
    pub chunk: usize,
    /// For nonces and pauses.
    pub random: Random,
}

impl RecoveryConfig {
    /// The usual, for a cluster.
    pub fn new(cluster: Cluster) -> Self {
        Self {
            cluster,
            takeover: false,
            fresh: Duration::from_secs(60),
            heartbeat: Duration::from_secs(10),
            in_flight: 6,
            chunk: 2 << 20,
            random: Random::default(),
        }
    }
}

/// How a recovery ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecoveryEnd {
    /// It was cancelled.
    Cancelled,
    /// The namespace is recovered.
    Finished,
    /// It cannot be, and why.
    Failed(String),
}

/// Why an attempt ended.
#[derive(Debug)]
enum AttemptEnd {
    /// The namespace is recovered.
    Finished,
    /// It cannot be recovered.
    Failed(String),
    /// Somebody else took the epoch.
    Fenced(Owner),
    /// Somebody was faster.
    Again,
    /// The local replica failed.
    Replica(ReplicaError),
    /// A row is missing or damaged; it counts only if we are still the owner.
    Damaged(Damage),
}

impl From<Lost> for AttemptEnd {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::Fenced(owner) => Self::Fenced(owner),
            Lost::Damaged(damage) => Self::Failed(damage.to_string()),
        }
    }
}

impl From<ReplicaError> for AttemptEnd {
    fn from(error: ReplicaError) -> Self {
        Self::Replica(error)
    }
}

impl From<Damage> for AttemptEnd {
    fn from(damage: Damage) -> Self {
        Self::Damaged(damage)
    }
}

/// Recovers until it is done, has failed, or is cancelled. To be run by the leader of a cluster
/// that was made for it; goes on where an earlier leader stopped.
pub async fn run_recovery<K: Sink, S: Store>(
    sink: Arc<K>,
    store: Arc<S>,
    config: RecoveryConfig,
    status: watch::Sender<RecoveryStatus>,
    cancel: CancellationToken,
) -> RecoveryEnd {
    let recovery = async {
        let publish = status.clone();
        let board = Board::new(config.random.clone(), move |f| {
            publish.send_modify(|status| status.failing = f)
        });
        loop {
            let end = tokio::select! {
                biased;
                end = attempt(&*sink, &*store, &config, &status, &board) => end,
                () = board.table_gone() => AttemptEnd::Again,
            };
            let pause = match end {
                AttemptEnd::Finished => {
                    status.send_modify(|status| status.phase = RecoveryPhase::Finished);
                    return RecoveryEnd::Finished;
                }
                AttemptEnd::Failed(why) => {
                    status.send_modify(|s| s.phase = RecoveryPhase::Failed(why.clone()));
                    return RecoveryEnd::Failed(why);
                }
                AttemptEnd::Damaged(damage) => {
                    tracing::info!(%damage, "looking again");
                    Duration::from_millis(100)
                }
                AttemptEnd::Fenced(owner) => {
                    tracing::warn!(
                        owner = owner.cluster.name,
                        epoch = owner.epoch,
                        "the copy was taken over while it was read"
                    );
                    Duration::from_secs(2)
                }
                AttemptEnd::Again => Duration::from_millis(100),
                AttemptEnd::Replica(error) => {
                    tracing::warn!(%error, "the recovery begins again");
                    Duration::from_secs(1)
                }
            };
            tokio::time::sleep(board.random.some_of(pause)).await;
        }
    };
    tokio::select! {
        biased;
        () = cancel.cancelled() => RecoveryEnd::Cancelled,
        end = recovery => end,
    }
}

async fn attempt<K: Sink, S: Store>(
    sink: &K,
    store: &S,
    config: &RecoveryConfig,
    status: &watch::Sender<RecoveryStatus>,
    board: &Board,
) -> AttemptEnd {
    match attempted(sink, store, config, status, board).await {
        Ok(end) | Err(end) => end,
    }
}

async fn attempted<K: Sink, S: Store>(
    sink: &K,
    store: &S,
    config: &RecoveryConfig,
    status: &watch::Sender<RecoveryStatus>,
    board: &Board,
) -> Result<AttemptEnd, AttemptEnd> {
    let before = sink.progress().await?;
    if let Some(Progress { plan, ended: Some(ended), .. }) = &before {
        show(status, plan, plan.rows + plan.changes);
        return Ok(match ended {
            Ok(()) => AttemptEnd::Finished,
            Err(why) => AttemptEnd::Failed(why.clone()),
        });
    }
    if !table_is_there(store, board).await {
        return fail(sink, &no_copy("the table is not there")).await;
    }
    let claim = Claim {
        cluster: config.cluster.clone(),
        activity: Activity::Recovering,
        takeover: config.takeover,
        fresh: config.fresh,
        held: 0,
    };
    let seen = wait_free(store, board, &claim, |owner| {
        let phase = RecoveryPhase::Waiting(owner.into());
        status.send_if_modified(|s| std::mem::replace(&mut s.phase, phase.clone()) != phase);
    });
    let seen = match seen.await {
        Ok(seen) => seen,
        Err(damage) => return fail(sink, &damage.to_string()).await,
    };
    let meta = match seen {
        Seen::Free(Some(meta)) if meta.copy.is_some() => meta,
        Seen::Free(Some(_)) => {
            return fail(sink, &no_copy("it was begun and never completed")).await;
        }
        Seen::Free(None) => return fail(sink, &no_copy("the table is empty")).await,
        Seen::Fenced(owner) => return Err(AttemptEnd::Fenced(owner)),
    };
    let taken = Ownership::take(store, board, &claim, Some(&meta), board.random.nonce()).await?;
    let ownership = taken.ok_or(AttemptEnd::Again)?;
    tracing::info!(epoch = ownership.epoch(), "took the epoch");
    let meta = ownership.seal().await?;
    let work = load::run(sink, store, config, status, board, &ownership, &meta, before);
    let ended = tokio::select! {
        biased;
        ended = work => ended,
        lost = beat(&ownership, config.heartbeat) => Err(lost.into()),
    };
    match ended {
        Err(AttemptEnd::Damaged(damage)) => {
            // What is missing may have been deleted by somebody who took over.
            ownership.update(|meta| meta.owner.heartbeat += 1).await?;
            fail(sink, &damage.to_string()).await
        }
        Err(AttemptEnd::Failed(why)) => fail(sink, &why).await,
        ended => ended,
    }
}

async fn fail<K: Sink>(sink: &K, why: &str) -> Result<AttemptEnd, AttemptEnd> {
    tracing::error!(why, "the recovery failed");
    sink.end(Err(why.to_owned())).await?;
    Ok(AttemptEnd::Failed(why.to_owned()))
}

async fn table_is_there<S: Store>(store: &S, board: &Board) -> bool {
    board
        .until_done(|| async {
            match store.prepare(false).await {
                Ok(()) => Ok(true),
                Err(StoreError::Trouble(t)) if t.kind == TroubleKind::NoTable => Ok(false),
                Err(error) => Err(error),
            }
        })
        .await
}

async fn beat<S: Store>(ownership: &Ownership<'_, S>, every: Duration) -> Lost {
    loop {
        tokio::time::sleep(every).await;
        if let Err(lost) = ownership.update(|meta| meta.owner.heartbeat += 1).await {
            return lost;
        }
    }
}

fn show(status: &watch::Sender<RecoveryStatus>, plan: &Plan, rows: u64) {
    status.send_modify(|status| {
        status.source = plan.cluster.clone();
        status.rows = rows;
        status.of = plan.rows + plan.changes;
        status.recovered = Moment { index: plan.index, time_ms: plan.time_ms };
        status.reported = (plan.reported_index > 0)
            .then_some(Moment { index: plan.reported_index, time_ms: plan.reported_ms });
    });
}

/// What differs between what was loaded and what it should be; empty: nothing.
fn differences(loaded: &Totals, expected: &Totals) -> String {
    let numbers = [
        ("folders", loaded.folders, expected.folders),
        ("files", loaded.files, expected.files),
        ("bytes", loaded.bytes, expected.bytes),
        ("next inode", loaded.next_inode, expected.next_inode),
    ];
    let mut out: Vec<String> = numbers
        .iter()
        .filter(|(_, loaded, expected)| loaded != expected)
        .map(|(what, loaded, expected)| format!("{what}: {loaded} instead of {expected}"))
        .collect();
    if loaded.checksum != expected.checksum {
        let (loaded, expected) = (loaded.checksum, expected.checksum);
        out.push(format!("checksum: {loaded:032x} instead of {expected:032x}"));
    }
    out.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_named() {
        let expected = Totals { folders: 3, files: 5, ..Totals::default() };
        assert_eq!(differences(&expected, &expected), "");
        let loaded = Totals { files: 4, ..expected.clone() };
        assert_eq!(differences(&loaded, &expected), "files: 4 instead of 5");
        let loaded = Totals { checksum: 1, ..expected.clone() };
        assert!(differences(&loaded, &expected).starts_with("checksum: 0000"));
    }
}
