//! A change of the pods goes one pod at a time, stops at what does not start, and survives the
//! operator.

use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::ListParams;
use serde_json::json;

use crate::harness::{Harness, condition, spec, until};

/// The pods' uids, in the order of their ordinals.
pub async fn pod_uids(harness: &Harness, cluster: &str) -> Vec<String> {
    let params = ListParams::default().labels(&format!("app.kubernetes.io/instance={cluster}"));
    let mut pods = harness.api::<Pod>().list(&params).await.unwrap().items;
    pods.sort_by_key(ResourceExt::name_any);
    pods.iter().filter_map(ResourceExt::uid).collect()
}

async fn images(harness: &Harness, cluster: &str) -> Vec<String> {
    let params = ListParams::default().labels(&format!("app.kubernetes.io/instance={cluster}"));
    let mut pods = harness.api::<Pod>().list(&params).await.unwrap().items;
    pods.sort_by_key(ResourceExt::name_any);
    pods.into_iter().filter_map(|pod| pod.spec?.containers.into_iter().next()?.image).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_pod_at_a_time_the_leader_last() {
    let harness = Harness::new().await;
    let operator = harness.operator("one").await;
    harness.create("demo", spec(3)).await;
    harness.ready("demo").await;
    let leader = harness.servers().leader("demo").unwrap();
    let term = harness.servers().cluster("demo").term;
    harness.servers().take_margin();
    harness.change("demo", json!({ "image": "metafs:2" })).await;
    // As long as the leader leads, it has the old image.
    until("the leader to hand over", || async {
        let now = harness.servers().leader("demo");
        if now.as_ref() != Some(&leader) { Ok(()) } else { Err(now) }
    })
    .await;
    harness.ready("demo").await;
    assert_eq!(images(&harness, "demo").await, ["metafs:2"; 3]);
    // One handing over and no election by loss: the leader was never just killed.
    assert_eq!(harness.servers().cluster("demo").term, term + 1);
    assert_eq!(
        harness.servers().take_margin(),
        0,
        "more than one pod was down, or none was restarted"
    );
    for reason in ["RollStarted", "LeaderChanged", "RollFinished"] {
        harness.event("demo", reason).await;
    }
    harness.end(vec![operator]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_never_starts_stops_the_roll_until_it_is_mended() {
    let harness = Harness::new().await;
    let operator = harness.operator("one").await;
    harness.create("demo", spec(3)).await;
    harness.ready("demo").await;
    harness.change("demo", json!({ "image": "broken:1" })).await;
    let cluster =
        harness.until_status("demo", "Stalled", |c| condition(c, "Stalled").0 == "True").await;
    let stalled =
        cluster.status.unwrap().conditions.into_iter().find(|c| c.type_ == "Stalled").unwrap();
    assert_eq!(stalled.reason, "PodStuck");
    assert!(stalled.message.contains("image broken:1 cannot be pulled"), "{}", stalled.message);
    harness.event("demo", "Stalled").await;

    // It stays at the one pod, and the others serve.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let now = images(&harness, "demo").await;
    assert_eq!(now.iter().filter(|image| image.as_str() == "broken:1").count(), 1, "{now:?}");
    let cluster = harness.get("demo").await;
    assert_eq!(condition(&cluster, "Available").0, "True");
    assert_eq!(condition(&cluster, "Ready").0, "False");

    harness.change("demo", json!({ "image": "metafs:3" })).await;
    harness.ready("demo").await;
    assert_eq!(images(&harness, "demo").await, ["metafs:3"; 3]);
    assert_eq!(harness.servers().cluster("demo").formed, 1);
    harness.end(vec![operator]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_image_that_never_starts_can_be_mended() {
    let harness = Harness::new().await;
    let operator = harness.operator("one").await;
    let mut wanted = spec(3);
    wanted.image = Some("broken:1".into());
    harness.create("demo", wanted).await;
    harness.until_status("demo", "PodStuck", |c| condition(c, "Stalled").1 == "PodStuck").await;
    harness.change("demo", json!({ "image": "metafs:1" })).await;
    harness.ready("demo").await;
    harness.end(vec![operator]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_killed_in_mid_roll_is_followed_by_one_that_goes_on() {
    let harness = Harness::new().await;
    let operator = harness.operator("one").await;
    harness.create("demo", spec(3)).await;
    harness.ready("demo").await;
    let before = pod_uids(&harness, "demo").await;
    harness.servers().take_margin();
    harness.change("demo", json!({ "image": "metafs:2" })).await;
    until("the first pod to be restarted", || async {
        let now = pod_uids(&harness, "demo").await;
        if now.iter().any(|uid| !before.contains(uid)) { Ok(()) } else { Err(now) }
    })
    .await;
    operator.kill();
    let mid = pod_uids(&harness, "demo").await;
    let done: Vec<String> = mid.iter().filter(|uid| !before.contains(uid)).cloned().collect();

    let operator = harness.operator("two").await;
    harness.ready("demo").await;
    assert_eq!(images(&harness, "demo").await, ["metafs:2"; 3]);
    let after = pod_uids(&harness, "demo").await;
    assert!(done.iter().all(|uid| after.contains(uid)), "a pod was restarted twice");
    assert_eq!(harness.servers().take_margin(), 0);
    harness.end(vec![operator]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_moves_while_paused() {
    let harness = Harness::new().await;
    let operator = harness.operator("one").await;
    harness.create("demo", spec(3)).await;
    harness.ready("demo").await;
    let before = pod_uids(&harness, "demo").await;
    harness.change("demo", json!({ "paused": true, "image": "metafs:2", "replicas": 5 })).await;
    let cluster = harness
        .until_status("demo", "Paused", |c| {
            condition(c, "Ready").1 == "Paused"
                && c.status.as_ref().and_then(|s| s.observed_generation) == c.metadata.generation
        })
        .await;
    assert_eq!(condition(&cluster, "Available").0, "True");
    // The status is kept up to date all the same.
    harness.servers().write_files("demo", 7);
    harness
        .until_status("demo", "files", |c| c.status.as_ref().and_then(|s| s.files) == Some(7))
        .await;
    assert_eq!(pod_uids(&harness, "demo").await, before);
    assert_eq!(harness.servers().voters("demo").len(), 3);
    harness.change("demo", json!({ "paused": false })).await;
    harness.ready("demo").await;
    assert_eq!(images(&harness, "demo").await, ["metafs:2"; 5]);
    harness.end(vec![operator]).await;
}
