//! [`Store`] over the real client: one table for each copy, named by its prefix. The primary key
//! is (area, epoch, number, part); `tag` is an integer attribute, `value` a binary one.

use metafs_tablestore::error::ErrorCode;
use metafs_tablestore::filter::{Comparator, Filter};
use metafs_tablestore::model::{self, PrimaryKey, RowExistence, Value};
use metafs_tablestore::proto::PrimaryKeyType;
use metafs_tablestore::{
    Client, Error, ErrorKind, RangeRead, ReadOptions, RowWrite, TableDescription, TableSpec,
};

use crate::store::{Area, Expect, Key, Row, Store, StoreError, Trouble, TroubleKind};

const COLUMNS: [(&str, PrimaryKeyType); 4] = [
    ("area", PrimaryKeyType::String),
    ("epoch", PrimaryKeyType::Integer),
    ("number", PrimaryKeyType::Integer),
    ("part", PrimaryKeyType::Integer),
];
const TAG: &str = "tag";
const VALUE: &str = "value";

/// A copy in a Tablestore instance. The client may retry by itself or not: whoever uses a
/// [`Store`] tries again anyway.
#[derive(Clone, Debug)]
pub struct TablestoreStore {
    client: Client,
    table: String,
}

impl TablestoreStore {
    /// The copy under `prefix`.
    pub fn new(client: Client, prefix: &str) -> Self {
        Self { client, table: format!("{prefix}_metafs") }
    }

    /// The table's name.
    pub fn table(&self) -> &str {
        &self.table
    }

    fn check(&self, found: &TableDescription) -> Result<(), StoreError> {
        let columns = found.primary_key.iter().map(|column| (&column.name[..], column.r#type));
        if columns.eq(COLUMNS.map(|(name, kind)| (name, i32::from(kind)))) {
            return Ok(());
        }
        let message = format!(
            "the instance has a table {} with another primary key: it is not a copy of a \
             namespace; choose another prefix",
            self.table
        );
        Err(Trouble { kind: TroubleKind::ForeignTable, message }.into())
    }
}

fn area_name(area: Area) -> String {
    match area {
        Area::Meta => "meta".to_owned(),
        Area::Journal => "journal".to_owned(),
        Area::Part => "part".to_owned(),
        Area::Base(shard) => format!("base-{shard:x}"),
    }
}

fn integer(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn primary_key(key: Key) -> PrimaryKey {
    let Key { area, epoch, number, part } = key;
    let values = [
        Value::string(area_name(area)),
        Value::from(integer(epoch)),
        Value::from(integer(number)),
        Value::from(integer(part)),
    ];
    COLUMNS.iter().zip(values).fold(PrimaryKey::new(), |pk, ((name, _), v)| pk.with(*name, v))
}

fn read_key(area: Area, key: &PrimaryKey) -> Option<Key> {
    let number = |name| u64::try_from(key.get(name)?.as_integer()?).ok();
    Some(Key { area, epoch: number("epoch")?, number: number("number")?, part: number("part")? })
}

fn read_tag(row: &model::Row) -> i64 {
    row.get(TAG).and_then(Value::as_integer).unwrap_or_default()
}

fn kind(error: &Error) -> TroubleKind {
    match &error.kind {
        ErrorKind::Credentials(_) => TroubleKind::NoCredentials,
        ErrorKind::Service(service) => match service.code {
            ErrorCode::AuthFailed if service.message.contains("privilege") => {
                TroubleKind::NoPermission
            }
            // An unknown instance is answered as if it were an unknown key.
            ErrorCode::AuthFailed | ErrorCode::ObjectNotExist | ErrorCode::ParameterInvalid
                if service.message.to_ascii_lowercase().contains("instance") =>
            {
                TroubleKind::NoInstance
            }
            ErrorCode::AuthFailed => TroubleKind::BadCredentials,
            ErrorCode::NoPermissionAccess => TroubleKind::NoPermission,
            ErrorCode::ObjectNotExist => TroubleKind::NoTable,
            ErrorCode::QuotaExhausted => TroubleKind::Quota,
            ErrorCode::NotEnoughCapacityUnit
            | ErrorCode::CapacityUnitExhausted
            | ErrorCode::ServerBusy
            | ErrorCode::OperationThrottled => TroubleKind::Throttled,
            _ if service.status >= 500
                || service.retry() != metafs_tablestore::error::Retry::Never =>
            {
                TroubleKind::Server
            }
            _ => TroubleKind::Rejected,
        },
        ErrorKind::Limit(_) | ErrorKind::Invalid(_) => TroubleKind::Rejected,
        ErrorKind::Transport(_) | ErrorKind::Timeout => TroubleKind::Unreachable,
        _ => TroubleKind::Server,
    }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        if error.is_condition_failed() {
            return Self::Refused;
        }
        Trouble { kind: kind(&error), message: error.to_string() }.into()
    }
}

impl Store for TablestoreStore {
    async fn prepare(&self, create: bool) -> Result<(), StoreError> {
        let missing = match self.client.describe_table(&self.table).await {
            Ok(found) => return self.check(&found),
            Err(error) if kind(&error) == TroubleKind::NoTable && create => error,
            Err(error) => return Err(error.into()),
        };
        tracing::info!(table = self.table, reason = %missing, "making the copy's table");
        let spec = COLUMNS
            .iter()
            .fold(TableSpec::new(&self.table), |spec, (name, kind)| spec.key(*name, *kind));
        match self.client.create_table(&spec).await {
            Ok(()) => Ok(()),
            // Somebody else was faster, or an earlier try of ours.
            Err(error) if error.code() == Some(ErrorCode::ObjectAlreadyExist) => {
                self.check(&self.client.describe_table(&self.table).await?)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn get(&self, key: Key) -> Result<Option<Row>, StoreError> {
        let options = ReadOptions::default();
        let got = self.client.get_row(self.table.as_str(), &primary_key(key), &options).await?;
        // What is missing or of another type is damage, as the reader will notice.
        Ok(got.row.map(|row| Row {
            tag: read_tag(&row),
            value: row.get(VALUE).and_then(Value::as_binary).cloned().unwrap_or_default(),
        }))
    }

    async fn put(&self, key: Key, row: Row, expect: Expect) -> Result<(), StoreError> {
        let row = model::Row::new(primary_key(key))
            .with(TAG, row.tag)
            .with(VALUE, Value::binary(row.value));
        let write = RowWrite::put(self.table.as_str(), row);
        let write =
            match expect {
                Expect::Anything => write,
                Expect::Absent => write.expect(RowExistence::ExpectNotExist),
                Expect::Tag(tag) => write
                    .expect(RowExistence::ExpectExist)
                    .only_if(Filter::column(TAG, Comparator::Equal, tag)),
            };
        self.client.write_row(&write).await?;
        Ok(())
    }

    async fn delete(&self, keys: Vec<Key>) -> Result<(), StoreError> {
        let rows: Vec<RowWrite> = keys
            .into_iter()
            .map(|key| RowWrite::delete(self.table.as_str(), primary_key(key)))
            .collect();
        self.client.batch_write(&rows).await?.all()?;
        Ok(())
    }

    async fn list(&self, from: Key, to: Key, limit: usize) -> Result<Vec<(Key, i64)>, StoreError> {
        let read = RangeRead::forward(self.table.as_str(), primary_key(from), primary_key(to))
            .options(ReadOptions::default().columns([TAG]))
            .limit(limit);
        let mut pages = self.client.get_range(read);
        while let Some(page) = pages.next_page().await? {
            if page.rows.is_empty() {
                continue;
            }
            let row =
                |row: &model::Row| Some((read_key(from.area, &row.primary_key)?, read_tag(row)));
            return Ok(page.rows.iter().filter_map(row).collect());
        }
        Ok(Vec::new())
    }
}
