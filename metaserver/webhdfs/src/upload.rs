//! The second step of CREATE and APPEND: the data (`WebHdfsHandler.onCreate`, `onAppend`,
//! `HdfsWriter` of the DataNode).
//!
//! - CREATE with a Content-Length: the body is read, then ONE mutation makes the file with it.
//! - CREATE in chunks (Hadoop's own client): the file is opened under a lease of this request's
//!   own, so that it is visible as in HDFS; the body is read; the file is completed.
//! - APPEND: the same with the file that is there.
//!
//! A body that breaks off, is too slow or too long gives the opened file up. All of it runs in a
//! task of its own: the connection may go away at any moment and takes its handler with it, but
//! must not leave the file open.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use metafs_namespace::command::CreateOptions;
use metafs_namespace::{Caller, ErrorKind, FsError, Mutation, Reply, Settings};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout, timeout_at};

use crate::door::Door;
use crate::error::Refusal;
use crate::limits::Limits;
use crate::ops::Op;
use crate::redirect;
use crate::request::{Answer, Call, Outcome, PREFIX};
use crate::write;
use metafs_door::Backend;

/// Runs `call`, a CREATE or an APPEND with its data.
pub(crate) async fn run<B: Backend>(call: Call<'_, B>, body: Incoming) -> Result<Outcome, Refusal> {
    let kind = match call.op {
        Op::Create => Kind::Create(write::create_options(&call)?),
        _ => Kind::Append,
    };
    call.params.int("buffersize", 1)?;
    let upload = Upload {
        door: Arc::clone(call.door),
        caller: call.caller.clone(),
        settings: Arc::clone(&call.settings),
        path: call.path.clone(),
        length: body.size_hint().exact(),
        waits: call.headers.contains_key(http::header::EXPECT),
        body,
        lost: false,
    };
    // A task that panics or is dropped at shutdown has told nobody: the client may come again.
    let done = tokio::spawn(upload.run(kind)).await;
    done.map_err(|_| {
        FsError::new(ErrorKind::Retriable, "The server stopped while it took the data")
    })??;
    Ok(match call.op {
        Op::Create => {
            let name = &call.settings.nameservice;
            let mut location = format!("webhdfs://{name}");
            let path = call.uri.path();
            redirect::push_ascii(&mut location, path.strip_prefix(PREFIX).unwrap_or(path));
            Outcome::new(Answer::Created(location)).showing(&call.path)
        }
        _ => Outcome::nothing(),
    })
}

enum Kind {
    Create(CreateOptions),
    Append,
}

struct Upload<B> {
    door: Arc<Door<B>>,
    caller: Caller,
    settings: Arc<Settings>,
    path: String,
    /// Content-Length.
    length: Option<u64>,
    /// The client waits for "100 Continue" before it sends anything.
    waits: bool,
    body: Incoming,
    /// The rest of the body is not worth waiting for.
    lost: bool,
}

/// Why a body was not read to its end.
enum Cut {
    TooLong,
    Broken,
    Slow,
}

/// A file opened for writing.
struct Opened {
    inode: u64,
    holder: String,
}

impl<B: Backend> Upload<B> {
    async fn run(mut self, kind: Kind) -> Result<(), Refusal> {
        let done = match kind {
            Kind::Create(options) if self.length.is_some() => self.put(options).await,
            Kind::Create(options) => {
                let holder = holder();
                let create =
                    Mutation::Create { path: self.path.clone(), options, holder: holder.clone() };
                self.stream(create, holder).await
            }
            Kind::Append => {
                let holder = holder();
                let append = Mutation::Append {
                    path: self.path.clone(),
                    holder: holder.clone(),
                    create: None,
                };
                self.stream(append, holder).await
            }
        };
        if done.is_err() && !self.waits && !self.lost && !self.body.is_end_stream() {
            let limits = self.door.limits.clone();
            tokio::spawn(discard(self.body, limits));
        }
        done
    }

    /// The whole file in one mutation.
    async fn put(&mut self, options: CreateOptions) -> Result<(), Refusal> {
        let room = self.settings.inline_limit.into();
        let content = self.content(room, None).await?;
        let put = Mutation::PutFile { path: self.path.clone(), options, content };
        self.mutate(put).await?;
        Ok(())
    }

    /// Opens the file by `open`, reads the body, completes the file.
    async fn stream(&mut self, open: Mutation, holder: String) -> Result<(), Refusal> {
        let limit = u64::from(self.settings.inline_limit);
        if self.length.is_some_and(|length| length > limit) {
            return Err(self.too_long());
        }
        let Reply::Opened(status) = self.mutate(open).await? else {
            return Err(Refusal::io("The file was opened without a status"));
        };
        let opened = Opened { inode: status.inode, holder };
        let room = limit.saturating_sub(status.length);
        let done = match self.content(room, Some(&opened.holder)).await {
            Ok(content) => {
                let complete = Mutation::Complete {
                    path: self.path.clone(),
                    inode: opened.inode,
                    holder: opened.holder.clone(),
                    content,
                };
                self.mutate(complete).await.map(drop).map_err(Refusal::from)
            }
            Err(refusal) => Err(refusal),
        };
        // Who cannot reach a leader cannot give the file up either: the lease will end.
        if let Err(refusal) = &done
            && !matches!(refusal.kind, Some(ErrorKind::Standby | ErrorKind::Retriable))
        {
            let Opened { inode, holder } = opened;
            let abandon = Mutation::Abandon { path: self.path.clone(), inode, holder };
            if let Err(error) = self.mutate(abandon).await {
                tracing::debug!(path = self.path, %error, "a cut upload could not be given up");
            }
        }
        done
    }

    async fn mutate(&self, mutation: Mutation) -> Result<Reply, FsError> {
        self.door.backend.mutate(self.caller.clone(), mutation, None).await
    }

    /// The body, of at most `room` bytes.
    async fn content(&mut self, room: u64, holder: Option<&str>) -> Result<Bytes, Refusal> {
        if self.length.is_some_and(|length| length > room) {
            return Err(self.too_long());
        }
        let _memory = self.reserve(self.length.unwrap_or(room)).await?;
        let collected = self.collect(room, holder).await;
        self.lost = matches!(collected, Err(Cut::Broken | Cut::Slow));
        match collected {
            Ok(content) => {
                self.door.metrics.received.inc_by(content.len() as u64);
                Ok(content)
            }
            Err(Cut::TooLong) => Err(self.too_long()),
            Err(Cut::Broken) => Err(Refusal::io(format!(
                "The data of {} broke off; nothing was written",
                self.path
            ))),
            Err(Cut::Slow) => Err(Refusal::io(format!(
                "The data of {} did not come in time; nothing was written",
                self.path
            ))),
        }
    }

    /// Waits for room in memory; gives it back when dropped.
    async fn reserve(&self, bytes: u64) -> Result<OwnedSemaphorePermit, FsError> {
        let memory = &self.door.body_memory;
        let wanted = memory.clone().acquire_many_owned(self.door.permits(bytes));
        match timeout(self.door.limits.body_idle, wanted).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(FsError::new(
                ErrorKind::Retriable,
                "Too much data is being written at once; try again",
            )),
        }
    }

    async fn collect(&mut self, room: u64, holder: Option<&str>) -> Result<Bytes, Cut> {
        let start = Instant::now();
        let Limits { body_idle, body_total, .. } = self.door.limits;
        let every = Duration::from_secs((self.settings.lease_soft_limit_seconds / 2).max(1).into());
        let mut renew_at = start + every;
        let mut first = Bytes::new();
        let mut all = BytesMut::new();
        loop {
            let give_up = (Instant::now() + body_idle).min(start + body_total);
            let frame = loop {
                let wake = if holder.is_some() { give_up.min(renew_at) } else { give_up };
                let waited = timeout_at(wake, self.body.frame()).await;
                if let Some(holder) = holder.filter(|_| Instant::now() >= renew_at) {
                    self.renew(holder).await;
                    renew_at = Instant::now() + every;
                }
                match waited {
                    Ok(frame) => break frame,
                    Err(_) if Instant::now() >= give_up => return Err(Cut::Slow),
                    Err(_) => {}
                }
            };
            let data = match frame {
                None => break,
                Some(Err(_)) => return Err(Cut::Broken),
                Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
            };
            if (first.len() + all.len() + data.len()) as u64 > room {
                return Err(Cut::TooLong);
            }
            // Most bodies come in one piece, which needs no copy.
            if first.is_empty() && all.is_empty() {
                first = data;
            } else {
                all.extend_from_slice(&std::mem::take(&mut first));
                all.extend_from_slice(&data);
            }
        }
        Ok(if all.is_empty() { first } else { all.freeze() })
    }

    async fn renew(&self, holder: &str) {
        let renew = Mutation::RenewLease { holder: holder.to_owned() };
        if let Err(error) = self.mutate(renew).await {
            tracing::debug!(path = self.path, %error, "a lease could not be renewed");
        }
    }

    fn too_long(&self) -> Refusal {
        Refusal::io(format!(
            "{} would be larger than {} bytes, the most this cluster keeps in one file (its inline \
             limit); larger files are not supported",
            self.path, self.settings.inline_limit
        ))
    }
}

/// A lease holder of this request's own, as DFSClient names itself.
fn holder() -> String {
    format!("DFSClient_WEBHDFS_{:016x}{:016x}", rand::random::<u64>(), rand::random::<u64>())
}

/// Reads and throws away what is left of a refused body, up to the limits; then the connection
/// ends. Hadoop's client does not look for an answer before it has sent everything.
pub(crate) async fn discard(mut body: Incoming, limits: Limits) {
    let drain = async {
        let mut left = limits.discard_bytes;
        while let Some(Ok(frame)) = body.frame().await {
            let bytes = frame.data_ref().map_or(0, Bytes::len) as u64;
            match left.checked_sub(bytes) {
                Some(rest) => left = rest,
                None => break,
            }
        }
    };
    // Over the time it is dropped unread, which is all there is to do.
    let _ = timeout(limits.discard_time, drain).await;
}
