//! What drift detection ignores, and the objects that options name.

use serde::{Deserialize, Serialize};

use super::lenient::{is_zero, null_as_zero, null_items_as_zero};

/// What drift ignores.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct DiffOptions {
    /// Patches that both sides get before they are compared.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub compare_patches: Vec<ComparePatch>,
}

/// A patch for the objects it names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ComparePatch {
    /// Kind of the objects.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub kind: String,
    /// API version of the objects.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub api_version: String,
    /// Namespace of the objects.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub namespace: String,
    /// Name; for the operation `ignore` it may be an expression, or empty for all.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub name: String,
    /// JSON patch operations.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub operations: Vec<Operation>,
    /// Paths that are removed.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub json_pointers: Vec<String>,
}

/// One JSON patch operation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Operation {
    /// An operation of RFC 6902, or `ignore`.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub op: String,
    /// JSON pointer.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub path: String,
    /// JSON text of the value.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub value: String,
}

/// A Secret or ConfigMap in the bundle's namespace that is copied to the release namespace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct DownstreamResource {
    /// `Secret` or `ConfigMap`, in any case.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub kind: String,
    /// Its name.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub name: String,
}

/// An object that a deleted bundle had and this one has.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct OverwrittenResource {
    /// Name.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub name: String,
    /// Namespace.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub namespace: String,
    /// Kind.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub kind: String,
}
