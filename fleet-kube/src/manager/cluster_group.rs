//! ClusterGroups: the roll-up of the clusters that their selector matches.

use std::collections::BTreeMap;

use fleet_core::api::{ClusterGroup, ClusterGroupStatus};
use fleet_core::labels::Selector;
use fleet_core::status::{conditions, rollup, summary};
use kube::ResourceExt;
use kube::api::Api;

use super::inventory::Inventory;
use super::{Context, During, Outcome, write};
use crate::watch::{Change, Key};

pub(crate) async fn reconcile(context: &Context, key: &Key) -> Outcome {
    let Some(group) = context.inventory().groups.get(key).cloned() else {
        return Ok(None);
    };
    if group.metadata.deletion_timestamp.is_some() {
        return Ok(None);
    }
    let status = roll_up(context, key, &group);
    let api: Api<ClusterGroup> = Api::namespaced(context.client.clone(), &key.0);
    let patched = write::status(&api, group.as_ref(), group.status.as_ref(), &status).await;
    if let Some(patched) = patched.during(|| format!("status of cluster group {}/{}", key.0, key.1))? {
        context.take(Change::Applied(patched), Inventory::group);
    }
    Ok(None)
}

fn roll_up(context: &Context, key: &Key, group: &ClusterGroup) -> ClusterGroupStatus {
    let now = jiff::Timestamp::now();
    let mut status = group.status.clone().unwrap_or_default();
    let selector = match group.spec.selector.as_ref().map(Selector::compile) {
        None => None,
        Some(Ok(selector)) => Some(selector),
        Some(Err(error)) => {
            conditions::set_error(&mut status.conditions, "Processed", Some(&error.to_string()), now);
            return status;
        }
    };
    let inventory = context.inventory();
    let nothing = Default::default();
    let clusters: BTreeMap<&str, _> = inventory
        .clusters
        .in_namespace(&key.0)
        .filter(|(_, cluster)| {
            selector
                .as_ref()
                .is_some_and(|selector| selector.matches(cluster.labels()))
        })
        .map(|(cluster_key, cluster)| (cluster_key.1.as_str(), cluster.status.as_ref().unwrap_or(&nothing)))
        .collect();
    let rolled = rollup::group_rollup(&clusters);
    status.cluster_count = rolled.cluster_count;
    status.non_ready_cluster_count = rolled.non_ready_cluster_count;
    status.non_ready_clusters = rolled.non_ready_clusters;
    status.summary = rolled.summary;
    status.resource_counts = rolled.resource_counts;
    status.display = rolled.display;
    let message = summary::ready_message(&status.summary, "Bundle");
    let ready = if message.is_empty() { "True" } else { "False" };
    conditions::set(&mut status.conditions, "Ready", ready, "", &message, now);
    conditions::set(&mut status.conditions, "Processed", "True", "", "", now);
    status
}
