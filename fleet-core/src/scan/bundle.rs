//! What a scan gives: bundles and image scans, as values and as objects.

use std::{collections::BTreeMap, sync::Arc};

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::api::{BundleSpec, ImageScanSpec};

/// A bundle as a folder of a repository gives it. A copy shares everything, and bundles of one scan
/// share their labels where a folder gives none of its own.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bundle {
    /// The object's name.
    pub name: Arc<str>,
    /// The object's namespace.
    pub namespace: Arc<str>,
    /// Its labels.
    pub labels: Arc<BTreeMap<String, String>>,
    /// Its annotations.
    pub annotations: Arc<BTreeMap<String, String>>,
    /// The folder that it is from, as the scan's paths name it.
    pub path: Arc<str>,
    /// Resources, options and targets.
    pub spec: Arc<BundleSpec>,
}

/// An ImageScan that a fleet.yaml declares.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageScan {
    /// The object's name.
    pub name: String,
    /// The namespace of its bundle.
    pub namespace: String,
    /// The labels of its bundle.
    pub labels: Arc<BTreeMap<String, String>>,
    /// The annotations of its bundle.
    pub annotations: Arc<BTreeMap<String, String>>,
    /// The name of its bundle.
    pub bundle: String,
    /// What to look for.
    pub spec: ImageScanSpec,
}

impl Bundle {
    /// The object as `fleet apply -o` prints it: no status, and no labels and annotations of kubectl.
    pub fn to_object(&self) -> Value {
        let mut metadata = Map::new();
        metadata.insert("name".to_owned(), self.name.as_ref().into());
        metadata.insert("namespace".to_owned(), self.namespace.as_ref().into());
        for (key, texts) in [("labels", &self.labels), ("annotations", &self.annotations)] {
            let texts = texts
                .iter()
                .filter(|(key, _)| !key.starts_with("kubectl.kubernetes.io/"));
            let texts: Map<String, Value> = texts.map(|(key, value)| (key.clone(), value.clone().into())).collect();
            if !texts.is_empty() {
                metadata.insert(key.to_owned(), texts.into());
            }
        }
        let spec = serde_json::to_value(&*self.spec).expect("because a bundle's spec has text keys only");
        json!({"apiVersion": "fleet.cattle.io/v1alpha1", "kind": "Bundle", "metadata": metadata, "spec": spec})
    }
}

impl ImageScan {
    /// The object as `fleet apply -o` prints it: without namespace, labels and annotations.
    pub fn to_object(&self) -> Value {
        let spec = serde_json::to_value(&self.spec).expect("because an image scan's spec has text keys only");
        let metadata = json!({"name": self.name});
        json!({"apiVersion": "fleet.cattle.io/v1alpha1", "kind": "ImageScan", "metadata": metadata, "spec": spec})
    }
}
