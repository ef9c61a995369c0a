//! Who asks: the headers of a request, its date, its checksum, its signature.

use http::HeaderMap;
use jiff::Timestamp;
use metafs_tablestore::sign::{API_VERSION, SigningKey, content_md5, header};

use super::settings::{AccessKey, Settings};
use crate::error::{OtsError, Result};

/// Milliseconds that the clocks of client and service may differ.
const SKEW: i64 = metafs_tablestore::limits::CLOCK_DIFFERENCE_MILLIS;

/// Who asks, and for which instance.
#[derive(Debug)]
pub(super) struct Caller<'a> {
    /// The instance.
    pub instance: &'a str,
    /// The key.
    pub key: &'a AccessKey,
    /// What the answer is signed with.
    pub signing: SigningKey,
}

/// A caller that is who it says, and the request's other faults: answers to them are signed too.
#[derive(Debug)]
pub(super) struct Known<'a> {
    pub caller: Caller<'a>,
    pub refused: Option<OtsError>,
}

/// Checks a request. `now` in milliseconds since 1970.
///
/// # Errors
/// 400: headers are missing; 403: nobody knows the key, or the signature is wrong.
pub(super) fn check<'a>(
    settings: &'a Settings,
    operation: &str,
    headers: &HeaderMap,
    body: &[u8],
    now: i64,
) -> Result<Known<'a>> {
    let id = required(headers, header::ACCESS_KEY_ID)?;
    let instance = required(headers, header::INSTANCE_NAME)?;
    let date = required(headers, header::DATE)?;
    let md5 = required(headers, header::CONTENT_MD5)?;
    let version = required(headers, header::API_VERSION)?;
    if version != API_VERSION {
        return Err(OtsError::parameter(format!("Unsupported API version: {version}.")));
    }
    let Some(key) = settings.keys.iter().find(|key| key.id == id) else {
        return Err(OtsError::auth("The AccessKeyID does not exist."));
    };
    if key.disabled {
        return Err(OtsError::auth("The AccessKeyID is disabled."));
    }
    let signing = check_signature(key, operation, headers)?;
    let known = settings.instances.iter().find(|name| *name == instance);
    let caller = Caller { instance: known.map_or("", String::as_str), key, signing };
    let refused = check_date(date, now)
        .and_then(|()| check_md5(md5, body))
        .and_then(|()| check_token(key, headers))
        .and_then(|()| match known {
            None => Err(OtsError::auth("The instance is not found.")),
            Some(name) if !key.instances.is_empty() && !key.instances.contains(name) => {
                Err(OtsError::auth("The user has no privilege to access the instance."))
            }
            Some(_) => Ok(()),
        });
    Ok(Known { caller, refused: refused.err() })
}

/// A key that may only read is refused what writes.
///
/// # Errors
/// 403.
pub(super) fn check_right(key: &AccessKey, writes: bool) -> Result<()> {
    if key.read_only && writes {
        return Err(OtsError::fixed(
            403,
            "OTSNoPermissionAccess",
            "You have no permission to access the requested resource, please contact the \
             resource owner",
        ));
    }
    Ok(())
}

fn optional<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn required<'h>(headers: &'h HeaderMap, name: &str) -> Result<&'h str> {
    optional(headers, name).ok_or_else(|| OtsError::parameter(format!("Missing header: {name}.")))
}

fn check_signature(key: &AccessKey, operation: &str, headers: &HeaderMap) -> Result<SigningKey> {
    let (signing, signature) = match optional(headers, header::SIGNATURE_V4) {
        Some(signature) => {
            let date = required(headers, header::SIGN_DATE)?;
            let region = required(headers, header::SIGN_REGION)?;
            (SigningKey::v4(&key.secret, date, region), signature)
        }
        None => (SigningKey::v2(&key.secret), required(headers, header::SIGNATURE)?),
    };
    let pairs =
        headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    if signing.verify_request(operation, pairs, signature) {
        Ok(signing)
    } else {
        Err(OtsError::auth("Signature mismatch."))
    }
}

fn check_date(date: &str, now: i64) -> Result<()> {
    let given: Timestamp =
        date.parse().map_err(|_| OtsError::parameter(format!("Invalid date format: {date}.")))?;
    if (given.as_millisecond() - now).abs() > SKEW {
        return Err(OtsError::auth(format!(
            "Mismatch between system time and x-ots-date: {date}."
        )));
    }
    Ok(())
}

fn check_md5(given: &str, body: &[u8]) -> Result<()> {
    if content_md5(body) == given {
        return Ok(());
    }
    Err(OtsError::auth(
        "Mismatch between MD5 value of request body and x-ots-contentmd5 in header.",
    ))
}

fn check_token(key: &AccessKey, headers: &HeaderMap) -> Result<()> {
    let given = optional(headers, header::STS_TOKEN);
    match &key.sts_token {
        Some(token) if given != Some(token) => Err(OtsError::auth("Invalid STS token.")),
        // A token with a lasting key means nothing, and is let pass.
        _ => Ok(()),
    }
}
