//! A resource: its object, and what the build has done to its name.
//!
//! kustomize keeps that history in internal annotations, which show in a few places: [`Resource::internal_annotations`] writes them
//! out for those.

use super::{
    id::{Gvk, Id},
    node::{Mapping, Node},
};

/// The prefix of kustomize's internal annotations.
const INTERNAL: &str = "internal.config.kubernetes.io/";
/// Where an object comes from (`buildMetadata: [originAnnotations]`).
pub(super) const ORIGIN: &str = "config.kubernetes.io/origin";
/// What changed an object (`buildMetadata: [transformerAnnotations]`).
pub(super) const TRANSFORMATIONS: &str = "alpha.config.kubernetes.io/transformations";

/// What a generated object does to one that is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Behavior {
    #[default]
    Unspecified,
    Create,
    Replace,
    Merge,
}

impl Behavior {
    pub(super) fn new(text: &str) -> Self {
        match text {
            "replace" => Self::Replace,
            "merge" => Self::Merge,
            "create" => Self::Create,
            _ => Self::Unspecified,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Merge => "merge",
        }
    }
}

/// Kind, name and effective namespace that an object had before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Previous {
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) namespace: String,
}

/// A resource of a build.
#[derive(Clone, Debug, Default)]
pub(super) struct Resource {
    pub(super) object: Mapping,
    pub(super) previous: Vec<Previous>,
    pub(super) prefixes: Vec<String>,
    pub(super) suffixes: Vec<String>,
    pub(super) behavior: Behavior,
    /// Gets a hash suffix at the end.
    pub(super) hash: bool,
    /// As a patch: may change names, kinds.
    pub(super) allow_name_change: bool,
    pub(super) allow_kind_change: bool,
    /// The variables that read from it.
    pub(super) var_names: Vec<String>,
    /// Comes from a chart: `namespace` leaves it alone.
    pub(super) from_chart: bool,
}

impl Resource {
    pub(super) fn new(object: Mapping) -> Self {
        Self {
            object,
            ..Self::default()
        }
    }

    /// True once a patch has deleted it.
    pub(super) fn is_empty(&self) -> bool {
        self.object.entries.is_empty()
    }

    fn text(&self, key: &str) -> &str {
        self.object.get(key).and_then(Node::text).unwrap_or_default()
    }

    fn metadata(&self, key: &str) -> Option<&Node> {
        self.object.get("metadata").and_then(|metadata| metadata.get(key))
    }

    pub(super) fn api_version(&self) -> &str {
        self.text("apiVersion")
    }

    pub(super) fn kind(&self) -> &str {
        self.text("kind")
    }

    pub(super) fn name(&self) -> &str {
        self.metadata("name").and_then(Node::text).unwrap_or_default()
    }

    pub(super) fn namespace(&self) -> &str {
        self.metadata("namespace").and_then(Node::text).unwrap_or_default()
    }

    pub(super) fn gvk(&self) -> Gvk {
        Gvk::new(self.api_version(), self.kind())
    }

    /// The ID as it stands.
    pub(super) fn current_id(&self) -> Id {
        Id {
            gvk: self.gvk(),
            name: self.name().to_owned(),
            namespace: self.namespace().to_owned(),
        }
    }

    /// The IDs it had: group and version are today's.
    pub(super) fn previous_ids(&self) -> impl Iterator<Item = Id> + '_ {
        self.previous.iter().map(|previous| Id {
            gvk: Gvk::new(self.api_version(), &previous.kind),
            name: previous.name.clone(),
            namespace: previous.namespace.clone(),
        })
    }

    /// The first ID it had.
    pub(super) fn original_id(&self) -> Id {
        self.previous_ids().next().unwrap_or_else(|| self.current_id())
    }

    /// The group, version and kind it began with.
    pub(super) fn original_gvk(&self) -> Gvk {
        Gvk::new(
            self.api_version(),
            self.previous.first().map_or(self.kind(), |previous| &previous.kind),
        )
    }

    pub(super) fn store_previous_id(&mut self) {
        let id = self.current_id();
        self.previous.push(Previous {
            kind: id.gvk.kind.to_string(),
            namespace: id.effective_namespace().to_owned(),
            name: id.name,
        });
    }

    pub(super) fn set_kind(&mut self, kind: &str) {
        if self.kind() != kind {
            self.object.set("kind", Node::string(kind));
        }
    }

    pub(super) fn set_name(&mut self, name: &str) {
        if let Some(metadata) = self.object.mapping_at("metadata") {
            metadata.set("name", Node::string(name));
        }
    }

    /// Sets or, if empty, removes the namespace.
    pub(super) fn set_namespace(&mut self, namespace: &str) {
        if namespace.is_empty() {
            if let Some(Node::Mapping(metadata)) = self.object.get_mut("metadata") {
                metadata.remove("namespace");
            }
        } else if let Some(metadata) = self.object.mapping_at("metadata") {
            metadata.set("namespace", Node::string(namespace));
        }
    }

    /// Labels or annotations as texts, sorted.
    pub(super) fn pairs(&self, field: &str) -> Vec<(String, String)> {
        let mut pairs: Vec<(String, String)> = match self.metadata(field) {
            Some(Node::Mapping(map)) => map
                .entries
                .iter()
                .map(|(key, value)| (key.text().to_owned(), value.text().unwrap_or_default().to_owned()))
                .collect(),
            _ => Vec::new(),
        };
        pairs.sort();
        pairs
    }

    pub(super) fn annotation(&self, key: &str) -> Option<&str> {
        self.metadata("annotations")
            .and_then(|map| map.get(key))
            .map(|value| value.text().unwrap_or_default())
    }

    /// Writes labels or annotations as texts; none removes the field.
    pub(super) fn set_pairs(&mut self, field: &str, pairs: Vec<(String, String)>) {
        if pairs.is_empty() {
            if let Some(Node::Mapping(metadata)) = self.object.get_mut("metadata") {
                metadata.remove(field);
            }
            return;
        }
        if let Some(metadata) = self.object.mapping_at("metadata") {
            let mut map = Mapping::default();
            for (key, value) in pairs {
                map.set(&key, Node::string(value));
            }
            metadata.set(field, Node::Mapping(map));
        }
    }

    pub(super) fn set_annotation(&mut self, key: &str, value: Option<&str>) {
        let mut pairs = self.pairs("annotations");
        pairs.retain(|(found, _)| found != key);
        pairs.extend(value.map(|value| (key.to_owned(), value.to_owned())));
        pairs.sort();
        self.set_pairs("annotations", pairs);
    }

    /// What kustomize would have written into the annotations by now.
    pub(super) fn internal_annotations(&self) -> Vec<(String, String)> {
        let join = |part: fn(&Previous) -> &str| self.previous.iter().map(part).collect::<Vec<_>>().join(",");
        let mut annotations = Vec::new();
        let mut add = |key: &str, value: String| {
            if !value.is_empty() {
                annotations.push((format!("{INTERNAL}{key}"), value));
            }
        };
        add("prefixes", self.prefixes.join(","));
        add("previousKinds", join(|previous| &previous.kind));
        add("previousNames", join(|previous| &previous.name));
        add("previousNamespaces", join(|previous| &previous.namespace));
        add("suffixes", self.suffixes.join(","));
        annotations
    }

    /// What is left of annotations when kustomize has taken its own out: texts, and no field if there is none.
    pub(super) fn finish_annotations(&mut self) {
        if self.metadata("annotations").is_none() {
            // Lists may do without metadata; what takes annotations away makes it.
            self.object.mapping_at("metadata");
            return;
        }
        let mut pairs = self.pairs("annotations");
        pairs.retain(|(key, _)| !is_build_annotation(key));
        self.set_pairs("annotations", pairs);
    }
}

fn is_build_annotation(key: &str) -> bool {
    key.strip_prefix(INTERNAL).is_some_and(|name| {
        matches!(
            name,
            "previousKinds"
                | "previousNames"
                | "prefixes"
                | "suffixes"
                | "previousNamespaces"
                | "allowNameChange"
                | "allowKindChange"
                | "refBy"
                | "generatorBehavior"
                | "needsHashSuffix"
        )
    })
}
