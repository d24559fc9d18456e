//! Where two JSON values differ, for messages to people.

use serde_json::Value;

/// One key whose values differ.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Difference<'a> {
    /// The way to it: `spec.template.spec.containers[0].image`.
    pub(crate) key: String,
    /// What was there.
    pub(crate) old: Option<&'a Value>,
    /// What is there.
    pub(crate) new: Option<&'a Value>,
}

/// The deepest keys whose values differ, in the order of the old value, at most `limit` and one. Lists of one length are compared
/// element by element.
pub(crate) fn differences<'a>(old: &'a Value, new: &'a Value, limit: usize) -> Vec<Difference<'a>> {
    let mut found = Vec::new();
    compare(String::new(), Some(old), Some(new), limit, &mut found);
    found
}

fn compare<'a>(
    key: String,
    old: Option<&'a Value>,
    new: Option<&'a Value>,
    limit: usize,
    found: &mut Vec<Difference<'a>>,
) {
    if old == new || found.len() > limit {
        return;
    }
    match (old, new) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let path = |name: &str| {
                if key.is_empty() {
                    name.to_owned()
                } else {
                    format!("{key}.{name}")
                }
            };
            for (name, value) in old {
                compare(path(name), Some(value), new.get(name), limit, found);
            }
            for (name, value) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
                compare(path(name), None, Some(value), limit, found);
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) if old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                compare(format!("{key}[{index}]"), Some(old), Some(new), limit, found);
            }
        }
        _ => found.push(Difference { key, old, new }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_the_deepest_keys() {
        let old = json!({"a": {"b": 1, "c": [1, 2]}, "d": [1], "e": null});
        let new = json!({"a": {"b": 2, "c": [1, 3]}, "d": [], "f": {}});
        let keys: Vec<String> = differences(&old, &new, 10)
            .into_iter()
            .map(|difference| difference.key)
            .collect();
        assert_eq!(keys, ["a.b", "a.c[1]", "d", "e", "f"]);
        assert_eq!(differences(&old, &new, 1).len(), 2);
        assert_eq!(differences(&json!(1), &json!(2), 1)[0].key, "");
    }
}
