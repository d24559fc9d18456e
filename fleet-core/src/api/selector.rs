//! Label selectors as `metav1.LabelSelector`: matching is in [`crate::labels`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::lenient::{is_zero, null_as_zero, null_items_as_zero, null_values_as_zero};

/// Which labels match: all entries must. An empty selector matches everything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "crd", schemars(extend("x-kubernetes-map-type" = "atomic")))]
#[serde(rename_all = "camelCase", default)]
pub struct LabelSelector {
    /// Labels with exactly these values.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_values_as_zero")]
    pub match_labels: BTreeMap<String, String>,
    /// Requirements, all of which must hold.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-kubernetes-list-type" = "atomic")))]
    pub match_expressions: Vec<LabelSelectorRequirement>,
}

/// One requirement of a selector.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "crd", schemars(extend("required" = ["key", "operator"])))]
#[serde(rename_all = "camelCase", default)]
pub struct LabelSelectorRequirement {
    /// Key of the label.
    #[serde(deserialize_with = "null_as_zero")]
    pub key: String,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
    #[serde(deserialize_with = "null_as_zero")]
    pub operator: String,
    /// For `In` and `NotIn`: the values; otherwise empty.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-kubernetes-list-type" = "atomic")))]
    pub values: Vec<String>,
}
