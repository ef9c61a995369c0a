//! Leases: who has which file open, renewal, taking over, expiry. Rules: `LeaseManager`,
//! `FSNamesystem.recoverLeaseInternal`, `checkLease`, `recoverLease`.
//!
//! Three tables keep them: the lease by holder, its files, and the holders by time of renewal, so
//! that the oldest is found at once.

use std::sync::Arc;

use crate::batch::{Actor, Batch};
use crate::error::{ErrorKind, Failure, FsError, RowsError};
use crate::inode::{Inode, OpenFile, ROOT};
use crate::keys::{self, Lease};
use crate::permission::{Access, Checks};
use crate::reply::Reply;
use crate::resolve::{allow, enter};
use crate::rows::Rows;

use super::refuse;

/// Longest name of a holder, bytes. Hadoop's are about 50 long.
const MAX_HOLDER: usize = 1024;

/// What wants to open a file that may be open already (HDFS: `RecoverLeaseOp`).
#[derive(Clone, Copy, Debug)]
pub(super) enum OpenAttempt {
    Create,
    Append,
    Truncate,
}

/// Who, if anybody, has to be put out before a file can be opened.
pub(super) type Evict = Option<String>;

/// A holder's name becomes part of keys.
pub(super) fn check_holder(holder: &str) -> Result<(), FsError> {
    if !holder.is_empty() && holder.len() <= MAX_HOLDER && !holder.contains('\0') {
        return Ok(());
    }
    Err(FsError::new(ErrorKind::HadoopIllegalArgument, format!("Invalid lease holder: {holder:?}")))
}

/// A file that is still in the tree, found by its id.
pub(super) struct Located {
    /// The directories above it, the root first.
    pub ancestors: Vec<Arc<Inode>>,
}

impl<R: Rows + ?Sized> Batch<'_, R> {
    fn lease(&mut self, holder: &str) -> Result<Option<Lease>, RowsError> {
        let key = keys::lease(holder);
        match self.overlay.raw(&key)? {
            Some(value) => Ok(Some(keys::decode(&key, &value)?)),
            None => Ok(None),
        }
    }

    /// Writes a lease (`None`: removes it) and its place in the order of renewals, of which every
    /// lease has one.
    fn put_lease(
        &mut self,
        holder: &str,
        old: Option<Lease>,
        new: Option<Lease>,
    ) -> Result<(), RowsError> {
        if let Some(old) = old {
            let key = keys::lease_time(old.last_renewed_ms, holder);
            self.overlay.set_known_raw(key, Some(keys::PRESENT), None);
        }
        if let Some(new) = new {
            let key = keys::lease_time(new.last_renewed_ms, holder);
            self.overlay.set_known_raw(key, None, Some(keys::PRESENT));
        }
        let value = new.as_ref().map(keys::encode).transpose()?;
        self.overlay.set_raw(keys::lease(holder), value)
    }

    /// Adds a file that is not open to the holder's lease, which is renewed by that.
    pub(super) fn open_lease(&mut self, holder: &str, id: u64) -> Result<(), RowsError> {
        let old = self.lease(holder)?;
        let new = Lease {
            last_renewed_ms: self.now(),
            files: old.map_or(0, |lease| lease.files).saturating_add(1),
        };
        self.put_lease(holder, old, Some(new))?;
        self.state.open_files += 1;
        let key = keys::lease_file(holder, id);
        self.overlay.set_known_raw(key, None, Some(keys::PRESENT));
        Ok(())
    }

    /// Takes a file that is open under it out of the holder's lease; the file's own mark is the
    /// caller's.
    pub(super) fn close_lease(&mut self, holder: &str, id: u64) -> Result<(), RowsError> {
        self.overlay.set_known_raw(keys::lease_file(holder, id), Some(keys::PRESENT), None);
        self.state.open_files = self.state.open_files.saturating_sub(1);
        let Some(old) = self.lease(holder)? else {
            return Err(keys::corrupt(&keys::lease(holder), "missing".into()));
        };
        let new = (old.files > 1).then_some(Lease { files: old.files.saturating_sub(1), ..old });
        self.put_lease(holder, Some(old), new)
    }

    /// Closes an open file; its modification time is now (HDFS: `toCompleteFile`).
    pub(super) fn close_file(&mut self, holder: &str, id: u64) -> Result<(), RowsError> {
        let now = self.now();
        self.close_lease(holder, id)?;
        let inode = self.overlay.edit(id)?;
        inode.mtime = now;
        inode.file_mut()?.lease = None;
        Ok(())
    }

    /// Marks a file as open under the holder's lease.
    pub(super) fn open_file(
        &mut self,
        holder: &str,
        id: u64,
        append: bool,
    ) -> Result<(), RowsError> {
        self.open_lease(holder, id)?;
        self.overlay.edit(id)?.file_mut()?.lease =
            Some(OpenFile { holder: holder.to_owned(), append });
        Ok(())
    }

    /// Whether `who` may open a file: yes if nobody has it open or its lease passed the soft limit.
    pub(super) fn check_open(
        &mut self,
        attempt: OpenAttempt,
        path: &str,
        inode: &Inode,
        who: &str,
    ) -> Result<Evict, Failure> {
        let Some(open) = inode.file().and_then(|file| file.lease.as_ref()) else {
            return Ok(None);
        };
        let attempt = match attempt {
            OpenAttempt::Create => "CREATE_FILE",
            OpenAttempt::Append => "APPEND_FILE",
            OpenAttempt::Truncate => "TRUNCATE_FILE",
        };
        let busy = |reason: String| {
            let message = format!("Failed to {attempt} {path} for {who} because {reason}");
            refuse(ErrorKind::AlreadyBeingCreated, message)
        };
        if open.holder == who {
            return busy(format!("{who} is already the current lease holder."));
        }
        let soft_ms = self.settings().map_or(0, |s| i64::from(s.lease_soft_limit_seconds) * 1000);
        match self.lease(&open.holder)? {
            Some(lease) if self.now().saturating_sub(lease.last_renewed_ms) <= soft_ms => {
                busy(format!("this file lease is currently owned by {}", open.holder))
            }
            _ => Ok(Some(open.holder.clone())),
        }
    }

    /// The file `id` if it is in the tree and open by `holder` (HDFS: `checkLease`). As in HDFS
    /// it is found by its id, whatever it is called by now.
    pub(super) fn check_lease(
        &mut self,
        path: &str,
        id: u64,
        holder: &str,
    ) -> Result<(Located, OpenFile), Failure> {
        let subject = match self.lease(holder)? {
            Some(lease) => format!(
                "{path} (inode {id}) [Lease.  Holder: {holder}, pending creates: {}]",
                lease.files
            ),
            None => format!("{path} (inode {id}) Holder {holder} does not have any open files."),
        };
        let Some(located) = self.locate(id)? else {
            let message = format!("File does not exist: {subject}");
            return refuse(ErrorKind::FileNotFound, message);
        };
        let expired = |what: String| refuse(ErrorKind::LeaseExpired, format!("{what}: {subject}"));
        let inode = self.overlay.inode(id)?;
        let Some(file) = inode.as_deref().and_then(Inode::file) else {
            return expired("INode is not a regular file".into());
        };
        match &file.lease {
            None => expired("File is not open for writing".into()),
            Some(open) if open.holder != holder => {
                expired(format!("Client (={holder}) is not the lease owner (={}", open.holder))
            }
            Some(open) => Ok((located, open.clone())),
        }
    }

    /// Where an inode is, by its id; `None` if it is not in the tree (any more).
    fn locate(&mut self, id: u64) -> Result<Option<Located>, RowsError> {
        let mut ancestors = Vec::new();
        let Some(mut inode) = self.overlay.inode(id)? else {
            return Ok(None);
        };
        while inode.id != ROOT {
            let entry = self.overlay.dentry(inode.parent, inode.name.as_bytes())?;
            if entry.is_none_or(|entry| entry.child != inode.id) {
                return Ok(None);
            }
            let Some(parent) = self.overlay.inode(inode.parent)? else {
                return Ok(None);
            };
            ancestors.push(parent.clone());
            inode = parent;
        }
        ancestors.reverse();
        Ok(Some(Located { ancestors }))
    }

    pub(super) fn renew_lease(&mut self, holder: &str) -> Result<Reply, RowsError> {
        if let Some(old) = self.lease(holder)? {
            let new = Lease { last_renewed_ms: self.now(), ..old };
            self.put_lease(holder, Some(old), Some(new))?;
        }
        Ok(Reply::Done)
    }

    pub(super) fn recover_lease(
        &mut self,
        actor: &Actor<'_>,
        path: &str,
        holder: &str,
    ) -> Result<Reply, Failure> {
        let walk = enter(self, actor.checked, path, false)?;
        let inode = walk.file()?;
        let Some(open) = inode.file().and_then(|file| file.lease.as_ref()) else {
            return Ok(Reply::Bool(true));
        };
        check_holder(holder)?;
        let write = Checks { target: Some(Access::WRITE), ..Checks::default() };
        allow(actor.checked, &walk, write)?;
        self.close_file(&open.holder, inode.id)?;
        Ok(Reply::Bool(true))
    }

    /// Closes files of holders that were silent for longer than the hard limit.
    pub(crate) fn expire_leases(&mut self, max_files: u32) -> Result<Reply, Failure> {
        let Some(limit) = self.settings().map(|s| s.lease_hard_limit_seconds) else {
            return Ok(Reply::Progress { done: 0, more: false });
        };
        let oldest_allowed = self.now().saturating_sub(i64::from(limit) * 1000);
        let mut done = 0;
        while let Some((key, _)) = self.overlay.scan_raw(&[keys::table::LEASE_TIME], 1)?.pop() {
            let Some((renewed, holder)) = keys::lease_time_parts(&key) else {
                return Err(keys::corrupt(&key, "no time and holder".into()).into());
            };
            if renewed >= oldest_allowed {
                break;
            }
            let room = max_files.saturating_sub(done);
            if room == 0 {
                return Ok(Reply::Progress { done, more: true });
            }
            let prefix = keys::lease_file_prefix(holder);
            let files = self.overlay.scan_raw(&prefix, room as usize)?;
            if files.is_empty() {
                return Err(keys::corrupt(&key, "a lease without files".into()).into());
            }
            for (key, _) in files {
                let Some(id) = keys::trailing_id(&key) else {
                    return Err(keys::corrupt(&key, "no inode id".into()).into());
                };
                self.close_file(holder, id)?;
                done += 1;
            }
        }
        Ok(Reply::Progress { done, more: false })
    }
}
