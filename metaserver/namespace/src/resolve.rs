//! The walk from the root along a path, over committed rows (queries) or a batch's overlay
//! (commands) alike.

use std::sync::Arc;

use crate::command::Caller;
use crate::error::{ErrorKind, Failure, FsError, RowsError};
use crate::inode::{Body, Dentry, Inode, Kind, ROOT};
use crate::keys;
use crate::path;
use crate::permission::{self, Checks, PathChain};

/// What a walk reads from.
pub(crate) trait Tree {
    /// An inode.
    fn inode(&mut self, id: u64) -> Result<Option<Arc<Inode>>, RowsError>;
    /// A directory's entry.
    fn dentry(&mut self, parent: u64, name: &[u8]) -> Result<Option<Dentry>, RowsError>;
}

/// A path resolved as far as it exists.
#[derive(Clone, Debug)]
pub(crate) struct Walk<'p> {
    /// The path itself.
    pub path: &'p str,
    /// Its components; `names[i]` is the name of `inodes[i + 1]`.
    pub names: Vec<&'p str>,
    /// The root .. the last existing; ends early at a file.
    pub inodes: Vec<Arc<Inode>>,
}

impl<'p> Walk<'p> {
    /// For permission checks.
    pub fn chain(&self) -> PathChain<'_> {
        PathChain { inodes: &self.inodes, names: &self.names, path: self.path }
    }

    /// The inode the path names.
    pub fn target(&self) -> Option<&Arc<Inode>> {
        self.inodes.get(self.names.len())
    }

    /// The directory of the last component, if it exists; `None` for the root.
    pub fn parent(&self) -> Option<&Arc<Inode>> {
        self.inodes.get(self.names.len().checked_sub(1)?)
    }

    /// The last component; empty for the root.
    pub fn name(&self) -> &'p str {
        self.names.last().copied().unwrap_or_default()
    }

    /// Whether the path is `/`.
    pub fn is_root(&self) -> bool {
        self.names.is_empty()
    }

    /// The directories above the path, as far as they exist.
    pub fn ancestors(&self) -> &[Arc<Inode>] {
        &self.inodes[..self.inodes.len().min(self.names.len())]
    }

    /// The path of `inodes[index]`.
    pub fn path_of(&self, index: usize) -> String {
        self.chain().path_of(index)
    }

    /// The path's file (HDFS: `INodeFile.valueOf`).
    pub fn file(&self) -> Result<&Arc<Inode>, FsError> {
        match self.target() {
            None => Err(not_found("File", self.path)),
            Some(inode) if inode.is_directory() => Err(FsError::new(
                ErrorKind::FileNotFound,
                format!("Path is not a file: {}", self.path),
            )),
            Some(inode) => Ok(inode),
        }
    }

    /// The path's inode (HDFS: `FSDirectory.resolveLastINode`).
    pub fn existing(&self) -> Result<&Arc<Inode>, FsError> {
        self.target().ok_or_else(|| {
            FsError::new(ErrorKind::FileNotFound, format!("cannot find {}", self.path))
        })
    }

    /// The parent must be there (HDFS: `FSDirectory.verifyParentDir`).
    pub fn verify_parent(&self) -> Result<(), FsError> {
        if self.names.len() <= 1 || self.parent().is_some() {
            return Ok(());
        }
        let parent = path::parent(self.path).unwrap_or("/");
        Err(FsError::new(
            ErrorKind::FileNotFound,
            format!("Parent directory doesn't exist: {parent}"),
        ))
    }
}

/// `File does not exist: /a` and the like.
pub(crate) fn not_found(what: &str, path: &str) -> FsError {
    FsError::new(ErrorKind::FileNotFound, format!("{what} does not exist: {path}"))
}

impl Inode {
    /// File or directory.
    pub fn kind(&self) -> Kind {
        match self.body {
            Body::File(_) => Kind::File,
            Body::Directory(_) => Kind::Directory,
        }
    }

    /// Whether it is a directory.
    pub fn is_directory(&self) -> bool {
        self.kind() == Kind::Directory
    }
}

/// Resolves a normal path.
pub(crate) fn walk<'p>(tree: &mut impl Tree, path: &'p str) -> Result<Walk<'p>, Failure> {
    let names: Vec<&str> = path::components(path).collect();
    let mut inodes = Vec::with_capacity(names.len() + 1);
    let Some(root) = tree.inode(ROOT)? else {
        return Err(not_formed().into());
    };
    let mut id = ROOT;
    let mut directory = true;
    inodes.push(root);
    for name in &names {
        if !directory {
            break;
        }
        let Some(entry) = tree.dentry(id, name.as_bytes())? else {
            break;
        };
        let Some(inode) = tree.inode(entry.child)? else {
            return Err(dangling(id, name.as_bytes(), entry.child).into());
        };
        id = inode.id;
        directory = inode.is_directory();
        inodes.push(inode);
    }
    Ok(Walk { path, names, inodes })
}

/// An entry that leads to no inode.
pub(crate) fn dangling(parent: u64, name: &[u8], child: u64) -> RowsError {
    keys::corrupt(&keys::dentry(parent, name), format!("its inode {child} is missing"))
}

/// Resolves a normal path and checks that the caller may traverse it (HDFS:
/// `FSDirectory.resolvePath`). `create`: the operation makes the path (DirOp.CREATE).
pub(crate) fn enter<'p>(
    tree: &mut impl Tree,
    caller: &Caller,
    path: &'p str,
    create: bool,
) -> Result<Walk<'p>, Failure> {
    let walk = walk(tree, path)?;
    permission::traverse(caller, &walk.chain(), create)?;
    Ok(walk)
}

/// Checks permissions beyond traversal, which [`enter`] has done.
pub(crate) fn allow(caller: &Caller, walk: &Walk<'_>, want: Checks) -> Result<(), FsError> {
    if caller.superuser && !want.owner {
        return Ok(());
    }
    permission::check(caller, &walk.chain(), want)
}

/// The namespace has no settings yet.
pub(crate) fn not_formed() -> FsError {
    FsError::new(ErrorKind::Retriable, "The cluster is not formed yet: it has no settings")
}
