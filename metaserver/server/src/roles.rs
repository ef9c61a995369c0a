//! What this server is to clients, from Raft's role and the declared one; and the two things that a
//! declared role changes in Raft: an observer does not campaign while anybody else can lead, and
//! an observer that leads all the same hands over as soon as a standby can take it.
//!
//! The decisions are pure ([`ha_state`], [`next`]); [`run`] carries them out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use metafs_consensus::{Node, Role, Status};
use metafs_door::HaState;
use metafs_namespace::Settings;
use metafs_namespace::settings::MemberRole;

use crate::observer::ReadMetrics;

/// How many election timeouts without a leader make an observer campaign. It may hold the only
/// copy of the last committed entry, so without its candidacy nobody might ever be elected.
const LAST_RESORT: u32 = 2;

/// An observer that leads tries to hand over this often.
const HAND_OVER_PAUSE: Duration = Duration::from_secs(2);

/// What a server in Raft's role `role` with the declared role is to clients.
pub fn ha_state(role: Role, declared: Option<MemberRole>) -> HaState {
    match (role, declared) {
        (Role::Pristine, _) | (_, None) => HaState::Initializing,
        (Role::Leader { confirmed: true }, _) => HaState::Active,
        (Role::Leader { confirmed: false }, _) => HaState::Standby,
        (Role::Learner | Role::Follower | Role::Candidate, Some(MemberRole::Observer)) => {
            HaState::Observer
        }
        (Role::Learner | Role::Follower | Role::Candidate, Some(MemberRole::Standby)) => {
            HaState::Standby
        }
    }
}

/// What [`next`] looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    /// The declared role.
    declared: MemberRole,
    /// Leads.
    leads: bool,
    /// For how long no leader was heard from.
    silence: Duration,
    /// The longest election timeout.
    election_max: Duration,
    /// A standby that votes, answers and has caught up.
    standby: Option<u64>,
}

/// What has to be so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wanted {
    /// Whether this member campaigns.
    campaign: bool,
    /// Whom to hand the leadership to.
    hand_over: Option<u64>,
}

fn next(seen: Seen) -> Wanted {
    let Seen { declared, leads, silence, election_max, standby } = seen;
    match declared {
        MemberRole::Standby => Wanted { campaign: true, hand_over: None },
        MemberRole::Observer => Wanted {
            campaign: leads || silence >= election_max * LAST_RESORT,
            hand_over: standby.filter(|_| leads),
        },
    }
}

/// A standby that could take over from this leader.
fn fit_standby(status: &Status, settings: &Settings, live: Duration) -> Option<u64> {
    let live = u64::try_from(live.as_millis()).unwrap_or(u64::MAX);
    status
        .members
        .iter()
        .filter(|(_, member)| {
            member.voter && settings.role_of(&member.peer.name) == MemberRole::Standby
        })
        .filter_map(|(id, _)| Some((*id, status.peers.get(id)?)))
        .filter(|(_, peer)| peer.last_contact_ms.is_some_and(|ms| ms <= live))
        .filter(|(_, peer)| peer.matched.is_some_and(|matched| matched >= status.committed))
        .max_by_key(|(_, peer)| peer.matched)
        .map(|(id, _)| id)
}

/// The declared role; `None` before formation.
pub fn declared(node: &Node) -> Option<MemberRole> {
    node.settings().map(|settings| settings.role_of(&node.own().name))
}

/// Looks once and sets what does not wait: at the start, before anything else happens.
pub fn settle(node: &Node, election_max: Duration) {
    let declared = declared(node).unwrap_or(MemberRole::Standby);
    let seen = Seen {
        declared,
        leads: false,
        silence: node.leader_silence(),
        election_max,
        standby: None,
    };
    node.set_campaigning(next(seen).campaign);
}

/// Keeps Raft in line with the declared role for as long as the server runs.
pub async fn run(node: Arc<Node>, metrics: ReadMetrics, election_max: Duration) {
    let mut tick = tokio::time::interval((election_max / 8).max(Duration::from_millis(20)));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut campaigning, mut tried): (Option<bool>, Option<Instant>) = (None, None);
    let mut current = Instant::now();
    loop {
        tick.tick().await;
        let status = node.status();
        let leads = matches!(status.role, Role::Leader { .. });
        if leads || (status.caught_up && node.leader_silence() < election_max) {
            current = Instant::now();
        }
        metrics.lag(status.committed.saturating_sub(status.applied), current.elapsed());
        let Some(settings) = node.settings() else { continue };
        let seen = Seen {
            declared: settings.role_of(&node.own().name),
            leads,
            silence: node.leader_silence(),
            election_max,
            standby: leads.then(|| fit_standby(&status, &settings, election_max)).flatten(),
        };
        let Wanted { campaign, hand_over } = next(seen);
        if campaigning != Some(campaign) {
            if campaign && seen.declared == MemberRole::Observer && !leads {
                tracing::warn!("no leader is heard from: this observer campaigns");
            }
            node.set_campaigning(campaign);
            campaigning = Some(campaign);
        }
        if let Some(to) =
            hand_over.filter(|_| tried.is_none_or(|at| at.elapsed() > HAND_OVER_PAUSE))
        {
            tracing::info!("this leader is declared an observer: handing over");
            tried = Some(Instant::now());
            if let Err(error) = node.transfer_leader(Some(to)).await {
                tracing::warn!(%error, "the leadership was not handed over");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen() -> Seen {
        Seen {
            declared: MemberRole::Observer,
            leads: false,
            silence: Duration::from_millis(100),
            election_max: Duration::from_millis(300),
            standby: Some(3),
        }
    }

    #[test]
    fn an_observer_campaigns_as_the_last_resort_only() {
        assert_eq!(next(seen()), Wanted { campaign: false, hand_over: None });
        let silence = Duration::from_millis(600);
        assert_eq!(next(Seen { silence, ..seen() }), Wanted { campaign: true, hand_over: None });
        let standby = Seen { declared: MemberRole::Standby, ..seen() };
        assert_eq!(next(standby), Wanted { campaign: true, hand_over: None });
    }

    #[test]
    fn an_observer_that_leads_hands_over_to_a_standby() {
        let leads = Seen { leads: true, ..seen() };
        assert_eq!(next(leads), Wanted { campaign: true, hand_over: Some(3) });
        assert_eq!(next(Seen { standby: None, ..leads }).hand_over, None);
        let standby = Seen { declared: MemberRole::Standby, ..leads };
        assert_eq!(next(standby).hand_over, None);
    }

    #[test]
    fn states() {
        let declared = Some(MemberRole::Observer);
        assert_eq!(ha_state(Role::Leader { confirmed: true }, declared), HaState::Active);
        assert_eq!(ha_state(Role::Leader { confirmed: false }, declared), HaState::Standby);
        assert_eq!(ha_state(Role::Follower, declared), HaState::Observer);
        assert_eq!(ha_state(Role::Learner, declared), HaState::Observer);
        assert_eq!(ha_state(Role::Follower, Some(MemberRole::Standby)), HaState::Standby);
        assert_eq!(ha_state(Role::Follower, None), HaState::Initializing);
        assert_eq!(ha_state(Role::Pristine, declared), HaState::Initializing);
    }
}
