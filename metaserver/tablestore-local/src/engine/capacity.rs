//! Capacity units: 4 KiB each, begun ones count, and no operation is free. Sizes are those of names
//! and values; versions are not counted (so do the makers' tests count).

/// Bytes of one unit.
const UNIT: usize = 4 << 10;

/// Units for so many bytes.
pub fn units(size: usize) -> i32 {
    i32::try_from(size.div_ceil(UNIT).max(1)).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::units;

    #[test]
    fn begun_units_count() {
        assert_eq!([0, 1, 4096, 4097, 8192].map(units), [1, 1, 1, 2, 2]);
    }
}
