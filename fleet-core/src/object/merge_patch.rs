//! JSON merge patches (RFC 7386).

use serde_json::{Map, Value};

/// The document after the patch (RFC 7386 section 2).
pub fn apply(document: &Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else {
        return patch.clone();
    };
    let mut merged = match document {
        Value::Object(document) => document.clone(),
        _ => Map::new(),
    };
    for (key, change) in patch {
        if change.is_null() {
            merged.remove(key);
        } else {
            let value = apply(merged.get(key).unwrap_or(&Value::Null), change);
            merged.insert(key.clone(), value);
        }
    }
    Value::Object(merged)
}

/// The patch that turns one document into another; `{}` where they are equal.
///
/// A `null` in a list or at the root stands; a member that is `null` in `to` cannot be told from a missing one, as RFC 7386
/// says.
pub fn diff(from: &Value, to: &Value) -> Value {
    let (Value::Object(from), Value::Object(to)) = (from, to) else {
        return if from == to {
            Value::Object(Map::new())
        } else {
            to.clone()
        };
    };
    let mut patch = Map::new();
    for key in from.keys().filter(|key| !to.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    for (key, value) in to {
        match from.get(key) {
            Some(old) if old == value => {}
            Some(old @ Value::Object(_)) if value.is_object() => {
                patch.insert(key.clone(), diff(old, value));
            }
            _ => {
                patch.insert(key.clone(), value.clone());
            }
        }
    }
    Value::Object(patch)
}

/// The patch for the live document that brings in what changed between the last applied document and the new one, and leaves
/// alone what others have set: custom resources are applied so.
///
/// Source: `k8s.io/apimachinery/pkg/util/jsonmergepatch.CreateThreeWayJSONMergePatch`.
pub fn three_way(original: &Value, modified: &Value, current: &Value) -> Value {
    let changes = keep(diff(current, modified), false);
    let deletions = keep(diff(original, modified), true);
    combine(deletions.unwrap_or_default(), changes.unwrap_or_default())
}

/// Only the deletions of a patch, or everything else; `None` if nothing is left.
fn keep(patch: Value, deletions: bool) -> Option<Value> {
    match patch {
        Value::Null => deletions.then_some(Value::Null),
        Value::Object(map) => {
            let empty = map.is_empty();
            let kept: Map<String, Value> = map
                .into_iter()
                .filter_map(|(key, value)| Some((key, keep(value, deletions)?)))
                .collect();
            // An empty map that was set is a change, one that became empty is not.
            (!kept.is_empty() || empty && !deletions).then_some(Value::Object(kept))
        }
        other => (!deletions).then_some(other),
    }
}

/// Both patches in one; deletions stay.
fn combine(first: Value, second: Value) -> Value {
    match (first, second) {
        (Value::Object(mut first), Value::Object(second)) => {
            for (key, value) in second {
                let merged = match first.remove(&key) {
                    Some(old @ Value::Object(_)) if value.is_object() => combine(old, value),
                    _ => value,
                };
                first.insert(key, merged);
            }
            Value::Object(first)
        }
        (Value::Null, Value::Null) => Value::Object(Map::new()),
        (first, Value::Null) => first,
        (_, second) => second,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_patch_sets_replaces_and_removes() {
        let document = json!({"a": "b", "c": {"d": "e", "f": "g"}, "l": [1, 2]});
        let patch = json!({"a": "z", "c": {"f": null}, "l": [3], "n": {"x": null, "y": 1}});
        assert_eq!(
            apply(&document, &patch),
            json!({"a": "z", "c": {"d": "e"}, "l": [3], "n": {"y": 1}})
        );
        assert_eq!(apply(&json!([1]), &json!({"a": 1})), json!({"a": 1}));
    }

    #[test]
    fn three_ways_keep_what_others_set() {
        let original = json!({"spec": {"a": 1, "gone": 1, "list": [1]}});
        let modified = json!({"spec": {"a": 2, "list": [1], "new": {}}});
        let current = json!({"spec": {"a": 1, "gone": 1, "list": [1], "theirs": true}, "status": {}});
        let patch = three_way(&original, &modified, &current);
        assert_eq!(patch, json!({"spec": {"a": 2, "gone": null, "new": {}}}));
        assert_eq!(
            apply(&current, &patch),
            json!({"spec": {"a": 2, "list": [1], "new": {}, "theirs": true}, "status": {}})
        );
        assert_eq!(three_way(&modified, &modified, &apply(&current, &patch)), json!({}));
        assert_eq!(three_way(&Value::Null, &modified, &modified), json!({}));
    }

    #[test]
    fn applying_a_difference_gives_the_other_document() {
        let from = json!({"a": {"b": 1, "c": 2}, "d": [1], "e": 1});
        let to = json!({"a": {"b": 1, "c": 3}, "d": [1, 2], "f": {}});
        let patch = diff(&from, &to);
        assert_eq!(patch, json!({"a": {"c": 3}, "d": [1, 2], "e": null, "f": {}}));
        assert_eq!(apply(&from, &patch), to);
        assert_eq!(diff(&to, &to), json!({}));
    }
}
