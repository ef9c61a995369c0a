//! Watches the data volume: a server must stop while there is still room to close its files in
//! order, and must not start without room to work. Decisions are pure; measuring is at the edge.

use std::path::Path;

use rustix::fs::statvfs;

/// Space of the volume and of the data directory on it, bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Space {
    /// Free for an unprivileged process.
    pub free: u64,
    /// Size of the volume.
    pub total: u64,
}

/// Kept free: enough to flush what is in memory and to close RocksDB in order.
const RESERVE: u64 = 96 << 20;

impl Space {
    /// Measures the volume that holds `dir`.
    ///
    /// # Errors
    /// The volume cannot be asked.
    pub fn of(dir: &Path) -> std::io::Result<Self> {
        let stat = statvfs(dir)?;
        Ok(Self { free: stat.f_bavail * stat.f_frsize, total: stat.f_blocks * stat.f_frsize })
    }

    /// What must stay free: [`RESERVE`], but never more than a tenth of a small volume.
    pub fn reserve(self) -> u64 {
        RESERVE.min(self.total / 10)
    }

    /// Why a server on this volume must not serve, if so. `stopped`: it already stopped for this
    /// reason; it goes on only with twice the reserve, so that it does not flap.
    pub fn too_full(self, stopped: bool) -> Option<String> {
        let needed = if stopped { self.reserve() * 2 } else { self.reserve() };
        (self.free < needed).then(|| {
            format!(
                "disk full: {} MiB free of {} MiB, {} MiB needed; enlarge the volume or free space on it",
                self.free >> 20,
                self.total >> 20,
                needed >> 20,
            )
        })
    }
}

/// Bytes of all files below `dir`, hard links counted once each. Files that vanish meanwhile
/// (compaction) are left out.
pub fn usage(dir: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return 0;
    };
    entries
        .filter_map(Result::ok)
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => usage(&entry.path()),
            Ok(meta) => meta.len(),
            Err(_) => 0,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stops_below_the_reserve_and_goes_on_above_twice_of_it() {
        let space = |free_mib: u64| Space { free: free_mib << 20, total: 10 << 30 };
        assert_eq!(space(97).too_full(false), None);
        assert!(
            space(95)
                .too_full(false)
                .is_some_and(|reason| reason.starts_with("disk full: 95 MiB free"))
        );
        assert!(space(191).too_full(true).is_some());
        assert_eq!(space(192).too_full(true), None);
    }

    #[test]
    fn a_small_volume_keeps_a_tenth() {
        let space = Space { free: 11 << 20, total: 100 << 20 };
        assert_eq!(space.too_full(false), None);
        assert!(space.too_full(true).is_some());
    }
}
