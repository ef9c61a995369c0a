//! What tables hold and what changes them: values, primary keys, rows, changes. Pure data, shared
//! by the client, its users and servers of the same protocol.

mod row;
mod text;
mod value;

pub use row::{
    Change, Column, ColumnChange, PrimaryKey, PrimaryKeyColumn, Row, RowChange, RowExistence,
};
pub use text::Text;
pub use value::{Value, ValueType};
