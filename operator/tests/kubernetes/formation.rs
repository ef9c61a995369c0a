//! A cluster comes up; what it is made of comes back; bad ones do not disturb good ones.

use std::time::Duration;

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{ConfigMap, Secret, Service, ServiceAccount};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::{Api, DeleteParams, Patch, PatchParams};
use kube::{Resource, ResourceExt};
use metafs_crds::MemberRole;
use serde_json::json;

use crate::harness::{Harness, condition, spec, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_of_three_is_formed_once_and_tells_about_itself() {
    let harness = Harness::new().await;
    let operator = harness.operator("one").await;
    let mut wanted = spec(3);
    wanted.trash_interval_minutes = 60;
    wanted.limits.inline_limit_bytes = 4096;
    harness.create("demo", wanted).await;
    let cluster = harness.ready("demo").await;

    let agreed = harness.servers().cluster("demo");
    assert_eq!(agreed.formed, 1);
    assert_eq!(harness.servers().voters("demo"), ["demo-0", "demo-1", "demo-2"]);
    let settings = agreed.settings.unwrap();
    assert_eq!(
        (settings.nameservice.as_str(), settings.inline_limit, settings.trash_interval_minutes),
        ("demo", 4096, 60)
    );

    let secret = harness.api::<Secret>().get("demo-cluster").await.unwrap().data.unwrap();
    assert_eq!(secret["key"].0.len(), 64);
    assert_eq!(String::from_utf8(secret["clusterId"].0.clone()).unwrap(), agreed.id);

    let status = cluster.status.clone().unwrap();
    assert_eq!(status.ready.as_deref(), Some("3/3"));
    assert_eq!(status.cluster_id, Some(agreed.id));
    assert_eq!(status.uri.as_deref(), Some("webhdfs://demo"));
    assert_eq!(status.leader, harness.servers().leader("demo"));
    assert_eq!(status.version.as_deref(), Some("0.1.0"));
    assert_eq!(status.members.iter().filter(|member| member.role == MemberRole::Leader).count(), 1);
    assert!(status.members.iter().all(|member| member.ready && member.node_id.is_some()));
    for (type_, want) in [("Available", "True"), ("Progressing", "False"), ("Stalled", "False")] {
        assert_eq!(condition(&cluster, type_).0, want, "{type_}");
    }
    harness.event("demo", "Formed").await;

    // The scale subresource.
    let scale = harness.api::<metafs_crds::MetadataCluster>().get_scale("demo").await.unwrap();
    assert_eq!(scale.spec.unwrap().replicas, Some(3));
    assert_eq!(scale.status.unwrap().replicas, 3);

    // Discovery names every pod.
    let discovery = harness.api::<ConfigMap>().get("demo-discovery").await.unwrap().data.unwrap();
    let host = format!("demo-2.demo-members.{}.svc.cluster.local:9870", harness.namespace);
    assert!(discovery["hdfs-site.xml"].contains(&host));
    assert!(discovery["core-site.xml"].contains("<name>fs.trash.interval</name><value>60</value>"));

    // A cluster that is well is not written to, while numbers are still followed.
    until("a status that stays as it is", || async {
        let before = harness.get("demo").await;
        // Three polls.
        tokio::time::sleep(Duration::from_secs(3)).await;
        let after = harness.get("demo").await;
        if before.resource_version() == after.resource_version() {
            Ok(())
        } else {
            Err((before.status, after.status))
        }
    })
    .await;
    harness.servers().write_files("demo", 42);
    harness
        .until_status("demo", "files", |c| c.status.as_ref().and_then(|s| s.files) == Some(42))
        .await;
    harness.end(vec![operator]).await;
}

async fn comes_back<K>(harness: &Harness, name: &str)
where
    K: Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>
        + Clone
        + std::fmt::Debug
        + serde::de::DeserializeOwned,
{
    let api: Api<K> = harness.api();
    let old = api.get(name).await.unwrap().uid();
    api.delete(name, &DeleteParams::default()).await.unwrap();
    until(&format!("{} {name} to come back", K::kind(&())), || async {
        match api.get_opt(name).await.unwrap() {
            Some(new) if new.uid() != old => Ok(()),
            other => Err(other.and_then(|object| object.uid())),
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_and_changed_objects_come_back() {
    let harness = Harness::new().await;
    let operator = harness.operator("one").await;
    harness.create("demo", spec(3)).await;
    harness.ready("demo").await;
    comes_back::<ConfigMap>(&harness, "demo-config").await;
    comes_back::<ConfigMap>(&harness, "demo-discovery").await;
    comes_back::<Service>(&harness, "demo").await;
    comes_back::<Service>(&harness, "demo-members").await;
    comes_back::<Service>(&harness, "demo-active").await;
    comes_back::<Service>(&harness, "demo-observers").await;
    comes_back::<ServiceAccount>(&harness, "demo").await;
    comes_back::<PodDisruptionBudget>(&harness, "demo").await;
    comes_back::<StatefulSet>(&harness, "demo").await;
    harness.ready("demo").await;

    let services: Api<Service> = harness.api();
    let patch = Patch::Merge(json!({ "spec": { "publishNotReadyAddresses": false } }));
    services.patch("demo-members", &PatchParams::default(), &patch).await.unwrap();
    until("the Service to be as before", || async {
        let service = services.get("demo-members").await.unwrap();
        if service.spec.unwrap().publish_not_ready_addresses == Some(true) {
            Ok(())
        } else {
            Err("changed")
        }
    })
    .await;
    assert_eq!(harness.servers().cluster("demo").formed, 1);
    harness.end(vec![operator]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_clusters_live_side_by_side_and_a_bad_one_disturbs_nobody() {
    let harness = Harness::new().await;
    let operator = harness.operator("one").await;
    // Accepted by the schema, refused by the API server where it is used.
    let mut bad = spec(3);
    bad.scheduling.node_selector.insert("not a label!".into(), "x".into());
    harness.create("bad", bad).await;
    harness.create("left", spec(3)).await;
    harness.create("right", spec(1)).await;
    harness.ready("left").await;
    harness.ready("right").await;
    let (left, right) = (harness.servers().cluster("left"), harness.servers().cluster("right"));
    assert_ne!(left.id, right.id);
    assert_eq!((left.voters.len(), right.voters.len()), (3, 1));

    let bad = harness.until_status("bad", "Stalled", |c| condition(c, "Stalled").0 == "True").await;
    assert_eq!(condition(&bad, "Stalled").1, "ObjectRefused");
    let message =
        &bad.status.unwrap().conditions.into_iter().find(|c| c.type_ == "Stalled").unwrap().message;
    assert!(message.contains("not a label!"), "{message}");
    harness.event("bad", "Stalled").await;
    // Mended, it comes up like the others.
    harness.change("bad", json!({ "scheduling": { "nodeSelector": null } })).await;
    harness.ready("bad").await;
    harness.end(vec![operator]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_and_log_level_are_applied_without_a_restart() {
    let harness = Harness::new().await;
    let operator = harness.operator("one").await;
    harness.create("demo", spec(3)).await;
    harness.ready("demo").await;
    let nodes =
        || (0..3).map(|n| harness.servers().claim(&format!("demo-{n}"))).collect::<Vec<_>>();
    let uids = crate::rolling::pod_uids(&harness, "demo").await;
    let before = nodes();
    let users = json!([{ "name": "alice", "groups": ["analysts"] }]);
    harness
        .change(
            "demo",
            json!({ "logLevel": "debug", "permissions": { "users": users }, "auditLog": false }),
        )
        .await;
    until("the settings", || async {
        let settings = harness.servers().cluster("demo").settings.unwrap();
        let ok = settings.groups.get("alice").is_some_and(|groups| groups == &["analysts"])
            && !settings.audit_log;
        if ok { Ok(()) } else { Err(settings) }
    })
    .await;
    until("the log level", || async {
        let filters: Vec<_> =
            (0..3).map(|n| harness.servers().filter(&format!("demo-{n}"))).collect();
        if filters.iter().all(|filter| filter.as_deref() == Some("debug")) {
            Ok(())
        } else {
            Err(filters)
        }
    })
    .await;
    harness.ready("demo").await;
    assert_eq!(nodes(), before);
    assert_eq!(crate::rolling::pod_uids(&harness, "demo").await, uids, "a pod was restarted");
    harness.end(vec![operator]).await;
}
