//! Policy: what GitRepos, HelmOps and Bundles of a namespace may do. Its fields are at the root of the object.

use serde::{Deserialize, Serialize};

use super::lenient::{is_zero, null_as_zero, null_items_as_zero};

/// The fields at the root of a Policy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct PolicySpec {
    /// An account must be given.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub require_service_account: bool,
    /// Accounts; empty is any.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub allowed_service_accounts: Vec<String>,
    /// Agents may create the namespace all the same.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub allow_namespace_creation: bool,
    /// For GitRepos.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub git_repo: Option<GitRepoPolicy>,
    /// For HelmOps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub helm_op: Option<HelmOpPolicy>,
}

/// For GitRepos.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct GitRepoPolicy {
    /// Account where none is given.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub default_service_account: String,
    /// Secret where none is given.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub default_client_secret_name: String,
    /// Secrets; empty is any.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub allowed_client_secret_names: Vec<String>,
    /// Repositories, as anchored expressions.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub allowed_repo_patterns: Vec<String>,
}

/// For HelmOps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct HelmOpPolicy {
    /// Account where none is given.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub default_service_account: String,
    /// Secret where none is given.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub default_helm_secret_name: String,
    /// Secrets; empty is any.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub allowed_helm_secret_names: Vec<String>,
    /// Repositories, as anchored expressions.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub allowed_helm_repo_patterns: Vec<String>,
    /// Charts, as anchored expressions.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub allowed_chart_patterns: Vec<String>,
}
