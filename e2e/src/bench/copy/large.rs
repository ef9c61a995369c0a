//! A large tree into the copy and out of it: the backfill, the recovery, and the servers' memory during both.

use std::io::BufWriter;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use metafs_admin_api::{NamespaceFigures, RecoveryState};
use metafs_namespace::settings::{Tablestore, TablestoreMode};
use tokio::process::Command;

use super::{LOOK, Leader, Site, Size, beside, cpu_us, end, has, idle};
use crate::bench::report::{Reach, Report, Row};
use crate::bench::{Scale, procfs, rows};
use crate::binaries;
use crate::cluster::Cluster;
use crate::server::ports;
use crate::tree::Tree;
use crate::wait::eventually;

/// Bound of each step.
const STEP: Duration = Duration::from_secs(900);

/// How a step went.
struct Went {
    time: Duration,
    /// Largest resident memory of a server before and meanwhile, bytes.
    memory: [u64; 2],
    /// CPU of the servers and of the local Tablestore, microseconds.
    cpu: [u64; 2],
}

impl Went {
    fn row(&self, name: String, inodes: u64, reach: f64) -> Row {
        let seconds = self.time.as_secs_f64();
        let [servers, local] = self.cpu.map(|us| us as f64 / 1e6);
        Row::new(name, seconds, "s", Some(Reach::Below(reach))).note(format!(
            "{:.0} inodes/s; CPU of the servers {servers:.1} s, of tablestore-local {local:.1} s",
            inodes as f64 / seconds
        ))
    }
}

/// All rows.
pub(super) async fn measure(
    scale: Scale,
    site: &Site<'_>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let size = scale.copy;
    let inodes = size.folders + size.files;
    let cluster = site.cluster(None).await?;
    let result = filled_and_uploaded(size, site, &cluster, report).await;
    let (backfill, original) = end(vec![cluster], result).await?;

    // Its owner is gone for good: nobody is to wait until that is certain.
    let copy = Tablestore { takeover: true, ..site.copy(TablestoreMode::Recovery) };
    let cluster = site.start(Some(copy)).await?;
    let result = recovered(inodes, site, &cluster, report).await;
    let (recovery, copied) = end(vec![cluster], result).await?;
    report.add(
        Row::new(
            "figures that differ after it",
            differences(&original, &copied) as f64,
            "",
            Some(Reach::Below(1.0)),
        )
        .note(format!(
            "of folders, files, bytes and checksum; {} folders, {} files",
            copied.directories, copied.files
        )),
    );

    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let [before, filling] = backfill.memory;
    let [_, recovering] = recovery.memory;
    report.add(
        Row::new(
            "memory of a server during both",
            mib(filling.max(recovering)),
            "MiB",
            Some(Reach::Below(500.0)),
        )
        .note(format!(
            "the largest of three; backfill {:.0} MiB ({:.0} before), recovery {:.0} MiB",
            mib(filling),
            mib(before),
            mib(recovering)
        )),
    );
    Ok(())
}

async fn filled_and_uploaded(
    size: Size,
    site: &Site<'_>,
    cluster: &Cluster,
    report: &mut Report,
) -> anyhow::Result<(Went, NamespaceFigures)> {
    let inodes = size.folders + size.files;
    let start = Instant::now();
    import(size, cluster).await?;
    let seconds = start.elapsed().as_secs_f64();
    let row = Row::new(format!("import of {inodes} inodes"), seconds, "s", None);
    report.add(row.note(format!("{} folders, {} files", size.folders, size.files)));
    idle(cluster).await?;

    let went = watched(site, cluster, async {
        let mut leader = Leader::of(cluster).await?;
        cluster.put_tablestore(2, site.copy(TablestoreMode::AsyncUpload)).await?;
        let wanted = leader.status().await?.committed_index;
        eventually("the backfill", STEP, async || {
            let status = leader.status().await?;
            let done = has(&status, wanted);
            if done.is_err() {
                tokio::time::sleep(LOOK).await;
            }
            done
        })
        .await
    })
    .await?;
    report.add(went.row(format!("backfill of {inodes} inodes"), inodes, 120.0));
    Ok((went, cluster.converged().await?.namespace))
}

async fn recovered(
    inodes: u64,
    site: &Site<'_>,
    cluster: &Cluster,
    report: &mut Report,
) -> anyhow::Result<(Went, NamespaceFigures)> {
    let start = Instant::now();
    let mut verifying = None;
    let went = watched(site, cluster, async {
        cluster.form(&[0, 1, 2]).await?;
        let mut leader = Leader::of(cluster).await?;
        let ended = eventually("the recovery", STEP, async || {
            let remote = leader.status().await?.remote.context("no copy is configured")?;
            let recovery = remote.recovery.context("nothing is recovered")?;
            match recovery.state {
                RecoveryState::Finished | RecoveryState::Failed => return Ok(Some(recovery)),
                RecoveryState::Verifying => {
                    verifying.get_or_insert_with(Instant::now);
                }
                RecoveryState::Waiting | RecoveryState::Loading => {}
            }
            tokio::time::sleep(LOOK).await;
            bail!("{recovery:?}")
        })
        .await?;
        ensure!(ended.state == RecoveryState::Finished, "the recovery failed: {ended:?}");
        Ok(())
    })
    .await?;
    let mut row = went.row(format!("recovery and verification of {inodes} inodes"), inodes, 60.0);
    if let Some(verifying) = verifying {
        let verified = went.time.saturating_sub(verifying - start);
        row.note += &format!("; verifying was the last {:.1} s", verified.as_secs_f64());
    }
    report.add(row);
    Ok((went, cluster.converged().await?.namespace))
}

/// Does `work` on a cluster and looks at its memory meanwhile.
async fn watched(
    site: &Site<'_>,
    cluster: &Cluster,
    work: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<Went> {
    let servers = rows::pids(cluster);
    let largest = || {
        let resident = servers.iter().map(|pid| procfs::resident(*pid));
        anyhow::Ok(resident.collect::<anyhow::Result<Vec<_>>>()?.into_iter().max().unwrap_or(0))
    };
    let cpu = || anyhow::Ok([cpu_us(&servers)?, cpu_us(&[site.pid()?])?]);
    let (before, cpu_before, start) = (largest()?, cpu()?, Instant::now());
    let mut most = before;
    beside(work, async || {
        most = most.max(largest()?);
        Ok(())
    })
    .await?;
    let time = start.elapsed();
    let cpu_after = cpu()?;
    Ok(Went {
        time,
        memory: [before, most.max(largest()?)],
        cpu: [cpu_after[0] - cpu_before[0], cpu_after[1] - cpu_before[1]],
    })
}

/// Fills a cluster whose namespace is empty: the tree is written into a pipe that `metactl import` reads.
async fn import(size: Size, cluster: &Cluster) -> anyhow::Result<()> {
    let Size { folders, files, .. } = size;
    let server = cluster.server(0);
    let (from, to) = std::io::pipe()?;
    let mut command = Command::new(binaries::find("metactl")?);
    command
        .arg("--server")
        .arg(server.at(ports::ADMIN).to_string())
        .arg("--key-file")
        .arg(server.dir().join("key"))
        .args(["import", "/dev/stdin"])
        .stdin(from)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let child = command.spawn().context("cannot start metactl")?;
    // The command has this process's end for reading: without it a metactl that ended is noticed.
    drop(command);
    let writing = tokio::task::spawn_blocking(move || {
        Tree::new(folders, files)?.export(&mut BufWriter::new(to))
    });
    let output = tokio::time::timeout(STEP, child.wait_with_output())
        .await
        .with_context(|| format!("the import did not end within {STEP:?}"))??;
    let written = writing.await.context("the tree's task failed")?;
    if !output.status.success() {
        bail!("metactl: {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    written.context("cannot write the tree")?;
    let found = Leader::of(cluster).await?.status().await?.namespace;
    ensure!(
        (found.directories, found.files) == (folders, files),
        "{folders} folders and {files} files were imported, the cluster has {found:?}"
    );
    Ok(())
}

/// How many of the figures that must be the same are not.
fn differences(original: &NamespaceFigures, copied: &NamespaceFigures) -> usize {
    [
        original.directories == copied.directories,
        original.files == copied.files,
        original.bytes == copied.bytes,
        original.checksum == copied.checksum,
    ]
    .into_iter()
    .filter(|same| !same)
    .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_counted() {
        let one = NamespaceFigures {
            directories: 1,
            files: 2,
            bytes: 3,
            open_files: 0,
            checksum: "c".into(),
            cleaning_up: false,
        };
        let other =
            NamespaceFigures { files: 5, checksum: "d".into(), open_files: 4, ..one.clone() };
        assert_eq!((differences(&one, &one), differences(&one, &other)), (0, 2));
    }
}
