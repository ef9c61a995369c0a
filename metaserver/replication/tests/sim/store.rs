//! A store in memory, and clients of it.

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::Arc;

use metafs_replication::{Expect, Key, Row, Store, StoreError, Trouble, TroubleKind};
use parking_lot::Mutex;

use super::network::{Network, Watch};

pub type Rows = BTreeMap<Key, Row>;

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

/// A client.
#[derive(Clone)]
pub struct Client {
    pub server: Arc<Mutex<Server>>,
    pub network: Network,
}

impl Client {
    async fn send<T: Send + 'static>(
        &self,
        what: impl Fn(&mut Server) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let server = self.server.clone();
        let carried = self.network.carry(move || ready(what(&mut server.lock()))).await;
        carried
            .map_err(|_| Trouble { kind: TroubleKind::Unreachable, message: "cut".into() }.into())
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
        let limit = limit.min(1 + self.network.dice.below(20) as usize);
        self.send(move |server| server.list(from, to, limit)).await
    }
}
