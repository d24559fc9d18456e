//! What is there of a release: live objects, drift, readiness; and how a status says it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use fleet_core::api::{
    BundleDeploymentOptions, BundleDeploymentResource, BundleDeploymentStatus, ModifiedStatus, NonReadyStatus,
    ResourceCounts, Time,
};
use fleet_core::cluster::{Cluster, ClusterError};
use fleet_core::deploy;
use fleet_core::drift::{self, Drift, Modification};
use fleet_core::helm::release::Release;
use fleet_core::object::{self, GroupVersionKind, ObjectKey};
use fleet_core::render::{HASH_LABEL, set_hash, set_id};
use fleet_core::status::conditions;
use fleet_core::status::readiness::{self, ReadinessOptions};
use fleet_core::status::state::{modified_text, non_ready_text};
use jiff::Timestamp;
use serde_json::Value;

use super::Context;
use super::deployment::Problem;

/// Entries of a status's lists; the object has to fit into etcd.
const LONGEST_LIST: usize = 10;

/// The revision that each deployment runs, with its objects, so that a look does not read the history each time.
#[derive(Debug, Default)]
pub(crate) struct ReleaseCache(Mutex<BTreeMap<String, Arc<Known>>>);

#[derive(Debug)]
struct Known {
    id: String,
    release: Release,
    objects: Vec<Value>,
    previous: Vec<Value>,
}

impl ReleaseCache {
    pub(crate) fn put(&self, name: &str, release: &Release) {
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let previous = cache.get(name).map(|known| known.objects.clone()).unwrap_or_default();
        let id = format!("{}/{}:{}", release.namespace, release.name, release.version);
        let objects = deploy::manifest_objects(&release.manifest);
        cache.insert(
            name.to_owned(),
            Arc::new(Known {
                id,
                release: release.clone(),
                objects,
                previous,
            }),
        );
    }

    pub(crate) fn remove(&self, name: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    fn get(&self, name: &str, id: &str) -> Option<Arc<Known>> {
        let cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cache.get(name).filter(|known| known.id == id).cloned()
    }
}

/// The revision that an ID names, where the history has it.
pub(crate) async fn recorded(context: &Context, id: &str) -> Result<Option<Release>, Problem> {
    Ok(history_of(context, id).await?.map(|(release, _)| release))
}

/// The revision that an ID names, and the one before it.
async fn history_of(context: &Context, id: &str) -> Result<Option<(Release, Option<Release>)>, Problem> {
    let parsed = id.rsplit_once(':').and_then(|(identity, revision)| {
        let (namespace, name) = identity.split_once('/')?;
        Some((namespace, name, revision.parse::<i64>().ok()?))
    });
    let Some((namespace, name, revision)) = parsed else {
        return Ok(None);
    };
    let history = deploy::history(&context.local, namespace, name).await?;
    let mut history: Vec<Release> = history.into_iter().map(|stored| stored.release).collect();
    let Some(at) = history.iter().position(|release| release.version == revision) else {
        return Ok(None);
    };
    let release = history.swap_remove(at);
    let previous = history
        .into_iter()
        .filter(|other| other.version < revision)
        .max_by_key(|other| other.version);
    Ok(Some((release, previous)))
}

/// What a look found.
pub(crate) struct Seen {
    pub(crate) release: Arc<Release>,
    pub(crate) drift: Drift,
}

/// Compares the objects of a deployment's release with what is live; `None` where the history has lost the release.
pub(crate) async fn look(
    context: &Context,
    name: &str,
    release_id: &str,
    options: &BundleDeploymentOptions,
) -> Result<Option<Seen>, Problem> {
    let known = match context.releases.get(name, release_id) {
        Some(known) => known,
        None => {
            let Some((release, previous)) = history_of(context, release_id).await? else {
                return Ok(None);
            };
            if let Some(previous) = previous {
                context.releases.put(name, &previous);
            }
            context.releases.put(name, &release);
            let Some(known) = context.releases.get(name, release_id) else {
                return Ok(None);
            };
            known
        }
    };
    let namespace = &known.release.namespace;
    let desired = keyed(context, &known.objects, namespace).await?;
    let previous: BTreeSet<ObjectKey> = keyed(context, &known.previous, namespace)
        .await?
        .into_iter()
        .map(|(key, _)| key)
        .collect();
    let hash = set_hash(&set_id("default", name, &context.options.scope));
    context
        .watches
        .watch(name, &hash, desired.iter().map(|(key, _)| &key.kind))
        .await;
    let marked = live(context, &hash, desired.iter().map(|(key, _)| key).chain(&previous)).await?;
    let patches = options.diff.as_ref().map_or(&[][..], |diff| &diff.compare_patches);
    let mut drift = drift::plan(&desired, marked, &previous, patches);
    for (key, modification) in &mut drift.modified {
        if let Modification::Missing { exists } = modification {
            // Any answer but "not found" counts as existing.
            *exists = !matches!(
                context.local.get(key).await,
                Ok(None) | Err(ClusterError::UnknownKind(_))
            );
        }
    }
    Ok(Some(Seen {
        release: Arc::new(known.release.clone()),
        drift,
    }))
}

/// Objects with their keys as the cluster has them. Kinds that it does not serve keep what the object says.
async fn keyed(context: &Context, objects: &[Value], namespace: &str) -> Result<Vec<(ObjectKey, Value)>, Problem> {
    let mut keyed = Vec::with_capacity(objects.len());
    for object in objects {
        let mut key = ObjectKey::of(object);
        match context.local.is_namespaced(&key.kind).await {
            Ok(true) if key.namespace.is_empty() => namespace.clone_into(&mut key.namespace),
            Ok(false) => key.namespace.clear(),
            Ok(true) | Err(ClusterError::UnknownKind(_)) => {}
            Err(error) => return Err(Problem::Other(format!("{key}: {error}"))),
        }
        keyed.push((key, object.clone()));
    }
    Ok(keyed)
}

/// Live objects with the mark, of the kinds and in the namespaces that the keys name.
async fn live<'a>(
    context: &Context,
    hash: &str,
    keys: impl Iterator<Item = &'a ObjectKey>,
) -> Result<Vec<(ObjectKey, Value)>, Problem> {
    let mut places: BTreeMap<&GroupVersionKind, BTreeSet<&str>> = BTreeMap::new();
    for key in keys {
        places.entry(&key.kind).or_default().insert(&key.namespace);
    }
    let selector = format!("{HASH_LABEL}={hash}");
    let mut found = Vec::new();
    for (kind, namespaces) in places {
        for namespace in namespaces {
            let namespace = (!namespace.is_empty()).then_some(namespace);
            match context.local.list(kind, namespace, &selector).await {
                Ok(list) => found.extend(list.into_iter().map(|object| (ObjectKey::of(&object), object))),
                Err(ClusterError::UnknownKind(_) | ClusterError::NotFound(_)) => {}
                Err(error) => return Err(Problem::Other(format!("listing {kind}: {error}"))),
            }
        }
    }
    Ok(found)
}

/// Puts what was seen into a status.
pub(crate) fn report(
    status: &mut BundleDeploymentStatus,
    seen: &Seen,
    options: &BundleDeploymentOptions,
    context: &Context,
    now: Timestamp,
) {
    let mut how = ReadinessOptions::at(now).with_error_mapping(&context.options.error_mapping);
    how.ignored_conditions = options
        .ignore
        .as_ref()
        .map(|ignore| {
            ignore
                .conditions
                .iter()
                .map(|pairs| pairs.clone().into_iter().collect())
                .collect()
        })
        .unwrap_or_default();
    let mut non_ready: Vec<NonReadyStatus> = Vec::new();
    let mut resources: Vec<BundleDeploymentResource> = Vec::new();
    for (key, live) in &seen.drift.live {
        let summary = readiness::summarize(live, &how);
        let created = object::text(live, "/metadata/creationTimestamp");
        resources.push(BundleDeploymentResource {
            kind: key.kind.kind.clone(),
            api_version: key.kind.api_version(),
            namespace: key.namespace.clone(),
            name: key.name.clone(),
            created_at: (!created.is_empty()).then(|| Time(created.to_owned())),
        });
        if !readiness::is_ready(&summary) {
            non_ready.push(NonReadyStatus {
                uid: object::text(live, "/metadata/uid").to_owned(),
                kind: key.kind.kind.clone(),
                api_version: key.kind.api_version(),
                namespace: key.namespace.clone(),
                name: key.name.clone(),
                summary,
            });
        }
    }
    non_ready.sort_by(|a, b| a.uid.cmp(&b.uid));
    let modified = seen.drift.modified_status();
    status.resource_counts = counts(&resources, &modified, &non_ready);
    status.resources = resources;
    status.ready = non_ready.is_empty();
    status.non_modified = modified.is_empty();
    status.incomplete_state = non_ready.len() > LONGEST_LIST || modified.len() > LONGEST_LIST;
    let message = match (non_ready.first(), modified.first()) {
        (Some(first), _) => Some(non_ready_text(first)),
        (None, Some(first)) => Some(modified_text(first)),
        (None, None) => None,
    };
    status.non_ready_status = non_ready;
    status.non_ready_status.truncate(LONGEST_LIST);
    status.modified_status = modified;
    status.modified_status.truncate(LONGEST_LIST);
    conditions::set_error(&mut status.conditions, "Ready", message.as_deref(), now);
}

fn counts(
    resources: &[BundleDeploymentResource],
    modified: &[ModifiedStatus],
    non_ready: &[NonReadyStatus],
) -> ResourceCounts {
    let identity =
        |api_version: &str, kind: &str, namespace: &str, name: &str| format!("{api_version}/{kind}/{namespace}/{name}");
    let mut counts = ResourceCounts::default();
    let mut changed = BTreeSet::new();
    for entry in modified {
        if entry.missing {
            counts.missing += 1;
        } else if entry.delete {
            counts.orphaned += 1;
        } else {
            counts.modified += 1;
            changed.insert(identity(&entry.api_version, &entry.kind, &entry.namespace, &entry.name));
        }
    }
    let alone = |entry: &&NonReadyStatus| {
        !changed.contains(&identity(
            &entry.api_version,
            &entry.kind,
            &entry.namespace,
            &entry.name,
        ))
    };
    counts.not_ready = non_ready.iter().filter(alone).count() as i64;
    counts.desired_ready = resources.len() as i64 + counts.missing;
    counts.ready = resources.len() as i64 - counts.modified - counts.not_ready;
    counts
}
