use std::cell::Cell;
use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::pack::{Change, unpack};

type State = BTreeMap<Vec<u8>, Vec<u8>>;

/// What an entry writes, by key.
type Entry = Vec<(u8, Option<Vec<u8>>)>;

/// A history; each entry touches keys.
struct Replica {
    states: Vec<State>,
    touched: Vec<Vec<Vec<u8>>>,
    applied: Cell<usize>,
    floor: u64,
}

impl Replica {
    fn new(entries: &[Entry]) -> Self {
        let mut replica = Self {
            states: vec![State::new()],
            touched: vec![Vec::new()],
            applied: Cell::new(0),
            floor: 0,
        };
        for entry in entries {
            let mut state = replica.states.last().cloned().unwrap_or_default();
            for (key, value) in entry {
                match value {
                    Some(value) => state.insert(vec![*key], value.clone()),
                    None => state.remove(&vec![*key]),
                };
            }
            replica.states.push(state);
            replica.touched.push(entry.iter().map(|(key, _)| vec![*key]).collect());
        }
        replica
    }
}

impl Snapshot for Replica {
    fn applied(&self) -> u64 {
        self.applied.get() as u64
    }

    fn time_ms(&self) -> i64 {
        0
    }

    fn totals(&self) -> Result<Totals, ReplicaError> {
        Ok(Totals::default())
    }

    fn estimated_rows(&self) -> u64 {
        0
    }

    fn touched(
        &self,
        after: u64,
        visit: &mut dyn FnMut(u64, &[u8]) -> ControlFlow<()>,
    ) -> Result<Reach, ReplicaError> {
        if after < self.floor {
            return Ok(Reach::Gone);
        }
        for index in after as usize + 1..=self.applied.get() {
            for key in &self.touched[index] {
                if visit(index as u64, key).is_break() {
                    return Ok(Reach::Whole);
                }
            }
        }
        Ok(Reach::Whole)
    }

    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, ReplicaError> {
        Ok(self.states[self.applied.get()].get(key).map(|v| Bytes::copy_from_slice(v)))
    }

    fn scan(
        &self,
        after: Option<&[u8]>,
        visit: &mut dyn FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), ReplicaError> {
        for (key, value) in &self.states[self.applied.get()] {
            if after.is_none_or(|after| &key[..] > after) && visit(key, value).is_break() {
                break;
            }
        }
        Ok(())
    }
}

fn apply(state: &mut State, shape: Shape, blob: Vec<u8>) {
    for Change { key, value } in unpack(shape, blob.into()).unwrap() {
        match value {
            Some(value) => state.insert(key.to_vec(), value.to_vec()),
            None => state.remove(&key.to_vec()),
        };
    }
}

fn entries() -> impl Strategy<Value = Vec<Vec<(u8, Option<Vec<u8>>)>>> {
    let value = prop::option::of(prop::collection::vec(any::<u8>(), 0..20));
    prop::collection::vec(prop::collection::vec((0u8..12, value), 0..5), 1..30)
}

#[test]
fn forgotten_is_said() {
    let replica = Replica { floor: 3, ..Replica::new(&[vec![], vec![], vec![], vec![]]) };
    replica.applied.set(4);
    assert_eq!(changed(&replica, Touch { index: 3, skip: 0 }, 100), Ok(None));
    assert!(changed(&replica, Touch { index: 4, skip: 0 }, 100).unwrap().is_some());
}

proptest! {
    /// However small the chunks, and whatever is applied between them.
    #[test]
    fn a_batch_leads_from_state_to_state(
        entries in entries(), from in any::<prop::sample::Index>(), limit in 1usize..80,
        steps in prop::collection::vec(0usize..3, 1..200),
    ) {
        let replica = Replica::new(&entries);
        let last = entries.len();
        let from = from.index(last);
        let mut state = replica.states[from].clone();
        replica.applied.set(from);
        let mut at = Touch { index: from as u64 + 1, skip: 0 };
        let mut steps = steps.into_iter().chain(std::iter::repeat(0));
        loop {
            let applied = replica.applied.get() + steps.next().unwrap();
            replica.applied.set(applied.min(last));
            let Changed { shape, blob, end } = changed(&replica, at, limit).unwrap().unwrap();
            apply(&mut state, shape, blob);
            match end {
                ChangedEnd::Full(next) => at = next,
                ChangedEnd::Whole(point) => {
                    prop_assert_eq!(&state, &replica.states[point.index as usize]);
                    break;
                }
            }
        }
    }

    #[test]
    fn scans_meet_at_their_ends(entries in entries(), limit in 1usize..80) {
        let replica = Replica::new(&entries);
        replica.applied.set(entries.len());
        let (mut state, mut after) = (State::new(), Vec::new());
        loop {
            let Scanned { shape, blob, last, done, .. } = scanned(&replica, &after, limit).unwrap();
            apply(&mut state, shape, blob);
            if done {
                break;
            }
            prop_assert!(!last.is_empty());
            after = last;
        }
        prop_assert_eq!(&state, &replica.states[entries.len()]);
    }
}
