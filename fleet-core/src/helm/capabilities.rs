//! What a chart may ask about the cluster and about Helm: `.Capabilities` (Helm v4.2.3 `chart/common.Capabilities`).

use std::sync::Arc;

/// The cluster and the Helm that a chart is rendered for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// The version of Kubernetes.
    pub kube_version: KubeVersion,
    /// API versions (`apps/v1`) and, of a live cluster, kinds (`apps/v1/Deployment`), in the order that templates see.
    pub api_versions: Arc<[String]>,
    /// The version of Helm that templates see.
    pub helm_version: HelmVersion,
}

impl Default for Capabilities {
    /// What Helm v4.2.3 assumes without a cluster.
    fn default() -> Self {
        Self {
            kube_version: KubeVersion::default(),
            api_versions: DEFAULT_API_VERSIONS
                .iter()
                .map(|version| (*version).to_owned())
                .collect(),
            helm_version: HelmVersion::default(),
        }
    }
}

impl Capabilities {
    /// The same with further API versions, as `--api-versions` adds them.
    #[must_use]
    pub fn with_api_versions(mut self, more: impl IntoIterator<Item = String>) -> Self {
        self.api_versions = self.api_versions.iter().cloned().chain(more).collect();
        self
    }
}

/// A version of Kubernetes (Helm v4.2.3 `common.KubeVersion`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubeVersion {
    /// The version as the cluster gives it, with a `v`.
    pub version: String,
    /// The version that `kubeVersion` of a chart is compared with, and that printing shows.
    pub normalized: String,
    /// Major number, as text.
    pub major: String,
    /// Minor number, as text; some providers add a `+`.
    pub minor: String,
}

/// Why a version of Kubernetes cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("could not parse {0:?} as version")]
pub struct KubeVersionError(String);

impl Default for KubeVersion {
    fn default() -> Self {
        Self {
            version: "v1.36.0".into(),
            normalized: "v1.36.0".into(),
            major: "1".into(),
            minor: "36".into(),
        }
    }
}

impl KubeVersion {
    /// Reads a version that a user gives: two or more numbers, and anything after them (Helm v4.2.3 `ParseKubeVersion`).
    /// What follows the numbers does not count when versions are compared.
    ///
    /// # Errors
    /// There are no two numbers at the beginning.
    pub fn parse(text: &str) -> Result<Self, KubeVersionError> {
        let trimmed = text.trim_start();
        let numbers = trimmed.strip_prefix('v').unwrap_or(trimmed);
        let end = numbers
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(numbers.len());
        let numbers = numbers[..end].trim_end_matches('.');
        let parts: Vec<&str> = numbers.split('.').collect();
        let whole =
            |part: &&str| !part.is_empty() && part.parse::<u64>().is_ok() && (*part == "0" || !part.starts_with('0'));
        if parts.len() < 2 || !parts.iter().all(whole) {
            return Err(KubeVersionError(text.to_owned()));
        }
        let version = if text.starts_with('v') {
            text.to_owned()
        } else {
            format!("v{text}")
        };
        let normalized = format!("v{numbers}");
        Ok(Self {
            version,
            normalized,
            major: parts[0].to_owned(),
            minor: parts[1].to_owned(),
        })
    }

    /// The version of a live cluster: compared as it is, with its suffix (Helm v4.2.3 `action.getCapabilities`).
    pub fn discovered(git_version: &str, major: &str, minor: &str) -> Self {
        let (version, normalized) = (git_version.to_owned(), git_version.to_owned());
        Self {
            version,
            normalized,
            major: major.to_owned(),
            minor: minor.to_owned(),
        }
    }
}

/// The version of Helm (Helm v4.2.3 `internal/version.BuildInfo`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelmVersion {
    /// Version, with a `v`.
    pub version: String,
    /// Commit that it was built from.
    pub git_commit: String,
    /// Whether that commit was changed: `clean` or `dirty`.
    pub git_tree_state: String,
    /// Version of Go that built it.
    pub go_version: String,
    /// Version of the Kubernetes client in it.
    pub kube_client_version: String,
}

impl Default for HelmVersion {
    /// What a program sees that has Helm v4.2.3 as a library, as Fleet does.
    fn default() -> Self {
        Self {
            version: "v4.2".into(),
            git_commit: String::new(),
            git_tree_state: String::new(),
            go_version: "go1.26.6".into(),
            kube_client_version: "v1.36".into(),
        }
    }
}

impl HelmVersion {
    /// What the released program `helm` v4.2.3 says.
    pub fn program() -> Self {
        Self {
            version: "v4.2.3".into(),
            git_commit: "43e8b7feece8beb0fcba47059ec9b522fd929a64".into(),
            git_tree_state: "clean".into(),
            go_version: "go1.26.5".into(),
            kube_client_version: "v1.36".into(),
        }
    }
}

/// API versions that Helm v4.2.3 assumes without a cluster: those that client-go 0.36 and the apiextensions API know.
const DEFAULT_API_VERSIONS: [&str; 55] = [
    "v1",
    "admissionregistration.k8s.io/v1",
    "admissionregistration.k8s.io/v1alpha1",
    "admissionregistration.k8s.io/v1beta1",
    "internal.apiserver.k8s.io/v1alpha1",
    "apps/v1",
    "apps/v1beta1",
    "apps/v1beta2",
    "authentication.k8s.io/v1",
    "authentication.k8s.io/v1alpha1",
    "authentication.k8s.io/v1beta1",
    "authorization.k8s.io/v1",
    "authorization.k8s.io/v1beta1",
    "autoscaling/v1",
    "autoscaling/v2",
    "batch/v1",
    "batch/v1beta1",
    "certificates.k8s.io/v1",
    "certificates.k8s.io/v1beta1",
    "certificates.k8s.io/v1alpha1",
    "coordination.k8s.io/v1alpha2",
    "coordination.k8s.io/v1beta1",
    "coordination.k8s.io/v1",
    "discovery.k8s.io/v1",
    "discovery.k8s.io/v1beta1",
    "events.k8s.io/v1",
    "events.k8s.io/v1beta1",
    "extensions/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1",
    "flowcontrol.apiserver.k8s.io/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1beta2",
    "flowcontrol.apiserver.k8s.io/v1beta3",
    "networking.k8s.io/v1",
    "networking.k8s.io/v1beta1",
    "node.k8s.io/v1",
    "node.k8s.io/v1alpha1",
    "node.k8s.io/v1beta1",
    "policy/v1",
    "policy/v1beta1",
    "rbac.authorization.k8s.io/v1",
    "rbac.authorization.k8s.io/v1beta1",
    "rbac.authorization.k8s.io/v1alpha1",
    "resource.k8s.io/v1",
    "resource.k8s.io/v1beta2",
    "resource.k8s.io/v1beta1",
    "resource.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1alpha2",
    "scheduling.k8s.io/v1beta1",
    "scheduling.k8s.io/v1",
    "storage.k8s.io/v1beta1",
    "storage.k8s.io/v1",
    "storage.k8s.io/v1alpha1",
    "storagemigration.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_users() {
        let read = |text: &str| KubeVersion::parse(text).map(|v| (v.version, v.normalized, v.minor));
        let want = |a: &str, b: &str, c: &str| Ok((a.to_owned(), b.to_owned(), c.to_owned()));
        assert_eq!(read("v1.25.3-gke.100"), want("v1.25.3-gke.100", "v1.25.3", "25"));
        assert_eq!(read("1.25"), want("v1.25", "v1.25", "25"));
        assert_eq!(read("1.2.3.4"), want("v1.2.3.4", "v1.2.3.4", "2"));
        assert!(read("foo").is_err() && read("1").is_err() && read("").is_err());
    }
}
