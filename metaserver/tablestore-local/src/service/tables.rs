//! CreateTable, DescribeTable, UpdateTable, DeleteTable, ListTable.

use metafs_tablestore::proto;

use super::catalog::{define, forget, rows_of};
use super::definitions::{
    change_options, check_capacity, check_defined, check_keys, check_options, describe,
    encryption_of, is_empty, new_options, request_of, set_stream,
};
use super::dispatch::Done;
use super::{Definitions, Service};
use crate::engine::index::table_of;
use crate::engine::names::check_table;
use crate::engine::schema::Table;
use crate::error::{OtsError, Result, TABLE_EXISTS, TOO_FREQUENT};

impl Service {
    /// Makes the tables of the settings that are missing.
    pub(super) fn make_tables(&self) -> Result<()> {
        for setting in &self.settings.tables {
            let first = self.settings.instances.first();
            let Some(instance) = setting.instance.as_ref().or(first) else { continue };
            if self.catalog.get(instance, &setting.name).is_err() {
                self.create_table(instance, &request_of(setting)?)?;
            }
        }
        Ok(())
    }

    pub(super) fn create_table(
        &self,
        instance: &str,
        request: &proto::CreateTableRequest,
    ) -> Result<Done> {
        let meta = &request.table_meta;
        check_table(&meta.table_name)?;
        let keys = check_keys(&meta.primary_key, &meta.table_name)?;
        let defined = check_defined(&meta.defined_column, &keys)?;
        let options = new_options(request.table_options.as_ref())?;
        let reserved = check_capacity(&request.reserved_throughput)?;
        let now = self.now();
        let named = self.settings.transactions.tables.contains(&meta.table_name);
        let asked = request.enable_local_txn.unwrap_or(self.settings.transactions.all_tables);
        let mut table = Table {
            id: 0,
            name: meta.table_name.clone(),
            keys,
            defined,
            options,
            reserved,
            increased_at: now / 1000,
            decreased_at: None,
            stream: None,
            encryption: request.sse_spec.as_ref().and_then(encryption_of),
            indexes: Vec::new(),
            index_of: None,
            transactions: asked || named,
            created_at: now.saturating_mul(1000),
        };
        set_stream(&mut table, request.stream_spec.as_ref(), now);
        for index in &request.index_metas {
            let index = super::indexes::check(&table, index)?;
            table.indexes.push(index);
        }
        let mut definitions = self.define_tables(now)?;
        let names = self.catalog.names(instance);
        if names.contains(&table.name) {
            return Err(TABLE_EXISTS);
        }
        let most = self.settings.tables_per_instance;
        if names.len() >= most {
            return Err(OtsError {
                status: 403,
                code: "OTSQuotaExhausted",
                message: format!("Number of tables exceeds the quota:{most}.").into(),
            });
        }
        table.id = definitions.next_id;
        let mut next_id = table.id.saturating_add(1);
        for index in &mut table.indexes {
            if self.catalog.get(instance, &index.name).is_ok() {
                return Err(TABLE_EXISTS);
            }
            index.id = next_id;
            next_id = next_id.saturating_add(1);
        }
        self.keep(instance, &mut definitions, next_id, &table)?;
        Ok(Done::of(&proto::CreateTableResponse {}))
    }

    pub(super) fn describe_table(
        &self,
        instance: &str,
        request: &proto::DescribeTableRequest,
    ) -> Result<Done> {
        check_table(&request.table_name)?;
        let open = self.catalog.get(instance, &request.table_name)?;
        Ok(Done::of(&describe(&open.table)))
    }

    pub(super) fn update_table(
        &self,
        instance: &str,
        request: &proto::UpdateTableRequest,
    ) -> Result<Done> {
        check_table(&request.table_name)?;
        let options = request.table_options.as_ref().filter(|options| !is_empty(options));
        if request.table_options.is_some()
            && options.is_none()
            && request.reserved_throughput.is_none()
            && request.stream_spec.is_none()
        {
            return Err(OtsError::parameter("No parameter is specified in table options."));
        }
        if let Some(options) = options {
            check_options(options)?;
        }
        let reserved = request.reserved_throughput.as_ref().map(check_capacity).transpose()?;
        let now = self.now();
        let table = self.redefine(instance, &request.table_name, now, |table, _| {
            if let Some(options) = options {
                change_options(&mut table.options, options);
            }
            if let Some(reserved) = reserved {
                if reserved.0 > table.reserved.0 || reserved.1 > table.reserved.1 {
                    table.increased_at = now / 1000;
                }
                if reserved.0 < table.reserved.0 || reserved.1 < table.reserved.1 {
                    table.decreased_at = Some(now / 1000);
                }
                table.reserved = reserved;
            }
            set_stream(table, request.stream_spec.as_ref(), now);
            Ok(())
        })?;
        let described = describe(&table);
        Ok(Done::of(&proto::UpdateTableResponse {
            reserved_throughput_details: described.reserved_throughput_details,
            table_options: described.table_options,
            stream_details: described.stream_details,
        }))
    }

    pub(super) fn delete_table(
        &self,
        instance: &str,
        request: &proto::DeleteTableRequest,
    ) -> Result<Done> {
        check_table(&request.table_name)?;
        let definitions = self.define_tables(self.now())?;
        let open = self.catalog.get(instance, &request.table_name)?;
        if open.table.index_of.is_some() {
            return Err(OtsError::parameter("Can't delete index table directly."));
        }
        for index in &open.table.indexes {
            self.forget(instance, &index.name, index.id)?;
        }
        self.forget(instance, &request.table_name, open.table.id)?;
        drop(definitions);
        Ok(Done::of(&proto::DeleteTableResponse {}))
    }

    pub(super) fn list_tables(&self, instance: &str) -> Done {
        Done::of(&proto::ListTableResponse { table_names: self.catalog.names(instance) })
    }

    /// Changes a table's definition; the change may take ids from the next one on.
    pub(super) fn redefine(
        &self,
        instance: &str,
        name: &str,
        now: i64,
        change: impl FnOnce(&mut Table, &mut u32) -> Result<()>,
    ) -> Result<Table> {
        let mut definitions = self.define_tables(now)?;
        let mut table = self.catalog.get(instance, name)?.table.clone();
        let mut next_id = definitions.next_id;
        change(&mut table, &mut next_id)?;
        self.keep(instance, &mut definitions, next_id, &table)?;
        Ok(table)
    }

    /// Stores a table's definition and those of its indexes, then shows them.
    fn keep(
        &self,
        instance: &str,
        definitions: &mut Definitions,
        next_id: u32,
        table: &Table,
    ) -> Result<()> {
        let mut tables = vec![table.clone()];
        for index in &table.indexes {
            tables.push(table_of(table, index)?);
        }
        let mut changes = Vec::with_capacity(2 * tables.len());
        for table in &tables {
            changes.extend(define(instance, table, next_id)?);
        }
        let written = self.store.write(changes)?;
        self.store.settle(written)?;
        definitions.next_id = next_id;
        for table in tables {
            self.catalog.insert(instance, table);
        }
        Ok(())
    }

    /// Forgets a table or index and its rows.
    pub(super) fn forget(&self, instance: &str, name: &str, id: u32) -> Result<()> {
        let written = self.store.write(vec![forget(instance, name)])?;
        self.store.settle(written)?;
        self.catalog.remove(instance, name);
        let (low, high) = rows_of(id);
        Ok(self.store.delete_range(&low, &high)?)
    }

    /// Begins an operation on tables, one at a time.
    fn define_tables(&self, now: i64) -> Result<parking_lot::MutexGuard<'_, Definitions>> {
        let most = self.settings.table_operations_per_second;
        let mut definitions = self.definitions.lock();
        if most > 0 {
            while definitions.recent.front().is_some_and(|time| now - time >= 1000) {
                definitions.recent.pop_front();
            }
            if definitions.recent.len() >= most {
                return Err(TOO_FREQUENT);
            }
            definitions.recent.push_back(now);
        }
        Ok(definitions)
    }
}
