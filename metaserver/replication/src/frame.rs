//! The values of rows: a header that says what the row is, which one it is and what follows, the
//! bytes that follow, and a hash over both. A row that was damaged, cut, or put in the place of
//! another is recognised, and named.
//!
//! A format byte, the 128-bit XXH3 of the rest (little-endian), the header's length (u32
//! little-endian), the header (postcard), the payload.

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use crate::pack::{Change, Shape, unpack};
use crate::seams::Totals;
use crate::store::{Key, Row};

/// The format byte of all rows. Changed with any change of what follows it.
pub const FORMAT: u8 = 1;

/// [`Row::tag`] of everything that is not a seal and not the meta row.
pub const TAG_DATA: i64 = 1;

/// [`Row::tag`] of a seal.
pub const TAG_SEAL: i64 = 2;

const PREFIX: usize = 1 + 16 + 4;

/// A row that is not what it must be; nothing that needs it can go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{key} {what}", Self::BEGINNING)]
pub struct Damage {
    /// Which row.
    pub key: Key,
    /// What is wrong with it.
    pub what: String,
}

impl Damage {
    /// How its words begin.
    pub(crate) const BEGINNING: &str = "remote row ";
    /// What they say of a row that another version wrote.
    pub(crate) const OTHER_FORMAT: &str = "; this program knows format ";

    /// A damaged row.
    pub fn new(key: Key, what: impl Into<String>) -> Self {
        Self { key, what: what.into() }
    }
}

/// The place of a batch in the journal.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Position {
    /// Epoch of its writer.
    pub epoch: u64,
    /// Its number, from 1 on.
    pub batch: u64,
}

/// Header of a base row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// Where it belongs.
    pub key: Key,
    /// The rows that follow.
    pub shape: Shape,
}

/// Header of a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Where it belongs.
    pub key: Key,
    /// The changes that follow.
    pub shape: Shape,
}

/// Header of a commit row: with it a batch exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Which batch.
    pub position: Position,
    /// Who wrote it.
    pub nonce: u128,
    /// The state before the batch: applied index in the writer's cluster, exclusive.
    pub from: u64,
    /// The state after it: applied index.
    pub to: u64,
    /// Replicated time at `to`, ms since the epoch.
    pub time_ms: i64,
    /// The namespace at `to`.
    pub totals: Totals,
    /// Parts, to be applied in order and before what follows the header.
    pub parts: u32,
    /// Changes in parts and payload.
    pub changes: u64,
    /// Changes in this batch and all before it in the same chain.
    pub chain_changes: u64,
    /// Stored bytes of this batch and all before it in the same chain, roughly.
    pub chain_bytes: u64,
    /// The changes that follow.
    pub shape: Shape,
}

/// Header of a seal: no batch can be committed here any more, nor count after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// The place it occupies.
    pub position: Position,
    /// Epoch of who sealed.
    pub by: u64,
}

/// Builds a row's value.
pub fn encode<H: Serialize>(tag: i64, header: &H, payload: &[u8]) -> Row {
    let mut value = Vec::with_capacity(PREFIX + 256 + payload.len());
    value.resize(PREFIX, 0);
    // Writing into a Vec cannot fail, and these types have no unserialisable parts; should one
    // ever get some, the reader finds the header damaged.
    let mut value = postcard::to_extend(header, value).unwrap_or_default();
    value.resize(value.len().max(PREFIX), 0);
    let header_length = (value.len() - PREFIX) as u32;
    value.extend_from_slice(payload);
    if let Some(place) = value.get_mut(PREFIX - 4..PREFIX) {
        place.copy_from_slice(&header_length.to_le_bytes());
    }
    let hash = xxh3_128(value.get(PREFIX - 4..).unwrap_or_default());
    if let Some((format, rest)) = value.split_first_mut() {
        *format = FORMAT;
        if let Some(place) = rest.get_mut(..16) {
            place.copy_from_slice(&hash.to_le_bytes());
        }
    }
    Row { tag, value: value.into() }
}

/// Takes a row's value apart: header and payload.
///
/// # Errors
/// If the row is damaged, or of a format that this program does not know.
pub fn decode<H: DeserializeOwned>(key: Key, row: &Row) -> Result<(H, Bytes), Damage> {
    let damage = |what: &str| Damage::new(key, what);
    let value = &row.value;
    let format = *value.first().ok_or_else(|| damage("is empty"))?;
    if format != FORMAT {
        return Err(damage(&format!("has format {format}{}{FORMAT}", Damage::OTHER_FORMAT)));
    }
    let hash = value.get(1..17).and_then(|h| h.try_into().ok()).map(u128::from_le_bytes);
    let rest = value.get(17..).unwrap_or_default();
    if hash != Some(xxh3_128(rest)) {
        return Err(damage("does not match its checksum"));
    }
    let length = value.get(17..PREFIX).and_then(|l| l.try_into().ok()).map(u32::from_le_bytes);
    let end = length.and_then(|l| PREFIX.checked_add(l as usize)).filter(|e| *e <= value.len());
    let end = end.ok_or_else(|| damage("is cut"))?;
    let header = value.get(PREFIX..end).unwrap_or_default();
    let header = postcard::from_bytes(header).map_err(|_| damage("has an unreadable header"))?;
    Ok((header, value.slice(end..)))
}

/// A base row's rows.
///
/// # Errors
/// If it is damaged or another one.
pub fn read_segment(key: Key, row: &Row) -> Result<Vec<Change>, Damage> {
    let (header, payload) = decode::<Segment>(key, row)?;
    changes(key, header.key, header.shape, payload)
}

/// A part's changes.
///
/// # Errors
/// If it is damaged or another one.
pub fn read_part(key: Key, row: &Row) -> Result<Vec<Change>, Damage> {
    let (header, payload) = decode::<Part>(key, row)?;
    changes(key, header.key, header.shape, payload)
}

/// A commit row and the changes in it.
///
/// # Errors
/// If it is damaged, a seal, or another one.
pub fn read_commit(key: Key, row: &Row) -> Result<(Commit, Vec<Change>), Damage> {
    if row.tag == TAG_SEAL {
        return Err(Damage::new(key, "is a seal where a batch was committed"));
    }
    let (header, payload) = decode::<Commit>(key, row)?;
    let Position { epoch, batch } = header.position;
    let changes = changes(key, Key::journal(epoch, batch), header.shape, payload)?;
    Ok((header, changes))
}

fn changes(key: Key, says: Key, shape: Shape, payload: Bytes) -> Result<Vec<Change>, Damage> {
    if key != says {
        return Err(Damage::new(key, format!("holds {says}")));
    }
    unpack(shape, payload).map_err(|e| Damage::new(key, e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn segment(key: Key, payload: &[u8]) -> Row {
        let shape = Shape { changes: 1, raw: payload.len() as u32, deflated: false };
        encode(TAG_DATA, &Segment { key, shape }, payload)
    }

    #[test]
    fn reads_what_it_wrote_and_nothing_else() {
        let key = Key::base(3, 17);
        let row = segment(key, b"\x01k\x02v");
        assert_eq!(read_segment(key, &row).unwrap().len(), 1);
        let other = read_segment(Key::base(3, 18), &row).unwrap_err();
        assert_eq!(
            other.to_string(),
            "remote row base (epoch 3, number 18) holds base (epoch 3, number 17)"
        );
        let seal = encode(TAG_SEAL, &Seal { position: Position::default(), by: 2 }, b"");
        assert!(read_commit(Key::journal(1, 1), &seal).is_err());
        assert!(read_segment(key, &Row { tag: 1, value: Bytes::new() }).is_err());
    }

    proptest! {
        #[test]
        fn every_flipped_bit_is_noticed(at: prop::sample::Index, bit in 0u8..8) {
            let key = Key::base(1, 2);
            let row = segment(key, b"\x01k\x02v");
            let mut bytes = row.value.to_vec();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            let row = Row { tag: 1, value: bytes.into() };
            prop_assert!(read_segment(key, &row).is_err());
        }

        #[test]
        fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let row = Row { tag: 1, value: bytes.into() };
            prop_assert!(read_segment(Key::base(1, 2), &row).is_err());
        }
    }
}
