//! Every rule of the MetadataCluster's schema, accepted and refused by a real API server.
//!
//! Needs METAFS_TEST_KUBECONFIG: a kubeconfig with the rights of an administrator; a control plane
//! without nodes is enough.

use kube::api::{Api, DynamicObject, Patch, PatchParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Client, Config};
use metafs_crds::{MetadataCluster, MetadataClusterSpec};
use serde_json::{Value, json};

/// A spec with a copy in Tablestore, changed by `change`; `null` removes a field.
fn tablestore(change: Value) -> Value {
    let mut tablestore = json!({
        "instance": "inst-1",
        "endpoint": "https://inst-1.cn-hangzhou.vpc.tablestore.aliyuncs.com",
        "credentialsSecret": { "name": "keys" },
    });
    for (field, value) in change.as_object().unwrap() {
        tablestore[field] = value.clone();
    }
    json!({ "tablestore": tablestore })
}

async fn client() -> Client {
    let path = std::env::var("METAFS_TEST_KUBECONFIG").expect(
        "METAFS_TEST_KUBECONFIG must name a kubeconfig; `e2e/up --control-plane-only` starts a cluster and prints one",
    );
    let kubeconfig = Kubeconfig::read_from(path).expect("reading METAFS_TEST_KUBECONFIG");
    let config =
        Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
    Client::try_from(config).unwrap()
}

/// Installs the definition and waits until it is served as it is now.
async fn install(client: &Client) {
    let kind = ApiResource::from_gvk(&GroupVersionKind::gvk(
        "apiextensions.k8s.io",
        "v1",
        "CustomResourceDefinition",
    ));
    let crds: Api<DynamicObject> = Api::all_with(client.clone(), &kind);
    let crd = metafs_crds::definition::metadatacluster().unwrap();
    let params = PatchParams::apply("metafs-tests").force();
    crds.patch("metadataclusters.metafs.dev", &params, &Patch::Apply(&crd)).await.unwrap();
    let probe = json!({ "spec": tablestore(json!({ "mode": "Recovery" })) });
    for _ in 0..300 {
        let refused = create(client, "probe", &probe).await.err();
        if refused.is_some_and(|why| why.contains("must say which copy")) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("the definition is not served");
}

fn api(client: &Client) -> Api<DynamicObject> {
    Api::namespaced_with(client.clone(), "default", &ApiResource::erase::<MetadataCluster>(&()))
}

fn object(name: &str, body: &Value) -> DynamicObject {
    let mut object = body.clone();
    object["apiVersion"] = json!("metafs.dev/v1alpha1");
    object["kind"] = json!("MetadataCluster");
    object["metadata"] = json!({ "name": name });
    serde_json::from_value(object).unwrap()
}

/// Creates without storing; the API server's words if it refuses.
async fn create(client: &Client, name: &str, body: &Value) -> Result<DynamicObject, String> {
    let params = PostParams { dry_run: true, field_manager: None };
    api(client).create(&params, &object(name, body)).await.map_err(|error| error.to_string())
}

#[tokio::test]
async fn rules_on_creation() {
    let client = client().await;
    install(&client).await;
    let long = |n: usize| "a".repeat(n);
    let users = |n: usize| -> Value {
        (0..n).map(|i| json!({ "name": format!("u{i}"), "groups": ["g"] })).collect()
    };

    // Spec, and what the refusal must say; an empty text: accepted.
    let cases: Vec<(Value, &str)> = vec![
        (json!({}), ""),
        (json!({ "replicas": 1 }), ""),
        (json!({ "replicas": 3 }), ""),
        (json!({ "replicas": 9 }), ""),
        (json!({ "replicas": 2 }), "spec.replicas must be odd"),
        (json!({ "replicas": 4 }), "spec.replicas must be odd"),
        (json!({ "replicas": 0 }), "greater than or equal to 1"),
        (json!({ "replicas": -1 }), "greater than or equal to 1"),
        (json!({ "replicas": 11 }), "less than or equal to 9"),
        (json!({ "observers": 1 }), ""),
        (json!({ "observers": 0, "replicas": 1 }), ""),
        (json!({ "observers": 3, "replicas": 5 }), ""),
        (json!({ "observers": 7, "replicas": 9 }), ""),
        (json!({ "observers": 2 }), "at most spec.replicas - 2"),
        (json!({ "observers": 1, "replicas": 1 }), "at most spec.replicas - 2"),
        (json!({ "observers": 4, "replicas": 5 }), "at most spec.replicas - 2"),
        (json!({ "observers": -1 }), "greater than or equal to 0"),
        (json!({ "observers": 8, "replicas": 9 }), "less than or equal to 7"),
        (json!({ "readReplicas": 16 }), ""),
        (json!({ "readReplicas": 2, "replicas": 1 }), ""),
        (json!({ "readReplicas": 17 }), "less than or equal to 16"),
        (json!({ "readReplicas": -1 }), "greater than or equal to 0"),
        (json!({ "observerReads": { "maxWaitMilliseconds": 60000 } }), ""),
        (json!({ "observerReads": { "maxWaitMilliseconds": 0 } }), "greater than or equal to 1"),
        (
            json!({ "observerReads": { "maxWaitMilliseconds": 60001 } }),
            "less than or equal to 60000",
        ),
        (json!({ "observerReads": { "autoMsyncPeriodMilliseconds": -1 } }), ""),
        (json!({ "observerReads": { "autoMsyncPeriodMilliseconds": 0 } }), ""),
        (json!({ "observerReads": { "autoMsyncPeriodMilliseconds": 500 } }), ""),
        (
            json!({ "observerReads": { "autoMsyncPeriodMilliseconds": -2 } }),
            "must be -1 (off), 0 (before every read)",
        ),
        (json!({ "nameservice": "warehouse-1" }), ""),
        (json!({ "nameservice": long(63) }), ""),
        (json!({ "nameservice": long(64) }), "Too long"),
        (json!({ "nameservice": "" }), "nameservice"),
        (json!({ "nameservice": "Warehouse" }), "should match"),
        (json!({ "nameservice": "a_b" }), "should match"),
        (json!({ "nameservice": "-a" }), "should match"),
        (json!({ "image": "registry.example.com/metafs@sha256:abc" }), ""),
        (json!({ "image": "" }), "image"),
        (json!({ "image": "two words" }), "should match"),
        (json!({ "image": long(513) }), "Too long"),
        (json!({ "imagePullPolicy": "Always" }), ""),
        (json!({ "imagePullPolicy": "Sometimes" }), "Unsupported value"),
        (json!({ "imagePullSecrets": [{ "name": "registry" }] }), ""),
        (json!({ "imagePullSecrets": vec![json!({ "name": "r" }); 9] }), "Too many"),
        (json!({ "storage": { "size": "256Mi" } }), ""),
        (json!({ "storage": { "size": 1_073_741_824_i64 } }), ""),
        (json!({ "storage": { "size": "100Mi" } }), "must be at least 256Mi"),
        (json!({ "storage": { "size": "much" } }), "should match"),
        (json!({ "storage": { "storageClassName": "fast.ssd-1" } }), ""),
        (json!({ "storage": { "storageClassName": "Fast" } }), "should match"),
        (json!({ "volumeRetention": "Delete" }), ""),
        (json!({ "volumeRetention": "Keep" }), "Unsupported value"),
        (json!({ "resources": { "limits": { "memory": "1Gi", "cpu": 2 } } }), ""),
        (json!({ "resources": { "limits": { "memory": true } } }), "resources.limits.memory"),
        (
            json!({ "scheduling": { "nodeSelector": { "disk": "ssd" }, "priorityClassName": "high" } }),
            "",
        ),
        (json!({ "scheduling": { "nodeSelector": "ssd" } }), "scheduling.nodeSelector"),
        (
            json!({ "scheduling": { "tolerations": vec![json!({ "operator": "Exists" }); 33] } }),
            "Too many",
        ),
        (json!({ "paused": true }), ""),
        (json!({ "paused": "yes" }), "paused"),
        (
            json!({ "permissions": { "enabled": false, "superuser": "root", "supergroup": "wheel" } }),
            "",
        ),
        (json!({ "permissions": { "superuser": "" } }), "superuser"),
        (json!({ "permissions": { "superuser": "a:b" } }), "should match"),
        (json!({ "permissions": { "supergroup": "two words" } }), "should match"),
        (json!({ "permissions": { "users": users(2000) } }), ""),
        (json!({ "permissions": { "users": users(2001) } }), "Too many"),
        (
            json!({ "permissions": { "users": [{ "name": "a", "groups": ["g"] }, { "name": "a", "groups": ["h"] }] } }),
            "Duplicate value",
        ),
        (
            json!({ "permissions": { "users": [{ "name": "a", "groups": [] }] } }),
            "at least 1 items",
        ),
        (
            json!({ "permissions": { "users": [{ "name": "a", "groups": ["x/y"] }] } }),
            "should match",
        ),
        (json!({ "limits": { "inlineLimitBytes": 1_048_576 } }), ""),
        (json!({ "limits": { "inlineLimitBytes": 0 } }), ""),
        (json!({ "limits": { "inlineLimitBytes": 1_048_577 } }), "less than or equal to 1048576"),
        (json!({ "limits": { "inlineLimitBytes": -1 } }), "greater than or equal to 0"),
        (json!({ "limits": { "maxDirectoryItems": 6_400_000 } }), ""),
        (json!({ "limits": { "maxDirectoryItems": 0 } }), "greater than or equal to 1"),
        (json!({ "limits": { "maxDirectoryItems": 6_400_001 } }), "less than or equal to"),
        (json!({ "limits": { "maxXattrsPerInode": 1024 } }), ""),
        (json!({ "limits": { "maxXattrsPerInode": 1025 } }), "less than or equal to 1024"),
        (json!({ "limits": { "maxXattrSizeBytes": 32768 } }), ""),
        (json!({ "limits": { "maxXattrSizeBytes": 32769 } }), "less than or equal to 32768"),
        (json!({ "defaults": { "replication": 512, "blockSizeBytes": 1_048_576 } }), ""),
        (json!({ "defaults": { "replication": 0 } }), "greater than or equal to 1"),
        (json!({ "defaults": { "blockSizeBytes": 1024 } }), "greater than or equal to 1048576"),
        (json!({ "leases": { "softLimitSeconds": 30, "hardLimitSeconds": 30 } }), ""),
        (
            json!({ "leases": { "softLimitSeconds": 60, "hardLimitSeconds": 59 } }),
            "must not be smaller than softLimitSeconds",
        ),
        (json!({ "leases": { "softLimitSeconds": 0 } }), "greater than or equal to 1"),
        (json!({ "trashIntervalMinutes": 1440 }), ""),
        (json!({ "trashIntervalMinutes": -5 }), "greater than or equal to 0"),
        (json!({ "auditLog": false }), ""),
        (json!({ "auditLog": "off" }), "auditLog"),
        (json!({ "logLevel": "info,metafs_consensus=debug" }), ""),
        (json!({ "logLevel": "" }), "logLevel"),
        (json!({ "logLevel": "info; rm" }), "should match"),
        (json!({ "raft": { "heartbeatMs": 50, "electionMinMs": 150, "electionMaxMs": 300 } }), ""),
        (json!({ "raft": { "heartbeatMs": 501 } }), "at least three times heartbeatMs"),
        (json!({ "raft": { "electionMaxMs": 1500 } }), "must be greater than electionMinMs"),
        (json!({ "raft": { "heartbeatMs": 5 } }), "greater than or equal to 20"),
        (tablestore(json!({})), ""),
        (tablestore(json!({ "mode": "Disabled" })), ""),
        (tablestore(json!({ "mode": "AsyncUpload" })), ""),
        (tablestore(json!({ "mode": "Upload" })), "Unsupported value"),
        (tablestore(json!({ "mode": "Recovery", "tablePrefix": "lost" })), ""),
        (tablestore(json!({ "mode": "Recovery" })), "must say which copy is to be recovered"),
        (
            tablestore(
                json!({ "mode": "Recovery", "tablePrefix": "lost", "onRecovered": "AsyncUpload", "takeover": true }),
            ),
            "",
        ),
        (tablestore(json!({ "onRecovered": "Delete" })), "Unsupported value"),
        (tablestore(json!({ "takeover": "yes" })), "takeover"),
        (tablestore(json!({ "instance": null })), "tablestore.instance: Required value"),
        (tablestore(json!({ "instance": "" })), "tablestore.instance"),
        (tablestore(json!({ "instance": "a_b" })), "should match"),
        (tablestore(json!({ "instance": long(63) })), ""),
        (tablestore(json!({ "instance": long(64) })), "Too long"),
        (tablestore(json!({ "endpoint": null })), "tablestore.endpoint: Required value"),
        (tablestore(json!({ "endpoint": "http://127.0.0.1:8087" })), ""),
        (tablestore(json!({ "endpoint": "http://[::1]:8087/" })), ""),
        (tablestore(json!({ "endpoint": "inst.example.com" })), "should match"),
        (tablestore(json!({ "endpoint": "ftp://inst.example.com" })), "should match"),
        (tablestore(json!({ "endpoint": "https://inst.example.com/path" })), "should match"),
        (tablestore(json!({ "endpoint": format!("http://{}", long(513)) })), "Too long"),
        (tablestore(json!({ "region": "cn-hangzhou" })), ""),
        (tablestore(json!({ "region": "CN" })), "should match"),
        (tablestore(json!({ "region": long(64) })), "Too long"),
        (tablestore(json!({ "tablePrefix": long(200) })), ""),
        (tablestore(json!({ "tablePrefix": long(201) })), "Too long"),
        (tablestore(json!({ "tablePrefix": "_a9" })), ""),
        (tablestore(json!({ "tablePrefix": "9a" })), "should match"),
        (tablestore(json!({ "tablePrefix": "a-b" })), "should match"),
        (
            tablestore(json!({ "credentialsSecret": null })),
            "tablestore.credentialsSecret: Required value",
        ),
        (tablestore(json!({ "credentialsSecret": {} })), "credentialsSecret.name: Required value"),
        (tablestore(json!({ "credentialsSecret": { "name": "Keys" } })), "should match"),
        (
            tablestore(json!({ "credentialsSecret": { "name": "demo-tablestore" } })),
            "the operator makes a Secret of that name",
        ),
        (
            tablestore(json!({ "credentialsSecret": {
                "name": "keys", "accessKeyIdKey": "ID", "accessKeySecretKey": "SECRET.1", "securityTokenKey": "t",
            } })),
            "",
        ),
        (
            tablestore(json!({ "credentialsSecret": { "name": "keys", "accessKeyIdKey": "a/b" } })),
            "should match",
        ),
        (
            tablestore(
                json!({ "credentialsSecret": { "name": "keys", "accessKeySecretKey": "" } }),
            ),
            "accessKeySecretKey",
        ),
        (
            tablestore(
                json!({ "credentialsSecret": { "name": "keys", "securityTokenKey": long(254) } }),
            ),
            "Too long",
        ),
        (json!({ "nodeLossGraceSeconds": 10 }), ""),
        (json!({ "nodeLossGraceSeconds": 9 }), "greater than or equal to 10"),
    ];
    let mut wrong = Vec::new();
    for (spec, refusal) in cases {
        match (create(&client, "demo", &json!({ "spec": spec })).await, refusal) {
            (Ok(_), "") => {}
            (Err(said), refusal) if !refusal.is_empty() && said.contains(refusal) => {}
            (Ok(_), _) => wrong.push(format!("{spec} was accepted; {refusal:?} expected")),
            (Err(said), _) => wrong.push(format!("{spec}: {refusal:?} expected, not {said}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    let empty = json!({ "spec": {} });
    for name in ["a", "demo-1", &long(40)] {
        create(&client, name, &empty).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    for name in ["readers", "demo-reads", "read"] {
        create(&client, name, &empty).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    for name in ["demo-read", "demo-members", "demo-active", "demo-observers"] {
        let said = create(&client, name, &empty).await.expect_err(name);
        assert!(said.contains("must not end in"), "{name}: {said}");
    }
    for name in ["1demo", "de.mo", &long(41)] {
        let said = create(&client, name, &empty).await.expect_err(name);
        assert!(said.contains("use at most 40 lower-case letters"), "{name}: {said}");
    }
}

#[tokio::test]
async fn the_schema_fills_in_the_defaults_of_the_types() {
    let client = client().await;
    install(&client).await;
    let made = create(&client, "demo", &json!({ "spec": {} })).await.unwrap();
    let spec: MetadataClusterSpec = serde_json::from_value(made.data["spec"].clone()).unwrap();
    assert_eq!(spec, MetadataClusterSpec::default());
    // All of them, so that `kubectl get -o yaml` shows what is in force; `null` is "not given".
    assert_eq!(made.data["spec"], serde_json::to_value(&spec).unwrap());
    let nulls =
        json!({ "spec": { "replicas": null, "nameservice": null, "storage": { "size": null } } });
    let made = create(&client, "demo", &nulls).await.unwrap();
    assert_eq!(made.data["spec"], serde_json::to_value(&spec).unwrap());
}

#[tokio::test]
async fn the_samples_are_accepted() {
    let client = client().await;
    install(&client).await;
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/../manifests/samples");
    let mut seen = 0;
    for entry in std::fs::read_dir(samples).unwrap() {
        let path = entry.unwrap().path();
        let sample: Value = serde_yaml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let name = sample["metadata"]["name"].as_str().unwrap();
        let made = create(&client, name, &json!({ "spec": sample["spec"] })).await;
        let made = made.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        // What the schema does not know it drops without a word.
        for field in sample["spec"].as_object().unwrap().keys() {
            assert!(
                made.data["spec"].get(field).is_some(),
                "{}: unknown field {field}",
                path.display()
            );
        }
        seen += 1;
    }
    assert!(seen >= 5, "no samples in {samples}");
}

#[tokio::test]
async fn rules_on_change() {
    let client = client().await;
    install(&client).await;
    let mode = |mode: &str| json!({ "tablestore": { "mode": mode } });
    let recovery = || tablestore(json!({ "mode": "Recovery", "tablePrefix": "lost" }));
    // Spec before, change, and what the refusal must say.
    let cases: Vec<(Value, Value, &str)> = vec![
        (json!({}), json!({ "replicas": 5 }), ""),
        (json!({}), json!({ "replicas": 4 }), "must be odd"),
        (json!({}), json!({ "observers": 1 }), ""),
        (json!({ "observers": 1 }), json!({ "replicas": 1 }), "lower spec.observers"),
        (json!({ "observers": 1 }), json!({ "replicas": 1, "observers": 0 }), ""),
        (
            json!({ "observers": 1, "readReplicas": 3 }),
            json!({ "observers": 0, "readReplicas": 0 }),
            "",
        ),
        (json!({ "storage": { "size": "1Gi" } }), json!({ "storage": { "size": "2Gi" } }), ""),
        (json!({ "storage": { "size": "1Gi" } }), json!({ "storage": { "size": "1024Mi" } }), ""),
        (
            json!({ "storage": { "size": "1Gi" } }),
            json!({ "storage": { "size": "1023Mi" } }),
            "cannot shrink",
        ),
        (
            json!({ "storage": { "size": "1Gi" } }),
            json!({ "storage": { "size": 1_000_000_000 } }),
            "cannot shrink",
        ),
        (
            json!({ "storage": { "size": "20Gi" } }),
            json!({ "storage": { "size": null } }),
            "cannot shrink",
        ),
        (
            json!({ "storage": { "storageClassName": "a" } }),
            json!({ "storage": { "storageClassName": "b" } }),
            "storageClassName cannot change",
        ),
        (
            json!({ "storage": { "storageClassName": "a" } }),
            json!({ "storage": { "storageClassName": null } }),
            "storageClassName cannot change",
        ),
        (
            json!({}),
            json!({ "storage": { "storageClassName": "a" } }),
            "storageClassName cannot change",
        ),
        (
            json!({ "nameservice": "one" }),
            json!({ "nameservice": "two" }),
            "spec.nameservice is part of clients' URIs",
        ),
        (
            json!({ "nameservice": "one" }),
            json!({ "nameservice": null }),
            "spec.nameservice is part of clients' URIs",
        ),
        (json!({}), json!({ "nameservice": "two" }), "spec.nameservice is part of clients' URIs"),
        // Saying the default aloud changes nothing.
        (json!({}), json!({ "nameservice": "changing" }), ""),
        (json!({ "volumeRetention": "Retain" }), json!({ "volumeRetention": "Delete" }), ""),
        // The copy: on and off at any time.
        (json!({}), tablestore(json!({ "mode": "AsyncUpload" })), ""),
        (json!({}), tablestore(json!({})), ""),
        (tablestore(json!({})), mode("AsyncUpload"), ""),
        (tablestore(json!({ "mode": "AsyncUpload" })), mode("Disabled"), ""),
        // A recovery from the start only, and out of it to what follows.
        (
            json!({}),
            tablestore(json!({ "mode": "Recovery", "tablePrefix": "lost" })),
            "can be Recovery only from the creation",
        ),
        (
            tablestore(json!({ "tablePrefix": "lost" })),
            mode("Recovery"),
            "can be Recovery only from the creation",
        ),
        (
            tablestore(json!({ "mode": "AsyncUpload", "tablePrefix": "lost" })),
            mode("Recovery"),
            "can be Recovery only from the creation",
        ),
        (recovery(), mode("AsyncUpload"), ""),
        (recovery(), mode("Disabled"), ""),
        (recovery(), json!({ "tablestore": { "takeover": true } }), ""),
        (recovery(), json!({ "tablestore": { "onRecovered": "AsyncUpload" } }), ""),
        (recovery(), json!({ "replicas": 5 }), ""),
        // Removed only while nothing uses it.
        (tablestore(json!({})), json!({ "tablestore": null }), ""),
        (
            tablestore(json!({ "mode": "AsyncUpload" })),
            json!({ "tablestore": null }),
            "can be removed only while its mode is Disabled",
        ),
        (
            recovery(),
            json!({ "tablestore": null }),
            "can be removed only while its mode is Disabled",
        ),
        // Where it is stays while something uses it.
        (
            tablestore(json!({})),
            json!({ "tablestore": { "instance": "b", "endpoint": "http://b", "tablePrefix": "b" } }),
            "",
        ),
        (
            tablestore(json!({})),
            json!({ "tablestore": { "instance": "b", "mode": "AsyncUpload" } }),
            "",
        ),
        (
            tablestore(json!({ "mode": "AsyncUpload" })),
            json!({ "tablestore": { "instance": "b" } }),
            "instance can change only while",
        ),
        (
            tablestore(json!({ "mode": "AsyncUpload" })),
            json!({ "tablestore": { "instance": "b", "mode": "Disabled" } }),
            "instance can change only while",
        ),
        (
            tablestore(json!({ "mode": "AsyncUpload" })),
            json!({ "tablestore": { "endpoint": "http://b" } }),
            "endpoint can change only while",
        ),
        (
            tablestore(json!({ "mode": "AsyncUpload" })),
            json!({ "tablestore": { "tablePrefix": "b" } }),
            "tablePrefix can change only while",
        ),
        (
            tablestore(json!({ "mode": "AsyncUpload", "tablePrefix": "a" })),
            json!({ "tablestore": { "tablePrefix": null } }),
            "tablePrefix can change only while",
        ),
        (
            recovery(),
            json!({ "tablestore": { "tablePrefix": "b" } }),
            "tablePrefix can change only while",
        ),
        // What has nothing to do with the place.
        (
            tablestore(json!({ "mode": "AsyncUpload" })),
            json!({ "tablestore": { "region": "cn-hangzhou", "takeover": true, "credentialsSecret": { "name": "new" } } }),
            "",
        ),
    ];
    let api = api(&client);
    for (before, change, refusal) in cases {
        let _ = api.delete("changing", &Default::default()).await;
        api.create(&PostParams::default(), &object("changing", &json!({ "spec": before })))
            .await
            .unwrap();
        let patch = Patch::Merge(json!({ "spec": change }));
        match api.patch("changing", &PatchParams::default(), &patch).await {
            Ok(_) => assert_eq!(refusal, "", "{before} -> {change} was accepted"),
            Err(error) => {
                let said = error.to_string();
                assert!(
                    !refusal.is_empty() && said.contains(refusal),
                    "{before} -> {change}: {said}"
                );
            }
        }
    }
    api.delete("changing", &Default::default()).await.unwrap();
}
