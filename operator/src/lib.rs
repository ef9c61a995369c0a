//! The operator of metafs: makes and keeps what `MetadataCluster` resources ask for.
//!
//! One pass over a resource ([`controller`]) is a pipeline with a file a step:
//!
//! 1. [`dereference`]: all reads from Kubernetes.
//! 2. [`validate`]: a [`validate::ValidatedCluster`] proves that every default and rule holds.
//! 3. [`build`]: the Kubernetes objects, pure, a file an object.
//! 4. [`apply`]: server-side apply of them.
//! 5. [`observe`]: asks every member's admin API; the result is a [`view::View`].
//! 6. [`decide`]: pure: the view to the one next step.
//! 7. [`act`]: carries the step out.
//! 8. [`status`]: pure: what is written to the resource, and the Events of what changed.
//!
//! What is wanted and seen of the copy in Tablestore is in [`remote`]; what is looked at between two
//! passes in [`lookout`].
//!
//! Nothing is remembered between passes that a decision needs: an operator killed at any point is
//! followed by one that goes on from what it sees.

pub mod act;
pub mod apply;
pub mod build;
pub mod config;
pub mod controller;
pub mod decide;
pub mod dereference;
pub mod election;
pub mod error;
pub mod events;
pub mod finalize;
pub mod http;
pub mod lookout;
pub mod metrics;
pub mod names;
pub mod observe;
pub mod observers;
pub mod remote;
pub mod resize;
pub mod run;
pub mod status;
pub mod validate;
pub mod view;
