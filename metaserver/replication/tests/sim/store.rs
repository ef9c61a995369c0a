//! A store in memory, and clients of it whose requests are cut, repeated, time out after they took
//! effect, or take effect long after whoever sent them has gone.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use metafs_replication::{Expect, Key, Row, Store, StoreError, Trouble, TroubleKind};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::dice::Dice;

pub type Rows = BTreeMap<Key, Row>;

/// Looks at the rows after each change.
type Watch = Box<dyn FnMut(&Rows) + Send>;

/// The server.
#[derive(Default)]
pub struct Server {
    pub rows: Rows,
    pub exists: bool,
    /// Called after every change.
    pub watch: Option<Watch>,
}

impl Server {
    pub fn put(&mut self, key: Key, row: Row, expect: Expect) -> Result<(), StoreError> {
        let there = self.rows.get(&key).map(|row| row.tag);
        let holds = match expect {
            Expect::Anything => true,
            Expect::Absent => there.is_none(),
            Expect::Tag(tag) => there == Some(tag),
        };
        if !holds {
            return Err(StoreError::Refused);
        }
        self.rows.insert(key, row);
        self.changed();
        Ok(())
    }

    pub fn delete(&mut self, keys: &[Key]) {
        for key in keys {
            self.rows.remove(key);
        }
        self.changed();
    }

    fn changed(&mut self) {
        if let Some(watch) = &mut self.watch {
            watch(&self.rows);
        }
    }

    pub fn list(&self, from: Key, to: Key, limit: usize) -> Vec<(Key, i64)> {
        self.rows.range(from..to).take(limit).map(|(key, row)| (*key, row.tag)).collect()
    }
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
}

/// A client.
#[derive(Clone)]
pub struct Client {
    pub server: Arc<Mutex<Server>>,
    pub dice: Dice,
    pub faults: Arc<Mutex<Faults>>,
}

fn trouble() -> StoreError {
    StoreError::Trouble(Trouble { kind: TroubleKind::Unreachable, message: "cut".into() })
}

impl Client {
    fn delay(&self, faults: &Faults) -> Duration {
        let much = if self.dice.one_in(50) { 100 } else { 1 };
        Duration::from_millis(self.dice.below(faults.slow_ms * much + 1))
    }

    /// Sends something, which goes its way whatever becomes of the sender.
    async fn send<T: Send + 'static>(
        &self,
        what: impl Fn(&mut Server) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let faults = *self.faults.lock();
        if faults.slow_ms == 0 && faults.lost + faults.unanswered + faults.late + faults.twice == 0
        {
            return Ok(what(&mut self.server.lock()));
        }
        let (there, back) = (self.delay(&faults), self.delay(&faults));
        let dice = self.dice.below(1000) as u32;
        let bounds = [faults.lost, faults.unanswered, faults.late, faults.twice];
        let mut sum = 0;
        let fate = bounds.iter().position(|share| {
            sum += share;
            dice < sum
        });
        let later = Duration::from_millis(self.dice.below(faults.late_ms + 1));
        let (sender, receiver) = oneshot::channel();
        let server = self.server.clone();
        tokio::spawn(async move {
            tokio::time::sleep(there).await;
            let now = match fate {
                Some(0) => None,
                Some(2) => {
                    drop(sender);
                    tokio::time::sleep(later).await;
                    what(&mut server.lock());
                    return;
                }
                _ => Some(what(&mut server.lock())),
            };
            tokio::time::sleep(back).await;
            if let (Some(now), true) = (now, fate != Some(1)) {
                sender.send(now).ok();
            } else {
                drop(sender);
            }
            if fate == Some(3) {
                tokio::time::sleep(later).await;
                what(&mut server.lock());
            }
        });
        receiver.await.map_err(|_| trouble())
    }
}

impl Store for Client {
    async fn prepare(&self, create: bool) -> Result<(), StoreError> {
        let exists = self
            .send(move |server| {
                server.exists |= create;
                server.exists
            })
            .await?;
        if exists {
            return Ok(());
        }
        Err(StoreError::Trouble(Trouble { kind: TroubleKind::NoTable, message: "none".into() }))
    }

    async fn get(&self, key: Key) -> Result<Option<Row>, StoreError> {
        self.send(move |server| server.rows.get(&key).cloned()).await
    }

    async fn put(&self, key: Key, row: Row, expect: Expect) -> Result<(), StoreError> {
        self.send(move |server| server.put(key, row.clone(), expect)).await?
    }

    async fn delete(&self, keys: Vec<Key>) -> Result<(), StoreError> {
        self.send(move |server| server.delete(&keys)).await
    }

    async fn list(&self, from: Key, to: Key, limit: usize) -> Result<Vec<(Key, i64)>, StoreError> {
        let limit = limit.min(1 + self.dice.below(20) as usize);
        self.send(move |server| server.list(from, to, limit)).await
    }
}
