//! The options of a deployment: what fleet.yaml, targets and customizations say about how a bundle is deployed.
//!
//! The order of fields is upstream's: a deployment ID is a hash over the JSON of this type (see [`crate::naming`]).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::lenient::{integer, is_zero, null_as_zero, null_items_as_zero, null_values_as_zero};
use super::{DiffOptions, DownstreamResource, HelmOptions, LabelSelector, OverwrittenResource};

/// How a bundle is deployed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct BundleDeploymentOptions {
    /// Overlays of raw YAML.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub yaml: Option<YamlOptions>,
    /// Where kustomization.yaml is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub kustomize: Option<KustomizeOptions>,
    /// Namespace of the release where `namespace` is not set; objects without a namespace land here.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub default_namespace: String,
    /// Namespace that every object is forced into; a cluster-scoped object is then an error (Go name TargetNamespace).
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub namespace: String,
    /// How the Helm chart is found and installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub helm: Option<HelmOptions>,
    /// Account in the agent's system namespace that is impersonated downstream.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub service_account: String,
    /// Whether the release namespace is created; absent is yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub create_namespace: Option<bool>,
    /// Raising it deploys again.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "integer")]
    #[cfg_attr(feature = "crd", schemars(extend("x-format" = "int64")))]
    pub force_sync_generation: i64,
    /// What drift ignores; not part of the deployment ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub diff: Option<DiffOptions>,
    /// Objects stay when the bundle goes.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub keep_resources: bool,
    /// The namespace goes with the bundle.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub delete_namespace: bool,
    /// Conditions that readiness ignores.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub ignore: Option<IgnoreOptions>,
    /// Whether drift is rolled back; not part of the deployment ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correct_drift: Option<CorrectDrift>,
    /// Labels that the release namespace has, and no others.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_values_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub namespace_labels: BTreeMap<String, String>,
    /// Annotations that the release namespace has, and no others.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_values_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub namespace_annotations: BTreeMap<String, String>,
    /// CRDs of the bundle are deleted with it.
    #[serde(
        rename = "deleteCRDResources",
        skip_serializing_if = "is_zero",
        deserialize_with = "null_as_zero"
    )]
    pub delete_crd_resources: bool,
    /// Secrets and ConfigMaps that are copied to the release namespace.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    pub downstream_resources: Vec<DownstreamResource>,
    /// Objects that a deleted bundle had and this one has (written by `fleet apply`).
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    pub overwrites: Vec<OverwrittenResource>,
    /// Labels that the release namespace must have (copied from GitRepoRestriction).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub allowed_target_namespace_selector: Option<LabelSelector>,
}

/// Overlays of raw YAML.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct YamlOptions {
    /// Names of folders below `overlays/`: a file replaces its namesake, `*_patch.yaml` patches it.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub overlays: Vec<String>,
}

/// Where kustomization.yaml is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct KustomizeOptions {
    /// Folder of kustomization.yaml; empty is the root.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub dir: String,
}

/// Conditions that readiness ignores.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct IgnoreOptions {
    /// A condition of an object that has all pairs of an entry is dropped before its health is judged.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub conditions: Vec<BTreeMap<String, String>>,
}

/// Whether drift is rolled back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct CorrectDrift {
    /// Roll external changes back.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub enabled: bool,
    /// Replace objects that cannot be patched.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub force: bool,
    /// Keep the record of a rollback that failed.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub keep_fail_history: bool,
}
