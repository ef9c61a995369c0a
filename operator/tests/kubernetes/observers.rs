//! Observers come and go without a restart; what they are is seen on the resource.

use k8s_openapi::api::core::v1::ConfigMap;
use metafs_crds::MemberRole;
use serde_json::json;

use crate::harness::{Harness, condition, spec};
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
