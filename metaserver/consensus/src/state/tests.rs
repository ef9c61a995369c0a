//! The state machine's rows against the namespace's own model, whatever the batching.

use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};

use bytes::Bytes;
use metafs_namespace::command::{CreateOptions, IfExists, RenameMode};
use metafs_namespace::{CallId, Caller, Command, MemoryRows, Mutation, Op, Rows, Settings};
use openraft::vote::RaftLeaderId;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::types::CommandBytes;

fn open(dir: &Path) -> StateStore {
    let volume = Arc::new(Identity::open(dir).unwrap());
    StateStore::open(volume, Fatal::default(), ConsensusMetrics::default()).unwrap()
}

fn entry(index: u64, op: Op) -> Entry {
    let command = Command { time_ms: 1_000 + index as i64, op };
    let payload = EntryPayload::Normal(CommandBytes::encode(&command).unwrap());
    Entry { log_id: LogId::new(RaftLeaderId::new(1, 1), index), payload }
}

fn path() -> impl Strategy<Value = String> {
    prop::collection::vec(0u8..3, 1..4)
        .prop_map(|names| names.iter().map(|n| format!("/{n}")).collect())
}

/// Who opens files.
const HOLDERS: [&str; 3] = ["a", "b", "nobody"];

fn holder() -> impl Strategy<Value = String> {
    prop::sample::select(&HOLDERS[..2]).prop_map(str::to_owned)
}

fn create(path: String, holder: String) -> Mutation {
    let options = CreateOptions {
        permission: 0o644,
        unmasked: None,
        if_exists: IfExists::Overwrite,
        create_parent: true,
        replication: 1,
        block_size: 1,
    };
    Mutation::Create { path, options, holder }
}

fn op() -> impl Strategy<Value = Op> {
    let caller = || Caller { user: "hdfs".into(), groups: vec![], superuser: true };
    prop_oneof![
        4 => path().prop_map(|path| Mutation::Mkdirs {
            path,
            permission: 0o755,
            unmasked: None,
            create_parent: true,
        }),
        1 => (path(), any::<bool>())
            .prop_map(|(path, recursive)| Mutation::Delete { path, recursive }),
        2 => (path(), path()).prop_map(|(src, dst)| {
            Mutation::Rename { src, dst, mode: RenameMode::NoReplace }
        }),
        1 => (path(), 0u16..0o777)
            .prop_map(|(path, permission)| Mutation::SetPermission { path, permission }),
        3 => (path(), holder()).prop_map(|(path, holder)| create(path, holder)),
        2 => (path(), holder())
            .prop_map(|(path, holder)| Mutation::RecoverLease { path, holder }),
        1 => holder().prop_map(|holder| Mutation::RenewLease { holder }),
    ]
    .prop_flat_map(|mutation| (Just(mutation), prop::option::of(0..8)))
    .prop_map(move |(mutation, call)| match call {
        // Calls come again, also as others.
        Some(call) => Op::Once(CallId { client: [9; 16], call }, caller(), mutation),
        None => Op::Client(caller(), mutation),
    })
}

fn all_rows(rows: &impl Rows) -> BTreeMap<Vec<u8>, Bytes> {
    let mut all = BTreeMap::new();
    rows.scan(&[], Bound::Unbounded, &mut |key, value| {
        if key[0] < keys::table::FOREIGN {
            all.insert(key.to_vec(), Bytes::copy_from_slice(value));
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    all
}

/// What the caches say of every inode, entry, listing and lease is what the rows say.
fn caches_agree(rows: &StateRows<'_>) {
    let plain = MemoryRows { rows: all_rows(rows) };
    for key in plain.rows.keys() {
        match key[0] {
            keys::table::INODE => {
                let id = keys::trailing_id(key).unwrap();
                assert_eq!(rows.inode(id).unwrap(), plain.inode(id).unwrap());
                // Twice: once to fill the cache, once from it.
                for _ in 0..2 {
                    assert_eq!(rows.children(id).unwrap(), plain.children(id).unwrap());
                }
            }
            keys::table::DENTRY => {
                let parent = u64::from_be_bytes(key[1..9].try_into().unwrap());
                let name = keys::dentry_name(key);
                let cached = rows.dentry(parent, name).unwrap();
                assert_eq!(cached, plain.dentry(parent, name).unwrap());
            }
            keys::table::LEASE => assert_eq!(rows.get(key).unwrap(), plain.get(key).unwrap()),
            _ => {}
        }
    }
    for holder in HOLDERS {
        let key = keys::lease(holder);
        assert_eq!(rows.get(&key).unwrap(), plain.get(&key).unwrap());
    }
    // Names that may have been removed.
    for id in 0..40 {
        assert_eq!(rows.inode(id).unwrap(), plain.inode(id).unwrap());
        for name in [b"0", b"1", b"2"] {
            assert_eq!(rows.dentry(id, name).unwrap(), plain.dentry(id, name).unwrap());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn same_rows_whatever_the_batching(
        ops in prop::collection::vec(op(), 1..60),
        sizes in prop::collection::vec(1usize..12, 1..30),
        reopen_at in prop::collection::btree_set(0usize..30, 0..3),
    ) {
        let dir = TempDir::new().unwrap();
        let mut store = open(dir.path());
        let mut model = MemoryRows::default();
        let mut entries =
            vec![entry(0, Op::SetSettings(Box::new(Settings { generation: 1, ..Settings::default() })))];
        entries.extend(ops.into_iter().zip(1..).map(|(op, index)| entry(index, op)));
        let mut rest = &entries[..];
        for (step, size) in sizes.iter().cycle().enumerate() {
            if rest.is_empty() {
                break;
            }
            let (batch, after) = rest.split_at((*size).min(rest.len()));
            rest = after;
            let outcomes = store.apply(batch).unwrap();
            // The model takes one command a batch.
            for (entry, outcome) in batch.iter().zip(outcomes) {
                let EntryPayload::Normal(command) = &entry.payload else { unreachable!() };
                let mut one = Batch::new(&model).unwrap();
                let reply = one.apply(&command.decode().unwrap()).unwrap();
                let changes = one.finish().unwrap();
                model.apply(changes);
                prop_assert_eq!(outcome, Outcome::Command(reply));
            }
            if reopen_at.contains(&step) {
                let flushed = store.flush().unwrap();
                prop_assert_eq!(flushed.last_log_id, batch.last().map(|e| e.log_id));
                drop(store);
                store = open(dir.path());
                prop_assert_eq!(store.meta().last_log_id, flushed.last_log_id);
            }
            store.read(caches_agree);
        }
        prop_assert_eq!(store.read(|rows| all_rows(rows)), model.rows.clone());
        prop_assert_eq!(store.with_snapshot(|rows| all_rows(rows)), model.rows);
        prop_assert_eq!(store.applied_index(), entries.len() as u64 - 1);
    }
}

#[test]
fn a_command_that_does_not_decode_is_fatal() {
    let dir = TempDir::new().unwrap();
    let volume = Arc::new(Identity::open(dir.path()).unwrap());
    let fatal = Fatal::default();
    let store = StateStore::open(volume, fatal.clone(), ConsensusMetrics::default()).unwrap();
    let payload = EntryPayload::Normal(CommandBytes(Bytes::from_static(&[9, 1, 2])));
    let bad = Entry { log_id: LogId::new(RaftLeaderId::new(1, 1), 3), payload };
    let error = store.apply(&[bad]).unwrap_err().to_string();
    assert_eq!(error, "log entry 3: format version 9; this program knows up to 1");
    assert!(fatal.reason().unwrap().contains(&error));
    assert_eq!(store.meta().last_log_id, None);
}

#[test]
fn a_strange_current_is_an_error() {
    let dir = TempDir::new().unwrap();
    drop(open(dir.path()));
    let current = dir.path().join("state/CURRENT");
    for strange in ["", "../../etc", "zzz"] {
        std::fs::write(&current, strange).unwrap();
        let volume = Arc::new(Identity::open(dir.path()).unwrap());
        let error = StateStore::open(volume, Fatal::default(), ConsensusMetrics::default())
            .err()
            .expect("refused");
        assert!(error.to_string().contains("names no generation"), "{error}");
    }
}
