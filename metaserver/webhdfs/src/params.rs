//! Query parameters as Hadoop's `Param` classes read them: names in any case, the first value
//! wins, unknown ones are ignored, and a bad value is refused with Hadoop's own words. Also the
//! percent-decoding of paths and parameters.

use std::borrow::Cow;

use crate::error::Refusal;

/// `dfs.webhdfs.user.provider.user.pattern`.
const USER_PATTERN: &str = "^[A-Za-z_][A-Za-z0-9._-]*[$]?$";

/// `dfs.webhdfs.acl.provider.permission.pattern`.
const ACL_PATTERN: &str = "^(default:)?(user|group|mask|other):[[A-Za-z_][A-Za-z0-9._-]]*:\
    ([rwx-]{3})?(,(default:)?(user|group|mask|other):[[A-Za-z_][A-Za-z0-9._-]]*:([rwx-]{3})?)*$";

/// The decoded query of one request.
#[derive(Debug)]
pub(crate) struct Params<'a> {
    pairs: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> Params<'a> {
    /// Decodes `query`, the part of the URL after `?`.
    ///
    /// # Errors
    /// IllegalArgumentException if an escape is cut or what it stands for is not UTF-8.
    pub(crate) fn parse(query: &'a str) -> Result<Self, Refusal> {
        let mut pairs = Vec::with_capacity(8);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let mut name = decode(name, true)?;
            if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
                name.to_mut().make_ascii_lowercase();
            }
            pairs.push((name, decode(value, true)?));
        }
        Ok(Self { pairs })
    }

    /// The first value of `name` (given in lower case); an empty one counts as not given.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next().filter(|value| !value.is_empty())
    }

    /// All values of `name`.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.pairs.iter().filter(move |(have, _)| have == name).map(|(_, value)| &**value)
    }

    /// A value that must be there (`validateOpParams`).
    pub(crate) fn required(&self, name: &str, op: &str) -> Result<&str, Refusal> {
        self.get(name).ok_or_else(|| missing(name, op))
    }

    /// `BooleanParam`.
    pub(crate) fn boolean(&self, name: &str, default: bool) -> Result<bool, Refusal> {
        match self.get(name) {
            None => Ok(default),
            Some(value) if value.eq_ignore_ascii_case("true") => Ok(true),
            Some(value) if value.eq_ignore_ascii_case("false") => Ok(false),
            Some(value) => Err(Refusal::parameter(
                name,
                format_args!("Failed to parse \"{value}\" to Boolean."),
            )),
        }
    }

    /// `LongParam` with its smallest and largest value.
    pub(crate) fn long(&self, name: &str, min: i64, max: i64) -> Result<Option<i64>, Refusal> {
        self.number(name, 10, "long integer", min, max)
    }

    /// `IntegerParam`, at least `min`.
    pub(crate) fn int(&self, name: &str, min: i64) -> Result<Option<i64>, Refusal> {
        self.number(name, 10, "integer", min, i32::MAX.into())
    }

    /// `ShortParam`, at least `min`.
    pub(crate) fn short(&self, name: &str, min: i64) -> Result<Option<u16>, Refusal> {
        Ok(self.number(name, 10, "short integer", min, i16::MAX.into())?.map(|n| n as u16))
    }

    /// `PermissionParam`: octal, 0 to 1777.
    pub(crate) fn permission(&self, name: &str) -> Result<Option<u16>, Refusal> {
        Ok(self.number(name, 8, "short integer", 0, 0o1777)?.map(|n| n as u16))
    }

    fn number(
        &self,
        name: &str,
        radix: u32,
        kind: &str,
        min: i64,
        max: i64,
    ) -> Result<Option<i64>, Refusal> {
        let Some(value) = self.get(name).filter(|value| *value != "null") else { return Ok(None) };
        let widest = match kind {
            "short integer" => i64::from(i16::MAX),
            "integer" => i64::from(i32::MAX),
            _ => i64::MAX,
        };
        let number = i64::from_str_radix(value, radix)
            .ok()
            .filter(|number| (-widest - 1..=widest).contains(number))
            .ok_or_else(|| {
                Refusal::parameter(
                    name,
                    format_args!("Failed to parse \"{value}\" as a radix-{radix} {kind}."),
                )
            })?;
        let bound = |sign: char, bound: i64| {
            let (number, bound) = (in_radix(number, radix), in_radix(bound, radix));
            let reason = format!("Invalid parameter range: {name} = {number} {sign} {bound}");
            Err(Refusal::parameter(name, reason))
        };
        if number < min {
            return bound('<', min);
        }
        if number > max {
            return bound('>', max);
        }
        Ok(Some(number))
    }

    /// `EnumSetParam`: names of `class`'s constants, separated by commas, in any case. Gives
    /// them in upper case.
    pub(crate) fn enum_set(
        &self,
        name: &str,
        class: &str,
        constants: &[&'static str],
    ) -> Result<Vec<&'static str>, Refusal> {
        let Some(value) = self.get(name) else { return Ok(Vec::new()) };
        value
            .split(',')
            .map(|item| {
                let upper = item.trim().to_ascii_uppercase();
                constants.iter().find(|known| **known == upper).copied().ok_or_else(|| {
                    Refusal::parameter(name, format_args!("No enum constant {class}.{upper}"))
                })
            })
            .collect()
    }

    /// `UserParam`: `user.name`.
    pub(crate) fn user(&self) -> Result<Option<&str>, Refusal> {
        let Some(user) = self.get("user.name") else { return Ok(None) };
        if is_user_name(user) {
            return Ok(Some(user));
        }
        Err(domain("user.name", user, USER_PATTERN))
    }

    /// `AclPermissionParam`: `aclspec`, matched but not yet parsed.
    pub(crate) fn acl_spec(&self, op: &str) -> Result<&str, Refusal> {
        let spec = self.required("aclspec", op)?;
        if spec.split(',').all(is_acl_entry) {
            return Ok(spec);
        }
        Err(domain("aclspec", spec, ACL_PATTERN))
    }

    /// `FsActionParam`: `fsaction`, as 3 bits.
    pub(crate) fn action(&self, op: &str) -> Result<u8, Refusal> {
        let action = self.required("fsaction", op)?;
        if action == "null" {
            return Err(missing("fsaction", op));
        }
        rwx(action).ok_or_else(|| domain("fsaction", action, "[r-][w-][x-]"))
    }

    /// `DestinationParam`: an absolute path, cleaned as `org.apache.hadoop.fs.Path` does.
    pub(crate) fn destination(&self, op: &str) -> Result<String, Refusal> {
        let value = self.required("destination", op)?;
        if !value.starts_with('/') {
            let reason = format!(
                "Invalid parameter value: destination = \"{value}\" is not an absolute path."
            );
            return Err(Refusal::parameter("destination", reason));
        }
        Ok(clean(value))
    }
}

fn missing(name: &str, op: &str) -> Refusal {
    Refusal::illegal(format!("Required param {name} for op: {op} is null or empty"))
}

fn domain(name: &str, value: &str, pattern: &str) -> Refusal {
    Refusal::parameter(
        name,
        format_args!("Invalid value: \"{value}\" does not belong to the domain {pattern}"),
    )
}

fn in_radix(number: i64, radix: u32) -> String {
    if radix == 8 && number >= 0 { format!("{number:o}") } else { number.to_string() }
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

fn is_user_name(name: &str) -> bool {
    let name = name.strip_suffix('$').unwrap_or(name);
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(is_name_byte)
}

fn is_acl_entry(entry: &str) -> bool {
    let entry = entry.strip_prefix("default:").unwrap_or(entry);
    let mut parts = entry.split(':');
    let (Some(kind), Some(name), Some(permission), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    matches!(kind, "user" | "group" | "mask" | "other")
        && name.bytes().all(is_name_byte)
        && (permission.is_empty()
            || permission.len() == 3
                && permission.bytes().all(|byte| matches!(byte, b'r' | b'w' | b'x' | b'-')))
}

/// `rwx` with `-` for what is missing, as 3 bits.
fn rwx(symbol: &str) -> Option<u8> {
    let [r, w, x] = symbol.as_bytes() else { return None };
    let bit = |have: u8, letter: u8, bit: u8| match have {
        b'-' => Some(0),
        have if have == letter => Some(bit),
        _ => None,
    };
    Some(bit(*r, b'r', 4)? | bit(*w, b'w', 2)? | bit(*x, b'x', 1)?)
}

/// What `new Path(path).toUri().getPath()` makes of an absolute path: single slashes, none at the
/// end, and `.` and `..` resolved (RFC 2396); a `..` that leads above the root stays.
fn clean(path: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." if names.last().is_some_and(|last| *last != "..") => {
                names.pop();
            }
            _ => names.push(name),
        }
    }
    format!("/{}", names.join("/"))
}

/// Percent-decodes a part of a URL; in a query `+` is a blank.
///
/// # Errors
/// IllegalArgumentException if an escape is cut or the bytes are not UTF-8.
pub(crate) fn decode(text: &str, plus_is_blank: bool) -> Result<Cow<'_, str>, Refusal> {
    let special = |byte: u8| byte == b'%' || (plus_is_blank && byte == b'+');
    let Some(first) = text.bytes().position(special) else { return Ok(Cow::Borrowed(text)) };
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    decoded.extend_from_slice(&bytes[..first]);
    let mut rest = bytes[first..].iter();
    while let Some(&byte) = rest.next() {
        decoded.push(match byte {
            b'%' => {
                let mut digit = || (*rest.next()? as char).to_digit(16);
                let (Some(high), Some(low)) = (digit(), digit()) else {
                    return Err(Refusal::illegal(format!(
                        "Malformed percent-encoding in \"{text}\""
                    )));
                };
                (high << 4 | low) as u8
            }
            b'+' if plus_is_blank => b' ',
            byte => byte,
        });
    }
    match String::from_utf8(decoded) {
        Ok(decoded) => Ok(Cow::Owned(decoded)),
        Err(_) => Err(Refusal::illegal(format!("\"{text}\" is not UTF-8 when decoded"))),
    }
}

#[cfg(test)]
mod tests;
