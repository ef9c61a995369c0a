//! Step 8: the status of the resource, from what was seen and decided. Pure; and what of it is
//! worth writing.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use k8s_openapi::jiff::Timestamp;
use metafs_admin_api::Role;
use metafs_crds::{ForcedRole, MemberRole, MemberStatus, MetadataClusterStatus, condition};
use metafs_namespace::settings;

use crate::build::discovery;
use crate::decide::{Decision, Reason, why_unready};
use crate::names::{self, Group};
use crate::observers::Observers;
use crate::validate::{Invalid, ValidatedCluster};
use crate::view::{MemberView, View};

/// What stands in the way beside the decision.
#[derive(Clone, Debug, Default)]
pub struct Obstacles {
    /// An object that Kubernetes refuses.
    pub refused_object: Option<String>,
    /// A step that failed just now.
    pub failed_step: Option<String>,
}

/// What the conditions say.
struct Verdict {
    reason: &'static str,
    message: String,
    ready: bool,
    progressing: bool,
    stalled: bool,
}

/// The status after a pass.
pub fn status(
    cluster: &ValidatedCluster,
    view: &View,
    decision: &Decision,
    obstacles: &Obstacles,
    before: Option<&MetadataClusterStatus>,
    now: Timestamp,
) -> MetadataClusterStatus {
    let leader = view.leader();
    let ready_count = view.wanted_members().filter(|member| member.ready()).count();
    let verdict = verdict(cluster, view, decision, obstacles, before);
    let available = match leader {
        Some(leader) if leader.status.health.ready => {
            (true, "LeaderServes", format!("{} serves clients", leader.member.name))
        }
        Some(leader) => (false, "LeaderNotReady", why_unready(leader.member)),
        None => (false, decision.reason.as_str(), decision.message.clone()),
    };
    let observers = Observers::new(cluster, view, before);
    let conditions =
        conditions(cluster.generation, &verdict, available, observers.tell(), before, now);
    let members: Vec<MemberStatus> = view
        .members
        .iter()
        .filter(|member| member.pod.is_some() || view.wants(member))
        .map(|member| member_status(view, member, before))
        .collect();

    // What the leader counts; while there is none, what was last known.
    let figures = leader.map(|leader| &leader.status.namespace);
    let keep = |now: Option<u64>, old: Option<i64>| now.map(clamp).or(old);
    MetadataClusterStatus {
        observed_generation: Some(cluster.generation),
        conditions,
        replicas: count(view.voting().filter(|member| member.pod.is_some()).count()),
        ready_replicas: count(ready_count),
        ready: Some(format!("{ready_count}/{}", cluster.replicas)),
        observers_ready: Some(format!("{}/{}", observers.serving, observers.wanted)),
        roles: Some(roles(&members)),
        selector: Some(names::query(&names::selector(&cluster.name, Group::Voters))),
        cluster_id: view.record.cluster_id.clone(),
        uri: Some(discovery::uri(&cluster.nameservice)),
        rpc_uri: Some(discovery::rpc_uri(&cluster.nameservice)),
        leader: leader.map(|leader| leader.member.name.clone()),
        term: keep(leader.map(|leader| leader.status.term), before.and_then(|b| b.term)),
        version: version(view).or_else(|| before.and_then(|b| b.version.clone())),
        files: keep(figures.map(|f| f.files), before.and_then(|b| b.files)),
        directories: keep(figures.map(|f| f.directories), before.and_then(|b| b.directories)),
        bytes: keep(figures.map(|f| f.bytes), before.and_then(|b| b.bytes)),
        members,
    }
}

/// The status of a resource that cannot be worked with.
pub fn invalid(
    generation: i64,
    why: &Invalid,
    before: Option<&MetadataClusterStatus>,
    now: Timestamp,
) -> MetadataClusterStatus {
    let verdict = Verdict {
        reason: "InvalidSpec",
        message: why.to_string(),
        ready: false,
        progressing: false,
        stalled: true,
    };
    let mut status = before.cloned().unwrap_or_default();
    // The servers do not know: they serve on as they did.
    let kept = |type_: &str| {
        let old = before.and_then(|before| before.conditions.iter().find(|c| c.type_ == type_));
        match old {
            Some(c) => (c.status == "True", c.reason.as_str(), c.message.clone()),
            None => (false, verdict.reason, verdict.message.clone()),
        }
    };
    let (available, observers) = (kept(condition::AVAILABLE), kept(condition::OBSERVERS_READY));
    status.conditions = conditions(generation, &verdict, available, observers, before, now);
    status.observed_generation = Some(generation);
    status
}

fn verdict(
    cluster: &ValidatedCluster,
    view: &View,
    decision: &Decision,
    obstacles: &Obstacles,
    before: Option<&MetadataClusterStatus>,
) -> Verdict {
    let all_ready = view.all_wanted().all(MemberView::ready) && view.leader().is_some();
    if cluster.paused {
        return Verdict {
            reason: "Paused",
            message: format!("spec.paused: the operator changes nothing. {}", decision.message),
            ready: all_ready,
            progressing: false,
            stalled: false,
        };
    }
    if let Some(refused) = &obstacles.refused_object {
        return Verdict {
            reason: "ObjectRefused",
            message: format!("Kubernetes refuses an object: {refused}"),
            ready: false,
            progressing: false,
            stalled: true,
        };
    }
    // A roll lasts until its last pod is ready again, whatever that pod looks like meanwhile: for a
    // moment it may be ready to Kubernetes and silent to us. The message says who is waited for.
    let was_rolling = before.is_some_and(|before| {
        before.conditions.iter().any(|c| {
            c.type_ == condition::PROGRESSING
                && c.status == "True"
                && c.reason == Reason::Rolling.as_str()
        })
    });
    let reason = match decision.reason {
        Reason::Starting | Reason::Electing | Reason::Degraded if was_rolling => Reason::Rolling,
        other => other,
    };
    let message = match &obstacles.failed_step {
        Some(failed) => format!("{}; not done yet: {failed}", decision.message),
        None => decision.message.clone(),
    };
    Verdict {
        reason: reason.as_str(),
        message,
        ready: reason == Reason::Ready && all_ready,
        progressing: reason.is_progressing(),
        stalled: reason.is_stalled(),
    }
}

fn conditions(
    generation: i64,
    verdict: &Verdict,
    (available, available_reason, available_message): (bool, &str, String),
    (observers, observers_reason, observers_message): (bool, &str, String),
    before: Option<&MetadataClusterStatus>,
    now: Timestamp,
) -> Vec<Condition> {
    let Verdict { reason, message, ready, progressing, stalled } = verdict;
    // A reason where there is nothing to tell.
    let or = |is: bool, otherwise: &str, words: &str| match is {
        true => ((*reason).to_owned(), message.clone()),
        false => (otherwise.to_owned(), words.to_owned()),
    };
    let (progressing_reason, progressing_message) = or(
        *progressing,
        if *reason == "Paused" { "Paused" } else { "Settled" },
        "nothing is under way",
    );
    let (stalled_reason, stalled_message) = or(*stalled, "NotStalled", "nothing waits for a hand");
    [
        (condition::READY, *ready, (*reason).to_owned(), message.clone()),
        (condition::AVAILABLE, available, available_reason.to_owned(), available_message),
        (condition::PROGRESSING, *progressing, progressing_reason, progressing_message),
        (condition::STALLED, *stalled, stalled_reason, stalled_message),
        (condition::OBSERVERS_READY, observers, observers_reason.to_owned(), observers_message),
    ]
    .into_iter()
    .map(|(type_, is, reason, message)| {
        let status = if is { "True" } else { "False" };
        let old = before.and_then(|before| before.conditions.iter().find(|c| c.type_ == type_));
        let since =
            old.filter(|old| old.status == status).map(|old| old.last_transition_time.clone());
        Condition {
            type_: type_.to_owned(),
            status: status.to_owned(),
            reason,
            message: message.chars().take(4000).collect(),
            observed_generation: Some(generation),
            last_transition_time: since.unwrap_or(Time(seconds(now))),
        }
    })
    .collect()
}

/// Kubernetes keeps whole seconds; what is compared must too.
fn seconds(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

/// The role that was forced on a member; while nobody answers, what was last known.
fn forced_role(
    view: &View,
    member: &MemberView,
    before: Option<&MetadataClusterStatus>,
) -> Option<ForcedRole> {
    let Some(forced) = view.forced_roles() else {
        return before?.members.iter().find(|old| old.name == member.name)?.forced_role;
    };
    Some(match forced.get(&member.name)? {
        settings::MemberRole::Standby => ForcedRole::Standby,
        settings::MemberRole::Observer => ForcedRole::Observer,
    })
}

fn member_status(
    view: &View,
    member: &MemberView,
    before: Option<&MetadataClusterStatus>,
) -> MemberStatus {
    let leader = view.leader();
    let server = member.server.as_ref();
    let role = match server.map(|server| server.role) {
        None => MemberRole::Unknown,
        // An old leader that does not know yet that it was replaced is none.
        Some(Role::Active) if leader.is_some_and(|leader| leader.member.name == member.name) => {
            MemberRole::Leader
        }
        Some(Role::Active | Role::Standby) => MemberRole::Follower,
        Some(Role::Observer) => MemberRole::Observer,
        Some(Role::Learner) => MemberRole::Learner,
        Some(Role::None) => MemberRole::Outside,
    };
    let lag = leader
        .zip(server)
        .map(|(leader, server)| leader.status.last_log_index.saturating_sub(server.applied_index));
    MemberStatus {
        name: member.name.clone(),
        role,
        forced_role: forced_role(view, member, before),
        ready: member.ready(),
        node_id: server.map(|server| server.node_id.to_string()),
        applied_index: server.map(|server| clamp(server.applied_index)),
        lag: lag.map(clamp),
        disk_used_bytes: server.map(|server| clamp(server.disk_used_bytes)),
        message: (!member.ready()).then(|| why_unready(member)),
    }
}

/// The roles in one line, in HDFS's words.
fn roles(members: &[MemberStatus]) -> String {
    let role = |member: &MemberStatus| {
        let role = match member.role {
            MemberRole::Leader => "active",
            MemberRole::Follower => "standby",
            MemberRole::Observer => "observer",
            MemberRole::Learner => "learner",
            MemberRole::Outside => "outside",
            MemberRole::Unknown => "unknown",
        };
        format!("{}={role}", member.name)
    };
    members.iter().map(role).collect::<Vec<_>>().join(",")
}

/// The lowest version among the members that answer.
fn version(view: &View) -> Option<String> {
    let key = |version: &String| -> Vec<u64> {
        version.split(['.', '-']).map(|part| part.parse().unwrap_or(0)).collect()
    };
    view.members.iter().filter_map(|m| m.server.as_ref()).map(|s| s.version.clone()).min_by_key(key)
}

fn clamp(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn count(value: usize) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

/// The status without what changes all the time in a cluster that is well.
fn slow(status: &MetadataClusterStatus) -> MetadataClusterStatus {
    let mut slow = status.clone();
    slow.files = None;
    slow.directories = None;
    slow.bytes = None;
    for member in &mut slow.members {
        member.applied_index = None;
        member.lag = None;
        member.disk_used_bytes = None;
    }
    slow
}

/// Whether `after` is worth a write: at once if anything but fast numbers changed, and those only
/// when the last write is long enough ago.
pub fn worth_writing(
    before: Option<&MetadataClusterStatus>,
    after: &MetadataClusterStatus,
    fast_due: bool,
) -> bool {
    match before {
        None => true,
        Some(before) if before == after => false,
        Some(before) => fast_due || slow(before) != slow(after),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::{decide, world::World};
    use crate::validate::tests::valid;
    use metafs_crds::MetadataClusterSpec;

    fn settled() -> World {
        settled_with(0)
    }

    fn settled_with(observers: u32) -> World {
        let mut world = World::new(3);
        world.observers = observers;
        for _ in 0..20 {
            world.tick();
            if let Some(step) = decide(&world.view()).step {
                world.apply(&step);
            }
        }
        world
    }

    fn of(
        world: &World,
        spec: MetadataClusterSpec,
        before: Option<&MetadataClusterStatus>,
        at: i64,
    ) -> MetadataClusterStatus {
        let view = world.view();
        let now = Timestamp::from_second(at).unwrap();
        status(&valid(spec), &view, &decide(&view), &Obstacles::default(), before, now)
    }

    fn condition<'a>(status: &'a MetadataClusterStatus, type_: &str) -> &'a Condition {
        status.conditions.iter().find(|c| c.type_ == type_).unwrap()
    }

    #[test]
    fn a_cluster_that_is_well_says_so_and_does_not_churn() {
        let world = settled();
        let first = of(&world, MetadataClusterSpec::default(), None, 100);
        assert_eq!(condition(&first, "Ready").status, "True");
        assert_eq!(condition(&first, "Available").status, "True");
        assert_eq!(condition(&first, "Progressing").status, "False");
        assert_eq!(condition(&first, "Stalled").status, "False");
        assert_eq!(first.ready.as_deref(), Some("3/3"));
        assert_eq!(first.uri.as_deref(), Some("webhdfs://demo"));
        assert_eq!(first.rpc_uri.as_deref(), Some("hdfs://demo"));
        assert_eq!(first.observers_ready.as_deref(), Some("0/0"));
        assert_eq!(condition(&first, "ObserversReady").reason, "NoneWanted");
        assert_eq!(first.roles.as_deref(), Some("demo-0=active,demo-1=standby,demo-2=standby"));
        assert!(first.conditions.iter().all(|c| c.observed_generation == Some(7)));
        let second = of(&world, MetadataClusterSpec::default(), Some(&first), 900);
        assert!(!worth_writing(Some(&first), &second, true));
    }

    #[test]
    fn fast_numbers_wait_for_their_time_and_the_rest_does_not() {
        let first = of(&settled(), MetadataClusterSpec::default(), None, 100);
        let mut second = first.clone();
        second.files = Some(77);
        second.members[1].lag = Some(3);
        assert!(!worth_writing(Some(&first), &second, false));
        assert!(worth_writing(Some(&first), &second, true));
        second.leader = Some("demo-1".into());
        assert!(worth_writing(Some(&first), &second, false));
        assert!(worth_writing(None, &second, false));
    }

    fn observed() -> MetadataClusterSpec {
        MetadataClusterSpec { observers: 1, ..MetadataClusterSpec::default() }
    }

    fn reasons(before: &MetadataClusterStatus, after: &MetadataClusterStatus) -> Vec<&'static str> {
        let notes = crate::events::changes(Some(before), after);
        notes.into_iter().map(|note| note.reason).collect()
    }

    #[test]
    fn observers_are_shown_and_counted() {
        let world = settled_with(1);
        let status = of(&world, observed(), None, 100);
        assert_eq!(status.observers_ready.as_deref(), Some("1/1"));
        assert_eq!(status.roles.as_deref(), Some("demo-0=active,demo-1=standby,demo-2=observer"));
        let ready = condition(&status, "ObserversReady");
        assert_eq!((ready.status.as_str(), ready.reason.as_str()), ("True", "AllServe"));

        let mut world = world;
        if let Some(pod) = world.pods.get_mut(&2) {
            pod.crashed = true;
        }
        world.tick();
        let status = of(&world, observed(), None, 100);
        let ready = condition(&status, "ObserversReady");
        assert_eq!((ready.status.as_str(), ready.reason.as_str()), ("False", "NotReady"));
        assert!(ready.message.contains("demo-2 does not answer"), "{}", ready.message);
    }

    #[test]
    fn a_promoted_observer_is_told_and_so_is_its_demotion() {
        let mut world = settled_with(1);
        let before = of(&world, observed(), None, 100);
        // Crashed, they are started again; the observer is all there is.
        for ordinal in [0, 1] {
            world.force_silent(ordinal, true);
        }
        world.leader = world.volumes.get(&2).map(|volume| volume.node);
        let promoted = of(&world, observed(), Some(&before), 200);
        assert_eq!(condition(&promoted, "ObserversReady").reason, "Promoted");
        assert!(reasons(&before, &promoted).contains(&"ObserverPromoted"));

        // A standby is back; until it leads, nothing is said.
        world.force_silent(1, false);
        let waiting = of(&world, observed(), Some(&promoted), 300);
        assert_eq!(condition(&waiting, "ObserversReady").reason, "Promoted");
        world.leader = world.volumes.get(&1).map(|volume| volume.node);
        let demoted = of(&world, observed(), Some(&waiting), 400);
        assert_eq!(condition(&demoted, "ObserversReady").reason, "AllServe");
        let told = reasons(&waiting, &demoted);
        assert!(told.contains(&"ObserverDemoted"), "{told:?}");
    }

    #[test]
    fn a_leader_that_becomes_an_observer_is_not_promoted() {
        let mut world = settled_with(1);
        world.leader = world.volumes.get(&2).map(|volume| volume.node);
        let before = of(&settled(), MetadataClusterSpec::default(), None, 100);
        let status = of(&world, observed(), Some(&before), 200);
        assert_eq!(condition(&status, "ObserversReady").reason, "HandingOver");
        assert!(!reasons(&before, &status).contains(&"ObserverPromoted"));
    }

    #[test]
    fn forced_roles_are_shown_until_they_are_given_back() {
        let mut world = settled_with(1);
        let before = of(&world, observed(), None, 100);
        world.forced.insert("demo-2".into(), settings::MemberRole::Standby);
        let forced = of(&world, observed(), Some(&before), 200);
        assert_eq!(forced.members[2].forced_role, Some(ForcedRole::Standby));
        assert_eq!(forced.observers_ready.as_deref(), Some("0/1"));
        let told = condition(&forced, "ObserversReady");
        assert_eq!((told.status.as_str(), told.reason.as_str()), ("False", "Forced"));
        assert_eq!(reasons(&before, &forced), ["RolesForced"]);
        // Nobody answers: nothing says that they were given back.
        let mut silent = world.clone();
        for ordinal in 0..3 {
            silent.force_silent(ordinal, true);
        }
        let unknown = of(&silent, observed(), Some(&forced), 250);
        assert!(!reasons(&forced, &unknown).contains(&"RolesRestored"));
        world.forced.clear();
        let restored = of(&world, observed(), Some(&forced), 300);
        assert_eq!(reasons(&forced, &restored), ["RolesRestored"]);
        assert_eq!(condition(&restored, "ObserversReady").status, "True");
    }

    #[test]
    fn figures_survive_the_loss_of_the_leader() {
        let mut world = settled();
        let first = of(&world, MetadataClusterSpec::default(), None, 100);
        for pod in world.pods.values_mut() {
            pod.crashed = true;
        }
        world.tick();
        let second = of(&world, MetadataClusterSpec::default(), Some(&first), 200);
        assert_eq!(second.directories, first.directories);
        assert_eq!(second.leader, None);
        assert_eq!(condition(&second, "Available").status, "False");
        assert_eq!(
            condition(&second, "Ready").last_transition_time,
            Time(Timestamp::from_second(200).unwrap())
        );
    }

    #[test]
    fn a_roll_lasts_until_its_last_pod_is_ready() {
        let world = settled();
        let decide_as = |reason, before: Option<&MetadataClusterStatus>| {
            let decision = Decision::wait(reason, "demo-2 does not answer");
            let cluster = valid(MetadataClusterSpec::default());
            let now = Timestamp::from_second(100).unwrap();
            status(&cluster, &world.view(), &decision, &Obstacles::default(), before, now)
        };
        let rolling = decide_as(Reason::Rolling, None);
        let silent = decide_as(Reason::Degraded, Some(&rolling));
        assert_eq!(condition(&silent, "Progressing").reason, "Rolling");
        let settled = decide_as(Reason::Ready, Some(&silent));
        let told = crate::events::changes(Some(&silent), &settled);
        assert!(told.iter().any(|note| note.reason == "RollFinished"), "{told:?}");
        let degraded = decide_as(Reason::Degraded, Some(&settled));
        assert_eq!(condition(&degraded, "Ready").reason, "Degraded");
    }

    #[test]
    fn paused_says_so_and_still_tells_health() {
        let spec = MetadataClusterSpec { paused: true, ..MetadataClusterSpec::default() };
        let status = of(&settled(), spec, None, 100);
        let ready = condition(&status, "Ready");
        assert_eq!((ready.status.as_str(), ready.reason.as_str()), ("True", "Paused"));
    }

    #[test]
    fn an_invalid_spec_is_stalled_and_keeps_what_was_known() {
        let first = of(&settled(), MetadataClusterSpec::default(), None, 100);
        let why = Invalid::Field { field: "spec.replicas", message: "must be odd".into() };
        let status = invalid(8, &why, Some(&first), Timestamp::from_second(200).unwrap());
        assert_eq!(condition(&status, "Stalled").status, "True");
        assert_eq!(condition(&status, "Available").status, "True");
        assert_eq!(status.leader, first.leader);
        assert_eq!(status.observed_generation, Some(8));
    }
}
