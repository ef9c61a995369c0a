//! Removes the rows of deleted trees in bounded steps. A folder met on the way becomes a root of
//! its own in the queue, so a step needs no stack and its work is bounded whatever the tree is.

use crate::batch::Batch;
use crate::error::Failure;
use crate::inode::{Inode, Kind};
use crate::keys;
use crate::reply::Reply;
use crate::resolve::dangling;
use crate::rows::Rows;

impl<R: Rows + ?Sized> Batch<'_, R> {
    pub(crate) fn reap(&mut self, max_inodes: u32) -> Result<Reply, Failure> {
        let mut done = 0;
        while done < max_inodes {
            let Some((key, _)) = self.overlay.scan_raw(&[keys::table::REAP], 1)?.pop() else {
                break;
            };
            let root = match keys::trailing_id(&key) {
                Some(id) => self.overlay.inode(id)?,
                None => None,
            };
            let Some(root) = root else {
                return Err(keys::corrupt(&key, "its inode is missing".into()).into());
            };
            done += self.reap_below(&root, max_inodes - done)?;
            if done < max_inodes {
                self.purge(&root)?;
                self.overlay.set_raw(key, None)?;
                self.state.reap_roots = self.state.reap_roots.saturating_sub(1);
                done += 1;
            }
        }
        Ok(Reply::Progress {
            done,
            more: self.state.reap_roots > 0,
        })
    }

    /// Removes up to `limit` entries of a deleted folder; says how many.
    fn reap_below(&mut self, folder: &Inode, limit: u32) -> Result<u32, Failure> {
        let children = self.overlay.children(folder.id, limit as usize)?;
        let count = children.len() as u32;
        for (name, entry) in children {
            self.overlay.set_dentry(folder.id, &name, None)?;
            if entry.kind == Kind::Directory {
                self.state.reap_roots += 1;
                self.overlay
                    .set_raw(keys::reap(entry.child), Some(keys::PRESENT))?;
                continue;
            }
            let Some(file) = self.overlay.inode(entry.child)? else {
                return Err(dangling(folder.id, &name, entry.child).into());
            };
            self.purge(&file)?;
        }
        Ok(count)
    }
}
