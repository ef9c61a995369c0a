//! The form of an export: the whole namespace as one stream of bytes. Written from a [`View`] in
//! parts and read back into [`ImportChunk`]s, both with bounded memory. Used by the admin API.
//!
//! `METAFSEX`, a format version (u32 little-endian), then frames: a tag byte, a length (u32
//! little-endian) and that many bytes. `H`: [`Header`], once, first; `R`: a row (length of the key
//! as u32 little-endian, key, value), in key order, all tables but the state; `E`: [`Trailer`],
//! last. Headers and trailers are postcard.

use std::ops::{Bound, ControlFlow};

use bytes::{Buf, Bytes, BytesMut};
use serde::{Deserialize, Serialize};

use crate::command::ImportChunk;
use crate::error::{ErrorKind, FsError, RowsError};
use crate::keys::{row_hash, table};
use crate::rows::Rows;
use crate::settings::Settings;
use crate::view::View;

const MAGIC: &[u8; 8] = b"METAFSEX";
const VERSION: u32 = 1;
/// Far above the largest row, a content of 1 MiB: a larger length means a damaged file.
const MAX_FRAME: usize = 64 << 20;

/// What an export begins with. Nothing of it is imported: the rows say everything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The settings of the cluster that was exported.
    pub settings: Option<Settings>,
    /// Its replicated time, ms.
    pub time_ms: i64,
    /// Directories, the root included.
    pub directories: u64,
    /// Files.
    pub files: u64,
    /// Bytes of content.
    pub length: u64,
}

/// What an export ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trailer {
    /// Number of rows.
    pub rows: u64,
    /// The namespace's checksum.
    pub checksum: u128,
}

/// Why an export cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ExportError {
    /// It does not begin like one.
    #[error("this is no export of metafs")]
    NotAnExport,
    /// It was written by a newer version.
    #[error("the export has format version {0}, this program knows {VERSION}")]
    NewerVersion(u32),
    /// Its bytes make no sense.
    #[error("the export is damaged: {0}")]
    Damaged(String),
    /// It ends too early.
    #[error("the export is cut off after {0} rows")]
    CutOff(u64),
}

impl From<ExportError> for FsError {
    fn from(error: ExportError) -> Self {
        Self::new(ErrorKind::Io, error.to_string())
    }
}

/// A part of an export's rows.
#[derive(Debug, Default)]
pub struct Part {
    /// The bytes to write.
    pub bytes: Vec<u8>,
    /// Rows in it; 0: there are no more.
    pub rows: u64,
    /// Key of the last row, to go on from.
    pub last_key: Vec<u8>,
}

fn frame(out: &mut Vec<u8>, tag: u8, parts: &[&[u8]]) {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    out.push(tag);
    out.extend_from_slice(&(length as u32).to_le_bytes());
    for part in parts {
        out.extend_from_slice(part);
    }
}

fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, RowsError> {
    postcard::to_stdvec(value).map_err(|e| RowsError::Storage(format!("encoding an export: {e}")))
}

/// The beginning of an export.
///
/// # Errors
/// If the totals cannot be read.
pub fn header<R: Rows + ?Sized>(view: &View<'_, R>) -> Result<Vec<u8>, RowsError> {
    let totals = view.totals()?;
    let header = Header {
        settings: view.settings().map(|settings| (*settings).clone()),
        time_ms: view.state().time_ms,
        directories: totals.directories,
        files: totals.files,
        length: totals.length,
    };
    let mut out = MAGIC.to_vec();
    out.extend_from_slice(&VERSION.to_le_bytes());
    frame(&mut out, b'H', &[&encode(&header)?]);
    Ok(out)
}

/// The rows after `last_key` (empty: from the first on), about `max_bytes` of them. All parts of
/// one export must come from the same moment.
///
/// # Errors
/// If rows cannot be read.
pub fn part<R: Rows + ?Sized>(
    view: &View<'_, R>,
    last_key: &[u8],
    max_bytes: usize,
) -> Result<Part, RowsError> {
    let mut part = Part::default();
    let first = last_key.first().copied().unwrap_or(table::DENTRY);
    for tag in first..=table::LAST {
        let from = match last_key.first() {
            Some(&last) if last == tag => Bound::Excluded(last_key),
            _ => Bound::Unbounded,
        };
        view.rows().scan(&[tag], from, &mut |key, value| {
            let length = (key.len() as u32).to_le_bytes();
            frame(&mut part.bytes, b'R', &[&length, key, value]);
            part.rows += 1;
            if part.bytes.len() < max_bytes {
                return ControlFlow::Continue(());
            }
            part.last_key = key.to_vec();
            ControlFlow::Break(())
        })?;
        if !part.last_key.is_empty() {
            return Ok(part);
        }
    }
    // Behind every key, so that the next part is empty.
    part.last_key = vec![table::LAST + 1];
    Ok(part)
}

/// The end of an export. `rows`: how many were written.
///
/// # Errors
/// If the trailer cannot be encoded.
pub fn trailer<R: Rows + ?Sized>(view: &View<'_, R>, rows: u64) -> Result<Vec<u8>, RowsError> {
    let trailer = Trailer { rows, checksum: view.state().checksum };
    let mut out = Vec::new();
    frame(&mut out, b'E', &[&encode(&trailer)?]);
    Ok(out)
}

/// Turns the bytes of an export into the commands that import it, checking rows and checksum on
/// the way.
#[derive(Debug)]
pub struct Importer {
    buffer: BytesMut,
    max_bytes: usize,
    header: Option<Header>,
    trailer: Option<Trailer>,
    started: bool,
    rows: u64,
    checksum: u128,
    last_key: Bytes,
    chunk: ImportChunk,
    chunk_bytes: usize,
    scratch: Vec<u8>,
}

impl Importer {
    /// Makes chunks of about `max_bytes`.
    pub fn new(max_bytes: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            max_bytes,
            header: None,
            trailer: None,
            started: false,
            rows: 0,
            checksum: 0,
            last_key: Bytes::new(),
            chunk: ImportChunk { sequence: 0, rows: Vec::new(), finish: None },
            chunk_bytes: 0,
            scratch: Vec::new(),
        }
    }

    /// What the export says of itself, once that has been read.
    pub fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// Takes more bytes of the export; the chunks that are full now, to be proposed in order.
    ///
    /// # Errors
    /// Once the bytes make no sense; then the import must end.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<ImportChunk>, ExportError> {
        self.buffer.extend_from_slice(bytes);
        let mut chunks = Vec::new();
        if !self.started {
            if self.buffer.len() < MAGIC.len() + 4 {
                return match MAGIC.starts_with(&self.buffer[..self.buffer.len().min(MAGIC.len())]) {
                    true => Ok(chunks),
                    false => Err(ExportError::NotAnExport),
                };
            }
            if self.buffer.split_to(MAGIC.len())[..] != MAGIC[..] {
                return Err(ExportError::NotAnExport);
            }
            match self.buffer.get_u32_le() {
                VERSION => self.started = true,
                version => return Err(ExportError::NewerVersion(version)),
            }
        }
        while let Some((tag, body)) = self.frame()? {
            self.take(tag, body)?;
            if self.chunk_bytes >= self.max_bytes {
                let next = ImportChunk {
                    sequence: self.chunk.sequence + 1,
                    rows: Vec::new(),
                    finish: None,
                };
                chunks.push(std::mem::replace(&mut self.chunk, next));
                self.chunk_bytes = 0;
            }
        }
        Ok(chunks)
    }

    /// After all bytes: the last chunk, which ends the import.
    ///
    /// # Errors
    /// If the export is cut off.
    pub fn finish(self) -> Result<ImportChunk, ExportError> {
        match self.trailer {
            Some(trailer) => Ok(ImportChunk { finish: Some(trailer.checksum), ..self.chunk }),
            None => Err(ExportError::CutOff(self.rows)),
        }
    }

    /// The next whole frame.
    fn frame(&mut self) -> Result<Option<(u8, Bytes)>, ExportError> {
        let Some((&tag, rest)) = self.buffer.split_first() else {
            return Ok(None);
        };
        let Some(length) = rest.first_chunk::<4>() else {
            return Ok(None);
        };
        let length = u32::from_le_bytes(*length) as usize;
        if length > MAX_FRAME {
            return Err(self.damaged("a frame is too long"));
        }
        if rest.len() < 4 + length {
            return Ok(None);
        }
        self.buffer.advance(5);
        Ok(Some((tag, self.buffer.split_to(length).freeze())))
    }

    fn take(&mut self, tag: u8, body: Bytes) -> Result<(), ExportError> {
        if self.trailer.is_some() {
            return Err(self.damaged("something follows its end"));
        }
        match tag {
            b'H' if self.header.is_none() => {
                let header = postcard::from_bytes(&body);
                self.header = Some(header.map_err(|_| self.damaged("its header"))?);
                Ok(())
            }
            b'R' if self.header.is_some() => self.take_row(body),
            b'E' if self.header.is_some() => {
                let trailer: Trailer =
                    postcard::from_bytes(&body).map_err(|_| self.damaged("its end"))?;
                if (trailer.rows, trailer.checksum) != (self.rows, self.checksum) {
                    return Err(self.damaged("its rows do not match its checksum"));
                }
                self.trailer = Some(trailer);
                Ok(())
            }
            _ => Err(self.damaged("an unknown frame")),
        }
    }

    fn take_row(&mut self, mut body: Bytes) -> Result<(), ExportError> {
        let length = match body.first_chunk::<4>() {
            Some(length) => u32::from_le_bytes(*length) as usize,
            None => return Err(self.damaged("a row without a key")),
        };
        body.advance(4);
        if length > body.len() {
            return Err(self.damaged("a row's key is too long"));
        }
        let key = body.split_to(length);
        if key <= self.last_key {
            return Err(self.damaged("its rows are not in order"));
        }
        self.checksum = self.checksum.wrapping_add(row_hash(&key, &body, &mut self.scratch));
        self.rows += 1;
        self.chunk_bytes += key.len() + body.len() + 16;
        self.last_key = key.clone();
        self.chunk.rows.push((key, body));
        Ok(())
    }

    fn damaged(&self, what: &str) -> ExportError {
        ExportError::Damaged(format!("{what} (after {} rows)", self.rows))
    }
}

#[cfg(test)]
#[path = "export_tests.rs"]
mod tests;
