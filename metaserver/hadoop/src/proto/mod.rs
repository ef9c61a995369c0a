//! The messages of Hadoop's protocols: field numbers and types as Hadoop 3.4 publishes them in its
//! `.proto` files. A module here is a file or a group of files there; names are Hadoop's own, of
//! nested types with their parents' before them. Messages without fields are left out.

// The fields' meaning is Hadoop's; saying it again here would only grow old.
#![allow(missing_docs)]
#![allow(clippy::doc_markdown)]

pub mod acl;
pub mod client;
pub mod ha;
pub mod hdfs;
pub mod namenode;
pub mod rpc;
pub mod xattr;
