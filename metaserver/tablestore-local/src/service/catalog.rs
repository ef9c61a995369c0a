//! The tables of all instances: in memory, and in the store under table id 0.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use parking_lot::RwLock;

use crate::engine::key;
use crate::engine::schema::Table;
use crate::error::{NO_TABLE, OtsError, Result};
use crate::store::{Change, Order, Store, after};

/// A table in use.
#[derive(Debug)]
pub struct OpenTable {
    /// Its definition.
    pub table: Table,
    last_value: Arc<AtomicI64>,
}

impl OpenTable {
    /// The next value of the column that the server fills: rising, above what any earlier run gave.
    /// `now` in milliseconds since 1970.
    pub fn next_value(&self, now: i64) -> i64 {
        let micros = now.saturating_mul(1000);
        let next = |last: i64| Some(last.saturating_add(1).max(micros));
        match self.last_value.fetch_update(Ordering::AcqRel, Ordering::Acquire, next) {
            Ok(last) | Err(last) => last.saturating_add(1).max(micros),
        }
    }
}

type ByName = BTreeMap<String, Arc<OpenTable>>;

/// See the module.
#[derive(Debug, Default)]
pub struct Catalog {
    instances: RwLock<HashMap<String, ByName>>,
}

const DEFINITIONS: [u8; 4] = [0; 4];

fn definition_key(instance: &str, name: &str) -> Vec<u8> {
    let mut bytes = DEFINITIONS.to_vec();
    bytes.extend_from_slice(instance.as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(name.as_bytes());
    bytes
}

impl Catalog {
    /// Reads the tables that a store has, and the id for the next one.
    ///
    /// # Errors
    /// The store cannot be read, or holds what this version does not know.
    pub fn load(store: &dyn Store) -> Result<(Self, u32)> {
        let mut instances: HashMap<String, ByName> = HashMap::new();
        let mut next_id = 1;
        let mut fault = None;
        store.scan(&DEFINITIONS, &after(DEFINITIONS), Order::Forward, &mut |stored, value| {
            match read(stored, value) {
                Ok(None) => match postcard::from_bytes(value) {
                    Ok(id) => {
                        next_id = id;
                        ControlFlow::Continue(())
                    }
                    Err(error) => {
                        fault = Some(OtsError::internal(error));
                        ControlFlow::Break(())
                    }
                },
                Ok(Some((instance, table))) => {
                    let open = OpenTable { table, last_value: Arc::default() };
                    let tables = instances.entry(instance).or_default();
                    tables.insert(open.table.name.clone(), Arc::new(open));
                    ControlFlow::Continue(())
                }
                Err(error) => {
                    fault = Some(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        match fault {
            Some(fault) => Err(fault),
            None => Ok((Self { instances: RwLock::new(instances) }, next_id)),
        }
    }

    /// A table.
    ///
    /// # Errors
    /// 404.
    pub fn get(&self, instance: &str, name: &str) -> Result<Arc<OpenTable>> {
        let instances = self.instances.read();
        instances.get(instance).and_then(|tables| tables.get(name)).cloned().ok_or(NO_TABLE)
    }

    /// Names of an instance's tables, in order; those of indexes are left out.
    pub fn names(&self, instance: &str) -> Vec<String> {
        let instances = self.instances.read();
        let tables = instances.get(instance).into_iter().flatten();
        tables
            .filter(|(_, open)| open.table.index_of.is_none())
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// Adds or replaces a table. The caller has stored [`define`]'s changes.
    pub fn insert(&self, instance: &str, table: Table) {
        let mut instances = self.instances.write();
        let tables = instances.entry(instance.to_owned()).or_default();
        let last_value = match tables.get(&table.name) {
            Some(old) if old.table.id == table.id => old.last_value.clone(),
            _ => Arc::default(),
        };
        tables.insert(table.name.clone(), Arc::new(OpenTable { table, last_value }));
    }

    /// Forgets a table.
    pub fn remove(&self, instance: &str, name: &str) {
        if let Some(tables) = self.instances.write().get_mut(instance) {
            tables.remove(name);
        }
    }
}

/// None: the row of the next id.
fn read(stored: &[u8], value: &[u8]) -> Result<Option<(String, Table)>> {
    let name = stored.get(DEFINITIONS.len()..).unwrap_or_default();
    if name.is_empty() {
        return Ok(None);
    }
    let instance = name.split(|byte| *byte == 0).next().unwrap_or_default();
    let table = postcard::from_bytes(value).map_err(OtsError::internal)?;
    Ok(Some((String::from_utf8_lossy(instance).into_owned(), table)))
}

/// Changes of the store that define a table, and the id for the one after it.
///
/// # Errors
/// It cannot be encoded.
pub fn define(instance: &str, table: &Table, next_id: u32) -> Result<Vec<Change>> {
    let row = postcard::to_stdvec(table).map_err(OtsError::internal)?;
    let id = postcard::to_stdvec(&next_id).map_err(OtsError::internal)?;
    Ok(vec![(definition_key(instance, &table.name), Some(row)), (DEFINITIONS.to_vec(), Some(id))])
}

/// The change of the store that forgets a table.
pub fn forget(instance: &str, name: &str) -> Change {
    (definition_key(instance, name), None)
}

/// All keys of a table's rows.
pub fn rows_of(id: u32) -> ([u8; 4], [u8; 4]) {
    let low = key::table(id);
    (low, after(low))
}
