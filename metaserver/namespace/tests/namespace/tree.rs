//! mkdirs, create, delete, rename: the exceptions, messages and corner cases of HDFS, as Hadoop's
//! contract tests and shell see them.

use metafs_namespace::command::{CreateOptions, IfExists, Mutation, RenameMode};
use metafs_namespace::{ErrorKind, Failure, MemoryRows, Op, Reply, Settings};

use crate::fs::*;

#[test]
fn before_the_settings_nobody_is_served() {
    let mut fs = Fs { rows: MemoryRows::default(), now: 0, settings: Settings::default() };
    let reply = fs.ask(mkdirs("/a"));
    assert_eq!(reply.unwrap_err().kind, ErrorKind::Retriable);
    assert!(fs.view().settings().is_none());
    match fs.view().file_status(&fs.hdfs(), "/") {
        Err(Failure::Fs(refused)) => assert_eq!(refused.kind, ErrorKind::Retriable),
        other => panic!("{other:?}"),
    }
}

#[test]
fn older_settings_are_ignored_and_bad_ones_refused() {
    let mut fs = Fs::new();
    let with = |generation, inline_limit| {
        Op::SetSettings(Box::new(Settings { generation, inline_limit, ..Settings::default() }))
    };
    fs.apply(with(5, 100)).unwrap();
    fs.apply(with(4, 200)).unwrap();
    assert_eq!(fs.view().settings().unwrap().inline_limit, 100);
    refused(
        fs.apply(with(6, 2 << 20)),
        ErrorKind::IllegalArgument,
        "inlineLimit is 2097152, at most 1048576 bytes are supported",
    );
}

#[test]
fn replicated_time_never_goes_back() {
    let mut fs = Fs::new();
    fs.now = 50_000;
    fs.must(mkdirs("/a"));
    fs.now = 10_000;
    fs.must(mkdirs("/b"));
    assert_eq!(fs.status("/b").unwrap().mtime, 51_000);
}

#[test]
fn mkdirs_and_its_refusals() {
    let mut fs = Fs::new();
    assert_eq!(fs.must(mkdirs("/")), Reply::Bool(true));
    assert_eq!(fs.must(mkdirs("/a/b")), Reply::Bool(true));
    assert_eq!(fs.must(mkdirs("/a/b")), Reply::Bool(true));
    fs.must(put("/a/f", "x"));
    refused(fs.ask(mkdirs("/a/f")), ErrorKind::FileAlreadyExists, "Path is not a directory: /a/f");
    refused(fs.ask(mkdirs("/a/f/g/h")), ErrorKind::ParentNotDirectory, "/a/f (is not a directory)");
    let no_parents = Mutation::Mkdirs {
        path: "/x/y".into(),
        permission: 0o755,
        unmasked: None,
        create_parent: false,
    };
    refused(fs.ask(no_parents), ErrorKind::FileNotFound, "Parent directory doesn't exist: /x");
    let long = "n".repeat(256);
    refused(
        fs.ask(mkdirs(&format!("/a/{long}"))),
        ErrorKind::PathComponentTooLong,
        &format!(
            "The maximum path component name limit of {long} in directory /a is exceeded: \
             limit=255 length=256"
        ),
    );
    refused(
        fs.ask(mkdirs(&"/d".repeat(1001))),
        ErrorKind::Io,
        "mkdirs: Pathname too long.  Limit 8000 characters, 1000 levels.",
    );
    let reply = fs.ask(mkdirs("/.reserved"));
    assert_eq!(reply.unwrap_err().kind, ErrorKind::HadoopIllegalArgument);
    assert_eq!(fs.must(mkdirs(&"/d".repeat(1000))), Reply::Bool(true));
    assert_eq!(fs.view().totals().unwrap().directories, 1003);
}

#[test]
fn new_folders_take_owner_group_mode_and_times_as_in_hdfs() {
    let mut fs = Fs::new();
    fs.must(chmod("/", 0o777));
    let made = Mutation::Mkdirs {
        path: "/u/v".into(),
        permission: 0o1050,
        unmasked: None,
        create_parent: true,
    };
    fs.as_user("ann", made).unwrap();
    let (above, last) = (fs.status("/u").unwrap(), fs.status("/u/v").unwrap());
    assert_eq!((&*above.owner, &*above.group), ("ann", "supergroup"));
    assert_eq!((above.permission, last.permission), (0o350, 0o1050));
    assert_eq!((last.atime, last.mtime), (0, fs.now));
    assert_eq!((above.children, last.children), (1, 0));
    assert_eq!(fs.status("/").unwrap().mtime, fs.now);
}

#[test]
fn folders_have_limited_room() {
    let mut fs = Fs::with(Settings { max_directory_items: 2, ..Settings::default() });
    fs.must(put("/a", ""));
    fs.must(mkdirs("/b/c"));
    let message = "The directory item limit of / is exceeded: limit=2 items=2";
    refused(fs.ask(put("/c", "")), ErrorKind::MaxDirectoryItems, message);
    let reply = fs.ask(rename("/b/c", "/c", RenameMode::Legacy));
    refused(reply, ErrorKind::MaxDirectoryItems, message);
    fs.must(rename("/a", "/z", RenameMode::NoReplace));
}

#[test]
fn creating_files_and_its_refusals() {
    let mut fs = Fs::new();
    fs.must(put("/d/f", "one"));
    refused(
        fs.ask(put("/d/f", "two")),
        ErrorKind::FileAlreadyExists,
        "/d/f for client hdfs already exists",
    );
    refused(
        fs.ask(put("/d", "two")),
        ErrorKind::FileAlreadyExists,
        "/d already exists as a directory",
    );
    let reply = fs.ask(put("/", "two"));
    assert_eq!(reply.unwrap_err().kind, ErrorKind::FileAlreadyExists);
    refused(
        fs.ask(put("/d/f/g", "two")),
        ErrorKind::ParentNotDirectory,
        "/d/f (is not a directory)",
    );
    let before = fs.status("/d/f").unwrap();
    let over = Mutation::PutFile {
        path: "/d/f".into(),
        options: CreateOptions { if_exists: IfExists::Overwrite, ..options() },
        content: "three".into(),
    };
    let Reply::Opened(status) = fs.must(over) else {
        panic!("no status");
    };
    assert_ne!(status.inode, before.inode, "a new file, as in HDFS");
    assert_eq!(fs.content("/d/f"), b"three");
    assert_eq!((status.length, status.atime, status.mtime), (5, fs.now, fs.now));
    for (replication, message) in [
        (0, "Requested replication factor of 0 is less than the required minimum of 1 for /r"),
        (513, "Requested replication factor of 513 exceeds maximum of 512 for /r"),
    ] {
        let odd = Mutation::PutFile {
            path: "/r".into(),
            options: CreateOptions { replication, ..options() },
            content: "".into(),
        };
        refused(fs.ask(odd), ErrorKind::Io, message);
    }
}

#[test]
fn contents_have_a_limit_that_the_error_names() {
    let mut fs = Fs::with(Settings { inline_limit: 4, ..Settings::default() });
    fs.must(put("/four", "four"));
    let message = "/five would have 5 bytes: files of this cluster have at most 4 bytes, larger \
                   ones are not supported yet";
    refused(fs.ask(put("/five", "fives")), ErrorKind::Io, message);
    assert!(fs.status("/five").is_none());
}

#[test]
fn delete_and_its_refusals() {
    let mut fs = Fs::new();
    fs.must(put("/d/e/f", "abc"));
    assert_eq!(fs.must(delete("/missing", true)), Reply::Bool(false));
    refused(
        fs.ask(delete("/d", false)),
        ErrorKind::PathIsNotEmptyDirectory,
        "`/d is non empty': Directory is not empty",
    );
    assert_eq!(fs.must(delete("/", true)), Reply::Bool(false));
    assert_eq!(fs.must(delete("/d", true)), Reply::Bool(true));
    assert!(fs.status("/d").is_none() && fs.status("/d/e/f").is_none());
    assert_eq!(fs.view().totals().unwrap().directories, 1);
    assert!(fs.view().pending_reap());
    fs.must(put("/d/e/f", "new"));
    let reply = fs.apply(Op::Reap { max_inodes: 100 });
    assert_eq!(reply, Ok(Reply::Progress { done: 4, more: false }));
    assert_eq!(fs.content("/d/e/f"), b"new");
    assert_eq!(fs.must(delete("/", true)), Reply::Bool(false));
    fs.must(delete("/d", true));
    assert_eq!(fs.must(delete("/", false)), Reply::Bool(false));
}

#[test]
fn a_user_deletes_what_is_theirs_all_the_way_down() {
    let mut fs = Fs::new();
    fs.must(mkdirs("/home/ann/tree/empty"));
    fs.must(put("/home/ann/tree/of-hdfs/file", ""));
    for path in ["/home/ann", "/home/ann/tree"] {
        let owner = Some("ann".into());
        fs.must(Mutation::SetOwner { path: path.into(), owner, group: None });
    }
    refused(
        fs.as_user("ann", delete("/home/ann/tree", true)),
        ErrorKind::AccessControl,
        "Permission denied: user=ann, access=ALL, \
         inode=\"/home/ann/tree/of-hdfs\":hdfs:supergroup:drwxr-xr-x",
    );
    fs.must(delete("/home/ann/tree/of-hdfs/file", false));
    let gone = fs.as_user("ann", delete("/home/ann/tree", true));
    assert_eq!(gone, Ok(Reply::Bool(true)), "empty folders of others are no obstacle");
}

#[test]
fn the_old_rename_answers_false() {
    use RenameMode::Legacy;
    let mut fs = Fs::new();
    fs.must(put("/d/f", "abc"));
    fs.must(mkdirs("/e/d"));
    for (src, dst, result) in [
        ("/missing", "/x", false),
        ("/", "/x", false),
        ("/d", "/d", false),
        ("/d/f", "/d/f", true),
        ("/d", "/d/x", false),
        ("/d", "/no/parent", false),
        ("/d/f", "/d", true),
        ("/d", "/e", false),
        ("/d/f", "/e", true),
        ("/e/f", "/e/g", true),
        ("/e/d", "/", false),
    ] {
        let reply = fs.must(rename(src, dst, Legacy));
        assert_eq!(reply, Reply::Bool(result), "{src} to {dst}");
    }
    assert_eq!(fs.content("/e/g"), b"abc");
    refused(
        fs.ask(rename("/d", "/e/g/x", Legacy)),
        ErrorKind::ParentNotDirectory,
        "/e/g (is not a directory)",
    );
    refused(
        fs.ask(rename("/e/g/x", "/x", Legacy)),
        ErrorKind::AccessControl,
        "/e/g (is not a directory)",
    );
}

#[test]
fn the_new_rename_says_why() {
    use RenameMode::{NoReplace, Overwrite};
    let mut fs = Fs::new();
    fs.must(put("/d/f", "abc"));
    fs.must(put("/d/g", "def"));
    fs.must(mkdirs("/empty"));
    for (src, dst, mode, kind, message) in [
        (
            "/missing",
            "/x",
            NoReplace,
            ErrorKind::FileNotFound,
            "rename source /missing is not found.",
        ),
        ("/", "/x", NoReplace, ErrorKind::Io, "rename source cannot be the root"),
        (
            "/d",
            "/d",
            NoReplace,
            ErrorKind::FileAlreadyExists,
            "The source /d and destination /d are the same",
        ),
        (
            "/d",
            "/d/x/y",
            NoReplace,
            ErrorKind::Io,
            "Rename destination /d/x/y is a directory or file under source /d",
        ),
        ("/d", "/", Overwrite, ErrorKind::Io, "rename destination cannot be the root"),
        (
            "/d/f",
            "/empty",
            Overwrite,
            ErrorKind::Io,
            "Source /d/f and destination /empty must both be directories",
        ),
        (
            "/d/f",
            "/d/g",
            NoReplace,
            ErrorKind::FileAlreadyExists,
            "rename destination /d/g already exists",
        ),
        ("/empty", "/d", Overwrite, ErrorKind::Io, "rename destination directory is not empty: /d"),
        (
            "/d",
            "/no/parent",
            NoReplace,
            ErrorKind::FileNotFound,
            "rename destination parent /no/parent not found.",
        ),
        (
            "/d",
            "/.reserved",
            NoReplace,
            ErrorKind::InvalidPath,
            "Invalid path name Cannot rename to or from /.reserved",
        ),
    ] {
        refused(fs.ask(rename(src, dst, mode)), kind, message);
    }
    assert_eq!(fs.must(rename("/d/f", "/d/g", Overwrite)), Reply::Done);
    assert_eq!(fs.content("/d/g"), b"abc");
    assert_eq!(fs.must(rename("/d", "/empty", Overwrite)), Reply::Done);
    assert_eq!(fs.content("/empty/g"), b"abc");
    assert_eq!(fs.view().totals().unwrap().files, 1);
}

#[test]
fn moving_to_the_trash_asks_for_the_right_to_delete() {
    let mut fs = Fs::new();
    fs.must(put("/home/ann/d/e/f", ""));
    for path in ["/home/ann", "/home/ann/d"] {
        fs.must(Mutation::SetOwner { path: path.into(), owner: Some("ann".into()), group: None });
    }
    fs.must(mkdirs("/trash"));
    fs.must(chmod("/trash", 0o777));
    let reply = fs.as_user("ann", rename("/home/ann/d", "/trash/d", RenameMode::ToTrash));
    assert_eq!(reply.unwrap_err().kind, ErrorKind::AccessControl);
    let reply = fs.as_user("ann", rename("/home/ann/d", "/trash/d", RenameMode::NoReplace));
    assert_eq!(reply, Ok(Reply::Done));
}
