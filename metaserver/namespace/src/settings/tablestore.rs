//! The replicated settings of the copy in Tablestore. The credentials are not among them: they are
//! mounted into each server and read anew when they change.

use serde::{Deserialize, Serialize};

use crate::error::{ErrorKind, FsError};

/// What the copy in Tablestore is used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TablestoreMode {
    /// Nothing is uploaded. What changes is remembered for as long as there is room for it, so that
    /// upload can go on from there.
    #[default]
    Disabled,
    /// The leader keeps a copy of the namespace in Tablestore.
    AsyncUpload,
    /// The namespace is read back from the copy; read-only from the first moment on until the mode
    /// is another one.
    Recovery,
}

/// What happens when a recovery has ended well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnRecovered {
    /// The namespace stays read-only until the mode is changed.
    #[default]
    StayReadOnly,
    /// It takes writes, and uploads, as with [`TablestoreMode::AsyncUpload`].
    AsyncUpload,
}

/// Where the copy is, and what is done with it; JSON form is the admin API's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tablestore {
    /// What it is used for.
    pub mode: TablestoreMode,
    /// URL of the instance's endpoint.
    pub endpoint: String,
    /// The instance.
    pub instance: String,
    /// The region, for signatures of version 4; `None`: signatures of version 2.
    pub region: Option<String>,
    /// What the names of the copy's tables begin with: letters, digits, `_`; a letter or `_` first.
    pub table_prefix: String,
    /// What follows a recovery.
    pub on_recovered: OnRecovered,
    /// Take the copy over from another cluster, even if that is alive.
    pub takeover: bool,
}

/// Longest prefix: names of tables have 255 bytes, and ours add less than 32.
const MAX_PREFIX: usize = 200;

impl Tablestore {
    /// Whether it can be applied.
    ///
    /// # Errors
    /// IllegalArgument, naming the field.
    pub(super) fn check(&self) -> Result<(), FsError> {
        let refuse = |message: String| Err(FsError::new(ErrorKind::IllegalArgument, message));
        let Self { endpoint, instance, table_prefix, .. } = self;
        if !(endpoint.starts_with("http://") || endpoint.starts_with("https://")) {
            return refuse(format!(
                "tablestore.endpoint is {endpoint:?}: it must be a URL, such as \
                 https://INSTANCE.REGION.ots.aliyuncs.com"
            ));
        }
        if instance.is_empty() {
            return refuse("tablestore.instance must not be empty".into());
        }
        let name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if table_prefix.is_empty()
            || table_prefix.len() > MAX_PREFIX
            || table_prefix.starts_with(|c: char| c.is_ascii_digit())
            || !table_prefix.chars().all(name)
        {
            return refuse(format!(
                "tablestore.tablePrefix is {table_prefix:?}: it must be 1 to {MAX_PREFIX} letters, \
                 digits or underscores, no digit first"
            ));
        }
        Ok(())
    }
}
