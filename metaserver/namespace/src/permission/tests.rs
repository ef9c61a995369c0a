//! Permission checks: a table of modes and ACLs, whole paths, and every message.

use super::*;
use crate::acl::{AclEntry, parse_acl_spec};
use crate::inode::{Body, DirectoryBody, FileBody, Usage};

const READ: Access = Access::READ;
const WRITE: Access = Access::WRITE;

fn caller(user: &str, groups: &[&str]) -> Caller {
    Caller {
        user: user.into(),
        groups: groups.iter().map(|&g| g.into()).collect(),
        superuser: user == "hdfs",
    }
}

fn dir(name: &str, owner: &str, group: &str, permission: u16) -> Arc<Inode> {
    Arc::new(Inode {
        id: 1,
        parent: 0,
        name: name.into(),
        owner: owner.into(),
        group: group.into(),
        permission,
        mtime: 0,
        atime: 0,
        acl: None,
        xattrs: 0,
        body: Body::Directory(DirectoryBody {
            children: 0,
            below: Usage::default(),
            quota: None,
            space_quota: None,
        }),
    })
}

fn file(name: &str, owner: &str, group: &str, permission: u16) -> Arc<Inode> {
    let body = Body::File(FileBody { length: 0, replication: 1, block_size: 1, lease: None });
    Arc::new(Inode { body, ..Arc::unwrap_or_clone(dir(name, owner, group, permission)) })
}

fn with_acl(inode: Arc<Inode>, spec: &str) -> Arc<Inode> {
    let entries: Vec<AclEntry> = parse_acl_spec(spec, true).unwrap();
    Arc::new(Inode { acl: Some(entries.into()), ..Arc::unwrap_or_clone(inode) })
}

/// The tree of most tests: `/` 755 hdfs, `/a` `permission` alice:staff, `/a/f` a file of alice.
fn chain(permission: u16) -> Vec<Arc<Inode>> {
    vec![
        dir("", "hdfs", "supergroup", 0o755),
        dir("a", "alice", "staff", permission),
        file("f", "alice", "staff", 0o640),
    ]
}

fn run(who: &Caller, inodes: &[Arc<Inode>], path: &str, want: Checks) -> Result<(), FsError> {
    let names: Vec<&str> = path.split('/').filter(|n| !n.is_empty()).collect();
    let chain = PathChain { inodes, names: &names, path };
    check(who, &chain, want)
}

fn denial(who: &Caller, inodes: &[Arc<Inode>], path: &str, want: Checks) -> String {
    let error = run(who, inodes, path, want).unwrap_err();
    assert_eq!(error.kind, ErrorKind::AccessControl, "{error}");
    error.message
}

fn target(access: Access) -> Checks {
    Checks { target: Some(access), ..Checks::default() }
}

#[test]
fn first_matching_class_decides() {
    let inode = file("f", "alice", "staff", 0o047);
    // Even where a later class would grant more.
    assert!(!has_access(&caller("alice", &["staff"]), &inode, READ));
    assert!(has_access(&caller("bob", &["staff"]), &inode, READ));
    assert!(!has_access(&caller("bob", &["staff"]), &inode, WRITE));
    assert!(has_access(&caller("carol", &["other"]), &inode, Access::ALL));
}

#[test]
fn acl_entries_in_order() {
    // mask rw-: joe's rwx becomes rw-.
    let spec = "user:joe:rwx,user:ann:---,group::r--,group:dev:rw-,group:ops:--x";
    let inode = with_acl(file("f", "alice", "staff", 0o764), spec);
    let cases: &[(&str, &[&str], Access, bool)] = &[
        ("alice", &[], Access::ALL, true),
        ("joe", &[], Access::READ_WRITE, true),
        ("joe", &[], Access::EXECUTE, false),
        // A named user's entry ends the search, though other:: would grant.
        ("ann", &["dev"], READ, false),
        ("bob", &["staff"], READ, true),
        ("bob", &["staff"], WRITE, false),
        // Any of the groups may grant.
        ("bob", &["staff", "dev"], WRITE, true),
        ("bob", &["dev", "staff"], Access::READ_WRITE, true),
        // ops' --x is masked away, and a matched group shuts other:: out.
        ("bob", &["ops"], Access::EXECUTE, false),
        ("bob", &["ops"], READ, false),
        ("eve", &[], READ, true),
        ("eve", &[], WRITE, false),
    ];
    for (user, groups, access, allowed) in cases {
        let who = caller(user, groups);
        assert_eq!(has_access(&who, &inode, *access), *allowed, "{user} {groups:?} {access}");
    }
}

#[test]
fn a_default_acl_grants_nothing() {
    let inode = with_acl(
        dir("d", "alice", "staff", 0o750),
        "default:user::rwx,default:user:joe:rwx,default:group::rwx,default:mask::rwx,default:other::rwx",
    );
    assert!(!has_access(&caller("joe", &[]), &inode, READ));
    assert!(has_access(&caller("bob", &["staff"]), &inode, READ));
}

#[test]
fn denied_message() {
    let joe = caller("joe", &["users"]);
    let inodes = chain(0o755);
    assert_eq!(
        denial(&joe, &inodes, "/a/f", target(WRITE)),
        "Permission denied: user=joe, access=WRITE, inode=\"/a/f\":alice:staff:-rw-r-----"
    );
    let want = Checks { parent: Some(WRITE), ..Checks::default() };
    assert_eq!(
        denial(&joe, &inodes, "/a/f", want),
        "Permission denied: user=joe, access=WRITE, inode=\"/a\":alice:staff:drwxr-xr-x"
    );
    let want = Checks { ancestor: Some(WRITE), create: true, ..Checks::default() };
    assert_eq!(
        denial(&joe, &inodes[..1], "/x/y/z", want),
        "Permission denied: user=joe, access=WRITE, inode=\"/\":hdfs:supergroup:drwxr-xr-x"
    );
}

#[test]
fn every_ancestor_must_be_traversable() {
    let joe = caller("joe", &["users"]);
    let inodes = chain(0o750);
    assert_eq!(
        denial(&joe, &inodes, "/a/f", Checks::default()),
        "Permission denied: user=joe, access=EXECUTE, inode=\"/a\":alice:staff:drwxr-x---"
    );
    // Also when the end does not exist, so that nothing is learned about it.
    assert!(run(&joe, &inodes[..2], "/a/none/x", Checks::default()).is_err());
    // The target itself needs no EXECUTE.
    assert_eq!(run(&joe, &inodes[..2], "/a", Checks::default()), Ok(()));
    assert_eq!(run(&caller("bob", &["staff"]), &inodes, "/a/f", Checks::default()), Ok(()));
    assert_eq!(run(&caller("hdfs", &[]), &inodes, "/a/f", target(Access::ALL)), Ok(()));
}

#[test]
fn the_root_has_no_parent() {
    let joe = caller("joe", &[]);
    let want =
        Checks { ancestor: Some(WRITE), parent: Some(WRITE), sticky: true, ..Checks::default() };
    let root = [dir("", "hdfs", "supergroup", 0o1700)];
    assert_eq!(run(&joe, &root, "/", want), Ok(()));
    assert!(run(&joe, &root, "/", target(READ)).is_err());
}

#[test]
fn a_file_is_no_directory() {
    let hdfs = caller("hdfs", &[]);
    let inodes = chain(0o755);
    for who in [&hdfs, &caller("alice", &[])] {
        assert_eq!(
            denial(who, &inodes, "/a/f/x/y", Checks::default()),
            "/a/f (is not a directory)"
        );
        let want = Checks { create: true, ..Checks::default() };
        let error = run(who, &inodes, "/a/f/x", want).unwrap_err();
        assert_eq!(error.kind, ErrorKind::ParentNotDirectory);
        assert_eq!(error.message, "/a/f (is not a directory)");
    }
}

#[test]
fn sticky_directories() {
    let inodes = chain(0o1777);
    let want = Checks { parent: Some(WRITE), sticky: true, ..Checks::default() };
    let joe = caller("joe", &[]);
    assert_eq!(
        denial(&joe, &inodes, "/a/f", want),
        "Permission denied by sticky bit: user=joe, path=\"/a/f\":alice:staff:-rw-r-----, \
         parent=\"/a\":alice:staff:drwxrwxrwt"
    );
    assert_eq!(run(&caller("alice", &[]), &inodes, "/a/f", want), Ok(()));
    assert_eq!(run(&caller("hdfs", &[]), &inodes, "/a/f", want), Ok(()));
    // The entry's owner may, too; and a missing entry is nobody's.
    let mut own = inodes.clone();
    own[2] = file("f", "joe", "users", 0o600);
    assert_eq!(run(&joe, &own, "/a/f", want), Ok(()));
    assert_eq!(run(&joe, &inodes[..2], "/a/new", want), Ok(()));
    // Without the sticky check, WRITE is enough.
    let write = Checks { sticky: false, ..want };
    assert_eq!(run(&joe, &inodes, "/a/f", write), Ok(()));
    assert!(check_sticky(&joe, &inodes[1], "/a", &inodes[2], "/a/f").is_err());
}

#[test]
fn ownership() {
    let want = Checks { owner: true, ..Checks::default() };
    let inodes = chain(0o755);
    assert_eq!(run(&caller("alice", &[]), &inodes, "/a/f", want), Ok(()));
    assert_eq!(run(&caller("hdfs", &[]), &inodes, "/a/f", want), Ok(()));
    assert_eq!(
        denial(&caller("joe", &[]), &inodes, "/a/f", want),
        "Permission denied. user=joe is not the owner of inode=/a/f"
    );
    for who in ["hdfs", "joe"] {
        let error = run(&caller(who, &[]), &inodes[..2], "/a/x", want).unwrap_err();
        assert_eq!(error.kind, ErrorKind::FileNotFound);
        assert_eq!(error.message, "Directory/File does not exist /a/x");
    }
}

#[test]
fn changing_the_owner() {
    let joe = caller("joe", &["users", "dev"]);
    assert_eq!(check_set_owner(&joe, Some("joe"), Some("dev")), Ok(()));
    assert_eq!(
        check_set_owner(&joe, Some("ann"), None).unwrap_err().message,
        "User joe is not a super user (non-super user cannot change owner)."
    );
    assert_eq!(
        check_set_owner(&joe, None, Some("ops")).unwrap_err().message,
        "User joe does not belong to ops"
    );
    assert_eq!(check_set_owner(&caller("hdfs", &[]), Some("x"), Some("y")), Ok(()));
}

#[test]
fn superuser_only() {
    let joe = caller("joe", &[]);
    assert_eq!(
        check_superuser(&joe, None).unwrap_err().message,
        "Access denied for user joe. Superuser privilege is required"
    );
    assert_eq!(
        check_superuser(&joe, Some("setQuota")).unwrap_err().message,
        "Access denied for user joe. Superuser privilege is required for operation setQuota"
    );
    assert_eq!(check_superuser(&caller("hdfs", &[]), None), Ok(()));
}

#[test]
fn checks_switched_off() {
    let joe = caller("joe", &[]);
    let mut settings = Settings::default();
    let chmod = Mutation::SetPermission { path: "/a".into(), permission: 0o700 };
    let times = Mutation::SetTimes { path: "/a".into(), mtime: None, atime: None };
    assert!(!effective(&joe, &settings, None).superuser);
    settings.permissions_enabled = false;
    assert!(effective(&joe, &settings, None).superuser);
    assert!(effective(&joe, &settings, Some(&times)).superuser);
    assert!(!effective(&joe, &settings, Some(&chmod)).superuser);
    assert_eq!(effective(&joe, &settings, None).user, "joe");
}

#[test]
fn symbols() {
    for (mode, text) in [
        (0o000, "---------"),
        (0o755, "rwxr-xr-x"),
        (0o1777, "rwxrwxrwt"),
        (0o1754, "rwxr-xr-T"),
        (0o421, "r---w---x"),
    ] {
        assert_eq!(symbolic(mode), text);
    }
}
