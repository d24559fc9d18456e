//! Clusters: the namespace of their deployments, and the roll-up of these.

use std::collections::BTreeMap;
use std::sync::Arc;

use fleet_core::api::{BundleDeployment, Cluster, labels};
use fleet_core::naming::cluster_namespace;
use fleet_core::status::rollup::{self, DeploymentView};
use fleet_core::status::{BundleState, conditions, deployment_state, summary};
use k8s_openapi::api::core::v1::Namespace;
use kube::ResourceExt;
use kube::api::{Api, DeleteParams};

use super::inventory::{Inventory, deployment_namespace};
use super::registration::unmanaged;
use super::{Context, During, Outcome, ReconcileError, write};
use crate::watch::{Change, Key};

pub(crate) async fn reconcile(context: &Context, key: &Key) -> Outcome {
    let Some(cluster) = context.inventory().clusters.get(key).cloned() else {
        let gone = context.inventory().gone.get(key).cloned();
        if let Some(namespace) = gone {
            clean_up(context, key, &namespace).await?;
            context.inventory().gone.remove(key);
        }
        return Ok(None);
    };
    if cluster.metadata.deletion_timestamp.is_some() || unmanaged(cluster.labels()) {
        return Ok(None);
    }
    let namespace = deployment_namespace(&cluster).map_or_else(|| cluster_namespace(&key.0, &key.1), str::to_owned);
    let known = context
        .inventory()
        .namespaces
        .get(&namespace)
        .is_some_and(|view| !view.deleting);
    if !known {
        let annotations = [
            (labels::CLUSTER, key.1.as_str()),
            (labels::CLUSTER_NAMESPACE, key.0.as_str()),
        ];
        let managed = [(labels::MANAGED, "true")];
        write::ensure_namespace(&context.client, &namespace, &managed, &annotations)
            .await
            .during(|| format!("namespace {namespace} of cluster {}/{}", key.0, key.1))?;
    }
    let deployments: Vec<Arc<BundleDeployment>> = {
        let inventory = context.inventory();
        inventory
            .deployments
            .in_namespace(&namespace)
            .map(|(_, deployment)| deployment.clone())
            .collect()
    };
    let status = roll_up(context, key, &cluster, &namespace, &deployments);
    let api: Api<Cluster> = Api::namespaced(context.client.clone(), &key.0);
    let patched = write::status(&api, cluster.as_ref(), cluster.status.as_ref(), &status).await;
    if let Some(patched) = patched.during(|| format!("status of cluster {}/{}", key.0, key.1))? {
        context.take(Change::Applied(patched), Inventory::cluster);
    }
    Ok(None)
}

fn roll_up(
    context: &Context,
    key: &Key,
    cluster: &Cluster,
    namespace: &str,
    deployments: &[Arc<BundleDeployment>],
) -> fleet_core::api::ClusterStatus {
    let nothing = Default::default();
    let names: Vec<(String, String)> = deployments
        .iter()
        .map(|one| (one.name_any(), one.uid().unwrap_or_default()))
        .collect();
    let views: Vec<DeploymentView<'_>> = deployments
        .iter()
        .zip(&names)
        .map(|(deployment, (name, uid))| DeploymentView {
            name,
            uid,
            cluster: &key.1,
            cluster_namespace: &key.0,
            spec: &deployment.spec,
            status: deployment.status.as_ref().unwrap_or(&nothing),
        })
        .collect();
    let mut status = cluster.status.clone().unwrap_or_default();
    namespace.clone_into(&mut status.namespace);
    let (summary, counts) = rollup::cluster_summary(&views);
    status.summary = summary;
    status.resource_counts = counts;
    let checked_in = status.agent.last_seen.as_ref().is_some_and(|time| !time.0.is_empty());
    status.display = rollup::cluster_display(&status.summary, checked_in);
    let repos = repositories(deployments);
    let inventory = context.inventory();
    let there: Vec<bool> = repos
        .into_iter()
        .filter(|(repo, _)| inventory.git_repos.get(repo).is_some())
        .map(|(_, ready)| ready)
        .collect();
    drop(inventory);
    status.desired_ready_git_repos = there.len() as i64;
    status.ready_git_repos = there.iter().filter(|ready| **ready).count() as i64;
    let now = jiff::Timestamp::now();
    let message = summary::ready_message(&status.summary, "Bundle");
    let ready = if message.is_empty() { "True" } else { "False" };
    conditions::set(&mut status.conditions, "Ready", ready, "", &message, now);
    conditions::set(&mut status.conditions, "Processed", "True", "", "", now);
    status
}

/// GitRepos with deployments on the cluster, and whether any of these is ready.
fn repositories(deployments: &[Arc<BundleDeployment>]) -> BTreeMap<Key, bool> {
    let nothing = Default::default();
    let mut repositories: BTreeMap<Key, bool> = BTreeMap::new();
    for deployment in deployments {
        let label = |name: &str| deployment.labels().get(name).cloned();
        let (Some(namespace), Some(repo)) = (label(labels::BUNDLE_NAMESPACE), label(labels::REPO_NAME)) else {
            continue;
        };
        let status = deployment.status.as_ref().unwrap_or(&nothing);
        let ready = deployment_state(&deployment.spec, status) == BundleState::Ready;
        *repositories.entry((namespace, repo)).or_default() |= ready;
    }
    repositories
}

/// Removes the namespace of a cluster that is gone, once the hub confirms that.
async fn clean_up(context: &Context, cluster: &Key, namespace: &str) -> Result<(), ReconcileError> {
    let during = || format!("namespace {namespace} of cluster {}/{}", cluster.0, cluster.1);
    let clusters: Api<Cluster> = Api::namespaced(context.client.clone(), &cluster.0);
    if clusters.get_metadata_opt(&cluster.1).await.during(during)?.is_some() {
        return Ok(());
    }
    let namespaces: Api<Namespace> = Api::all(context.client.clone());
    let Some(found) = namespaces.get_metadata_opt(namespace).await.during(during)? else {
        return Ok(());
    };
    let managed = found.labels().get(labels::MANAGED).is_some_and(|value| value == "true");
    if managed && found.metadata.deletion_timestamp.is_none() {
        namespaces
            .delete(namespace, &DeleteParams::default())
            .await
            .during(during)?;
    }
    Ok(())
}
