//! Whether an answer is the service's and undamaged, and what it says. Pure.
//!
//! As the official SDKs: a success must carry four `x-ots-*` headers and a valid Authorization; an
//! error may come without them (from a gateway, say), but what is there must be right. A refused key
//! (OTSAuthFailed) cannot be signed with, so there the signature is not looked at.

use std::io::Read;

use bytes::Bytes;
use flate2::read::ZlibDecoder;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use prost::Message;

use crate::error::{ErrorCode, ServiceError};
use crate::limits::CLOCK_DIFFERENCE_MILLIS;
use crate::operation::Operation;
use crate::proto;
use crate::sign::{DEFLATE, SigningKey, content_md5, header};

/// Why an answer is not believed, or not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResponseError {
    /// A header is missing.
    #[error("the answer has no {0}")]
    MissingHeader(&'static str),
    /// A header makes no sense.
    #[error("the answer's {0} makes no sense")]
    Header(&'static str),
    /// The body was damaged.
    #[error("the answer's body does not have its MD5")]
    Md5,
    /// The answer is old, or a clock is wrong.
    #[error("the answer's time is {millis} ms from this machine's")]
    Date {
        /// How far; negative: behind.
        millis: i64,
    },
    /// The answer is not from somebody who knows the key.
    #[error("the answer's signature is wrong")]
    Authorization,
    /// The body cannot be decompressed.
    #[error("the answer's body cannot be decompressed")]
    Compression,
    /// The body is no message.
    #[error("the answer cannot be decoded: {0}")]
    Decode(#[from] prost::DecodeError),
}

/// What an answer is measured by.
pub(crate) struct Expected<'a> {
    pub operation: Operation,
    pub access_key_id: &'a str,
    pub key: &'a SigningKey,
    pub now: Timestamp,
    /// Bytes of a decompressed body that are taken.
    pub max_body: usize,
}

/// What a believable answer says.
pub(crate) enum Answer {
    /// The message, still encoded.
    Ok { body: Bytes, request_id: String },
    /// An error.
    Refused(ServiceError),
}

/// The four headers that every success has.
const REQUIRED: [&str; 4] =
    [header::CONTENT_MD5, header::REQUEST_ID, header::DATE, header::CONTENT_TYPE];

/// Verifies an answer and reads it.
pub(crate) fn read(
    response: http::Response<Bytes>,
    expected: &Expected<'_>,
) -> Result<Answer, ResponseError> {
    let (parts, body) = response.into_parts();
    let (status, headers) = (parts.status, parts.headers);
    if status.is_success()
        && let Some(missing) = REQUIRED.into_iter().find(|name| !headers.contains_key(*name))
    {
        return Err(ResponseError::MissingHeader(missing));
    }
    let whole = verify_md5(&headers, &body);
    verify_date(&headers, expected.now)?;
    let request_id = text(&headers, header::REQUEST_ID)?.unwrap_or_default().to_owned();
    if status.is_success() {
        verify_authorization(&headers, expected, true)?;
        let body = decompress(&headers, body, expected.max_body)?;
        // The official Java SDK inflates an answer before it looks at the MD5; the others, which do not
        // ask for compression, cannot tell which of the two it is of.
        whole.or_else(|_| verify_md5(&headers, &body))?;
        return Ok(Answer::Ok { body, request_id });
    }
    let body = decompress(&headers, body, expected.max_body)?;
    whole.or_else(|_| verify_md5(&headers, &body))?;
    let error = service_error(status, &body, request_id);
    if error.code != ErrorCode::AuthFailed {
        verify_authorization(&headers, expected, false)?;
    }
    Ok(Answer::Refused(error))
}

/// An error of the service, or of what stands before it.
fn service_error(status: StatusCode, body: &Bytes, request_id: String) -> ServiceError {
    let decoded = proto::Error::decode(body.clone()).ok().filter(|error| !error.code.is_empty());
    let error = decoded.unwrap_or_else(|| proto::Error {
        code: String::new(),
        message: Some(status.canonical_reason().unwrap_or("no error of the service").to_owned()),
    });
    ServiceError {
        code: ErrorCode::from_text(&error.code),
        raw_code: error.code,
        message: error.message.unwrap_or_default(),
        status: status.as_u16(),
        request_id,
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a str>, ResponseError> {
    let value = headers.get(name).map(|value| value.to_str());
    value.transpose().map_err(|_| ResponseError::Header(name))
}

fn verify_md5(headers: &HeaderMap, body: &[u8]) -> Result<(), ResponseError> {
    match text(headers, header::CONTENT_MD5)? {
        Some(md5) if md5.trim() != content_md5(body) => Err(ResponseError::Md5),
        _ => Ok(()),
    }
}

fn verify_date(headers: &HeaderMap, now: Timestamp) -> Result<(), ResponseError> {
    let Some(date) = text(headers, header::DATE)? else {
        return Ok(());
    };
    let date: Timestamp = date.trim().parse().map_err(|_| ResponseError::Header(header::DATE))?;
    let millis = date.as_millisecond() - now.as_millisecond();
    if millis.abs() > CLOCK_DIFFERENCE_MILLIS {
        return Err(ResponseError::Date { millis });
    }
    Ok(())
}

fn verify_authorization(
    headers: &HeaderMap,
    expected: &Expected<'_>,
    required: bool,
) -> Result<(), ResponseError> {
    let Some(authorization) = text(headers, header::AUTHORIZATION)? else {
        let missing = ResponseError::MissingHeader(header::AUTHORIZATION);
        return if required { Err(missing) } else { Ok(()) };
    };
    let mut signed = Vec::with_capacity(headers.len());
    for (name, value) in headers {
        if name.as_str().starts_with(header::PREFIX) {
            let value = value.to_str().map_err(|_| ResponseError::Authorization)?;
            signed.push((name.as_str(), value));
        }
    }
    let operation = expected.operation.name();
    let id = expected.access_key_id;
    if expected.key.verify_authorization(operation, signed, id, authorization.trim()) {
        Ok(())
    } else {
        Err(ResponseError::Authorization)
    }
}

/// Comes after the signature was verified.
fn decompress(headers: &HeaderMap, body: Bytes, max: usize) -> Result<Bytes, ResponseError> {
    let Some(kind) = text(headers, header::RESPONSE_COMPRESS_TYPE)? else {
        return Ok(body);
    };
    if !kind.trim().eq_ignore_ascii_case(DEFLATE) {
        return Err(ResponseError::Header(header::RESPONSE_COMPRESS_TYPE));
    }
    let size = text(headers, header::RESPONSE_COMPRESS_SIZE)?
        .ok_or(ResponseError::MissingHeader(header::RESPONSE_COMPRESS_SIZE))?;
    let size: usize = size
        .trim()
        .parse()
        .ok()
        .filter(|size| *size <= max)
        .ok_or(ResponseError::Header(header::RESPONSE_COMPRESS_SIZE))?;
    let mut out = Vec::new();
    let limit = u64::try_from(size).unwrap_or(u64::MAX).saturating_add(1);
    let read = ZlibDecoder::new(body.as_ref()).take(limit).read_to_end(&mut out);
    if read.is_err() || out.len() != size {
        return Err(ResponseError::Compression);
    }
    Ok(out.into())
}

#[cfg(test)]
#[path = "response_tests.rs"]
mod tests;
