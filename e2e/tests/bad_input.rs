//! Nonsense at every door of real servers: each is refused, and the servers go on serving.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use metafs_admin_api::{Client as Admin, ErrorCode, InitRequest, LearnerRequest, Member, NodeId};
use metafs_e2e::cluster::{Cluster, Options, SUPERUSER, scenario};
use metafs_e2e::http::Connection;
use metafs_e2e::server::ports;
use metafs_e2e::wait::eventually;
use metafs_e2e::webhdfs::Client;
use metafs_namespace::Settings;

const DEADLINE: Duration = Duration::from_secs(120);
const SHORT: Duration = Duration::from_secs(5);

/// The cluster works, nobody restarted, nobody panicked.
async fn still_serving(
    cluster: &mut Cluster,
    pids: &[Option<u32>],
    file: &str,
) -> anyhow::Result<()> {
    cluster.client().create(file, b"fine", true).await?;
    cluster.all_ready().await?;
    let now: Vec<_> = cluster.servers().iter().map(|server| server.pid()).collect();
    ensure!(now == pids, "a server ended: {now:?}, was {pids:?}");
    for server in cluster.servers_mut() {
        server.up(SHORT).await?;
        ensure!(!server.log_tail(usize::MAX).contains("panicked"), "{} panicked", server.name());
    }
    cluster.converged().await?;
    Ok(())
}

fn pids(cluster: &Cluster) -> Vec<Option<u32>> {
    cluster.servers().iter().map(|server| server.pid()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn malformed_http_is_refused() {
    scenario(Options::default(), true, DEADLINE, async |cluster| {
        let pids = pids(cluster);
        let leader = cluster.server(cluster.leader().await?).web();
        let long = "x".repeat(200_000);
        let requests: Vec<(Vec<u8>, &str)> = vec![
            (b"\0\x01\x02\x03\x04\xff\xfe\r\n\r\n".to_vec(), "noise"),
            (b"NONSENSE\r\n\r\n".to_vec(), "no request line"),
            (b"GET /webhdfs/v1/?op=GETFILESTATUS HTTP/9.9\r\n\r\n".to_vec(), "a version of HTTP that is not"),
            (b"PUT /webhdfs/v1/a?op=CREATE&data=true HTTP/1.1\r\nHost: h\r\nContent-Length: -5\r\n\r\n".to_vec(), "a negative length"),
            (b"PUT /webhdfs/v1/a?op=CREATE&data=true HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n".to_vec(), "a bad chunk"),
            (b"PUT /webhdfs/v1/a?op=CREATE&data=true HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc".to_vec(), "two lengths"),
            (format!("GET /webhdfs/v1/{long}?op=GETFILESTATUS HTTP/1.1\r\nHost: h\r\n\r\n").into_bytes(), "a line too long"),
            (format!("GET /webhdfs/v1/?op=GETFILESTATUS HTTP/1.1\r\nHost: h\r\nX: {long}\r\n\r\n").into_bytes(), "a header too long"),
        ];
        for (request, what) in &requests {
            let mut connection = Connection::open(leader, SHORT).await?;
            // The server may close while a long request is still being sent.
            if connection.send(request).await.is_ok()
                && let Ok(response) = connection.receive().await
            {
                ensure!((400..600).contains(&response.status), "{what}: {response:?}");
            }
        }
        still_serving(cluster, &pids, "/after").await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_paths_and_parameters_are_refused_with_hadoops_exceptions() {
    scenario(Options { servers: 1, ..Options::default() }, true, DEADLINE, async |cluster| {
        let pids = pids(cluster);
        let web = cluster.server(0).web();
        let component = "n".repeat(256);
        let deep = "/d".repeat(1001);
        let wide = format!("/{}", "w/".repeat(10).repeat(401));
        let cases: Vec<(&str, String, u16)> = vec![
            ("PUT", "/a/../b?op=MKDIRS".into(), 400),
            ("PUT", "/a/%2e%2e/b?op=MKDIRS".into(), 400),
            ("PUT", "/a/./b?op=MKDIRS".into(), 400),
            ("PUT", "/a%00b?op=MKDIRS".into(), 400),
            ("PUT", "/a%ff%feb?op=MKDIRS".into(), 400),
            ("PUT", "/a:b?op=MKDIRS".into(), 400),
            ("PUT", "/a//b?op=MKDIRS".into(), 400),
            ("PUT", format!("/{component}?op=MKDIRS"), 403),
            ("PUT", format!("{deep}?op=MKDIRS"), 403),
            ("PUT", format!("{wide}?op=MKDIRS"), 403),
            ("PUT", "/a?op=NONSENSE".into(), 400),
            ("PUT", "/a".into(), 400),
            ("PUT", "/a?op=SETPERMISSION&permission=999".into(), 400),
            ("PUT", "/a?op=SETREPLICATION&replication=-1".into(), 400),
            ("GET", "/a?op=OPEN&offset=-1".into(), 400),
            ("GET", "/missing?op=GETFILESTATUS".into(), 404),
            ("PUT", "/a?op=MKDIRS&doas=somebody".into(), 403),
            ("PATCH", "/a?op=MKDIRS".into(), 405),
        ];
        let mut wrong = Vec::new();
        for (method, target, status) in &cases {
            let join = if target.contains('?') { "&" } else { "?" };
            let request = format!("{method} /webhdfs/v1{target}{join}user.name={SUPERUSER} HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
            let response = Connection::open(web, SHORT).await?.call(request.as_bytes()).await?;
            let refused = response.status >= 400 && (*method == "PATCH" || response.text().contains("RemoteException"));
            // Which of the two refusals a limit gives is HDFS's business; that it is one, is ours.
            if !refused || (response.status != *status && !matches!((response.status, *status), (400, 403) | (403, 400))) {
                let target = &target[..target.len().min(60)];
                wrong.push(format!("{method} {target}: {} {}", response.status, response.text()));
            }
        }
        ensure!(wrong.is_empty(), "not refused as they should be:\n{}", wrong.join("\n"));
        // A file above the limit: the message names it.
        let failure = cluster.client().create("/large", &vec![b'x'; (64 << 10) + 1], false).await.err().context("too large a file was taken")?;
        ensure!(failure.to_string().contains("65536"), "{failure}");
        still_serving(cluster, &pids, "/after").await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_on_the_raft_port_is_cut_off() {
    scenario(Options::default(), true, DEADLINE, async |cluster| {
        let pids = pids(cluster);
        let noises: Vec<Vec<u8>> = vec![
            b"GET / HTTP/1.1\r\nHost: h\r\n\r\n".to_vec(),
            vec![0; 4096],
            vec![0xff; 4096],
            // A frame of a plausible length with nonsense in it.
            [&[0, 0, 0, 60][..], &[7; 60]].concat(),
            (0..100_000_u32)
                .map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8)
                .collect(),
        ];
        for server in cluster.servers() {
            for noise in &noises {
                let mut connection = Connection::open(server.at(ports::RAFT), SHORT).await?;
                let _ = connection.send(noise).await;
                ensure!(
                    connection.closed_by_server().await,
                    "{} keeps a connection after {:?}",
                    server.name(),
                    &noise[..8]
                );
            }
        }
        still_serving(cluster, &pids, "/after").await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_open_connections_do_not_keep_others_out() {
    scenario(Options::default(), true, DEADLINE, async |cluster| {
        let pids = pids(cluster);
        let mut held = Vec::new();
        for server in cluster.servers() {
            for port in ports::ALL {
                for beginning in ["", "GET /webhdfs/v1/?op=GETFILE", "PUT /webhdfs/v1/slow?op=CREATE&data=true HTTP/1.1\r\nContent-Length: 100\r\n\r\nab"] {
                    for _ in 0..30 {
                        let mut connection = Connection::open(server.at(port), SHORT).await?;
                        connection.send(beginning.as_bytes()).await?;
                        held.push(connection);
                    }
                }
            }
        }
        still_serving(cluster, &pids, "/with-half-open").await?;
        drop(held);
        still_serving(cluster, &pids, "/after").await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_admin_port_serves_only_holders_of_the_key() {
    scenario(Options::default(), true, DEADLINE, async |cluster| {
        let pids = pids(cluster);
        let leader = cluster.leader().await?;
        let address = cluster.server(leader).at(ports::ADMIN);
        let wrong = Admin::new(address.to_string(), "not the key of this cluster", SHORT)?;
        for refused in [
            wrong.status().await.map(drop),
            wrong.remove_member(cluster.server(leader).status().await?.node_id).await.map(drop),
            wrong.export().await.map(drop),
            wrong.import("nonsense".into()).await.map(drop),
        ] {
            let error = refused.err().context("a wrong key was accepted")?;
            ensure!(error.refusal().is_some_and(|refusal| refusal.code == ErrorCode::Unauthorized), "{error}");
        }
        let key = std::fs::read_to_string(cluster.server(leader).dir().join("key"))?;
        let raw = [
            ("GET /v1/status HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), 401),
            (format!("GET /v1/status HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {key}\r\n\r\n"), 400),
            (format!("GET /v1/status HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {key}\r\nx-metafs-admin-version: 99\r\n\r\n"), 400),
            (format!("GET /v1/nonsense HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {key}\r\nx-metafs-admin-version: 1\r\n\r\n"), 400),
            (format!("PUT /v1/settings HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {key}\r\nx-metafs-admin-version: 1\r\nContent-Length: 5\r\n\r\n{{]}}}}}}"), 400),
        ];
        for (request, status) in raw {
            let response = Connection::open(address, SHORT).await?.call(request.as_bytes()).await?;
            ensure!(response.status == status, "{request}: {response:?}");
        }
        // A formed cluster is not formed again, not even with the key.
        let again = InitRequest {
            cluster_id: "another".into(),
            members: cluster.server(leader).status().await?.members.into_iter().map(|(id, progress)| (id, progress.member.into())).collect(),
            settings: Settings::default(),
        };
        let error = cluster.server(leader).admin().init(&again).await.err().context("it was formed again")?;
        ensure!(error.refusal().is_some_and(|refusal| refusal.code == ErrorCode::Conflict), "{error}");
        still_serving(cluster, &pids, "/after").await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_with_another_key_gets_nowhere() {
    scenario(Options::default(), true, DEADLINE, async |cluster| {
        let pids = pids(cluster);
        let victim = cluster.server(cluster.follower().await?).status().await?;
        // A cluster with a key of its own believes that the victim is to join it.
        let stranger = Cluster::formed(Options { servers: 1, ..Options::default() }).await?;
        let request = LearnerRequest { node_id: victim.node_id, member: victim.own.clone() };
        let adding = stranger.server(0).admin().add_learner(&request);
        // Whether the call waits for the learner is the server's business.
        let _ = tokio::time::timeout(SHORT, adding).await;
        let refused = "metafs_raft_handshakes_refused_total ";
        eventually("the victim to refuse the key", SHORT * 2, async || {
            let server = cluster.servers().iter().find(|server| server.name() == victim.own.name);
            let (_, metrics) = server.context("it is there")?.health("/metrics").await?;
            let count = metrics
                .lines()
                .find_map(|line| line.strip_prefix(refused))
                .context("no such metric")?;
            Ok((count != "0").then_some(()))
        })
        .await?;
        let after = eventually("the victim's status", SHORT, async || {
            let server = cluster.servers().iter().find(|server| server.name() == victim.own.name);
            Ok(Some(server.context("it is there")?.status().await?))
        })
        .await?;
        ensure!(after.cluster_id == victim.cluster_id && after.term == victim.term, "{after:?}");
        // And nobody who is not there can be made to vote.
        let nowhere = Member {
            name: "x".into(),
            raft: "127.255.255.254:8030".into(),
            admin: "127.255.255.254:8031".into(),
            web: "127.255.255.254:9870".into(),
        };
        let leader = cluster.server(cluster.leader().await?);
        let ghost = LearnerRequest { node_id: NodeId(1), member: nowhere };
        let _ = tokio::time::timeout(SHORT, leader.admin().add_learner(&ghost)).await;
        let mut client = Client::of(leader.web(), SUPERUSER);
        client.create("/with-a-ghost-among-the-learners", b"", false).await?;
        leader.admin().remove_member(NodeId(1)).await?;
        still_serving(cluster, &pids, "/after").await
    })
    .await;
}
