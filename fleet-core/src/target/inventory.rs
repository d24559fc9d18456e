//! An estate from Kubernetes objects, as `kubectl get -o yaml` prints them: what commands and tests without a hub work on.

use serde_json::Value;

use super::{ClusterView, Estate, GroupView, MappingView, NamespaceView};
use crate::{
    api::{BundleNamespaceMappingSpec, ClusterGroupSpec, ClusterSpec, ClusterStatus},
    labels::Labels,
    naming, object, yaml,
};

/// Why an inventory cannot be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InventoryError {
    /// The text is no YAML.
    #[error("inventory: {0}")]
    Yaml(Box<yaml::YamlError>),
    /// An object that is not what its kind says.
    #[error("inventory: {kind} {namespace}/{name}: {problem}")]
    Object {
        /// The object's kind.
        kind: String,
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
        /// What is the matter.
        problem: String,
    },
}

impl Estate {
    /// Reads Cluster, ClusterGroup, BundleNamespaceMapping and Namespace objects, several documents or in a `List`; other
    /// kinds are passed over. A cluster without `status.namespace` gets the one that Fleet would give it.
    ///
    /// ```
    /// use fleet_core::target::Estate;
    /// let estate = Estate::from_yaml("kind: Cluster\nmetadata: {name: one, namespace: fleet-default, labels: {env: dev}}\n")?;
    /// assert_eq!(estate.clusters[0].labels["env"], "dev");
    /// # Ok::<(), fleet_core::target::InventoryError>(())
    /// ```
    ///
    /// # Errors
    /// [`InventoryError`].
    pub fn from_yaml(text: &str) -> Result<Self, InventoryError> {
        let objects = yaml::read_all(text).map_err(|error| InventoryError::Yaml(Box::new(error)))?;
        Self::from_objects(&objects)
    }

    /// As [`Estate::from_yaml`], of objects.
    ///
    /// # Errors
    /// [`InventoryError::Object`].
    pub fn from_objects(objects: &[Value]) -> Result<Self, InventoryError> {
        let mut estate = Self::default();
        for object in object::listed(objects) {
            estate.add(object)?;
        }
        Ok(estate)
    }

    fn add(&mut self, object: &Value) -> Result<(), InventoryError> {
        let (name, namespace) = (object::name(object).to_owned(), object::namespace(object).to_owned());
        let labels: Labels = part(object, "/metadata/labels")?;
        match object::kind(object) {
            "Cluster" => {
                let spec: ClusterSpec = part(object, "/spec")?;
                let status: ClusterStatus = part(object, "/status")?;
                let given = Some(status.namespace).filter(|namespace| !namespace.is_empty());
                self.clusters.push(
                    ClusterView {
                        annotations: part(object, "/metadata/annotations")?,
                        template_values: spec.template_values,
                        paused: spec.paused,
                        deployment_namespace: given.or_else(|| Some(naming::cluster_namespace(&namespace, &name))),
                        scheduled: status.scheduled,
                        active_schedule: status.active_schedule,
                        ..ClusterView::new(namespace, name).with_labels(labels)
                    }
                    .into(),
                );
            }
            "ClusterGroup" => {
                let spec: ClusterGroupSpec = part(object, "/spec")?;
                self.groups.push(GroupView {
                    name,
                    namespace,
                    labels,
                    selector: spec.selector,
                });
            }
            "BundleNamespaceMapping" => {
                // Its fields are at the root of the object.
                let spec: BundleNamespaceMappingSpec = part(object, "")?;
                self.mappings.push(MappingView {
                    name,
                    namespace,
                    bundle_selector: spec.bundle_selector,
                    namespace_selector: spec.namespace_selector,
                });
            }
            "Namespace" => self.namespaces.push(NamespaceView { name, labels }),
            _ => {}
        }
        Ok(())
    }
}

/// A part of an object; nothing where it has none.
fn part<T: serde::de::DeserializeOwned + Default>(object: &Value, pointer: &str) -> Result<T, InventoryError> {
    match object.pointer(pointer) {
        None | Some(Value::Null) => Ok(T::default()),
        Some(value) => T::deserialize(value).map_err(|error| InventoryError::Object {
            kind: object::kind(object).to_owned(),
            namespace: object::namespace(object).to_owned(),
            name: object::name(object).to_owned(),
            problem: error.to_string(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_documents_and_lists() {
        let estate = Estate::from_yaml(
            "kind: List\nitems:\n- kind: Cluster\n  metadata: {name: a, namespace: space}\n- kind: Other\n---\n\
             kind: ClusterGroup\nmetadata: {name: g, namespace: space}\nspec: {selector: {}}\n---\n\
             kind: BundleNamespaceMapping\nmetadata: {name: m, namespace: space}\nbundleSelector: {}\n---\n\
             kind: Cluster\nmetadata: {name: b, namespace: space}\nstatus: {namespace: own}\n",
        )
        .unwrap();
        let namespaces: Vec<_> = estate
            .clusters
            .iter()
            .map(|cluster| cluster.deployment_namespace.clone().unwrap())
            .collect();
        assert_eq!(namespaces, [naming::cluster_namespace("space", "a"), "own".to_owned()]);
        assert!(estate.groups[0].selector.is_some() && estate.mappings[0].bundle_selector.is_some());
        let error = Estate::from_yaml("kind: Cluster\nmetadata: {name: a, namespace: space}\nspec: {paused: maybe}\n");
        assert!(
            error
                .unwrap_err()
                .to_string()
                .starts_with("inventory: Cluster space/a: ")
        );
    }
}
