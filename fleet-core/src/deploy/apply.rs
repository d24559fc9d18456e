//! Bringing the objects of a release to the cluster.
//!
//! Which request an object costs: one read, and one write where it is missing or not as wanted. Server-side apply is used
//! for releases that were installed with it; others get patches computed here (strategic for kinds that Kubernetes has
//! types for, RFC 7386 for the rest), or a replacement where that is forced.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{DeployError, ReleaseContent};
use crate::cluster::{Cluster, ClusterError, ClusterPatch};
use crate::drift;
use crate::helm::release::Release;
use crate::object::{self, GroupVersionKind, ObjectKey};

const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const RELEASE_NAME: &str = "meta.helm.sh/release-name";
const RELEASE_NAMESPACE: &str = "meta.helm.sh/release-namespace";
const RESOURCE_POLICY: &str = "helm.sh/resource-policy";

/// How objects are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct How {
    pub(super) server_side: bool,
    pub(super) force: bool,
    pub(super) force_conflicts: bool,
}

/// The release that objects belong to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owner<'a> {
    pub(super) release: &'a str,
    pub(super) namespace: &'a str,
}

impl<'a> Owner<'a> {
    pub(super) fn of(release: &'a Release) -> Self {
        Self {
            release: &release.name,
            namespace: &release.namespace,
        }
    }
}

fn failed(action: &'static str, object: &ObjectKey) -> impl FnOnce(ClusterError) -> DeployError {
    let object = Box::new(object.clone());
    move |source| DeployError::Object { action, object, source }
}

/// Whether objects of a kind of this release live in namespaces: the cluster's answer, or that of a definition which the
/// release itself brings.
async fn is_namespaced(
    cluster: &dyn Cluster,
    kind: &GroupVersionKind,
    brought: &BTreeMap<(String, String), bool>,
) -> Result<bool, ClusterError> {
    match cluster.is_namespaced(kind).await {
        Err(ClusterError::UnknownKind(unknown)) => brought
            .get(&(kind.group.clone(), kind.kind.clone()))
            .copied()
            .ok_or(ClusterError::UnknownKind(unknown)),
        other => other,
    }
}

/// Kinds that the custom resource definitions among objects define.
fn brought(objects: &[Value], definitions: &[Value]) -> BTreeMap<(String, String), bool> {
    let all = objects.iter().chain(definitions);
    let definitions = all.filter(|object| object::kind(object) == "CustomResourceDefinition");
    definitions
        .map(|object| {
            let key = (
                object::text(object, "/spec/group"),
                object::text(object, "/spec/names/kind"),
            );
            (
                (key.0.to_owned(), key.1.to_owned()),
                object::text(object, "/spec/scope") == "Namespaced",
            )
        })
        .collect()
}

/// The objects of a release with their keys: namespaced ones without a namespace get the release's.
pub(super) async fn resolve(
    cluster: &dyn Cluster,
    content: &ReleaseContent,
) -> Result<Vec<(ObjectKey, Value)>, DeployError> {
    resolve_objects(
        cluster,
        &content.objects,
        &content.definitions,
        &content.namespace,
        true,
    )
    .await
}

/// The objects of a stored revision with their keys. Kinds that the cluster does not serve any more are left out: their
/// objects went with them.
pub(super) async fn resolve_manifest(
    cluster: &dyn Cluster,
    release: &Release,
) -> Result<Vec<(ObjectKey, Value)>, DeployError> {
    let objects = super::manifest_objects(&release.manifest);
    resolve_objects(cluster, &objects, &[], &release.namespace, false).await
}

async fn resolve_objects(
    cluster: &dyn Cluster,
    objects: &[Value],
    definitions: &[Value],
    namespace: &str,
    strict: bool,
) -> Result<Vec<(ObjectKey, Value)>, DeployError> {
    let brought = brought(objects, definitions);
    let mut kinds: BTreeMap<GroupVersionKind, bool> = BTreeMap::new();
    let mut resolved = Vec::with_capacity(objects.len());
    for object in objects {
        let mut key = ObjectKey::of(object);
        let namespaced = match kinds.get(&key.kind) {
            Some(namespaced) => *namespaced,
            None => match is_namespaced(cluster, &key.kind, &brought).await {
                Ok(namespaced) => *kinds.entry(key.kind.clone()).or_insert(namespaced),
                Err(ClusterError::UnknownKind(_)) if !strict => continue,
                Err(source) => {
                    return Err(DeployError::Object {
                        action: "looking up the kind of",
                        object: Box::new(key),
                        source,
                    });
                }
            },
        };
        if !namespaced {
            key.namespace.clear();
        } else if key.namespace.is_empty() {
            namespace.clone_into(&mut key.namespace);
        }
        resolved.push((key, object.clone()));
    }
    Ok(resolved)
}

/// Creates a namespace where it is missing, as Helm's `--create-namespace` does.
pub(super) async fn ensure_namespace(cluster: &dyn Cluster, namespace: &str) -> Result<(), DeployError> {
    let key = ObjectKey::new("v1", "Namespace", "", namespace);
    if cluster.get(&key).await.map_err(failed("reading", &key))?.is_some() {
        return Ok(());
    }
    let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": {"name": namespace}}});
    match cluster.create(&object).await {
        Ok(_) | Err(ClusterError::AlreadyExists(_)) => Ok(()),
        Err(error) => Err(failed("creating", &key)(error)),
    }
}

/// Refuses objects that exist and are not this release's, unless they are to be adopted.
pub(super) async fn check_ownership(
    cluster: &dyn Cluster,
    owner: Owner<'_>,
    objects: &[(ObjectKey, Value)],
    adopt: bool,
) -> Result<(), DeployError> {
    if adopt {
        return Ok(());
    }
    for (key, _) in objects {
        let live = match cluster.get(key).await {
            Ok(live) => live,
            // Its definition comes with this release.
            Err(ClusterError::UnknownKind(_)) => None,
            Err(error) => return Err(failed("reading", key)(error)),
        };
        if let Some(problem) = live.and_then(|live| foreign(&live, owner)) {
            let object = format!("{} {:?} in namespace {:?}", key.kind.kind, key.name, key.namespace);
            return Err(DeployError::Ownership { object, problem });
        }
    }
    Ok(())
}

/// What is missing in an object's metadata for it to be a release's (Helm v4.2.3 ownership check).
fn foreign(live: &Value, owner: Owner<'_>) -> Option<String> {
    let check = |what: &str, key: &str, found: Option<&str>, wanted: &str| match found {
        None => Some(format!("missing key {key:?}: must be set to {wanted:?}")),
        Some(found) if found != wanted => Some(format!(
            "{what} {key:?} must equal {wanted:?}: current value is {found:?}"
        )),
        Some(_) => None,
    };
    let problems = [
        check("key", MANAGED_BY, object::label(live, MANAGED_BY), "Helm")
            .map(|text| format!("label validation error: {text}")),
        check(
            "key",
            RELEASE_NAME,
            object::annotation(live, RELEASE_NAME),
            owner.release,
        ),
        check(
            "key",
            RELEASE_NAMESPACE,
            object::annotation(live, RELEASE_NAMESPACE),
            owner.namespace,
        ),
    ];
    let problems: Vec<String> = problems.into_iter().flatten().collect();
    (!problems.is_empty()).then(|| problems.join("; "))
}

/// Whether a live object is this release's.
fn is_own(live: &Value, owner: Owner<'_>) -> bool {
    foreign(live, owner).is_none()
}

/// Creates the definitions of a chart's `crds/` folder that are missing.
pub(super) async fn create_definitions(cluster: &dyn Cluster, content: &ReleaseContent) -> Result<(), DeployError> {
    for definition in &content.definitions {
        let key = ObjectKey::of(definition);
        match cluster.create(definition).await {
            Ok(_) | Err(ClusterError::AlreadyExists(_)) => {}
            Err(error) => return Err(failed("creating", &key)(error)),
        }
    }
    Ok(())
}

/// Makes the objects of a release those that are wanted: writes what is missing or not as wanted, in the order given, then
/// deletes what only `previous` has, the last to be installed first.
pub(super) async fn replace_all(
    cluster: &dyn Cluster,
    owner: Owner<'_>,
    wanted: &[(ObjectKey, Value)],
    previous: &[(ObjectKey, Value)],
    how: How,
) -> Result<(), DeployError> {
    let before: BTreeMap<&ObjectKey, &Value> = previous.iter().map(|(key, value)| (key, value)).collect();
    for (key, object) in wanted {
        apply_one(cluster, owner, key, object, before.get(key).copied(), how).await?;
    }
    let kept: BTreeSet<&ObjectKey> = wanted.iter().map(|(key, _)| key).collect();
    for (key, old) in previous.iter().rev().filter(|(key, _)| !kept.contains(key)) {
        delete_own(cluster, owner, key, old).await?;
    }
    Ok(())
}

/// Writes one object where it is missing or not as wanted; `true` where it was written.
pub(super) async fn apply_one(
    cluster: &dyn Cluster,
    owner: Owner<'_>,
    key: &ObjectKey,
    wanted: &Value,
    old: Option<&Value>,
    how: How,
) -> Result<bool, DeployError> {
    let owned = with_ownership(wanted, owner, key);
    let live = match cluster.get(key).await {
        Ok(live) => live,
        Err(ClusterError::UnknownKind(_)) => None,
        Err(error) => return Err(failed("reading", key)(error)),
    };
    let Some(live) = live else {
        let created = if how.server_side {
            let patch = ClusterPatch::Apply {
                object: owned,
                force: how.force_conflicts,
            };
            cluster.patch(key, &patch).await
        } else {
            cluster.create(&owned).await
        };
        created.map_err(failed("creating", key))?;
        return Ok(true);
    };
    let same = old.is_none_or(|old| old == wanted);
    if same && drift::difference(&owned, &live, &[]).is_none() {
        return Ok(false);
    }
    let written = if how.force {
        let mut replacement = owned;
        if let (Some(metadata), Some(version)) = (
            replacement.get_mut("metadata").and_then(Value::as_object_mut),
            live.pointer("/metadata/resourceVersion"),
        ) {
            metadata.insert("resourceVersion".to_owned(), version.clone());
        }
        cluster.replace(&replacement).await
    } else if how.server_side {
        apply_fields(cluster, key, owned, how.force_conflicts).await
    } else {
        // What the last revision had and this one has not goes; all else that is live stays.
        let patch = drift::client_side_patch(&owned, old);
        cluster.patch(key, &patch).await
    };
    written
        .map_err(|error| conflict(error, key))
        .map_err(failed("applying", key))?;
    Ok(true)
}

/// Server-side apply. Where Helm itself has worked on the release in between (`helm rollback`, `helm upgrade`), it owns
/// fields of the release's objects under its own name: those are the release's, and taken back. Fleet fails there.
async fn apply_fields(
    cluster: &dyn Cluster,
    key: &ObjectKey,
    object: Value,
    force: bool,
) -> Result<Value, ClusterError> {
    let patch = ClusterPatch::Apply { object, force };
    match (cluster.patch(key, &patch).await, patch) {
        (Err(ClusterError::Conflict(message)), ClusterPatch::Apply { object, force: false })
            if is_conflict_with_helm(&message) =>
        {
            cluster.patch(key, &ClusterPatch::Apply { object, force: true }).await
        }
        (answer, _) => answer,
    }
}

/// Whether a conflict of server-side apply is one with Helm's field manager alone.
fn is_conflict_with_helm(message: &str) -> bool {
    let mut managers = message
        .match_indices("with \"")
        .filter_map(|(at, opening)| message[at + opening.len()..].split('"').next())
        .peekable();
    message.starts_with("Apply failed") && managers.peek().is_some() && managers.all(|manager| manager == "helm")
}

/// A conflict over fields, in Helm's words: trying again cannot cure it.
fn conflict(error: ClusterError, key: &ObjectKey) -> ClusterError {
    match error {
        ClusterError::Conflict(message) if message.starts_with("Apply failed") => ClusterError::Conflict(format!(
            "conflict occurred while applying object {}/{} {}: {message}",
            key.namespace, key.name, key.kind
        )),
        other => other,
    }
}

/// The object with Helm's ownership metadata, which the stored manifest does not have, and its namespace.
fn with_ownership(wanted: &Value, owner: Owner<'_>, key: &ObjectKey) -> Value {
    let mut object = wanted.clone();
    if !key.namespace.is_empty() {
        object::set_namespace(&mut object, &key.namespace);
    } else if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("namespace");
    }
    object::set_label(&mut object, MANAGED_BY, "Helm");
    object::set_annotation(&mut object, RELEASE_NAME, owner.release);
    object::set_annotation(&mut object, RELEASE_NAMESPACE, owner.namespace);
    // Null says nothing in a manifest, and is refused for many fields by server-side apply.
    without_nulls(&mut object);
    object
}

fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            let kept: Map<String, Value> = std::mem::take(map)
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .collect();
            *map = kept;
            map.values_mut().for_each(without_nulls);
        }
        Value::Array(list) => list.iter_mut().for_each(without_nulls),
        _ => {}
    }
}

/// Deletes an object that a release had, if it still is this release's and is not to be kept.
pub(super) async fn delete_own(
    cluster: &dyn Cluster,
    owner: Owner<'_>,
    key: &ObjectKey,
    old: &Value,
) -> Result<(), DeployError> {
    if object::annotation(old, RESOURCE_POLICY) == Some("keep") {
        return Ok(());
    }
    let live = match cluster.get(key).await {
        Ok(Some(live)) => live,
        Ok(None) | Err(ClusterError::UnknownKind(_)) => return Ok(()),
        Err(error) => return Err(failed("reading", key)(error)),
    };
    if object::annotation(&live, RESOURCE_POLICY) == Some("keep") || !is_own(&live, owner) {
        return Ok(());
    }
    // Another set of objects of the same release name took it over.
    let hash = crate::api::labels::OBJECT_SET_HASH;
    if object::label(old, hash).is_some() && object::label(&live, hash) != object::label(old, hash) {
        return Ok(());
    }
    cluster.delete(key).await.map(|_| ()).map_err(failed("deleting", key))
}

#[cfg(test)]
mod tests {
    use super::is_conflict_with_helm;

    #[test]
    fn only_helm_is_one_of_us() {
        for (message, expected) in [
            (
                "Apply failed with 1 conflict: conflict with \"helm\": .data.other",
                true,
            ),
            (
                "Apply failed with 2 conflicts: conflicts with \"helm\" using v1:\n- .data.a\n- .data.b",
                true,
            ),
            (
                "Apply failed with 1 conflict: conflict with \"helm-controller\": .data.other",
                false,
            ),
            (
                "Apply failed with 2 conflicts: conflicts with \"helm\":\n- .data.a\nconflicts with \"kubectl\":\n- .data.b",
                false,
            ),
            ("the object has been modified", false),
        ] {
            assert_eq!(is_conflict_with_helm(message), expected, "{message}");
        }
    }
}
