//! Becoming and being the owner of a copy: waiting while another cluster's heartbeat is fresh,
//! taking the epoch, sealing what earlier owners left open, and changing the meta row.
//!
//! The meta row is only ever replaced on the condition that its revision is the one that was
//! read. So whoever took over is noticed by the one before with its next write, and a write that
//! arrives late finds another revision.

use std::time::Duration;

use tokio::time::Instant;

use crate::frame::{Damage, Seal, TAG_SEAL, encode};
use crate::meta::{Activity, Cluster, Meta, Owner};
use crate::retry::{Board, Refused};
use crate::store::{Expect, Key, Store, Trouble, TroubleKind};

const PAGE: usize = 500;

/// How the epoch is taken.
#[derive(Clone, Debug)]
pub struct Claim {
    /// For whom.
    pub cluster: Cluster,
    /// For what.
    pub activity: Activity,
    /// Do not wait for an owner that lives.
    pub takeover: bool,
    /// An owner whose heartbeat did not change for this long is gone.
    pub fresh: Duration,
    /// The last epoch that this cluster held, as far as it remembers.
    pub held: u64,
}

/// What to do about an owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Take over now.
    Take,
    /// See whether its heartbeat changes.
    Wait,
    /// It took over from us: only on purpose.
    Fenced,
}

/// What to do about `owner`, seen unchanged for `unchanged`.
pub fn step(claim: &Claim, owner: &Owner, unchanged: Duration) -> Step {
    if claim.takeover
        || owner.cluster.id == claim.cluster.id
        || owner.activity == Activity::Released
    {
        Step::Take
    } else if claim.held > 0 && owner.epoch > claim.held {
        Step::Fenced
    } else if unchanged >= claim.fresh {
        Step::Take
    } else {
        Step::Wait
    }
}

/// How waiting ended.
#[derive(Debug)]
pub enum Seen {
    /// It is time to take over from this (`None`: from nobody).
    Free(Option<Box<Meta>>),
    /// Another cluster fenced us.
    Fenced(Owner),
}

/// Why a meta row could not be changed.
#[derive(Clone, Debug)]
pub enum Lost {
    /// Another writer has the epoch.
    Fenced(Owner),
    /// The row is gone or damaged.
    Damaged(Damage),
}

/// Reads the meta row.
///
/// # Errors
/// If it is damaged.
pub async fn read_meta<S: Store>(store: &S, board: &Board) -> Result<Option<Meta>, Damage> {
    let row = board.until_done(|| store.get(Key::META)).await;
    row.as_ref().map(Meta::decode).transpose()
}

/// Waits until the copy is free. `waiting` is told for whom it waits. Time is measured by this
/// machine alone.
///
/// # Errors
/// If the meta row is damaged: it is nobody's to replace.
pub async fn wait_free<S: Store>(
    store: &S,
    board: &Board,
    claim: &Claim,
    mut waiting: impl FnMut(&Owner),
) -> Result<Seen, Damage> {
    let pause = (claim.fresh / 12).max(Duration::from_millis(10));
    let mut seen: Option<((u64, u128), Instant)> = None;
    loop {
        let Some(meta) = read_meta(store, board).await? else { return Ok(Seen::Free(None)) };
        let now = (meta.revision, meta.owner.nonce);
        let since = match seen {
            Some((before, since)) if before == now => since,
            _ => Instant::now(),
        };
        seen = Some((now, since));
        match step(claim, &meta.owner, since.elapsed()) {
            Step::Take => return Ok(Seen::Free(Some(Box::new(meta)))),
            Step::Fenced => return Ok(Seen::Fenced(meta.owner)),
            Step::Wait => waiting(&meta.owner),
        }
        tokio::time::sleep(pause).await;
    }
}

/// A meta row that cannot be read belongs to something else, or is damaged.
pub fn foreign(damage: &Damage) -> Trouble {
    Trouble { kind: TroubleKind::ForeignTable, message: damage.to_string() }
}

/// The owner, as long as it is one: every change of the meta row goes through here, one at a time.
#[derive(Debug)]
pub struct Ownership<'a, S> {
    store: &'a S,
    board: &'a Board,
    nonce: u128,
    epoch: u64,
    meta: tokio::sync::Mutex<Meta>,
}

impl<'a, S: Store> Ownership<'a, S> {
    /// Takes over from `before`. `None` if somebody was faster: look again.
    ///
    /// # Errors
    /// If what is there now cannot be read.
    pub async fn take(
        store: &'a S,
        board: &'a Board,
        claim: &Claim,
        before: Option<&Meta>,
        nonce: u128,
    ) -> Result<Option<Self>, Damage> {
        let meta = Meta::taken(before, &claim.cluster, nonce, claim.activity);
        let expect = before.map_or(Expect::Absent, |before| Expect::Tag(before.tag()));
        let row = meta.encode();
        if board.persist(|| store.put(Key::META, row.clone(), expect)).await.is_err() {
            // An earlier try may have taken effect: only the nonce tells.
            let now = read_meta(store, board).await?;
            if now.as_ref().map(|now| (now.owner.nonce, now.owner.epoch))
                != Some((nonce, meta.owner.epoch))
            {
                return Ok(None);
            }
        }
        let epoch = meta.owner.epoch;
        Ok(Some(Self { store, board, nonce, epoch, meta: tokio::sync::Mutex::new(meta) }))
    }

    /// The epoch.
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The nonce.
    pub const fn nonce(&self) -> u128 {
        self.nonce
    }

    /// The row as last written.
    pub async fn meta(&self) -> Meta {
        self.meta.lock().await.clone()
    }

    /// Replaces the row by what `change` makes of it. `change` may run more than once, on what
    /// is really there: an earlier write of our own may turn out to have taken effect late.
    ///
    /// # Errors
    /// If this is not the owner any more.
    pub async fn update(&self, change: impl Fn(&mut Meta)) -> Result<Meta, Lost> {
        let mut meta = self.meta.lock().await;
        loop {
            let mut next = meta.clone();
            change(&mut next);
            next.revision = meta.revision + 1;
            let (row, expect) = (next.encode(), Expect::Tag(meta.tag()));
            match self.board.persist(|| self.store.put(Key::META, row.clone(), expect)).await {
                Ok(()) => {
                    *meta = next.clone();
                    return Ok(next);
                }
                Err(Refused) => {
                    let now = read_meta(self.store, self.board).await.map_err(Lost::Damaged)?;
                    let now =
                        now.ok_or_else(|| Lost::Damaged(Damage::new(Key::META, "is gone")))?;
                    if now.owner.nonce != self.nonce || now.owner.epoch != self.epoch {
                        return Err(Lost::Fenced(now.owner));
                    }
                    let done = now == next;
                    *meta = now;
                    if done {
                        return Ok(next);
                    }
                }
            }
        }
    }

    /// Seals the run that an earlier owner may still write to, and closes it. From then on no
    /// batch can come to exist that this owner does not know of.
    ///
    /// # Errors
    /// If this is not the owner any more.
    pub async fn seal(&self) -> Result<Meta, Lost> {
        let meta = self.meta().await;
        let Some(run) = meta.open_run() else { return Ok(meta) };
        let last = self.seal_run(run.epoch, run.committed).await;
        self.update(|meta| meta.close(run.epoch, last)).await
    }

    /// The last batch before the first hole, which is sealed.
    async fn seal_run(&self, epoch: u64, committed: u64) -> u64 {
        let mut hole = committed + 1;
        loop {
            let from = Key::journal(epoch, hole);
            let to = Key::journal(epoch + 1, 0);
            let page = self.board.until_done(|| self.store.list(from, to, PAGE)).await;
            let full = !page.is_empty();
            let before = hole;
            for (key, tag) in page {
                if key.number != hole {
                    break;
                }
                if tag == TAG_SEAL {
                    return hole - 1;
                }
                hole += 1;
            }
            if full && hole > before {
                continue;
            }
            let position = crate::frame::Position { epoch, batch: hole };
            let row = encode(TAG_SEAL, &Seal { position, by: self.epoch }, &[]);
            let key = Key::journal(epoch, hole);
            // If it is refused, the old writer got a batch in there, or somebody sealed it:
            // look again.
            if self.board.persist(|| self.store.put(key, row.clone(), Expect::Absent)).await.is_ok()
            {
                return hole - 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(held: u64, takeover: bool) -> Claim {
        let cluster = Cluster { id: "a".into(), name: "a".into() };
        let fresh = Duration::from_secs(60);
        Claim { cluster, activity: Activity::Uploading, takeover, fresh, held }
    }

    fn owner(id: &str, epoch: u64, activity: Activity) -> Owner {
        let cluster = Cluster { id: id.into(), name: id.into() };
        Owner { cluster, epoch, nonce: 1, activity, heartbeat: 1 }
    }

    #[test]
    fn who_takes_when() {
        let (short, long) = (Duration::from_secs(59), Duration::from_secs(60));
        let up = Activity::Uploading;
        let other = owner("b", 5, up);
        assert_eq!(step(&claim(0, false), &other, short), Step::Wait);
        assert_eq!(step(&claim(0, false), &other, long), Step::Take);
        assert_eq!(step(&claim(0, true), &other, Duration::ZERO), Step::Take);
        assert_eq!(step(&claim(4, false), &other, long), Step::Fenced);
        assert_eq!(step(&claim(4, true), &other, Duration::ZERO), Step::Take);
        assert_eq!(step(&claim(4, false), &owner("a", 5, up), Duration::ZERO), Step::Take);
        let released = owner("b", 5, Activity::Released);
        assert_eq!(step(&claim(4, false), &released, Duration::ZERO), Step::Take);
    }
}
