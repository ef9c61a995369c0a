//! Kubernetes quantities (`500m`, `10Gi`): their schema and their value.

use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use schemars::{Schema, SchemaGenerator, json_schema};

/// The pattern that apimachinery accepts (resource/quantity.go).
const PATTERN: &str = r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$";

/// Schema of a quantity: an integer or a string of the right form.
pub fn quantity_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "anyOf": [{ "type": "integer" }, { "type": "string" }],
        "pattern": PATTERN,
        "maxLength": 64,
        "x-kubernetes-int-or-string": true,
    })
}

/// A quantity that cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a quantity: write a number with a unit, such as 500m, 2Gi or 10G")]
pub struct BadQuantity(pub String);

/// The whole units in `quantity`, rounded up (bytes for a storage size).
///
/// # Errors
/// [`BadQuantity`] if it is malformed, negative, or greater than 2^63-1.
pub fn units(quantity: &Quantity) -> Result<u64, BadQuantity> {
    let bad = || BadQuantity(quantity.0.clone());
    let text = quantity.0.trim_start_matches('+');
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let number: f64 = number.parse().map_err(|_| bad())?;
    let factor = match suffix {
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "" => 1.0,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "E" => 1e18,
        "Ki" => 2f64.powi(10),
        "Mi" => 2f64.powi(20),
        "Gi" => 2f64.powi(30),
        "Ti" => 2f64.powi(40),
        "Pi" => 2f64.powi(50),
        "Ei" => 2f64.powi(60),
        _ => {
            let exponent: i32 =
                suffix.strip_prefix(['e', 'E']).and_then(|e| e.parse().ok()).ok_or_else(bad)?;
            10f64.powi(exponent)
        }
    };
    let value = (number * factor).ceil();
    if value.is_finite() && value < i64::MAX as f64 { Ok(value as u64) } else { Err(bad()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_suffix_family() {
        for (text, want) in [
            ("1", 1),
            ("+10Gi", 10 << 30),
            ("1.5Gi", 1536 << 20),
            ("500m", 1),
            ("2k", 2000),
            ("1e3", 1000),
            ("1E2", 100),
            ("1E", 1_000_000_000_000_000_000),
            (".5Ki", 512),
        ] {
            assert_eq!(units(&Quantity(text.into())), Ok(want), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_quantity() {
        for text in ["", "Gi", "-1", "1 Gi", "1gi", "1.2.3", "10E", "1e99", "ten"] {
            assert!(units(&Quantity(text.into())).is_err(), "{text}");
        }
    }
}
