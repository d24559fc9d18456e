//! The chart inside a release record (Helm v4.2.3 `chart/v2.Chart`, without subcharts, which Helm does not store).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::super::metadata::{Lock, Metadata, null_is_default};
use super::info::optional_time;

/// A chart as a release record keeps it (Helm v4.2.3 `chart/v2.Chart`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChartRecord {
    /// `Chart.yaml`.
    #[serde(deserialize_with = "null_is_default")]
    pub metadata: Metadata,
    /// `Chart.lock`.
    pub lock: Option<Lock>,
    /// Everything under `templates/`, in the order in which the chart was loaded.
    #[serde(serialize_with = "null_if_empty", deserialize_with = "null_is_default")]
    pub templates: Vec<ChartFile>,
    /// The chart's own values; `None` is written as `null`.
    pub values: Option<Map<String, Value>>,
    /// `values.schema.json`.
    #[serde(with = "optional_bytes")]
    pub schema: Option<Arc<[u8]>>,
    /// When the schema was changed; always written.
    #[serde(with = "optional_time")]
    pub schemamodtime: Option<Timestamp>,
    /// The other files; Fleet's plain manifests are here as `raw-yaml/…`.
    #[serde(serialize_with = "null_if_empty", deserialize_with = "null_is_default")]
    pub files: Vec<ChartFile>,
    /// When `Chart.yaml` was changed.
    #[serde(with = "optional_time", skip_serializing_if = "Option::is_none")]
    pub modtime: Option<Timestamp>,
}

/// A file of a chart (Helm v4.2.3 `chart/common.File`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChartFile {
    /// Path inside the chart.
    #[serde(deserialize_with = "null_is_default")]
    pub name: String,
    /// Contents.
    #[serde(with = "bytes")]
    pub data: Arc<[u8]>,
    /// When it was changed.
    #[serde(with = "optional_time", skip_serializing_if = "Option::is_none")]
    pub modtime: Option<Timestamp>,
}

impl ChartFile {
    /// A file with no time of change.
    pub fn new(name: impl Into<String>, data: impl Into<Arc<[u8]>>) -> Self {
        Self {
            name: name.into(),
            data: data.into(),
            modtime: None,
        }
    }
}

impl Default for ChartFile {
    fn default() -> Self {
        Self::new(String::new(), Vec::new())
    }
}

/// Writes an empty list as `null`, as Go writes a slice that was never made.
fn null_if_empty<S: Serializer>(files: &Vec<ChartFile>, serializer: S) -> Result<S::Ok, S::Error> {
    if files.is_empty() {
        serializer.serialize_none()
    } else {
        files.serialize(serializer)
    }
}

fn decode(text: &str) -> Result<Arc<[u8]>, String> {
    STANDARD
        .decode(text)
        .map(Arc::from)
        .map_err(|error| format!("data is not base64: {error}"))
}

mod bytes {
    use super::*;

    pub(super) fn serialize<S: Serializer>(data: &Arc<[u8]>, serializer: S) -> Result<S::Ok, S::Error> {
        STANDARD.encode(data).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<[u8]>, D::Error> {
        let text: String = null_is_default(deserializer)?;
        decode(&text).map_err(serde::de::Error::custom)
    }
}

mod optional_bytes {
    use super::*;

    pub(super) fn serialize<S: Serializer>(data: &Option<Arc<[u8]>>, serializer: S) -> Result<S::Ok, S::Error> {
        data.as_ref().map(|data| STANDARD.encode(data)).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Arc<[u8]>>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| decode(&text))
            .transpose()
            .map_err(serde::de::Error::custom)
    }
}
