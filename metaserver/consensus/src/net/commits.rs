//! When a stream of appends tells its follower what is committed. Used by [`super::client`] alone.
//!
//! A follower applies what it is told of. Told after each write it applies them one by one, and
//! for writers one at a time each costs a message of its own. A standby shows nobody what it has
//! applied, so while writes go on it is told every [`PAUSE`] only, and applies all of them as one
//! batch. Who reads there (an observer's clients) must not wait: an observer is told at once, and
//! so is everybody while writes are rare. Telling later is always right in Raft: what is told is a
//! lower bound.

use std::time::{Duration, Instant};

use crate::types::LogId;

/// Between two tellings, while writes go on. What is applied later at most by a standby that
/// becomes the leader.
pub(super) const PAUSE: Duration = Duration::from_millis(20);

/// Entries that are committed and not told of at most: two batches of applying.
const MOST: u64 = 512;

/// What one stream has told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    /// What was told.
    commit: Option<LogId>,
    /// When something new was told last.
    at: Instant,
    /// What there is to tell.
    newest: Option<LogId>,
}

/// What to do with a request of Raft's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Send it, telling this.
    Send(Option<LogId>),
    /// Keep it for yourself: all it had to say is told later.
    Later,
}

impl Told {
    /// At the first request of a stream, which told `commit`.
    pub fn first(commit: Option<LogId>, now: Instant) -> Self {
        Self { commit, at: now, newest: commit }
    }

    /// The next request came with `commit`. `says_more`: it has something else to say too, entries
    /// above all. `prompt`: the follower is to know at once.
    pub fn next(
        &mut self,
        commit: Option<LogId>,
        says_more: bool,
        prompt: bool,
        now: Instant,
    ) -> Step {
        self.newest = self.newest.max(commit);
        if self.newest > self.commit && (prompt || self.is_due(now) || self.is_much()) {
            return Step::Send(self.tell(now));
        }
        // One that says nothing at all is Raft's own affair.
        match says_more || self.newest == self.commit {
            true => Step::Send(self.commit),
            false => Step::Later,
        }
    }

    /// When what was kept back has to be told; `None`: nothing was.
    pub fn due(&self) -> Option<Instant> {
        (self.newest > self.commit).then(|| self.at + PAUSE)
    }

    /// Tells everything.
    pub fn tell(&mut self, now: Instant) -> Option<LogId> {
        (self.commit, self.at) = (self.newest, now);
        self.commit
    }

    fn is_due(&self, now: Instant) -> bool {
        now >= self.at + PAUSE
    }

    fn is_much(&self) -> bool {
        let index = |id: Option<LogId>| id.map_or(0, |id| id.index);
        index(self.newest).saturating_sub(index(self.commit)) >= MOST
    }
}

#[cfg(test)]
mod tests {
    use openraft::vote::RaftLeaderId;
    use proptest::prelude::*;

    use super::*;

    fn id(index: u64) -> Option<LogId> {
        Some(LogId::new(RaftLeaderId::new(1, 1), index))
    }

    fn after(start: Instant, ms: u64) -> Instant {
        start + Duration::from_millis(ms)
    }

    #[test]
    fn a_rare_write_is_told_of_at_once() {
        let start = Instant::now();
        let mut told = Told::first(id(3), start);
        assert_eq!(told.next(id(3), true, false, after(start, 500)), Step::Send(id(3)));
        assert_eq!(told.next(id(4), false, false, after(start, 501)), Step::Send(id(4)));
        assert_eq!(told.due(), None);
    }

    #[test]
    fn many_are_told_of_together() {
        let start = Instant::now();
        let mut told = Told::first(id(3), start);
        assert_eq!(told.next(id(4), false, false, after(start, 1)), Step::Later);
        assert_eq!(told.next(id(5), true, false, after(start, 2)), Step::Send(id(3)));
        assert_eq!(told.due(), Some(start + PAUSE));
        assert_eq!(told.next(id(6), true, false, after(start, 20)), Step::Send(id(6)));
        assert_eq!(told.due(), None);
        assert_eq!(
            told.next(id(6 + MOST), true, false, after(start, 21)),
            Step::Send(id(6 + MOST))
        );
    }

    #[test]
    fn an_observer_never_waits() {
        let start = Instant::now();
        let mut told = Told::first(id(3), start);
        assert_eq!(told.next(id(4), false, true, start), Step::Send(id(4)));
        assert_eq!(told.next(id(5), true, true, start), Step::Send(id(5)));
    }

    #[test]
    fn a_request_that_says_nothing_is_sent() {
        let start = Instant::now();
        let mut told = Told::first(id(3), start);
        assert_eq!(told.next(id(3), false, false, start), Step::Send(id(3)));
        assert_eq!(told.next(None, false, false, start), Step::Send(id(3)));
    }

    proptest! {
        /// Nothing is kept for longer than the pause, nothing is told that is not so, and never
        /// less than before.
        #[test]
        fn told_in_time_and_never_more(
            steps in prop::collection::vec((0u64..30, 0u64..300, any::<bool>(), any::<bool>()), 1..200),
        ) {
            let start = Instant::now();
            let (mut now, mut newest, mut heard) = (start, 3, 3);
            let mut told = Told::first(id(newest), start);
            for (pause, more, says_more, prompt) in steps {
                let next = now + Duration::from_millis(pause);
                if let Some(due) = told.due().filter(|due| *due <= next) {
                    prop_assert_eq!(told.tell(due), id(newest));
                    heard = newest;
                    prop_assert_eq!(told.due(), None);
                }
                now = next;
                newest += more;
                match told.next(id(newest), says_more, prompt, now) {
                    Step::Send(Some(commit)) => {
                        prop_assert!(heard <= commit.index && commit.index <= newest);
                        heard = commit.index;
                        prop_assert!(!prompt || heard == newest);
                    }
                    Step::Send(None) => prop_assert!(false, "something was told before"),
                    Step::Later => prop_assert!(!says_more && !prompt && heard < newest),
                }
                prop_assert!(newest - heard < MOST);
                let waits = told.due().is_some_and(|due| due <= now + PAUSE);
                prop_assert!(heard == newest || waits);
            }
        }
    }
}
