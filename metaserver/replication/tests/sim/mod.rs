//! The simulation: clusters whose leaders come and go upload to, and recover from, one store over
//! clients that lose, repeat and delay. After every change of the store a copy of it is recovered
//! and compared with the history.

pub mod cluster;
mod damage;
pub mod dice;
pub mod store;
pub mod world;
