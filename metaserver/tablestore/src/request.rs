//! A request's headers, its body's compression and its signature. Pure.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, InvalidHeaderValue};
use jiff::Timestamp;

use crate::credentials::Credentials;
use crate::operation::Operation;
use crate::sign::{API_VERSION, DEFLATE, SignatureVersion, SigningKey, content_md5, header};

/// A body as it is sent, made once for all attempts.
#[derive(Clone, Debug)]
pub(crate) struct Body {
    pub bytes: Bytes,
    md5: String,
    /// Bytes before it was compressed, if it was.
    uncompressed: Option<usize>,
}

impl Body {
    /// Compresses it if it is of at least `compress_from` bytes and gets smaller.
    pub(crate) fn new(bytes: Bytes, compress_from: Option<usize>) -> Self {
        let compressed = compress_from
            .filter(|from| bytes.len() >= *from && !bytes.is_empty())
            .and_then(|_| deflate(&bytes))
            .filter(|compressed| compressed.len() < bytes.len());
        let uncompressed = compressed.as_ref().map(|_| bytes.len());
        let bytes = compressed.unwrap_or(bytes);
        Self { md5: content_md5(&bytes), bytes, uncompressed }
    }
}

fn deflate(bytes: &[u8]) -> Option<Bytes> {
    let mut encoder = ZlibEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::fast());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

/// What all requests of a client have in common.
pub(crate) struct Template<'a> {
    pub endpoint: &'a str,
    pub instance: &'a str,
    pub signature: &'a SignatureVersion,
    pub compress_responses: bool,
}

/// The key of one attempt.
pub(crate) fn signing_key(
    signature: &SignatureVersion,
    credentials: &Credentials,
    now: Timestamp,
) -> SigningKey {
    let secret = &credentials.access_key_secret;
    match signature {
        SignatureVersion::V2 => SigningKey::v2(secret),
        SignatureVersion::V4 { region } => SigningKey::v4(secret, &day(now), region),
    }
}

fn day(now: Timestamp) -> String {
    now.strftime("%Y%m%d").to_string()
}

/// One attempt of a request. Fails only if a name or credential cannot stand in a header.
pub(crate) fn build(
    template: &Template<'_>,
    operation: Operation,
    body: &Body,
    credentials: &Credentials,
    key: &SigningKey,
    now: Timestamp,
    trace_id: &str,
) -> Result<http::Request<Bytes>, http::Error> {
    let size = body.uncompressed.map(|size| size.to_string());
    let date = now.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string();
    let day = day(now);
    let mut headers: Vec<(&'static str, &str)> = vec![
        (header::DATE, &date),
        (header::API_VERSION, API_VERSION),
        (header::ACCESS_KEY_ID, &credentials.access_key_id),
        (header::INSTANCE_NAME, template.instance),
        (header::CONTENT_MD5, &body.md5),
        (header::TRACE_ID, trace_id),
    ];
    if let Some(token) = &credentials.security_token {
        headers.push((header::STS_TOKEN, token));
    }
    if let Some(size) = &size {
        headers.push((header::REQUEST_COMPRESS_TYPE, DEFLATE));
        headers.push((header::REQUEST_COMPRESS_SIZE, size));
    }
    if template.compress_responses {
        headers.push((header::RESPONSE_COMPRESS_TYPE, DEFLATE));
    }
    if let SignatureVersion::V4 { region } = template.signature {
        headers.push((header::SIGN_DATE, &day));
        headers.push((header::SIGN_REGION, region));
    }
    let signature = key.sign_request(operation.name(), headers.iter().copied());
    headers.push((key.signature_header(), &signature));

    let mut request = http::Request::post(format!("{}/{operation}", template.endpoint));
    request = request.header(CONTENT_TYPE, "application/x-protobuf");
    for (name, value) in headers {
        request = request.header(HeaderName::from_static(name), header_value(value)?);
    }
    request.body(body.bytes.clone())
}

fn header_value(value: &str) -> Result<HeaderValue, InvalidHeaderValue> {
    HeaderValue::from_str(value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build_one(signature: &SignatureVersion, body: &Body) -> http::Request<Bytes> {
        let now: Timestamp = "2026-01-02T03:04:05.678Z".parse().unwrap();
        let credentials = Credentials::new("testid", "testsecret").with_token("token");
        let key = signing_key(signature, &credentials, now);
        let template = Template {
            endpoint: "http://inst.example",
            instance: "inst",
            signature,
            compress_responses: true,
        };
        build(&template, Operation::ListTable, body, &credentials, &key, now, "trace").unwrap()
    }

    fn verified(request: &http::Request<Bytes>, key: &SigningKey) -> bool {
        let headers =
            request.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
        let signature = request.headers()[key.signature_header()].to_str().unwrap();
        key.verify_request("ListTable", headers, signature)
    }

    #[test]
    fn a_request_is_signed_as_a_whole() {
        let body = Body::new(Bytes::new(), Some(0));
        let request = build_one(&SignatureVersion::V2, &body);
        assert!(verified(&request, &SigningKey::v2("testsecret")));
        assert_eq!(request.uri(), "http://inst.example/ListTable");
        assert_eq!(request.headers()["x-ots-date"], "2026-01-02T03:04:05.000Z");
        assert_eq!(request.headers()["x-ots-ststoken"], "token");
        assert!(!request.headers().contains_key("x-ots-request-compress-type"));

        let v4 = SignatureVersion::V4 { region: "cn-hangzhou".into() };
        let request = build_one(&v4, &body);
        assert!(verified(&request, &SigningKey::v4("testsecret", "20260102", "cn-hangzhou")));
    }

    #[test]
    fn only_what_gets_smaller_is_compressed() {
        let body = Body::new(vec![7; 1000].into(), Some(100));
        assert!(body.bytes.len() < 100);
        let request = build_one(&SignatureVersion::V2, &body);
        assert_eq!(request.headers()["x-ots-request-compress-size"], "1000");
        assert_eq!(Body::new(vec![7; 99].into(), Some(100)).bytes.len(), 99);
        assert_eq!(Body::new(vec![7; 1000].into(), None).bytes.len(), 1000);
        let noise: Vec<u8> =
            (0..200_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        assert_eq!(Body::new(noise.into(), Some(0)).bytes.len(), 200);
    }
}
