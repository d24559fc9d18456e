//! What the statuses of GitRepo and HelmOp share.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::lenient::{integer, is_zero, null_as_zero, null_items_as_zero, null_values_as_zero};
use super::{BundleSummary, Condition, ResourceCounts};

/// Roll-up of the bundles of a GitRepo or HelmOp.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct StatusBase {
    /// Clusters on which every deployment is ready.
    #[serde(deserialize_with = "integer")]
    pub ready_clusters: i64,
    /// Clusters.
    #[serde(deserialize_with = "integer")]
    pub desired_ready_clusters: i64,
    /// Deployments by state; names are those of bundles.
    #[serde(deserialize_with = "null_as_zero")]
    pub summary: BundleSummary,
    /// For `kubectl get`.
    #[serde(deserialize_with = "null_as_zero")]
    pub display: StatusDisplay,
    /// Conditions.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    pub conditions: Vec<Condition>,
    /// Objects over all clusters.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    pub resources: Vec<Resource>,
    /// Objects by state.
    #[serde(deserialize_with = "null_as_zero")]
    pub resource_counts: ResourceCounts,
    /// The same for each `<namespace>/<cluster>`.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_values_as_zero")]
    pub per_cluster_resource_counts: BTreeMap<String, ResourceCounts>,
}

/// Columns of `kubectl get`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct StatusDisplay {
    /// `ready/desired`.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub ready_bundle_deployments: String,
    /// Worst state.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub state: String,
    /// Message of the first deployment in it.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub message: String,
    /// There is a message.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub error: bool,
}

/// An object over all clusters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "crd", schemars(extend("required" = ["perClusterState"])))]
#[serde(rename_all = "camelCase", default)]
pub struct Resource {
    /// API version.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub api_version: String,
    /// Kind.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub kind: String,
    /// `<group>.<kind>` in lower case.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub type_: String,
    /// `<namespace>/<name>` or `<name>`.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub id: String,
    /// Namespace.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub namespace: String,
    /// Name.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub name: String,
    /// A list that this comes from was cut.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub incomplete_state: bool,
    /// State.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub state: String,
    /// In the schema; never set.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub error: bool,
    /// In the schema; never set.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub transitioning: bool,
    /// In the schema; never set.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub message: String,
    /// Clusters by state.
    #[serde(deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub per_cluster_state: PerClusterState,
}

/// Clusters (`<namespace>/<name>`) by the state of an object there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct PerClusterState {
    /// In this state.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    pub ready: Vec<String>,
    /// In this state.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    pub wait_applied: Vec<String>,
    /// In this state.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    pub pending: Vec<String>,
    /// In this state.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    pub modified: Vec<String>,
    /// In this state.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    pub orphaned: Vec<String>,
    /// In this state.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    pub missing: Vec<String>,
    /// In this state.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    pub unknown: Vec<String>,
    /// In this state.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    pub not_ready: Vec<String>,
}
