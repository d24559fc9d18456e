//! What is known of Kubernetes' built-in kinds: their scope, and how a strategic merge patch treats their lists and maps.
//!
//! The table is text in the crate (`schema/kinds.txt`, with its origin), read once when first asked: a few microseconds.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::Value;

static TABLE: LazyLock<Table> = LazyLock::new(|| Table::read(include_str!("schema/kinds.txt")));

/// Whether a kind's objects live in namespaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// In a namespace each.
    Namespaced,
    /// In none.
    Cluster,
}

/// How a strategic merge patch treats a field (`patchStrategy` and `patchMergeKey` of `k8s.io/api`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Strategy {
    /// A list whose elements are merged, instead of being replaced as a whole.
    pub merge: bool,
    /// The patch may say which keys stay (`$retainKeys`).
    pub retain_keys: bool,
    /// A map that is replaced as a whole.
    pub replace: bool,
    /// What identifies elements of a merged list, separated by commas; empty for a list of scalars. Patches go by the first one,
    /// server-side apply by all of them.
    keys: &'static str,
}

impl Strategy {
    /// The key by which patches find a list's element (`patchMergeKey`); `None` for lists of scalars.
    pub fn merge_key(&self) -> Option<&'static str> {
        self.keys.split(',').next().filter(|key| !key.is_empty())
    }

    /// All keys that identify a list's element (`x-kubernetes-list-map-keys`).
    pub fn list_map_keys(&self) -> impl Iterator<Item = &'static str> {
        self.keys.split(',').filter(|key| !key.is_empty())
    }
}

/// A type: what is known of an object's or field's fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Type {
    number: usize,
}

impl Type {
    /// Strategy and type of a field; of a list's elements, if it is one. Where nothing is known, lists are replaced and maps merged.
    pub fn field(self, name: &str) -> (Strategy, Type) {
        TABLE
            .types
            .get(self.number)
            .and_then(|fields| fields.iter().find(|field| field.name == name))
            .map_or_else(Default::default, |field| (field.strategy, Type { number: field.of }))
    }
}

/// The type of a built-in kind; `None` for custom resources and kinds newer than the table.
pub fn kind_type(api_version: &str, kind: &str) -> Option<Type> {
    TABLE
        .kinds
        .get(&(api_version, kind))
        .map(|found| Type { number: found.1 })
}

/// The type of an object's kind.
pub fn type_of(object: &Value) -> Option<Type> {
    kind_type(super::api_version(object), super::kind(object))
}

/// The scope of a built-in kind; `None` for custom resources and kinds newer than the table.
pub fn scope(api_version: &str, kind: &str) -> Option<Scope> {
    TABLE.kinds.get(&(api_version, kind)).map(|found| found.0)
}

/// Every built-in kind: `apiVersion`, kind and scope, in no order.
pub fn kinds() -> impl Iterator<Item = (&'static str, &'static str, Scope)> {
    TABLE
        .kinds
        .iter()
        .map(|((api_version, kind), (scope, _))| (*api_version, *kind, *scope))
}

struct Field {
    name: &'static str,
    strategy: Strategy,
    of: usize,
}

struct Table {
    types: Vec<Vec<Field>>,
    kinds: HashMap<(&'static str, &'static str), (Scope, usize)>,
}

impl Table {
    fn read(text: &'static str) -> Self {
        let mut table = Self {
            types: vec![Vec::new()],
            kinds: HashMap::new(),
        };
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let words: Vec<&'static str> = line.split(' ').collect();
            match words[..] {
                [api_version, kind, scope, of] if !of.contains('=') => {
                    let scope = if scope == "cluster" {
                        Scope::Cluster
                    } else {
                        Scope::Namespaced
                    };
                    table
                        .kinds
                        .insert((api_version, kind), (scope, of.parse().unwrap_or(0)));
                }
                // Types are numbered in their order.
                [_, ref fields @ ..] => table
                    .types
                    .push(fields.iter().filter_map(|field| read_field(field)).collect()),
                [] => {}
            }
        }
        table
    }
}

/// `name[]=type:strategies:keys`
fn read_field(text: &'static str) -> Option<Field> {
    let (name, rest) = text.split_once('=')?;
    let mut parts = rest.split(':');
    let of = parts.next()?.parse().ok()?;
    let mut strategy = Strategy::default();
    for word in parts.next().unwrap_or_default().split(',') {
        match word {
            "merge" => strategy.merge = true,
            "retainKeys" => strategy.retain_keys = true,
            "replace" => strategy.replace = true,
            _ => {}
        }
    }
    strategy.keys = parts.next().unwrap_or_default();
    Some(Field {
        name: name.trim_end_matches("[]"),
        strategy,
        of,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_kinds_are_known() {
        let deployment = kind_type("apps/v1", "Deployment").expect("built in");
        let (strategy, _) = deployment.field("spec").1.field("strategy");
        assert!(strategy.retain_keys && !strategy.merge);
        let pod = deployment.field("spec").1.field("template").1.field("spec").1;
        let (containers, container) = pod.field("containers");
        assert!(containers.merge);
        assert_eq!(containers.merge_key(), Some("name"));
        let (ports, _) = container.field("ports");
        assert_eq!(ports.merge_key(), Some("containerPort"));
        assert_eq!(ports.list_map_keys().collect::<Vec<_>>(), ["containerPort", "protocol"]);
        let (finalizers, _) = deployment.field("metadata").1.field("finalizers");
        assert!(finalizers.merge && finalizers.merge_key().is_none());
        assert_eq!(pod.field("nothing"), (Strategy::default(), Type::default()));
    }

    #[test]
    fn scopes() {
        assert_eq!(scope("v1", "Namespace"), Some(Scope::Cluster));
        assert_eq!(scope("v1", "ConfigMap"), Some(Scope::Namespaced));
        assert_eq!(scope("example.com/v1", "Widget"), None);
        assert!(kinds().count() > 100);
    }
}
