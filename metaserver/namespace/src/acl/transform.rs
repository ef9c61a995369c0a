//! How one ACL becomes another: merging, replacing and removing entries, with the mask and the
//! default entries that HDFS adds by itself. Works on whole logical ACLs (the unnamed user, group
//! and other entries always included); [`super::storage`] maps them to inodes.
//!
//! Rules and messages: `AclTransformation` of HDFS 3.4.

use super::{AclEntry, AclScope, AclType};
use crate::error::{ErrorKind, FsError};
use crate::permission::Access;

/// Most entries in each of the access and the default ACL.
pub const MAX_ENTRIES: usize = 32;

const SCOPES: [AclScope; 2] = [AclScope::Access, AclScope::Default];
const BASE: [AclType; 3] = [AclType::User, AclType::Group, AclType::Other];

/// Adds the entries of `spec`, replacing those with the same scope, type and name
/// (`mergeAclEntries`).
///
/// # Errors
/// Acl.
pub fn merge(existing: Vec<AclEntry>, spec: &[AclEntry]) -> Result<Vec<AclEntry>, FsError> {
    let spec = validated(spec)?;
    let mut build = Builder::default();
    for entry in existing {
        if find(&spec, &entry).is_none() {
            build.keep(entry);
        }
    }
    for entry in spec {
        build.change(entry);
    }
    build.finish()
}

/// Replaces each of the access and the default ACL of which `spec` has an entry
/// (`replaceAclEntries`).
///
/// # Errors
/// Acl.
pub fn replace(existing: Vec<AclEntry>, spec: &[AclEntry]) -> Result<Vec<AclEntry>, FsError> {
    let mut build = Builder::default();
    for entry in validated(spec)? {
        build.change(entry);
    }
    for entry in existing {
        if !build.state(entry.scope).dirty {
            build.keep(entry);
        }
    }
    build.finish()
}

/// Removes the entries that `spec` names; permissions in it do not matter
/// (`filterAclEntriesByAclSpec`).
///
/// # Errors
/// Acl, e.g. when an entry that must be there would go.
pub fn remove(existing: Vec<AclEntry>, spec: &[AclEntry]) -> Result<Vec<AclEntry>, FsError> {
    let spec = validated(spec)?;
    let mut build = Builder::default();
    for entry in existing {
        if find(&spec, &entry).is_some() {
            let state = build.state(entry.scope);
            state.dirty = true;
            state.mask_dirty |= entry.kind == AclType::Mask;
        } else {
            build.keep(entry);
        }
    }
    build.finish()
}

/// Removes the default ACL (`filterDefaultAclEntries`).
///
/// # Errors
/// Acl.
pub fn remove_default(mut existing: Vec<AclEntry>) -> Result<Vec<AclEntry>, FsError> {
    existing.retain(|entry| entry.scope == AclScope::Access);
    validate(existing)
}

/// What a transformation did to the access or to the default ACL.
#[derive(Default)]
struct ScopeState {
    /// An entry was added, replaced or removed.
    dirty: bool,
    /// The mask was.
    mask_dirty: bool,
    /// The mask given by the request or kept from before.
    mask: Option<AclEntry>,
}

#[derive(Default)]
struct Builder {
    /// Everything but masks.
    entries: Vec<AclEntry>,
    states: [ScopeState; 2],
}

impl Builder {
    fn state(&mut self, scope: AclScope) -> &mut ScopeState {
        let [access, default] = &mut self.states;
        match scope {
            AclScope::Access => access,
            AclScope::Default => default,
        }
    }

    fn keep(&mut self, entry: AclEntry) {
        if entry.kind == AclType::Mask {
            let scope = entry.scope;
            self.state(scope).mask = Some(entry);
        } else {
            self.entries.push(entry);
        }
    }

    fn change(&mut self, entry: AclEntry) {
        let state = self.state(entry.scope);
        state.dirty = true;
        state.mask_dirty |= entry.kind == AclType::Mask;
        self.keep(entry);
    }

    fn finish(mut self) -> Result<Vec<AclEntry>, FsError> {
        self.copy_defaults();
        for (scope, state) in SCOPES.into_iter().zip(self.states) {
            add_mask(&mut self.entries, scope, state)?;
        }
        validate(self.entries)
    }

    /// A default ACL lacks no base entry: what is missing is copied from the access ACL.
    fn copy_defaults(&mut self) {
        if !self.entries.iter().any(|e| e.scope == AclScope::Default) {
            return;
        }
        for kind in BASE {
            let base = |scope| {
                let key = (scope, kind, None);
                self.entries.iter().find(|e| e.key() == key)
            };
            if base(AclScope::Default).is_some() {
                continue;
            }
            if let Some(access) = base(AclScope::Access) {
                let copy = AclEntry { scope: AclScope::Default, ..access.clone() };
                self.entries.push(copy);
            }
        }
    }
}

/// The mask of one scope (`calculateMasks`): the given one if the request set it or changed
/// nothing else in the scope; else, where there was one or named entries need one, the union of
/// what it limits.
fn add_mask(
    entries: &mut Vec<AclEntry>,
    scope: AclScope,
    state: ScopeState,
) -> Result<(), FsError> {
    let of_scope = || entries.iter().filter(|e| e.scope == scope);
    if of_scope().next().is_none() {
        return Ok(());
    }
    let needed = of_scope().any(|e| e.name.is_some());
    let mask = match state.mask {
        None if needed && state.mask_dirty => {
            return Err(refuse("Invalid ACL: mask is required and cannot be deleted.".into()));
        }
        Some(mask) if !state.dirty || state.mask_dirty => mask,
        before if needed || before.is_some() => AclEntry {
            scope,
            kind: AclType::Mask,
            name: None,
            permission: of_scope()
                .filter(|e| e.kind == AclType::Group || e.name.is_some())
                .fold(0, |union, e| union | e.permission),
        },
        _ => return Ok(()),
    };
    entries.push(mask);
    Ok(())
}

/// A request's entries, sorted, in canonical form and of bounded number.
fn validated(spec: &[AclEntry]) -> Result<Vec<AclEntry>, FsError> {
    check_count(spec)?;
    let mut spec: Vec<AclEntry> = spec
        .iter()
        .map(|entry| AclEntry {
            scope: entry.scope,
            kind: entry.kind,
            // An empty name is none, as AclEntry.Builder has it.
            name: entry.name.clone().filter(|name| !name.is_empty()),
            permission: entry.permission & Access::ALL.bits(),
        })
        .collect();
    spec.sort_by(|a, b| a.key().cmp(&b.key()));
    Ok(spec)
}

fn find<'a>(spec: &'a [AclEntry], entry: &AclEntry) -> Option<&'a AclEntry> {
    let index = spec.binary_search_by(|e| e.key().cmp(&entry.key()));
    index.ok().and_then(|index| spec.get(index))
}

fn check_count(entries: &[AclEntry]) -> Result<(), FsError> {
    for scope in SCOPES {
        let count = entries.iter().filter(|e| e.scope == scope).count();
        if count > MAX_ENTRIES {
            let scope = match scope {
                AclScope::Access => "access",
                AclScope::Default => "default",
            };
            return Err(refuse(format!(
                "Invalid ACL: ACL has {count} {scope} entries, which exceeds maximum of \
                 {MAX_ENTRIES}."
            )));
        }
    }
    Ok(())
}

/// Sorts a finished ACL and checks it (`buildAndValidateAcl`).
fn validate(mut entries: Vec<AclEntry>) -> Result<Vec<AclEntry>, FsError> {
    entries.sort_by(|a, b| a.key().cmp(&b.key()));
    let mut previous: Option<&AclEntry> = None;
    for entry in &entries {
        if previous.is_some_and(|p| p.key() == entry.key()) {
            return Err(refuse(
                "Invalid ACL: multiple entries with same scope, type and name.".into(),
            ));
        }
        if entry.name.is_some() && matches!(entry.kind, AclType::Mask | AclType::Other) {
            return Err(refuse(format!(
                "Invalid ACL: this entry type must not have a name: {entry}."
            )));
        }
        previous = Some(entry);
    }
    check_count(&entries)?;
    let has_default = entries.iter().any(|e| e.scope == AclScope::Default);
    let lacks = |scope| {
        BASE.into_iter().any(|kind| !entries.iter().any(|e| e.key() == (scope, kind, None)))
    };
    if lacks(AclScope::Access) {
        return Err(refuse("Invalid ACL: the user, group and other entries are required.".into()));
    }
    if has_default && lacks(AclScope::Default) {
        return Err(refuse(
            "Invalid default ACL: the user, group and other entries are required.".into(),
        ));
    }
    Ok(entries)
}

fn refuse(message: String) -> FsError {
    FsError::new(ErrorKind::Acl, message)
}
