//! Values of primary keys and attributes, and their order.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use bytes::Bytes;

use super::Text;

/// A value. The last three are places in a primary key, not data: the ends of a range, and where
/// the service is to give out a number.
///
/// Equality, order and hash are total: doubles by IEEE 754's total order (so NaN equals itself, and
/// -0.0 comes before 0.0). What filters compare by is [`Value::compare`].
#[derive(Clone, Debug)]
pub enum Value {
    /// A 64-bit integer.
    Integer(i64),
    /// A double; attributes only.
    Double(f64),
    /// A boolean; attributes only.
    Boolean(bool),
    /// UTF-8.
    String(Text),
    /// Bytes.
    Binary(Bytes),
    /// Below every value.
    InfMin,
    /// Above every value.
    InfMax,
    /// The service puts a number here when the row is written.
    AutoIncrement,
}

/// The type of a value, by its number on the wire (`VT_*` of the SDKs).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ValueType {
    /// `VT_INTEGER`.
    Integer = 0x0,
    /// `VT_DOUBLE`.
    Double = 0x1,
    /// `VT_BOOLEAN`.
    Boolean = 0x2,
    /// `VT_STRING`.
    String = 0x3,
    /// `VT_BLOB`.
    Binary = 0x7,
    /// `VT_INF_MIN`.
    InfMin = 0x9,
    /// `VT_INF_MAX`.
    InfMax = 0xA,
    /// `VT_AUTO_INCREMENT`.
    AutoIncrement = 0xB,
}

impl ValueType {
    /// The type with this number.
    #[must_use]
    pub fn from_wire(number: u8) -> Option<Self> {
        Some(match number {
            0x0 => Self::Integer,
            0x1 => Self::Double,
            0x2 => Self::Boolean,
            0x3 => Self::String,
            0x7 => Self::Binary,
            0x9 => Self::InfMin,
            0xA => Self::InfMax,
            0xB => Self::AutoIncrement,
            _ => return None,
        })
    }

    /// Its number on the wire.
    #[must_use]
    pub fn wire(self) -> u8 {
        self as u8
    }

    /// Where the type stands among the others when values of unlike types are ordered.
    fn rank(self) -> u8 {
        match self {
            Self::InfMin => 0,
            Self::Integer => 1,
            Self::Double => 2,
            Self::Boolean => 3,
            Self::String => 4,
            Self::Binary => 5,
            Self::AutoIncrement => 6,
            Self::InfMax => 7,
        }
    }
}

impl Value {
    /// A string.
    pub fn string(text: impl Into<Text>) -> Self {
        Self::String(text.into())
    }

    /// Bytes.
    pub fn binary(bytes: impl Into<Bytes>) -> Self {
        Self::Binary(bytes.into())
    }

    /// Its type.
    #[must_use]
    pub fn value_type(&self) -> ValueType {
        match self {
            Self::Integer(_) => ValueType::Integer,
            Self::Double(_) => ValueType::Double,
            Self::Boolean(_) => ValueType::Boolean,
            Self::String(_) => ValueType::String,
            Self::Binary(_) => ValueType::Binary,
            Self::InfMin => ValueType::InfMin,
            Self::InfMax => ValueType::InfMax,
            Self::AutoIncrement => ValueType::AutoIncrement,
        }
    }

    /// The bytes that the service counts for it: 8 for numbers, 1 for booleans, the length of
    /// strings and binaries.
    #[must_use]
    pub fn size(&self) -> usize {
        match self {
            Self::Integer(_) | Self::Double(_) => 8,
            Self::Boolean(_) => 1,
            Self::String(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
            Self::InfMin | Self::InfMax | Self::AutoIncrement => 0,
        }
    }

    /// How filters and conditions compare: only values of one type, doubles as numbers; `None`
    /// where there is no order.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Double(a), Self::Double(b)) => a.partial_cmp(b),
            _ if self.value_type() == other.value_type() => Some(self.cmp(other)),
            _ => None,
        }
    }

    /// The integer, if it is one.
    #[must_use]
    pub fn as_integer(&self) -> Option<i64> {
        if let Self::Integer(value) = self { Some(*value) } else { None }
    }

    /// The text, if it is a string.
    #[must_use]
    pub fn as_text(&self) -> Option<&Text> {
        if let Self::String(value) = self { Some(value) } else { None }
    }

    /// The bytes, if it is a binary.
    #[must_use]
    pub fn as_binary(&self) -> Option<&Bytes> {
        if let Self::Binary(value) = self { Some(value) } else { None }
    }

    /// The double, if it is one.
    #[must_use]
    pub fn as_double(&self) -> Option<f64> {
        if let Self::Double(value) = self { Some(*value) } else { None }
    }

    /// The boolean, if it is one.
    #[must_use]
    pub fn as_boolean(&self) -> Option<bool> {
        if let Self::Boolean(value) = self { Some(*value) } else { None }
    }
}

impl Ord for Value {
    /// As primary keys are ordered: INF_MIN first, INF_MAX last, strings and binaries by their
    /// bytes (Tablestore's documentation, "Primary keys and attributes"). A primary key column has
    /// one type, so the order between types is this crate's own.
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Integer(a), Self::Integer(b)) => a.cmp(b),
            (Self::Double(a), Self::Double(b)) => a.total_cmp(b),
            (Self::Boolean(a), Self::Boolean(b)) => a.cmp(b),
            (Self::String(a), Self::String(b)) => a.cmp(b),
            (Self::Binary(a), Self::Binary(b)) => a.cmp(b),
            _ => self.value_type().rank().cmp(&other.value_type().rank()),
        }
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Value {}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.value_type().hash(state);
        match self {
            Self::Integer(value) => value.hash(state),
            Self::Double(value) => value.to_bits().hash(state),
            Self::Boolean(value) => value.hash(state),
            Self::String(value) => value.hash(state),
            Self::Binary(value) => value.hash(state),
            Self::InfMin | Self::InfMax | Self::AutoIncrement => {}
        }
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Double(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::String(value.into())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::String(value.into())
    }
}

impl From<Text> for Value {
    fn from(value: Text) -> Self {
        Self::String(value)
    }
}

impl From<Bytes> for Value {
    fn from(value: Bytes) -> Self {
        Self::Binary(value)
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Binary(value.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_ordered_as_in_a_range() {
        let ordered = [
            Value::InfMin,
            Value::Integer(i64::MIN),
            Value::Integer(-1),
            Value::Integer(7),
            Value::Double(-0.0),
            Value::Double(0.0),
            Value::string(""),
            Value::string("Z"),
            Value::string("a"),
            Value::string("a\u{0}"),
            Value::string("é"),
            Value::binary(vec![]),
            Value::binary(vec![0xFF]),
            Value::InfMax,
        ];
        for (i, a) in ordered.iter().enumerate() {
            for (j, b) in ordered.iter().enumerate() {
                assert_eq!(a.cmp(b), i.cmp(&j), "{a:?} {b:?}");
                assert_eq!(a == b, i == j);
            }
        }
    }

    #[test]
    fn filters_compare_values_of_one_type() {
        assert_eq!(Value::Integer(1).compare(&Value::Double(1.0)), None);
        assert_eq!(Value::Double(0.0).compare(&Value::Double(-0.0)), Some(Ordering::Equal));
        assert_eq!(Value::Double(f64::NAN).compare(&Value::Double(1.0)), None);
        assert_eq!(Value::from("a").compare(&Value::from("b")), Some(Ordering::Less));
    }

    #[test]
    fn types_have_their_numbers() {
        for number in 0..=u8::MAX {
            if let Some(known) = ValueType::from_wire(number) {
                assert_eq!(known.wire(), number);
            }
        }
        assert_eq!(ValueType::from_wire(7), Some(ValueType::Binary));
        assert_eq!(ValueType::from_wire(6), None);
    }
}
