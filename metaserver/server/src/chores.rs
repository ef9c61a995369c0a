//! What the leader does unasked: cleaning up behind deleted trees and closing files whose lease
//! ran out; nothing in a namespace that is recovered. The decision is pure ([`next`]); [`run`] carries it out while this server leads.

use std::sync::Arc;
use std::time::Duration;

use metafs_consensus::{Node, ProposeError, Role};
use metafs_namespace::settings::TablestoreMode;
use metafs_namespace::{Op, Reply, RowsError};

use crate::service::{Shared, now_ms};

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
    /// The namespace is (being) recovered and must stay as it is.
    pub read_only: bool,
    /// Deleted trees are left to remove.
    pub reap_pending: bool,
    /// A lease passed the hard limit.
    pub leases_expired: bool,
}

/// The next step, if there is one. Leases first: a waiting client may depend on it.
pub fn next(seen: Seen) -> Option<Op> {
    let Seen { leads, read_only, reap_pending, leases_expired } = seen;
    if !leads || read_only {
        None
    } else if leases_expired {
        Some(Op::ExpireLeases { max_files: LEASE_STEP })
    } else if reap_pending {
        Some(Op::Reap { max_inodes: REAP_STEP })
    } else {
        None
    }
}

fn look(node: &Node) -> Result<Seen, RowsError> {
    let leads = matches!(node.role().borrow().role, Role::Leader { confirmed: true });
    if !leads {
        return Ok(Seen { leads, read_only: false, reap_pending: false, leases_expired: false });
    }
    node.view(|view| {
        Ok(Seen {
            leads,
            read_only: view.tablestore_mode()? == TablestoreMode::Recovery,
            reap_pending: view.pending_reap(),
            leases_expired: view.leases_expired(now_ms())?,
        })
    })?
}

/// Does the chores for as long as the server runs.
pub async fn run(shared: Arc<Shared>, node: Arc<Node>) {
    let mut pause = tokio::time::interval(IDLE);
    pause.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        pause.tick().await;
        loop {
            let step = match look(&node) {
                Ok(seen) => next(seen),
                Err(error) => {
                    tracing::error!(%error, "chores cannot read the namespace");
                    None
                }
            };
            let Some(op) = step else { break };
            match shared.propose(op).await {
                Ok(applied) => match applied.reply {
                    Ok(Reply::Progress { done, more }) => {
                        tracing::debug!(done, more, "chore done");
                        // Clients' commands go between the steps.
                        tokio::task::yield_now().await;
                    }
                    Ok(_) => break,
                    Err(error) => {
                        tracing::warn!(%error, "chore refused");
                        break;
                    }
                },
                Err(ProposeError::Stopped(_)) => return,
                Err(error) => {
                    tracing::debug!(%error, "chore put off");
                    break;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_leader_works_and_leases_go_first() {
        let all = Seen { leads: true, read_only: false, reap_pending: true, leases_expired: true };
        assert_eq!(next(Seen { leads: false, ..all }), None);
        assert!(matches!(next(all), Some(Op::ExpireLeases { .. })));
        assert!(matches!(next(Seen { leases_expired: false, ..all }), Some(Op::Reap { .. })));
        assert_eq!(next(Seen { reap_pending: false, leases_expired: false, ..all }), None);
        assert_eq!(next(Seen { read_only: true, ..all }), None);
    }
}
