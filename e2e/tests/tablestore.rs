//! The copy in Tablestore with real processes: uploaded from a cluster that has files already, recovered
//! into another one, with leaders, Tablestore and credentials failing on the way.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use metafs_admin_api::{Problem, RecoveryState, UploadPhase};
use metafs_e2e::cluster::{Cluster, Options, PATIENCE, scenario};
use metafs_e2e::tablestore::{KEY_ID, KEY_SECRET, LocalTablestore, files, recovering};
use metafs_e2e::wait::eventually;
use metafs_e2e::webhdfs;
use metafs_namespace::recovery::READ_ONLY;
use metafs_namespace::settings::{OnRecovered, Tablestore, TablestoreMode};

const LONG: Duration = Duration::from_secs(90);
/// How long Tablestore is away, while clients write.
const OUTAGE: Duration = Duration::from_secs(30);

/// Its writes are refused with error 25021.
async fn read_only(client: &mut webhdfs::Client) -> anyhow::Result<()> {
    let refused = client.mkdirs("/refused").await.err().context("a write was taken")?;
    ensure!(format!("{refused:?}").contains(READ_ONLY), "{refused:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_there_and_what_comes_is_recovered_elsewhere() {
    scenario(Options::default(), true, LONG * 3, async |cluster| {
        let dir = cluster.dir().context("a folder")?.to_owned();
        let local = LocalTablestore::start(&dir).await?;
        let mut client = cluster.client();
        files(&mut client, "/before", 200).await?;

        // Without credentials the upload says so, and the cluster goes on.
        let copy = local.settings(TablestoreMode::AsyncUpload, "walk");
        cluster.put_tablestore(2, copy.clone()).await?;
        eventually("the missing key to be told", PATIENCE, async || {
            let upload = cluster.remote().await?.upload.context("no upload")?;
            let problem = upload.problem.map(|problem| problem.kind);
            Ok((problem == Some(Problem::CredentialsMissing)).then_some(()))
        })
        .await?;
        files(&mut client, "/without", 5).await?;
        cluster.put_credentials(KEY_ID, "wrong")?;
        eventually("the wrong key to be told", PATIENCE, async || {
            let upload = cluster.remote().await?.upload.context("no upload")?;
            let problem = upload.problem.map(|problem| problem.kind);
            Ok((problem == Some(Problem::CredentialsRefused)).then_some(()))
        })
        .await?;
        cluster.put_credentials(KEY_ID, KEY_SECRET)?;
        cluster.synced(LONG).await?;

        // The leader dies while clients write, and the next one goes on.
        files(&mut client, "/tail", 50).await?;
        let leader = cluster.leader().await?;
        cluster.server_mut(leader).kill().await?;
        files(&mut client, "/tail/more", 50).await?;
        client.rename("/before/7", "/renamed").await?;
        client.delete("/before/8").await?;
        cluster.server_mut(leader).start()?;
        cluster.server_mut(leader).up(PATIENCE).await?;
        cluster.all_ready().await?;
        cluster.synced(LONG).await?;
        let before = cluster.converged().await?.namespace;
        let copy = cluster.lose(copy).await?;

        let other = recovering(copy.clone(), Options::default()).await?;
        let remote = other.recovered(RecoveryState::Finished, LONG).await?;
        ensure!(remote.read_only, "{remote:?}");
        let recovery = remote.recovery.context("a recovery")?;
        ensure!(recovery.progress.percent == 100, "{recovery:?}");
        let after = other.converged().await?.namespace;
        ensure!(
            (after.directories, after.files, after.bytes)
                == (before.directories, before.files, before.bytes),
            "{before:?} became {after:?}"
        );
        ensure!(before.checksum == after.checksum, "{before:?} became {after:?}");
        let mut client = other.client();
        ensure!(client.open("/tail/more/49").await? == b"/tail/more 49");
        ensure!(client.open("/renamed").await? == b"/before 7");
        read_only(&mut client).await?;
        let text = other.metactl_ok(["status", "-detail"]).await?;
        ensure!(text.contains("LEADER") && text.contains("FINISH"), "{text}");
        let text = other.metactl_ok(["recovery", "--watch"]).await?;
        ensure!(text.contains("FINISH"), "{text}");

        // Then it takes writes, and uploads under its own epoch.
        let copy = Tablestore { mode: TablestoreMode::AsyncUpload, takeover: false, ..copy };
        other.put_tablestore(2, copy).await?;
        files(&mut client, "/after", 20).await?;
        other.synced(LONG).await?;
        let text = other.metactl_ok(["status", "-detail"]).await?;
        ensure!(text.contains("_synced=1"), "{text}");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_or_dead_tablestore_only_makes_the_lag_grow() {
    scenario(Options::default(), true, LONG * 3, async |cluster| {
        let dir = cluster.dir().context("a folder")?.to_owned();
        let mut local = LocalTablestore::start(&dir).await?;
        cluster.put_credentials(KEY_ID, KEY_SECRET)?;
        let copy = local.settings(TablestoreMode::AsyncUpload, "outage");
        cluster.put_tablestore(2, copy.clone()).await?;
        cluster.synced(LONG).await?;
        local.kill().await?;
        let since = Instant::now();
        let mut client = cluster.client();
        for part in 0.. {
            files(&mut client, &format!("/dark/{part}"), 100).await?;
            if since.elapsed() >= OUTAGE {
                break;
            }
        }
        let dark = eventually("the lag to show", PATIENCE, async || {
            let upload = cluster.remote().await?.upload.context("no upload")?;
            let told = upload.problem.as_ref().is_some_and(|p| p.kind == Problem::Unreachable);
            Ok((told && !upload.synced).then_some(upload))
        })
        .await?;
        ensure!(dark.lag_entries >= 100 && dark.lag_ms >= 25_000, "{dark:?}");
        local.up().await?;
        cluster.synced(LONG).await?;

        // Switched off and on again it goes on from where it was.
        let off = Tablestore { mode: TablestoreMode::Disabled, ..copy.clone() };
        cluster.put_tablestore(3, off).await?;
        files(&mut client, "/off", 50).await?;
        cluster.put_tablestore(4, copy.clone()).await?;
        cluster.synced(LONG).await?;
        let before = cluster.converged().await?.namespace;
        let copy = cluster.lose(copy).await?;

        let copy = Tablestore { on_recovered: OnRecovered::AsyncUpload, ..copy };
        let mut other = recovering(copy, Options::default()).await?;
        // The leader may die at any time.
        let leader = other.leader().await?;
        other.server_mut(leader).kill().await?;
        other.server_mut(leader).start()?;
        other.server_mut(leader).up(PATIENCE).await?;
        other.recovered(RecoveryState::Finished, LONG).await?;
        let after = other.converged().await?.namespace;
        ensure!(before.checksum == after.checksum, "{before:?} became {after:?}");
        // Upload follows by itself.
        files(&mut other.client(), "/after", 5).await?;
        other.synced(LONG).await?;
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_clusters_one_owns_a_copy() {
    scenario(Options::default(), true, LONG * 3, async |cluster| {
        let dir = cluster.dir().context("a folder")?.to_owned();
        let local = LocalTablestore::start(&dir).await?;
        cluster.put_credentials(KEY_ID, KEY_SECRET)?;
        let copy = local.settings(TablestoreMode::AsyncUpload, "fight");
        cluster.put_tablestore(2, copy.clone()).await?;
        files(&mut cluster.client(), "/first", 10).await?;
        cluster.synced(LONG).await?;

        let second = Cluster::formed(Options::default()).await?;
        second.put_credentials(KEY_ID, KEY_SECRET)?;
        second.put_tablestore(2, copy.clone()).await?;
        eventually("the second to wait", PATIENCE, async || {
            let upload = second.remote().await?.upload.context("no upload")?;
            Ok((upload.phase == UploadPhase::WaitingForOwner).then_some(()))
        })
        .await?;
        files(&mut second.client(), "/second", 10).await?;
        second.put_tablestore(3, Tablestore { takeover: true, ..copy }).await?;
        second.synced(LONG).await?;
        eventually("the first to be fenced", PATIENCE, async || {
            let upload = cluster.remote().await?.upload.context("no upload")?;
            Ok((upload.phase == UploadPhase::Fenced).then_some(()))
        })
        .await?;
        // Both serve.
        files(&mut cluster.client(), "/first/more", 5).await?;
        files(&mut second.client(), "/second/more", 5).await?;
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_https_to_those_who_trust_the_certificate() {
    let dir = tempfile::tempdir().expect("a folder");
    let local = LocalTablestore::start(dir.path()).await.expect("a local Tablestore");
    let copy = Tablestore {
        endpoint: local.https_endpoint(),
        ..local.settings(TablestoreMode::AsyncUpload, "https")
    };

    scenario(Options::default(), true, LONG, async |cluster| {
        cluster.put_credentials(KEY_ID, KEY_SECRET)?;
        cluster.put_tablestore(2, copy.clone()).await?;
        eventually("the certificate to be refused", PATIENCE, async || {
            let upload = cluster.remote().await?.upload.context("no upload")?;
            let problem = upload.problem.context("no problem")?;
            ensure!(problem.message.contains("certificate"), "{problem:?}");
            Ok((problem.kind == Problem::Unreachable).then_some(()))
        })
        .await
    })
    .await;

    let trusting = || Options { trusts: Some(local.certificate()), ..Options::default() };
    scenario(trusting(), true, LONG * 2, async |cluster| {
        cluster.put_credentials(KEY_ID, KEY_SECRET)?;
        cluster.put_tablestore(2, copy.clone()).await?;
        files(&mut cluster.client(), "/private", 100).await?;
        cluster.synced(LONG).await?;
        let before = cluster.converged().await?.namespace;
        let copy = cluster.lose(copy.clone()).await?;

        let other = recovering(copy, trusting()).await?;
        other.recovered(RecoveryState::Finished, LONG).await?;
        let after = other.converged().await?.namespace;
        ensure!(before.checksum == after.checksum, "{before:?} became {after:?}");
        Ok(())
    })
    .await;
}
