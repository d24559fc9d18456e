//! Times, status and notes of a revision (Helm v4.2.3 `release/v1.Info`).
//!
//! Go's zero time stands for "never": it is left out when written, and an empty string, as Helm 3 wrote for `deleted`,
//! reads as it.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::super::metadata::null_is_default;

/// Go's zero time, `0001-01-01T00:00:00Z`.
pub const ZERO_TIME: Timestamp = Timestamp::constant(-62_135_596_800, 0);

/// Times, status and notes of a revision (Helm v4.2.3 `release/v1.Info`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Info {
    /// When revision 1 was installed.
    #[serde(with = "optional_time", skip_serializing_if = "Option::is_none")]
    pub first_deployed: Option<Timestamp>,
    /// When this revision was deployed.
    #[serde(with = "optional_time", skip_serializing_if = "Option::is_none")]
    pub last_deployed: Option<Timestamp>,
    /// When the release was uninstalled.
    #[serde(with = "optional_time", skip_serializing_if = "Option::is_none")]
    pub deleted: Option<Timestamp>,
    /// A sentence for people: "Install complete", "Rollback to 3".
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub description: String,
    /// Where the revision stands.
    #[serde(
        skip_serializing_if = "ReleaseStatus::is_empty",
        deserialize_with = "null_is_default"
    )]
    pub status: ReleaseStatus,
    /// The rendered `NOTES.txt`.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub notes: String,
    /// Live objects by kind, which only `helm status` fills in; never stored.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub resources: Value,
}

/// Where a revision stands (Helm v4.2.3 `release/common.Status`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ReleaseStatus {
    /// No status is recorded.
    #[default]
    #[serde(rename = "")]
    Empty,
    /// `deployed`
    Deployed,
    /// `uninstalled`
    Uninstalled,
    /// `superseded`: a later revision is deployed.
    Superseded,
    /// `failed`
    Failed,
    /// `uninstalling`
    Uninstalling,
    /// `pending-install`
    PendingInstall,
    /// `pending-upgrade`
    PendingUpgrade,
    /// `pending-rollback`
    PendingRollback,
    /// `unknown`, and every status that Helm v4.2.3 does not have.
    #[serde(other)]
    Unknown,
}

impl ReleaseStatus {
    /// The word as Helm writes it, also into the Secret's `status` label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "",
            Self::Deployed => "deployed",
            Self::Uninstalled => "uninstalled",
            Self::Superseded => "superseded",
            Self::Failed => "failed",
            Self::Uninstalling => "uninstalling",
            Self::PendingInstall => "pending-install",
            Self::PendingUpgrade => "pending-upgrade",
            Self::PendingRollback => "pending-rollback",
            Self::Unknown => "unknown",
        }
    }

    /// Whether an operation is under way (Helm v4.2.3 `Status.IsPending`).
    pub fn is_pending(self) -> bool {
        matches!(
            self,
            Self::PendingInstall | Self::PendingUpgrade | Self::PendingRollback
        )
    }

    fn is_empty(&self) -> bool {
        *self == Self::Empty
    }
}

impl std::fmt::Display for ReleaseStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Serde for times of which the zero time, `""` and `null` mean "never".
pub(crate) mod optional_time {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        time.unwrap_or(ZERO_TIME).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
        let Some(text) = Option::<String>::deserialize(deserializer)? else {
            return Ok(None);
        };
        if text.is_empty() {
            return Ok(None);
        }
        let time: Timestamp = text.parse().map_err(serde::de::Error::custom)?;
        Ok((time != ZERO_TIME).then_some(time))
    }
}
