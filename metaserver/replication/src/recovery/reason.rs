//! Why a recovery has failed. The reason is replicated as a text for people; what kind it is of is
//! told from that text, so that every member and every version tells the same.

use crate::frame::Damage;

const NO_COPY: &str = "there is no complete copy";
const MISMATCH: &str = "what was loaded is not the copy";

/// What kind of reason it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// Nothing is there to be recovered.
    NoCopy,
    /// A row is missing, or is not what was written.
    Damaged,
    /// A row was written by a newer version.
    NewerFormat,
    /// Counts or checksum are not the copy's.
    Mismatch,
    /// Anything else.
    Other,
}

impl FailureKind {
    /// Of the reason that a recovery gave.
    pub fn of(reason: &str) -> Self {
        let row = reason.split_once(Damage::BEGINNING);
        match row {
            _ if reason.starts_with(NO_COPY) => Self::NoCopy,
            _ if reason.starts_with(MISMATCH) => Self::Mismatch,
            Some((_, what)) if what.contains(Damage::OTHER_FORMAT) => Self::NewerFormat,
            Some(_) => Self::Damaged,
            None => Self::Other,
        }
    }
}

/// There is nothing; `why`: how that shows.
pub(super) fn no_copy(why: &str) -> String {
    format!("{NO_COPY} under this instance and prefix: {why}")
}

/// It is not the same.
pub(super) fn mismatch(differences: &str) -> String {
    format!("{MISMATCH}: {differences}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{TAG_DATA, decode, encode};
    use crate::store::{Key, Row};

    #[test]
    fn each_kind_is_told() {
        assert_eq!(FailureKind::of(&no_copy("the table is not there")), FailureKind::NoCopy);
        assert_eq!(FailureKind::of(&mismatch("files: 4 instead of 5")), FailureKind::Mismatch);
        let damaged = Damage::new(Key::META, "names no copy").to_string();
        assert_eq!(FailureKind::of(&damaged), FailureKind::Damaged);
        assert_eq!(FailureKind::of("the disk is on fire"), FailureKind::Other);
    }

    #[test]
    fn a_newer_row_is_not_a_damaged_one() {
        let row = encode(TAG_DATA, &1_u64, b"rest");
        let told = |byte: usize, to: u8| {
            let mut value = row.value.to_vec();
            value[byte] = to;
            let row = Row { value: value.into(), ..row };
            FailureKind::of(&decode::<u64>(Key::journal(1, 2), &row).unwrap_err().to_string())
        };
        assert_eq!(told(0, 9), FailureKind::NewerFormat);
        assert_eq!(told(21, 9), FailureKind::Damaged);
    }
}
