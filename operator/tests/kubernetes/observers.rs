//! Observers come and go without a restart; what they are is seen on the resource.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{ConfigMap, Pod, Service};
use kube::ResourceExt;
use kube::api::{ListParams, Patch, PatchParams};
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
