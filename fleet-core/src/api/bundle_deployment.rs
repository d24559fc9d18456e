//! BundleDeployment: a bundle on one cluster. The manager writes the spec, the agent the status.

use serde::{Deserialize, Serialize};

use super::lenient::{integer, is_zero, null_as_zero, null_items_as_zero};
use super::{
    BundleDeploymentOptions, BundleHelmOptions, BundleRef, Condition, CorrectDrift, ModifiedStatus, NonReadyStatus,
    ResourceCounts, Time,
};

/// What a cluster is to run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct BundleDeploymentSpec {
    /// The agent does nothing.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub paused: bool,
    /// Options that come next.
    #[serde(deserialize_with = "null_as_zero")]
    pub staged_options: BundleDeploymentOptions,
    /// Deployment ID that comes next.
    #[serde(
        rename = "stagedDeploymentID",
        skip_serializing_if = "is_zero",
        deserialize_with = "null_as_zero"
    )]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub staged_deployment_id: String,
    /// Options now.
    #[serde(deserialize_with = "null_as_zero")]
    pub options: BundleDeploymentOptions,
    /// `<manifest ID>:<hash of the options>`.
    #[serde(
        rename = "deploymentID",
        skip_serializing_if = "is_zero",
        deserialize_with = "null_as_zero"
    )]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub deployment_id: String,
    /// Bundles that must be ready first.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub depends_on: Vec<BundleRef>,
    /// Whether drift is rolled back; takes effect at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correct_drift: Option<CorrectDrift>,
    /// Contents are in an OCI registry.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub oci_contents: bool,
    /// The agent loads the chart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub helm_chart_options: Option<BundleHelmOptions>,
    /// Hash of the Secret with the values.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub values_hash: String,
    /// Raised when a copied Secret or ConfigMap changed.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "integer")]
    #[cfg_attr(feature = "crd", schemars(extend("x-format" = "int64")))]
    pub downstream_resources_generation: i64,
    /// Outside of the cluster's schedule.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub off_schedule: bool,
    /// The Secret with the values is missing for the moment.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub waiting_for_values: bool,
}

/// What a cluster runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct BundleDeploymentStatus {
    /// `Ready`, `Deployed`, `Installed`, `Monitored`.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub conditions: Vec<Condition>,
    /// Deployment ID that was applied.
    #[serde(
        rename = "appliedDeploymentID",
        skip_serializing_if = "is_zero",
        deserialize_with = "null_as_zero"
    )]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub applied_deployment_id: String,
    /// `<namespace>/<release>:<revision>`.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub release: String,
    /// All objects are ready.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub ready: bool,
    /// No object has drifted.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub non_modified: bool,
    /// Objects that are not ready, 10 at most.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub non_ready_status: Vec<NonReadyStatus>,
    /// Objects that have drifted, 10 at most.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub modified_status: Vec<ModifiedStatus>,
    /// A list was cut.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub incomplete_state: bool,
    /// For `kubectl get`.
    #[serde(deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub display: BundleDeploymentDisplay,
    /// Last `forceSyncGeneration` that was dealt with.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true, "x-format" = "int64")))]
    pub sync_generation: Option<i64>,
    /// Live objects of the release.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub resources: Vec<BundleDeploymentResource>,
    /// Objects by state.
    #[serde(deserialize_with = "null_as_zero")]
    pub resource_counts: ResourceCounts,
    /// Echo of the spec after copying.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "integer")]
    #[cfg_attr(feature = "crd", schemars(extend("x-format" = "int64")))]
    pub downstream_resources_generation: i64,
}

/// Columns of `kubectl get bundledeployments`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct BundleDeploymentDisplay {
    /// Status of the condition `Deployed`, or its error.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub deployed: String,
    /// Status of the condition `Monitored`, or its error.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub monitored: String,
    /// State.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub state: String,
}

/// A live object of the release.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct BundleDeploymentResource {
    /// Kind.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub kind: String,
    /// API version.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub api_version: String,
    /// Namespace.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub namespace: String,
    /// Name.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub name: String,
    /// When it was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub created_at: Option<Time>,
}
