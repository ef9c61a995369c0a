//! Queries over committed rows, with HDFS's permission checks. Used by the doors; changes nothing,
//! not even access times.

use std::borrow::Cow;
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

use bytes::Bytes;

use crate::acl;
use crate::command::Caller;
use crate::error::{ErrorKind, Failure, FsError, RowsError};
use crate::inode::{Dentry, Inode, ROOT};
use crate::keys::{self, State};
use crate::permission::{self, Access, Checks};
use crate::recovery::{self, CopyTotals, Recovery};
use crate::reply::{AclStatus, Content, ContentSummary, FileStatus, Totals, XAttrs};
use crate::resolve::{Tree, Walk, allow, enter, not_formed, not_found};
use crate::rows::Rows;
use crate::settings::{Settings, TablestoreMode};
use crate::xattr::{self, XAttr, XAttrName};

mod listing;

/// The committed namespace.
pub struct View<'a, R: Rows + ?Sized> {
    rows: &'a R,
    state: State,
    settings: Option<Arc<Settings>>,
}

/// Walks over committed rows.
struct Committed<'a, R: ?Sized>(&'a R);

impl<R: Rows + ?Sized> Tree for Committed<'_, R> {
    fn inode(&mut self, id: u64) -> Result<Option<Arc<Inode>>, RowsError> {
        self.0.inode(id)
    }

    fn dentry(&mut self, parent: u64, name: &[u8]) -> Result<Option<Dentry>, RowsError> {
        self.0.dentry(parent, name)
    }
}

impl FileStatus {
    /// What HDFS says of an inode.
    pub(crate) fn of(inode: &Inode, name: &str) -> Self {
        let file = inode.file();
        Self {
            inode: inode.id,
            kind: inode.kind(),
            name: name.to_owned(),
            length: file.map_or(0, |f| f.length),
            permission: inode.permission,
            owner: inode.owner.to_string(),
            group: inode.group.to_string(),
            mtime: inode.mtime,
            atime: inode.atime,
            replication: file.map_or(0, |f| f.replication),
            block_size: file.map_or(0, |f| f.block_size),
            children: inode.directory().map_or(0, |d| d.children),
            has_acl: inode.acl.is_some(),
            under_construction: file.is_some_and(|f| f.lease.is_some()),
        }
    }
}

impl<'a, R: Rows + ?Sized> View<'a, R> {
    /// A view of `rows`.
    ///
    /// # Errors
    /// If the state or the settings cannot be read.
    pub fn new(rows: &'a R) -> Result<Self, RowsError> {
        Ok(Self { rows, state: rows.state()?, settings: rows.settings()? })
    }

    /// The replicated settings; `None`: not formed yet, no client may be served.
    pub fn settings(&self) -> Option<Arc<Settings>> {
        self.settings.clone()
    }

    /// The rows below.
    pub fn rows(&self) -> &'a R {
        self.rows
    }

    /// The namespace's counters.
    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    /// Figures of the whole namespace, in O(1).
    ///
    /// # Errors
    /// If the root cannot be read.
    pub fn totals(&self) -> Result<Totals, RowsError> {
        let usage = match self.rows.inode(ROOT)? {
            Some(root) => root.usage(),
            None => Default::default(),
        };
        Ok(Totals {
            directories: usage.directories,
            files: usage.files,
            length: usage.length,
            checksum: self.state.checksum,
            reap_pending: self.pending_reap(),
            open_files: self.state.open_files,
        })
    }

    /// Replicated time, ms since the epoch.
    pub fn time_ms(&self) -> i64 {
        self.state.time_ms
    }

    /// Whether deleted trees wait for [`crate::Op::Reap`].
    pub fn pending_reap(&self) -> bool {
        self.state.reap_roots > 0
    }

    /// The recovery from the copy in Tablestore, if this namespace is or was to be recovered.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn recovery(&self) -> Result<Option<Recovery>, RowsError> {
        recovery::read(self.rows)
    }

    /// What the copy in Tablestore is used for now.
    ///
    /// # Errors
    /// If the recovery cannot be read.
    pub fn tablestore_mode(&self) -> Result<TablestoreMode, RowsError> {
        let Some(settings) = &self.settings else { return Ok(TablestoreMode::Disabled) };
        let recovery = recovery::of_settings(self.rows, settings)?;
        Ok(recovery::mode(settings, recovery.as_ref()))
    }

    /// Whether clients may read now.
    ///
    /// # Errors
    /// Retriable while the namespace is being recovered.
    pub fn check_readable(&self) -> Result<(), Failure> {
        let Some(settings) = &self.settings else { return Err(not_formed().into()) };
        let recovery = recovery::of_settings(self.rows, settings)?;
        Ok(recovery::check_readable(settings, recovery.as_ref())?)
    }

    /// What a copy of the namespace must hold. `index`: that of the last applied entry.
    ///
    /// # Errors
    /// If the root cannot be read.
    pub fn copy_totals(&self, index: u64) -> Result<CopyTotals, RowsError> {
        let totals = self.totals()?;
        Ok(CopyTotals {
            directories: totals.directories,
            files: totals.files,
            length: totals.length,
            checksum: self.state.copied_checksum,
            next_inode: self.state.next_inode,
            time_ms: self.state.time_ms,
            state_id: self.state.state_id_base.saturating_add(index),
        })
    }

    /// Whether an import runs: clients change nothing meanwhile, and see only a part.
    pub fn importing(&self) -> bool {
        self.state.import.is_some()
    }

    /// Whether a holder was silent for longer than the hard limit: time for
    /// [`crate::Op::ExpireLeases`]. `now_ms`: the leader's clock.
    ///
    /// # Errors
    /// If the leases cannot be read.
    pub fn leases_expired(&self, now_ms: i64) -> Result<bool, RowsError> {
        let Some(settings) = &self.settings else {
            return Ok(false);
        };
        let limit = i64::from(settings.lease_hard_limit_seconds) * 1000;
        let mut oldest = None;
        self.rows.scan(&[keys::table::LEASE_TIME], Bound::Unbounded, &mut |key, _| {
            oldest = keys::lease_time_parts(key).map(|(renewed, _)| renewed);
            ControlFlow::Break(())
        })?;
        Ok(oldest.is_some_and(|renewed| renewed < now_ms.saturating_sub(limit)))
    }

    /// The user with groups and privilege as the settings map them; without settings nobody has
    /// any.
    pub fn caller(&self, user: &str) -> Caller {
        match &self.settings {
            Some(settings) => settings.caller(user),
            None => Caller { user: user.to_owned(), groups: Vec::new(), superuser: false },
        }
    }

    /// Resolves a path that the caller may traverse.
    fn open<'p>(&self, caller: &Caller, path: &'p str) -> Result<Walk<'p>, Failure> {
        let checked = self.checked(caller)?;
        enter(&mut Committed(self.rows), &checked, path, false)
    }

    /// Checks rights on what a path names.
    fn allow_target(
        &self,
        caller: &Caller,
        walk: &Walk<'_>,
        access: Access,
    ) -> Result<(), Failure> {
        let target = Checks { target: Some(access), ..Checks::default() };
        Ok(allow(&*self.checked(caller)?, walk, target)?)
    }

    /// The caller as permission checks see it.
    fn checked<'c>(&self, caller: &'c Caller) -> Result<Cow<'c, Caller>, FsError> {
        match &self.settings {
            Some(settings) => Ok(permission::effective(caller, settings, None)),
            None => Err(not_formed()),
        }
    }

    /// getFileInfo; `None`: it does not exist.
    ///
    /// # Errors
    /// AccessControl, but not for a superuser: for one, what lies "below" a file is missing.
    pub fn file_status(&self, caller: &Caller, path: &str) -> Result<Option<FileStatus>, Failure> {
        match self.open(caller, path) {
            Ok(walk) => Ok(walk.target().map(|inode| FileStatus::of(inode, ""))),
            Err(Failure::Fs(e)) if e.kind == ErrorKind::AccessControl && caller.superuser => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// getContentSummary, in O(depth). The caller must be allowed to list the folder itself;
    /// HDFS, which walks the tree, asks that of each folder below, too.
    ///
    /// # Errors
    /// FileNotFound; AccessControl.
    pub fn content_summary(&self, caller: &Caller, path: &str) -> Result<ContentSummary, Failure> {
        let walk = self.open(caller, path)?;
        let Some(inode) = walk.target() else {
            return Err(not_found("File", path).into());
        };
        if inode.is_directory() {
            self.allow_target(caller, &walk, Access::READ_EXECUTE)?;
        }
        let usage = inode.usage();
        let directory = inode.directory();
        Ok(ContentSummary {
            directories: usage.directories,
            files: usage.files,
            length: usage.length,
            space_consumed: usage.space,
            quota: directory.and_then(|d| d.quota),
            space_quota: directory.and_then(|d| d.space_quota),
        })
    }

    /// getQuotaUsage.
    ///
    /// # Errors
    /// As [`View::content_summary`].
    pub fn quota_usage(&self, caller: &Caller, path: &str) -> Result<ContentSummary, Failure> {
        match self.content_summary(caller, path) {
            Err(Failure::Fs(error)) if error.kind == ErrorKind::FileNotFound => {
                Err(not_found("File/Directory", path).into())
            }
            other => other,
        }
    }

    /// getAclStatus.
    ///
    /// # Errors
    /// FileNotFound; AccessControl.
    pub fn acl_status(&self, caller: &Caller, path: &str) -> Result<AclStatus, Failure> {
        let walk = self.open(caller, path)?;
        Ok(acl::status(walk.existing()?))
    }

    /// getXAttrs: those named, or all that the caller may see.
    ///
    /// # Errors
    /// FileNotFound; AccessControl; XAttrNotFound if one that was named is not there.
    pub fn xattrs(
        &self,
        caller: &Caller,
        path: &str,
        names: Option<&[XAttrName]>,
    ) -> Result<XAttrs, Failure> {
        let names = names.filter(|names| !names.is_empty());
        for name in names.unwrap_or_default() {
            xattr::check_name(caller, name)?;
        }
        let walk = self.open(caller, path)?;
        self.allow_target(caller, &walk, xattr::READ_ACCESS)?;
        let all = self.visible_xattrs(caller, walk.existing()?)?;
        let Some(names) = names else {
            return Ok(all);
        };
        names
            .iter()
            .map(|name| match all.iter().find(|attr| attr.name == *name) {
                Some(attr) => Ok(attr.clone()),
                None => Err(xattr::not_found().into()),
            })
            .collect()
    }

    /// listXAttrs: the names that the caller may see.
    ///
    /// # Errors
    /// FileNotFound; AccessControl.
    pub fn list_xattrs(&self, caller: &Caller, path: &str) -> Result<Vec<XAttrName>, Failure> {
        let search = Checks { parent: Some(Access::EXECUTE), ..Checks::default() };
        let walk = self.open(caller, path)?;
        allow(&*self.checked(caller)?, &walk, search)?;
        let all = self.visible_xattrs(caller, walk.existing()?)?;
        Ok(all.into_iter().map(|attr| attr.name).collect())
    }

    fn visible_xattrs(&self, caller: &Caller, inode: &Inode) -> Result<XAttrs, RowsError> {
        if inode.xattrs == 0 {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        let mut failed = None;
        let prefix = keys::xattr_prefix(inode.id);
        self.rows.scan(&prefix, Bound::Unbounded, &mut |key, value| {
            let value = keys::decode_raw(key, &Bytes::copy_from_slice(value));
            match (keys::xattr_name(key), value) {
                (Some(name), Ok(value)) => found.push(XAttr { name, value }),
                (None, _) => failed = Some(keys::corrupt(key, "no name".into())),
                (_, Err(error)) => failed = Some(error),
            }
            match failed {
                Some(_) => ControlFlow::Break(()),
                None => ControlFlow::Continue(()),
            }
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
        found.retain(|attr| xattr::visible(caller, &attr.name));
        Ok(found)
    }

    /// checkAccess; `rwx`: three bits.
    ///
    /// # Errors
    /// FileNotFound; AccessControl.
    pub fn check_access(&self, caller: &Caller, path: &str, rwx: u8) -> Result<(), Failure> {
        let walk = self.open(caller, path)?;
        if walk.target().is_none() {
            let message = format!("Path not found: {path}");
            return Err(FsError::new(ErrorKind::FileNotFound, message).into());
        }
        self.allow_target(caller, &walk, Access::from_bits(rwx))
    }

    /// open and read: up to `length` bytes from `offset` on; none behind the end.
    ///
    /// # Errors
    /// FileNotFound, also for a directory; AccessControl.
    pub fn read(
        &self,
        caller: &Caller,
        path: &str,
        offset: u64,
        length: Option<u64>,
    ) -> Result<Content, Failure> {
        let walk = self.open(caller, path)?;
        let inode = walk.file()?.clone();
        self.allow_target(caller, &walk, Access::READ)?;
        if caller.superuser && inode.xattrs > 0 {
            let marker = keys::xattr(inode.id, &XAttrName::unreadable_by_superuser());
            xattr::check_content(caller, self.rows.get(&marker)?.is_some())?;
        }
        let size = inode.file().map_or(0, |file| file.length);
        let content = if size == 0 {
            Bytes::new()
        } else {
            let key = keys::content(inode.id);
            match self.rows.get(&key)? {
                Some(value) => keys::decode_raw(&key, &value)?,
                None => return Err(keys::corrupt(&key, "missing".into()).into()),
            }
        };
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(content.len());
        let left = content.len() - start;
        let length = length.map_or(left, |n| usize::try_from(n).unwrap_or(left).min(left));
        Ok(Content {
            status: FileStatus::of(&inode, ""),
            data: content.slice(start..start + length),
        })
    }

    /// getHomeDirectory.
    pub fn home_directory(&self, caller: &Caller) -> String {
        format!("/user/{}", caller.user)
    }

    /// getTrashRoot: without encryption zones always in the caller's home.
    pub fn trash_root(&self, caller: &Caller, _path: &str) -> String {
        format!("{}/.Trash", self.home_directory(caller))
    }
}
