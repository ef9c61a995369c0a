//! chmod, chown, utimes, setReplication. Rules: `FSDirAttrOp`.

use super::create::verify_replication;
use super::{ids, refuse};
use crate::acl;
use crate::batch::{Actor, Batch};
use crate::error::{ErrorKind, Failure};
use crate::path;
use crate::permission::{self, Access, Checks};
use crate::reply::Reply;
use crate::resolve::{allow, enter};
use crate::rows::Rows;
use crate::usage::{Delta, signed, verify_quota};

impl<R: Rows + ?Sized> Batch<'_, R> {
    pub(super) fn set_permission(
        &mut self,
        actor: &Actor<'_>,
        path: &str,
        mode: u16,
    ) -> Result<Reply, Failure> {
        path::check_change(path)?;
        let walk = enter(self, actor.checked, path, false)?;
        let owner = Checks { owner: true, ..Checks::default() };
        allow(actor.checked, &walk, owner)?;
        let inode = walk.existing()?;
        let (mode, entries) = acl::with_permission(inode, mode);
        let inode = self.overlay.edit(inode.id)?;
        inode.permission = mode;
        inode.acl = entries;
        Ok(Reply::Done)
    }

    pub(super) fn set_owner(
        &mut self,
        actor: &Actor<'_>,
        path: &str,
        owner: Option<&str>,
        group: Option<&str>,
    ) -> Result<Reply, Failure> {
        path::check_change(path)?;
        let walk = enter(self, actor.checked, path, false)?;
        let must_own = Checks { owner: true, ..Checks::default() };
        allow(actor.checked, &walk, must_own)?;
        let inode = walk.existing()?;
        permission::check_set_owner(actor.checked, owner, group)?;
        let inode = self.overlay.edit(inode.id)?;
        if let Some(owner) = owner {
            inode.owner = owner.into();
        }
        if let Some(group) = group {
            inode.group = group.into();
        }
        Ok(Reply::Done)
    }

    pub(super) fn set_times(
        &mut self,
        actor: &Actor<'_>,
        path: &str,
        mtime: Option<i64>,
        atime: Option<i64>,
    ) -> Result<Reply, Failure> {
        let walk = enter(self, actor.checked, path, false)?;
        let write = Checks { target: Some(Access::WRITE), ..Checks::default() };
        allow(actor.checked, &walk, write)?;
        let Some(inode) = walk.target() else {
            let message = format!("File/Directory {path} does not exist.");
            return refuse(ErrorKind::FileNotFound, message);
        };
        let inode = self.overlay.edit(inode.id)?;
        // A negative time means "as it is" (HDFS's protocol has -1 for that).
        if let Some(mtime) = mtime.filter(|time| *time >= 0) {
            inode.mtime = mtime;
        }
        if let Some(atime) = atime.filter(|time| *time >= 0) {
            inode.atime = atime;
        }
        Ok(Reply::Done)
    }

    pub(super) fn set_replication(
        &mut self,
        actor: &Actor<'_>,
        path: &str,
        replication: u16,
    ) -> Result<Reply, Failure> {
        verify_replication(path, replication)?;
        let walk = enter(self, actor.checked, path, false)?;
        let write = Checks { target: Some(Access::WRITE), ..Checks::default() };
        allow(actor.checked, &walk, write)?;
        let Some(inode) = walk.target() else {
            return Ok(Reply::Bool(false));
        };
        let Some(file) = inode.file() else {
            return Ok(Reply::Bool(false));
        };
        let copies = i64::from(replication) - i64::from(file.replication);
        let delta = Delta { space: signed(file.length) * copies, ..Delta::default() };
        verify_quota(walk.ancestors(), 0, delta)?;
        self.grow(&ids(walk.ancestors()), delta)?;
        self.overlay.edit(inode.id)?.file_mut()?.replication = replication;
        Ok(Reply::Bool(true))
    }
}
