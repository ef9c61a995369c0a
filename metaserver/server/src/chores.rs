//! What the leader does unasked: cleaning up behind deleted trees and closing files whose lease
//! ran out. The decision is pure ([`next`]); [`run`] carries it out while this server leads.

use std::time::Duration;

use metafs_namespace::Op;

/// Inodes removed by one step: small enough that a client's command never waits long behind one.
const REAP_STEP: u32 = 512;
/// Files closed by one step.
const LEASE_STEP: u32 = 256;
/// Pause when there is nothing to do.
pub const IDLE: Duration = Duration::from_secs(1);

/// What the decision looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// This server leads, its term confirmed.
    pub leads: bool,
    /// Deleted trees are left to remove.
    pub reap_pending: bool,
    /// A lease passed the hard limit.
    pub leases_expired: bool,
}

/// The next step, if there is one. Leases first: a waiting client may depend on it.
pub fn next(seen: Seen) -> Option<Op> {
    let Seen { leads, reap_pending, leases_expired } = seen;
    if !leads {
        None
    } else if leases_expired {
        Some(Op::ExpireLeases { max_files: LEASE_STEP })
    } else if reap_pending {
        Some(Op::Reap { max_inodes: REAP_STEP })
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_leader_works_and_leases_go_first() {
        let all = Seen { leads: true, reap_pending: true, leases_expired: true };
        assert_eq!(next(Seen { leads: false, ..all }), None);
        assert!(matches!(next(all), Some(Op::ExpireLeases { .. })));
        assert!(matches!(next(Seen { leases_expired: false, ..all }), Some(Op::Reap { .. })));
        assert_eq!(next(Seen { leads: true, reap_pending: false, leases_expired: false }), None);
    }
}
