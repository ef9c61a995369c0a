//! Rows, their keys, and what changes them.

use super::{Text, Value};

/// One column of a primary key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrimaryKeyColumn {
    /// Its name.
    pub name: Text,
    /// Its value.
    pub value: Value,
}

/// A primary key: its columns in the order of the table. The first is the partition key.
///
/// Keys of one table compare as its rows are ordered, ends of ranges included.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrimaryKey {
    /// The columns.
    pub columns: Vec<PrimaryKeyColumn>,
}

impl PrimaryKey {
    /// No columns yet: see [`PrimaryKey::with`].
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with one column more.
    #[must_use]
    pub fn with(mut self, name: impl Into<Text>, value: impl Into<Value>) -> Self {
        self.columns.push(PrimaryKeyColumn { name: name.into(), value: value.into() });
        self
    }

    /// The value of a column.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.columns.iter().find(|column| column.name == name).map(|column| &column.value)
    }

    /// Whether a value is left for the service to give out.
    #[must_use]
    pub fn has_auto_increment(&self) -> bool {
        self.columns.iter().any(|column| matches!(column.value, Value::AutoIncrement))
    }

    /// The bytes that the service counts for it: names and values.
    #[must_use]
    pub fn size(&self) -> usize {
        self.columns.iter().map(|column| column.name.len() + column.value.size()).sum()
    }
}

/// One version of an attribute.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Column {
    /// Its name.
    pub name: Text,
    /// Its value.
    pub value: Value,
    /// Its version: milliseconds since 1970, or any number its writer chose. In writes: `None`
    /// lets the service take its time; in answers it is set.
    pub timestamp: Option<i64>,
}

/// A row. Versions of one attribute stand beside each other, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Row {
    /// Its key.
    pub primary_key: PrimaryKey,
    /// Its attributes.
    pub columns: Vec<Column>,
}

impl Row {
    /// A row without attributes yet: see [`Row::with`].
    #[must_use]
    pub fn new(primary_key: PrimaryKey) -> Self {
        Self { primary_key, columns: Vec::new() }
    }

    /// The same with one attribute more, of the version that the service gives it.
    #[must_use]
    pub fn with(mut self, name: impl Into<Text>, value: impl Into<Value>) -> Self {
        self.columns.push(Column { name: name.into(), value: value.into(), timestamp: None });
        self
    }

    /// The same with one attribute more of this version.
    #[must_use]
    pub fn with_version(
        mut self,
        name: impl Into<Text>,
        value: impl Into<Value>,
        timestamp: i64,
    ) -> Self {
        let timestamp = Some(timestamp);
        self.columns.push(Column { name: name.into(), value: value.into(), timestamp });
        self
    }

    /// The newest version of an attribute.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.columns.iter().find(|column| column.name == name).map(|column| &column.value)
    }

    /// The bytes that the service counts for it: the key, and names and values (and 8 for each
    /// version given).
    #[must_use]
    pub fn size(&self) -> usize {
        let version = |column: &Column| if column.timestamp.is_some() { 8 } else { 0 };
        let columns = self.columns.iter();
        let attributes: usize =
            columns.map(|column| column.name.len() + column.value.size() + version(column)).sum();
        self.primary_key.size() + attributes
    }
}

/// What an update does to an attribute.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// Writes a version.
    Put {
        /// The value.
        value: Value,
        /// The version; `None`: the service's time.
        timestamp: Option<i64>,
    },
    /// Deletes one version.
    DeleteOne {
        /// Which.
        timestamp: i64,
    },
    /// Deletes all versions.
    DeleteAll,
    /// Adds to an integer; an attribute that is absent counts as 0.
    Increment {
        /// How much.
        by: i64,
    },
}

/// A change of one attribute.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ColumnChange {
    /// The attribute.
    pub name: Text,
    /// What is done to it.
    pub change: Change,
}

impl ColumnChange {
    /// Writes a value, of the service's time.
    pub fn put(name: impl Into<Text>, value: impl Into<Value>) -> Self {
        Self { name: name.into(), change: Change::Put { value: value.into(), timestamp: None } }
    }

    /// Deletes all versions.
    pub fn delete_all(name: impl Into<Text>) -> Self {
        Self { name: name.into(), change: Change::DeleteAll }
    }

    /// Deletes one version.
    pub fn delete_one(name: impl Into<Text>, timestamp: i64) -> Self {
        Self { name: name.into(), change: Change::DeleteOne { timestamp } }
    }

    /// Adds to an integer.
    pub fn increment(name: impl Into<Text>, by: i64) -> Self {
        Self { name: name.into(), change: Change::Increment { by } }
    }
}

/// A change of one row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RowChange {
    /// Puts the row in the place of whatever was there.
    Put(Row),
    /// Changes some attributes; a row that is absent comes to be.
    Update {
        /// Which row.
        primary_key: PrimaryKey,
        /// What is changed.
        columns: Vec<ColumnChange>,
    },
    /// Deletes the row.
    Delete(PrimaryKey),
}

impl RowChange {
    /// The row's key.
    #[must_use]
    pub fn primary_key(&self) -> &PrimaryKey {
        match self {
            Self::Put(row) => &row.primary_key,
            Self::Update { primary_key, .. } | Self::Delete(primary_key) => primary_key,
        }
    }

    /// Whether applying it twice leaves what applying it once leaves, versions given by the
    /// service's clock aside: no increment, no number given out by the service.
    #[must_use]
    pub fn is_idempotent(&self) -> bool {
        if self.primary_key().has_auto_increment() {
            return false;
        }
        match self {
            Self::Put(_) | Self::Delete(_) => true,
            Self::Update { columns, .. } => {
                !columns.iter().any(|column| matches!(column.change, Change::Increment { .. }))
            }
        }
    }
}

/// What a write expects of its row (`RowExistenceExpectation`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RowExistence {
    /// Nothing.
    #[default]
    Ignore,
    /// That it is there.
    ExpectExist,
    /// That it is not there.
    ExpectNotExist,
}
