//! What stays and what goes when a resource is deleted.

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod, Secret};
use kube::api::{DeleteParams, ListParams};
use metafs_crds::{MetadataCluster, VolumeRetention};
use serde_json::json;

use crate::harness::{Harness, condition, spec, until};

async fn delete_and_wait(harness: &Harness, name: &str) {
    harness.api::<MetadataCluster>().delete(name, &DeleteParams::default()).await.unwrap();
    until("the resource and its pods to go", || async {
        let left = harness.api::<MetadataCluster>().get_opt(name).await.unwrap().is_some();
        let set = harness.api::<StatefulSet>().get_opt(name).await.unwrap().is_some();
        let pods = harness.api::<Pod>().list(&ListParams::default()).await.unwrap().items.len();
        if !left && !set && pods == 0 { Ok(()) } else { Err((left, set, pods)) }
    })
    .await;
}

async fn kept(harness: &Harness) -> (usize, bool) {
    let claims = harness
        .api::<PersistentVolumeClaim>()
        .list(&ListParams::default())
        .await
        .unwrap()
        .items
        .len();
    let secret = harness.api::<Secret>().get_opt("demo-cluster").await.unwrap().is_some();
    (claims, secret)
}

#[tokio::test(flavor = "multi_thread")]
async fn kept_volumes_are_the_same_cluster_again() {
    let harness = Harness::new().await;
    let operator = harness.operator("one").await;
    harness.create("demo", spec(3)).await;
    harness.ready("demo").await;
    let before = harness.servers().cluster("demo");
    delete_and_wait(&harness, "demo").await;
    assert_eq!(kept(&harness).await, (3, true));

    // Another number of servers than the kept volumes: all are heard first.
    harness.create("demo", spec(1)).await;
    let cluster = harness.ready("demo").await;
    let after = harness.servers().cluster("demo");
    assert_eq!((after.formed, &after.id), (1, &before.id));
    assert_eq!(cluster.status.unwrap().cluster_id, Some(before.id));
    assert_eq!(harness.servers().voters("demo"), ["demo-0"]);
    // The settings of the new resource are in force though its generation began anew.
    assert!(after.settings.unwrap().generation > before.settings.unwrap().generation);
    harness.end(vec![operator]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn volumes_and_secret_go_where_the_resource_says_so() {
    let harness = Harness::new().await;
    let operator = harness.operator("one").await;
    let mut wanted = spec(3);
    wanted.volume_retention = VolumeRetention::Delete;
    harness.create("demo", wanted).await;
    let cluster = harness.ready("demo").await;
    assert_eq!(cluster.metadata.finalizers, Some(vec!["metafs.dev/volumes".to_owned()]));
    delete_and_wait(&harness, "demo").await;
    until("volumes and Secret to go", || async {
        let left = kept(&harness).await;
        if left == (0, false) { Ok(()) } else { Err(left) }
    })
    .await;

    // Nothing is left to be mistaken for: a new cluster of that name is formed.
    harness.create("demo", spec(1)).await;
    harness.ready("demo").await;
    assert_eq!(harness.servers().cluster("demo").formed, 2);
    // Without retention there is no finalizer, and changing one's mind removes it.
    harness.change("demo", json!({ "volumeRetention": "Delete" })).await;
    harness.until_status("demo", "finalizer", |c| c.metadata.finalizers.is_some()).await;
    harness.change("demo", json!({ "volumeRetention": "Retain" })).await;
    harness.until_status("demo", "no finalizer", |c| c.metadata.finalizers.is_none()).await;
    harness.end(vec![operator]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_secret_comes_back_with_the_identity_of_the_volumes() {
    let harness = Harness::new().await;
    let operator = harness.operator("one").await;
    harness.create("demo", spec(3)).await;
    harness.ready("demo").await;
    let id = harness.servers().cluster("demo").id;
    let secrets = harness.api::<Secret>();
    let old = secrets.get("demo-cluster").await.unwrap().data.unwrap();
    secrets.delete("demo-cluster", &DeleteParams::default()).await.unwrap();
    until("the Secret to come back", || async {
        let data = secrets
            .get_opt("demo-cluster")
            .await
            .unwrap()
            .and_then(|secret| secret.data)
            .unwrap_or_default();
        let same = data.get("clusterId").is_some_and(|field| field.0 == id.as_bytes());
        if same && data["key"] != old["key"] {
            Ok(())
        } else {
            Err(data.into_keys().collect::<Vec<_>>())
        }
    })
    .await;
    harness.ready("demo").await;
    assert_eq!(harness.servers().cluster("demo").formed, 1);
    harness.event("demo", "ClusterFound").await;
    harness.end(vec![operator]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_volumes_are_never_formed_over() {
    let harness = Harness::new().await;
    let operator = harness.operator("one").await;
    harness.create("demo", spec(3)).await;
    harness.ready("demo").await;
    delete_and_wait(&harness, "demo").await;
    for ordinal in 0..3 {
        let claim = format!("data-demo-{ordinal}");
        harness
            .api::<PersistentVolumeClaim>()
            .delete(&claim, &DeleteParams::default())
            .await
            .unwrap();
    }
    harness.create("demo", spec(3)).await;
    let cluster = harness
        .until_status("demo", "VolumesLost", |c| condition(c, "Stalled").1 == "VolumesLost")
        .await;
    let stalled =
        cluster.status.unwrap().conditions.into_iter().find(|c| c.type_ == "Stalled").unwrap();
    assert!(stalled.message.contains("delete Secret demo-cluster"), "{}", stalled.message);
    assert_eq!(harness.servers().cluster("demo").formed, 1);

    // What the message says.
    harness.api::<Secret>().delete("demo-cluster", &DeleteParams::default()).await.unwrap();
    harness
        .api::<Pod>()
        .delete_collection(&DeleteParams::default(), &ListParams::default())
        .await
        .unwrap();
    harness.ready("demo").await;
    assert_eq!(harness.servers().cluster("demo").formed, 2);
    harness.end(vec![operator]).await;
}
