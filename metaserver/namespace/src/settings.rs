//! The replicated settings: what apply and the doors look at and what changes without a restart.
//! Written by the operator (or `metactl`) through the admin API as one value; a server serves no
//! client before it has applied the first one.

mod tablestore;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::command::Caller;
use crate::error::{ErrorKind, FsError};

pub use tablestore::{OnRecovered, Tablestore, TablestoreMode};

/// Hard ceiling of [`Settings::inline_limit`], bytes.
pub const MAX_INLINE_LIMIT: u32 = 1 << 20;

/// What a member is to clients while it does not lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MemberRole {
    /// Waits to take over; sends its clients on.
    Standby,
    /// Answers reads; takes over only when nobody else can.
    Observer,
}

/// One replicated value; JSON form is the admin API's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// The resource's generation; a lower one than the applied is ignored.
    pub generation: u64,
    /// The logical name in clients' URIs.
    pub nameservice: String,
    /// The user that passes every permission check and owns the root folder.
    pub superuser: String,
    /// Members of this group are superusers too; also the root folder's group.
    pub supergroup: String,
    /// Groups by user, primary first. A user without an entry is in the group
    /// of the same name.
    pub groups: BTreeMap<String, Vec<String>>,
    /// Whether permissions are checked at all (HDFS: dfs.permissions.enabled).
    pub permissions_enabled: bool,
    /// Largest content of a file, bytes; at most [`MAX_INLINE_LIMIT`].
    pub inline_limit: u32,
    /// Replication for files whose creator gives none (dfs.replication).
    pub default_replication: u16,
    /// Block size for files whose creator gives none, bytes (dfs.blocksize).
    pub default_block_size: u64,
    /// Largest number of entries in one folder (dfs.namenode.fs-limits.max-directory-items).
    pub max_directory_items: u32,
    /// Largest number of xattrs of one inode (dfs.namenode.fs-limits.max-xattrs-per-inode).
    pub max_xattrs_per_inode: u16,
    /// Largest size of name and value of one xattr, bytes (dfs.namenode.fs-limits.max-xattr-size).
    pub max_xattr_size: u32,
    /// After this long without renewal another client may take a file over, seconds
    /// (HDFS: 60).
    pub lease_soft_limit_seconds: u32,
    /// After this long without renewal the cluster closes the file, seconds
    /// (dfs.namenode.lease-hard-limit-sec: 1200).
    pub lease_hard_limit_seconds: u32,
    /// Minutes after which trash checkpoints are deleted, told to clients by
    /// GETSERVERDEFAULTS (fs.trash.interval); 0: trash is off by default.
    pub trash_interval_minutes: u32,
    /// Whether client operations are written to the audit log.
    pub audit_log: bool,
    /// Names of the members that are observers.
    pub observers: BTreeSet<String>,
    /// How long an observer lets a read wait for the state that its client has seen,
    /// milliseconds; after that the client is sent to the active server.
    pub observer_wait_ms: u32,
    /// What decides on the roles, such as `MetadataCluster default/demo`: `haadmin` then changes them
    /// by force only. `None`: they are changed by hand.
    pub roles_managed_by: Option<String>,
    /// Roles that were forced on members, by name. Settings of a newer generation end that.
    pub forced_roles: BTreeMap<String, MemberRole>,
    /// The copy in Tablestore; `None`: there is none, and nothing is remembered for one.
    pub tablestore: Option<Tablestore>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            generation: 0,
            nameservice: "metafs".into(),
            superuser: "hdfs".into(),
            supergroup: "supergroup".into(),
            groups: BTreeMap::new(),
            permissions_enabled: true,
            inline_limit: 64 << 10,
            default_replication: 3,
            default_block_size: 128 << 20,
            max_directory_items: 1 << 20,
            max_xattrs_per_inode: 32,
            max_xattr_size: 16 << 10,
            lease_soft_limit_seconds: 60,
            lease_hard_limit_seconds: 1200,
            trash_interval_minutes: 0,
            audit_log: true,
            observers: BTreeSet::new(),
            observer_wait_ms: 2000,
            roles_managed_by: None,
            forced_roles: BTreeMap::new(),
            tablestore: None,
        }
    }
}

impl Settings {
    /// Whether they can be applied.
    ///
    /// # Errors
    /// IllegalArgument, naming the field.
    pub fn check(&self) -> Result<(), FsError> {
        let refuse = |message: String| Err(FsError::new(ErrorKind::IllegalArgument, message));
        if self.inline_limit > MAX_INLINE_LIMIT {
            return refuse(format!(
                "inlineLimit is {}, at most {MAX_INLINE_LIMIT} bytes are supported",
                self.inline_limit
            ));
        }
        if self.superuser.is_empty() || self.supergroup.is_empty() {
            return refuse("superuser and supergroup must not be empty".into());
        }
        if self.default_replication == 0 || self.default_block_size == 0 {
            return refuse("defaultReplication and defaultBlockSize must be at least 1".into());
        }
        self.tablestore.as_ref().map_or(Ok(()), Tablestore::check)
    }

    /// What the member `name` is to clients while it does not lead.
    pub fn role_of(&self, name: &str) -> MemberRole {
        match self.forced_roles.get(name) {
            Some(forced) => *forced,
            None if self.observers.contains(name) => MemberRole::Observer,
            None => MemberRole::Standby,
        }
    }

    /// The user `user` with groups and privilege as these settings map them. A user without an
    /// entry is in a group of the same name.
    pub fn caller(&self, user: &str) -> Caller {
        let groups = match self.groups.get(user) {
            Some(groups) => groups.clone(),
            None => vec![user.to_owned()],
        };
        Caller {
            user: user.to_owned(),
            superuser: user == self.superuser || groups.contains(&self.supergroup),
            groups,
        }
    }
}
