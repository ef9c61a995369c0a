//! What was read from a connection and is not taken yet. Whole frames are cut off its front, without
//! copying them.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf as _, Bytes, BytesMut};
use tokio::net::TcpStream;
use tokio_util::io::poll_read_buf;

use super::End;

/// Bytes of the buffer, and so the most that is read at a time; it grows for longer frames.
const BUFFER: usize = 16 << 10;
/// Reading begins with at least so much room.
const ROOM: usize = 2 << 10;
/// A buffer that grew beyond this is let go.
const KEEP: usize = 256 << 10;

/// See the module.
pub(super) struct Input {
    buffer: BytesMut,
    max_frame: usize,
}

impl Input {
    /// Nothing yet; frames longer than `max_frame` bytes are errors.
    pub(super) fn new(max_frame: usize) -> Self {
        Self { buffer: BytesMut::new(), max_frame }
    }

    /// Whether everything was taken.
    pub(super) fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Takes `N` bytes, once they are there.
    pub(super) fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let taken = *self.buffer.first_chunk::<N>()?;
        self.buffer.advance(N);
        Some(taken)
    }

    /// Takes a frame without its length, once all of it is there.
    ///
    /// # Errors
    /// A length that cannot be.
    pub(super) fn frame(&mut self) -> Result<Option<Bytes>, End> {
        let Some(length) = self.buffer.first_chunk() else { return Ok(None) };
        let length = usize::try_from(i32::from_be_bytes(*length))
            .map_err(|_| End::Foreign("a negative data length"))?;
        if length > self.max_frame {
            return Err(End::Foreign("a data length above the limit"));
        }
        if self.buffer.len() - 4 < length {
            return Ok(None);
        }
        self.buffer.advance(4);
        let frame = self.buffer.split_to(length).freeze();
        if self.buffer.is_empty() && length > KEEP {
            self.buffer = BytesMut::new();
        }
        Ok(Some(frame))
    }

    /// Reads what is there. Memory follows what has arrived, not what was announced.
    pub(super) fn poll_fill(
        &mut self,
        stream: &mut TcpStream,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let present = self.buffer.len();
        if self.buffer.capacity() - present < ROOM {
            // Frames that were taken and are done with leave their place to this.
            self.buffer.reserve(BUFFER.saturating_sub(present).max(ROOM));
        }
        poll_read_buf(Pin::new(stream), cx, &mut self.buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(bytes: &[u8]) -> Input {
        Input { buffer: bytes.into(), max_frame: 8 }
    }

    #[test]
    fn frames_are_taken_when_they_are_whole() {
        let mut whole = input(&[0, 0, 0, 2, 7, 8, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(whole.frame().unwrap().unwrap(), [7, 8][..]);
        assert_eq!(whole.frame().unwrap().unwrap(), [][..]);
        assert!(whole.frame().unwrap().is_none());
        assert!(!whole.is_empty());
        whole.buffer.extend_from_slice(&[9]);
        assert_eq!(whole.frame().unwrap().unwrap(), [9][..]);
        assert!(whole.is_empty());
        assert!(input(&[0, 0, 0]).frame().unwrap().is_none());
    }

    #[test]
    fn lengths_that_cannot_be() {
        assert!(input(&[0, 0, 0, 9]).frame().is_err());
        assert!(input(&[0xff, 0xff, 0xff, 0xff]).frame().is_err());
        assert_eq!(input(b"hrpc").take(), Some(*b"hrpc"));
        assert_eq!(input(b"hrp").take::<4>(), None);
    }
}
