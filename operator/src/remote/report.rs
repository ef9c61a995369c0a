//! `status.tablestore` and `status.recovery`, from what the servers say. While no leader answers the
//! numbers stay as they were last known.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use metafs_admin_api::{self as admin, Progress};
use metafs_crds::{
    BackfillStatus, CopyOwner, MetadataClusterStatus, RecoveryState, RecoveryStatus,
    TablestoreMode, TablestoreStatus, UploadPhase,
};
use metafs_namespace::settings;

use super::conditions::{Told, Truth};
use super::spec::Wanted;
use super::word::{Word, steps};

/// `status.tablestore`.
pub fn tablestore(
    wanted: &Wanted,
    word: &Word<'_>,
    before: Option<&MetadataClusterStatus>,
) -> TablestoreStatus {
    let table_prefix = wanted.settings.table_prefix.clone();
    let before = before
        .and_then(|before| before.tablestore.clone())
        .filter(|before| before.table_prefix == table_prefix);
    let mode = word.known.map(|remote| mode(remote.mode));
    let Some(upload) = word.upload() else {
        let kept = before.unwrap_or_else(|| empty(table_prefix));
        return TablestoreStatus {
            mode: mode.or(kept.mode),
            phase: None,
            lag_entries: None,
            lag_seconds: None,
            backfill: None,
            ..kept
        };
    };
    let admin::UploadStatus {
        phase,
        synced: _,
        problem: _,
        owner,
        checkpoint_index,
        checkpoint_time_ms,
        lag_entries,
        lag_ms,
        backfill,
    } = upload;
    // Before the first checkpoint there is none.
    let checkpointed = *checkpoint_time_ms > 0;
    TablestoreStatus {
        mode,
        phase: Some(upload_phase(*phase)),
        owner: owner.as_ref().map(copy_owner),
        table_prefix,
        checkpoint_index: checkpointed.then(|| clamp(*checkpoint_index)),
        checkpoint_time: checkpointed.then(|| time(*checkpoint_time_ms)).flatten(),
        lag_entries: Some(clamp(*lag_entries)),
        lag_seconds: Some(clamp(lag_ms / 1000)),
        backfill: backfill.as_ref().map(|progress| {
            let Progress { rows_done, rows_total, percent, rows_per_second, eta_seconds } =
                *progress;
            BackfillStatus {
                percent: percent.into(),
                rows: clamp(rows_done),
                rows_total: clamp(rows_total),
                rows_per_second: clamp(rows_per_second),
                eta_seconds: eta_seconds.map(clamp),
            }
        }),
    }
}

fn empty(table_prefix: String) -> TablestoreStatus {
    TablestoreStatus {
        mode: None,
        phase: None,
        owner: None,
        table_prefix,
        checkpoint_index: None,
        checkpoint_time: None,
        lag_entries: None,
        lag_seconds: None,
        backfill: None,
    }
}

/// `status.recovery`; `told` is the condition Recovered.
pub fn recovery(
    wanted: &Wanted,
    word: &Word<'_>,
    told: &Told,
    before: Option<&MetadataClusterStatus>,
) -> Option<RecoveryStatus> {
    let before = before.and_then(|before| before.recovery.clone());
    let not_yet = told.truth != Truth::True;
    let reason = not_yet.then(|| told.reason.to_owned());
    let message = not_yet.then(|| told.message.chars().take(4000).collect());
    let Some(now) = word.recovery() else {
        let wanted = wanted.settings.mode == settings::TablestoreMode::Recovery;
        return match (before, wanted) {
            (Some(before), true) => Some(RecoveryStatus { reason, message, ..before }),
            (Some(before), false) if word.known.is_none() => Some(before),
            (None, true) => Some(waiting(reason, message)),
            (_, false) => None,
        };
    };
    let admin::RecoveryStatus {
        state,
        problem: _,
        source,
        progress,
        recovered_index,
        recovered_time_ms,
        not_uploaded_entries,
        started_ms,
        finished_ms,
    } = now;
    let state = match state {
        admin::RecoveryState::Waiting => RecoveryState::Waiting,
        admin::RecoveryState::Loading => RecoveryState::Loading,
        admin::RecoveryState::Verifying => RecoveryState::Verifying,
        admin::RecoveryState::Finished => RecoveryState::Finish,
        admin::RecoveryState::Failed => RecoveryState::Failed,
    };
    let Progress { rows_done, rows_total, percent, rows_per_second, eta_seconds } = *progress;
    let running = state == RecoveryState::Loading;
    // What was recovered, not what has come to it since.
    let finish = state == RecoveryState::Finish;
    let counted = before.filter(|before| finish && before.folders.is_some());
    let figures = word.leader.filter(|_| finish).map(|leader| &leader.namespace);
    let count = |old: Option<i64>, new: Option<u64>| match &counted {
        Some(_) => old,
        None => new.map(clamp),
    };
    let old = |of: fn(&RecoveryStatus) -> Option<i64>| counted.as_ref().and_then(of);
    Some(RecoveryStatus {
        state,
        reason,
        message,
        source: source.as_ref().map(copy_owner),
        percent: percent.into(),
        rows: clamp(rows_done),
        rows_total: clamp(rows_total),
        rows_per_second: running.then(|| clamp(rows_per_second)),
        eta_seconds: eta_seconds.filter(|_| running).map(clamp),
        recovered_index: recovered_index.map(clamp),
        recovered_time: recovered_time_ms.and_then(time),
        not_uploaded_entries: not_uploaded_entries.map(clamp),
        folders: count(old(|b| b.folders), figures.map(|f| f.directories)),
        files: count(old(|b| b.files), figures.map(|f| f.files)),
        bytes: count(old(|b| b.bytes), figures.map(|f| f.bytes)),
        started: started_ms.and_then(time),
        finished: finished_ms.and_then(time),
    })
}

fn waiting(reason: Option<String>, message: Option<String>) -> RecoveryStatus {
    RecoveryStatus {
        state: RecoveryState::Waiting,
        reason,
        message,
        source: None,
        percent: 0,
        rows: 0,
        rows_total: 0,
        rows_per_second: None,
        eta_seconds: None,
        recovered_index: None,
        recovered_time: None,
        not_uploaded_entries: None,
        folders: None,
        files: None,
        bytes: None,
        started: None,
        finished: None,
    }
}

/// Takes out of a status what changes all the time, for a comparison. Percent counts in steps.
pub fn slow(status: &mut MetadataClusterStatus) {
    let coarse = |percent: i32| i32::from(steps(u8::try_from(percent).unwrap_or(0)));
    if let Some(copy) = &mut status.tablestore {
        copy.checkpoint_index = None;
        copy.checkpoint_time = None;
        copy.lag_entries = None;
        copy.lag_seconds = None;
        if let Some(backfill) = &mut copy.backfill {
            *backfill = BackfillStatus {
                percent: coarse(backfill.percent),
                rows: 0,
                rows_total: 0,
                rows_per_second: 0,
                eta_seconds: None,
            };
        }
    }
    if let Some(recovery) = &mut status.recovery {
        recovery.percent = coarse(recovery.percent);
        recovery.rows = 0;
        recovery.rows_total = 0;
        recovery.rows_per_second = None;
        recovery.eta_seconds = None;
    }
}

fn mode(mode: settings::TablestoreMode) -> TablestoreMode {
    match mode {
        settings::TablestoreMode::Disabled => TablestoreMode::Disabled,
        settings::TablestoreMode::AsyncUpload => TablestoreMode::AsyncUpload,
        settings::TablestoreMode::Recovery => TablestoreMode::Recovery,
    }
}

fn upload_phase(phase: admin::UploadPhase) -> UploadPhase {
    match phase {
        admin::UploadPhase::Starting => UploadPhase::Starting,
        admin::UploadPhase::WaitingForOwner => UploadPhase::WaitingForOwner,
        admin::UploadPhase::TakingOver => UploadPhase::TakingOver,
        admin::UploadPhase::Backfill => UploadPhase::Backfill,
        admin::UploadPhase::Tailing => UploadPhase::Tailing,
        admin::UploadPhase::Fenced => UploadPhase::Fenced,
    }
}

fn copy_owner(admin::CopyOwner { cluster_id, name, epoch }: &admin::CopyOwner) -> CopyOwner {
    CopyOwner { cluster_id: cluster_id.clone(), name: name.clone(), epoch: clamp(*epoch) }
}

/// Kubernetes keeps whole seconds.
fn time(ms: i64) -> Option<Time> {
    Timestamp::from_second(ms.div_euclid(1000)).ok().map(Time)
}

fn clamp(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
