//! How an ACL lives in an inode, and what a child inherits. The mode bits hold the owner's and the
//! others' entries, and the group's entry or, with an access ACL, the mask; what is left is the
//! inode's `acl`: named entries and the group's own (in sorted order), then the default ACL.
//!
//! Rules and messages: `AclStorage`, `FSDirAclOp` and `FSDirectory.copyINodeDefaultAcl` of
//! HDFS 3.4.

use std::sync::Arc;

use super::{AclEntry, AclScope, AclType, transform};
use crate::command::AclChange;
use crate::error::{ErrorKind, FsError};
use crate::inode::Inode;
use crate::permission::{PERMISSION_MASK, STICKY};
use crate::reply::AclStatus;

/// An inode's mode bits and stored entries.
type Stored = (u16, Option<Arc<[AclEntry]>>);

/// The number of entries that say no more than mode bits do.
const MINIMAL: usize = 3;

/// The mode bits and entries of `inode` after `change`. `path` is for messages. Who may do that
/// (the owner) is checked by the caller.
///
/// # Errors
/// Acl.
pub fn apply_change(inode: &Inode, change: &AclChange, path: &str) -> Result<Stored, FsError> {
    let changed = match change {
        AclChange::Modify(spec) => transform::merge(logical(inode), spec),
        AclChange::RemoveEntries(spec) => transform::remove(logical(inode), spec),
        AclChange::RemoveDefault => transform::remove_default(logical(inode)),
        AclChange::Set(spec) if !spec.is_empty() => transform::replace(logical(inode), spec),
        AclChange::Set(_) | AclChange::Remove => return Ok(without_acl(inode)),
    };
    let of_path = |message: &str| FsError::new(ErrorKind::Acl, format!("{message} Path: {path}"));
    let acl = changed.map_err(|error| of_path(&error.message))?;
    let has_default = acl.iter().any(|e| e.scope == AclScope::Default);
    if has_default && !inode.is_directory() {
        // HDFS says the path twice.
        let message = format!("Invalid ACL: only directories may have a default ACL. Path: {path}");
        return Err(of_path(&message));
    }
    Ok(store(acl, inode.permission))
}

/// What a new child of `parent` starts with. `permission`: the mode with the client's umask
/// applied; `unmasked`: without it, which counts instead if the parent has a default ACL
/// (HDFS-6962, `dfs.namenode.posix.acl.inheritance.enabled`).
pub fn inherit(parent: &Inode, permission: u16, unmasked: Option<u16>, directory: bool) -> Stored {
    let (_, defaults) = stored(parent);
    if defaults.is_empty() {
        return (permission & PERMISSION_MASK, None);
    }
    let mode = unmasked.unwrap_or(permission) & PERMISSION_MASK;
    let minimal = defaults.len() == MINIMAL;
    let mut acl: Vec<AclEntry> = defaults
        .iter()
        .map(|entry| {
            // The mode filters the owner, the others and the group class: its mask or, without
            // one, the group's entry.
            let filter = match (entry.kind, &entry.name) {
                (AclType::User, None) => bits(mode, 6),
                (AclType::Group, _) if minimal => bits(mode, 3),
                (AclType::Mask, _) => bits(mode, 3),
                (AclType::Other, _) => bits(mode, 0),
                _ => 7,
            };
            AclEntry {
                scope: AclScope::Access,
                permission: entry.permission & filter,
                ..entry.clone()
            }
        })
        .collect();
    if directory {
        acl.extend_from_slice(defaults);
    }
    store(acl, mode)
}

/// What chmod makes of an inode: with an access ACL the group bits are the mask, so the entries
/// stay as they are.
pub fn with_permission(inode: &Inode, permission: u16) -> Stored {
    (permission & PERMISSION_MASK, inode.acl.clone())
}

/// GETACLSTATUS.
pub fn status(inode: &Inode) -> AclStatus {
    AclStatus {
        owner: inode.owner.to_string(),
        group: inode.group.to_string(),
        permission: inode.permission,
        entries: inode.acl.as_deref().unwrap_or_default().to_vec(),
    }
}

/// The stored entries of the access and of the default ACL.
fn stored(inode: &Inode) -> (&[AclEntry], &[AclEntry]) {
    let entries = inode.acl.as_deref().unwrap_or_default();
    entries.split_at(entries.partition_point(|e| e.scope == AclScope::Access))
}

/// The whole ACL of an inode, mode bits included, sorted (`readINodeLogicalAcl`).
fn logical(inode: &Inode) -> Vec<AclEntry> {
    let (access, defaults) = stored(inode);
    let mode = inode.permission;
    let base = |kind, shift| AclEntry {
        scope: AclScope::Access,
        kind,
        name: None,
        permission: bits(mode, shift),
    };
    let mut acl = Vec::with_capacity(access.len() + defaults.len() + MINIMAL);
    acl.push(base(AclType::User, 6));
    if access.is_empty() {
        acl.push(base(AclType::Group, 3));
    } else {
        acl.extend_from_slice(access);
        acl.push(base(AclType::Mask, 3));
    }
    acl.push(base(AclType::Other, 0));
    acl.extend_from_slice(defaults);
    acl
}

/// Splits a whole sorted ACL into mode bits and stored entries; of the former mode only the
/// sticky bit is kept (`updateINodeAcl`).
fn store(mut acl: Vec<AclEntry>, former: u16) -> Stored {
    let mut mode = former & STICKY;
    let access = acl.partition_point(|e| e.scope == AclScope::Access);
    let extended = access > MINIMAL;
    acl.retain(|entry| {
        if entry.scope == AclScope::Default {
            return true;
        }
        let shift = match (entry.kind, &entry.name) {
            (AclType::User, None) => 6,
            (AclType::Other, _) => 0,
            (AclType::Mask, _) => 3,
            (AclType::Group, None) if !extended => 3,
            _ => return true,
        };
        mode |= u16::from(entry.permission & 7) << shift;
        false
    });
    let entries = (!acl.is_empty()).then(|| acl.into());
    (mode, entries)
}

/// The inode without any ACL: its group bits are no mask any more but the group's own entry
/// (`removeINodeAcl`).
fn without_acl(inode: &Inode) -> Stored {
    let (access, _) = stored(inode);
    let group = access.iter().find(|e| e.kind == AclType::Group && e.name.is_none());
    let mode = match group {
        Some(group) => inode.permission & !0o070 | u16::from(group.permission & 7) << 3,
        None => inode.permission,
    };
    (mode & PERMISSION_MASK, None)
}

/// Three bits rwx out of a mode.
fn bits(mode: u16, shift: u16) -> u8 {
    (mode >> shift & 7) as u8
}
