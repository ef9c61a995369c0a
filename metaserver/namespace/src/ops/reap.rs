//! Removes the rows of deleted trees in bounded steps. A folder met on the way becomes a root of
//! its own in the queue, so a step needs no stack and its work is bounded whatever the tree is.

use crate::batch::Batch;
use crate::error::{Failure, RowsError};
use crate::inode::{Inode, Kind};
use crate::keys;
use crate::reply::Reply;
use crate::resolve::dangling;
use crate::rows::Rows;

impl<R: Rows + ?Sized> Batch<'_, R> {
    /// Puts the root of a deleted tree into the queue.
    pub(super) fn queue_reap(&mut self, id: u64) -> Result<(), RowsError> {
        self.state.reap_roots += 1;
        self.state.reap_from = self.state.reap_from.min(id);
        self.overlay.set_raw(keys::reap(id), Some(keys::encode_raw(b"")))
    }

    pub(crate) fn reap(&mut self, max_inodes: u32) -> Result<Reply, Failure> {
        let mut done = 0;
        while done < max_inodes && self.state.reap_roots > 0 {
            let from = keys::reap(self.state.reap_from);
            let next = self.overlay.scan_raw_from(&[keys::table::REAP], &from, 1)?.pop();
            let Some((key, value)) = next else {
                return Err(keys::corrupt(&from, "the reap queue is too short".into()).into());
            };
            let root = match keys::trailing_id(&key) {
                Some(id) => self.overlay.inode(id)?,
                None => None,
            };
            let Some(root) = root else {
                return Err(keys::corrupt(&key, "its inode is missing".into()).into());
            };
            self.state.reap_from = root.id;
            let after = keys::decode_raw(&key, &value)?;
            let limit = max_inodes - done;
            let (removed, last) = self.reap_below(&root, &after, limit)?;
            done += removed;
            if let Some(last) = last.filter(|_| removed == limit) {
                self.overlay.set_raw(key, Some(keys::encode_raw(&last)))?;
                break;
            }
            self.purge(&root)?;
            self.overlay.set_raw(key, None)?;
            self.state.reap_roots -= 1;
            done += 1;
        }
        if self.state.reap_roots == 0 {
            self.state.reap_from = u64::MAX;
        }
        Ok(Reply::Progress { done, more: self.state.reap_roots > 0 })
    }

    /// Removes up to `limit` entries of a deleted folder after the name `after`; says how many,
    /// and the last of them.
    fn reap_below(
        &mut self,
        folder: &Inode,
        after: &[u8],
        limit: u32,
    ) -> Result<(u32, Option<Vec<u8>>), Failure> {
        let children = self.overlay.children(folder.id, after, limit as usize)?;
        let mut removed = 0;
        let mut last = None;
        for (name, entry) in children {
            self.overlay.set_dentry(folder.id, &name, None)?;
            if entry.kind == Kind::Directory {
                self.queue_reap(entry.child)?;
            } else {
                let Some(file) = self.overlay.inode(entry.child)? else {
                    return Err(dangling(folder.id, &name, entry.child).into());
                };
                self.purge(&file)?;
            }
            removed += 1;
            last = Some(name);
        }
        Ok((removed, last))
    }
}
