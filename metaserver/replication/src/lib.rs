//! The namespace's copy in Tablestore: upload, recovery, and the fence between clusters. It knows
//! neither Raft nor RocksDB: the server implements [`Source`] and [`Sink`] over them, and the
//! scheme sees of Tablestore what [`Store`] says. `docs/decisions/remote-copy.md` has the scheme
//! and why it holds.
//!
//! - [`run_upload`] keeps a copy; run by the leader of a cluster in mode AsyncUpload.
//! - [`run_recovery`] recovers a cluster from one; run by its leader in mode Recovery.

mod frame;
mod meta;
mod owner;
mod pack;
mod recovery;
mod retry;
mod seams;
pub mod status;
mod store;
mod tablestore;
mod upload;

pub use frame::{Damage, Position};
pub use meta::{Activity, Cluster, Owner};
pub use pack::{Change, MAX_RAW, TooLarge};
pub use recovery::{FailureKind, RecoveryConfig, RecoveryEnd, run_recovery};
pub use retry::{Failing, Random};
pub use seams::{
    Chunk, Cursor, Plan, Progress, Reach, ReplicaError, Report, Sink, Snapshot, Source, Totals,
};
pub use store::{
    Area, Expect, Key, MAX_DELETES, MAX_VALUE, Row, SHARDS, Store, StoreError, Trouble, TroubleKind,
};
pub use tablestore::TablestoreStore;
pub use upload::{CollectError, UploadConfig, UploadEnd, release, run_upload};
