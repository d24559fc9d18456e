//! Schedule: windows in which clusters may change.

use serde::{Deserialize, Serialize};

use super::lenient::{is_zero, null_as_zero, null_items_as_zero};
use super::{Condition, Duration, ScheduleTarget, Time};

/// When, how long, and which clusters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ScheduleSpec {
    /// Quartz expression: seconds come first.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub schedule: String,
    /// How long a window is open.
    #[serde(deserialize_with = "null_as_zero")]
    pub duration: Duration,
    /// IANA time zone.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub location: String,
    /// Clusters.
    #[serde(deserialize_with = "null_as_zero")]
    pub targets: ScheduleTargets,
}

/// Clusters of a Schedule.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ScheduleTargets {
    /// Entries, any of which may match.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    pub clusters: Vec<ScheduleTarget>,
}

/// What the schedule does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ScheduleStatus {
    /// The window is open.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub active: bool,
    /// When it opens next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_start_time: Option<Time>,
    /// Names of its clusters.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    pub matching_clusters: Vec<String>,
    /// `Ready`.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    pub conditions: Vec<Condition>,
}
