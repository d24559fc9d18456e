//! Content: the resources of a bundle, once for all clusters. Its fields are at the root of the object.

use serde::{Deserialize, Serialize};

use super::Bytes;
use super::lenient::{integer, is_zero, null_as_zero};

/// The fields at the root of a Content.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ContentSpec {
    /// Manifest, gzipped.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub content: Bytes,
    /// Digest of the manifest before gzip.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub sha256sum: String,
}

/// Who uses it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ContentStatus {
    /// Deployments that use it.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "integer")]
    pub reference_count: i64,
}
