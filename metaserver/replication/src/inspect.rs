//! What a row of a copy says, for humans: in tests and when a copy must be looked into.

use crate::frame::{TAG_SEAL, decode, read_commit, read_part, read_segment};
use crate::meta::Meta;
use crate::pack::Change;
use crate::store::{Area, Key, Row};

/// A row in words; what is wrong with it, if it is damaged.
pub fn describe(key: Key, row: &Row) -> String {
    let described = match key.area {
        Area::Meta => Meta::decode(row).map(|meta| format!("{meta:#?}")),
        Area::Journal if row.tag == TAG_SEAL => {
            decode::<crate::frame::Seal>(key, row).map(|(seal, _)| format!("{seal:?}"))
        }
        Area::Journal => {
            read_commit(key, row).map(|(commit, changes)| format!("{commit:?} {}", list(&changes)))
        }
        Area::Part => read_part(key, row).map(|changes| list(&changes)),
        Area::Base(_) => read_segment(key, row).map(|changes| list(&changes)),
    };
    match described {
        Ok(text) => format!("{key}: {text}"),
        Err(damage) => damage.to_string(),
    }
}

fn list(changes: &[Change]) -> String {
    let one = |change: &Change| {
        let length = change.value.as_ref().map(bytes::Bytes::len);
        format!("{}={length:?}", change.key.escape_ascii())
    };
    changes.iter().map(one).collect::<Vec<_>>().join(" ")
}
