//! Checks of all rows: counters against a recount, entries against inodes, nothing left over.

use std::collections::{BTreeMap, BTreeSet};

use metafs_namespace::inode::{Body, Dentry, Inode, Kind, ROOT, Usage};
use metafs_namespace::keys::{self, Lease, table};
use metafs_namespace::{Batch, Changes, Command, MemoryRows, Op, Reply, View};

/// Applies commands as one batch.
pub fn apply(rows: &mut MemoryRows, commands: &[Command]) -> Vec<metafs_namespace::Reply> {
    let mut batch = Batch::new(&*rows).expect("readable");
    let replies = commands
        .iter()
        .filter_map(|command| batch.apply(command).expect("no corruption").ok())
        .collect();
    let changes = batch.finish().expect("encodable");
    rows.apply(changes);
    replies
}

/// Reaps until nothing is left.
pub fn reap(rows: &mut MemoryRows, step: u32) {
    loop {
        let command = Command { time_ms: 0, op: Op::Reap { max_inodes: step } };
        match apply(rows, &[command])[..] {
            [Reply::Progress { more: true, done }] => {
                assert!(done > 0 && done <= step, "{done} of {step}");
            }
            [Reply::Progress { more: false, .. }] => break,
            ref other => panic!("{other:?}"),
        }
    }
}

/// Each changed row once, in order, and the decoded copies as the rows say.
pub fn changes_are_sound(changes: &Changes) {
    let keys: Vec<_> =
        changes.rows.iter().map(|(key, _)| key).filter(|key| key[0] != table::META).collect();
    assert!(keys.is_sorted_by(|a, b| a < b), "{keys:?}");
    let rows: BTreeMap<_, _> = changes.rows.iter().cloned().collect();
    for (id, inode) in &changes.inodes {
        let row = rows[&keys::inode(*id)].as_ref();
        let decoded: Option<Inode> = row.map(|v| keys::decode(b"", v).expect("decodes"));
        assert_eq!(decoded.as_ref(), inode.as_deref());
    }
    for (parent, name, entry) in &changes.dentries {
        let row = rows[&keys::dentry(*parent, name)].as_ref();
        let decoded: Option<Dentry> = row.map(|v| keys::decode(b"", v).expect("decodes"));
        assert_eq!(decoded.as_ref(), entry.as_ref());
    }
}

/// Everything that must hold of any namespace without deleted trees.
pub fn is_consistent(rows: &MemoryRows) {
    let state = keys::read_state(rows).expect("a state");
    let mut scratch = Vec::new();
    let sum = rows
        .rows
        .iter()
        .filter(|(key, _)| keys::is_covered(key))
        .map(|(key, value)| keys::row_hash(key, value, &mut scratch))
        .fold(0_u128, u128::wrapping_add);
    assert_eq!(state.checksum, sum, "checksum");

    let mut inodes = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for (key, value) in &rows.rows {
        if key[0] == table::INODE {
            let inode: Inode = keys::decode(key, value).expect("decodes");
            assert_eq!(keys::inode(inode.id), *key);
            assert!(inode.id < state.next_inode);
            inodes.insert(inode.id, inode);
        }
    }
    let total = recount(rows, &inodes, ROOT, &mut seen);
    assert_eq!(seen.len(), inodes.len(), "inodes out of reach");
    let totals = View::new(rows).expect("a view").totals().expect("totals");
    assert_eq!(
        (totals.directories, totals.files, totals.length),
        (total.directories, total.files, total.length)
    );
    assert!(!totals.reap_pending && state.reap_roots == 0);

    let mut open = BTreeMap::new();
    for inode in inodes.values() {
        if let Body::File(file) = &inode.body
            && let Some(lease) = &file.lease
        {
            open.entry(lease.holder.clone()).or_insert_with(Vec::new).push(inode.id);
        }
    }
    leases_are_sound(rows, &open);
    assert_eq!(totals.open_files, open.values().flatten().count() as u64);
    for key in rows.rows.keys() {
        let id = |key: &[u8]| u64::from_be_bytes(key[1..9].try_into().expect("8 bytes"));
        match key[0] {
            table::CONTENT | table::XATTR => assert!(inodes.contains_key(&id(key))),
            table::DENTRY => assert!(inodes.contains_key(&id(key))),
            table::REAP => panic!("left in the reap queue: {key:?}"),
            _ => {}
        }
    }
}

fn leases_are_sound(rows: &MemoryRows, open: &BTreeMap<String, Vec<u64>>) {
    let mut expected = BTreeSet::new();
    for (holder, files) in open {
        let key = keys::lease(holder);
        let lease: Lease = keys::decode(&key, &rows.rows[&key]).expect("decodes");
        assert_eq!(lease.files as usize, files.len());
        expected.insert(key);
        expected.insert(keys::lease_time(lease.last_renewed_ms, holder));
        expected.extend(files.iter().map(|id| keys::lease_file(holder, *id)));
    }
    let is_lease =
        |key: &&Vec<u8>| matches!(key[0], table::LEASE | table::LEASE_FILE | table::LEASE_TIME);
    let actual: BTreeSet<_> = rows.rows.keys().filter(is_lease).cloned().collect();
    assert_eq!(actual, expected, "leases");
}

/// Counts the tree below `id` and compares each counter on the way.
fn recount(
    rows: &MemoryRows,
    inodes: &BTreeMap<u64, Inode>,
    id: u64,
    seen: &mut BTreeSet<u64>,
) -> Usage {
    assert!(seen.insert(id), "inode {id} is linked twice");
    let inode = &inodes[&id];
    let attributes =
        rows.rows.keys().filter(|key| key.starts_with(&keys::xattr_prefix(id))).count();
    assert_eq!(usize::from(inode.xattrs), attributes);
    let directory = match &inode.body {
        Body::File(file) => {
            let content = rows.rows.get(&keys::content(id));
            assert_eq!(content.map_or(0, |v| v.len() - 1) as u64, file.length);
            assert_eq!(content.is_none(), file.length == 0);
            return Usage {
                directories: 0,
                files: 1,
                length: file.length,
                space: file.length * u64::from(file.replication),
            };
        }
        Body::Directory(directory) => directory,
    };
    let mut below = Usage::default();
    let mut children = 0;
    let prefix = keys::dentry_prefix(id);
    for (key, value) in rows.rows.range(prefix.clone()..) {
        if !key.starts_with(&prefix) {
            break;
        }
        let entry: Dentry = keys::decode(key, value).expect("decodes");
        let child = &inodes[&entry.child];
        assert_eq!((child.parent, child.name.as_bytes()), (id, &key[9..]));
        assert_eq!(entry.kind == Kind::Directory, matches!(child.body, Body::Directory(_)));
        let sum = recount(rows, inodes, entry.child, seen);
        below.directories += sum.directories;
        below.files += sum.files;
        below.length += sum.length;
        below.space += sum.space;
        children += 1;
    }
    assert_eq!(directory.below, below, "counts of inode {id}");
    assert_eq!(directory.children, children, "children of inode {id}");
    Usage { directories: below.directories + 1, ..below }
}
