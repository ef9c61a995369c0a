//! The copy in Tablestore when everything goes wrong that can: a store that refuses, times out and cuts,
//! leaders that die in every phase, copies that are damaged, missing, or something else.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use metafs_admin_api::{Problem, RecoveryState, RemoteStatus, UploadPhase};
use metafs_e2e::cluster::{Cluster, Options, PATIENCE, scenario};
use metafs_e2e::tablestore::{INSTANCE, KEY_ID, KEY_SECRET, LocalTablestore, files, recovering};
use metafs_e2e::wait::eventually;
use metafs_namespace::settings::{OnRecovered, Tablestore, TablestoreMode};
use metafs_tablestore::proto::PrimaryKeyType;
use metafs_tablestore::{Client, Config, Credentials, TableSpec};
use serde_json::json;

const LONG: Duration = Duration::from_secs(90);

/// Waits for a moment, in which the leader is killed, and started again.
async fn kill_leader_when(
    cluster: &mut Cluster,
    what: &str,
    moment: impl Fn(&RemoteStatus) -> bool,
) -> anyhow::Result<()> {
    let leader = eventually(what, LONG, async || {
        let leader = cluster.leader().await?;
        let remote = cluster.remote().await?;
        if moment(&remote) { Ok(Some(leader)) } else { anyhow::bail!("{remote:?}") }
    })
    .await?;
    cluster.server_mut(leader).kill().await?;
    cluster.server_mut(leader).start()?;
    cluster.server_mut(leader).up(PATIENCE).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn throttled_cut_and_timed_out_after_success() {
    scenario(Options::default(), true, LONG * 3, async |cluster| {
        let dir = cluster.dir().context("a folder")?.to_owned();
        let local = LocalTablestore::start(&dir).await?;
        local
            .faults(&json!([
                { "kind": "busy", "rate": 0.2 },
                { "kind": "timeoutAfter", "rate": 0.15 },
                { "kind": "cutAfter", "rate": 0.1 },
                { "kind": "cutBefore", "rate": 0.1 },
                { "kind": "damagedAnswer", "rate": 0.05 },
                { "kind": "slow", "rate": 0.2, "delayMs": 50 },
            ]))
            .await?;
        cluster.put_credentials(KEY_ID, KEY_SECRET)?;
        let mut client = cluster.client();
        files(&mut client, "/before", 100).await?;
        let copy = local.settings(TablestoreMode::AsyncUpload, "faults");
        cluster.put_tablestore(2, copy.clone()).await?;
        files(&mut client, "/after", 200).await?;
        cluster.synced(LONG).await?;
        let before = cluster.converged().await?.namespace;
        let copy = cluster.lose(copy).await?;

        let other = recovering(copy, Options::default()).await?;
        other.recovered(RecoveryState::Finished, LONG).await?;
        let after = other.converged().await?.namespace;
        ensure!(before.checksum == after.checksum, "{before:?} became {after:?}");
        let counters = local.control("GET", "/counters", "").await?;
        ensure!(counters.contains("fault"), "{counters}");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leaders_die_in_every_phase() {
    scenario(Options::default(), true, LONG * 4, async |cluster| {
        let dir = cluster.dir().context("a folder")?.to_owned();
        let local = LocalTablestore::start(&dir).await?;
        cluster.put_credentials(KEY_ID, KEY_SECRET)?;
        let mut client = cluster.client();
        files(&mut client, "/before", 100).await?;
        // So that each phase lasts.
        let slow = json!([{ "kind": "slow", "delayMs": 500 }]);
        local.faults(&slow).await?;
        let copy = local.settings(TablestoreMode::AsyncUpload, "phases");
        cluster.put_tablestore(2, copy.clone()).await?;
        for phase in [
            UploadPhase::Starting,
            UploadPhase::TakingOver,
            UploadPhase::Backfill,
            UploadPhase::Tailing,
        ] {
            let uploads = |remote: &RemoteStatus| {
                remote.upload.as_ref().is_some_and(|upload| upload.phase == phase)
            };
            kill_leader_when(cluster, &format!("an upload in phase {phase:?}"), uploads).await?;
            files(&mut client, &format!("/{phase:?}"), 5).await?;
        }
        cluster.synced(LONG).await?;
        let before = cluster.converged().await?.namespace;
        let copy = cluster.lose(copy).await?;

        let mut other = recovering(copy, Options::default()).await?;
        for state in [RecoveryState::Waiting, RecoveryState::Loading, RecoveryState::Verifying] {
            let recovers = |remote: &RemoteStatus| {
                remote.recovery.as_ref().is_some_and(|recovery| recovery.state == state)
            };
            kill_leader_when(&mut other, &format!("a recovery in state {state:?}"), recovers)
                .await?;
        }
        other.recovered(RecoveryState::Finished, LONG).await?;
        let after = other.converged().await?.namespace;
        ensure!(before.checksum == after.checksum, "{before:?} became {after:?}");
        Ok(())
    })
    .await;
}

/// Recovers `copy` into a cluster of its own, which must fail; returns the problem's kind and words.
async fn fails(copy: &Tablestore) -> anyhow::Result<(Problem, String)> {
    let cluster = recovering(copy.clone(), Options::default()).await?;
    let remote = cluster.recovered(RecoveryState::Failed, LONG).await?;
    ensure!(remote.read_only, "{remote:?}");
    let problem = remote.recovery.and_then(|recovery| recovery.problem).context("a problem")?;
    let refused = cluster.client().mkdirs("/refused").await;
    ensure!(refused.is_err(), "a write was taken after a recovery that failed");
    Ok((problem.kind, problem.message))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_copy_is_told_and_never_finished() {
    scenario(Options::default(), true, LONG * 4, async |cluster| {
        let dir = cluster.dir().context("a folder")?.to_owned();
        let local = LocalTablestore::start(&dir).await?;
        cluster.put_credentials(KEY_ID, KEY_SECRET)?;
        files(&mut cluster.client(), "/before", 50).await?;

        // The instance holds something else under this name.
        let credentials = Credentials::new(KEY_ID, KEY_SECRET);
        let client = Client::new(Config::new(local.endpoint(), INSTANCE, credentials))?;
        let table = TableSpec::new("theirs_metafs").key("id", PrimaryKeyType::Integer);
        client.create_table(&table).await?;
        let theirs = local.settings(TablestoreMode::AsyncUpload, "theirs");
        cluster.put_tablestore(2, theirs.clone()).await?;
        eventually("the foreign table to be told", PATIENCE, async || {
            let upload = cluster.remote().await?.upload.context("no upload")?;
            let problem = upload.problem.map(|problem| problem.kind);
            Ok((problem == Some(Problem::ForeignTables)).then_some(()))
        })
        .await?;
        let off = Tablestore { mode: TablestoreMode::Disabled, ..theirs };
        cluster.put_tablestore(3, off).await?;

        let copy = local.settings(TablestoreMode::AsyncUpload, "ours");
        cluster.put_tablestore(4, copy.clone()).await?;
        cluster.synced(LONG).await?;
        let copy = cluster.lose(copy).await?;

        let elsewhere = Tablestore { table_prefix: "nothing".into(), ..copy.clone() };
        let (kind, words) = fails(&elsewhere).await?;
        ensure!(kind == Problem::NoCopy, "{kind:?}: {words}");
        let base = json!({ "table": "ours_metafs", "primaryKey": ["base-0", 1, 0, 0] });
        local.control("POST", "/damage", &base.to_string()).await?;
        let (kind, words) = fails(&copy).await?;
        ensure!(kind == Problem::Damaged && words.contains("base (epoch 1, number 0)"), "{words}");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_used_cluster_is_not_recovered_into() {
    scenario(Options::default(), true, LONG, async |cluster| {
        let dir = cluster.dir().context("a folder")?.to_owned();
        let local = LocalTablestore::start(&dir).await?;
        cluster.put_credentials(KEY_ID, KEY_SECRET)?;
        files(&mut cluster.client(), "/used", 1).await?;
        let copy = Tablestore {
            on_recovered: OnRecovered::AsyncUpload,
            ..local.settings(TablestoreMode::Recovery, "used")
        };
        let refused = cluster.put_tablestore(2, copy).await.err().context("it was taken")?;
        ensure!(format!("{refused:?}").contains("Only a new cluster"), "{refused:?}");
        files(&mut cluster.client(), "/still", 1).await?;
        Ok(())
    })
    .await;
}
