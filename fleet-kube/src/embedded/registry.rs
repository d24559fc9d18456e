//! The kinds that are served: Kubernetes' own from a table, and those of CustomResourceDefinitions.
//!
//! Invariant: a `Registry` never changes; a change of a CustomResourceDefinition puts a new one in its place, so that a
//! request sees one state from begin to end.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::custom::CustomVersion;
use super::types::{StructId, types};

/// One resource of one version of a group.
#[derive(Debug, Clone)]
pub(super) struct Kind {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) resource: String,
    pub(super) singular: String,
    pub(super) kind: String,
    pub(super) list_kind: String,
    pub(super) namespaced: bool,
    pub(super) short_names: Vec<String>,
    pub(super) categories: Vec<String>,
    pub(super) verbs: Vec<String>,
    pub(super) subresources: Vec<Subresource>,
    /// `resource.group`: all versions of a resource share one table.
    pub(super) table: Arc<str>,
    pub(super) schema: KindSchema,
    /// The group and version of the object where they differ from those of the path (`TokenRequest` under core).
    pub(super) response: Option<(String, String)>,
}

/// Where the shape of a kind's objects is written down.
#[derive(Debug, Clone)]
pub(super) enum KindSchema {
    /// A built-in type.
    Builtin(StructId),
    /// A version of a CustomResourceDefinition.
    Custom(Arc<CustomVersion>),
    /// Nothing is known.
    Unknown,
}

/// A subresource as discovery shows it.
#[derive(Debug, Clone)]
pub(super) struct Subresource {
    pub(super) name: String,
    pub(super) group: String,
    pub(super) version: String,
    pub(super) kind: String,
    pub(super) verbs: Vec<String>,
}

impl Kind {
    /// `deployments.apps`, or `pods` in the core group.
    pub(super) fn qualified(&self) -> String {
        self.table.to_string()
    }

    pub(super) fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    pub(super) fn has_subresource(&self, name: &str) -> bool {
        self.subresources.iter().any(|s| s.name == name)
    }

    pub(super) fn has_verb(&self, verb: &str) -> bool {
        self.verbs.iter().any(|v| v == verb)
    }

    pub(super) fn custom(&self) -> Option<&Arc<CustomVersion>> {
        match &self.schema {
            KindSchema::Custom(custom) => Some(custom),
            _ => None,
        }
    }

    pub(super) fn is(&self, group: &str, kind: &str) -> bool {
        self.group == group && self.kind == kind
    }
}

/// `resource.group`, the name of a table.
pub(super) fn table_name(group: &str, resource: &str) -> String {
    if group.is_empty() {
        resource.to_owned()
    } else {
        format!("{resource}.{group}")
    }
}

/// The kinds of one version by resource.
pub(super) type Kinds = BTreeMap<String, Arc<Kind>>;

/// All kinds at one moment.
#[derive(Debug, Clone, Default)]
pub(super) struct Registry {
    /// By group, version (in order of preference), resource.
    pub(super) groups: BTreeMap<String, Vec<(String, Kinds)>>,
    by_kind: HashMap<(String, String), Arc<Kind>>,
}

impl Registry {
    /// Kubernetes' own kinds.
    pub(super) fn builtin() -> Arc<Registry> {
        static BUILTIN: OnceLock<Arc<Registry>> = OnceLock::new();
        BUILTIN.get_or_init(|| Arc::new(Self::read_builtin())).clone()
    }

    fn read_builtin() -> Registry {
        let mut registry = Registry::default();
        let list = |text: &str, by: char| -> Vec<String> {
            text.split(by).filter(|s| !s.is_empty()).map(str::to_owned).collect()
        };
        for line in include_str!("data/kinds.tsv").lines().filter(|l| !l.starts_with('#')) {
            let columns: Vec<&str> = line.split('\t').collect();
            let [
                group,
                version,
                resource,
                singular,
                gvk,
                scope,
                short,
                categories,
                verbs,
                subresources,
            ] = columns[..]
            else {
                continue;
            };
            let mut of_kind = gvk.split('/');
            let (g, v, kind) = (
                of_kind.next().unwrap_or(""),
                of_kind.next().unwrap_or(""),
                of_kind.next().unwrap_or(""),
            );
            let subresources = list(subresources, ';')
                .iter()
                .filter_map(|s| {
                    let mut parts = s.split(':');
                    let (name, gvk, verbs) = (parts.next()?, parts.next()?, parts.next()?);
                    let mut gvk = gvk.split('/').map(str::to_owned);
                    Some(Subresource {
                        name: name.to_owned(),
                        group: gvk.next()?,
                        version: gvk.next()?,
                        kind: gvk.next()?,
                        verbs: list(verbs, ','),
                    })
                })
                .collect();
            registry.add(Kind {
                group: group.to_owned(),
                version: version.to_owned(),
                resource: resource.to_owned(),
                singular: singular.to_owned(),
                kind: kind.to_owned(),
                list_kind: format!("{kind}List"),
                namespaced: scope == "N",
                short_names: list(short, ','),
                categories: list(categories, ','),
                verbs: list(verbs, ','),
                subresources,
                table: table_name(group, resource).into(),
                schema: types()
                    .of_kind(group, version, kind)
                    .map_or(KindSchema::Unknown, KindSchema::Builtin),
                response: (g != group || v != version).then(|| (g.to_owned(), v.to_owned())),
            });
        }
        registry
    }

    /// Adds a kind; versions keep the order in which they come.
    pub(super) fn add(&mut self, kind: Kind) {
        let kind = Arc::new(kind);
        let versions = self.groups.entry(kind.group.clone()).or_default();
        let index = versions
            .iter()
            .position(|(v, _)| *v == kind.version)
            .unwrap_or_else(|| {
                versions.push((kind.version.clone(), BTreeMap::new()));
                versions.len() - 1
            });
        versions[index].1.insert(kind.resource.clone(), kind.clone());
        self.by_kind.insert((kind.api_version(), kind.kind.clone()), kind);
    }

    /// The versions of `group` in the order of `kube-aggregator`'s preference: GA before beta before alpha, higher first.
    pub(super) fn sort_versions(&mut self, group: &str) {
        if let Some(versions) = self.groups.get_mut(group) {
            versions.sort_by_key(|(version, _)| std::cmp::Reverse(version_rank(version)));
        }
    }

    /// The preferred version of the kind whose objects are in `table`.
    pub(super) fn by_table(&self, table: &str) -> Option<&Arc<Kind>> {
        let (resource, group) = table.split_once('.').unwrap_or((table, ""));
        self.groups
            .get(group)?
            .iter()
            .find_map(|(_, kinds)| kinds.get(resource))
    }

    /// Takes out the kinds of a CustomResourceDefinition.
    pub(super) fn remove(&mut self, crd: &Value) {
        let (group, resource) = (&crd["spec"]["group"], &crd["spec"]["names"]["plural"]);
        let (Some(group), Some(resource)) = (group.as_str(), resource.as_str()) else {
            return;
        };
        if let Some(versions) = self.groups.get_mut(group) {
            for (_, kinds) in versions.iter_mut() {
                if kinds.get(resource).is_some_and(|k| k.custom().is_some())
                    && let Some(kind) = kinds.remove(resource)
                {
                    self.by_kind.remove(&(kind.api_version(), kind.kind.clone()));
                }
            }
            versions.retain(|(_, kinds)| !kinds.is_empty());
            if versions.is_empty() {
                self.groups.remove(group);
            }
        }
    }

    pub(super) fn resource(&self, group: &str, version: &str, resource: &str) -> Option<&Arc<Kind>> {
        self.version(group, version)?.get(resource)
    }

    pub(super) fn version(&self, group: &str, version: &str) -> Option<&Kinds> {
        self.groups
            .get(group)?
            .iter()
            .find(|(v, _)| v == version)
            .map(|(_, kinds)| kinds)
    }

    pub(super) fn kind(&self, api_version: &str, kind: &str) -> Option<&Arc<Kind>> {
        self.by_kind.get(&(api_version.to_owned(), kind.to_owned()))
    }
}

/// Kubernetes' order of version names (`k8s.io/apimachinery/pkg/version` CompareKubeAwareVersionStrings).
pub(super) fn version_rank(version: &str) -> (u8, u64, u64) {
    let number = |s: &str| s.parse::<u64>().ok();
    let Some(rest) = version.strip_prefix('v') else {
        return (0, 0, 0);
    };
    if let Some(major) = number(rest) {
        return (3, major, 0);
    }
    for (word, rank) in [("beta", 2), ("alpha", 1)] {
        if let Some((major, minor)) = rest.split_once(word)
            && let Some(major) = number(major)
        {
            return (rank, major, number(minor).unwrap_or(0));
        }
    }
    (0, 0, 0)
}
