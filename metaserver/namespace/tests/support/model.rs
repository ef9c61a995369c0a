//! A naive model of the namespace: a tree of structs, walked from the top for everything,
//! recounted whenever a count is needed, copied to try a change. Slow and simple on purpose, and
//! sharing no code with what it is compared to.

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
    File {
        data: Vec<u8>,
        replication: u16,
        open: Option<(String, bool)>,
    },
    Dir {
        children: BTreeMap<String, Node>,
        quota: Option<u64>,
        space_quota: Option<u64>,
    },
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
type Check = Result<(), ErrorKind>;

#[derive(Clone, Debug)]
pub struct Model {
    pub root: Node,
    pub now: i64,
    next_id: u64,
    /// Last renewal by holder.
    renewed: BTreeMap<String, i64>,
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

    fn child(&self, name: &str) -> Option<&Node> {
        match &self.body {
            Body::Dir { children, .. } => children.get(name),
            Body::File { .. } => None,
        }
    }

    fn entries(&mut self) -> &mut BTreeMap<String, Node> {
        match &mut self.body {
            Body::Dir { children, .. } => children,
            Body::File { .. } => panic!("a file has no entries"),
        }
    }

    fn open(&self) -> Option<&(String, bool)> {
        match &self.body {
            Body::File { open, .. } => open.as_ref(),
            Body::Dir { .. } => None,
        }
    }

    fn data(&self) -> &[u8] {
        match &self.body {
            Body::File { data, .. } => data,
            Body::Dir { .. } => &[],
        }
    }

    /// Directories, files, bytes, bytes times replication; this node included.
    pub fn count(&self) -> [u64; 4] {
        match &self.body {
            Body::File {
                data, replication, ..
            } => {
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

    fn can(&self, user: &User, bits: u16) -> bool {
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

fn require(node: Option<&Node>, user: &User, bits: u16) -> Check {
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
        names
            .iter()
            .try_fold(&self.root, |node, name| node.child(name))
    }

    fn get_mut(&mut self, names: &[&str]) -> &mut Node {
        names.iter().fold(&mut self.root, |node, name| {
            node.entries().get_mut(*name).expect("checked before")
        })
    }

    fn deepest_above<'p>(&self, names: &'p [&'p str]) -> (&Node, usize) {
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

    fn traverse(&self, user: &User, names: &[&str], create: bool) -> Check {
        let mut node = &self.root;
        for name in names {
            if !node.is_dir() {
                return Err(if create {
                    ParentNotDirectory
                } else {
                    AccessControl
                });
            }
            require(Some(node), user, 1)?;
            match node.child(name) {
                Some(child) => node = child,
                None => break,
            }
        }
        Ok(())
    }

    fn require_parent(&self, user: &User, names: &[&str], bits: u16) -> Check {
        match names {
            [] => Ok(()),
            [parent @ .., _] => require(self.get(parent), user, bits),
        }
    }

    fn require_ancestor(&self, user: &User, names: &[&str], bits: u16) -> Check {
        match names {
            [] => Ok(()),
            _ => require(Some(self.deepest_above(names).0), user, bits),
        }
    }

    fn require_removable(&self, user: &User, names: &[&str]) -> Check {
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
    fn within_quota(&self, names: &[&str], change: impl FnOnce(&mut Model)) -> Check {
        let mut after = self.clone();
        change(&mut after);
        for depth in (0..=names.len()).rev() {
            let (Some(old), Some(new)) = (self.get(&names[..depth]), after.get(&names[..depth]))
            else {
                continue;
            };
            let Body::Dir {
                quota, space_quota, ..
            } = &new.body
            else {
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

    fn verify_new(&self, names: &[&str]) -> Check {
        let (above, depth) = self.deepest_above(names);
        if above.children().len() >= MAX_ITEMS && above.child(names[depth]).is_none() {
            return Err(MaxDirectoryItems);
        }
        Ok(())
    }

    /// Adds a node and the folders it needs.
    fn add(&mut self, user: &User, names: &[&str], folder_mode: u16, mode: u16, body: Body) -> u64 {
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
                    atime: if matches!(body, Body::File { .. }) {
                        now
                    } else {
                        0
                    },
                    xattrs: BTreeMap::new(),
                    body,
                };
                node.entries().insert((*name).into(), fresh);
            }
            node = node.entries().get_mut(*name).expect("just made");
        }
        node.id
    }

    fn take(&mut self, names: &[&str]) -> Node {
        let now = self.now;
        let [above @ .., last] = names else {
            panic!("the root stays")
        };
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
        let make = |m: &mut Model| {
            m.add(user, &names, (mode & 0o777) | 0o300, mode, empty_dir());
        };
        self.within_quota(&names, make)?;
        make(self);
        Ok(Out::Bool(true))
    }

    #[allow(clippy::too_many_arguments)]
    pub fn create(
        &mut self,
        user: &User,
        path: &str,
        mode: u16,
        overwrite: bool,
        parents: bool,
        replication: u16,
        data: &[u8],
        holder: Option<&str>,
    ) -> Answer {
        let names = split(path);
        self.traverse(user, &names, true)?;
        self.require_ancestor(user, &names, 2)?;
        let present = self.get(&names);
        match present {
            Some(node) if node.is_dir() => return Err(FileAlreadyExists),
            Some(node) if overwrite => require(Some(node), user, 2)?,
            Some(node) => {
                self.evictable(node, holder.unwrap_or(user.name))?;
                return Err(FileAlreadyExists);
            }
            None if !parents && self.get(&names[..names.len() - 1]).is_none() => {
                return Err(FileNotFound);
            }
            None => {}
        }
        if data.len() > INLINE_LIMIT {
            return Err(Io);
        }
        if present.is_none() {
            self.verify_new(&names)?;
        }
        let folder_mode = (self.deepest_above(&names).0.mode & 0o777) | 0o300;
        let body = Body::File {
            data: data.to_vec(),
            replication,
            open: holder.map(|h| (h.to_owned(), false)),
        };
        let replace = present.is_some();
        let make = |m: &mut Model| {
            if replace {
                m.take(&names);
            }
            m.add(user, &names, folder_mode, mode, body)
        };
        self.within_quota(&names, |m| {
            make.clone()(m);
        })?;
        let id = make(self);
        if let Some(holder) = holder {
            self.renewed.insert(holder.into(), self.now);
        }
        Ok(Out::Opened(id))
    }

    /// Whether somebody has to be put out first; refused while their lease is good.
    fn evictable(&self, node: &Node, who: &str) -> Result<bool, ErrorKind> {
        match node.open() {
            None => Ok(false),
            Some((holder, _)) if holder == who => Err(AlreadyBeingCreated),
            Some((holder, _)) if self.now - self.renewed[holder] <= SOFT_MS => {
                Err(AlreadyBeingCreated)
            }
            Some(_) => Ok(true),
        }
    }

    fn close(&mut self, names: &[&str]) {
        let now = self.now;
        let node = self.get_mut(names);
        node.mtime = now;
        if let Body::File { open, .. } = &mut node.body {
            *open = None;
        }
    }

    pub fn append(&mut self, user: &User, path: &str, holder: &str, create: bool) -> Answer {
        let names = split(path);
        self.traverse(user, &names, false)?;
        let Some(node) = self.get(&names) else {
            return match create {
                true => self.create(user, path, 0o644, false, true, 1, &[], Some(holder)),
                false => Err(FileNotFound),
            };
        };
        if node.is_dir() {
            return Err(FileAlreadyExists);
        }
        require(Some(node), user, 2)?;
        let id = node.id;
        if self.evictable(node, holder)? {
            self.close(&names);
        }
        if let Body::File { open, .. } = &mut self.get_mut(&names).body {
            *open = Some((holder.into(), true));
        }
        self.renewed.insert(holder.into(), self.now);
        Ok(Out::Opened(id))
    }

    /// The path of a node, wherever it is by now.
    fn find(&self, id: u64) -> Option<Vec<String>> {
        fn below(node: &Node, id: u64, path: &mut Vec<String>) -> bool {
            if node.id == id {
                return true;
            }
            for (name, child) in node.children() {
                path.push(name.clone());
                if below(child, id, path) {
                    return true;
                }
                path.pop();
            }
            false
        }
        let mut path = Vec::new();
        below(&self.root, id, &mut path).then_some(path)
    }

    fn held(&self, id: u64, holder: &str) -> Result<(Vec<String>, bool), ErrorKind> {
        let path = self.find(id).ok_or(FileNotFound)?;
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        match self.get(&names).and_then(Node::open) {
            Some((by, append)) if by == holder => Ok((path, *append)),
            _ => Err(LeaseExpired),
        }
    }

    pub fn complete(&mut self, id: u64, holder: &str, more: &[u8]) -> Answer {
        let (path, _) = self.held(id, holder)?;
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        let length = self.get(&names).map_or(0, |n| n.data().len()) + more.len();
        if !more.is_empty() && length > INLINE_LIMIT {
            return Err(Io);
        }
        let write = |m: &mut Model| {
            if let Body::File { data, .. } = &mut m.get_mut(&names).body {
                data.extend_from_slice(more);
            }
        };
        self.within_quota(&names, write)?;
        write(self);
        self.close(&names);
        Ok(Out::Bool(true))
    }

    pub fn abandon(&mut self, id: u64, holder: &str) -> Answer {
        let (path, append) = self.held(id, holder)?;
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        if append {
            self.close(&names);
        } else {
            self.take(&names);
        }
        Ok(Out::Done)
    }

    fn open_files(&self) -> Vec<(Vec<String>, String)> {
        fn below(node: &Node, path: &mut Vec<String>, found: &mut Vec<(Vec<String>, String)>) {
            if let Some((holder, _)) = node.open() {
                found.push((path.clone(), holder.clone()));
            }
            for (name, child) in node.children() {
                path.push(name.clone());
                below(child, path, found);
                path.pop();
            }
        }
        let mut found = Vec::new();
        below(&self.root, &mut Vec::new(), &mut found);
        found
    }

    pub fn renew(&mut self, holder: &str) -> Answer {
        if self.open_files().iter().any(|(_, by)| by == holder) {
            self.renewed.insert(holder.into(), self.now);
        }
        Ok(Out::Done)
    }

    pub fn recover(&mut self, user: &User, path: &str) -> Answer {
        let names = split(path);
        self.traverse(user, &names, false)?;
        let node = self.file(&names)?;
        if node.open().is_some() {
            require(Some(node), user, 2)?;
            self.close(&names);
        }
        Ok(Out::Bool(true))
    }

    /// Closes everything whose holder was silent for too long.
    pub fn expire(&mut self) {
        for (path, holder) in self.open_files() {
            if self.now - self.renewed[&holder] > HARD_MS {
                let names: Vec<&str> = path.iter().map(String::as_str).collect();
                self.close(&names);
            }
        }
    }

    fn file(&self, names: &[&str]) -> Result<&Node, ErrorKind> {
        match self.get(names) {
            Some(node) if !node.is_dir() => Ok(node),
            _ => Err(FileNotFound),
        }
    }

    pub fn rename(&mut self, user: &User, src: &str, dst: &str, mode: RenameMode) -> Answer {
        let from = split(src);
        let mut to = split(dst);
        self.traverse(user, &from, false)?;
        self.traverse(user, &to, true)?;
        let legacy = mode == RenameMode::Legacy;
        if let (true, Some(name), Some(node)) = (legacy, from.last(), self.get(&to)) {
            if node.is_dir() {
                to.push(name);
            }
        }
        self.require_removable(user, &from)?;
        if mode == RenameMode::ToTrash {
            if let Some(node) = self.get(&from) {
                removable_tree(user, node)?;
            }
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
            folder
                .entries()
                .insert((*to.last().expect("no root")).into(), node);
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

    pub fn truncate(&mut self, user: &User, path: &str, length: usize) -> Answer {
        let names = split(path);
        self.traverse(user, &names, false)?;
        require(self.get(&names), user, 2)?;
        let node = self.file(&names)?;
        let evict = self.evictable(node, user.name)?;
        let present = node.data().len();
        if length > present {
            return Err(HadoopIllegalArgument);
        }
        if evict {
            self.close(&names);
        }
        let now = self.now;
        let node = self.get_mut(&names);
        if length < present {
            node.mtime = now;
        }
        if let Body::File { data, .. } = &mut node.body {
            data.truncate(length);
        }
        Ok(Out::Bool(true))
    }

    pub fn concat(&mut self, user: &User, target: &str, sources: &[String]) -> Answer {
        let to = split(target);
        if sources.is_empty() {
            return Err(IllegalArgument);
        }
        self.traverse(user, &to, false)?;
        require(self.get(&to), user, 2)?;
        let node = self.file(&to)?;
        if node.open().is_some() {
            return Err(HadoopIllegalArgument);
        }
        let mut all = node.data().to_vec();
        for source in sources {
            let from = split(source);
            self.traverse(user, &from, false)?;
            require(self.get(&from), user, 4)?;
            self.require_removable(user, &from)?;
            let part = self.file(&from)?;
            let foreign = from[..from.len() - 1] != to[..to.len() - 1];
            if foreign || from == to || part.open().is_some() || part.data().is_empty() {
                return Err(HadoopIllegalArgument);
            }
            all.extend_from_slice(part.data());
        }
        let mut once = sources.to_vec();
        once.sort();
        once.dedup();
        if once.len() < sources.len() {
            return Err(HadoopIllegalArgument);
        }
        if all.len() > INLINE_LIMIT {
            return Err(Io);
        }
        let join = |m: &mut Model| {
            for source in sources {
                m.take(&split(source));
            }
            let now = m.now;
            let node = m.get_mut(&to);
            node.mtime = now;
            if let Body::File { data, .. } = &mut node.body {
                *data = all.clone();
            }
        };
        self.within_quota(&to, join)?;
        join(self);
        Ok(Out::Done)
    }

    pub fn set_permission(&mut self, user: &User, path: &str, mode: u16) -> Answer {
        let names = split(path);
        self.owned(user, &names)?;
        self.get_mut(&names).mode = mode;
        Ok(Out::Done)
    }

    fn owned(&self, user: &User, names: &[&str]) -> Check {
        self.traverse(user, names, false)?;
        let node = self.get(names).ok_or(FileNotFound)?;
        match user.superuser || node.owner == user.name {
            true => Ok(()),
            false => Err(AccessControl),
        }
    }

    pub fn set_owner(
        &mut self,
        user: &User,
        path: &str,
        owner: Option<&str>,
        group: Option<&str>,
    ) -> Answer {
        let names = split(path);
        self.owned(user, &names)?;
        let foreign_owner = owner.is_some_and(|o| o != user.name);
        let foreign_group = group.is_some_and(|g| !user.groups.contains(&g));
        if !user.superuser && (foreign_owner || foreign_group) {
            return Err(AccessControl);
        }
        let node = self.get_mut(&names);
        if let Some(owner) = owner {
            node.owner = owner.into();
        }
        if let Some(group) = group {
            node.group = group.into();
        }
        Ok(Out::Done)
    }

    pub fn set_times(
        &mut self,
        user: &User,
        path: &str,
        mtime: Option<i64>,
        atime: Option<i64>,
    ) -> Answer {
        let names = split(path);
        self.traverse(user, &names, false)?;
        require(self.get(&names), user, 2)?;
        self.get(&names).ok_or(FileNotFound)?;
        let node = self.get_mut(&names);
        node.mtime = mtime.unwrap_or(node.mtime);
        node.atime = atime.unwrap_or(node.atime);
        Ok(Out::Done)
    }

    pub fn set_replication(&mut self, user: &User, path: &str, factor: u16) -> Answer {
        if factor == 0 || factor > 512 {
            return Err(Io);
        }
        let names = split(path);
        self.traverse(user, &names, false)?;
        require(self.get(&names), user, 2)?;
        if self.file(&names).is_err() {
            return Ok(Out::Bool(false));
        }
        let set = |m: &mut Model| {
            if let Body::File { replication, .. } = &mut m.get_mut(&names).body {
                *replication = factor;
            }
        };
        self.within_quota(&names, set)?;
        set(self);
        Ok(Out::Bool(true))
    }

    /// `Some(None)` clears, `None` keeps.
    pub fn set_quota(
        &mut self,
        user: &User,
        path: &str,
        inodes: Option<Option<u64>>,
        bytes: Option<Option<u64>>,
    ) -> Answer {
        let names = split(path);
        if !user.superuser {
            return Err(AccessControl);
        }
        self.traverse(user, &names, false)?;
        let node = self.get(&names).ok_or(FileNotFound)?;
        if !node.is_dir() {
            return Err(PathIsNotDirectory);
        }
        if names.is_empty() && inodes == Some(None) {
            return Err(IllegalArgument);
        }
        if let Body::Dir {
            quota, space_quota, ..
        } = &mut self.get_mut(&names).body
        {
            *quota = inodes.unwrap_or(*quota);
            *space_quota = bytes.unwrap_or(*space_quota);
        }
        Ok(Out::Done)
    }

    /// What `user.` attributes need.
    fn attributable(&self, user: &User, names: &[&str]) -> Result<&Node, ErrorKind> {
        self.traverse(user, names, false)?;
        let node = self.get(names).ok_or(FileNotFound)?;
        if node.is_dir() && node.mode & 0o1000 != 0 {
            self.owned(user, names)?;
        } else {
            require(Some(node), user, 2)?;
        }
        Ok(node)
    }

    pub fn set_xattr(
        &mut self,
        user: &User,
        path: &str,
        name: &str,
        value: &[u8],
        create: bool,
        replace: bool,
    ) -> Answer {
        let names = split(path);
        let node = self.attributable(user, &names)?;
        let exists = node.xattrs.contains_key(name);
        match (create, replace, exists) {
            (false, false, _) => return Err(HadoopIllegalArgument),
            (_, false, true) | (false, _, false) => return Err(Io),
            (_, _, false) if node.xattrs.len() >= MAX_XATTRS => return Err(Io),
            _ => {}
        }
        let node = self.get_mut(&names);
        node.xattrs.insert(name.into(), value.to_vec());
        Ok(Out::Done)
    }

    pub fn remove_xattr(&mut self, user: &User, path: &str, name: &str) -> Answer {
        let names = split(path);
        let node = self.attributable(user, &names)?;
        if !node.xattrs.contains_key(name) {
            return Err(Io);
        }
        self.get_mut(&names).xattrs.remove(name);
        Ok(Out::Done)
    }
}

fn empty_dir() -> Body {
    Body::Dir {
        children: BTreeMap::new(),
        quota: None,
        space_quota: None,
    }
}

fn sticky(user: &User, parent: &Node, node: &Node) -> Check {
    let stranger = parent.owner != user.name && node.owner != user.name;
    match !user.superuser && parent.mode & 0o1000 != 0 && stranger {
        true => Err(AccessControl),
        false => Ok(()),
    }
}

/// Folders that are not empty must be all the user's to change.
fn removable_tree(user: &User, node: &Node) -> Check {
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
