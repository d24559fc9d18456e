//! Where objects go: the [`Cluster`] trait that adapters implement, and the values it speaks.
//!
//! # Why the trait is as it is
//!
//! Deploying a release means to read and write objects of kinds that this crate does not know, on an API server that it
//! must not know how to reach. [`Cluster`] is that server reduced to what a deployment needs: look a kind up, read, list,
//! create, replace, patch, delete. Objects are JSON values; the server's own machinery (admission, defaulting, field
//! ownership) stays the server's.
//!
//! There is no `apply` that hides a read and a choice of patch: which patch is sent decides who owns a field, so
//! [`crate::deploy`] makes that choice and the adapter only carries it.
//!
//! # Guarantees an implementation gives
//!
//! - A method sends at most one request that changes something.
//! - [`Cluster::get`] answers `None` only when the server said that there is no such object; a kind that the server does
//!   not serve is [`ClusterError::UnknownKind`], and a server that cannot be reached is [`ClusterError::Unreachable`]:
//!   nothing is ever concluded from an answer that did not come.
//! - Errors carry the server's own message.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::object::{GroupVersionKind, ObjectKey};

/// A Kubernetes API server, as far as a deployment needs it. The [module page](self) is the contract.
#[async_trait]
pub trait Cluster: Send + Sync + fmt::Debug {
    /// Version and API versions, for `.Capabilities` in charts.
    async fn capabilities(&self) -> Result<ClusterCapabilities, ClusterError>;

    /// Whether objects of a kind live in namespaces.
    async fn is_namespaced(&self, kind: &GroupVersionKind) -> Result<bool, ClusterError>;

    /// The object, or `None` where the server has none of that name.
    async fn get(&self, key: &ObjectKey) -> Result<Option<Value>, ClusterError>;

    /// Objects of a kind: in one namespace or in all, that match a label selector (empty: every one).
    async fn list(
        &self,
        kind: &GroupVersionKind,
        namespace: Option<&str>,
        label_selector: &str,
    ) -> Result<Vec<Value>, ClusterError>;

    /// Creates an object.
    async fn create(&self, object: &Value) -> Result<Value, ClusterError>;

    /// Replaces an object; with a resource version only that state of it.
    async fn replace(&self, object: &Value) -> Result<Value, ClusterError>;

    /// Patches an object.
    async fn patch(&self, key: &ObjectKey, patch: &ClusterPatch) -> Result<Value, ClusterError>;

    /// Deletes an object in the background; `false` where there was none.
    async fn delete(&self, key: &ObjectKey) -> Result<bool, ClusterError>;
}

#[async_trait]
impl<C: Cluster + ?Sized> Cluster for Arc<C> {
    async fn capabilities(&self) -> Result<ClusterCapabilities, ClusterError> {
        (**self).capabilities().await
    }

    async fn is_namespaced(&self, kind: &GroupVersionKind) -> Result<bool, ClusterError> {
        (**self).is_namespaced(kind).await
    }

    async fn get(&self, key: &ObjectKey) -> Result<Option<Value>, ClusterError> {
        (**self).get(key).await
    }

    async fn list(
        &self,
        kind: &GroupVersionKind,
        namespace: Option<&str>,
        label_selector: &str,
    ) -> Result<Vec<Value>, ClusterError> {
        (**self).list(kind, namespace, label_selector).await
    }

    async fn create(&self, object: &Value) -> Result<Value, ClusterError> {
        (**self).create(object).await
    }

    async fn replace(&self, object: &Value) -> Result<Value, ClusterError> {
        (**self).replace(object).await
    }

    async fn patch(&self, key: &ObjectKey, patch: &ClusterPatch) -> Result<Value, ClusterError> {
        (**self).patch(key, patch).await
    }

    async fn delete(&self, key: &ObjectKey) -> Result<bool, ClusterError> {
        (**self).delete(key).await
    }
}

/// A change to an object.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ClusterPatch {
    /// Server-side apply: the object is what this manager wants to own.
    Apply {
        /// The object.
        object: Value,
        /// Take fields over that others own.
        force: bool,
    },
    /// RFC 7386.
    Merge(Value),
    /// Strategic merge, for kinds that the server has Go types for.
    Strategic(Value),
}

/// What a server can do, for `.Capabilities`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterCapabilities {
    /// Git version of the server, such as `v1.36.3`.
    pub kube_version: String,
    /// `group/version` and `group/version/Kind` of everything it serves, sorted.
    pub api_versions: Vec<String>,
}

/// What the server answered instead of an object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// The server has no such object.
    #[error("{0}")]
    NotFound(String),
    /// There is an object of that name.
    #[error("{0}")]
    AlreadyExists(String),
    /// The object changed meanwhile, or another manager owns a field.
    #[error("{0}")]
    Conflict(String),
    /// The identity may not do that.
    #[error("{0}")]
    Forbidden(String),
    /// The identity is unknown.
    #[error("{0}")]
    Unauthorized(String),
    /// The server refuses the object.
    #[error("{0}")]
    Invalid(String),
    /// The server does not serve the kind.
    #[error("no matches for kind {kind:?} in version {api_version:?}", kind = .0.kind, api_version = .0.api_version())]
    UnknownKind(GroupVersionKind),
    /// No answer came.
    #[error("{0}")]
    Unreachable(String),
    /// Another answer.
    #[error("{0}")]
    Other(String),
}
