//! metafs-server
