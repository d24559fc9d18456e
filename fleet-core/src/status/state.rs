//! The state of a deployment, and what it has to say.
//!
//! Source: Fleet `internal/cmd/controller/summary` (`GetDeploymentState`, `MessageFromDeployment`) and the dependency state
//! of Fleet v0.16.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::conditions;
use crate::api::{
    BundleDeploymentSpec, BundleDeploymentStatus, Condition, ModifiedStatus, NonReadyStatus, ResourceCounts,
};

/// The state of a deployment; the order is from good to bad, and the worst is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum BundleState {
    /// Everything is applied and ready.
    Ready,
    /// Objects are not ready.
    NotReady,
    /// There is no deployment yet.
    Pending,
    /// A newer deployment is staged.
    OutOfSync,
    /// Objects have drifted.
    Modified,
    /// Another bundle must be ready first.
    WaitingForDependency,
    /// The agent has not applied it yet.
    WaitApplied,
    /// The agent could not apply it.
    ErrApplied,
}

/// States in the order in which messages look for them.
pub(super) const NOT_READY_STATES: [BundleState; 7] = [
    BundleState::OutOfSync,
    BundleState::NotReady,
    BundleState::WaitApplied,
    BundleState::ErrApplied,
    BundleState::Pending,
    BundleState::Modified,
    BundleState::WaitingForDependency,
];

impl BundleState {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ready => "Ready",
            Self::NotReady => "NotReady",
            Self::Pending => "Pending",
            Self::OutOfSync => "OutOfSync",
            Self::Modified => "Modified",
            Self::WaitingForDependency => "WaitingForDependency",
            Self::WaitApplied => "WaitApplied",
            Self::ErrApplied => "ErrApplied",
        }
    }

    /// The state with a name; `None` for others, which rank below all states.
    pub fn from_name(name: &str) -> Option<Self> {
        NOT_READY_STATES
            .into_iter()
            .chain([Self::Ready])
            .find(|state| state.name() == name)
    }
}

impl fmt::Display for BundleState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// What begins the message of a deployment that another bundle holds back.
const DEPENDENCY_MESSAGE: &str = "dependent bundle(s) are not ready";

/// The state of a deployment by what it says of itself: of an object with nothing in it, `NotReady`.
pub fn deployment_state(spec: &BundleDeploymentSpec, status: &BundleDeploymentStatus) -> BundleState {
    state_of(&spec.deployment_id, &spec.staged_deployment_id, status)
}

/// The state of a deployment as its bundle sees it: against the deployment ID that was computed now, so that one that a
/// rollout or a pause holds back is `WaitApplied`. Without a deployment it is `Pending`.
pub fn target_state(
    target_id: &str,
    deployed: Option<(&BundleDeploymentSpec, &BundleDeploymentStatus)>,
) -> BundleState {
    match deployed {
        None => BundleState::Pending,
        Some((spec, status)) => state_of(target_id, &spec.staged_deployment_id, status),
    }
}

fn state_of(deployment_id: &str, staged_id: &str, status: &BundleDeploymentStatus) -> BundleState {
    if status.applied_deployment_id != deployment_id {
        return match conditions::get(&status.conditions, "Deployed") {
            Some(deployed) if deployed.status == "False" => {
                if deployed.message.starts_with(DEPENDENCY_MESSAGE) {
                    BundleState::WaitingForDependency
                } else {
                    BundleState::ErrApplied
                }
            }
            _ => BundleState::WaitApplied,
        };
    }
    if !status.ready {
        BundleState::NotReady
    } else if deployment_id != staged_id {
        BundleState::OutOfSync
    } else if !status.non_modified {
        BundleState::Modified
    } else {
        BundleState::Ready
    }
}

/// What a deployment has to say: of applying it, of installing it (where that was this deployment), of watching it.
pub fn deployment_message(spec: &BundleDeploymentSpec, status: &BundleDeploymentStatus) -> String {
    message_of(&spec.deployment_id, status).to_owned()
}

/// The message of a deployment against a deployment ID.
pub(super) fn message_of<'a>(deployment_id: &str, status: &'a BundleDeploymentStatus) -> &'a str {
    let message = |kind: &str| conditions::message(&status.conditions, kind);
    let installed = if status.applied_deployment_id == deployment_id {
        message("Installed")
    } else {
        ""
    };
    [message("Deployed"), installed, message("Monitored")]
        .into_iter()
        .find(|text| !text.is_empty())
        .unwrap_or_default()
}

/// What `kubectl get` shows of a condition: its status, or its error.
pub fn condition_display(all: &[Condition], kind: &str) -> String {
    match conditions::get(all, kind) {
        None => String::new(),
        Some(condition) if condition.reason == "Error" => format!("Error: {}", condition.message),
        Some(condition) => condition.status.clone(),
    }
}

/// Kind and name of an object in messages: `configmap.v1 ns/name`, `deployment.apps ns/name`.
///
/// What stands before the first slash of the API version follows the kind, which of core objects is their version.
fn object_text(kind: &str, api_version: &str, namespace: &str, name: &str) -> String {
    let group = api_version.split('/').next().unwrap_or_default();
    let mut text = kind.to_lowercase();
    if !group.is_empty() {
        text.push('.');
        text.push_str(group);
    }
    text.push(' ');
    if !namespace.is_empty() {
        text.push_str(namespace);
        text.push('/');
    }
    text.push_str(name);
    text
}

/// An object that has drifted, in messages.
pub fn modified_text(modified: &ModifiedStatus) -> String {
    let object = object_text(
        &modified.kind,
        &modified.api_version,
        &modified.namespace,
        &modified.name,
    );
    if modified.missing {
        let state = if modified.exist {
            "is not owned by us"
        } else {
            "missing"
        };
        format!("{object} {state}")
    } else if modified.delete {
        format!("{object} extra")
    } else {
        format!("{object} modified {}", modified.patch)
    }
}

/// An object that is not ready, in messages.
///
/// The bracket that upstream leaves out of `error]` is left out too: people search for these texts.
pub fn non_ready_text(object: &NonReadyStatus) -> String {
    let summary = &object.summary;
    let state = match (summary.transitioning, summary.error) {
        (false, false) => summary.state.clone(),
        (true, false) => "[progressing]".to_owned(),
        (true, true) => "[progressing,error]".to_owned(),
        (false, true) => "error]".to_owned(),
    };
    let mut text = object_text(&object.kind, &object.api_version, &object.namespace, &object.name);
    text.push(' ');
    text.push_str(&state);
    if !summary.message.is_empty() {
        text.push(' ');
        text.push_str(&summary.message.join(", "));
    }
    text
}

/// Adds counts.
pub fn add_counts(counts: &mut ResourceCounts, more: &ResourceCounts) {
    counts.ready += more.ready;
    counts.desired_ready += more.desired_ready;
    counts.wait_applied += more.wait_applied;
    counts.modified += more.modified;
    counts.orphaned += more.orphaned;
    counts.missing += more.missing;
    counts.unknown += more.unknown;
    counts.not_ready += more.not_ready;
}
