//! rename in its two forms. Rules: `FSDirRenameOp`. Costs the same whatever is below.

use super::{ids, refuse};
use crate::batch::{Actor, Batch};
use crate::command::RenameMode;
use crate::error::{ErrorKind, Failure, FsError};
use crate::inode::Inode;
use crate::path;
use crate::permission::{Access, Checks};
use crate::reply::Reply;
use crate::resolve::{Walk, allow, enter, walk};
use crate::rows::Rows;
use crate::usage::{Delta, verify_quota};

impl<R: Rows + ?Sized> Batch<'_, R> {
    pub(super) fn rename(
        &mut self,
        actor: &Actor<'_>,
        src: &str,
        dst: &str,
        mode: RenameMode,
    ) -> Result<Reply, Failure> {
        path::check_length("rename", dst)?;
        let from = enter(self, actor.checked, src, false)?;
        let to = enter(self, actor.checked, dst, true)?;
        // The old form moves into a folder that is there.
        let into = match to.target() {
            Some(inode) if mode == RenameMode::Legacy && inode.is_directory() => {
                Some(path::join(dst, from.name()))
            }
            _ => None,
        };
        let to = match &into {
            Some(inner) if !from.is_root() => walk(self, inner)?,
            _ => to,
        };
        let leave = Checks { parent: Some(Access::WRITE), sticky: true, ..Checks::default() };
        allow(actor.checked, &from, leave)?;
        if let (RenameMode::ToTrash, Some(inode)) = (mode, from.target()) {
            self.allow_subtree(actor.checked, inode, src)?;
        }
        let arrive = Checks { ancestor: Some(Access::WRITE), create: true, ..Checks::default() };
        allow(actor.checked, &to, arrive)?;
        match mode {
            RenameMode::Legacy => self.rename_legacy(actor, &from, &to),
            RenameMode::NoReplace | RenameMode::ToTrash => self.rename2(actor, &from, &to, false),
            RenameMode::Overwrite => self.rename2(actor, &from, &to, true),
        }
    }

    /// Answers false where the new form has an exception, but for names, room and quota.
    fn rename_legacy(
        &mut self,
        actor: &Actor<'_>,
        from: &Walk<'_>,
        to: &Walk<'_>,
    ) -> Result<Reply, Failure> {
        let Ok(source) = source(from) else {
            return Ok(Reply::Bool(false));
        };
        if from.path == to.path {
            return Ok(Reply::Bool(true));
        }
        path::check_rename(from.path, to.path)?;
        if below(from, to).is_err() || to.target().is_some() || to.parent().is_none() {
            return Ok(Reply::Bool(false));
        }
        self.relocate(actor, from, to, source)?;
        Ok(Reply::Bool(true))
    }

    fn rename2(
        &mut self,
        actor: &Actor<'_>,
        from: &Walk<'_>,
        to: &Walk<'_>,
        overwrite: bool,
    ) -> Result<Reply, Failure> {
        let (src, dst) = (from.path, to.path);
        let source = source(from)?;
        if src == dst {
            return refuse(
                ErrorKind::FileAlreadyExists,
                format!("The source {src} and destination {dst} are the same"),
            );
        }
        below(from, to)?;
        path::check_rename(src, dst)?;
        if to.is_root() {
            let message = "rename destination cannot be the root".into();
            return refuse(ErrorKind::Io, message);
        }
        if let Some(target) = to.target() {
            if target.is_directory() != source.is_directory() {
                let message =
                    format!("Source {src} and destination {dst} must both be directories");
                return refuse(ErrorKind::Io, message);
            }
            if !overwrite {
                let message = format!("rename destination {dst} already exists");
                return refuse(ErrorKind::FileAlreadyExists, message);
            }
            if target.directory().is_some_and(|d| d.children > 0) {
                let message = format!("rename destination directory is not empty: {dst}");
                return refuse(ErrorKind::Io, message);
            }
        }
        if to.parent().is_none() {
            let message = format!("rename destination parent {dst} not found.");
            return refuse(ErrorKind::FileNotFound, message);
        }
        self.relocate(actor, from, to, source)?;
        Ok(Reply::Done)
    }

    /// Checks names, room and quota, then moves; replaces what is there.
    fn relocate(
        &mut self,
        actor: &Actor<'_>,
        from: &Walk<'_>,
        to: &Walk<'_>,
        source: &Inode,
    ) -> Result<(), Failure> {
        let (above_from, above_to) = (from.ancestors(), to.ancestors());
        let Some(folder) = to.parent() else {
            return Err(super::super::resolve::not_found("Parent", to.path).into());
        };
        let same_folder = source.parent == folder.id;
        let limited = (!same_folder).then_some(&**folder);
        let folder_path = path::parent(to.path).unwrap_or("/");
        super::verify_entry(actor.settings, folder_path, limited, to.name())?;
        let common = above_from.iter().zip(above_to).take_while(|(a, b)| a.id == b.id).count();
        let arriving = source.usage().delta();
        let replaced = to.target().cloned();
        let leaving = replaced.as_ref().map_or(Delta::default(), |i| i.usage().delta().negated());
        verify_quota(above_to, common, arriving.plus(leaving))?;

        let now = self.now();
        if let Some(replaced) = &replaced {
            self.unlink(&ids(above_to), replaced)?;
            self.discard(replaced)?;
        }
        self.overlay.set_dentry(source.parent, source.name.as_bytes(), None)?;
        self.grow(&ids(&above_from[common..]), arriving.negated())?;
        self.grow(&ids(&above_to[common..]), arriving)?;
        self.touch_directory(source.parent, -1, now)?;
        self.touch_directory(folder.id, 1, now.max(source.mtime))?;
        let moved = self.overlay.edit(source.id)?;
        moved.parent = folder.id;
        to.name().clone_into(&mut moved.name);
        let moved = moved.clone();
        self.link(&moved)?;
        Ok(())
    }
}

/// What is to be moved (HDFS: `validateRenameSource`).
fn source<'w>(from: &'w Walk<'_>) -> Result<&'w Inode, FsError> {
    let Some(source) = from.target() else {
        return Err(FsError::new(
            ErrorKind::FileNotFound,
            format!("rename source {} is not found.", from.path),
        ));
    };
    if from.is_root() {
        let message = "rename source cannot be the root";
        return Err(FsError::new(ErrorKind::Io, message));
    }
    Ok(source)
}

/// Nothing moves below itself (HDFS: `validateDestination`).
fn below(from: &Walk<'_>, to: &Walk<'_>) -> Result<(), FsError> {
    let (src, dst) = (from.path, to.path);
    if !path::starts_with(dst, src) || src == dst {
        return Ok(());
    }
    Err(FsError::new(
        ErrorKind::Io,
        format!("Rename destination {dst} is a directory or file under source {src}"),
    ))
}
