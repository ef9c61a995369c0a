//! Observers under faults: sessions see what they must, the only copy of an entry is not lost, roles change
//! without a restart, and a call whose answer was lost is not done twice.
//!
//! `METAFS_FAULT_SECONDS` and `METAFS_FAULT_SEED` as in `faults.rs`.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use metafs_admin_api::Role;
use metafs_e2e::cluster::{Cluster, Options, PATIENCE, SUPERUSER, scenario};
use metafs_e2e::rpc::{CLIENT_PROTOCOL, Connection, Session};
use metafs_e2e::sessions::{Client, Sessions};
use metafs_e2e::wait::eventually;
use metafs_e2e::{faults, netns};
use metafs_hadoop::proto::acl::FsPermissionProto;
use metafs_hadoop::proto::client::{
    GetFileInfoRequestProto, GetFileInfoResponseProto, HAServiceStateResponseProto,
    MkdirsRequestProto, MkdirsResponseProto, RenameRequestProto, RenameResponseProto,
};
use metafs_hadoop::proto::ha::HAServiceStateProto;
use metafs_namespace::Settings;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Whether connections can be cut here; CI must be able to.
async fn can_cut() -> bool {
    let Some(reason) = netns::unavailable().await else { return true };
    eprintln!("NO CONNECTIONS ARE CUT: network namespaces are not possible here ({reason})");
    let ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
    assert!(!ci, "CI must cut connections: run as root, with iproute2");
    false
}

fn with_observer(namespaces: bool) -> Options {
    Options { observers: 1, namespaces, ..Options::default() }
}

fn mkdirs(src: &str) -> MkdirsRequestProto {
    MkdirsRequestProto {
        src: src.into(),
        masked: FsPermissionProto { perm: 0o755 },
        create_parent: true,
        unmasked: None,
    }
}

fn info(src: &str) -> GetFileInfoRequestProto {
    GetFileInfoRequestProto { src: src.into() }
}

/// Waits until every server has the role it is declared with, and one of the standbys leads.
async fn in_role(cluster: &Cluster, observers: &[usize]) -> anyhow::Result<usize> {
    eventually("all servers in their roles", PATIENCE, async || {
        let statuses = cluster.statuses().await;
        ensure!(statuses.len() == cluster.servers().len(), "not all answer");
        let mut leader = None;
        for (index, status) in statuses {
            let observes = observers.contains(&index);
            match status.role {
                Role::Observer => ensure!(observes, "{index} observes"),
                Role::Active => {
                    ensure!(!observes, "{index}, an observer, leads");
                    leader = Some(index);
                }
                other => ensure!(!observes, "{index} is {other:?}"),
            }
        }
        Ok(leader)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_under_faults_see_what_they_must() {
    let seconds = number("METAFS_FAULT_SECONDS").unwrap_or(30);
    let seed = number("METAFS_FAULT_SEED").unwrap_or_else(rand::random);
    let cuts = can_cut().await;
    let steps = faults::schedule(seed, Duration::from_secs(seconds), cuts);
    eprintln!("METAFS_FAULT_SEED={seed} METAFS_FAULT_SECONDS={seconds}: {} steps", steps.len());
    for step in &steps {
        eprintln!("  {step}");
    }
    let deadline = Duration::from_secs(seconds) + PATIENCE * 5;
    scenario(with_observer(cuts), true, deadline, async |cluster| {
        in_role(cluster, &[2]).await?;
        let servers = cluster.servers().iter().map(|server| server.rpc()).collect();
        let sessions = Sessions::new(4, servers, vec![2]).await?;
        let faults = async {
            let result = faults::run(cluster, &steps).await;
            for server in cluster.servers_mut() {
                server.up(PATIENCE).await?;
            }
            cluster.all_ready().await?;
            in_role(cluster, &[2]).await?;
            // And a while without faults: reads come back to the observer.
            let before = sessions.figures().observer_reads;
            eventually("reads at the observer", PATIENCE, async || {
                Ok((sessions.figures().observer_reads > before + 100).then_some(()))
            })
            .await?;
            sessions.stop();
            result
        };
        let (seen, result) = tokio::join!(sessions.run(4, seed), faults);
        seen?;
        result?;
        cluster.converged().await?;
        let figures = sessions.figures();
        eprintln!("{figures:?}");
        ensure!(figures.writes > 100 && figures.msyncs > 10, "hardly anything was done");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_observer_with_the_only_copy_leads_and_hands_over() {
    if !can_cut().await {
        return;
    }
    scenario(with_observer(true), true, PATIENCE * 4, async |cluster| {
        let leader = in_role(cluster, &[2]).await?;
        let standby = 1 - leader;
        // The leader reaches the observer only: what it commits is nowhere else.
        let network = cluster.network().context("it has a network")?;
        for (from, to) in [(leader, standby), (standby, leader)] {
            network.cut(from, to).await?;
        }
        let servers: Vec<_> = cluster.servers().iter().map(|server| server.rpc()).collect();
        let mut client = Client::new(&servers[leader..=leader]);
        let made: MkdirsResponseProto = client.active("mkdirs", &mkdirs("/only-copy")).await?;
        ensure!(made.result);
        cluster.server_mut(leader).kill().await?;

        let mut anybody = Client::new(&servers);
        let found: GetFileInfoResponseProto =
            anybody.active("getFileInfo", &info("/only-copy")).await?;
        ensure!(found.fs.is_some(), "an acknowledged folder is lost");
        // With the standby caught up, the observer is one again.
        eventually("the standby to lead", PATIENCE, async || {
            let roles: Vec<_> =
                cluster.statuses().await.iter().map(|(at, s)| (*at, s.role)).collect();
            let wanted =
                roles.contains(&(standby, Role::Active)) && roles.contains(&(2, Role::Observer));
            ensure!(wanted, "{roles:?}");
            Ok(Some(()))
        })
        .await?;
        let _: MkdirsResponseProto = anybody.active("mkdirs", &mkdirs("/afterwards")).await?;
        cluster.server_mut(leader).start()?;
        let network = cluster.network().context("it has a network")?;
        for (from, to) in [(leader, standby), (standby, leader)] {
            network.heal(from, to).await?;
        }
        cluster.server_mut(leader).up(PATIENCE).await?;
        cluster.all_ready().await?;
        in_role(cluster, &[2]).await?;
        cluster.converged().await?;
        Ok(())
    })
    .await;
}

async fn ha_state(server: std::net::SocketAddr) -> anyhow::Result<HAServiceStateProto> {
    let mut session = Session::new(SUPERUSER);
    let mut connection = Connection::open(&session, server, None).await?;
    let answer: HAServiceStateResponseProto =
        connection.call(&mut session, "getHAServiceState", &()).await??;
    Ok(answer.state())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn roles_change_without_a_restart() {
    scenario(with_observer(false), true, PATIENCE * 3, async |cluster| {
        in_role(cluster, &[2]).await?;
        let pids: Vec<_> = cluster.servers().iter().map(|server| server.pid()).collect();
        for (generation, observers) in [(2, vec![1]), (3, vec![]), (4, vec![0, 1]), (5, vec![2])] {
            let names = observers.iter().map(|index| cluster.server(*index).name()).collect();
            let settings = Settings { generation, observers: names, ..cluster.settings().clone() };
            let leader = cluster.leader().await?;
            cluster.server(leader).admin().put_settings(&settings).await?;
            let leader = in_role(cluster, &observers).await?;
            for (index, server) in cluster.servers().iter().enumerate() {
                let wanted = match index {
                    index if index == leader => HAServiceStateProto::Active,
                    index if observers.contains(&index) => HAServiceStateProto::Observer,
                    _ => HAServiceStateProto::Standby,
                };
                // A leader is active once its term is confirmed, a moment after it is elected.
                eventually(&format!("server {index} to be {wanted:?}"), PATIENCE, async || {
                    Ok((ha_state(server.rpc()).await? == wanted).then_some(()))
                })
                .await?;
            }
        }
        let now: Vec<_> = cluster.servers().iter().map(|server| server.pid()).collect();
        ensure!(now == pids, "a server was restarted");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_whose_answer_was_lost_with_the_leader_is_not_done_twice() {
    scenario(Options::default(), true, PATIENCE * 3, async |cluster| {
        let leader = cluster.leader().await?;
        let mut session = Session::new(SUPERUSER);
        let mut connection = Connection::open(&session, cluster.server(leader).rpc(), None).await?;
        let _: MkdirsResponseProto =
            connection.call(&mut session, "mkdirs", &mkdirs("/a")).await??;
        // Asked, carried out, and never answered: nobody reads this connection any more.
        let rename = RenameRequestProto { src: "/a".into(), dst: "/b".into() };
        let call = session.draw_call();
        connection.ask(&session, call, 0, CLIENT_PROTOCOL, "rename", &rename).await?;
        let mut other = Session::new(SUPERUSER);
        let mut witness = Connection::open(&other, cluster.server(leader).rpc(), None).await?;
        eventually("the rename to be done", PATIENCE, async || {
            let found: GetFileInfoResponseProto =
                witness.call(&mut other, "getFileInfo", &info("/b")).await??;
            Ok(found.fs)
        })
        .await?;
        cluster.server_mut(leader).kill().await?;

        let new = cluster.leader().await?;
        let mut connection = Connection::open(&session, cluster.server(new).rpc(), None).await?;
        let again = eventually("an answer to the retry", PATIENCE, async || {
            let answer = connection
                .call_as::<RenameResponseProto>(
                    &mut session,
                    call,
                    1,
                    CLIENT_PROTOCOL,
                    "rename",
                    &rename,
                )
                .await?;
            Ok(Some(answer?))
        })
        .await?;
        ensure!(again.result, "the retry says that there was nothing to rename");
        let fresh: RenameResponseProto = connection.call(&mut session, "rename", &rename).await??;
        ensure!(!fresh.result, "another call found something to rename");
        Ok(())
    })
    .await;
}
