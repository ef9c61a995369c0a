//! A value of a column, borrowed from a request or from a stored row.

use std::cmp::Ordering;

/// Type codes on the wire and in storage.
pub mod code {
    /// 64-bit integer.
    pub const INTEGER: u8 = 0;
    /// IEEE 754 double.
    pub const DOUBLE: u8 = 1;
    /// One byte, 0 or 1.
    pub const BOOLEAN: u8 = 2;
    /// UTF-8.
    pub const STRING: u8 = 3;
    /// Bytes.
    pub const BLOB: u8 = 7;
    /// Before every value.
    pub const INF_MIN: u8 = 9;
    /// After every value.
    pub const INF_MAX: u8 = 10;
    /// The server chooses.
    pub const AUTO_INCREMENT: u8 = 11;
}

/// A value. Strings were checked to be UTF-8 where they came in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// 64-bit integer.
    Integer(i64),
    /// IEEE 754 double.
    Double(f64),
    /// A boolean.
    Boolean(bool),
    /// UTF-8.
    String(&'a [u8]),
    /// Bytes.
    Blob(&'a [u8]),
    /// Bound of a range: before every value.
    InfMin,
    /// Bound of a range: after every value.
    InfMax,
    /// The server chooses the value.
    AutoIncrement,
}

impl<'a> Value<'a> {
    /// The type's code.
    pub fn code(&self) -> u8 {
        match self {
            Self::Integer(_) => code::INTEGER,
            Self::Double(_) => code::DOUBLE,
            Self::Boolean(_) => code::BOOLEAN,
            Self::String(_) => code::STRING,
            Self::Blob(_) => code::BLOB,
            Self::InfMin => code::INF_MIN,
            Self::InfMax => code::INF_MAX,
            Self::AutoIncrement => code::AUTO_INCREMENT,
        }
    }

    /// The type's name in the service's messages.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Integer(_) => "VT_INTEGER",
            Self::Double(_) => "VT_DOUBLE",
            Self::Boolean(_) => "VT_BOOLEAN",
            Self::String(_) => "VT_STRING",
            Self::Blob(_) => "VT_BLOB",
            Self::InfMin => "VT_INF_MIN",
            Self::InfMax => "VT_INF_MAX",
            Self::AutoIncrement => "VT_AUTO_INCREMENT",
        }
    }

    /// Bytes as the service bills and limits them.
    pub fn size(&self) -> usize {
        match self {
            Self::Integer(_) | Self::Double(_) => 8,
            Self::Boolean(_) => 1,
            Self::String(bytes) | Self::Blob(bytes) => bytes.len(),
            Self::InfMin | Self::InfMax | Self::AutoIncrement => 0,
        }
    }

    /// Order of two values of the same type; None across types.
    pub fn compare(&self, other: &Value<'_>) -> Option<Ordering> {
        match (self, other) {
            (Self::Integer(a), Value::Integer(b)) => Some(a.cmp(b)),
            (Self::Double(a), Value::Double(b)) => a.partial_cmp(b),
            (Self::Boolean(a), Value::Boolean(b)) => Some(a.cmp(b)),
            (Self::String(a), Value::String(b)) | (Self::Blob(a), Value::Blob(b)) => {
                Some((*a).cmp(*b))
            }
            _ => None,
        }
    }

    /// For messages that quote a key.
    pub fn display(&self) -> String {
        match self {
            Self::Integer(v) => v.to_string(),
            Self::Double(v) => v.to_string(),
            Self::Boolean(v) => v.to_string(),
            Self::String(v) | Self::Blob(v) => String::from_utf8_lossy(v).into_owned(),
            other => other.type_name().to_owned(),
        }
    }
}

/// A value that owns its bytes: a filter's operand.
#[derive(Clone, Debug, PartialEq)]
pub enum Owned {
    /// Any value without bytes.
    Plain(Value<'static>),
    /// UTF-8.
    String(Box<[u8]>),
    /// Bytes.
    Blob(Box<[u8]>),
}

impl Owned {
    /// Copies.
    pub fn of(value: Value<'_>) -> Self {
        match value {
            Value::String(bytes) => Self::String(bytes.into()),
            Value::Blob(bytes) => Self::Blob(bytes.into()),
            Value::Integer(v) => Self::Plain(Value::Integer(v)),
            Value::Double(v) => Self::Plain(Value::Double(v)),
            Value::Boolean(v) => Self::Plain(Value::Boolean(v)),
            Value::InfMin => Self::Plain(Value::InfMin),
            Value::InfMax => Self::Plain(Value::InfMax),
            Value::AutoIncrement => Self::Plain(Value::AutoIncrement),
        }
    }

    /// Borrows.
    pub fn value(&self) -> Value<'_> {
        match self {
            Self::Plain(value) => *value,
            Self::String(bytes) => Value::String(bytes),
            Self::Blob(bytes) => Value::Blob(bytes),
        }
    }
}
