//! Creating files, with their content at once or open for writing. Rules: `FSDirWriteFileOp`
//! (`resolvePathForStartFile`, `startFile`).

use bytes::Bytes;

use super::leases::{OpenAttempt, check_holder};
use super::mkdirs::{Leaf, verify_insert, with_implicit_uwx};
use super::{ids, refuse, verify_inline};
use crate::batch::{Actor, Batch};
use crate::command::{CreateOptions, IfExists};
use crate::error::{ErrorKind, Failure, FsError};
use crate::inode::{FileBody, OpenFile};
use crate::keys;
use crate::path;
use crate::permission::{Access, Checks};
use crate::reply::{FileStatus, Reply};
use crate::resolve::{allow, enter};
use crate::rows::Rows;
use crate::usage::{Delta, verify_quota};

/// `dfs.replication.max`.
const MAX_REPLICATION: u16 = 512;

/// HDFS: `BlockManager.verifyReplication`.
pub(super) fn verify_replication(path: &str, replication: u16) -> Result<(), FsError> {
    let reason = match replication {
        0 => "is less than the required minimum of 1".to_owned(),
        1..=MAX_REPLICATION => return Ok(()),
        _ => format!("exceeds maximum of {MAX_REPLICATION}"),
    };
    Err(FsError::new(
        ErrorKind::Io,
        format!("Requested replication factor of {replication} {reason} for {path}"),
    ))
}

impl<R: Rows + ?Sized> Batch<'_, R> {
    /// With a holder the file stays open under its lease.
    pub(super) fn create(
        &mut self,
        actor: &Actor<'_>,
        path: &str,
        options: &CreateOptions,
        content: &Bytes,
        holder: Option<&String>,
    ) -> Result<Reply, Failure> {
        path::check_length("create", path)?;
        path::check_create(path)?;
        if options.block_size == 0 {
            return refuse(
                ErrorKind::Io,
                "Specified block size is less than configured minimum value \
                 (dfs.namenode.fs-limits.min-block-size): 0 < 1"
                    .into(),
            );
        }
        verify_replication(path, options.replication)?;
        if let Some(holder) = holder {
            check_holder(holder)?;
        }
        let overwrite = options.if_exists == IfExists::Overwrite;
        let walk = enter(self, actor.checked, path, true)?;
        let ancestor = Checks { ancestor: Some(Access::WRITE), create: true, ..Checks::default() };
        allow(actor.checked, &walk, ancestor)?;
        let replaced = walk.target().cloned();
        match &replaced {
            Some(inode) if inode.is_directory() => {
                return refuse(
                    ErrorKind::FileAlreadyExists,
                    format!("{path} already exists as a directory"),
                );
            }
            Some(_) if overwrite => allow(
                actor.checked,
                &walk,
                Checks { target: Some(Access::WRITE), ..Checks::default() },
            )?,
            Some(inode) => {
                let who = holder.unwrap_or(&actor.caller.user);
                self.check_open(OpenAttempt::Create, path, inode, who)?;
                return refuse(
                    ErrorKind::FileAlreadyExists,
                    format!("{path} for client {who} already exists"),
                );
            }
            None if !options.create_parent => walk.verify_parent()?,
            None => {}
        }
        verify_inline(actor.settings, path, content.len() as u64)?;
        let file = FileBody {
            length: content.len() as u64,
            replication: options.replication,
            block_size: options.block_size,
            lease: holder.map(|holder| OpenFile { holder: holder.clone(), append: false }),
        };
        match &replaced {
            Some(inode) => {
                let space = file.space() as i64 - inode.usage().space as i64;
                let delta = Delta { space, ..Delta::default() };
                verify_quota(walk.ancestors(), 0, delta)?;
                self.unlink(&ids(walk.ancestors()), inode)?;
                self.discard(inode)?;
            }
            None => verify_insert(actor.settings, &walk, &Leaf::File(file.clone()))?,
        }
        // Missing parents take the mode of the folder they are made in.
        let above = walk.ancestors().last().map_or(0o755, |i| i.permission);
        let mode = (options.permission, options.unmasked);
        let inode =
            self.insert(actor, &walk, with_implicit_uwx((above, None)), mode, Leaf::File(file))?;
        if !content.is_empty() {
            self.overlay.new_raw(keys::content(inode.id), keys::encode_raw(content));
        }
        if let Some(holder) = holder {
            self.open_lease(holder, inode.id)?;
        }
        Ok(Reply::Opened(Box::new(FileStatus::of(&inode, ""))))
    }
}
