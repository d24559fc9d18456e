//! Roll-ups: from deployments to Bundle, GitRepo, HelmOp, Cluster and ClusterGroup.
//!
//! Every function takes what it rolls up and gives the part of a status that it decides; what others write (commits, agent
//! hashes, conditions of other types) is left to the caller. Order of entries is upstream's: targets by cluster name,
//! deployments of a repository by UID, those of a cluster and the clusters of a group by name.
//!
//! Source: Fleet `status`, `summary` and the reconcilers of each kind.

use std::collections::BTreeMap;

use super::resources::{self, DeploymentResources};
use super::state::{BundleState, add_counts, deployment_message, deployment_state, message_of, target_state};
use super::summary::{increment, increment_state, worst_listed_state};
use crate::api::{
    BundleDeploymentDisplay, BundleDeploymentSpec, BundleDeploymentStatus, BundleDisplay, BundleSummary,
    ClusterDisplay, ClusterGroupDisplay, ClusterStatus, ResourceCounts, StatusBase, StatusDisplay,
};

/// Names that a ClusterGroup lists.
const MAX_NON_READY_CLUSTERS: usize = 10;
/// Shown of a cluster whose agent never reported.
pub const WAIT_CHECK_IN: &str = "WaitCheckIn";
/// Shown of a GitRepo whose git job is not done.
pub const GIT_UPDATING: &str = "GitUpdating";

/// A deployment and where it is.
#[derive(Clone, Copy, Debug)]
pub struct DeploymentView<'a> {
    /// Name of the BundleDeployment.
    pub name: &'a str,
    /// UID of the BundleDeployment.
    pub uid: &'a str,
    /// Name of the cluster.
    pub cluster: &'a str,
    /// Namespace of the cluster.
    pub cluster_namespace: &'a str,
    /// What it is to be.
    pub spec: &'a BundleDeploymentSpec,
    /// What it is.
    pub status: &'a BundleDeploymentStatus,
}

/// A target of a bundle, and its deployment.
#[derive(Clone, Copy, Debug)]
pub struct TargetView<'a> {
    /// `<namespace>/<name>` of the cluster.
    pub cluster: &'a str,
    /// Deployment ID that was computed now.
    pub target_id: &'a str,
    /// The deployment that is there.
    pub deployed: Option<(&'a BundleDeploymentSpec, &'a BundleDeploymentStatus)>,
}

/// Summary of a bundle or partition, over targets sorted by cluster.
pub fn bundle_summary<'a>(targets: impl IntoIterator<Item = TargetView<'a>>) -> BundleSummary {
    let mut summary = BundleSummary::default();
    for target in targets {
        let state = target_state(target.target_id, target.deployed);
        let (modified, non_ready, message) = match target.deployed {
            None => (&[][..], &[][..], String::new()),
            Some((_, status)) => {
                // What an installation says counts where it is that of what was computed now.
                let message = message_of(target.target_id, status).to_owned();
                (&status.modified_status[..], &status.non_ready_status[..], message)
            }
        };
        increment_state(&mut summary, target.cluster, state, &message, modified, non_ready);
        summary.desired_ready += 1;
    }
    summary
}

fn ready_of_desired(summary: &BundleSummary) -> String {
    format!("{}/{}", summary.ready, summary.desired_ready)
}

/// Columns of a bundle.
pub fn bundle_display(summary: &BundleSummary) -> BundleDisplay {
    let state = worst_listed_state(summary)
        .map(|state| state.name().to_owned())
        .unwrap_or_default();
    BundleDisplay {
        ready_clusters: ready_of_desired(summary),
        state,
    }
}

/// Columns of a deployment.
pub fn deployment_display(spec: &BundleDeploymentSpec, status: &BundleDeploymentStatus) -> BundleDeploymentDisplay {
    BundleDeploymentDisplay {
        deployed: super::state::condition_display(&status.conditions, "Deployed"),
        monitored: super::state::condition_display(&status.conditions, "Monitored"),
        state: deployment_state(spec, status).name().to_owned(),
    }
}

/// Roll-up of the deployments of a GitRepo or HelmOp; conditions are left empty.
pub fn repository_status(deployments: &[DeploymentView<'_>]) -> StatusBase {
    let mut sorted = deployments.to_vec();
    sorted.sort_by_key(|deployment| deployment.uid);
    let mut status = StatusBase::default();
    let mut worst: Option<(BundleState, String)> = None;
    let mut clusters: BTreeMap<String, bool> = BTreeMap::new();
    for deployment in &sorted {
        let state = deployment_state(deployment.spec, deployment.status);
        let message = deployment_message(deployment.spec, deployment.status);
        let DeploymentView {
            name, status: deployed, ..
        } = deployment;
        increment_state(
            &mut status.summary,
            name,
            state,
            &message,
            &deployed.modified_status,
            &deployed.non_ready_status,
        );
        status.summary.desired_ready += 1;
        let ready = clusters
            .entry(format!("{}/{}", deployment.cluster_namespace, deployment.cluster))
            .or_insert(true);
        *ready &= state == BundleState::Ready;
        if worst.as_ref().is_none_or(|(worst, _)| state > *worst) {
            worst = Some((state, message));
        }
    }
    status.desired_ready_clusters = clusters.len() as i64;
    status.ready_clusters = clusters.values().filter(|ready| **ready).count() as i64;
    let (state, message) = worst.unwrap_or((BundleState::Ready, String::new()));
    status.display = StatusDisplay {
        ready_bundle_deployments: ready_of_desired(&status.summary),
        state: if state == BundleState::Ready {
            String::new()
        } else {
            state.name().to_owned()
        },
        error: !message.is_empty(),
        message,
    };
    for deployment in &sorted {
        let cluster = format!("{}/{}", deployment.cluster_namespace, deployment.cluster);
        let counts = &deployment.status.resource_counts;
        add_counts(&mut status.resource_counts, counts);
        add_counts(status.per_cluster_resource_counts.entry(cluster).or_default(), counts);
    }
    status.resources = resources::aggregate(sorted.iter().map(|deployment| DeploymentResources {
        cluster: format!("{}/{}", deployment.cluster_namespace, deployment.cluster),
        spec: deployment.spec,
        status: deployment.status,
    }));
    status
}

/// Roll-up of the deployments of a cluster, sorted by name: summary and counts.
pub fn cluster_summary(deployments: &[DeploymentView<'_>]) -> (BundleSummary, ResourceCounts) {
    let mut sorted = deployments.to_vec();
    sorted.sort_by_key(|deployment| deployment.name);
    let (mut summary, mut counts) = (BundleSummary::default(), ResourceCounts::default());
    for deployment in sorted {
        let state = deployment_state(deployment.spec, deployment.status);
        let message = deployment_message(deployment.spec, deployment.status);
        let status = deployment.status;
        let (modified, non_ready) = (&status.modified_status, &status.non_ready_status);
        increment_state(&mut summary, deployment.name, state, &message, modified, non_ready);
        summary.desired_ready += 1;
        add_counts(&mut counts, &status.resource_counts);
    }
    (summary, counts)
}

/// Columns of a cluster.
pub fn cluster_display(summary: &BundleSummary, checked_in: bool) -> ClusterDisplay {
    let state = if checked_in {
        worst_listed_state(summary)
            .map(|state| state.name().to_owned())
            .unwrap_or_default()
    } else {
        WAIT_CHECK_IN.to_owned()
    };
    ClusterDisplay {
        ready_bundles: ready_of_desired(summary),
        state,
    }
}

/// What a ClusterGroup's status says of its clusters; conditions are left to the caller.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupRollup {
    /// Clusters.
    pub cluster_count: i64,
    /// Clusters that are not ready.
    pub non_ready_cluster_count: i64,
    /// Names of the first ones.
    pub non_ready_clusters: Vec<String>,
    /// Sum of their summaries.
    pub summary: BundleSummary,
    /// Columns.
    pub display: ClusterGroupDisplay,
    /// Sum of their counts.
    pub resource_counts: ResourceCounts,
}

/// Roll-up of clusters, by name.
pub fn group_rollup(clusters: &BTreeMap<&str, &ClusterStatus>) -> GroupRollup {
    let mut rollup = GroupRollup {
        cluster_count: clusters.len() as i64,
        ..GroupRollup::default()
    };
    for (name, status) in clusters {
        increment(&mut rollup.summary, &status.summary);
        add_counts(&mut rollup.resource_counts, &status.resource_counts);
        if status.summary.ready != status.summary.desired_ready {
            rollup.non_ready_cluster_count += 1;
            if rollup.non_ready_clusters.len() < MAX_NON_READY_CLUSTERS {
                rollup.non_ready_clusters.push((*name).to_owned());
            }
        }
    }
    let ready = rollup.cluster_count - rollup.non_ready_cluster_count;
    let mut ready_clusters = format!("{ready}/{}", rollup.cluster_count);
    if !rollup.non_ready_clusters.is_empty() {
        ready_clusters.push_str(&format!(" ({})", rollup.non_ready_clusters.join(",")));
    }
    rollup.display = ClusterGroupDisplay {
        ready_clusters,
        ready_bundles: ready_of_desired(&rollup.summary),
        state: worst_listed_state(&rollup.summary)
            .map(|state| state.name().to_owned())
            .unwrap_or_default(),
    };
    rollup
}
