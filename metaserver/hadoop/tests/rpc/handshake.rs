//! How a connection begins, and what is answered to those that begin wrongly.

use std::io::Read as _;

use metafs_hadoop::proto::client::GetFileInfoRequestProto;
use metafs_hadoop::proto::rpc::{
    IpcConnectionContextProto, RpcResponseHeaderProtoRpcErrorCodeProto as Code,
    RpcResponseHeaderProtoRpcStatusProto as Status, RpcSaslProto, RpcSaslProtoSaslState,
    UserInformationProto,
};
use metafs_hadoop::wire;
use prost::Message as _;

use super::common::{CLIENT, Client, start};

fn root() -> GetFileInfoRequestProto {
    GetFileInfoRequestProto { src: "/".into() }
}

#[test]
fn a_browser_is_told_that_this_is_no_web_server() {
    let server = start();
    let mut client = Client::raw(&server);
    client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    let mut text = String::new();
    let _ = client.stream.read_to_string(&mut text);
    assert!(text.starts_with("HTTP/1.1 404 Not Found\r\n"), "{text}");
    assert!(text.contains("Hadoop IPC port"), "{text}");
}

#[test]
fn another_version_of_rpc_is_refused_as_hadoop_refuses_it() {
    let server = start();
    let mut client = Client::raw(&server);
    client.send(b"hrpc\x0a\x00\x00");
    let reply = client.receive().unwrap();
    assert_eq!(reply.header.status(), Status::Fatal);
    assert_eq!(reply.header.error_detail(), Code::FatalVersionMismatch);
    assert_eq!(reply.header.call_id, wire::NO_CALL.cast_unsigned());
    assert_eq!(
        reply.exception(),
        (
            "VersionMismatch".into(),
            "Server IPC version 9 cannot communicate with client version 10".into()
        )
    );
    assert!(client.receive().is_none());
}

#[test]
fn versions_before_9_get_the_answer_that_they_understand() {
    let server = start();
    let mut client = Client::raw(&server);
    client.send(b"hrpc\x07\x00\x00");
    let mut answer = Vec::new();
    let _ = client.stream.read_to_end(&mut answer);
    assert_eq!(&answer[..8], &[0xff; 8]);
    let length = i32::from_be_bytes(answer[8..12].try_into().unwrap()) as usize;
    assert_eq!(&answer[12..12 + length], b"org.apache.hadoop.ipc.RPC$VersionMismatch");
}

#[test]
fn a_negotiation_ends_in_simple_authentication() {
    let server = start();
    let mut client = Client::raw(&server);
    client.send(b"hrpc\x09\x00\xdf");
    let ask = RpcSaslProto { state: RpcSaslProtoSaslState::Negotiate.into(), ..Default::default() };
    let header = wire::call_header(&[], wire::SASL_CALL, -1);
    client.request(&header, &[&ask.encode_to_vec()]);
    let reply = client.receive().unwrap();
    assert_eq!(reply.header.call_id, wire::SASL_CALL.cast_unsigned());
    assert_eq!(reply.message::<RpcSaslProto>().state(), RpcSaslProtoSaslState::Success);
    client.context("hdfs");
    assert_eq!(client.call("getFileInfo", &root()).header.status(), Status::Success);
}

#[test]
fn calls_need_a_context_and_it_comes_once() {
    let server = start();
    let mut client = Client::raw(&server);
    client.send(&wire::connection_header());
    let reply = client.call("getFileInfo", &root());
    assert_eq!(reply.header.status(), Status::Fatal);
    assert_eq!(reply.exception().1, "Connection context not established");
    assert!(client.receive().is_none());

    let mut client = Client::new(&server, "hdfs");
    client.context("hdfs");
    let reply = client.receive().unwrap();
    assert_eq!(reply.exception().1, "Connection context already processed");
    assert!(client.receive().is_none());
}

#[test]
fn nobody_speaks_for_another() {
    let server = start();
    let mut client = Client::raw(&server);
    client.send(&wire::connection_header());
    let context = IpcConnectionContextProto {
        user_info: Some(UserInformationProto {
            effective_user: Some("joe".into()),
            real_user: Some("ann".into()),
        }),
        protocol: None,
    };
    let header = wire::call_header(&[], wire::CONTEXT_CALL, -1);
    client.request(&header, &[&context.encode_to_vec()]);
    let reply = client.receive().unwrap();
    assert_eq!(reply.header.error_detail(), Code::FatalUnauthorized);
    assert_eq!(
        reply.exception(),
        ("AuthorizationException".into(), "User: ann is not allowed to impersonate joe".into())
    );
}

#[test]
fn protocols_versions_and_methods_that_are_not_there() {
    let server = start();
    let mut client = Client::new(&server, "hdfs");
    let reply = client.call_of("org.example.Protocol", "x", &root());
    assert_eq!(reply.header.error_detail(), Code::ErrorNoSuchProtocol);
    assert_eq!(reply.exception().1, "Unknown protocol: org.example.Protocol");

    let reply = client.call("getNothing", &root());
    assert_eq!(reply.header.error_detail(), Code::ErrorNoSuchMethod);
    assert_eq!(
        reply.exception().1,
        format!("Unknown method getNothing called on {CLIENT} protocol.")
    );

    let header = wire::call_header(&client.id, 77, 0);
    let asked = metafs_hadoop::proto::rpc::RequestHeaderProto {
        method_name: "getFileInfo".into(),
        declaring_class_protocol_name: CLIENT.into(),
        client_protocol_version: 2,
    };
    client.request(&header, &[&asked.encode_to_vec(), &root().encode_to_vec()]);
    let reply = client.receive().unwrap();
    assert_eq!(reply.header.error_detail(), Code::ErrorRpcVersionMismatch);
    assert_eq!(
        reply.exception().1,
        format!("Protocol {CLIENT} version mismatch. (client = 2, server = 1)")
    );
    // None of them ends the connection.
    assert_eq!(client.call("getFileInfo", &root()).header.status(), Status::Success);
}

#[test]
fn pings_and_answers_out_of_order() {
    let server = start();
    let mut client = Client::new(&server, "hdfs");
    let ping = wire::call_header(&client.id, wire::PING_CALL, -1);
    client.request(&ping, &[]);
    let asked: Vec<i32> = (0..200).map(|_| client.ask(CLIENT, "getFileInfo", &root())).collect();
    client.request(&ping, &[]);
    let mut answered: Vec<i32> =
        asked.iter().map(|_| client.receive().unwrap().header.call_id.cast_signed()).collect();
    answered.sort_unstable();
    assert_eq!(answered, asked);
}

#[test]
fn another_kind_of_rpc_is_refused_and_the_connection_goes_on() {
    let server = start();
    let mut client = Client::new(&server, "hdfs");
    let mut header = wire::call_header(&client.id, 5, 0);
    header.rpc_kind = Some(1);
    client.request(&header, &[b"writable"]);
    let reply = client.receive().unwrap();
    assert_eq!(reply.header.status(), Status::Error);
    assert_eq!(client.call("getFileInfo", &root()).header.status(), Status::Success);
}
