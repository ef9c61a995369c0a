//! 1 -> 3 -> 5 -> 3, and back up again with new volumes.

use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use kube::ResourceExt;
use kube::api::ListParams;
use serde_json::json;

use crate::harness::{Harness, spec, until};

async fn claims(harness: &Harness) -> Vec<String> {
    let claims = harness.api::<PersistentVolumeClaim>().list(&ListParams::default()).await.unwrap();
    let mut names: Vec<String> = claims.iter().map(ResourceExt::name_any).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn members_come_and_go_with_an_odd_number_of_votes() {
    let harness = Harness::new().await;
    let operator = harness.operator("one").await;
    harness.create("demo", spec(1)).await;
    harness.ready("demo").await;
    for wanted in [3, 5] {
        harness.change("demo", json!({ "replicas": wanted })).await;
        harness.ready("demo").await;
        assert_eq!(harness.servers().voters("demo").len(), wanted);
    }
    let gone =
        [harness.servers().node("demo-3").unwrap(), harness.servers().node("demo-4").unwrap()];

    harness.change("demo", json!({ "replicas": 3 })).await;
    harness.ready("demo").await;
    assert_eq!(harness.servers().voters("demo"), ["demo-0", "demo-1", "demo-2"]);
    until("the volumes of the removed members to go", || async {
        let left = claims(&harness).await;
        if left == ["data-demo-0", "data-demo-1", "data-demo-2"] { Ok(()) } else { Err(left) }
    })
    .await;
    harness.change("demo", json!({ "replicas": 5 })).await;
    harness.ready("demo").await;
    for pod in ["demo-3", "demo-4"] {
        assert!(
            !gone.contains(&harness.servers().node(pod).unwrap()),
            "{pod} came back under its old identity"
        );
    }
    let counts = harness.servers().vote_counts();
    assert!(counts.iter().all(|count| count % 2 == 1), "an even number of votes: {counts:?}");
    assert!(harness.servers().take_margin() >= 0, "the quorum was lost");
    assert_eq!(harness.servers().cluster("demo").formed, 1);
    for reason in ["MemberAdded", "MemberJoined", "MemberRemoved", "VolumeDeleted"] {
        harness.event("demo", reason).await;
    }
    harness.end(vec![operator]).await;
}
