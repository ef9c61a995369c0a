//! setQuota. Rules: `FSDirAttrOp.setQuota`. A quota below what is used already is taken, as in
//! HDFS: it stops what would be added.

use super::refuse;
use crate::batch::{Actor, Batch};
use crate::command::QuotaChange;
use crate::error::{ErrorKind, Failure};
use crate::permission;
use crate::reply::Reply;
use crate::resolve::{enter, not_found};
use crate::rows::Rows;

/// The largest quota: HDFS's are signed.
const MAX_QUOTA: u64 = i64::MAX as u64;

impl QuotaChange {
    fn apply(self, present: Option<u64>) -> Option<u64> {
        match self {
            Self::Keep => present,
            Self::Clear => None,
            Self::Set(quota) => Some(quota),
        }
    }
}

impl<R: Rows + ?Sized> Batch<'_, R> {
    pub(super) fn set_quota(
        &mut self,
        actor: &Actor<'_>,
        path: &str,
        namespace: QuotaChange,
        space: QuotaChange,
    ) -> Result<Reply, Failure> {
        permission::check_superuser(actor.checked, None)?;
        let walk = enter(self, actor.checked, path, false)?;
        for change in [namespace, space] {
            if matches!(change, QuotaChange::Set(quota) if quota > MAX_QUOTA) {
                let message = format!("Illegal value for nsQuota or ssQuota : {change:?}");
                return refuse(ErrorKind::IllegalArgument, message);
            }
        }
        let Some(inode) = walk.target() else {
            return Err(not_found("Directory", path).into());
        };
        let Some(directory) = inode.directory() else {
            let message = format!("`{path}': Is not a directory");
            return refuse(ErrorKind::PathIsNotDirectory, message);
        };
        if walk.is_root() && namespace == QuotaChange::Clear {
            let message = "Cannot clear namespace quota on root.".into();
            return refuse(ErrorKind::IllegalArgument, message);
        }
        let quota = namespace.apply(directory.quota);
        let space_quota = space.apply(directory.space_quota);
        let directory = self.overlay.edit(inode.id)?.directory_mut()?;
        directory.quota = quota;
        directory.space_quota = space_quota;
        Ok(Reply::Done)
    }
}
