//! The order of merged lists.

use std::collections::HashMap;

use serde_json::Value;

/// What identifies an element: its merge key's value, or the scalar itself. As text, so that it can be looked up.
pub(super) fn identity(element: &Value, merge_key: Option<&str>) -> String {
    let value = match merge_key {
        Some(key) => element.get(key).unwrap_or(&Value::Null),
        None => element,
    };
    crate::yaml::json::to_string(value)
}

/// The place of each identity in a list; the first counts.
fn places(list: &[Value], merge_key: Option<&str>) -> HashMap<String, usize> {
    let mut places = HashMap::with_capacity(list.len());
    for (index, element) in list.iter().enumerate() {
        places.entry(identity(element, merge_key)).or_insert(index);
    }
    places
}

/// Puts elements into the order that another list has; those that it lacks stay behind, in their order.
pub(super) fn sort_by(elements: &mut [Value], order: &[Value], merge_key: Option<&str>) {
    let places = places(order, merge_key);
    elements.sort_by_cached_key(|element| places.get(&identity(element, merge_key)).copied().unwrap_or(usize::MAX));
}

/// Orders a merged list: the elements that `wanted` names in its order, the others in the base's. Where both are in the base, their
/// order there decides between one of each; else the wanted comes first.
pub(super) fn arrange(merged: Vec<Value>, wanted: &[Value], base: &[Value], merge_key: Option<&str>) -> Vec<Value> {
    let wanted_places = places(wanted, merge_key);
    let base_places = places(base, merge_key);
    let (mut named, mut others): (Vec<Value>, Vec<Value>) = merged
        .into_iter()
        .partition(|element| wanted_places.contains_key(&identity(element, merge_key)));
    sort_by(&mut named, wanted, merge_key);
    sort_by(&mut others, base, merge_key);
    let place = |element: &Value| base_places.get(&identity(element, merge_key)).copied();
    let mut arranged = Vec::with_capacity(named.len() + others.len());
    let (mut named, mut others) = (named.into_iter().peekable(), others.into_iter().peekable());
    while let (Some(left), Some(right)) = (others.peek(), named.peek()) {
        let other_first = matches!((place(left), place(right)), (Some(left), Some(right)) if left < right);
        arranged.extend(if other_first { others.next() } else { named.next() });
    }
    arranged.extend(named);
    arranged.extend(others);
    arranged
}

/// Whether the elements that both lists have stand in the same order.
pub(super) fn same_order(a: &[Value], b: &[Value], merge_key: Option<&str>) -> bool {
    let (in_a, in_b) = (places(a, merge_key), places(b, merge_key));
    let common = |list: &[Value], other: &HashMap<String, usize>| -> Vec<String> {
        list.iter()
            .map(|element| identity(element, merge_key))
            .filter(|identity| other.contains_key(identity))
            .collect()
    };
    common(a, &in_b) == common(b, &in_a)
}
