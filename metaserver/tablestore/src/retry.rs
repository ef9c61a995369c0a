//! When a request is tried again, and after how long. Pure; the official SDKs' policies.

use std::time::Duration;

/// See the fields.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryPolicy {
    /// Times that a request is tried again; 0: never.
    pub max_retries: u32,
    /// Time of all tries and pauses together.
    pub total: Duration,
    /// The first pause at most.
    pub base: Duration,
    /// The first pause at most when the service asks for less.
    pub throttled_base: Duration,
    /// Every pause at most. Each pause is up to twice as long as the one before.
    pub cap: Duration,
}

impl Default for RetryPolicy {
    /// As the official Python and Node SDKs: 20 times, from 0.2 s (0.5 s when throttled) to 3 s; in
    /// 60 s (theirs have no such end).
    fn default() -> Self {
        Self {
            max_retries: 20,
            total: Duration::from_secs(60),
            base: Duration::from_millis(200),
            throttled_base: Duration::from_millis(500),
            cap: Duration::from_secs(3),
        }
    }
}

impl RetryPolicy {
    /// As the official Java SDK: for 10 s, from 10 ms to 320 ms.
    #[must_use]
    pub fn brisk() -> Self {
        let base = Duration::from_millis(10);
        Self {
            max_retries: u32::MAX,
            total: Duration::from_secs(10),
            base,
            throttled_base: base,
            cap: Duration::from_millis(320),
        }
    }

    /// Every request once.
    #[must_use]
    pub fn none() -> Self {
        Self { max_retries: 0, ..Self::default() }
    }

    /// The pause before another try. `retries`: how many there were before this one; `random`: from
    /// 0 to 1, spreads the pauses of many clients over the upper half.
    #[must_use]
    pub fn pause(&self, retries: u32, throttled: bool, random: f64) -> Duration {
        let base = if throttled { self.throttled_base } else { self.base };
        let factor = 1_u32.checked_shl(retries).filter(|_| retries < 31).unwrap_or(u32::MAX);
        let limit = base.saturating_mul(factor).min(self.cap.max(base));
        limit.mul_f64(0.5 + 0.5 * random.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pauses_double_up_to_the_cap() {
        let policy = RetryPolicy::default();
        let longest = |retries, throttled| policy.pause(retries, throttled, 1.0).as_millis();
        let pauses: Vec<_> = (0..6).map(|retries| longest(retries, false)).collect();
        assert_eq!(pauses, [200, 400, 800, 1600, 3000, 3000]);
        assert_eq!(longest(0, true), 500);
        assert_eq!(policy.pause(0, false, 0.0).as_millis(), 100);
    }

    proptest! {
        #[test]
        fn pauses_stay_within(retries: u32, throttled: bool, random: f64) {
            let policy = RetryPolicy::brisk();
            let pause = policy.pause(retries, throttled, random);
            prop_assert!(pause <= policy.cap && pause >= policy.base / 2);
        }
    }
}
