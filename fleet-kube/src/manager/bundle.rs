//! Bundles: which clusters get them, what each gets, and who may advance now.
//!
//! A bundle's deployments are the outcome of three stages of `fleet_core` (targets, options, rollout) compared with what
//! is there. One cluster whose values cannot be rendered keeps what it has and is named in the bundle's condition; the
//! others go on.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use fleet_core::api::{Bundle, BundleDeployment, BundleSpec, Cluster, labels};
use fleet_core::rollout::{self, State};
use fleet_core::target::{BundleView, Estate, Target, TargetError, TargetOptions, deployment, targets_each};
use kube::api::{Api, ListParams};
use kube::{Resource, ResourceExt};

use super::inventory::Inventory;
use super::{
    Context, During, Outcome, ReconcileError, bundle_deployments, bundle_status, bundle_values, content, write,
};
use crate::watch::{Change, Key, key_of};

/// How soon to look again while deployments of a bundle that goes are still there; their own end wakes it earlier.
const DELETION_RETRY: Duration = Duration::from_secs(5);

pub(crate) async fn reconcile(context: &Context, key: &Key) -> Outcome {
    let Some(bundle) = context.inventory().bundles.get(key).cloned() else {
        content::forget(context, key);
        return Ok(None);
    };
    if bundle.metadata.deletion_timestamp.is_some() {
        return delete(context, key, &bundle).await;
    }
    let api: Api<Bundle> = Api::namespaced(context.client.clone(), &key.0);
    let patched = write::finalizer(&api, bundle.as_ref(), labels::BUNDLE_FINALIZER).await;
    let bundle = match patched.during(|| format!("finalizer of bundle {}/{}", key.0, key.1))? {
        Some(patched) => {
            context.take(Change::Applied(patched.clone()), Inventory::bundle);
            Arc::new(patched)
        }
        None => bundle,
    };
    let patched = write::without_display_name(&api, bundle.as_ref()).await;
    let bundle = match patched.during(|| format!("labels of bundle {}/{}", key.0, key.1))? {
        Some(patched) => {
            context.take(Change::Applied(patched.clone()), Inventory::bundle);
            Arc::new(patched)
        }
        None => bundle,
    };
    let values = bundle_values::load(context, key, &bundle).await?;
    let spec = bundle_values::join(&bundle, values.as_deref());
    let estate = context.inventory().estate();
    let mut options = TargetOptions::default();
    options.now = jiff::Timestamp::now();
    options.seed = context.seed;
    match plan(&bundle, &spec, &estate, &options) {
        Ok(planned) => write_out(context, key, &bundle, &spec, &estate, planned).await,
        Err(error) => {
            let status = bundle_status::failed(&bundle, &format!("targeting error: {error}"));
            bundle_status::write(context, key, &bundle, &status).await?;
            Ok(None)
        }
    }
}

/// The targets of a bundle, and the clusters whose options cannot be computed.
struct Planned {
    targets: Vec<Target>,
    failed: Vec<(Key, String)>,
}

fn view<'a>(bundle: &'a Bundle, name: &'a str, namespace: &'a str, spec: &'a BundleSpec) -> BundleView<'a> {
    BundleView::new(namespace, name, spec).with_labels(bundle.labels())
}

fn plan(bundle: &Bundle, spec: &BundleSpec, estate: &Estate, options: &TargetOptions) -> Result<Planned, TargetError> {
    let (name, namespace) = (bundle.name_any(), bundle.namespace().unwrap_or_default());
    let mut planned = Planned {
        targets: Vec::new(),
        failed: Vec::new(),
    };
    for target in targets_each(&view(bundle, &name, &namespace, spec), estate, options)? {
        match target {
            Ok(target) => planned.targets.push(target),
            Err(error) => {
                let TargetError::Values { cluster, namespace, .. } = &error else {
                    return Err(error);
                };
                planned
                    .failed
                    .push(((namespace.clone(), cluster.clone()), error.to_string()));
            }
        }
    }
    Ok(planned)
}

async fn write_out(
    context: &Context,
    key: &Key,
    bundle: &Bundle,
    spec: &BundleSpec,
    estate: &Estate,
    planned: Planned,
) -> Outcome {
    let Planned { targets, failed } = planned;
    let view = view(bundle, &key.1, &key.0, spec);
    let id = content::manifest(context, key, bundle);
    let existing = context.inventory().deployments_of_bundle(key);
    let find = |target: &Target| {
        let namespace = target.cluster.deployment_namespace.as_deref()?;
        let same = |deployment: &&Arc<BundleDeployment>| deployment.namespace().as_deref() == Some(namespace);
        existing.iter().find(same).cloned()
    };
    // A cluster without a namespace is matched and gets nothing yet.
    let targets: Vec<Target> = targets
        .into_iter()
        .filter(|target| target.cluster.deployment_namespace.is_some())
        .collect();
    let mut deployments: Vec<Option<Arc<BundleDeployment>>> = targets.iter().map(find).collect();

    let strategy = spec.rollout_strategy.clone().unwrap_or_default();
    let partitions = rollout::partitions_in(&strategy, &targets, estate);
    let budgets = partitions.and_then(|partitions| {
        let budgets = rollout::budgets(&strategy, targets.len(), partitions.len())?;
        Ok((partitions, budgets))
    });
    let (partitions, budgets) = match budgets {
        Ok(both) => both,
        Err(error) => {
            let status = bundle_status::failed(bundle, &error.to_string());
            bundle_status::write(context, key, bundle, &status).await?;
            return Ok(None);
        }
    };
    let states: Vec<State> = targets
        .iter()
        .zip(&deployments)
        .map(|(target, deployment)| {
            let nothing = Default::default();
            let deployed = deployment
                .as_ref()
                .map(|deployment| (&deployment.spec, deployment.status.as_ref().unwrap_or(&nothing)));
            State::of(&view, target, &id.id, deployed)
        })
        .collect();
    let pass = rollout::advance(&partitions, &budgets, &states);
    if pass.steps.iter().any(|step| step.create || step.stage) && !targets.is_empty() {
        content::ensure(context, bundle, &id).await?;
    }

    let mut problems: Vec<String> = failed
        .iter()
        .map(|(_, problem)| format!("targeting error: {problem}"))
        .collect();
    for (at, target) in targets.iter().enumerate() {
        let current = deployments[at].clone();
        let wanted = rollout::spec_after(
            &view,
            target,
            &id.id,
            &pass.steps[at],
            current.as_deref().map(|found| &found.spec),
        );
        let Some(wanted) = wanted else { continue };
        let labels = deployment::labels(&view, target, Some(&id.id));
        let target_id = target.deployment_id(&id.id);
        match bundle_deployments::write(context, target, &target_id, &key.1, labels, wanted, current).await {
            Ok(written) => deployments[at] = Some(written),
            // One cluster's failure is no matter of the others; the key comes again for this one.
            Err(error) => problems.push(error.to_string()),
        }
    }
    remove_surplus(context, key, &targets, &failed, &existing).await?;

    let outcome = bundle_status::Outcome {
        targets: &targets,
        manifest_id: &id.id,
        digest: &id.digest,
        deployments: &deployments,
        partitions: &partitions,
        budgets: &budgets,
        pass: &pass,
    };
    let error = problems.first().cloned();
    let status = bundle_status::compute(bundle, &outcome, error.as_deref());
    bundle_status::write(context, key, bundle, &status).await?;
    if problems.len() > failed.len() {
        return Err(ReconcileError::Other(problems.swap_remove(problems.len() - 1)));
    }
    // A pass that created as many as it may is followed by the next one at once.
    let more = pass.newly_created > 0 && pass.newly_created >= budgets.max_new && budgets.max_new > 0;
    Ok(more.then_some(Duration::ZERO))
}

/// Deletes deployments on clusters that the bundle does not reach any more. Those of clusters whose options cannot be
/// computed stay, as do those outside of their schedule, and those of a cluster that is there after all when it is asked
/// for live.
async fn remove_surplus(
    context: &Context,
    key: &Key,
    targets: &[Target],
    failed: &[(Key, String)],
    existing: &[Arc<BundleDeployment>],
) -> Result<(), ReconcileError> {
    let wanted: BTreeSet<&str> = targets
        .iter()
        .filter_map(|target| target.cluster.deployment_namespace.as_deref())
        .collect();
    for deployment in existing {
        let namespace = deployment.namespace().unwrap_or_default();
        if wanted.contains(namespace.as_str())
            || deployment.spec.off_schedule
            || deployment.metadata.deletion_timestamp.is_some()
        {
            continue;
        }
        let label = |name: &str| deployment.labels().get(name).cloned().unwrap_or_default();
        let cluster = (label(labels::CLUSTER_NAMESPACE), label(labels::CLUSTER));
        if failed.iter().any(|(failed, _)| *failed == cluster) {
            continue;
        }
        let known = context.inventory().clusters.get(&cluster).is_some();
        if !known {
            let clusters: Api<Cluster> = Api::namespaced(context.client.clone(), &cluster.0);
            let found = clusters.get_metadata_opt(&cluster.1).await;
            if found
                .during(|| format!("cluster {}/{}", cluster.0, cluster.1))?
                .is_some()
            {
                continue;
            }
        }
        bundle_deployments::delete(context, deployment).await.during(|| {
            format!(
                "deleting deployment {namespace}/{} of bundle {}/{}",
                deployment.name_any(),
                key.0,
                key.1
            )
        })?;
    }
    Ok(())
}

/// A bundle goes after its deployments, which are asked for live: nothing is left behind because a watch lagged.
async fn delete(context: &Context, key: &Key, bundle: &Bundle) -> Outcome {
    let during = || format!("deployments of bundle {}/{}", key.0, key.1);
    let selector = format!(
        "{}={},{}={}",
        labels::BUNDLE_NAME,
        key.1,
        labels::BUNDLE_NAMESPACE,
        key.0
    );
    let api: Api<BundleDeployment> = Api::all(context.client.clone());
    let found = api
        .list(&ListParams::default().labels(&selector))
        .await
        .during(during)?;
    for deployment in &found.items {
        bundle_deployments::delete(context, deployment).await.during(during)?;
    }
    if !found.items.is_empty() {
        let left = api
            .list_metadata(&ListParams::default().labels(&selector).limit(1))
            .await
            .during(during)?;
        if !left.items.is_empty() {
            return Ok(Some(DELETION_RETRY));
        }
    }
    let bundles: Api<Bundle> = Api::namespaced(context.client.clone(), &key.0);
    let removed = write::remove_finalizer(&bundles, bundle, labels::BUNDLE_FINALIZER).await;
    removed.during(|| format!("finalizer of bundle {}/{}", key.0, key.1))?;
    if bundle
        .meta()
        .finalizers
        .as_ref()
        .is_some_and(|finalizers| finalizers.len() == 1)
    {
        // It is gone with its last finalizer; the watch says so too, later.
        context.take(Change::Deleted(key_of(bundle)), Inventory::bundle);
    }
    Ok(None)
}
