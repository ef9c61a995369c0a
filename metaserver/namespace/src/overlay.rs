//! What a batch has changed so far, over committed rows: decoded inodes and entries, raw rows, and
//! at the end each touched row once. Knows no file-system rule. Used by [`crate::Batch`] alone.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;

use crate::error::RowsError;
use crate::inode::{Dentry, Inode};
use crate::keys::{self, is_covered, row_hash, table};
use crate::recovery::is_copied;
use crate::rows::{Changes, Rows};

/// A value as it is committed and as the batch has it now.
#[derive(Debug)]
struct Slot<T> {
    before: Option<T>,
    now: Option<T>,
}

impl<T: Clone + PartialEq> Slot<T> {
    fn clean(value: Option<T>) -> Self {
        Self { before: value.clone(), now: value }
    }

    fn changed(&self) -> bool {
        self.before != self.now
    }
}

/// Hashes inode ids, which the namespace counts itself: nobody can choose them to collide.
#[derive(Default)]
struct IdHasher(u64);

type Ids = BuildHasherDefault<IdHasher>;

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(self.0 ^ u64::from(*byte));
        }
    }

    fn write_u64(&mut self, id: u64) {
        // Fibonacci hashing, with the well-mixed upper half in both halves.
        let mixed = id.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 = mixed ^ (mixed >> 32);
    }
}

/// A directory's entries by name.
type Entries = BTreeMap<Box<[u8]>, Slot<Dentry>>;

/// What a scan calls for each row.
type Scan<'v> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'v;

/// Sees a changed row's key and its encoded values before, which is only lent, and now.
type Visit<'v> = dyn FnMut(Vec<u8>, Option<&[u8]>, Option<Bytes>) + 'v;

/// Changes over `rows`.
pub(crate) struct Overlay<'a, R: ?Sized> {
    rows: &'a R,
    inodes: HashMap<u64, Slot<Arc<Inode>>, Ids>,
    /// By directory and name.
    dentries: HashMap<u64, Entries, Ids>,
    /// Rows of all other tables.
    raw: BTreeMap<Vec<u8>, Slot<Bytes>>,
    /// Prefixes of raw rows to delete.
    cleared: Vec<Vec<u8>>,
    /// All rows that the checksum covers are deleted: none of them is read from below.
    emptied: bool,
}

impl<'a, R: Rows + ?Sized> Overlay<'a, R> {
    pub fn new(rows: &'a R) -> Self {
        Self {
            rows,
            inodes: HashMap::default(),
            dentries: HashMap::default(),
            raw: BTreeMap::new(),
            cleared: Vec::new(),
            emptied: false,
        }
    }

    /// Deletes all rows that the checksum covers.
    pub fn empty(&mut self) {
        self.inodes.clear();
        self.dentries.clear();
        self.raw.retain(|key, _| !is_covered(key));
        self.cleared.extend((table::META + 1..=table::LAST).map(|tag| vec![tag]));
        self.emptied = true;
    }

    fn row_below(&self, key: &[u8]) -> Result<Option<Bytes>, RowsError> {
        if self.emptied && is_covered(key) { Ok(None) } else { self.rows.get(key) }
    }

    fn inode_below(&self, id: u64) -> Result<Option<Arc<Inode>>, RowsError> {
        if self.emptied { Ok(None) } else { self.rows.inode(id) }
    }

    fn dentry_below(&self, parent: u64, name: &[u8]) -> Result<Option<Dentry>, RowsError> {
        if self.emptied { Ok(None) } else { self.rows.dentry(parent, name) }
    }

    fn scan_below(
        &self,
        prefix: &[u8],
        from: Bound<&[u8]>,
        visit: &mut Scan<'_>,
    ) -> Result<(), RowsError> {
        if self.emptied && is_covered(prefix) {
            return Ok(());
        }
        self.rows.scan(prefix, from, visit)
    }

    /// An inode as it is now.
    pub fn inode(&mut self, id: u64) -> Result<Option<Arc<Inode>>, RowsError> {
        if let Some(slot) = self.inodes.get(&id) {
            return Ok(slot.now.clone());
        }
        let inode = self.inode_below(id)?;
        self.inodes.insert(id, Slot::clean(inode.clone()));
        Ok(inode)
    }

    /// An inode that is there, for changing.
    pub fn edit(&mut self, id: u64) -> Result<&mut Inode, RowsError> {
        // Not the entry API: the first lookup may fail half-way.
        self.inode(id)?;
        match self.inodes.get_mut(&id).and_then(|slot| slot.now.as_mut()) {
            Some(inode) => Ok(Arc::make_mut(inode)),
            None => Err(keys::corrupt(&keys::inode(id), "missing".into())),
        }
    }

    /// Puts an inode whose id was never used before.
    pub fn new_inode(&mut self, inode: Arc<Inode>) {
        let now = Some(inode);
        let id = now.as_ref().map_or(0, |i| i.id);
        self.inodes.insert(id, Slot { before: None, now });
    }

    /// Puts (`Some`) or removes an inode that may be committed.
    pub fn set_inode(&mut self, id: u64, inode: Option<Arc<Inode>>) -> Result<(), RowsError> {
        self.inode(id)?;
        if let Some(slot) = self.inodes.get_mut(&id) {
            slot.now = inode;
        }
        Ok(())
    }

    /// A directory's entry as it is now.
    pub fn dentry(&mut self, parent: u64, name: &[u8]) -> Result<Option<Dentry>, RowsError> {
        if let Some(slot) = self.dentries.get(&parent).and_then(|entries| entries.get(name)) {
            return Ok(slot.now);
        }
        let entry = self.dentry_below(parent, name)?;
        self.dentries.entry(parent).or_default().insert(name.into(), Slot::clean(entry));
        Ok(entry)
    }

    /// Makes (`Some`) or removes an entry.
    pub fn set_dentry(
        &mut self,
        parent: u64,
        name: &[u8],
        entry: Option<Dentry>,
    ) -> Result<(), RowsError> {
        let entries = self.dentries.entry(parent).or_default();
        if let Some(slot) = entries.get_mut(name) {
            slot.now = entry;
            return Ok(());
        }
        let below = if self.emptied { None } else { self.rows.dentry(parent, name)? };
        entries.insert(name.into(), Slot { before: below, now: entry });
        Ok(())
    }

    /// Makes an entry that was not there before.
    pub fn new_dentry(&mut self, parent: u64, name: &[u8], entry: Dentry) {
        let slot = Slot { before: None, now: Some(entry) };
        self.dentries.entry(parent).or_default().insert(name.into(), slot);
    }

    /// Up to `limit` names and entries of a directory, in order, after the name `after` (empty:
    /// from the first on).
    pub fn children(
        &self,
        parent: u64,
        after: &[u8],
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Dentry)>, RowsError> {
        let prefix = keys::dentry_prefix(parent);
        let start = keys::dentry(parent, after);
        let known = self.dentries.get(&parent);
        let mut found = BTreeMap::new();
        let mut failed = None;
        self.scan_below(&prefix, Bound::Excluded(&start), &mut |key, value| {
            let name = keys::dentry_name(key);
            if !known.is_some_and(|known| known.contains_key(name)) {
                match keys::decode::<Dentry>(key, value) {
                    Ok(entry) => found.insert(name.to_vec(), entry),
                    Err(error) => {
                        failed = Some(error);
                        return ControlFlow::Break(());
                    }
                };
            }
            more(found.len() < limit)
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
        let live = known
            .into_iter()
            .flat_map(|known| known.range::<[u8], _>((Bound::Excluded(after), Bound::Unbounded)))
            .filter_map(|(name, slot)| Some((name.to_vec(), slot.now?)));
        found.extend(live.take(limit));
        Ok(found.into_iter().take(limit).collect())
    }

    /// A raw row as it is now.
    pub fn raw(&mut self, key: &[u8]) -> Result<Option<Bytes>, RowsError> {
        if let Some(slot) = self.raw.get(key) {
            return Ok(slot.now.clone());
        }
        let value = self.row_below(key)?;
        self.raw.insert(key.to_vec(), Slot::clean(value.clone()));
        Ok(value)
    }

    /// A raw row as it is now, which is not likely to be there or to be asked for again.
    pub fn rare_raw(&self, key: &[u8]) -> Result<Option<Bytes>, RowsError> {
        match self.raw.get(key) {
            Some(slot) => Ok(slot.now.clone()),
            None => self.row_below(key),
        }
    }

    /// Puts (`Some`) or removes a raw row.
    pub fn set_raw(&mut self, key: Vec<u8>, value: Option<Bytes>) -> Result<(), RowsError> {
        if let Some(slot) = self.raw.get_mut(&key) {
            slot.now = value;
            return Ok(());
        }
        let before = self.row_below(&key)?;
        self.raw.insert(key, Slot { before, now: value });
        Ok(())
    }

    /// Puts (`Some`) or removes a raw row of which is known what it is as committed, so that nobody
    /// has to look.
    pub fn set_known_raw(&mut self, key: Vec<u8>, before: Option<Bytes>, value: Option<Bytes>) {
        match self.raw.entry(key) {
            Entry::Occupied(slot) => slot.into_mut().now = value,
            Entry::Vacant(free) => {
                free.insert(Slot { before, now: value });
            }
        }
    }

    /// Puts a raw row of an inode whose id was never used before.
    pub fn new_raw(&mut self, key: Vec<u8>, value: Bytes) {
        let now = Some(value);
        self.raw.insert(key, Slot { before: None, now });
    }

    /// Deletes all raw rows under `prefix`, which nobody will read or put again. Only rows that
    /// the checksum does not cover.
    pub fn clear(&mut self, prefix: Vec<u8>) {
        self.raw.retain(|key, _| !key.starts_with(&prefix));
        self.cleared.push(prefix);
    }

    /// Up to `limit` raw rows under `prefix`, in order.
    pub fn scan_raw(
        &self,
        prefix: &[u8],
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Bytes)>, RowsError> {
        self.scan_raw_from(prefix, prefix, limit)
    }

    /// Up to `limit` raw rows under `prefix`, in order, from the key `from` on.
    pub fn scan_raw_from(
        &self,
        prefix: &[u8],
        from: &[u8],
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Bytes)>, RowsError> {
        let from = Bound::Included(from);
        let mut found = BTreeMap::new();
        self.scan_below(prefix, from, &mut |key, value| {
            if !self.raw.contains_key(key) {
                found.insert(key.to_vec(), Bytes::copy_from_slice(value));
            }
            more(found.len() < limit)
        })?;
        let live = in_prefix(&self.raw, prefix, from)
            .filter_map(|(key, slot)| Some((key.clone(), slot.now.clone()?)));
        found.extend(live.take(limit));
        Ok(found.into_iter().take(limit).collect())
    }

    /// By how much the changes so far move the checksum.
    pub fn checksum_change(&self) -> Result<u128, RowsError> {
        Ok(self.moved()?.all)
    }

    /// By how much the changes so far move the checksum of copied tables.
    pub fn copied_change(&self) -> Result<u128, RowsError> {
        Ok(self.moved()?.copied)
    }

    fn moved(&self) -> Result<Moved, RowsError> {
        let mut sum = Sum::default();
        self.visit(&mut |key, before, now| sum.replace(&key, before, now.as_deref()))?;
        Ok(sum.moved)
    }

    /// Everything that differs from the committed rows, in key order, and by how much it moves
    /// the checksums.
    pub fn finish(self) -> Result<(Changes, Moved), RowsError> {
        let mut changes = Changes::default();
        let mut sum = Sum::default();
        self.visit(&mut |key, before, now| {
            sum.replace(&key, before, now.as_deref());
            changes.rows.push((key, now));
        })?;
        changes.cleared = self.cleared;
        changes.rows.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        changes.inodes = self
            .inodes
            .into_iter()
            .filter(|(_, slot)| slot.changed())
            .map(|(id, slot)| (id, slot.now))
            .collect();
        changes.inodes.sort_unstable_by_key(|(id, _)| *id);
        for (parent, entries) in self.dentries {
            for (name, slot) in entries.into_iter().filter(|(_, slot)| slot.changed()) {
                changes.dentries.push((parent, Bytes::from(name), slot.now));
            }
        }
        Ok((changes, sum.moved))
    }

    /// Calls `visit` with each changed row's key and its encoded values before and now.
    fn visit(&self, visit: &mut Visit<'_>) -> Result<(), RowsError> {
        for (&id, slot) in self.inodes.iter().filter(|(_, slot)| slot.changed()) {
            visit_decoded(keys::inode(id), slot.before.as_deref(), slot.now.as_deref(), visit)?;
        }
        for (parent, entries) in &self.dentries {
            for (name, slot) in entries.iter().filter(|(_, slot)| slot.changed()) {
                let key = keys::dentry(*parent, name);
                visit_decoded(key, slot.before.as_ref(), slot.now.as_ref(), visit)?;
            }
        }
        for (key, slot) in self.raw.iter().filter(|(_, slot)| slot.changed()) {
            visit(key.clone(), slot.before.as_deref(), slot.now.clone());
        }
        Ok(())
    }
}

/// Encodes a row for `visit`.
fn visit_decoded<T: Serialize>(
    key: Vec<u8>,
    before: Option<&T>,
    now: Option<&T>,
    visit: &mut Visit<'_>,
) -> Result<(), RowsError> {
    let now = now.map(keys::encode).transpose()?;
    match before {
        Some(before) => keys::with_encoded(before, |before| visit(key, Some(before), now)),
        None => {
            visit(key, None, now);
            Ok(())
        }
    }
}

/// Scans break when they have enough.
fn more(go_on: bool) -> ControlFlow<()> {
    if go_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
}

fn in_prefix<'m, T>(
    map: &'m BTreeMap<Vec<u8>, T>,
    prefix: &[u8],
    from: Bound<&[u8]>,
) -> impl Iterator<Item = (&'m Vec<u8>, &'m T)> {
    map.range::<[u8], _>((from, Bound::Unbounded))
        .take_while(move |(key, _)| key.starts_with(prefix))
}

/// A running change of the checksum.
#[derive(Default)]
struct Sum {
    moved: Moved,
    scratch: Vec<u8>,
}

/// By how much changes move the checksums.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moved {
    /// Of all rows.
    pub all: u128,
    /// Of copied tables.
    pub copied: u128,
}

impl Moved {
    fn add(&mut self, hash: u128, copied: bool) {
        self.all = self.all.wrapping_add(hash);
        if copied {
            self.copied = self.copied.wrapping_add(hash);
        }
    }
}

impl Sum {
    fn replace(&mut self, key: &[u8], before: Option<&[u8]>, now: Option<&[u8]>) {
        if key.first() == Some(&table::META) {
            return;
        }
        let copied = is_copied(key);
        if let Some(value) = before {
            let hash = row_hash(key, value, &mut self.scratch);
            self.moved.add(hash.wrapping_neg(), copied);
        }
        if let Some(value) = now {
            let hash = row_hash(key, value, &mut self.scratch);
            self.moved.add(hash, copied);
        }
    }
}
