//! What ClientProtocol answers, where it is not simply the namespace's word.

use metafs_hadoop::proto::acl::FsPermissionProto;
use metafs_hadoop::proto::client::{
    AddBlockRequestProto, CompleteRequestProto, CompleteResponseProto, CreateRequestProto,
    CreateResponseProto, DeleteRequestProto, DeleteResponseProto, GetBlockLocationsRequestProto,
    GetBlockLocationsResponseProto, GetContentSummaryRequestProto, GetContentSummaryResponseProto,
    GetFileInfoRequestProto, GetFileInfoResponseProto, GetListingRequestProto,
    GetListingResponseProto, GetServerDefaultsResponseProto, RenameRequestProto,
    RenameResponseProto, SetQuotaRequestProto, SetTimesRequestProto,
};
use metafs_hadoop::proto::hdfs::{HdfsFileStatusProto, HdfsFileStatusProtoFileType};
use metafs_hadoop::proto::xattr::{
    GetXAttrsRequestProto, GetXAttrsResponseProto, SetXAttrRequestProto, XAttrProto,
};
use metafs_hadoop::wire;
use metafs_namespace::command::{CreateOptions, IfExists, Mutation};
use metafs_namespace::{Op, Settings};

use super::common::{CLIENT, Client, Server, start};

fn create(src: &str, flag: u32) -> CreateRequestProto {
    CreateRequestProto {
        src: src.into(),
        masked: FsPermissionProto { perm: 0o640 },
        client_name: "holder".into(),
        create_flag: flag,
        create_parent: true,
        replication: 3,
        block_size: 1 << 20,
        ..CreateRequestProto::default()
    }
}

fn info(client: &mut Client, src: &str) -> Option<HdfsFileStatusProto> {
    let request = GetFileInfoRequestProto { src: src.into() };
    client.call("getFileInfo", &request).message::<GetFileInfoResponseProto>().fs
}

/// A file with contents, as WebHDFS makes them.
fn put(server: &Server, path: &str, content: &'static [u8]) {
    let options = CreateOptions {
        permission: 0o644,
        unmasked: None,
        if_exists: IfExists::Overwrite,
        create_parent: true,
        replication: 3,
        block_size: 1 << 20,
    };
    let mutation = Mutation::PutFile { path: path.into(), options, content: content.into() };
    server.backend.apply(Op::Client(Settings::default().caller("hdfs"), mutation)).unwrap();
}

#[test]
fn an_empty_file_is_made_and_closed() {
    let server = start();
    let mut client = Client::new(&server, "hdfs");
    assert_eq!(info(&mut client, "/d/f"), None);
    let made: CreateResponseProto = client.call("create", &create("/d/f", 1)).message();
    let made = made.fs.unwrap();
    assert_eq!(made.file_type, i32::from(HdfsFileStatusProtoFileType::IsFile));
    let complete = CompleteRequestProto {
        src: "/d/f".into(),
        client_name: "holder".into(),
        last: None,
        file_id: made.file_id,
    };
    assert!(client.call("complete", &complete).message::<CompleteResponseProto>().result);
    let found = info(&mut client, "/d/f").unwrap();
    assert_eq!((found.length, found.permission.perm, found.file_id), (0, 0o640, made.file_id));
    assert_eq!((found.owner.as_str(), found.group.as_str()), ("hdfs", "supergroup"));
    let locations = GetBlockLocationsRequestProto { src: "/d/f".into(), offset: 0, length: 10 };
    let located: GetBlockLocationsResponseProto =
        client.call("getBlockLocations", &locations).message();
    assert!(located.locations.unwrap().blocks.is_empty());
}

#[test]
fn contents_are_sent_to_webhdfs() {
    let server = start();
    let mut client = Client::new(&server, "hdfs");
    client.call("create", &create("/f", 1)).message::<CreateResponseProto>();
    let add = AddBlockRequestProto {
        src: "/f".into(),
        client_name: "holder".into(),
        ..AddBlockRequestProto::default()
    };
    let (class, message) = client.call("addBlock", &add).exception();
    assert_eq!(class, "UnsupportedOperationException");
    assert!(message.contains("webhdfs://demo/f"), "{message}");

    put(&server, "/full", b"bytes");
    let locations = GetBlockLocationsRequestProto { src: "/full".into(), offset: 0, length: 10 };
    let (class, message) = client.call("getBlockLocations", &locations).exception();
    assert_eq!(class, "IOException");
    assert!(message.contains("webhdfs://demo/full"), "{message}");
    assert_eq!(info(&mut client, "/full").unwrap().length, 5);
}

#[test]
fn listings_come_in_pages() {
    let server = start();
    for n in 0..2500 {
        put(&server, &format!("/many/{n:05}"), b"");
    }
    let mut client = Client::new(&server, "hdfs");
    let (mut names, mut start_after, mut pages) = (Vec::new(), Vec::new(), 0);
    loop {
        let request =
            GetListingRequestProto { src: "/many".into(), start_after, need_location: true };
        let page: GetListingResponseProto = client.call("getListing", &request).message();
        let page = page.dir_list.unwrap();
        pages += 1;
        names.extend(page.partial_listing.into_iter().map(|entry| entry.path));
        if page.remaining_entries == 0 {
            break;
        }
        start_after = names.last().unwrap().clone();
    }
    assert_eq!((names.len(), pages), (2500, 3));
    assert!(names.is_sorted());
    let request =
        GetListingRequestProto { src: "/none".into(), start_after: vec![], need_location: false };
    let none: GetListingResponseProto = client.call("getListing", &request).message();
    assert_eq!(none.dir_list, None);
}

#[test]
fn a_call_that_comes_twice_is_done_once() {
    let server = start();
    put(&server, "/a", b"");
    let mut client = Client::new(&server, "hdfs");
    let rename = RenameRequestProto { src: "/a".into(), dst: "/b".into() };
    client.next = 41;
    assert!(client.call("rename", &rename).message::<RenameResponseProto>().result);
    // On another connection, as after a failover.
    let mut again = Client::new(&server, "hdfs");
    (again.id, again.next) = (client.id, 41);
    assert!(again.call("rename", &rename).message::<RenameResponseProto>().result);
    // Another call finds nothing to rename.
    assert!(!again.call("rename", &rename).message::<RenameResponseProto>().result);

    let delete = DeleteRequestProto { src: "/b".into(), recursive: false };
    client.next = 99;
    assert!(client.call("delete", &delete).message::<DeleteResponseProto>().result);
    again.next = 99;
    assert!(again.call("delete", &delete).message::<DeleteResponseProto>().result);
    let first: CreateResponseProto = client.call("create", &create("/c", 1)).message();
    again.next = client.next - 1;
    let second: CreateResponseProto = again.call("create", &create("/c", 1)).message();
    assert_eq!(first, second);
}

#[test]
fn quotas_and_times_speak_hdfs() {
    let server = start();
    put(&server, "/d/f", b"12345");
    let mut client = Client::new(&server, "hdfs");
    let summary = |client: &mut Client| {
        let request = GetContentSummaryRequestProto { path: "/d".into() };
        client
            .call("getContentSummary", &request)
            .message::<GetContentSummaryResponseProto>()
            .summary
    };
    let before = summary(&mut client);
    assert_eq!((before.quota, before.space_quota), (u64::MAX, u64::MAX));
    assert_eq!((before.file_count, before.directory_count, before.length), (1, 1, 5));
    assert_eq!(before.space_consumed, 15);
    let set = SetQuotaRequestProto {
        path: "/d".into(),
        namespace_quota: 7,
        storagespace_quota: i64::MAX as u64,
        storage_type: None,
    };
    client.call("setQuota", &set).message::<()>();
    assert_eq!((summary(&mut client).quota, summary(&mut client).space_quota), (7, u64::MAX));
    let clear = SetQuotaRequestProto { namespace_quota: u64::MAX, ..set.clone() };
    client.call("setQuota", &clear).message::<()>();
    assert_eq!(summary(&mut client).quota, u64::MAX);
    let wrong = SetQuotaRequestProto { namespace_quota: -7_i64 as u64, ..set };
    assert_eq!(client.call("setQuota", &wrong).exception().0, "IllegalArgumentException");

    let times = SetTimesRequestProto { src: "/d/f".into(), mtime: 5, atime: u64::MAX };
    let atime = info(&mut client, "/d/f").unwrap().access_time;
    client.call("setTimes", &times).message::<()>();
    let now = info(&mut client, "/d/f").unwrap();
    assert_eq!((now.modification_time, now.access_time), (5, atime));
}

#[test]
fn xattrs_keep_namespace_and_value() {
    let server = start();
    put(&server, "/f", b"");
    let mut client = Client::new(&server, "hdfs");
    let xattr = XAttrProto { namespace: 0, name: "colour".into(), value: Some(b"red".to_vec()) };
    let set = SetXAttrRequestProto { src: "/f".into(), x_attr: Some(xattr.clone()), flag: Some(1) };
    client.call("setXAttr", &set).message::<()>();
    let get = GetXAttrsRequestProto { src: "/f".into(), x_attrs: Vec::new() };
    let found: GetXAttrsResponseProto = client.call("getXAttrs", &get).message();
    assert_eq!(found.x_attrs, [xattr]);
    let (class, _) = client.call("setXAttr", &set).exception();
    assert_eq!(class, "IOException");
}

#[test]
fn what_is_not_offered_says_so() {
    let server = start();
    let mut client = Client::new(&server, "hdfs");
    for method in ["createSymlink", "createSnapshot", "rollEdits", "addCachePool", "listOpenFiles"]
    {
        let (class, _) = client.call(method, &()).exception();
        assert_eq!(class, "UnsupportedOperationException", "{method}");
    }
    let defaults: GetServerDefaultsResponseProto = client.call("getServerDefaults", &()).message();
    assert_eq!(defaults.server_defaults.block_size, 128 << 20);
}

#[test]
fn requests_that_do_not_decode_are_refused_one_by_one() {
    let server = start();
    let mut client = Client::new(&server, "hdfs");
    let mut out = bytes::BytesMut::new();
    let header = wire::call_header(&client.id, 3, 0);
    wire::put_call(&mut out, &header, CLIENT, "getFileInfo", b"\xff\xff\xff");
    client.send(&out);
    let (class, message) = client.receive().unwrap().exception();
    assert_eq!(class, "RpcServerException");
    assert!(message.starts_with("IPC server unable to read call parameters"), "{message}");
    assert!(info(&mut client, "/").is_some());
}
