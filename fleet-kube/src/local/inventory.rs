//! The clusters, groups, mappings and namespaces that a fleet begins with.

use fleet_core::api::{
    API_VERSION, BundleNamespaceMapping, Cluster, ClusterGroup, ClusterGroupSpec, ClusterSpec, LabelSelector,
};
use fleet_core::object;
use fleet_core::yaml;
use k8s_openapi::api::core::v1::Namespace;
use kube::ResourceExt;
use kube::api::ObjectMeta;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Workspace of clusters where nothing else is said.
const WORKSPACE: &str = "fleet-default";
/// Workspace of the hub itself.
const LOCAL_WORKSPACE: &str = "fleet-local";

/// Why an inventory cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InventoryError {
    /// It is no YAML.
    #[error("inventory, document at line {line}: {source}")]
    Yaml {
        /// Where the document begins.
        line: usize,
        /// What is wrong.
        source: yaml::YamlError,
    },
    /// An object does not have its kind's shape.
    #[error("inventory, {kind} {name:?}: {message}")]
    Shape {
        /// Kind of the object.
        kind: String,
        /// Name of the object.
        name: String,
        /// What is wrong.
        message: String,
    },
    /// A kind that is no part of an inventory.
    #[error(
        "inventory, {kind} {name:?}: an inventory has Clusters, ClusterGroups, BundleNamespaceMappings and Namespaces"
    )]
    Kind {
        /// The kind.
        kind: String,
        /// Name of the object.
        name: String,
    },
    /// There is no cluster in it.
    #[error("the inventory has no Cluster")]
    Empty,
}

/// What a hub knows of its clusters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inventory {
    /// Clusters; a `status.namespace` that is given is kept.
    pub clusters: Vec<Cluster>,
    /// Groups.
    pub groups: Vec<ClusterGroup>,
    /// Mappings of bundles to the clusters of other namespaces.
    pub mappings: Vec<BundleNamespaceMapping>,
    /// Namespaces, with their labels.
    pub namespaces: Vec<Namespace>,
}

impl Inventory {
    /// Three clusters `dev`, `test` and `prod` with a label `env` of their name, and a group `default` of all.
    pub fn example() -> Self {
        let cluster = |name: &str| {
            let mut cluster = Cluster::new(name, ClusterSpec::default());
            cluster.metadata.namespace = Some(WORKSPACE.to_owned());
            cluster.metadata.labels = Some([("env".to_owned(), name.to_owned())].into());
            cluster
        };
        Self {
            clusters: ["dev", "test", "prod"].map(cluster).to_vec(),
            groups: vec![default_group(WORKSPACE, LabelSelector::default())],
            ..Self::default()
        }
    }

    /// The hub as its own cluster `local` in the workspace `fleet-local`, with its group `default`.
    pub fn single() -> Self {
        let mut cluster = Cluster::new("local", ClusterSpec::default());
        cluster.metadata.namespace = Some(LOCAL_WORKSPACE.to_owned());
        cluster.metadata.labels = Some([("name".to_owned(), "local".to_owned())].into());
        let mut selector = LabelSelector::default();
        selector.match_labels.insert("name".to_owned(), "local".to_owned());
        Self {
            clusters: vec![cluster],
            groups: vec![default_group(LOCAL_WORKSPACE, selector)],
            ..Self::default()
        }
    }

    /// Reads an inventory: documents of YAML or JSON, each an object or a `List` of objects, as `kubectl get -o yaml` and
    /// `-o json` print them.
    ///
    /// # Errors
    ///
    /// [`InventoryError`], with the line or the object.
    pub fn parse(text: &str) -> Result<Self, InventoryError> {
        let mut inventory = Self::default();
        for document in yaml::documents(text) {
            let value = yaml::read(document.text).map_err(|source| InventoryError::Yaml {
                line: document.line,
                source,
            })?;
            inventory.take(value)?;
        }
        if inventory.clusters.is_empty() {
            return Err(InventoryError::Empty);
        }
        Ok(inventory)
    }

    fn take(&mut self, value: Value) -> Result<(), InventoryError> {
        let kind = object::kind(&value).to_owned();
        if kind.ends_with("List") {
            let Value::Object(mut list) = value else { return Ok(()) };
            let Some(Value::Array(items)) = list.remove("items") else {
                return Ok(());
            };
            return items.into_iter().try_for_each(|item| self.take(item));
        }
        let api_version = object::api_version(&value).to_owned();
        let name = object::name(&value).to_owned();
        match (api_version.as_str(), kind.as_str()) {
            (API_VERSION, "Cluster") => self.clusters.push(in_workspace(read(value, &kind, &name)?)),
            (API_VERSION, "ClusterGroup") => self.groups.push(in_workspace(read(value, &kind, &name)?)),
            (API_VERSION, "BundleNamespaceMapping") => self.mappings.push(in_workspace(read(value, &kind, &name)?)),
            ("v1", "Namespace") => self.namespaces.push(read(value, &kind, &name)?),
            _ if value.is_null() => {}
            _ => return Err(InventoryError::Kind { kind, name }),
        }
        Ok(())
    }

    /// The workspace that most clusters are in: where a GitRepo of this fleet belongs.
    pub fn workspace(&self) -> String {
        let mut counts: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
        for cluster in &self.clusters {
            *counts.entry(cluster.namespace().unwrap_or_default()).or_default() += 1;
        }
        // The first of the largest, by name.
        let most = counts.values().max().copied().unwrap_or_default();
        counts
            .into_iter()
            .find(|(_, count)| *count == most)
            .map_or_else(|| WORKSPACE.to_owned(), |(name, _)| name)
    }
}

fn default_group(namespace: &str, selector: LabelSelector) -> ClusterGroup {
    let mut group = ClusterGroup::new(
        "default",
        ClusterGroupSpec {
            selector: Some(selector),
        },
    );
    group.metadata.namespace = Some(namespace.to_owned());
    group
}

fn read<T: DeserializeOwned>(mut value: Value, kind: &str, name: &str) -> Result<T, InventoryError> {
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        // What another server set means nothing on this one.
        for key in [
            "uid",
            "resourceVersion",
            "generation",
            "creationTimestamp",
            "managedFields",
            "ownerReferences",
            "finalizers",
        ] {
            metadata.remove(key);
        }
    }
    serde_json::from_value(value).map_err(|error| InventoryError::Shape {
        kind: kind.to_owned(),
        name: name.to_owned(),
        message: error.to_string(),
    })
}

fn in_workspace<T: kube::Resource>(mut object: T) -> T {
    let metadata: &mut ObjectMeta = object.meta_mut();
    metadata.namespace.get_or_insert_with(|| WORKSPACE.to_owned());
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_and_lists_are_read_alike() {
        let cluster = "{apiVersion: fleet.cattle.io/v1alpha1, kind: Cluster, metadata: {name: a, uid: x}, status: {namespace: cluster-a}}";
        let documents = Inventory::parse(&format!(
            "{cluster}\n---\n# nothing\n---\n{{apiVersion: v1, kind: Namespace, metadata: {{name: extra}}}}\n"
        ));
        let documents = documents.unwrap();
        let list = Inventory::parse(&format!("apiVersion: v1\nkind: List\nitems:\n- {cluster}\n")).unwrap();
        assert_eq!(documents.clusters, list.clusters);
        assert_eq!(list.clusters[0].status.as_ref().unwrap().namespace, "cluster-a");
        assert_eq!(
            (
                list.clusters[0].metadata.namespace.as_deref(),
                &list.clusters[0].metadata.uid
            ),
            (Some(WORKSPACE), &None)
        );
        assert_eq!(documents.namespaces.len(), 1);
    }

    #[test]
    fn errors_name_the_object_or_the_line() {
        let text = |text: &str| Inventory::parse(text).unwrap_err().to_string();
        assert!(text("a: [").contains("line 1"));
        assert!(text("{apiVersion: v1, kind: Pod, metadata: {name: p}}").contains("Pod \"p\""));
        assert_eq!(text(""), "the inventory has no Cluster");
    }
}
