//! Who is let in, and what is said to those who are not.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use http::Request;
use metafs_tablestore::proto;
use metafs_tablestore::sign::{SigningKey, header};
use metafs_tablestore_local::service::{AccessKey, Settings};
use metafs_tablestore_local::store::Memory;
use prost::Message;

use crate::common::{Caller, Refused, read};

fn list(caller: &Caller, more: &[(&str, &str)]) -> Result<proto::ListTableResponse, Refused> {
    read(&caller.raw("ListTable", Vec::new(), more).response.unwrap())
}

#[test]
fn headers_are_checked_one_by_one() {
    let caller = Caller::new();
    assert!(list(&caller, &[]).is_ok());
    let cases = [
        (header::ACCESS_KEY_ID, "nobody", 403, "The AccessKeyID does not exist."),
        (header::INSTANCE_NAME, "elsewhere", 403, "The instance is not found."),
        (header::DATE, "yesterday", 400, "Invalid date format: yesterday."),
        (
            header::DATE,
            "2020-01-01T00:00:00.000Z",
            403,
            "Mismatch between system time and x-ots-date: 2020-01-01T00:00:00.000Z.",
        ),
        (
            header::CONTENT_MD5,
            "AAAAAAAAAAAAAAAAAAAAAA==",
            403,
            "Mismatch between MD5 value of request body and x-ots-contentmd5 in header.",
        ),
    ];
    for (name, value, status, message) in cases {
        let refused = list(&caller, &[(name, value)]).unwrap_err();
        assert_eq!((refused.status, refused.message.as_str()), (status, message));
    }
    let mut parts = caller.parts("ListTable", &[], &[]);
    parts.headers.insert(header::SIGNATURE, "AAAA".parse().unwrap());
    let answer = caller.service.handle(&parts, Default::default()).response.unwrap();
    assert_eq!(
        read::<proto::ListTableResponse>(&answer).unwrap_err().message,
        "Signature mismatch."
    );
    parts.headers.remove(header::DATE);
    let answer = caller.service.handle(&parts, Default::default()).response.unwrap();
    let refused = read::<proto::ListTableResponse>(&answer).unwrap_err();
    assert_eq!(refused.message, "Missing header: x-ots-date.");
    let parts = Request::get("/ListTable").body(()).unwrap().into_parts().0;
    assert_eq!(caller.service.handle(&parts, Default::default()).response.unwrap().status(), 405);
    let parts = Request::get("/").body(()).unwrap().into_parts().0;
    let about = caller.service.handle(&parts, Default::default()).response.unwrap();
    assert!(String::from_utf8_lossy(about.body()).contains("imitation"));
}

#[test]
fn unknown_operations_and_large_bodies() {
    let caller = Caller::new();
    let answer = caller.raw("DropEverything", Vec::new(), &[]).response.unwrap();
    let refused = read::<proto::ListTableResponse>(&answer).unwrap_err();
    assert_eq!(refused.message, "Unsupported operation: DropEverything.");
    let answer = caller.raw("PutRow", vec![0; (5 << 20) + 1], &[]).response.unwrap();
    assert_eq!(answer.status(), 413);
    let answer = caller.raw("PutRow", vec![0xff; 10], &[]).response.unwrap();
    assert_eq!(answer.status(), 400);
}

#[test]
fn signature_v4_and_its_answer() {
    let caller = Caller::new();
    let signing = SigningKey::v4("testsecret", "20260102", "cn-hangzhou");
    let mut parts = caller.parts("ListTable", &[], &[]);
    parts.headers.remove(header::SIGNATURE);
    parts.headers.insert(header::SIGN_DATE, "20260102".parse().unwrap());
    parts.headers.insert(header::SIGN_REGION, "cn-hangzhou".parse().unwrap());
    let pairs = |headers: &http::HeaderMap| {
        headers
            .iter()
            .map(|(n, v)| (n.as_str().to_owned(), v.to_str().unwrap().to_owned()))
            .collect::<Vec<_>>()
    };
    let given = pairs(&parts.headers);
    let signature =
        signing.sign_request("ListTable", given.iter().map(|(n, v)| (n.as_str(), v.as_str())));
    parts.headers.insert(header::SIGNATURE_V4, signature.parse().unwrap());
    let answer = caller.service.handle(&parts, Default::default()).response.unwrap();
    assert_eq!(answer.status(), 200);
    let given = pairs(answer.headers());
    let authorization = answer.headers()[header::AUTHORIZATION].to_str().unwrap();
    let given = given.iter().map(|(n, v)| (n.as_str(), v.as_str()));
    assert!(signing.verify_authorization("ListTable", given, "testid", authorization));
}

#[test]
fn keys_are_restricted() {
    let key = |id: &str| AccessKey { id: id.into(), ..AccessKey::default() };
    let settings = Settings {
        instances: vec!["local".into(), "other".into()],
        keys: vec![
            AccessKey { instances: vec!["other".into()], ..key("other") },
            AccessKey { read_only: true, ..key("reader") },
            AccessKey { sts_token: Some("token".into()), ..key("temporary") },
            AccessKey { disabled: true, ..key("disabled") },
        ],
        ..Settings::default()
    };
    let caller = Caller::on(Box::new(Memory::default()), settings);
    let id = |id| (header::ACCESS_KEY_ID, id);
    let refused = list(&caller, &[id("other")]).unwrap_err();
    assert_eq!(refused.message, "The user has no privilege to access the instance.");
    assert!(list(&caller, &[id("other"), (header::INSTANCE_NAME, "other")]).is_ok());
    assert!(list(&caller, &[id("reader")]).is_ok());
    let delete = proto::DeleteTableRequest { table_name: "t".into() }.encode_to_vec();
    let answer = caller.raw("DeleteTable", delete, &[id("reader")]).response.unwrap();
    let refused = read::<proto::DeleteTableResponse>(&answer).unwrap_err();
    assert_eq!((refused.status, refused.code.as_str()), (403, "OTSNoPermissionAccess"));
    assert!(list(&caller, &[id("temporary")]).is_err());
    assert!(list(&caller, &[id("temporary"), (header::STS_TOKEN, "token")]).is_ok());
    assert_eq!(
        list(&caller, &[id("disabled")]).unwrap_err().message,
        "The AccessKeyID is disabled."
    );
}

#[test]
fn compressed_bodies_both_ways() {
    let caller = Caller::with_tables();
    let plain = proto::DescribeTableRequest { table_name: "t".into() }.encode_to_vec();
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&plain).unwrap();
    let small = encoder.finish().unwrap();
    let size = plain.len().to_string();
    let more = [
        (header::REQUEST_COMPRESS_TYPE, "deflate"),
        (header::REQUEST_COMPRESS_SIZE, size.as_str()),
        (header::RESPONSE_COMPRESS_TYPE, "deflate"),
    ];
    let answer = caller.raw("DescribeTable", small.clone(), &more).response.unwrap();
    crate::common::verify("DescribeTable", &answer);
    // Small answers stay as they are.
    let described: proto::DescribeTableResponse = read(&answer).unwrap();
    assert_eq!(described.table_meta.table_name, "t");
    let wrong =
        [(header::REQUEST_COMPRESS_TYPE, "deflate"), (header::REQUEST_COMPRESS_SIZE, "9999")];
    assert_eq!(caller.raw("DescribeTable", small, &wrong).response.unwrap().status(), 400);
    for n in 0..60 {
        let name = format!("table_with_a_long_name_{n}");
        crate::tables::create(&caller, &name, &[("pk", 1)]).unwrap();
    }
    let more = [(header::RESPONSE_COMPRESS_TYPE, "deflate")];
    let answer = caller.raw("ListTable", Vec::new(), &more).response.unwrap();
    let size: usize =
        answer.headers()[header::RESPONSE_COMPRESS_SIZE].to_str().unwrap().parse().unwrap();
    let mut body = Vec::new();
    ZlibDecoder::new(answer.body().as_ref()).read_to_end(&mut body).unwrap();
    assert_eq!(body.len(), size);
    // As the Java SDK does: inflated first, then verified.
    let (head, _) = answer.into_parts();
    crate::common::verify("ListTable", &http::Response::from_parts(head, body.clone().into()));
    assert_eq!(proto::ListTableResponse::decode(&*body).unwrap().table_names.len(), 62);
}
