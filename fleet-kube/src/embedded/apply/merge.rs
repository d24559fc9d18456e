//! The set of an object's fields, the difference of two objects, merging, and removing.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::field_set::FieldSet;
use super::shape::{Schema, Treatment};

/// The fields that an applied configuration names (structured-merge-diff `ToFieldSet`).
pub(super) fn fields_of(schema: Schema<'_>, value: &Value) -> FieldSet {
    let treatment = schema.treatment(value);
    match (&treatment, value) {
        (Treatment::Map, Value::Object(map)) => {
            let mut set = FieldSet::default();
            for (name, child) in map {
                let (inner, named) = schema.field(name);
                let mut fields = fields_of(inner, child);
                let empty = child.is_null() || child.as_object().is_some_and(Map::is_empty);
                // A key of a map is a member itself, whatever lies below it.
                fields.own |= empty || (!named && !matches!(schema, Schema::Struct(_)));
                if !fields.is_empty() {
                    set.children.insert(format!("f:{name}"), fields);
                }
            }
            set
        }
        (Treatment::Set | Treatment::Keyed(_), Value::Array(items)) => {
            let mut set = FieldSet::default();
            for item in items {
                let mut fields = match treatment {
                    Treatment::Keyed(_) => fields_of(schema.item(), item),
                    _ => FieldSet::default(),
                };
                fields.own = true;
                set.children.insert(schema.element(&treatment, item), fields);
            }
            set
        }
        _ => FieldSet {
            own: true,
            ..FieldSet::default()
        },
    }
}

/// What differs between two objects.
#[derive(Debug, Default)]
pub(super) struct Difference {
    /// Added or modified fields.
    pub(super) changed: FieldSet,
    pub(super) removed: FieldSet,
}

/// The difference from `old` to `new` (structured-merge-diff `Compare`).
pub(super) fn compare(schema: Schema<'_>, old: &Value, new: &Value) -> Difference {
    let mut difference = Difference::default();
    compare_at(
        schema,
        Some(old),
        Some(new),
        &mut difference.changed,
        &mut difference.removed,
    );
    difference
}

fn compare_at(
    schema: Schema<'_>,
    old: Option<&Value>,
    new: Option<&Value>,
    changed: &mut FieldSet,
    removed: &mut FieldSet,
) {
    if old == new {
        return;
    }
    let (Some(sample), empty) = (new.or(old), Value::Null) else {
        return;
    };
    let treatment = schema.treatment(sample);
    let same_form = old.is_none_or(|old| schema.treatment(old) == treatment || old.is_null());
    if treatment == Treatment::Leaf || !same_form {
        match new {
            Some(_) => changed.own = true,
            None => removed.own = true,
        }
        return;
    }
    let (before, after) = (old.unwrap_or(&empty), new.unwrap_or(&empty));
    match &treatment {
        Treatment::Map => {
            let none = Map::new();
            let (before, after) = (before.as_object().unwrap_or(&none), after.as_object().unwrap_or(&none));
            for name in before.keys().chain(after.keys().filter(|k| !before.contains_key(*k))) {
                let (inner, _) = schema.field(name);
                descend(
                    &format!("f:{name}"),
                    inner,
                    before.get(name),
                    after.get(name),
                    changed,
                    removed,
                );
            }
        }
        Treatment::Set | Treatment::Keyed(_) => {
            let by_element = |list: &Value| -> HashMap<String, Value> {
                let items = list.as_array().into_iter().flatten();
                items
                    .map(|item| (schema.element(&treatment, item), item.clone()))
                    .collect()
            };
            let (before, after) = (by_element(before), by_element(after));
            for element in before.keys().chain(after.keys().filter(|k| !before.contains_key(*k))) {
                let inner = schema.item();
                descend(
                    element,
                    inner,
                    before.get(element),
                    after.get(element),
                    changed,
                    removed,
                );
            }
        }
        Treatment::Leaf => {}
    }
    // A struct is there without being anybody's; a map, a list or an item belongs to who made it.
    let structure = matches!(schema, Schema::Struct(_))
        || matches!(
            schema,
            Schema::Builtin(crate::embedded::types::Type::Struct(_), Some(_))
        );
    let empty = sample.as_object().is_some_and(Map::is_empty);
    if old.is_none() && (!structure || empty) {
        changed.own = true;
    }
    if new.is_none() {
        removed.own = true;
    }
}

fn descend(
    element: &str,
    schema: Schema<'_>,
    old: Option<&Value>,
    new: Option<&Value>,
    changed: &mut FieldSet,
    removed: &mut FieldSet,
) {
    let (mut c, mut r) = (FieldSet::default(), FieldSet::default());
    compare_at(schema, old, new, &mut c, &mut r);
    if !c.is_empty() {
        changed.children.insert(element.to_owned(), c);
    }
    if !r.is_empty() {
        removed.children.insert(element.to_owned(), r);
    }
}

/// `config` laid over `live`: keyed lists by key, sets by value, everything atomic replaced.
pub(super) fn merge(schema: Schema<'_>, live: &Value, config: &Value) -> Value {
    let treatment = schema.treatment(config);
    match (&treatment, live, config) {
        (Treatment::Map, Value::Object(live), Value::Object(config)) => {
            let mut merged = live.clone();
            for (name, value) in config {
                let (inner, _) = schema.field(name);
                let next = live
                    .get(name)
                    .map_or_else(|| value.clone(), |old| merge(inner, old, value));
                merged.insert(name.clone(), next);
            }
            Value::Object(merged)
        }
        (Treatment::Set | Treatment::Keyed(_), Value::Array(live), Value::Array(config)) => {
            merge_lists(schema, &treatment, live, config)
        }
        _ => config.clone(),
    }
}

/// The applied items in their order; items that only `live` has keep their place before the next common item.
fn merge_lists(schema: Schema<'_>, treatment: &Treatment, live: &[Value], config: &[Value]) -> Value {
    let elements: Vec<String> = config.iter().map(|item| schema.element(treatment, item)).collect();
    let wanted: HashMap<&str, usize> = elements.iter().enumerate().map(|(i, e)| (e.as_str(), i)).collect();
    let live_elements: Vec<String> = live.iter().map(|item| schema.element(treatment, item)).collect();
    let old: HashMap<&str, &Value> = live_elements.iter().map(String::as_str).zip(live).collect();
    let mut merged = Vec::with_capacity(live.len() + config.len());
    let mut next = 0;
    let put = |index: usize, merged: &mut Vec<Value>| {
        let item = match old.get(elements[index].as_str()) {
            Some(old) if matches!(treatment, Treatment::Keyed(_)) => merge(schema.item(), old, &config[index]),
            _ => config[index].clone(),
        };
        merged.push(item);
    };
    for (element, item) in live_elements.iter().zip(live) {
        match wanted.get(element.as_str()) {
            None => merged.push(item.clone()),
            Some(index) => {
                while next <= *index {
                    put(next, &mut merged);
                    next += 1;
                }
            }
        }
    }
    while next < config.len() {
        put(next, &mut merged);
        next += 1;
    }
    Value::Array(merged)
}

/// Removes from `value` what the applier owned `last` time and nobody owns now.
pub(super) fn remove_dropped(schema: Schema<'_>, value: &mut Value, last: &FieldSet, owned: &FieldSet) {
    let treatment = schema.treatment(value);
    match value {
        Value::Object(map) if treatment == Treatment::Map => {
            for (element, before) in &last.children {
                let Some(name) = element.strip_prefix("f:") else {
                    continue;
                };
                let (inner, named) = schema.field(name);
                let Some(child) = map.get_mut(name) else { continue };
                match owned.children.get(element) {
                    Some(now) => remove_dropped(inner, child, before, now),
                    // Fields that the schema names go with their last owned part.
                    None if before.own || named => {
                        map.remove(name);
                    }
                    None => remove_dropped(inner, child, before, &FieldSet::default()),
                }
            }
        }
        Value::Array(items) if matches!(treatment, Treatment::Set | Treatment::Keyed(_)) => {
            items.retain_mut(|item| {
                let element = schema.element(&treatment, item);
                let Some(before) = last.children.get(&element) else {
                    return true;
                };
                match owned.children.get(&element) {
                    Some(now) => {
                        remove_dropped(schema.item(), item, before, now);
                        true
                    }
                    None => !before.own,
                }
            });
        }
        _ => {}
    }
}
