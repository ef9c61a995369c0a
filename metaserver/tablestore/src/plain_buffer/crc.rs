//! CRC-8 with the polynomial 0x07, beginning at 0: what cells and rows are checked with.

/// `TABLES[k][b]`: the checksum of byte b followed by k zero bytes.
static TABLES: [[u8; 256]; 8] = tables();

const fn tables() -> [[u8; 256]; 8] {
    let mut tables = [[0_u8; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x80 != 0 { (crc << 1) ^ 0x07 } else { crc << 1 };
            bit += 1;
        }
        tables[0][byte] = crc;
        byte += 1;
    }
    let mut zeros = 1;
    while zeros < 8 {
        let mut byte = 0;
        while byte < 256 {
            tables[zeros][byte] = tables[0][tables[zeros - 1][byte] as usize];
            byte += 1;
        }
        zeros += 1;
    }
    tables
}

/// Goes on with one byte.
pub(super) fn byte(crc: u8, byte: u8) -> u8 {
    TABLES[0][usize::from(crc ^ byte)]
}

/// Goes on with many, eight at a step: the lookups of a step do not wait for each other.
pub(super) fn bytes(mut crc: u8, data: &[u8]) -> u8 {
    let (chunks, rest) = data.as_chunks::<8>();
    for [a, b, c, d, e, f, g, h] in chunks {
        let t = &TABLES;
        crc = t[7][usize::from(crc ^ a)]
            ^ t[6][usize::from(*b)]
            ^ t[5][usize::from(*c)]
            ^ t[4][usize::from(*d)]
            ^ t[3][usize::from(*e)]
            ^ t[2][usize::from(*f)]
            ^ t[1][usize::from(*g)]
            ^ t[0][usize::from(*h)];
    }
    for next in rest {
        crc = byte(crc, *next);
    }
    crc
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    fn bitwise(data: &[u8]) -> u8 {
        data.iter().fold(0, |crc, byte| {
            (0..8).fold(
                crc ^ byte,
                |crc: u8, _| {
                    if crc & 0x80 != 0 { (crc << 1) ^ 0x07 } else { crc << 1 }
                },
            )
        })
    }

    #[test]
    fn the_check_value_of_the_catalogue() {
        // CRC-8/SMBUS of "123456789".
        assert_eq!(super::bytes(0, b"123456789"), 0xF4);
    }

    proptest! {
        #[test]
        fn steps_of_eight_and_of_one_agree(data: Vec<u8>, at: prop::sample::Index) {
            let (head, tail) = data.split_at(at.index(data.len() + 1));
            prop_assert_eq!(super::bytes(super::bytes(0, head), tail), bitwise(&data));
        }
    }
}
