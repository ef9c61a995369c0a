//! A store in memory: cheap to make, for simulations and for demos that need not last.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use parking_lot::RwLock;

use super::{Change, Order, Store, StoreError, Visit, Written};

/// See the module.
#[derive(Debug, Default)]
pub struct Memory {
    rows: RwLock<BTreeMap<Vec<u8>, Vec<u8>>>,
}

impl Store for Memory {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.rows.read().get(key).cloned())
    }

    fn scan(
        &self,
        low: &[u8],
        high: &[u8],
        order: Order,
        visit: &mut Visit<'_>,
    ) -> Result<(), StoreError> {
        if low >= high {
            return Ok(());
        }
        let rows = self.rows.read();
        let mut range = rows
            .range::<[u8], _>((std::ops::Bound::Included(low), std::ops::Bound::Excluded(high)));
        let mut each = |(key, value): (&Vec<u8>, &Vec<u8>)| visit(key, value);
        let _: ControlFlow<()> = match order {
            Order::Forward => range.try_for_each(&mut each),
            Order::Backward => range.rev().try_for_each(&mut each),
        };
        Ok(())
    }

    fn write(&self, changes: Vec<Change>) -> Result<Written, StoreError> {
        let mut rows = self.rows.write();
        for (key, value) in changes {
            match value {
                Some(value) => rows.insert(key, value),
                None => rows.remove(&key),
            };
        }
        Ok(Written(0))
    }

    fn settle(&self, _: Written) -> Result<(), StoreError> {
        Ok(())
    }

    fn delete_range(&self, low: &[u8], high: &[u8]) -> Result<(), StoreError> {
        let mut rows = self.rows.write();
        let mut rest = rows.split_off(low);
        let mut above = rest.split_off(high);
        rows.append(&mut above);
        Ok(())
    }
}
