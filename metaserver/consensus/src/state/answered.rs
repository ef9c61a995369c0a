//! Calls of clients whose answers are remembered (see at-most-once), as fingerprints in memory:
//! nearly every call is new, and RocksDB would have to look for its answer in the filters of every
//! file. Kept by [`super::rows::Caches`] alone, in step with the rows.
//!
//! Nothing is read at the start. What was answered before is unknown then, so calls are looked for
//! in the rows until the generations of those days are gone, ten to twenty minutes later.

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use metafs_namespace::keys::{self, State};

/// See the module.
pub struct Answered {
    /// All answers of this generation and of later ones are among `calls`.
    complete_from: u64,
    /// Fingerprints by generation.
    calls: BTreeMap<u64, HashSet<u64>>,
    /// Clients choose what is hashed, but not how.
    seeds: RandomState,
}

impl Default for Answered {
    /// Nothing is known.
    fn default() -> Self {
        Self { complete_from: u64::MAX, calls: BTreeMap::new(), seeds: RandomState::new() }
    }
}

impl Answered {
    /// As it is with these counters, when nothing was seen of what made them.
    pub fn since(state: &State) -> Self {
        let present = state.retries.present;
        let complete_from = match state.retries.answers {
            0 => present,
            _ => present.saturating_add(1),
        };
        Self { complete_from, ..Self::default() }
    }

    /// Whether `key` is that of an answer which is surely not there.
    pub fn is_absent(&self, key: &[u8]) -> bool {
        match keys::retry_generation(key) {
            Some(generation) if generation >= self.complete_from => {
                let fingerprint = self.seeds.hash_one(key);
                self.calls.get(&generation).is_none_or(|calls| !calls.contains(&fingerprint))
            }
            _ => false,
        }
    }

    /// A row was put.
    pub fn put(&mut self, key: &[u8]) {
        if let Some(generation) = keys::retry_generation(key) {
            let fingerprint = self.seeds.hash_one(key);
            self.calls.entry(generation).or_default().insert(fingerprint);
        }
    }

    /// All rows under `prefix` were deleted.
    pub fn cleared(&mut self, prefix: &[u8]) {
        if let Some(generation) = keys::retry_generation(prefix) {
            self.calls.remove(&generation);
        }
    }
}

#[cfg(test)]
mod tests {
    use metafs_namespace::{CallId, MemoryRows};

    use super::*;

    fn state(present: u64, answers: u32) -> State {
        let mut state = keys::read_state(&MemoryRows::default()).unwrap();
        state.retries.present = present;
        state.retries.answers = answers;
        state
    }

    fn key(generation: u64, call: i32) -> Vec<u8> {
        keys::retry(generation, CallId { client: [3; 16], call })
    }

    #[test]
    fn a_new_call_is_absent_until_it_is_answered() {
        let mut answered = Answered::since(&state(4, 0));
        assert!(answered.is_absent(&key(4, 1)));
        answered.put(&key(4, 1));
        assert!(!answered.is_absent(&key(4, 1)));
        assert!(answered.is_absent(&key(4, 2)));
        assert!(answered.is_absent(&key(5, 1)));
        answered.cleared(&keys::retry_prefix(4));
        assert!(answered.is_absent(&key(4, 1)));
    }

    #[test]
    fn what_was_answered_before_is_unknown() {
        let mut answered = Answered::since(&state(4, 1));
        answered.put(&key(4, 1));
        for generation in [3, 4] {
            assert!(!answered.is_absent(&key(generation, 1)));
            assert!(!answered.is_absent(&key(generation, 2)));
        }
        assert!(answered.is_absent(&key(5, 2)));
        assert!(!Answered::default().is_absent(&key(5, 2)));
    }

    #[test]
    fn other_rows_are_none_of_its_business() {
        let answered = Answered::since(&state(0, 0));
        for key in [keys::STATE_KEY, keys::SETTINGS_KEY, &keys::inode(7), b"\x00retry", b""] {
            assert!(!answered.is_absent(key));
        }
    }
}
