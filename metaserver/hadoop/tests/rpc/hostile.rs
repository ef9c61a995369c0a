//! Wrong input: no panic, no memory for what was only announced, and others go on.

use std::io::Write as _;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use metafs_hadoop::proto::client::GetFileInfoRequestProto;
use metafs_hadoop::wire;
use proptest::prelude::*;
use prost::Message as _;

use super::common::{CLIENT, Client, Server, limits, start, start_with};

fn root() -> GetFileInfoRequestProto {
    GetFileInfoRequestProto { src: "/".into() }
}

/// Everything a good client sends: header, context, a ping and two calls.
fn session() -> Vec<u8> {
    let mut out = BytesMut::from(&wire::connection_header()[..]);
    let context = metafs_hadoop::proto::rpc::IpcConnectionContextProto {
        user_info: Some(metafs_hadoop::proto::rpc::UserInformationProto {
            effective_user: Some("hdfs".into()),
            real_user: None,
        }),
        protocol: Some(CLIENT.into()),
    };
    let id = [9; 16];
    let of = |call| wire::call_header(&id, call, 0);
    wire::put_request(&mut out, &of(wire::CONTEXT_CALL), &[&context.encode_to_vec()]);
    wire::put_request(&mut out, &of(wire::PING_CALL), &[]);
    for call in 0..2 {
        wire::put_call(&mut out, &of(call), CLIENT, "getFileInfo", &root().encode_to_vec());
    }
    out.to_vec()
}

fn shared() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let server = start_with(metafs_hadoop::Limits {
            handshake_timeout: Duration::from_millis(50),
            frame_timeout: Duration::from_millis(50),
            idle_timeout: Duration::from_millis(50),
            ..limits()
        });
        let op = metafs_namespace::Op::SetSettings(Box::default());
        server.backend.apply(op).unwrap();
        server
    })
}

/// Sends `bytes`, and waits until the server has had enough of it.
fn throw(server: &Server, bytes: &[u8]) {
    let mut client = Client::raw(server);
    let _ = client.stream.write_all(bytes);
    let mut sink = Vec::new();
    let _ = std::io::Read::read_to_end(&mut client.stream, &mut sink);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn mutated_sessions_end_and_others_go_on(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
        more in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut bytes = session();
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        bytes.extend(more);
        let server = shared();
        throw(server, &bytes);
        let mut other = Client::new(server, "hdfs");
        let reply = other.call("getFileInfo", &root());
        prop_assert!(reply.header.exception_class_name.is_none());
    }

    #[test]
    fn random_bytes_are_no_messages(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut frame = bytes::Bytes::from(bytes);
        while wire::take(&mut frame).is_ok() && !frame.is_empty() {}
    }
}

#[test]
fn lengths_that_cannot_be_end_the_connection() {
    let server = start();
    for length in [-5_i32, i32::MAX, (64 << 10) + 1] {
        let mut client = Client::new(&server, "hdfs");
        client.send(&length.to_be_bytes());
        assert!(client.receive().is_none(), "{length}");
    }
    // An empty frame has no header.
    let mut client = Client::new(&server, "hdfs");
    client.send(&0_i32.to_be_bytes());
    assert_eq!(client.receive().unwrap().exception().0, "FatalRpcServerException");
}

#[test]
fn who_says_nothing_or_stops_half_way_is_cut_off() {
    let server = start_with(metafs_hadoop::Limits {
        handshake_timeout: Duration::from_millis(500),
        frame_timeout: Duration::from_millis(500),
        ..limits()
    });
    let mut silent = Client::raw(&server);
    let mut half = Client::new(&server, "hdfs");
    half.send(&100_i32.to_be_bytes());
    half.send(b"just a part");
    let begun = Instant::now();
    assert!(silent.receive().is_none());
    assert!(half.receive().is_none());
    assert!(begun.elapsed() < Duration::from_secs(8));
}

#[test]
fn who_does_not_read_is_cut_off_and_others_are_served() {
    let server = start_with(metafs_hadoop::Limits {
        write_timeout: Duration::from_millis(300),
        max_calls: 64,
        ..limits()
    });
    server.backend.apply(metafs_namespace::Op::SetSettings(Box::default())).unwrap();
    let mut greedy = Client::new(&server, "hdfs");
    greedy.stream.set_write_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut out = BytesMut::new();
    for call in 0..200 {
        let header = wire::call_header(&greedy.id, call, 0);
        wire::put_call(&mut out, &header, CLIENT, "getFileInfo", &root().encode_to_vec());
    }
    // Until the server takes no more: its answers fill the socket, then the places.
    let begun = Instant::now();
    while greedy.stream.write_all(&out).is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it was never cut off");
    }
    let mut other = Client::new(&server, "hdfs");
    assert!(other.call("getFileInfo", &root()).header.exception_class_name.is_none());
}
