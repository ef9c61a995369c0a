//! Deletes what nobody needs any more: older bases, batches before the copy's start, and what
//! writers of earlier epochs left behind. Seals stay: whoever was cut off must still run into them.
//!
//! Only rows of this epoch and earlier ones are deleted, and only such as the meta row did not
//! refer to while this was the owner; what is unreferenced once stays so. So whatever is deleted
//! late, by an owner that was deposed meanwhile, is nothing that a later one needs.

use crate::frame::{Position, TAG_SEAL};
use crate::meta::Meta;
use crate::store::{Area, Key, MAX_DELETES, SHARDS, Store};

use super::shared::Shared;

/// Rows listed at once.
const PAGE: usize = 1_000;

/// Deletes what `meta` does not refer to. `next`: the first number of a base row that this epoch
/// has not used yet.
pub async fn run<R, S: Store>(shared: &Shared<'_, R, S>, meta: &Meta, next: u64) {
    let bases = (0..SHARDS).map(|shard| Area::Base(shard as u8));
    for area in [Area::Journal, Area::Part].into_iter().chain(bases) {
        let mut from = Key { area, epoch: 0, number: 0, part: 0 };
        let to = Key { area, epoch: meta.owner.epoch + 1, number: 0, part: 0 };
        loop {
            let page = shared.board.until_done(|| shared.store.list(from, to, PAGE)).await;
            let Some((last, _)) = page.last().copied() else { break };
            from = Key { part: last.part + 1, ..last };
            let useless = page.into_iter().filter(|(key, tag)| useless(meta, *key, *tag, next));
            let useless: Vec<Key> = useless.map(|(key, _)| key).collect();
            for keys in useless.chunks(MAX_DELETES) {
                shared.board.until_done(|| shared.store.delete(keys.to_vec())).await;
                shared.status.send_modify(|s| s.counters.deleted += keys.len() as u64);
            }
        }
    }
}

/// Whether nobody needs a row.
fn useless(meta: &Meta, key: Key, tag: i64, next: u64) -> bool {
    let Key { area, epoch, number, .. } = key;
    match area {
        Area::Meta => false,
        Area::Journal | Area::Part => {
            tag != TAG_SEAL && !meta.needs_batch(Position { epoch, batch: number })
        }
        Area::Base(_) => !meta.needs_base(epoch, number, next),
    }
}
