//! concat: moves the contents of files to the end of another of the same folder. Rules:
//! `FSDirConcatOp`.

use std::sync::Arc;

use super::{ids, refuse, verify_inline};
use crate::batch::{Actor, Batch};
use crate::error::{ErrorKind, Failure, FsError};
use crate::inode::{FileBody, Inode};
use crate::permission::{Access, Checks};
use crate::reply::Reply;
use crate::resolve::{Walk, allow, enter};
use crate::rows::Rows;
use crate::usage::{Delta, verify_quota};

impl<R: Rows + ?Sized> Batch<'_, R> {
    pub(super) fn concat(
        &mut self,
        actor: &Actor<'_>,
        target: &str,
        sources: &[String],
    ) -> Result<Reply, Failure> {
        if sources.is_empty() {
            return refuse(ErrorKind::IllegalArgument, "No sources given".into());
        }
        let to = enter(self, actor.checked, target, false)?;
        let write = Checks { target: Some(Access::WRITE), ..Checks::default() };
        allow(actor.checked, &to, write)?;
        let inode = to.file()?;
        let Some(body) = inode.file() else {
            return Err(crate::resolve::not_found("File", target).into());
        };
        if body.lease.is_some() {
            let message = format!("concat: target file {target} is under construction");
            return refuse(ErrorKind::HadoopIllegalArgument, message);
        }
        let mut parts: Vec<Arc<Inode>> = Vec::with_capacity(sources.len());
        for path in sources {
            let walk = enter(self, actor.checked, path, false)?;
            let read_and_remove = Checks {
                target: Some(Access::READ),
                parent: Some(Access::WRITE),
                sticky: true,
                ..Checks::default()
            };
            allow(actor.checked, &walk, read_and_remove)?;
            parts.push(verify_source(&walk, &to, inode, body)?);
        }
        let mut seen: Vec<u64> = parts.iter().map(|part| part.id).collect();
        seen.sort_unstable();
        seen.dedup();
        if seen.len() < sources.len() {
            let message = "concat: at least two of the source files are the same".into();
            return refuse(ErrorKind::HadoopIllegalArgument, message);
        }

        let added: u64 = parts.iter().map(|part| part.usage().length).sum();
        let length = body.length + added;
        verify_inline(actor.settings, target, length)?;
        let removed = parts
            .iter()
            .fold(Delta::default(), |sum, part| sum.plus(part.usage().delta().negated()));
        let delta = removed.plus(Delta::resize(body, length));
        verify_quota(to.ancestors(), 0, delta)?;

        let above = ids(to.ancestors());
        let mut content = self.content(inode)?.to_vec();
        for part in &parts {
            content.extend_from_slice(&self.content(part)?);
        }
        for part in &parts {
            self.unlink(&above, part)?;
            self.discard(part)?;
        }
        self.replace_content(&above, inode, &content)?;
        let now = self.now();
        self.overlay.edit(inode.id)?.mtime = now;
        Ok(Reply::Done)
    }
}

fn verify_source(
    walk: &Walk<'_>,
    to: &Walk<'_>,
    target: &Inode,
    target_body: &FileBody,
) -> Result<Arc<Inode>, FsError> {
    let path = walk.path;
    let illegal = |message: String| FsError::new(ErrorKind::HadoopIllegalArgument, message);
    let inode = walk.file()?;
    if inode.parent != target.parent {
        return Err(illegal(format!(
            "Source file {path} is not in the same directory with the target {}",
            to.path
        )));
    }
    if inode.id == target.id {
        return Err(illegal(format!(
            "concat: the src file {path} is the same with the target file {}",
            to.path
        )));
    }
    let body = inode.file().filter(|f| f.lease.is_none() && f.length > 0);
    let Some(body) = body else {
        return Err(illegal(format!(
            "concat: source file {path} is invalid or empty or underConstruction"
        )));
    };
    if body.block_size > target_body.block_size {
        return Err(illegal(format!(
            "concat: source file {path} has preferred block size {} which is greater than the \
             target file's preferred block size {}",
            body.block_size, target_body.block_size
        )));
    }
    Ok(inode.clone())
}
