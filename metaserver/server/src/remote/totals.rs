//! The namespace's totals in the copy's form, and back.

use metafs_namespace::recovery::CopyTotals;
use metafs_replication::{ReplicaError, Totals};

/// What is in no row of the copy, besides the next inode's id.
#[derive(serde::Serialize, serde::Deserialize)]
struct Counters {
    time_ms: i64,
    state_id: u64,
}

/// For the copy.
pub(super) fn to_copy(totals: CopyTotals) -> Result<Totals, ReplicaError> {
    let CopyTotals { directories, files, length, checksum, next_inode, time_ms, state_id } = totals;
    let counters = postcard::to_stdvec(&Counters { time_ms, state_id })
        .map_err(|e| ReplicaError(format!("the totals cannot be encoded: {e}")))?;
    Ok(Totals {
        folders: directories,
        files,
        bytes: length,
        checksum,
        next_inode,
        counters: counters.into(),
    })
}

/// From the copy.
pub(super) fn from_copy(totals: &Totals) -> Result<CopyTotals, ReplicaError> {
    let Totals { folders, files, bytes, checksum, next_inode, counters } = totals;
    let Counters { time_ms, state_id } = postcard::from_bytes(counters)
        .map_err(|e| ReplicaError(format!("the copy's counters cannot be read: {e}")))?;
    Ok(CopyTotals {
        directories: *folders,
        files: *files,
        length: *bytes,
        checksum: *checksum,
        next_inode: *next_inode,
        time_ms,
        state_id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let totals = CopyTotals {
            directories: 1,
            files: 2,
            length: 3,
            checksum: 4 << 100,
            next_inode: 5,
            time_ms: -6,
            state_id: 7,
        };
        let copied = to_copy(totals).unwrap();
        assert_eq!(from_copy(&copied).unwrap(), totals);
        let cut = Totals { counters: copied.counters.slice(1..), ..copied };
        assert!(from_copy(&cut).is_err());
    }
}
