//! State ids and the states of a server, as clients see them.

use metafs_door::HaState;
use metafs_hadoop::proto::acl::FsPermissionProto;
use metafs_hadoop::proto::client::{
    GetFileInfoRequestProto, GetQuotaUsageRequestProto, HAServiceStateResponseProto,
    MkdirsRequestProto, MkdirsResponseProto,
};
use metafs_hadoop::proto::ha::{
    GetServiceStatusResponseProto, HARequestSource, HAServiceStateProto,
    HAStateChangeRequestInfoProto, TransitionToObserverRequestProto,
};

use super::common::{Client, HA, limits, start, start_with};

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

#[test]
fn an_observer_answers_reads_of_clients_that_keep_state_ids() {
    let server = start();
    let mut client = Client::new(&server, "hdfs");
    let made = client.call("mkdirs", &mkdirs("/a"));
    assert!(made.message::<MkdirsResponseProto>().result);
    let seen = made.header.state_id.unwrap();
    server.backend.set_state(HaState::Observer);

    // No state id, or the smallest one: it could not be answered consistently.
    for none in [None, Some(i64::MIN)] {
        client.seen = none;
        assert_eq!(client.call("getFileInfo", &info("/a")).exception().0, "StandbyException");
    }
    client.seen = Some(seen);
    assert!(client.call("getFileInfo", &info("/a")).header.exception_class_name.is_none());
    client.seen = Some(seen + 1);
    assert_eq!(client.call("getFileInfo", &info("/a")).exception().0, "RetriableException");

    client.seen = Some(seen);
    for (method, reply) in [
        ("mkdirs", client.call("mkdirs", &mkdirs("/b"))),
        ("msync", client.call("msync", &())),
        (
            "getQuotaUsage",
            client.call("getQuotaUsage", &GetQuotaUsageRequestProto { path: "/".into() }),
        ),
    ] {
        let (class, message) = reply.exception();
        assert_eq!(class, "StandbyException", "{method}");
        assert!(message.contains("is not supported in state observer"), "{message}");
    }
}

#[test]
fn states_are_told_in_every_state() {
    let server = start();
    let mut client = Client::new(&server, "hdfs");
    for (state, told) in [
        (HaState::Active, HAServiceStateProto::Active),
        (HaState::Standby, HAServiceStateProto::Standby),
        (HaState::Observer, HAServiceStateProto::Observer),
        (HaState::Initializing, HAServiceStateProto::Initializing),
    ] {
        server.backend.set_state(state);
        let reply: HAServiceStateResponseProto = client.call("getHAServiceState", &()).message();
        assert_eq!(reply.state, i32::from(told));
        let status: GetServiceStatusResponseProto =
            client.call_of(HA, "getServiceStatus", &()).message();
        assert_eq!(status.state, i32::from(told));
        client.call_of(HA, "monitorHealth", &()).message::<()>();
    }
}

#[test]
fn only_superusers_change_states() {
    let server = start();
    let request = |source: HARequestSource| TransitionToObserverRequestProto {
        req_info: HAStateChangeRequestInfoProto { req_source: source.into() },
    };
    let mut joe = Client::new(&server, "joe");
    let by_user = request(HARequestSource::RequestByUser);
    let (class, message) = joe.call_of(HA, "transitionToObserver", &by_user).exception();
    assert_eq!(class, "AccessControlException");
    assert_eq!(message, "Access denied for user joe. Superuser privilege is required");

    let mut hdfs = Client::new(&server, "hdfs");
    let by_zkfc = request(HARequestSource::RequestByZkfc);
    let (class, _) = hdfs.call_of(HA, "transitionToObserver", &by_zkfc).exception();
    assert_eq!(class, "AccessControlException");
    hdfs.call_of(HA, "transitionToObserver", &by_user).message::<()>();
    let reply: HAServiceStateResponseProto = hdfs.call("getHAServiceState", &()).message();
    assert_eq!(reply.state, i32::from(HAServiceStateProto::Observer));
}

#[test]
fn before_formation_clients_wait() {
    let server = start_with(limits());
    let mut client = Client::new(&server, "hdfs");
    assert_eq!(client.call("getFileInfo", &info("/")).exception().0, "RetriableException");
    client.call_of(HA, "monitorHealth", &()).message::<()>();
}
