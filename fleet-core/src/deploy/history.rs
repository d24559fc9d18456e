//! The records of a release: Secrets in its namespace, one a revision.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Clock, DeployError};
use crate::cluster::{Cluster, ClusterError, ClusterPatch};
use crate::helm::release::storage::{self, SECRET_KEY, SECRET_TYPE, Write};
use crate::helm::release::{Release, ReleaseStatus, decode, encode};
use crate::object::{self, GroupVersionKind, ObjectKey};

/// A revision as it is stored.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Stored {
    /// The revision.
    pub release: Release,
    /// Labels of its Secret, which later writes keep.
    labels: BTreeMap<String, String>,
}

fn secrets() -> GroupVersionKind {
    GroupVersionKind::new("v1", "Secret")
}

/// The revisions of a release, oldest first. A record that cannot be read is an error: going on without it could install
/// a second time over what is there.
///
/// # Errors
///
/// [`DeployError::Records`], [`DeployError::Record`].
pub async fn history(cluster: &dyn Cluster, namespace: &str, name: &str) -> Result<Vec<Stored>, DeployError> {
    let found = cluster
        .list(&secrets(), Some(namespace), &storage::history_selector(name))
        .await;
    let found = found.map_err(|source| records(namespace, name, source))?;
    let mut stored = Vec::with_capacity(found.len());
    for secret in &found {
        if let Some(release) = read(secret) {
            stored.push(release.map_err(|source| DeployError::Record {
                name: name.to_owned(),
                source,
            })?);
        }
    }
    stored.sort_by_key(|stored: &Stored| stored.release.version);
    Ok(stored)
}

/// Every revision of every release of a namespace (`None`: of all), in no order. Records that cannot be read are left out.
///
/// # Errors
///
/// What the cluster answered.
pub async fn releases(cluster: &dyn Cluster, namespace: Option<&str>) -> Result<Vec<Stored>, ClusterError> {
    let found = cluster.list(&secrets(), namespace, storage::OWNER_SELECTOR).await?;
    Ok(found.iter().filter_map(|secret| read(secret)?.ok()).collect())
}

fn read(secret: &Value) -> Option<Result<Stored, crate::helm::release::ReleaseError>> {
    if object::text(secret, "/type") != SECRET_TYPE {
        return None;
    }
    let data = STANDARD
        .decode(object::text(secret, &format!("/data/{SECRET_KEY}")))
        .ok()?;
    let labels: BTreeMap<String, String> = secret
        .pointer("/metadata/labels")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect();
    Some(decode(&data).map(|mut release| {
        release.labels = storage::custom_labels(&labels);
        if release.namespace.is_empty() {
            object::namespace(secret).clone_into(&mut release.namespace);
        }
        Stored { release, labels }
    }))
}

fn records(namespace: &str, name: &str, source: ClusterError) -> DeployError {
    DeployError::Records {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        source,
    }
}

fn key_of(release: &Release) -> ObjectKey {
    ObjectKey::new(
        "v1",
        "Secret",
        &release.namespace,
        &storage::secret_name(&release.name, release.version),
    )
}

fn data_of(release: &Release) -> Result<String, DeployError> {
    let data = encode(release).map_err(|source| DeployError::Record {
        name: release.name.clone(),
        source,
    })?;
    Ok(STANDARD.encode(data))
}

/// Stores a revision that is new.
pub(super) async fn create(cluster: &dyn Cluster, clock: &dyn Clock, release: Release) -> Result<Stored, DeployError> {
    let labels = storage::labels(&release, Write::Create, clock.now().as_second());
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": SECRET_TYPE,
        "metadata": {"name": key_of(&release).name, "namespace": release.namespace, "labels": labels},
        "data": {SECRET_KEY: data_of(&release)?},
    });
    match cluster.create(&secret).await {
        Ok(_) => Ok(Stored { release, labels }),
        Err(source) => Err(records(&release.namespace, &release.name, source)),
    }
}

/// Stores a revision again.
pub(super) async fn update(cluster: &dyn Cluster, clock: &dyn Clock, stored: &mut Stored) -> Result<(), DeployError> {
    let release = &stored.release;
    let mut labels = stored.labels.clone();
    labels.extend(storage::labels(release, Write::Update, clock.now().as_second()));
    let patch = ClusterPatch::Merge(json!({"metadata": {"labels": labels}, "data": {SECRET_KEY: data_of(release)?}}));
    let patched = cluster.patch(&key_of(release), &patch).await;
    patched.map_err(|source| records(&release.namespace, &release.name, source))?;
    stored.labels = labels;
    Ok(())
}

/// Marks the revisions that are deployed as superseded, by the one that is about to be recorded as such.
pub(super) async fn supersede(
    cluster: &dyn Cluster,
    clock: &dyn Clock,
    stored: &mut [Stored],
) -> Result<(), DeployError> {
    let is_deployed = |stored: &&mut Stored| stored.release.info.status == ReleaseStatus::Deployed;
    for old in stored.iter_mut().filter(is_deployed) {
        old.release.info.status = ReleaseStatus::Superseded;
        update(cluster, clock, old).await?;
    }
    Ok(())
}

/// Deletes a revision; one that is gone already is no error.
pub(super) async fn delete(cluster: &dyn Cluster, release: &Release) -> Result<(), DeployError> {
    let deleted = cluster.delete(&key_of(release)).await;
    deleted
        .map(|_| ())
        .map_err(|source| records(&release.namespace, &release.name, source))
}

/// Deletes the oldest revisions until `keep` are left; the deployed one always stays.
pub(super) async fn prune(cluster: &dyn Cluster, stored: &mut Vec<Stored>, keep: usize) -> Result<(), DeployError> {
    let mut surplus = stored.len().saturating_sub(keep.max(1));
    let mut kept = Vec::with_capacity(stored.len());
    for revision in stored.drain(..) {
        if surplus > 0 && revision.release.info.status != ReleaseStatus::Deployed {
            delete(cluster, &revision.release).await?;
            surplus -= 1;
        } else {
            kept.push(revision);
        }
    }
    *stored = kept;
    Ok(())
}
