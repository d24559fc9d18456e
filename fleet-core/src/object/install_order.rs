//! The order in which Helm installs and uninstalls kinds (Helm v4.2.3 `release/v1/util` kind sorter).

/// Kinds in the order of installation; others come after them, by name of the kind.
const INSTALL: &[&str] = &[
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// What a kind is sorted by on installation: sort stably, so that objects of one kind keep their order.
pub fn install(kind: &str) -> (usize, &str) {
    match INSTALL.iter().position(|known| *known == kind) {
        Some(place) => (place, ""),
        None => (INSTALL.len(), kind),
    }
}

/// What a kind is sorted by on uninstallation: the known kinds backwards, then others by name. Only services go earlier than
/// that, right after the ingresses (Helm v4.2.3 has a list of its own).
pub fn uninstall(kind: &str) -> (usize, &str) {
    let place = |kind: &str| INSTALL.iter().rev().position(|known| *known == kind);
    let before_services = place("IngressClass").unwrap_or(0) * 2;
    match place(kind) {
        Some(_) if kind == "Service" => (before_services + 1, ""),
        Some(place) => (place * 2, ""),
        None => (INSTALL.len() * 2, kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_kinds_come_last_by_name() {
        let mut kinds = ["Zebra", "Deployment", "Apple", "Namespace", "ConfigMap"];
        kinds.sort_by(|a, b| install(a).cmp(&install(b)));
        assert_eq!(kinds, ["Namespace", "ConfigMap", "Deployment", "Apple", "Zebra"]);
        kinds.sort_by(|a, b| uninstall(a).cmp(&uninstall(b)));
        assert_eq!(kinds, ["Deployment", "ConfigMap", "Namespace", "Apple", "Zebra"]);
        let mut kinds = [
            "Deployment",
            "IngressClass",
            "Service",
            "CronJob",
            "Ingress",
            "DaemonSet",
            "RoleBinding",
        ];
        kinds.sort_by(|a, b| uninstall(a).cmp(&uninstall(b)));
        assert_eq!(
            kinds,
            [
                "Ingress",
                "IngressClass",
                "Service",
                "CronJob",
                "Deployment",
                "DaemonSet",
                "RoleBinding"
            ]
        );
    }
}
