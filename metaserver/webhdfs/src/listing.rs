//! LISTSTATUS: the whole of a folder, page by page as the NameNode does it. What fits into one
//! page is one body; a longer listing is read while it is sent, so that a folder of a million
//! entries takes no more memory than a few pages.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use metafs_namespace::reply::Listing;
use metafs_namespace::{Caller, ErrorKind, FsError};
use tokio::sync::mpsc;

use crate::body::Body;
use crate::door::Door;
use crate::error::Refusal;
use crate::json;
use crate::request::{Answer, Call, Outcome};
use metafs_door::{Backend, Freshness};

/// Pages that wait for the client.
const PAGES_AHEAD: usize = 2;

/// One page of `path`'s listing after `start_after`.
pub(crate) async fn page<B: Backend>(
    door: &Door<B>,
    caller: &Caller,
    path: &str,
    start_after: &[u8],
) -> Result<Listing, FsError> {
    let limit = door.limits.list_page;
    let listing = door
        .backend
        .query(Freshness::Linearizable, |view| {
            let start = (!start_after.is_empty()).then_some(start_after);
            view.list(caller, path, start, limit)
        })
        .await?;
    listing.ok_or_else(|| {
        FsError::new(ErrorKind::FileNotFound, format!("File {path} does not exist."))
    })
}

/// LISTSTATUS.
pub(crate) async fn list_status<B: Backend>(call: Call<'_, B>) -> Result<Outcome, Refusal> {
    let first = page(call.door, &call.caller, &call.path, b"").await?;
    let mut json = json::LIST_HEAD.to_vec();
    json::list_entries(&mut json, &first.entries, true);
    let Some(next) = next_start(&first) else {
        json.extend_from_slice(json::LIST_TAIL);
        return Ok(Outcome::json(json));
    };
    let (parts, receiver) = mpsc::channel(PAGES_AHEAD);
    let rest = Rest { door: Arc::clone(call.door), caller: call.caller, path: call.path, parts };
    tokio::spawn(rest.send(json, next));
    Ok(Outcome::new(Answer::Parts(Body::Parts(receiver))))
}

/// Where the next page starts, if there is one.
fn next_start(page: &Listing) -> Option<Vec<u8>> {
    let last = page.entries.last()?;
    (page.remaining > 0).then(|| last.name.clone().into_bytes())
}

/// The pages after the first.
struct Rest<B> {
    door: Arc<Door<B>>,
    caller: Caller,
    path: String,
    parts: mpsc::Sender<io::Result<Bytes>>,
}

impl<B: Backend> Rest<B> {
    /// Sends `json`, then all that follows `next`; stops when the client is gone.
    async fn send(self, mut json: Vec<u8>, next: Vec<u8>) {
        let mut next = Some(next);
        while let Some(start) = next.take() {
            if self.parts.send(Ok(std::mem::take(&mut json).into())).await.is_err() {
                return;
            }
            match page(&self.door, &self.caller, &self.path, &start).await {
                Ok(page) => {
                    next = next_start(&page);
                    json::list_entries(&mut json, &page.entries, false);
                }
                Err(error) => {
                    // The status is out: a cut body is all that can tell the client.
                    let _ = self.parts.send(Err(io::Error::other(error))).await;
                    return;
                }
            }
        }
        json.extend_from_slice(json::LIST_TAIL);
        let _ = self.parts.send(Ok(json.into())).await;
    }
}
