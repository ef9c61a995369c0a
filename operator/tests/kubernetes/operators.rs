//! Two operators at once.

use metafs_operator::run::End;

use crate::harness::{Harness, spec, until};

#[tokio::test(flavor = "multi_thread")]
async fn one_works_and_the_other_takes_over() {
    let harness = Harness::new().await;
    let first = harness.operator("first").await;
    until("the first to be elected", || async { if first.leads() { Ok(()) } else { Err(()) } })
        .await;
    let second = harness.operator("second").await;
    harness.create("demo", spec(1)).await;
    harness.ready("demo").await;
    assert!(first.leads() && !second.leads());

    // Killed, the lease must expire.
    first.kill();
    until("the second to be elected", || async { if second.leads() { Ok(()) } else { Err(()) } })
        .await;
    harness.change("demo", serde_json::json!({ "replicas": 3 })).await;
    harness.ready("demo").await;

    // Stopped, it is released.
    let third = harness.operator("third").await;
    assert_eq!(second.stop().await, End::Shutdown);
    until("the third to be elected", || async { if third.leads() { Ok(()) } else { Err(()) } })
        .await;
    harness.change("demo", serde_json::json!({ "replicas": 1 })).await;
    harness.ready("demo").await;
    harness.end(vec![third]).await;
}
