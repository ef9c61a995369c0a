//! The beginning of a session: the epoch, the seal, and which chain goes on.

use std::ops::ControlFlow;

use tokio::sync::watch;
use tokio::time::timeout;

use crate::frame::{Commit, Position, read_commit};
use crate::meta::{Activity, Meta};
use crate::owner::{Claim, Ownership, Seen, wait_free};
use crate::retry::Board;
use crate::seams::{Reach, ReplicaError, Report, Source, Totals};
use crate::status::{UploadPhase, UploadStatus};
use crate::store::{Key, Store};

use super::shared::Durable;
use super::{SessionEnd, UploadConfig};

/// Where a session begins.
#[derive(Clone, Debug)]
pub struct Begin {
    /// The chain it writes.
    pub chain: u64,
    /// Its end; all zero for a new chain.
    pub durable: Durable,
    /// What the namespace amounts to there; `None` for a new chain.
    pub totals: Option<Totals>,
}

/// Becomes the owner.
pub async fn take_over<'a, R: Source, S: Store>(
    source: &R,
    store: &'a S,
    config: &UploadConfig,
    status: &watch::Sender<UploadStatus>,
    board: &'a Board,
) -> Result<(Ownership<'a, S>, Begin), SessionEnd> {
    board.until_done(|| store.prepare(true)).await;
    let reported = source.reported();
    let claim = Claim {
        cluster: config.cluster.clone(),
        activity: Activity::Uploading,
        takeover: config.takeover,
        fresh: config.fresh,
        held: reported.epoch,
    };
    let set = |phase: UploadPhase| {
        status.send_if_modified(|status| {
            let new = status.phase != phase;
            status.phase = phase.clone();
            new
        })
    };
    let seen = wait_free(store, board, &claim, |owner| {
        if set(UploadPhase::Waiting(owner.into())) {
            tracing::info!(owner = owner.cluster.name, "waiting: the owner of the copy lives");
        }
    });
    let foreign = |damage| SessionEnd::Foreign(crate::owner::foreign(&damage));
    let before = match seen.await.map_err(foreign)? {
        Seen::Free(before) => before,
        Seen::Fenced(owner) => return Err(SessionEnd::Fenced(owner)),
    };
    set(UploadPhase::TakingOver);
    let taken =
        Ownership::take(store, board, &claim, before.as_deref(), board.random.nonce()).await;
    let ownership = taken.map_err(foreign)?.ok_or(SessionEnd::Again)?;
    let epoch = ownership.epoch();
    tracing::info!(epoch, "took the epoch");
    let meta = ownership.seal().await?;

    let mut end = None;
    for chain in meta.continuable(&config.cluster) {
        if let Some(commit) = continuation(source, store, config, board, &meta, chain).await? {
            end = Some((chain, commit));
            break;
        }
    }
    let chain = end.as_ref().map(|(chain, _)| *chain);
    ownership.update(|meta| meta.open(chain)).await?;
    let index = end.as_ref().map_or(0, |(_, commit)| commit.to);
    // So that whoever leads this cluster next knows that it was the owner. If that cannot be
    // replicated now, this is no leader, or one that will be asked again.
    source.report(Report { epoch, index: index.max(reported.index) }).await?;
    status.send_modify(|status| {
        status.epoch = epoch;
        status.uploaded.index = index;
        status.checkpointed.index = index;
    });
    let begin = match end {
        None => Begin { chain: epoch, durable: Durable::default(), totals: None },
        Some((chain, commit)) => Begin {
            chain,
            durable: Durable {
                at: commit.position,
                to: commit.to,
                index: commit.to,
                time_ms: commit.time_ms,
                chain_changes: commit.chain_changes,
                chain_bytes: commit.chain_bytes,
            },
            totals: Some(commit.totals),
        },
    };
    Ok((ownership, begin))
}

/// The last batch of a chain, if the local replica can go on from there: it has what is in the
/// chain, and knows what was touched since.
async fn continuation<R: Source, S: Store>(
    source: &R,
    store: &S,
    config: &UploadConfig,
    board: &Board,
    meta: &Meta,
    chain: u64,
) -> Result<Option<Commit>, SessionEnd> {
    let Some(Position { epoch, batch }) = meta.chain(chain).and_then(crate::meta::Chain::end)
    else {
        return Ok(None);
    };
    let key = Key::journal(epoch, batch);
    let Some(row) = board.until_done(|| store.get(key)).await else {
        tracing::warn!(%key, "the end of the journal is missing; the copy begins anew");
        return Ok(None);
    };
    let commit = match read_commit(key, &row) {
        Ok((commit, _)) => commit,
        Err(damage) => {
            tracing::warn!(%damage, "the copy begins anew");
            return Ok(None);
        }
    };
    // Only what was committed is ever uploaded, so this replica will have it as soon as it has
    // applied what it has: unless the cluster lost entries, or is another of the same name.
    let mut applied = source.applied();
    let to = commit.to;
    if timeout(config.patience, applied.wait_for(|applied| *applied >= to)).await.is_err() {
        tracing::warn!(to, "this cluster never was where the journal ends; the copy begins anew");
        return Ok(None);
    }
    let reach = source
        .snapshot(move |snapshot| snapshot.touched(to, &mut |_, _| ControlFlow::Break(())))
        .await?;
    Ok(match reach.map_err(|e: ReplicaError| SessionEnd::Replica(e))? {
        Reach::Whole => Some(commit),
        Reach::Gone => None,
    })
}
