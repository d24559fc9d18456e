//! The order of the output: as loaded, or kustomize's legacy order by kind and ID.

use std::collections::HashMap;

use super::{
    Order,
    error::{KustomizeError, Result},
    kustomization::SortOptions,
    resource::Resource,
};

const FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];
const LAST: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// Sorts by the kustomization's options, or else as the caller wants it.
pub(super) fn sort(resources: &mut [Resource], options: Option<&SortOptions>, order: Order) -> Result<()> {
    let Some(options) = options else {
        if order == Order::Legacy {
            legacy(resources, &FIRST, &LAST);
        }
        return Ok(());
    };
    let custom = options.legacy_sort_options.as_ref();
    match options.order.as_str() {
        "fifo" if custom.is_some() => Err(KustomizeError::Kustomization(
            "the field 'sortOptions.legacySortOptions' is set but the selected sort order is 'fifo', not 'legacy'"
                .to_owned(),
        )),
        "fifo" => Ok(()),
        "legacy" => {
            match custom {
                None => legacy(resources, &FIRST, &LAST),
                Some(custom) => legacy(resources, &texts(&custom.order_first), &texts(&custom.order_last)),
            }
            Ok(())
        }
        _ => Err(KustomizeError::Kustomization(
            "the field 'sortOptions.order' must be one of [fifo, legacy]".to_owned(),
        )),
    }
}

fn texts(list: &[String]) -> Vec<&str> {
    list.iter().map(String::as_str).collect()
}

fn legacy(resources: &mut [Resource], first: &[&str], last: &[&str]) {
    let mut ranks: HashMap<&str, isize> = HashMap::new();
    for (at, kind) in first.iter().enumerate() {
        ranks.insert(kind, at.cast_signed() - first.len().cast_signed());
    }
    for (at, kind) in last.iter().enumerate() {
        ranks.insert(kind, at.cast_signed() + 1);
    }
    resources.sort_by_cached_key(|resource| {
        let id = resource.current_id();
        let or = |text: &str, none: &str| {
            if text.is_empty() {
                none.to_owned()
            } else {
                text.to_owned()
            }
        };
        let rank = ranks.get(&*id.gvk.kind).copied().unwrap_or(0);
        // Before all that other groups call so.
        let is_foreign = &*id.gvk.kind == "Namespace" && !(id.gvk.group.is_empty() && &*id.gvk.version == "v1");
        let kind = [
            or(&id.gvk.group, "~G"),
            or(&id.gvk.version, "~V"),
            or(&id.gvk.kind, "~K"),
        ]
        .join("_");
        let id = format!("{}|{}|{}", id.gvk, or(&id.namespace, "~X"), or(&id.name, "~N"));
        (rank, is_foreign, kind, id)
    });
}
