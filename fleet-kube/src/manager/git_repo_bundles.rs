//! From a commit's tree to Bundles on the hub.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fleet_core::api::{Bundle, GitRepo, labels};
use fleet_core::scan::{self, ScanCache, ScanOptions, Scanned, pack};
use fleet_core::tree::archive::{self, ArchiveLimits, EntryKind};
use fleet_core::tree::{Entry, Tree};
use kube::api::{Api, DeleteParams, PostParams, Preconditions};
use kube::{Resource, ResourceExt};

use super::inventory::Inventory;
use super::{Context, bundle_values};
use crate::watch::{Change, Key};

/// Most bytes that a compressed resource may unpack to when it is compared with the one on the hub.
const UNPACKED_LIMIT: u64 = 64 * 1024 * 1024;

/// Scans a tree off the async threads; charts from elsewhere are fetched through the source.
pub(crate) async fn scan(
    context: &Context,
    repo: &GitRepo,
    tree: Arc<Tree>,
    commit: &str,
    cache: Option<ScanCache>,
) -> Scanned {
    let (name, namespace) = (repo.name_any(), repo.namespace().unwrap_or_default());
    let options = ScanOptions::for_git_repo(&name, &namespace, repo.labels(), &repo.spec, commit);
    let started = tokio::task::spawn_blocking(move || match &cache {
        Some(cache) => scan::rescan(cache, &tree, &name, &options),
        None => scan::scan(&tree, &name, &options),
    });
    let Ok(mut scan) = started.await else {
        return Scanned::default();
    };
    for chart in scan.needs().to_vec() {
        match context.source.chart(&chart.request()).await {
            Ok(archive) => match unpack(&archive) {
                Ok(files) => scan.supply(&chart, Arc::new(files)),
                Err(problem) => scan.fail(&chart, problem),
            },
            Err(error) => scan.fail(&chart, error.to_string()),
        }
    }
    // What the charts depend on is known once they are there.
    let dependencies: Vec<_> = scan.dependencies().cloned().collect();
    for dependency in &dependencies {
        match context.source.chart(&dependency.request()).await {
            Ok(archive) => scan.supply_dependency(dependency, archive.into()),
            Err(error) => scan.fail_dependency(dependency, error.to_string()),
        }
    }
    tokio::task::spawn_blocking(move || scan.finish())
        .await
        .unwrap_or_default()
}

/// The files of a chart's archive, as a tree.
fn unpack(archive: &[u8]) -> Result<Tree, String> {
    let mut tree = Tree::new();
    let entries = archive::read_tar_gz(archive, &ArchiveLimits::default()).map_err(|error| error.to_string())?;
    for entry in entries.into_iter().filter(|entry| entry.kind == EntryKind::File) {
        tree.insert(&entry.path, Entry::file(&entry.content))
            .map_err(|error| error.to_string())?;
    }
    Ok(tree)
}

/// Writes the bundles that differ and deletes those that the scan no longer has. Gives what failed.
pub(crate) async fn write(context: &Context, repo: &Key, scanned: &Scanned) -> Vec<String> {
    let mut failures = Vec::new();
    for bundle in &scanned.bundles {
        if let Err(problem) = write_bundle(context, repo, bundle).await {
            failures.push(format!("bundle {}: {problem}", bundle.name));
        }
    }
    failures.extend(prune(context, repo, scanned).await);
    failures
}

async fn write_bundle(context: &Context, repo: &Key, scanned: &scan::Bundle) -> Result<(), String> {
    let key = (scanned.namespace.to_string(), scanned.name.to_string());
    let existing = context.inventory().bundles.get(&key).cloned();
    if let Some(existing) = &existing {
        if existing.metadata.deletion_timestamp.is_some() {
            return Err(format!("the bundle {:?} is being deleted", scanned.name));
        }
        if existing.spec.helm_op_options.is_some() || existing.labels().contains_key(labels::HELM_OP_NAME) {
            return Err(format!("a helmOps bundle with name {:?} already exists", scanned.name));
        }
        let owner = existing.labels().get(labels::REPO_NAME);
        if let Some(owner) = owner.filter(|owner| **owner != repo.1) {
            return Err(format!(
                "it belongs to GitRepo {owner}; give one of the two another name in its fleet.yaml"
            ));
        }
    }
    let (mut spec, values) = bundle_values::split(&scanned.spec);
    if let Some(existing) = &existing {
        pack::keep_known(&mut spec.resources, &existing.spec.resources, UNPACKED_LIMIT);
    }
    let mut wanted = Bundle::new(&scanned.name, spec);
    wanted.metadata.namespace = Some(scanned.namespace.to_string());
    wanted.metadata.labels = Some(BTreeMap::clone(&scanned.labels));
    wanted.metadata.annotations = (!scanned.annotations.is_empty()).then(|| BTreeMap::clone(&scanned.annotations));
    let api: Api<Bundle> = Api::namespaced(context.client.clone(), &scanned.namespace);
    let written = match existing {
        None => {
            // With its finalizer from the start: one write less for each bundle.
            wanted.metadata.finalizers = Some(vec![labels::BUNDLE_FINALIZER.to_owned()]);
            bundle_values::store_ahead(context, &key, &wanted, &values);
            api.create(&PostParams::default(), &wanted).await
        }
        Some(existing) if says_the_same(&existing, &wanted) => return Ok(()),
        Some(existing) => {
            bundle_values::store_ahead(context, &key, &wanted, &values);
            let mut replacement = existing.as_ref().clone();
            replacement.spec = wanted.spec;
            replacement.metadata.labels = wanted.metadata.labels;
            replacement.metadata.annotations = wanted.metadata.annotations;
            replacement.metadata.managed_fields = None;
            api.replace(&scanned.name, &PostParams::default(), &replacement).await
        }
    };
    let written = written.map_err(|error| error.to_string())?;
    bundle_values::write_secret(context, &written, &values)
        .await
        .map_err(|error| error.to_string())?;
    context.take(Change::Applied(written), Inventory::bundle);
    Ok(())
}

/// Whether a Bundle needs no write. The commit alone is no reason: the label names the commit that changed the bundle
/// last, so that a commit costs what it changes.
fn says_the_same(existing: &Bundle, wanted: &Bundle) -> bool {
    let without_commit = |labels_of: Option<&BTreeMap<String, String>>| {
        let mut labels_of = labels_of.cloned().unwrap_or_default();
        labels_of.remove(labels::COMMIT);
        labels_of
    };
    existing.spec == wanted.spec
        && without_commit(existing.meta().labels.as_ref()) == without_commit(wanted.meta().labels.as_ref())
        && existing.annotations() == wanted.annotations()
}

/// Deletes the Bundles of this GitRepo that the scan does not have. A folder that failed keeps its Bundle; where it cannot
/// be known which one that is, nothing is deleted at all.
async fn prune(context: &Context, repo: &Key, scanned: &Scanned) -> Vec<String> {
    if scanned.failures.iter().any(|failure| failure.bundle_name.is_none()) {
        return Vec::new();
    }
    let mut keep: BTreeSet<&str> = scanned.bundles.iter().map(|bundle| &*bundle.name).collect();
    keep.extend(
        scanned
            .failures
            .iter()
            .filter_map(|failure| failure.bundle_name.as_deref()),
    );
    let gone: Vec<(String, Option<String>)> = {
        let inventory = context.inventory();
        let own = inventory
            .bundles
            .in_namespace(&repo.0)
            .map(|(_, bundle)| bundle)
            .filter(|bundle| {
                bundle.labels().get(labels::REPO_NAME) == Some(&repo.1) && bundle.metadata.deletion_timestamp.is_none()
            });
        own.filter(|bundle| !keep.contains(bundle.name_any().as_str()))
            .map(|bundle| (bundle.name_any(), bundle.uid()))
            .collect()
    };
    let api: Api<Bundle> = Api::namespaced(context.client.clone(), &repo.0);
    let mut failures = Vec::new();
    for (name, uid) in gone {
        let preconditions = Some(Preconditions {
            uid,
            ..Preconditions::default()
        });
        let parameters = DeleteParams {
            preconditions,
            ..DeleteParams::default()
        };
        match api.delete(&name, &parameters).await {
            Err(kube::Error::Api(answer)) if answer.is_not_found() || answer.is_conflict() => {}
            Err(error) => failures.push(format!("deleting bundle {name}: {error}")),
            Ok(_) => tracing::info!(bundle = %name, repo = %repo.1, "deleted: the commit does not have it any more"),
        }
    }
    failures
}
