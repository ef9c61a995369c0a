//! The schedules of `simulation.rs` over the real client and the real local server: what is cut,
//! reordered, delayed and repeated are whole requests and answers of the protocol. `SIM_SCHEDULES`
//! says how many, `SIM_SEED` runs one again.

mod sim;
#[path = "sim/wire.rs"]
mod wire;

use sim::network::Class;
use sim::world::schedule;
use wire::Wire;

#[test]
fn every_recovery_is_a_prefix_of_the_history() {
    let Some(tally) = sim::run::run(1_500, async |seed| schedule(seed, Wire::new).await) else {
        return;
    };
    for class in [Class::Cut, Class::Delay, Class::Reordering] {
        assert!(tally.injected.of(class) >= 10_000, "{class:?}: {tally:?}");
    }
    for class in [Class::Repetition, Class::Refusal] {
        assert!(tally.injected.of(class) >= 1_000, "{class:?}: {tally:?}");
    }
    assert!(tally.over_client > 1_000, "{tally:?}");
}
