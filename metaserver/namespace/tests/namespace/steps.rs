//! Random commands: what proptest draws, and how a step is given to the namespace and to the model.

use bytes::Bytes;
use metafs_namespace::command::{CreateOptions, IfExists, QuotaChange, RenameMode};
use metafs_namespace::settings::Settings;
use metafs_namespace::xattr::{XAttrName, XAttrNamespace};
use metafs_namespace::{Command, Mutation, Op};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::model::{self, Answer, Model, Out, User};

pub const USERS: [User; 3] = [
    User { name: "hdfs", groups: &["supergroup"], superuser: true },
    User { name: "ann", groups: &["ann", "staff"], superuser: false },
    User { name: "bob", groups: &["bob", "staff"], superuser: false },
];
pub const NAMES: [&str; 5] = ["a", "b", "c", "d", "é"];
const HOLDERS: [&str; 2] = ["c1", "c2"];

/// The settings that the model has as constants.
pub fn settings() -> Settings {
    Settings {
        generation: 1,
        groups: USERS
            .iter()
            .map(|u| (u.name.to_owned(), u.groups.iter().map(|g| (*g).into()).collect()))
            .collect(),
        inline_limit: model::INLINE_LIMIT as u32,
        max_directory_items: model::MAX_ITEMS as u32,
        max_xattrs_per_inode: model::MAX_XATTRS as u16,
        lease_soft_limit_seconds: (model::SOFT_MS / 1000) as u32,
        lease_hard_limit_seconds: (model::HARD_MS / 1000) as u32,
        ..Settings::default()
    }
}

/// One step of a sequence. Open files are named by their place, the last
/// opened first.
#[derive(Clone, Debug)]
pub struct Step {
    pub user: usize,
    pub pause_ms: i64,
    pub act: Act,
}

#[derive(Clone, Debug)]
pub enum Act {
    Mkdirs(String, u16, bool),
    Put(String, u16, bool, bool, u16, Vec<u8>),
    Create(String, bool, usize),
    Append(String, usize, bool),
    /// The place of the file, whether by its holder, what is written.
    Complete(usize, bool, Vec<u8>),
    Abandon(usize, bool),
    Renew(usize),
    Recover(String, usize),
    Rename(String, String, RenameMode),
    Delete(String, bool),
    Truncate(String, u64),
    Concat(String, Vec<String>),
    SetPermission(String, u16),
    SetOwner(String, Option<usize>, Option<usize>),
    SetTimes(String, Option<i64>, Option<i64>),
    SetReplication(String, u16),
    SetQuota(String, Option<Option<u64>>, Option<Option<u64>>),
    SetXAttr(String, usize, Vec<u8>, bool, bool),
    RemoveXAttr(String, usize),
    Expire,
    Reap(u32),
}

fn path() -> impl Strategy<Value = String> {
    let name = prop::sample::select(&NAMES[..]);
    let depth = prop_oneof![1 => Just(0_usize), 6 => Just(1), 16 => Just(2), 6 => Just(3)];
    (vec(name, 3), depth).prop_map(|(names, depth)| format!("/{}", names[..depth].join("/")))
}

/// A path that is often there.
fn known() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec!["/a", "/a/c", "/a/d", "/a/b/c", "/b"]);
    prop_oneof![2 => known.prop_map(str::to_owned), 1 => path()]
}

/// Up to four paths in one folder.
fn siblings() -> impl Strategy<Value = Vec<String>> {
    let folder = prop_oneof![Just("/a"), Just("/a/b"), Just("/b")];
    let names = prop::sample::subsequence(&NAMES[..], 2..4).prop_shuffle();
    (folder, names)
        .prop_map(|(folder, names)| names.iter().map(|name| format!("{folder}/{name}")).collect())
}

/// Mostly yes.
fn often() -> impl Strategy<Value = bool> {
    prop::bool::weighted(0.85)
}

fn mode() -> impl Strategy<Value = u16> {
    prop_oneof![
        4 => Just(0o777_u16),
        2 => Just(0o755),
        2 => Just(0o770),
        1 => Just(0o700),
        1 => Just(0o1777),
        1 => Just(0o500),
        1 => Just(0o644),
    ]
}

fn data() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![2 => vec(any::<u8>(), 0..12), 1 => vec(any::<u8>(), 0..50)]
}

fn quota() -> impl Strategy<Value = Option<Option<u64>>> {
    option::of(prop_oneof![
        1 => Just(None),
        2 => (0_u64..8).prop_map(Some),
        1 => (0_u64..120).prop_map(Some),
    ])
}

fn act() -> impl Strategy<Value = Act> {
    let rename = prop_oneof![
        Just(RenameMode::Legacy),
        Just(RenameMode::NoReplace),
        Just(RenameMode::Overwrite),
        Just(RenameMode::ToTrash)
    ];
    let holder = || 0..HOLDERS.len();
    let time = || option::of(0_i64..10_000_000);
    prop_oneof![
        8 => (path(), mode(), any::<bool>()).prop_map(|(p, m, c)| Act::Mkdirs(p, m, c)),
        8 => (path(), mode(), any::<bool>(), any::<bool>(), 0_u16..4, data())
            .prop_map(|(p, m, o, c, r, d)| Act::Put(p, m, o, c, r.max(1), d)),
        4 => (path(), any::<bool>(), holder()).prop_map(|(p, o, h)| Act::Create(p, o, h)),
        4 => (path(), holder(), any::<bool>()).prop_map(|(p, h, c)| Act::Append(p, h, c)),
        4 => (0_usize..3, often(), data()).prop_map(|(i, h, d)| Act::Complete(i, h, d)),
        2 => (0_usize..3, often()).prop_map(|(i, h)| Act::Abandon(i, h)),
        1 => holder().prop_map(Act::Renew),
        1 => (path(), holder()).prop_map(|(p, h)| Act::Recover(p, h)),
        10 => (path(), path(), rename).prop_map(|(s, d, m)| Act::Rename(s, d, m)),
        6 => (path(), any::<bool>()).prop_map(|(p, r)| Act::Delete(p, r)),
        4 => (known(), prop_oneof![0_u64..8, 0_u64..50]).prop_map(|(p, n)| Act::Truncate(p, n)),
        1 => (path(), vec(path(), 0..3)).prop_map(|(t, s)| Act::Concat(t, s)),
        4 => siblings().prop_map(|mut all| {
            let target = all.pop().unwrap_or_default();
            Act::Concat(target, all)
        }),
        3 => (path(), mode()).prop_map(|(p, m)| Act::SetPermission(p, m)),
        2 => (path(), option::of(0_usize..3), option::of(0_usize..3))
            .prop_map(|(p, o, g)| Act::SetOwner(p, o, g)),
        1 => (path(), time(), time()).prop_map(|(p, m, a)| Act::SetTimes(p, m, a)),
        2 => (path(), 0_u16..5).prop_map(|(p, r)| Act::SetReplication(p, r)),
        4 => (path(), quota(), quota()).prop_map(|(p, n, s)| Act::SetQuota(p, n, s)),
        3 => (known(), 0_usize..3, vec(any::<u8>(), 0..4), often(), any::<bool>())
            .prop_map(|(p, n, v, c, r)| Act::SetXAttr(p, n, v, c, r)),
        4 => (known(), 0_usize..2).prop_map(|(p, n)| Act::RemoveXAttr(p, n)),
        1 => Just(Act::Expire),
        2 => (1_u32..5).prop_map(Act::Reap),
    ]
}

/// Some folders and files to begin with, for some of the sequences each.
fn beginning() -> Vec<Act> {
    let put = |path: &str, length| Act::Put(path.into(), 0o666, true, true, 2, vec![b'x'; length]);
    vec![
        Act::SetPermission("/".into(), 0o777),
        Act::Mkdirs("/a".into(), 0o777, true),
        Act::Mkdirs("/a/b".into(), 0o770, true),
        Act::Mkdirs("/b".into(), 0o1777, true),
        Act::SetOwner("/a".into(), Some(1), Some(1)),
        put("/a/b/c", 5),
        put("/a/b/d", 7),
        put("/a/c", 20),
        put("/a/d", 9),
        put("/b/a", 0),
        Act::SetOwner("/a/c".into(), Some(1), None),
        Act::SetXAttr("/a/c".into(), 0, vec![1], true, false),
        Act::SetQuota("/a".into(), Some(Some(7)), Some(Some(100))),
    ]
}

/// A sequence of steps; the superuser acts most, so that trees grow.
pub fn steps(length: usize) -> impl Strategy<Value = Vec<Step>> {
    let user = prop_oneof![3 => Just(0_usize), 2 => Just(1_usize), 1 => Just(2_usize)];
    let pause = prop_oneof![
        9 => 0_i64..50,
        1 => Just(model::SOFT_MS + 1),
        1 => Just(model::HARD_MS + 1),
    ];
    let step = (user, pause, act()).prop_map(|(user, pause_ms, act)| Step { user, pause_ms, act });
    let kept = vec(prop::bool::weighted(0.9), beginning().len());
    (kept, vec(step, 1..length)).prop_map(|(kept, steps)| {
        let begin = beginning().into_iter().zip(kept).filter(|(_, kept)| *kept);
        let begin = begin.map(|(act, _)| Step { user: 0, pause_ms: 1, act });
        begin.chain(steps).collect()
    })
}

/// A file that was opened: its ids in the namespace and in the model, and its path then.
pub struct Handle {
    pub inode: u64,
    pub node: u64,
    pub path: String,
    pub by: usize,
}

impl Handle {
    /// Its holder, or another.
    fn holder(&self, right: bool) -> String {
        HOLDERS[if right { self.by } else { 1 - self.by }].to_owned()
    }
}

fn xattr(index: usize) -> XAttrName {
    XAttrName { namespace: XAttrNamespace::User, name: format!("x{index}") }
}

fn change(quota: Option<Option<u64>>) -> QuotaChange {
    match quota {
        None => QuotaChange::Keep,
        Some(None) => QuotaChange::Clear,
        Some(Some(quota)) => QuotaChange::Set(quota),
    }
}

fn options(mode: u16, overwrite: bool, parents: bool, replication: u16) -> CreateOptions {
    CreateOptions {
        permission: mode,
        unmasked: None,
        if_exists: match overwrite {
            true => IfExists::Overwrite,
            false => IfExists::Fail,
        },
        create_parent: parents,
        replication,
        block_size: 1024,
    }
}

impl Step {
    /// The holder a file is opened by.
    pub fn holder(&self) -> usize {
        match self.act {
            Act::Create(_, _, by) | Act::Append(_, by, _) => by,
            _ => 0,
        }
    }

    /// As a command; `None`: nothing was opened yet that it could be about.
    pub fn command(&self, handles: &[Handle], time_ms: i64) -> Option<Command> {
        let handle = |index: &usize| handles.iter().rev().nth(index % handles.len().max(1));
        let holder = |index: &usize| HOLDERS[*index].to_owned();
        let mutation = match self.act.clone() {
            Act::Mkdirs(path, permission, create_parent) => {
                Mutation::Mkdirs { path, permission, unmasked: None, create_parent }
            }
            Act::Put(path, mode, overwrite, parents, replication, content) => Mutation::PutFile {
                path,
                options: options(mode, overwrite, parents, replication),
                content: content.into(),
            },
            Act::Create(path, overwrite, by) => Mutation::Create {
                path,
                options: options(0o644, overwrite, true, 1),
                holder: holder(&by),
            },
            Act::Append(path, by, create) => Mutation::Append {
                path,
                holder: holder(&by),
                create: create.then(|| options(0o644, false, true, 1)),
            },
            Act::Complete(index, right, content) => Mutation::Complete {
                path: handle(&index)?.path.clone(),
                inode: handle(&index)?.inode,
                holder: handle(&index)?.holder(right),
                content: content.into(),
            },
            Act::Abandon(index, right) => Mutation::Abandon {
                path: handle(&index)?.path.clone(),
                inode: handle(&index)?.inode,
                holder: handle(&index)?.holder(right),
            },
            Act::Renew(by) => Mutation::RenewLease { holder: holder(&by) },
            Act::Recover(path, by) => Mutation::RecoverLease { path, holder: holder(&by) },
            Act::Rename(src, dst, mode) => Mutation::Rename { src, dst, mode },
            Act::Delete(path, recursive) => Mutation::Delete { path, recursive },
            Act::Truncate(path, length) => Mutation::Truncate { path, length },
            Act::Concat(target, sources) => Mutation::Concat { target, sources },
            Act::SetPermission(path, permission) => Mutation::SetPermission { path, permission },
            Act::SetOwner(path, owner, group) => Mutation::SetOwner {
                path,
                owner: owner.map(|i| USERS[i].name.into()),
                group: group.map(|i| USERS[i].groups[0].into()),
            },
            Act::SetTimes(path, mtime, atime) => Mutation::SetTimes { path, mtime, atime },
            Act::SetReplication(path, replication) => {
                Mutation::SetReplication { path, replication }
            }
            Act::SetQuota(path, namespace, space) => {
                Mutation::SetQuota { path, namespace: change(namespace), space: change(space) }
            }
            Act::SetXAttr(path, index, value, create, replace) => Mutation::SetXAttr {
                path,
                name: xattr(index),
                value: Bytes::from(value),
                create,
                replace,
            },
            Act::RemoveXAttr(path, index) => Mutation::RemoveXAttr { path, name: xattr(index) },
            Act::Expire => {
                let op = Op::ExpireLeases { max_files: 100 };
                return Some(Command { time_ms, op });
            }
            Act::Reap(max_inodes) => {
                let op = Op::Reap { max_inodes };
                return Some(Command { time_ms, op });
            }
        };
        let caller = settings().caller(USERS[self.user].name);
        let op = Op::Client(caller, mutation);
        Some(Command { time_ms, op })
    }

    /// What the model says to it; `handles` is not empty if the step is about one.
    pub fn run(&self, model: &mut Model, handles: &[Handle]) -> Answer {
        let user = &USERS[self.user];
        let handle = |index: &usize| &handles[handles.len() - 1 - index % handles.len()];
        let node = |index: &usize| handle(index).node;
        let by = |index: &usize, right: &bool| handle(index).holder(*right);
        match &self.act {
            Act::Mkdirs(path, mode, parents) => model.mkdirs(user, path, *mode, *parents),
            Act::Put(path, mode, overwrite, parents, replication, data) => {
                model.create(user, path, *mode, *overwrite, *parents, *replication, data, None)
            }
            Act::Create(path, overwrite, by) => {
                let by = Some(HOLDERS[*by]);
                model.create(user, path, 0o644, *overwrite, true, 1, &[], by)
            }
            Act::Append(path, by, create) => model.append(user, path, HOLDERS[*by], *create),
            Act::Complete(index, right, data) => {
                model.complete(node(index), &by(index, right), data)
            }
            Act::Abandon(index, right) => model.abandon(node(index), &by(index, right)),
            Act::Renew(by) => model.renew(HOLDERS[*by]),
            Act::Recover(path, _) => model.recover(user, path),
            Act::Rename(src, dst, mode) => model.rename(user, src, dst, *mode),
            Act::Delete(path, recursive) => model.delete(user, path, *recursive),
            Act::Truncate(path, length) => model.truncate(user, path, *length as usize),
            Act::Concat(target, sources) => model.concat(user, target, sources),
            Act::SetPermission(path, mode) => model.set_permission(user, path, *mode),
            Act::SetOwner(path, owner, group) => model.set_owner(
                user,
                path,
                owner.map(|i| USERS[i].name),
                group.map(|i| USERS[i].groups[0]),
            ),
            Act::SetTimes(path, mtime, atime) => model.set_times(user, path, *mtime, *atime),
            Act::SetReplication(path, factor) => model.set_replication(user, path, *factor),
            Act::SetQuota(path, inodes, bytes) => model.set_quota(user, path, *inodes, *bytes),
            Act::SetXAttr(path, index, value, create, replace) => {
                let name = format!("x{index}");
                model.set_xattr(user, path, &name, value, *create, *replace)
            }
            Act::RemoveXAttr(path, index) => model.remove_xattr(user, path, &format!("x{index}")),
            Act::Expire => {
                model.expire();
                Ok(Out::Done)
            }
            Act::Reap(_) => Ok(Out::Done),
        }
    }
}
