//! Pure decisions about rows: no storage, no clock, no sockets. Everything works on borrowed
//! bytes, so that a read or a write allocates per row and not per cell.

pub mod capacity;
pub mod cells;
pub mod change;
pub mod filter;
pub mod index;
pub mod key;
pub mod names;
pub mod row;
pub mod schema;
pub mod select;
pub mod value;
