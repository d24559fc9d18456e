//! BundleNamespaceMapping: bundles that reach clusters of other namespaces. Its fields are at the root of the object.

use serde::{Deserialize, Serialize};

use super::LabelSelector;

/// The fields at the root of a BundleNamespaceMapping.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct BundleNamespaceMappingSpec {
    /// Labels of bundles; absent is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub bundle_selector: Option<LabelSelector>,
    /// Labels of namespaces; absent is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub namespace_selector: Option<LabelSelector>,
}
