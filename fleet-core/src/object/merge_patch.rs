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
    fn applying_a_difference_gives_the_other_document() {
        let from = json!({"a": {"b": 1, "c": 2}, "d": [1], "e": 1});
        let to = json!({"a": {"b": 1, "c": 3}, "d": [1, 2], "f": {}});
        let patch = diff(&from, &to);
        assert_eq!(patch, json!({"a": {"c": 3}, "d": [1, 2], "e": null, "f": {}}));
        assert_eq!(apply(&from, &patch), to);
        assert_eq!(diff(&to, &to), json!({}));
    }
}
