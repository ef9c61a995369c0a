//! Signatures of requests (v2, v4) and of answers, made and verified. Pure; for clients and servers.
//!
//! A request's v2 signature is HMAC-SHA1 over "/Operation\nPOST\n\n" and its `x-ots-*` headers; v4
//! adds "ots" and takes HMAC-SHA256 with a key derived for one day and region. Answers are signed
//! with HMAC-SHA1 and the same key either way. Source: Python SDK 6.4.8, `auth.py`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Names of headers.
pub mod header {
    /// Time of the request or answer.
    pub const DATE: &str = "x-ots-date";
    /// Version of the API.
    pub const API_VERSION: &str = "x-ots-apiversion";
    /// Who asks.
    pub const ACCESS_KEY_ID: &str = "x-ots-accesskeyid";
    /// The instance.
    pub const INSTANCE_NAME: &str = "x-ots-instancename";
    /// Base64 of the MD5 of the body as it is sent.
    pub const CONTENT_MD5: &str = "x-ots-contentmd5";
    /// A temporary credential's token.
    pub const STS_TOKEN: &str = "x-ots-ststoken";
    /// The client's name for a request.
    pub const TRACE_ID: &str = "x-ots-sdk-traceid";
    /// The service's name for a request.
    pub const REQUEST_ID: &str = "x-ots-requestid";
    /// What an answer's body is.
    pub const CONTENT_TYPE: &str = "x-ots-contenttype";
    /// Signature v2.
    pub const SIGNATURE: &str = "x-ots-signature";
    /// Signature v4.
    pub const SIGNATURE_V4: &str = "x-ots-signaturev4";
    /// The day of a v4 signature, yyyyMMdd.
    pub const SIGN_DATE: &str = "x-ots-signdate";
    /// The region of a v4 signature.
    pub const SIGN_REGION: &str = "x-ots-signregion";
    /// "deflate": how the request's body is compressed.
    pub const REQUEST_COMPRESS_TYPE: &str = "x-ots-request-compress-type";
    /// Bytes of the request's body before it was compressed.
    pub const REQUEST_COMPRESS_SIZE: &str = "x-ots-request-compress-size";
    /// "deflate": in a request, that the answer may be compressed; in an answer, that it is.
    pub const RESPONSE_COMPRESS_TYPE: &str = "x-ots-response-compress-type";
    /// Bytes of the answer's body before it was compressed.
    pub const RESPONSE_COMPRESS_SIZE: &str = "x-ots-response-compress-size";
    /// The answer's signature: `OTS access-key-id:signature`.
    pub const AUTHORIZATION: &str = "authorization";
    /// What the names of signed headers begin with.
    pub const PREFIX: &str = "x-ots-";
}

/// The version of the API that is spoken.
pub const API_VERSION: &str = "2015-12-31";
/// The one compression there is (zlib's format).
pub const DEFLATE: &str = "deflate";
/// What an answer's body is.
pub const CONTENT_TYPE: &str = "protocol buffer";

/// How requests are signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SignatureVersion {
    /// HMAC-SHA1 with the secret.
    #[default]
    V2,
    /// HMAC-SHA256 with a key for one day and this region (such as `cn-hangzhou`).
    V4 {
        /// The region.
        region: String,
    },
}

/// What requests are signed with, and answers to them.
#[derive(Clone)]
pub struct SigningKey {
    key: Vec<u8>,
    v4: bool,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("v4", &self.v4).finish_non_exhaustive()
    }
}

impl SigningKey {
    /// The secret itself.
    #[must_use]
    pub fn v2(secret: &str) -> Self {
        Self { key: secret.as_bytes().to_vec(), v4: false }
    }

    /// The key of one day (`yyyyMMdd`) and region.
    #[must_use]
    pub fn v4(secret: &str, date: &str, region: &str) -> Self {
        let start = format!("aliyun_v4{secret}").into_bytes();
        let chain = [date, region, "ots", "aliyun_v4_request"];
        let key = chain.iter().fold(start, |key, part| hmac_sha256(&key, part.as_bytes()));
        Self { key: STANDARD.encode(key).into_bytes(), v4: true }
    }

    /// The header that a request's signature goes into.
    #[must_use]
    pub fn signature_header(&self) -> &'static str {
        if self.v4 { header::SIGNATURE_V4 } else { header::SIGNATURE }
    }

    /// A request's signature. `headers`: all of it, names in any case and order; those that do not
    /// begin with `x-ots-`, and signatures, are left out here.
    #[must_use]
    pub fn sign_request<'a>(
        &self,
        operation: &str,
        headers: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> String {
        let text = format!("/{operation}\nPOST\n\n{}", signed_headers(headers));
        STANDARD.encode(if self.v4 {
            hmac_sha256(&self.key, (text + "ots").as_bytes())
        } else {
            hmac_sha1(&self.key, text.as_bytes())
        })
    }

    /// Whether a request's signature is right; takes the same time whatever it is.
    #[must_use]
    pub fn verify_request<'a>(
        &self,
        operation: &str,
        headers: impl IntoIterator<Item = (&'a str, &'a str)>,
        signature: &str,
    ) -> bool {
        same(&self.sign_request(operation, headers), signature)
    }

    /// An answer's signature, over its `x-ots-*` headers.
    #[must_use]
    pub fn sign_response<'a>(
        &self,
        operation: &str,
        headers: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> String {
        let text = format!("{}/{operation}", signed_headers(headers));
        STANDARD.encode(hmac_sha1(&self.key, text.as_bytes()))
    }

    /// An answer's Authorization header.
    #[must_use]
    pub fn authorization<'a>(
        &self,
        operation: &str,
        headers: impl IntoIterator<Item = (&'a str, &'a str)>,
        access_key_id: &str,
    ) -> String {
        format!("OTS {access_key_id}:{}", self.sign_response(operation, headers))
    }

    /// Whether an answer's Authorization header is right.
    #[must_use]
    pub fn verify_authorization<'a>(
        &self,
        operation: &str,
        headers: impl IntoIterator<Item = (&'a str, &'a str)>,
        access_key_id: &str,
        authorization: &str,
    ) -> bool {
        let Some((id, signature)) =
            authorization.strip_prefix("OTS ").and_then(|rest| rest.split_once(':'))
        else {
            return false;
        };
        id == access_key_id && same(&self.sign_response(operation, headers), signature)
    }
}

/// What [`header::CONTENT_MD5`] holds for a body.
#[must_use]
pub fn content_md5(body: &[u8]) -> String {
    use md5::Digest;
    STANDARD.encode(md5::Md5::digest(body))
}

fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

/// "name:value\n" of every header that is signed, sorted by name.
fn signed_headers<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut lines: Vec<(String, &str)> = headers
        .into_iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim()))
        .filter(|(name, _)| {
            name.starts_with(header::PREFIX)
                && name != header::SIGNATURE
                && name != header::SIGNATURE_V4
        })
        .collect();
    lines.sort_unstable();
    let mut text = String::with_capacity(lines.iter().map(|(n, v)| n.len() + v.len() + 2).sum());
    for (name, value) in lines {
        text.push_str(&name);
        text.push(':');
        text.push_str(value);
        text.push('\n');
    }
    text
}

fn hmac_sha1(key: &[u8], data: &[u8]) -> Vec<u8> {
    mac::<Hmac<Sha1>>(key, data)
}

fn hmac_sha256(key: &[u8], data: &[u8]) -> Vec<u8> {
    mac::<Hmac<Sha256>>(key, data)
}

fn mac<M: Mac + hmac::digest::KeyInit>(key: &[u8], data: &[u8]) -> Vec<u8> {
    // HMAC takes keys of any length; there is no error to have.
    let Ok(mut mac) = <M as Mac>::new_from_slice(key) else {
        return Vec::new();
    };
    mac.update(data);
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
#[path = "sign_tests.rs"]
mod tests;
