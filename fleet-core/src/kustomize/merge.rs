//! Strategic merge patches as kyaml's merge2 applies them, which is not what the API server does: merged lists begin with the patch's
//! elements, `$setElementOrder` and `$retainKeys` are unknown, and some directives have quirks that are kept here because deployed
//! configurations depend on them.
//!
//! Invariant: depth is that of the inputs, which the reader bounds.

use std::collections::{BTreeSet, HashMap};

use super::{
    error::{KustomizeError, Result},
    fields::wrong_kind,
    node::{Key, Mapping, Node, Scalar},
    schema::{Schema, Schemas},
};

/// What became of a value.
enum Merged {
    /// It is the old one, changed in place (or still not there).
    Kept,
    /// It is this one instead.
    Replaced(Node),
    /// It is gone.
    Cleared,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Directive {
    Merge,
    Replace,
    Delete,
}

const DIRECTIVE: &str = "$patch";

/// Merges a patch into an object; an object that the patch deletes is left empty.
pub(super) fn apply(object: &mut Mapping, patch: Mapping, schemas: &Schemas) -> Result<()> {
    let mut node = Node::Mapping(std::mem::take(object));
    let outcome = walk(Some(&mut node), Some(Node::Mapping(patch)), None, schemas)?;
    *object = match (outcome, node) {
        (Merged::Cleared, _) => Mapping::default(),
        // `$patch: replace` on the whole object has no effect there.
        (_, Node::Mapping(mapping)) => mapping,
        _ => Mapping::default(),
    };
    Ok(())
}

fn is_missing(node: Option<&Node>) -> bool {
    node.is_none_or(Node::is_null)
}

fn walk(dest: Option<&mut Node>, patch: Option<Node>, schema: Option<Schema>, schemas: &Schemas) -> Result<Merged> {
    let schema = schema.or_else(|| own_schema(dest.as_deref(), patch.as_ref(), schemas));
    let kind = |node: Option<&Node>| node.filter(|node| !node.is_null()).map(Node::kind_name);
    let Some(expected) = kind(dest.as_deref()).or_else(|| kind(patch.as_ref())) else {
        return Ok(walk_nothing(dest.as_deref(), patch));
    };
    for node in [dest.as_deref(), patch.as_ref()].into_iter().flatten() {
        if !node.is_null() && node.kind_name() != expected {
            return Err(KustomizeError::Patch(wrong_kind(expected, node)));
        }
    }
    match expected {
        "MappingNode" => walk_map(dest, patch, schema.as_ref(), schemas),
        "SequenceNode" => match schema.as_ref().and_then(Schema::merge_keys) {
            Some(keys) => walk_merged_list(
                dest,
                patch,
                &keys,
                schema.as_ref().and_then(Schema::elements).as_ref(),
                schemas,
            ),
            None => Ok(take_patch(patch)),
        },
        _ => Ok(take_patch(patch)),
    }
}

/// Scalars and lists without keys: the patch's value if there is one, nothing if that is null.
fn take_patch(patch: Option<Node>) -> Merged {
    match patch {
        None => Merged::Kept,
        Some(patch) if patch.is_null() => Merged::Cleared,
        Some(patch) => Merged::Replaced(patch),
    }
}

/// Neither side has a value. A null that is written out stays, one that is not written vanishes.
fn walk_nothing(dest: Option<&Node>, patch: Option<Node>) -> Merged {
    match (dest, patch) {
        (Some(Node::Scalar(Scalar { text, .. })), None) if !text.is_empty() => Merged::Kept,
        _ => Merged::Cleared,
    }
}

/// Objects within objects bring their own schema.
fn own_schema(dest: Option<&Node>, patch: Option<&Node>, schemas: &Schemas) -> Option<Schema> {
    [dest, patch].into_iter().flatten().find_map(|node| {
        let text = |key: &str| node.get(key).and_then(Node::text).filter(|text| !text.is_empty());
        schemas.of(text("apiVersion")?, text("kind")?)
    })
}

/// Takes the directive out of a map.
fn map_directive(patch: &mut Mapping) -> Result<Directive> {
    let directive = match patch.get(DIRECTIVE) {
        None => return Ok(Directive::Merge),
        Some(value) => directive(value)?,
    };
    patch.remove(DIRECTIVE);
    Ok(directive)
}

fn directive(value: &Node) -> Result<Directive> {
    match value.text().unwrap_or_default() {
        "delete" => Ok(Directive::Delete),
        "replace" => Ok(Directive::Replace),
        "merge" => Ok(Directive::Merge),
        unknown => Err(KustomizeError::Patch(format!("unknown patch strategy '{unknown}'"))),
    }
}

/// Takes the directive out of a list: an element that consists of nothing else.
fn list_directive(items: &mut Vec<Node>) -> Result<Directive> {
    let element = items
        .iter()
        .find_map(|item| item.get(DIRECTIVE).map(|value| (item, value)));
    let Some((item, value)) = element else {
        return Ok(Directive::Merge);
    };
    if item.as_mapping().is_some_and(|mapping| mapping.entries.len() > 1) {
        return Ok(Directive::Merge);
    }
    let found = directive(value)?;
    let text = value.text().unwrap_or_default().to_owned();
    set_element(items, None, &[DIRECTIVE], &[text.as_str()], fate);
    Ok(found)
}

fn walk_map(
    dest: Option<&mut Node>,
    patch: Option<Node>,
    schema: Option<&Schema>,
    schemas: &Schemas,
) -> Result<Merged> {
    let Some(dest) = dest.filter(|dest| !dest.is_null()) else {
        let Some(mut patch) = patch else {
            return Ok(Merged::Kept);
        };
        if let Node::Mapping(mapping) = &mut patch {
            // What is wrong with the directive shows when the map is walked.
            if map_directive(mapping).is_ok_and(|directive| directive == Directive::Delete) {
                return Ok(Merged::Cleared);
            }
            normalize_fields(mapping, schema, schemas)?;
        }
        return Ok(Merged::Replaced(patch));
    };
    let mut patch = match patch {
        Some(Node::Mapping(patch)) => patch,
        Some(_) => return Ok(Merged::Cleared),
        None => Mapping::default(),
    };
    match map_directive(&mut patch)? {
        Directive::Delete => return Ok(Merged::Cleared),
        Directive::Replace => {
            normalize_fields(&mut patch, schema, schemas)?;
            return Ok(Merged::Replaced(Node::Mapping(patch)));
        }
        Directive::Merge => {}
    }
    if let Node::Mapping(dest) = dest {
        merge_fields(dest, patch, schema, schemas)?;
    }
    Ok(Merged::Kept)
}

fn merge_fields(dest: &mut Mapping, patch: Mapping, schema: Option<&Schema>, schemas: &Schemas) -> Result<()> {
    let mut names: BTreeSet<String> = dest.entries.iter().map(|(key, _)| key.text().to_owned()).collect();
    names.extend(patch.entries.iter().map(|(key, _)| key.text().to_owned()));
    let mut patches: HashMap<String, Node> = HashMap::with_capacity(patch.entries.len());
    for (key, value) in patch.entries {
        patches.entry(key.text().to_owned()).or_insert(value);
    }
    let mut gone = Vec::new();
    let mut positions: HashMap<String, usize> = HashMap::with_capacity(dest.entries.len());
    for (at, (key, _)) in dest.entries.iter().enumerate() {
        positions.entry(key.text().to_owned()).or_insert(at);
    }
    for name in names {
        let at = positions.get(&name).copied();
        let field_schema = schema.and_then(|schema| schema.field(&name));
        let value = at.map(|at| &mut dest.entries[at].1);
        let outcome = walk(value, patches.remove(&name), field_schema, schemas)?;
        match outcome {
            Merged::Kept => {
                if let Some(Node::Scalar(scalar)) = at.map(|at| &mut dest.entries[at].1) {
                    scalar.quote_old_words();
                }
            }
            Merged::Replaced(value) if value.is_null() => gone.extend(at),
            Merged::Replaced(value) => match at {
                Some(at) => match (&mut dest.entries[at].1, value) {
                    (Node::Scalar(old), Node::Scalar(new)) => old.replace(new),
                    (old, new) => *old = new,
                },
                None => {
                    let mut value = value;
                    if let Node::Scalar(scalar) = &mut value {
                        scalar.quote_old_words();
                    }
                    // A patch's own keys keep their quotes.
                    dest.entries.push((Key::new(&name), value));
                }
            },
            Merged::Cleared => gone.extend(at),
        }
    }
    remove_positions(&mut dest.entries, &mut gone);
    Ok(())
}

fn remove_positions<T>(items: &mut Vec<T>, positions: &mut Vec<usize>) {
    positions.sort_unstable();
    for at in positions.drain(..).rev() {
        items.remove(at);
    }
}

/// What a patch's map becomes where nothing was: kyaml merges it with itself, which takes out nulls, directives and duplicates.
fn normalize_fields(mapping: &mut Mapping, schema: Option<&Schema>, schemas: &Schemas) -> Result<()> {
    let mut gone = Vec::new();
    for (at, (key, value)) in mapping.entries.iter_mut().enumerate() {
        let field_schema = schema.and_then(|schema| schema.field(key.text()));
        if !normalize(value, field_schema, schemas)? {
            gone.push(at);
        }
    }
    remove_positions(&mut mapping.entries, &mut gone);
    Ok(())
}

/// False if nothing is left.
fn normalize(node: &mut Node, schema: Option<Schema>, schemas: &Schemas) -> Result<bool> {
    let schema = schema.or_else(|| own_schema(Some(node), None, schemas));
    match node {
        Node::Scalar(_) => Ok(!node.is_null()),
        Node::Mapping(mapping) => {
            if map_directive(mapping)? == Directive::Delete {
                return Ok(false);
            }
            normalize_fields(mapping, schema.as_ref(), schemas)?;
            Ok(true)
        }
        Node::Sequence(items) => {
            let Some(keys) = schema.as_ref().and_then(Schema::merge_keys) else {
                return Ok(true);
            };
            if list_directive(items)? == Directive::Delete {
                return Ok(false);
            }
            let elements = schema.as_ref().and_then(Schema::elements);
            merge_elements(items, None, &keys, elements.as_ref(), schemas)?;
            Ok(true)
        }
    }
}

fn walk_merged_list(
    dest: Option<&mut Node>,
    patch: Option<Node>,
    keys: &[String],
    elements: Option<&Schema>,
    schemas: &Schemas,
) -> Result<Merged> {
    let Some(Node::Sequence(dest)) = dest.filter(|dest| !dest.is_null()) else {
        let Some(Node::Sequence(mut items)) = patch else {
            return Ok(Merged::Cleared);
        };
        merge_elements(&mut items, None, keys, elements, schemas)?;
        return Ok(Merged::Replaced(Node::Sequence(items)));
    };
    let patch = match patch {
        None => Vec::new(),
        Some(Node::Sequence(mut items)) => match list_directive(&mut items)? {
            Directive::Delete => return Ok(Merged::Cleared),
            Directive::Replace => {
                merge_elements(&mut items, None, keys, elements, schemas)?;
                return Ok(Merged::Replaced(Node::Sequence(items)));
            }
            Directive::Merge => items,
        },
        Some(_) => return Ok(Merged::Cleared),
    };
    merge_elements(dest, Some(patch), keys, elements, schemas)?;
    Ok(Merged::Kept)
}

/// An element of the merged list: one of the old list, by its place there, or a new one.
enum Element {
    Old(usize),
    New(Node),
}

/// Merges lists by keys, element by element, in kyaml's steps. Without a patch, the list is merged with itself.
fn merge_elements(
    dest: &mut Vec<Node>,
    patch: Option<Vec<Node>>,
    keys: &[String],
    schema: Option<&Schema>,
    schemas: &Schemas,
) -> Result<()> {
    let alone = patch.is_none();
    let patch = patch.unwrap_or_default();
    let scalar_keys = [String::new()];
    let mut values = key_values(&patch, dest, keys);
    let keys = if values.is_empty() && keys.is_empty() {
        values = scalar_values(&patch, dest);
        &scalar_keys
    } else {
        keys
    };
    if keys.len() > 1 {
        merge_values(&mut values);
    }
    // Elements keep their places while the list is worked on. What is deleted from the old list may stand in the new one already.
    let mut old: Vec<Old> = std::mem::take(dest).into_iter().map(Old::new).collect();
    let mut merged: Vec<Element> = Vec::new();
    let mut last_keys: Vec<&str> = Vec::new();
    for value in &values {
        let (valid_keys, valid_values) = valid(&values, value, keys);
        let (find_keys, find_values) = valid(std::slice::from_ref(value), value, keys);
        let at = old
            .iter()
            .position(|item| item.is_there && is_element(&item.node, &find_keys, &find_values));
        let patched = patch
            .iter()
            .find(|item| is_element(item, &find_keys, &find_values))
            .cloned();
        let item = at.map(|at| &mut old[at].node);
        let outcome = match (item, patched) {
            (Some(item), None) if alone => {
                if normalize(item, schema.cloned(), schemas)? {
                    Merged::Kept
                } else {
                    Merged::Cleared
                }
            }
            (item, patched) => walk(item, patched, schema.cloned(), schemas)?,
        };
        let element = match (outcome, at) {
            (Merged::Kept, Some(at)) => Some(Element::Old(at)),
            (Merged::Replaced(node), _) => Some(Element::New(node)),
            _ => None,
        };
        let is_empty =
            |node: &Node| node.is_null() || node.as_mapping().is_some_and(|mapping| mapping.entries.is_empty());
        let element = element.filter(|element| match element {
            Element::Old(at) => !is_empty(&old[*at].node),
            Element::New(node) => !is_empty(node),
        });
        match element {
            None => delete_elements(&mut old, &valid_keys, &valid_values),
            Some(mut element) => {
                let node = match &mut element {
                    Element::Old(at) => &mut old[*at].node,
                    Element::New(node) => node,
                };
                if let Node::Mapping(mapping) = node {
                    for (key, value) in valid_keys.iter().zip(&valid_values) {
                        if !value.is_empty() && mapping.get(key).is_none() {
                            mapping.set(key, Node::Scalar(Scalar::plain(*value)));
                        }
                    }
                }
                set_element(
                    &mut merged,
                    Some(element),
                    &valid_keys,
                    &valid_values,
                    |element, keys, values| fate(view(element, &old), keys, values),
                );
            }
        }
        last_keys = valid_keys;
    }
    if !values.is_empty() {
        append_old(&mut merged, &old, &last_keys);
    }
    // An old element may stand in several places.
    let mut uses: HashMap<usize, usize> = HashMap::new();
    for element in &merged {
        if let Element::Old(at) = element {
            *uses.entry(*at).or_default() += 1;
        }
    }
    dest.extend(merged.into_iter().map(|element| match element {
        Element::New(node) => node,
        Element::Old(at) => {
            let left = uses.entry(at).or_default();
            *left = left.saturating_sub(1);
            match left {
                0 => std::mem::replace(&mut old[at].node, Node::Sequence(Vec::new())),
                _ => old[at].node.clone(),
            }
        }
    }));
    if values.is_empty() {
        dest.extend(old.into_iter().map(|item| item.node));
    }
    Ok(())
}

/// An element of the old list, and whether it is still in it.
struct Old {
    node: Node,
    is_there: bool,
}

impl Old {
    fn new(node: Node) -> Self {
        Self { node, is_there: true }
    }
}

fn view<'a>(element: &'a Element, old: &'a [Old]) -> &'a Node {
    match element {
        Element::New(node) => node,
        Element::Old(at) => &old[*at].node,
    }
}

/// Puts the old elements behind the new ones: each replaces its like, or is added.
fn append_old(merged: &mut Vec<Element>, old: &[Old], keys: &[&str]) {
    for (at, item) in old.iter().enumerate().filter(|(_, item)| item.is_there) {
        let item = &item.node;
        if keys.first().is_some_and(|key| key.is_empty()) {
            let text = item.text().unwrap_or_default();
            set_element(
                merged,
                Some(Element::Old(at)),
                &[""],
                &[text],
                |element, keys, values| fate(view(element, old), keys, values),
            );
            continue;
        }
        let mut values = Vec::with_capacity(keys.len());
        for key in keys {
            match item.get(key) {
                None => merged.push(Element::Old(at)),
                Some(value) => values.push(value.text().unwrap_or_default()),
            }
        }
        if keys.len() > 1 {
            set_element(merged, None, keys, &values, |element, keys, values| {
                fate(view(element, old), keys, values)
            });
        }
        set_element(
            merged,
            Some(Element::Old(at)),
            keys,
            &values,
            |element, keys, values| fate(view(element, old), keys, values),
        );
    }
}

/// kyaml's `ElementSetter`: replaces or, without an element, removes all elements with these values; adds it if there is none. Nulls
/// and empty maps vanish on the way.
fn set_element<T>(
    items: &mut Vec<T>,
    element: Option<T>,
    keys: &[&str],
    values: &[&str],
    fate: impl Fn(&T, &[&str], &[&str]) -> Fate,
) where
    T: Duplicate,
{
    let mut found = false;
    let mut kept = Vec::with_capacity(items.len() + 1);
    for item in items.drain(..) {
        match fate(&item, keys, values) {
            Fate::Vanishes => {}
            // Without a value to look for, what does not match goes too: of elements without keys the last one remains.
            Fate::Stays if values.is_empty() => {}
            Fate::Stays => kept.push(item),
            Fate::Matches => {
                found = true;
                if let Some(element) = &element {
                    kept.push(element.duplicate());
                }
            }
        }
    }
    if let (Some(element), false) = (element, found) {
        kept.push(element);
    }
    *items = kept;
}

/// What a setter does with an element.
enum Fate {
    Vanishes,
    Stays,
    Matches,
}

fn fate(node: &Node, keys: &[&str], values: &[&str]) -> Fate {
    if node.is_null() || node.as_mapping().is_some_and(|mapping| mapping.entries.is_empty()) {
        Fate::Vanishes
    } else if has_values(node, keys, values) {
        Fate::Matches
    } else {
        Fate::Stays
    }
}

/// A copy where an element replaces several.
trait Duplicate {
    fn duplicate(&self) -> Self;
}

impl Duplicate for Node {
    fn duplicate(&self) -> Self {
        self.clone()
    }
}

impl Duplicate for Element {
    fn duplicate(&self) -> Self {
        match self {
            Self::Old(at) => Self::Old(*at),
            Self::New(node) => Self::New(node.clone()),
        }
    }
}

fn delete_elements(old: &mut [Old], keys: &[&str], values: &[&str]) {
    for item in old {
        if !matches!(fate(&item.node, keys, values), Fate::Stays) {
            item.is_there = false;
        }
    }
}

/// The setter's match: an empty value fits whatever the field holds, a missing value leaves the key out.
fn has_values(node: &Node, keys: &[&str], values: &[&str]) -> bool {
    if keys.first().is_none_or(|key| key.is_empty()) {
        return node
            .text()
            .is_some_and(|text| values.first().is_some_and(|value| text == *value));
    }
    keys.iter()
        .enumerate()
        .all(|(at, key)| match (node.get(key), values.get(at)) {
            (None, Some(_)) => false,
            (Some(field), Some(value)) => value.is_empty() || field.text().unwrap_or_default() == *value,
            (_, None) => at > 0,
        })
}

/// The finder's match: all fields are there and have the values.
fn is_element(node: &Node, keys: &[&str], values: &[&str]) -> bool {
    if keys.first().is_none_or(|key| key.is_empty()) {
        return node
            .text()
            .is_some_and(|text| values.first().is_some_and(|value| text == *value));
    }
    node.as_mapping().is_some()
        && keys.len() == values.len()
        && keys.iter().zip(values).all(|(key, value)| {
            node.get(key)
                .is_some_and(|field| field.text().unwrap_or_default() == *value)
        })
}

/// The values of the keys in all elements, the patch's first, each once; an absent or empty field is an empty text.
fn key_values(patch: &[Node], dest: &[Node], keys: &[String]) -> Vec<Vec<String>> {
    let mut seen = std::collections::HashSet::new();
    let mut found = Vec::new();
    for item in patch.iter().chain(dest) {
        let values: Vec<String> = keys
            .iter()
            .map(|key| match item.get(key) {
                Some(field) if !field.is_nil_or_empty() => field.text().unwrap_or_default().to_owned(),
                _ => String::new(),
            })
            .collect();
        if !values.is_empty() && seen.insert(values.clone()) {
            found.push(values);
        }
    }
    found
}

fn scalar_values(patch: &[Node], dest: &[Node]) -> Vec<Vec<String>> {
    let mut seen = std::collections::HashSet::new();
    let texts = patch
        .iter()
        .chain(dest)
        .map(|item| item.text().unwrap_or_default().to_owned());
    texts
        .filter(|text| seen.insert(text.clone()))
        .map(|text| vec![text])
        .collect()
}

/// Values that differ only where one of them is empty become one. Each is compared as it was before its own round began.
fn merge_values(list: &mut [Vec<String>]) {
    for first in 0..list.len() {
        let one = list[first].clone();
        for second in 0..list.len() {
            let two = &list[second];
            let common = one.iter().zip(two).any(|(one, two)| one == two);
            let conflict = one
                .iter()
                .zip(two)
                .any(|(one, two)| one != two && !one.is_empty() && !two.is_empty());
            if !common || conflict {
                continue;
            }
            let either = |(one, two): (&String, &String)| if one.is_empty() { two.clone() } else { one.clone() };
            let merged: Vec<String> = one.iter().zip(two).map(either).collect();
            list[second].clone_from(&merged);
            list[first] = merged;
        }
    }
}

/// The keys that have a value anywhere in the list, and this element's values of them.
fn valid<'a>(list: &[Vec<String>], values: &'a [String], keys: &'a [String]) -> (Vec<&'a str>, Vec<&'a str>) {
    let is_used = |at: usize| {
        list.iter()
            .any(|values| values.get(at).is_some_and(|value| !value.is_empty()))
    };
    let used: Vec<usize> = (0..keys.len()).filter(|at| is_used(*at)).collect();
    if used.is_empty() {
        return (
            keys.iter().map(String::as_str).collect(),
            values.iter().map(String::as_str).collect(),
        );
    }
    (
        used.iter().map(|at| keys[*at].as_str()).collect(),
        used.iter()
            .filter_map(|at| values.get(*at))
            .map(String::as_str)
            .collect(),
    )
}

/// True if a patch takes an object's annotations away, and with them what kustomize had noted in them.
pub(super) fn clears_annotations(patch: &Mapping) -> bool {
    match patch.get("metadata") {
        Some(metadata) if metadata.is_null() => true,
        Some(metadata) => is_missing(metadata.get("annotations")) && metadata.get("annotations").is_some(),
        None => false,
    }
}
