//! Applying a patch, and combining two patches into one.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value};

use super::order::{arrange, identity};
use super::{
    DELETE_SCALARS, DIRECTIVE, ELEMENT_ORDER, Elements, RETAIN_KEYS, StrategicError, elements, join, missing_key,
};
use crate::object::schema::{Strategy, Type};

type Object = Map<String, Value>;

/// How to merge.
pub(super) struct Merge {
    /// The base is an object: directives take effect and vanish. Else it is a patch, which keeps them.
    apply: bool,
}

impl Merge {
    pub(super) fn applying() -> Self {
        Self { apply: true }
    }

    pub(super) fn combining() -> Self {
        Self { apply: false }
    }

    pub(super) fn map(
        &self,
        mut base: Object,
        mut patch: Object,
        schema: Type,
        path: &str,
    ) -> Result<Object, StrategicError> {
        if let Some(directive) = patch.remove(DIRECTIVE) {
            return match directive.as_str() {
                Some("replace") => Ok(patch),
                Some("delete") => Ok(Object::new()),
                Some("merge") => self.map(base, patch, schema, path),
                _ => Err(StrategicError::UnknownDirective {
                    directive: crate::yaml::json::to_string(&directive),
                    path: path.to_owned(),
                }),
            };
        }
        self.retain_keys(&mut base, &mut patch, path)?;
        self.ordered_lists(&mut base, &mut patch, schema, path)?;
        // Sorted, so that the first complaint does not depend on the map's order.
        let patch: BTreeMap<String, Value> = patch.into_iter().collect();
        for (key, change) in patch {
            if let Some(list) = key.strip_prefix(DELETE_SCALARS) {
                if self.apply {
                    delete_scalars(&mut base, list, &change, path)?;
                } else {
                    base.insert(key, change);
                }
                continue;
            }
            if change.is_null() {
                base.remove(&key);
                if !self.apply {
                    base.insert(key, change);
                }
                continue;
            }
            let (strategy, of) = schema.field(&key);
            let below = join(path, &key);
            let merged = match (base.remove(&key), change) {
                (Some(Value::Object(old)), Value::Object(change)) if !strategy.replace => {
                    Some(Value::Object(self.map(old, change, of, &below)?))
                }
                (Some(Value::Array(old)), Value::Array(change)) if strategy.merge => {
                    Some(Value::Array(self.list(old, change, strategy, of, &below)?))
                }
                (_, change) => self.added(change),
            };
            if let Some(merged) = merged {
                base.insert(key, merged);
            }
        }
        Ok(base)
    }

    /// What a value is that the base did not have; `None` if it says that it is to be deleted.
    fn added(&self, value: Value) -> Option<Value> {
        if !self.apply {
            return Some(value);
        }
        match value {
            Value::Object(mut map) => {
                if map.remove(DIRECTIVE).is_some_and(|directive| directive == "delete") {
                    return None;
                }
                Some(Value::Object(
                    map.into_iter()
                        .filter(|(key, value)| {
                            !value.is_null()
                                && key != RETAIN_KEYS
                                && !key.starts_with(ELEMENT_ORDER)
                                && !key.starts_with(DELETE_SCALARS)
                        })
                        .filter_map(|(key, value)| Some((key, self.added(value)?)))
                        .collect(),
                ))
            }
            Value::Array(items) => Some(Value::Array(
                items.into_iter().filter_map(|item| self.added(item)).collect(),
            )),
            scalar => Some(scalar),
        }
    }

    fn retain_keys(&self, base: &mut Object, patch: &mut Object, path: &str) -> Result<(), StrategicError> {
        let Some(directive) = patch.remove(RETAIN_KEYS) else {
            return Ok(());
        };
        let invalid = |reason| StrategicError::InvalidDirective {
            directive: RETAIN_KEYS.to_owned(),
            path: path.to_owned(),
            reason,
        };
        if !self.apply {
            base.insert(RETAIN_KEYS.to_owned(), directive);
            return Ok(());
        }
        let keys: HashSet<&str> = directive
            .as_array()
            .ok_or_else(|| invalid("it is no list"))?
            .iter()
            .filter_map(Value::as_str)
            .collect();
        if patch
            .iter()
            .any(|(key, value)| !value.is_null() && !key.starts_with('$') && !keys.contains(key.as_str()))
        {
            return Err(invalid("the patch has keys that it does not name"));
        }
        base.retain(|key, _| keys.contains(key.as_str()));
        Ok(())
    }

    /// Lists whose order the patch says. They are taken out of the patch.
    fn ordered_lists(
        &self,
        base: &mut Object,
        patch: &mut Object,
        schema: Type,
        path: &str,
    ) -> Result<(), StrategicError> {
        let mut directives: Vec<String> = patch
            .keys()
            .filter(|key| key.starts_with(ELEMENT_ORDER))
            .cloned()
            .collect();
        directives.sort_unstable();
        for directive in directives {
            let Some(wanted) = patch.remove(&directive) else {
                continue;
            };
            let key = directive[ELEMENT_ORDER.len()..].to_owned();
            let below = join(path, &key);
            let invalid = |reason| StrategicError::InvalidDirective {
                directive: directive.clone(),
                path: path.to_owned(),
                reason,
            };
            let Value::Array(order) = &wanted else {
                return Err(invalid("it is no list"));
            };
            let as_list = |value: Option<Value>| match value {
                None | Some(Value::Null) => Ok(None),
                Some(Value::Array(items)) => Ok(Some(items)),
                Some(_) => Err(invalid("it is about something else than a list")),
            };
            let (strategy, of) = schema.field(&key);
            let old = as_list(base.remove(&key))?;
            let change = as_list(patch.remove(&key))?;
            let merge_key = strategy.merge_key();
            if let Some(change) = &change {
                check_order(change, order, merge_key).map_err(invalid)?;
            }
            let merged = match (old.clone(), change) {
                (None, None) => None,
                (Some(old), None) => Some(old),
                (None, Some(change)) => match self.added(Value::Array(change)) {
                    Some(Value::Array(items)) => Some(items),
                    _ => None,
                },
                (Some(old), Some(change)) if strategy.merge => Some(self.list(old, change, strategy, of, &below)?),
                (Some(_), Some(change)) => Some(change),
            };
            if let Some(merged) = merged {
                elements(&merged, &[], &below)?;
                let base_order = old.unwrap_or_default();
                base.insert(key, Value::Array(arrange(merged, order, &base_order, merge_key)));
            }
            if !self.apply {
                base.insert(directive, wanted);
            }
        }
        Ok(())
    }

    fn list(
        &self,
        base: Vec<Value>,
        patch: Vec<Value>,
        strategy: Strategy,
        of: Type,
        path: &str,
    ) -> Result<Vec<Value>, StrategicError> {
        if base.is_empty() && patch.is_empty() {
            return Ok(base);
        }
        if elements(&base, &patch, path)? == Elements::Scalars {
            let mut seen = HashSet::new();
            let both = base
                .iter()
                .chain(&patch)
                .filter(|value| seen.insert(identity(value, None)))
                .cloned()
                .collect();
            return Ok(arrange(both, &patch, &base, None));
        }
        let Some(key) = strategy.merge_key() else {
            return Err(StrategicError::MissingMergeKey {
                element: path.to_owned(),
                key: String::new(),
            });
        };
        let (base, patch) = if self.apply {
            special_elements(base, patch, key, path)?
        } else {
            (base, patch)
        };
        let mut merged = base.clone();
        for change in &patch {
            if change.get(key).is_none() {
                return Err(missing_key(change, key));
            }
            let same = merged.iter().position(|element| element.get(key) == change.get(key));
            match (same, change) {
                (Some(index), Value::Object(change)) => {
                    if let Value::Object(old) = merged[index].take() {
                        merged[index] = Value::Object(self.map(old, change.clone(), of, path)?);
                    }
                }
                _ => merged.extend(self.added(change.clone())),
            }
        }
        Ok(arrange(merged, &patch, &base, Some(key)))
    }
}

/// Carries out `$patch` in elements of a list: (base, patch) that are left to merge.
fn special_elements(
    mut base: Vec<Value>,
    patch: Vec<Value>,
    key: &str,
    path: &str,
) -> Result<(Vec<Value>, Vec<Value>), StrategicError> {
    let mut rest = Vec::with_capacity(patch.len());
    let mut replace = false;
    for element in patch {
        match element
            .get(DIRECTIVE)
            .map(|directive| directive.as_str().unwrap_or_default())
        {
            None => rest.push(element),
            Some("delete") => {
                let Some(value) = element.get(key) else {
                    return Err(missing_key(&element, key));
                };
                base.retain(|old| old.get(key) != Some(value));
            }
            Some("replace") => replace = true,
            Some("merge") => return Err(StrategicError::MergeInList),
            Some(other) => {
                return Err(StrategicError::UnknownDirective {
                    directive: other.to_owned(),
                    path: path.to_owned(),
                });
            }
        }
    }
    Ok(if replace { (rest, Vec::new()) } else { (base, rest) })
}

fn delete_scalars(base: &mut Object, list: &str, values: &Value, path: &str) -> Result<(), StrategicError> {
    let Value::Array(values) = values else {
        return Err(StrategicError::InvalidDirective {
            directive: format!("{DELETE_SCALARS}{list}"),
            path: path.to_owned(),
            reason: "it is no list",
        });
    };
    if let Some(Value::Array(items)) = base.get_mut(list) {
        items.retain(|item| !values.contains(item));
    }
    Ok(())
}

/// The patch's elements must stand in the order that it says, each of them named.
fn check_order(patch: &[Value], order: &[Value], merge_key: Option<&str>) -> Result<(), &'static str> {
    let mut rest = order.iter();
    for element in patch.iter().filter(|element| element.get(DIRECTIVE).is_none()) {
        let wanted = identity(element, merge_key);
        if !rest.any(|named| identity(named, merge_key) == wanted) {
            return Err("the patch's list is not in the order that it says");
        }
    }
    Ok(())
}
