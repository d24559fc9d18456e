//! GitRepos: poll the commit, fetch its tree, scan it into bundles, write those that changed, prune those that are gone.
//!
//! What a sync found is kept in memory; only the roll-up (`git_repo_status`) writes the status, so that a commit costs one
//! write and not one for each step. After a restart the status says which commit was scanned, and nothing is fetched
//! while that is still the newest.

use std::time::Duration;

use fleet_core::api::{Bundle, GitRepo, labels};
use fleet_core::scan::{ScanCache, ScanFailure};
use fleet_core::source::SourceError;
use kube::ResourceExt;
use kube::api::{Api, DeleteParams, ListParams};
use tokio::time::Instant;

use super::inventory::{Inventory, Work};
use super::{Context, During, Outcome, ReconcileError, credentials, git_repo_bundles, write};
use crate::watch::{Change, Key};

/// How soon to look again while bundles of a GitRepo that goes are still there; their own end wakes it earlier.
const DELETION_RETRY: Duration = Duration::from_secs(5);

/// What the last sync of a GitRepo found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sync {
    /// Uid of the GitRepo that this is about.
    uid: String,
    /// Newest commit of the repository.
    pub(crate) polled: Option<String>,
    /// Commit that was scanned last.
    pub(crate) commit: Option<String>,
    /// Generation of the GitRepo at that scan.
    pub(crate) generation: i64,
    /// `forceSyncGeneration` at that scan.
    pub(crate) force: i64,
    /// Why the repository could not be read.
    pub(crate) source_error: Option<String>,
    /// Why folders gave no bundle, or bundles could not be written; `None` before the first scan of this process.
    pub(crate) failures: Option<Vec<String>>,
    /// When the repository was asked last.
    pub(crate) polled_at: Option<Instant>,
    /// Folders as they were read, for the next scan.
    cache: Option<ScanCache>,
}

pub(crate) async fn reconcile(context: &Context, key: &Key) -> Outcome {
    let Some(repo) = context.inventory().git_repos.get(key).cloned() else {
        context
            .syncs
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .remove(key);
        return Ok(None);
    };
    if repo.metadata.deletion_timestamp.is_some() {
        return delete(context, key, &repo).await;
    }
    let api: Api<GitRepo> = Api::namespaced(context.client.clone(), &key.0);
    let patched = write::finalizer(&api, repo.as_ref(), labels::GITREPO_FINALIZER).await;
    if let Some(patched) = patched.during(|| format!("finalizer of GitRepo {}/{}", key.0, key.1))? {
        context.take(Change::Applied(patched), Inventory::git_repo);
    }
    let patched = write::without_display_name(&api, repo.as_ref()).await;
    if let Some(patched) = patched.during(|| format!("labels of GitRepo {}/{}", key.0, key.1))? {
        // The look that its change asks for finds the labels that bundles are to have.
        context.take(Change::Applied(patched), Inventory::git_repo);
        return Ok(None);
    }
    if repo.spec.repo.is_empty() {
        return Ok(None);
    }
    let mut sync = state(context, key, &repo);
    let asked = asked_anew(&sync, &repo);
    let interval = interval(context, &repo);
    if let (Some(polled_at), false) = (sync.polled_at, asked) {
        let elapsed = polled_at.elapsed();
        if elapsed < interval {
            return Ok(Some(interval.saturating_sub(elapsed)));
        }
    }
    sync.polled_at = Some(Instant::now());
    synchronize(context, key, &repo, &mut sync, asked).await;
    context
        .syncs
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .insert(key.clone(), sync);
    context.queue.add(Work::GitRepoStatus(key.clone()));
    Ok(if repo.spec.disable_polling {
        None
    } else {
        Some(interval)
    })
}

/// The state of the last sync; for the first one of this process, what the status says of the one before.
fn state(context: &Context, key: &Key, repo: &GitRepo) -> Sync {
    let uid = repo.metadata.uid.clone().unwrap_or_default();
    let found = context
        .syncs
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .get(key)
        .cloned();
    if let Some(sync) = found.filter(|sync| sync.uid == uid) {
        return sync;
    }
    let status = repo.status.clone().unwrap_or_default();
    Sync {
        uid,
        commit: (!status.commit.is_empty()).then_some(status.commit),
        generation: status.observed_generation,
        force: status.update_generation,
        ..Sync::default()
    }
}

/// Whether somebody asks for a scan whatever the commit is.
fn asked_anew(sync: &Sync, repo: &GitRepo) -> bool {
    sync.generation != repo.metadata.generation.unwrap_or_default() || sync.force != repo.spec.force_sync_generation
}

fn interval(context: &Context, repo: &GitRepo) -> Duration {
    let asked = repo
        .spec
        .polling_interval
        .as_ref()
        .and_then(|interval| interval.to_std());
    asked
        .filter(|interval| !interval.is_zero())
        .unwrap_or(context.options.polling_interval)
}

async fn synchronize(context: &Context, key: &Key, repo: &GitRepo, sync: &mut Sync, asked: bool) {
    let reference = match credentials::reference(context, repo).await {
        Ok(reference) => reference,
        Err(error) => {
            sync.source_error = Some(error.to_string());
            return;
        }
    };
    let timeout = context.options.source_timeout;
    let revision = match timed(timeout, context.source.resolve(&reference)).await {
        Ok(revision) => revision,
        Err(error) => {
            sync.source_error = Some(error);
            return;
        }
    };
    let commit = revision.to_string();
    sync.polled = Some(commit.clone());
    // A scan that left something undone for a cause that may pass is done again at each poll.
    let repeat = sync.failures.as_ref().is_some_and(|failures| !failures.is_empty());
    if sync.commit.as_deref() == Some(commit.as_str()) && !asked && !repeat {
        sync.source_error = None;
        return;
    }
    let tree = match timed(timeout, context.source.tree(&reference, &revision)).await {
        Ok(tree) => tree,
        Err(error) => {
            sync.source_error = Some(error);
            return;
        }
    };
    sync.source_error = None;
    let scanned = git_repo_bundles::scan(context, repo, tree, &commit, sync.cache.take()).await;
    let mut failures: Vec<String> = scanned.failures.iter().map(describe).collect();
    for diagnostic in &scanned.diagnostics {
        tracing::info!(repo = %key.1, namespace = %key.0, %diagnostic, "scan");
    }
    failures.extend(git_repo_bundles::write(context, key, &scanned).await);
    sync.failures = Some(failures);
    sync.cache = Some(scanned.cache);
    sync.commit = Some(commit);
    sync.generation = repo.metadata.generation.unwrap_or_default();
    sync.force = repo.spec.force_sync_generation;
}

/// What a folder's failure reads like in a condition.
fn describe(failure: &ScanFailure) -> String {
    if failure.path.is_empty() {
        failure.error.to_string()
    } else {
        format!("{}: {}", failure.path, failure.error)
    }
}

async fn timed<T>(timeout: Duration, future: impl Future<Output = Result<T, SourceError>>) -> Result<T, String> {
    match tokio::time::timeout(timeout, future).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err(format!("the repository did not answer within {} s", timeout.as_secs())),
    }
}

/// A GitRepo goes after its bundles; they, after their deployments.
async fn delete(context: &Context, key: &Key, repo: &GitRepo) -> Outcome {
    let bundles: Api<Bundle> = Api::namespaced(context.client.clone(), &key.0);
    let selector = format!("{}={}", labels::REPO_NAME, key.1);
    let during = || format!("bundles of GitRepo {}/{}", key.0, key.1);
    // Asked live: a finalizer is not given up because a cache lacks something.
    let found = bundles
        .list_metadata(&ListParams::default().labels(&selector))
        .await
        .during(during)?;
    for bundle in &found.items {
        if bundle.metadata.deletion_timestamp.is_none() {
            match bundles.delete(&bundle.name_any(), &DeleteParams::default()).await {
                Err(kube::Error::Api(answer)) if answer.is_not_found() => {}
                other => {
                    other.during(during)?;
                }
            }
        }
    }
    if !found.items.is_empty() {
        return Ok(Some(DELETION_RETRY));
    }
    let api: Api<GitRepo> = Api::namespaced(context.client.clone(), &key.0);
    let removed = write::remove_finalizer(&api, repo, labels::GITREPO_FINALIZER).await;
    removed.map_err(|source| ReconcileError::Api {
        what: format!("finalizer of GitRepo {}/{}", key.0, key.1),
        source,
    })?;
    Ok(None)
}
