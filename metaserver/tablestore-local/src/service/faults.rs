//! Faults on demand: which requests are refused, lost, delayed or cut. Seeded, so that a test can be
//! repeated.

use std::time::Duration;

use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

use super::commit::Entry;
use super::dispatch::Operation;
use super::write::Applied;
use crate::error::{
    BUSY, CAPACITY, NOT_READY, OtsError, PARTITION, Result, TIMEOUT, TOO_FREQUENT, UNAVAILABLE,
};

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FaultKind {
    /// OTSServerBusy; nothing was done.
    Busy,
    /// OTSServerUnavailable; nothing was done.
    Unavailable,
    /// OTSPartitionUnavailable; nothing was done.
    PartitionUnavailable,
    /// OTSTableNotReady; nothing was done.
    NotReady,
    /// OTSQuotaExhausted, too frequent operations; nothing was done.
    QuotaExhausted,
    /// OTSNotEnoughCapacityUnit; nothing was done.
    CapacityExhausted,
    /// OTSTimeout; nothing was done.
    TimeoutBefore,
    /// OTSTimeout; it was done.
    TimeoutAfter,
    /// The connection is cut; nothing was done.
    CutBefore,
    /// The connection is cut; it was done.
    CutAfter,
    /// The answer comes late.
    Slow,
    /// A byte of the answer's body is another: its checksum no longer fits.
    DamagedAnswer,
    /// A row of a batch gets OTSServerBusy; it was not done.
    RowBusy,
    /// A row of a batch gets OTSTimeout; it was done.
    RowTimeout,
}

/// When it happens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FaultRule {
    /// What happens.
    pub kind: FaultKind,
    /// To what part of the requests (of the rows, for kinds of rows): 0 to 1.
    #[serde(default = "always")]
    pub rate: f64,
    /// To these operations; none: all.
    #[serde(default)]
    pub operations: Vec<String>,
    /// To requests about these tables; none: all.
    #[serde(default)]
    pub tables: Vec<String>,
    /// How late an answer comes, milliseconds.
    #[serde(default)]
    pub delay_ms: u64,
    /// How often at most; absent: any number of times. Not for kinds of rows.
    #[serde(default)]
    pub times: Option<u64>,
}

impl FaultRule {
    /// A rule for everything.
    pub fn new(kind: FaultKind, rate: f64) -> Self {
        Self { kind, rate, operations: Vec::new(), tables: Vec::new(), delay_ms: 0, times: None }
    }
}

fn always() -> f64 {
    1.0
}

/// All faults.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FaultPlan {
    /// Where chance begins.
    #[serde(default)]
    pub seed: u64,
    /// Tried in this order; delays add up, the first of the others happens.
    #[serde(default)]
    pub rules: Vec<FaultRule>,
}

/// What happens to a request.
#[derive(Debug, Default)]
pub(super) struct Decision {
    pub delay: Duration,
    pub kind: Option<FaultKind>,
    pub rows: RowFaults,
}

impl Decision {
    /// The error instead of doing anything.
    pub fn refusal(&self) -> Option<OtsError> {
        Some(match self.kind? {
            FaultKind::Busy => BUSY,
            FaultKind::Unavailable => UNAVAILABLE,
            FaultKind::PartitionUnavailable => PARTITION,
            FaultKind::NotReady => NOT_READY,
            FaultKind::QuotaExhausted => TOO_FREQUENT,
            FaultKind::CapacityExhausted => CAPACITY,
            FaultKind::TimeoutBefore => TIMEOUT,
            _ => return None,
        })
    }
}

/// What happens to the rows of a batch.
#[derive(Debug, Default)]
pub(super) struct RowFaults {
    busy: f64,
    lost: f64,
    random: Option<Mutex<StdRng>>,
}

impl RowFaults {
    fn chance(&self, rate: f64) -> bool {
        rate > 0.0
            && self.random.as_ref().is_some_and(|random| random.lock().random::<f64>() < rate)
    }

    /// The error of a row instead of doing it.
    pub fn before(&self) -> Option<OtsError> {
        self.chance(self.busy).then_some(BUSY)
    }

    /// Refuses rows.
    pub fn refuse(&self, entries: &mut [Entry<'_>]) {
        if self.busy > 0.0 {
            for entry in entries {
                entry.outcome = self.before().map(Err);
            }
        }
    }

    /// What is said of a row that was done.
    pub fn lose(&self, outcome: Option<Result<Applied>>) -> Result<Applied> {
        match outcome {
            Some(Ok(_)) if self.chance(self.lost) => Err(TIMEOUT),
            Some(outcome) => outcome,
            None => Err(OtsError::internal("a row has no outcome")),
        }
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Faults {
    state: Mutex<Option<State>>,
}

#[derive(Debug)]
struct State {
    plan: FaultPlan,
    random: StdRng,
}

impl Faults {
    /// Replaces the plan; an empty one ends all faults.
    pub fn set(&self, plan: FaultPlan) {
        let random = StdRng::seed_from_u64(plan.seed);
        *self.state.lock() = (!plan.rules.is_empty()).then_some(State { plan, random });
    }

    /// The plan, with what is left of its counts.
    pub fn plan(&self) -> FaultPlan {
        self.state.lock().as_ref().map(|state| state.plan.clone()).unwrap_or_default()
    }

    /// Decides about a request.
    pub fn decide(&self, operation: Operation, tables: &[&str]) -> Decision {
        let mut decision = Decision::default();
        let mut state = self.state.lock();
        let Some(State { plan, random }) = &mut *state else { return decision };
        for rule in &mut plan.rules {
            let meant = rule.times != Some(0)
                && (rule.operations.is_empty()
                    || rule.operations.iter().any(|name| name == operation.name()))
                && (rule.tables.is_empty()
                    || tables.iter().any(|table| rule.tables.iter().any(|name| name == table)));
            if !meant {
                continue;
            }
            match rule.kind {
                FaultKind::RowBusy => decision.rows.busy = rule.rate,
                FaultKind::RowTimeout => decision.rows.lost = rule.rate,
                _ => {
                    let slow = rule.kind == FaultKind::Slow;
                    if (!slow && decision.kind.is_some()) || random.random::<f64>() >= rule.rate {
                        continue;
                    }
                    rule.times = rule.times.map(|times| times.saturating_sub(1));
                    decision.delay += Duration::from_millis(rule.delay_ms);
                    if !slow {
                        decision.kind = Some(rule.kind);
                    }
                    continue;
                }
            }
            let seed = random.random();
            decision.rows.random = Some(Mutex::new(StdRng::seed_from_u64(seed)));
        }
        decision
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(faults: &Faults, operation: Operation, table: &str) -> Option<FaultKind> {
        faults.decide(operation, &[table]).kind
    }

    #[test]
    fn rules_are_for_what_they_say_and_as_often_as_they_say() {
        let faults = Faults::default();
        assert_eq!(decide(&faults, Operation::PutRow, "a"), None);
        faults.set(FaultPlan {
            seed: 1,
            rules: vec![FaultRule {
                operations: vec!["PutRow".into()],
                tables: vec!["a".into()],
                times: Some(2),
                ..FaultRule::new(FaultKind::Busy, 1.0)
            }],
        });
        assert_eq!(decide(&faults, Operation::GetRow, "a"), None);
        assert_eq!(decide(&faults, Operation::PutRow, "b"), None);
        assert_eq!(decide(&faults, Operation::PutRow, "a"), Some(FaultKind::Busy));
        assert_eq!(decide(&faults, Operation::PutRow, "a"), Some(FaultKind::Busy));
        assert_eq!(decide(&faults, Operation::PutRow, "a"), None);
    }

    #[test]
    fn the_same_seed_gives_the_same_faults() {
        let run = || {
            let faults = Faults::default();
            let rules = vec![FaultRule::new(FaultKind::TimeoutAfter, 0.3)];
            faults.set(FaultPlan { seed: 7, rules });
            (0..200).map(|_| decide(&faults, Operation::PutRow, "a").is_some()).collect::<Vec<_>>()
        };
        let first = run();
        assert_eq!(first, run());
        let hits = first.iter().filter(|hit| **hit).count();
        assert!((30..90).contains(&hits), "{hits}");
    }
}
