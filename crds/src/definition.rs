//! The finished CustomResourceDefinition: what the derive macros make of the types, with what
//! they cannot say: a bound on every string, list and map, and no `nullable` (so that `null`
//! means "absent" and gets the default).

use kube::CustomResourceExt;
use serde_json::{Map, Value, json};

use crate::MetadataCluster;

/// Bounds for what the types leave unbounded (embedded Kubernetes types, status texts).
const MAX_STRING: u64 = 4096;
const MAX_ITEMS: u64 = 64;
const MAX_PROPERTIES: u64 = 64;

/// Why the definition could not be made: a defect of the types, found by this crate's tests.
#[derive(Debug, thiserror::Error)]
pub enum DefinitionError {
    /// The derived definition is not plain JSON.
    #[error("the derived definition: {0}")]
    Json(#[from] serde_json::Error),
    /// The definition cannot be printed.
    #[error("printing the definition: {0}")]
    Yaml(#[from] serde_yaml::Error),
}

/// The definition of `MetadataCluster` as JSON.
///
/// # Errors
/// [`DefinitionError::Json`]
pub fn metadatacluster() -> Result<Value, DefinitionError> {
    let mut crd = serde_json::to_value(MetadataCluster::crd())?;
    if let Some(schema) = crd.pointer_mut("/spec/versions/0/schema/openAPIV3Schema") {
        finish(schema);
        // What Kubernetes itself checks: bounds would only get in the way.
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            properties.remove("metadata");
            properties.remove("apiVersion");
            properties.remove("kind");
        }
    }
    Ok(crd)
}

/// The definition of `MetadataCluster` as YAML.
///
/// # Errors
/// [`DefinitionError`]
pub fn metadatacluster_yaml() -> Result<String, DefinitionError> {
    Ok(serde_yaml::to_string(&metadatacluster()?)?)
}

/// Finishes one schema and all below.
fn finish(schema: &mut Value) {
    let Some(object) = schema.as_object_mut() else { return };
    object.remove("nullable");
    numbers(object);
    unwrap_description(object);
    int_or_string(object);
    match object.get("type").and_then(Value::as_str) {
        Some("string") if !bounded(object, &["maxLength", "enum", "format"]) => {
            object.insert("maxLength".into(), json!(MAX_STRING));
        }
        Some("array") if !bounded(object, &["maxItems"]) => {
            object.insert("maxItems".into(), json!(MAX_ITEMS));
        }
        Some("object")
            if object.contains_key("additionalProperties")
                && !bounded(object, &["maxProperties"]) =>
        {
            object.insert("maxProperties".into(), json!(MAX_PROPERTIES));
        }
        _ => {}
    }
    if let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(finish);
    }
    for below in ["items", "additionalProperties"] {
        if let Some(schema) = object.get_mut(below) {
            finish(schema);
        }
    }
}

fn bounded(object: &Map<String, Value>, by: &[&str]) -> bool {
    by.iter().any(|key| object.contains_key(*key))
}

/// Whole numbers as such, and only formats that Kubernetes knows.
fn numbers(object: &mut Map<String, Value>) {
    let format = match object.get("format").and_then(Value::as_str) {
        Some("uint8" | "int8" | "uint16" | "int16") => Some("int32"),
        Some("uint32" | "uint64" | "uint") => Some("int64"),
        _ => None,
    };
    if let Some(format) = format {
        object.insert("format".into(), json!(format));
    }
    for bound in ["minimum", "maximum"] {
        let whole = object
            .get(bound)
            .and_then(Value::as_f64)
            .filter(|n| n.fract() == 0.0 && n.abs() < 9e15);
        if let Some(whole) = whole {
            object.insert(bound.into(), json!(whole as i64));
        }
    }
}

/// Doc comments are wrapped for the source; whoever shows them wraps them again.
fn unwrap_description(object: &mut Map<String, Value>) {
    if let Some(text) = object.get("description").and_then(Value::as_str) {
        let paragraphs: Vec<String> =
            text.split("\n\n").map(|p| p.split('\n').collect::<Vec<_>>().join(" ")).collect();
        object.insert("description".into(), json!(paragraphs.join("\n\n")));
    }
}

/// Gives embedded quantities and ports a bound and a text of one line.
fn int_or_string(object: &mut Map<String, Value>) {
    if object.get("x-kubernetes-int-or-string") != Some(&Value::Bool(true)) {
        return;
    }
    object.entry("anyOf").or_insert_with(|| json!([{ "type": "integer" }, { "type": "string" }]));
    object.entry("maxLength").or_insert_with(|| json!(64));
    let embedded = object
        .get("description")
        .and_then(Value::as_str)
        .is_some_and(|text| text.starts_with("Quantity is"));
    if embedded {
        object.insert("description".into(), json!("A quantity, such as 500m, 2 or 4Gi."));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Value {
        metadatacluster()
            .unwrap()
            .pointer("/spec/versions/0/schema/openAPIV3Schema")
            .unwrap()
            .clone()
    }

    /// Walks all schemas below `schema`, telling the path to each.
    fn walk(path: &str, schema: &Value, visit: &mut dyn FnMut(&str, &Value)) {
        visit(path, schema);
        for (name, below) in
            schema.get("properties").and_then(Value::as_object).into_iter().flatten()
        {
            walk(&format!("{path}.{name}"), below, visit);
        }
        for below in ["items", "additionalProperties"] {
            if let Some(schema) = schema.get(below) {
                walk(&format!("{path}[]"), schema, visit);
            }
        }
    }

    #[test]
    fn everything_is_bounded_and_documented() {
        walk("", &schema(), &mut |path, schema| {
            assert!(schema.get("nullable").is_none(), "{path} is nullable");
            let has = |keys: &[&str]| keys.iter().any(|key| schema.get(key).is_some());
            match schema.get("type").and_then(Value::as_str) {
                Some("string") => {
                    assert!(has(&["maxLength", "enum", "format"]), "{path} has no bound")
                }
                Some("array") => assert!(has(&["maxItems"]), "{path} has no bound"),
                Some("object") if has(&["additionalProperties"]) => {
                    assert!(has(&["maxProperties"]), "{path} has no bound");
                }
                _ => {}
            }
            if let Some(format) = schema.get("format").and_then(Value::as_str) {
                assert!(
                    ["int32", "int64", "double", "date-time"].contains(&format),
                    "{path}: format {format}"
                );
            }
            if !path.ends_with("[]") {
                assert!(has(&["description"]), "{path} is not documented");
            }
        });
    }

    #[test]
    fn every_spec_field_has_a_default_or_is_optional() {
        let schema = schema();
        let spec = schema.pointer("/properties/spec").unwrap();
        assert_eq!(spec.get("required"), None, "an empty spec is a good spec");
    }

    #[test]
    fn defaults_of_the_schema_are_those_of_the_types() {
        let spec: crate::MetadataClusterSpec = serde_json::from_value(json!({})).unwrap();
        assert_eq!(spec, crate::MetadataClusterSpec::default());
    }
}
