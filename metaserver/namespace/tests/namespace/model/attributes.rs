//! The model's attributes: mode, owner, times, replication, quotas, extended attributes.

use super::*;

impl Model {
    pub fn set_permission(&mut self, user: &User, path: &str, mode: u16) -> Answer {
        let names = split(path);
        self.owned(user, &names)?;
        self.get_mut(&names).mode = mode;
        Ok(Out::Done)
    }

    pub(super) fn owned(&self, user: &User, names: &[&str]) -> Check {
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
        if let Body::Dir { quota, space_quota, .. } = &mut self.get_mut(&names).body {
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
