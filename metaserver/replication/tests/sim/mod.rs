//! The simulation: clusters whose leaders come and go upload to, and recover from, one store over
//! clients that lose, repeat and delay. After every change of the store a copy of it is recovered
//! and compared with the history.

pub mod cluster;
pub mod dice;
pub mod network;
pub mod run;
pub mod store;
pub mod world;
