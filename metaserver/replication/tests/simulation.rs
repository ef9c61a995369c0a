//! Random schedules of uploads, recoveries and everything that can go wrong between them and the
//! store. `SIM_SCHEDULES` says how many, `SIM_SEED` runs one again.

mod sim;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use sim::world::{Tally, schedule};

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn run(seed: u64) -> Tally {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(schedule(seed))
}

#[test]
fn every_recovery_is_a_prefix_of_the_history() {
    if let Some(seed) = number("SIM_SEED") {
        eprintln!("{:?}", run(seed));
        return;
    }
    let schedules = number("SIM_SCHEDULES").unwrap_or(10_000);
    let first = number("SIM_FIRST").unwrap_or(0);
    let (next, failed) = (AtomicU64::new(first), Mutex::new(Vec::new()));
    let tally = Mutex::new(Tally::default());
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + schedules || failed.lock().unwrap().len() >= 3 {
                        return;
                    }
                    match catch_unwind(AssertUnwindSafe(|| run(seed))) {
                        Ok(one) => tally.lock().unwrap().add(&one),
                        Err(_) => {
                            eprintln!("SIM_SEED={seed} failed");
                            failed.lock().unwrap().push(seed);
                        }
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "failed seeds: {failed:?}, of {:?}", tally.lock().unwrap());
    eprintln!("{:?}", tally.lock().unwrap());
}
