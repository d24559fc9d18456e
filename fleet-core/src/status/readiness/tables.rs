//! Which condition types mean what (Rancher's wrangler summary tables, as Fleet's agent uses them).

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

/// `False` is an error, `Unknown` a transition; with the state that it gives.
pub(super) const FALSE_IS_ERROR: &[(&str, &str)] = &[
    ("Active", "activating"),
    ("AddonDeploy", "provisioning"),
    ("AgentDeployed", "provisioning"),
    ("BackingNamespaceCreated", "configuring"),
    ("Built", "building"),
    ("CertsGenerated", "provisioning"),
    ("ConfigOK", "configuring"),
    ("Created", "creating"),
    ("CreatorMadeOwner", "configuring"),
    ("DefaultNamespaceAssigned", "configuring"),
    ("DefaultNetworkPolicyCreated", "configuring"),
    ("DefaultProjectCreated", "configuring"),
    ("DockerProvisioned", "provisioning"),
    ("Deployed", "deploying"),
    ("Drained", "draining"),
    ("Downloaded", "downloading"),
    ("etcd", "provisioning"),
    ("Inactive", "deactivating"),
    ("Initialized", "initializing"),
    ("Installed", "installing"),
    ("NodesCreated", "provisioning"),
    ("Pending", "pending"),
    ("PodScheduled", "scheduling"),
    ("Provisioned", "provisioning"),
    ("Reconciled", "reconciling"),
    ("Refreshed", "refreshed"),
    ("Registered", "registering"),
    ("Removed", "removing"),
    ("Saved", "saving"),
    ("Updated", "updating"),
    ("Updating", "updating"),
    ("Upgraded", "upgrading"),
    ("Waiting", "waiting"),
    ("InitialRolesPopulated", "activating"),
    ("ScalingActive", "pending"),
    ("AbleToScale", "pending"),
    ("RunCompleted", "running"),
    ("Processed", "processed"),
];

/// `True` is a transition.
pub(super) const TRUE_IS_TRANSITIONING: &[(&str, &str)] = &[("Reconciling", "reconciling")];

/// `False` is a transition, `Unknown` an error.
pub(super) struct Row {
    pub(super) kind: &'static str,
    pub(super) word: &'static str,
    /// The condition's reason is the state.
    pub(super) reason_is_state: bool,
}

const fn row(kind: &'static str, word: &'static str, reason_is_state: bool) -> Row {
    Row {
        kind,
        word,
        reason_is_state,
    }
}

pub(super) const FALSE_IS_TRANSITIONING: &[Row] = &[
    row("Completed", "activating", false),
    row("Ready", "unavailable", false),
    row("Available", "updating", false),
    row("BootstrapReady", "bootstrap-ready", true),
    row("InfrastructureReady", "infrastructure-ready", true),
    row("NodeHealthy", "node-healthy", true),
];

/// Condition types that are errors, by kind; the fallback for kinds that are not listed.
#[derive(Clone, Debug)]
pub(super) struct ErrorTable {
    listed: BTreeMap<(String, String), BTreeMap<String, BTreeSet<String>>>,
}

/// API version and kind, with condition types and the statuses at which they are errors.
type ErrorRow = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static [&'static str])],
);

impl Default for ErrorTable {
    fn default() -> Self {
        let mut table = Self {
            listed: BTreeMap::new(),
        };
        let rows: &[ErrorRow] = &[
            (
                "helm.cattle.io/v1",
                "HelmChart",
                &[("JobCreated", &[]), ("Failed", &["True"])],
            ),
            (
                "v1",
                "Node",
                &[
                    ("OutOfDisk", &["True"]),
                    ("MemoryPressure", &["True"]),
                    ("DiskPressure", &["True"]),
                    ("NetworkUnavailable", &["True"]),
                ],
            ),
            (
                "apps/v1",
                "Deployment",
                &[("ReplicaFailure", &["True"]), ("Progressing", &["False"])],
            ),
            ("apps/v1", "ReplicaSet", &[("ReplicaFailure", &["True"])]),
        ];
        for (api_version, kind, conditions) in rows {
            for (condition, statuses) in *conditions {
                let statuses = statuses.iter().map(|status| (*status).to_owned()).collect();
                table.set(api_version, kind, condition, statuses);
            }
        }
        table
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mapping {
    #[serde(default)]
    gvk: String,
    #[serde(default)]
    condition_mappings: Vec<ConditionMapping>,
}

#[derive(Deserialize)]
struct ConditionMapping {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    status: Vec<String>,
}

impl ErrorTable {
    fn set(&mut self, api_version: &str, kind: &str, condition: &str, statuses: BTreeSet<String>) {
        let listed = self
            .listed
            .entry((api_version.to_owned(), kind.to_owned()))
            .or_default();
        listed.insert(condition.to_owned(), statuses);
    }

    /// Takes conditions over; the statuses of one that is known are replaced.
    pub(super) fn merge(&mut self, json: &str) {
        let Ok(mappings) = serde_json::from_str::<Vec<Mapping>>(json) else {
            return;
        };
        for mapping in mappings {
            let Some((version, kind)) = mapping.gvk.split_once(',') else {
                continue;
            };
            let Some(kind) = kind.trim_start().strip_prefix("Kind=") else {
                continue;
            };
            // The core group is written with a leading slash.
            let version = version.trim().trim_start_matches('/');
            for condition in mapping.condition_mappings {
                self.set(version, kind, &condition.kind, condition.status.into_iter().collect());
            }
        }
    }

    /// Whether a condition of a kind is an error at a status.
    pub(super) fn is_error(&self, api_version: &str, kind: &str, condition: &str, status: &str) -> bool {
        match self.listed.get(&(api_version.to_owned(), kind.to_owned())) {
            Some(conditions) => conditions
                .get(condition)
                .is_some_and(|statuses| statuses.contains(status)),
            None => matches!(condition, "Stalled" | "Failed") && status == "True",
        }
    }
}
