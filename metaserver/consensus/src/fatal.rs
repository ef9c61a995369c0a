//! The one place that says this server has stopped serving for good, and why: a failed write or
//! fsync, rows that cannot be read, Raft's core gone. Set once, never taken back; the server
//! process ends on it, and a restart finds what was durable.

use std::sync::Arc;

use tokio::sync::watch;

/// Set-once reason, shared by all parts of a node.
#[derive(Clone, Debug)]
pub struct Fatal {
    reason: Arc<watch::Sender<Option<Arc<str>>>>,
}

impl Default for Fatal {
    fn default() -> Self {
        Self { reason: Arc::new(watch::Sender::new(None)) }
    }
}

impl Fatal {
    /// Records `reason` unless there is one already, and logs it.
    pub fn set(&self, reason: impl Into<Arc<str>>) {
        let reason = reason.into();
        self.reason.send_if_modified(|current| {
            if current.is_some() {
                return false;
            }
            tracing::error!(%reason, "stopped serving");
            *current = Some(reason);
            true
        });
    }

    /// The reason, if serving has stopped.
    pub fn reason(&self) -> Option<Arc<str>> {
        self.reason.borrow().clone()
    }

    /// Waits until serving has stopped.
    pub async fn wait(&self) -> Arc<str> {
        let mut receiver = self.reason.subscribe();
        loop {
            if let Some(reason) = receiver.borrow_and_update().clone() {
                return reason;
            }
            if receiver.changed().await.is_err() {
                // The sender is part of `self`, so this cannot be; pending keeps the promise.
                std::future::pending::<()>().await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn first_reason_stays() {
        let fatal = Fatal::default();
        let waiting = tokio::spawn({
            let fatal = fatal.clone();
            async move { fatal.wait().await }
        });
        assert_eq!(fatal.reason(), None);
        fatal.set("disk full");
        fatal.set("something else");
        assert_eq!(&*waiting.await.unwrap(), "disk full");
        assert_eq!(fatal.reason().as_deref(), Some("disk full"));
    }
}
