//! JSON patches (RFC 6902), with the words of `evanphx/json-patch` for what fails, which Fleet's statuses and Kubernetes'
//! answers show.
//!
//! Beyond the RFC, as that library does: an index may be negative and counts from the end, and `test` takes a missing
//! member for `null`. Copies are bounded, since each can double the document.

use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

/// Operations of one patch (Kubernetes' limit).
pub const MAX_OPERATIONS: usize = 10_000;
/// Bytes that copies may add (Kubernetes' limit).
pub const MAX_COPIED_BYTES: usize = 3 << 20;
/// Nesting that a patch may reach.
const MAX_DEPTH: usize = 1_000;

/// An operation of a patch.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Operation {
    /// `add`, `remove`, `replace`, `move`, `copy` or `test`.
    pub op: String,
    /// JSON pointer (RFC 6901) of what it changes.
    pub path: String,
    /// JSON pointer of what is moved or copied.
    #[serde(default)]
    pub from: Option<String>,
    /// The value to add, put in place, or compare with; missing means `null`.
    #[serde(default)]
    pub value: Value,
}

/// Which operation failed, and why.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum JsonPatchError {
    /// The patch is no list of operations.
    #[error("the patch is no list of JSON patch operations: {0}")]
    Invalid(String),
    /// An operation could not be applied.
    #[error("{reason}")]
    Operation {
        /// Which one, from 0.
        index: usize,
        /// Its path.
        path: String,
        /// The library's words.
        reason: String,
    },
    /// More operations than allowed.
    #[error("the allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {0}")]
    TooMany(usize),
}

/// Reads a patch from its JSON.
///
/// # Errors
/// What is no list of operations, or longer than [`MAX_OPERATIONS`].
pub fn read(patch: &Value) -> Result<Vec<Operation>, JsonPatchError> {
    if let Some(operations) = patch.as_array()
        && operations.len() > MAX_OPERATIONS
    {
        return Err(JsonPatchError::TooMany(operations.len()));
    }
    Vec::<Operation>::deserialize(patch).map_err(|error| JsonPatchError::Invalid(error.to_string()))
}

/// The document after all operations; the first that fails fails the whole.
///
/// # Errors
/// [`JsonPatchError::Operation`] with the operation's index.
pub fn apply(document: &Value, patch: &[Operation]) -> Result<Value, JsonPatchError> {
    if patch.len() > MAX_OPERATIONS {
        return Err(JsonPatchError::TooMany(patch.len()));
    }
    let mut document = document.clone();
    let mut copied = 0;
    for (index, operation) in patch.iter().enumerate() {
        apply_one(&mut document, operation, &mut copied).map_err(|reason| JsonPatchError::Operation {
            index,
            path: operation.path.clone(),
            reason,
        })?;
    }
    Ok(document)
}

fn apply_one(document: &mut Value, operation: &Operation, copied: &mut usize) -> Result<(), String> {
    let path = operation.path.as_str();
    let from = || {
        operation
            .from
            .as_deref()
            .ok_or_else(|| format!("{} operation has no from: missing value", operation.op))
    };
    match operation.op.as_str() {
        "add" => add(document, "add", path, operation.value.clone()),
        "remove" => remove(document, "remove", path).map(drop),
        "replace" => replace(document, path, operation.value.clone()),
        "move" => {
            let from = from()?;
            let value = remove(document, "move", from)?;
            add(document, "move", path, value)
        }
        "copy" => {
            let from = from()?;
            let value = get(document, "copy", from)?.cloned().unwrap_or_default();
            *copied += weight(&value);
            if *copied > MAX_COPIED_BYTES {
                return Err(format!(
                    "Unable to copy, the accumulated size increase of copy is {copied}, exceeding the limit {MAX_COPIED_BYTES}"
                ));
            }
            add(document, "copy", path, value)
        }
        "test" => {
            let found = get(document, "test", path)?.unwrap_or(&Value::Null);
            if equal(found, &operation.value) {
                Ok(())
            } else {
                Err(format!("testing value {path} failed: test failed"))
            }
        }
        other => Err(format!("Unexpected kind: {other}")),
    }
}

/// Equality of JSON values, where `1` and `1.0` are the same number.
pub fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64() && a.is_f64() != b.is_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| equal(a, b)))
        }
        _ => a == b,
    }
}

fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(|item| weight(item) + 1).sum::<usize>() + 2,
        Value::Object(map) => {
            map.iter()
                .map(|(key, value)| key.len() + weight(value) + 4)
                .sum::<usize>()
                + 2
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(map) => 1 + map.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// A pointer's segments, unescaped; `None` for what is no pointer.
fn segments(pointer: &str) -> Option<Vec<String>> {
    match pointer.strip_prefix('/') {
        Some(rest) => Some(
            rest.split('/')
                .map(|segment| segment.replace("~1", "/").replace("~0", "~"))
                .collect(),
        ),
        None if pointer.is_empty() => Some(Vec::new()),
        None => None,
    }
}

fn missing_path(op: &str, path: &str) -> String {
    let which = if matches!(op, "move" | "copy") {
        "from path"
    } else {
        "path"
    };
    format!("{op} operation does not apply: doc is missing {which}: \"{path}\": missing value")
}

/// An index into a list: digits without leading zeros, or negative from the end (`length` is what -1 + 1 stands for).
fn index(segment: &str, length: usize) -> Option<usize> {
    if let Some(back) = segment.strip_prefix('-') {
        return length.checked_sub(back.parse().ok().filter(|back| *back > 0)?);
    }
    let canonical = segment == "0" || !segment.starts_with('0');
    segment.parse().ok().filter(|_| canonical && !segment.starts_with('+'))
}

fn child<'a>(value: &'a Value, segment: &str) -> Option<&'a Value> {
    match value {
        Value::Object(map) => map.get(segment),
        Value::Array(items) => items.get(index(segment, items.len())?),
        _ => None,
    }
}

fn child_mut<'a>(value: &'a mut Value, segment: &str) -> Option<&'a mut Value> {
    match value {
        Value::Object(map) => map.get_mut(segment),
        Value::Array(items) => {
            let index = index(segment, items.len())?;
            items.get_mut(index)
        }
        _ => None,
    }
}

/// The map or list around a pointer's target, and the target's segment.
fn around<'a>(document: &'a mut Value, op: &str, path: &str) -> Result<(&'a mut Value, String, usize), String> {
    let missing = || missing_path(op, path);
    let mut segments = segments(path).ok_or_else(missing)?;
    let last = segments.pop().ok_or_else(missing)?;
    let mut value = document;
    for segment in &segments {
        value = child_mut(value, segment).ok_or_else(missing)?;
    }
    if !(value.is_object() || value.is_array()) {
        return Err(missing());
    }
    Ok((value, last, segments.len() + 1))
}

fn in_path(op: &str, path: &str, reason: &str) -> String {
    format!("error in {op} for path: '{path}': {reason}")
}

fn invalid_index(index: &str) -> String {
    format!("Unable to access invalid index: {index}: invalid index referenced")
}

fn get<'a>(document: &'a Value, op: &str, path: &str) -> Result<Option<&'a Value>, String> {
    let mut segments = segments(path).ok_or_else(|| missing_path(op, path))?;
    let Some(last) = segments.pop() else {
        return Ok(Some(document));
    };
    let mut value = document;
    for segment in &segments {
        value = child(value, segment).ok_or_else(|| missing_path(op, path))?;
    }
    match value {
        Value::Object(map) => match map.get(&last) {
            None if op == "copy" => Err(in_path(
                op,
                path,
                &format!("unable to get nonexistent key: {last}: missing value"),
            )),
            found => Ok(found),
        },
        Value::Array(items) => index(&last, items.len())
            .and_then(|index| items.get(index))
            .map(Some)
            .ok_or_else(|| in_path(op, path, &invalid_index(&last))),
        _ => Err(missing_path(op, path)),
    }
}

fn add(document: &mut Value, op: &str, path: &str, value: Value) -> Result<(), String> {
    if path.is_empty() {
        *document = value;
        return Ok(());
    }
    let (parent, last, level) = around(document, op, path)?;
    if level + depth(&value) > MAX_DEPTH {
        return Err(in_path(op, path, "nested too deeply"));
    }
    match parent {
        Value::Object(map) => {
            map.insert(last, value);
            Ok(())
        }
        Value::Array(items) => {
            let at = if last == "-" {
                Some(items.len())
            } else {
                index(&last, items.len() + 1)
            };
            match at.filter(|at| *at <= items.len()) {
                Some(at) => {
                    items.insert(at, value);
                    Ok(())
                }
                None => Err(in_path(op, path, &invalid_index(&last))),
            }
        }
        _ => Err(missing_path(op, path)),
    }
}

fn remove(document: &mut Value, op: &str, path: &str) -> Result<Value, String> {
    let (parent, last, _) = around(document, op, path)?;
    match parent {
        Value::Object(map) => map.remove(&last).ok_or_else(|| {
            in_path(
                op,
                path,
                &format!("Unable to remove nonexistent key: {last}: missing value"),
            )
        }),
        Value::Array(items) => match index(&last, items.len()).filter(|index| *index < items.len()) {
            Some(index) => Ok(items.remove(index)),
            None => Err(in_path(op, path, &invalid_index(&last))),
        },
        _ => Err(missing_path(op, path)),
    }
}

fn replace(document: &mut Value, path: &str, value: Value) -> Result<(), String> {
    if path.is_empty() {
        *document = value;
        return Ok(());
    }
    let (parent, last, level) = around(document, "replace", path)?;
    if level + depth(&value) > MAX_DEPTH {
        return Err(in_path("replace", path, "nested too deeply"));
    }
    match child_mut(parent, &last) {
        Some(found) => {
            *found = value;
            Ok(())
        }
        None => Err(format!(
            "replace operation does not apply: doc is missing key: {path}: missing value"
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn run(document: Value, patch: Value) -> Result<Value, String> {
        let patch = read(&patch).map_err(|error| error.to_string())?;
        apply(&document, &patch).map_err(|error| error.to_string())
    }

    #[test]
    fn operations_of_the_rfc() {
        for (document, patch, want) in [
            (
                json!({"a": 1}),
                json!([{"op": "add", "path": "/b", "value": {"c": []}}]),
                json!({"a": 1, "b": {"c": []}}),
            ),
            (
                json!([1, 3]),
                json!([{"op": "add", "path": "/1", "value": 2}]),
                json!([1, 2, 3]),
            ),
            (
                json!([1]),
                json!([{"op": "add", "path": "/-", "value": 2}]),
                json!([1, 2]),
            ),
            (
                json!({"a~/b": 1}),
                json!([{"op": "remove", "path": "/a~0~1b"}]),
                json!({}),
            ),
            (
                json!({"": 1}),
                json!([{"op": "replace", "path": "/", "value": 2}]),
                json!({"": 2}),
            ),
            (
                json!({"a": {"b": 1}}),
                json!([{"op": "move", "from": "/a/b", "path": "/c"}]),
                json!({"a": {}, "c": 1}),
            ),
            (
                json!({"a": [1]}),
                json!([{"op": "copy", "from": "/a", "path": "/b"}]),
                json!({"a": [1], "b": [1]}),
            ),
            (
                json!({"a": 1.0}),
                json!([{"op": "test", "path": "/a", "value": 1}]),
                json!({"a": 1.0}),
            ),
            (
                json!({"a": 1}),
                json!([{"op": "test", "path": "/b", "value": null}]),
                json!({"a": 1}),
            ),
            (
                json!({"a": 1}),
                json!([{"op": "replace", "path": "", "value": [1]}]),
                json!([1]),
            ),
            (
                json!([1, 2, 3]),
                json!([{"op": "remove", "path": "/-1"}]),
                json!([1, 2]),
            ),
        ] {
            assert_eq!(run(document, patch.clone()).as_ref(), Ok(&want), "{patch}");
        }
    }

    #[test]
    fn failures_name_the_path() {
        for (document, patch, want) in [
            (
                json!({"data": {}}),
                json!([{"op": "remove", "path": "/data/nowhere"}]),
                "error in remove for path: '/data/nowhere': Unable to remove nonexistent key: nowhere: missing value",
            ),
            (
                json!({}),
                json!([{"op": "add", "path": "/a/b", "value": 1}]),
                "add operation does not apply: doc is missing path: \"/a/b\": missing value",
            ),
            (
                json!({"a": []}),
                json!([{"op": "add", "path": "/a/1", "value": 1}]),
                "error in add for path: '/a/1': Unable to access invalid index: 1: invalid index referenced",
            ),
            (
                json!({}),
                json!([{"op": "replace", "path": "/a", "value": 1}]),
                "replace operation does not apply: doc is missing key: /a: missing value",
            ),
            (
                json!({"a": 1}),
                json!([{"op": "test", "path": "/a", "value": 2}]),
                "testing value /a failed: test failed",
            ),
            (
                json!({}),
                json!([{"op": "merge", "path": "/a"}]),
                "Unexpected kind: merge",
            ),
        ] {
            assert_eq!(run(document, patch.clone()), Err(want.to_owned()), "{patch}");
        }
        assert!(read(&json!({"op": "add"})).is_err());
    }

    #[test]
    fn copies_cannot_explode() {
        let patch = json!(vec![json!({"op": "copy", "from": "/a", "path": "/a/-"}); 60]);
        let error = run(json!({"a": ["0123456789"]}), patch).expect_err("it doubles each time");
        assert!(error.starts_with("Unable to copy"), "{error}");
    }
}
