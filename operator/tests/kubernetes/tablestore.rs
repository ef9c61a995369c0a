//! The copy in Tablestore: settings, credentials, conditions and Events, and no restart of any pod.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::ResourceExt;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use metafs_admin_api::{
    CopyOwner, Problem, ProblemReport, Progress, RecoveryState, RecoveryStatus, RemoteStatus,
    UploadPhase, UploadStatus,
};
use metafs_crds::{CredentialsSecret, MetadataCluster, OnRecovered, Tablestore, TablestoreMode};
use metafs_namespace::settings;
use serde_json::json;

use crate::harness::{Harness, condition, spec, until};
use crate::rolling::pod_uids;

/// Within this a change is followed that an operator that looks seldom must be told of.
const AT_ONCE: Duration = Duration::from_secs(15);
/// How seldom that one looks, seconds.
const SELDOM: u32 = 60;

fn wanted(mode: TablestoreMode) -> Tablestore {
    Tablestore {
        mode,
        instance: "inst".into(),
        endpoint: "https://inst.example.com".into(),
        region: Some("cn-hangzhou".into()),
        credentials_secret: CredentialsSecret {
            access_key_id_key: "ID".into(),
            ..CredentialsSecret::named("keys")
        },
        table_prefix: Some("lost".into()),
        on_recovered: OnRecovered::default(),
        takeover: false,
    }
}

fn upload(phase: UploadPhase) -> UploadStatus {
    UploadStatus {
        phase,
        synced: false,
        problem: None,
        owner: None,
        checkpoint_index: 17,
        checkpoint_time_ms: 1_700_000_000_000,
        lag_entries: 3,
        lag_ms: 4000,
        backfill: None,
    }
}

fn uploading(upload: UploadStatus) -> RemoteStatus {
    RemoteStatus {
        mode: settings::TablestoreMode::AsyncUpload,
        read_only: false,
        upload: Some(upload),
        recovery: None,
    }
}

fn recovering(state: RecoveryState) -> RemoteStatus {
    RemoteStatus {
        mode: settings::TablestoreMode::Recovery,
        read_only: true,
        upload: None,
        recovery: Some(RecoveryStatus {
            state,
            problem: None,
            source: Some(other()),
            progress: Progress {
                rows_done: 50,
                rows_total: 100,
                percent: 50,
                rows_per_second: 10,
                eta_seconds: Some(5),
            },
            recovered_index: Some(99),
            recovered_time_ms: Some(1_700_000_000_000),
            not_uploaded_entries: Some(0),
            started_ms: Some(1_700_000_001_000),
            finished_ms: None,
        }),
    }
}

fn other() -> CopyOwner {
    CopyOwner { cluster_id: "c-old".into(), name: "MetadataCluster default/old".into(), epoch: 3 }
}

async fn make_keys(harness: &Harness, data: serde_json::Value) {
    let secret: Secret =
        serde_json::from_value(json!({ "metadata": { "name": "keys" }, "stringData": data }))
            .unwrap();
    harness.api::<Secret>().create(&PostParams::default(), &secret).await.unwrap();
}

/// Waits for a condition to be so.
async fn until_told(harness: &Harness, type_: &str, status: &str, reason: &str) -> MetadataCluster {
    let want = (status.to_owned(), reason.to_owned());
    let what = format!("{type_}={status} {reason}");
    harness.until_status("demo", &what, |c| condition(c, type_) == want).await
}

/// Waits until the Secret that the pods mount holds this, and every pod says so.
async fn until_mirrored(harness: &Harness, files: &[(&str, &str)]) {
    let want: BTreeMap<String, String> =
        files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect();
    until(&format!("{want:?} to be mirrored"), || async {
        let Some(secret) = harness.api::<Secret>().get_opt("demo-tablestore").await.unwrap() else {
            return Err("no Secret".to_owned());
        };
        let version = secret.resource_version();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let data: BTreeMap<String, String> =
            secret.data.unwrap_or_default().into_iter().map(|(k, v)| (k, text(v.0))).collect();
        let pods = harness.api::<Pod>().list(&ListParams::default()).await.unwrap();
        let told = |pod: &Pod| {
            pod.annotations().get("metafs.dev/tablestore-credentials").cloned() == version
        };
        if data == want && pods.items.len() == 3 && pods.iter().all(told) {
            Ok(())
        } else {
            Err(format!("{data:?}, version {version:?}"))
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn upload_is_switched_on_and_followed_without_a_restart() {
    let harness = Harness::new().await;
    let operator = harness.operator_that_looks_every("one", SELDOM).await;
    harness.create("demo", spec(3)).await;
    let cluster = harness.ready("demo").await;
    assert_eq!(condition(&cluster, "Synced"), Default::default(), "nothing is said of a copy");
    let uids = pod_uids(&harness, "demo").await;
    make_keys(&harness, json!({ "ID": "me", "accessKeySecret": "hush" })).await;

    harness.servers().say("demo", uploading(upload(UploadPhase::Backfill)));
    let wish = serde_json::to_value(wanted(TablestoreMode::AsyncUpload)).unwrap();
    harness.change("demo", json!({ "tablestore": wish })).await;
    let cluster = until_told(&harness, "Uploading", "True", "Backfilling").await;
    assert_eq!(condition(&cluster, "Synced"), ("False".into(), "Backfilling".into()));
    let settings = harness.servers().cluster("demo").settings.unwrap();
    let managed_by = format!("MetadataCluster {}/demo", harness.namespace);
    assert_eq!(settings.roles_managed_by, Some(managed_by));
    let tablestore = settings.tablestore.unwrap();
    assert_eq!(tablestore.mode, settings::TablestoreMode::AsyncUpload);
    assert_eq!((tablestore.instance.as_str(), tablestore.table_prefix.as_str()), ("inst", "lost"));
    assert_eq!(tablestore.region.as_deref(), Some("cn-hangzhou"));
    until_mirrored(&harness, &[("accessKeyId", "me"), ("accessKeySecret", "hush")]).await;

    // Nobody tells the operator but its own look at the leader.
    let begun = Instant::now();
    let mut synced = upload(UploadPhase::Tailing);
    synced.synced = true;
    harness.servers().say("demo", uploading(synced.clone()));
    let cluster = until_told(&harness, "Synced", "True", "Synced").await;
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
    let copy = cluster.status.unwrap().tablestore.unwrap();
    assert_eq!((copy.checkpoint_index, copy.lag_seconds), (Some(17), Some(4)));
    for reason in ["UploadStarted", "BackfillStarted", "BackfillFinished", "Synced"] {
        harness.event("demo", reason).await;
    }

    // Another leader: what the old one said does not count.
    let mut starting = upload(UploadPhase::Starting);
    starting.problem = Some(ProblemReport {
        kind: Problem::CredentialsRefused,
        message: "the key is not known: check Secret keys".into(),
        seconds: 1,
    });
    harness.servers().say("demo", uploading(starting));
    harness.servers().depose("demo");
    let cluster = until_told(&harness, "Synced", "False", "CredentialsRefused").await;
    assert_eq!(condition(&cluster, "Ready").0, "True", "the cluster goes on");
    harness.event("demo", "TablestoreProblem").await;

    let mut fenced = upload(UploadPhase::Fenced);
    fenced.owner = Some(other());
    harness.servers().say("demo", uploading(fenced));
    until_told(&harness, "RemoteFenced", "True", "TakenOver").await;
    harness.event("demo", "RemoteFenced").await;
    harness.servers().say("demo", uploading(synced));
    until_told(&harness, "RemoteFenced", "False", "NotFenced").await;
    harness.event("demo", "TablestoreProblemEnded").await;

    // Switched off, the servers can still give the copy up; without one they have no credentials.
    harness.change("demo", json!({ "tablestore": { "mode": "Disabled" } })).await;
    until("the settings", || async {
        let settings = harness.servers().cluster("demo").settings.unwrap();
        let mode = settings.tablestore.map(|tablestore| tablestore.mode);
        if mode == Some(settings::TablestoreMode::Disabled) { Ok(()) } else { Err(mode) }
    })
    .await;
    until_mirrored(&harness, &[("accessKeyId", "me"), ("accessKeySecret", "hush")]).await;
    harness.change("demo", json!({ "tablestore": null })).await;
    until_mirrored(&harness, &[]).await;
    assert_eq!(pod_uids(&harness, "demo").await, uids, "a pod was restarted");
    harness.end(vec![operator]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_followed_without_a_restart() {
    let harness = Harness::new().await;
    let operator = harness.operator_that_looks_every("one", SELDOM).await;
    let mut with_copy = spec(3);
    with_copy.tablestore = Some(wanted(TablestoreMode::AsyncUpload));
    harness.servers().say(
        "demo",
        RemoteStatus {
            mode: settings::TablestoreMode::AsyncUpload,
            read_only: false,
            upload: None,
            recovery: None,
        },
    );
    harness.create("demo", with_copy).await;
    harness.ready("demo").await;
    let cluster = until_told(&harness, "Uploading", "False", "CredentialsMissing").await;
    let message = |cluster: &MetadataCluster| {
        let conditions = cluster.status.iter().flat_map(|status| &status.conditions);
        conditions.filter(|c| c.type_ == "Uploading").map(|c| c.message.clone()).collect::<String>()
    };
    assert!(message(&cluster).contains("Secret keys"), "{}", message(&cluster));
    harness.event("demo", "TablestoreProblem").await;
    let uids = pod_uids(&harness, "demo").await;

    let at_once = |begun: Instant| assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
    let begun = Instant::now();
    make_keys(&harness, json!({ "ID": "me", "accessKeySecret": "one" })).await;
    until_mirrored(&harness, &[("accessKeyId", "me"), ("accessKeySecret", "one")]).await;
    at_once(begun);

    // Rotated, to a key with a token.
    let begun = Instant::now();
    let patch = |data: serde_json::Value| Patch::Merge(json!({ "stringData": data }));
    let secrets = harness.api::<Secret>();
    let two = patch(json!({ "ID": "you", "accessKeySecret": "two", "securityToken": "sts" }));
    secrets.patch("keys", &PatchParams::default(), &two).await.unwrap();
    let files = [("accessKeyId", "you"), ("accessKeySecret", "two"), ("securityToken", "sts")];
    until_mirrored(&harness, &files).await;
    at_once(begun);

    // Half of it is none.
    let half = Patch::Merge(json!({ "data": { "accessKeySecret": null } }));
    secrets.patch("keys", &PatchParams::default(), &half).await.unwrap();
    until_mirrored(&harness, &[]).await;
    let cluster = until_told(&harness, "Uploading", "False", "CredentialsMissing").await;
    assert!(message(&cluster).contains("accessKeySecret"), "{}", message(&cluster));
    secrets.patch("keys", &PatchParams::default(), &two).await.unwrap();
    until_mirrored(&harness, &files).await;

    let begun = Instant::now();
    secrets.delete("keys", &DeleteParams::default()).await.unwrap();
    until_mirrored(&harness, &[]).await;
    at_once(begun);
    let cluster = harness.get("demo").await;
    assert_eq!(condition(&cluster, "Ready").0, "True", "the cluster goes on");
    assert_eq!(pod_uids(&harness, "demo").await, uids, "a pod was restarted");
    harness.end(vec![operator]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_not_ours_is_left_alone() {
    let harness = Harness::new().await;
    let operator = harness.operator("one").await;
    let theirs: Secret = serde_json::from_value(
        json!({ "metadata": { "name": "demo-tablestore" }, "stringData": { "x": "y" } }),
    )
    .unwrap();
    harness.api::<Secret>().create(&PostParams::default(), &theirs).await.unwrap();
    make_keys(&harness, json!({ "ID": "me", "accessKeySecret": "one" })).await;
    let mut with_copy = spec(1);
    with_copy.tablestore = Some(wanted(TablestoreMode::AsyncUpload));
    harness.servers().say("demo", uploading(upload(UploadPhase::Tailing)));
    harness.create("demo", with_copy).await;
    until_told(&harness, "Uploading", "False", "CredentialsMissing").await;
    let secret = harness.api::<Secret>().get("demo-tablestore").await.unwrap();
    assert_eq!(secret.data.unwrap().into_keys().collect::<Vec<_>>(), ["x"]);
    harness.end(vec![operator]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_is_there_from_the_first_settings_on() {
    let harness = Harness::new().await;
    let operator = harness.operator_that_looks_every("one", SELDOM).await;
    make_keys(&harness, json!({ "ID": "me", "accessKeySecret": "one" })).await;
    let mut from_copy = spec(3);
    from_copy.tablestore = Some(wanted(TablestoreMode::Recovery));
    harness.servers().say("demo", recovering(RecoveryState::Waiting));
    harness.create("demo", from_copy).await;
    harness.ready("demo").await;
    let agreed = harness.servers().cluster("demo");
    let first = agreed.first_settings.unwrap().tablestore.unwrap();
    assert_eq!(first.mode, settings::TablestoreMode::Recovery, "it was never writable");
    let uids = pod_uids(&harness, "demo").await;
    let cluster = until_told(&harness, "Recovered", "False", "WaitingForOwner").await;
    let recovery = cluster.status.unwrap().recovery.unwrap();
    assert!(recovery.message.unwrap().contains("MetadataCluster default/old"));
    until_mirrored(&harness, &[("accessKeyId", "me"), ("accessKeySecret", "one")]).await;

    harness.servers().say("demo", recovering(RecoveryState::Loading));
    let cluster = until_told(&harness, "Recovered", "False", "Loading").await;
    assert_eq!(condition(&cluster, "ReadOnly"), ("True".into(), "Recovering".into()));
    assert_eq!(condition(&cluster, "Available"), ("False".into(), "Recovering".into()));
    let recovery = cluster.status.unwrap().recovery.unwrap();
    assert_eq!((recovery.percent, recovery.rows, recovery.rows_per_second), (50, 50, Some(10)));

    // Too early: the servers refuse, and the resource says so.
    harness.servers().refuse_settings("demo", Some("the recovery is not finished"));
    harness.change("demo", json!({ "tablestore": { "mode": "AsyncUpload" } })).await;
    let cluster = until_told(&harness, "Ready", "False", "SettingsRefused").await;
    assert_eq!(condition(&cluster, "Recovered").1, "Loading", "the recovery goes on");
    harness.event("demo", "SettingsRefused").await;

    harness.servers().say("demo", recovering(RecoveryState::Verifying));
    until_told(&harness, "Recovered", "False", "Verifying").await;
    let mut finished = recovering(RecoveryState::Finished);
    harness.servers().say("demo", finished.clone());
    let cluster = until_told(&harness, "Recovered", "True", "Finished").await;
    let shown = serde_json::to_value(cluster.status.unwrap().recovery).unwrap();
    assert_eq!(shown["state"], "FINISH");
    assert_eq!((&shown["recoveredIndex"], &shown["folders"]), (&json!(99), &json!(1)));

    harness.servers().refuse_settings("demo", None);
    until("the settings", || async {
        let settings = harness.servers().cluster("demo").settings.unwrap();
        let mode = settings.tablestore.map(|tablestore| tablestore.mode);
        if mode == Some(settings::TablestoreMode::AsyncUpload) { Ok(()) } else { Err(mode) }
    })
    .await;
    finished.mode = settings::TablestoreMode::AsyncUpload;
    finished.read_only = false;
    let mut tailing = upload(UploadPhase::Tailing);
    tailing.synced = true;
    finished.upload = Some(tailing);
    harness.servers().say("demo", finished);
    until_told(&harness, "Synced", "True", "Synced").await;
    let cluster = until_told(&harness, "ReadOnly", "False", "Writable").await;
    assert_eq!(condition(&cluster, "Recovered").0, "True");
    harness.ready("demo").await;
    for reason in ["RecoveryLoading", "RecoveryVerifying", "RecoveryFinished", "Writable", "Synced"]
    {
        harness.event("demo", reason).await;
    }
    assert_eq!(pod_uids(&harness, "demo").await, uids, "a pod was restarted");
    harness.end(vec![operator]).await;
}
