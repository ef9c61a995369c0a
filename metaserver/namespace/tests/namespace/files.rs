//! Leases, append, truncate, concat: the exceptions and messages of HDFS.

use metafs_namespace::command::{Mutation, RenameMode};
use metafs_namespace::{ErrorKind, Op, Reply};

use crate::fs::*;

fn create(path: &str, holder: &str) -> Mutation {
    Mutation::Create { path: path.into(), options: options(), holder: holder.into() }
}

fn append(path: &str, holder: &str) -> Mutation {
    Mutation::Append { path: path.into(), holder: holder.into(), create: None }
}

fn complete(inode: u64, holder: &str, content: &'static str) -> Mutation {
    Mutation::Complete { path: "/f".into(), inode, holder: holder.into(), content: content.into() }
}

fn opened(reply: Reply) -> u64 {
    match reply {
        Reply::Opened(status) => status.inode,
        other => panic!("{other:?}"),
    }
}

#[test]
fn leases_and_their_messages() {
    let mut fs = Fs::new();
    let inode = opened(fs.must(create("/f", "c1")));
    assert!(fs.status("/f").unwrap().under_construction);
    assert_eq!(fs.view().totals().unwrap().open_files, 1);
    refused(
        fs.ask(create("/f", "c1")),
        ErrorKind::AlreadyBeingCreated,
        "Failed to CREATE_FILE /f for c1 because c1 is already the current lease holder.",
    );
    refused(
        fs.ask(append("/f", "c2")),
        ErrorKind::AlreadyBeingCreated,
        "Failed to APPEND_FILE /f for c2 because this file lease is currently owned by c1",
    );
    refused(
        fs.ask(complete(inode, "c2", "x")),
        ErrorKind::LeaseExpired,
        &format!(
            "Client (=c2) is not the lease owner (=c1: /f (inode {inode}) Holder c2 does not \
             have any open files."
        ),
    );
    fs.must(rename("/f", "/g", RenameMode::Legacy));
    fs.must(complete(inode, "c1", "found by its id"));
    assert_eq!(fs.content("/g"), b"found by its id");
    assert_eq!(fs.view().totals().unwrap().open_files, 0);
    refused(
        fs.ask(complete(inode, "c1", "x")),
        ErrorKind::LeaseExpired,
        &format!(
            "File is not open for writing: /f (inode {inode}) Holder c1 does not have any open \
             files."
        ),
    );
    let again = opened(fs.must(append("/g", "c1")));
    fs.must(delete("/g", false));
    refused(
        fs.ask(complete(again, "c1", "x")),
        ErrorKind::FileNotFound,
        &format!("File does not exist: /f (inode {again}) Holder c1 does not have any open files."),
    );
    refused(
        fs.ask(append("/g", "c1")),
        ErrorKind::FileNotFound,
        "Failed to append to non-existent file /g for client c1",
    );
    refused(
        fs.ask(append("/", "c1")),
        ErrorKind::FileAlreadyExists,
        "Cannot append to directory /; already exists as a directory.",
    );
    let reply = fs.ask(create("/n", "nul\0"));
    assert_eq!(reply.unwrap_err().kind, ErrorKind::HadoopIllegalArgument);
}

#[test]
fn a_silent_holder_is_put_out() {
    let mut fs = Fs::new();
    opened(fs.must(create("/a", "c1")));
    opened(fs.must(create("/b", "c1")));
    opened(fs.must(create("/c", "c2")));
    fs.now += 61_000;
    fs.must(Mutation::RenewLease { holder: "c2".into() });
    opened(fs.must(append("/a", "c3")));
    assert_eq!(fs.view().totals().unwrap().open_files, 3);

    assert!(!fs.view().leases_expired(fs.now).unwrap());
    fs.now += 1_200_000;
    fs.must(Mutation::RenewLease { holder: "c2".into() });
    assert!(fs.view().leases_expired(fs.now).unwrap());
    let reply = fs.apply(Op::ExpireLeases { max_files: 1 });
    assert_eq!(reply, Ok(Reply::Progress { done: 1, more: true }));
    let reply = fs.apply(Op::ExpireLeases { max_files: 5 });
    assert_eq!(reply, Ok(Reply::Progress { done: 1, more: false }));
    assert!(!fs.view().leases_expired(fs.now).unwrap());
    assert!(!fs.status("/a").unwrap().under_construction);
    assert!(fs.status("/c").unwrap().under_construction);

    let take_over = Mutation::RecoverLease { path: "/c".into(), holder: "c9".into() };
    assert_eq!(fs.must(take_over), Reply::Bool(true));
    assert_eq!(fs.view().totals().unwrap().open_files, 0);
}

#[test]
fn giving_up_a_file() {
    let mut fs = Fs::new();
    fs.must(put("/old", "kept"));
    let new = opened(fs.must(create("/d/new", "c")));
    let old = opened(fs.must(append("/old", "c")));
    for inode in [new, old] {
        fs.must(Mutation::Abandon { path: "/d/new".into(), inode, holder: "c".into() });
    }
    assert!(fs.status("/d/new").is_none());
    assert_eq!(fs.content("/old"), b"kept");
}

#[test]
fn truncate_and_concat_and_their_refusals() {
    let mut fs = Fs::new();
    fs.must(put("/d/a", "aaa"));
    fs.must(put("/d/b", "bb"));
    fs.must(put("/d/empty", ""));
    fs.must(put("/c", "c"));
    let truncate = |path: &str, length| Mutation::Truncate { path: path.into(), length };
    refused(
        fs.ask(truncate("/d/a", 4)),
        ErrorKind::HadoopIllegalArgument,
        "Cannot truncate to a larger file size. Current size: 3, truncate size: 4.",
    );
    refused(fs.ask(truncate("/d", 0)), ErrorKind::FileNotFound, "Path is not a file: /d");
    refused(fs.ask(truncate("/x", 0)), ErrorKind::FileNotFound, "File does not exist: /x");
    assert_eq!(fs.must(truncate("/d/a", 1)), Reply::Bool(true));
    let concat = |sources: &[&str]| Mutation::Concat {
        target: "/d/a".into(),
        sources: sources.iter().map(|s| (*s).to_owned()).collect(),
    };
    for (sources, kind, message) in [
        (&[][..], ErrorKind::IllegalArgument, "No sources given"),
        (
            &["/c"],
            ErrorKind::HadoopIllegalArgument,
            "Source file /c is not in the same directory with the target /d/a",
        ),
        (
            &["/d/a"],
            ErrorKind::HadoopIllegalArgument,
            "concat: the src file /d/a is the same with the target file /d/a",
        ),
        (
            &["/d/empty"],
            ErrorKind::HadoopIllegalArgument,
            "concat: source file /d/empty is invalid or empty or underConstruction",
        ),
        (
            &["/d/b", "/d/b"],
            ErrorKind::HadoopIllegalArgument,
            "concat: at least two of the source files are the same",
        ),
    ] {
        refused(fs.ask(concat(sources)), kind, message);
    }
    fs.must(concat(&["/d/b"]));
    assert_eq!(fs.content("/d/a"), b"abb");
    assert!(fs.status("/d/b").is_none());
}
