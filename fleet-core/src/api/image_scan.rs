//! ImageScan: new tags of an image that are committed to a repository.

use serde::{Deserialize, Serialize};

use super::lenient::{integer, is_zero, null_as_zero, null_items_as_zero};
use super::{Condition, Duration, LocalObjectReference, Time};

/// Which image, and which tags.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "crd", schemars(extend("required" = ["image", "interval"])))]
#[serde(rename_all = "camelCase", default)]
pub struct ImageScanSpec {
    /// Marker in the files.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub tag_name: String,
    /// GitRepo whose files are changed.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub gitrepo_name: String,
    /// Image without tag.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub image: String,
    /// How often to look.
    #[serde(deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub interval: Duration,
    /// Credentials of the registry.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub secret_ref: Option<LocalObjectReference>,
    /// Do not look.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub suspend: bool,
    /// Which tag is the newest.
    #[serde(deserialize_with = "null_as_zero")]
    pub policy: ImagePolicyChoice,
}

/// Which tag is the newest; without a choice by version.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ImagePolicyChoice {
    /// By version.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub semver: Option<SemVerPolicy>,
    /// By order of letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub alphabetical: Option<AlphabeticalPolicy>,
}

/// The newest version in a range.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct SemVerPolicy {
    /// Constraint.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub range: String,
}

/// First or last in order of letters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct AlphabeticalPolicy {
    /// `ASC` or `DESC` (default): the greatest of it.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub order: String,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ImageScanStatus {
    /// `ImageScanned`, `Reconciling`, `Stalled`.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    pub conditions: Vec<Condition>,
    /// Last look.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_scan_time: Option<Time>,
    /// Image with the newest tag.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub latest_image: String,
    /// Newest tag.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub latest_tag: String,
    /// Its digest.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub latest_digest: String,
    /// In the schema; never set.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "integer")]
    #[cfg_attr(feature = "crd", schemars(extend("x-format" = "int64")))]
    pub observed_generation: i64,
    /// Full name of the image.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub canonical_image_name: String,
}
