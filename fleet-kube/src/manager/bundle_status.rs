//! The status of a Bundle: roll-up of its deployments, numbers of its rollout, condition `Ready`.

use fleet_core::api::{Bundle, BundleDeployment, BundleStatus, PartitionStatus};
use fleet_core::rollout::{Budgets, PartitionPlan, Pass};
use fleet_core::status::rollup::{self, TargetView};
use fleet_core::status::{conditions, summary};
use fleet_core::target::Target;
use kube::api::Api;

use super::inventory::Inventory;
use super::{Context, During, ReconcileError, write};
use crate::watch::{Change, Key};

/// What a pass over a bundle's targets found.
pub(crate) struct Outcome<'a> {
    pub(crate) targets: &'a [Target],
    pub(crate) manifest_id: &'a str,
    pub(crate) digest: &'a str,
    /// The deployment of each target as it is now.
    pub(crate) deployments: &'a [Option<std::sync::Arc<BundleDeployment>>],
    pub(crate) partitions: &'a [PartitionPlan],
    pub(crate) budgets: &'a Budgets,
    pub(crate) pass: &'a Pass,
}

/// The status after a pass. `error` is what kept some target from being computed or written.
pub(crate) fn compute(bundle: &Bundle, outcome: &Outcome<'_>, error: Option<&str>) -> BundleStatus {
    let names: Vec<String> = outcome.targets.iter().map(|target| target.cluster.key()).collect();
    let ids: Vec<String> = outcome
        .targets
        .iter()
        .map(|target| target.deployment_id(outcome.manifest_id))
        .collect();
    let nothing = fleet_core::api::BundleDeploymentStatus::default();
    let view = |at: usize| TargetView {
        cluster: &names[at],
        target_id: &ids[at],
        deployed: outcome.deployments[at]
            .as_ref()
            .map(|deployment| (&deployment.spec, deployment.status.as_ref().unwrap_or(&nothing))),
    };
    let mut status = bundle.status.clone().unwrap_or_default();
    status.summary = rollup::bundle_summary((0..names.len()).map(view));
    status.display = rollup::bundle_display(&status.summary);
    status.newly_created = outcome.pass.newly_created as i64;
    status.unavailable = outcome.pass.unavailable as i64;
    status.unavailable_partitions = outcome.pass.unavailable_partitions as i64;
    status.max_unavailable = outcome.budgets.max_unavailable as i64;
    status.max_unavailable_partitions = outcome.budgets.max_unavailable_partitions as i64;
    let unavailable = outcome.pass.partitions.iter().copied().chain(std::iter::repeat(0));
    status.partitions = outcome
        .partitions
        .iter()
        .zip(unavailable)
        .map(|(partition, unavailable)| PartitionStatus {
            name: partition.name.clone(),
            count: partition.members.len() as i64,
            max_unavailable: partition.max_unavailable as i64,
            unavailable: unavailable as i64,
            summary: rollup::bundle_summary(partition.members.iter().map(|at| view(*at))),
        })
        .collect();
    status.resource_key = Vec::new();
    status.observed_generation = bundle.metadata.generation.unwrap_or_default();
    outcome.digest.clone_into(&mut status.resources_sha256_sum);
    let message = summary::ready_message(&status.summary, "Cluster");
    ready(&mut status, error, &message);
    status
}

/// The status of a bundle whose targets cannot be computed at all: what is deployed stays as it is.
pub(crate) fn failed(bundle: &Bundle, error: &str) -> BundleStatus {
    let mut status = bundle.status.clone().unwrap_or_default();
    status.observed_generation = bundle.metadata.generation.unwrap_or_default();
    ready(&mut status, Some(error), "");
    status
}

fn ready(status: &mut BundleStatus, error: Option<&str>, message: &str) {
    let now = jiff::Timestamp::now();
    match (error, message) {
        (Some(error), _) => conditions::set_error(&mut status.conditions, "Ready", Some(error), now),
        (None, "") => conditions::set_error(&mut status.conditions, "Ready", None, now),
        (None, message) => conditions::set(&mut status.conditions, "Ready", "False", "", message, now),
    }
}

/// Writes the status where it differs.
pub(crate) async fn write(
    context: &Context,
    key: &Key,
    bundle: &Bundle,
    status: &BundleStatus,
) -> Result<(), ReconcileError> {
    let api: Api<Bundle> = Api::namespaced(context.client.clone(), &key.0);
    let patched = write::status(&api, bundle, bundle.status.as_ref(), status).await;
    if let Some(patched) = patched.during(|| format!("status of bundle {}/{}", key.0, key.1))? {
        context.take(Change::Applied(patched), Inventory::bundle);
    }
    Ok(())
}
