//! [`KubeCluster`]: a [`Cluster`] over a [`kube::Client`].

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use fleet_core::cluster::{Cluster, ClusterCapabilities, ClusterError, ClusterPatch};
use fleet_core::object::{self, GroupVersionKind, ObjectKey};
use http::HeaderValue;
use kube::api::{Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::client::Body;
use kube::core::discovery::Scope;
use kube::core::{ApiResource, Status};
use kube::{Client, Error};
use serde_json::Value;

/// Owner of the fields that releases write: the name of the agent's binary, as Helm takes it.
pub const FIELD_MANAGER: &str = "fleetagent";

/// A cluster that a client reaches. Clones share what was discovered of its kinds.
#[derive(Clone)]
pub struct KubeCluster {
    client: Client,
    kinds: Arc<RwLock<BTreeMap<GroupVersionKind, (ApiResource, bool)>>>,
}

impl std::fmt::Debug for KubeCluster {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("KubeCluster").finish_non_exhaustive()
    }
}

impl KubeCluster {
    /// The cluster that the client reaches.
    pub fn new(client: Client) -> Self {
        Self {
            client,
            kinds: Arc::default(),
        }
    }

    /// The same cluster as another user sees it: every request impersonates that user. What was discovered is shared.
    pub fn impersonating(&self, user: &str) -> Result<Self, http::header::InvalidHeaderValue> {
        let user = HeaderValue::from_str(user)?;
        let inner = self.client.clone();
        let service = tower::service_fn(move |mut request: http::Request<Body>| {
            request.headers_mut().insert("impersonate-user", user.clone());
            let inner = inner.clone();
            async move { inner.send(request).await }
        });
        let client = Client::new(service, self.client.default_namespace());
        Ok(Self {
            client,
            kinds: self.kinds.clone(),
        })
    }

    /// The client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The resource of a kind and whether it is namespaced, asked for when it is not known yet: a definition may have come
    /// since the last look.
    pub async fn resource(&self, kind: &GroupVersionKind) -> Result<(ApiResource, bool), ClusterError> {
        let known = self
            .kinds
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(kind)
            .cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let list = if kind.group.is_empty() {
            self.client.list_core_api_resources(&kind.version).await
        } else {
            self.client.list_api_group_resources(&kind.api_version()).await
        };
        let list = match list {
            Ok(list) => list,
            Err(Error::Api(status)) if status.is_not_found() => return Err(ClusterError::UnknownKind(kind.clone())),
            Err(error) => return Err(convert(error)),
        };
        let mut kinds = self.kinds.write().unwrap_or_else(PoisonError::into_inner);
        for found in list.resources.iter().filter(|found| !found.name.contains('/')) {
            let resource = ApiResource {
                group: kind.group.clone(),
                version: kind.version.clone(),
                api_version: kind.api_version(),
                kind: found.kind.clone(),
                plural: found.name.clone(),
            };
            let key = GroupVersionKind {
                kind: found.kind.clone(),
                ..kind.clone()
            };
            kinds.insert(key, (resource, found.namespaced));
        }
        kinds
            .get(kind)
            .cloned()
            .ok_or_else(|| ClusterError::UnknownKind(kind.clone()))
    }

    async fn api(&self, kind: &GroupVersionKind, namespace: &str) -> Result<Api<DynamicObject>, ClusterError> {
        let (resource, namespaced) = self.resource(kind).await?;
        let scope = if namespaced { Scope::Namespaced } else { Scope::Cluster };
        let api = Api::dynamic(self.client.clone(), &resource, &scope);
        Ok(if namespaced && !namespace.is_empty() {
            api.constrain(namespace)
        } else {
            api
        })
    }

    async fn api_of(&self, object: &Value) -> Result<(Api<DynamicObject>, DynamicObject), ClusterError> {
        let key = ObjectKey::of(object);
        let api = self.api(&key.kind, &key.namespace).await?;
        let object =
            serde_json::from_value(object.clone()).map_err(|error| ClusterError::Invalid(format!("{key}: {error}")))?;
        Ok((api, object))
    }
}

/// The object as a value; managed fields are nobody's business here and the bulk of many objects.
fn value_of(mut object: DynamicObject) -> Result<Value, ClusterError> {
    object.metadata.managed_fields = None;
    serde_json::to_value(object).map_err(|error| ClusterError::Other(error.to_string()))
}

#[async_trait]
impl Cluster for KubeCluster {
    async fn capabilities(&self) -> Result<ClusterCapabilities, ClusterError> {
        let version = self.client.apiserver_version().await.map_err(convert)?;
        let mut api_versions = vec!["v1".to_owned()];
        let core = self.client.list_core_api_resources("v1").await.map_err(convert)?;
        let kinds = |list: &k8s_openapi::apimachinery::pkg::apis::meta::v1::APIResourceList, version: &str| {
            let own = list.resources.iter().filter(|found| !found.name.contains('/'));
            own.map(|found| format!("{version}/{}", found.kind)).collect::<Vec<_>>()
        };
        api_versions.extend(kinds(&core, "v1"));
        for group in self.client.list_api_groups().await.map_err(convert)?.groups {
            for version in group.versions {
                api_versions.push(version.group_version.clone());
                match self.client.list_api_group_resources(&version.group_version).await {
                    Ok(list) => api_versions.extend(kinds(&list, &version.group_version)),
                    // A group whose server is gone keeps no release from being rendered.
                    Err(error) => tracing::warn!(group = %version.group_version, %error, "cannot be discovered"),
                }
            }
        }
        api_versions.sort();
        api_versions.dedup();
        Ok(ClusterCapabilities {
            kube_version: version.git_version,
            api_versions,
        })
    }

    async fn is_namespaced(&self, kind: &GroupVersionKind) -> Result<bool, ClusterError> {
        Ok(self.resource(kind).await?.1)
    }

    async fn get(&self, key: &ObjectKey) -> Result<Option<Value>, ClusterError> {
        let api = self.api(&key.kind, &key.namespace).await?;
        api.get_opt(&key.name).await.map_err(convert)?.map(value_of).transpose()
    }

    async fn list(
        &self,
        kind: &GroupVersionKind,
        namespace: Option<&str>,
        label_selector: &str,
    ) -> Result<Vec<Value>, ClusterError> {
        let api = self.api(kind, namespace.unwrap_or_default()).await?;
        let parameters = ListParams {
            label_selector: Some(label_selector.to_owned()),
            ..ListParams::default()
        };
        let found = api.list(&parameters).await.map_err(convert)?;
        let types = kube::core::TypeMeta {
            api_version: kind.api_version(),
            kind: kind.kind.clone(),
        };
        let objects = found.items.into_iter().map(|mut object| {
            // Items of a list do not say what they are.
            object.types.get_or_insert_with(|| types.clone());
            value_of(object)
        });
        objects.collect()
    }

    async fn create(&self, object: &Value) -> Result<Value, ClusterError> {
        let (api, object) = self.api_of(object).await?;
        let parameters = PostParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PostParams::default()
        };
        value_of(api.create(&parameters, &object).await.map_err(convert)?)
    }

    async fn replace(&self, object: &Value) -> Result<Value, ClusterError> {
        let name = object::name(object).to_owned();
        let (api, object) = self.api_of(object).await?;
        let parameters = PostParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PostParams::default()
        };
        value_of(api.replace(&name, &parameters, &object).await.map_err(convert)?)
    }

    async fn patch(&self, key: &ObjectKey, patch: &ClusterPatch) -> Result<Value, ClusterError> {
        let api = self.api(&key.kind, &key.namespace).await?;
        let mut parameters = PatchParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let patched = match patch {
            ClusterPatch::Apply { object, force } => {
                parameters.force = *force;
                // A typo in a manifest is an error, as Helm has it, and not a field that silently does nothing.
                parameters.field_validation = Some(kube::api::ValidationDirective::Strict);
                api.patch(&key.name, &parameters, &Patch::Apply(object)).await
            }
            ClusterPatch::Merge(patch) => api.patch(&key.name, &parameters, &Patch::Merge(patch)).await,
            ClusterPatch::Strategic(patch) => api.patch(&key.name, &parameters, &Patch::Strategic(patch)).await,
            other => {
                return Err(ClusterError::Other(format!(
                    "a patch that is not known here: {other:?}"
                )));
            }
        };
        value_of(patched.map_err(convert)?)
    }

    async fn delete(&self, key: &ObjectKey) -> Result<bool, ClusterError> {
        let api = self.api(&key.kind, &key.namespace).await?;
        match api.delete(&key.name, &DeleteParams::background()).await {
            Ok(_) => Ok(true),
            Err(Error::Api(status)) if status.is_not_found() => Ok(false),
            Err(error) => Err(convert(error)),
        }
    }
}

/// What an answer of the API server means to a deployment.
fn convert(error: Error) -> ClusterError {
    let Error::Api(status) = error else {
        return ClusterError::Unreachable(chain(&error));
    };
    of_status(&status)
}

fn of_status(status: &Status) -> ClusterError {
    let message = if status.message.is_empty() {
        status.reason.clone()
    } else {
        status.message.clone()
    };
    match (status.code, status.reason.as_str()) {
        (404, _) => ClusterError::NotFound(message),
        (409, "AlreadyExists") => ClusterError::AlreadyExists(message),
        (409, _) => ClusterError::Conflict(message),
        (403, _) => ClusterError::Forbidden(message),
        (401, _) => ClusterError::Unauthorized(message),
        (400 | 422, _) => ClusterError::Invalid(message),
        _ => ClusterError::Other(message),
    }
}

/// An error and what caused it, each once.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let more = cause.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        source = cause.source();
    }
    text
}
