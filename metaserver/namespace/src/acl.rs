//! POSIX ACLs as HDFS has them: entries with their text form; how ACLs change ([`transform`]) and
//! how they live in an inode ([`storage`]). Pure; called by the namespace's commands and queries,
//! and by the doors for the text form.
//!
//! Text form: `AclEntry.toStringStable` and `AclEntry.parseAclSpec` of Hadoop 3.4.

mod storage;
mod transform;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{ErrorKind, FsError};
use crate::permission::Access;

pub use storage::{apply_change, inherit, status, with_permission};
pub use transform::MAX_ENTRIES;

/// AclEntryScope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AclScope {
    /// Applies to the object.
    Access,
    /// Inherited by new children of a directory.
    Default,
}

/// AclEntryType.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AclType {
    /// A user (unnamed: the owner).
    User,
    /// A group (unnamed: the owning group).
    Group,
    /// The mask.
    Mask,
    /// Everybody else.
    Other,
}

/// One entry, e.g. `default:user:joe:r-x`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AclEntry {
    /// Access or default.
    pub scope: AclScope,
    /// Whom it is for.
    pub kind: AclType,
    /// The user's or group's name; `None`: unnamed.
    pub name: Option<String>,
    /// rwx as 3 bits.
    pub permission: u8,
}

impl AclEntry {
    /// What makes an entry unique within an ACL, and its place in HDFS's order.
    fn key(&self) -> (AclScope, AclType, Option<&str>) {
        (self.scope, self.kind, self.name.as_deref())
    }
}

impl AclType {
    fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Mask => "mask",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for AclEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.scope == AclScope::Default {
            f.write_str("default:")?;
        }
        write!(
            f,
            "{}:{}:{}",
            self.kind.as_str(),
            self.name.as_deref().unwrap_or_default(),
            Access::from_bits(self.permission).symbol()
        )
    }
}

/// Parses a comma-separated list of entries, e.g.
/// `user:joe:rwx,default:group::r-x,mask::rwx`. Without permissions (removal of entries) the last
/// part is left out: `user:joe,mask`; the entries' rights are then none.
///
/// # Errors
/// HadoopIllegalArgument, naming the entry.
pub fn parse_acl_spec(spec: &str, with_permissions: bool) -> Result<Vec<AclEntry>, FsError> {
    spec.split(',')
        .filter(|entry| !entry.is_empty())
        .map(|entry| parse_entry(entry, with_permissions))
        .collect()
}

fn parse_entry(text: &str, with_permissions: bool) -> Result<AclEntry, FsError> {
    let refuse =
        |why: &str| Err(FsError::new(ErrorKind::HadoopIllegalArgument, format!("{why}{text}")));
    // Java's split: empty parts at the end do not count.
    let mut parts = text.trim_end_matches(':').split(':').peekable();
    if text.trim_end_matches(':').is_empty() {
        return refuse("Invalid <aclSpec> : ");
    }
    let scope = match parts.next_if_eq(&"default") {
        Some(_) => AclScope::Default,
        None => AclScope::Access,
    };
    let Some(kind) = parts.next() else {
        return refuse("Invalid <aclSpec> : ");
    };
    let kind = match kind.to_ascii_lowercase().as_str() {
        "user" => AclType::User,
        "group" => AclType::Group,
        "mask" => AclType::Mask,
        "other" => AclType::Other,
        _ => return refuse("Invalid type of acl in <aclSpec> :"),
    };
    let name = parts.next().filter(|n| !n.is_empty()).map(Into::into);
    let permission = match (with_permissions, parts.next()) {
        (true, Some(symbol)) => {
            let found = (0..8).find(|bits| Access::from_bits(*bits).symbol() == symbol);
            match found {
                Some(bits) => bits,
                None => return refuse("Invalid permission in <aclSpec> : "),
            }
        }
        (false, None) => 0,
        _ => return refuse("Invalid <aclSpec> : "),
    };
    if parts.next().is_some() {
        return refuse("Invalid <aclSpec> : ");
    }
    Ok(AclEntry { scope, kind, name, permission })
}

#[cfg(test)]
mod tests;
