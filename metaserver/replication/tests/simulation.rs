//! Random schedules of uploads, recoveries and everything that can go wrong between them and a store
//! in memory. `SIM_SCHEDULES` says how many, `SIM_SEED` runs one again.

#[path = "sim/damage.rs"]
mod damage;
#[allow(dead_code, reason = "some of it is for a store with faults of its own")]
mod sim;

use std::sync::Arc;

use parking_lot::Mutex;
use sim::network::{Faults, Network, Remote};
use sim::store::{Client, Rows, Server};
use sim::world::schedule;

struct InMemory {
    server: Arc<Mutex<Server>>,
    network: Network,
}

impl Remote for InMemory {
    type Store = Client;

    const AT_FAULT: bool = false;

    fn network(&self) -> &Network {
        &self.network
    }

    fn client(&self) -> Arc<Client> {
        let (server, network) = (self.server.clone(), self.network.clone());
        Arc::new(Client { server, network })
    }

    fn rows(&self) -> Rows {
        self.server.lock().rows.clone()
    }

    async fn copy_of(&self, _: &Rows) -> Option<Arc<Client>> {
        None
    }
}

#[test]
fn every_recovery_is_a_prefix_of_the_history() {
    sim::run::run(10_000, async |seed| {
        schedule(seed, |dice, watch| {
            let server = Server { watch: Some(watch), ..Server::default() };
            let network = Network::new(dice, Faults::default());
            InMemory { server: Arc::new(Mutex::new(server)), network }
        })
        .await
    });
}
