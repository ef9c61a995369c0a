//! The network between the clusters and a store: requests are cut, repeated, answered late or not at
//! all, or take effect long after whoever sent them has gone. What is injected is counted. Any store
//! can lie behind it.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use metafs_replication::Store;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::dice::Dice;
use super::store::Rows;

/// Looks at the rows after each change.
pub type Watch = Box<dyn FnMut(&Rows) + Send>;

/// A store and the ways to it.
pub trait Remote {
    /// A way to it.
    type Store: Store;

    /// Whether the store itself can be at fault, see [`Faults::service`].
    const AT_FAULT: bool;

    /// The network in front of it.
    fn network(&self) -> &Network;

    /// Another client.
    fn client(&self) -> Arc<Self::Store>;

    /// What is there, read without faults.
    fn rows(&self) -> Rows;

    /// These rows in a store of their own, over a client without faults; `None`: memory will do.
    async fn copy_of(&self, rows: &Rows) -> Option<Arc<Self::Store>>;
}

/// How often what goes wrong, out of 1000.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// Neither arrives nor is answered.
    pub lost: u32,
    /// Takes effect, is not answered.
    pub unanswered: u32,
    /// Is not answered, and takes effect later.
    pub late: u32,
    /// Takes effect, and once more later.
    pub twice: u32,
    /// Time on the way, ms at most; now and then a hundred times that.
    pub slow_ms: u64,
    /// How late is late, ms at most.
    pub late_ms: u64,
    /// The store has a fault of its own.
    pub service: u32,
}

/// Kinds of what is injected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// A request or its answer does not arrive, or not whole.
    Cut,
    /// It takes effect, or is answered, much later.
    Delay,
    /// It takes effect after another that was sent later, or after its sender has gone.
    Reordering,
    /// It takes effect again.
    Repetition,
    /// The store says that it did not do it, or that it does not know.
    Refusal,
}

/// How much of what was injected.
#[derive(Clone, Debug, Default)]
pub struct Injected(BTreeMap<(Class, &'static str), u64>);

impl Injected {
    pub fn count(&mut self, class: Class, what: &'static str) {
        *self.0.entry((class, what)).or_default() += 1;
    }

    pub fn add(&mut self, other: &Self) {
        for (what, count) in &other.0 {
            *self.0.entry(*what).or_default() += count;
        }
    }

    pub fn of(&self, class: Class) -> u64 {
        self.0.iter().filter(|((of, _), _)| *of == class).map(|(_, count)| count).sum()
    }
}

/// There is no answer.
#[derive(Clone, Copy, Debug)]
pub struct NoAnswer {
    /// Nor will the request ever arrive.
    pub lost: bool,
}

/// See the module. Clones are the same network.
#[derive(Clone)]
pub struct Network {
    pub dice: Dice,
    pub faults: Arc<Mutex<Faults>>,
    pub injected: Arc<Mutex<Injected>>,
    /// Requests sent, and the last of those that arrived.
    order: Arc<Mutex<(u64, u64)>>,
}

impl Network {
    pub fn new(dice: &Dice, faults: Faults) -> Self {
        Self {
            dice: dice.clone(),
            faults: Arc::new(Mutex::new(faults)),
            injected: Arc::default(),
            order: Arc::default(),
        }
    }

    pub fn count(&self, class: Class, what: &'static str) {
        self.injected.lock().count(class, what);
    }

    fn delay(&self, faults: &Faults) -> Duration {
        let much = if self.dice.one_in(50) { 100 } else { 1 };
        if much > 1 {
            self.count(Class::Delay, "slow");
        }
        Duration::from_millis(self.dice.below(faults.slow_ms * much + 1))
    }

    fn sent(&self) -> u64 {
        let mut order = self.order.lock();
        order.0 += 1;
        order.0
    }

    fn arrives(&self, number: u64) {
        let mut order = self.order.lock();
        if number < order.1 {
            self.count(Class::Reordering, "overtaken");
        }
        order.1 = order.1.max(number);
    }

    /// Sends something, which goes its way whatever becomes of the sender. `effect`: it arrives, and
    /// is answered.
    pub async fn carry<T, F>(&self, effect: impl Fn() -> F + Send + 'static) -> Result<T, NoAnswer>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send,
    {
        let faults = *self.faults.lock();
        if faults.slow_ms == 0 && faults.lost + faults.unanswered + faults.late + faults.twice == 0
        {
            return Ok(effect().await);
        }
        let (there, back) = (self.delay(&faults), self.delay(&faults));
        let dice = self.dice.below(1000) as u32;
        let bounds = [
            (faults.lost, Class::Cut, "lost"),
            (faults.unanswered, Class::Cut, "unanswered"),
            (faults.late, Class::Delay, "late"),
            (faults.twice, Class::Repetition, "twice"),
        ];
        let mut sum = 0;
        let fate = bounds.iter().position(|(share, ..)| {
            sum += share;
            dice < sum
        });
        if let Some((_, class, what)) = fate.map(|fate| bounds[fate]) {
            self.count(class, what);
        }
        let later = Duration::from_millis(self.dice.below(faults.late_ms + 1));
        let (sender, receiver) = oneshot::channel();
        let (network, number) = (self.clone(), self.sent());
        tokio::spawn(async move {
            tokio::time::sleep(there).await;
            let now = match fate {
                Some(0) => None,
                Some(2) => {
                    drop(sender);
                    tokio::time::sleep(later).await;
                    network.arrives(number);
                    effect().await;
                    return;
                }
                _ => {
                    network.arrives(number);
                    if sender.is_closed() {
                        network.count(Class::Reordering, "sender gone");
                    }
                    Some(effect().await)
                }
            };
            tokio::time::sleep(back).await;
            if let (Some(now), true) = (now, fate != Some(1)) {
                sender.send(now).ok();
            } else {
                drop(sender);
            }
            if fate == Some(3) {
                tokio::time::sleep(later).await;
                network.arrives(number);
                effect().await;
            }
        });
        receiver.await.map_err(|_| NoAnswer { lost: fate == Some(0) })
    }
}
