//! mkdirs, and adding new inodes with their missing parents. Rules: `FSDirMkdirOp`.

use std::sync::Arc;

use super::{ids, refuse, verify_entry};
use crate::acl;
use crate::batch::{Actor, Batch};
use crate::error::{ErrorKind, Failure, FsError, RowsError};
use crate::inode::{Body, DirectoryBody, FileBody, Inode, Usage};
use crate::path;
use crate::permission::{Access, Checks};
use crate::reply::Reply;
use crate::resolve::{Walk, allow, enter};
use crate::rows::Rows;
use crate::settings::Settings;
use crate::usage::{Delta, verify_quota};

/// A permission with the client's umask applied, and without it where the client says so.
pub(super) type Mode = (u16, Option<u16>);

/// What is added at the end of a path.
pub(super) enum Leaf {
    Directory,
    File(FileBody),
}

impl Leaf {
    fn usage(&self) -> Usage {
        match self {
            Self::Directory => Usage { directories: 1, ..Usage::default() },
            Self::File(file) => {
                Usage { directories: 0, files: 1, length: file.length, space: file.space() }
            }
        }
    }
}

/// The mode of parents made on the way: whoever makes them must be able to go on (HDFS:
/// `addImplicitUwx`), and the sticky bit is not for them.
pub(super) fn with_implicit_uwx((permission, unmasked): Mode) -> Mode {
    ((permission & 0o777) | 0o300, unmasked)
}

/// Names, room and quota for everything that is missing of a path.
pub(super) fn verify_insert(
    settings: &Settings,
    walk: &Walk<'_>,
    leaf: &Leaf,
) -> Result<(), FsError> {
    let existing = walk.inodes.len();
    let above = walk.ancestors();
    for (index, name) in walk.names.iter().enumerate().skip(existing - 1) {
        let folder = walk.inodes.get(index).map(|inode| &**inode);
        verify_entry(settings, &walk.path_of(index), folder, name)?;
    }
    let missing = (walk.names.len() + 1 - existing) as i64;
    let whole = Delta { directories: missing - 1, ..Delta::default() }.plus(leaf.usage().delta());
    if verify_quota(above, 0, whole).is_ok() {
        return Ok(());
    }
    // HDFS makes one folder after the other, then the file, then writes to it: the first of them
    // that does not fit is in the message.
    for directories in 1..missing {
        let delta = Delta { directories, ..Delta::default() };
        verify_quota(above, 0, delta)?;
    }
    verify_quota(above, 0, Delta { length: 0, space: 0, ..whole })?;
    verify_quota(above, 0, whole)
}

impl<R: Rows + ?Sized> Batch<'_, R> {
    pub(super) fn mkdirs(
        &mut self,
        actor: &Actor<'_>,
        path: &str,
        mode: Mode,
        create_parent: bool,
    ) -> Result<Reply, Failure> {
        path::check_length("mkdirs", path)?;
        let walk = enter(self, actor.checked, path, true)?;
        match walk.target() {
            Some(inode) if inode.is_directory() => return Ok(Reply::Bool(true)),
            Some(_) => {
                return refuse(
                    ErrorKind::FileAlreadyExists,
                    format!("Path is not a directory: {path}"),
                );
            }
            None => {}
        }
        allow(
            actor.checked,
            &walk,
            Checks { ancestor: Some(Access::WRITE), create: true, ..Checks::default() },
        )?;
        if !create_parent {
            walk.verify_parent()?;
        }
        verify_insert(actor.settings, &walk, &Leaf::Directory)?;
        self.insert(actor, &walk, with_implicit_uwx(mode), mode, Leaf::Directory)?;
        Ok(Reply::Bool(true))
    }

    /// Adds what is missing of a path: folders with `parents`' mode, then the leaf. Everything
    /// was checked.
    pub(super) fn insert(
        &mut self,
        actor: &Actor<'_>,
        walk: &Walk<'_>,
        parents: Mode,
        mode: Mode,
        leaf: Leaf,
    ) -> Result<Arc<Inode>, RowsError> {
        let now = self.now();
        let existing = walk.inodes.len().min(walk.names.len());
        let above = ids(walk.ancestors());
        let names = &walk.names[existing - 1..];
        let mut added = leaf.usage();
        added.directories += names.len() as u64 - 1;
        self.grow(&above, added.delta())?;
        let owner: Arc<str> = actor.caller.user.as_str().into();
        let mut folder = walk.inodes[existing - 1].clone();
        self.touch_directory(folder.id, 1, now)?;
        let mut leaf = Some(leaf);
        for (index, name) in names.iter().enumerate() {
            let last = index + 1 == names.len();
            let body = match leaf.take_if(|_| last) {
                Some(Leaf::File(file)) => Body::File(file),
                made => {
                    // Of what was added, this one and those before it are not below it.
                    added.directories -= 1;
                    Body::Directory(DirectoryBody {
                        children: u32::from(made.is_none()),
                        below: added,
                        quota: None,
                        space_quota: None,
                    })
                }
            };
            let (permission, unmasked) = if last { mode } else { parents };
            let directory = matches!(body, Body::Directory(_));
            let (permission, acl) = acl::inherit(&folder, permission, unmasked, directory);
            let inode = Arc::new(Inode {
                id: self.new_id(),
                parent: folder.id,
                name: (*name).to_owned(),
                owner: owner.clone(),
                // As in BSD: the folder's group.
                group: folder.group.clone(),
                permission,
                mtime: now,
                atime: if directory { 0 } else { now },
                acl,
                xattrs: 0,
                body,
            });
            self.link(&inode)?;
            self.overlay.new_inode(inode.clone());
            folder = inode;
        }
        Ok(folder)
    }
}
