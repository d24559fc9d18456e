//! The release record: what Helm remembers of each revision of a release, exactly as it stores it.
//!
//! Helm v4.2.3 `release/v1` types; field names, order and omissions are those of its JSON, so that `helm list`, `get`,
//! `history`, `rollback` and `uninstall` work on records written here, and records of Helm 3 and Helm 4 are read.
//! [`encode`] and [`decode`] turn a record into the bytes of the Secret's `release` key and back; [`storage`] has the
//! Secret's name, type and labels.
//!
//! ```
//! use fleet_core::helm::release::{Release, decode, encode};
//! let release = Release { name: "web".into(), namespace: "shop".into(), version: 1, ..Release::default() };
//! assert_eq!(decode(&encode(&release)?)?, release);
//! # Ok::<(), fleet_core::helm::release::ReleaseError>(())
//! ```

mod chart;
mod codec;
mod hook;
mod info;
mod name;
pub mod storage;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use chart::{ChartFile, ChartRecord};
pub use codec::{MAX_RECORD_BYTES, ReleaseError, decode, encode};
pub use hook::{Hook, HookDeletePolicy, HookEvent, HookExecution, HookOutputLogPolicy, HookPhase};
pub use info::{Info, ReleaseStatus, ZERO_TIME};
pub use name::{MAX_NAME_LENGTH, NameError, validate_name};

use super::metadata::null_is_default;

/// One revision of a release (Helm v4.2.3 `release/v1.Release`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Release {
    /// Name of the release.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub name: String,
    /// Times, status, description and notes.
    #[serde(deserialize_with = "null_is_default")]
    pub info: Info,
    /// The chart that was released, without its subcharts (Helm does not store them).
    #[serde(deserialize_with = "null_is_default")]
    pub chart: ChartRecord,
    /// The values that the user gave.
    #[serde(skip_serializing_if = "Map::is_empty", deserialize_with = "null_is_default")]
    pub config: Map<String, Value>,
    /// All objects that are not hooks, in install order: `---\n# Source: FILE\nDOCUMENT\n` for each.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub manifest: String,
    /// The hooks, which are in no manifest.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_default")]
    pub hooks: Vec<Hook>,
    /// Revision, from 1.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_is_default")]
    pub version: i64,
    /// Namespace of the release and its record.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub namespace: String,
    /// How objects were applied; none in records of Helm 3, which means client-side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apply_method: Option<ApplyMethod>,
    /// Labels of the record's Secret beyond Helm's own; they are not in the JSON.
    #[serde(skip)]
    pub labels: BTreeMap<String, String>,
}

/// How the objects of a revision were applied (Helm v4.2.3 `release/v1.ApplyMethod`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ApplyMethod {
    /// `csa`: client-side three-way patches.
    #[serde(rename = "csa", alias = "")]
    ClientSide,
    /// `ssa`: server-side apply.
    #[serde(rename = "ssa")]
    ServerSide,
}

impl Release {
    /// Whether objects were server-side applied; a record without the field comes from client-side apply (Helm v4.2.3
    /// `upgrade`, "auto").
    pub fn is_server_side(&self) -> bool {
        self.apply_method == Some(ApplyMethod::ServerSide)
    }
}

fn is_zero(value: &i64) -> bool {
    *value == 0
}
