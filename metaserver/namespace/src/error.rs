//! The one error type of namespace operations: a kind that fixes the Java class a Hadoop client
//! sees, and HDFS's own message. Made here, carried through Raft's reply, printed by the doors.

use serde::{Deserialize, Serialize};

/// Why a namespace operation was refused. Every kind maps to one exception class of Hadoop, so
/// that WebHDFS and Hadoop RPC answer alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ErrorKind {
    /// `java.io.FileNotFoundException`.
    FileNotFound,
    /// `org.apache.hadoop.fs.FileAlreadyExistsException`.
    FileAlreadyExists,
    /// `org.apache.hadoop.fs.ParentNotDirectoryException`.
    ParentNotDirectory,
    /// `org.apache.hadoop.fs.PathIsNotDirectoryException`.
    PathIsNotDirectory,
    /// `org.apache.hadoop.fs.PathIsNotEmptyDirectoryException`.
    PathIsNotEmptyDirectory,
    /// `org.apache.hadoop.security.AccessControlException`.
    AccessControl,
    /// `org.apache.hadoop.fs.InvalidPathException`.
    InvalidPath,
    /// `org.apache.hadoop.HadoopIllegalArgumentException`.
    HadoopIllegalArgument,
    /// `java.lang.IllegalArgumentException`.
    IllegalArgument,
    /// `java.lang.UnsupportedOperationException`.
    Unsupported,
    /// `org.apache.hadoop.hdfs.protocol.NSQuotaExceededException`.
    NsQuotaExceeded,
    /// `org.apache.hadoop.hdfs.protocol.DSQuotaExceededException`.
    DsQuotaExceeded,
    /// `org.apache.hadoop.hdfs.protocol.FSLimitException$PathComponentTooLongException`.
    PathComponentTooLong,
    /// `org.apache.hadoop.hdfs.protocol.FSLimitException$MaxDirectoryItemsExceededException`.
    MaxDirectoryItems,
    /// `org.apache.hadoop.hdfs.protocol.AlreadyBeingCreatedException`.
    AlreadyBeingCreated,
    /// `org.apache.hadoop.hdfs.protocol.RecoveryInProgressException`.
    RecoveryInProgress,
    /// `org.apache.hadoop.hdfs.server.namenode.LeaseExpiredException`.
    LeaseExpired,
    /// `org.apache.hadoop.hdfs.protocol.AclException`.
    Acl,
    /// `java.io.IOException`.
    Io,
    /// `org.apache.hadoop.ipc.StandbyException`: this server is not the active one; try the next.
    Standby,
    /// `org.apache.hadoop.ipc.RetriableException`: nobody can answer just now; back off and retry.
    Retriable,
    /// `org.apache.hadoop.hdfs.protocol.XAttrNotFoundException`, an IOException.
    XAttrNotFound,
}

impl ErrorKind {
    /// The Java class name of the exception, as it goes over the wire.
    pub fn java_class(self) -> &'static str {
        use ErrorKind::*;
        match self {
            FileNotFound => "java.io.FileNotFoundException",
            FileAlreadyExists => "org.apache.hadoop.fs.FileAlreadyExistsException",
            ParentNotDirectory => "org.apache.hadoop.fs.ParentNotDirectoryException",
            PathIsNotDirectory => "org.apache.hadoop.fs.PathIsNotDirectoryException",
            PathIsNotEmptyDirectory => "org.apache.hadoop.fs.PathIsNotEmptyDirectoryException",
            AccessControl => "org.apache.hadoop.security.AccessControlException",
            InvalidPath => "org.apache.hadoop.fs.InvalidPathException",
            HadoopIllegalArgument => "org.apache.hadoop.HadoopIllegalArgumentException",
            IllegalArgument => "java.lang.IllegalArgumentException",
            Unsupported => "java.lang.UnsupportedOperationException",
            NsQuotaExceeded => "org.apache.hadoop.hdfs.protocol.NSQuotaExceededException",
            DsQuotaExceeded => "org.apache.hadoop.hdfs.protocol.DSQuotaExceededException",
            PathComponentTooLong => {
                "org.apache.hadoop.hdfs.protocol.FSLimitException$PathComponentTooLongException"
            }
            MaxDirectoryItems => {
                "org.apache.hadoop.hdfs.protocol.FSLimitException$MaxDirectoryItemsExceededException"
            }
            AlreadyBeingCreated => "org.apache.hadoop.hdfs.protocol.AlreadyBeingCreatedException",
            RecoveryInProgress => "org.apache.hadoop.hdfs.protocol.RecoveryInProgressException",
            LeaseExpired => "org.apache.hadoop.hdfs.server.namenode.LeaseExpiredException",
            Acl => "org.apache.hadoop.hdfs.protocol.AclException",
            Io => "java.io.IOException",
            Standby => "org.apache.hadoop.ipc.StandbyException",
            Retriable => "org.apache.hadoop.ipc.RetriableException",
            XAttrNotFound => "org.apache.hadoop.hdfs.protocol.XAttrNotFoundException",
        }
    }

    /// The class name without its package (and without its outer class), as WebHDFS's
    /// `exception` field has it (Java's `getSimpleName`).
    pub fn simple_name(self) -> &'static str {
        let class = self.java_class();
        class.rsplit(['.', '$']).next().unwrap_or(class)
    }
}

/// A refused operation: what Hadoop's client throws, with HDFS's message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{}: {message}", kind.simple_name())]
pub struct FsError {
    /// Which exception.
    pub kind: ErrorKind,
    /// Its message, as HDFS words it where HDFS has one.
    pub message: String,
}

impl FsError {
    /// An error of `kind` saying `message`.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

/// A failure below the namespace (storage or a row that does not decode). It is never an answer
/// to a client's mistake: the server that meets it stops serving.
#[derive(Debug, thiserror::Error)]
pub enum RowsError {
    /// The storage could not be read.
    #[error("reading rows: {0}")]
    Storage(String),
    /// A row's bytes are not what this version writes.
    #[error("corrupt row in table {table} (key {key}): {reason}")]
    Corrupt {
        /// Which table.
        table: &'static str,
        /// The key, in hex.
        key: String,
        /// What is wrong.
        reason: String,
    },
}

/// Either the operation was refused, or the rows could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The answer to the client.
    #[error(transparent)]
    Fs(#[from] FsError),
    /// The server's own trouble.
    #[error(transparent)]
    Rows(#[from] RowsError),
}
