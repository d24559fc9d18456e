//! The five criteria that pick clusters, in each of the kinds that use them.
//!
//! Criteria that are given are ANDed; an entry without any matches nothing. Matching is in [`crate::target`].

use serde::{Deserialize, Serialize};

use super::lenient::{is_zero, null_as_zero};
use super::{BundleDeploymentOptions, LabelSelector};

/// A target of a GitRepo, and of `overrideTargets` in fleet.yaml.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct GitTarget {
    /// Name of the target: what its Helm values are kept under, and what people see.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub name: String,
    /// Name of the Cluster, or its label `management.cattle.io/cluster-display-name`.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub cluster_name: String,
    /// Labels of the cluster; `{}` matches all, absent says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub cluster_selector: Option<LabelSelector>,
    /// Name of a ClusterGroup beside the cluster.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub cluster_group: String,
    /// Labels of a ClusterGroup beside the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub cluster_group_selector: Option<LabelSelector>,
}

/// An entry of the list outside of which a bundle is not deployed: a copy of the GitRepo's targets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct BundleTargetRestriction {
    /// Name of the target: what its Helm values are kept under, and what people see.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub name: String,
    /// Name of the Cluster, or its label `management.cattle.io/cluster-display-name`.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub cluster_name: String,
    /// Labels of the cluster; `{}` matches all, absent says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub cluster_selector: Option<LabelSelector>,
    /// Name of a ClusterGroup beside the cluster.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub cluster_group: String,
    /// Labels of a ClusterGroup beside the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub cluster_group_selector: Option<LabelSelector>,
}

/// Clusters that a Schedule holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ScheduleTarget {
    /// Name of the target: what its Helm values are kept under, and what people see.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub name: String,
    /// Name of the Cluster, or its label `management.cattle.io/cluster-display-name`.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub cluster_name: String,
    /// Labels of the cluster; `{}` matches all, absent says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub cluster_selector: Option<LabelSelector>,
    /// Name of a ClusterGroup beside the cluster.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub cluster_group: String,
    /// Labels of a ClusterGroup beside the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub cluster_group_selector: Option<LabelSelector>,
}

/// A target or customization of a Bundle: criteria, and options for the clusters that match.
///
/// Upstream has `namespaceLabels` and `namespaceAnnotations` twice in this type; in JSON there is one key, here one field in [`Self::options`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct BundleTarget {
    /// Options for the clusters that match.
    #[serde(flatten)]
    pub options: BundleDeploymentOptions,
    /// Name of the target: what its Helm values are kept under, and what people see.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub name: String,
    /// Name of the Cluster, or its label `management.cattle.io/cluster-display-name`.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub cluster_name: String,
    /// Labels of the cluster; `{}` matches all, absent says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub cluster_selector: Option<LabelSelector>,
    /// Name of a ClusterGroup beside the cluster.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub cluster_group: String,
    /// Labels of a ClusterGroup beside the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub cluster_group_selector: Option<LabelSelector>,
    /// Clusters that match get no deployment.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub do_not_deploy: bool,
}
