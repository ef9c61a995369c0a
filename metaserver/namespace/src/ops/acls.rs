//! The five ACL operations; what they make of an ACL is in [`crate::acl`]. Rules: `FSDirAclOp`.

use crate::acl;
use crate::batch::{Actor, Batch};
use crate::command::AclChange;
use crate::error::Failure;
use crate::permission::Checks;
use crate::reply::Reply;
use crate::resolve::{allow, enter};
use crate::rows::Rows;

impl<R: Rows + ?Sized> Batch<'_, R> {
    pub(super) fn modify_acl(
        &mut self,
        actor: &Actor<'_>,
        path: &str,
        change: &AclChange,
    ) -> Result<Reply, Failure> {
        let walk = enter(self, actor.checked, path, false)?;
        let owner = Checks { owner: true, ..Checks::default() };
        allow(actor.checked, &walk, owner)?;
        let inode = walk.existing()?;
        let (permission, entries) = acl::apply_change(inode, change, path)?;
        let inode = self.overlay.edit(inode.id)?;
        inode.permission = permission;
        inode.acl = entries;
        Ok(Reply::Done)
    }
}
