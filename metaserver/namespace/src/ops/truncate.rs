//! truncate; done at once, as contents are rows. Rules: `FSDirTruncateOp`.

use super::leases::OpenAttempt;
use super::{ids, refuse};
use crate::batch::{Actor, Batch};
use crate::error::{ErrorKind, Failure};
use crate::permission::{Access, Checks};
use crate::reply::Reply;
use crate::resolve::{allow, enter};
use crate::rows::Rows;

impl<R: Rows + ?Sized> Batch<'_, R> {
    pub(super) fn truncate(
        &mut self,
        actor: &Actor<'_>,
        path: &str,
        length: u64,
    ) -> Result<Reply, Failure> {
        let walk = enter(self, actor.checked, path, false)?;
        let write = Checks { target: Some(Access::WRITE), ..Checks::default() };
        allow(actor.checked, &walk, write)?;
        let inode = walk.file()?;
        let user = &actor.caller.user;
        let evict = self.check_open(OpenAttempt::Truncate, path, inode, user)?;
        let present = inode.file().map_or(0, |file| file.length);
        if length > present {
            return refuse(
                ErrorKind::HadoopIllegalArgument,
                format!(
                    "Cannot truncate to a larger file size. Current size: {present}, truncate \
                     size: {length}."
                ),
            );
        }
        if let Some(holder) = evict {
            self.close_file(&holder, inode.id)?;
        }
        if length < present {
            let content = self.content(inode)?;
            // Below the present length, which is what the content has.
            let kept = content.get(..length as usize).unwrap_or(&content);
            self.replace_content(&ids(walk.ancestors()), inode, kept)?;
            let now = self.now();
            self.overlay.edit(inode.id)?.mtime = now;
        }
        Ok(Reply::Bool(true))
    }
}
