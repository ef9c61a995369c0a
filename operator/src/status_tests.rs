use super::*;
use crate::decide::{decide, world::World};
use crate::validate::tests::valid;
use metafs_crds::MetadataClusterSpec;

pub(crate) fn settled() -> World {
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

pub(crate) fn of(
    world: &World,
    spec: MetadataClusterSpec,
    before: Option<&MetadataClusterStatus>,
    at: i64,
) -> MetadataClusterStatus {
    let view = world.view();
    let now = Timestamp::from_second(at).unwrap();
    status(&valid(spec), &view, &decide(&view), &Obstacles::default(), before, now)
}

pub(crate) fn condition<'a>(status: &'a MetadataClusterStatus, type_: &str) -> &'a Condition {
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

pub(crate) fn reasons(
    before: &MetadataClusterStatus,
    after: &MetadataClusterStatus,
) -> Vec<&'static str> {
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
