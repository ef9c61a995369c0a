//! CreateIndex, DropIndex, AddDefinedColumn, DeleteDefinedColumn. An index is kept up with its main
//! table in the same batch: it is never behind, whatever its kind.

use std::ops::ControlFlow;

use metafs_tablestore::proto;

use super::Service;
use super::catalog::rows_of;
use super::definitions::check_defined;
use super::dispatch::Done;
use super::messages::{
    AddDefinedColumnRequest, CreateIndexRequest, DeleteDefinedColumnRequest, DropIndexRequest,
    EmptyResponse,
};
use crate::engine::index::{row_of, table_of};
use crate::engine::names::{KEY_COLUMNS, check_table};
use crate::engine::schema::{Index, Table};
use crate::error::{NO_TABLE, OtsError, Result, TABLE_EXISTS};
use crate::store::Order;

/// Keys of a main table that are indexed at a time.
const FILL: usize = 1000;

impl Service {
    pub(super) fn create_index(
        &self,
        instance: &str,
        request: &CreateIndexRequest,
    ) -> Result<Done> {
        check_table(&request.main_table_name)?;
        let table =
            self.redefine(instance, &request.main_table_name, self.now(), |table, next_id| {
                let mut index = check(table, &request.index_meta)?;
                if self.catalog.get(instance, &index.name).is_ok() {
                    return Err(TABLE_EXISTS);
                }
                index.id = *next_id;
                *next_id = next_id.saturating_add(1);
                table.indexes.push(index);
                Ok(())
            })?;
        if request.include_base_data.unwrap_or(false)
            && let Some(index) = table.indexes.last()
        {
            self.fill(&table, index)?;
        }
        Ok(Done::of(&EmptyResponse {}))
    }

    /// Indexes the rows that were there before. Writers meanwhile see the index already; each row is
    /// read again under its lock.
    fn fill(&self, table: &Table, index: &Index) -> Result<()> {
        let (low, high) = rows_of(table.id);
        let mut low = low.to_vec();
        let mut last_written = None;
        loop {
            let mut keys: Vec<Vec<u8>> = Vec::with_capacity(FILL);
            self.store.scan(&low, &high, Order::Forward, &mut |key, _| {
                keys.push(key.to_vec());
                if keys.len() == FILL { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })?;
            let Some(last) = keys.last() else { break };
            low.clone_from(last);
            low.push(0);
            for key in keys {
                let partition = table.partition_of(&key)?;
                let held = self.locks.hold(std::iter::once(partition));
                if let Some(row) = self.store.get(&key)?
                    && let Some((key, row)) = row_of(table, index, &key, &row)?
                {
                    last_written = Some(self.store.write(vec![(key, Some(row))])?);
                }
                drop(held);
            }
        }
        // One sync for all of them.
        last_written.map_or(Ok(()), |written| Ok(self.store.settle(written)?))
    }

    pub(super) fn drop_index(&self, instance: &str, request: &DropIndexRequest) -> Result<Done> {
        check_table(&request.main_table_name)?;
        let mut id = 0;
        self.redefine(instance, &request.main_table_name, self.now(), |table, _| {
            let named = |index: &Index| index.name == request.index_name;
            let at = table.indexes.iter().position(named).ok_or(NO_TABLE)?;
            id = table.indexes.remove(at).id;
            Ok(())
        })?;
        self.forget(instance, &request.index_name, id)?;
        Ok(Done::of(&EmptyResponse {}))
    }

    pub(super) fn add_columns(
        &self,
        instance: &str,
        request: &AddDefinedColumnRequest,
    ) -> Result<Done> {
        check_table(&request.table_name)?;
        self.redefine(instance, &request.table_name, self.now(), |table, _| {
            let old = table.defined.iter().map(|(name, code)| proto::DefinedColumnSchema {
                name: name.clone(),
                r#type: *code,
            });
            let all: Vec<_> = old.chain(request.columns.iter().cloned()).collect();
            table.defined = check_defined(&all, &table.keys)?;
            Ok(())
        })?;
        Ok(Done::of(&EmptyResponse {}))
    }

    pub(super) fn delete_columns(
        &self,
        instance: &str,
        request: &DeleteDefinedColumnRequest,
    ) -> Result<Done> {
        check_table(&request.table_name)?;
        self.redefine(instance, &request.table_name, self.now(), |table, _| {
            for name in &request.columns {
                let before = table.defined.len();
                table.defined.retain(|(defined, _)| defined != name);
                if table.defined.len() == before {
                    return Err(OtsError::parameter(format!("Column does not exist:'{name}'.")));
                }
            }
            Ok(())
        })?;
        Ok(Done::of(&EmptyResponse {}))
    }
}

/// Checks an index of a table.
///
/// # Errors
/// 400, or 409 when the table has one of that name.
pub(super) fn check(table: &Table, index: &proto::IndexMeta) -> Result<Index> {
    check_table(&index.name)?;
    if index.name == table.name || table.indexes.iter().any(|other| other.name == index.name) {
        return Err(TABLE_EXISTS);
    }
    if index.primary_key.is_empty() || index.primary_key.len() > KEY_COLUMNS {
        return Err(OtsError::parameter(format!(
            "The number of primary key columns must be in range: [1, {KEY_COLUMNS}]."
        )));
    }
    if table.options.max_versions != 1 {
        return Err(OtsError::parameter("Max versions of a table with indexes must be 1."));
    }
    let is_key = |name: &String| table.keys.iter().any(|key| key.name == *name);
    let is_defined = |name: &String| table.defined.iter().any(|(defined, _)| defined == name);
    for name in &index.primary_key {
        if !is_key(name) && !is_defined(name) {
            return Err(OtsError::parameter(format!("Column does not exist:'{name}'.")));
        }
    }
    for name in &index.defined_column {
        if !is_defined(name) {
            return Err(OtsError::parameter(format!("Column does not exist:'{name}'.")));
        }
    }
    let index = Index {
        id: 0,
        name: index.name.clone(),
        keys: index.primary_key.clone(),
        columns: index.defined_column.clone(),
        update_mode: index.index_update_mode,
        kind: index.index_type,
    };
    table_of(table, &index)?;
    Ok(index)
}
