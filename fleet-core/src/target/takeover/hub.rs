//! The objects of a hub that a take-over is about.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::api::{
    BundleDeploymentSpec, BundleResource, BundleSpec, Bytes, ContentSpec, GenericMap, HelmOptions, labels as names,
};
use crate::labels::Labels;
use crate::render::content;
use crate::scan::pack;
use crate::target::{Estate, InventoryError};
use crate::{naming, object};

/// The key of a bundle's own values in their Secret.
const OWN_VALUES: &str = "values.yaml";
/// Most bytes that a resource may unpack to when it is compared with another compression of itself.
const UNPACKED_LIMIT: u64 = 64 << 20;

/// Why the objects of a hub cannot be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TakeoverError {
    /// A Cluster, ClusterGroup, BundleNamespaceMapping or Namespace.
    #[error(transparent)]
    Inventory(#[from] InventoryError),
    /// Another object that is not what its kind says.
    #[error("{kind} {namespace}/{name}: {problem}")]
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

/// Namespace and name.
pub(super) type Key = (String, String);

/// A Bundle.
#[derive(Debug)]
pub(super) struct BundleObject {
    pub(super) labels: Labels,
    pub(super) spec: BundleSpec,
    pub(super) is_being_deleted: bool,
}

/// A BundleDeployment.
#[derive(Debug)]
pub(super) struct Deployment {
    pub(super) name: String,
    pub(super) namespace: String,
    /// `namespace/name` of its cluster.
    pub(super) cluster: String,
    pub(super) spec: BundleDeploymentSpec,
}

impl Deployment {
    pub(super) fn key(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// The ID that was computed last, released or not.
    pub(super) fn id(&self) -> &str {
        if self.spec.staged_deployment_id.is_empty() {
            &self.spec.deployment_id
        } else {
            &self.spec.staged_deployment_id
        }
    }
}

/// What there is.
#[derive(Debug, Default)]
pub(super) struct Hub {
    pub(super) estate: Estate,
    pub(super) bundles: BTreeMap<Key, BundleObject>,
    /// By bundle.
    pub(super) deployments: BTreeMap<Key, Vec<Deployment>>,
    /// Data of Secrets with values of bundles and of deployments.
    secrets: BTreeMap<Key, BTreeMap<String, Bytes>>,
    contents: BTreeMap<String, ContentSpec>,
}

impl Hub {
    pub(super) fn read(objects: &[Value]) -> Result<Self, TakeoverError> {
        let mut hub = Self {
            estate: Estate::from_objects(objects)?,
            ..Self::default()
        };
        for object in object::listed(objects) {
            hub.add(object)?;
        }
        Ok(hub)
    }

    fn add(&mut self, object: &Value) -> Result<(), TakeoverError> {
        let key = (object::namespace(object).to_owned(), object::name(object).to_owned());
        match object::kind(object) {
            "Bundle" => {
                let bundle = BundleObject {
                    labels: part(object, "/metadata/labels")?,
                    spec: part(object, "/spec")?,
                    is_being_deleted: !object::text(object, "/metadata/deletionTimestamp").is_empty(),
                };
                self.bundles.insert(key, bundle);
            }
            "BundleDeployment" => {
                let label = |name: &str| object::label(object, name).unwrap_or_default().to_owned();
                let bundle = (label(names::BUNDLE_NAMESPACE), label(names::BUNDLE_NAME));
                let deployment = Deployment {
                    namespace: key.0,
                    name: key.1,
                    cluster: format!("{}/{}", label(names::CLUSTER_NAMESPACE), label(names::CLUSTER)),
                    spec: part(object, "/spec")?,
                };
                self.deployments.entry(bundle).or_default().push(deployment);
            }
            "Secret" => {
                let kind = object::text(object, "/type");
                if [names::BUNDLE_VALUES_SECRET, names::BUNDLE_DEPLOYMENT_SECRET].contains(&kind) {
                    self.secrets.insert(key, part(object, "/data")?);
                }
            }
            "Content" => {
                self.contents.insert(key.1, part(object, "")?);
            }
            _ => {}
        }
        Ok(())
    }

    /// A spec with the values that its Secret has.
    pub(super) fn with_values(&self, key: &Key, spec: &BundleSpec) -> Result<BundleSpec, String> {
        let mut spec = spec.clone();
        if spec.values_hash.is_empty() {
            return Ok(spec);
        }
        let missing = || format!("the Secret {}/{} with the bundle's values is not there", key.0, key.1);
        let data = self.secrets.get(key).ok_or_else(missing)?;
        if naming::bundle_values_hash(data) != spec.values_hash {
            return Err(format!(
                "the Secret {}/{} has other values than the bundle's valuesHash says",
                key.0, key.1
            ));
        }
        let put = |key: &str, helm: &mut Option<HelmOptions>| -> Result<(), String> {
            if let Some(bytes) = data.get(key) {
                let values: GenericMap = serde_json::from_slice(&bytes.0)
                    .map_err(|error| format!("the key {key:?} of the values' Secret: {error}"))?;
                helm.get_or_insert_default().values = Some(values);
            }
            Ok(())
        };
        put(OWN_VALUES, &mut spec.options.helm)?;
        for target in &mut spec.targets {
            put(&target.name, &mut target.options.helm)?;
        }
        Ok(spec)
    }

    /// The values that a deployment's Secret has for its staged options.
    pub(super) fn staged_values(&self, deployment: &Deployment) -> Option<Value> {
        let key = (deployment.namespace.clone(), deployment.name.clone());
        let bytes = self.secrets.get(&key)?.get("stagedValues")?;
        serde_json::from_slice(&bytes.0).ok()
    }

    /// The resources of a Content.
    pub(super) fn resources(&self, manifest_id: &str) -> Option<Vec<BundleResource>> {
        content::decode(self.contents.get(manifest_id)?).ok()
    }
}

/// The part of deployment IDs that names contents: nothing for HelmOps, an artifact's name for contents in a registry.
pub(super) fn manifest_id(spec: &BundleSpec) -> String {
    if spec.helm_op_options.is_some() {
        String::new()
    } else if spec.contents_id.is_empty() {
        naming::manifest_id(&naming::manifest_json(&spec.resources)).id
    } else {
        spec.contents_id.clone()
    }
}

/// What the manager writes over an existing bundle when a scan gives this spec: known texts stay, values files are merged.
pub(super) fn replaced(existing: &BundleSpec, scanned: &BundleSpec) -> BundleSpec {
    let mut spec = scanned.clone();
    pack::keep_known(&mut spec.resources, &existing.resources, UNPACKED_LIMIT);
    spec.values_hash.clear();
    let helms = spec.targets.iter_mut().map(|target| &mut target.options.helm);
    for helm in helms.chain([&mut spec.options.helm]).flatten() {
        helm.values_files.clear();
        if helm.values.as_ref().is_some_and(GenericMap::is_empty) {
            helm.values = None;
        }
    }
    spec
}

/// A part of an object; nothing where it has none.
fn part<T: serde::de::DeserializeOwned + Default>(object: &Value, pointer: &str) -> Result<T, TakeoverError> {
    match object.pointer(pointer) {
        None | Some(Value::Null) => Ok(T::default()),
        Some(value) => T::deserialize(value).map_err(|error| TakeoverError::Object {
            kind: object::kind(object).to_owned(),
            namespace: object::namespace(object).to_owned(),
            name: object::name(object).to_owned(),
            problem: error.to_string(),
        }),
    }
}
