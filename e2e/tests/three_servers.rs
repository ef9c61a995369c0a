//! Real servers on loopback: forming, serving, standing by, stopping, and metactl.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use metafs_admin_api::{Phase, Role};
use metafs_e2e::cluster::{Cluster, Options, PATIENCE, SUPERUSER, scenario};
use metafs_e2e::server::{Timings, ports};
use metafs_e2e::wait::eventually;
use metafs_e2e::webhdfs::Client;
use serde_json::Value;

const DEADLINE: Duration = Duration::from_secs(120);

/// A few folders and files.
async fn some_files(client: &mut Client, count: usize) -> anyhow::Result<()> {
    client.mkdirs("/some/folder").await?;
    for number in 0..count {
        client
            .create(&format!("/some/folder/{number}"), format!("content {number}").as_bytes(), true)
            .await?;
    }
    Ok(())
}

fn json(text: &str) -> anyhow::Result<Value> {
    serde_json::from_str(text).with_context(|| format!("not JSON: {text}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_servers_form_and_serve_and_two_stand_by() {
    scenario(Options::default(), false, DEADLINE, async |cluster| {
        // Pristine: alive, not ready, and no client is served.
        for server in cluster.servers() {
            ensure!(server.status().await?.phase == Phase::Pristine);
            ensure!(server.health("/healthz").await?.0 == 200);
            ensure!(server.health("/readyz").await?.0 == 503);
            let failure =
                Client::of(server.web(), SUPERUSER).attempt("PUT", "/x", "op=MKDIRS", b"").await;
            ensure!(
                failure.is_err_and(|failure| failure.passes()),
                "a client was served before formation"
            );
        }
        cluster.form(&[0, 1, 2]).await?;
        cluster.all_ready().await?;
        let leader = cluster.leader().await?;

        let mut client = cluster.client();
        some_files(&mut client, 20).await?;
        ensure!(client.open("/some/folder/7").await? == b"content 7");
        ensure!(client.list("/some/folder").await?.len() == 20);
        ensure!(client.count("/").await? == (3, 20));
        client.rename("/some/folder/7", "/some/moved").await?;
        ensure!(
            client
                .open("/some/folder/7")
                .await
                .err()
                .and_then(|failure| failure.exception().map(str::to_owned))
                .as_deref()
                == Some("FileNotFoundException")
        );
        ensure!(client.open("/some/moved").await? == b"content 7");
        ensure!(client.delete("/some/moved").await? && !client.delete("/some/moved").await?);

        for (index, server) in cluster.servers().iter().enumerate() {
            let mut one = Client::of(server.web(), SUPERUSER);
            for (method, query) in [
                ("PUT", "op=MKDIRS"),
                ("GET", "op=GETFILESTATUS"),
                ("GET", "op=LISTSTATUS"),
                ("DELETE", "op=DELETE"),
            ] {
                let result = one.attempt(method, "/some/new", query, b"").await;
                let refused =
                    result.err().and_then(|failure| failure.exception().map(str::to_owned));
                let standby = refused.as_deref() == Some("StandbyException");
                ensure!(
                    standby == (index != leader),
                    "{method} {query} at {} (leader is {leader}): {refused:?}",
                    index
                );
            }
        }
        let status = cluster.converged().await?;
        ensure!(status.namespace.files == 19, "{:?}", status.namespace);
        ensure!(
            cluster
                .server(leader)
                .health("/metrics")
                .await?
                .1
                .contains("process_resident_memory_bytes")
        );
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_create_in_two_steps_is_redirected_to_the_same_server() {
    scenario(Options { servers: 1, ..Options::default() }, true, DEADLINE, async |cluster| {
        let mut client = cluster.client();
        let redirect = client.call("PUT", "/file", "op=CREATE&overwrite=true", b"").await?;
        ensure!(redirect.status == 307, "{redirect:?}");
        let location = redirect.header("location").context("no Location")?.to_owned();
        ensure!(
            location.starts_with(&format!("http://{}/webhdfs/v1/file?", cluster.server(0).web())),
            "{location}"
        );
        ensure!(location.contains("data=true"), "{location}");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metactl_shows_and_steers_a_cluster() {
    scenario(Options::default(), true, DEADLINE, async |cluster| {
        some_files(&mut cluster.client(), 5).await?;
        let leader = cluster.leader().await?;
        let names: Vec<String> = cluster.servers().iter().map(|server| server.name()).collect();

        let table = cluster.metactl_ok(["status"]).await?;
        ensure!(names.iter().all(|name| table.contains(name)), "{table}");
        ensure!(table.contains(&format!("Leader       {}", names[leader])), "{table}");
        let status = json(&cluster.metactl_ok(["status", "-o", "json"]).await?)?;
        ensure!(status["members"].as_array().map(Vec::len) == Some(3), "{status}");
        let members = cluster.metactl_ok(["members"]).await?;
        ensure!(members.matches("voter").count() == 3, "{members}");
        let count = json(&cluster.metactl_ok(["count", "-o", "json"]).await?)?;
        ensure!(
            (count["directories"].as_u64(), count["files"].as_u64()) == (Some(3), Some(5)),
            "{count}"
        );
        cluster.converged().await?;
        let checksums = json(&cluster.metactl_ok(["checksum", "-o", "json"]).await?)?;
        let distinct: std::collections::BTreeSet<_> = checksums
            .as_array()
            .into_iter()
            .flatten()
            .map(|member| member["checksum"].to_string())
            .collect();
        ensure!(
            distinct.len() == 1 && checksums.as_array().map(Vec::len) == Some(3),
            "{checksums}"
        );
        ensure!(cluster.metactl_ok(["version"]).await?.contains("metactl "));

        let to = &names[(leader + 1) % 3];
        let text = cluster.metactl_ok(["transfer-leader", "--to", to]).await?;
        ensure!(text.contains(to.as_str()), "{text}");
        ensure!(cluster.leader().await? == (leader + 1) % 3);

        ensure!(cluster.metactl_ok(["log-level", "debug"]).await?.contains("debug"));
        let settings = cluster.metactl_ok(["settings"]).await?;
        ensure!(settings.contains("superuser: hdfs"), "{settings}");
        let refused = cluster.metactl(["transfer-leader", "--to", "nobody"]).await?;
        ensure!(
            !refused.status.success()
                && String::from_utf8_lossy(&refused.stderr).contains("nobody"),
            "{refused:?}"
        );
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_comes_back_in_another_cluster() {
    scenario(Options::default(), true, DEADLINE, async |cluster| {
        let mut client = cluster.client();
        some_files(&mut client, 300).await?;
        client.delete("/some/folder/13").await?;
        let before = cluster.converged().await?;
        let file = cluster.dir().context("no folder")?.join("export");
        cluster.metactl_ok([std::ffi::OsStr::new("export"), file.as_os_str()]).await?;

        let other = Cluster::start(Options { servers: 1, ..Options::default() }).await?;
        let formed = other.metactl_ok(["init", &other.server(0).name()]).await?;
        ensure!(formed.contains("formed cluster"), "{formed}");
        other.all_ready().await?;
        other.metactl_ok([std::ffi::OsStr::new("import"), file.as_os_str()]).await?;
        let after = other.converged().await?;
        ensure!(
            after.namespace.checksum == before.namespace.checksum,
            "{:?} {:?}",
            before.namespace,
            after.namespace
        );
        ensure!(after.namespace.files == 299);
        ensure!(other.client().open("/some/folder/42").await? == b"content 42");

        // Only into an empty namespace, and an existing file is not overwritten.
        let again = other.metactl([std::ffi::OsStr::new("import"), file.as_os_str()]).await?;
        ensure!(
            !again.status.success(),
            "an import into a namespace that is not empty must be refused"
        );
        ensure!(other.converged().await?.namespace.checksum == before.namespace.checksum);
        let again = cluster.metactl([std::ffi::OsStr::new("export"), file.as_os_str()]).await?;
        ensure!(
            !again.status.success() && String::from_utf8_lossy(&again.stderr).contains("exists"),
            "{again:?}"
        );
        // A file that was cut short is refused.
        let cut = file.with_extension("cut");
        let bytes = std::fs::read(&file)?;
        std::fs::write(&cut, &bytes[..bytes.len() / 2])?;
        let third = Cluster::formed(Options { servers: 1, ..Options::default() }).await?;
        let refused = third.metactl([std::ffi::OsStr::new("import"), cut.as_os_str()]).await?;
        ensure!(!refused.status.success(), "half an export must be refused");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_server_alone_keeps_its_files() {
    scenario(Options { servers: 1, ..Options::default() }, false, DEADLINE, async |cluster| {
        let formed = cluster.metactl_ok(["init", &cluster.server(0).name()]).await?;
        ensure!(formed.contains("formed cluster"), "{formed}");
        cluster.all_ready().await?;
        let mut client = cluster.client();
        some_files(&mut client, 10).await?;
        let before = cluster.converged().await?;
        for graceful in [true, false] {
            if graceful {
                ensure!(
                    cluster.server_mut(0).terminate(PATIENCE).await?.success(),
                    "SIGTERM must end well"
                );
            } else {
                cluster.server_mut(0).kill().await?;
            }
            cluster.server_mut(0).start()?;
            cluster.all_ready().await?;
            let after = cluster.converged().await?;
            ensure!(after.namespace.checksum == before.namespace.checksum);
            ensure!(after.node_id == before.node_id);
            ensure!(cluster.client().open("/some/folder/3").await? == b"content 3");
        }
        // A second formation is refused.
        let refused = cluster.metactl(["init", &cluster.server(0).name()]).await?;
        ensure!(!refused.status.success(), "a formed server must not be formed again");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_hands_leadership_over() {
    // An election by itself would take four seconds at least.
    let timings = Timings { heartbeat_ms: 100, election_min_ms: 4_000, election_max_ms: 6_000 };
    scenario(Options { timings, ..Options::default() }, true, DEADLINE, async |cluster| {
        let mut client = cluster.client();
        for round in 0..2 {
            let leader = cluster.leader().await?;
            client.create(&format!("/before-{round}"), b"x", false).await?;
            let ended = cluster.server_mut(leader).terminate(Duration::from_secs(15)).await?;
            ensure!(ended.success(), "the leader ended with {ended}");
            eventually(
                "a new leader without an election timeout",
                Duration::from_millis(1_500),
                async || {
                    let statuses = cluster.statuses().await;
                    Ok(statuses.iter().any(|(_, status)| status.role == Role::Active).then_some(()))
                },
            )
            .await?;
            client.create(&format!("/after-{round}"), b"x", false).await?;
            cluster.server_mut(leader).start()?;
            cluster.server_mut(leader).up(PATIENCE).await?;
            cluster.all_ready().await?;
        }
        ensure!(cluster.converged().await?.namespace.files == 4);
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wiped_volume_is_replaced_by_hand() {
    scenario(Options::default(), true, DEADLINE, async |cluster| {
        let mut client = cluster.client();
        some_files(&mut client, 50).await?;
        let follower = cluster.follower().await?;
        let old = cluster.server(follower).status().await?.node_id;
        cluster.server_mut(follower).kill().await?;
        cluster.server_mut(follower).wipe()?;
        cluster.server_mut(follower).start()?;
        let fresh = cluster.server_mut(follower).up(PATIENCE).await?;
        ensure!(fresh.node_id != old && fresh.phase == Phase::Pristine, "{fresh:?}");
        client.create("/while-it-is-away", b"", false).await?;

        cluster.metactl_ok(["members", "remove", &old.to_string()]).await?;
        let address = cluster.server(follower).at(ports::ADMIN).to_string();
        let added = cluster.metactl_ok(["members", "add", &address]).await?;
        ensure!(added.contains("is a voter now"), "{added}");
        cluster.all_ready().await?;
        let status = cluster.converged().await?;
        ensure!(
            status.members.len() == 3 && !status.members.contains_key(&old),
            "{:?}",
            status.members
        );
        ensure!(status.members.values().all(|member| member.voter));

        // It counts: with another one gone, it completes the quorum.
        let other = (0..3).find(|index| *index != follower).context("there are three")?;
        cluster.server_mut(other).kill().await?;
        client.create("/with-the-new-member", b"", false).await?;
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_that_was_away_catches_up_while_the_others_serve() {
    scenario(Options::default(), true, DEADLINE, async |cluster| {
        let mut client = cluster.client();
        some_files(&mut client, 20).await?;
        let follower = cluster.follower().await?;
        for frozen in [false, true] {
            if frozen {
                cluster.server_mut(follower).freeze()?;
            } else {
                cluster.server_mut(follower).kill().await?;
            }
            for number in 0..500 {
                client.create(&format!("/away-{frozen}/{number}"), b"y", false).await?;
            }
            if frozen {
                cluster.server_mut(follower).thaw()?;
            } else {
                cluster.server_mut(follower).start()?;
                cluster.server_mut(follower).up(PATIENCE).await?;
            }
            for number in 0..100 {
                client.create(&format!("/back-{frozen}/{number}"), b"z", false).await?;
            }
            ensure!(cluster.converged().await?.namespace.files >= 620);
        }
        Ok(())
    })
    .await;
}
