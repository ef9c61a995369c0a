//! Frames: `u32` length of what follows, `u64` request id, `u8` kind, body; all big-endian.

use std::io;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Most bytes of one frame behind its length field. A log entry must fit.
pub const MAX_FRAME: usize = 32 << 20;

/// Bytes of id and kind.
const HEAD: usize = 9;

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Whose answer it is, or will be.
    pub id: u64,
    /// What the body is; see [`super::message`].
    pub kind: u8,
    /// The body.
    pub body: Bytes,
}

/// Starts a frame's bytes; append the body, then [`finish`] it.
pub fn start(id: u64, kind: u8) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&id.to_be_bytes());
    out.push(kind);
    out
}

/// Fills in the length.
pub fn finish(mut frame: Vec<u8>) -> io::Result<Vec<u8>> {
    let length = frame.len().saturating_sub(4);
    if length > MAX_FRAME {
        let message = format!("a message of {length} bytes; the limit is {MAX_FRAME}");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    // Bounded by MAX_FRAME, which fits.
    frame[..4].copy_from_slice(&(length as u32).to_be_bytes());
    Ok(frame)
}

/// A whole frame.
pub fn encode(id: u64, kind: u8, body: &[u8]) -> io::Result<Vec<u8>> {
    let mut out = start(id, kind);
    out.extend_from_slice(body);
    finish(out)
}

/// Reads one frame of at most `limit` bytes; `None` at a clean end.
pub async fn read<R: AsyncRead + Unpin>(reader: &mut R, limit: usize) -> io::Result<Option<Frame>> {
    let mut length = [0u8; 4];
    match reader.read(&mut length).await? {
        0 => return Ok(None),
        n => reader.read_exact(&mut length[n..]).await?,
    };
    let length = u32::from_be_bytes(length) as usize;
    if length < HEAD || length > limit {
        let message = format!("a frame of {length} bytes; allowed are {HEAD} to {limit}");
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    let id = reader.read_u64().await?;
    let kind = reader.read_u8().await?;
    // Not `zeroed(length)` up front: memory is taken as bytes arrive.
    let mut left = length - HEAD;
    let mut body = BytesMut::with_capacity(left.min(64 << 10));
    while left > 0 {
        let mut part = (&mut *reader).take(left as u64);
        let n = part.read_buf(&mut body).await?;
        if n == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        left -= n;
    }
    Ok(Some(Frame { id, kind, body: body.freeze() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn round_trip_and_limits() {
        let mut bytes = encode(7, 3, b"hello").unwrap();
        bytes.extend(encode(8, 4, &vec![9; 100_000]).unwrap());
        let mut reader = &bytes[..];
        let first = read(&mut reader, MAX_FRAME).await.unwrap().unwrap();
        assert_eq!(first, Frame { id: 7, kind: 3, body: Bytes::from_static(b"hello") });
        assert_eq!(read(&mut reader, MAX_FRAME).await.unwrap().unwrap().body.len(), 100_000);
        assert_eq!(read(&mut reader, MAX_FRAME).await.unwrap(), None);

        assert!(read(&mut &bytes[..], 10).await.is_err());
        assert!(read(&mut &bytes[..12], MAX_FRAME).await.is_err());
        assert!(read(&mut &bytes[..2], MAX_FRAME).await.is_err());
        assert!(read(&mut &[0, 0, 0, 1, 5][..], MAX_FRAME).await.is_err());
        assert!(read(&mut &[0xff; 64][..], MAX_FRAME).await.is_err());
    }
}
