//! Which lists are merged, and by which keys.
//!
//! kustomize knows Kubernetes v1.21.2, whatever the cluster runs: lists of kinds that are newer, and of custom resources, are replaced
//! by patches. The table is text in the program; only the lines of a kind that a patch touches are ever read. `openapi.path` in a
//! kustomization replaces it for the build.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
};

use serde_json::Value;

use super::error::{KustomizeError, Result};

static BUILT_IN: &str = include_str!("schema_1_21_2.txt");

/// What is known of a kind's lists, below some path.
#[derive(Debug, Default)]
struct Known {
    fields: HashMap<&'static str, Rc<Known>>,
    elements: Option<Rc<Known>>,
    keys: Option<Vec<&'static str>>,
}

/// The schema of a value.
#[derive(Clone, Debug)]
pub(super) struct Schema(Source);

#[derive(Clone, Debug)]
enum Source {
    BuiltIn(Rc<Known>),
    /// A node of an OpenAPI document, with the document for its references.
    Document(Rc<Value>, Rc<Value>),
}

/// The schemas of a build.
#[derive(Debug, Default)]
pub(super) struct Schemas {
    document: RefCell<Option<Rc<Value>>>,
    /// A kustomization has chosen; those that come later have no say.
    is_chosen: Cell<bool>,
    known: RefCell<HashMap<(String, String), Option<Schema>>>,
}

impl Schemas {
    /// True if a kustomization has chosen the schema: the root before its bases, a base before the next.
    pub(super) fn is_chosen(&self) -> bool {
        self.is_chosen.get()
    }

    /// Keeps the built-in table.
    pub(super) fn choose_built_in(&self) {
        self.is_chosen.set(true);
    }

    /// Sets the document that replaces the built-in table.
    pub(super) fn set_document(&self, content: &[u8]) -> Result<()> {
        self.is_chosen.set(true);
        let failure = |text: String| KustomizeError::Kustomization(format!("openapi: {text}"));
        let text = crate::yaml::decode(content).map_err(|error| failure(error.to_string()))?;
        let value = crate::yaml::read(&text).map_err(|error| failure(error.to_string()))?;
        if !value.is_object() {
            return Err(KustomizeError::Kustomization(
                "invalid schema file: it is no OpenAPI document".to_owned(),
            ));
        }
        *self.document.borrow_mut() = Some(Rc::new(value));
        self.known.borrow_mut().clear();
        Ok(())
    }

    /// The schema of a kind, if it is known.
    pub(super) fn of(&self, api_version: &str, kind: &str) -> Option<Schema> {
        let key = (api_version.to_owned(), kind.to_owned());
        if let Some(found) = self.known.borrow().get(&key) {
            return found.clone();
        }
        let found = match self.document.borrow().as_ref() {
            Some(document) => definition(document, api_version, kind)
                .map(|node| Schema(Source::Document(document.clone(), Rc::new(node)))),
            None => built_in(api_version, kind).map(|known| Schema(Source::BuiltIn(Rc::new(known)))),
        };
        self.known.borrow_mut().insert(key, found.clone());
        found
    }
}

fn built_in(api_version: &str, kind: &str) -> Option<Known> {
    let wanted = format!("\n{api_version} {kind}\n");
    let begin = BUILT_IN.find(&wanted)? + wanted.len();
    let mut root = Node::default();
    root.add("metadata.finalizers[]", "(set)");
    root.add("metadata.ownerReferences[]", "uid");
    for line in BUILT_IN[begin..].lines() {
        let Some((path, keys)) = line.strip_prefix(' ').and_then(|line| line.split_once(' ')) else {
            break;
        };
        root.add(path, keys);
    }
    Some(root.finish())
}

/// The table while it is built.
#[derive(Default)]
struct Node {
    fields: HashMap<&'static str, Node>,
    elements: Option<Box<Node>>,
    keys: Option<Vec<&'static str>>,
}

impl Node {
    fn add(&mut self, path: &'static str, keys: &'static str) {
        let mut node = self;
        let mut parts = path.split('.').peekable();
        while let Some(part) = parts.next() {
            let (name, is_list) = part.strip_suffix("[]").map_or((part, false), |name| (name, true));
            let field = node.fields.entry(name).or_default();
            if parts.peek().is_none() {
                field.keys = Some(if keys == "(set)" {
                    Vec::new()
                } else {
                    keys.split(',').collect()
                });
                return;
            }
            node = if is_list {
                field.elements.get_or_insert_default()
            } else {
                field
            };
        }
    }

    fn finish(self) -> Known {
        Known {
            fields: self
                .fields
                .into_iter()
                .map(|(name, node)| (name, Rc::new(node.finish())))
                .collect(),
            elements: self.elements.map(|node| Rc::new(node.finish())),
            keys: self.keys,
        }
    }
}

fn definition(document: &Value, api_version: &str, kind: &str) -> Option<Value> {
    let (group, version) = super::id::split_api_version(api_version);
    let definitions = document.get("definitions")?.as_object()?;
    let found = definitions.values().find(|definition| {
        let kinds = definition
            .get("x-kubernetes-group-version-kind")
            .and_then(Value::as_array);
        kinds.is_some_and(|kinds| {
            kinds.iter().any(|found| {
                found.get("group").and_then(Value::as_str).unwrap_or_default() == group
                    && found.get("version").and_then(Value::as_str).unwrap_or_default() == version
                    && found.get("kind").and_then(Value::as_str).unwrap_or_default() == kind
            })
        })
    });
    found.cloned()
}

/// Follows `$ref` within the document.
fn resolved(document: &Value, mut node: Value) -> Option<Value> {
    for _ in 0..32 {
        let Some(reference) = node.get("$ref").and_then(Value::as_str) else {
            return Some(node);
        };
        let name = reference
            .strip_prefix("#/definitions/")?
            .replace("~1", "/")
            .replace("~0", "~");
        node = document.get("definitions")?.get(&name)?.clone();
    }
    None
}

impl Schema {
    /// The schema of a field.
    pub(super) fn field(&self, name: &str) -> Option<Self> {
        match &self.0 {
            Source::BuiltIn(known) => known.fields.get(name).map(|known| Self(Source::BuiltIn(known.clone()))),
            Source::Document(document, node) => {
                let properties = node.get("properties");
                let found = properties.and_then(|properties| properties.get(name));
                let found = found.or_else(|| node.get("additionalProperties").filter(|node| node.is_object()))?;
                self.within(document, found)
            }
        }
    }

    /// The schema of a list's elements.
    pub(super) fn elements(&self) -> Option<Self> {
        match &self.0 {
            Source::BuiltIn(known) => known
                .elements
                .as_ref()
                .map(|known| Self(Source::BuiltIn(known.clone()))),
            Source::Document(document, node) => self.within(document, node.get("items")?),
        }
    }

    fn within(&self, document: &Rc<Value>, node: &Value) -> Option<Self> {
        // A field's own extensions stand beside its reference.
        let mut target = resolved(document, node.clone())?;
        if let (Some(target), Some(own)) = (target.as_object_mut(), node.as_object()) {
            for (key, value) in own.iter().filter(|(key, _)| key.starts_with("x-kubernetes-")) {
                target.insert(key.clone(), value.clone());
            }
        }
        Some(Self(Source::Document(document.clone(), Rc::new(target))))
    }

    /// The merge keys of a list that is merged; none of them for a set of scalars.
    pub(super) fn merge_keys(&self) -> Option<Vec<String>> {
        match &self.0 {
            Source::BuiltIn(known) => known
                .keys
                .as_ref()
                .map(|keys| keys.iter().map(|key| (*key).to_owned()).collect()),
            Source::Document(_, node) => {
                let strategy = node
                    .get("x-kubernetes-patch-strategy")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                if !strategy.split(',').any(|strategy| strategy == "merge") {
                    return None;
                }
                if let Some(keys) = node.get("x-kubernetes-list-map-keys").and_then(Value::as_array) {
                    return Some(keys.iter().filter_map(Value::as_str).map(str::to_owned).collect());
                }
                let key = node.get("x-kubernetes-patch-merge-key").and_then(Value::as_str);
                Some(key.map(str::to_owned).into_iter().collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_known_kinds() {
        let schemas = Schemas::default();
        let at = |kind: &str, path: &[&str]| {
            let schema = schemas.of("apps/v1", kind)?;
            path.iter().try_fold(schema, |schema, name| {
                if *name == "[]" {
                    schema.elements()
                } else {
                    schema.field(name)
                }
            })
        };
        let containers = ["spec", "template", "spec", "containers"];
        assert_eq!(at("Deployment", &containers).unwrap().merge_keys().unwrap(), ["name"]);
        let ports = ["spec", "template", "spec", "containers", "[]", "ports"];
        assert_eq!(
            at("Deployment", &ports).unwrap().merge_keys().unwrap(),
            ["containerPort", "protocol"]
        );
        assert!(
            at("Deployment", &["metadata", "finalizers"])
                .unwrap()
                .merge_keys()
                .unwrap()
                .is_empty()
        );
        assert!(at("Rollout", &[]).is_none());
    }
}
