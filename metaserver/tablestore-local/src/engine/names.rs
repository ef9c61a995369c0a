//! Names of tables and columns, and the limits of the service that are not of a request's form.

pub use metafs_tablestore::limits::{
    ATTRIBUTE_VALUE, BATCH_GET_ROWS, BATCH_WRITE_BYTES, BATCH_WRITE_ROWS, FILTERS, NAME,
    PRIMARY_KEY_COLUMNS as KEY_COLUMNS, PRIMARY_KEY_VALUE as KEY_VALUE, RANGE_BYTES, RANGE_ROWS,
    REQUEST_BODY, TRANSACTION_BYTES, TRANSACTION_MILLIS,
};

use crate::error::{OtsError, Result};

/// Attribute columns that a request may write or name.
pub const COLUMNS: usize = metafs_tablestore::limits::ATTRIBUTES_PER_WRITE;
/// Predefined columns of a table.
pub const DEFINED_COLUMNS: usize = 32;
/// Bytes of a value-transfer rule's expression.
pub const REGEX: usize = 256;
/// First time that is none: timestamps are kept in microseconds inside the service.
pub const TIME_END: i64 = i64::MAX / 1000;

/// A table's name: a letter or underscore, then letters, digits, underscores.
///
/// # Errors
/// 400.
pub fn check_table(name: &str) -> Result<()> {
    let mut bytes = name.bytes();
    let first = bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    if first && name.len() <= NAME && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Ok(());
    }
    Err(OtsError::parameter(format!("Invalid table name: '{name}'.")))
}

/// A column's name: anything but nothing, what is too long, and what begins with `#`.
///
/// # Errors
/// 400.
pub fn check_column(name: &str) -> Result<()> {
    if name.is_empty() || name.len() > NAME || name.starts_with('#') {
        return Err(OtsError::parameter(format!("Invalid column name: '{name}'.")));
    }
    Ok(())
}

/// A timestamp of a cell or of a query.
///
/// # Errors
/// 400.
pub fn check_time(time: i64) -> Result<()> {
    if (0..TIME_END).contains(&time) {
        return Ok(());
    }
    Err(OtsError::parameter("Timestamp must be in range [0, INT64_MAX/1000)."))
}

/// An attribute's length.
///
/// # Errors
/// 400.
pub fn check_attribute_length(name: &str, length: usize) -> Result<()> {
    if length <= ATTRIBUTE_VALUE {
        return Ok(());
    }
    Err(OtsError::parameter(format!(
        "The length of attribute column: '{name}' exceeds the MaxLength:{ATTRIBUTE_VALUE} \
         with CurrentLength:{length}."
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_the_makers_try() {
        for name in ["0", "#", "中文", "T#", "T中文", "3t", "-", "", &"a".repeat(256)] {
            assert!(check_table(name).is_err(), "{name}");
        }
        for name in ["_0", "_T", "A0", &"a".repeat(255)] {
            assert!(check_table(name).is_ok(), "{name}");
        }
        for name in ["#", "#abc", "# ", "", &"a".repeat(256)] {
            assert!(check_column(name).is_err(), "{name}");
        }
        for name in ["a#b", "阿里巴巴", ".", "\n", " ", "'"] {
            assert!(check_column(name).is_ok(), "{name}");
        }
    }
}
