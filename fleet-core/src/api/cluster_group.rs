//! ClusterGroup: clusters by their labels.

use serde::{Deserialize, Serialize};

use super::lenient::{integer, is_zero, null_as_zero, null_items_as_zero};
use super::{BundleSummary, Condition, LabelSelector, ResourceCounts};

/// Which clusters belong to it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ClusterGroupSpec {
    /// Labels of clusters; absent is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub selector: Option<LabelSelector>,
}

/// How its clusters are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ClusterGroupStatus {
    /// Clusters.
    #[serde(deserialize_with = "integer")]
    pub cluster_count: i64,
    /// Clusters that are not ready.
    #[serde(deserialize_with = "integer")]
    pub non_ready_cluster_count: i64,
    /// Their names, 10 at most.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub non_ready_clusters: Vec<String>,
    /// `Ready`, `Processed`.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    pub conditions: Vec<Condition>,
    /// Deployments by state.
    #[serde(deserialize_with = "null_as_zero")]
    pub summary: BundleSummary,
    /// For `kubectl get`.
    #[serde(deserialize_with = "null_as_zero")]
    pub display: ClusterGroupDisplay,
    /// Objects by state.
    #[serde(deserialize_with = "null_as_zero")]
    pub resource_counts: ResourceCounts,
}

/// Columns of `kubectl get clustergroups`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ClusterGroupDisplay {
    /// `ready/all`, and who is not ready.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub ready_clusters: String,
    /// `ready/desired`.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub ready_bundles: String,
    /// Worst state.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub state: String,
}
