//! What the namespace answers: replies of commands and the results of queries, in the terms of
//! HDFS's protocol, without any wire format.

use bytes::Bytes;

use serde::{Deserialize, Serialize};

use crate::acl::AclEntry;
use crate::inode::Kind;
use crate::xattr::XAttr;

/// The answer to an applied command. Kept for retries: see [`crate::retry`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// Done, nothing to say.
    Done,
    /// The protocol's boolean result.
    Bool(bool),
    /// A file was created or reopened.
    Opened(Box<FileStatus>),
    /// A cluster's own step did this much and whether work is left.
    Progress {
        /// Inodes or files handled.
        done: u32,
        /// Whether there is more to do.
        more: bool,
    },
}

/// HdfsFileStatus.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileStatus {
    /// Inode id.
    pub inode: u64,
    /// File or directory.
    pub kind: Kind,
    /// Name within its parent; empty for the object that was asked for.
    pub name: String,
    /// Bytes.
    pub length: u64,
    /// Permission bits (12 bits).
    pub permission: u16,
    /// Owner.
    pub owner: String,
    /// Group.
    pub group: String,
    /// ms since the epoch.
    pub mtime: i64,
    /// ms since the epoch.
    pub atime: i64,
    /// 0 for directories.
    pub replication: u16,
    /// Bytes; 0 for directories.
    pub block_size: u64,
    /// Entries of a directory; 0 for files.
    pub children: u32,
    /// Whether there is an extended ACL.
    pub has_acl: bool,
    /// Whether a client has the file open for writing.
    pub under_construction: bool,
}

/// One page of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Entries in byte order of their names.
    pub entries: Vec<FileStatus>,
    /// How many follow: exact on the first page; on later ones 1 if there are more, as clients
    /// only ask whether it is 0.
    pub remaining: u32,
}

/// ContentSummary; of one file: its own figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ContentSummary {
    /// Directories, the one asked for included.
    pub directories: u64,
    /// Files.
    pub files: u64,
    /// Bytes.
    pub length: u64,
    /// Bytes times replication.
    pub space_consumed: u64,
    /// Namespace quota.
    pub quota: Option<u64>,
    /// Space quota.
    pub space_quota: Option<u64>,
}

/// AclStatus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AclStatus {
    /// Owner.
    pub owner: String,
    /// Group.
    pub group: String,
    /// Permission bits as getPermission shows them (mask in the group bits).
    pub permission: u16,
    /// The extended entries, as HDFS lists them (without user::, other:: of the access ACL).
    pub entries: Vec<AclEntry>,
}

/// A part of a file's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The file.
    pub status: FileStatus,
    /// Its bytes from the offset asked for.
    pub data: Bytes,
}

/// The xattrs of one inode that the caller may see.
pub type XAttrs = Vec<XAttr>;

/// Whole-namespace figures, O(1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Directories, the root included.
    pub directories: u64,
    /// Files.
    pub files: u64,
    /// Bytes of content.
    pub length: u64,
    /// Order-independent checksum of all rows.
    pub checksum: u128,
    /// Inodes of deleted trees not yet removed are still counted here: whether any is left.
    pub reap_pending: bool,
    /// Files open for writing.
    pub open_files: u64,
}
