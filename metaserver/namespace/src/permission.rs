//! Who may do what: HDFS's permission check over a resolved path, pure. Called by the namespace's
//! commands and queries after a path was resolved and before anything is changed; it reads inodes
//! that its caller hands in and nothing else.
//!
//! Rules and messages: `FSPermissionChecker`, `FSDirectory.checkTraverse`, `FSDirectory.checkOwner`
//! and `FSDirAttrOp.setOwner` of HDFS 3.4.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::acl::{AclScope, AclType};
use crate::command::{Caller, Mutation};
use crate::error::{ErrorKind, FsError};
use crate::inode::Inode;
use crate::settings::Settings;

/// The permission bits HDFS keeps: rwx three times and the sticky bit (`FsPermission` drops
/// set-user-id and set-group-id).
pub const PERMISSION_MASK: u16 = 0o1777;

/// The sticky bit: in such a directory only the owners of an entry and of the directory remove it.
pub const STICKY: u16 = 0o1000;

/// A set of rights: FsAction.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Access(u8);

impl Access {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Traverse a directory.
    pub const EXECUTE: Self = Self(1);
    /// Change.
    pub const WRITE: Self = Self(2);
    /// Change and traverse.
    pub const WRITE_EXECUTE: Self = Self(3);
    /// Read a file, list a directory.
    pub const READ: Self = Self(4);
    /// List and traverse.
    pub const READ_EXECUTE: Self = Self(5);
    /// Read and change.
    pub const READ_WRITE: Self = Self(6);
    /// Everything.
    pub const ALL: Self = Self(7);

    /// From three bits rwx; higher bits are dropped.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & 7)
    }

    /// The three bits rwx.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether everything in `wanted` is in `self` (`FsAction.implies`).
    pub const fn implies(self, wanted: Self) -> bool {
        self.0 & wanted.0 == wanted.0
    }

    /// What is in both.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// FsAction's name, as it stands in messages.
    pub const fn name(self) -> &'static str {
        match self.0 {
            0 => "NONE",
            1 => "EXECUTE",
            2 => "WRITE",
            3 => "WRITE_EXECUTE",
            4 => "READ",
            5 => "READ_EXECUTE",
            6 => "READ_WRITE",
            _ => "ALL",
        }
    }

    /// FsAction's symbol, e.g. `r-x`.
    pub const fn symbol(self) -> &'static str {
        match self.0 {
            0 => "---",
            1 => "--x",
            2 => "-w-",
            3 => "-wx",
            4 => "r--",
            5 => "r-x",
            6 => "rw-",
            _ => "rwx",
        }
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A path as far as it exists (INodesInPath).
#[derive(Clone, Copy, Debug)]
pub struct PathChain<'a> {
    /// The root .. the last existing inode; never empty. Resolution stops at a file.
    pub inodes: &'a [Arc<Inode>],
    /// All components of the path, without the root; the one at `i` names `inodes[i + 1]`.
    pub names: &'a [&'a str],
    /// The path itself.
    pub path: &'a str,
}

impl<'a> PathChain<'a> {
    /// The inode the path names, if it exists.
    pub fn target(&self) -> Option<&'a Arc<Inode>> {
        self.inodes.get(self.names.len())
    }

    /// The directory that holds (or would hold) the last component; `None` for the root and when
    /// it does not exist.
    pub fn parent(&self) -> Option<&'a Arc<Inode>> {
        self.inodes.get(self.names.len().checked_sub(1)?)
    }

    /// Index of the deepest existing inode above the last component; `None` for the root.
    fn ancestor_index(&self) -> Option<usize> {
        let below_root = self.names.len().checked_sub(1)?;
        Some(below_root.min(self.inodes.len().checked_sub(1)?))
    }

    /// The path of `inodes[index]`.
    pub fn path_of(&self, index: usize) -> String {
        if index == 0 {
            return "/".into();
        }
        let mut path = String::new();
        for name in self.names.iter().take(index) {
            path.push('/');
            path.push_str(name);
        }
        path
    }
}

/// What an operation needs besides traversing every ancestor.
#[derive(Clone, Copy, Debug, Default)]
pub struct Checks {
    /// Of the deepest existing directory above the path.
    pub ancestor: Option<Access>,
    /// Of the directory that holds the path.
    pub parent: Option<Access>,
    /// Of the inode itself, if it exists.
    pub target: Option<Access>,
    /// The entry is going to be removed from its directory (delete, source of a rename or concat):
    /// the directory's sticky bit counts.
    pub sticky: bool,
    /// The caller must be the owner; the inode must exist.
    pub owner: bool,
    /// The operation creates the path (HDFS: DirOp.CREATE): a file among the ancestors is
    /// ParentNotDirectoryException instead of AccessControlException.
    pub create: bool,
}

/// The caller as the checks of this operation see it: with `permissions_enabled` off everybody
/// passes, but for chmod, chown, chgrp and the ACL changes, which HDFS checks "regardless of
/// whether permissions are on or off" (HDFS Permissions Guide). `None`: a query.
///
/// The rules of xattr namespaces ([`crate::xattr`]) and the owner of new inodes are decided with
/// the caller itself, not with this.
pub fn effective<'a>(
    caller: &'a Caller,
    settings: &Settings,
    operation: Option<&Mutation>,
) -> Cow<'a, Caller> {
    use Mutation::{ModifyAcl, SetOwner, SetPermission};
    let always =
        matches!(operation, Some(SetPermission { .. } | SetOwner { .. } | ModifyAcl { .. }));
    if caller.superuser || settings.permissions_enabled || always {
        Cow::Borrowed(caller)
    } else {
        Cow::Owned(Caller { superuser: true, ..caller.clone() })
    }
}

/// Checks everything in `want`, in HDFS's order.
///
/// # Errors
/// AccessControl; ParentNotDirectory (see [`Checks::create`]); FileNotFound if the owner is asked
/// for and the path does not exist.
pub fn check(caller: &Caller, chain: &PathChain<'_>, want: Checks) -> Result<(), FsError> {
    traverse(caller, chain, want.create)?;
    let target = chain.target();
    if want.owner && target.is_none() {
        return Err(FsError::new(
            ErrorKind::FileNotFound,
            format!("Directory/File does not exist {}", chain.path),
        ));
    }
    if caller.superuser {
        return Ok(());
    }
    let last = chain.names.len();
    if let (true, Some(parent), Some(target)) = (want.sticky, chain.parent(), target)
        && sticky_violated(caller, parent, target)
    {
        let (path, above) = (chain.path_of(last), chain.path_of(last - 1));
        return Err(sticky_error(caller, target, &path, parent, &above));
    }
    if let (Some(access), Some(index)) = (want.ancestor, chain.ancestor_index()) {
        check_at(caller, chain, index, access)?;
    }
    if let (Some(access), Some(index)) = (want.parent, last.checked_sub(1)) {
        check_at(caller, chain, index, access)?;
    }
    if let Some(access) = want.target {
        check_at(caller, chain, last, access)?;
    }
    match target {
        Some(inode) if want.owner => check_owner(caller, inode, || chain.path_of(last)),
        _ => Ok(()),
    }
}

/// Every ancestor must be a directory and, unless the caller is a superuser, allow EXECUTE
/// (`FSPermissionChecker.checkTraverse`).
///
/// # Errors
/// AccessControl; for a file among the ancestors ParentNotDirectory if `create`, else
/// AccessControl with the same message, as `FSDirectory.resolvePath` turns it.
pub fn traverse(caller: &Caller, chain: &PathChain<'_>, create: bool) -> Result<(), FsError> {
    let Some(last) = chain.ancestor_index() else {
        return Ok(());
    };
    for (index, inode) in chain.inodes.iter().enumerate().take(last + 1) {
        if !inode.is_directory() {
            let kind =
                if create { ErrorKind::ParentNotDirectory } else { ErrorKind::AccessControl };
            let path = chain.path_of(index);
            return Err(FsError::new(kind, format!("{path} (is not a directory)")));
        }
        if !caller.superuser {
            check_at(caller, chain, index, Access::EXECUTE)?;
        }
    }
    Ok(())
}

fn check_at(
    caller: &Caller,
    chain: &PathChain<'_>,
    index: usize,
    access: Access,
) -> Result<(), FsError> {
    match chain.inodes.get(index) {
        Some(inode) if !has_access(caller, inode, access) => {
            Err(denied(caller, inode, access, &chain.path_of(index)))
        }
        _ => Ok(()),
    }
}

/// One inode's own permission, e.g. of the directories below a tree that is going to be deleted.
///
/// # Errors
/// AccessControl, naming `path`.
pub fn check_inode_access(
    caller: &Caller,
    inode: &Inode,
    access: Access,
    path: &str,
) -> Result<(), FsError> {
    if caller.superuser || has_access(caller, inode, access) {
        Ok(())
    } else {
        Err(denied(caller, inode, access, path))
    }
}

/// The sticky bit of `parent` for the removal of `child`.
///
/// # Errors
/// AccessControl.
pub fn check_sticky(
    caller: &Caller,
    parent: &Inode,
    parent_path: &str,
    child: &Inode,
    child_path: &str,
) -> Result<(), FsError> {
    if caller.superuser || !sticky_violated(caller, parent, child) {
        Ok(())
    } else {
        Err(sticky_error(caller, child, child_path, parent, parent_path))
    }
}

/// The caller must own `inode` or be a superuser. `path` is called only for the message.
///
/// # Errors
/// AccessControl.
pub fn check_owner<P: AsRef<str>>(
    caller: &Caller,
    inode: &Inode,
    path: impl FnOnce() -> P,
) -> Result<(), FsError> {
    if caller.superuser || *caller.user == *inode.owner {
        return Ok(());
    }
    Err(access_control(format!(
        "Permission denied. user={} is not the owner of inode={}",
        caller.user,
        path().as_ref()
    )))
}

/// The caller must be a superuser. `operation`: named in the message if given.
///
/// # Errors
/// AccessControl.
pub fn check_superuser(caller: &Caller, operation: Option<&str>) -> Result<(), FsError> {
    if caller.superuser {
        return Ok(());
    }
    let user = &caller.user;
    let mut message = format!("Access denied for user {user}. Superuser privilege is required");
    if let Some(operation) = operation {
        message.push_str(" for operation ");
        message.push_str(operation);
    }
    Err(access_control(message))
}

/// chown and chgrp beyond ownership, which [`Checks::owner`] covers: an owner may hand the inode
/// to a group of their own only (`FSDirAttrOp.setOwner`).
///
/// # Errors
/// AccessControl.
pub fn check_set_owner(
    caller: &Caller,
    owner: Option<&str>,
    group: Option<&str>,
) -> Result<(), FsError> {
    if caller.superuser {
        return Ok(());
    }
    let user = &caller.user;
    if owner.is_some_and(|owner| owner != user) {
        return Err(access_control(format!(
            "User {user} is not a super user (non-super user cannot change owner)."
        )));
    }
    match group {
        Some(group) if !in_group(caller, group) => {
            Err(access_control(format!("User {user} does not belong to {group}")))
        }
        _ => Ok(()),
    }
}

/// Whether the mode bits and the access ACL of `inode` grant `access`, a superuser's privilege
/// not counted (`FSPermissionChecker.hasPermission`).
fn has_access(caller: &Caller, inode: &Inode, access: Access) -> bool {
    let [user, group, other] = classes(inode.permission);
    let owner = *caller.user == *inode.owner;
    let entries = inode.acl.as_deref().unwrap_or_default();
    let extended = entries.first().is_some_and(|e| e.scope == AclScope::Access);
    if owner {
        return user.implies(access);
    }
    if !extended {
        let class = if in_group(caller, &inode.group) { group } else { other };
        return class.implies(access);
    }
    // With an access ACL the group bits are the mask of all entries below.
    let mask = group;
    let mut matched = false;
    for entry in entries.iter().take_while(|e| e.scope == AclScope::Access) {
        let granted = Access::from_bits(entry.permission).and(mask);
        match (entry.kind, entry.name.as_deref()) {
            (AclType::User, Some(name)) if name == caller.user => return granted.implies(access),
            (AclType::Group, name) if in_group(caller, name.unwrap_or(&inode.group)) => {
                if granted.implies(access) {
                    return true;
                }
                matched = true;
            }
            _ => {}
        }
    }
    !matched && other.implies(access)
}

/// The rights of owner, group (or mask) and others in mode bits.
fn classes(permission: u16) -> [Access; 3] {
    [6, 3, 0].map(|shift| Access::from_bits((permission >> shift & 7) as u8))
}

fn in_group(caller: &Caller, group: &str) -> bool {
    caller.groups.iter().any(|g| g == group)
}

fn sticky_violated(caller: &Caller, parent: &Inode, child: &Inode) -> bool {
    parent.permission & STICKY != 0 && *parent.owner != *caller.user && *child.owner != *caller.user
}

/// Mode bits as `FsPermission.toString` writes them, e.g. `rwxr-xr-t`.
pub fn symbolic(permission: u16) -> String {
    let mut text: String = classes(permission).map(Access::symbol).concat();
    if permission & STICKY != 0 {
        let executable = text.pop() == Some('x');
        text.push(if executable { 't' } else { 'T' });
    }
    text
}

/// `hdfs:supergroup:drwxr-xr-x`, as messages describe an inode.
fn describe(inode: &Inode) -> String {
    let kind = if inode.is_directory() { 'd' } else { '-' };
    format!("{}:{}:{kind}{}", inode.owner, inode.group, symbolic(inode.permission))
}

fn denied(caller: &Caller, inode: &Inode, access: Access, path: &str) -> FsError {
    access_control(format!(
        "Permission denied: user={}, access={access}, inode=\"{path}\":{}",
        caller.user,
        describe(inode)
    ))
}

fn sticky_error(
    caller: &Caller,
    child: &Inode,
    child_path: &str,
    parent: &Inode,
    parent_path: &str,
) -> FsError {
    access_control(format!(
        "Permission denied by sticky bit: user={}, path=\"{child_path}\":{}, \
         parent=\"{parent_path}\":{}",
        caller.user,
        describe(child),
        describe(parent)
    ))
}

fn access_control(message: String) -> FsError {
    FsError::new(ErrorKind::AccessControl, message)
}

#[cfg(test)]
mod tests;
