//! Xattr names and rules: a table each.

use proptest::prelude::*;

use super::*;
use crate::inode::{Body, DirectoryBody, FileBody, Usage};

fn caller(superuser: bool) -> Caller {
    Caller { user: "joe".into(), groups: vec![], superuser }
}

fn name(text: &str) -> XAttrName {
    parse_name(text).unwrap()
}

fn inode(directory: bool, permission: u16) -> Inode {
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
    Inode {
        id: 1,
        parent: 0,
        name: "x".into(),
        owner: "joe".into(),
        group: "joe".into(),
        permission,
        mtime: 0,
        atime: 0,
        acl: None,
        xattrs: 0,
        body,
    }
}

#[test]
fn names() {
    for (text, printed) in [
        ("user.a", "user.a"),
        ("USER.A.b", "user.A.b"),
        ("Trusted.x", "trusted.x"),
        ("system.s", "system.s"),
        ("raw.r", "raw.r"),
        ("security.x", "security.x"),
    ] {
        assert_eq!(name(text).to_string(), printed);
    }
    for (text, message) in [
        ("user.", "XAttr name cannot be empty."),
        (
            "a.b",
            "An XAttr name must be prefixed with user/trusted/security/system/raw, followed by a '.'",
        ),
    ] {
        let error = parse_name(text).unwrap_err();
        assert_eq!(error.kind, ErrorKind::HadoopIllegalArgument);
        assert_eq!(error.message, message);
    }
    for text in ["", ".", "user", ".user.a", "users.a", "us er.a"] {
        assert!(parse_name(text).is_err(), "{text}");
    }
}

#[test]
fn who_sees_what() {
    let guard = XAttrName::unreadable_by_superuser();
    assert_eq!(guard.to_string(), "security.hdfs.unreadable.by.superuser");
    for (name, user, superuser) in [
        (name("user.a"), true, true),
        (name("trusted.a"), false, true),
        (name("security.a"), false, false),
        (name("system.a"), false, false),
        (name("raw.a"), false, false),
        (guard, true, true),
    ] {
        assert_eq!(visible(&caller(false), &name), user, "{name}");
        assert_eq!(visible(&caller(true), &name), superuser, "{name}");
        assert_eq!(check_name(&caller(false), &name).is_ok(), user, "{name}");
    }
    let error = check_name(&caller(false), &name("trusted.a")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::AccessControl);
    assert_eq!(error.message, "User doesn't have permission for xattr: trusted.a");
}

#[test]
fn setting() {
    let settings = Settings::default();
    let user = name("user.a");
    let set = |name: &XAttrName, len, exists, create, replace, count| {
        let answer =
            check_set(&caller(false), name, len, exists, create, replace, count, &settings);
        answer.map_err(|e| (e.kind, e.message))
    };
    assert_eq!(set(&user, 5, false, true, false, 0), Ok(()));
    assert_eq!(set(&user, 5, true, false, true, 1), Ok(()));
    assert_eq!(set(&user, 5, true, true, true, 32), Ok(()));
    let refused = |kind, message: &str| Err((kind, message.to_string()));
    assert_eq!(
        set(&user, 5, true, true, false, 1),
        refused(ErrorKind::Io, "XAttr: a already exists. The REPLACE flag must be specified.")
    );
    assert_eq!(
        set(&user, 5, false, false, true, 1),
        refused(ErrorKind::Io, "XAttr: a does not exist. The CREATE flag must be specified.")
    );
    assert_eq!(
        set(&user, 5, false, false, false, 1),
        refused(ErrorKind::HadoopIllegalArgument, "A flag must be specified.")
    );
    assert_eq!(set(&user, 5, false, true, false, 31), Ok(()));
    assert_eq!(
        set(&user, 5, false, true, false, 32),
        refused(ErrorKind::Io, "Cannot add additional XAttr to inode, would exceed limit of 32")
    );
    assert_eq!(set(&user, 16383, false, true, false, 0), Ok(()));
    assert_eq!(
        set(&user, 16384, false, true, false, 0),
        refused(
            ErrorKind::HadoopIllegalArgument,
            "The XAttr is too big. The maximum combined size of the name and value is 16384, but \
             the total size is 16385"
        )
    );
    let guard = XAttrName::unreadable_by_superuser();
    assert_eq!(set(&guard, 0, false, true, false, 32), Ok(()));
    assert_eq!(
        set(&guard, 1, false, true, false, 0),
        refused(
            ErrorKind::AccessControl,
            "Attempt to set a value for 'security.hdfs.unreadable.by.superuser'. Values are not \
             allowed for this xattr."
        )
    );
    assert!(set(&name("system.a"), 0, false, true, false, 0).is_err());
}

#[test]
fn removing() {
    let remove = |text, exists| {
        check_remove(&caller(false), &name(text), exists).map_err(|e| (e.kind, e.message))
    };
    assert_eq!(remove("user.a", true), Ok(()));
    assert_eq!(
        remove("user.a", false),
        Err((ErrorKind::Io, "No matching attributes found for remove operation".into()))
    );
    assert_eq!(
        remove("security.hdfs.unreadable.by.superuser", true),
        Err((
            ErrorKind::AccessControl,
            "The xattr 'security.hdfs.unreadable.by.superuser' can not be deleted.".into()
        ))
    );
    assert!(remove("trusted.a", true).is_err());
}

#[test]
fn rights_on_the_inode() {
    let write = ChangeAccess::Target(Access::WRITE);
    let guard = XAttrName::unreadable_by_superuser();
    for (name, directory, mode, needed) in [
        (name("user.a"), false, 0o644, write),
        (name("user.a"), true, 0o755, write),
        (name("user.a"), true, 0o1777, ChangeAccess::Owner),
        (name("trusted.a"), true, 0o1777, ChangeAccess::Nothing),
        (guard.clone(), false, 0o644, write),
    ] {
        assert_eq!(change_access(&name, &inode(directory, mode)), needed);
    }
    assert_eq!(check_kind(&guard, &inode(false, 0o644)), Ok(()));
    assert_eq!(
        check_kind(&guard, &inode(true, 0o755)).unwrap_err().message,
        "Can only set 'security.hdfs.unreadable.by.superuser' on a file."
    );
    assert_eq!(check_kind(&name("user.a"), &inode(true, 0o755)), Ok(()));
}

#[test]
fn content_closed_to_the_superuser() {
    assert_eq!(check_content(&caller(false), true), Ok(()));
    assert_eq!(check_content(&caller(true), false), Ok(()));
    assert_eq!(
        check_content(&caller(true), true).unwrap_err().message,
        "Access is denied for joe since the superuser is not allowed to perform this operation."
    );
}

proptest! {
    #[test]
    fn names_print_and_parse_alike(text in prop_oneof![".*", "(user|RAW|Trusted)[.].{0,5}"]) {
        if let Ok(name) = parse_name(&text) {
            prop_assert_eq!(parse_name(&name.to_string()), Ok(name));
        }
    }
}
