//! A naive model of the namespace: a tree of structs, walked from the top for everything,
//! recounted whenever a count is needed, copied to try a change. Slow and simple on purpose, and
//! sharing no code with what it is compared to.

mod attributes;
mod files;

use std::collections::BTreeMap;

use metafs_namespace::ErrorKind;
use metafs_namespace::ErrorKind::*;
use metafs_namespace::command::RenameMode;

pub const INLINE_LIMIT: usize = 40;
pub const MAX_ITEMS: usize = 4;
pub const MAX_XATTRS: usize = 2;
pub const SOFT_MS: i64 = 60_000;
pub const HARD_MS: i64 = 1_200_000;

#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub id: u64,
    pub owner: String,
    pub group: String,
    pub mode: u16,
    pub mtime: i64,
    pub atime: i64,
    pub xattrs: BTreeMap<String, Vec<u8>>,
    pub body: Body,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    File { data: Vec<u8>, replication: u16, open: Option<(String, bool)> },
    Dir { children: BTreeMap<String, Node>, quota: Option<u64>, space_quota: Option<u64> },
}

/// What an operation says when it is not refused.
#[derive(Clone, Debug, PartialEq)]
pub enum Out {
    Done,
    Bool(bool),
    Opened(u64),
}

pub struct User {
    pub name: &'static str,
    pub groups: &'static [&'static str],
    pub superuser: bool,
}

pub type Answer = Result<Out, ErrorKind>;
pub(super) type Check = Result<(), ErrorKind>;

#[derive(Clone, Debug)]
pub struct Model {
    pub root: Node,
    pub now: i64,
    pub(super) next_id: u64,
    /// Last renewal by holder.
    pub(super) renewed: BTreeMap<String, i64>,
}

impl Node {
    pub fn is_dir(&self) -> bool {
        matches!(self.body, Body::Dir { .. })
    }

    pub fn children(&self) -> Vec<(&String, &Node)> {
        match &self.body {
            Body::Dir { children, .. } => children.iter().collect(),
            Body::File { .. } => Vec::new(),
        }
    }

    pub(super) fn child(&self, name: &str) -> Option<&Node> {
        match &self.body {
            Body::Dir { children, .. } => children.get(name),
            Body::File { .. } => None,
        }
    }

    pub(super) fn entries(&mut self) -> &mut BTreeMap<String, Node> {
        match &mut self.body {
            Body::Dir { children, .. } => children,
            Body::File { .. } => panic!("a file has no entries"),
        }
    }

    pub(super) fn open(&self) -> Option<&(String, bool)> {
        match &self.body {
            Body::File { open, .. } => open.as_ref(),
            Body::Dir { .. } => None,
        }
    }

    pub(super) fn data(&self) -> &[u8] {
        match &self.body {
            Body::File { data, .. } => data,
            Body::Dir { .. } => &[],
        }
    }

    /// Directories, files, bytes, bytes times replication; this node included.
    pub fn count(&self) -> [u64; 4] {
        match &self.body {
            Body::File { data, replication, .. } => {
                let length = data.len() as u64;
                [0, 1, length, length * u64::from(*replication)]
            }
            Body::Dir { children, .. } => {
                let mut sum = [1, 0, 0, 0];
                for child in children.values() {
                    for (total, part) in sum.iter_mut().zip(child.count()) {
                        *total += part;
                    }
                }
                sum
            }
        }
    }

    pub(super) fn can(&self, user: &User, bits: u16) -> bool {
        let class = if self.owner == user.name {
            self.mode >> 6
        } else if user.groups.contains(&self.group.as_str()) {
            self.mode >> 3
        } else {
            self.mode
        };
        user.superuser || class & bits == bits
    }
}

pub(super) fn require(node: Option<&Node>, user: &User, bits: u16) -> Check {
    match node {
        Some(node) if !node.can(user, bits) => Err(AccessControl),
        _ => Ok(()),
    }
}

pub fn split(path: &str) -> Vec<&str> {
    path.split('/').filter(|name| !name.is_empty()).collect()
}

impl Model {
    pub fn new() -> Self {
        Self {
            root: Node {
                id: 0,
                owner: "hdfs".into(),
                group: "supergroup".into(),
                mode: 0o755,
                mtime: 0,
                atime: 0,
                xattrs: BTreeMap::new(),
                body: Body::Dir {
                    children: BTreeMap::new(),
                    quota: Some(i64::MAX as u64),
                    space_quota: None,
                },
            },
            now: 0,
            next_id: 1,
            renewed: BTreeMap::new(),
        }
    }

    pub fn get(&self, names: &[&str]) -> Option<&Node> {
        names.iter().try_fold(&self.root, |node, name| node.child(name))
    }

    pub(super) fn get_mut(&mut self, names: &[&str]) -> &mut Node {
        names.iter().fold(&mut self.root, |node, name| {
            node.entries().get_mut(*name).expect("checked before")
        })
    }

    pub(super) fn deepest_above<'p>(&self, names: &'p [&'p str]) -> (&Node, usize) {
        let mut depth = 0;
        let mut node = &self.root;
        while depth + 1 < names.len() {
            match node.child(names[depth]) {
                Some(child) => node = child,
                None => break,
            }
            depth += 1;
        }
        (node, depth)
    }

    pub(super) fn traverse(&self, user: &User, names: &[&str], create: bool) -> Check {
        let mut node = &self.root;
        for name in names {
            if !node.is_dir() {
                return Err(if create { ParentNotDirectory } else { AccessControl });
            }
            require(Some(node), user, 1)?;
            match node.child(name) {
                Some(child) => node = child,
                None => break,
            }
        }
        Ok(())
    }

    pub(super) fn require_parent(&self, user: &User, names: &[&str], bits: u16) -> Check {
        match names {
            [] => Ok(()),
            [parent @ .., _] => require(self.get(parent), user, bits),
        }
    }

    pub(super) fn require_ancestor(&self, user: &User, names: &[&str], bits: u16) -> Check {
        match names {
            [] => Ok(()),
            _ => require(Some(self.deepest_above(names).0), user, bits),
        }
    }

    pub(super) fn require_removable(&self, user: &User, names: &[&str]) -> Check {
        self.require_parent(user, names, 2)?;
        let [above @ .., _] = names else {
            return Ok(());
        };
        match (self.get(above), self.get(names)) {
            (Some(parent), Some(node)) => sticky(user, parent, node),
            _ => Ok(()),
        }
    }

    /// Fails if `change` brings a directory on the way of `names` above its quota.
    pub(super) fn within_quota(&self, names: &[&str], change: impl FnOnce(&mut Model)) -> Check {
        let mut after = self.clone();
        change(&mut after);
        for depth in (0..=names.len()).rev() {
            let (Some(old), Some(new)) = (self.get(&names[..depth]), after.get(&names[..depth]))
            else {
                continue;
            };
            let Body::Dir { quota, space_quota, .. } = &new.body else {
                continue;
            };
            let (old, new) = (old.count(), new.count());
            let inodes = (old[0] + old[1], new[0] + new[1]);
            if quota.is_some_and(|q| inodes.1 > q && inodes.1 > inodes.0) {
                return Err(NsQuotaExceeded);
            }
            if space_quota.is_some_and(|q| new[3] > q && new[3] > old[3]) {
                return Err(DsQuotaExceeded);
            }
        }
        Ok(())
    }

    /// Fails if something that is added on the way to `names` does not fit: what is missing of the
    /// folders one by one, an empty leaf, and all of it, as HDFS makes them.
    pub(super) fn within_quota_by_steps(&self, user: &User, names: &[&str], leaf: &Body) -> Check {
        let (_, existing) = self.deepest_above(names);
        let empty = match leaf {
            Body::File { replication, .. } => {
                Body::File { data: Vec::new(), replication: *replication, open: None }
            }
            Body::Dir { .. } => empty_dir(),
        };
        let folders = (existing + 1..names.len()).map(|end| (end, empty_dir()));
        let steps = folders.chain([(names.len(), empty), (names.len(), leaf.clone())]);
        for (end, body) in steps {
            self.within_quota(&names[..end], |m| {
                m.add(user, &names[..end], 0, 0, body);
            })?;
        }
        Ok(())
    }

    pub(super) fn verify_new(&self, names: &[&str]) -> Check {
        let (above, depth) = self.deepest_above(names);
        if above.children().len() >= MAX_ITEMS && above.child(names[depth]).is_none() {
            return Err(MaxDirectoryItems);
        }
        Ok(())
    }

    /// Adds a node and the folders it needs.
    pub(super) fn add(
        &mut self,
        user: &User,
        names: &[&str],
        folder_mode: u16,
        mode: u16,
        body: Body,
    ) -> u64 {
        let now = self.now;
        let mut node = &mut self.root;
        let mut body = Some(body);
        for (index, name) in names.iter().enumerate() {
            let last = index + 1 == names.len();
            let group = node.group.clone();
            if !node.entries().contains_key(*name) {
                node.mtime = node.mtime.max(now);
                self.next_id += 1;
                let body = match last {
                    true => body.take().expect("one last"),
                    false => empty_dir(),
                };
                let fresh = Node {
                    id: self.next_id,
                    owner: user.name.into(),
                    group,
                    mode: if last { mode } else { folder_mode },
                    mtime: now,
                    atime: if matches!(body, Body::File { .. }) { now } else { 0 },
                    xattrs: BTreeMap::new(),
                    body,
                };
                node.entries().insert((*name).into(), fresh);
            }
            node = node.entries().get_mut(*name).expect("just made");
        }
        node.id
    }

    pub(super) fn take(&mut self, names: &[&str]) -> Node {
        let now = self.now;
        let [above @ .., last] = names else { panic!("the root stays") };
        let parent = self.get_mut(above);
        parent.mtime = parent.mtime.max(now);
        parent.entries().remove(*last).expect("checked before")
    }

    pub fn mkdirs(&mut self, user: &User, path: &str, mode: u16, parents: bool) -> Answer {
        let names = split(path);
        self.traverse(user, &names, true)?;
        match self.get(&names) {
            Some(node) if node.is_dir() => return Ok(Out::Bool(true)),
            Some(_) => return Err(FileAlreadyExists),
            None => {}
        }
        self.require_ancestor(user, &names, 2)?;
        if !parents && self.get(&names[..names.len() - 1]).is_none() {
            return Err(FileNotFound);
        }
        self.verify_new(&names)?;
        self.within_quota_by_steps(user, &names, &empty_dir())?;
        self.add(user, &names, (mode & 0o777) | 0o300, mode, empty_dir());
        Ok(Out::Bool(true))
    }

    pub fn rename(&mut self, user: &User, src: &str, dst: &str, mode: RenameMode) -> Answer {
        let from = split(src);
        let mut to = split(dst);
        self.traverse(user, &from, false)?;
        self.traverse(user, &to, true)?;
        let legacy = mode == RenameMode::Legacy;
        if let (true, Some(name), Some(node)) = (legacy, from.last(), self.get(&to))
            && node.is_dir()
        {
            to.push(name);
        }
        self.require_removable(user, &from)?;
        if mode == RenameMode::ToTrash
            && let Some(node) = self.get(&from)
        {
            removable_tree(user, node)?;
        }
        self.traverse(user, &to, true)?;
        self.require_ancestor(user, &to, 2)?;
        match self.movable(&from, &to, mode) {
            Ok(false) => return Ok(Out::Bool(true)),
            Ok(true) => {}
            Err(_) if legacy => return Ok(Out::Bool(false)),
            Err(kind) => return Err(kind),
        }
        let same_folder = from[..from.len() - 1] == to[..to.len() - 1];
        let folder = self.get(&to[..to.len() - 1]).expect("checked");
        // HDFS asks for room even when something is replaced.
        if !same_folder && folder.children().len() >= MAX_ITEMS {
            return Err(MaxDirectoryItems);
        }
        let relocate = |m: &mut Model| {
            if m.get(&to).is_some() {
                m.take(&to);
            }
            let node = m.take(&from);
            let now = m.now.max(node.mtime);
            let folder = m.get_mut(&to[..to.len() - 1]);
            folder.mtime = folder.mtime.max(now);
            folder.entries().insert((*to.last().expect("no root")).into(), node);
        };
        self.within_quota(&to[..to.len() - 1], relocate)?;
        relocate(self);
        Ok(match legacy {
            true => Out::Bool(true),
            false => Out::Done,
        })
    }

    /// Whether there is something to do; errors of the new form.
    fn movable(&self, from: &[&str], to: &[&str], mode: RenameMode) -> Result<bool, ErrorKind> {
        let node = self.get(from).ok_or(FileNotFound)?;
        if from.is_empty() {
            return Err(Io);
        }
        if from == to {
            return match mode {
                RenameMode::Legacy => Ok(false),
                _ => Err(FileAlreadyExists),
            };
        }
        if to.starts_with(from) || to.is_empty() {
            return Err(Io);
        }
        match self.get(to) {
            Some(_) if mode == RenameMode::Legacy => return Err(FileAlreadyExists),
            Some(there) if there.is_dir() != node.is_dir() => return Err(Io),
            Some(_) if mode != RenameMode::Overwrite => return Err(FileAlreadyExists),
            Some(there) if !there.children().is_empty() => return Err(Io),
            _ => {}
        }
        match self.get(&to[..to.len() - 1]) {
            Some(_) => Ok(true),
            None => Err(FileNotFound),
        }
    }

    pub fn delete(&mut self, user: &User, path: &str, recursive: bool) -> Answer {
        let names = split(path);
        self.traverse(user, &names, false)?;
        self.require_removable(user, &names)?;
        let Some(node) = self.get(&names) else {
            return Ok(Out::Bool(false));
        };
        removable_tree(user, node)?;
        if !recursive && !node.children().is_empty() {
            return Err(PathIsNotEmptyDirectory);
        }
        if names.is_empty() {
            return Ok(Out::Bool(false));
        }
        self.take(&names);
        Ok(Out::Bool(true))
    }
}

pub(super) fn empty_dir() -> Body {
    Body::Dir { children: BTreeMap::new(), quota: None, space_quota: None }
}

pub(super) fn sticky(user: &User, parent: &Node, node: &Node) -> Check {
    let stranger = parent.owner != user.name && node.owner != user.name;
    match !user.superuser && parent.mode & 0o1000 != 0 && stranger {
        true => Err(AccessControl),
        false => Ok(()),
    }
}

/// Folders that are not empty must be all the user's to change.
pub(super) fn removable_tree(user: &User, node: &Node) -> Check {
    if node.children().is_empty() {
        return Ok(());
    }
    require(Some(node), user, 7)?;
    for (_, child) in node.children() {
        sticky(user, node, child)?;
        removable_tree(user, child)?;
    }
    Ok(())
}
