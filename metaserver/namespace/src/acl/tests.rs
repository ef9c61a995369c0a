//! ACLs: the text form, a table of transformations with the results HDFS documents, storage and
//! inheritance, and properties that hold for any change of any inode.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::transform::{merge, remove, remove_default, replace};
use super::*;
use crate::command::AclChange;
use crate::inode::{Body, DirectoryBody, FileBody, Inode, Usage};

fn acl(spec: &str) -> Vec<AclEntry> {
    parse_acl_spec(spec, true).unwrap()
}

fn text(entries: &[AclEntry]) -> String {
    let parts: Vec<String> = entries.iter().map(ToString::to_string).collect();
    parts.join(",")
}

fn inode(directory: bool, permission: u16, stored: &str) -> Inode {
    let body = if directory {
        Body::Directory(DirectoryBody {
            children: 0,
            below: Usage::default(),
            quota: None,
            space_quota: None,
        })
    } else {
        Body::File(FileBody { length: 0, replication: 1, block_size: 1, lease: None })
    };
    let entries = acl(stored);
    Inode {
        id: 1,
        parent: 0,
        name: "x".into(),
        owner: "alice".into(),
        group: "staff".into(),
        permission,
        mtime: 0,
        atime: 0,
        acl: (!entries.is_empty()).then(|| entries.into()),
        xattrs: 0,
        body,
    }
}

#[test]
fn text_form() {
    for (spec, printed) in [
        ("user::rwx", "user::rwx"),
        ("USER:joe:r-x", "user:joe:r-x"),
        ("default:group::--x", "default:group::--x"),
        ("mask::rw-,other::---", "mask::rw-,other::---"),
        (",user:a:rwx,,", "user:a:rwx"),
        ("", ""),
    ] {
        assert_eq!(text(&acl(spec)), printed, "{spec}");
    }
    for (spec, printed) in [
        ("user:joe", "user:joe:---"),
        ("mask", "mask::---"),
        ("default:user:joe:,mask::", "default:user:joe:---,mask::---"),
    ] {
        assert_eq!(text(&parse_acl_spec(spec, false).unwrap()), printed, "{spec}");
    }
    for (spec, permissions, message) in [
        (":", true, "Invalid <aclSpec> : :"),
        ("default", true, "Invalid <aclSpec> : default"),
        ("user", true, "Invalid <aclSpec> : user"),
        ("user:joe", true, "Invalid <aclSpec> : user:joe"),
        ("user::rwx:x", true, "Invalid <aclSpec> : user::rwx:x"),
        ("user:joe:rwx", false, "Invalid <aclSpec> : user:joe:rwx"),
        ("users::rwx", true, "Invalid type of acl in <aclSpec> :users::rwx"),
        ("user::rwX", true, "Invalid permission in <aclSpec> : user::rwX"),
    ] {
        let error = parse_acl_spec(spec, permissions).unwrap_err();
        assert_eq!(error.kind, ErrorKind::HadoopIllegalArgument);
        assert_eq!(error.message, message);
    }
}

const BASE: &str = "user::rwx,group::r-x,other::---";
const NAMED: &str = "user::rwx,user:ann:rw-,group::r-x,mask::rwx,other::---";

#[test]
fn merging() {
    for (existing, spec, result) in [
        // Named entries bring a mask: the union of the group class.
        (BASE, "user:ann:rw-", "user::rwx,user:ann:rw-,group::r-x,mask::rwx,other::---"),
        (BASE, "group:dev:-w-", "user::rwx,group::r-x,group:dev:-w-,mask::rwx,other::---"),
        // A mask that is given wins.
        (BASE, "user:ann:rw-,mask::r--", "user::rwx,user:ann:rw-,group::r-x,mask::r--,other::---"),
        (NAMED, "mask::---", "user::rwx,user:ann:rw-,group::r-x,mask::---,other::---"),
        // Replacing an entry computes the mask again.
        (NAMED, "user:ann:---", "user::rwx,user:ann:---,group::r-x,mask::r-x,other::---"),
        // A mask alone makes an extended ACL.
        (BASE, "mask::r--", "user::rwx,group::r-x,mask::r--,other::---"),
        // Default entries bring the base entries that lack, and leave the access mask alone.
        (
            "user::rwx,user:ann:rwx,group::r-x,mask::r--,other::---",
            "default:user:joe:rw-",
            "user::rwx,user:ann:rwx,group::r-x,mask::r--,other::---,default:user::rwx,\
             default:user:joe:rw-,default:group::r-x,default:mask::rwx,default:other::---",
        ),
        (
            BASE,
            "default:other::r--",
            "user::rwx,group::r-x,other::---,default:user::rwx,default:group::r-x,\
             default:other::r--",
        ),
        (BASE, "", BASE),
    ] {
        let merged = merge(acl(existing), &acl(spec)).unwrap();
        assert_eq!(text(&merged), result, "{existing} + {spec}");
    }
}

#[test]
fn replacing() {
    let both = "user::rwx,group::r-x,other::---,default:user::rwx,default:group::r-x,\
                default:other::---";
    for (existing, spec, result) in [
        (NAMED, "user::rw-,group::r--,other::r--", "user::rw-,group::r--,other::r--"),
        // Only the scope that is given is replaced.
        (
            both,
            "user::r--,user:joe:rwx,group::---,other::---",
            "user::r--,user:joe:rwx,group::---,mask::rwx,other::---,default:user::rwx,\
             default:group::r-x,default:other::---",
        ),
        (
            NAMED,
            "default:user:joe:r--",
            "user::rwx,user:ann:rw-,group::r-x,mask::rwx,other::---,default:user::rwx,\
             default:user:joe:r--,default:group::r-x,default:mask::r-x,default:other::---",
        ),
    ] {
        let replaced = replace(acl(existing), &acl(spec)).unwrap();
        assert_eq!(text(&replaced), result, "{existing} := {spec}");
    }
}

#[test]
fn removing() {
    let spec = |text| parse_acl_spec(text, false).unwrap();
    let two = "user::rwx,user:ann:rw-,user:joe:--x,group::r--,mask::rwx,other::---";
    for (existing, gone, result) in [
        (two, "user:joe", "user::rwx,user:ann:rw-,group::r--,mask::rw-,other::---"),
        // The mask stays when the last named entry goes.
        (NAMED, "user:ann", "user::rwx,group::r-x,mask::r-x,other::---"),
        (NAMED, "user:ann,mask", BASE),
        (NAMED, "user:nobody", NAMED),
        ("user::rwx,group::r-x,mask::r--,other::---", "mask", BASE),
        (
            "user::rwx,group::r-x,other::---,default:user::rwx,default:user:joe:r--,\
             default:group::r-x,default:mask::r-x,default:other::---",
            "default:user:joe,default:user",
            "user::rwx,group::r-x,other::---,default:user::rwx,default:group::r-x,\
             default:mask::r-x,default:other::---",
        ),
    ] {
        let left = remove(acl(existing), &spec(gone)).unwrap();
        assert_eq!(text(&left), result, "{existing} - {gone}");
    }
    let left = remove_default(acl(&format!("{NAMED},default:user::rwx"))).unwrap();
    assert_eq!(text(&left), NAMED);
}

#[test]
fn refusals() {
    let many = |scope: &str, count| {
        let named = (0..count).map(|i| format!("{scope}user:u{i:02}:r--"));
        named.collect::<Vec<_>>().join(",")
    };
    let message = |result: Result<Vec<AclEntry>, FsError>| {
        let error = result.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Acl);
        error.message
    };
    assert_eq!(
        message(merge(acl(BASE), &acl("user:a:r--,user:a:rw-"))),
        "Invalid ACL: multiple entries with same scope, type and name."
    );
    assert_eq!(
        message(merge(acl(BASE), &acl("mask:joe:r--"))),
        "Invalid ACL: this entry type must not have a name: mask:joe:r--."
    );
    assert_eq!(
        message(merge(acl(BASE), &acl("other:joe:r--"))),
        "Invalid ACL: this entry type must not have a name: other:joe:r--."
    );
    assert_eq!(
        message(remove(acl(NAMED), &acl("mask::---"))),
        "Invalid ACL: mask is required and cannot be deleted."
    );
    for gone in ["user::---", "group::---", "other::---"] {
        assert_eq!(
            message(remove(acl(BASE), &acl(gone))),
            "Invalid ACL: the user, group and other entries are required."
        );
    }
    assert_eq!(
        message(replace(acl(BASE), &acl("user:joe:rwx"))),
        "Invalid ACL: the user, group and other entries are required."
    );
    assert_eq!(
        message(merge(acl(BASE), &acl(&many("", 33)))),
        "Invalid ACL: ACL has 33 access entries, which exceeds maximum of 32."
    );
    // 28 named ones, three base entries and the mask are 32.
    assert_eq!(merge(acl(BASE), &acl(&many("", 28))).unwrap().len(), 32);
    assert_eq!(
        message(merge(acl(BASE), &acl(&many("", 29)))),
        "Invalid ACL: ACL has 33 access entries, which exceeds maximum of 32."
    );
    // The default ACL has a limit of its own.
    let both = format!("{},{}", many("", 28), many("default:", 28));
    assert_eq!(merge(acl(BASE), &acl(&both)).unwrap().len(), 64);
    assert_eq!(
        message(merge(acl(BASE), &acl(&many("default:", 29)))),
        "Invalid ACL: ACL has 33 default entries, which exceeds maximum of 32."
    );
}

fn changed(inode: &Inode, change: &AclChange) -> (u16, String) {
    let (mode, stored) = apply_change(inode, change, "/x").unwrap();
    (mode, text(stored.as_deref().unwrap_or_default()))
}

#[test]
fn storage_in_the_mode_bits() {
    let file = inode(false, 0o1640, "");
    // The mask goes to the group bits, the group's own entry to the list; sticky stays.
    let modify = AclChange::Modify(acl("user:joe:rwx"));
    assert_eq!(changed(&file, &modify), (0o1670, "user:joe:rwx,group::r--".into()));
    // A minimal ACL is bits only.
    let set = AclChange::Set(acl("user::r--,group::-w-,other::--x"));
    assert_eq!(changed(&file, &set), (0o1421, String::new()));

    let extended = inode(false, 0o670, "user:joe:rwx,group::r--");
    assert_eq!(
        changed(&extended, &AclChange::RemoveEntries(acl("user:joe:---"))),
        (0o640, "group::r--".into()),
        "the mask stays"
    );
    for remove in [AclChange::Remove, AclChange::Set(vec![])] {
        assert_eq!(changed(&extended, &remove), (0o640, String::new()));
        assert_eq!(changed(&file, &remove), (0o1640, String::new()));
    }
    assert_eq!(
        changed(&extended, &AclChange::RemoveDefault),
        (0o670, "user:joe:rwx,group::r--".into())
    );
}

#[test]
fn default_acl_alone() {
    let dir = inode(true, 0o750, "");
    let modify = AclChange::Modify(acl("default:user:joe:r--"));
    let defaults = "default:user::rwx,default:user:joe:r--,default:group::r-x,default:mask::r-x,default:other::---";
    assert_eq!(changed(&dir, &modify), (0o750, defaults.into()));
    let with = inode(true, 0o750, defaults);
    for gone in [AclChange::RemoveDefault, AclChange::Remove] {
        assert_eq!(changed(&with, &gone), (0o750, String::new()));
    }
    let error = apply_change(&inode(false, 0o640, ""), &modify, "/f").unwrap_err();
    assert_eq!(error.kind, ErrorKind::Acl);
    let message = "Invalid ACL: only directories may have a default ACL. Path: /f Path: /f";
    assert_eq!(error.message, message);
    let error = apply_change(&dir, &AclChange::Set(acl("user::rwx")), "/d").unwrap_err();
    let message = "Invalid ACL: the user, group and other entries are required. Path: /d";
    assert_eq!((error.kind, &*error.message), (ErrorKind::Acl, message));
}

#[test]
fn chmod_changes_the_mask() {
    let extended = inode(false, 0o670, "user:joe:rwx,group::r--");
    let (mode, entries) = with_permission(&extended, 0o7640);
    assert_eq!(mode, 0o1640);
    assert_eq!(entries, extended.acl);
}

#[test]
fn what_is_shown() {
    let extended = inode(true, 0o1670, "user:joe:rwx,group::r--");
    let status = status(&extended);
    assert_eq!((status.owner.as_str(), status.group.as_str()), ("alice", "staff"));
    assert_eq!(status.permission, 0o1670);
    assert_eq!(text(&status.entries), "user:joe:rwx,group::r--");
}

#[test]
fn inheritance() {
    let minimal = "default:user::rwx,default:group::rwx,default:other::r-x";
    let extended = "default:user::rwx,default:user:joe:rwx,default:group::r-x,default:mask::rwx,\
                    default:other::---";
    for (stored, permission, unmasked, directory, mode, entries) in [
        // No default ACL: the masked mode, whatever the parent's access ACL.
        ("", 0o644, Some(0o666), false, 0o644, ""),
        ("user:joe:rwx,group::r--", 0o644, Some(0o666), false, 0o644, ""),
        // With one the umask does not count (HDFS-6962)...
        (minimal, 0o644, Some(0o666), false, 0o664, ""),
        // ... if the client sent the mode without it.
        (minimal, 0o644, None, false, 0o644, ""),
        (minimal, 0o755, Some(0o777), true, 0o775, minimal),
        // The mode limits the mask, not the entries below it.
        (extended, 0o644, Some(0o666), false, 0o660, "user:joe:rwx,group::r-x"),
        (extended, 0o640, None, false, 0o640, "user:joe:rwx,group::r-x"),
        (extended, 0o600, None, false, 0o600, "user:joe:rwx,group::r-x"),
    ] {
        let parent = inode(true, 0o755, stored);
        let (got, acl) = inherit(&parent, permission, unmasked, directory);
        let got_entries = text(acl.as_deref().unwrap_or_default());
        assert_eq!((got, got_entries.as_str()), (mode, entries), "{stored}");
    }
    let (mode, acl) = inherit(&inode(true, 0o755, extended), 0o1755, Some(0o1777), true);
    assert_eq!(mode, 0o1770, "the sticky bit is the child's own");
    let both = format!("user:joe:rwx,group::r-x,{extended}");
    assert_eq!(text(acl.as_deref().unwrap()), both);
}

fn any_entry() -> impl Strategy<Value = AclEntry> {
    let scope = prop_oneof![Just(AclScope::Access), Just(AclScope::Default)];
    let kind = prop_oneof![
        4 => Just(AclType::User),
        4 => Just(AclType::Group),
        1 => Just(AclType::Mask),
        1 => Just(AclType::Other),
    ];
    (scope, kind, option::of("[a-d]{0,1}"), 0..8u8).prop_map(|(scope, kind, name, permission)| {
        let name = name.filter(|_| matches!(kind, AclType::User | AclType::Group));
        AclEntry { scope, kind, name, permission }
    })
}

fn any_change() -> impl Strategy<Value = AclChange> {
    let base = (0..512u16).prop_map(|mode| {
        [(AclType::User, 6), (AclType::Group, 3), (AclType::Other, 0)].map(|(kind, shift)| {
            AclEntry {
                scope: AclScope::Access,
                kind,
                name: None,
                permission: (mode >> shift & 7) as u8,
            }
        })
    });
    prop_oneof![
        4 => vec(any_entry(), 0..8).prop_map(AclChange::Modify),
        2 => vec(any_entry(), 0..4).prop_map(AclChange::RemoveEntries),
        2 => (base, vec(any_entry(), 0..8))
            .prop_map(|(base, more)| AclChange::Set([base.to_vec(), more].concat())),
        1 => vec(any_entry(), 0..40).prop_map(AclChange::Set),
        1 => Just(AclChange::RemoveDefault),
        1 => Just(AclChange::Remove),
    ]
}

/// An inode with what a run of changes left, refused ones skipped.
fn any_inode() -> impl Strategy<Value = Inode> {
    (any::<bool>(), 0..0o2000u16, vec(any_change(), 0..6)).prop_map(|(directory, mode, changes)| {
        let mut inode = inode(directory, mode, "");
        for change in changes {
            if let Ok((permission, acl)) = apply_change(&inode, &change, "/x") {
                (inode.permission, inode.acl) = (permission, acl);
            }
        }
        inode
    })
}

/// What every stored ACL must be, whatever led to it.
fn assert_valid(mode: u16, acl: Option<&[AclEntry]>, directory: bool) -> Result<(), TestCaseError> {
    prop_assert_eq!(mode & !0o1777, 0);
    let Some(entries) = acl else {
        return Ok(());
    };
    prop_assert!(!entries.is_empty(), "an empty list is stored as none");
    prop_assert!(
        entries.windows(2).all(|w| w[0].key() < w[1].key()),
        "sorted and unique: {}",
        text(entries)
    );
    prop_assert!(entries.iter().all(|e| e.permission < 8));
    prop_assert!(entries.iter().all(|e| e.name.as_deref() != Some("")));
    let (access, defaults): (Vec<_>, Vec<_>) =
        entries.iter().cloned().partition(|e| e.scope == AclScope::Access);
    // Owner, mask and others are in the mode bits; the group's own entry is not.
    let unnamed =
        |of: &[AclEntry], kind| of.iter().filter(|e| e.kind == kind && e.name.is_none()).count();
    prop_assert_eq!(unnamed(&access, AclType::User), 0);
    prop_assert_eq!(unnamed(&access, AclType::Mask), 0);
    prop_assert_eq!(unnamed(&access, AclType::Other), 0);
    prop_assert_eq!(unnamed(&access, AclType::Group), usize::from(!access.is_empty()));
    prop_assert!(access.len() + 3 <= MAX_ENTRIES && defaults.len() <= MAX_ENTRIES);
    if !defaults.is_empty() {
        prop_assert!(directory);
        for kind in [AclType::User, AclType::Group, AclType::Other] {
            prop_assert_eq!(unnamed(&defaults, kind), 1);
        }
        let named = defaults.iter().any(|e| e.name.is_some());
        prop_assert!(!named || unnamed(&defaults, AclType::Mask) == 1);
    }
    Ok(())
}

proptest! {
    #[test]
    fn stored_acls_are_valid(inode in any_inode(), change in any_change()) {
        let directory = matches!(inode.body, Body::Directory(_));
        assert_valid(inode.permission, inode.acl.as_deref(), directory)?;
        if let Ok((mode, acl)) = apply_change(&inode, &change, "/x") {
            assert_valid(mode, acl.as_deref(), directory)?;
            prop_assert_eq!(mode & 0o1000, inode.permission & 0o1000, "sticky stays");
        }
    }

    /// The mask that HDFS computes takes nothing away from the entries it covers.
    #[test]
    fn computed_masks_cover(inode in any_inode(), spec in vec(any_entry(), 1..6)) {
        let given = spec.iter().any(|e| e.kind == AclType::Mask && e.scope == AclScope::Access);
        let access = spec.iter().any(|e| e.scope == AclScope::Access);
        if let (false, true, Ok((mode, Some(acl)))) =
            (given, access, apply_change(&inode, &AclChange::Modify(spec), "/x"))
        {
            let union = acl.iter()
                .filter(|e| e.scope == AclScope::Access)
                .fold(0, |union, e| union | e.permission);
            if acl.iter().any(|e| e.scope == AclScope::Access && e.name.is_some()) {
                prop_assert_eq!((mode >> 3 & 7) as u8, union);
            }
        }
    }

    /// Changes that were made once change nothing when made again; an unrelated one keeps what
    /// it does not name.
    #[test]
    fn changes_are_idempotent(inode in any_inode(), change in any_change()) {
        if let Ok((mode, acl)) = apply_change(&inode, &change, "/x") {
            let after = Inode { permission: mode, acl: acl.clone(), ..inode };
            // Removing a mask that is computed again may be refused the second time.
            if let Ok(again) = apply_change(&after, &change, "/x") {
                prop_assert_eq!(again, (mode, acl));
            }
            let nothing = AclChange::Modify(vec![]);
            prop_assert_eq!(
                apply_change(&after, &nothing, "/x"),
                Ok((after.permission, after.acl.clone()))
            );
        }
    }

    #[test]
    fn removing_all_leaves_bits(inode in any_inode()) {
        let (mode, acl) = apply_change(&inode, &AclChange::Remove, "/x").unwrap();
        prop_assert_eq!(acl, None);
        prop_assert_eq!(mode & 0o1707, inode.permission & 0o1707);
        // The group bits are the group's own again, not the mask.
        let own = inode.acl.as_deref().unwrap_or_default().iter().find(|e| {
            e.key() == (AclScope::Access, AclType::Group, None)
        });
        let group = own.map_or((inode.permission >> 3 & 7) as u8, |e| e.permission);
        prop_assert_eq!((mode >> 3 & 7) as u8, group);
    }

    #[test]
    fn inherited_acls_are_valid(
        parent in any_inode(),
        mode in 0..0o10000u16,
        unmasked in option::of(0..0o10000u16),
        directory: bool,
    ) {
        let (got, acl) = inherit(&parent, mode, unmasked, directory);
        assert_valid(got, acl.as_deref(), directory)?;
        let asked = unmasked.unwrap_or(mode) | mode;
        prop_assert_eq!(got & !asked, 0, "never more than was asked for");
        let defaults = |acl: Option<&[AclEntry]>| -> Vec<AclEntry> {
            let entries = acl.unwrap_or_default().iter();
            entries.filter(|e| e.scope == AclScope::Default).cloned().collect()
        };
        let expected = if directory { defaults(parent.acl.as_deref()) } else { vec![] };
        prop_assert_eq!(defaults(acl.as_deref()), expected);
    }

    #[test]
    fn text_round_trip(entries in vec(any_entry(), 0..6)) {
        let entries: Vec<AclEntry> = entries
            .into_iter()
            .map(|e| AclEntry { name: e.name.clone().filter(|n| !n.is_empty()), ..e })
            .collect();
        prop_assert_eq!(parse_acl_spec(&text(&entries), true), Ok(entries));
    }

    #[test]
    fn parsing_never_panics(spec in ".*", with_permissions: bool) {
        let _ = parse_acl_spec(&spec, with_permissions);
    }
}
