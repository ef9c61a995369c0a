//! Locks of partition keys, in stripes. Who changes rows holds the stripes of all their partition
//! keys, taken in order, from before the rows are read until the change is visible.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use parking_lot::{Mutex, MutexGuard};

const STRIPES: usize = 1024;

/// See the module.
#[derive(Debug)]
pub struct Locks {
    stripes: Box<[Mutex<()>]>,
}

/// Keeps stripes locked.
pub struct Held<'a>(#[expect(dead_code, reason = "held, not looked at")] Vec<MutexGuard<'a, ()>>);

impl Default for Locks {
    fn default() -> Self {
        Self { stripes: (0..STRIPES).map(|_| Mutex::new(())).collect() }
    }
}

impl Locks {
    /// Locks partition keys.
    pub fn hold<'k>(&self, partitions: impl Iterator<Item = &'k [u8]>) -> Held<'_> {
        let hasher = BuildHasherDefault::<DefaultHasher>::new();
        let mut stripes: Vec<u64> =
            partitions.map(|key| hasher.hash_one(key) % STRIPES as u64).collect();
        stripes.sort_unstable();
        stripes.dedup();
        let stripe = |at: u64| usize::try_from(at).ok().and_then(|at| self.stripes.get(at));
        Held(stripes.into_iter().filter_map(stripe).map(Mutex::lock).collect())
    }
}
