//! Volumes that are lost, with and without their nodes, and volumes that grow.

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod};
use kube::api::DeleteParams;
use serde_json::json;

use crate::harness::{Harness, condition, spec, until};

#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_volume_becomes_a_new_member() {
    let harness = Harness::new().await;
    let operator = harness.operator("one").await;
    harness.create("demo", spec(3)).await;
    harness.ready("demo").await;
    let old = harness.servers().node("demo-1").unwrap();
    harness.servers().take_margin();
    harness
        .api::<PersistentVolumeClaim>()
        .delete("data-demo-1", &DeleteParams::default())
        .await
        .unwrap();
    harness.api::<Pod>().delete("demo-1", &DeleteParams::default()).await.unwrap();
    until("a new member in its place", || async {
        let voters = harness.servers().cluster("demo").voters;
        let new = harness.servers().node("demo-1");
        if new.is_some_and(|new| new != old && voters.contains_key(&new)) {
            Ok(())
        } else {
            Err(voters)
        }
    })
    .await;
    harness.ready("demo").await;
    let cluster = harness.servers().cluster("demo");
    assert!(!cluster.voters.contains_key(&old));
    assert_eq!((cluster.voters.len(), cluster.learners.len(), cluster.formed), (3, 0, 1));
    assert!(harness.servers().take_margin() >= 0);
    harness.event("demo", "MemberReplaced").await;
    harness.end(vec![operator]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_on_a_lost_node_starts_elsewhere_after_the_grace() {
    let harness = Harness::new().await;
    let operator = harness.operator("one").await;
    let mut wanted = spec(3);
    wanted.node_loss_grace_seconds = 10;
    harness.create("demo", wanted).await;
    harness.ready("demo").await;
    let old = harness.servers().node("demo-2").unwrap();
    let claim = harness.servers().claim("demo-2").unwrap();
    harness.servers().take_margin();
    harness.kubelet.lose_node(&harness.nodes[2]);
    until("a new member elsewhere", || async {
        let voters = harness.servers().cluster("demo").voters;
        let new = harness.servers().node("demo-2");
        if new.is_some_and(|new| new != old && voters.contains_key(&new)) {
            Ok(())
        } else {
            Err(voters)
        }
    })
    .await;
    harness.ready("demo").await;
    assert_ne!(harness.servers().claim("demo-2").unwrap(), claim);
    let pod = harness.api::<Pod>().get("demo-2").await.unwrap();
    assert_ne!(pod.spec.unwrap().node_name.unwrap(), harness.nodes[2]);
    assert_eq!(harness.servers().take_margin(), 0);
    harness.event("demo", "VolumeReplaced").await;
    harness.end(vec![operator]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn volumes_that_cannot_grow_are_said_and_the_cluster_lives_on() {
    let harness = Harness::new().await;
    let operator = harness.operator("one").await;
    harness.create("demo", spec(3)).await;
    harness.ready("demo").await;
    let pods = crate::rolling::pod_uids(&harness, "demo").await;
    harness.change("demo", json!({ "storage": { "size": "20Gi" } })).await;
    // Without a provisioner the API server refuses to resize; the template for new volumes grows.
    let cluster = harness
        .until_status("demo", "Stalled", |c| condition(c, "Stalled").1 == "ObjectRefused")
        .await;
    let stalled =
        cluster.status.unwrap().conditions.into_iter().find(|c| c.type_ == "Stalled").unwrap();
    assert!(stalled.message.contains("growing volume claim data-demo-"), "{}", stalled.message);
    until("the StatefulSet with larger volumes", || async {
        let set = harness.api::<StatefulSet>().get_opt("demo").await.unwrap();
        let template = set.and_then(|set| set.spec?.volume_claim_templates?.into_iter().next());
        let size =
            template.and_then(|claim| claim.spec?.resources?.requests?.get("storage").cloned());
        if size.as_ref().is_some_and(|size| size.0 == "20Gi") { Ok(()) } else { Err(size) }
    })
    .await;
    assert_eq!(crate::rolling::pod_uids(&harness, "demo").await, pods, "a pod was restarted");
    let cluster = harness.get("demo").await;
    assert_eq!(condition(&cluster, "Available").0, "True");
    harness.end(vec![operator]).await;
}
