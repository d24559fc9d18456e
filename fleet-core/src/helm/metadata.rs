//! What `Chart.yaml` says about a chart, in the form in which it also stands in the release record.
//!
//! Field names and their order are those of Helm v4.2.3 `chart/v2.Metadata`; every empty field is left out when written,
//! and `null` reads as empty.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// Reads `null` as the empty value, as Go's decoder does for strings, slices, maps and structs.
pub(crate) fn null_is_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

pub(crate) fn is_false(value: &bool) -> bool {
    !value
}

/// The contents of `Chart.yaml` (Helm v4.2.3 `chart/v2.Metadata`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metadata {
    /// Name of the chart; of an aliased dependency, its alias.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub name: String,
    /// Address of the project's page.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub home: String,
    /// Addresses of the sources.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_default")]
    pub sources: Vec<String>,
    /// Version of the chart, a loose semantic version.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub version: String,
    /// One sentence about the chart.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub description: String,
    /// Words to find the chart by.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_default")]
    pub keywords: Vec<String>,
    /// People or organisations behind the chart.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_default")]
    pub maintainers: Vec<Maintainer>,
    /// Address of a picture.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub icon: String,
    /// `v1` or `v2`.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub api_version: String,
    /// Path of a value that switches the chart; kept, never evaluated.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub condition: String,
    /// Tags that switch the chart; kept, never evaluated.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub tags: String,
    /// Version of the application inside.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub app_version: String,
    /// Whether the chart is no longer maintained.
    #[serde(skip_serializing_if = "is_false", deserialize_with = "null_is_default")]
    pub deprecated: bool,
    /// Free annotations; Fleet keeps its bundle identity here.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null_is_default")]
    pub annotations: BTreeMap<String, String>,
    /// Constraint on the version of Kubernetes.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub kube_version: String,
    /// Declared dependencies.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_default")]
    pub dependencies: Vec<Dependency>,
    /// ``, `application` or `library`.
    #[serde(
        rename = "type",
        skip_serializing_if = "String::is_empty",
        deserialize_with = "null_is_default"
    )]
    pub chart_type: String,
}

/// A person or organisation behind a chart (Helm v4.2.3 `chart/v2.Maintainer`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Maintainer {
    /// Name.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub name: String,
    /// Electronic mail address.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub email: String,
    /// Address of a page.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub url: String,
}

/// A dependency that `Chart.yaml` declares (Helm v4.2.3 `chart/v2.Dependency`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Dependency {
    /// Name of the chart that is depended on.
    #[serde(deserialize_with = "null_is_default")]
    pub name: String,
    /// Constraint on its version, in Masterminds' grammar.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub version: String,
    /// Address of the repository that has it; empty for one that lies in `charts/`.
    #[serde(deserialize_with = "null_is_default")]
    pub repository: String,
    /// Comma-separated paths of values; the first that is a bool decides.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub condition: String,
    /// Names under the `tags` table of the values that switch it.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_default")]
    pub tags: Vec<String>,
    /// Whether conditions and tags left it on; set while dependencies are processed.
    #[serde(skip_serializing_if = "is_false", deserialize_with = "null_is_default")]
    pub enabled: bool,
    /// Values that the parent takes from it: a string, or `{child, parent}`.
    #[serde(
        rename = "import-values",
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "null_is_default"
    )]
    pub import_values: Vec<Value>,
    /// Name under which the chart is used.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub alias: String,
}

/// The contents of `Chart.lock` (Helm v4.2.3 `chart/v2.Lock`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Lock {
    /// When the lock was written.
    pub generated: Timestamp,
    /// SHA-256 over the declared and the locked dependencies.
    #[serde(deserialize_with = "null_is_default")]
    pub digest: String,
    /// Dependencies with exact versions.
    #[serde(deserialize_with = "null_is_default")]
    pub dependencies: Vec<Dependency>,
}

impl Default for Lock {
    fn default() -> Self {
        Self {
            generated: super::release::ZERO_TIME,
            digest: String::new(),
            dependencies: Vec::new(),
        }
    }
}
