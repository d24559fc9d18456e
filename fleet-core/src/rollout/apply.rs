//! What a step of a pass writes into a BundleDeployment.

use super::{Budgets, Deployed, RolloutError, State, Step, advance, budgets, partitions_in};
use crate::api::{BundleDeploymentSpec, BundleDeploymentStatus};
use crate::target::{BundleView, Estate, Target, deployment};

impl Deployed {
    /// Of a BundleDeployment.
    pub fn of(spec: &BundleDeploymentSpec, status: &BundleDeploymentStatus) -> Self {
        Self {
            staged_id: spec.staged_deployment_id.clone(),
            deployment_id: spec.deployment_id.clone(),
            applied_id: status.applied_deployment_id.clone(),
            ready: status.ready,
        }
    }
}

impl State {
    /// Of a target and the BundleDeployment that is there.
    pub fn of(
        bundle: &BundleView<'_>,
        target: &Target,
        manifest_id: &str,
        deployed: Option<(&BundleDeploymentSpec, &BundleDeploymentStatus)>,
    ) -> Self {
        Self {
            target_id: target.deployment_id(manifest_id),
            deployment: deployed.map(|(spec, status)| Deployed::of(spec, status)),
            paused: bundle.spec.paused || target.cluster.paused,
        }
    }
}

/// The spec of a target's BundleDeployment after a step; `None` where there is none yet.
///
/// What the step does not touch is kept from the spec that is there, and everything that is not a matter of the rollout
/// (pauses, dependencies, drift correction) comes from bundle and cluster.
pub fn spec_after(
    bundle: &BundleView<'_>,
    target: &Target,
    manifest_id: &str,
    step: &Step,
    current: Option<&BundleDeploymentSpec>,
) -> Option<BundleDeploymentSpec> {
    if current.is_none() && !step.create {
        return None;
    }
    let mut spec = deployment::spec(bundle, target);
    if let Some(current) = current {
        spec.staged_options.clone_from(&current.staged_options);
        spec.staged_deployment_id.clone_from(&current.staged_deployment_id);
        spec.options.clone_from(&current.options);
        spec.deployment_id.clone_from(&current.deployment_id);
        spec.values_hash.clone_from(&current.values_hash);
        spec.downstream_resources_generation = current.downstream_resources_generation;
        spec.waiting_for_values = current.waiting_for_values;
    }
    if step.stage {
        spec.staged_options = target.options.as_ref().clone();
        spec.staged_deployment_id = target.deployment_id(manifest_id);
    }
    if step.release {
        spec.options.clone_from(&spec.staged_options);
        spec.deployment_id.clone_from(&spec.staged_deployment_id);
    } else if step.stage && !spec.paused && spec.deployment_id == spec.staged_deployment_id {
        // The ID does not count these; they take effect without a deployment.
        spec.options.diff.clone_from(&spec.staged_options.diff);
    }
    Some(spec)
}

/// The specs of a first pass in which every target that a partition takes is created, whatever `maxNew` says: what
/// `fleet target` shows. `None` for targets that the strategy leaves out.
///
/// # Errors
/// Numbers and selectors of the strategy.
pub fn stage_all(
    bundle: &BundleView<'_>,
    targets: &[Target],
    estate: &Estate,
    manifest_id: &str,
) -> Result<Vec<Option<BundleDeploymentSpec>>, RolloutError> {
    let strategy = bundle.spec.rollout_strategy.clone().unwrap_or_default();
    let partitions = partitions_in(&strategy, targets, estate)?;
    let budgets = Budgets {
        max_new: targets.len(),
        ..budgets(&strategy, targets.len(), partitions.len())?
    };
    let states: Vec<State> = targets
        .iter()
        .map(|target| State::of(bundle, target, manifest_id, None))
        .collect();
    let pass = advance(&partitions, &budgets, &states);
    let specs = targets.iter().zip(&pass.steps);
    Ok(specs
        .map(|(target, step)| spec_after(bundle, target, manifest_id, step, None))
        .collect())
}
