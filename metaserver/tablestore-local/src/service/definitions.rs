//! Definitions of tables between messages and the engine's form: checked on the way in, described
//! on the way out.

use metafs_tablestore::proto;
use proto::{DefinedColumnType, PrimaryKeyOption, PrimaryKeyType};
use uuid::Uuid;

use super::settings::{KeySetting, TableSetting};
use crate::engine::names::{DEFINED_COLUMNS, KEY_COLUMNS, check_column};
use crate::engine::schema::{Encryption, Index, KeyColumn, KeyType, Options, Stream, Table};
use crate::error::{OtsError, Result};

/// Seconds that a given timestamp may be away from the clock unless the table says otherwise.
const DEVIATION: i64 = 86_400;
/// Upper end of that, seconds.
const DEVIATION_MAX: i64 = i64::MAX / 1_000_000;

/// Encryption as asked for, when it is on.
pub(super) fn encryption_of(spec: &proto::SseSpecification) -> Option<Encryption> {
    spec.enable.then(|| Encryption {
        key_type: spec.key_type,
        key_id: spec.key_id.as_ref().map(|id| id.to_vec()),
        role_arn: spec.role_arn.as_ref().map(|arn| arn.to_vec()),
    })
}

/// A column's type in messages.
fn key_type(code: i32) -> Result<KeyType> {
    match PrimaryKeyType::try_from(code) {
        Ok(PrimaryKeyType::Integer) => Ok(KeyType::Integer),
        Ok(PrimaryKeyType::String) => Ok(KeyType::String),
        Ok(PrimaryKeyType::Binary) => Ok(KeyType::Binary),
        Ok(PrimaryKeyType::Boolean) => {
            Err(OtsError::parameter("BOOLEAN is an invalid type for the primary key."))
        }
        Err(_) => {
            Err(OtsError::parameter("Invalid column type, only STRING,INTEGER,BINARY is allowed."))
        }
    }
}

pub(super) fn check_keys(
    columns: &[proto::PrimaryKeySchema],
    table: &str,
) -> Result<Vec<KeyColumn>> {
    if columns.is_empty() || columns.len() > KEY_COLUMNS {
        return Err(OtsError::parameter(format!(
            "The number of primary key columns must be in range: [1, {KEY_COLUMNS}]."
        )));
    }
    let mut keys: Vec<KeyColumn> = Vec::with_capacity(columns.len());
    for column in columns {
        check_column(&column.name)?;
        if keys.iter().any(|key| key.name == column.name) {
            let message = format!("Duplicated primary key name: '{}'.", column.name);
            return Err(OtsError::parameter(message));
        }
        let kind = key_type(column.r#type)?;
        let auto_increment = column.option.map(PrimaryKeyOption::try_from)
            == Some(Ok(PrimaryKeyOption::AutoIncrement));
        if auto_increment {
            if kind != KeyType::Integer {
                return Err(OtsError::parameter("AUTO_INCREMENT primary key must be integer."));
            }
            if keys.is_empty() {
                return Err(OtsError::parameter(format!(
                    "First primary key can't be auto increment, table: {table}."
                )));
            }
            if keys.iter().any(|key| key.auto_increment) {
                return Err(OtsError::parameter("AUTO_INCREMENT primary key count must <= 1."));
            }
        }
        keys.push(KeyColumn { name: column.name.clone(), kind, auto_increment });
    }
    Ok(keys)
}

/// Checks predefined columns.
///
/// # Errors
/// 400.
pub(super) fn check_defined(
    columns: &[proto::DefinedColumnSchema],
    keys: &[KeyColumn],
) -> Result<Vec<(String, i32)>> {
    if columns.len() > DEFINED_COLUMNS {
        return Err(OtsError::parameter(format!(
            "The number of defined columns must be in range: [0, {DEFINED_COLUMNS}]."
        )));
    }
    let mut defined: Vec<(String, i32)> = Vec::with_capacity(columns.len());
    for column in columns {
        check_column(&column.name)?;
        if keys.iter().any(|key| key.name == column.name)
            || defined.iter().any(|(name, _)| *name == column.name)
        {
            let message = format!("Duplicated column name: '{}'.", column.name);
            return Err(OtsError::parameter(message));
        }
        if DefinedColumnType::try_from(column.r#type).is_err() {
            return Err(OtsError::parameter(format!("Invalid column type: {}.", column.r#type)));
        }
        defined.push((column.name.clone(), column.r#type));
    }
    Ok(defined)
}

pub(super) fn check_options(options: &proto::TableOptions) -> Result<()> {
    if options.time_to_live.is_some_and(|ttl| ttl == 0 || ttl < -1) {
        return Err(OtsError::parameter("TimeToLive cannot be 0 or less than -1."));
    }
    if options.max_versions.is_some_and(|versions| versions <= 0) {
        return Err(OtsError::parameter("The maximum versions cannot be less than or equal to 0."));
    }
    if options
        .deviation_cell_version_in_sec
        .is_some_and(|deviation| !(0..=DEVIATION_MAX).contains(&deviation))
    {
        return Err(OtsError::parameter(
            "The maximum deviation must be in range [0, INT64_MAX/1000000].",
        ));
    }
    Ok(())
}

pub(super) fn new_options(asked: Option<&proto::TableOptions>) -> Result<Options> {
    let nothing = proto::TableOptions::default();
    let asked = asked.unwrap_or(&nothing);
    let Some(time_to_live) = asked.time_to_live else {
        return Err(OtsError::parameter("Time-to-live is missing while creating table."));
    };
    let Some(max_versions) = asked.max_versions else {
        return Err(OtsError::parameter("MaxVersions is missing while creating table."));
    };
    check_options(asked)?;
    Ok(Options {
        time_to_live,
        max_versions,
        deviation: asked.deviation_cell_version_in_sec.unwrap_or(DEVIATION),
        allow_update: asked.allow_update.unwrap_or(true),
    })
}

pub(super) fn is_empty(options: &proto::TableOptions) -> bool {
    *options == proto::TableOptions::default()
}

pub(super) fn change_options(options: &mut Options, asked: &proto::TableOptions) {
    options.time_to_live = asked.time_to_live.unwrap_or(options.time_to_live);
    options.max_versions = asked.max_versions.unwrap_or(options.max_versions);
    options.deviation = asked.deviation_cell_version_in_sec.unwrap_or(options.deviation);
    options.allow_update = asked.allow_update.unwrap_or(options.allow_update);
}

pub(super) fn check_capacity(reserved: &proto::ReservedThroughput) -> Result<(i32, i32)> {
    let unit = &reserved.capacity_unit;
    let (read, write) = (unit.read.unwrap_or_default(), unit.write.unwrap_or_default());
    for units in [read, write] {
        if units < 0 {
            return Err(OtsError::parameter(format!(
                "Invalid Capacity Unit:{units} . Capacity Unit must be nonnegative."
            )));
        }
    }
    Ok((read, write))
}

pub(super) fn set_stream(table: &mut Table, asked: Option<&proto::StreamSpecification>, now: i64) {
    let Some(asked) = asked else { return };
    table.stream = asked.enable_stream.then(|| Stream {
        id: format!("{}_{}", table.name, Uuid::new_v4()),
        expiration: asked.expiration_time.unwrap_or(24),
        enabled_at: now.saturating_mul(1000),
    });
}

pub(super) fn describe(table: &Table) -> proto::DescribeTableResponse {
    let defined_column = table
        .defined
        .iter()
        .map(|(name, code)| proto::DefinedColumnSchema { name: name.clone(), r#type: *code });
    let stream = table.stream.as_ref();
    let encryption = table.encryption.as_ref();
    proto::DescribeTableResponse {
        table_meta: proto::TableMeta {
            table_name: table.name.clone(),
            primary_key: table.keys.iter().map(key_message).collect(),
            defined_column: defined_column.collect(),
            ..proto::TableMeta::default()
        },
        reserved_throughput_details: proto::ReservedThroughputDetails {
            capacity_unit: proto::CapacityUnit {
                read: Some(table.reserved.0),
                write: Some(table.reserved.1),
            },
            last_increase_time: table.increased_at,
            last_decrease_time: table.decreased_at,
        },
        table_options: proto::TableOptions {
            time_to_live: Some(table.options.time_to_live),
            max_versions: Some(table.options.max_versions),
            deviation_cell_version_in_sec: Some(table.options.deviation),
            allow_update: Some(table.options.allow_update),
            ..proto::TableOptions::default()
        },
        stream_details: Some(proto::StreamDetails {
            enable_stream: stream.is_some(),
            stream_id: stream.map(|stream| stream.id.clone()),
            expiration_time: stream.map(|stream| stream.expiration),
            last_enable_time: stream.map(|stream| stream.enabled_at),
            ..proto::StreamDetails::default()
        }),
        sse_details: Some(proto::SseDetails {
            enable: encryption.is_some(),
            key_type: encryption.and_then(|encryption| encryption.key_type),
            key_id: encryption.and_then(|encryption| encryption.key_id.clone()).map(Into::into),
            role_arn: encryption.and_then(|encryption| encryption.role_arn.clone()).map(Into::into),
        }),
        index_metas: table.indexes.iter().map(index_message).collect(),
        creation_time: Some(table.created_at),
        // The official Node.js SDK requires it.
        table_status: Some(proto::TableStatus::Active.into()),
        ..proto::DescribeTableResponse::default()
    }
}

/// A key's column as messages say it.
pub(super) fn key_message(key: &KeyColumn) -> proto::PrimaryKeySchema {
    proto::PrimaryKeySchema {
        name: key.name.clone(),
        r#type: match key.kind {
            KeyType::Integer => PrimaryKeyType::Integer,
            KeyType::String => PrimaryKeyType::String,
            KeyType::Binary => PrimaryKeyType::Binary,
        }
        .into(),
        option: key.auto_increment.then(|| PrimaryKeyOption::AutoIncrement.into()),
    }
}

fn index_message(index: &Index) -> proto::IndexMeta {
    proto::IndexMeta {
        name: index.name.clone(),
        primary_key: index.keys.clone(),
        defined_column: index.columns.clone(),
        index_update_mode: index.update_mode,
        index_type: index.kind,
        index_sync_phase: Some(proto::IndexSyncPhase::Incr.into()),
    }
}

pub(super) fn request_of(setting: &TableSetting) -> Result<proto::CreateTableRequest> {
    let column = |key: &KeySetting| {
        let code = match key.kind.to_ascii_uppercase().as_str() {
            "INTEGER" => PrimaryKeyType::Integer,
            "STRING" => PrimaryKeyType::String,
            "BINARY" => PrimaryKeyType::Binary,
            other => return Err(OtsError::parameter(format!("Invalid column type: {other}."))),
        };
        Ok(proto::PrimaryKeySchema {
            name: key.name.clone(),
            r#type: code.into(),
            option: key.auto_increment.then(|| PrimaryKeyOption::AutoIncrement.into()),
        })
    };
    Ok(proto::CreateTableRequest {
        table_meta: proto::TableMeta {
            table_name: setting.name.clone(),
            primary_key: setting.primary_key.iter().map(column).collect::<Result<_>>()?,
            ..proto::TableMeta::default()
        },
        table_options: Some(proto::TableOptions {
            time_to_live: Some(setting.time_to_live),
            max_versions: Some(setting.max_versions),
            ..proto::TableOptions::default()
        }),
        enable_local_txn: Some(setting.transactions),
        ..proto::CreateTableRequest::default()
    })
}
