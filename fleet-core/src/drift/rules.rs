//! `diff.comparePatches`: what a bundle says does not count.
//!
//! - `jsonPointers` are taken away from objects whose group and kind match as patterns and whose name and namespace are
//!   equal where given.
//! - `operations` other than `ignore` are JSON patches of one operation, for exactly that kind, namespace and name. One
//!   that cannot be applied (its path is absent, say) is skipped alone; upstream drops all of an object's operations then.
//! - `ignore` forgives that an object is missing; its name may be a regular expression, and empty is every name.

use serde_json::Value;

use crate::api::ComparePatch;
use crate::object::{GroupVersionKind, ObjectKey};
use crate::tree::glob;

/// Takes what does not count away from an object.
pub fn apply(object: &mut Value, patches: &[ComparePatch]) {
    if patches.is_empty() {
        return;
    }
    let key = ObjectKey::of(object);
    for patch in patches {
        if points_at(patch, &key) {
            for pointer in &patch.json_pointers {
                remove(object, pointer);
            }
        }
        if is_exactly(patch, &key) {
            for operation in &patch.operations {
                match operation.op.as_str() {
                    "ignore" => {}
                    "remove" => remove(object, &operation.path),
                    "replace" | "add" => set(object, &operation.path, &operation.value, operation.op == "add"),
                    _ => {}
                }
            }
        }
    }
}

/// Whether a rule forgives that an object is missing.
pub fn ignores_missing(patches: &[ComparePatch], key: &ObjectKey) -> bool {
    patches.iter().any(|patch| {
        let ignores = patch.operations.iter().any(|operation| operation.op == "ignore");
        let kind = GroupVersionKind::new(&patch.api_version, &patch.kind);
        ignores && kind == key.kind && patch.namespace == key.namespace && names(&patch.name, &key.name)
    })
}

fn names(pattern: &str, name: &str) -> bool {
    // A pattern that is no expression names one object alone.
    pattern.is_empty() || pattern == name || regex::Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(name))
}

fn points_at(patch: &ComparePatch, key: &ObjectKey) -> bool {
    let kind = GroupVersionKind::new(&patch.api_version, &patch.kind);
    let matches = |pattern: &str, text: &str| glob::matches(pattern, text).unwrap_or(false);
    matches(&kind.group, &key.kind.group)
        && matches(&kind.kind, &key.kind.kind)
        && (patch.name.is_empty() || patch.name == key.name)
        && (patch.namespace.is_empty() || key.namespace.is_empty() || patch.namespace == key.namespace)
}

fn is_exactly(patch: &ComparePatch, key: &ObjectKey) -> bool {
    GroupVersionKind::new(&patch.api_version, &patch.kind) == key.kind
        && patch.name == key.name
        && (key.namespace.is_empty() || patch.namespace == key.namespace)
}

/// Parent and last token of a JSON pointer (RFC 6901).
fn split(pointer: &str) -> Option<(&str, String)> {
    let (parent, last) = pointer.rsplit_once('/')?;
    Some((parent, last.replace("~1", "/").replace("~0", "~")))
}

fn remove(object: &mut Value, pointer: &str) {
    let Some((parent, last)) = split(pointer) else { return };
    match object.pointer_mut(parent) {
        Some(Value::Object(map)) => {
            map.remove(&last);
        }
        Some(Value::Array(list)) => {
            if let Some(at) = last.parse::<usize>().ok().filter(|at| *at < list.len()) {
                list.remove(at);
            }
        }
        _ => {}
    }
}

fn set(object: &mut Value, pointer: &str, text: &str, add: bool) {
    let Some((parent, last)) = split(pointer) else { return };
    let value = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
    match object.pointer_mut(parent) {
        Some(Value::Object(map)) if add || map.contains_key(&last) => {
            map.insert(last, value);
        }
        Some(Value::Array(list)) => match last.parse::<usize>() {
            Ok(at) if add && at <= list.len() => list.insert(at, value),
            Ok(at) if !add && at < list.len() => list[at] = value,
            Err(_) if add && last == "-" => list.push(value),
            _ => {}
        },
        _ => {}
    }
}
