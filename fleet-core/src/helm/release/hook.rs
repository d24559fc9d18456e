//! Hooks: objects that run at an event of a release instead of belonging to it (Helm v4.2.3 `release/v1.Hook`).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::metadata::null_is_default;
use super::info::optional_time;

/// A hook (Helm v4.2.3 `release/v1.Hook`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hook {
    /// Name of the object.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub name: String,
    /// Kind of the object.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub kind: String,
    /// Template that it came from.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub path: String,
    /// The document.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub manifest: String,
    /// When it runs.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_default")]
    pub events: Vec<HookEvent>,
    /// Its last run; always written.
    #[serde(deserialize_with = "null_is_default")]
    pub last_run: HookExecution,
    /// Hooks of one event run by weight, then name.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_is_default")]
    pub weight: i64,
    /// When the object is deleted.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_default")]
    pub delete_policies: Vec<HookDeletePolicy>,
    /// When the logs of its containers are printed.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_default")]
    pub output_log_policies: Vec<HookOutputLogPolicy>,
}

fn is_zero(value: &i64) -> bool {
    *value == 0
}

/// When a hook runs (Helm v4.2.3 `release/v1.HookEvent`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum HookEvent {
    /// `pre-install`
    PreInstall,
    /// `post-install`
    PostInstall,
    /// `pre-delete`
    PreDelete,
    /// `post-delete`
    PostDelete,
    /// `pre-upgrade`
    PreUpgrade,
    /// `post-upgrade`
    PostUpgrade,
    /// `pre-rollback`
    PreRollback,
    /// `post-rollback`
    PostRollback,
    /// `test`, in charts also `test-success`.
    #[serde(alias = "test-success")]
    Test,
}

impl HookEvent {
    /// Reads the word of a `helm.sh/hook` annotation.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "pre-install" => Self::PreInstall,
            "post-install" => Self::PostInstall,
            "pre-delete" => Self::PreDelete,
            "post-delete" => Self::PostDelete,
            "pre-upgrade" => Self::PreUpgrade,
            "post-upgrade" => Self::PostUpgrade,
            "pre-rollback" => Self::PreRollback,
            "post-rollback" => Self::PostRollback,
            "test" | "test-success" => Self::Test,
            _ => return None,
        })
    }

    /// The word as Helm writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PreInstall => "pre-install",
            Self::PostInstall => "post-install",
            Self::PreDelete => "pre-delete",
            Self::PostDelete => "post-delete",
            Self::PreUpgrade => "pre-upgrade",
            Self::PostUpgrade => "post-upgrade",
            Self::PreRollback => "pre-rollback",
            Self::PostRollback => "post-rollback",
            Self::Test => "test",
        }
    }
}

impl std::fmt::Display for HookEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// When a hook's object is deleted (Helm v4.2.3 `release/v1.HookDeletePolicy`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum HookDeletePolicy {
    /// `hook-succeeded`
    HookSucceeded,
    /// `hook-failed`
    HookFailed,
    /// `before-hook-creation`, the default.
    BeforeHookCreation,
    /// A word that Helm does not know; it is kept in the record and has no effect.
    #[serde(untagged)]
    Other(String),
}

impl HookDeletePolicy {
    /// Reads a word of a `helm.sh/hook-delete-policy` annotation.
    pub fn parse(word: &str) -> Self {
        match word {
            "hook-succeeded" => Self::HookSucceeded,
            "hook-failed" => Self::HookFailed,
            "before-hook-creation" => Self::BeforeHookCreation,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// When the logs of a hook are printed (Helm v4.2.3 `release/v1.HookOutputLogPolicy`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum HookOutputLogPolicy {
    /// `hook-succeeded`
    HookSucceeded,
    /// `hook-failed`
    HookFailed,
    /// A word that Helm does not know; it is kept in the record and has no effect.
    #[serde(untagged)]
    Other(String),
}

impl HookOutputLogPolicy {
    /// Reads a word of a `helm.sh/hook-output-log-policy` annotation.
    pub fn parse(word: &str) -> Self {
        match word {
            "hook-succeeded" => Self::HookSucceeded,
            "hook-failed" => Self::HookFailed,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// A run of a hook (Helm v4.2.3 `release/v1.HookExecution`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HookExecution {
    /// When it was created.
    #[serde(with = "optional_time", skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it was seen to be done.
    #[serde(with = "optional_time", skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// How it went.
    #[serde(deserialize_with = "null_is_default")]
    pub phase: HookPhase,
}

/// How a run of a hook went (Helm v4.2.3 `release/v1.HookPhase`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum HookPhase {
    /// It never ran.
    #[default]
    #[serde(rename = "")]
    Empty,
    /// `Running`
    Running,
    /// `Succeeded`
    Succeeded,
    /// `Failed`
    Failed,
    /// `Unknown`
    #[serde(other)]
    Unknown,
}
