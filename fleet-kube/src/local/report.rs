//! What became of a GitRepo: a row for each bundle and cluster, and what is wrong.

use std::collections::BTreeMap;

use fleet_core::api::{Bundle, BundleDeployment, GitRepo, labels};
use fleet_core::status::{BundleState, conditions, deployment_message, deployment_state};
use kube::api::{Api, ListParams};
use kube::{Client, ResourceExt};
use serde::Serialize;

/// The state of a GitRepo and of everything that comes of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Name of the GitRepo.
    pub repo: String,
    /// Commit that is deployed; empty before the first scan.
    pub commit: String,
    /// Each bundle on each of its clusters, by bundle, then cluster.
    pub deployments: Vec<Row>,
    /// What is wrong with folders, the repository, or bundles as a whole.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
    /// Everything is ready.
    pub ready: bool,
    /// Nothing changes any more without a change of the repository or a cluster: all is ready, or has failed for good.
    pub settled: bool,
}

/// A bundle on a cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// Name of the bundle.
    pub bundle: String,
    /// Name of the cluster.
    pub cluster: String,
    /// State.
    pub state: String,
    /// `namespace/name:revision` of the Helm release.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub release: String,
    /// Objects that are ready, and all of them.
    pub ready_resources: (i64, i64),
    /// What the deployment says; empty where all is well.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Objects that are not ready, or have drifted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<ResourceProblem>,
}

/// An object that is not as it should be.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceProblem {
    /// `Kind namespace/name`.
    pub object: String,
    /// What is wrong with it.
    pub message: String,
}

/// Reads the state of a GitRepo from its hub.
///
/// # Errors
///
/// What the API server answered.
pub async fn report(hub: &Client, namespace: &str, name: &str) -> Result<Report, kube::Error> {
    let repos: Api<GitRepo> = Api::namespaced(hub.clone(), namespace);
    let mut report = Report {
        repo: name.to_owned(),
        ..Report::default()
    };
    let Some(repo) = repos.get_opt(name).await? else {
        return Ok(report);
    };
    let status = repo.status.clone().unwrap_or_default();
    report.commit.clone_from(&status.commit);
    let selector = ListParams::default().labels(&format!("{}={name}", labels::REPO_NAME));
    let bundles: Api<Bundle> = Api::namespaced(hub.clone(), namespace);
    let bundles = bundles.list(&selector).await?.items;
    let deployments: Api<BundleDeployment> = Api::all(hub.clone());
    let deployments = deployments.list(&selector).await?.items;

    let scanned =
        status.observed_generation == repo.metadata.generation.unwrap_or_default() && !status.commit.is_empty();
    let stalled = conditions::get(&status.base.conditions, "Stalled").filter(|stalled| stalled.status == "True");
    let mut settled = scanned || stalled.is_some();
    if let Some(stalled) = stalled {
        report.problems.extend(stalled.message.lines().map(str::to_owned));
    }
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    for deployment in &deployments {
        let row = row(deployment);
        *counts.entry(row.bundle.clone()).or_default() += 1;
        settled &= row.state == BundleState::Ready.name() || failed_for_good(deployment);
        report.deployments.push(row);
    }
    for bundle in &bundles {
        let name = bundle.name_any();
        let status = bundle.status.clone().unwrap_or_default();
        let ready = conditions::get(&status.conditions, "Ready");
        let broken = ready.filter(|ready| ready.status == "False" && ready.reason == "Error");
        report
            .problems
            .extend(broken.map(|ready| format!("bundle {name}: {}", ready.message)));
        let current = status.observed_generation == bundle.metadata.generation.unwrap_or_default();
        settled &=
            current && (broken.is_some() || status.summary.desired_ready == counts.get(&name).copied().unwrap_or(0));
    }
    report
        .deployments
        .sort_by(|a, b| (&a.bundle, &a.cluster).cmp(&(&b.bundle, &b.cluster)));
    report.settled = settled;
    let all = report
        .deployments
        .iter()
        .all(|row| row.state == BundleState::Ready.name());
    report.ready = settled && all && report.problems.is_empty();
    Ok(report)
}

/// Whether the agent has given up on the deployment that it was told.
fn failed_for_good(deployment: &BundleDeployment) -> bool {
    let Some(status) = &deployment.status else { return false };
    status.applied_deployment_id == deployment.spec.deployment_id
        && conditions::is(&status.conditions, "Installed", "False")
}

fn row(deployment: &BundleDeployment) -> Row {
    let label = |name: &str| deployment.labels().get(name).cloned().unwrap_or_default();
    let status = deployment.status.clone().unwrap_or_default();
    let state = deployment_state(&deployment.spec, &status);
    let mut resources = Vec::new();
    for entry in &status.non_ready_status {
        let object = object_name(&entry.kind, &entry.namespace, &entry.name);
        let summary = &entry.summary;
        let message = if summary.message.is_empty() {
            summary.state.clone()
        } else {
            summary.message.join(", ")
        };
        resources.push(ResourceProblem { object, message });
    }
    for entry in &status.modified_status {
        let object = object_name(&entry.kind, &entry.namespace, &entry.name);
        let message = match (entry.missing, entry.exist, entry.delete) {
            (true, true, _) => "is not owned by us".to_owned(),
            (true, false, _) => "missing".to_owned(),
            (_, _, true) => "extra".to_owned(),
            _ => format!("modified {}", entry.patch),
        };
        resources.push(ResourceProblem { object, message });
    }
    Row {
        bundle: label(labels::BUNDLE_NAME),
        cluster: label(labels::CLUSTER),
        state: state.name().to_owned(),
        release: status.release.clone(),
        ready_resources: (status.resource_counts.ready, status.resource_counts.desired_ready),
        message: deployment_message(&deployment.spec, &status),
        resources,
    }
}

fn object_name(kind: &str, namespace: &str, name: &str) -> String {
    if namespace.is_empty() {
        format!("{kind} {name}")
    } else {
        format!("{kind} {namespace}/{name}")
    }
}
