//! Counts and lists that statuses share; how they are computed is in [`crate::status`].

use serde::{Deserialize, Serialize};

use super::lenient::{integer, is_zero, null_as_zero, null_items_as_zero};

/// Deployments by state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct BundleSummary {
    /// In state NotReady.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "integer")]
    pub not_ready: i64,
    /// In state WaitApplied.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "integer")]
    pub wait_applied: i64,
    /// In state ErrApplied.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "integer")]
    pub err_applied: i64,
    /// In state OutOfSync.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "integer")]
    pub out_of_sync: i64,
    /// In state Modified.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "integer")]
    pub modified: i64,
    /// In state Ready.
    #[serde(deserialize_with = "integer")]
    pub ready: i64,
    /// In state Pending.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "integer")]
    pub pending: i64,
    /// All of them.
    #[serde(deserialize_with = "integer")]
    pub desired_ready: i64,
    /// In state WaitingForDependency (newer than Fleet v0.15).
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "integer")]
    pub waiting_for_dependency: i64,
    /// The first ones that are not ready, 10 at most.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub non_ready_resources: Vec<NonReadyResource>,
}

/// A deployment that is not ready.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct NonReadyResource {
    /// In bundles `<cluster namespace>/<cluster name>`, elsewhere the name of the bundle.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub name: String,
    /// Its state.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub bundle_state: String,
    /// Its message.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub message: String,
    /// Objects that have drifted.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub modified_status: Vec<ModifiedStatus>,
    /// Objects that are not ready.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub non_ready_status: Vec<NonReadyStatus>,
}

/// An object that is not ready.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct NonReadyStatus {
    /// UID.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub uid: String,
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
    /// What it says.
    #[serde(deserialize_with = "null_as_zero")]
    pub summary: ObjectSummary,
}

/// State of one object (Wrangler's summary).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectSummary {
    /// State in lower case.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub state: String,
    /// It failed.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub error: bool,
    /// It is on its way.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub transitioning: bool,
    /// Texts for people.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    pub message: Vec<String>,
}

/// An object that has drifted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ModifiedStatus {
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
    /// It is not there (Go name Create).
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub missing: bool,
    /// It is there, and not ours.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub exist: bool,
    /// It should not be there.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub delete: bool,
    /// Merge patch that would restore it.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub patch: String,
}

/// Objects by state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceCounts {
    /// Ready.
    #[serde(deserialize_with = "integer")]
    pub ready: i64,
    /// All of them.
    #[serde(deserialize_with = "integer")]
    pub desired_ready: i64,
    /// Not applied yet.
    #[serde(deserialize_with = "integer")]
    pub wait_applied: i64,
    /// Drifted.
    #[serde(deserialize_with = "integer")]
    pub modified: i64,
    /// Not wanted any more.
    #[serde(deserialize_with = "integer")]
    pub orphaned: i64,
    /// Not there.
    #[serde(deserialize_with = "integer")]
    pub missing: i64,
    /// Not known.
    #[serde(deserialize_with = "integer")]
    pub unknown: i64,
    /// Not ready.
    #[serde(deserialize_with = "integer")]
    pub not_ready: i64,
}

/// An object's identity.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceKey {
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
}
