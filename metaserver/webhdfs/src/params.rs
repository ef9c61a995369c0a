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

    /// The first value of `name` (given in lower case).
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// All values of `name`.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.pairs.iter().filter(move |(have, _)| have == name).map(|(_, value)| &**value)
    }

    /// A value that is not empty (most of Hadoop's `StringParam`s).
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// A value that must be there (`validateOpParams`).
    pub(crate) fn required(&self, name: &str, op: &str) -> Result<&str, Refusal> {
        self.text(name).ok_or_else(|| missing(name, op))
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
        let Some(value) = self.text(name) else { return Ok(Vec::new()) };
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
        let Some(user) = self.text("user.name") else { return Ok(None) };
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refusal<T: std::fmt::Debug>(result: Result<T, Refusal>) -> String {
        result.unwrap_err().message().to_owned()
    }

    #[test]
    fn names_and_booleans_are_case_insensitive_and_the_first_value_wins() {
        let params = Params::parse("OP=ls&Recursive=True&recursive=false&x&&y=a+b%2Bc").unwrap();
        assert_eq!(params.get("op"), Some("ls"));
        assert!(params.boolean("recursive", false).unwrap());
        assert_eq!(params.get("x"), Some(""));
        assert_eq!(params.get("y"), Some("a b+c"));
        assert_eq!(
            refusal(params.boolean("op", false)),
            "Invalid value for webhdfs parameter \"op\": Failed to parse \"ls\" to Boolean."
        );
    }

    #[test]
    fn numbers_have_hadoops_ranges_and_words() {
        let params = Params::parse(
            "permission=7777&p8=9&p=1777&offset=-1&length=null&replication=40000&n=99999999999999999999",
        )
        .unwrap();
        assert_eq!(params.permission("p").unwrap(), Some(0o1777));
        assert_eq!(
            refusal(params.permission("permission")),
            "Invalid value for webhdfs parameter \"permission\": \
             Invalid parameter range: permission = 7777 > 1777"
        );
        assert_eq!(
            refusal(params.permission("p8")),
            "Invalid value for webhdfs parameter \"p8\": \
             Failed to parse \"9\" as a radix-8 short integer."
        );
        assert_eq!(
            refusal(params.long("offset", 0, i64::MAX)),
            "Invalid value for webhdfs parameter \"offset\": \
             Invalid parameter range: offset = -1 < 0"
        );
        assert_eq!(params.long("length", 0, i64::MAX).unwrap(), None);
        assert!(refusal(params.short("replication", 1)).contains("radix-10 short integer"));
        assert!(refusal(params.long("n", 0, i64::MAX)).contains("radix-10 long integer"));
    }

    #[test]
    fn patterns_are_hadoops() {
        for (user, good) in
            [("joe", true), ("_j.o-e$", true), ("1joe", false), ("a b", false), ("$", false)]
        {
            assert_eq!(is_user_name(user), good, "{user}");
        }
        for (spec, good) in [
            ("user:joe:rwx", true),
            ("default:group::r--", true),
            ("user::", true),
            ("mask::xxx", true),
            ("user:joe", false),
            ("user:joe:rw", false),
            ("nobody:joe:rwx", false),
            ("user:a b:rwx", false),
        ] {
            assert_eq!(is_acl_entry(spec), good, "{spec}");
        }
        assert_eq!(rwx("r-x"), Some(5));
        assert_eq!(rwx("xr-"), None);
    }

    #[test]
    fn destinations_are_cleaned_as_a_path_is() {
        for (given, clean) in [
            ("/a//b/", "/a/b"),
            ("/a/../b", "/b"),
            ("/a/./b", "/a/b"),
            ("/../b", "/../b"),
            ("/", "/"),
        ] {
            let query = format!("destination={given}");
            assert_eq!(Params::parse(&query).unwrap().destination("RENAME").unwrap(), clean);
        }
        assert!(
            refusal(Params::parse("destination=x").unwrap().destination("RENAME"))
                .ends_with("destination = \"x\" is not an absolute path.")
        );
        assert_eq!(
            refusal(Params::parse("").unwrap().destination("RENAME")),
            "Required param destination for op: RENAME is null or empty"
        );
    }

    #[test]
    fn decoding_refuses_what_is_cut_or_not_utf8() {
        assert_eq!(decode("/a%20b+c", false).unwrap(), "/a b+c");
        assert!(decode("/%F", false).is_err());
        assert!(decode("/%zz", false).is_err());
        assert!(decode("/%ff%fe", false).is_err());
        assert_eq!(decode("%e2%82%ac", false).unwrap(), "€");
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(text in "\\PC{0,40}") {
            let encoded: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
            prop_assert_eq!(decode(&encoded, true).unwrap(), text);
        }

        #[test]
        fn decoding_never_panics(text in "[%+a-f0-9\\PC]{0,40}") {
            let _ = decode(&text, true);
            let _ = Params::parse(&text);
        }
    }
}
