//! Extended attributes: names, namespaces, and the rules who may see and set them. Pure; called
//! by the namespace's commands and queries, and by the doors for the text form of names.
//!
//! Rules and messages: `XAttrHelper`, `XAttrPermissionFilter`, `XAttrSetFlag` and `FSDirXAttrOp`
//! of HDFS 3.4. The rules of namespaces hold for the caller itself even where permission checks
//! are off (see [`crate::permission::effective`]).

use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::command::Caller;
use crate::error::{ErrorKind, FsError};
use crate::inode::Inode;
use crate::permission::{Access, STICKY};
use crate::settings::Settings;

/// XAttr.NameSpace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum XAttrNamespace {
    /// `user.`: by permission of the object.
    User,
    /// `trusted.`: superusers.
    Trusted,
    /// `security.`: written by the server itself, readable.
    Security,
    /// `system.`: the server's own.
    System,
    /// `raw.`: only below /.reserved/raw, which is not offered.
    Raw,
}

/// A name with its namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct XAttrName {
    /// The namespace.
    pub namespace: XAttrNamespace,
    /// The rest, without the prefix.
    pub name: String,
}

/// An attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XAttr {
    /// Its name.
    pub name: XAttrName,
    /// Its value.
    pub value: Bytes,
}

/// Without its prefix `security.`: a file that has it is closed to the superuser. Anybody who may
/// write the file may set it; it has no value and stays for good.
pub const UNREADABLE_BY_SUPERUSER: &str = "hdfs.unreadable.by.superuser";

impl XAttrNamespace {
    /// The prefix in a full name, without the dot.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Trusted => "trusted",
            Self::Security => "security",
            Self::System => "system",
            Self::Raw => "raw",
        }
    }
}

impl XAttrName {
    /// Whether this is `security.hdfs.unreadable.by.superuser`.
    pub fn is_unreadable_by_superuser(&self) -> bool {
        self.namespace == XAttrNamespace::Security && self.name == UNREADABLE_BY_SUPERUSER
    }

    /// The name of [`UNREADABLE_BY_SUPERUSER`].
    pub fn unreadable_by_superuser() -> Self {
        Self { namespace: XAttrNamespace::Security, name: UNREADABLE_BY_SUPERUSER.into() }
    }

    /// Whether it counts against the limit of an inode: HDFS counts what users made.
    pub fn counts(&self) -> bool {
        matches!(self.namespace, XAttrNamespace::User | XAttrNamespace::Trusted)
    }
}

impl fmt::Display for XAttrName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.namespace.as_str(), self.name)
    }
}

/// Parses a full name, e.g. `user.colour`; the prefix in any case.
///
/// # Errors
/// HadoopIllegalArgument.
pub fn parse_name(text: &str) -> Result<XAttrName, FsError> {
    use XAttrNamespace::{Raw, Security, System, Trusted, User};
    let known = text.split_once('.').and_then(|(prefix, name)| {
        let namespace = [User, Trusted, Security, System, Raw]
            .into_iter()
            .find(|n| n.as_str().eq_ignore_ascii_case(prefix))?;
        Some((namespace, name))
    });
    match known {
        Some((_, "")) => Err(illegal("XAttr name cannot be empty.".into())),
        Some((namespace, name)) => Ok(XAttrName { namespace, name: name.into() }),
        None => Err(illegal(
            "An XAttr name must be prefixed with user/trusted/security/system/raw, followed by \
             a '.'"
                .into(),
        )),
    }
}

/// Whether `caller` sees an attribute in a listing or among "all" (`filterXAttrsForApi`).
pub fn visible(caller: &Caller, name: &XAttrName) -> bool {
    match name.namespace {
        XAttrNamespace::User => true,
        XAttrNamespace::Trusted => caller.superuser,
        _ => name.is_unreadable_by_superuser(),
    }
}

/// Whether `caller` may name an attribute at all, to read, set or remove it
/// (`checkPermissionForApi`). HDFS asks this before the path is looked at.
///
/// # Errors
/// AccessControl.
pub fn check_name(caller: &Caller, name: &XAttrName) -> Result<(), FsError> {
    if visible(caller, name) {
        return Ok(());
    }
    Err(FsError::new(
        ErrorKind::AccessControl,
        format!("User doesn't have permission for xattr: {name}"),
    ))
}

/// What reading or listing attributes needs of the inode.
pub const READ_ACCESS: Access = Access::READ;

/// What setting or removing an attribute needs of the inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeAccess {
    /// To own it (user attributes of a sticky directory).
    Owner,
    /// These rights.
    Target(Access),
    /// Nothing beyond traversing to it.
    Nothing,
}

/// What setting or removing `name` on `inode` needs (`checkXAttrChangeAccess`; the superuser
/// guard asks for WRITE, as HDFS's documentation of extended attributes has it).
pub fn change_access(name: &XAttrName, inode: &Inode) -> ChangeAccess {
    match name.namespace {
        XAttrNamespace::User if inode.is_directory() && inode.permission & STICKY != 0 => {
            ChangeAccess::Owner
        }
        XAttrNamespace::User | XAttrNamespace::Security => ChangeAccess::Target(Access::WRITE),
        _ => ChangeAccess::Nothing,
    }
}

/// What a request to set an attribute must satisfy before its path is looked at: size and
/// namespace. `value_len` in bytes.
///
/// # Errors
/// HadoopIllegalArgument for the size; AccessControl.
pub fn check_set_request(
    caller: &Caller,
    name: &XAttrName,
    value_len: usize,
    settings: &Settings,
) -> Result<(), FsError> {
    let size = name.name.len() + value_len;
    let limit = settings.max_xattr_size;
    if u32::try_from(size).map_or(true, |size| size > limit) {
        return Err(illegal(format!(
            "The XAttr is too big. The maximum combined size of the name and value is {limit}, \
             but the total size is {size}"
        )));
    }
    check_name(caller, name)?;
    if name.is_unreadable_by_superuser() && value_len > 0 {
        return Err(FsError::new(
            ErrorKind::AccessControl,
            format!("Attempt to set a value for '{name}'. Values are not allowed for this xattr."),
        ));
    }
    Ok(())
}

/// Whether an attribute may be set, on an inode that has it (`exists`) or not and that has
/// `count` attributes for which [`XAttrName::counts`]. Includes [`check_set_request`].
///
/// # Errors
/// Those of the request; HadoopIllegalArgument without a flag; Io where a flag or the inode's
/// limit says no.
#[expect(clippy::too_many_arguments, reason = "one fact each, all plain values")]
pub fn check_set(
    caller: &Caller,
    name: &XAttrName,
    value_len: usize,
    exists: bool,
    create: bool,
    replace: bool,
    count: usize,
    settings: &Settings,
) -> Result<(), FsError> {
    check_set_request(caller, name, value_len, settings)?;
    if !create && !replace {
        return Err(illegal("A flag must be specified.".into()));
    }
    let short = &name.name;
    if exists && !replace {
        return Err(io(format!(
            "XAttr: {short} already exists. The REPLACE flag must be specified."
        )));
    }
    if !exists && !create {
        return Err(io(format!(
            "XAttr: {short} does not exist. The CREATE flag must be specified."
        )));
    }
    let limit = usize::from(settings.max_xattrs_per_inode);
    let after = count + usize::from(!exists && name.counts());
    if after > limit {
        return Err(io(format!(
            "Cannot add additional XAttr to inode, would exceed limit of {limit}"
        )));
    }
    Ok(())
}

/// Attributes that only some kinds of inodes have.
///
/// # Errors
/// Io.
pub fn check_kind(name: &XAttrName, inode: &Inode) -> Result<(), FsError> {
    if name.is_unreadable_by_superuser() && inode.is_directory() {
        return Err(io(format!("Can only set '{name}' on a file.")));
    }
    Ok(())
}

/// Whether an attribute that the inode has (`exists`) or not may be removed.
///
/// # Errors
/// AccessControl; Io if it is not there.
pub fn check_remove(caller: &Caller, name: &XAttrName, exists: bool) -> Result<(), FsError> {
    check_name(caller, name)?;
    if !exists {
        return Err(io("No matching attributes found for remove operation".into()));
    }
    if name.is_unreadable_by_superuser() {
        return Err(FsError::new(
            ErrorKind::AccessControl,
            format!("The xattr '{name}' can not be deleted."),
        ));
    }
    Ok(())
}

/// The answer when an attribute that was asked for by name is not there.
pub fn not_found() -> FsError {
    let message = "At least one of the attributes provided was not found.";
    FsError::new(ErrorKind::XAttrNotFound, message)
}

/// Whether `caller` may read the content of a file that carries [`UNREADABLE_BY_SUPERUSER`]
/// (`marked`) or not.
///
/// # Errors
/// AccessControl.
pub fn check_content(caller: &Caller, marked: bool) -> Result<(), FsError> {
    if !marked || !caller.superuser {
        return Ok(());
    }
    Err(FsError::new(
        ErrorKind::AccessControl,
        format!(
            "Access is denied for {} since the superuser is not allowed to perform this operation.",
            caller.user
        ),
    ))
}

fn illegal(message: String) -> FsError {
    FsError::new(ErrorKind::HadoopIllegalArgument, message)
}

fn io(message: String) -> FsError {
    FsError::new(ErrorKind::Io, message)
}

#[cfg(test)]
mod tests;
