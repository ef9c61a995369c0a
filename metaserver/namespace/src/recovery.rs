//! The replicated state of the copy in Tablestore: how far a recovery is, and up to where the copy
//! was written. Changed by [`crate::ops`] alone, read by the doors, the uploader and the status.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::error::{ErrorKind, FsError, RowsError};
use crate::keys::{self, table};
use crate::rows::Rows;
use crate::settings::{OnRecovered, Settings, TablestoreMode};

/// How the reason of a recovery begins whose result is not the copy.
pub const MISMATCH: &str = "what was read does not match the copy's own totals";

/// What clients are told whose writes come during a recovery or after it (JindoFS's own words,
/// error 25021).
pub const READ_ONLY: &str =
    "ErrorCode : 25021 , ErrorMsg: Namespace is under recovery mode, and is read-only.";

/// What a recovery has come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecoveryPhase {
    /// Rows are being written; nothing can be read.
    Loading,
    /// It is what its source was.
    Finished,
    /// It is not, and never will be: nothing can be read or written.
    Failed {
        /// Why.
        reason: String,
    },
}

/// A recovery of the whole namespace, as all replicas know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovery {
    /// What it has come to.
    pub phase: RecoveryPhase,
    /// What is recovered and how far: the words of who drives it, kept for the next leader.
    pub cursor: Bytes,
    /// Number of the step that must come next.
    pub next_step: u64,
    /// Rows written so far, those that replaced others included.
    pub rows: u64,
    /// When it began, ms of replicated time.
    pub started_ms: i64,
    /// When it ended.
    pub ended_ms: Option<i64>,
}

/// What a copy is known to hold, and a recovered namespace must.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyTotals {
    /// Directories, the root included.
    pub directories: u64,
    /// Files.
    pub files: u64,
    /// Bytes of content.
    pub length: u64,
    /// Checksum of the copied tables, see [`is_copied`].
    pub checksum: u128,
    /// The id the next inode gets.
    pub next_inode: u64,
    /// Replicated time, ms.
    pub time_ms: i64,
    /// The largest state id given out to clients so far.
    pub state_id: u64,
}

/// Up to where the copy is complete; written by the leader that uploads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uploaded {
    /// The epoch under which this cluster last owned the copy; 0: never.
    pub epoch: u64,
    /// Log index.
    pub index: u64,
}

/// The tables of a copy, in order of their keys. Leases are not among them: they are made anew for
/// the files that are open.
pub const COPIED: [u8; 5] =
    [table::DENTRY, table::INODE, table::XATTR, table::CONTENT, table::REAP];

/// Whether a row is part of a copy.
pub fn is_copied(key: &[u8]) -> bool {
    key.first().is_some_and(|tag| COPIED.contains(tag))
}

/// The mode in force: a recovery that ended well and is to be followed by upload is upload.
pub fn mode(settings: &Settings, recovery: Option<&Recovery>) -> TablestoreMode {
    let Some(tablestore) = &settings.tablestore else {
        return TablestoreMode::Disabled;
    };
    let finished = recovery.is_some_and(|recovery| recovery.phase == RecoveryPhase::Finished);
    match (tablestore.mode, tablestore.on_recovered) {
        (TablestoreMode::Recovery, OnRecovered::AsyncUpload) if finished => {
            TablestoreMode::AsyncUpload
        }
        (mode, _) => mode,
    }
}

/// The recovery as the rows have it.
///
/// # Errors
/// If the row cannot be read.
pub fn read<R: Rows + ?Sized>(rows: &R) -> Result<Option<Recovery>, RowsError> {
    read_row(rows, keys::RECOVERY_KEY)
}

/// Up to where the copy is complete.
///
/// # Errors
/// If the row cannot be read.
pub fn read_uploaded<R: Rows + ?Sized>(rows: &R) -> Result<Uploaded, RowsError> {
    Ok(read_row(rows, keys::UPLOADED_KEY)?.unwrap_or_default())
}

fn read_row<R: Rows + ?Sized, T: serde::de::DeserializeOwned>(
    rows: &R,
    key: &[u8],
) -> Result<Option<T>, RowsError> {
    rows.get(key)?.map(|value| keys::decode(key, &value)).transpose()
}

/// The recovery, where the settings ask for one: a row that is read by each call of a client must
/// not cost anything elsewhere.
pub(crate) fn of_settings<R: Rows + ?Sized>(
    rows: &R,
    settings: &Settings,
) -> Result<Option<Recovery>, RowsError> {
    match &settings.tablestore {
        Some(tablestore) if tablestore.mode == TablestoreMode::Recovery => read(rows),
        _ => Ok(None),
    }
}

/// Whether clients may change something.
///
/// # Errors
/// Error 25021.
pub(crate) fn check_writable(
    settings: &Settings,
    recovery: Option<&Recovery>,
) -> Result<(), FsError> {
    match mode(settings, recovery) {
        TablestoreMode::Recovery => Err(FsError::new(ErrorKind::Io, READ_ONLY)),
        TablestoreMode::Disabled | TablestoreMode::AsyncUpload => Ok(()),
    }
}

/// Whether clients may read.
///
/// # Errors
/// Retriable while rows are still to come; for good if they never will.
pub(crate) fn check_readable(
    settings: &Settings,
    recovery: Option<&Recovery>,
) -> Result<(), FsError> {
    if mode(settings, recovery) != TablestoreMode::Recovery {
        return Ok(());
    }
    let (kind, message) = match recovery.map(|recovery| &recovery.phase) {
        Some(RecoveryPhase::Finished) => return Ok(()),
        None => (
            ErrorKind::Retriable,
            "The namespace is to be recovered and is empty until that has begun; retry".to_owned(),
        ),
        Some(RecoveryPhase::Loading) => (
            ErrorKind::Retriable,
            "The namespace is being recovered and not complete yet; retry".to_owned(),
        ),
        Some(RecoveryPhase::Failed { reason }) => (
            ErrorKind::Io,
            format!("The recovery of the namespace has failed, so it cannot be read: {reason}"),
        ),
    };
    Err(FsError::new(kind, message))
}
