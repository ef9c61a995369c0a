//! What can be asked of the namespace: commands (replicated, deterministic) and who asks.
//! Built by the doors (WebHDFS, later Hadoop RPC), the admin API and the leader's own chores;
//! applied by [`crate::Batch`] on every replica.
//!
//! Encoded with postcard into the Raft log: variants and fields are only ever appended, in a new
//! variant, behind a raised feature level.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::acl::AclEntry;
use crate::recovery::{CopyTotals, Uploaded};
use crate::settings::{MemberRole, Settings};
use crate::xattr::XAttrName;

/// Who asks, resolved by the leader with the mapping of the replicated settings, so that
/// every replica decides alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// Short user name.
    pub user: String,
    /// The user's groups, primary first.
    pub groups: Vec<String>,
    /// Whether permission checks are skipped (superuser or member of the supergroup).
    pub superuser: bool,
}

/// One replicated command: what the leader stamps, and the operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// The leader's clock, milliseconds since the epoch. Apply uses the maximum of this and the
    /// last applied, so replicated time never goes back.
    pub time_ms: i64,
    /// The operation.
    pub op: Op,
}

/// An operation: a client's, with its caller, or one of the cluster's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Op {
    /// A client's mutation.
    Client(Caller, Mutation),
    /// Replaces the replicated settings; older generations are ignored.
    SetSettings(Box<Settings>),
    /// Removes inodes of trees that were deleted before. Proposed by the leader
    /// while [`crate::View::pending_reap`] says there is work.
    Reap {
        /// Upper bound of inodes removed by this step.
        max_inodes: u32,
    },
    /// Closes files whose lease passed the hard limit. Proposed by the leader.
    ExpireLeases {
        /// Upper bound of files closed by this step.
        max_files: u32,
    },
    /// Writes a row set of an export into an EMPTY namespace, in the export's order.
    Import(ImportChunk),
    /// As [`Op::Client`], once: applied again under the same id, it answers what it answered first.
    Once(CallId, Caller, Mutation),
    /// Forces a role on a member, or (`None`) gives back the declared one.
    ForceRole {
        /// The member's name.
        name: String,
        /// Its role.
        role: Option<MemberRole>,
    },
    /// Gives back the declared roles of all members.
    RestoreRoles,
    /// A step of a recovery from the copy in Tablestore. Proposed by the leader that reads it.
    Recover(RecoverStep),
    /// Notes up to where the copy in Tablestore is complete. Proposed by the leader that writes it.
    Uploaded(Uploaded),
}

/// A step of a recovery (see [`crate::recovery`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoverStep {
    /// Its number, from 0 (the first is [`Recovered::Begin`]); steps come in order.
    pub number: u64,
    /// Where a leader has to go on after this step, in its own words.
    pub cursor: Bytes,
    /// What was read.
    pub what: Recovered,
}

/// What a step of a recovery brings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Recovered {
    /// Nothing yet: from here on only this recovery changes the namespace.
    Begin {
        /// What came before is of another copy, and is removed.
        afresh: bool,
    },
    /// Rows whose keys did not come before.
    Fresh(Vec<(Bytes, Bytes)>),
    /// Rows (`None`: removed) that replace what came before.
    Changed(Vec<(Bytes, Option<Bytes>)>),
    /// That was all, and this is what it must be.
    Complete(CopyTotals),
    /// It cannot be recovered.
    Failed {
        /// Why, and what to do.
        reason: String,
    },
}

/// A call of Hadoop RPC, the same in each of its retries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CallId {
    /// The client's own random id.
    pub client: [u8; 16],
    /// The call's number; never negative for a client's call.
    pub call: i32,
}

/// A part of an import (see [`crate::export`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportChunk {
    /// Position of this chunk, from 0; chunks must arrive in order.
    pub sequence: u64,
    /// Rows as (key, value).
    pub rows: Vec<(Bytes, Bytes)>,
    /// Set on the last chunk: the checksum the namespace must then have.
    pub finish: Option<u128>,
}

/// How WRITE of a file treats an existing one (CreateFlag of HDFS).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum IfExists {
    /// Refuse with FileAlreadyExistsException.
    Fail,
    /// Replace it.
    Overwrite,
}

/// Options of creating a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateOptions {
    /// Permission bits (12 bits), the client's umask already applied.
    pub permission: u16,
    /// The permission before the client's umask, for parents with a default ACL
    /// (HDFS-6962); `None`: use `permission`.
    pub unmasked: Option<u16>,
    /// What to do with an existing file.
    pub if_exists: IfExists,
    /// Make missing parents.
    pub create_parent: bool,
    /// Replication factor, at least 1.
    pub replication: u16,
    /// Preferred block size in bytes.
    pub block_size: u64,
}

/// A rename's rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RenameMode {
    /// `rename(src, dst)` of ClientProtocol (deprecated): answers false instead of most errors;
    /// an existing directory as dst means "into it".
    Legacy,
    /// `rename2` without OVERWRITE: dst must not exist.
    NoReplace,
    /// `rename2` with OVERWRITE: a file or an empty folder is replaced.
    Overwrite,
    /// `rename2` with TO_TRASH: as [`RenameMode::NoReplace`], and the caller must be allowed to
    /// delete what is moved, as somebody else will empty the trash.
    ToTrash,
}

/// A client's mutation. Paths are absolute and already normalised by [`crate::path`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mutation {
    /// Makes a folder (and missing parents if `create_parent`). True if it is there afterwards.
    Mkdirs {
        /// The folder.
        path: String,
        /// Permission bits, umask applied.
        permission: u16,
        /// Permission before the umask (see [`CreateOptions::unmasked`]).
        unmasked: Option<u16>,
        /// `mkdir -p`.
        create_parent: bool,
    },
    /// Creates a file with its whole content and closes it, in one step.
    PutFile {
        /// The file.
        path: String,
        /// How.
        options: CreateOptions,
        /// All of its content.
        content: Bytes,
    },
    /// Opens a new file for writing under `holder`'s lease.
    Create {
        /// The file.
        path: String,
        /// How.
        options: CreateOptions,
        /// Lease holder (a client's name).
        holder: String,
    },
    /// Reopens a file for append under `holder`'s lease.
    Append {
        /// The file.
        path: String,
        /// Lease holder.
        holder: String,
        /// Create it if missing (CreateFlag CREATE|APPEND).
        create: Option<CreateOptions>,
    },
    /// Appends `content` to an open file and closes it.
    Complete {
        /// The file.
        path: String,
        /// The inode the caller opened, so that a replaced file is not closed by mistake.
        inode: u64,
        /// Lease holder.
        holder: String,
        /// Bytes to add at the end.
        content: Bytes,
    },
    /// Gives up a file opened by [`Mutation::Create`] (removes it) or by
    /// [`Mutation::Append`] (closes it as it was).
    Abandon {
        /// The file.
        path: String,
        /// The inode the caller opened.
        inode: u64,
        /// Lease holder.
        holder: String,
    },
    /// Renews all leases of `holder`.
    RenewLease {
        /// Lease holder.
        holder: String,
    },
    /// Closes a file that somebody else left open. True if it is closed now.
    RecoverLease {
        /// The file.
        path: String,
        /// Who takes over.
        holder: String,
    },
    /// Moves a file or a folder. Replies with a bool in legacy mode.
    Rename {
        /// From.
        src: String,
        /// To.
        dst: String,
        /// Rules.
        mode: RenameMode,
    },
    /// Deletes a file or a folder. False if it was not there.
    Delete {
        /// What.
        path: String,
        /// With all below it.
        recursive: bool,
    },
    /// Cuts a file to `length` bytes. True when done.
    Truncate {
        /// The file.
        path: String,
        /// New length in bytes; not above the present one.
        length: u64,
    },
    /// Moves the content of `sources` to the end of `target` and removes them.
    Concat {
        /// The file that grows.
        target: String,
        /// Files of the same folder.
        sources: Vec<String>,
    },
    /// Changes permission bits.
    SetPermission {
        /// What.
        path: String,
        /// 12 bits.
        permission: u16,
    },
    /// Changes owner and/or group.
    SetOwner {
        /// What.
        path: String,
        /// New owner.
        owner: Option<String>,
        /// New group.
        group: Option<String>,
    },
    /// Changes times; `None` leaves one as it is.
    SetTimes {
        /// What.
        path: String,
        /// Modification time, ms since the epoch.
        mtime: Option<i64>,
        /// Access time, ms since the epoch.
        atime: Option<i64>,
    },
    /// Changes a file's replication. False if it is no file.
    SetReplication {
        /// The file.
        path: String,
        /// New factor, at least 1.
        replication: u16,
    },
    /// Sets or clears quotas of a folder.
    SetQuota {
        /// The folder.
        path: String,
        /// Namespace quota.
        namespace: QuotaChange,
        /// Space quota.
        space: QuotaChange,
    },
    /// Changes an ACL.
    ModifyAcl {
        /// What.
        path: String,
        /// How.
        change: AclChange,
    },
    /// Sets an extended attribute.
    SetXAttr {
        /// What.
        path: String,
        /// Name with its namespace.
        name: XAttrName,
        /// Value.
        value: Bytes,
        /// XAttrSetFlag CREATE: allowed if it is not there.
        create: bool,
        /// XAttrSetFlag REPLACE: allowed if it is there.
        replace: bool,
    },
    /// Removes an extended attribute.
    RemoveXAttr {
        /// What.
        path: String,
        /// Name with its namespace.
        name: XAttrName,
    },
}

/// What happens to one quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum QuotaChange {
    /// As it is (HDFS: QUOTA_DONT_SET).
    Keep,
    /// No quota (HDFS: QUOTA_RESET).
    Clear,
    /// A limit.
    Set(u64),
}

/// A change of an ACL, as ClientProtocol has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AclChange {
    /// modifyAclEntries.
    Modify(Vec<AclEntry>),
    /// removeAclEntries (permissions are ignored).
    RemoveEntries(Vec<AclEntry>),
    /// removeDefaultAcl.
    RemoveDefault,
    /// removeAcl.
    Remove,
    /// setAcl.
    Set(Vec<AclEntry>),
}
