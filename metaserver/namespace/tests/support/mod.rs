//! What the tests of the namespace share.

pub mod check;
pub mod model;
pub mod steps;
