//! GitRepoRestriction: what GitRepos of a namespace may do. Its fields are at the root of the object.

use serde::{Deserialize, Serialize};

use super::LabelSelector;
use super::lenient::{is_zero, null_as_zero, null_items_as_zero};

/// The fields at the root of a GitRepoRestriction.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct GitRepoRestrictionSpec {
    /// Account where none is given.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub default_service_account: String,
    /// Accounts; empty is any.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub allowed_service_accounts: Vec<String>,
    /// Repositories, as expressions; empty is any.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub allowed_repo_patterns: Vec<String>,
    /// Secret where none is given.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub default_client_secret_name: String,
    /// Secrets; empty is any.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub allowed_client_secret_names: Vec<String>,
    /// Target namespaces; empty is any.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub allowed_target_namespaces: Vec<String>,
    /// Labels of target namespaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub allowed_target_namespace_selector: Option<LabelSelector>,
}
