//! JSON patches as kustomize's library (evanphx/json-patch v4) applies them, which is laxer than RFC 6902: `replace` adds a missing
//! key, negative indices count from the end, `test` finds null where nothing is, `copy` copies nothing as null.

use serde_json::{Map, Value};

use super::{
    error::{KustomizeError, Result},
    growth::Growth,
};

/// One operation, checked when it is applied.
pub(super) type Operation = Map<String, Value>;

/// Reads a patch: strict JSON if it begins with `[`, else YAML 1.1. `None` if it is no list of operations.
pub(super) fn parse(text: &str) -> std::result::Result<Vec<Operation>, String> {
    if text.is_empty() {
        return Err("empty json patch operations".to_owned());
    }
    let value: Value = if text.starts_with('[') {
        serde_json::from_str(text).map_err(|error| error.to_string())?
    } else {
        crate::yaml::read(text).map_err(|error| error.to_string())?
    };
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(items) => items
            .into_iter()
            .map(|item| match item {
                Value::Object(operation) => Ok(operation),
                Value::Null => Ok(Operation::new()),
                _ => Err("json: cannot unmarshal into Go value of type jsonpatch.Operation".to_owned()),
            })
            .collect(),
        _ => Err("json: cannot unmarshal object into Go value of type jsonpatch.Patch".to_owned()),
    }
}

/// Applies all operations.
pub(super) fn apply(document: &mut Value, operations: &[Operation], growth: &Growth) -> Result<()> {
    for operation in operations {
        let kind = text(operation, "op").unwrap_or("unknown");
        let path = text(operation, "path");
        let value = || operation.get("value").cloned().unwrap_or(Value::Null);
        let path =
            path.ok_or_else(|| KustomizeError::Patch(format!("{kind} operation failed to decode path: missing value")));
        match kind {
            "add" => {
                let path = path?;
                add(document, path, grown(growth, value(), path)?, kind)?;
            }
            "remove" => {
                remove(document, path?, kind)?;
            }
            "replace" => {
                let path = path?;
                replace(document, path, grown(growth, value(), path)?)?;
            }
            "move" | "copy" => {
                let from = text(operation, "from").ok_or_else(|| {
                    KustomizeError::Patch(format!(
                        "{kind} operation failed to decode from: operation, missing from field: missing value"
                    ))
                })?;
                let moved = if kind == "move" {
                    remove(document, from, kind)?
                } else {
                    copied(document, from)?
                };
                let path = path?;
                add(document, path, grown(growth, moved, path)?, kind)?;
            }
            "test" => test(document, path?, operation.get("value"))?,
            _ => return Err(KustomizeError::Patch(format!("Unexpected kind: {kind}"))),
        }
    }
    Ok(())
}

/// A value that goes to a path, within the bounds of the build.
fn grown(growth: &Growth, value: Value, path: &str) -> Result<Value> {
    growth.value(&value, path.matches('/').count())?;
    Ok(value)
}

fn text<'a>(operation: &'a Operation, field: &str) -> Option<&'a str> {
    operation.get(field).and_then(Value::as_str)
}

fn failure(kind: &str, what: &str) -> KustomizeError {
    KustomizeError::Patch(format!("{kind} operation does not apply: {what}"))
}

fn missing_path(kind: &str, path: &str) -> KustomizeError {
    failure(
        kind,
        &format!("doc is missing path: {}: missing value", super::error::quote(path)),
    )
}

/// The container that a pointer leads to, and the last part. What stands before the first slash is ignored.
fn find<'a>(document: &'a mut Value, path: &str) -> Option<(&'a mut Value, String)> {
    let (_, pointer) = path.split_once('/')?;
    let (parents, key) = match pointer.rsplit_once('/') {
        Some((parents, key)) => (Some(parents), key),
        None => (None, pointer),
    };
    let mut container = document;
    for part in parents.into_iter().flat_map(|parents| parents.split('/')) {
        let part = unescape(part);
        container = match container {
            Value::Object(object) => object.get_mut(&part)?,
            Value::Array(items) => {
                let at = existing(&part, items.len()).ok()?;
                items.get_mut(at)?
            }
            _ => return None,
        };
    }
    (container.is_object() || container.is_array()).then(|| (container, unescape(key)))
}

fn unescape(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

/// The index of an element that is there; negative ones count from the end.
fn existing(key: &str, length: usize) -> std::result::Result<usize, String> {
    let index: i64 = key
        .parse()
        .map_err(|_| format!("strconv.Atoi: parsing {key:?}: invalid syntax"))?;
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let at = if index < 0 { index + length } else { index };
    if at < 0 || at >= length {
        return Err(format!(
            "Unable to access invalid index: {index}: invalid index referenced"
        ));
    }
    Ok(usize::try_from(at).unwrap_or(0))
}

fn add(document: &mut Value, path: &str, value: Value, kind: &str) -> Result<()> {
    let (container, key) = find(document, path).ok_or_else(|| match kind {
        "add" => missing_path(kind, path),
        _ => failure(kind, &format!("doc is missing destination path: {path}: missing value")),
    })?;
    match container {
        Value::Object(object) => {
            object.insert(key, value);
        }
        Value::Array(items) if key == "-" => items.push(value),
        Value::Array(items) => {
            let no_index = if key.parse::<i64>().is_err() {
                format!("value was not a proper array index: '{key}': ")
            } else {
                String::new()
            };
            let at = existing(&key, items.len() + 1)
                .map_err(|text| format!("{no_index}{text}"))
                .map_err(|text| KustomizeError::Patch(format!("error in {kind} for path: '{path}': {text}")))?;
            items.insert(at, value);
        }
        _ => {}
    }
    Ok(())
}

fn remove(document: &mut Value, path: &str, kind: &str) -> Result<Value> {
    let (container, key) = find(document, path).ok_or_else(|| missing_path(kind, path))?;
    // Of a move, only the last part is named.
    let named = if kind == "move" { key.clone() } else { path.to_owned() };
    let in_path = |text: String| KustomizeError::Patch(format!("error in {kind} for path: '{named}': {text}"));
    match container {
        Value::Object(object) => object
            .remove(&key)
            .ok_or_else(|| in_path(format!("Unable to remove nonexistent key: {key}: missing value"))),
        Value::Array(items) => {
            let at = existing(&key, items.len()).map_err(in_path)?;
            Ok(items.remove(at))
        }
        _ => Ok(Value::Null),
    }
}

fn replace(document: &mut Value, path: &str, value: Value) -> Result<()> {
    if path.is_empty() {
        *document = value;
        return Ok(());
    }
    let (container, key) = find(document, path)
        .ok_or_else(|| failure("replace", &format!("doc is missing path: {path}: missing value")))?;
    match container {
        Value::Object(object) => {
            object.insert(key, value);
        }
        Value::Array(items) => {
            let at = existing(&key, items.len())
                .map_err(|_| failure("replace", &format!("doc is missing key: {path}: missing value")))?;
            items[at] = value;
        }
        _ => {}
    }
    Ok(())
}

fn copied(document: &mut Value, from: &str) -> Result<Value> {
    let (container, key) = find(document, from)
        .ok_or_else(|| failure("copy", &format!("doc is missing from path: {from}: missing value")))?;
    Ok(match container {
        Value::Object(object) => object.get(&key).cloned().unwrap_or(Value::Null),
        Value::Array(items) => {
            let at = existing(&key, items.len())
                .map_err(|text| KustomizeError::Patch(format!("error in copy for from: '{from}': {text}")))?;
            items[at].clone()
        }
        _ => Value::Null,
    })
}

fn test(document: &mut Value, path: &str, expected: Option<&Value>) -> Result<()> {
    let failed = || KustomizeError::Patch(format!("testing value {path} failed: test failed"));
    if path.is_empty() {
        return if equal(document, expected.unwrap_or(&Value::Null)) {
            Ok(())
        } else {
            Err(failed())
        };
    }
    let (container, key) = find(document, path).ok_or_else(|| {
        KustomizeError::Patch(format!(
            "test operation does not apply: is missing path: {path}: missing value"
        ))
    })?;
    let found = match container {
        Value::Object(object) => object.get(&key),
        Value::Array(items) => existing(&key, items.len()).ok().and_then(|at| items.get(at)),
        _ => None,
    };
    let is_equal = match (found, expected.unwrap_or(&Value::Null)) {
        (None | Some(Value::Null), Value::Null) => true,
        (Some(found), expected) => equal(found, expected),
        (None, _) => false,
    };
    if is_equal { Ok(()) } else { Err(failed()) }
}

fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(key, left)| right.get(key).is_some_and(|right| equal(left, right)))
        }
        (left, right) => left == right,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn patched(document: &Value, operations: Value) -> std::result::Result<Value, String> {
        let mut document = document.clone();
        let operations = parse(&operations.to_string())?;
        apply(&mut document, &operations, &Growth::default()).map_err(|error| error.to_string())?;
        Ok(document)
    }

    #[test]
    fn laxer_than_the_rfc() {
        let document = json!({"a": 1, "l": [1, 2]});
        let cases = [
            (
                json!([{"op": "replace", "path": "/b", "value": 2}]),
                json!({"a": 1, "b": 2, "l": [1, 2]}),
            ),
            (
                json!([{"op": "add", "path": "/l/-1", "value": 3}]),
                json!({"a": 1, "l": [1, 2, 3]}),
            ),
            (json!([{"op": "test", "path": "/x", "value": null}]), document.clone()),
            (
                json!([{"op": "copy", "from": "/x", "path": "/y"}]),
                json!({"a": 1, "l": [1, 2], "y": null}),
            ),
            (
                json!([{"op": "add", "path": "zzz/b", "value": 2}]),
                json!({"a": 1, "b": 2, "l": [1, 2]}),
            ),
            (json!([{"op": "test", "path": "/a", "value": 1.0}]), document.clone()),
            (json!([{"op": "remove", "path": "/l/-2"}]), json!({"a": 1, "l": [2]})),
        ];
        for (operations, want) in cases {
            assert_eq!(patched(&document, operations.clone()), Ok(want), "{operations}");
        }
        for operations in [
            json!([{"op": "replace", "path": "/x/y", "value": 2}]),
            json!([{"op": "replace", "path": "/l/2", "value": 2}]),
            json!([{"op": "remove", "path": "/x"}]),
            json!([{"op": "add", "path": "/l/3", "value": 2}]),
            json!([{"op": "add", "path": "", "value": 2}]),
            json!([{"op": "foo", "path": "/a"}]),
        ] {
            assert!(patched(&document, operations.clone()).is_err(), "{operations}");
        }
    }
}
