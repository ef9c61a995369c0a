//! Attributes, quotas, ACLs, xattrs and queries: the exceptions and messages of HDFS.

use metafs_namespace::acl::{AclEntry, AclScope, AclType, parse_acl_spec};
use metafs_namespace::command::{AclChange, Mutation, QuotaChange, RenameMode};
use metafs_namespace::inode::Kind;
use metafs_namespace::xattr::parse_name;
use metafs_namespace::{Caller, ErrorKind, Failure, Reply, Settings};

use crate::fs::*;

#[test]
fn quotas_and_their_messages() {
    use QuotaChange::{Clear, Keep, Set};
    let mut fs = Fs::new();
    fs.must(mkdirs("/q"));
    fs.must(put("/f", ""));
    refused(
        fs.as_user("ann", quota("/q", Set(1), Keep)),
        ErrorKind::AccessControl,
        "Access denied for user ann. Superuser privilege is required",
    );
    refused(
        fs.ask(quota("/missing", Set(1), Keep)),
        ErrorKind::FileNotFound,
        "Directory does not exist: /missing",
    );
    refused(
        fs.ask(quota("/f", Set(1), Keep)),
        ErrorKind::PathIsNotDirectory,
        "`/f': Is not a directory",
    );
    refused(
        fs.ask(quota("/", Clear, Keep)),
        ErrorKind::IllegalArgument,
        "Cannot clear namespace quota on root.",
    );
    fs.must(quota("/q", Set(1), Keep));
    let message = "The NameSpace quota (directories and files) of directory /q is exceeded: \
                   quota=1 file count=2";
    refused(fs.ask(mkdirs("/q/a")), ErrorKind::NsQuotaExceeded, message);
    refused(fs.ask(mkdirs("/q/a/b/c")), ErrorKind::NsQuotaExceeded, message);
    refused(fs.ask(put("/q/a/f", "x")), ErrorKind::NsQuotaExceeded, message);
    let reply = fs.ask(rename("/f", "/q/f", RenameMode::Legacy));
    refused(reply, ErrorKind::NsQuotaExceeded, message);
    // What comes first is told: a folder on the way, the file, and only then its bytes.
    fs.must(quota("/q", Set(2), Keep));
    fs.must(mkdirs("/q/d"));
    fs.must(quota("/q/d", Keep, Set(1)));
    for path in ["/q/d/f", "/q/d/a/f"] {
        refused(
            fs.ask(put(path, "x")),
            ErrorKind::NsQuotaExceeded,
            "The NameSpace quota (directories and files) of directory /q is exceeded: \
             quota=2 file count=3",
        );
    }
    fs.must(delete("/q/d", true));
    fs.must(quota("/q", Clear, Set(2048)));
    fs.must(put("/q/a", "xy"));
    let summary = fs.view().content_summary(&fs.hdfs(), "/q").unwrap();
    assert_eq!((summary.quota, summary.space_quota), (None, Some(2048)));
    assert_eq!((summary.directories, summary.files), (1, 1));
    assert_eq!((summary.length, summary.space_consumed), (2, 6));
    refused(
        fs.ask(Mutation::PutFile {
            path: "/q/b".into(),
            options: options(),
            content: vec![b'x'; 1024].into(),
        }),
        ErrorKind::DsQuotaExceeded,
        "The DiskSpace quota of /q is exceeded: quota = 2048 B = 2 KB but diskspace consumed = \
         3078 B = 3.01 KB",
    );
    fs.must(quota("/q", Keep, Set(1)));
    assert_eq!(fs.must(delete("/q/a", false)), Reply::Bool(true));
    fs.must(quota("/q", Keep, Clear));
    let root = fs.view().content_summary(&fs.hdfs(), "/").unwrap();
    assert_eq!(root.quota, Some(i64::MAX as u64), "as `-count -q /` of HDFS shows it");
}

#[test]
fn attributes_and_who_may_change_them() {
    let mut fs = Fs::new();
    fs.must(put("/f", "abc"));
    let chown = |owner: Option<&str>, group: Option<&str>| Mutation::SetOwner {
        path: "/f".into(),
        owner: owner.map(Into::into),
        group: group.map(Into::into),
    };
    fs.must(chown(Some("ann"), None));
    refused(
        fs.as_user("bob", chmod("/f", 0o777)),
        ErrorKind::AccessControl,
        "Permission denied. user=bob is not the owner of inode=/f",
    );
    refused(
        fs.as_user("ann", chown(Some("bob"), None)),
        ErrorKind::AccessControl,
        "User ann is not a super user (non-super user cannot change owner).",
    );
    refused(
        fs.as_user("ann", chown(None, Some("staff"))),
        ErrorKind::AccessControl,
        "User ann does not belong to staff",
    );
    fs.as_user("ann", chown(Some("ann"), Some("ann"))).unwrap();
    let missing = "Directory/File does not exist /x";
    refused(fs.ask(chmod("/x", 0o777)), ErrorKind::FileNotFound, missing);
    let nobodys = Mutation::SetOwner { path: "/x".into(), owner: Some("ann".into()), group: None };
    refused(fs.ask(nobodys), ErrorKind::FileNotFound, missing);
    let times = |path: &str, mtime| Mutation::SetTimes {
        path: path.into(),
        mtime: Some(mtime),
        atime: None,
    };
    refused(fs.ask(times("/x", 5)), ErrorKind::FileNotFound, "File/Directory /x does not exist.");
    let before = fs.status("/f").unwrap();
    fs.must(times("/f", 5));
    fs.must(times("/f", -1));
    let after = fs.status("/f").unwrap();
    assert_eq!((after.mtime, after.atime), (5, before.atime));
    for (path, result) in [("/f", true), ("/", false), ("/x", false)] {
        let reply = fs.must(Mutation::SetReplication { path: path.into(), replication: 2 });
        assert_eq!(reply, Reply::Bool(result));
    }
    let root = fs.view().content_summary(&fs.hdfs(), "/").unwrap();
    assert_eq!(root.space_consumed, 6);
}

#[test]
fn queries_answer_as_hdfs_does() {
    let mut fs = Fs::new();
    fs.must(put("/d/f", "0123456789"));
    fs.must(put("/d/e/x", ""));
    fs.must(chmod("/d/e", 0o700));
    let (hdfs, ann) = (fs.hdfs(), fs.settings.caller("ann"));
    let view = fs.view();
    assert_eq!(view.file_status(&hdfs, "/d/f/below").unwrap(), None);
    let refusal = |failure: Failure| match failure {
        Failure::Fs(refused) => (refused.kind, refused.message),
        Failure::Rows(fatal) => panic!("{fatal}"),
    };
    assert_eq!(
        refusal(view.file_status(&ann, "/d/f/below").unwrap_err()),
        (ErrorKind::AccessControl, "/d/f (is not a directory)".into())
    );
    assert_eq!(
        refusal(view.list(&ann, "/d/e", None, 10).unwrap_err()),
        (
            ErrorKind::AccessControl,
            "Permission denied: user=ann, access=READ_EXECUTE, \
             inode=\"/d/e\":hdfs:supergroup:drwx------"
                .into()
        )
    );
    let file = view.list(&ann, "/d/f", None, 10).unwrap().unwrap();
    assert_eq!((file.entries.len(), &*file.entries[0].name), (1, ""));
    assert_eq!(view.list(&ann, "/x", None, 10).unwrap(), None);
    let page = view.list(&ann, "/d", None, 1).unwrap().unwrap();
    assert_eq!((&*page.entries[0].name, page.remaining), ("e", 1));
    let page = view.list(&ann, "/d", Some(b"e"), 1).unwrap().unwrap();
    assert_eq!((&*page.entries[0].name, page.remaining), ("f", 0));
    for (offset, length, data) in
        [(0, None, &b"0123456789"[..]), (3, Some(2), b"34"), (8, Some(100), b"89"), (10, None, b"")]
    {
        let content = view.read(&ann, "/d/f", offset, length).unwrap();
        assert_eq!(&content.data[..], data);
    }
    for (error, kind, message) in [
        (
            view.read(&ann, "/d", 0, None).unwrap_err(),
            ErrorKind::FileNotFound,
            "Path is not a file: /d",
        ),
        (
            view.read(&ann, "/x", 0, None).unwrap_err(),
            ErrorKind::FileNotFound,
            "File does not exist: /x",
        ),
        (
            view.content_summary(&ann, "/x").unwrap_err(),
            ErrorKind::FileNotFound,
            "File does not exist: /x",
        ),
        (
            view.check_access(&ann, "/x", 4).unwrap_err(),
            ErrorKind::FileNotFound,
            "Path not found: /x",
        ),
        (
            view.quota_usage(&ann, "/x").unwrap_err(),
            ErrorKind::FileNotFound,
            "File/Directory does not exist: /x",
        ),
        (view.acl_status(&ann, "/x").unwrap_err(), ErrorKind::FileNotFound, "cannot find /x"),
    ] {
        assert_eq!(refusal(error), (kind, message.to_owned()));
    }
    view.check_access(&ann, "/d/f", 4).unwrap();
    assert!(view.check_access(&ann, "/d/f", 2).is_err());
    assert_eq!(view.home_directory(&ann), "/user/ann");
    assert_eq!(view.trash_root(&ann, "/d"), "/user/ann/.Trash");
    assert_eq!(view.file_status(&ann, "/").unwrap().unwrap().kind, Kind::Directory);
}

#[test]
fn without_permissions_everybody_writes_but_chmod_is_still_the_owners() {
    let mut fs = Fs::with(Settings { permissions_enabled: false, ..Settings::default() });
    fs.as_user("ann", mkdirs("/a")).unwrap();
    fs.as_user("bob", put("/a/f", "")).unwrap();
    assert_eq!(fs.status("/a/f").unwrap().owner, "bob");
    let reply = fs.as_user("ann", chmod("/a/f", 0o600));
    assert_eq!(reply.unwrap_err().kind, ErrorKind::AccessControl);
}

#[test]
fn acls_are_kept_inherited_and_checked() {
    let mut fs = Fs::new();
    fs.must(mkdirs("/d"));
    let change = |path: &str, spec: &str| Mutation::ModifyAcl {
        path: path.into(),
        change: AclChange::Modify(parse_acl_spec(spec, true).unwrap()),
    };
    fs.must(change("/d", "user:ann:rwx,default:user:ann:rwx"));
    fs.as_user("ann", put("/d/x/f", "mine")).unwrap();
    let inherited = fs.view().acl_status(&fs.hdfs(), "/d/x").unwrap();
    let ann =
        |scope| AclEntry { scope, kind: AclType::User, name: Some("ann".into()), permission: 7 };
    assert!(inherited.entries.contains(&ann(AclScope::Access)));
    assert!(inherited.entries.contains(&ann(AclScope::Default)));
    assert!(fs.status("/d/x").unwrap().has_acl);
    refused(
        fs.as_user("ann", change("/d", "user:bob:rwx")),
        ErrorKind::AccessControl,
        "Permission denied. user=ann is not the owner of inode=/d",
    );
    fs.must(Mutation::ModifyAcl { path: "/d".into(), change: AclChange::Remove });
    assert!(!fs.status("/d").unwrap().has_acl);
    let reply = fs.as_user("ann", put("/d/g", ""));
    assert_eq!(reply.unwrap_err().kind, ErrorKind::AccessControl);
}

#[test]
fn xattrs_are_kept_and_filtered() {
    let mut fs = Fs::new();
    fs.must(put("/f", "secret"));
    fs.must(chmod("/f", 0o666));
    let set = |name: &str, value: &'static str| Mutation::SetXAttr {
        path: "/f".into(),
        name: parse_name(name).unwrap(),
        value: value.into(),
        create: true,
        replace: false,
    };
    fs.must(set("trusted.t", "1"));
    fs.as_user("ann", set("user.u", "2")).unwrap();
    refused(
        fs.ask(set("user.u", "3")),
        ErrorKind::Io,
        "XAttr: u already exists. The REPLACE flag must be specified.",
    );
    let (hdfs, ann) = (fs.hdfs(), fs.settings.caller("ann"));
    let names = |caller: &Caller| -> Vec<String> {
        let names = fs.view().list_xattrs(caller, "/f").unwrap();
        names.iter().map(ToString::to_string).collect()
    };
    assert_eq!(names(&ann), ["user.u"]);
    assert_eq!(names(&hdfs), ["user.u", "trusted.t"]);
    let one = [parse_name("user.u").unwrap()];
    let found = fs.view().xattrs(&ann, "/f", Some(&one)).unwrap();
    assert_eq!(&found[0].value[..], b"2");
    let missing = [parse_name("user.none").unwrap()];
    let error = fs.view().xattrs(&ann, "/f", Some(&missing)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "XAttrNotFoundException: At least one of the attributes provided was not found."
    );
    fs.must(set("security.hdfs.unreadable.by.superuser", ""));
    assert!(fs.view().read(&hdfs, "/f", 0, None).is_err());
    assert!(fs.view().read(&ann, "/f", 0, None).is_ok());
    fs.must(delete("/f", false));
    assert!(fs.rows.rows.keys().all(|key| key[0] != 3), "none is left");
}
