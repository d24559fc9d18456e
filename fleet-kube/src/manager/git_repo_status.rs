//! The status of a GitRepo, written by nobody else: what the last sync found, and the roll-up of its deployments.

use std::sync::PoisonError;

use fleet_core::api::{GitRepo, GitRepoStatus, StatusBase, Time, labels};
use fleet_core::status::rollup::{self, DeploymentView};
use fleet_core::status::{conditions, summary};
use kube::ResourceExt;
use kube::api::Api;

use super::git_repo::Sync;
use super::inventory::Inventory;
use super::{Context, During, Outcome, write};
use crate::watch::{Change, Key};

/// Longest message of a condition; a repository of a thousand broken folders has to fit into one object.
const LONGEST_MESSAGE: usize = 16 * 1024;

pub(crate) async fn reconcile(context: &Context, key: &Key) -> Outcome {
    let Some(repo) = context.inventory().git_repos.get(key).cloned() else {
        return Ok(None);
    };
    if repo.metadata.deletion_timestamp.is_some() {
        return Ok(None);
    }
    let sync = context
        .syncs
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get(key)
        .cloned();
    let status = compute(context, key, &repo, sync.as_ref());
    let api: Api<GitRepo> = Api::namespaced(context.client.clone(), &key.0);
    let patched = write::status(&api, repo.as_ref(), repo.status.as_ref(), &status).await;
    if let Some(patched) = patched.during(|| format!("status of GitRepo {}/{}", key.0, key.1))? {
        context.take(Change::Applied(patched), Inventory::git_repo);
    }
    Ok(None)
}

fn compute(context: &Context, key: &Key, repo: &GitRepo, sync: Option<&Sync>) -> GitRepoStatus {
    let now = jiff::Timestamp::now();
    let mut status = repo.status.clone().unwrap_or_default();
    let base = roll_up(context, key);
    let ready_conditions = std::mem::take(&mut status.base.conditions);
    status.base = base;
    status.base.conditions = ready_conditions;
    let mut problem = None;
    if let Some(sync) = sync {
        problem = synced(&mut status, sync, now);
    } else if let Some(stalled) =
        conditions::get(&status.base.conditions, "Stalled").filter(|stalled| stalled.status == "True")
    {
        // The last process found it; this one has not looked again.
        problem = Some(stalled.message.clone());
    }
    if status.git_job_status != "Current" && !status.git_job_status.is_empty() {
        "GitUpdating".clone_into(&mut status.base.display.state);
    }
    if problem.is_none() {
        problem = bundle_problem(context, key);
    }
    let message = summary::ready_message(&status.base.summary, "Bundle");
    let all = &mut status.base.conditions;
    match (&problem, message.as_str()) {
        (Some(problem), _) => conditions::set_error(all, "Ready", Some(problem), now),
        (None, "") => conditions::set_error(all, "Ready", None, now),
        (None, message) => conditions::set(all, "Ready", "False", "", message, now),
    }
    status
}

/// What the last sync found, in the status; gives what is wrong.
fn synced(status: &mut GitRepoStatus, sync: &Sync, now: jiff::Timestamp) -> Option<String> {
    let moved = sync.polled.is_some() && sync.polled.as_deref() != Some(status.polling_commit.as_str());
    if let Some(polled) = sync.polled.as_ref().filter(|_| moved) {
        status.polling_commit.clone_from(polled);
        // Written with a new commit only: the time of each poll would be a write each time.
        status.last_polling_triggered = Some(Time::from_timestamp(now));
    }
    if let Some(commit) = &sync.commit {
        status.commit.clone_from(commit);
        status.observed_generation = sync.generation;
        status.update_generation = sync.force;
    }
    let all = &mut status.base.conditions;
    conditions::set_error(all, "GitPolling", sync.source_error.as_deref(), now);
    let known = conditions::get(all, "Stalled")
        .filter(|stalled| stalled.status == "True")
        .map(|stalled| stalled.message.clone());
    let problem = match (&sync.source_error, &sync.failures) {
        (Some(error), _) => Some(error.clone()),
        (None, Some(failures)) if failures.is_empty() => None,
        (None, Some(failures)) => Some(shorten(&failures.join("\n"))),
        (None, None) => known,
    };
    conditions::set_error(all, "Accepted", None, now);
    let (job, stalled) = match &problem {
        Some(_) if sync.source_error.is_some() && !status.commit.is_empty() => ("Current", true),
        Some(_) => ("Failed", true),
        None if status.commit.is_empty() => ("InProgress", false),
        None => ("Current", false),
    };
    job.clone_into(&mut status.git_job_status);
    let message = problem.as_deref().unwrap_or_default();
    let (value, reason) = if stalled { ("True", "Stalled") } else { ("False", "") };
    conditions::set(all, "Stalled", value, reason, message, now);
    let reconciling = if job == "InProgress" { "True" } else { "False" };
    conditions::set(all, "Reconciling", reconciling, "", "", now);
    problem
}

fn shorten(text: &str) -> String {
    if text.len() <= LONGEST_MESSAGE {
        return text.to_owned();
    }
    let mut end = LONGEST_MESSAGE;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &text[..end])
}

/// What is wrong with a bundle of this repository that has no deployment to say it: the first by UID.
fn bundle_problem(context: &Context, key: &Key) -> Option<String> {
    let inventory = context.inventory();
    let bundles = inventory.bundles.in_namespace(&key.0).map(|(_, bundle)| bundle);
    let own = bundles.filter(|bundle| bundle.labels().get(labels::REPO_NAME) == Some(&key.1));
    let broken = own.filter_map(|bundle| {
        let ready = conditions::get(&bundle.status.as_ref()?.conditions, "Ready")?;
        (ready.status == "False" && ready.reason == "Error").then(|| (bundle.uid(), ready.message.clone()))
    });
    broken.min().map(|(_, message)| message)
}

fn roll_up(context: &Context, key: &Key) -> StatusBase {
    let deployments = context.inventory().deployments_of_repo(key);
    let nothing = Default::default();
    let names: Vec<[String; 4]> = deployments
        .iter()
        .map(|deployment| {
            let label = |name: &str| deployment.labels().get(name).cloned().unwrap_or_default();
            [
                deployment.name_any(),
                deployment.uid().unwrap_or_default(),
                label(labels::CLUSTER),
                label(labels::CLUSTER_NAMESPACE),
            ]
        })
        .collect();
    let views: Vec<DeploymentView<'_>> = deployments
        .iter()
        .zip(&names)
        .map(|(deployment, [name, uid, cluster, cluster_namespace])| DeploymentView {
            name,
            uid,
            cluster,
            cluster_namespace,
            spec: &deployment.spec,
            status: deployment.status.as_ref().unwrap_or(&nothing),
        })
        .collect();
    rollup::repository_status(&views)
}
