//! Sets of fields, and their wire form `FieldsV1`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// A set of field paths, as a tree. Keys are path elements in wire form: `f:NAME`, `k:{"KEY":VALUE}`, `v:VALUE`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::embedded) struct FieldSet {
    /// The path to this node is itself in the set.
    pub(super) own: bool,
    pub(super) children: BTreeMap<String, FieldSet>,
}

impl FieldSet {
    pub(super) fn is_empty(&self) -> bool {
        !self.own && self.children.is_empty()
    }

    /// Reads `FieldsV1`; what is malformed is left out.
    pub(super) fn read(value: &Value) -> FieldSet {
        let mut set = FieldSet::default();
        for (key, child) in value.as_object().into_iter().flatten() {
            if key == "." {
                set.own = true;
                continue;
            }
            let mut child = FieldSet::read(child);
            if child.children.is_empty() {
                child.own = true;
            }
            set.children.insert(key.clone(), child);
        }
        set
    }

    /// `FieldsV1`.
    pub(super) fn to_value(&self) -> Value {
        let mut map = Map::new();
        if self.own && !self.children.is_empty() {
            map.insert(".".to_owned(), Value::Object(Map::new()));
        }
        for (key, child) in &self.children {
            map.insert(key.clone(), child.to_value());
        }
        Value::Object(map)
    }

    pub(super) fn union(&mut self, other: &FieldSet) {
        self.own |= other.own;
        for (key, child) in &other.children {
            self.children.entry(key.clone()).or_default().union(child);
        }
    }

    /// Takes the members of `other` out.
    pub(super) fn subtract(&mut self, other: &FieldSet) {
        self.own &= !other.own;
        for (key, theirs) in &other.children {
            if let Some(ours) = self.children.get_mut(key) {
                ours.subtract(theirs);
                if ours.is_empty() {
                    self.children.remove(key);
                }
            }
        }
    }

    /// The members that both have.
    pub(super) fn intersection(&self, other: &FieldSet) -> FieldSet {
        let mut both = FieldSet {
            own: self.own && other.own,
            children: BTreeMap::new(),
        };
        for (key, ours) in &self.children {
            if let Some(theirs) = other.children.get(key) {
                let child = ours.intersection(theirs);
                if !child.is_empty() {
                    both.children.insert(key.clone(), child);
                }
            }
        }
        both
    }

    /// Takes out a path of field names, with everything below it.
    pub(super) fn remove_path(&mut self, path: &[&str]) {
        let Some((first, rest)) = path.split_first() else {
            return;
        };
        let key = format!("f:{first}");
        if rest.is_empty() {
            self.children.remove(&key);
        } else if let Some(child) = self.children.get_mut(&key) {
            child.remove_path(rest);
            if child.is_empty() {
                self.children.remove(&key);
            }
        }
    }

    /// The members as people read them: `.spec.containers[name="a"].image`.
    pub(super) fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        self.collect_paths(&mut String::new(), &mut paths);
        paths
    }

    fn collect_paths(&self, prefix: &mut String, paths: &mut Vec<String>) {
        if self.own {
            paths.push(prefix.clone());
        }
        for (key, child) in &self.children {
            let length = prefix.len();
            match key.split_at_checked(2) {
                Some(("f:", name)) => prefix.push_str(&format!(".{name}")),
                Some(("k:", keys)) => {
                    let keys: Map<String, Value> = serde_json::from_str(keys).unwrap_or_default();
                    let shown: Vec<String> = keys.iter().map(|(k, v)| format!("{k}={v}")).collect();
                    prefix.push_str(&format!("[{}]", shown.join(",")));
                }
                Some(("v:", value)) => prefix.push_str(&format!("[={value}]")),
                _ => prefix.push_str(key),
            }
            child.collect_paths(prefix, paths);
            prefix.truncate(length);
        }
    }
}
