//! The copy in Tablestore: `metactl status --detail` in the form that operators of JindoFS know, and
//! `metactl recovery`, which can watch one to its end.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::bail;
use indicatif::{ProgressBar, ProgressStyle};
use metafs_admin_api::{
    Progress, RecoveryState, RecoveryStatus, Role, Status, UploadPhase, UploadStatus,
};

use super::context::{Context, Seen};
use super::render::authority;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(500);

/// A recovery's state as JindoFS names it.
fn state(state: RecoveryState) -> &'static str {
    match state {
        RecoveryState::Waiting => "Waiting",
        RecoveryState::Loading => "Loading",
        RecoveryState::Verifying => "Verifying",
        RecoveryState::Finished => "FINISH",
        RecoveryState::Failed => "Failed",
    }
}

fn phase(phase: UploadPhase) -> &'static str {
    match phase {
        UploadPhase::Starting => "Starting",
        UploadPhase::WaitingForOwner => "WaitingForOwner",
        UploadPhase::TakingOver => "TakingOver",
        UploadPhase::Backfill => "Backfill",
        UploadPhase::Tailing => "Tailing",
        UploadPhase::Fenced => "Fenced",
    }
}

/// `metactl status --detail`: a line a member, the leader marked; then upload and recovery.
pub fn detail(seen: &[Seen]) -> String {
    let mut out = String::new();
    for Seen { address, name, status } in seen {
        let Ok(status) = status else {
            let _ = writeln!(out, "{name} {address} UNREACHABLE");
            continue;
        };
        let role = match status.role {
            Role::Active => "LEADER",
            Role::Standby => "FOLLOWER",
            Role::Observer => "OBSERVER",
            Role::Learner => "LEARNER",
            Role::None => "NONE",
        };
        let upload = status.remote.as_ref().and_then(|remote| remote.upload.as_ref());
        let synced = match upload {
            Some(upload) => u8::from(upload.synced).to_string(),
            None => "-".to_owned(),
        };
        let _ = writeln!(
            out,
            "{name} {} {role} _applied={} _synced={synced}",
            status.own.raft, status.applied_index
        );
    }
    let Some(remote) = authority(seen).and_then(|status| status.remote.as_ref()) else {
        out.push_str("Tablestore: no copy is configured\n");
        return out;
    };
    let read_only = if remote.read_only { ", read-only" } else { "" };
    let _ = writeln!(out, "Tablestore: mode {:?}{read_only}", remote.mode);
    if let Some(upload) = &remote.upload {
        out.push_str(&uploading(upload));
    }
    if let Some(recovery) = &remote.recovery {
        out.push_str(&recovering(recovery));
    }
    out
}

fn uploading(upload: &UploadStatus) -> String {
    let UploadStatus {
        phase: what,
        synced: _,
        problem,
        owner,
        checkpoint_index,
        checkpoint_time_ms: _,
        lag_entries,
        lag_ms,
        backfill,
    } = upload;
    let mut out = format!(
        "Upload: {}, up to index {checkpoint_index}, lag {lag_entries} entries, {lag_ms} ms\n",
        phase(*what)
    );
    if let Some(progress) = backfill {
        let _ = writeln!(out, "Backfill: {}", amount(progress));
    }
    if let Some(owner) = owner {
        let _ =
            writeln!(out, "Owner: {} ({}), epoch {}", owner.name, owner.cluster_id, owner.epoch);
    }
    if let Some(problem) = problem {
        let _ = writeln!(out, "Problem: {:?}: {}", problem.kind, problem.message);
    }
    out
}

fn amount(progress: &Progress) -> String {
    let Progress { rows_done, rows_total, percent, rows_per_second, eta_seconds } = progress;
    let mut out = format!("{percent}%, {rows_done} of {rows_total} rows");
    if *rows_per_second > 0 {
        let _ = write!(out, ", {rows_per_second} rows/s");
    }
    if let Some(eta) = eta_seconds {
        let _ = write!(out, ", {eta} s to go");
    }
    out
}

/// `metactl recovery`.
pub fn recovering(recovery: &RecoveryStatus) -> String {
    let RecoveryStatus {
        state: what,
        problem,
        source,
        progress,
        recovered_index,
        recovered_time_ms,
        not_uploaded_entries,
        started_ms,
        finished_ms,
    } = recovery;
    let mut out = format!("Recovery: {}, {}\n", state(*what), amount(progress));
    if let Some(source) = source {
        let _ = writeln!(out, "Source: {}, epoch {}", source.name, source.epoch);
    }
    if let (Some(index), Some(time)) = (recovered_index, recovered_time_ms) {
        let _ = writeln!(out, "Point: index {index}, {time} ms since the epoch");
    }
    if let Some(entries) = not_uploaded_entries {
        let _ = writeln!(out, "Not uploaded when last heard of: {entries} entries");
    }
    if let (Some(started), Some(finished)) = (started_ms, finished_ms) {
        let seconds = finished.saturating_sub(*started) as f64 / 1000.0;
        let _ = writeln!(out, "Took: {seconds:.1} s");
    }
    if let Some(problem) = problem {
        let _ = writeln!(out, "Problem: {:?}: {}", problem.kind, problem.message);
    }
    out
}

/// The recovery as the leader, or else whoever has applied most, tells it.
async fn look(context: &Context) -> anyhow::Result<(Status, RecoveryStatus)> {
    let seen = context.survey().await?;
    let Some(status) = authority(&seen) else { bail!("no server answered") };
    match status.remote.as_ref().and_then(|remote| remote.recovery.clone()) {
        Some(recovery) => Ok((status.clone(), recovery)),
        None => bail!("this cluster is not recovered: its mode is not Recovery, nor was it"),
    }
}

/// `metactl recovery`, with `watch` until it has ended: a bar in a terminal.
///
/// # Errors
/// There is none, or it failed.
pub async fn recovery(context: &Context, watch: bool) -> anyhow::Result<String> {
    let (mut status, mut recovery) = look(context).await?;
    if watch {
        let bar = ProgressBar::new(recovery.progress.rows_total);
        bar.set_style(ProgressStyle::with_template(
            "{msg:>9} [{bar:40}] {percent}% {human_pos}/{human_len} rows {per_sec}, ETA {eta}",
        )?);
        loop {
            bar.set_length(recovery.progress.rows_total);
            bar.set_position(recovery.progress.rows_done);
            bar.set_message(state(recovery.state));
            if matches!(recovery.state, RecoveryState::Finished | RecoveryState::Failed) {
                break;
            }
            tokio::time::sleep(PAUSE).await;
            // A change of leaders must not end the watch.
            match look(context).await {
                Ok(seen) => (status, recovery) = seen,
                Err(error) => bar.set_message(format!("{error:#}")),
            }
        }
        bar.finish_and_clear();
    }
    let mut out = recovering(&recovery);
    let namespace = &status.namespace;
    if recovery.state == RecoveryState::Failed {
        bail!("{}", out.trim_end());
    }
    if recovery.state == RecoveryState::Finished {
        let _ = writeln!(
            out,
            "Namespace: {} directories, {} files, {} bytes",
            namespace.directories, namespace.files, namespace.bytes
        );
    }
    Ok(out)
}
