//! Group, version and kind; the ID of a resource; which kinds are cluster-scoped (kyaml's `resid`, and its table from Kubernetes
//! v1.21.2).

use std::{borrow::Cow, fmt};

/// What stands for the namespace of cluster-scoped kinds.
pub(super) const NOT_A_NAMESPACE: &str = "_non_namespaceable_";

/// Group, version and kind. As a selector, what is empty selects anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Gvk {
    pub(super) group: Cow<'static, str>,
    pub(super) version: Cow<'static, str>,
    pub(super) kind: Cow<'static, str>,
}

impl Gvk {
    pub(super) const fn constant(group: &'static str, version: &'static str, kind: &'static str) -> Self {
        Self {
            group: Cow::Borrowed(group),
            version: Cow::Borrowed(version),
            kind: Cow::Borrowed(kind),
        }
    }

    pub(super) fn new(api_version: &str, kind: &str) -> Self {
        let (group, version) = split_api_version(api_version);
        Self {
            group: Cow::Owned(group.to_owned()),
            version: Cow::Owned(version.to_owned()),
            kind: Cow::Owned(kind.to_owned()),
        }
    }

    /// `group/version`, or what there is of it.
    pub(super) fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_string()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// True if the selector's non-empty parts are this one's.
    pub(super) fn is_selected(&self, selector: &Self) -> bool {
        (selector.group.is_empty() || selector.group == self.group)
            && (selector.version.is_empty() || selector.version == self.version)
            && (selector.kind.is_empty() || selector.kind == self.kind)
    }

    /// True only for kinds that are known to be cluster-scoped; what is unknown counts as namespaced.
    pub(super) fn is_cluster_scoped(&self) -> bool {
        is_cluster_scoped(&self.group, &self.version, &self.kind)
    }
}

impl fmt::Display for Gvk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or = |text: &'_ str, none: &'static str| {
            if text.is_empty() {
                none.to_owned()
            } else {
                text.to_owned()
            }
        };
        write!(
            formatter,
            "{}.{}.{}",
            or(&self.kind, "[noKind]"),
            or(&self.version, "[noVer]"),
            or(&self.group, "[noGrp]")
        )
    }
}

/// Group and version of an `apiVersion`.
pub(super) fn split_api_version(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

/// A resource's identity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Id {
    pub(super) gvk: Gvk,
    pub(super) name: String,
    pub(super) namespace: String,
}

impl Id {
    /// What IDs are compared by: `default` for none, and one word for cluster-scoped kinds.
    pub(super) fn effective_namespace(&self) -> &str {
        if self.gvk.is_cluster_scoped() {
            NOT_A_NAMESPACE
        } else if self.namespace.is_empty() {
            "default"
        } else {
            &self.namespace
        }
    }

    /// kustomize's equality of IDs: same group, version, kind, name and effective namespace.
    pub(super) fn equals(&self, other: &Self) -> bool {
        self.name == other.name && self.gvk == other.gvk && self.effective_namespace() == other.effective_namespace()
    }

    /// The ID with its effective namespace, for maps in which equal IDs meet.
    pub(super) fn normalized(mut self) -> Self {
        self.namespace = self.effective_namespace().to_owned();
        self
    }
}

impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.name.is_empty() { "[noName]" } else { &self.name };
        let namespace = if self.namespace.is_empty() {
            "[noNs]"
        } else {
            &self.namespace
        };
        write!(formatter, "{}/{name}.{namespace}", self.gvk)
    }
}

fn is_cluster_scoped(group: &str, version: &str, kind: &str) -> bool {
    match (kind, group) {
        ("ComponentStatus" | "Namespace" | "Node" | "NodeProxyOptions" | "PersistentVolume", "") => version == "v1",
        ("MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration", "admissionregistration.k8s.io")
        | ("CustomResourceDefinition", "apiextensions.k8s.io")
        | ("APIService", "apiregistration.k8s.io")
        | ("CertificateSigningRequest", "certificates.k8s.io")
        | ("IngressClass", "networking.k8s.io")
        | ("RuntimeClass", "node.k8s.io")
        | ("ClusterRole" | "ClusterRoleBinding", "rbac.authorization.k8s.io")
        | ("PriorityClass", "scheduling.k8s.io")
        | ("CSIDriver" | "CSINode" | "StorageClass" | "VolumeAttachment", "storage.k8s.io") => {
            matches!(version, "v1" | "v1beta1")
        }
        ("FlowSchema" | "PriorityLevelConfiguration", "flowcontrol.apiserver.k8s.io")
        | ("PodSecurityPolicy", "policy") => version == "v1beta1",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_equal_by_effective_namespace() {
        let id = |namespace: &str| Id {
            gvk: Gvk::new("v1", "ConfigMap"),
            name: "a".into(),
            namespace: namespace.into(),
        };
        assert!(id("").equals(&id("default")));
        assert!(!id("").equals(&id("other")));
        assert_eq!(id("").to_string(), "ConfigMap.v1.[noGrp]/a.[noNs]");
    }
}
