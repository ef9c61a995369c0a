//! Recovery from a copy: what is read-only when, steps in order, and that the result is what the
//! source was.

use bytes::Bytes;
use metafs_namespace::command::{Mutation, RecoverStep, Recovered};
use metafs_namespace::error::ErrorKind;
use metafs_namespace::recovery::{CopyTotals, READ_ONLY, RecoveryPhase, is_copied};
use metafs_namespace::settings::{OnRecovered, Tablestore, TablestoreMode};
use metafs_namespace::{Failure, FsError, Op, Reply, Settings};

use crate::fs::{Fs, mkdirs, options};

fn settings(generation: u64, mode: TablestoreMode, on_recovered: OnRecovered) -> Settings {
    let tablestore = Tablestore {
        mode,
        endpoint: "http://127.0.0.1:1".into(),
        instance: "i".into(),
        region: None,
        table_prefix: "p".into(),
        on_recovered,
        takeover: false,
    };
    Settings { generation, tablestore: Some(tablestore), ..Settings::default() }
}

fn recovering() -> Fs {
    Fs::with(settings(1, TablestoreMode::Recovery, OnRecovered::StayReadOnly))
}

/// A namespace with a bit of everything: an open file, xattrs, a deleted tree that is not cleaned up.
fn source() -> Fs {
    let mut fs = Fs::new();
    fs.must(mkdirs("/a/b"));
    fs.must(mkdirs("/gone/below"));
    let put = |path: &str, content: &'static [u8]| Mutation::PutFile {
        path: path.into(),
        options: options(),
        content: Bytes::from_static(content),
    };
    fs.must(put("/a/f", b"hello"));
    fs.must(put("/gone/f", b"x"));
    fs.must(Mutation::Create { path: "/a/open".into(), options: options(), holder: "c".into() });
    fs.must(Mutation::Delete { path: "/gone".into(), recursive: true });
    fs
}

type Copied = Vec<(Bytes, Bytes)>;

fn copy(fs: &Fs) -> (Copied, CopyTotals) {
    let rows = fs.rows.rows.iter().filter(|(key, _)| is_copied(key));
    let rows = rows.map(|(key, value)| (Bytes::from(key.clone()), value.clone())).collect();
    (rows, fs.view().copy_totals(77).unwrap())
}

fn step(fs: &mut Fs, number: u64, what: Recovered) -> Result<Reply, FsError> {
    let cursor = Bytes::from(number.to_string());
    fs.apply(Op::Recover(RecoverStep { number, cursor, what }))
}

fn phase(fs: &Fs) -> RecoveryPhase {
    fs.view().recovery().unwrap().unwrap().phase
}

fn readable(fs: &Fs) -> Result<(), ErrorKind> {
    fs.view().check_readable().map_err(|failure| match failure {
        Failure::Fs(error) => error.kind,
        Failure::Rows(error) => panic!("{error}"),
    })
}

#[test]
fn a_recovered_namespace_is_what_its_source_was() {
    let source = source();
    let (rows, totals) = copy(&source);
    let mut fs = recovering();
    assert_eq!(fs.ask(mkdirs("/x")).unwrap_err().message, READ_ONLY);
    assert_eq!(readable(&fs), Err(ErrorKind::Retriable));
    assert!(step(&mut fs, 0, Recovered::Fresh(rows.clone())).is_err());
    step(&mut fs, 0, Recovered::Begin { afresh: false }).unwrap();
    // In any order, and each step once.
    let (second, first) = rows.split_at(rows.len() / 2);
    step(&mut fs, 1, Recovered::Fresh(first.to_vec())).unwrap();
    assert!(step(&mut fs, 1, Recovered::Fresh(first.to_vec())).is_err());
    assert!(step(&mut fs, 3, Recovered::Fresh(second.to_vec())).is_err());
    assert_eq!(readable(&fs), Err(ErrorKind::Retriable));
    step(&mut fs, 2, Recovered::Fresh(second.to_vec())).unwrap();
    step(&mut fs, 3, Recovered::Complete(totals)).unwrap();
    assert_eq!(phase(&fs), RecoveryPhase::Finished);
    assert_eq!(readable(&fs), Ok(()));
    assert_eq!(fs.content("/a/f"), b"hello");
    assert_eq!(fs.status("/gone"), None);
    let recovered = copy(&fs);
    assert_eq!(recovered.0, rows);
    let (was, is) = (source.view().totals().unwrap(), fs.view().totals().unwrap());
    assert_eq!((is.directories, is.files, is.length), (was.directories, was.files, was.length));
    assert_eq!((is.open_files, is.reap_pending), (1, true));
    assert!(recovered.1.state_id > totals.state_id);

    // Nothing changes it until the mode is another one, and then everything goes on.
    assert_eq!(fs.ask(mkdirs("/x")).unwrap_err().message, READ_ONLY);
    assert_eq!(fs.apply(Op::Reap { max_inodes: 9 }).unwrap_err().message, READ_ONLY);
    let upload = settings(2, TablestoreMode::AsyncUpload, OnRecovered::StayReadOnly);
    fs.apply(Op::SetSettings(Box::new(upload))).unwrap();
    fs.must(mkdirs("/x"));
    fs.apply(Op::Reap { max_inodes: 9 }).unwrap();
    let open = fs.status("/a/open").unwrap();
    assert!(open.inode < fs.status("/x").unwrap().inode);
    fs.must(Mutation::Complete {
        path: "/a/open".into(),
        inode: open.inode,
        holder: "c".into(),
        content: Bytes::new(),
    });
    assert_eq!(fs.view().totals().unwrap().open_files, 0);
}

#[test]
fn later_changes_replace_what_was_loaded() {
    let mut source = source();
    let (before, _) = copy(&source);
    let open = source.status("/a/open").unwrap().inode;
    source.must(Mutation::Complete {
        path: "/a/open".into(),
        inode: open,
        holder: "c".into(),
        content: Bytes::from_static(b"1"),
    });
    source.must(Mutation::Delete { path: "/a/f".into(), recursive: false });
    source.apply(Op::Reap { max_inodes: 100 }).unwrap();
    let (after, totals) = copy(&source);
    let mut changed: Vec<_> = after
        .iter()
        .filter(|row| !before.contains(row))
        .map(|(key, value)| (key.clone(), Some(value.clone())))
        .collect();
    let gone = before.iter().filter(|(key, _)| !after.iter().any(|(other, _)| other == key));
    changed.extend(gone.map(|(key, _)| (key.clone(), None)));
    let mut fs = recovering();
    step(&mut fs, 0, Recovered::Begin { afresh: false }).unwrap();
    step(&mut fs, 1, Recovered::Fresh(before)).unwrap();
    step(&mut fs, 2, Recovered::Changed(changed)).unwrap();
    step(&mut fs, 3, Recovered::Complete(totals)).unwrap();
    assert_eq!(phase(&fs), RecoveryPhase::Finished);
    assert_eq!(copy(&fs).0, after);
    let totals = fs.view().totals().unwrap();
    assert_eq!((totals.open_files, totals.reap_pending), (0, false));
}

#[test]
fn what_does_not_match_is_never_finished() {
    let (mut rows, totals) = copy(&source());
    rows.retain(|(key, _)| !key.ends_with(b"f"));
    let mut fs = recovering();
    step(&mut fs, 0, Recovered::Begin { afresh: false }).unwrap();
    step(&mut fs, 1, Recovered::Fresh(rows)).unwrap();
    step(&mut fs, 2, Recovered::Complete(totals)).unwrap();
    let RecoveryPhase::Failed { reason } = phase(&fs) else { panic!("not failed") };
    assert!(reason.contains("checksum"), "{reason}");
    assert_eq!(readable(&fs), Err(ErrorKind::Io));
    for mode in [TablestoreMode::Disabled, TablestoreMode::AsyncUpload] {
        let next = settings(2, mode, OnRecovered::StayReadOnly);
        assert!(fs.apply(Op::SetSettings(Box::new(next))).is_err());
    }
    assert!(
        fs.apply(Op::SetSettings(Box::new(Settings { generation: 3, ..Settings::default() })))
            .is_err()
    );
}

#[test]
fn damaged_rows_are_refused_whole() {
    let (mut rows, _) = copy(&source());
    rows.push((Bytes::from_static(b"\x02short"), Bytes::from_static(b"\x01")));
    let mut fs = recovering();
    step(&mut fs, 0, Recovered::Begin { afresh: false }).unwrap();
    let before = fs.rows.clone();
    let error = step(&mut fs, 1, Recovered::Fresh(rows)).unwrap_err();
    assert!(error.message.contains("inode"), "{error}");
    let state = metafs_namespace::keys::STATE_KEY;
    let without_time = |fs: &Fs| {
        let mut rows = fs.rows.clone();
        rows.rows.remove(state);
        rows
    };
    assert_eq!(without_time(&fs), {
        let mut rows = before;
        rows.rows.remove(state);
        rows
    });
    step(&mut fs, 1, Recovered::Failed { reason: "damaged".into() }).unwrap();
    assert_eq!(phase(&fs), RecoveryPhase::Failed { reason: "damaged".into() });
}

#[test]
fn only_a_new_namespace_is_recovered_into() {
    let mut fs = Fs::new();
    fs.must(mkdirs("/a"));
    fs.must(Mutation::Delete { path: "/a".into(), recursive: true });
    let next = settings(2, TablestoreMode::Recovery, OnRecovered::StayReadOnly);
    let error = fs.apply(Op::SetSettings(Box::new(next.clone()))).unwrap_err();
    assert!(error.message.contains("used"), "{error}");
    fs.must(mkdirs("/b"));
    let mut fs = Fs::new();
    fs.apply(Op::SetSettings(Box::new(next))).unwrap();
    assert_eq!(fs.ask(mkdirs("/x")).unwrap_err().message, READ_ONLY);
}

#[test]
fn upload_may_follow_by_itself() {
    let (rows, totals) = copy(&source());
    let mut fs = Fs::with(settings(1, TablestoreMode::Recovery, OnRecovered::AsyncUpload));
    assert_eq!(fs.view().tablestore_mode().unwrap(), TablestoreMode::Recovery);
    step(&mut fs, 0, Recovered::Begin { afresh: false }).unwrap();
    step(&mut fs, 1, Recovered::Fresh(rows)).unwrap();
    assert!(fs.ask(mkdirs("/x")).is_err());
    step(&mut fs, 2, Recovered::Complete(totals)).unwrap();
    assert_eq!(fs.view().tablestore_mode().unwrap(), TablestoreMode::AsyncUpload);
    fs.must(mkdirs("/x"));
}

#[test]
fn another_copy_begins_afresh() {
    let (rows, totals) = copy(&source());
    let mut other = Fs::new();
    other.must(mkdirs("/other/x"));
    other.must(Mutation::Create {
        path: "/other/o".into(),
        options: options(),
        holder: "d".into(),
    });
    let (others, _) = copy(&other);
    for together in [false, true] {
        let mut fs = recovering();
        step(&mut fs, 0, Recovered::Begin { afresh: true }).unwrap();
        step(&mut fs, 1, Recovered::Fresh(others.clone())).unwrap();
        let steps = [
            Recovered::Begin { afresh: true },
            Recovered::Fresh(rows.clone()),
            Recovered::Complete(totals),
        ];
        let ops = steps
            .into_iter()
            .zip(2..)
            .map(|(what, number)| Op::Recover(RecoverStep { number, cursor: Bytes::new(), what }));
        if together {
            fs.apply_all(ops);
        } else {
            ops.for_each(|op| drop(fs.apply(op).unwrap()));
        }
        assert_eq!(phase(&fs), RecoveryPhase::Finished, "{together}");
        assert_eq!(copy(&fs).0, rows);
        assert_eq!(fs.view().totals().unwrap().open_files, 1);
    }
}
