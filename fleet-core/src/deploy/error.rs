//! Why a release was not deployed, and whether trying again helps.

use crate::cluster::ClusterError;
use crate::helm::release::ReleaseError;
use crate::object::ObjectKey;

/// Why a release was not deployed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeployError {
    /// The cluster refused an object, or did not answer.
    #[error("{action} {object}: {source}")]
    Object {
        /// What was done.
        action: &'static str,
        /// To what.
        object: Box<ObjectKey>,
        /// The answer.
        source: ClusterError,
    },
    /// The release's records could not be read or written.
    #[error("records of release {namespace}/{name}: {source}")]
    Records {
        /// Namespace of the release.
        namespace: String,
        /// Name of the release.
        name: String,
        /// The answer.
        source: ClusterError,
    },
    /// A record makes no sense.
    #[error("record of release {name}: {source}")]
    Record {
        /// Name of the release.
        name: String,
        /// What is wrong with it.
        source: ReleaseError,
    },
    /// An object exists and belongs to somebody else. The text is Helm's.
    #[error(
        "unable to continue with install: {object} exists and cannot be imported into the current release: invalid \
         ownership metadata; annotation validation error: {problem}"
    )]
    Ownership {
        /// The object, as Helm names it.
        object: String,
        /// What its metadata lacks.
        problem: String,
    },
    /// Objects were not ready in time.
    #[error("timed out waiting for the condition: {0}")]
    Timeout(String),
    /// A hook failed.
    #[error("hook {hook} failed: {cause}")]
    Hook {
        /// Name of the hook's object.
        hook: String,
        /// Why.
        cause: String,
    },
    /// It failed, and was undone. The text is Helm's.
    #[error("release {name} failed, and has been {how} due to rollback-on-failure being set: {cause}")]
    Undone {
        /// Name of the release.
        name: String,
        /// `uninstalled` or `rolled back`.
        how: &'static str,
        /// Why it failed.
        cause: String,
    },
    /// An upgrade failed, and no revision was ever deployed that it could be rolled back to. The text is Helm's.
    #[error(
        "unable to find a previously successful release when attempting to rollback. original upgrade error: {cause}"
    )]
    NothingToRollBackTo {
        /// Why the upgrade failed.
        cause: String,
    },
    /// An upgrade failed, and so did rolling it back. The text is Helm's.
    #[error("an error occurred while rolling back the release. original upgrade error: {cause}: {rollback}")]
    RollbackFailed {
        /// Why the upgrade failed.
        cause: String,
        /// Why the rollback failed.
        rollback: Box<DeployError>,
    },
    /// There is no such revision.
    #[error("release {name}: there is no revision {revision} to roll back to")]
    NoSuchRevision {
        /// Name of the release.
        name: String,
        /// The revision that was asked for.
        revision: i64,
    },
}

/// What in a message says that the same deployment fails again, whatever the time (Fleet's agent; the texts of Helm 3 and
/// of Helm 4).
const FINAL: &[&str] = &[
    "timed out waiting for the condition",
    "context deadline exceeded",
    "error validating data",
    "chart requires kubeVersion",
    "annotation validation error",
    "failed, and has been rolled back due to atomic being set",
    "due to rollback-on-failure being set",
    "YAML parse error",
    "MalformedYAMLError",
    "unknown field",
    "Forbidden: spec is immutable after creation",
    "conflict occurred while applying object",
    "field not declared in schema",
];

/// Whether a message is of an error that is recorded and not tried again until something changes.
pub fn is_final(message: &str) -> bool {
    if FINAL.iter().any(|part| message.contains(part)) {
        return true;
    }
    // "Forbidden: updates to statefulset spec for fields other than 'replicas', … are forbidden"
    let Some((_, rest)) = message.split_once("Forbidden: updates to ") else {
        return false;
    };
    let Some((what, rest)) = rest.split_once(" spec for fields other than ") else {
        return false;
    };
    !what.contains(' ') && rest.contains(" are forbidden")
}

impl DeployError {
    /// Whether trying the same again cannot help (Fleet records such an error and waits for a change).
    pub fn is_final(&self) -> bool {
        match self {
            Self::Object {
                source: ClusterError::Invalid(_),
                ..
            }
            | Self::Ownership { .. }
            | Self::Timeout(_)
            | Self::Hook { .. }
            | Self::Undone { .. } => true,
            other => is_final(&other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_final;

    #[test]
    fn errors_are_classed_as_fleet_classes_them() {
        for text in [
            "YAML parse error on x",
            "json: unknown field \"x\"",
            "Deployment.apps \"x\" is invalid: spec: Forbidden: updates to statefulset spec for fields other than 'replicas' are forbidden",
            "Secret \"x\" is invalid: data: Forbidden: spec is immutable after creation",
            "timed out waiting for the condition",
        ] {
            assert!(is_final(text), "{text}");
        }
        for text in ["connection refused", "not found", ""] {
            assert!(!is_final(text), "{text}");
        }
    }
}
