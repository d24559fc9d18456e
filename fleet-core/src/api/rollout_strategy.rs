//! How clusters follow one another in a rollout; the rules are in [`crate::rollout`].

use serde::{Deserialize, Serialize};

use super::lenient::{is_zero, null_as_zero, null_items_as_zero};
use super::{IntOrString, LabelSelector};

/// How clusters follow one another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct RolloutStrategy {
    /// Clusters that may be unavailable; default 100%.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub max_unavailable: Option<IntOrString>,
    /// Partitions that may be unavailable; default 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub max_unavailable_partitions: Option<IntOrString>,
    /// Size of automatic partitions; default 25%.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub auto_partition_size: Option<IntOrString>,
    /// Clusters from which automatic partitions are made; default 200.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub auto_partition_threshold: Option<i64>,
    /// New deployments in one pass; default 50.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub max_new: Option<i64>,
    /// Partitions by hand.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub partitions: Vec<Partition>,
}

/// A partition by hand.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Partition {
    /// Name.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub name: String,
    /// Its budget; default that of the strategy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_unavailable: Option<IntOrString>,
    /// Name of a cluster.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub cluster_name: String,
    /// Labels of clusters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_selector: Option<LabelSelector>,
    /// Name of a group.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub cluster_group: String,
    /// Labels of groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub cluster_group_selector: Option<LabelSelector>,
}
