use super::*;
use crate::sign;

const OPERATION: Operation = Operation::ListTable;

fn now() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

/// A response as the service gives it; `change` may alter it before it is signed.
fn response(
    status: u16,
    body: &[u8],
    change: impl FnOnce(&mut http::Response<Bytes>),
) -> http::Response<Bytes> {
    let mut response = http::Response::builder()
        .status(status)
        .header(header::CONTENT_MD5, content_md5(body))
        .header(header::REQUEST_ID, "0005")
        .header(header::DATE, "2026-01-02T03:04:05.000Z")
        .header(header::CONTENT_TYPE, sign::CONTENT_TYPE)
        .body(Bytes::copy_from_slice(body))
        .unwrap();
    change(&mut response);
    let signed: Vec<_> =
        response.headers().iter().map(|(n, v)| (n.as_str(), v.to_str().unwrap())).collect();
    let value = SigningKey::v2("secret").authorization(OPERATION.name(), signed, "id");
    response.headers_mut().insert(header::AUTHORIZATION, value.parse().unwrap());
    response
}

fn read_with(response: http::Response<Bytes>, secret: &str) -> Result<Answer, ResponseError> {
    let key = SigningKey::v2(secret);
    let expected = Expected {
        operation: OPERATION,
        access_key_id: "id",
        key: &key,
        now: now(),
        max_body: 1000,
    };
    read(response, &expected)
}

fn rejected(response: http::Response<Bytes>) -> ResponseError {
    match read_with(response, "secret") {
        Err(error) => error,
        Ok(_) => panic!("believed"),
    }
}

fn refused(response: http::Response<Bytes>, secret: &str) -> ServiceError {
    match read_with(response, secret) {
        Ok(Answer::Refused(error)) => error,
        Ok(Answer::Ok { .. }) => panic!("a success"),
        Err(error) => panic!("{error}"),
    }
}

fn error_body(code: &str) -> Vec<u8> {
    proto::Error { code: code.into(), message: Some("why".into()) }.encode_to_vec()
}

#[test]
fn a_good_answer_is_believed() {
    let Ok(Answer::Ok { body, request_id }) = read_with(response(200, b"body", |_| {}), "secret")
    else {
        panic!("not believed");
    };
    assert_eq!((body.as_ref(), request_id.as_str()), (b"body".as_slice(), "0005"));
}

#[test]
fn a_success_needs_every_header() {
    for name in REQUIRED {
        let without = response(200, b"", |r| drop(r.headers_mut().remove(name)));
        assert_eq!(rejected(without), ResponseError::MissingHeader(name));
    }
    let mut unsigned = response(200, b"", |_| {});
    unsigned.headers_mut().remove(header::AUTHORIZATION);
    assert_eq!(rejected(unsigned), ResponseError::MissingHeader(header::AUTHORIZATION));
}

#[test]
fn what_was_changed_on_the_way_is_not_believed() {
    let mut body = response(200, b"body", |_| {});
    *body.body_mut() = Bytes::from_static(b"bodz");
    assert_eq!(rejected(body), ResponseError::Md5);

    let mut swapped = response(200, b"body", |_| {});
    *swapped.body_mut() = Bytes::from_static(b"other");
    let md5 = content_md5(b"other").parse().unwrap();
    swapped.headers_mut().insert(header::CONTENT_MD5, md5);
    assert_eq!(rejected(swapped), ResponseError::Authorization);

    let mut id = response(200, b"body", |_| {});
    id.headers_mut().insert(header::REQUEST_ID, "0006".parse().unwrap());
    assert_eq!(rejected(id), ResponseError::Authorization);

    let mut added = response(200, b"body", |_| {});
    added.headers_mut().insert("x-ots-new", "1".parse().unwrap());
    assert_eq!(rejected(added), ResponseError::Authorization);

    for wrong in ["OTS id:AAAA", "OTS other:x", "Basic x", "OTS"] {
        let mut other = response(200, b"", |_| {});
        other.headers_mut().insert(header::AUTHORIZATION, wrong.parse().unwrap());
        assert_eq!(rejected(other), ResponseError::Authorization);
    }
}

#[test]
fn old_answers_are_not_believed() {
    let at = |date: &'static str| {
        response(200, b"", |r| drop(r.headers_mut().insert(header::DATE, date.parse().unwrap())))
    };
    assert!(read_with(at("2026-01-02T03:19:05.000Z"), "secret").is_ok());
    let later = rejected(at("2026-01-02T03:19:06.000Z"));
    assert_eq!(later, ResponseError::Date { millis: 901_000 });
    let earlier = rejected(at("2026-01-02T02:49:04.999Z"));
    assert_eq!(earlier, ResponseError::Date { millis: -900_001 });
    assert_eq!(rejected(at("yesterday")), ResponseError::Header(header::DATE));
}

#[test]
fn errors_may_come_without_headers() {
    let bare = http::Response::builder().status(502).body(Bytes::from_static(b"<html>")).unwrap();
    let error = refused(bare, "secret");
    assert_eq!(
        (error.code, error.status, error.message.as_str()),
        (ErrorCode::Other, 502, "Bad Gateway")
    );
    assert_eq!(error.raw_code, "");

    let error = refused(response(503, &error_body("OTSServerBusy"), |_| {}), "secret");
    assert_eq!(error.code, ErrorCode::ServerBusy);
    assert_eq!((error.message.as_str(), error.request_id.as_str()), ("why", "0005"));
}

#[test]
fn errors_are_verified_as_far_as_they_can_be() {
    let mut damaged = response(403, &error_body("OTSConditionCheckFail"), |_| {});
    *damaged.body_mut() = error_body("OTSObjectNotExist").into();
    assert_eq!(rejected(damaged), ResponseError::Md5);

    let by_another = response(403, &error_body("OTSConditionCheckFail"), |_| {});
    assert!(matches!(read_with(by_another, "other"), Err(ResponseError::Authorization)));

    // Who refuses the key cannot sign with it.
    let auth = response(403, &error_body("OTSAuthFailed"), |_| {});
    assert_eq!(refused(auth, "other").code, ErrorCode::AuthFailed);
}

#[test]
fn answers_are_decompressed_within_bounds() {
    use std::io::Write;
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(&[7; 500]).unwrap();
    let packed = encoder.finish().unwrap();
    let with = |kind: &'static str, size: &'static str| {
        response(200, &packed, |r| {
            r.headers_mut().insert(header::RESPONSE_COMPRESS_TYPE, kind.parse().unwrap());
            r.headers_mut().insert(header::RESPONSE_COMPRESS_SIZE, size.parse().unwrap());
        })
    };
    let Ok(Answer::Ok { body, .. }) = read_with(with("deflate", "500"), "secret") else {
        panic!("not believed");
    };
    assert_eq!(body.as_ref(), [7; 500]);
    for size in ["499", "501", "0"] {
        assert_eq!(rejected(with("deflate", size)), ResponseError::Compression);
    }
    for size in ["1001", "x", "-1"] {
        let wrong = ResponseError::Header(header::RESPONSE_COMPRESS_SIZE);
        assert_eq!(rejected(with("deflate", size)), wrong);
    }
    let unknown = ResponseError::Header(header::RESPONSE_COMPRESS_TYPE);
    assert_eq!(rejected(with("zip", "500")), unknown);
}
