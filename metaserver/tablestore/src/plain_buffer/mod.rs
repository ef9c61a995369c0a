//! PlainBuffer: the bytes of rows inside Tablestore's messages, both ways.
//!
//! - [`encode`]: rows, keys and changes into one buffer; lengths without encoding.
//! - [`decode`]: out of a buffer by slicing it; every checksum is verified.
//!
//! ```text
//! body  = u32 LE 0x75, row*
//! row   = 01 cell*  [02 cell*]  [08]  09 crc
//! cell  = 03  04 len32 name  [05 len32 type data]  [06 op]  [07 time64]  0A crc
//! ```
//! The length after 05 counts type and data; a string's data is itself `len32 bytes`. A cell's crc
//! goes over name, type and data, time, op; a row's over its cells' crcs, then 1 if 08 is there, else
//! 0. Source: what the official SDKs write (tests hold bytes that the Python SDK 6.4.8 printed).

mod crc;
pub mod decode;
pub mod encode;
mod error;

pub use decode::{
    Rows, decode_deleted, decode_primary_key, decode_row, decode_row_change, decode_rows,
    decode_value,
};
pub use encode::{encode_primary_key, encode_row, encode_row_change, encode_rows, encode_value};
pub use error::PlainBufferError;

/// What every body begins with.
pub const HEADER: u32 = 0x75;
/// Bytes of the header.
pub const HEADER_LEN: usize = 4;

mod tag {
    pub(super) const ROW_PK: u8 = 0x1;
    pub(super) const ROW_DATA: u8 = 0x2;
    pub(super) const CELL: u8 = 0x3;
    pub(super) const CELL_NAME: u8 = 0x4;
    pub(super) const CELL_VALUE: u8 = 0x5;
    pub(super) const CELL_OP: u8 = 0x6;
    pub(super) const CELL_TIMESTAMP: u8 = 0x7;
    pub(super) const DELETE_MARKER: u8 = 0x8;
    pub(super) const ROW_CHECKSUM: u8 = 0x9;
    pub(super) const CELL_CHECKSUM: u8 = 0xA;
}

mod op {
    pub(super) const DELETE_ALL: u8 = 0x1;
    pub(super) const DELETE_ONE: u8 = 0x3;
    pub(super) const INCREMENT: u8 = 0x4;
}

#[cfg(test)]
mod tests;
