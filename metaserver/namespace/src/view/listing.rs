//! Listings of directories: small ones as a whole, which whoever keeps the rows may remember, and
//! others page by page.

use std::sync::Arc;

use super::View;
use crate::command::Caller;
use crate::error::Failure;
use crate::inode::Inode;
use crate::permission::Access;
use crate::reply::{FileStatus, Listing};
use crate::rows::{Rows, read_page};

/// A directory with so many entries is small.
const SMALL: u32 = 128;

impl<R: Rows + ?Sized> View<'_, R> {
    /// getListing, a page of up to `limit` entries after `start_after`; `None`: it does not
    /// exist. Of a file: one entry with an empty name.
    ///
    /// # Errors
    /// AccessControl.
    pub fn list(
        &self,
        caller: &Caller,
        path: &str,
        start_after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Option<Listing>, Failure> {
        let walk = self.open(caller, path)?;
        let Some(inode) = walk.target() else {
            return Ok(None);
        };
        let Some(directory) = inode.directory() else {
            return Ok(Some(Listing { entries: vec![FileStatus::of(inode, "")], remaining: 0 }));
        };
        self.allow_target(caller, &walk, Access::READ_EXECUTE)?;
        let status = |child: &Arc<Inode>| FileStatus::of(child, &child.name);
        let (entries, more): (Vec<FileStatus>, bool) = if directory.children <= SMALL {
            let all = self.rows.children(inode.id)?;
            let after = start_after
                .map_or(0, |after| all.partition_point(|child| child.name.as_bytes() <= after));
            let left = all.get(after..).unwrap_or_default();
            (left.iter().take(limit).map(status).collect(), left.len() > limit)
        } else {
            let page = read_page(self.rows, inode.id, start_after, limit.saturating_add(1))?;
            (page.iter().take(limit).map(status).collect(), page.len() > limit)
        };
        let remaining = match start_after {
            None => directory.children.saturating_sub(entries.len() as u32),
            Some(_) => u32::from(more),
        };
        Ok(Some(Listing { entries, remaining }))
    }
}
