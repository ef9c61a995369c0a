//! `status.tablestore` and `status.recovery`: the copy in Tablestore as the operator last saw it.
//! Numbers that change all the time are written at most every 15 seconds; whatever else changes, at
//! once.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::tablestore::TablestoreMode;

/// The copy in Tablestore.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct TablestoreStatus {
    /// The mode in force: after a recovery with onRecovered AsyncUpload it is AsyncUpload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<TablestoreMode>,

    /// What the upload does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<UploadPhase>,

    /// The cluster that owns the copy, where that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<CopyOwner>,

    /// What the names of the copy's tables begin with. A recovery of this cluster needs it.
    pub table_prefix: String,

    /// Everything up to this log index is in the copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint_index: Option<i64>,

    /// Everything up to this time is in the copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint_time: Option<Time>,

    /// Log entries that are not in the copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_entries: Option<i64>,

    /// Seconds for which the oldest of them has waited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_seconds: Option<i64>,

    /// How far the writing of what was there before is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backfill: Option<BackfillStatus>,
}

/// What the upload does.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
pub enum UploadPhase {
    /// Looks at the copy.
    Starting,
    /// Another cluster owns the copy and is alive.
    WaitingForOwner,
    /// Takes the copy over and closes what its owner before left open.
    TakingOver,
    /// Writes all of the namespace that was there before.
    Backfill,
    /// Writes what changes, as it changes.
    Tailing,
    /// Another cluster has taken the copy over: this one writes nothing any more.
    Fenced,
}

/// The cluster that owns a copy.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct CopyOwner {
    /// Its id; empty where it is not known.
    pub cluster_id: String,

    /// Its name for people, such as MetadataCluster default/demo.
    pub name: String,

    /// How often the copy has changed hands, up to it.
    pub epoch: i64,
}

/// How far the writing of what was there before is.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct BackfillStatus {
    /// 0 to 100.
    pub percent: i32,

    /// Rows written.
    pub rows: i64,

    /// Rows in all.
    pub rows_total: i64,

    /// Rows a second, lately.
    pub rows_per_second: i64,

    /// Seconds to go at that rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eta_seconds: Option<i64>,
}

/// A recovery from a copy.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct RecoveryStatus {
    /// What it has come to.
    pub state: RecoveryState,

    /// Why it does not go on, or failed: the reason of the condition Recovered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,

    /// The same for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,

    /// The cluster whose copy it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<CopyOwner>,

    /// 0 to 100.
    pub percent: i32,

    /// Rows read.
    pub rows: i64,

    /// Rows in all.
    pub rows_total: i64,

    /// Rows a second, lately.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_per_second: Option<i64>,

    /// Seconds to go at that rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eta_seconds: Option<i64>,

    /// Everything up to this log index of the lost cluster was recovered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovered_index: Option<i64>,

    /// Everything up to this time of the lost cluster was recovered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovered_time: Option<Time>,

    /// Log entries that the lost cluster had beyond that, as far as its leader last told; absent: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_uploaded_entries: Option<i64>,

    /// Directories that were recovered, the root included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folders: Option<i64>,

    /// Files that were recovered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<i64>,

    /// Bytes of file content that were recovered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<i64>,

    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<Time>,

    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<Time>,
}

/// What a recovery has come to.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
pub enum RecoveryState {
    /// Not begun: no leader, no credentials, or the copy's owner is alive.
    Waiting,
    /// Rows are being read; no client is served.
    Loading,
    /// All was read; counts and checksum are compared with the copy's own.
    Verifying,
    /// Identical to the copy.
    #[serde(rename = "FINISH")]
    Finish,
    /// Not identical, or not possible: reason and message say why.
    Failed,
}
