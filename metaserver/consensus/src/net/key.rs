//! The cluster's key: a file (mounted from a Secret) that holds a shared secret. Read at each
//! handshake, so that a changed key is used without a restart. Also used by the admin door.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// A shorter key is a mistake (an empty or half-written file).
const MIN_LENGTH: usize = 16;

/// Why the key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read.
    #[error("the key file {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It holds no usable key.
    #[error("the key file {} holds less than {MIN_LENGTH} bytes", .0.display())]
    TooShort(PathBuf),
}

/// The file with the cluster's key.
#[derive(Debug)]
pub struct KeyFile {
    path: PathBuf,
}

impl KeyFile {
    /// Names the file; it is read when the key is needed.
    pub fn new(path: impl Into<PathBuf>) -> Arc<Self> {
        Arc::new(Self { path: path.into() })
    }

    /// The key as it is now, without white space around it.
    pub fn secret(&self) -> Result<Vec<u8>, KeyError> {
        let content = std::fs::read(&self.path)
            .map_err(|source| KeyError::Io { path: self.path.clone(), source })?;
        let secret = content.trim_ascii();
        if secret.len() < MIN_LENGTH {
            return Err(KeyError::TooShort(self.path.clone()));
        }
        Ok(secret.to_vec())
    }

    /// Whether `presented` is the key; takes the same time whatever it is.
    pub fn verify(&self, presented: &[u8]) -> Result<bool, KeyError> {
        Ok(self.secret()?.ct_eq(presented).into())
    }
}

/// HMAC-SHA256 over the parts; each part's length goes in before it, so that no two lists of
/// parts look alike.
pub fn mac(secret: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    // HMAC takes keys of any length; there is no error to have.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else {
        return Vec::new();
    };
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

/// Compares two authentication codes in constant time. Empty ones never match.
pub fn same_mac(a: &[u8], b: &[u8]) -> bool {
    !a.is_empty() && a.ct_eq(b).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_file_each_time() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        let key = KeyFile::new(&path);
        assert!(matches!(key.secret(), Err(KeyError::Io { .. })));
        std::fs::write(&path, "short\n").unwrap();
        assert!(matches!(key.secret(), Err(KeyError::TooShort(_))));
        std::fs::write(&path, "0123456789abcdef\n").unwrap();
        assert!(key.verify(b"0123456789abcdef").unwrap());
        std::fs::write(&path, "fedcba9876543210\n").unwrap();
        assert!(!key.verify(b"0123456789abcdef").unwrap());
        assert!(key.verify(b"fedcba9876543210").unwrap());
    }

    #[test]
    fn macs_differ() {
        let one = mac(b"key", &[b"ab", b"c"]);
        assert_eq!(one.len(), 32);
        assert!(same_mac(&one, &mac(b"key", &[b"ab", b"c"])));
        assert!(!same_mac(&one, &mac(b"key", &[b"a", b"bc"])));
        assert!(!same_mac(&one, &mac(b"kez", &[b"ab", b"c"])));
        assert!(!same_mac(&[], &[]));
    }
}
