//! HelmOp: a Helm chart that becomes a bundle without git.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::lenient::{is_zero, null_as_zero, null_values_as_zero};
use super::{BundleSpec, Duration, StatusBase, Time};

/// Which chart, and where to deploy it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct HelmOpSpec {
    /// The bundle that comes of it.
    #[serde(flatten)]
    pub bundle: BundleSpec,
    /// Labels for the bundle.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_values_as_zero")]
    pub labels: BTreeMap<String, String>,
    /// How often to look for new versions; absent or 0 is never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub polling_interval: Option<Duration>,
    /// Secret with Helm credentials.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub helm_secret_name: String,
    /// Certificates are not checked.
    #[serde(
        rename = "insecureSkipTLSVerify",
        skip_serializing_if = "is_zero",
        deserialize_with = "null_as_zero"
    )]
    pub insecure_skip_tls_verify: bool,
}

/// What became of the chart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct HelmOpStatus {
    /// Roll-up of its bundle.
    #[serde(flatten)]
    pub base: StatusBase,
    /// Last poll.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_polling_triggered: Option<Time>,
    /// Version that the constraint gave.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub version: String,
}
