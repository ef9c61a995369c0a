//! Export and import of the whole namespace, with a progress line in a terminal.

use std::io::{IsTerminal, Write as _};
use std::path::Path;

use anyhow::{Context as _, bail};
use futures::{StreamExt as _, TryStreamExt as _};
use tokio::io::AsyncWriteExt as _;

use super::context::Context;

/// Prints how much has gone by, at most every 4 MiB, when somebody is looking.
struct Progress {
    verb: &'static str,
    total: Option<u64>,
    done: u64,
    shown: u64,
    terminal: bool,
}

impl Progress {
    fn new(verb: &'static str, total: Option<u64>) -> Self {
        Self { verb, total, done: 0, shown: 0, terminal: std::io::stderr().is_terminal() }
    }

    fn add(&mut self, bytes: usize) {
        self.done += bytes as u64;
        if self.terminal && self.done - self.shown >= 4 << 20 {
            self.shown = self.done;
            let percent =
                self.total.filter(|total| *total > 0).map(|total| self.done * 100 / total);
            let percent = percent.map_or_else(String::new, |percent| format!(" ({percent}%)"));
            eprint!("\r{} {} MiB{percent}", self.verb, self.done >> 20);
            let _ = std::io::stderr().flush();
        }
    }

    fn finish(&self) {
        if self.shown > 0 {
            eprintln!();
        }
    }
}

/// `metactl export`. The file appears whole or not at all.
pub async fn export(context: &Context, file: &Path) -> anyhow::Result<String> {
    if file.exists() {
        bail!("{} exists already", file.display());
    }
    let (status, client) = context.leader().await?;
    let part = file.with_extension("part");
    let mut out = tokio::fs::File::create(&part)
        .await
        .with_context(|| format!("cannot write {}", part.display()))?;
    let mut stream = client.export().await?.bytes_stream();
    let mut progress = Progress::new("exported", None);
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.context("the export broke off")?;
        out.write_all(&chunk).await?;
        progress.add(chunk.len());
    }
    out.sync_all().await?;
    progress.finish();
    tokio::fs::rename(&part, file).await?;
    Ok(format!(
        "exported {} directories and {} files ({} bytes of export) to {}\n",
        status.namespace.directories,
        status.namespace.files,
        progress.done,
        file.display()
    ))
}

/// `metactl import`.
pub async fn import(context: &Context, file: &Path) -> anyhow::Result<String> {
    let input = tokio::fs::File::open(file)
        .await
        .with_context(|| format!("cannot read {}", file.display()))?;
    let mut progress = Progress::new("imported", Some(input.metadata().await?.len()));
    let (_, client) = context.leader().await?;
    let stream = tokio_util::io::ReaderStream::with_capacity(input, 1 << 18)
        .inspect_ok(move |chunk| progress.add(chunk.len()));
    client.import(reqwest::Body::wrap_stream(stream)).await?;
    let (status, _) = context.leader().await?;
    Ok(format!(
        "imported {} directories and {} files\n",
        status.namespace.directories, status.namespace.files
    ))
}
