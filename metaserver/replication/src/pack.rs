//! Many changes of rows in one blob: what base rows, commit rows and parts carry.
//!
//! A change is the key's length, the key, and 0 for a deletion or else the value's length plus
//! one and the value; lengths are LEB128. The whole is deflated if that makes it smaller.

use std::io::{Read, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::{Deserialize, Serialize};

use crate::store::MAX_VALUE;

/// Bytes of a blob before it is deflated, at most: it fits into a row even if it cannot be
/// deflated, with the header that goes with it.
pub const MAX_RAW: usize = MAX_VALUE - 100_000;

/// Below this deflating costs more than it saves.
const WORTH_DEFLATING: usize = 256;

/// A change of one of the namespace's rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The row's key.
    pub key: Bytes,
    /// Its new value; `None`: it is deleted.
    pub value: Option<Bytes>,
}

/// What a header says of the blob that follows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// Changes in it.
    pub changes: u32,
    /// Bytes before it was deflated.
    pub raw: u32,
    /// Whether it was deflated.
    pub deflated: bool,
}

/// Why a blob cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// It ends too early, or is longer than it should be.
    #[error("its changes end in the wrong place")]
    Length,
    /// It cannot be inflated.
    #[error("its changes cannot be inflated")]
    Inflate,
}

/// A row that does not fit into a blob of its own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a row of {bytes} bytes is larger than a row of the copy can be ({MAX_RAW}): key {key:?}")]
pub struct TooLarge {
    /// Its key.
    pub key: Bytes,
    /// Bytes of key and value.
    pub bytes: usize,
}

/// Collects changes.
#[derive(Debug, Default)]
pub struct Packer {
    raw: Vec<u8>,
    changes: u32,
}

impl Packer {
    /// Adds a change; `false` if it does not fit any more, and the packer is as before.
    ///
    /// # Errors
    /// [`TooLarge`] if it fits into no packer.
    pub fn push(
        &mut self,
        key: &[u8],
        value: Option<&[u8]>,
        limit: usize,
    ) -> Result<bool, TooLarge> {
        // A length below 2^35 takes 5 bytes at most.
        let bytes = key.len() + value.map_or(0, <[u8]>::len) + 10;
        if bytes > MAX_RAW {
            return Err(TooLarge { key: Bytes::copy_from_slice(key), bytes });
        }
        if self.changes > 0 && self.raw.len() + bytes > limit.min(MAX_RAW) {
            return Ok(false);
        }
        length(&mut self.raw, key.len());
        self.raw.extend_from_slice(key);
        match value {
            None => self.raw.push(0),
            Some(value) => {
                length(&mut self.raw, value.len() + 1);
                self.raw.extend_from_slice(value);
            }
        }
        self.changes += 1;
        Ok(true)
    }

    /// The blob.
    pub fn finish(self) -> (Shape, Vec<u8>) {
        let mut shape =
            Shape { changes: self.changes, raw: self.raw.len() as u32, deflated: false };
        if self.raw.len() < WORTH_DEFLATING {
            return (shape, self.raw);
        }
        let out = Vec::with_capacity(self.raw.len() / 3);
        let mut encoder = DeflateEncoder::new(out, Compression::fast());
        match encoder.write_all(&self.raw).and_then(|()| encoder.finish()) {
            Ok(deflated) if deflated.len() < self.raw.len() => {
                shape.deflated = true;
                (shape, deflated)
            }
            _ => (shape, self.raw),
        }
    }
}

fn length(out: &mut Vec<u8>, mut n: usize) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn read_length(raw: &[u8], at: &mut usize) -> Result<usize, PackError> {
    let mut n = 0usize;
    for shift in (0..35).step_by(7) {
        let byte = *raw.get(*at).ok_or(PackError::Length)?;
        *at += 1;
        n |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(n);
        }
    }
    Err(PackError::Length)
}

/// The changes of a blob. They share its memory.
///
/// # Errors
/// If the blob is not what its header says.
pub fn unpack(shape: Shape, blob: Bytes) -> Result<Vec<Change>, PackError> {
    let size = shape.raw as usize;
    if size > MAX_RAW {
        return Err(PackError::Length);
    }
    let raw = if shape.deflated {
        let mut raw = Vec::with_capacity(size + 1);
        // One more than expected, to notice if there is.
        DeflateDecoder::new(&blob[..])
            .take(size as u64 + 1)
            .read_to_end(&mut raw)
            .map_err(|_| PackError::Inflate)?;
        Bytes::from(raw)
    } else {
        blob
    };
    if raw.len() != size {
        return Err(PackError::Length);
    }
    let mut at = 0;
    let take = |at: &mut usize, n: usize| {
        let end = at.checked_add(n).filter(|end| *end <= raw.len()).ok_or(PackError::Length)?;
        let part = raw.slice(*at..end);
        *at = end;
        Ok(part)
    };
    let mut changes = Vec::with_capacity(shape.changes as usize & 0xf_ffff);
    for _ in 0..shape.changes {
        let n = read_length(&raw, &mut at)?;
        let key = take(&mut at, n)?;
        let value = match read_length(&raw, &mut at)?.checked_sub(1) {
            None => None,
            Some(n) => Some(take(&mut at, n)?),
        };
        changes.push(Change { key, value });
    }
    if at == raw.len() { Ok(changes) } else { Err(PackError::Length) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pack(changes: &[(Vec<u8>, Option<Vec<u8>>)]) -> (Shape, Vec<u8>) {
        let mut packer = Packer::default();
        for (key, value) in changes {
            assert!(packer.push(key, value.as_deref(), MAX_RAW).unwrap());
        }
        packer.finish()
    }

    #[test]
    fn bytes_are_pinned() {
        let (shape, blob) = pack(&[(b"k".to_vec(), Some(b"v".to_vec())), (b"gone".to_vec(), None)]);
        assert_eq!(shape, Shape { changes: 2, raw: 10, deflated: false });
        assert_eq!(blob, b"\x01k\x02v\x04gone\x00");
    }

    #[test]
    fn respects_its_limits() {
        let mut packer = Packer::default();
        let large = vec![7; MAX_RAW - 20];
        assert!(packer.push(b"k", Some(&large), MAX_RAW).unwrap());
        assert!(!packer.push(b"k2", Some(&large), MAX_RAW).unwrap());
        assert!(Packer::default().push(b"k", Some(&vec![0; MAX_RAW]), MAX_RAW).is_err());
        // The first always fits, whatever the limit.
        assert!(Packer::default().push(b"k", Some(&large), 100).unwrap());
    }

    proptest! {
        #[test]
        fn comes_back(changes in prop::collection::vec(
            (prop::collection::vec(any::<u8>(), 0..300), prop::option::of(prop::collection::vec(any::<u8>(), 0..300))),
            0..50,
        )) {
            let (shape, blob) = pack(&changes);
            let back = unpack(shape, blob.into()).unwrap();
            let back: Vec<_> =
                back.into_iter().map(|c| (c.key.to_vec(), c.value.map(|v| v.to_vec()))).collect();
            prop_assert_eq!(back, changes);
        }

        #[test]
        fn garbage_never_panics(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            changes in 0u32..20, raw in 0u32..400, deflated: bool,
        ) {
            let _ = unpack(Shape { changes, raw, deflated }, bytes.into());
        }
    }
}
