//! The row formats: every key and value that the namespace keeps, in one place. Changed only
//! together with a format version; the bytes are pinned by a test below.
//!
//! A key is a table tag and big-endian integers, so that byte order is the order of walks. A
//! value is a format-version byte and postcard (contents and xattr values: the bytes as they are).
//! Tags from `0xF0` on belong to whoever stores the rows and are never seen here.

use std::sync::Arc;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use crate::command::CallId;
use crate::error::RowsError;
use crate::inode::{Dentry, Inode};
use crate::retry::Generations;
use crate::rows::Rows;
use crate::settings::Settings;
use crate::xattr::{XAttrName, XAttrNamespace};

/// The version byte that this code writes before every value.
pub const FORMAT_VERSION: u8 = 1;

/// Bytes in which nearly every encoded value fits. A vector that grows with it would be
/// moved five times for an inode.
const USUAL_VALUE: usize = 512;

/// Tables, by the first byte of their keys.
pub mod table {
    /// The namespace's own state; not in the checksum.
    pub const META: u8 = 0x00;
    /// (parent, name) -> dentry.
    pub const DENTRY: u8 = 0x01;
    /// id -> inode.
    pub const INODE: u8 = 0x02;
    /// (id, namespace, name) -> xattr value.
    pub const XATTR: u8 = 0x03;
    /// id -> a file's bytes; only of files that are not empty.
    pub const CONTENT: u8 = 0x04;
    /// holder -> lease.
    pub const LEASE: u8 = 0x05;
    /// (holder, id) -> nothing: the files a holder has open.
    pub const LEASE_FILE: u8 = 0x06;
    /// id -> the last name that was removed: roots of deleted trees.
    pub const REAP: u8 = 0x07;
    /// (time of the last renewal, holder) -> nothing.
    pub const LEASE_TIME: u8 = 0x08;
    /// The last of these.
    pub const LAST: u8 = LEASE_TIME;
    /// First tag that is not the namespace's.
    pub const FOREIGN: u8 = 0xF0;
}

/// Key of the state row.
pub const STATE_KEY: &[u8] = b"\x00state";
/// Key of the row with the replicated settings.
pub const SETTINGS_KEY: &[u8] = b"\x00settings";
/// Key of the row that tells how far a recovery is; see [`crate::recovery`].
pub const RECOVERY_KEY: &[u8] = b"\x00recovery";
/// Key of the row that tells up to where the copy in Tablestore is complete.
pub const UPLOADED_KEY: &[u8] = b"\x00uploaded";
/// What the keys of all remembered answers start with; see [`crate::retry`].
pub(crate) const RETRY_PREFIX: &[u8] = b"\x00retry";
/// Value of rows whose key says everything.
pub(crate) const PRESENT: Bytes = Bytes::from_static(&[FORMAT_VERSION]);

/// The namespace's counters: the row under [`STATE_KEY`], written with every batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The id the next inode gets.
    pub next_inode: u64,
    /// Replicated time, ms since the epoch: the largest that any command brought.
    pub time_ms: i64,
    /// Order-independent checksum of all rows but [`table::META`]: the wrapping sum of
    /// [`row_hash`].
    pub checksum: u128,
    /// Files open for writing.
    pub open_files: u64,
    /// Entries of the reap queue.
    pub reap_roots: u64,
    /// No entry of the reap queue is below this id, so that nobody has to search among rows
    /// that were removed lately; `u64::MAX` if the queue is empty.
    pub reap_from: u64,
    /// Set while an import runs.
    pub import: Option<ImportProgress>,
    /// Where the remembered answers of calls are.
    pub retries: Generations,
    /// The part of the checksum that is of copied tables; see [`crate::recovery::is_copied`].
    pub copied_checksum: u128,
    /// What is added to a log index to make it the state id that clients see: above all that were
    /// given out before the namespace was recovered; else 0.
    pub state_id_base: u64,
}

/// How far an import got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportProgress {
    /// Sequence number of the chunk that must come next.
    pub next_sequence: u64,
    /// The largest key so far; rows come in ascending order.
    pub last_key: Vec<u8>,
}

/// A lease: all files that one client has open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Replicated time of the last renewal, ms.
    pub last_renewed_ms: i64,
    /// How many files are open under it.
    pub files: u32,
}

fn tagged(tag: u8, id: u64, rest: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(9 + rest.len());
    key.push(tag);
    key.extend_from_slice(&id.to_be_bytes());
    key.extend_from_slice(rest);
    key
}

/// Key of a directory entry.
pub fn dentry(parent: u64, name: &[u8]) -> Vec<u8> {
    tagged(table::DENTRY, parent, name)
}

/// What all entries of a directory start with.
pub fn dentry_prefix(parent: u64) -> Vec<u8> {
    tagged(table::DENTRY, parent, &[])
}

/// The name in a dentry's key (after table and parent).
pub fn dentry_name(key: &[u8]) -> &[u8] {
    key.get(9..).unwrap_or_default()
}

/// Key of an inode.
pub fn inode(id: u64) -> Vec<u8> {
    tagged(table::INODE, id, &[])
}

/// Key of a file's content.
pub fn content(id: u64) -> Vec<u8> {
    tagged(table::CONTENT, id, &[])
}

/// Key of a deleted tree's root.
pub fn reap(id: u64) -> Vec<u8> {
    tagged(table::REAP, id, &[])
}

/// What all xattrs of an inode start with.
pub fn xattr_prefix(id: u64) -> Vec<u8> {
    tagged(table::XATTR, id, &[])
}

/// Key of an xattr.
pub fn xattr(id: u64, name: &XAttrName) -> Vec<u8> {
    let mut key = xattr_prefix(id);
    key.push(namespace_byte(name.namespace));
    key.extend_from_slice(name.name.as_bytes());
    key
}

/// The attribute's name in an xattr's key; `None` if it is no such key.
pub fn xattr_name(key: &[u8]) -> Option<XAttrName> {
    let (&namespace, name) = key.get(9..)?.split_first()?;
    Some(XAttrName {
        namespace: match namespace {
            0 => XAttrNamespace::User,
            1 => XAttrNamespace::Trusted,
            2 => XAttrNamespace::Security,
            3 => XAttrNamespace::System,
            4 => XAttrNamespace::Raw,
            _ => return None,
        },
        name: String::from_utf8(name.to_vec()).ok()?,
    })
}

fn namespace_byte(namespace: XAttrNamespace) -> u8 {
    match namespace {
        XAttrNamespace::User => 0,
        XAttrNamespace::Trusted => 1,
        XAttrNamespace::Security => 2,
        XAttrNamespace::System => 3,
        XAttrNamespace::Raw => 4,
    }
}

/// Key of a holder's lease. A holder's name has no NUL byte.
pub fn lease(holder: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + holder.len());
    key.push(table::LEASE);
    key.extend_from_slice(holder.as_bytes());
    key
}

/// What all open files of a holder start with.
pub fn lease_file_prefix(holder: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(10 + holder.len());
    key.push(table::LEASE_FILE);
    key.extend_from_slice(holder.as_bytes());
    key.push(0);
    key
}

/// Key of one open file of a holder.
pub fn lease_file(holder: &str, id: u64) -> Vec<u8> {
    let mut key = lease_file_prefix(holder);
    key.extend_from_slice(&id.to_be_bytes());
    key
}

/// Key of a holder's entry in the order of renewals.
pub fn lease_time(last_renewed_ms: i64, holder: &str) -> Vec<u8> {
    // Flipping the sign bit makes the byte order that of signed numbers.
    let sortable = (last_renewed_ms as u64) ^ (1 << 63);
    tagged(table::LEASE_TIME, sortable, holder.as_bytes())
}

/// Time and holder in a key of [`lease_time`]; `None` if it is no such key.
pub fn lease_time_parts(key: &[u8]) -> Option<(i64, &str)> {
    let sortable = u64::from_be_bytes(key.get(1..9)?.try_into().ok()?);
    let holder = std::str::from_utf8(key.get(9..)?).ok()?;
    Some(((sortable ^ (1 << 63)) as i64, holder))
}

/// What the keys of one generation's remembered answers start with.
pub fn retry_prefix(generation: u64) -> Vec<u8> {
    let mut key = Vec::with_capacity(RETRY_PREFIX.len() + 28);
    key.extend_from_slice(RETRY_PREFIX);
    key.extend_from_slice(&generation.to_be_bytes());
    key
}

/// Key of a call's remembered answer.
pub fn retry(generation: u64, call: CallId) -> Vec<u8> {
    let mut key = retry_prefix(generation);
    key.extend_from_slice(&call.client);
    key.extend_from_slice(&call.call.to_be_bytes());
    key
}

/// The generation in a key of [`retry`] or a prefix of [`retry_prefix`]; `None` if it is no such
/// key.
pub fn retry_generation(key: &[u8]) -> Option<u64> {
    let (generation, _) = key.strip_prefix(RETRY_PREFIX)?.split_first_chunk()?;
    Some(u64::from_be_bytes(*generation))
}

/// The id at the end of a key of [`lease_file`], or in one of [`inode`], [`reap`] and the like.
pub fn trailing_id(key: &[u8]) -> Option<u64> {
    let at = key.len().checked_sub(8)?;
    Some(u64::from_be_bytes(key.get(at..)?.try_into().ok()?))
}

/// A value's bytes: the version and postcard.
pub fn encode<T: Serialize>(value: &T) -> Result<Bytes, RowsError> {
    let mut space = [0; USUAL_VALUE];
    match encode_within(value, &mut space) {
        Some(bytes) => Ok(Bytes::copy_from_slice(bytes)),
        None => encode_large(value).map(Bytes::from),
    }
}

/// The bytes of [`encode`], seen by `visit` alone: nothing is kept of them.
pub(crate) fn with_encoded<T: Serialize, O>(
    value: &T,
    visit: impl FnOnce(&[u8]) -> O,
) -> Result<O, RowsError> {
    let mut space = [0; USUAL_VALUE];
    match encode_within(value, &mut space) {
        Some(bytes) => Ok(visit(bytes)),
        None => encode_large(value).map(|bytes| visit(&bytes)),
    }
}

/// The bytes of [`encode`] if `space` has room for them.
fn encode_within<'s, T: Serialize>(value: &T, space: &'s mut [u8]) -> Option<&'s [u8]> {
    let (version, body) = space.split_first_mut()?;
    *version = FORMAT_VERSION;
    let length = postcard::to_slice(value, body).ok()?.len();
    space.get(..=length)
}

fn encode_large<T: Serialize>(value: &T) -> Result<Vec<u8>, RowsError> {
    // Only a broken Serialize could fail here, there is no I/O in it.
    postcard::to_extend(value, vec![FORMAT_VERSION])
        .map_err(|e| RowsError::Storage(format!("encoding a row: {e}")))
}

/// Reads a value of [`encode`].
///
/// # Errors
/// [`RowsError::Corrupt`], also for a format version that this code does not know.
pub fn decode<T: DeserializeOwned>(key: &[u8], value: &[u8]) -> Result<T, RowsError> {
    let body = body(key, value)?;
    let (decoded, rest) =
        postcard::take_from_bytes(body).map_err(|e| corrupt(key, e.to_string()))?;
    if rest.is_empty() {
        Ok(decoded)
    } else {
        Err(corrupt(key, format!("{} bytes too many", rest.len())))
    }
}

/// A raw value's bytes: the version, then `data`.
pub fn encode_raw(data: &[u8]) -> Bytes {
    let mut value = Vec::with_capacity(1 + data.len());
    value.push(FORMAT_VERSION);
    value.extend_from_slice(data);
    Bytes::from(value)
}

/// Reads a value of [`encode_raw`], without copying.
///
/// # Errors
/// As [`decode`].
pub fn decode_raw(key: &[u8], value: &Bytes) -> Result<Bytes, RowsError> {
    body(key, value)?;
    Ok(value.slice(1..))
}

fn body<'v>(key: &[u8], value: &'v [u8]) -> Result<&'v [u8], RowsError> {
    match value.split_first() {
        Some((&FORMAT_VERSION, body)) => Ok(body),
        Some((&version, _)) => Err(corrupt(
            key,
            format!("format version {version}, this server knows {FORMAT_VERSION}"),
        )),
        None => Err(corrupt(key, "empty".into())),
    }
}

/// An error that names the row.
pub(crate) fn corrupt(key: &[u8], reason: String) -> RowsError {
    RowsError::Corrupt {
        table: match key.first().copied() {
            Some(table::META) => "meta",
            Some(table::DENTRY) => "dentry",
            Some(table::INODE) => "inode",
            Some(table::XATTR) => "xattr",
            Some(table::CONTENT) => "content",
            Some(table::LEASE) => "lease",
            Some(table::LEASE_FILE) => "lease file",
            Some(table::REAP) => "reap queue",
            Some(table::LEASE_TIME) => "lease time",
            _ => "unknown",
        },
        key: key.iter().map(|b| format!("{b:02x}")).collect(),
        reason,
    }
}

/// Reads and decodes an inode.
pub fn read_inode<R: Rows + ?Sized>(rows: &R, id: u64) -> Result<Option<Arc<Inode>>, RowsError> {
    let key = inode(id);
    match rows.get(&key)? {
        None => Ok(None),
        Some(value) => Ok(Some(Arc::new(decode(&key, &value)?))),
    }
}

/// Reads and decodes a directory entry.
pub fn read_dentry<R: Rows + ?Sized>(
    rows: &R,
    parent: u64,
    name: &[u8],
) -> Result<Option<Dentry>, RowsError> {
    let key = dentry(parent, name);
    match rows.get(&key)? {
        None => Ok(None),
        Some(value) => Ok(Some(decode(&key, &value)?)),
    }
}

/// Reads and decodes the replicated settings.
pub fn read_settings<R: Rows + ?Sized>(rows: &R) -> Result<Option<Arc<Settings>>, RowsError> {
    match rows.get(SETTINGS_KEY)? {
        None => Ok(None),
        Some(value) => Ok(Some(Arc::new(decode(SETTINGS_KEY, &value)?))),
    }
}

/// Reads the state row; a fresh namespace has none and starts as given here.
pub fn read_state<R: Rows + ?Sized>(rows: &R) -> Result<State, RowsError> {
    match rows.get(STATE_KEY)? {
        Some(value) => decode(STATE_KEY, &value),
        None => Ok(State {
            next_inode: crate::inode::ROOT + 1,
            time_ms: 0,
            checksum: 0,
            open_files: 0,
            reap_roots: 0,
            reap_from: u64::MAX,
            import: None,
            retries: Generations::default(),
            copied_checksum: 0,
            state_id_base: 0,
        }),
    }
}

/// Whether a row's table is covered by the checksum and by exports.
pub fn is_covered(key: &[u8]) -> bool {
    matches!(key.first(), Some(&tag) if tag > table::META && tag <= table::LAST)
}

/// A row's part of the checksum. `scratch` is reused between calls.
pub fn row_hash(key: &[u8], value: &[u8], scratch: &mut Vec<u8>) -> u128 {
    scratch.clear();
    scratch.extend_from_slice(&(key.len() as u32).to_le_bytes());
    scratch.extend_from_slice(key);
    scratch.extend_from_slice(value);
    xxh3_128(scratch)
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
