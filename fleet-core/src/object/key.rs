//! What identifies a kind and an object.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A kind: group (empty for the core group), version, kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GroupVersionKind {
    /// Group; empty for the core group.
    pub group: String,
    /// Version.
    pub version: String,
    /// Kind.
    pub kind: String,
}

impl GroupVersionKind {
    /// From `apiVersion` and `kind`.
    pub fn new(api_version: &str, kind: &str) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
        }
    }

    /// Of an object.
    pub fn of(object: &Value) -> Self {
        Self::new(super::api_version(object), super::kind(object))
    }

    /// `group/version`, or the version alone for the core group.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }
}

impl fmt::Display for GroupVersionKind {
    /// As Kubernetes' messages write it: `apps/v1, Kind=Deployment`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}, Kind={}", self.api_version(), self.kind)
    }
}

/// An object: kind, namespace (empty for cluster-scoped ones) and name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ObjectKey {
    /// Kind.
    pub kind: GroupVersionKind,
    /// Namespace; empty for cluster-scoped objects.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl ObjectKey {
    /// From its parts.
    pub fn new(api_version: &str, kind: &str, namespace: &str, name: &str) -> Self {
        Self {
            kind: GroupVersionKind::new(api_version, kind),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }

    /// Of an object, with the namespace that it says.
    pub fn of(object: &Value) -> Self {
        Self {
            kind: GroupVersionKind::of(object),
            namespace: super::namespace(object).to_owned(),
            name: super::name(object).to_owned(),
        }
    }
}

impl fmt::Display for ObjectKey {
    /// `Kind namespace/name`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ", self.kind.kind)?;
        if !self.namespace.is_empty() {
            write!(formatter, "{}/", self.namespace)?;
        }
        formatter.write_str(&self.name)
    }
}
