//! Inodes and directory entries as they are stored. The row format (version, golden bytes) is in
//! [`crate::keys`].

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::acl::AclEntry;
use crate::settings::Settings;

/// The root folder's inode id, as in HDFS.
pub const ROOT: u64 = 16385;

/// File or directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A file.
    File,
}

/// A directory entry's value: its key is (parent id, name).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dentry {
    /// The child's inode id.
    pub child: u64,
    /// What the child is.
    pub kind: Kind,
}

/// Attributes of a file or a directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inode {
    /// Own id.
    pub id: u64,
    /// The parent's id, for the loop check of rename and the walk to the root; 0 for the root.
    pub parent: u64,
    /// Name within the parent; empty for the root.
    pub name: String,
    /// Owner.
    pub owner: Arc<str>,
    /// Group.
    pub group: Arc<str>,
    /// 12 permission bits; with an extended ACL the group bits are the mask, as HDFS keeps it.
    pub permission: u16,
    /// ms since the epoch.
    pub mtime: i64,
    /// ms since the epoch.
    pub atime: i64,
    /// Extended ACL entries in HDFS's order; `None`: just the permission bits.
    pub acl: Option<Arc<[AclEntry]>>,
    /// Number of xattr rows.
    pub xattrs: u16,
    /// What only files or only directories have.
    pub body: Body,
}

impl Inode {
    /// The root folder of a new namespace.
    pub(crate) fn root(settings: &Settings, mtime: i64) -> Self {
        Self {
            id: ROOT,
            parent: 0,
            name: String::new(),
            owner: settings.superuser.as_str().into(),
            group: settings.supergroup.as_str().into(),
            permission: 0o755,
            mtime,
            atime: 0,
            acl: None,
            xattrs: 0,
            body: Body::Directory(DirectoryBody {
                children: 0,
                below: Usage::default(),
                // As HDFS's root has it: there, and so large that it never matters.
                quota: Some(i64::MAX as u64),
                space_quota: None,
            }),
        }
    }
}

/// The part that differs by kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    /// A file.
    File(FileBody),
    /// A directory.
    Directory(DirectoryBody),
}

/// A file's own attributes; its content is a row of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileBody {
    /// Bytes.
    pub length: u64,
    /// Replication factor.
    pub replication: u16,
    /// Preferred block size, bytes.
    pub block_size: u64,
    /// Set while a client has it open for writing.
    pub lease: Option<OpenFile>,
}

/// Who has a file open for writing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenFile {
    /// Lease holder (the client's name).
    pub holder: String,
    /// True if it was opened for append: giving it up keeps the file.
    pub append: bool,
}

/// A directory's own attributes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryBody {
    /// Direct entries.
    pub children: u32,
    /// Everything below, this directory not included.
    pub below: Usage,
    /// Namespace quota: most inodes below, this one included (HDFS counts it).
    pub quota: Option<u64>,
    /// Space quota, bytes times replication.
    pub space_quota: Option<u64>,
}

/// Recursive counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Directories.
    pub directories: u64,
    /// Files.
    pub files: u64,
    /// Bytes.
    pub length: u64,
    /// Bytes times replication.
    pub space: u64,
}
