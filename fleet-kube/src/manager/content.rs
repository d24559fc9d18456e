//! Contents: the resources of a bundle once for all its clusters, made when the first needs them, removed when the last is
//! gone.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use fleet_core::api::{Bundle, BundleDeployment, Bytes, Content, ContentSpec, labels};
use fleet_core::naming::{self, ManifestId};
use fleet_core::scan::pack;
use kube::ResourceExt;
use kube::api::{Api, DeleteParams, ListParams};

use super::inventory::Work;
use super::{Context, During, Outcome, ReconcileError, write};
use crate::watch::Key;

/// How long a Content must have been unused before it goes: a bundle writes it before its first deployment.
const UNUSED: Duration = Duration::from_secs(60);

/// Manifest IDs by bundle, so that resources are hashed once a generation.
#[derive(Debug, Default)]
pub(crate) struct ManifestCache(Mutex<BTreeMap<Key, (String, i64, ManifestId)>>);

/// The manifest ID of a bundle's resources.
pub(crate) fn manifest(context: &Context, key: &Key, bundle: &Bundle) -> ManifestId {
    let uid = bundle.metadata.uid.clone().unwrap_or_default();
    let generation = bundle.metadata.generation.unwrap_or_default();
    let cache = || context.manifests.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((known_uid, known_generation, id)) = cache().get(key)
        && *known_uid == uid
        && *known_generation == generation
    {
        return id.clone();
    }
    let id = naming::manifest_id(&naming::manifest_json(&bundle.spec.resources));
    cache().insert(key.clone(), (uid, generation, id.clone()));
    id
}

/// Forgets a bundle that is gone.
pub(crate) fn forget(context: &Context, key: &Key) {
    context
        .manifests
        .0
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .remove(key);
}

/// Creates the Content of a bundle where it is missing. One that is there is never changed: its name is its digest.
pub(crate) async fn ensure(context: &Context, bundle: &Bundle, id: &ManifestId) -> Result<(), ReconcileError> {
    if context.inventory().contents.contains(&id.id) {
        return Ok(());
    }
    let json = naming::manifest_json(&bundle.spec.resources);
    let spec = ContentSpec {
        content: Bytes(pack::gzip(&json)),
        sha256sum: id.digest.clone(),
    };
    let api: Api<Content> = Api::all(context.client.clone());
    write::create(&api, &Content::new(&id.id, spec))
        .await
        .during(|| format!("content {}", id.id))?;
    context.inventory().contents.insert(id.id.clone());
    Ok(())
}

/// Removes a Content that no deployment uses, after it has been so for a while and the hub confirms it.
pub(crate) async fn collect(context: &Context, name: &str) -> Outcome {
    {
        let inventory = context.inventory();
        if !inventory.contents.contains(name) || inventory.content_users(name) > 0 {
            return Ok(None);
        }
    }
    let during = || format!("content {name}");
    let contents: Api<Content> = Api::all(context.client.clone());
    let Some(found) = contents.get_metadata_opt(name).await.during(during)? else {
        return Ok(None);
    };
    let created = found
        .metadata
        .creation_timestamp
        .as_ref()
        .map_or(jiff::Timestamp::UNIX_EPOCH, |time| time.0);
    let age = Duration::try_from(jiff::Timestamp::now().duration_since(created)).unwrap_or_default();
    if age < UNUSED {
        context
            .queue
            .add_after(Work::Content(name.to_owned()), UNUSED.saturating_sub(age));
        return Ok(None);
    }
    let deployments: Api<BundleDeployment> = Api::all(context.client.clone());
    let selector = format!("{}={name}", labels::CONTENT_NAME);
    let users = deployments
        .list_metadata(&ListParams::default().labels(&selector).limit(1))
        .await
        .during(during)?;
    if !users.items.is_empty() {
        return Ok(None);
    }
    context.inventory().contents.remove(name);
    match contents.delete(&found.name_any(), &DeleteParams::default()).await {
        Err(kube::Error::Api(answer)) if answer.is_not_found() => Ok(None),
        other => other.during(during).map(|_| None),
    }
}
