//! Paths of the benchmark's trees, written into a buffer without allocating.

/// Files in one folder of the large tree.
const FILES_A_FOLDER: u64 = 1_000;

/// Root of the large tree.
pub const ROOT: &str = "/tree";

/// Appends the path of file `number` of the large tree: five components, `/tree/a/b/c/f`, ten folders a level below
/// the first.
pub fn file(number: u64, out: &mut Vec<u8>) {
    let folder = number / FILES_A_FOLDER;
    out.extend_from_slice(ROOT.as_bytes());
    for part in [folder / 100, folder / 10 % 10, folder % 10, number % FILES_A_FOLDER] {
        out.push(b'/');
        decimal(part, out);
    }
}

/// Appends `/prefix/lane/number`: what one connection makes, in a folder of its own.
pub fn in_lane(prefix: &str, lane: usize, number: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(prefix.as_bytes());
    out.push(b'/');
    decimal(lane as u64, out);
    out.push(b'/');
    decimal(number, out);
}

/// Appends a number.
pub fn decimal(mut value: u64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(value % 10).unwrap_or(0);
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_its_own_path_of_five_components() {
        let path = |number| {
            let mut out = Vec::new();
            file(number, &mut out);
            String::from_utf8(out).expect("text")
        };
        assert_eq!(path(0), "/tree/0/0/0/0");
        assert_eq!(path(1_234_567), "/tree/12/3/4/567");
        let many: std::collections::BTreeSet<_> = (0..300_000).map(path).collect();
        assert_eq!(many.len(), 300_000);
        assert!(many.iter().all(|path| path.matches('/').count() == 5));
    }
}
