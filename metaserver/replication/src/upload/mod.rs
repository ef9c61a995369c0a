//! Upload: the leader keeps a copy of its namespace in the store. No write of a client waits for
//! it; whatever the store does, the worst is that the copy falls behind.
//!
//! A session takes the epoch ([`takeover`]) and then does three things side by side: it writes
//! the journal ([`tail`]), reads the whole namespace into a base when there is none or the journal
//! has grown longer than it ([`fill`]), and keeps the meta row fresh ([`keep`]).

mod collect;
mod fill;
mod keep;
mod shared;
mod sweep;
mod tail;
mod takeover;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::meta::{Activity, Cluster, Owner};
use crate::owner::{Claim, Lost, Ownership, read_meta};
use crate::pack::{MAX_RAW, TooLarge};
use crate::retry::{Board, Random};
use crate::seams::{ReplicaError, Source};
use crate::status::{UploadPhase, UploadStatus};
use crate::store::{Store, Trouble, TroubleKind};

pub use collect::CollectError;

/// How an upload goes about it.
#[derive(Clone, Debug)]
pub struct UploadConfig {
    /// Whose namespace it is.
    pub cluster: Cluster,
    /// Take the copy from a cluster that lives.
    pub takeover: bool,
    /// Another cluster whose heartbeat stands still for this long is gone.
    pub fresh: Duration,
    /// How often to write a heartbeat and checkpoint.
    pub heartbeat: Duration,
    /// Time between the beginnings of two batches, at least.
    pub pace: Duration,
    /// Rows on their way at once, at most, for batches and for a base each.
    pub in_flight: usize,
    /// Bytes in a row before it is deflated, at most about.
    pub blob: usize,
    /// A new base is written when the journal has more changes than this, and more than the base
    /// has rows.
    pub longest_journal: u64,
    /// For how long to wait until the local replica has what its own cluster uploaded.
    pub patience: Duration,
    /// For nonces and pauses.
    pub random: Random,
}

impl UploadConfig {
    /// The usual, for a cluster.
    pub fn new(cluster: Cluster) -> Self {
        Self {
            cluster,
            takeover: false,
            fresh: Duration::from_secs(60),
            heartbeat: Duration::from_secs(10),
            pace: Duration::from_millis(200),
            in_flight: 6,
            blob: MAX_RAW,
            longest_journal: 2_000_000,
            patience: Duration::from_secs(30),
            random: Random::default(),
        }
    }
}

/// How an upload ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UploadEnd {
    /// It was cancelled.
    Cancelled,
    /// Another cluster took over. Start anew only on purpose.
    Fenced(Owner),
}

/// Why a session ended.
#[derive(Debug)]
enum SessionEnd {
    /// Somebody else has the epoch.
    Fenced(Owner),
    /// Keys that were touched are forgotten: the chain cannot go on.
    Gap,
    /// The local replica failed.
    Replica(ReplicaError),
    /// A row does not fit.
    TooLarge(TooLarge),
    /// What is there makes no sense, or belongs to something else.
    Foreign(Trouble),
    /// Somebody was faster.
    Again,
}

impl From<Lost> for SessionEnd {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::Fenced(owner) => Self::Fenced(owner),
            Lost::Damaged(damage) => Self::Foreign(crate::owner::foreign(&damage)),
        }
    }
}

impl From<ReplicaError> for SessionEnd {
    fn from(error: ReplicaError) -> Self {
        Self::Replica(error)
    }
}

impl From<CollectError> for SessionEnd {
    fn from(error: CollectError) -> Self {
        match error {
            CollectError::Replica(error) => Self::Replica(error),
            CollectError::TooLarge(error) => Self::TooLarge(error),
        }
    }
}

/// Keeps the copy until it is cancelled, or another cluster takes it over. To be run by the
/// leader, and cancelled when it is one no more; that another leader of the same cluster begins
/// before that is harmless.
pub async fn run_upload<R: Source, S: Store>(
    source: Arc<R>,
    store: Arc<S>,
    config: UploadConfig,
    status: watch::Sender<UploadStatus>,
    cancel: CancellationToken,
) -> UploadEnd {
    let upload = async {
        let publish = status.clone();
        let board = Board::new(config.random.clone(), move |f| {
            publish.send_modify(|status| status.failing = f)
        });
        loop {
            let end = tokio::select! {
                biased;
                end = session(&*source, &*store, &config, &status, &board) => end,
                () = board.table_gone() => SessionEnd::Again,
            };
            // Nothing is kept up to date until the next session.
            status.send_modify(|status| {
                (status.epoch, status.phase) = (0, UploadPhase::Starting);
                status.backfill = None;
            });
            let pause = match end {
                SessionEnd::Fenced(owner) if owner.cluster.id != config.cluster.id => {
                    tracing::warn!(
                        owner = owner.cluster.name,
                        epoch = owner.epoch,
                        "the copy belongs to another cluster now"
                    );
                    status.send_modify(|s| s.phase = UploadPhase::Fenced((&owner).into()));
                    return UploadEnd::Fenced(owner);
                }
                // An earlier leader of this cluster, or one that does not know yet that it leads
                // no more; whichever it is that does not lead will be cancelled.
                SessionEnd::Fenced(owner) => {
                    tracing::info!(epoch = owner.epoch, "another leader took the epoch");
                    Duration::from_secs(2)
                }
                SessionEnd::Gap => {
                    tracing::info!("what was touched is forgotten; the copy begins anew");
                    Duration::ZERO
                }
                SessionEnd::Again => Duration::from_millis(100),
                SessionEnd::Replica(error) => {
                    tracing::warn!(%error, "the upload begins again");
                    Duration::from_secs(1)
                }
                SessionEnd::TooLarge(error) => {
                    let message = error.to_string();
                    board.failed(&Trouble { kind: TroubleKind::Rejected, message });
                    Duration::from_secs(60)
                }
                SessionEnd::Foreign(trouble) => {
                    board.failed(&trouble);
                    Duration::from_secs(5)
                }
            };
            tokio::time::sleep(board.random.some_of(pause)).await;
        }
    };
    tokio::select! {
        biased;
        () = cancel.cancelled() => UploadEnd::Cancelled,
        end = upload => end,
    }
}

async fn session<R: Source, S: Store>(
    source: &R,
    store: &S,
    config: &UploadConfig,
    status: &watch::Sender<UploadStatus>,
    board: &Board,
) -> SessionEnd {
    let taken = takeover::take_over(source, store, config, status, board).await;
    let (ownership, begin) = match taken {
        Ok(taken) => taken,
        Err(end) => return end,
    };
    let shared = shared::Shared::new(source, store, config, status, board, &ownership, &begin);
    let ended = tokio::select! {
        biased;
        ended = tail::run(&shared, begin) => ended,
        ended = fill::run(&shared) => ended,
        ended = keep::run(&shared) => ended,
        never = keep::measure(&shared) => never,
        never = keep::report(&shared) => never,
    };
    let Err(end) = ended;
    end
}

/// Says that the cluster does not upload any more, so that another one need not wait. To be called
/// after the upload was cancelled on purpose. Does nothing if the copy is not the cluster's own.
/// Tries until it succeeds; the caller bounds the time.
pub async fn release<S: Store>(store: &S, cluster: &Cluster) {
    let board = Board::new(Random::default(), |_| ());
    let claim = Claim {
        cluster: cluster.clone(),
        activity: Activity::Released,
        takeover: false,
        fresh: Duration::MAX,
        held: 0,
    };
    loop {
        let before = match read_meta(store, &board).await {
            Ok(Some(meta)) if meta.owner.cluster.id == cluster.id => meta,
            _ => return,
        };
        if before.owner.activity == Activity::Released {
            return;
        }
        match Ownership::take(store, &board, &claim, Some(&before), board.random.nonce()).await {
            // Closed, so that who comes next need not.
            Ok(Some(ownership)) => match ownership.seal().await {
                Ok(_) => return,
                Err(_) => continue,
            },
            Ok(None) => continue,
            Err(_) => return,
        }
    }
}
