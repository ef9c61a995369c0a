//! The conditions, numbers and Events of every word of the servers.

use k8s_openapi::jiff::Timestamp;
use metafs_admin_api::{
    CopyOwner, Problem, ProblemReport, Progress, RecoveryState, RecoveryStatus, RemoteStatus,
    UploadPhase, UploadStatus,
};
use metafs_crds::{
    CredentialsSecret, MetadataClusterSpec, MetadataClusterStatus, OnRecovered, Tablestore,
    TablestoreMode,
};
use metafs_namespace::settings;

use super::conditions::{PROBLEMS, problem_reason};
use super::word::Signature;
use crate::decide::decide;
use crate::decide::world::World;
use crate::status::tests::{condition, of, reasons, settled};
use crate::status::{Obstacles, status, worth_writing};
use crate::validate::tests::valid;

/// A spec that uploads.
pub(crate) fn upload() -> Tablestore {
    Tablestore {
        mode: TablestoreMode::AsyncUpload,
        instance: "inst".into(),
        endpoint: "https://inst.example.com".into(),
        region: None,
        credentials_secret: CredentialsSecret::named("keys"),
        table_prefix: Some("demo".into()),
        on_recovered: OnRecovered::default(),
        takeover: false,
    }
}

fn spec(mode: TablestoreMode) -> MetadataClusterSpec {
    MetadataClusterSpec {
        tablestore: Some(Tablestore { mode, ..upload() }),
        ..MetadataClusterSpec::default()
    }
}

fn uploading(phase: UploadPhase) -> RemoteStatus {
    RemoteStatus {
        mode: settings::TablestoreMode::AsyncUpload,
        read_only: false,
        upload: Some(UploadStatus {
            phase,
            synced: false,
            problem: None,
            owner: None,
            checkpoint_index: 40,
            checkpoint_time_ms: 1_700_000_000_123,
            lag_entries: 2,
            lag_ms: 1500,
            backfill: None,
        }),
        recovery: None,
    }
}

fn recovering(state: RecoveryState) -> RemoteStatus {
    RemoteStatus {
        mode: settings::TablestoreMode::Recovery,
        read_only: true,
        upload: None,
        recovery: Some(RecoveryStatus {
            state,
            problem: None,
            source: None,
            progress: Progress {
                rows_done: 42,
                rows_total: 100,
                percent: 42,
                rows_per_second: 7,
                eta_seconds: Some(8),
            },
            recovered_index: Some(900),
            recovered_time_ms: Some(1_700_000_000_000),
            not_uploaded_entries: Some(3),
            started_ms: Some(1),
            finished_ms: None,
        }),
    }
}

fn other() -> CopyOwner {
    CopyOwner { cluster_id: "c-old".into(), name: "MetadataCluster default/old".into(), epoch: 4 }
}

fn report(kind: Problem, seconds: u64) -> ProblemReport {
    ProblemReport { kind, message: "mend it".into(), seconds }
}

/// A settled cluster whose servers say this; the present spec is in force.
fn world(remote: RemoteStatus) -> World {
    let mut world = settled();
    world.remote = Some(remote);
    world.settings_generation = 7;
    world
}

fn now() -> Timestamp {
    Timestamp::from_second(500).unwrap()
}

/// Status and reason of a condition.
fn told<'a>(status: &'a MetadataClusterStatus, type_: &str) -> (&'a str, &'a str) {
    let condition = condition(status, type_);
    (condition.status.as_str(), condition.reason.as_str())
}

fn with_upload(change: impl FnOnce(&mut UploadStatus)) -> MetadataClusterStatus {
    let mut remote = uploading(UploadPhase::Tailing);
    if let Some(upload) = &mut remote.upload {
        change(upload);
    }
    of(&world(remote), spec(TablestoreMode::AsyncUpload), None, 100)
}

#[test]
fn without_a_copy_nothing_is_said_of_one() {
    let status = of(&settled(), MetadataClusterSpec::default(), None, 100);
    assert_eq!(status.conditions.len(), 5);
    assert_eq!((status.tablestore, status.recovery), (None, None));
}

#[test]
fn every_phase_of_the_upload_has_its_words() {
    for (phase, synced, uploads) in [
        (UploadPhase::Starting, ("False", "Starting"), ("False", "Starting")),
        (UploadPhase::WaitingForOwner, ("False", "WaitingForOwner"), ("False", "WaitingForOwner")),
        (UploadPhase::TakingOver, ("False", "Starting"), ("False", "TakingOver")),
        (UploadPhase::Backfill, ("False", "Backfilling"), ("True", "Backfilling")),
        (UploadPhase::Tailing, ("False", "CatchingUp"), ("True", "Tailing")),
        (UploadPhase::Fenced, ("False", "Fenced"), ("False", "Fenced")),
    ] {
        let status = with_upload(|upload| {
            upload.phase = phase;
            upload.owner = Some(other());
        });
        assert_eq!(told(&status, "Synced"), synced, "{phase:?}");
        assert_eq!(told(&status, "Uploading"), uploads, "{phase:?}");
        let fenced = phase == UploadPhase::Fenced;
        let want = if fenced { ("True", "TakenOver") } else { ("False", "NotFenced") };
        assert_eq!(told(&status, "RemoteFenced"), want, "{phase:?}");
        if fenced || phase == UploadPhase::WaitingForOwner {
            let message = &condition(&status, "Uploading").message;
            assert!(message.contains("MetadataCluster default/old"), "{message}");
        }
        assert_eq!(told(&status, "ReadOnly"), ("False", "Writable"));
        assert_eq!(told(&status, "Recovered"), ("False", "NotRecovered"));
        assert_eq!(told(&status, "Ready"), ("True", "Ready"), "the copy is beside the cluster");
    }
}

#[test]
fn synced_is_synced_and_numbers_are_shown() {
    let status = with_upload(|upload| upload.synced = true);
    assert_eq!(told(&status, "Synced"), ("True", "Synced"));
    let copy = status.tablestore.unwrap();
    assert_eq!(copy.table_prefix, "demo");
    assert_eq!(
        (copy.checkpoint_index, copy.lag_entries, copy.lag_seconds),
        (Some(40), Some(2), Some(1))
    );
    assert_eq!(copy.checkpoint_time.unwrap().0.as_second(), 1_700_000_000);
    let behind = with_upload(|upload| upload.lag_ms = 61_000);
    assert_eq!(told(&behind, "Synced"), ("False", "FarBehind"));
    // A short lag is no news, nor is its end; what was never synced is.
    let synced = with_upload(|upload| upload.synced = true);
    let world = world(uploading(UploadPhase::Tailing));
    let lagging = of(&world, spec(TablestoreMode::AsyncUpload), Some(&synced), 200);
    assert_eq!(told(&lagging, "Synced"), ("False", "Lagging"));
    assert_eq!(reasons(&synced, &lagging).len(), 0);
    assert_eq!(reasons(&lagging, &synced).len(), 0);
    let catching_up = with_upload(|_| {});
    assert_eq!(reasons(&catching_up, &synced), ["Synced"]);
}

#[test]
fn every_problem_has_its_reason() {
    let kinds = [
        Problem::CredentialsMissing,
        Problem::CredentialsRefused,
        Problem::PermissionDenied,
        Problem::InstanceMissing,
        Problem::QuotaExceeded,
        Problem::Unreachable,
        Problem::Throttled,
        Problem::ForeignTables,
        Problem::NoCopy,
        Problem::Damaged,
        Problem::Mismatch,
        Problem::NewerFormat,
        Problem::Other,
    ];
    assert_eq!(kinds.map(problem_reason), PROBLEMS);
    for kind in kinds {
        let status = with_upload(|upload| upload.problem = Some(report(kind, 60)));
        assert_eq!(told(&status, "Uploading"), ("False", problem_reason(kind)));
        assert_eq!(told(&status, "Synced"), ("False", problem_reason(kind)));
        assert_eq!(condition(&status, "Synced").message, "mend it");
        let mut failed = recovering(RecoveryState::Failed);
        if let Some(recovery) = &mut failed.recovery {
            recovery.problem = Some(report(kind, 0));
        }
        let status = of(&world(failed), spec(TablestoreMode::Recovery), None, 100);
        assert_eq!(told(&status, "Recovered"), ("False", problem_reason(kind)));
        assert_eq!(told(&status, "ReadOnly"), ("True", "RecoveryFailed"));
        let recovery = status.recovery.unwrap();
        assert_eq!(recovery.state, metafs_crds::RecoveryState::Failed);
        assert_eq!(recovery.reason.as_deref(), Some(problem_reason(kind)));
    }
    // What passes is not told.
    let status = with_upload(|upload| upload.problem = Some(report(Problem::Throttled, 1)));
    assert_eq!(told(&status, "Uploading"), ("True", "Tailing"));
}

#[test]
fn what_was_before_is_not_taken_for_the_present() {
    let synced = with_upload(|upload| upload.synced = true);
    let mut remote = uploading(UploadPhase::Tailing);
    remote.upload.iter_mut().for_each(|upload| upload.synced = true);
    let spec = || spec(TablestoreMode::AsyncUpload);

    let mut pending =
        world(RemoteStatus { mode: settings::TablestoreMode::Disabled, ..remote.clone() });
    pending.settings_generation = 6;
    let status = of(&pending, spec(), Some(&synced), 200);
    assert_eq!(told(&status, "Synced"), ("Unknown", "SettingsPending"));
    assert_eq!(told(&status, "Uploading"), ("Unknown", "SettingsPending"));
    assert!(reasons(&status, &synced).contains(&"Synced"), "an upload that begins is news");

    // What is pending does not touch the upload.
    let mut elsewhere = world(remote.clone());
    elsewhere.settings_generation = 6;
    let status = of(&elsewhere, spec(), Some(&synced), 200);
    assert_eq!(told(&status, "Synced"), ("True", "Synced"));

    let mut leaderless = world(remote);
    leaderless.leader = None;
    let status = of(&leaderless, spec(), Some(&synced), 200);
    for type_ in ["Synced", "Uploading", "RemoteFenced"] {
        assert_eq!(told(&status, type_), ("Unknown", "NoLeader"), "{type_}");
    }
    let copy = status.tablestore.clone().unwrap();
    assert_eq!((copy.checkpoint_index, copy.phase), (Some(40), None), "what is known stays");
    // Neither an election nor its end is news.
    assert!(!reasons(&synced, &status).contains(&"UploadStarted"));
    assert!(!reasons(&status, &synced).contains(&"Synced"));
    assert!(!reasons(&status, &synced).contains(&"UploadStarted"));
    // An invalid spec: nobody asks the servers.
    let why = crate::validate::Invalid::Field { field: "spec.replicas", message: "odd".into() };
    let status = crate::status::invalid(9, &why, Some(&synced), now());
    assert_eq!(told(&status, "Synced"), ("Unknown", "InvalidSpec"));
    assert_eq!(told(&status, "ReadOnly"), ("False", "Writable"));
}

#[test]
fn missing_credentials_are_named_and_the_cluster_goes_on() {
    let mut remote = uploading(UploadPhase::Starting);
    remote.upload = None;
    let world = world(remote);
    let view = world.view();
    let obstacles =
        Obstacles { credentials: Some("Secret keys does not exist".into()), ..Default::default() };
    let cluster = valid(spec(TablestoreMode::AsyncUpload));
    let missing = status(&cluster, &view, &decide(&view), &obstacles, None, now());
    assert_eq!(told(&missing, "Uploading"), ("False", "CredentialsMissing"));
    assert_eq!(condition(&missing, "Synced").message, "Secret keys does not exist");
    assert_eq!(told(&missing, "Ready"), ("True", "Ready"));
    let found = with_upload(|upload| upload.synced = true);
    let told = reasons(&missing, &found);
    for reason in ["TablestoreProblemEnded", "UploadStarted", "Synced"] {
        assert!(told.contains(&reason), "{reason} not in {told:?}");
    }
    assert!(reasons(&found, &missing).contains(&"TablestoreProblem"));
}

#[test]
fn a_recovery_is_told_from_its_beginning_to_its_end() {
    let recovery = || spec(TablestoreMode::Recovery);
    let mut before: Option<MetadataClusterStatus> = None;
    let mut heard = Vec::new();
    for (state, recovered, read_only, available) in [
        (RecoveryState::Waiting, ("False", "Waiting"), "Recovering", "False"),
        (RecoveryState::Loading, ("False", "Loading"), "Recovering", "False"),
        (RecoveryState::Verifying, ("False", "Verifying"), "Recovering", "False"),
        (RecoveryState::Finished, ("True", "Finished"), "RecoveryFinished", "True"),
    ] {
        let status = of(&world(recovering(state)), recovery(), before.as_ref(), 100);
        assert_eq!(told(&status, "Recovered"), recovered);
        assert_eq!(told(&status, "ReadOnly"), ("True", read_only));
        assert_eq!(told(&status, "Synced"), ("False", "Recovering"));
        assert_eq!(told(&status, "Available").0, available);
        let ready = condition(&status, "Ready");
        assert_eq!(ready.status, "True");
        assert!(ready.message.contains("recovery"), "{}", ready.message);
        heard.extend(
            crate::events::changes(before.as_ref(), &status).into_iter().map(|note| note.reason),
        );
        before = Some(status);
    }
    assert_eq!(
        heard,
        ["RecoveryWaiting", "RecoveryLoading", "RecoveryVerifying", "RecoveryFinished"]
    );
    let finished = before.unwrap();
    let shown = finished.recovery.clone().unwrap();
    assert_eq!(serde_json::to_value(shown.state).unwrap(), "FINISH");
    assert_eq!((shown.recovered_index, shown.not_uploaded_entries), (Some(900), Some(3)));
    assert_eq!((shown.folders, shown.files), (Some(1), Some(0)));

    // Writable again: what was recovered stays as it was.
    let mut writable = recovering(RecoveryState::Finished);
    writable.read_only = false;
    writable.mode = settings::TablestoreMode::AsyncUpload;
    let mut world = world(writable);
    world.files = 5;
    let status = of(&world, spec(TablestoreMode::AsyncUpload), Some(&finished), 200);
    assert_eq!(status.recovery.as_ref().unwrap().files, Some(0));
    assert_eq!(told(&status, "Recovered"), ("True", "Finished"));
    assert!(reasons(&finished, &status).contains(&"Writable"));
    // And while nobody answers.
    for ordinal in 0..3 {
        world.force_silent(ordinal, true);
    }
    let silent = of(&world, spec(TablestoreMode::AsyncUpload), Some(&status), 300);
    assert_eq!(told(&silent, "Recovered"), ("True", "Finished"));
    assert_eq!(told(&silent, "ReadOnly"), ("Unknown", "NoLeader"));
    assert_eq!(silent.recovery, status.recovery);
}

#[test]
fn a_recovery_waits_for_the_owner_by_name() {
    let mut remote = recovering(RecoveryState::Waiting);
    if let Some(recovery) = &mut remote.recovery {
        recovery.source = Some(other());
    }
    let status = of(&world(remote), spec(TablestoreMode::Recovery), None, 100);
    assert_eq!(told(&status, "Recovered"), ("False", "WaitingForOwner"));
    let message = status.recovery.unwrap().message.unwrap();
    assert!(message.contains("MetadataCluster default/old"), "{message}");
    assert!(message.contains("spec.tablestore.takeover"), "{message}");
}

#[test]
fn a_recovery_is_shown_before_the_servers_are_there() {
    let status = of(&World::new(3), spec(TablestoreMode::Recovery), None, 100);
    assert_eq!(told(&status, "Recovered"), ("Unknown", "NoLeader"));
    let recovery = status.recovery.unwrap();
    assert_eq!(recovery.state, metafs_crds::RecoveryState::Waiting);
}

#[test]
fn refused_settings_are_said() {
    let refuse = |state| {
        let mut world = world(recovering(state));
        world.settings_generation = 6;
        let view = world.view();
        let obstacles =
            Obstacles { refused_settings: Some("not finished".into()), ..Default::default() };
        let cluster = valid(spec(TablestoreMode::AsyncUpload));
        status(&cluster, &view, &decide(&view), &obstacles, None, now())
    };
    let loading = refuse(RecoveryState::Loading);
    assert_eq!(told(&loading, "Ready"), ("False", "SettingsRefused"));
    assert!(condition(&loading, "Ready").message.contains("not finished"));
    assert_eq!(told(&loading, "Uploading"), ("False", "SettingsRefused"));
    assert_eq!(told(&loading, "Recovered"), ("False", "Loading"));
    assert_eq!(told(&loading, "Progressing").0, "True");
    assert_eq!(told(&loading, "Stalled").0, "False");
    assert_eq!(told(&refuse(RecoveryState::Failed), "Stalled").0, "True");
    let before = of(&settled(), MetadataClusterSpec::default(), None, 100);
    assert!(reasons(&before, &loading).contains(&"SettingsRefused"));
}

#[test]
fn a_fence_is_told_and_so_is_its_end() {
    let tailing = with_upload(|_| {});
    let fenced = with_upload(|upload| {
        upload.phase = UploadPhase::Fenced;
        upload.owner = Some(other());
    });
    assert!(reasons(&tailing, &fenced).contains(&"RemoteFenced"));
    assert!(reasons(&fenced, &tailing).contains(&"RemoteFenceLifted"));
    let behind = with_upload(|upload| upload.lag_ms = 61_000);
    assert!(reasons(&tailing, &behind).contains(&"SyncLost"));
    let backfill = with_upload(|upload| upload.phase = UploadPhase::Backfill);
    assert!(reasons(&fenced, &backfill).contains(&"BackfillStarted"));
    assert!(reasons(&backfill, &tailing).contains(&"BackfillFinished"));
}

#[test]
fn numbers_wait_for_their_time_and_phases_do_not() {
    let first = with_upload(|upload| upload.synced = true);
    let moved = with_upload(|upload| {
        upload.synced = true;
        upload.checkpoint_index = 99;
        upload.lag_ms = 3000;
    });
    assert!(!worth_writing(Some(&first), &moved, false));
    assert!(worth_writing(Some(&first), &moved, true));
    let lost = with_upload(|_| {});
    assert!(worth_writing(Some(&first), &lost, false));

    let at = |percent: u8, rows: u64| {
        let mut remote = recovering(RecoveryState::Loading);
        if let Some(recovery) = &mut remote.recovery {
            recovery.progress.percent = percent;
            recovery.progress.rows_done = rows;
        }
        remote
    };
    let loading = |remote| of(&world(remote), spec(TablestoreMode::Recovery), None, 100);
    let first = loading(at(40, 1000));
    assert!(!worth_writing(Some(&first), &loading(at(43, 2000)), false));
    assert!(worth_writing(Some(&first), &loading(at(45, 3000)), false));

    // So does the look between two passes.
    let signature = |remote: RemoteStatus| {
        let world = world(remote);
        let view = world.view();
        Signature::new(view.leader().unwrap().status)
    };
    assert_eq!(signature(at(40, 1000)), signature(at(43, 2000)));
    assert_ne!(signature(at(40, 1000)), signature(at(45, 3000)));
    let mut synced = uploading(UploadPhase::Tailing);
    let lagging = signature(synced.clone());
    synced.upload.iter_mut().for_each(|upload| upload.lag_entries += 10);
    assert_eq!(signature(synced.clone()), lagging);
    synced.upload.iter_mut().for_each(|upload| upload.synced = true);
    assert_ne!(signature(synced), lagging);
}
