//! Bundle: resources, options and targets of one folder of a repository.

use serde::{Deserialize, Serialize};

use super::lenient::{integer, is_zero, null_as_zero, null_items_as_zero};
use super::{
    BundleDeploymentOptions, BundleHelmOptions, BundleSummary, BundleTarget, BundleTargetRestriction, Condition,
    LabelSelector, ResourceKey, RolloutStrategy,
};

/// What is to be deployed, how and where.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct BundleSpec {
    /// Options that every cluster starts from.
    #[serde(flatten)]
    pub options: BundleDeploymentOptions,
    /// Changes are staged and not released.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub paused: bool,
    /// How clusters follow one another.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub rollout_strategy: Option<RolloutStrategy>,
    /// Files, sorted by name.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub resources: Vec<BundleResource>,
    /// `FirstMatch` (also when empty or unknown) or `AllMatches`.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("enum" = ["FirstMatch", "AllMatches"], "x-default" = "FirstMatch")))]
    pub target_customization_mode: String,
    /// Customizations first, then the targets of the GitRepo.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    pub targets: Vec<BundleTarget>,
    /// The clusters outside of which nothing is deployed.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    pub target_restrictions: Vec<BundleTargetRestriction>,
    /// Bundles that must be ready first.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub depends_on: Vec<BundleRef>,
    /// Manifest ID, where the resources are in an OCI registry.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub contents_id: String,
    /// Present for the bundle of a HelmOp.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub helm_op_options: Option<BundleHelmOptions>,
    /// Hash of the Secret that holds the Helm values; empty without one.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub values_hash: String,
}

/// One file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct BundleResource {
    /// Path in the bundle.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub name: String,
    /// Text, or what `encoding` made of the bytes.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub content: String,
    /// Empty for text, `base64+gz`, `base64` or `gz`.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub encoding: String,
}

/// A bundle that must be ready first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct BundleRef {
    /// Name of the bundle.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub name: String,
    /// Labels of bundles.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub selector: Option<LabelSelector>,
    /// States that count as ready; empty is `Ready`.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub accepted_states: Vec<String>,
}

/// How the deployments of a bundle are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct BundleStatus {
    /// Only `Ready`.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    pub conditions: Vec<Condition>,
    /// Deployments by state; names are `<cluster namespace>/<cluster name>`.
    #[serde(deserialize_with = "null_as_zero")]
    pub summary: BundleSummary,
    /// Deployments that the last pass created.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "integer")]
    pub newly_created: i64,
    /// Deployments that are not available.
    #[serde(deserialize_with = "integer")]
    pub unavailable: i64,
    /// Partitions above their budget.
    #[serde(deserialize_with = "integer")]
    pub unavailable_partitions: i64,
    /// Budget of deployments.
    #[serde(deserialize_with = "integer")]
    pub max_unavailable: i64,
    /// Budget of partitions.
    #[serde(deserialize_with = "integer")]
    pub max_unavailable_partitions: i64,
    /// State of each partition.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    pub partitions: Vec<PartitionStatus>,
    /// For `kubectl get`.
    #[serde(deserialize_with = "null_as_zero")]
    pub display: BundleDisplay,
    /// Deprecated: always cleared.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub resource_key: Vec<ResourceKey>,
    /// `oci://REFERENCE/ID:latest`, for display.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub oci_reference: String,
    /// Generation that the status is about.
    #[serde(deserialize_with = "integer")]
    #[cfg_attr(feature = "crd", schemars(extend("x-format" = "int64")))]
    pub observed_generation: i64,
    /// Digest of the manifest.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub resources_sha256_sum: String,
}

/// Columns of `kubectl get bundles`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct BundleDisplay {
    /// `ready/desired`.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub ready_clusters: String,
    /// Worst state; empty when all are ready.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub state: String,
}

/// State of a partition.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct PartitionStatus {
    /// Name.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub name: String,
    /// Clusters in it.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "integer")]
    pub count: i64,
    /// Its budget.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "integer")]
    pub max_unavailable: i64,
    /// Clusters that are not available.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "integer")]
    pub unavailable: i64,
    /// Deployments by state.
    #[serde(deserialize_with = "null_as_zero")]
    pub summary: BundleSummary,
}

/// `targetCustomizationMode`: the first customization that matches replaces the target's options (default).
pub const CUSTOMIZE_FIRST_MATCH: &str = "FirstMatch";
/// `targetCustomizationMode`: every customization that matches is merged in order.
pub const CUSTOMIZE_ALL_MATCHES: &str = "AllMatches";
