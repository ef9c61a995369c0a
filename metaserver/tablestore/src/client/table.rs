//! Tables: making, changing, describing, deleting, listing.

use super::error::{Error, ErrorKind};
use super::{Client, check};
use crate::model::{PrimaryKey, Text};
use crate::operation::Operation;
use crate::plain_buffer::decode_primary_key;
use crate::proto;
pub use crate::proto::{
    DefinedColumnSchema, DefinedColumnType, IndexMeta, PrimaryKeyOption, PrimaryKeySchema,
    PrimaryKeyType, SseSpecification, StreamSpecification, TableOptions,
};

/// A table that is to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct TableSpec {
    /// The request; what the functions here do not set can be set in it.
    pub request: proto::CreateTableRequest,
}

impl TableSpec {
    /// One version of each attribute, kept for ever, nothing reserved.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            request: proto::CreateTableRequest {
                table_meta: proto::TableMeta { table_name: name.into(), ..Default::default() },
                reserved_throughput: throughput(0, 0),
                table_options: Some(TableOptions {
                    time_to_live: Some(-1),
                    max_versions: Some(1),
                    ..Default::default()
                }),
                ..Default::default()
            },
        }
    }

    /// One more column of the primary key.
    #[must_use]
    pub fn key(self, name: impl Into<String>, kind: PrimaryKeyType) -> Self {
        self.key_column(name.into(), kind, None)
    }

    /// One more integer column of the primary key, filled by the service.
    #[must_use]
    pub fn auto_increment(self, name: impl Into<String>) -> Self {
        let option = Some(PrimaryKeyOption::AutoIncrement.into());
        self.key_column(name.into(), PrimaryKeyType::Integer, option)
    }

    fn key_column(mut self, name: String, kind: PrimaryKeyType, option: Option<i32>) -> Self {
        let column = PrimaryKeySchema { name, r#type: kind.into(), option };
        self.request.table_meta.primary_key.push(column);
        self
    }

    /// One more attribute that indexes may use.
    #[must_use]
    pub fn defined_column(mut self, name: impl Into<String>, kind: DefinedColumnType) -> Self {
        let column = DefinedColumnSchema { name: name.into(), r#type: kind.into() };
        self.request.table_meta.defined_column.push(column);
        self
    }

    /// Seconds that data live (-1: for ever), and versions kept of an attribute.
    #[must_use]
    pub fn keep(mut self, time_to_live: i32, max_versions: i32) -> Self {
        let options = self.request.table_options.get_or_insert_default();
        options.time_to_live = Some(time_to_live);
        options.max_versions = Some(max_versions);
        self
    }

    /// How far, in seconds, a version may be from the time it is written at.
    #[must_use]
    pub fn max_version_deviation(mut self, seconds: i64) -> Self {
        let options = self.request.table_options.get_or_insert_default();
        options.deviation_cell_version_in_sec = Some(seconds);
        self
    }

    /// Whether it has local transactions.
    #[must_use]
    pub fn local_transactions(mut self, enabled: bool) -> Self {
        self.request.enable_local_txn = Some(enabled);
        self
    }

    /// Units of throughput that are paid for whether used or not.
    #[must_use]
    pub fn reserve(mut self, read: i32, write: i32) -> Self {
        self.request.reserved_throughput = throughput(read, write);
        self
    }
}

fn throughput(read: i32, write: i32) -> proto::ReservedThroughput {
    let capacity_unit = proto::CapacityUnit { read: Some(read), write: Some(write) };
    proto::ReservedThroughput { capacity_unit }
}

/// What is to be changed of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableUpdate {
    /// Options; those that are `None` stay.
    pub options: Option<TableOptions>,
    /// Its stream.
    pub stream: Option<StreamSpecification>,
    /// Reserved units (read, write).
    pub reserve: Option<(i32, i32)>,
}

/// A table as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct TableDescription {
    /// Its name.
    pub name: String,
    /// Its primary key.
    pub primary_key: Vec<PrimaryKeySchema>,
    /// Its options.
    pub options: TableOptions,
    /// Keys between its partitions.
    pub splits: Vec<PrimaryKey>,
    /// All that was answered.
    pub answer: proto::DescribeTableResponse,
}

impl Client {
    /// Makes a table. It can take seconds until it can be used: until then requests for it fail with
    /// OTSTableNotReady, which is tried again.
    pub async fn create_table(&self, table: &TableSpec) -> Result<(), Error> {
        let operation = Operation::CreateTable;
        let meta = &table.request.table_meta;
        let names = meta.primary_key.iter().map(|column| column.name.as_str());
        let names = names.chain(meta.defined_column.iter().map(|column| column.name.as_str()));
        checked(operation, &meta.table_name, names)?;
        let columns = meta.primary_key.len();
        check::primary_key_columns(columns).map_err(|kind| Error::before(operation, kind))?;
        let done = |_: proto::CreateTableResponse| Ok(());
        self.call(operation, &table.request, false, done).await
    }

    /// Changes a table.
    pub async fn update_table(&self, name: &str, update: &TableUpdate) -> Result<(), Error> {
        let operation = Operation::UpdateTable;
        checked(operation, name, [])?;
        let request = proto::UpdateTableRequest {
            table_name: name.to_owned(),
            reserved_throughput: update.reserve.map(|(read, write)| throughput(read, write)),
            table_options: update.options.clone(),
            stream_spec: update.stream.clone(),
        };
        let done = |_: proto::UpdateTableResponse| Ok(());
        self.call(operation, &request, true, done).await
    }

    /// Describes a table.
    pub async fn describe_table(&self, name: &str) -> Result<TableDescription, Error> {
        let operation = Operation::DescribeTable;
        checked(operation, name, [])?;
        let request = proto::DescribeTableRequest { table_name: name.to_owned() };
        self.call(operation, &request, true, description).await
    }

    /// Deletes a table and all that is in it.
    pub async fn delete_table(&self, name: &str) -> Result<(), Error> {
        let operation = Operation::DeleteTable;
        checked(operation, name, [])?;
        let request = proto::DeleteTableRequest { table_name: name.to_owned() };
        let done = |_: proto::DeleteTableResponse| Ok(());
        self.call(operation, &request, false, done).await
    }

    /// The names of all tables.
    pub async fn list_tables(&self) -> Result<Vec<String>, Error> {
        let request = proto::ListTableRequest {};
        let names = |answer: proto::ListTableResponse| Ok(answer.table_names);
        self.call(Operation::ListTable, &request, true, names).await
    }
}

fn description(answer: proto::DescribeTableResponse) -> Result<TableDescription, ErrorKind> {
    let splits = answer.shard_splits.iter().cloned().map(decode_primary_key);
    Ok(TableDescription {
        name: answer.table_meta.table_name.clone(),
        primary_key: answer.table_meta.primary_key.clone(),
        options: answer.table_options.clone(),
        splits: splits.collect::<Result<_, _>>()?,
        answer,
    })
}

fn checked<'a>(
    operation: Operation,
    table: &'a str,
    columns: impl IntoIterator<Item = &'a str>,
) -> Result<(), Error> {
    let names = std::iter::once(table).chain(columns);
    let checked = names.map(Text::from).try_for_each(|name| check::name(&name));
    checked.map_err(|kind| Error::before(operation, kind))
}
