//! Observers come and go without a restart; what they are is seen on the resource.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{ConfigMap, PersistentVolumeClaim, Pod, Service};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::ResourceExt;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use metafs_crds::{ForcedRole, MemberRole, MetadataCluster, RESTORE_ROLES};
use metafs_namespace::settings;
use serde_json::json;

use crate::harness::{Harness, condition, spec, until};
use crate::rolling::pod_uids;

#[tokio::test(flavor = "multi_thread")]
async fn observers_are_declared_and_withdrawn_without_a_restart() {
    let harness = Harness::new().await;
    let operator = harness.operator("one").await;
    harness.create("demo", spec(3)).await;
    let cluster = harness.ready("demo").await;
    assert_eq!(condition(&cluster, "ObserversReady"), ("True".into(), "NoneWanted".into()));
    let uids = pod_uids(&harness, "demo").await;

    let reads = json!({ "maxWaitMilliseconds": 700, "autoMsyncPeriodMilliseconds": 0 });
    harness.change("demo", json!({ "observers": 1, "observerReads": reads })).await;
    let cluster = harness
        .until_status("demo", "an observer", |c| {
            condition(c, "ObserversReady") == ("True".into(), "AllServe".into())
        })
        .await;
    let status = cluster.status.unwrap();
    assert_eq!(status.observers_ready.as_deref(), Some("1/1"));
    assert_eq!(status.roles.as_deref(), Some("demo-0=active,demo-1=standby,demo-2=observer"));
    assert_eq!(status.members[2].role, MemberRole::Observer);
    assert_eq!(status.rpc_uri.as_deref(), Some("hdfs://demo"));
    let settings = harness.servers().cluster("demo").settings.unwrap();
    assert_eq!(settings.observer_wait_ms, 700);
    let managed_by = format!("MetadataCluster {}/demo", harness.namespace);
    assert_eq!(settings.roles_managed_by, Some(managed_by));
    let hdfs = harness.api::<ConfigMap>().get("demo-discovery").await.unwrap().data.unwrap();
    let hdfs = &hdfs["hdfs-site.xml"];
    assert!(hdfs.contains(".ha.ObserverReadProxyProvider<"), "{hdfs}");
    assert!(
        hdfs.contains(
            "<name>dfs.client.failover.observer.auto-msync-period.demo</name><value>0ms<"
        ),
        "{hdfs}"
    );

    harness.change("demo", json!({ "observers": 0 })).await;
    let cluster = harness
        .until_status("demo", "no observer", |c| condition(c, "ObserversReady").1 == "NoneWanted")
        .await;
    let cluster = cluster.status.unwrap();
    assert_eq!(cluster.observers_ready.as_deref(), Some("0/0"));
    harness
        .until_status("demo", "the roles of before", |c| {
            let roles = c.status.as_ref().and_then(|status| status.roles.clone());
            roles.as_deref() == Some("demo-0=active,demo-1=standby,demo-2=standby")
        })
        .await;
    assert_eq!(pod_uids(&harness, "demo").await, uids, "a pod was restarted");
    harness.end(vec![operator]).await;
}

/// The pods that the Service of a role selects.
async fn behind(harness: &Harness, service: &str) -> Vec<String> {
    let spec = harness.api::<Service>().get(service).await.unwrap().spec.unwrap();
    let ports: BTreeMap<String, i32> =
        spec.ports.unwrap().into_iter().map(|port| (port.name.unwrap(), port.port)).collect();
    assert_eq!(ports, BTreeMap::from([("rpc".to_owned(), 8020), ("web".to_owned(), 9870)]));
    let selector: Vec<String> =
        spec.selector.unwrap().iter().map(|(key, value)| format!("{key}={value}")).collect();
    let params = ListParams::default().labels(&selector.join(","));
    let pods = harness.api::<Pod>().list(&params).await.unwrap();
    let mut names: Vec<String> = pods.iter().map(ResourceExt::name_any).collect();
    names.sort();
    names
}

async fn until_behind(harness: &Harness, service: &str, pods: &[&str]) {
    until(&format!("{pods:?} behind {service}"), || async {
        let now = behind(harness, service).await;
        if now == pods { Ok(()) } else { Err(now) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_services_of_the_roles_follow_the_roles() {
    let harness = Harness::new().await;
    let operator = harness.operator("one").await;
    let mut wanted = spec(5);
    wanted.observers = 2;
    harness.create("demo", wanted).await;
    harness.ready("demo").await;
    until_behind(&harness, "demo-active", &["demo-0"]).await;
    until_behind(&harness, "demo-observers", &["demo-3", "demo-4"]).await;

    harness.change("demo", json!({ "observers": 1 })).await;
    until_behind(&harness, "demo-observers", &["demo-4"]).await;

    // Also while the operator is to keep its hands off.
    harness.change("demo", json!({ "paused": true })).await;
    harness.until_status("demo", "Paused", |c| condition(c, "Ready").1 == "Paused").await;
    harness.kubelet.lose_node(&harness.nodes[0]);
    until("another leader", || async {
        let now = harness.servers().leader("demo");
        if now.as_deref() == Some("demo-1") { Ok(()) } else { Err(now) }
    })
    .await;
    until_behind(&harness, "demo-active", &["demo-1"]).await;
    harness.kubelet.find_node(&harness.nodes[0]);
    harness.end(vec![operator]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_observer_that_must_lead_is_told_of_and_steps_back() {
    let harness = Harness::new().await;
    let operator = harness.operator("one").await;
    let mut wanted = spec(5);
    wanted.observers = 3;
    harness.create("demo", wanted).await;
    harness.ready("demo").await;
    for node in &harness.nodes[0..2] {
        harness.kubelet.lose_node(node);
    }
    let cluster = harness
        .until_status("demo", "Promoted", |c| condition(c, "ObserversReady").1 == "Promoted")
        .await;
    assert_eq!(condition(&cluster, "ObserversReady").0, "False");
    assert_eq!(cluster.status.unwrap().leader.as_deref(), Some("demo-2"));
    harness.event("demo", "ObserverPromoted").await;

    for node in &harness.nodes[0..2] {
        harness.kubelet.find_node(node);
    }
    harness
        .until_status("demo", "AllServe", |c| condition(c, "ObserversReady").1 == "AllServe")
        .await;
    harness.event("demo", "ObserverDemoted").await;
    harness.end(vec![operator]).await;
}

fn forced(cluster: &MetadataCluster, name: &str) -> Option<ForcedRole> {
    let status = cluster.status.as_ref()?;
    status.members.iter().find(|member| member.name == name)?.forced_role
}

#[tokio::test(flavor = "multi_thread")]
async fn forced_roles_are_shown_and_given_back() {
    let harness = Harness::new().await;
    let operator = harness.operator("one").await;
    let mut wanted = spec(3);
    wanted.observers = 1;
    harness.create("demo", wanted).await;
    harness.ready("demo").await;
    let force = |name: &str, role| harness.servers().force("demo", name, role);
    let shown = |name: &'static str, want: Option<ForcedRole>| {
        let what = format!("{name} forced to {want:?}");
        let harness = &harness;
        async move { harness.until_status("demo", &what, |c| forced(c, name) == want).await }
    };

    force("demo-2", settings::MemberRole::Standby);
    let cluster = shown("demo-2", Some(ForcedRole::Standby)).await;
    assert_eq!(condition(&cluster, "ObserversReady"), ("False".into(), "Forced".into()));
    assert_eq!(cluster.status.unwrap().observers_ready.as_deref(), Some("0/1"));
    harness.event("demo", "RolesForced").await;

    // A newer generation of the resource ends it.
    harness.change("demo", json!({ "trashIntervalMinutes": 7 })).await;
    let cluster = shown("demo-2", None).await;
    assert_eq!(condition(&cluster, "ObserversReady").1, "AllServe");
    harness.event("demo", "RolesRestored").await;
    assert_eq!(harness.servers().restored("demo"), 0);

    // So does the annotation, once.
    force("demo-1", settings::MemberRole::Observer);
    let cluster = shown("demo-1", Some(ForcedRole::Observer)).await;
    assert_eq!(condition(&cluster, "ObserversReady").1, "Forced");
    let patch = json!({ "metadata": { "annotations": { RESTORE_ROLES: "please" } } });
    harness
        .api::<MetadataCluster>()
        .patch("demo", &PatchParams::default(), &Patch::Merge(&patch))
        .await
        .unwrap();
    let cluster = shown("demo-1", None).await;
    assert_eq!(condition(&cluster, "ObserversReady").1, "AllServe");
    harness
        .until_status("demo", "no annotation", |c| !c.annotations().contains_key(RESTORE_ROLES))
        .await;
    // Not for ever; a second time from a pass that saw the annotation still is harmless.
    let times = harness.servers().restored("demo");
    assert!((1..=2).contains(&times), "{times} times");
    harness.end(vec![operator]).await;
}

/// The volumes of the read replicas.
async fn read_claims(harness: &Harness) -> Vec<String> {
    let claims = harness.api::<PersistentVolumeClaim>().list(&ListParams::default()).await.unwrap();
    let mut names: Vec<String> = claims.iter().map(ResourceExt::name_any).collect();
    names.retain(|name| name.starts_with("data-demo-read-"));
    names.sort();
    names
}

async fn voter_uids(harness: &Harness) -> Vec<String> {
    let mut uids = Vec::new();
    for ordinal in 0..3 {
        let pod = harness.api::<Pod>().get(&format!("demo-{ordinal}")).await.unwrap();
        uids.push(pod.uid().unwrap());
    }
    uids
}

#[tokio::test(flavor = "multi_thread")]
async fn read_replicas_come_and_go_and_the_voters_are_not_touched() {
    let harness = Harness::new().await;
    let operator = harness.operator("one").await;
    let mut wanted = spec(3);
    wanted.observers = 1;
    harness.create("demo", wanted).await;
    harness.ready("demo").await;
    let uids = voter_uids(&harness).await;
    let term = harness.servers().cluster("demo").term;
    harness.servers().take_margin();

    harness.change("demo", json!({ "readReplicas": 2 })).await;
    let cluster = harness
        .until_status("demo", "3/3", |c| {
            c.status.as_ref().and_then(|s| s.observers_ready.as_deref()) == Some("3/3")
        })
        .await;
    let status = cluster.status.unwrap();
    assert_eq!((status.replicas, status.ready.as_deref()), (3, Some("3/3")));
    assert_eq!(
        status.roles.as_deref(),
        Some(
            "demo-0=active,demo-1=standby,demo-2=observer,demo-read-0=observer,demo-read-1=observer"
        )
    );
    harness.ready("demo").await;
    let readers = ["demo-read-0", "demo-read-1"];
    assert_eq!(harness.servers().learners("demo"), readers);
    until_behind(&harness, "demo-observers", &["demo-2", readers[0], readers[1]]).await;
    let hdfs = harness.api::<ConfigMap>().get("demo-discovery").await.unwrap().data.unwrap();
    assert!(hdfs["hdfs-site.xml"].contains(">demo-0,demo-1,demo-2,demo-read-0,demo-read-1<"));
    // The voters' budget does not count them.
    let budget = harness.api::<PodDisruptionBudget>().get("demo").await.unwrap().spec.unwrap();
    assert_eq!(
        budget.selector.unwrap().match_labels.unwrap()["app.kubernetes.io/component"],
        "metaserver"
    );
    harness.api::<PodDisruptionBudget>().get("demo-read").await.unwrap();

    // An emptied volume is a new learner in place of the old one.
    let old = harness.servers().node("demo-read-1").unwrap();
    harness
        .api::<PersistentVolumeClaim>()
        .delete("data-demo-read-1", &DeleteParams::default())
        .await
        .unwrap();
    harness.api::<Pod>().delete("demo-read-1", &DeleteParams::default()).await.unwrap();
    until("a new learner", || async {
        let learners = harness.servers().cluster("demo").learners;
        let new = harness.servers().node("demo-read-1");
        if new.is_some_and(|new| new != old && learners.contains_key(&new) && learners.len() == 2) {
            Ok(())
        } else {
            Err(learners)
        }
    })
    .await;
    harness.ready("demo").await;

    for left in [1, 0] {
        harness.change("demo", json!({ "readReplicas": left })).await;
        until("the volumes to go", || async {
            let now = read_claims(&harness).await;
            if now.len() == left { Ok(()) } else { Err(now) }
        })
        .await;
        harness.ready("demo").await;
        assert_eq!(harness.servers().learners("demo"), readers[..left]);
    }
    until("nothing to be left", || async {
        let set = harness.api::<StatefulSet>().get_opt("demo-read").await.unwrap().is_some();
        let budget =
            harness.api::<PodDisruptionBudget>().get_opt("demo-read").await.unwrap().is_some();
        if set || budget { Err((set, budget)) } else { Ok(()) }
    })
    .await;
    let cluster = harness.ready("demo").await;
    assert_eq!(cluster.status.unwrap().observers_ready.as_deref(), Some("1/1"));

    assert_eq!(voter_uids(&harness).await, uids, "a voter was restarted");
    assert_eq!(harness.servers().cluster("demo").term, term, "another leader");
    assert_eq!(harness.servers().vote_counts(), [3], "the votes changed");
    assert_eq!(harness.servers().take_margin(), 1, "a voter was away");
    harness.end(vec![operator]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn read_replicas_are_there_from_the_start_and_are_rolled_first() {
    let harness = Harness::new().await;
    let operator = harness.operator("one").await;
    let mut wanted = spec(1);
    wanted.read_replicas = 1;
    wanted.volume_retention = metafs_crds::VolumeRetention::Delete;
    harness.create("demo", wanted).await;
    harness.ready("demo").await;
    assert_eq!(harness.servers().voters("demo"), ["demo-0"]);
    assert_eq!(harness.servers().learners("demo"), ["demo-read-0"]);

    // It stops there if the image is bad, and the voter serves on.
    let voter = harness.api::<Pod>().get("demo-0").await.unwrap().uid();
    harness.change("demo", json!({ "image": "broken:1" })).await;
    let cluster =
        harness.until_status("demo", "PodStuck", |c| condition(c, "Stalled").1 == "PodStuck").await;
    assert_eq!(condition(&cluster, "Available").0, "True");
    assert_eq!(condition(&cluster, "ObserversReady").1, "NotReady");
    assert_eq!(harness.api::<Pod>().get("demo-0").await.unwrap().uid(), voter);
    harness.change("demo", json!({ "image": "metafs:2" })).await;
    harness.ready("demo").await;
    for pod in ["demo-0", "demo-read-0"] {
        let pod = harness.api::<Pod>().get(pod).await.unwrap().spec.unwrap();
        assert_eq!(pod.containers[0].image.as_deref(), Some("metafs:2"));
    }
    harness.api::<MetadataCluster>().delete("demo", &DeleteParams::default()).await.unwrap();
    until("everything to go", || async {
        let claims = harness.api::<PersistentVolumeClaim>().list(&ListParams::default()).await;
        let pods = harness.api::<Pod>().list(&ListParams::default()).await;
        let left = (claims.unwrap().items.len(), pods.unwrap().items.len());
        if left == (0, 0) { Ok(()) } else { Err(left) }
    })
    .await;
    harness.end(vec![operator]).await;
}
