//! GETFILECHECKSUM: the MD5 of MD5s of CRC32Cs that a real HDFS gives for a file with the same
//! bytes and block size (`FileChecksumHelper`, `BlockChecksumHelper`, 512 bytes a CRC), so that
//! `hadoop distcp` finds equal files equal.

use md5::{Digest, Md5};

/// dfs.bytes-per-checksum.
const BYTES_PER_CRC: usize = 512;

/// `MD5MD5CRC32FileChecksum`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileChecksum {
    bytes_per_crc: u32,
    crcs_per_block: u64,
    md5: [u8; 16],
    crc: &'static str,
}

impl FileChecksum {
    /// Of a file's whole content in blocks of `block_size`.
    pub(crate) fn of(content: &[u8], block_size: u64) -> Self {
        if content.is_empty() {
            // The magic entry of a file without blocks: 32 zero bytes.
            let md5 = Md5::digest([0; 32]).into();
            return Self { bytes_per_crc: 0, crcs_per_block: 0, md5, crc: "CRC32" };
        }
        let block = usize::try_from(block_size).unwrap_or(usize::MAX).max(1);
        let mut digests: Vec<u8> = Vec::new();
        for block in content.chunks(block) {
            let mut md5 = Md5::new();
            for chunk in block.chunks(BYTES_PER_CRC) {
                md5.update(crc32c(chunk).to_be_bytes());
            }
            digests.extend_from_slice(&md5.finalize());
        }
        let blocks = digests.len() / 16;
        // Hadoop digests its buffer's whole array, which starts with 32 bytes and doubles.
        digests.resize(digests.len().max(32).next_power_of_two(), 0);
        Self {
            bytes_per_crc: BYTES_PER_CRC as u32,
            // Told for more than one block only.
            crcs_per_block: if blocks > 1 { block.div_ceil(BYTES_PER_CRC) as u64 } else { 0 },
            md5: Md5::digest(&digests).into(),
            crc: "CRC32C",
        }
    }

    /// e.g. `MD5-of-0MD5-of-512CRC32C`.
    pub(crate) fn algorithm(&self) -> String {
        format!("MD5-of-{}MD5-of-{}{}", self.crcs_per_block, self.bytes_per_crc, self.crc)
    }

    /// Bytes that count.
    pub(crate) const LENGTH: usize = 28;

    /// The Writable form: bytes per CRC, CRCs per block, MD5; and what else is in Hadoop's
    /// buffer of 32.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(32);
        bytes.extend_from_slice(&self.bytes_per_crc.to_be_bytes());
        bytes.extend_from_slice(&self.crcs_per_block.to_be_bytes());
        bytes.extend_from_slice(&self.md5);
        bytes.resize(32, 0);
        bytes
    }
}

/// CRC-32C (Castagnoli, RFC 3720), bit-reflected, by table.
fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| TABLE[usize::from(crc as u8 ^ byte)] ^ (crc >> 8))
}

const TABLE: [u32; 256] = {
    let mut table = [0_u32; 256];
    let mut index = 0;
    while index < 256 {
        let mut crc = index as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0x82F6_3B78 } else { crc >> 1 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc_is_castagnolis() {
        // RFC 3720, B.4, and the check value of CRC catalogues.
        assert_eq!(crc32c(&[0; 32]), 0x8A91_36AA);
        assert_eq!(crc32c(b"123456789"), 0xE306_9283);
    }

    #[test]
    fn an_empty_file_has_hadoops_magic_checksum() {
        let checksum = FileChecksum::of(b"", 1);
        assert_eq!(checksum.algorithm(), "MD5-of-0MD5-of-0CRC32");
        let hex: String = checksum.bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "00000000000000000000000070bc8f4b72a86921468bf8e8441dce5100000000");
    }

    /// What an HDFS 3.4.2 with one DataNode answered for the same files.
    #[test]
    fn checksums_are_those_of_a_real_hdfs() {
        for (length, block_size, algorithm, md5) in [
            (3000, 1 << 20, "MD5-of-0MD5-of-512CRC32C", "2d3c6e723b16826c0075acda09535a14"),
            (3000, 1024, "MD5-of-2MD5-of-512CRC32C", "059e0ebddd93b2be4321f50b9802ae3d"),
            (6000, 1 << 27, "MD5-of-0MD5-of-512CRC32C", "148ae53df88a0923a1a4bb5d39f2e9b6"),
        ] {
            let checksum = FileChecksum::of(&vec![b'q'; length], block_size);
            assert_eq!(checksum.algorithm(), algorithm);
            let hex: String = checksum.md5.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hex, md5);
        }
    }

    #[test]
    fn blocks_change_the_algorithms_name() {
        let content = vec![7; 5000];
        let one = FileChecksum::of(&content, 1 << 27);
        assert_eq!(one.algorithm(), "MD5-of-0MD5-of-512CRC32C");
        let five = FileChecksum::of(&content, 1024);
        assert_eq!(five.algorithm(), "MD5-of-2MD5-of-512CRC32C");
        assert_ne!(one.md5, five.md5);
    }
}
