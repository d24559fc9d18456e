//! Conditions in a status.
//!
//! Source: Wrangler's generic condition, which every Fleet status uses. Entries keep their order; a new type is appended.

use serde::{Deserialize, Serialize};

use super::lenient::{is_zero, null_as_zero};

/// One condition of an object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "crd", schemars(extend("required" = ["status", "type"])))]
#[serde(rename_all = "camelCase", default)]
pub struct Condition {
    /// What it is about, `Ready` for example.
    #[serde(deserialize_with = "null_as_zero")]
    pub type_: String,
    /// `True`, `False` or `Unknown`.
    #[serde(deserialize_with = "null_as_zero")]
    pub status: String,
    /// When status or message changed last: RFC 3339, UTC, whole seconds.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub last_update_time: String,
    /// In the schema; Fleet never sets it.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub last_transition_time: String,
    /// Empty, or `Error` (`Stalled`, `Reconciling` for these two types).
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub reason: String,
    /// Text for people.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub message: String,
}
