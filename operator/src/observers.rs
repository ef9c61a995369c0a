//! Whether the declared observers answer reads, and if not, why: the condition `ObserversReady`.
//! Pure.

use metafs_admin_api::Role;
use metafs_crds::{MetadataClusterStatus, condition};
use metafs_namespace::settings::MemberRole;

use crate::decide::why_unready;
use crate::validate::ValidatedCluster;
use crate::view::{MemberView, View};

/// An observer leads, as no standby is left.
pub const PROMOTED: &str = "Promoted";
/// Roles were forced on members.
const FORCED: &str = "Forced";
/// An observer leads and a standby is about to.
const HANDING_OVER: &str = "HandingOver";

/// What there is to say about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observers {
    /// Declared by the resource.
    pub wanted: u32,
    /// Those of them that answer reads.
    pub serving: u32,
    reason: &'static str,
    message: String,
}

impl Observers {
    /// What is seen of those that `cluster` declares.
    pub fn new(
        cluster: &ValidatedCluster,
        view: &View,
        before: Option<&MetadataClusterStatus>,
    ) -> Self {
        let declared = &cluster.settings.observers;
        let wanted = cluster.observers + cluster.read_replicas;
        let of = |name: &String| view.member(name);
        let serves = |member: &MemberView| member.ready() && member.role() == Some(Role::Observer);
        let serving = declared.iter().filter_map(of).filter(|member| serves(member)).count();
        let serving = u32::try_from(serving).unwrap_or(u32::MAX);

        let leader = view.leader().map(|leader| &leader.member.name);
        let leads = leader.filter(|name| declared.contains(*name));
        let (reason, message) = if let Some(forced) = forced(view) {
            (FORCED, forced)
        } else if let Some(name) = leads {
            if standby_is_left(view) && !was_promoted(before) {
                (HANDING_OVER, format!("{name} leads and is to observe: it hands over"))
            } else {
                (PROMOTED, format!("{name} leads until a standby is back"))
            }
        } else if wanted == 0 {
            ("NoneWanted", "spec.observers and spec.readReplicas are 0".to_owned())
        } else if serving == wanted {
            ("AllServe", format!("{serving} of {wanted} observers serve reads"))
        } else {
            let why: Vec<String> = declared
                .iter()
                .filter(|name| !of(name).is_some_and(serves))
                .map(|name| match of(name) {
                    Some(member) if member.ready() => format!("{name} does not observe yet"),
                    Some(member) => why_unready(member),
                    None => format!("{name} has no pod yet"),
                })
                .collect();
            ("NotReady", why.join("; "))
        };
        Self { wanted, serving, reason, message }
    }

    /// The condition: whether, why, and the same for people.
    pub fn tell(&self) -> (bool, &'static str, String) {
        (self.serving == self.wanted, self.reason, self.message.clone())
    }
}

/// The roles that were forced, if any.
fn forced(view: &View) -> Option<String> {
    let forced = view.forced_roles().filter(|forced| !forced.is_empty())?;
    let roles: Vec<String> = forced
        .iter()
        .map(|(name, role)| match role {
            MemberRole::Standby => format!("{name} to be a standby"),
            MemberRole::Observer => format!("{name} to be an observer"),
        })
        .collect();
    Some(format!(
        "haadmin forced {}: the next change of the spec ends that, or annotation {}",
        roles.join(", "),
        metafs_crds::RESTORE_ROLES
    ))
}

/// Whether a member could take over from an observer that leads.
fn standby_is_left(view: &View) -> bool {
    view.members.iter().any(|member| member.ready() && member.role() == Some(Role::Standby))
}

/// It stays promoted until it leads no more, whoever is back in the meantime.
fn was_promoted(before: Option<&MetadataClusterStatus>) -> bool {
    before.is_some_and(|before| {
        before
            .conditions
            .iter()
            .any(|c| c.type_ == condition::OBSERVERS_READY && c.reason == PROMOTED)
    })
}
