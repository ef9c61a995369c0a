//! delete. Rules: `FSDirDeleteOp`, `FSPermissionChecker.checkSubAccess`.
//!
//! A tree is taken out by one entry and the counts above it; its rows go to the reap queue.

use std::sync::Arc;

use super::{ids, refuse};
use crate::batch::{Actor, Batch};
use crate::command::Caller;
use crate::error::{ErrorKind, Failure};
use crate::inode::{Inode, Kind};
use crate::path;
use crate::permission::{self, Access, Checks, STICKY};
use crate::reply::Reply;
use crate::resolve::{allow, dangling, enter};
use crate::rows::Rows;

impl<R: Rows + ?Sized> Batch<'_, R> {
    pub(super) fn delete(
        &mut self,
        actor: &Actor<'_>,
        path: &str,
        recursive: bool,
    ) -> Result<Reply, Failure> {
        path::check_change(path)?;
        let walk = enter(self, actor.checked, path, false)?;
        let target = walk.target().cloned();
        let remove = Checks { parent: Some(Access::WRITE), sticky: true, ..Checks::default() };
        allow(actor.checked, &walk, remove)?;
        let Some(inode) = target else {
            return Ok(Reply::Bool(false));
        };
        self.allow_subtree(actor.checked, &inode, path)?;
        if !recursive && inode.directory().is_some_and(|d| d.children > 0) {
            // The exception of Hadoop takes a path, HDFS hands it a sentence.
            return refuse(
                ErrorKind::PathIsNotEmptyDirectory,
                format!("`{path} is non empty': Directory is not empty"),
            );
        }
        if walk.is_root() {
            return Ok(Reply::Bool(false));
        }
        self.unlink(&ids(walk.ancestors()), &inode)?;
        self.discard(&inode)?;
        Ok(Reply::Bool(true))
    }

    /// Everything below a folder may be removed by the caller: every folder that is not empty
    /// must grant all rights, and its sticky bit counts.
    pub(super) fn allow_subtree(
        &mut self,
        caller: &Caller,
        top: &Arc<Inode>,
        path: &str,
    ) -> Result<(), Failure> {
        if caller.superuser {
            return Ok(());
        }
        let mut folders = vec![(top.clone(), path.to_owned())];
        while let Some((folder, folder_path)) = folders.pop() {
            let Some(body) = folder.directory().filter(|d| d.children > 0) else {
                continue;
            };
            permission::check_inode_access(caller, &folder, Access::ALL, &folder_path)?;
            let sticky = folder.permission & STICKY != 0;
            if body.below.directories == 0 && !sticky {
                continue;
            }
            let children = self.overlay.children(folder.id, b"", usize::MAX)?;
            for (name, entry) in children {
                if entry.kind == Kind::File && !sticky {
                    continue;
                }
                let Some(child) = self.overlay.inode(entry.child)? else {
                    return Err(dangling(folder.id, &name, entry.child).into());
                };
                let child_path = path::join(&folder_path, &child.name);
                if sticky {
                    permission::check_sticky(caller, &folder, &folder_path, &child, &child_path)?;
                }
                if entry.kind == Kind::Directory {
                    folders.push((child, child_path));
                }
            }
        }
        Ok(())
    }
}
