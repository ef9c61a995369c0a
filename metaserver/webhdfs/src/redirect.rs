//! Both styles of redirect to oneself: 307 with a Location, or (`noredirect=true`) 200 with the
//! Location in JSON. The address is the one the client used, so that it works through a Service,
//! a port forward or a tunnel.

use http::header::HOST;
use http::uri::Authority;

use crate::error::Refusal;
use crate::json;
use crate::request::{Answer, Call, Outcome};
use metafs_door::Backend;

/// Answers the first step of `call`, whose data or content is at the same URL and `data=true`.
pub(crate) fn redirect<B: Backend>(call: &Call<'_, B>) -> Result<Outcome, Refusal> {
    let location = location(call)?;
    let answer = match call.params.boolean("noredirect", false)? {
        true => Answer::Json(json::single("Location", &location)),
        false => Answer::Redirect(location),
    };
    Ok(Outcome::new(answer))
}

fn location<B: Backend>(call: &Call<'_, B>) -> Result<String, Refusal> {
    let authority = authority(call)?;
    let mut location = format!("http://{authority}");
    push_ascii(&mut location, call.uri.path());
    location.push('?');
    for pair in call.uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let name = pair.split_once('=').map_or(pair, |(name, _)| name);
        if !["noredirect", "data"].iter().any(|drop| name.eq_ignore_ascii_case(drop)) {
            push_ascii(&mut location, pair);
            location.push('&');
        }
    }
    location.push_str("data=true");
    Ok(location)
}

/// Appends `part` of a URL. Java's client sends letters beyond ASCII as they are, but reads
/// headers as Latin-1: they go back percent-encoded.
pub(crate) fn push_ascii(location: &mut String, part: &str) {
    for byte in part.bytes() {
        match byte {
            0x21..0x7f => location.push(byte.into()),
            _ => {
                let hex = |digit: u8| char::from(b"0123456789ABCDEF"[usize::from(digit)]);
                location.extend(['%', hex(byte >> 4), hex(byte & 15)]);
            }
        }
    }
}

/// Host (and port) that the client used; without a Host header (HTTP/1.0) this end's address.
pub(crate) fn authority<B: Backend>(call: &Call<'_, B>) -> Result<Authority, Refusal> {
    if let Some(authority) = call.uri.authority() {
        return Ok(authority.clone());
    }
    let bad = |_| Refusal::illegal("The Host header is not a host with an optional port");
    match call.headers.get(HOST) {
        Some(host) => Authority::try_from(host.as_bytes()).map_err(bad),
        None => Authority::try_from(call.ends.local.to_string()).map_err(bad),
    }
}
