//! The search of Wing and Gong ("Testing and verifying concurrent objects", 1993) with Lowe's memory of what was
//! tried ("Testing for linearizability", 2016): a depth-first search for an order, that never comes twice to the
//! same set of operations done with the same state.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::{Model, Operation};

/// What the search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There is an order.
    Linearizable,
    /// There is none. Indices into the history.
    Violation {
        /// The longest order that was possible.
        longest: Vec<usize>,
        /// The operations none of which could follow it.
        stuck: Vec<usize>,
    },
    /// The budget was spent first.
    Undecided,
}

/// A step of the search: a state, what may come next, and how it was reached.
struct Frame<S> {
    state: S,
    by: Option<usize>,
    candidates: Vec<usize>,
    next: usize,
}

/// Which operations are done, and the walk over those that are not.
struct Progress<'a, I, O> {
    history: &'a [Operation<I, O>],
    /// Indices of answered operations by call; the first `low` are all done.
    answered: Vec<usize>,
    unknown: Vec<usize>,
    done: Vec<u64>,
    left: usize,
}

impl<'a, I, O> Progress<'a, I, O> {
    fn new(history: &'a [Operation<I, O>]) -> Self {
        let mut answered: Vec<usize> =
            (0..history.len()).filter(|index| history[*index].output.is_some()).collect();
        answered.sort_by_key(|index| history[*index].call);
        let unknown = (0..history.len()).filter(|index| history[*index].output.is_none()).collect();
        let left = answered.len();
        Self { history, answered, unknown, done: vec![0; history.len().div_ceil(64)], left }
    }

    fn is_done(&self, index: usize) -> bool {
        self.done[index / 64] & (1 << (index % 64)) != 0
    }

    fn flip(&mut self, index: usize) {
        self.done[index / 64] ^= 1 << (index % 64);
        if self.history[index].output.is_some() {
            if self.is_done(index) { self.left -= 1 } else { self.left += 1 }
        }
    }

    /// Operations that may come next: called before every open operation's answer. Those that were answered
    /// first: the others may be left out for ever.
    fn candidates(&self) -> Vec<usize> {
        let mut bound = u64::MAX;
        let mut found = Vec::new();
        for index in &self.answered {
            let operation = &self.history[*index];
            if operation.call > bound {
                break;
            }
            if !self.is_done(*index) {
                bound = bound.min(operation.answer);
                found.push(*index);
            }
        }
        found.retain(|index| self.history[*index].call <= bound);
        found.sort_by_key(|index| self.history[*index].answer);
        found.extend(
            self.unknown
                .iter()
                .filter(|index| !self.is_done(**index) && self.history[**index].call <= bound),
        );
        found
    }
}

/// Checks a history; gives up after `budget` steps of the model.
pub fn check<M: Model>(
    model: &M,
    history: &[Operation<M::Input, M::Output>],
    budget: usize,
) -> Verdict {
    let mut progress = Progress::new(history);
    if progress.left == 0 {
        return Verdict::Linearizable;
    }
    let mut tried: HashSet<(Vec<u64>, M::State)> = HashSet::new();
    let mut frames = vec![Frame {
        state: model.initial(),
        by: None,
        candidates: progress.candidates(),
        next: 0,
    }];
    let mut longest = (Vec::new(), frames[0].candidates.clone());
    let mut steps = 0;
    while let Some(frame) = frames.last_mut() {
        let Some(index) = frame.candidates.get(frame.next).copied() else {
            if let Some(by) = frame.by {
                progress.flip(by);
            }
            frames.pop();
            continue;
        };
        frame.next += 1;
        steps += 1;
        if steps > budget {
            return Verdict::Undecided;
        }
        let (state, output) = model.step(&frame.state, &history[index].input);
        match &history[index].output {
            Some(seen) if *seen != output => continue,
            // What changes nothing may as well never happen.
            None if state == frame.state => continue,
            _ => {}
        }
        progress.flip(index);
        if progress.left == 0 {
            return Verdict::Linearizable;
        }
        if !tried.insert((progress.done.clone(), state.clone())) {
            progress.flip(index);
            continue;
        }
        let candidates = progress.candidates();
        frames.push(Frame { state, by: Some(index), candidates, next: 0 });
        if frames.len() > longest.0.len() + 1 {
            let path = frames.iter().filter_map(|frame| frame.by).collect();
            let stuck = frames.last().map(|frame| frame.candidates.clone()).unwrap_or_default();
            longest = (path, stuck);
        }
    }
    Verdict::Violation { longest: longest.0, stuck: longest.1 }
}

/// A violation for people: the end of the longest order, and what could not follow.
pub fn explain<M: Model>(
    model: &M,
    history: &[Operation<M::Input, M::Output>],
    longest: &[usize],
    stuck: &[usize],
) -> String {
    let mut state = model.initial();
    let mut lines = Vec::new();
    for index in longest {
        state = model.step(&state, &history[*index].input).0;
        lines.push(format!("  {}  -> state {state:?}", line(&history[*index])));
    }
    let mut out = String::from("the longest order that fits ends with:\n");
    for text in &lines[lines.len().saturating_sub(15)..] {
        let _ = writeln!(out, "{text}");
    }
    let _ = writeln!(out, "and none of these can follow:");
    for index in stuck {
        let would = model.step(&state, &history[*index].input).1;
        let _ = writeln!(out, "  {}  (the model answers {would:?})", line(&history[*index]));
    }
    out
}

fn line<I: std::fmt::Debug, O: std::fmt::Debug>(operation: &Operation<I, O>) -> String {
    let Operation { client, input, output, call, answer } = operation;
    match output {
        Some(output) => format!("client {client} [{call}..{answer}] {input:?} = {output:?}"),
        None => format!("client {client} [{call}..?] {input:?} = unknown"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A register: `Some(v)` writes and answers 0, `None` reads.
    struct Register;

    impl Model for Register {
        type State = u8;
        type Input = Option<u8>;
        type Output = u8;

        fn initial(&self) -> u8 {
            0
        }

        fn step(&self, state: &u8, input: &Option<u8>) -> (u8, u8) {
            match input {
                Some(value) => (*value, 0),
                None => (*state, *state),
            }
        }
    }

    type Op = Operation<Option<u8>, u8>;

    fn write(value: u8, call: u64, answer: u64) -> Op {
        Op { client: 0, input: Some(value), output: Some(0), call, answer }
    }

    fn lost(value: u8, call: u64) -> Op {
        Op { client: 0, input: Some(value), output: None, call, answer: 0 }
    }

    fn read(value: u8, call: u64, answer: u64) -> Op {
        Op { client: 1, input: None, output: Some(value), call, answer }
    }

    fn good(history: &[Op]) -> bool {
        match check(&Register, history, 100_000) {
            Verdict::Linearizable => true,
            Verdict::Violation { .. } => false,
            Verdict::Undecided => panic!("undecided: {history:?}"),
        }
    }

    #[test]
    fn sequential_and_concurrent_histories_that_are_right() {
        assert!(good(&[]));
        assert!(good(&[write(1, 0, 1), read(1, 2, 3), write(2, 4, 5), read(2, 6, 7)]));
        // A read beside a write sees the old value or the new one.
        assert!(good(&[write(1, 0, 10), read(0, 1, 2), read(1, 3, 4)]));
        // Two writes at once: either order.
        assert!(good(&[write(1, 0, 10), write(2, 0, 10), read(1, 11, 12)]));
        assert!(good(&[write(1, 0, 10), write(2, 0, 10), read(2, 11, 12)]));
    }

    #[test]
    fn wrong_histories_are_found() {
        // A stale read.
        assert!(!good(&[write(1, 0, 1), write(2, 2, 3), read(1, 4, 5)]));
        // A lost write.
        assert!(!good(&[write(1, 0, 1), read(0, 2, 3)]));
        // Back and forth: new, then old.
        assert!(!good(&[write(1, 0, 10), read(1, 1, 2), read(0, 3, 4)]));
        // A value from nowhere.
        assert!(!good(&[write(1, 0, 1), read(7, 2, 3)]));
        // Read before it was written.
        assert!(!good(&[read(1, 0, 1), write(1, 2, 3)]));
        // Two readers disagree on the order.
        assert!(!good(&[write(1, 0, 9), write(2, 0, 9), read(1, 10, 11), read(2, 12, 13)]));
    }

    #[test]
    fn a_lost_answer_may_take_effect_late_or_never() {
        assert!(good(&[lost(1, 0), read(0, 1, 2)]));
        assert!(good(&[lost(1, 0), read(1, 1, 2)]));
        assert!(good(&[lost(1, 0), read(0, 1, 2), write(2, 3, 4), read(1, 5, 6)]));
        // But not before it was asked for, nor twice.
        assert!(!good(&[read(1, 0, 1), lost(1, 2)]));
        assert!(!good(&[lost(1, 0), read(1, 1, 2), write(2, 3, 4), read(1, 5, 6)]));
    }

    #[test]
    fn a_violation_names_what_could_not_follow() {
        let history = [write(1, 0, 1), write(2, 2, 3), read(1, 4, 5)];
        let Verdict::Violation { longest, stuck } = check(&Register, &history, 1000) else {
            panic!("it is wrong")
        };
        assert_eq!((longest.as_slice(), stuck.as_slice()), ([0, 1].as_slice(), [2].as_slice()));
        let text = explain(&Register, &history, &longest, &stuck);
        assert!(text.contains("None = 1") && text.contains("the model answers 2"), "{text}");
    }

    #[test]
    fn a_spent_budget_is_not_a_verdict() {
        let history = [write(1, 0, 10), write(2, 0, 10), read(2, 11, 12)];
        assert_eq!(check(&Register, &history, 1), Verdict::Undecided);
    }

    #[test]
    fn long_histories_with_lost_writes_are_quick() {
        let mut history = Vec::new();
        for at in 0..2000_u64 {
            let value = (at % 200) as u8 + 1;
            if at % 50 == 7 {
                history.push(lost(255, at * 4));
            }
            history.push(write(value, at * 4, at * 4 + 2));
            history.push(read(value, at * 4 + 2, at * 4 + 3));
        }
        assert!(good(&history));
    }

    /// Every subset of the lost operations, in every order: slow and plainly right.
    fn brute_force(history: &[Op]) -> bool {
        fn extend(history: &[Op], used: &mut Vec<usize>, state: u8) -> bool {
            if history
                .iter()
                .enumerate()
                .all(|(index, op)| op.output.is_none() || used.contains(&index))
            {
                return true;
            }
            for index in 0..history.len() {
                let too_early =
                    |other: &Op| other.output.is_some() && other.answer < history[index].call;
                let blocked = history
                    .iter()
                    .enumerate()
                    .any(|(other, op)| !used.contains(&other) && too_early(op));
                if used.contains(&index) || blocked {
                    continue;
                }
                let (next, output) = Register.step(&state, &history[index].input);
                if history[index].output.is_none_or(|seen| seen == output) {
                    used.push(index);
                    if extend(history, used, next) {
                        return true;
                    }
                    used.pop();
                }
            }
            false
        }
        extend(history, &mut Vec::new(), 0)
    }

    fn any_op() -> impl Strategy<Value = Op> {
        (any::<bool>(), 0..3_u8, any::<bool>(), 0..12_u64, 0..6_u64).prop_map(
            |(writes, value, answered, call, lasts)| Op {
                client: 0,
                input: writes.then_some(value),
                output: answered.then_some(if writes { 0 } else { value }),
                call,
                answer: call + lasts,
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]
        #[test]
        fn it_agrees_with_trying_everything(history in prop::collection::vec(any_op(), 0..7)) {
            prop_assert_eq!(good(&history), brute_force(&history));
        }
    }
}
