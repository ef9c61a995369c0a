//! Events about the copy, from two statuses.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use metafs_crds::{MetadataClusterStatus, RecoveryState, UploadPhase, condition};

use super::conditions::{
    FAR_BEHIND, LAGGING, PROBLEMS, SETTINGS_REFUSED, TAKEN_OVER, WAITING_FOR_OWNER,
};
use crate::events::Note;

/// What changed from one status to the next.
pub fn changes(before: Option<&MetadataClusterStatus>, after: &MetadataClusterStatus) -> Vec<Note> {
    let change = Change { before, after };
    let mut notes = Vec::new();
    upload(change, &mut notes);
    obstacles(change, &mut notes);
    recovery(change, &mut notes);
    notes
}

#[derive(Clone, Copy)]
struct Change<'a> {
    before: Option<&'a MetadataClusterStatus>,
    after: &'a MetadataClusterStatus,
}

impl<'a> Change<'a> {
    fn of(self, type_: &str) -> (Option<&'a Condition>, Option<&'a Condition>) {
        let find = |status: &'a MetadataClusterStatus| {
            status.conditions.iter().find(|condition| condition.type_ == type_)
        };
        (self.before.and_then(find), find(self.after))
    }

    /// The condition, if it has one of these reasons now and had another before.
    fn came(self, type_: &str, reasons: &[&str]) -> Option<&'a Condition> {
        let (before, after) = self.of(type_);
        let after = after.filter(|after| reasons.contains(&after.reason.as_str()))?;
        before.is_none_or(|before| before.reason != after.reason).then_some(after)
    }
}

fn holds(condition: Option<&Condition>) -> bool {
    condition.is_some_and(|condition| condition.status == "True")
}

fn denied(condition: Option<&Condition>) -> bool {
    condition.is_some_and(|condition| condition.status == "False")
}

fn upload(change: Change<'_>, notes: &mut Vec<Note>) {
    let Change { before, after } = change;
    let mut normal = |reason, text: &str| notes.push(Note::normal(reason, "Upload", text.into()));

    // A leader that is not heard for a moment is no change.
    let (was, is) = change.of(condition::UPLOADING);
    if holds(is) && (was.is_none() || denied(was)) {
        normal("UploadStarted", "The namespace is being uploaded to Tablestore");
    }
    if denied(is) && holds(was) && is.is_some_and(|is| is.reason == "Disabled") {
        normal("UploadStopped", "Nothing is uploaded to Tablestore any more");
    }
    let phase = |status: Option<&MetadataClusterStatus>| status?.tablestore.as_ref()?.phase;
    let (old, new) = (phase(before), phase(Some(after)));
    if old != Some(UploadPhase::Backfill) && new == Some(UploadPhase::Backfill) {
        normal("BackfillStarted", "Writing what was there before to Tablestore");
    }
    if old == Some(UploadPhase::Backfill) && new == Some(UploadPhase::Tailing) {
        normal("BackfillFinished", "All that was there before is in Tablestore");
    }
    let (was, is) = change.of(condition::SYNCED);
    let lost_long_ago =
        was.is_some_and(|was| ![LAGGING, "NoLeader"].contains(&was.reason.as_str()));
    // After a short lag, or an election, it is no news.
    if holds(is) && !holds(was) && (was.is_none() || lost_long_ago) {
        normal("Synced", "Everything acknowledged is in Tablestore");
    }
    if let Some(behind) = change.came(condition::SYNCED, &[FAR_BEHIND]) {
        notes.push(Note::warning("SyncLost", "Upload", behind.message.clone()));
    }
}

/// What is in the way, and its end.
fn obstacles(change: Change<'_>, notes: &mut Vec<Note>) {
    for (type_, action) in [(condition::UPLOADING, "Upload"), (condition::RECOVERED, "Recover")] {
        let failed = type_ == condition::RECOVERED
            && change
                .after
                .recovery
                .as_ref()
                .is_some_and(|recovery| recovery.state == RecoveryState::Failed);
        if let Some(came) = change.came(type_, &PROBLEMS).filter(|_| !failed) {
            let text = format!("{}: {}", came.reason, came.message);
            notes.push(Note::warning("TablestoreProblem", action, text));
        }
        let (was, is) = change.of(type_);
        let was_problem = was.filter(|was| PROBLEMS.contains(&was.reason.as_str()));
        let over =
            is.is_some_and(|is| is.status != "Unknown" && !PROBLEMS.contains(&is.reason.as_str()));
        if let Some(was) = was_problem.filter(|_| over) {
            let text = format!("{} is over", was.reason);
            notes.push(Note::normal("TablestoreProblemEnded", action, text));
        }
        if let Some(waits) = change.came(type_, &[WAITING_FOR_OWNER]) {
            notes.push(Note::warning(WAITING_FOR_OWNER, action, waits.message.clone()));
        }
    }
    if let Some(fenced) = change.came(condition::REMOTE_FENCED, &[TAKEN_OVER]) {
        notes.push(Note::warning("RemoteFenced", "Upload", fenced.message.clone()));
    }
    let (was, is) = change.of(condition::REMOTE_FENCED);
    if holds(was) && denied(is) {
        let text = "This cluster is not shut out of the copy any more".into();
        notes.push(Note::normal("RemoteFenceLifted", "Upload", text));
    }
    if let Some(refused) = change.came(condition::READY, &[SETTINGS_REFUSED]) {
        notes.push(Note::warning(SETTINGS_REFUSED, "ApplySettings", refused.message.clone()));
    }
}

fn recovery(change: Change<'_>, notes: &mut Vec<Note>) {
    let Change { before, after } = change;
    let Some(now) = &after.recovery else { return };
    let old = before.and_then(|before| before.recovery.as_ref()).map(|recovery| recovery.state);
    if old != Some(now.state) {
        let source = now.source.as_ref().map_or("", |source| source.name.as_str());
        let of = if source.is_empty() { String::new() } else { format!(" of {source}") };
        let why = now.message.clone().unwrap_or_default();
        let (reason, text) = match now.state {
            RecoveryState::Waiting => ("RecoveryWaiting", why),
            RecoveryState::Loading => ("RecoveryLoading", format!("Reading the copy{of}")),
            RecoveryState::Verifying => {
                ("RecoveryVerifying", format!("Comparing with the copy{of}"))
            }
            RecoveryState::Finish => ("RecoveryFinished", finished(now, &of)),
            RecoveryState::Failed => {
                let kind = now.reason.clone().unwrap_or_default();
                ("RecoveryFailed", format!("{kind}: {why}"))
            }
        };
        let warning = now.state == RecoveryState::Failed;
        notes.push(Note { warning, reason, action: "Recover", text });
    }
    let (was, is) = change.of(condition::READ_ONLY);
    if holds(was) && denied(is) {
        let text = "The namespace takes writes again".into();
        notes.push(Note::normal("Writable", "Recover", text));
    }
}

fn finished(now: &metafs_crds::RecoveryStatus, of: &str) -> String {
    let count = |number: Option<i64>| number.unwrap_or_default();
    let not_uploaded = match now.not_uploaded_entries {
        Some(0) => "; nothing was left behind".to_owned(),
        Some(entries) => format!("; {entries} later log entries had not been uploaded"),
        None => String::new(),
    };
    format!(
        "FINISH: {} folders, {} files, {} bytes{of}, up to log index {}{not_uploaded}",
        count(now.folders),
        count(now.files),
        count(now.bytes),
        count(now.recovered_index),
    )
}
