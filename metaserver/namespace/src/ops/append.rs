//! Writing to files that are open: append, complete, abandon. Rules: `FSDirAppendOp`,
//! `FSDirWriteFileOp.completeFile`.

use bytes::Bytes;

use super::leases::{OpenAttempt, check_holder};
use super::{ids, refuse, verify_inline};
use crate::batch::{Actor, Batch};
use crate::command::CreateOptions;
use crate::error::{ErrorKind, Failure};
use crate::permission::{Access, Checks};
use crate::reply::{FileStatus, Reply};
use crate::resolve::{allow, enter};
use crate::rows::Rows;
use crate::usage::{Delta, verify_quota};

impl<R: Rows + ?Sized> Batch<'_, R> {
    pub(super) fn append(
        &mut self,
        actor: &Actor<'_>,
        path: &str,
        holder: &String,
        create: Option<&CreateOptions>,
    ) -> Result<Reply, Failure> {
        check_holder(holder)?;
        let walk = enter(self, actor.checked, path, false)?;
        if walk.target().is_some_and(|inode| inode.is_directory()) {
            return refuse(
                ErrorKind::FileAlreadyExists,
                format!("Cannot append to directory {path}; already exists as a directory."),
            );
        }
        let Some(inode) = walk.target().cloned() else {
            return match create {
                Some(options) => self.create(actor, path, options, &Bytes::new(), Some(holder)),
                None => refuse(
                    ErrorKind::FileNotFound,
                    format!("Failed to append to non-existent file {path} for client {holder}"),
                ),
            };
        };
        let write = Checks { target: Some(Access::WRITE), ..Checks::default() };
        allow(actor.checked, &walk, write)?;
        if let Some(other) = self.check_open(OpenAttempt::Append, path, &inode, holder)? {
            self.close_file(&other, inode.id)?;
        }
        self.open_file(holder, inode.id, true)?;
        let inode = self.overlay.edit(inode.id)?;
        Ok(Reply::Opened(Box::new(FileStatus::of(inode, ""))))
    }

    pub(super) fn complete(
        &mut self,
        actor: &Actor<'_>,
        path: &str,
        id: u64,
        holder: &str,
        content: &Bytes,
    ) -> Result<Reply, Failure> {
        let (located, _) = self.check_lease(path, id, holder)?;
        if !content.is_empty() {
            let Some(inode) = self.overlay.inode(id)? else {
                return Err(crate::resolve::not_found("File", path).into());
            };
            let mut bytes = self.content(&inode)?.to_vec();
            let length = bytes.len() as u64 + content.len() as u64;
            verify_inline(actor.settings, path, length)?;
            if let Some(file) = inode.file() {
                let delta = Delta::resize(file, length);
                verify_quota(&located.ancestors, 0, delta)?;
            }
            bytes.extend_from_slice(content);
            self.replace_content(&ids(&located.ancestors), &inode, &bytes)?;
        }
        self.close_file(holder, id)?;
        Ok(Reply::Bool(true))
    }

    pub(super) fn abandon(&mut self, path: &str, id: u64, holder: &str) -> Result<Reply, Failure> {
        let (located, open) = self.check_lease(path, id, holder)?;
        if open.append {
            self.close_file(holder, id)?;
            return Ok(Reply::Done);
        }
        let Some(inode) = self.overlay.inode(id)? else {
            return Err(crate::resolve::not_found("File", path).into());
        };
        self.unlink(&ids(&located.ancestors), &inode)?;
        self.discard(&inode)?;
        Ok(Reply::Done)
    }
}
