//! Primary keys as bytes that sort as the service sorts keys: table id, then for each column a
//! class byte (before all values, a value, after all values) and the value. Strings and binaries are
//! escaped, so that no value is a prefix of another.

use super::value::Value;
use crate::error::OtsError;

const BEFORE: u8 = 0x00;
const VALUE: u8 = 0x10;
const AFTER: u8 = 0xff;

/// Appends a column's value.
pub fn push(key: &mut Vec<u8>, value: &Value<'_>) {
    match value {
        Value::Integer(v) => {
            key.push(VALUE);
            key.extend_from_slice(&(v.cast_unsigned() ^ (1 << 63)).to_be_bytes());
        }
        Value::String(bytes) | Value::Blob(bytes) => {
            key.push(VALUE);
            let mut rest = *bytes;
            while let Some(at) = rest.iter().position(|byte| *byte == 0) {
                let (head, tail) = rest.split_at(at);
                key.extend_from_slice(head);
                key.extend_from_slice(&[0, 0xff]);
                rest = tail.get(1..).unwrap_or_default();
            }
            key.extend_from_slice(rest);
            key.extend_from_slice(&[0, 0]);
        }
        Value::InfMax => key.push(AFTER),
        // The others are refused before a key is made.
        Value::InfMin | Value::AutoIncrement | Value::Double(_) | Value::Boolean(_) => {
            key.push(BEFORE);
        }
    }
}

/// The table's part of a key.
pub fn table(id: u32) -> [u8; 4] {
    id.to_be_bytes()
}

/// Bytes of the first column of `columns`, the part of a key after the table's id.
pub fn first_length(columns: &[u8], integer: bool) -> usize {
    if integer {
        return 9;
    }
    let mut at = 1;
    while let Some(zero) = columns.get(at..).and_then(|rest| rest.iter().position(|b| *b == 0)) {
        at += zero + 2;
        if columns.get(at - 1) == Some(&0) {
            return at;
        }
    }
    columns.len()
}

/// Reads a key's columns back. `integer` says of each column whether it is one; others are given as
/// [`Value::Blob`] for the caller to call strings where they are.
#[derive(Debug, Default)]
pub struct KeyReader {
    /// Values whose bytes had to be unescaped.
    scratch: Vec<u8>,
}

impl KeyReader {
    /// Calls `each` with every column of `key`, which begins with the table's id.
    ///
    /// # Errors
    /// The key is not one that [`push`] made.
    pub fn read(
        &mut self,
        key: &[u8],
        integer: impl ExactSizeIterator<Item = bool>,
        mut each: impl FnMut(usize, Value<'_>),
    ) -> Result<(), OtsError> {
        let damaged = || OtsError::internal("a stored key is damaged");
        let mut rest = key.get(4..).ok_or_else(damaged)?;
        for (index, integer) in integer.enumerate() {
            rest = rest.strip_prefix(&[VALUE]).ok_or_else(damaged)?;
            if integer {
                let (value, tail) = rest.split_first_chunk::<8>().ok_or_else(damaged)?;
                rest = tail;
                let value = (u64::from_be_bytes(*value) ^ (1 << 63)).cast_signed();
                each(index, Value::Integer(value));
                continue;
            }
            let end = rest.iter().position(|byte| *byte == 0).ok_or_else(damaged)?;
            if rest.get(end + 1) == Some(&0) {
                let (value, tail) = rest.split_at(end);
                each(index, Value::Blob(value));
                rest = tail.get(2..).ok_or_else(damaged)?;
                continue;
            }
            self.scratch.clear();
            rest = unescape(rest, &mut self.scratch).ok_or_else(damaged)?;
            each(index, Value::Blob(&self.scratch));
        }
        if rest.is_empty() { Ok(()) } else { Err(damaged()) }
    }
}

/// Gives what follows the value.
fn unescape<'a>(mut rest: &'a [u8], into: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        let end = rest.iter().position(|byte| *byte == 0)?;
        into.extend_from_slice(rest.get(..end)?);
        let follows = rest.get(end + 1)?;
        rest = rest.get(end + 2..)?;
        match follows {
            0 => return Some(rest),
            0xff => into.push(0),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(values: &[Value<'_>]) -> Vec<u8> {
        let mut key = table(7).to_vec();
        for value in values {
            push(&mut key, value);
        }
        key
    }

    proptest! {
        #[test]
        fn keys_sort_as_their_values(
            a in (any::<i64>(), prop::collection::vec(0_u8..3, 0..6), any::<i64>()),
            b in (any::<i64>(), prop::collection::vec(0_u8..3, 0..6), any::<i64>()),
            same: bool,
        ) {
            let mut b = b;
            if same { b.0 = a.0; }
            let bytes = |v: &(i64, Vec<u8>, i64)| {
                key(&[Value::Integer(v.0), Value::Blob(&v.1), Value::Integer(v.2)])
            };
            prop_assert_eq!(bytes(&a).cmp(&bytes(&b)), a.cmp(&b));
        }

        #[test]
        fn bounds_lie_around_all_values(a: Vec<u8>, n: i64) {
            let value = key(&[Value::String(&a), Value::Integer(n)]);
            prop_assert!(key(&[Value::String(&a), Value::InfMin]) < value);
            prop_assert!(key(&[Value::String(&a), Value::InfMax]) > value);
            prop_assert!(key(&[Value::InfMin, Value::InfMax]) < value);
            prop_assert!(key(&[Value::InfMax, Value::InfMin]) > value);
        }

        #[test]
        fn keys_read_back(a in prop::collection::vec(0_u8..3, 0..9), n: i64, b: Vec<u8>) {
            let stored = key(&[Value::String(&a), Value::Integer(n), Value::Blob(&b)]);
            let mut seen = Vec::new();
            let mut reader = KeyReader::default();
            reader
                .read(&stored, [false, true, false].into_iter(), |_, value| match value {
                    Value::Integer(v) => seen.push(v.to_string().into_bytes()),
                    Value::Blob(v) => seen.push(v.to_vec()),
                    _ => unreachable!(),
                })
                .unwrap();
            prop_assert_eq!(seen, [a, n.to_string().into_bytes(), b]);
        }

        #[test]
        fn the_first_column_is_found(a in prop::collection::vec(0_u8..3, 0..9), n: i64) {
            let text = key(&[Value::Blob(&a), Value::Integer(n)]);
            prop_assert_eq!(4 + first_length(&text[4..], false), key(&[Value::Blob(&a)]).len());
            let number = key(&[Value::Integer(n), Value::Blob(&a)]);
            prop_assert_eq!(4 + first_length(&number[4..], true), key(&[Value::Integer(n)]).len());
        }

        #[test]
        fn damaged_keys_are_errors(stored: Vec<u8>) {
            let _ = KeyReader::default().read(&stored, [false, true].into_iter(), |_, _| {});
        }
    }
}
