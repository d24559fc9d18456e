//! Writes that are sent only where something differs.

use std::fmt::Debug;

use fleet_core::api::labels;
use fleet_core::object::merge_patch;
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{Api, ObjectMeta, Patch, PatchParams, PostParams};
use kube::{Client, Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Patches the status where it differs from the one that the object has; gives the object as it is then.
pub(crate) async fn status<T, S>(api: &Api<T>, object: &T, old: Option<&S>, new: &S) -> Result<Option<T>, kube::Error>
where
    T: Resource + Clone + Debug + DeserializeOwned,
    S: Serialize,
{
    let old = match old {
        Some(old) => serde_json::to_value(old).map_err(kube::Error::SerdeError)?,
        None => json!({}),
    };
    let new = serde_json::to_value(new).map_err(kube::Error::SerdeError)?;
    let patch = merge_patch::diff(&old, &new);
    if patch == json!({}) {
        return Ok(None);
    }
    let patch = json!({"status": patch});
    let patched = api
        .patch_status(&object.name_any(), &PatchParams::default(), &Patch::Merge(patch))
        .await;
    match patched {
        // The object went away meanwhile: there is no status to write any more.
        Err(kube::Error::Api(answer)) if answer.is_not_found() => Ok(None),
        other => other.map(Some),
    }
}

/// Adds a finalizer to an object that lacks it; gives the object as it is then.
pub(crate) async fn finalizer<T>(api: &Api<T>, object: &T, finalizer: &str) -> Result<Option<T>, kube::Error>
where
    T: Resource + Clone + Debug + DeserializeOwned,
{
    if object.finalizers().iter().any(|found| found == finalizer) || object.meta().deletion_timestamp.is_some() {
        return Ok(None);
    }
    let mut finalizers = object.finalizers().to_vec();
    finalizers.push(finalizer.to_owned());
    set_finalizers(api, object, &finalizers).await.map(Some)
}

/// Removes a label that Rancher wrote once and that nobody reads any more; gives the object as it is then.
pub(crate) async fn without_display_name<T>(api: &Api<T>, object: &T) -> Result<Option<T>, kube::Error>
where
    T: Resource + Clone + Debug + DeserializeOwned,
{
    if !object.labels().contains_key(labels::CREATED_BY_DISPLAY_NAME) {
        return Ok(None);
    }
    let patch = json!({"metadata": {"labels": {(labels::CREATED_BY_DISPLAY_NAME): null}}});
    let patched = api
        .patch(&object.name_any(), &PatchParams::default(), &Patch::Merge(patch))
        .await;
    patched.map(Some)
}

/// Removes a finalizer from an object that has it.
pub(crate) async fn remove_finalizer<T>(api: &Api<T>, object: &T, finalizer: &str) -> Result<(), kube::Error>
where
    T: Resource + Clone + Debug + DeserializeOwned,
{
    if !object.finalizers().iter().any(|found| found == finalizer) {
        return Ok(());
    }
    let finalizers: Vec<String> = object
        .finalizers()
        .iter()
        .filter(|found| *found != finalizer)
        .cloned()
        .collect();
    match set_finalizers(api, object, &finalizers).await {
        Err(kube::Error::Api(answer)) if answer.is_not_found() => Ok(()),
        other => other.map(|_| ()),
    }
}

async fn set_finalizers<T>(api: &Api<T>, object: &T, finalizers: &[String]) -> Result<T, kube::Error>
where
    T: Resource + Clone + Debug + DeserializeOwned,
{
    // The resource version makes it a compare-and-swap: lists are replaced whole by a merge patch.
    let patch = json!({"metadata": {"finalizers": finalizers, "resourceVersion": object.resource_version()}});
    api.patch(&object.name_any(), &PatchParams::default(), &Patch::Merge(patch))
        .await
}

/// Creates the object where it is missing; gives `true` where it did.
pub(crate) async fn create<T>(api: &Api<T>, object: &T) -> Result<bool, kube::Error>
where
    T: Resource + Clone + Debug + DeserializeOwned + Serialize,
{
    match api.create(&PostParams::default(), object).await {
        Ok(_) => Ok(true),
        Err(kube::Error::Api(answer)) if answer.is_already_exists() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Creates the object, or patches the one that is there to say what this one says. Lists are replaced whole.
pub(crate) async fn ensure<T>(api: &Api<T>, object: &T) -> Result<T, kube::Error>
where
    T: Resource + Clone + Debug + DeserializeOwned + Serialize,
{
    let name = object.name_any();
    let Some(found) = api.get_opt(&name).await? else {
        return match api.create(&PostParams::default(), object).await {
            Err(kube::Error::Api(answer)) if answer.is_already_exists() => api.get(&name).await,
            other => other,
        };
    };
    let wanted = serde_json::to_value(object).map_err(kube::Error::SerdeError)?;
    let live = serde_json::to_value(&found).map_err(kube::Error::SerdeError)?;
    let patched = merge_patch::apply(&live, &wanted);
    let patch = merge_patch::diff(&live, &patched);
    if patch == Value::Object(serde_json::Map::new()) {
        return Ok(found);
    }
    api.patch(&name, &PatchParams::default(), &Patch::Merge(patch)).await
}

/// Creates a namespace where it is missing; one that is there stays as it is.
pub(crate) async fn ensure_namespace(
    client: &Client,
    name: &str,
    labels: &[(&str, &str)],
    annotations: &[(&str, &str)],
) -> Result<bool, kube::Error> {
    let api: Api<Namespace> = Api::all(client.clone());
    let pairs = |pairs: &[(&str, &str)]| {
        let map = pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        (!pairs.is_empty()).then_some(map)
    };
    let namespace = Namespace {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            labels: pairs(labels),
            annotations: pairs(annotations),
            ..ObjectMeta::default()
        },
        ..Namespace::default()
    };
    if api.get_metadata_opt(name).await?.is_some() {
        return Ok(false);
    }
    create(&api, &namespace).await
}

/// Creates a namespace where it is missing, without labels.
pub(crate) async fn ensure_plain_namespace(client: &Client, name: &str) -> Result<bool, kube::Error> {
    ensure_namespace(client, name, &[], &[]).await
}
