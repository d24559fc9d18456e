//! What a live object would be after the desired one was applied to it.

use serde_json::{Map, Value};

use super::quantity;

/// Lists whose elements have a key, by the name of the list's field: those of Kubernetes' own kinds.
const KEYED: &[(&str, &[&str])] = &[
    ("containers", &["name"]),
    ("initContainers", &["name"]),
    ("ephemeralContainers", &["name"]),
    ("env", &["name"]),
    ("volumes", &["name"]),
    ("imagePullSecrets", &["name"]),
    ("secrets", &["name"]),
    ("webhooks", &["name"]),
    ("resourceClaims", &["name"]),
    ("volumeMounts", &["mountPath"]),
    ("volumeDevices", &["devicePath"]),
    ("hostAliases", &["ip"]),
    ("ports", &["containerPort", "port"]),
    ("conditions", &["type"]),
    ("ownerReferences", &["uid"]),
];

/// The key of a list's elements, where its field has one and every element carries it.
pub(super) fn key_of<'a>(field: &str, lists: &[&[Value]]) -> Option<&'a str> {
    let (_, keys) = KEYED.iter().find(|(known, _)| *known == field)?;
    let all = |key: &str| {
        lists
            .iter()
            .flat_map(|list| list.iter())
            .all(|element| element.get(key).is_some())
    };
    keys.iter().find(|key| all(key)).copied()
}

/// Merges desired onto live.
pub(super) fn onto(live: &Value, desired: &Value) -> Value {
    let builtin = is_builtin(super::super::object::api_version(desired));
    merge(live, desired, &mut Vec::new(), builtin)
}

/// Whether a kind is one of Kubernetes' own, whose lists have merge keys.
pub(super) fn is_builtin(api_version: &str) -> bool {
    let Some((group, _)) = api_version.split_once('/') else {
        return true;
    };
    !group.contains('.') || group.ends_with(".k8s.io")
}

fn merge<'a>(live: &Value, desired: &'a Value, path: &mut Vec<&'a str>, builtin: bool) -> Value {
    match (live, desired) {
        (Value::Object(live), Value::Object(desired)) => Value::Object(merge_maps(live, desired, path, builtin)),
        (Value::Array(live), Value::Array(desired)) => Value::Array(merge_lists(live, desired, path, builtin)),
        (live, desired) if same_scalar(live, desired, path) => live.clone(),
        (_, desired) => desired.clone(),
    }
}

fn merge_maps<'a>(
    live: &Map<String, Value>,
    desired: &'a Map<String, Value>,
    path: &mut Vec<&'a str>,
    builtin: bool,
) -> Map<String, Value> {
    let mut merged = live.clone();
    for (key, value) in desired {
        let merged_value = match live.get(key) {
            // A server leaves zero values out when it writes an object; null says nothing at all.
            None if is_zero(value) => continue,
            Some(_) if value.is_null() => continue,
            None => value.clone(),
            Some(live) => {
                path.push(key);
                let value = merge(live, value, path, builtin);
                path.pop();
                value
            }
        };
        merged.insert(key.clone(), merged_value);
    }
    merged
}

fn merge_lists<'a>(live: &[Value], desired: &'a [Value], path: &mut Vec<&'a str>, builtin: bool) -> Vec<Value> {
    let field = path.last().copied().unwrap_or_default();
    if let Some(key) = key_of(field, &[live, desired]).filter(|_| builtin) {
        let mut merged = live.to_vec();
        for element in desired {
            let found = live.iter().position(|live| live.get(key) == element.get(key));
            match found {
                Some(at) => merged[at] = merge(&live[at], element, path, builtin),
                None => merged.push(element.clone()),
            }
        }
        return merged;
    }
    if live.len() != desired.len() {
        return desired.to_vec();
    }
    live.iter()
        .zip(desired)
        .map(|(live, desired)| merge(live, desired, path, builtin))
        .collect()
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.values().all(is_zero),
    }
}

fn same_scalar(live: &Value, desired: &Value, path: &[&str]) -> bool {
    match (live, desired) {
        (Value::Number(live), Value::Number(desired)) => live.as_f64() == desired.as_f64(),
        _ => live == desired || (quantity::is_at(path) && quantity::same(live, desired)),
    }
}
