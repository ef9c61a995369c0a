//! Properties of the decisions over random histories of a modelled cluster, and the histories that
//! people ask about, one by one.

use proptest::prelude::*;

use super::world::{READ, World, name, ordinal};
use super::{Reason, Step, Upkeep, decide};
use crate::names::{self, Group};
use metafs_admin_api::NodeId;

/// What may happen to a cluster.
#[derive(Clone, Debug)]
enum Event {
    Scale(u32),
    Observe(u32),
    ReadReplicas(u32),
    Crash(u32),
    Heal(u32),
    CutOff(u32),
    LoseNode(u32),
    NodeComesBack(u32),
    Wipe(u32),
    NewTemplate {
        bad: bool,
    },
    /// The operator is killed after it decided.
    StepIsLost,
    Wait,
}

fn event() -> impl Strategy<Value = Event> {
    let ordinal = prop_oneof![4 => 0_u32..5, 1 => READ..READ + 2];
    prop_oneof![
        2 => prop_oneof![Just(1_u32), Just(3), Just(5)].prop_map(Event::Scale),
        2 => (0_u32..4).prop_map(Event::Observe),
        2 => (0_u32..3).prop_map(Event::ReadReplicas),
        3 => ordinal.clone().prop_map(Event::Crash),
        3 => ordinal.clone().prop_map(Event::Heal),
        2 => ordinal.clone().prop_map(Event::CutOff),
        2 => ordinal.clone().prop_map(Event::LoseNode),
        2 => ordinal.clone().prop_map(Event::NodeComesBack),
        2 => ordinal.prop_map(Event::Wipe),
        2 => any::<bool>().prop_map(|bad| Event::NewTemplate { bad }),
        2 => Just(Event::StepIsLost),
        8 => Just(Event::Wait),
    ]
}

/// Lets an event happen. Faults that alone would take the quorum do not happen: no operator can
/// mend those.
fn happen(world: &mut World, event: &Event) {
    let before = world.clone();
    match event {
        Event::Scale(wanted) => {
            world.wanted = *wanted;
            world.observers = world.observers.min(wanted.saturating_sub(2));
        }
        Event::Observe(observers) => {
            world.observers = (*observers).min(world.wanted.saturating_sub(2));
        }
        Event::ReadReplicas(readers) => world.readers = *readers,
        Event::Crash(ordinal) => {
            if let Some(pod) = world.pods.get_mut(ordinal) {
                pod.crashed = true;
            }
        }
        Event::Heal(ordinal) => {
            if let Some(pod) = world.pods.get_mut(ordinal) {
                pod.crashed = false;
                pod.unheard = false;
            }
        }
        Event::CutOff(ordinal) => {
            if let Some(pod) = world.pods.get_mut(ordinal) {
                pod.unheard = true;
            }
        }
        Event::LoseNode(ordinal) => {
            if let Some(pod) = world.pods.get_mut(ordinal) {
                pod.node_gone.get_or_insert(0);
            }
        }
        Event::NodeComesBack(ordinal) => {
            if let Some(pod) = world.pods.get_mut(ordinal) {
                pod.node_gone = None;
            }
        }
        // Between the record and the forming it is for a person to say what was meant.
        Event::Wipe(_) if world.record.cluster_id.is_some() && world.membership.is_none() => {}
        Event::Wipe(ordinal) => {
            world.pods.remove(ordinal);
            world.volumes.remove(ordinal);
        }
        Event::NewTemplate { bad } => {
            world.template += 1;
            if *bad {
                world.bad_templates.insert(world.template);
            }
        }
        Event::StepIsLost | Event::Wait => {}
    }
    let fault = matches!(event, Event::Crash(_) | Event::LoseNode(_) | Event::Wipe(_));
    if fault && before.membership.is_some() && !world.has_quorum() {
        *world = before;
    }
}

/// Decides, checks the decision against what must never happen, and carries it out.
fn pass(world: &mut World, lost: bool) -> Result<Reason, TestCaseError> {
    let decision = decide(&world.view());
    let Some(step) = &decision.step else { return Ok(decision.reason) };
    let before = world.clone();
    let had_quorum = before.has_quorum();

    match step {
        Step::Initialise { cluster_id, members, .. } => {
            prop_assert_eq!(before.formed_times, 0, "formed twice");
            prop_assert_eq!(Some(cluster_id), before.record.cluster_id.as_ref());
            let nodes = members.keys().copied().collect();
            prop_assert_eq!(&Some(nodes), &before.record.formed_of);
            let votes = members.values().all(|m| ordinal(&m.name).is_some_and(|o| o < READ));
            prop_assert!(votes, "formed with a read replica");
            prop_assert!(
                before.volumes.values().all(|volume| volume.cluster.is_none()),
                "a used volume"
            );
        }
        Step::TransferLeader { to, name: _ } => {
            let fit = |ordinal: &u32| {
                *ordinal < before.wanted
                    && before.up(*ordinal)
                    && !before.pods.get(ordinal).is_some_and(|pod| pod.unheard)
                    && before.volumes.get(ordinal).is_some_and(|v| {
                        v.behind == 0
                            && Some(v.node) != before.leader
                            && before
                                .membership
                                .as_ref()
                                .is_some_and(|m| m.voters.contains_key(&v.node))
                    })
            };
            let to = before.ordinal_of(*to).expect("a volume");
            if before.observes(to) {
                let standby = before.volumes.keys().find(|o| fit(o) && !before.observes(**o));
                prop_assert_eq!(standby, None, "handed over to an observer");
            }
        }
        Step::RemoveLearner { node, .. } => {
            let votes = before.membership.as_ref().is_some_and(|m| m.voters.contains_key(node));
            prop_assert!(!votes, "a voter removed as a learner");
        }
        Step::RecordFormation { .. } => {
            prop_assert_eq!(&before.record.cluster_id, &None, "a second identity");
        }
        Step::SetVoters { voters, .. } => {
            prop_assert_eq!(voters.len() % 2, 1, "an even number of voters");
            let alive = before
                .volumes
                .iter()
                .filter(|(o, v)| before.up(**o) && voters.contains(&v.node))
                .count();
            prop_assert!(alive > voters.len() / 2, "the new voters hold no quorum");
            let leader = before.leader.expect("a leader");
            prop_assert!(voters.contains(&leader), "the leader is removed without handing over");
            for node in voters {
                let reader = before.ordinal_of(*node).is_some_and(|ordinal| ordinal >= READ);
                prop_assert!(!reader, "a vote for a read replica");
                let is_voter =
                    before.membership.as_ref().is_some_and(|m| m.voters.contains_key(node));
                let behind =
                    before.volumes.values().find(|v| v.node == *node).map_or(0, |v| v.behind);
                prop_assert!(is_voter || behind == 0, "a vote for a member that lags");
            }
        }
        _ => {}
    }
    if !lost {
        world.apply(step);
    }
    // Nothing the operator does takes a quorum away that was there.
    let shrunk_to_one = world.membership.as_ref().is_some_and(|m| m.voters.len() == 1);
    let restart = matches!(step, Step::Restart { .. });
    // What is done about read replicas changes nothing for the voters.
    let about = match step {
        Step::Restart { pod, .. } => Some(pod.clone()),
        Step::ReplaceVolume { pod, .. } | Step::DeleteVolume { pod, .. } => Some(pod.clone()),
        Step::AddLearner { member, .. } => Some(member.name.clone()),
        Step::RemoveLearner { name, .. } => Some(name.clone()),
        Step::Shrink { group: Group::Readers, .. } => Some(name(READ)),
        _ => None,
    };
    if about.and_then(|name| ordinal(&name)).is_some_and(|ordinal| ordinal >= READ) {
        prop_assert_eq!(world.alive_voters(), before.alive_voters(), "{:?}", step);
        // One that is gone already may be replaced at any moment.
        if before.leader.is_some_and(|leader| before.alive_voters().contains(&leader)) {
            prop_assert_eq!(world.leader, before.leader, "{:?}", step);
        }
        let voters = |world: &World| world.membership.clone().map(|m| m.voters);
        prop_assert_eq!(voters(world), voters(&before), "{:?}", step);
    }
    if had_quorum && !(restart && shrunk_to_one) {
        prop_assert!(world.has_quorum(), "{step:?} took the quorum");
    }
    // Nor a volume that a quorum needs.
    if let Step::ReplaceVolume { .. } | Step::DeleteVolume { .. } = step {
        let voters: Vec<NodeId> =
            before.membership.iter().flat_map(|m| m.voters.keys().copied()).collect();
        let left =
            voters.iter().filter(|node| world.volumes.values().any(|v| v.node == **node)).count();
        prop_assert!(left > voters.len() / 2, "{step:?} destroyed a volume of the last quorum");
    }
    Ok(decision.reason)
}

/// Lets faults end and the operator work until all is well.
fn settle(world: &mut World) -> Result<(), TestCaseError> {
    let template = world.template;
    if world.bad_templates.contains(&template) {
        world.template += 1;
    }
    for pod in world.pods.values_mut() {
        pod.crashed = false;
        pod.unheard = false;
        pod.node_gone = None;
    }
    let mut last = None;
    for _ in 0..200 {
        world.tick();
        let reason = pass(world, false)?;
        last = Some(reason);
        if reason == Reason::Ready {
            let membership = world.membership.clone().expect("formed");
            prop_assert_eq!(u32::try_from(membership.voters.len()).unwrap_or(0), world.wanted);
            let learners: Vec<&str> = membership.learners.values().map(String::as_str).collect();
            let count = u32::try_from(learners.len()).unwrap_or(0);
            prop_assert_eq!(count, world.readers, "{:?}", learners);
            prop_assert!(learners.iter().all(|name| ordinal(name).is_some_and(|o| o >= READ)));
            prop_assert!(world.pods.values().all(|pod| pod.template == world.template));
            prop_assert_eq!(world.volumes.len(), world.pods.len(), "leftover volumes");
            return Ok(());
        }
    }
    Err(TestCaseError::fail(format!("never settled: {last:?} {:?}", decide(&world.view()))))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn never_gives_up_a_quorum_and_always_settles(
        first in prop_oneof![Just(1_u32), Just(3), Just(5)],
        events in prop::collection::vec((event(), 0_u32..4), 0..40),
    ) {
        let mut world = World::new(first);
        for (event, ticks) in &events {
            happen(&mut world, event);
            for _ in 0..*ticks {
                world.tick();
                pass(&mut world, false)?;
            }
            pass(&mut world, matches!(event, Event::StepIsLost))?;
        }
        settle(&mut world)?;
        prop_assert_eq!(world.formed_times, 1);
    }
}

fn formed(wanted: u32) -> World {
    let mut world = World::new(wanted);
    run(&mut world);
    world
}

/// Runs until all is well; returns the steps.
fn run(world: &mut World) -> Vec<Step> {
    let mut steps = Vec::new();
    for _ in 0..100 {
        world.tick();
        let decision = decide(&world.view());
        if decision.reason == Reason::Ready {
            return steps;
        }
        if let Some(step) = decision.step {
            assert!(world.apply(&step), "{step:?} was refused");
            steps.push(step);
        }
    }
    panic!("never settled: {:?}", decide(&world.view()));
}

fn kinds(steps: &[Step]) -> Vec<&'static str> {
    steps
        .iter()
        .map(|step| match step {
            Step::RecordFormation { .. } => "record",
            Step::AdoptClusterId { .. } => "adopt",
            Step::Initialise { .. } => "initialise",
            Step::AddLearner { .. } => "learner",
            Step::SetVoters { .. } => "voters",
            Step::RemoveLearner { .. } => "remove learner",
            Step::TransferLeader { .. } => "transfer",
            Step::Restart { .. } => "restart",
            Step::ReplaceVolume { .. } => "replace volume",
            Step::DeleteVolume { .. } => "delete volume",
            Step::Shrink { .. } => "shrink",
        })
        .collect()
}

#[test]
fn forms_in_two_steps() {
    let mut world = World::new(3);
    assert_eq!(kinds(&run(&mut world)), ["record", "initialise"]);
}

#[test]
fn goes_on_with_a_recorded_formation() {
    let mut world = World::new(3);
    world.tick();
    let Some(step @ Step::RecordFormation { .. }) = decide(&world.view()).step else { panic!() };
    world.apply(&step);
    let id = world.record.cluster_id.clone();
    assert_eq!(kinds(&run(&mut world)), ["initialise"]);
    assert_eq!(world.record.cluster_id, id);
}

#[test]
fn never_forms_anew_over_lost_volumes() {
    let mut world = formed(3);
    world.volumes.clear();
    world.membership = None;
    world.leader = None;
    world.tick();
    let decision = decide(&world.view());
    assert_eq!((decision.reason, decision.step), (Reason::VolumesLost, None));
    assert!(decision.message.contains("delete Secret demo-cluster"));
    // The way out that the message names.
    world.record = Default::default();
    world.formed_times = 0;
    assert_eq!(kinds(&run(&mut world)), ["record", "initialise"]);
}

#[test]
fn adopts_the_identity_of_kept_volumes() {
    let mut world = formed(3);
    let id = world.record.cluster_id.take();
    world.record.formed_of = None;
    assert_eq!(kinds(&run(&mut world)), ["adopt"]);
    assert_eq!(world.record.cluster_id, id);
}

#[test]
fn refuses_a_foreign_volume() {
    let mut world = formed(3);
    if let Some(volume) = world.volumes.get_mut(&1) {
        volume.cluster = Some("another".into());
    }
    let decision = decide(&world.view());
    assert_eq!((decision.reason, decision.step), (Reason::ForeignVolume, None));
    assert!(decision.message.contains("data-demo-1"), "{}", decision.message);
}

#[test]
fn scales_up_with_one_change_of_voters() {
    let mut world = formed(1);
    world.wanted = 3;
    assert_eq!(kinds(&run(&mut world)), ["learner", "learner", "voters"]);
    world.wanted = 5;
    assert_eq!(kinds(&run(&mut world)), ["learner", "learner", "voters"]);
}

#[test]
fn scales_down_after_handing_over_and_deletes_the_volumes() {
    let mut world = formed(5);
    world.leader = world.volumes.get(&4).map(|volume| volume.node);
    world.wanted = 3;
    assert_eq!(
        kinds(&run(&mut world)),
        ["transfer", "voters", "shrink", "delete volume", "delete volume"]
    );
    world.wanted = 5;
    assert_eq!(kinds(&run(&mut world)), ["learner", "learner", "voters"]);
}

#[test]
fn read_replicas_come_and_go_beside_the_voters() {
    let mut world = formed(3);
    let voters = world.membership.clone().unwrap().voters;
    world.readers = 2;
    assert_eq!(kinds(&run(&mut world)), ["learner", "learner"]);
    assert_eq!(world.membership.clone().unwrap().learners.len(), 2);
    // A volume that was emptied.
    world.volumes.remove(&READ);
    world.pods.remove(&READ);
    assert_eq!(kinds(&run(&mut world)), ["remove learner", "learner"]);
    // A node that is gone for good.
    world.tick();
    if let Some(pod) = world.pods.get_mut(&(READ + 1)) {
        pod.node_gone = Some(1000);
    }
    assert_eq!(kinds(&run(&mut world)), ["replace volume", "remove learner", "learner"]);
    world.readers = 0;
    assert_eq!(
        kinds(&run(&mut world)),
        ["remove learner", "remove learner", "shrink", "delete volume", "delete volume"]
    );
    assert_eq!(world.membership.unwrap().voters, voters);
    assert_eq!(world.pods.len(), 3);
}

#[test]
fn formation_does_not_wait_for_read_replicas() {
    let mut world = World::new(3);
    world.readers = 1;
    world.tick();
    if let Some(pod) = world.pods.get_mut(&READ) {
        pod.crashed = true;
    }
    for _ in 0..5 {
        world.tick();
        if let Some(step) = decide(&world.view()).step {
            assert!(world.apply(&step), "{step:?}");
        }
    }
    assert!(world.has_quorum());
    let decision = decide(&world.view());
    assert!(decision.message.contains("demo-read-0"), "{}", decision.message);
}

#[test]
fn read_replicas_are_rolled_before_the_voters() {
    let mut world = formed(3);
    world.readers = 2;
    run(&mut world);
    world.template += 1;
    let steps = run(&mut world);
    let pods: Vec<&str> = steps
        .iter()
        .filter_map(|s| if let Step::Restart { pod, .. } = s { Some(pod.as_str()) } else { None })
        .collect();
    assert_eq!(pods, ["demo-read-1", "demo-read-0", "demo-2", "demo-1", "demo-0"]);
}

#[test]
fn a_bad_template_stops_at_the_first_read_replica() {
    let mut world = formed(3);
    world.readers = 2;
    run(&mut world);
    world.template += 1;
    world.bad_templates.insert(world.template);
    for _ in 0..20 {
        world.tick();
        if let Some(step) = decide(&world.view()).step {
            assert!(matches!(&step, Step::Restart { pod, .. } if pod == "demo-read-1"), "{step:?}");
            world.apply(&step);
        }
    }
    assert_eq!(decide(&world.view()).reason, Reason::PodStuck);
    assert_eq!(world.alive_voters().len(), 3);
}

#[test]
fn a_foreign_volume_under_a_read_replica_is_left_alone() {
    let mut world = formed(3);
    world.readers = 1;
    run(&mut world);
    let node = NodeId(77);
    if let Some(volume) = world.volumes.get_mut(&READ) {
        volume.cluster = Some("another".into());
        volume.node = node;
    }
    // The learner of before goes; its successor is not ours.
    for _ in 0..10 {
        world.tick();
        if let Some(step) = decide(&world.view()).step {
            assert!(matches!(step, Step::RemoveLearner { .. }), "{step:?}");
            world.apply(&step);
        }
    }
    let decision = decide(&world.view());
    assert_eq!((decision.reason, decision.step), (Reason::ForeignVolume, None));
    assert!(decision.message.contains("data-demo-read-0"), "{}", decision.message);
}

#[test]
fn an_emptied_volume_is_a_new_member() {
    let mut world = formed(3);
    let old = world.volumes.get(&1).cloned();
    world.volumes.remove(&1);
    world.pods.remove(&1);
    assert_eq!(kinds(&run(&mut world)), ["learner", "voters"]);
    assert_ne!(world.volumes.get(&1).cloned(), old);
}

#[test]
fn a_lost_node_is_replaced_after_the_grace_only() {
    let mut world = formed(3);
    if let Some(pod) = world.pods.get_mut(&2) {
        pod.node_gone = Some(0);
    }
    for _ in 0..5 {
        world.tick();
        assert_eq!(decide(&world.view()).step, None);
    }
    assert_eq!(kinds(&run(&mut world)), ["replace volume", "learner", "voters"]);
}

#[test]
fn a_volume_is_not_given_up_on_the_word_of_a_minority() {
    let mut world = formed(3);
    let leader = world.leader;
    for (ordinal, pod) in &mut world.pods {
        if world.volumes.get(ordinal).map(|volume| volume.node) != leader {
            pod.unheard = true;
            pod.node_gone = Some(1000);
        }
    }
    // What an old leader, cut off with the operator, may still believe.
    let mut view = world.view();
    for member in &mut view.members {
        if let Some(pod) = member.pod.as_mut().filter(|_| member.server.is_none()) {
            pod.ready = false;
        }
    }
    assert!(view.leader().is_some());
    let decision = decide(&view);
    assert_eq!((decision.reason, decision.step), (Reason::NodeLost, None));
}

#[test]
fn one_server_alone_is_never_replaced() {
    let mut world = formed(1);
    if let Some(pod) = world.pods.get_mut(&0) {
        pod.node_gone = Some(1000);
    }
    for _ in 0..10 {
        world.tick();
    }
    let decision = decide(&world.view());
    assert_eq!((decision.reason, decision.step), (Reason::QuorumLost, None));
}

#[test]
fn rolls_the_leader_last_after_handing_over() {
    let mut world = formed(3);
    world.leader = world.volumes.get(&1).map(|volume| volume.node);
    world.template += 1;
    let steps = run(&mut world);
    assert_eq!(kinds(&steps), ["restart", "restart", "transfer", "restart"]);
    let pods: Vec<&str> = steps
        .iter()
        .filter_map(|s| if let Step::Restart { pod, .. } = s { Some(pod.as_str()) } else { None })
        .collect();
    assert_eq!(pods, ["demo-2", "demo-0", "demo-1"]);
}

#[test]
fn a_bad_template_stops_at_the_first_pod_and_a_good_one_goes_on_with_it() {
    let mut world = formed(3);
    world.template += 1;
    world.bad_templates.insert(world.template);
    let mut restarts = 0;
    for _ in 0..20 {
        world.tick();
        let decision = decide(&world.view());
        if let Some(step) = &decision.step {
            restarts += 1;
            world.apply(step);
        }
    }
    assert_eq!(restarts, 1);
    assert!(world.has_quorum());
    let decision = decide(&world.view());
    assert_eq!(decision.reason, Reason::PodStuck);
    assert_eq!(decision.message, "demo-2: the image cannot be pulled");

    world.template += 1;
    let first = decide(&world.view()).step;
    assert!(matches!(&first, Some(Step::Restart { pod, .. }) if pod == "demo-2"), "{first:?}");
    run(&mut world);
}

#[test]
fn one_server_alone_is_rolled() {
    let mut world = formed(1);
    world.template += 1;
    assert_eq!(kinds(&run(&mut world)), ["restart"]);
}

#[test]
fn kept_volumes_beyond_the_wanted_number_are_heard_before_they_leave() {
    let mut world = formed(3);
    // The resource is made anew for one server; all three volumes are there.
    world.wanted = 1;
    world.pods.clear();
    world.leader = None;
    assert_eq!(kinds(&run(&mut world)), ["voters", "shrink", "delete volume", "delete volume"]);
}

#[test]
fn hands_over_to_a_standby_rather_than_to_an_observer() {
    let mut world = formed(5);
    world.observers = 3;
    world.leader = world.volumes.get(&0).map(|volume| volume.node);
    world.template += 1;
    let steps = run(&mut world);
    let to: Vec<&str> = steps
        .iter()
        .filter_map(|s| match s {
            Step::TransferLeader { name, .. } => Some(name.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(to, ["demo-1"]);
}

#[test]
fn the_role_labels_follow_the_roles() {
    let mut world = formed(5);
    world.observers = 1;
    let labels = |world: &World| -> Vec<(String, Option<&str>)> {
        let upkeep = decide(&world.view()).upkeep.into_iter();
        upkeep
            .filter_map(|task| match task {
                Upkeep::LabelRole { pod, role, .. } => Some((pod, role)),
                _ => None,
            })
            .collect()
    };
    let label = |world: &mut World| {
        for (pod, role) in labels(world) {
            let pod = names::ordinal("demo", &pod).and_then(|o| world.pods.get(&o)).unwrap();
            match role {
                Some(role) => world.labels.insert(pod.uid, role.to_owned()),
                None => world.labels.remove(&pod.uid),
            };
        }
    };
    let first = labels(&world);
    let of = |n: u32, role: &'static str| (format!("demo-{n}"), Some(role));
    let want = ["active", "standby", "standby", "standby", "observer"];
    let want: Vec<_> = (0..).zip(want).map(|(n, role)| of(n, role)).collect();
    assert_eq!(first, want);
    label(&mut world);
    assert_eq!(labels(&world), []);

    // A silent leader that was replaced is not shown as active; a silent standby stays one.
    for ordinal in [0, 2] {
        world.force_silent(ordinal, true);
    }
    world.leader = world.volumes.get(&1).map(|volume| volume.node);
    assert_eq!(labels(&world), [("demo-0".to_owned(), None), of(1, "active")]);
    label(&mut world);

    // While nobody leads nothing better is known.
    world.leader = None;
    assert_eq!(labels(&world), []);
}

#[test]
fn roles_are_restored_by_a_leader_only() {
    let mut world = formed(3);
    let asked = |world: &World| {
        let mut view = world.view();
        view.restore_roles = true;
        decide(&view).upkeep.contains(&Upkeep::RestoreRoles)
    };
    assert!(asked(&world));
    assert!(!decide(&world.view()).upkeep.contains(&Upkeep::RestoreRoles));
    world.leader = None;
    assert!(!asked(&world));
}

#[test]
fn every_pod_is_told_of_new_credentials() {
    let mut world = formed(3);
    world.leader = None;
    let told = |version: Option<&str>, on_pods: Option<&str>| -> Vec<String> {
        let mut view = world.view();
        view.credentials_version = version.map(str::to_owned);
        for pod in view.members.iter_mut().filter_map(|member| member.pod.as_mut()) {
            pod.credentials_version = on_pods.map(str::to_owned);
        }
        let upkeep = decide(&view).upkeep.into_iter();
        upkeep
            .filter_map(|task| match task {
                Upkeep::TellCredentials { pod, .. } => Some(pod),
                _ => None,
            })
            .collect()
    };
    assert_eq!(told(Some("2"), Some("1")), ["demo-0", "demo-1", "demo-2"]);
    assert_eq!(told(Some("2"), Some("2")).len(), 0);
    assert_eq!(told(None, Some("1")).len(), 0, "no Secret, nothing to look at");
}
