//! The metaserver process: configuration, wiring, the admin API, health and metrics; and metactl.
//! The namespace, Raft and the WebHDFS door are crates of their own; here they are put together.

pub mod admin;
pub mod backend;
pub mod chores;
pub mod config;
pub mod disk;
pub mod ha;
pub mod health;
mod lines;
pub mod logging;
pub mod metactl;
pub mod observer;
pub mod process;
pub mod remote;
pub mod roles;
pub mod run;
pub mod service;
