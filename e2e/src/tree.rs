//! A tree of any size that is in no memory: its rows are computed from their keys. Written as an export it
//! is what `metafs-tree` prints and `metactl import` takes through Raft.
//!
//! The root has folders `d00000`, `d00001`, ..; the files `f000000`, `f000001`, .. are spread over them evenly.

use std::io::{self, Write};
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

use bytes::Bytes;
use metafs_namespace::inode::{Body, Dentry, DirectoryBody, FileBody, Inode, Kind, ROOT, Usage};
use metafs_namespace::keys::{self, State, row_hash, table};
use metafs_namespace::{Rows, RowsError, Settings, View, export};

/// Bytes written at a time.
const PART: usize = 1 << 20;

/// What is called for each row.
type Visit<'v> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'v;

/// See the module.
#[derive(Clone, Debug)]
pub struct Tree {
    folders: u64,
    files: u64,
    checksum: u128,
}

impl Tree {
    /// A tree of `folders` folders, the root included, and `files` files.
    ///
    /// # Errors
    /// There are files and no folder for them.
    pub fn new(folders: u64, files: u64) -> anyhow::Result<Self> {
        let below =
            folders.checked_sub(1).ok_or_else(|| anyhow::anyhow!("the root is a folder"))?;
        if below == 0 && files > 0 {
            anyhow::bail!("files need a folder beside the root: at least 2 folders");
        }
        let mut tree = Self { folders: below, files, checksum: 0 };
        let (mut sum, mut scratch) = (0_u128, Vec::new());
        tree.walk(table::DENTRY, 0, &mut |key, value| {
            sum = sum.wrapping_add(row_hash(key, value, &mut scratch));
            ControlFlow::Continue(())
        })?;
        tree.walk(table::INODE, 0, &mut |key, value| {
            sum = sum.wrapping_add(row_hash(key, value, &mut scratch));
            ControlFlow::Continue(())
        })?;
        tree.checksum = sum;
        Ok(tree)
    }

    /// Writes it as an export.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn export(&self, out: &mut impl Write) -> anyhow::Result<()> {
        let view = View::new(self)?;
        out.write_all(&export::header(&view)?)?;
        let (mut last_key, mut rows) = (Vec::new(), 0);
        loop {
            let part = export::part(&view, &last_key, PART)?;
            if part.rows == 0 {
                break;
            }
            rows += part.rows;
            last_key = part.last_key;
            out.write_all(&part.bytes)?;
        }
        out.write_all(&export::trailer(&view, rows)?)?;
        out.flush().map_err(|error: io::Error| error.into())
    }

    /// Files of the folder.
    fn files_of(&self, folder: u64) -> u64 {
        self.files / self.folders.max(1) + u64::from(folder < self.files % self.folders.max(1))
    }

    /// Files of all folders before it.
    fn files_before(&self, folder: u64) -> u64 {
        let folders = self.folders.max(1);
        self.files / folders * folder + folder.min(self.files % folders)
    }

    fn folder_of(&self, file: u64) -> u64 {
        let (each, more) = (self.files / self.folders.max(1), self.files % self.folders.max(1));
        match file.checked_sub((each + 1) * more) {
            None => file / (each + 1),
            Some(rest) => more + rest / each.max(1),
        }
    }

    /// The inode by its place: the root, the folders, the files.
    fn inode_at(&self, place: u64) -> Option<Inode> {
        let directory = |children: u64, below: Usage, quota| {
            let children = u32::try_from(children).unwrap_or(u32::MAX);
            Body::Directory(DirectoryBody { children, below, quota, space_quota: None })
        };
        let files = |files| Usage { files, ..Usage::default() };
        let (parent, name, permission, body) = match place {
            0 => {
                let below = Usage { directories: self.folders, ..files(self.files) };
                (0, String::new(), 0o755, directory(self.folders, below, Some(i64::MAX as u64)))
            }
            _ if place <= self.folders => {
                let count = self.files_of(place - 1);
                let body = directory(count, files(count), None);
                (ROOT, format!("d{:05}", place - 1), 0o755, body)
            }
            _ => {
                let file = place - 1 - self.folders;
                if file >= self.files {
                    return None;
                }
                let folder = self.folder_of(file);
                let number = file - self.files_before(folder);
                let body =
                    FileBody { length: 0, replication: 3, block_size: 128 << 20, lease: None };
                (ROOT + 1 + folder, format!("f{number:06}"), 0o644, Body::File(body))
            }
        };
        Some(Inode {
            id: ROOT + place,
            parent,
            name,
            owner: "hdfs".into(),
            group: "supergroup".into(),
            permission,
            mtime: 1_700_000_000_000,
            atime: 0,
            acl: None,
            xattrs: 0,
            body,
        })
    }

    /// The rows of a table from the `from`th on.
    fn walk(&self, tag: u8, from: u64, visit: &mut Visit<'_>) -> Result<(), RowsError> {
        // Entries are in the order of their children's places, without the root.
        let mut place = from + u64::from(tag == table::DENTRY);
        while let Some(inode) = self.inode_at(place) {
            place += 1;
            let flow = if tag == table::DENTRY {
                let kind = if inode.is_directory() { Kind::Directory } else { Kind::File };
                let entry = keys::encode(&Dentry { child: inode.id, kind })?;
                visit(&keys::dentry(inode.parent, inode.name.as_bytes()), &entry)
            } else {
                visit(&keys::inode(inode.id), &keys::encode(&inode)?)
            };
            if flow.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Which row of its table a key of this tree is.
    fn row_of(&self, key: &[u8]) -> Option<u64> {
        let id = key.get(1..9).and_then(keys::trailing_id)?;
        if key.first() == Some(&table::INODE) {
            return id.checked_sub(ROOT);
        }
        let number = std::str::from_utf8(keys::dentry_name(key)).ok()?.get(1..)?.parse().ok()?;
        match id.checked_sub(ROOT)? {
            0 => Some(number),
            folder => Some(self.folders + self.files_before(folder - 1) + number),
        }
    }
}

impl Rows for Tree {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, RowsError> {
        match key.first() {
            Some(&table::INODE) => {
                let inode = self.row_of(key).and_then(|place| self.inode_at(place));
                inode.as_ref().map(keys::encode).transpose()
            }
            _ => Ok(None),
        }
    }

    fn scan(
        &self,
        prefix: &[u8],
        from: Bound<&[u8]>,
        visit: &mut dyn FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), RowsError> {
        let &[tag @ (table::DENTRY | table::INODE)] = prefix else { return Ok(()) };
        let first = match from {
            Bound::Excluded(key) => self.row_of(key).map_or(0, |row| row + 1),
            Bound::Included(key) => self.row_of(key).unwrap_or_default(),
            Bound::Unbounded => 0,
        };
        self.walk(tag, first, visit)
    }

    fn settings(&self) -> Result<Option<Arc<Settings>>, RowsError> {
        Ok(None)
    }

    fn state(&self) -> Result<State, RowsError> {
        let next_inode = ROOT + 1 + self.folders + self.files;
        Ok(State { next_inode, checksum: self.checksum, ..keys::read_state(self)? })
    }
}

#[cfg(test)]
mod tests {
    use metafs_namespace::command::{Command, Op};
    use metafs_namespace::export::Importer;
    use metafs_namespace::{Batch, MemoryRows};

    use super::*;

    #[test]
    fn an_import_of_it_has_what_was_asked_for() {
        for (folders, files) in [(1, 0), (2, 1), (4, 10), (6, 20_000)] {
            let mut bytes = Vec::new();
            Tree::new(folders, files).unwrap().export(&mut bytes).unwrap();
            let mut importer = Importer::new(64 << 10);
            let mut ops = vec![Op::SetSettings(Box::default())];
            ops.extend(importer.push(&bytes).unwrap().into_iter().map(Op::Import));
            ops.push(Op::Import(importer.finish().unwrap()));
            let mut rows = MemoryRows::default();
            for op in ops {
                let mut batch = Batch::new(&rows).unwrap();
                batch.apply(&Command { time_ms: 1, op }).unwrap().unwrap();
                let changes = batch.finish().unwrap();
                rows.apply(changes);
            }
            let view = View::new(&rows).unwrap();
            let totals = view.totals().unwrap();
            assert_eq!((totals.directories, totals.files), (folders, files));
            let caller = Settings::default().caller("hdfs");
            let listed: u64 = (0..folders - 1)
                .map(|folder| {
                    let path = format!("/d{folder:05}");
                    let page = view.list(&caller, &path, None, 1 << 20).unwrap().unwrap();
                    page.entries.len() as u64
                })
                .sum();
            assert_eq!(listed, files);
        }
        assert!(Tree::new(0, 0).is_err() && Tree::new(1, 1).is_err());
    }
}
