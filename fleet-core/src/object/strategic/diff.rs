//! Making a patch of two objects.

use serde_json::{Map, Value, json};

use super::order::{identity, same_order, sort_by};
use super::{
    DELETE_SCALARS, DIRECTIVE, ELEMENT_ORDER, Elements, RETAIN_KEYS, StrategicError, elements, join, missing_key,
};
use crate::object::schema::{Strategy, Type};

type Object = Map<String, Value>;

/// What the patch says.
#[derive(Clone, Copy)]
pub(super) struct Diff {
    /// What is gone.
    pub(super) deletions: bool,
    /// What is new or different.
    pub(super) changes: bool,
}

impl Diff {
    pub(super) fn map(
        self,
        from: &Object,
        to: &Object,
        schema: Type,
        retain_keys: bool,
        path: &str,
    ) -> Result<Object, StrategicError> {
        let mut patch = Object::new();
        for (key, new) in to {
            let Some(old) = from.get(key) else {
                if self.changes {
                    patch.insert(key.clone(), new.clone());
                }
                continue;
            };
            let (strategy, of) = schema.field(key);
            let below = join(path, key);
            match (old, new) {
                (Value::Object(old), Value::Object(new)) if !strategy.replace => {
                    let change = self.map(old, new, of, strategy.retain_keys, &below)?;
                    if !change.is_empty() {
                        patch.insert(key.clone(), Value::Object(change));
                    }
                }
                (Value::Array(old), Value::Array(new)) if strategy.merge => {
                    self.list(key, old, new, strategy, of, &below, &mut patch)?;
                }
                (old, new) => {
                    if self.changes && old != new {
                        patch.insert(key.clone(), new.clone());
                    }
                }
            }
        }
        if self.deletions {
            for key in from.keys().filter(|key| !to.contains_key(*key)) {
                patch.insert(key.clone(), Value::Null);
            }
        }
        let grows = || to.keys().any(|key| !from.contains_key(key));
        if retain_keys && !to.is_empty() && (!patch.is_empty() || grows()) {
            let mut keys: Vec<&str> = to.keys().map(String::as_str).collect();
            keys.sort_unstable();
            patch.insert(RETAIN_KEYS.to_owned(), json!(keys));
        }
        Ok(patch)
    }

    #[expect(clippy::too_many_arguments, reason = "a list may add three entries to the patch")]
    fn list(
        self,
        key: &str,
        from: &[Value],
        to: &[Value],
        strategy: Strategy,
        of: Type,
        path: &str,
        patch: &mut Object,
    ) -> Result<(), StrategicError> {
        if from.is_empty() {
            if !to.is_empty() && self.changes {
                patch.insert(key.to_owned(), Value::Array(to.to_vec()));
            }
            return Ok(());
        }
        match (elements(from, to, path)?, strategy.merge_key()) {
            (Elements::Maps, Some(merge_key)) => {
                let list = self.maps(from, to, merge_key, strategy.retain_keys, of, path)?;
                let reordered = !same_order(from, to, Some(merge_key));
                if self.changes && (!list.is_empty() || reordered) || self.deletions && !list.is_empty() {
                    let order: Vec<Value> = to
                        .iter()
                        .map(|element| json!({merge_key: element.get(merge_key)}))
                        .collect();
                    if !order.is_empty() {
                        patch.insert(format!("{ELEMENT_ORDER}{key}"), Value::Array(order));
                    }
                }
                if !list.is_empty() {
                    patch.insert(key.to_owned(), Value::Array(list));
                }
                Ok(())
            }
            (Elements::Maps, None) => Err(StrategicError::MissingMergeKey {
                element: path.to_owned(),
                key: String::new(),
            }),
            (Elements::Scalars, _) => {
                self.scalars(key, from, to, patch);
                Ok(())
            }
        }
    }

    fn scalars(self, key: &str, from: &[Value], to: &[Value], patch: &mut Object) {
        let lacking = |list: &[Value], other: &[Value]| -> Vec<Value> {
            list.iter().filter(|value| !other.contains(value)).cloned().collect()
        };
        let (mut added, removed) = (lacking(to, from), lacking(from, to));
        sort_by(&mut added, to, None);
        let differs = from != to;
        if (self.deletions && !removed.is_empty() || self.changes && differs) && !to.is_empty() {
            patch.insert(format!("{ELEMENT_ORDER}{key}"), Value::Array(to.to_vec()));
        }
        if self.changes && !added.is_empty() {
            patch.insert(key.to_owned(), Value::Array(added));
        }
        if self.deletions && !removed.is_empty() {
            patch.insert(format!("{DELETE_SCALARS}{key}"), Value::Array(removed));
        }
    }

    /// Changed and new elements in the order of the new list, then deletions.
    fn maps(
        self,
        from: &[Value],
        to: &[Value],
        merge_key: &str,
        retain_keys: bool,
        of: Type,
        path: &str,
    ) -> Result<Vec<Value>, StrategicError> {
        for element in from.iter().chain(to) {
            if element.get(merge_key).is_none() {
                return Err(missing_key(element, merge_key));
            }
        }
        let mut patch = Vec::new();
        for new in to {
            let old = from.iter().find(|old| old.get(merge_key) == new.get(merge_key));
            match (old, new) {
                (Some(Value::Object(old)), Value::Object(new)) => {
                    let mut change = self.map(old, new, of, retain_keys, path)?;
                    if !change.is_empty() {
                        change.insert(merge_key.to_owned(), new.get(merge_key).cloned().unwrap_or_default());
                        patch.push(Value::Object(change));
                    }
                }
                _ if self.changes => patch.push(new.clone()),
                _ => {}
            }
        }
        if self.deletions {
            let mut gone: Vec<&Value> = from
                .iter()
                .filter(|old| !to.iter().any(|new| new.get(merge_key) == old.get(merge_key)))
                .collect();
            gone.sort_by_cached_key(|element| identity(element, Some(merge_key)));
            patch.extend(
                gone.into_iter()
                    .map(|old| json!({merge_key: old.get(merge_key), DIRECTIVE: "delete"})),
            );
        }
        Ok(patch)
    }
}
