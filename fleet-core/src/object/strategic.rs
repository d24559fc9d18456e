//! Strategic merge patches of Kubernetes' built-in kinds, as `k8s.io/apimachinery/pkg/util/strategicpatch` makes and applies them.
//!
//! A merge patch (RFC 7386) that knows which lists are merged and by which key ([`super::schema`]), with directives:
//!
//! - `$patch: replace | delete | merge` in a map or an element of a merged list;
//! - `$setElementOrder/LIST`: the order of a merged list's elements;
//! - `$deleteFromPrimitiveList/LIST`: scalars to remove from a merged list;
//! - `$retainKeys`: the keys that stay in a map.
//!
//! In a merged list the elements that the patch names keep its order, the others the base's; a new element comes before those
//! of the base that follow it. An empty list in a patch of a merged list changes nothing.

mod diff;
mod merge;
mod order;

use serde_json::{Map, Value};
use thiserror::Error;

use super::schema::{self, Type};

const DIRECTIVE: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const ELEMENT_ORDER: &str = "$setElementOrder/";
const DELETE_SCALARS: &str = "$deleteFromPrimitiveList/";

/// Why a strategic merge patch could not be made or applied.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum StrategicError {
    /// The kind has no schema here.
    #[error("unable to find api field in struct Unstructured for the json field of {kind} ({api_version})")]
    UnknownKind {
        /// `apiVersion`.
        api_version: String,
        /// `kind`.
        kind: String,
    },
    /// An object or patch is no map.
    #[error("expected a map at {path}, got {found}")]
    NotAMap {
        /// Where.
        path: String,
        /// JSON's word for what stands there.
        found: &'static str,
    },
    /// An element without the key that identifies it.
    #[error("map: {element} does not contain declared merge key: {key}")]
    MissingMergeKey {
        /// The element.
        element: String,
        /// The key.
        key: String,
    },
    /// `$patch` with another word.
    #[error("unknown patch type: {directive} at {path}")]
    UnknownDirective {
        /// The word.
        directive: String,
        /// Where.
        path: String,
    },
    /// `$patch: merge` within a list.
    #[error("merging lists cannot yet be specified in the patch")]
    MergeInList,
    /// A merged list whose elements are of several types, or lists.
    #[error("list element types are not identical at {0}")]
    MixedList(String),
    /// A directive that is no list, or does not fit what it is about.
    #[error("invalid directive {directive} at {path}: {reason}")]
    InvalidDirective {
        /// The directive.
        directive: String,
        /// Where.
        path: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// The live object was changed in a place that the patch changes too.
    #[error("conflict at {0}: changed in the live object as well")]
    Conflict(String),
}

/// The object after the patch. The schema is that of the base's kind; a patch need not name one.
///
/// Source: `strategicpatch.StrategicMergePatch`. `$patch: delete` at the root gives `{}`.
///
/// # Errors
/// [`StrategicError::UnknownKind`] for custom resources (use [`super::merge_patch`]), and what is wrong with the patch.
pub fn apply(base: &Value, patch: &Value) -> Result<Value, StrategicError> {
    apply_as(type_of(base)?, base, patch)
}

/// [`apply`] for a type of one's choice.
///
/// # Errors
/// What is wrong with the patch.
pub fn apply_as(schema: Type, base: &Value, patch: &Value) -> Result<Value, StrategicError> {
    let (base, patch) = (as_map(base, "")?, as_map(patch, "")?);
    merge::Merge::applying()
        .map(base.clone(), patch.clone(), schema, "")
        .map(Value::Object)
}

/// The patch that turns one object into another; `{}` where they are equal.
///
/// Source: `strategicpatch.CreateTwoWayMergePatch`.
///
/// # Errors
/// As of [`apply`].
pub fn diff(from: &Value, to: &Value) -> Result<Value, StrategicError> {
    let differ = diff::Diff {
        deletions: true,
        changes: true,
    };
    differ
        .map(as_map(from, "")?, as_map(to, "")?, type_of(to)?, false, "")
        .map(Value::Object)
}

/// The patch for the live object that brings in what changed between the last applied object and the new one, and leaves alone
/// what others have set.
///
/// Source: `strategicpatch.CreateThreeWayMergePatch`, as kubectl apply and Helm's client-side apply use it. Without `overwrite`,
/// a place that the live object has changed differently is a [`StrategicError::Conflict`].
///
/// # Errors
/// As of [`apply`].
pub fn three_way(
    original: &Value,
    modified: &Value,
    current: &Value,
    overwrite: bool,
) -> Result<Value, StrategicError> {
    let schema = type_of(modified)?;
    let empty = Map::new();
    let original = if original.is_null() {
        &empty
    } else {
        as_map(original, "")?
    };
    let (modified, current) = (as_map(modified, "")?, as_map(current, "")?);
    let changes = diff::Diff {
        deletions: false,
        changes: true,
    }
    .map(current, modified, schema, false, "")?;
    let deletions = diff::Diff {
        deletions: true,
        changes: false,
    }
    .map(original, modified, schema, false, "")?;
    let patch = merge::Merge::combining().map(deletions, changes, schema, "")?;
    if !overwrite {
        let live = diff::Diff {
            deletions: true,
            changes: true,
        }
        .map(original, current, schema, false, "")?;
        if let Some(path) = conflict(&patch, &live, "") {
            return Err(StrategicError::Conflict(path));
        }
    }
    Ok(Value::Object(patch))
}

/// The first place that two patches change differently.
fn conflict(ours: &Map<String, Value>, theirs: &Map<String, Value>, path: &str) -> Option<String> {
    ours.iter()
        .filter(|(key, _)| !key.starts_with('$'))
        .find_map(|(key, ours)| {
            let theirs = theirs.get(key)?;
            let path = join(path, key);
            match (ours, theirs) {
                (Value::Object(ours), Value::Object(theirs)) => conflict(ours, theirs, &path),
                (ours, theirs) if ours == theirs => None,
                // Elements of merged lists may differ from each other without a conflict.
                (Value::Array(_), Value::Array(_)) => None,
                _ => Some(path),
            }
        })
}

fn type_of(object: &Value) -> Result<Type, StrategicError> {
    schema::type_of(object).ok_or_else(|| StrategicError::UnknownKind {
        api_version: super::api_version(object).to_owned(),
        kind: super::kind(object).to_owned(),
    })
}

fn as_map<'a>(value: &'a Value, path: &str) -> Result<&'a Map<String, Value>, StrategicError> {
    let found = match value {
        Value::Object(map) => return Ok(map),
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
    };
    Err(StrategicError::NotAMap {
        path: if path.is_empty() {
            "/".to_owned()
        } else {
            path.to_owned()
        },
        found,
    })
}

fn join(path: &str, key: &str) -> String {
    format!("{path}/{key}")
}

fn missing_key(element: &Value, key: &str) -> StrategicError {
    StrategicError::MissingMergeKey {
        element: crate::yaml::json::to_string(element),
        key: key.to_owned(),
    }
}

/// What a merged list is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Elements {
    Maps,
    Scalars,
}

/// The kind of two lists' elements; an empty pair counts as scalars.
fn elements(a: &[Value], b: &[Value], path: &str) -> Result<Elements, StrategicError> {
    let mut kinds = a.iter().chain(b).map(|value| match value {
        Value::Object(_) => Ok(Elements::Maps),
        Value::Array(_) => Err(StrategicError::MixedList(path.to_owned())),
        _ => Ok(Elements::Scalars),
    });
    let first = kinds.next().unwrap_or(Ok(Elements::Scalars))?;
    for kind in kinds {
        if kind? != first {
            return Err(StrategicError::MixedList(path.to_owned()));
        }
    }
    Ok(first)
}

#[cfg(test)]
mod tests;
