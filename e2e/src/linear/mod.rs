//! Linearizability: a history of operations with their real-time order is right if the operations, each put at one
//! moment between its call and its answer, give on a model the answers that were seen.
//!
//! [`checker`] decides that for any [`Model`]; [`folder`] is the model of a small folder.

pub mod checker;
pub mod folder;

use std::fmt::Debug;
use std::hash::Hash;

/// A sequential specification.
pub trait Model {
    /// The object's state.
    type State: Clone + Debug + Eq + Hash;
    /// What is asked.
    type Input: Clone + Debug;
    /// What is answered.
    type Output: Clone + Debug + PartialEq;

    /// The state before the first operation.
    fn initial(&self) -> Self::State;

    /// What an operation does and answers. Deterministic.
    fn step(&self, state: &Self::State, input: &Self::Input) -> (Self::State, Self::Output);
}

/// One operation of a history.
#[derive(Clone, Debug)]
pub struct Operation<I, O> {
    /// Who asked, for messages.
    pub client: usize,
    /// What was asked.
    pub input: I,
    /// What was answered; `None`: nothing, so it may take effect at any time after its call, or never.
    pub output: Option<O>,
    /// When it was asked, on one clock.
    pub call: u64,
    /// When the answer was there, on the same clock; of no meaning without an answer.
    pub answer: u64,
}
