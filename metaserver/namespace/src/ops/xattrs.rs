//! Setting and removing extended attributes; the rules of names are in [`crate::xattr`]. Rules:
//! `FSDirXAttrOp`.

use std::sync::Arc;

use bytes::Bytes;

use crate::batch::{Actor, Batch};
use crate::error::{Failure, RowsError};
use crate::inode::Inode;
use crate::keys;
use crate::permission::Checks;
use crate::reply::Reply;
use crate::resolve::{Walk, allow, enter};
use crate::rows::Rows;
use crate::xattr::{self, ChangeAccess, XAttrName};

impl<R: Rows + ?Sized> Batch<'_, R> {
    pub(super) fn set_xattr(
        &mut self,
        actor: &Actor<'_>,
        path: &str,
        name: &XAttrName,
        value: &Bytes,
        create: bool,
        replace: bool,
    ) -> Result<Reply, Failure> {
        xattr::check_set_request(actor.caller, name, value.len(), actor.settings)?;
        let walk = enter(self, actor.checked, path, false)?;
        let inode = self.changeable(actor, &walk, name)?;
        xattr::check_kind(name, &inode)?;
        let key = keys::xattr(inode.id, name);
        let exists = self.overlay.raw(&key)?.is_some();
        let count = self.counted(&inode)?;
        xattr::check_set(
            actor.caller,
            name,
            value.len(),
            exists,
            create,
            replace,
            count,
            actor.settings,
        )?;
        self.overlay.set_raw(key, Some(keys::encode_raw(value)))?;
        if !exists {
            let inode = self.overlay.edit(inode.id)?;
            inode.xattrs = inode.xattrs.saturating_add(1);
        }
        Ok(Reply::Done)
    }

    pub(super) fn remove_xattr(
        &mut self,
        actor: &Actor<'_>,
        path: &str,
        name: &XAttrName,
    ) -> Result<Reply, Failure> {
        xattr::check_name(actor.caller, name)?;
        let walk = enter(self, actor.checked, path, false)?;
        let inode = self.changeable(actor, &walk, name)?;
        let key = keys::xattr(inode.id, name);
        let exists = self.overlay.raw(&key)?.is_some();
        xattr::check_remove(actor.caller, name, exists)?;
        self.overlay.set_raw(key, None)?;
        let inode = self.overlay.edit(inode.id)?;
        inode.xattrs = inode.xattrs.saturating_sub(1);
        Ok(Reply::Done)
    }

    /// The path's inode if the caller may change the attribute there.
    fn changeable(
        &mut self,
        actor: &Actor<'_>,
        walk: &Walk<'_>,
        name: &XAttrName,
    ) -> Result<Arc<Inode>, Failure> {
        let inode = walk.existing()?;
        let want = match xattr::change_access(name, inode) {
            ChangeAccess::Owner => Checks { owner: true, ..Checks::default() },
            ChangeAccess::Target(access) => Checks { target: Some(access), ..Checks::default() },
            ChangeAccess::Nothing => Checks::default(),
        };
        allow(actor.checked, walk, want)?;
        Ok(inode.clone())
    }

    /// How many attributes count against the inode's limit.
    fn counted(&mut self, inode: &Inode) -> Result<usize, RowsError> {
        if inode.xattrs == 0 {
            return Ok(0);
        }
        let prefix = keys::xattr_prefix(inode.id);
        let rows = self.overlay.scan_raw(&prefix, usize::from(inode.xattrs))?;
        Ok(rows
            .iter()
            .filter_map(|(key, _)| keys::xattr_name(key))
            .filter(XAttrName::counts)
            .count())
    }
}
