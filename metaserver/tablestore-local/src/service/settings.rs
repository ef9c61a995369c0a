//! What the service is told at its start; the binary reads it from its configuration file.

use serde::Deserialize;

/// See the module. Without any setting: one instance `local`, one key `testid` with the secret
/// `testsecret`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Settings {
    /// Names of instances.
    pub instances: Vec<String>,
    /// Who may do what.
    pub keys: Vec<AccessKey>,
    /// Which new tables have local transactions.
    pub transactions: Transactions,
    /// Tables that are made at start where they are missing.
    pub tables: Vec<TableSetting>,
    /// Tables of an instance.
    pub tables_per_instance: usize,
    /// Operations on tables a second and instance; 0: any number.
    pub table_operations_per_second: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            instances: vec!["local".into()],
            keys: vec![AccessKey::default()],
            transactions: Transactions::default(),
            tables: Vec::new(),
            tables_per_instance: metafs_tablestore::limits::TABLES_PER_INSTANCE,
            table_operations_per_second: 0,
        }
    }
}

/// An access key.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessKey {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: String,
    /// Instances that it may use; none: all.
    #[serde(default)]
    pub instances: Vec<String>,
    /// Whether it may only read.
    #[serde(default)]
    pub read_only: bool,
    /// The token that must come with it, when it is a temporary one.
    #[serde(default)]
    pub sts_token: Option<String>,
    /// A key that is known but refused.
    #[serde(default)]
    pub disabled: bool,
}

impl Default for AccessKey {
    fn default() -> Self {
        Self {
            id: "testid".into(),
            secret: "testsecret".into(),
            instances: Vec::new(),
            read_only: false,
            sts_token: None,
            disabled: false,
        }
    }
}

impl std::fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Which new tables have local transactions, beside those whose creator asks for them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Transactions {
    /// All of which the creator does not say otherwise.
    pub all_tables: bool,
    /// Those with these names.
    pub tables: Vec<String>,
}

/// A table that is made at start.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TableSetting {
    /// Its name.
    pub name: String,
    /// Its instance; absent: the first one.
    #[serde(default)]
    pub instance: Option<String>,
    /// Its key.
    pub primary_key: Vec<KeySetting>,
    /// Whether it has local transactions.
    #[serde(default)]
    pub transactions: bool,
    /// Seconds; -1 for ever.
    #[serde(default = "for_ever")]
    pub time_to_live: i32,
    /// Versions of a column that are kept.
    #[serde(default = "one")]
    pub max_versions: i32,
}

/// A key's column.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeySetting {
    /// Its name.
    pub name: String,
    /// INTEGER, STRING or BINARY.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether the server fills it.
    #[serde(default)]
    pub auto_increment: bool,
}

fn for_ever() -> i32 {
    -1
}

fn one() -> i32 {
    1
}
