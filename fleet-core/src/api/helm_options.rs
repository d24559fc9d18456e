//! Helm's part of the options of a deployment, and what an agent needs to load a chart by itself.
//!
//! The order of fields is upstream's: it counts in deployment IDs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::lenient::{integer, is_zero, null_as_zero, null_items_as_zero, null_values_as_zero};
use super::{Bytes, GenericMap};

/// How the Helm chart is found and installed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct HelmOptions {
    /// Files whose values are merged in at apply time.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub values_files: Vec<String>,
    /// Path, name or URL of the chart.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub chart: String,
    /// Helm repository or `oci://` registry.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub repo: String,
    /// Name of the release; empty is the shortened name of the bundle.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true, "maxLength" = 53, "pattern" = super::crd::RELEASE_NAME_PATTERN)))]
    pub release_name: String,
    /// Version or constraint.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub version: String,
    /// How long to wait for readiness; 0 does not wait.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "integer")]
    pub timeout_seconds: i64,
    /// Values of the chart.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub values: Option<GenericMap>,
    /// Values that are templates: rendered per cluster, then read as YAML; they win over `values`.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_values_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub template_values: BTreeMap<String, String>,
    /// Secrets and ConfigMaps on the cluster with more values.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub values_from: Vec<ValuesFrom>,
    /// Replace objects that cannot be patched.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub force: bool,
    /// Take over objects of other owners.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub take_ownership: bool,
    /// Revisions that are kept; 0 is 2.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "integer")]
    pub max_history: i64,
    /// Wait for Jobs too.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub wait_for_jobs: bool,
    /// Roll a failed install or upgrade back.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub atomic: bool,
    /// No `${ }` templates in values.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub disable_pre_process: bool,
    /// No DNS look-ups in templates.
    #[serde(
        rename = "disableDNS",
        skip_serializing_if = "is_zero",
        deserialize_with = "null_as_zero"
    )]
    pub disable_dns: bool,
    /// Values are not checked against the chart's schema.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub skip_schema_validation: bool,
    /// Missing dependencies of the chart are not loaded.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub disable_dependency_update: bool,
}

/// Values in a Secret or ConfigMap on the cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ValuesFrom {
    /// Key of a ConfigMap.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub config_map_key_ref: Option<ConfigMapKeySelector>,
    /// Key of a Secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub secret_key_ref: Option<SecretKeySelector>,
}

/// Key of a ConfigMap.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ConfigMapKeySelector {
    /// Name of the ConfigMap.
    #[serde(deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub name: String,
    /// Its namespace; empty is the release namespace.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub namespace: String,
    /// Key; empty is `values.yaml`.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub key: String,
}

/// Key of a Secret.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct SecretKeySelector {
    /// Name of the Secret.
    #[serde(deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub name: String,
    /// Its namespace; empty is the release namespace.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub namespace: String,
    /// Key; empty is `values.yaml`.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub key: String,
}

/// How an agent loads the chart of a HelmOp; that it is there says that the agent does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct BundleHelmOptions {
    /// Secret with the credentials.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub helm_op_secret_name: String,
    /// Certificates are not checked.
    #[serde(
        rename = "helmOpInsecureSkipTLSVerify",
        skip_serializing_if = "is_zero",
        deserialize_with = "null_as_zero"
    )]
    pub helm_op_insecure_skip_tls_verify: bool,
    /// Certificate authorities, as PEM.
    #[serde(
        rename = "helmOpCABundle",
        skip_serializing_if = "is_zero",
        deserialize_with = "null_as_zero"
    )]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub helm_op_ca_bundle: Bytes,
}
