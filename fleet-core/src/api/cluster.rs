//! Cluster: a downstream cluster.

use serde::{Deserialize, Serialize};

use super::lenient::{integer, is_zero, null_as_zero, null_items_as_zero};
use super::{BundleSummary, Condition, Duration, GenericMap, ResourceCounts, Time};

/// How a cluster is reached, and how its agent runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ClusterSpec {
    /// All its deployments are paused.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub paused: bool,
    /// Identity of the agent.
    #[serde(
        rename = "clientID",
        skip_serializing_if = "is_zero",
        deserialize_with = "null_as_zero"
    )]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub client_id: String,
    /// Secret with a kubeconfig; empty where the agent registers itself.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub kube_config_secret: String,
    /// Its namespace.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub kube_config_secret_namespace: String,
    /// Raising it deploys the agent again.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "integer")]
    #[cfg_attr(feature = "crd", schemars(extend("x-format" = "int64")))]
    pub redeploy_agent_generation: i64,
    /// Environment of the agent (core/v1 EnvVar).
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub agent_env_vars: Vec<GenericMap>,
    /// Namespace of the agent.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub agent_namespace: String,
    /// Prefix of images.
    #[serde(
        rename = "privateRepoURL",
        skip_serializing_if = "is_zero",
        deserialize_with = "null_as_zero"
    )]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub private_repo_url: String,
    /// `.ClusterValues` in templates of values.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub template_values: Option<GenericMap>,
    /// Tolerations of the agent (core/v1 Toleration).
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub agent_tolerations: Vec<GenericMap>,
    /// Affinity of the agent (core/v1 Affinity).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub agent_affinity: Option<GenericMap>,
    /// Resources of the agent (core/v1 ResourceRequirements).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub agent_resources: Option<GenericMap>,
    /// The agent is on the host's network.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub host_network: Option<bool>,
    /// Priority class and disruption budget of the agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub agent_scheduling_customization: Option<AgentSchedulingCustomization>,
    /// Image pull secrets; absent copies the global ones, an empty list has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub agent_pull_secrets: Option<Vec<LocalObjectReference>>,
}

/// Priority class and disruption budget of the agent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct AgentSchedulingCustomization {
    /// Priority class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority_class: Option<PriorityClassSpec>,
    /// Disruption budget.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_disruption_budget: Option<PodDisruptionBudgetSpec>,
}

/// Priority class of the agent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct PriorityClassSpec {
    /// Priority.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "integer")]
    pub value: i64,
    /// Whether it displaces others.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub preemption_policy: String,
}

/// Disruption budget of the agent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct PodDisruptionBudgetSpec {
    /// Pods that stay.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub min_available: String,
    /// Pods that may go.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub max_unavailable: String,
}

/// An object in the same namespace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "crd", schemars(extend("x-kubernetes-map-type" = "atomic")))]
#[serde(rename_all = "camelCase", default)]
pub struct LocalObjectReference {
    /// Name.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-default" = "")))]
    pub name: String,
}

/// What is known of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ClusterStatus {
    /// `Ready`, `Processed`, `Imported`, `Reconciled`.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    pub conditions: Vec<Condition>,
    /// Namespace of its deployments.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub namespace: String,
    /// Deployments by state.
    #[serde(deserialize_with = "null_as_zero")]
    pub summary: BundleSummary,
    /// Objects by state.
    #[serde(deserialize_with = "null_as_zero")]
    pub resource_counts: ResourceCounts,
    /// GitRepos that are ready here.
    #[serde(deserialize_with = "integer")]
    pub ready_git_repos: i64,
    /// GitRepos.
    #[serde(deserialize_with = "integer")]
    pub desired_ready_git_repos: i64,
    /// HelmOps that are ready here.
    #[serde(deserialize_with = "integer")]
    pub ready_helm_ops: i64,
    /// HelmOps.
    #[serde(deserialize_with = "integer")]
    pub desired_ready_helm_ops: i64,
    /// Hash of the agent's environment.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub agent_env_vars_hash: String,
    /// Prefix that the agent was deployed with.
    #[serde(
        rename = "agentPrivateRepoURL",
        skip_serializing_if = "is_zero",
        deserialize_with = "null_as_zero"
    )]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub agent_private_repo_url: String,
    /// Network that the agent was deployed with.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub agent_host_network: bool,
    /// `redeployAgentGeneration` that was deployed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true, "x-format" = "int64")))]
    pub agent_deployed_generation: Option<i64>,
    /// Old installations were moved.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub agent_migrated: bool,
    /// Old installations were moved.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub agent_namespace_migrated: bool,
    /// Old installations were moved.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub cattle_namespace_migrated: bool,
    /// Hash of the agent's affinity.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub agent_affinity_hash: String,
    /// Hash of the agent's resources.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub agent_resources_hash: String,
    /// Hash of the agent's tolerations.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub agent_tolerations_hash: String,
    /// Hash of the scheduling settings.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub agent_scheduling_customization_hash: String,
    /// The agent has to be deployed again.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub agent_config_changed: bool,
    /// URL that the agent was deployed with.
    #[serde(
        rename = "apiServerURL",
        skip_serializing_if = "is_zero",
        deserialize_with = "null_as_zero"
    )]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub api_server_url: String,
    /// Hash of the authorities it was deployed with.
    #[serde(
        rename = "apiServerCAHash",
        skip_serializing_if = "is_zero",
        deserialize_with = "null_as_zero"
    )]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub api_server_ca_hash: String,
    /// TLS mode it was deployed with.
    #[serde(
        rename = "agentTLSMode",
        skip_serializing_if = "is_zero",
        deserialize_with = "null_as_zero"
    )]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub agent_tls_mode: String,
    /// For `kubectl get`.
    #[serde(deserialize_with = "null_as_zero")]
    pub display: ClusterDisplay,
    /// What the agent reported.
    #[serde(deserialize_with = "null_as_zero")]
    pub agent: AgentStatus,
    /// Interval it was deployed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(with = "String"))]
    pub garbage_collection_interval: Option<Duration>,
    /// A Schedule holds it.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub scheduled: bool,
    /// The Schedule is open.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub active_schedule: bool,
}

/// Columns of `kubectl get clusters.fleet.cattle.io`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ClusterDisplay {
    /// `ready/desired`.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub ready_bundles: String,
    /// Worst state, or `WaitCheckIn`.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub state: String,
}

/// What the agent reported.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct AgentStatus {
    /// Last check-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub last_seen: Option<Time>,
    /// Namespace of the agent.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub namespace: String,
}
