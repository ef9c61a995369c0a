//! Chance that comes out the same for the same seed.

use std::sync::Arc;

use metafs_replication::Random;
use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

#[derive(Clone)]
pub struct Dice(Arc<Mutex<StdRng>>);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// From 0 to `n` - 1.
    pub fn below(&self, n: u64) -> u64 {
        self.0.lock().random_range(0..n.max(1))
    }

    pub fn one_in(&self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// For the drivers.
    pub fn random(&self) -> Random {
        let dice = self.clone();
        Random::new(move || dice.0.lock().random())
    }
}
