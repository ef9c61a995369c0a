//! An export read back is the same namespace; a bad one is refused.

use super::*;
use crate::batch::Batch;
use crate::command::{Command, CreateOptions, IfExists, Mutation, Op};
use crate::memory::MemoryRows;
use crate::reply::Reply;
use crate::xattr::parse_name;

type Row = (Bytes, Bytes);

fn apply(rows: &mut MemoryRows, op: Op) -> Result<Reply, FsError> {
    let mut batch = Batch::new(&*rows).unwrap();
    let reply = batch.apply(&Command { time_ms: 5, op }).unwrap();
    let changes = batch.finish().unwrap();
    rows.apply(changes);
    reply
}

fn ask(rows: &mut MemoryRows, mutation: Mutation) -> Result<Reply, FsError> {
    let caller = Settings::default().caller("hdfs");
    apply(rows, Op::Client(caller, mutation))
}

fn formed() -> MemoryRows {
    let mut rows = MemoryRows::default();
    apply(&mut rows, Op::SetSettings(Box::default())).unwrap();
    rows
}

fn options() -> CreateOptions {
    CreateOptions {
        permission: 0o644,
        unmasked: None,
        if_exists: IfExists::Fail,
        create_parent: true,
        replication: 2,
        block_size: 1024,
    }
}

/// With something in every table.
fn filled() -> MemoryRows {
    let mut rows = formed();
    for index in 0..50 {
        let put = Mutation::PutFile {
            path: format!("/d/{index:02}/file"),
            options: options(),
            content: vec![b'x'; index * 10].into(),
        };
        ask(&mut rows, put).unwrap();
    }
    let open = Mutation::Create { path: "/open".into(), options: options(), holder: "c".into() };
    ask(&mut rows, open).unwrap();
    let attribute = Mutation::SetXAttr {
        path: "/d".into(),
        name: parse_name("user.a").unwrap(),
        value: "v".into(),
        create: true,
        replace: false,
    };
    ask(&mut rows, attribute).unwrap();
    let delete = Mutation::Delete { path: "/d/07".into(), recursive: true };
    ask(&mut rows, delete).unwrap();
    rows
}

fn export(rows: &MemoryRows, part_bytes: usize) -> Vec<u8> {
    let view = View::new(rows).unwrap();
    let mut out = header(&view).unwrap();
    let (mut last_key, mut count) = (Vec::new(), 0);
    loop {
        let part = part(&view, &last_key, part_bytes).unwrap();
        if part.rows == 0 {
            break;
        }
        out.extend_from_slice(&part.bytes);
        count += part.rows;
        last_key = part.last_key;
    }
    out.extend(trailer(&view, count).unwrap());
    out
}

fn chunks(bytes: &[u8], step: usize) -> Result<Vec<ImportChunk>, ExportError> {
    let mut importer = Importer::new(500);
    let mut all = Vec::new();
    for piece in bytes.chunks(step) {
        all.extend(importer.push(piece)?);
    }
    all.push(importer.finish()?);
    Ok(all)
}

/// All rows but the state's.
fn namespace(rows: &MemoryRows) -> Vec<(&Vec<u8>, &Bytes)> {
    let covered = |(key, _): &(&Vec<u8>, &Bytes)| crate::keys::is_covered(key);
    rows.rows.iter().filter(covered).collect()
}

#[test]
fn an_import_gives_the_same_namespace() {
    let original = filled();
    for (part_bytes, step) in [(1, 1), (1000, 7), (usize::MAX, usize::MAX)] {
        let bytes = export(&original, part_bytes);
        let mut copy = formed();
        for chunk in chunks(&bytes, step).unwrap() {
            let again = Op::Import(chunk.clone());
            apply(&mut copy, Op::Import(chunk)).unwrap();
            if crate::keys::read_state(&copy).unwrap().import.is_some() {
                apply(&mut copy, again).unwrap();
            }
        }
        assert_eq!(namespace(&copy), namespace(&original));
        let state = |rows| crate::keys::read_state(rows).unwrap();
        assert_eq!(state(&copy), state(&original));
    }
}

#[test]
fn the_header_says_what_comes() {
    let mut importer = Importer::new(500);
    importer.push(&export(&filled(), 1000)).unwrap();
    let header = importer.header().unwrap();
    assert_eq!((header.directories, header.files), (51, 50));
    assert_eq!(header.settings, Some(Settings::default()));
}

#[test]
fn clients_wait_for_the_end_of_an_import() {
    let mut copy = formed();
    let mut chunks = chunks(&export(&filled(), 1000), 1000).unwrap();
    assert!(chunks.len() > 2);
    let rest = chunks.split_off(1);
    apply(&mut copy, Op::Import(chunks.remove(0))).unwrap();
    assert!(View::new(&copy).unwrap().importing());
    let mkdirs = || Mutation::Mkdirs {
        path: "/new".into(),
        permission: 0o755,
        unmasked: None,
        create_parent: true,
    };
    let refused = ask(&mut copy, mkdirs()).unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Retriable);
    let skipped = apply(&mut copy, Op::Import(rest[1].clone())).unwrap_err();
    assert_eq!(skipped.message, "Import chunk 2 came, 1 is next");
    for chunk in rest {
        apply(&mut copy, Op::Import(chunk)).unwrap();
    }
    ask(&mut copy, mkdirs()).unwrap();
}

#[test]
fn only_an_empty_namespace_takes_an_import() {
    let mut used = filled();
    let before = used.clone();
    let chunk = chunks(&export(&used, 1000), 1000).unwrap().remove(0);
    let refused = apply(&mut used, Op::Import(chunk.clone())).unwrap_err();
    assert!(refused.message.starts_with("Only an empty namespace"));
    assert_eq!(namespace(&used), namespace(&before));
    let unformed = apply(&mut MemoryRows::default(), Op::Import(chunk)).unwrap_err();
    assert_eq!(unformed.kind, ErrorKind::Retriable);
}

#[test]
fn rows_that_this_version_would_not_write_are_refused() {
    let good = chunks(&export(&filled(), 1000), 1000).unwrap().remove(0);
    let with = |change: &dyn Fn(&mut [Row])| {
        let mut chunk = good.clone();
        change(&mut chunk.rows);
        let mut rows = formed();
        let before = rows.clone();
        let refused = apply(&mut rows, Op::Import(chunk)).unwrap_err();
        assert_eq!(rows, before, "{refused}");
        refused.message
    };
    assert!(with(&|rows| rows.swap(0, 1)).contains("not in order"));
    assert!(with(&|rows| rows[0].1 = "\u{7}".into()).contains("corrupt row in table dentry"));
    assert!(with(&|rows| rows[0].0 = "\0state".into()).contains("unknown table"));
    let mut last = ImportChunk { finish: Some(1), ..good.clone() };
    last.rows.truncate(1);
    let mut rows = formed();
    let refused = apply(&mut rows, Op::Import(last)).unwrap_err();
    assert!(refused.message.starts_with("The import does not match"));
}

#[test]
fn a_damaged_export_is_refused_wherever_it_is_damaged() {
    let bytes = export(&filled(), 1000);
    for at in 0..bytes.len() {
        let cut = chunks(&bytes[..at], at.max(1));
        assert!(matches!(cut, Err(ExportError::CutOff(_))), "cut at {at}: {cut:?}");
    }
}

#[test]
fn a_changed_byte_is_noticed() {
    let bytes = export(&filled(), 1000);
    let header_end = 8 + 4 + 5 + u32::from_le_bytes(bytes[13..17].try_into().unwrap()) as usize;
    for at in (0..12).chain(header_end..bytes.len()) {
        let mut changed = bytes.clone();
        changed[at] ^= 0x41;
        assert!(chunks(&changed, 4096).is_err(), "changed at {at}");
    }
    let mut newer = bytes.clone();
    newer[8] = 2;
    assert_eq!(chunks(&newer, 100), Err(ExportError::NewerVersion(2)));
    let trailing = [bytes.as_slice(), b"R\0\0\0\0"].concat();
    let message = chunks(&trailing, 100).unwrap_err().to_string();
    assert!(message.contains("something follows its end"), "{message}");
}
