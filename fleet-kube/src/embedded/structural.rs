//! Structural schemas of custom resources: pruning, defaulting, validation.
//!
//! Rules: Kubernetes' structural schemas (`apiextensions-apiserver/pkg/apiserver/schema`), field names and texts of
//! `kube-openapi/pkg/validation`. Recursion is bounded by the schema, which the parser bounds.

use std::collections::HashMap;

use regex::Regex;
use serde_json::{Map, Value};

use super::error::Cause;

/// Fields of the root that are not the schema's business.
const META: [&str; 3] = ["apiVersion", "kind", "metadata"];

fn preserves(schema: &Value) -> bool {
    schema["x-kubernetes-preserve-unknown-fields"] == true
}

/// Removes what the schema does not know; gives the paths of what was removed.
pub(super) fn prune(schema: &Value, object: &mut Value) -> Vec<String> {
    let mut removed = Vec::new();
    prune_at(schema, object, true, &mut String::new(), &mut removed);
    removed
}

fn prune_at(schema: &Value, value: &mut Value, root: bool, path: &mut String, removed: &mut Vec<String>) {
    let length = path.len();
    match value {
        Value::Object(map) => {
            let properties = schema.get("properties").and_then(Value::as_object);
            let additional = schema.get("additionalProperties");
            let keep = preserves(schema);
            let root = root || schema["x-kubernetes-embedded-resource"] == true;
            map.retain(|key, child| {
                if root && META.contains(&key.as_str()) {
                    return true;
                }
                let inner = properties
                    .and_then(|p| p.get(key))
                    .or(additional.filter(|a| a.is_object()));
                path.push_str(if length > 0 { "." } else { "" });
                path.push_str(key);
                let known = inner.is_some() || additional == Some(&Value::Bool(true));
                match inner {
                    Some(inner) => prune_at(inner, child, false, path, removed),
                    None if !known && !keep => removed.push(path.clone()),
                    None => {}
                }
                path.truncate(length);
                known || keep
            });
        }
        Value::Array(items) => {
            if let Some(inner) = schema.get("items") {
                for (index, item) in items.iter_mut().enumerate() {
                    path.push_str(&format!("[{index}]"));
                    prune_at(inner, item, false, path, removed);
                    path.truncate(length);
                }
            }
        }
        _ => {}
    }
}

/// Fills in defaults. Nulls where the schema is not nullable and has a default are replaced too.
pub(super) fn set_defaults(schema: &Value, value: &mut Value) {
    match value {
        Value::Object(map) => {
            if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
                for (key, inner) in properties {
                    if let Some(default) = inner.get("default") {
                        let missing = match map.get(key) {
                            None => true,
                            Some(Value::Null) => inner["nullable"] != true,
                            Some(_) => false,
                        };
                        if missing {
                            map.insert(key.clone(), default.clone());
                        }
                    }
                    if let Some(child) = map.get_mut(key) {
                        set_defaults(inner, child);
                    }
                }
            }
            if let Some(inner) = schema.get("additionalProperties").filter(|a| a.is_object()) {
                let named = schema.get("properties").and_then(Value::as_object);
                for (_, child) in map
                    .iter_mut()
                    .filter(|(k, _)| named.is_none_or(|p| !p.contains_key(*k)))
                {
                    set_defaults(inner, child);
                }
            }
        }
        Value::Array(items) => {
            if let Some(inner) = schema.get("items") {
                items.iter_mut().for_each(|item| set_defaults(inner, item));
            }
        }
        _ => {}
    }
}

/// Drops nulls that the schema does not allow, as decoding does before validation.
pub(super) fn drop_nulls(schema: &Value, value: &mut Value) {
    match value {
        Value::Object(map) => {
            let properties = schema.get("properties").and_then(Value::as_object);
            let additional = schema.get("additionalProperties").filter(|a| a.is_object());
            map.retain(|key, child| {
                let Some(inner) = properties.and_then(|p| p.get(key)).or(additional) else {
                    return true;
                };
                if child.is_null() {
                    return inner["nullable"] == true || preserves(inner) || inner.get("type").is_none();
                }
                drop_nulls(inner, child);
                true
            });
        }
        Value::Array(items) => {
            if let Some(inner) = schema.get("items") {
                items.iter_mut().for_each(|item| drop_nulls(inner, item));
            }
        }
        _ => {}
    }
}

/// What the schema refuses.
pub(super) fn validate(schema: &Value, patterns: &HashMap<String, Regex>, object: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    check(schema, patterns, object, "", &mut causes);
    causes
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn check(schema: &Value, patterns: &HashMap<String, Regex>, value: &Value, path: &str, causes: &mut Vec<Cause>) {
    if value.is_null() && schema["nullable"] == true {
        return;
    }
    let shown = if path.is_empty() { "<nil>" } else { path };
    let found = type_name(value);
    let int_or_string = schema["x-kubernetes-int-or-string"] == true;
    if int_or_string && !["integer", "string"].contains(&found) {
        let message = format!("{shown} in body must be of type integer,string: {found:?}");
        return causes.push(Cause::invalid(shown, value, &message));
    }
    if let Some(wanted) = schema["type"].as_str().filter(|_| !int_or_string) {
        let whole = value.as_f64().is_some_and(|f| f.fract() == 0.0);
        let fits = wanted == found || (wanted == "number" && found == "integer") || (wanted == "integer" && whole);
        if !fits {
            let message = format!("{shown} in body must be of type {wanted}: {found:?}");
            let mut cause = Cause::invalid(shown, &Value::String(found.into()), &message);
            cause.reason = "FieldValueTypeInvalid";
            return causes.push(cause);
        }
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        let list: Vec<String> = allowed.iter().map(Value::to_string).collect();
        causes.push(Cause {
            reason: "FieldValueNotSupported",
            field: shown.into(),
            message: format!("Unsupported value: {value}: supported values: {}", list.join(", ")),
        });
    }
    let mut refuse = |message: String| causes.push(Cause::invalid(shown, value, &format!("{shown} in body {message}")));
    match value {
        Value::String(text) => {
            let length = text.chars().count() as u64;
            if let Some(pattern) = schema["pattern"].as_str()
                && patterns.get(pattern).is_some_and(|p| !p.is_match(text))
            {
                refuse(format!("should match '{pattern}'"));
            }
            if let Some(n) = schema["minLength"].as_u64().filter(|n| length < *n) {
                refuse(format!("should be at least {n} chars long"));
            }
            if let Some(n) = schema["maxLength"].as_u64().filter(|n| length > *n) {
                refuse(format!("should be at most {n} chars long"));
            }
            if schema["format"] == "date-time" && text.parse::<jiff::Timestamp>().is_err() {
                refuse(format!("must be of type date-time: {text:?}"));
            }
        }
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or(0.0);
            if let Some(n) = schema["minimum"].as_f64() {
                let exclusive = schema["exclusiveMinimum"] == true;
                if number < n || (exclusive && number <= n) {
                    let or_equal = if exclusive { "" } else { " or equal to" };
                    refuse(format!("should be greater than{or_equal} {}", schema["minimum"]));
                }
            }
            if let Some(n) = schema["maximum"].as_f64() {
                let exclusive = schema["exclusiveMaximum"] == true;
                if number > n || (exclusive && number >= n) {
                    let or_equal = if exclusive { "" } else { " or equal to" };
                    refuse(format!("should be less than{or_equal} {}", schema["maximum"]));
                }
            }
            if let Some(n) = schema["multipleOf"]
                .as_f64()
                .filter(|n| *n != 0.0 && (number / n).fract() != 0.0)
            {
                refuse(format!("should be a multiple of {n}"));
            }
        }
        Value::Array(items) => {
            let length = items.len() as u64;
            if let Some(n) = schema["minItems"].as_u64().filter(|n| length < *n) {
                refuse(format!("should have at least {n} items"));
            }
            if let Some(n) = schema["maxItems"].as_u64().filter(|n| length > *n) {
                refuse(format!("should have at most {n} items"));
            }
            check_unique(schema, items, shown, causes);
            if let Some(inner) = schema.get("items") {
                for (index, item) in items.iter().enumerate() {
                    check(inner, patterns, item, &format!("{path}[{index}]"), causes);
                }
            }
        }
        Value::Object(map) => {
            let length = map.len() as u64;
            if let Some(n) = schema["minProperties"].as_u64().filter(|n| length < *n) {
                refuse(format!("should have at least {n} properties"));
            }
            if let Some(n) = schema["maxProperties"].as_u64().filter(|n| length > *n) {
                refuse(format!("should have at most {n} properties"));
            }
            check_object(schema, patterns, map, path, causes);
        }
        _ => {}
    }
    check_junctors(schema, patterns, value, path, shown, causes);
}

fn check_object(
    schema: &Value,
    patterns: &HashMap<String, Regex>,
    map: &Map<String, Value>,
    path: &str,
    causes: &mut Vec<Cause>,
) {
    let at = |key: &str| {
        if path.is_empty() {
            key.to_owned()
        } else {
            format!("{path}.{key}")
        }
    };
    for key in schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        if !map.contains_key(key) {
            causes.push(Cause::required(at(key), ""));
        }
    }
    let properties = schema.get("properties").and_then(Value::as_object);
    let additional = schema.get("additionalProperties").filter(|a| a.is_object());
    for (key, child) in map {
        // Metadata of the root has been checked as every object's.
        if path.is_empty() && META.contains(&key.as_str()) {
            continue;
        }
        if let Some(inner) = properties.and_then(|p| p.get(key)).or(additional) {
            check(inner, patterns, child, &at(key), causes);
        }
    }
}

fn check_unique(schema: &Value, items: &[Value], shown: &str, causes: &mut Vec<Cause>) {
    let keys: Option<Vec<&str>> = match schema["x-kubernetes-list-type"].as_str() {
        Some("set") => None,
        Some("map") => Some(
            schema["x-kubernetes-list-map-keys"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect(),
        ),
        _ => return,
    };
    let mut seen = std::collections::HashSet::new();
    for (index, item) in items.iter().enumerate() {
        let identity = match &keys {
            None => item.to_string(),
            Some(keys) => {
                let own: Map<String, Value> = keys
                    .iter()
                    .filter_map(|k| Some(((*k).to_owned(), item.get(*k)?.clone())))
                    .collect();
                Value::Object(own).to_string()
            }
        };
        if !seen.insert(identity.clone()) {
            causes.push(Cause {
                reason: "FieldValueDuplicate",
                field: format!("{shown}[{index}]"),
                message: format!("Duplicate value: {identity}"),
            });
        }
    }
}

fn check_junctors(
    schema: &Value,
    patterns: &HashMap<String, Regex>,
    value: &Value,
    path: &str,
    shown: &str,
    causes: &mut Vec<Cause>,
) {
    let passes = |inner: &Value| {
        let mut own = Vec::new();
        check(inner, patterns, value, path, &mut own);
        own.is_empty()
    };
    // An int-or-string's anyOf says the same again.
    if let Some(any) = schema["anyOf"]
        .as_array()
        .filter(|_| schema["x-kubernetes-int-or-string"] != true)
        && !any.iter().any(passes)
    {
        causes.push(Cause::invalid(
            shown,
            value,
            &format!("{shown} in body must validate at least one schema (anyOf)"),
        ));
    }
    if let Some(one) = schema["oneOf"].as_array()
        && one.iter().filter(|s| passes(s)).count() != 1
    {
        causes.push(Cause::invalid(
            shown,
            value,
            &format!("{shown} in body must validate one and only one schema (oneOf)"),
        ));
    }
    for inner in schema["allOf"].as_array().into_iter().flatten() {
        check(inner, patterns, value, path, causes);
    }
    if schema.get("not").is_some_and(passes) {
        causes.push(Cause::invalid(
            shown,
            value,
            &format!("{shown} in body must not validate the schema (not)"),
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Value {
        json!({
            "type": "object",
            "properties": { "spec": {
                "type": "object", "required": ["size"],
                "properties": {
                    "size": { "type": "integer", "minimum": 1 },
                    "mode": { "type": "string", "enum": ["a", "b"], "default": "a" },
                    "name": { "type": "string", "pattern": "^[a-z]+$" },
                    "port": { "x-kubernetes-int-or-string": true },
                    "free": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
                    "labels": { "type": "object", "additionalProperties": { "type": "string" } },
                    "items": { "type": "array", "items": { "type": "object", "properties": { "x": { "type": "string", "default": "d" } } } },
                },
            } },
        })
    }

    #[test]
    fn prunes_and_defaults() {
        let mut object = json!({ "kind": "K", "metadata": { "name": "n" }, "other": 1,
            "spec": { "size": 1, "gone": true, "free": { "any": { "thing": 1 } }, "labels": { "k": "v" }, "items": [{ "y": 1 }] } });
        let removed = prune(&schema(), &mut object);
        assert_eq!(removed, ["other", "spec.gone", "spec.items[0].y"]);
        set_defaults(&schema(), &mut object);
        assert_eq!(
            object["spec"],
            json!({ "size": 1, "mode": "a", "free": { "any": { "thing": 1 } }, "labels": { "k": "v" }, "items": [{ "x": "d" }] })
        );
    }

    #[test]
    fn refuses_what_does_not_fit() {
        let mut patterns = HashMap::new();
        patterns.insert("^[a-z]+$".to_owned(), Regex::new("^[a-z]+$").unwrap());
        let fields = |spec: Value| -> Vec<String> {
            validate(&schema(), &patterns, &json!({ "spec": spec }))
                .into_iter()
                .map(|c| c.field)
                .collect()
        };
        assert_eq!(fields(json!({})), ["spec.size"]);
        assert_eq!(
            fields(json!({ "size": 0, "mode": "c", "name": "A", "port": true })),
            ["spec.mode", "spec.name", "spec.port", "spec.size"]
        );
        assert!(fields(json!({ "size": 1, "port": "http" })).is_empty());
        assert_eq!(fields(json!({ "size": "1" })), ["spec.size"]);
    }
}
