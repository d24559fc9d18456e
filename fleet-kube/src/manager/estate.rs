//! The inventory as the stages of `fleet_core` see it. It is built anew only when something that targeting reads changed.

use std::sync::Arc;

use fleet_core::api::Cluster;
use fleet_core::target::{ClusterView, Estate, GroupView, MappingView, NamespaceView};
use kube::ResourceExt;

use super::inventory::{Inventory, deployment_namespace};

/// Builds the estate of an inventory. Views of clusters are shared, not copied.
pub(crate) fn build(inventory: &Inventory) -> Estate {
    let mut estate = Estate {
        clusters: inventory.cluster_views().cloned().collect(),
        ..Estate::default()
    };
    for (key, group) in inventory.groups.iter() {
        let mut view = GroupView::default();
        view.name.clone_from(&key.1);
        view.namespace.clone_from(&key.0);
        view.labels.clone_from(group.labels());
        view.selector.clone_from(&group.spec.selector);
        estate.groups.push(view);
    }
    for (key, mapping) in inventory.mappings.iter() {
        let mut view = MappingView::default();
        view.name.clone_from(&key.1);
        view.namespace.clone_from(&key.0);
        view.bundle_selector.clone_from(&mapping.spec.bundle_selector);
        view.namespace_selector.clone_from(&mapping.spec.namespace_selector);
        estate.mappings.push(view);
    }
    for (name, namespace) in &inventory.namespaces {
        let mut view = NamespaceView::default();
        view.name.clone_from(name);
        view.labels.clone_from(&namespace.labels);
        estate.namespaces.push(view);
    }
    estate
}

/// What targeting reads of a cluster.
pub(crate) fn cluster_view(cluster: &Cluster) -> Arc<ClusterView> {
    let status = cluster.status.clone().unwrap_or_default();
    let mut view = ClusterView::new(cluster.namespace().unwrap_or_default(), cluster.name_any());
    view.labels.clone_from(cluster.labels());
    view.annotations.clone_from(cluster.annotations());
    view.template_values.clone_from(&cluster.spec.template_values);
    view.deployment_namespace = deployment_namespace(cluster).map(str::to_owned);
    view.paused = cluster.spec.paused;
    view.scheduled = status.scheduled;
    view.active_schedule = status.active_schedule;
    Arc::new(view)
}
