//! The newest entries of the log, in memory: those not yet written (which exist nowhere else) and
//! as many written ones as a bound of bytes allows. Pure; [`super::LogStore`] keeps it under a
//! lock and feeds it in the order of the writer's queue.

use std::collections::VecDeque;

use crate::codec::entry_size;
use crate::types::{Entry, LogId};

struct Cached {
    entry: Entry,
    bytes: usize,
    /// The write request it went out with; it may leave memory once that is done.
    ticket: u64,
}

/// See the module.
pub struct Tail {
    entries: VecDeque<Cached>,
    bytes: usize,
    budget: usize,
    written: u64,
    last: Option<LogId>,
    purged: Option<LogId>,
}

impl Tail {
    /// A log whose present entries are all on disk. `budget`: bytes kept of written entries.
    pub fn new(budget: usize, purged: Option<LogId>, last: Option<LogId>) -> Self {
        Self { entries: VecDeque::new(), bytes: 0, budget, written: 0, last, purged }
    }

    /// The last entry's id; the purged one's if there is none.
    pub fn last(&self) -> Option<LogId> {
        self.last.max(self.purged)
    }

    /// The last purged entry's id.
    pub fn purged(&self) -> Option<LogId> {
        self.purged
    }

    /// Index of the first entry in memory.
    pub fn first_cached(&self) -> Option<u64> {
        self.entries.front().map(|c| c.entry.log_id.index)
    }

    /// Adds an entry that goes out with write request `ticket`. Fails on a hole.
    pub fn push(&mut self, entry: Entry, ticket: u64) -> Result<(), String> {
        let index = entry.log_id.index;
        let expected = self.last().map_or(0, |last| last.index + 1);
        if index != expected {
            return Err(format!("append of entry {index} where {expected} is next"));
        }
        self.last = Some(entry.log_id);
        let bytes = entry_size(&entry);
        self.bytes += bytes;
        self.entries.push_back(Cached { entry, bytes, ticket });
        Ok(())
    }

    /// All requests up to `ticket` are on disk.
    pub fn written(&mut self, ticket: u64) {
        self.written = self.written.max(ticket);
        self.evict();
    }

    /// Removes everything after `last`.
    pub fn truncate(&mut self, last: Option<LogId>) {
        let keep = last.map_or(0, |l| l.index + 1);
        while let Some(cached) = self.entries.back()
            && cached.entry.log_id.index >= keep
        {
            self.bytes -= cached.bytes;
            self.entries.pop_back();
        }
        self.last = last;
    }

    /// Forgets everything up to `upto`.
    pub fn purge(&mut self, upto: LogId) {
        while let Some(cached) = self.entries.front()
            && cached.entry.log_id.index <= upto.index
        {
            self.bytes -= cached.bytes;
            self.entries.pop_front();
        }
        self.purged = self.purged.max(Some(upto));
    }

    /// The entries of `start..end` that are in memory, in order and without a hole from the first
    /// of them to the end; at least one if any, then at most `max_bytes`.
    pub fn range(&self, start: u64, end: u64, max_bytes: usize) -> Vec<Entry> {
        let Some(first) = self.first_cached() else {
            return Vec::new();
        };
        let skip = usize::try_from(start.saturating_sub(first)).unwrap_or(usize::MAX);
        let count = usize::try_from(end.saturating_sub(start.max(first))).unwrap_or(usize::MAX);
        let mut bytes = 0usize;
        let mut out = Vec::with_capacity(count.min(self.entries.len()));
        for cached in self.entries.iter().skip(skip).take(count) {
            bytes += cached.bytes;
            if !out.is_empty() && bytes > max_bytes {
                break;
            }
            out.push(cached.entry.clone());
        }
        out
    }

    fn evict(&mut self) {
        while self.bytes > self.budget
            && let Some(cached) = self.entries.front()
            && cached.ticket <= self.written
        {
            self.bytes -= cached.bytes;
            self.entries.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::CommandBytes;
    use bytes::Bytes;
    use openraft::EntryPayload;
    use openraft::vote::RaftLeaderId;
    use proptest::prelude::*;

    fn id(index: u64) -> LogId {
        LogId::new(RaftLeaderId::new(1, 1), index)
    }

    fn entry(index: u64, size: usize) -> Entry {
        let payload = EntryPayload::Normal(CommandBytes(Bytes::from(vec![0; size])));
        Entry { log_id: id(index), payload }
    }

    fn indexes(entries: &[Entry]) -> Vec<u64> {
        entries.iter().map(|e| e.log_id.index).collect()
    }

    #[test]
    fn unwritten_entries_stay() {
        let mut tail = Tail::new(100, None, None);
        for i in 0..10 {
            tail.push(entry(i, 60), i).unwrap();
        }
        assert_eq!(tail.first_cached(), Some(0));
        tail.written(4);
        assert_eq!(tail.first_cached(), Some(5));
        tail.written(9);
        assert_eq!(tail.first_cached(), Some(9));
        assert!(tail.push(entry(11, 1), 10).is_err());
        assert_eq!(tail.last(), Some(id(9)));
    }

    #[test]
    fn ranges_are_bounded() {
        let mut tail = Tail::new(1 << 20, None, None);
        for i in 0..10 {
            tail.push(entry(i, 60), 1).unwrap();
        }
        assert_eq!(indexes(&tail.range(2, 5, 1000)), [2, 3, 4]);
        assert_eq!(indexes(&tail.range(2, 9, 1)), [2]);
        assert_eq!(indexes(&tail.range(2, 9, 250)), [2, 3]);
        assert_eq!(indexes(&tail.range(10, 12, 250)), [0u64; 0]);
        tail.purge(id(3));
        assert_eq!(indexes(&tail.range(2, 6, 1000)), [4, 5]);
        tail.truncate(Some(id(4)));
        assert_eq!(indexes(&tail.range(0, 9, 1000)), [4]);
        assert_eq!(tail.last(), Some(id(4)));
        // A snapshot beyond the log's end.
        tail.purge(id(20));
        assert_eq!(tail.last(), Some(id(20)));
        tail.push(entry(21, 1), 2).unwrap();
    }

    proptest! {
        /// Against a plain vector: whatever is in memory is right, has no hole up to the end, and
        /// nothing unwritten is missing.
        #[test]
        fn like_a_vector(ops in prop::collection::vec((0..4u8, 0..6u64), 1..80)) {
            let mut tail = Tail::new(300, None, None);
            let mut model: Vec<(u64, u64)> = Vec::new();
            let (mut next, mut ticket, mut written, mut purged) = (0u64, 0u64, 0u64, None);
            for (op, n) in ops {
                match op {
                    0 => {
                        ticket += 1;
                        for _ in 0..n {
                            tail.push(entry(next, 50), ticket).unwrap();
                            model.push((next, ticket));
                            next += 1;
                        }
                    }
                    1 => {
                        written = (written + n).min(ticket);
                        tail.written(written);
                    }
                    2 => {
                        let floor = purged.map_or(0, |p: u64| p + 1);
                        let keep = next.saturating_sub(n).max(floor);
                        tail.truncate(keep.checked_sub(1).map(id));
                        model.retain(|(i, _)| *i < keep);
                        next = keep;
                    }
                    _ => {
                        let upto = (purged.map_or(0, |p| p + 1) + n).min(next.saturating_sub(1));
                        if next > 0 && Some(upto) >= purged {
                            tail.purge(id(upto));
                            model.retain(|(i, _)| *i > upto);
                            purged = Some(upto);
                        }
                    }
                }
                let all = tail.range(0, u64::MAX, usize::MAX);
                let expected: Vec<u64> = model
                    .iter()
                    .map(|(i, _)| *i)
                    .filter(|i| Some(*i) >= tail.first_cached() && tail.first_cached().is_some())
                    .collect();
                prop_assert_eq!(indexes(&all), expected);
                for (i, t) in &model {
                    if *t > written {
                        prop_assert!(all.iter().any(|e| e.log_id.index == *i));
                    }
                }
                prop_assert_eq!(tail.last().map_or(0, |l| l.index + 1), next);
            }
        }
    }
}
