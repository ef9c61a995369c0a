//! Runs many schedules, on all cores.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::world::Tally;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Runs a schedule for each seed; `None` if it was told how many (`SIM_SCHEDULES`), or which one
/// (`SIM_SEED`), and the usual figures cannot be expected.
pub fn run(usual: u64, schedule: impl AsyncFn(u64) -> Tally + Sync) -> Option<Tally> {
    let run = |seed| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(schedule(seed))
    };
    if let Some(seed) = number("SIM_SEED") {
        eprintln!("{:?}", run(seed));
        return None;
    }
    let schedules = number("SIM_SCHEDULES").unwrap_or(usual);
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
    let (failed, tally) = (failed.into_inner().unwrap(), tally.into_inner().unwrap());
    assert!(failed.is_empty(), "failed seeds: {failed:?}, of {tally:?}");
    eprintln!("{tally:?}");
    (schedules >= usual).then_some(tally)
}
