//! Why bytes are no PlainBuffer.

/// See the variants. `at` is the offset in the body that was being read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlainBufferError {
    /// It ends too early.
    #[error("the row ends at byte {at}, {missing} bytes too early")]
    CutOff {
        /// Where the missing bytes should begin.
        at: usize,
        /// How many are missing at least.
        missing: usize,
    },
    /// It does not begin with the header.
    #[error("the rows begin with {0:#x} instead of 0x75")]
    Header(u32),
    /// Another tag than the grammar has there.
    #[error("tag {found:#x} at byte {at} where {expected} should be")]
    Tag {
        /// Where.
        at: usize,
        /// What is there.
        found: u8,
        /// What should be there.
        expected: &'static str,
    },
    /// A value of an unknown type.
    #[error("a value of the unknown type {found:#x} at byte {at}")]
    ValueType {
        /// Where.
        at: usize,
        /// What is there.
        found: u8,
    },
    /// A value's length does not fit its type.
    #[error("a value of {length} bytes at byte {at} does not fit its type")]
    ValueLength {
        /// Where.
        at: usize,
        /// The length that is written there.
        length: u32,
    },
    /// A name or a string is no UTF-8.
    #[error("the text at byte {at} is not UTF-8")]
    Utf8 {
        /// Where it begins.
        at: usize,
    },
    /// An operation nobody knows.
    #[error("a cell with the unknown operation {found:#x} before byte {at}")]
    Operation {
        /// Where the cell ends.
        at: usize,
        /// What is there.
        found: u8,
    },
    /// A cell was damaged.
    #[error("the cell before byte {at} has the checksum {computed:#04x}, {stored:#04x} is written")]
    CellChecksum {
        /// Where it ends.
        at: usize,
        /// What is written.
        stored: u8,
        /// What it is.
        computed: u8,
    },
    /// A row was damaged.
    #[error("the row before byte {at} has the checksum {computed:#04x}, {stored:#04x} is written")]
    RowChecksum {
        /// Where it ends.
        at: usize,
        /// What is written.
        stored: u8,
        /// What it is.
        computed: u8,
    },
    /// Well-formed, but not what belongs here.
    #[error("{what} (before byte {at})")]
    Shape {
        /// Where.
        at: usize,
        /// What is wrong.
        what: &'static str,
    },
}
