//! The Kubernetes API of metafs: Rust types of group `metafs.dev`, version `v1alpha1`, and the
//! generator of their CustomResourceDefinition.
//!
//! The types are the only source: schema, defaults, CEL rules, printer columns and `kubectl
//! explain` texts all come from [`cluster`], [`tablestore`], [`status`] and [`copy`], finished by [`definition`]. The
//! operator reads these types; nothing else of the product may.

pub mod cluster;
pub mod copy;
pub mod definition;
pub mod quantity;
pub mod reference;
pub mod status;
pub mod tablestore;

pub use cluster::{
    Defaults, ImagePullPolicy, Leases, Limits, MetadataCluster, MetadataClusterSpec, ObserverReads,
    Permissions, Raft, Scheduling, Storage, User, VolumeRetention,
};
pub use copy::{
    BackfillStatus, CopyOwner, RecoveryState, RecoveryStatus, TablestoreStatus, UploadPhase,
};
pub use status::{ForcedRole, MemberRole, MemberStatus, MetadataClusterStatus, condition};
pub use tablestore::{CredentialsSecret, OnRecovered, Tablestore, TablestoreMode};

/// API group of all resources, and prefix of the project's own labels and annotations.
pub const GROUP: &str = "metafs.dev";

/// Annotation of a MetadataCluster, with any value: the operator gives all members back the roles
/// that the resource declares, and removes it.
pub const RESTORE_ROLES: &str = "metafs.dev/restore-roles";
