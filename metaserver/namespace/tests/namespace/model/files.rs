//! The model's files: creating, writing, leases, truncate, concat.

use super::*;

impl Model {
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
        if present.is_some() {
            self.within_quota(&names, |m| {
                m.take(&names);
                m.add(user, &names, folder_mode, mode, body.clone());
            })?;
            self.take(&names);
        } else {
            self.within_quota_by_steps(user, &names, &body)?;
        }
        let id = self.add(user, &names, folder_mode, mode, body);
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

    pub(super) fn file(&self, names: &[&str]) -> Result<&Node, ErrorKind> {
        match self.get(names) {
            Some(node) if !node.is_dir() => Ok(node),
            _ => Err(FileNotFound),
        }
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
}
