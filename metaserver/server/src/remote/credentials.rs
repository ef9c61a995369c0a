//! The key for Tablestore: three small files that Kubernetes mounts from a Secret, read anew while
//! the server runs, so that a new key needs no restart.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use metafs_tablestore::{Credentials, CredentialsError, CredentialsProvider};
use parking_lot::Mutex;

/// The files in the folder. The last is only there with temporary keys.
const KEY_ID: &str = "accessKeyId";
const KEY_SECRET: &str = "accessKeySecret";
const TOKEN: &str = "securityToken";

/// How long what was read counts.
const FRESH: Duration = Duration::from_secs(1);

type Read = Result<Arc<Credentials>, CredentialsError>;

/// See the module.
pub(super) struct Mounted {
    folder: Option<PathBuf>,
    last: Mutex<Option<(Instant, Read)>>,
}

impl Mounted {
    /// Reads from `folder`; `None`: none is configured.
    pub(super) fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, last: Mutex::default() }
    }

    fn read(&self) -> Read {
        let Some(folder) = &self.folder else {
            return Err(CredentialsError(
                "the server's configuration has no tablestoreCredentials: name the folder with the \
                 files accessKeyId and accessKeySecret there"
                    .into(),
            ));
        };
        let needed = |name: &str| {
            file(folder, name)?.ok_or_else(|| {
                let path = folder.join(name);
                CredentialsError(format!("{} is missing or empty", path.display()))
            })
        };
        Ok(Arc::new(Credentials {
            access_key_id: needed(KEY_ID)?,
            access_key_secret: needed(KEY_SECRET)?,
            security_token: file(folder, TOKEN)?,
        }))
    }
}

/// A file's text without the white space around it; `None`: there is none.
fn file(folder: &Path, name: &str) -> Result<Option<String>, CredentialsError> {
    let path = folder.join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CredentialsError(format!("{}: {error}", path.display()))),
    }
}

impl CredentialsProvider for Mounted {
    fn credentials(&self) -> Read {
        let mut last = self.last.lock();
        if let Some((read, credentials)) = &*last
            && read.elapsed() < FRESH
        {
            return credentials.clone();
        }
        // Some hundred bytes in a memory file system, once a second at most.
        let credentials = self.read();
        *last = Some((Instant::now(), credentials.clone()));
        credentials
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_is_seen_and_what_is_missing_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let mounted = || Mounted::new(Some(folder.path().to_owned())).credentials();
        assert!(mounted().unwrap_err().0.contains("accessKeyId is missing"));
        std::fs::write(folder.path().join(KEY_ID), "id\n").unwrap();
        assert!(mounted().unwrap_err().0.contains("accessKeySecret is missing"));
        std::fs::write(folder.path().join(KEY_SECRET), "one").unwrap();
        assert_eq!(*mounted().unwrap(), Credentials::new("id", "one"));
        std::fs::write(folder.path().join(KEY_SECRET), "two").unwrap();
        std::fs::write(folder.path().join(TOKEN), "token").unwrap();
        assert_eq!(*mounted().unwrap(), Credentials::new("id", "two").with_token("token"));
        assert!(Mounted::new(None).credentials().unwrap_err().0.contains("tablestoreCredentials"));
    }
}
