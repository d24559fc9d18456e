//! Points in time on the wire.

use serde::{Deserialize, Serialize};

/// A point in time: RFC 3339, UTC, whole seconds, as `metav1.Time`. Kept as text: fleet-core reads no clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(pub String);

impl Time {
    /// The text of a timestamp, cut to whole seconds as Kubernetes cuts it.
    pub fn from_timestamp(timestamp: jiff::Timestamp) -> Self {
        let seconds = jiff::Timestamp::from_second(timestamp.as_second()).unwrap_or(timestamp);
        Self(seconds.to_string())
    }

    /// The timestamp, where the text is RFC 3339.
    pub fn timestamp(&self) -> Option<jiff::Timestamp> {
        self.0.parse().ok()
    }
}

#[cfg(feature = "crd")]
impl schemars::JsonSchema for Time {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Time".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "format": "date-time"})
    }
}
