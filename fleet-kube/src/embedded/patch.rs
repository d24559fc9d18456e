//! PATCH bodies: JSON patch (RFC 6902), merge patch (RFC 7386), strategic merge patch.

use serde_json::{Map, Value};

use super::error::{ApiError, ApiResult};
use super::registry::Kind;

/// A patch, by its content type.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Patch {
    Json(Vec<Value>),
    Merge(Value),
    Strategic(Value),
    Apply(Value),
}

/// Most operations of one JSON patch (Kubernetes' limit).
const MAX_OPERATIONS: usize = 10_000;

impl Patch {
    pub(super) fn read(content_type: &str, body: Value) -> ApiResult<Patch> {
        match content_type {
            "application/json-patch+json" => match body {
                Value::Array(operations) if operations.len() <= MAX_OPERATIONS => Ok(Patch::Json(operations)),
                Value::Array(operations) => {
                    let message = format!(
                        "The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {}",
                        operations.len()
                    );
                    Err(ApiError::new(413, "RequestEntityTooLarge", message))
                }
                _ => Err(ApiError::bad_request("a JSON patch must be a list of operations")),
            },
            "application/merge-patch+json" => Ok(Patch::Merge(body)),
            "application/strategic-merge-patch+json" => Ok(Patch::Strategic(body)),
            "application/apply-patch+yaml" => Ok(Patch::Apply(body)),
            other => Err(ApiError::new(
                415,
                "UnsupportedMediaType",
                format!(
                    "the body of the request was in an unknown format ({other}) - accepted media types include: \
                     application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"
                ),
            )),
        }
    }

    /// `current` with the patch applied.
    pub(super) fn apply(&self, kind: &Kind, current: &Value) -> ApiResult<Value> {
        match self {
            Patch::Json(operations) => json_patch(current, operations),
            Patch::Merge(patch) => {
                if !patch.is_object() {
                    return Err(ApiError::bad_request("a merge patch must be an object"));
                }
                let mut merged = current.clone();
                merge(&mut merged, patch);
                Ok(merged)
            }
            Patch::Strategic(_) if kind.custom().is_some() => Err(ApiError::new(
                415,
                "UnsupportedMediaType",
                "the body of the request was in an unknown format - accepted media types include: \
                 application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
            )),
            Patch::Strategic(patch) => strategic(kind, current, patch),
            // Applies do not come here: they merge by ownership.
            Patch::Apply(_) => Ok(current.clone()),
        }
    }
}

fn strategic(_kind: &Kind, _current: &Value, _patch: &Value) -> ApiResult<Value> {
    Err(ApiError::new(
        415,
        "UnsupportedMediaType",
        "strategic merge patches are not served yet",
    ))
}

fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(map) = target.as_object_mut() else { return };
    for (key, value) in patch {
        if value.is_null() {
            map.remove(key);
        } else {
            merge(map.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

fn json_patch(current: &Value, operations: &[Value]) -> ApiResult<Value> {
    let mut object = current.clone();
    for (index, operation) in operations.iter().enumerate() {
        step(&mut object, operation).map_err(|why| {
            ApiError::new(
                422,
                "Invalid",
                format!("the server rejected our request due to an error in our request: operation {index}: {why}"),
            )
        })?;
    }
    Ok(object)
}

fn step(object: &mut Value, operation: &Value) -> Result<(), String> {
    let path = operation["path"].as_str().ok_or("path is missing")?;
    let value = || {
        operation
            .get("value")
            .cloned()
            .ok_or_else(|| "value is missing".to_owned())
    };
    let from = || operation["from"].as_str().ok_or_else(|| "from is missing".to_owned());
    let missing = |path: &str| format!("path {path:?} does not exist");
    match operation["op"].as_str().unwrap_or_default() {
        "add" => add(object, path, value()?),
        "remove" => remove(object, path).map(|_| ()),
        "replace" => {
            let value = value()?;
            *object.pointer_mut(path).ok_or_else(|| missing(path))? = value;
            Ok(())
        }
        "move" => {
            let from = from()?;
            if path.starts_with(&format!("{from}/")) {
                return Err(format!("cannot move {from:?} into itself"));
            }
            let moved = remove(object, from)?;
            add(object, path, moved)
        }
        "copy" => {
            let from = from()?;
            let copied = object.pointer(from).cloned().ok_or_else(|| missing(from))?;
            add(object, path, copied)
        }
        "test" => {
            let wanted = value()?;
            let found = object.pointer(path).cloned().unwrap_or(Value::Null);
            if found == wanted {
                Ok(())
            } else {
                Err(format!("testing value {path:?} failed"))
            }
        }
        other => Err(format!("unknown operation {other:?}")),
    }
}

fn split(path: &str) -> Result<(&str, String), String> {
    let (parent, key) = path
        .rsplit_once('/')
        .ok_or_else(|| format!("path {path:?} must begin with /"))?;
    Ok((parent, key.replace("~1", "/").replace("~0", "~")))
}

fn add(object: &mut Value, path: &str, value: Value) -> Result<(), String> {
    if path.is_empty() {
        *object = value;
        return Ok(());
    }
    let (parent, key) = split(path)?;
    match object.pointer_mut(parent) {
        Some(Value::Object(map)) => {
            map.insert(key, value);
            Ok(())
        }
        Some(Value::Array(list)) if key == "-" => {
            list.push(value);
            Ok(())
        }
        Some(Value::Array(list)) => match key.parse::<usize>() {
            Ok(index) if index <= list.len() => {
                list.insert(index, value);
                Ok(())
            }
            _ => Err(format!("invalid index {key:?}")),
        },
        _ => Err(format!("path {path:?} does not exist")),
    }
}

fn remove(object: &mut Value, path: &str) -> Result<Value, String> {
    let missing = || format!("path {path:?} does not exist");
    let (parent, key) = split(path)?;
    match object.pointer_mut(parent) {
        Some(Value::Object(map)) => map.remove(&key).ok_or_else(missing),
        Some(Value::Array(list)) => match key.parse::<usize>() {
            Ok(index) if index < list.len() => Ok(list.remove(index)),
            _ => Err(missing()),
        },
        _ => Err(missing()),
    }
}
