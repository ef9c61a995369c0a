//! What each operation does: checks in HDFS's order, then changes of the batch's overlay. One file
//! a family of operations; this one hands out and has the changes that several share.

mod acls;
mod append;
mod attributes;
mod concat;
mod create;
mod delete;
mod import;
mod leases;
mod mkdirs;
mod quota;
mod reap;
mod recover;
mod rename;
mod truncate;
mod xattrs;

use std::sync::Arc;

use bytes::Bytes;

use crate::batch::{Actor, Batch};
use crate::command::Mutation;
use crate::error::{ErrorKind, Failure, FsError, RowsError};
use crate::inode::{Dentry, Inode};
use crate::keys;
use crate::path;
use crate::reply::Reply;
use crate::rows::Rows;
use crate::settings::Settings;
use crate::usage::Delta;

/// Applies a client's mutation.
pub(crate) fn mutate<R: Rows + ?Sized>(
    batch: &mut Batch<'_, R>,
    actor: &Actor<'_>,
    mutation: &Mutation,
) -> Result<Reply, Failure> {
    match mutation {
        Mutation::Mkdirs { path, permission, unmasked, create_parent } => {
            batch.mkdirs(actor, path, (*permission, *unmasked), *create_parent)
        }
        Mutation::PutFile { path, options, content } => {
            batch.create(actor, path, options, content, None)
        }
        Mutation::Create { path, options, holder } => {
            batch.create(actor, path, options, &Bytes::new(), Some(holder))
        }
        Mutation::Append { path, holder, create } => {
            batch.append(actor, path, holder, create.as_ref())
        }
        Mutation::Complete { path, inode, holder, content } => {
            batch.complete(actor, path, *inode, holder, content)
        }
        Mutation::Abandon { path, inode, holder } => batch.abandon(path, *inode, holder),
        Mutation::RenewLease { holder } => Ok(batch.renew_lease(holder)?),
        Mutation::RecoverLease { path, holder } => batch.recover_lease(actor, path, holder),
        Mutation::Rename { src, dst, mode } => batch.rename(actor, src, dst, *mode),
        Mutation::Delete { path, recursive } => batch.delete(actor, path, *recursive),
        Mutation::Truncate { path, length } => batch.truncate(actor, path, *length),
        Mutation::Concat { target, sources } => batch.concat(actor, target, sources),
        Mutation::SetPermission { path, permission } => {
            batch.set_permission(actor, path, *permission)
        }
        Mutation::SetOwner { path, owner, group } => {
            batch.set_owner(actor, path, owner.as_deref(), group.as_deref())
        }
        Mutation::SetTimes { path, mtime, atime } => batch.set_times(actor, path, *mtime, *atime),
        Mutation::SetReplication { path, replication } => {
            batch.set_replication(actor, path, *replication)
        }
        Mutation::SetQuota { path, namespace, space } => {
            batch.set_quota(actor, path, *namespace, *space)
        }
        Mutation::ModifyAcl { path, change } => batch.modify_acl(actor, path, change),
        Mutation::SetXAttr { path, name, value, create, replace } => {
            batch.set_xattr(actor, path, name, value, *create, *replace)
        }
        Mutation::RemoveXAttr { path, name } => batch.remove_xattr(actor, path, name),
    }
}

/// The ids of a chain of inodes.
fn ids(inodes: &[Arc<Inode>]) -> Vec<u64> {
    inodes.iter().map(|inode| inode.id).collect()
}

/// An error of `kind` as an answer.
fn refuse<T>(kind: ErrorKind, message: String) -> Result<T, Failure> {
    Err(FsError::new(kind, message).into())
}

/// A new entry must have a good name and its folder room (HDFS: `FSDirectory.addLastINode`).
/// `folder`: the folder if it is there already.
fn verify_entry(
    settings: &Settings,
    folder_path: &str,
    folder: Option<&Inode>,
    name: &str,
) -> Result<(), FsError> {
    path::check_component(folder_path, name)?;
    let limit = settings.max_directory_items;
    match folder.and_then(Inode::directory) {
        Some(directory) if directory.children >= limit => Err(FsError::new(
            ErrorKind::MaxDirectoryItems,
            format!(
                "The directory item limit of {folder_path} is exceeded: limit={limit} items={}",
                directory.children
            ),
        )),
        _ => Ok(()),
    }
}

/// A content must be small enough to be kept inline.
fn verify_inline(settings: &Settings, path: &str, length: u64) -> Result<(), FsError> {
    let limit = settings.inline_limit;
    if length <= u64::from(limit) {
        return Ok(());
    }
    Err(FsError::new(
        ErrorKind::Io,
        format!(
            "{path} would have {length} bytes: files of this cluster have at most {limit} bytes, \
             larger ones are not supported yet"
        ),
    ))
}

impl<R: Rows + ?Sized> Batch<'_, R> {
    /// Replicated time, ms.
    fn now(&self) -> i64 {
        self.state.time_ms
    }

    /// An id that was never used.
    fn new_id(&mut self) -> u64 {
        let id = self.state.next_inode;
        self.state.next_inode += 1;
        id
    }

    /// Adds to the recursive counts of directories.
    fn grow(&mut self, directories: &[u64], delta: Delta) -> Result<(), RowsError> {
        if delta == Delta::default() {
            return Ok(());
        }
        for &id in directories {
            let directory = self.overlay.edit(id)?.directory_mut()?;
            directory.below = directory.below.after(delta).ok_or_else(|| {
                keys::corrupt(&keys::inode(id), format!("counts fall below 0: {delta:?}"))
            })?;
        }
        Ok(())
    }

    /// A directory got or lost entries: their number and the modification time, which never goes
    /// back by this (HDFS: `updateModificationTime`).
    fn touch_directory(&mut self, id: u64, children: i32, mtime: i64) -> Result<(), RowsError> {
        let inode = self.overlay.edit(id)?;
        inode.mtime = inode.mtime.max(mtime);
        let directory = inode.directory_mut()?;
        match directory.children.checked_add_signed(children) {
            Some(children) => directory.children = children,
            None => return Err(keys::corrupt(&keys::inode(id), "negative children".into())),
        }
        Ok(())
    }

    /// Links a new or moved inode into its parent's entries.
    fn link(&mut self, inode: &Inode) -> Result<(), RowsError> {
        let entry = Dentry { child: inode.id, kind: inode.kind() };
        self.overlay.set_dentry(inode.parent, inode.name.as_bytes(), Some(entry))
    }

    /// Takes an inode out of the tree: entry, counts and the parent's time. Its rows stay.
    fn unlink(&mut self, ancestors: &[u64], inode: &Inode) -> Result<(), RowsError> {
        let now = self.now();
        self.overlay.set_dentry(inode.parent, inode.name.as_bytes(), None)?;
        self.grow(ancestors, inode.usage().delta().negated())?;
        self.touch_directory(inode.parent, -1, now)
    }

    /// Removes the rows of an unlinked inode at once, or, if it is a directory with entries, puts
    /// it into the reap queue.
    fn discard(&mut self, inode: &Inode) -> Result<(), RowsError> {
        if inode.directory().is_some_and(|d| d.children > 0) {
            self.queue_reap(inode.id)
        } else {
            self.purge(inode)
        }
    }

    /// Removes all rows of a file or of a directory without entries, but its dentry.
    fn purge(&mut self, inode: &Inode) -> Result<(), RowsError> {
        if let Some(file) = inode.file() {
            if let Some(open) = &file.lease {
                self.close_lease(&open.holder, inode.id)?;
            }
            if file.length > 0 {
                self.overlay.set_raw(keys::content(inode.id), None)?;
            }
        }
        if inode.xattrs > 0 {
            let rows =
                self.overlay.scan_raw(&keys::xattr_prefix(inode.id), usize::from(inode.xattrs))?;
            for (key, _) in rows {
                self.overlay.set_raw(key, None)?;
            }
        }
        self.overlay.set_inode(inode.id, None)
    }

    /// The bytes of a file.
    fn content(&mut self, inode: &Inode) -> Result<Bytes, RowsError> {
        if inode.file().is_none_or(|file| file.length == 0) {
            return Ok(Bytes::new());
        }
        let key = keys::content(inode.id);
        match self.overlay.raw(&key)? {
            Some(value) => keys::decode_raw(&key, &value),
            None => Err(keys::corrupt(&key, "missing".into())),
        }
    }

    /// Replaces the bytes of the path's file, with the counts above it. Limits are the caller's.
    fn replace_content(
        &mut self,
        ancestors: &[u64],
        inode: &Arc<Inode>,
        content: &[u8],
    ) -> Result<(), RowsError> {
        let length = content.len() as u64;
        if let Some(file) = inode.file() {
            self.grow(ancestors, Delta::resize(file, length))?;
        }
        self.overlay.edit(inode.id)?.file_mut()?.length = length;
        let value = (!content.is_empty()).then(|| keys::encode_raw(content));
        self.overlay.set_raw(keys::content(inode.id), value)
    }
}
