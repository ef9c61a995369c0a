//! Recursive counts and quotas: arithmetic and the check along a path. Used by the operations.
//!
//! Rules and messages: `DirectoryWithQuotaFeature`, `FSDirectory.verifyQuota`,
//! `NSQuotaExceededException`, `DSQuotaExceededException` of HDFS 3.4. What differs: space is
//! counted by the bytes a file has, not by the blocks it might fill while it is written.

use std::sync::Arc;

use crate::error::{ErrorKind, FsError, RowsError};
use crate::inode::{Body, DirectoryBody, FileBody, Inode, Usage};
use crate::keys;

/// A change of recursive counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Delta {
    pub directories: i64,
    pub files: i64,
    pub length: i64,
    pub space: i64,
}

impl Delta {
    /// Inodes: what a namespace quota counts.
    pub fn inodes(self) -> i64 {
        self.directories + self.files
    }

    pub fn plus(self, other: Self) -> Self {
        Self {
            directories: self.directories + other.directories,
            files: self.files + other.files,
            length: self.length + other.length,
            space: self.space + other.space,
        }
    }

    pub fn negated(self) -> Self {
        Self {
            directories: -self.directories,
            files: -self.files,
            length: -self.length,
            space: -self.space,
        }
    }

    /// A file's bytes change from `old` to `new`.
    pub fn resize(old: &FileBody, new_length: u64) -> Self {
        let length = signed(new_length) - signed(old.length);
        Self { length, space: length * i64::from(old.replication), ..Self::default() }
    }
}

/// Counts are far below 2^63: ids, and bytes bounded by what fits on disks.
pub(crate) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl Usage {
    /// Inodes.
    pub fn inodes(&self) -> u64 {
        self.directories + self.files
    }

    /// The counts after `delta`; `None` if one would fall below nothing.
    pub(crate) fn after(&self, delta: Delta) -> Option<Self> {
        Some(Self {
            directories: self.directories.checked_add_signed(delta.directories)?,
            files: self.files.checked_add_signed(delta.files)?,
            length: self.length.checked_add_signed(delta.length)?,
            space: self.space.checked_add_signed(delta.space)?,
        })
    }

    pub(crate) fn delta(&self) -> Delta {
        Delta {
            directories: signed(self.directories),
            files: signed(self.files),
            length: signed(self.length),
            space: signed(self.space),
        }
    }
}

impl FileBody {
    /// Bytes times replication.
    pub fn space(&self) -> u64 {
        self.length.saturating_mul(u64::from(self.replication))
    }
}

impl Inode {
    /// The file's part, if it is one.
    pub fn file(&self) -> Option<&FileBody> {
        match &self.body {
            Body::File(file) => Some(file),
            Body::Directory(_) => None,
        }
    }

    /// The directory's part, if it is one.
    pub fn directory(&self) -> Option<&DirectoryBody> {
        match &self.body {
            Body::Directory(directory) => Some(directory),
            Body::File(_) => None,
        }
    }

    /// The directory's part, for changing.
    pub(crate) fn directory_mut(&mut self) -> Result<&mut DirectoryBody, RowsError> {
        match &mut self.body {
            Body::Directory(directory) => Ok(directory),
            Body::File(_) => Err(keys::corrupt(&keys::inode(self.id), "no directory".into())),
        }
    }

    /// The file's part, for changing.
    pub(crate) fn file_mut(&mut self) -> Result<&mut FileBody, RowsError> {
        match &mut self.body {
            Body::File(file) => Ok(file),
            Body::Directory(_) => Err(keys::corrupt(&keys::inode(self.id), "no file".into())),
        }
    }

    /// The counts of the tree that begins here, this inode included.
    pub fn usage(&self) -> Usage {
        match &self.body {
            Body::File(file) => {
                Usage { directories: 0, files: 1, length: file.length, space: file.space() }
            }
            Body::Directory(directory) => {
                Usage { directories: directory.below.directories + 1, ..directory.below }
            }
        }
    }
}

/// Whether directories (the root .. the parent of what changes) have room for `delta`, the first
/// `common` of them not looked at; the deepest that has not is named.
pub(crate) fn verify_quota(
    ancestors: &[Arc<Inode>],
    common: usize,
    delta: Delta,
) -> Result<(), FsError> {
    for (index, inode) in ancestors.iter().enumerate().skip(common).rev() {
        let Some(directory) = inode.directory() else {
            continue;
        };
        verify_one(directory, delta, || path_of(&ancestors[..=index]))?;
    }
    Ok(())
}

/// The path that a chain of inodes from the root makes.
fn path_of(chain: &[Arc<Inode>]) -> String {
    match chain {
        [] | [_] => "/".into(),
        [_, below @ ..] => below.iter().flat_map(|i| ["/", i.name.as_str()]).collect(),
    }
}

fn verify_one(
    directory: &DirectoryBody,
    delta: Delta,
    path: impl Fn() -> String,
) -> Result<(), FsError> {
    let count = signed(directory.below.inodes()) + 1 + delta.inodes();
    if let Some(quota) = violated(directory.quota, count, delta.inodes()) {
        return Err(FsError::new(
            ErrorKind::NsQuotaExceeded,
            format!(
                "The NameSpace quota (directories and files) of directory {} is exceeded: \
                 quota={quota} file count={count}",
                path()
            ),
        ));
    }
    let space = signed(directory.below.space) + delta.space;
    if let Some(quota) = violated(directory.space_quota, space, delta.space) {
        return Err(FsError::new(
            ErrorKind::DsQuotaExceeded,
            format!(
                "The DiskSpace quota of {} is exceeded: quota = {quota} B = {} but diskspace \
                 consumed = {space} B = {}",
                path(),
                binary_prefix(quota),
                binary_prefix(space)
            ),
        ));
    }
    Ok(())
}

/// The quota if it is passed: only by something that grows (`Quota.isViolated`).
fn violated(quota: Option<u64>, after: i64, delta: i64) -> Option<i64> {
    let quota = signed(quota?);
    (delta > 0 && after > quota).then_some(quota)
}

/// As Hadoop's `TraditionalBinaryPrefix.long2String(n, "B", 2)`: `1 KB`, `1.50 MB`.
fn binary_prefix(bytes: i64) -> String {
    const SYMBOLS: [char; 6] = ['K', 'M', 'G', 'T', 'P', 'E'];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut index = (bytes.ilog2() / 10) as usize - 1;
    let unit = 1_i64 << (10 * (index + 1));
    if bytes % unit == 0 {
        return format!("{} {}B", bytes / unit, SYMBOLS[index]);
    }
    let mut text = format!("{:.2}", bytes as f64 / unit as f64);
    if text.starts_with("1024") && index + 1 < SYMBOLS.len() {
        index += 1;
        text = format!("{:.2}", bytes as f64 / (unit as f64 * 1024.0));
    }
    format!("{text} {}B", SYMBOLS[index])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_hadoop_prints_them() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1 KB"),
            (1536, "1.50 KB"),
            (1 << 20, "1 MB"),
            ((1 << 20) - 1, "1.00 MB"),
            (5 * (1 << 30) / 2, "2.50 GB"),
            (i64::MAX, "8.00 EB"),
        ] {
            assert_eq!(binary_prefix(bytes), text, "{bytes}");
        }
    }
}
