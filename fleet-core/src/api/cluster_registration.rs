//! ClusterRegistration: an agent's request to belong to the fleet.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::lenient::{is_zero, null_as_zero, null_values_as_zero};

/// Who asks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ClusterRegistrationSpec {
    /// Identity of the agent.
    #[serde(
        rename = "clientID",
        skip_serializing_if = "is_zero",
        deserialize_with = "null_as_zero"
    )]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub client_id: String,
    /// Random token of this request.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub client_random: String,
    /// Labels for the Cluster.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_values_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub cluster_labels: BTreeMap<String, String>,
}

/// What the manager said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ClusterRegistrationStatus {
    /// Name of the Cluster.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub cluster_name: String,
    /// The request was granted.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub granted: bool,
}
