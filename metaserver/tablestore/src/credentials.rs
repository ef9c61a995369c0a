//! Who asks: an access key, and where it comes from.

use std::fmt;
use std::sync::Arc;

/// An access key. Its secret never shows in debug output.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The key's name.
    pub access_key_id: String,
    /// The key.
    pub access_key_secret: String,
    /// The token of a temporary key (STS).
    pub security_token: Option<String>,
}

impl Credentials {
    /// A lasting key.
    pub fn new(access_key_id: impl Into<String>, access_key_secret: impl Into<String>) -> Self {
        Self {
            access_key_id: access_key_id.into(),
            access_key_secret: access_key_secret.into(),
            security_token: None,
        }
    }

    /// The same with a token.
    #[must_use]
    pub fn with_token(mut self, token: impl Into<String>) -> Self {
        self.security_token = Some(token.into());
        self
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key_id", &self.access_key_id)
            .field("temporary", &self.security_token.is_some())
            .finish_non_exhaustive()
    }
}

/// Why there are no credentials now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no credentials: {0}")]
pub struct CredentialsError(pub String);

/// Gives the credentials of each request, so that they can change while the client runs.
pub trait CredentialsProvider: Send + Sync + 'static {
    /// The credentials as they are now. Called before every attempt of every request, on the
    /// caller's task: what reads a file or asks a server keeps what it got, and reads it anew when
    /// it has changed.
    fn credentials(&self) -> Result<Arc<Credentials>, CredentialsError>;
}

impl CredentialsProvider for Credentials {
    fn credentials(&self) -> Result<Arc<Credentials>, CredentialsError> {
        Ok(Arc::new(self.clone()))
    }
}

impl<F> CredentialsProvider for F
where
    F: Fn() -> Result<Arc<Credentials>, CredentialsError> + Send + Sync + 'static,
{
    fn credentials(&self) -> Result<Arc<Credentials>, CredentialsError> {
        self()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_do_not_show() {
        let shown = format!("{:?}", Credentials::new("id", "hidden").with_token("tucked"));
        assert!(shown.contains("id") && shown.contains("temporary: true"));
        assert!(!shown.contains("hidden") && !shown.contains("tucked"));
    }
}
