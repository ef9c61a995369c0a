//! The namespace's rows as its queries and batches read them: from the caches of decoded inodes,
//! directory entries and leases, else from RocksDB. Also the same rows as of one moment, without the
//! caches, for long scans.

use std::hash::{Hash, Hasher};
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use metafs_namespace::inode::{Dentry, Inode};
use metafs_namespace::keys::State;
use metafs_namespace::{Changes, Rows, RowsError, Settings, keys, read_children};
use parking_lot::Mutex;
use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Weighter};
use rocksdb::{DB, DBAccess, DBRawIteratorWithThreadMode, ReadOptions, Snapshot};

use super::answered::Answered;

/// Bytes of decoded inodes and of directory entries kept, roughly.
const INODE_BUDGET: u64 = 48 << 20;
const DENTRY_BUDGET: u64 = 24 << 20;
/// Bytes of listings of small directories kept, roughly; with the inodes, which the other cache may
/// have dropped.
const LISTING_BUDGET: u64 = 24 << 20;
/// Leases kept: one for each client that wrote last.
const LEASES: usize = 4096;

/// Decoded rows. Changed only by the state machine, together with the rows, while it keeps
/// readers out; filled by readers while they keep the state machine out.
pub struct Caches {
    inodes: Cache<u64, Arc<Inode>, InodeWeight>,
    dentries: Cache<DentryKey, Dentry, DentryWeight>,
    listings: Cache<u64, Listing, ListingWeight>,
    /// Rows of leases (`None`: there is none), which come and go with every file that is written: in
    /// RocksDB each look-up meets what was deleted before.
    leases: Cache<Vec<u8>, Option<Bytes>>,
    /// Looked at and changed by the state machine alone.
    answered: Mutex<Answered>,
    /// Whether there ever was a listing here: where nobody lists, none has to be looked for.
    lists: AtomicBool,
}

/// What a small directory holds, in the order of names.
type Listing = Arc<[Arc<Inode>]>;

#[derive(Clone, PartialEq, Eq)]
struct DentryKey {
    parent: u64,
    name: Bytes,
}

struct DentryRef<'a> {
    parent: u64,
    name: &'a [u8],
}

impl Hash for DentryKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        DentryRef { parent: self.parent, name: &self.name }.hash(state);
    }
}

impl Hash for DentryRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parent.hash(state);
        self.name.hash(state);
    }
}

impl Equivalent<DentryKey> for DentryRef<'_> {
    fn equivalent(&self, key: &DentryKey) -> bool {
        self.parent == key.parent && self.name == key.name
    }
}

/// Bytes of the cache's own bookkeeping per item, roughly.
const ITEM: u64 = 64;

#[derive(Clone)]
struct InodeWeight;

/// Bytes of a decoded inode, roughly.
fn weight(inode: &Inode) -> u64 {
    let acl = inode.acl.as_ref().map_or(0, |acl| acl.len() * 64);
    (size_of::<Inode>() + inode.name.len() + acl) as u64
}

impl Weighter<u64, Arc<Inode>> for InodeWeight {
    fn weight(&self, _: &u64, inode: &Arc<Inode>) -> u64 {
        ITEM + weight(inode)
    }
}

#[derive(Clone)]
struct ListingWeight;

impl Weighter<u64, Listing> for ListingWeight {
    fn weight(&self, _: &u64, listing: &Listing) -> u64 {
        const POINTER: u64 = size_of::<Arc<Inode>>() as u64;
        listing.iter().fold(ITEM, |sum, inode| sum + POINTER + weight(inode))
    }
}

#[derive(Clone)]
struct DentryWeight;

impl Weighter<DentryKey, Dentry> for DentryWeight {
    fn weight(&self, key: &DentryKey, _: &Dentry) -> u64 {
        ITEM + (size_of::<DentryKey>() + size_of::<Dentry>() + key.name.len()) as u64
    }
}

impl Default for Caches {
    fn default() -> Self {
        const TYPICAL: u64 = 256;
        let items = |budget: u64| (budget / TYPICAL) as usize;
        Self {
            inodes: Cache::with_weighter(items(INODE_BUDGET), INODE_BUDGET, InodeWeight),
            dentries: Cache::with_weighter(items(DENTRY_BUDGET), DENTRY_BUDGET, DentryWeight),
            // With ten entries each.
            listings: Cache::with_weighter(
                items(LISTING_BUDGET) / 10,
                LISTING_BUDGET,
                ListingWeight,
            ),
            leases: Cache::new(LEASES),
            answered: Mutex::default(),
            lists: AtomicBool::new(false),
        }
    }
}

impl Caches {
    /// Takes over what a batch changed.
    pub fn publish(&self, changes: &mut Changes) {
        if self.lists.load(Ordering::Relaxed) {
            self.forget_listings(changes);
        }
        let mut answered = self.answered.lock();
        for prefix in &changes.cleared {
            answered.cleared(prefix);
        }
        for (key, value) in &changes.rows {
            if is_lease(key) {
                self.leases.insert(key.clone(), value.clone());
            } else if value.is_some() {
                answered.put(key);
            }
        }
        drop(answered);
        for (id, inode) in changes.inodes.drain(..) {
            match inode {
                Some(inode) => self.inodes.insert(id, inode),
                None => {
                    self.inodes.remove(&id);
                }
            }
        }
        for (parent, name, dentry) in changes.dentries.drain(..) {
            match dentry {
                Some(dentry) => self.dentries.insert(DentryKey { parent, name }, dentry),
                None => {
                    self.dentries.remove(&DentryRef { parent, name: &name });
                }
            }
        }
    }

    /// A listing shows its directory's entries and what their inodes say.
    fn forget_listings(&self, changes: &Changes) {
        for (parent, ..) in &changes.dentries {
            self.listings.remove(parent);
        }
        for (id, inode) in &changes.inodes {
            self.listings.remove(&inode.as_ref().map_or(*id, |inode| inode.parent));
        }
    }

    /// The rows are others now, with these counters.
    pub fn begin(&self, state: &State) {
        self.clear();
        *self.answered.lock() = Answered::since(state);
    }

    /// Forgets all rows of the namespace itself.
    pub fn clear(&self) {
        self.inodes.clear();
        self.dentries.clear();
        self.listings.clear();
        self.leases.clear();
    }
}

fn is_meta(key: &[u8]) -> bool {
    key.first() == Some(&keys::table::META)
}

fn is_lease(key: &[u8]) -> bool {
    key.first() == Some(&keys::table::LEASE)
}

/// The committed rows of this moment. It lives only as long as the state machine is kept from
/// changing them (see [`super::StateStore::read`]).
pub struct StateRows<'a> {
    pub(super) db: &'a DB,
    pub(super) caches: &'a Caches,
    pub(super) settings: Option<Arc<Settings>>,
    /// `None`: not read yet.
    pub(super) counters: Option<State>,
}

impl Rows for StateRows<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, RowsError> {
        let lease = is_lease(key);
        if lease && let Some(value) = self.caches.leases.get(key) {
            return Ok(value);
        }
        if is_meta(key) && self.caches.answered.lock().is_absent(key) {
            return Ok(None);
        }
        let value = self.db.get_pinned(key).map_err(storage)?;
        let value = value.map(|v| Bytes::copy_from_slice(&v));
        if lease {
            self.caches.leases.insert(key.to_vec(), value.clone());
        }
        Ok(value)
    }

    fn scan(
        &self,
        prefix: &[u8],
        from: Bound<&[u8]>,
        visit: &mut dyn FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), RowsError> {
        let iterator = self.db.raw_iterator_opt(scan_options(prefix));
        scan(iterator, prefix, from, visit)
    }

    fn inode(&self, id: u64) -> Result<Option<Arc<Inode>>, RowsError> {
        if let Some(inode) = self.caches.inodes.get(&id) {
            return Ok(Some(inode));
        }
        let inode = keys::read_inode(self, id)?;
        if let Some(inode) = &inode {
            self.caches.inodes.insert(id, inode.clone());
        }
        Ok(inode)
    }

    fn dentry(&self, parent: u64, name: &[u8]) -> Result<Option<Dentry>, RowsError> {
        if let Some(dentry) = self.caches.dentries.get(&DentryRef { parent, name }) {
            return Ok(Some(dentry));
        }
        let dentry = keys::read_dentry(self, parent, name)?;
        if let Some(dentry) = &dentry {
            let key = DentryKey { parent, name: Bytes::copy_from_slice(name) };
            self.caches.dentries.insert(key, *dentry);
        }
        Ok(dentry)
    }

    fn children(&self, directory: u64) -> Result<Listing, RowsError> {
        if let Some(listing) = self.caches.listings.get(&directory) {
            return Ok(listing);
        }
        let listing: Listing = read_children(self, directory)?.into();
        // Before the listing is there: the state machine, which is kept out now, looks here first.
        self.caches.lists.store(true, Ordering::Relaxed);
        self.caches.listings.insert(directory, listing.clone());
        Ok(listing)
    }

    fn settings(&self) -> Result<Option<Arc<Settings>>, RowsError> {
        Ok(self.settings.clone())
    }

    fn state(&self) -> Result<State, RowsError> {
        match &self.counters {
            Some(counters) => Ok(counters.clone()),
            None => keys::read_state(self),
        }
    }
}

/// The rows as they were when it was made, while the state machine goes on.
pub struct SnapshotRows<'a> {
    pub(super) snapshot: Snapshot<'a>,
    pub(super) applied: u64,
}

impl SnapshotRows<'_> {
    /// The log index up to which these rows hold everything.
    pub fn applied(&self) -> u64 {
        self.applied
    }

    /// Calls `visit` with each key of a copied row that changed after `index`, and an index at or
    /// after that change, in the order of the log; a key comes as often as it changed. False: that is not remembered so far back.
    ///
    /// # Errors
    /// If the rows cannot be read.
    pub fn visit_changed(
        &self,
        index: u64,
        visit: &mut dyn FnMut(u64, &[u8]) -> ControlFlow<()>,
    ) -> Result<bool, RowsError> {
        super::dirty::visit_changed(&self.snapshot, index, visit)
    }
}

impl Rows for SnapshotRows<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, RowsError> {
        Ok(self.snapshot.get(key).map_err(storage)?.map(Bytes::from))
    }

    fn scan(
        &self,
        prefix: &[u8],
        from: Bound<&[u8]>,
        visit: &mut dyn FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), RowsError> {
        let mut options = scan_options(prefix);
        options.set_readahead_size(1 << 20);
        options.fill_cache(false);
        scan(self.snapshot.raw_iterator_opt(options), prefix, from, visit)
    }
}

fn storage(error: rocksdb::Error) -> RowsError {
    RowsError::Storage(error.to_string())
}

fn scan_options(prefix: &[u8]) -> ReadOptions {
    let mut options = ReadOptions::default();
    if let Some(end) = successor(prefix) {
        options.set_iterate_upper_bound(end);
    }
    options
}

/// The first key after all that start with `prefix`; `None`: there is no such key.
pub(super) fn successor(prefix: &[u8]) -> Option<Vec<u8>> {
    let kept = prefix.iter().rposition(|b| *b != u8::MAX)?;
    let mut end = prefix[..=kept].to_vec();
    end[kept] += 1;
    Some(end)
}

/// What a scan calls for each row.
type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a;

fn scan<D: DBAccess>(
    mut iterator: DBRawIteratorWithThreadMode<'_, D>,
    prefix: &[u8],
    from: Bound<&[u8]>,
    visit: &mut Visit<'_>,
) -> Result<(), RowsError> {
    match from {
        Bound::Included(key) => iterator.seek(key.max(prefix)),
        Bound::Excluded(key) => {
            iterator.seek(key.max(prefix));
            if iterator.key() == Some(key) {
                iterator.next();
            }
        }
        Bound::Unbounded => iterator.seek(prefix),
    }
    while let Some((key, value)) = iterator.item() {
        if !key.starts_with(prefix) || visit(key, value).is_break() {
            return Ok(());
        }
        iterator.next();
    }
    iterator.status().map_err(storage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn successors() {
        assert_eq!(successor(&[1, 2]), Some(vec![1, 3]));
        assert_eq!(successor(&[1, 255, 255]), Some(vec![2]));
        assert_eq!(successor(&[255]), None);
        assert_eq!(successor(&[]), None);
    }
}
