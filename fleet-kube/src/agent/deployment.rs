//! One look at one deployment: uninstall it, leave it, deploy it, correct it; and report.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use fleet_core::api::{BundleDeployment, BundleDeploymentOptions, BundleDeploymentStatus, Condition, labels};
use fleet_core::cluster::{Cluster, ClusterError};
use fleet_core::deploy::{self, Clock, DeployError, DeployOptions, ReleaseContent};
use fleet_core::drift::{Drift, Modification};
use fleet_core::helm::KubeVersion;
use fleet_core::helm::release::{Release, ReleaseStatus};
use fleet_core::labels::Selector;
use fleet_core::object::ObjectKey;
use fleet_core::render::{self, BundleContent, RenderContext, RenderError, release_identity};
use fleet_core::status::{BundleState, conditions, deployment_state, rollup};
use kube::ResourceExt;
use kube::api::{Api, Patch, PatchParams};
use serde_json::json;

use super::{Context, content, monitor, sweep, values};
use crate::cluster::KubeCluster;
use crate::environment::SystemEnvironment;

/// How soon a deployment that waits for others looks again; their change wakes it earlier.
const DEPENDENCY_RETRY: Duration = Duration::from_secs(15);

/// How soon a release that somebody uninstalls is looked at again: its objects are watched, its records are not.
const LEAVING_RETRY: Duration = Duration::from_secs(1);

/// Why a deployment failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error("{what}: {source}")]
    Hub { what: String, source: kube::Error },
    #[error(transparent)]
    Render(#[from] RenderError),
    #[error(transparent)]
    Deploy(#[from] DeployError),
    #[error("dependent bundle(s) are not ready: [{0}]")]
    Dependencies(String),
    #[error("{0} are not supported by this agent")]
    Unsupported(&'static str),
    #[error("{0}")]
    Other(String),
}

impl Problem {
    /// Whether only a change of the deployment can help.
    fn is_final(&self) -> bool {
        match self {
            Self::Render(_) | Self::Unsupported(_) => true,
            Self::Deploy(error) => error.is_final(),
            Self::Hub { .. } | Self::Dependencies(_) => false,
            Self::Other(message) => deploy::is_final(message),
        }
    }
}

/// The system's clock.
pub(crate) struct SystemClock;

#[async_trait::async_trait]
impl Clock for SystemClock {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }

    async fn pause(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// Whether a change of a deployment is one that the agent acts on.
pub(crate) fn asks_anew(old: &BundleDeployment, new: &BundleDeployment) -> bool {
    old.metadata.uid != new.metadata.uid
        || old.spec != new.spec
        || old.metadata.labels != new.metadata.labels
        || old.metadata.annotations != new.metadata.annotations
        || old.metadata.deletion_timestamp != new.metadata.deletion_timestamp
}

/// Deployments that depend on this one.
pub(crate) fn waiting_for(context: &Context, name: &str) -> Vec<String> {
    let all = context.all();
    let Some(this) = all.iter().find(|deployment| deployment.name_any() == name) else {
        return Vec::new();
    };
    let depends = |other: &&Arc<BundleDeployment>| {
        other
            .spec
            .depends_on
            .iter()
            .any(|reference| matches(reference, other, this))
    };
    all.iter().filter(depends).map(|other| other.name_any()).collect()
}

/// Whether a reference of one deployment means another.
fn matches(reference: &fleet_core::api::BundleRef, depender: &BundleDeployment, other: &BundleDeployment) -> bool {
    if reference.name.is_empty() && reference.selector.is_none() {
        return false;
    }
    let label = |of: &BundleDeployment, key: &str| of.labels().get(key).cloned().unwrap_or_default();
    let named = reference.name.is_empty()
        || (label(other, labels::BUNDLE_NAME) == reference.name
            && label(other, labels::BUNDLE_NAMESPACE) == label(depender, labels::BUNDLE_NAMESPACE));
    let selected = reference
        .selector
        .as_ref()
        .is_none_or(|selector| Selector::compile(selector).is_ok_and(|selector| selector.matches(other.labels())));
    named && selected
}

pub(crate) async fn reconcile(context: &Context, name: &str) -> Result<Option<Duration>, Problem> {
    let Some(deployment) = context
        .deployment(name)
        .filter(|found| found.metadata.deletion_timestamp.is_none())
    else {
        return remove(context, name).await;
    };
    let spec = &deployment.spec;
    if spec.paused || spec.off_schedule || spec.waiting_for_values || spec.deployment_id.is_empty() {
        context.watches.forget(name);
        return Ok(None);
    }
    let mut status = deployment.status.clone().unwrap_or_default();
    let now = jiff::Timestamp::now();
    let outcome = deploy_if_needed(context, name, &deployment, &mut status).await;
    let mut result = Ok(None);
    match outcome {
        Ok(()) => conditions::set_error(&mut status.conditions, "Deployed", None, now),
        Err(problem @ Problem::Dependencies(_)) => {
            // Not an error: the state says what it waits for.
            let message = problem.to_string();
            let waiting = BundleState::WaitingForDependency.name();
            conditions::set(&mut status.conditions, "Deployed", "False", waiting, &message, now);
            result = Ok(Some(DEPENDENCY_RETRY));
        }
        Err(problem) if problem.is_final() => fail_for_good(&mut status, &spec.deployment_id, &problem, now),
        Err(problem) => {
            conditions::set_error(&mut status.conditions, "Deployed", Some(&problem.to_string()), now);
            result = Err(problem);
        }
    }
    let installed = !conditions::is(&status.conditions, "Installed", "False");
    if status.applied_deployment_id == spec.deployment_id && installed && !status.release.is_empty() {
        let again = observe(context, name, &deployment, &mut status).await?;
        result = result.map(|after| after.or(again));
    }
    write_status(context, name, &deployment, status).await?;
    result
}

/// The status of a deployment that cannot be cured by trying again.
fn fail_for_good(status: &mut BundleDeploymentStatus, deployment_id: &str, problem: &Problem, now: jiff::Timestamp) {
    let message = problem.to_string();
    status.ready = false;
    status.non_modified = true;
    status.release.clear();
    deployment_id.clone_into(&mut status.applied_deployment_id);
    status.non_ready_status.clear();
    status.modified_status.clear();
    let all: &mut Vec<Condition> = &mut status.conditions;
    conditions::set_error(all, "Deployed", None, now);
    conditions::set_error(all, "Ready", Some(&format!("not ready: {message}")), now);
    conditions::set_error(all, "Installed", Some(&format!("not installed: {message}")), now);
}

async fn deploy_if_needed(
    context: &Context,
    name: &str,
    deployment: &BundleDeployment,
    status: &mut BundleDeploymentStatus,
) -> Result<(), Problem> {
    check_dependencies(context, deployment)?;
    let id = &deployment.spec.deployment_id;
    if *id == status.applied_deployment_id && is_as_recorded(context, status).await? {
        return Ok(());
    }
    let options = values::options(context, deployment).await?;
    if !options.downstream_resources.is_empty() {
        return Err(Problem::Unsupported("downstreamResources"));
    }
    let cluster = identity(context, &options).await?;
    check_namespace(&cluster, name, &options).await?;
    let bundle_content = content::fetch(context, deployment).await?;
    let (release_name, namespace) = release_identity(name, &options, "default");
    let history = deploy::history(&cluster, &namespace, &release_name).await?;
    let made = Made {
        commit: deployment.labels().get(labels::COMMIT).map_or("", String::as_str),
        revision: deploy::next_revision(&history),
    };
    let release_content = rendered(context, &cluster, name, &bundle_content, &options, made).await?;
    let deploy_options = DeployOptions::of(&options);
    let release = deploy::deploy(&cluster, &SystemClock, history, &release_content, &deploy_options).await?;
    let release_id = release_id(&release);
    let moved = moved_from(&status.release, &release_id);
    context.releases.put(name, &release);
    status.release = release_id;
    status.applied_deployment_id.clone_from(id);
    status.sync_generation = (options.force_sync_generation != 0).then_some(options.force_sync_generation);
    conditions::set_error(&mut status.conditions, "Installed", None, jiff::Timestamp::now());
    if moved {
        // The release has another name or namespace now: the old one goes at once, not with a later sweep.
        sweep::remove_other_releases(context, name, &release).await?;
    }
    namespace_metadata(&cluster, &release.namespace, &options).await
}

/// `<namespace>/<name>:<revision>`, as a status has it.
fn release_id(release: &Release) -> String {
    format!("{}/{}:{}", release.namespace, release.name, release.version)
}

fn moved_from(old: &str, new: &str) -> bool {
    let identity = |id: &str| id.rsplit_once(':').map(|(identity, _)| identity.to_owned());
    !old.is_empty() && identity(old) != identity(new)
}

/// Whether the history still has the recorded revision; a failed installation has none and is as recorded. So is a
/// release that somebody else uninstalls, for as long as that may take.
async fn is_as_recorded(context: &Context, status: &BundleDeploymentStatus) -> Result<bool, Problem> {
    if status.release.is_empty() {
        return Ok(true);
    }
    let recorded = monitor::recorded(context, &status.release).await?;
    Ok(recorded.is_some_and(|release| {
        let begun = release.info.deleted.unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let age = jiff::Timestamp::now().duration_since(begun).unsigned_abs();
        release.info.status != ReleaseStatus::Uninstalling || age < deploy::DEFAULT_TIMEOUT
    }))
}

/// When to look again at a release whose objects are missing: at once where its records went too, soon where they are
/// about to.
async fn look_again(context: &Context, release_id: &str, drift: &Drift) -> Result<Option<Duration>, Problem> {
    let is_missing = |modification: &Modification| matches!(modification, Modification::Missing { .. });
    if !drift.modified.iter().any(|(_, modification)| is_missing(modification)) {
        return Ok(None);
    }
    Ok(match monitor::recorded(context, release_id).await? {
        None => Some(Duration::ZERO),
        Some(release) if release.info.status == ReleaseStatus::Uninstalling => Some(LEAVING_RETRY),
        Some(_) => None,
    })
}

fn check_dependencies(context: &Context, deployment: &BundleDeployment) -> Result<(), Problem> {
    let all = context.all();
    let mut waiting = BTreeSet::new();
    for reference in &deployment.spec.depends_on {
        if reference.name.is_empty() && reference.selector.is_none() {
            continue;
        }
        let mut found = all
            .iter()
            .filter(|other| matches(reference, deployment, other))
            .peekable();
        if found.peek().is_none() {
            waiting.insert(if reference.name.is_empty() {
                "(selector)".to_owned()
            } else {
                reference.name.clone()
            });
        }
        for other in found {
            let nothing = BundleDeploymentStatus::default();
            let state = deployment_state(&other.spec, other.status.as_ref().unwrap_or(&nothing));
            let accepted = if reference.accepted_states.is_empty() {
                state == BundleState::Ready
            } else {
                reference
                    .accepted_states
                    .iter()
                    .any(|accepted| accepted == state.name())
            };
            if !accepted {
                waiting.insert(other.name_any());
            }
        }
    }
    if waiting.is_empty() {
        return Ok(());
    }
    Err(Problem::Dependencies(waiting.into_iter().collect::<Vec<_>>().join(" ")))
}

/// The cluster as the deployment's service account sees it: the one that it names, else `fleet-default` where that exists,
/// else the agent's own.
async fn identity(context: &Context, options: &BundleDeploymentOptions) -> Result<KubeCluster, Problem> {
    let namespace = &context.options.namespace;
    let named = !options.service_account.is_empty();
    let name = if named {
        options.service_account.as_str()
    } else {
        "fleet-default"
    };
    let key = ObjectKey::new("v1", "ServiceAccount", namespace, name);
    let found = context.local.get(&key).await;
    let found =
        found.map_err(|error| Problem::Other(format!("looking up service account {namespace}/{name}: {error}")))?;
    match found {
        None if named => Err(Problem::Other(format!(
            "looking up service account {namespace}/{name}: it does not exist"
        ))),
        None => Ok(context.local.clone()),
        Some(_) => {
            let user = format!("system:serviceaccount:{namespace}:{name}");
            let impersonated = context.local.impersonating(&user);
            impersonated
                .map_err(|_| Problem::Other(format!("service account {namespace}/{name} has an impossible name")))
        }
    }
}

/// The namespace that a restriction permits must be there and have the labels.
async fn check_namespace(cluster: &KubeCluster, name: &str, options: &BundleDeploymentOptions) -> Result<(), Problem> {
    let Some(selector) = &options.allowed_target_namespace_selector else {
        return Ok(());
    };
    let (_, namespace) = release_identity(name, options, "default");
    let key = ObjectKey::new("v1", "Namespace", "", &namespace);
    let found = cluster
        .get(&key)
        .await
        .map_err(|error| Problem::Other(error.to_string()))?;
    let found = found.ok_or_else(|| {
        Problem::Other(format!(
            "target namespace {namespace} does not exist on downstream cluster"
        ))
    })?;
    let selector = Selector::compile(selector).map_err(|error| Problem::Other(error.to_string()))?;
    let own: std::collections::BTreeMap<String, String> = found
        .pointer("/metadata/labels")
        .and_then(|labels| serde_json::from_value(labels.clone()).ok())
        .unwrap_or_default();
    if selector.matches(&own) {
        return Ok(());
    }
    Err(Problem::Other(format!(
        "labels of target namespace {namespace} do not match the allowed target namespaces"
    )))
}

/// What a release is made of, beside content and options.
#[derive(Clone, Copy)]
struct Made<'a> {
    commit: &'a str,
    revision: i64,
}

async fn rendered(
    context: &Context,
    cluster: &KubeCluster,
    name: &str,
    bundle_content: &Arc<BundleContent>,
    options: &BundleDeploymentOptions,
    made: Made<'_>,
) -> Result<ReleaseContent, Problem> {
    let capabilities = cluster
        .capabilities()
        .await
        .map_err(|error| Problem::Other(error.to_string()))?;
    let values_from = values::referenced(cluster, name, options).await?;
    let scopes = context.watches.scopes();
    let forced = !options.namespace.is_empty();
    if forced {
        scopes.learn(cluster, bundle_content).await;
    }
    let is_cluster_scoped = |api_version: &str, kind: &str| scopes.is_cluster_scoped(api_version, kind);
    let mut render_context = RenderContext::default();
    render_context.commit = made.commit;
    render_context.revision = made.revision;
    render_context.agent_scope = &context.options.scope;
    render_context.agent_namespace = &context.options.namespace;
    if let Ok(version) = KubeVersion::parse(&capabilities.kube_version) {
        render_context.capabilities.kube_version = version;
    }
    render_context.capabilities.api_versions = capabilities.api_versions.into();
    render_context.values_from = &values_from;
    if forced {
        render_context.is_cluster_scoped = Some(&is_cluster_scoped);
    }
    let environment = SystemEnvironment::new(true).with_cluster(cluster);
    render_context.environment = Some(&environment);
    let rendered = tokio::task::block_in_place(|| render::render(name, bundle_content, options, &render_context))?;
    for warning in &rendered.warnings {
        tracing::warn!(deployment = %name, %warning, "rendering");
    }
    Ok(rendered.into())
}

/// Labels and annotations of the release's namespace. What pod security reads is never taken from options, and stays.
async fn namespace_metadata(
    cluster: &KubeCluster,
    namespace: &str,
    options: &BundleDeploymentOptions,
) -> Result<(), Problem> {
    if options.namespace_labels.is_empty() && options.namespace_annotations.is_empty() {
        return Ok(());
    }
    let key = ObjectKey::new("v1", "Namespace", "", namespace);
    let problem = |error: ClusterError| Problem::Other(format!("namespace {namespace}: {error}"));
    let found = cluster.get(&key).await.map_err(problem)?;
    let found = found.ok_or_else(|| Problem::Other(format!("namespace {namespace}: it does not exist")))?;
    let map = |pointer: &str| -> std::collections::BTreeMap<String, String> {
        found
            .pointer(pointer)
            .and_then(|map| serde_json::from_value(map.clone()).ok())
            .unwrap_or_default()
    };
    let security = |key: &str| key.starts_with("pod-security.kubernetes.io/") || key.starts_with("pod-security.");
    let (old_labels, old_annotations) = (map("/metadata/labels"), map("/metadata/annotations"));
    let mut wanted: std::collections::BTreeMap<String, String> = options
        .namespace_labels
        .iter()
        .filter(|(key, _)| !security(key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let kept = old_labels
        .iter()
        .filter(|(key, _)| security(key) || *key == "kubernetes.io/metadata.name");
    wanted.extend(kept.map(|(key, value)| (key.clone(), value.clone())));
    let changes = |old: &std::collections::BTreeMap<String, String>,
                   new: &std::collections::BTreeMap<String, String>| {
        fleet_core::object::merge_patch::diff(&json!(old), &json!(new))
    };
    let labels = changes(&old_labels, &wanted);
    let annotations = if options.namespace_annotations.is_empty() {
        json!({})
    } else {
        changes(
            &old_annotations,
            &options.namespace_annotations.clone().into_iter().collect(),
        )
    };
    if labels == json!({}) && annotations == json!({}) {
        return Ok(());
    }
    let patch = json!({"metadata": {"labels": labels, "annotations": annotations}});
    let patched = cluster
        .patch(&key, &fleet_core::cluster::ClusterPatch::Merge(patch))
        .await;
    patched.map(|_| ()).map_err(problem)
}

/// What is there of the release, compared with what should be; drift is corrected where that is asked. Gives when to look
/// again.
async fn observe(
    context: &Context,
    name: &str,
    deployment: &BundleDeployment,
    status: &mut BundleDeploymentStatus,
) -> Result<Option<Duration>, Problem> {
    let options = &deployment.spec.options;
    let correct = deployment
        .spec
        .correct_drift
        .clone()
        .or_else(|| options.correct_drift.clone());
    let now = jiff::Timestamp::now();
    let mut seen = match monitor::look(context, name, &status.release, options).await {
        Ok(Some(seen)) => seen,
        Ok(None) => return Ok(Some(LEAVING_RETRY)),
        Err(error) => {
            conditions::set_error(&mut status.conditions, "Monitored", Some(&error.to_string()), now);
            return Ok(None);
        }
    };
    if let Some(correct) = correct.filter(|correct| correct.enabled)
        && !seen.drift.modified.is_empty()
        && context.watches.may_correct(name)
    {
        let drifted: BTreeSet<ObjectKey> = seen
            .drift
            .modified
            .iter()
            .filter(|(_, modification)| !matches!(modification, Modification::Extra))
            .map(|(key, _)| key.clone())
            .collect();
        let cluster = identity(context, options).await?;
        match deploy::correct_drift(&cluster, &seen.release, &drifted, correct.force).await {
            Ok(written) if written > 0 => {
                tracing::info!(deployment = %name, written, "drift corrected");
                if let Some(again) = monitor::look(context, name, &status.release, options).await? {
                    seen = again;
                }
            }
            Ok(_) => {}
            Err(error) => {
                monitor::report(status, &seen, options, context, now);
                conditions::set_error(&mut status.conditions, "Ready", Some(&error.to_string()), now);
                return Ok(None);
            }
        }
    }
    monitor::report(status, &seen, options, context, now);
    conditions::set_error(&mut status.conditions, "Monitored", None, now);
    look_again(context, &status.release, &seen.drift).await
}

async fn write_status(
    context: &Context,
    name: &str,
    deployment: &BundleDeployment,
    mut status: BundleDeploymentStatus,
) -> Result<(), Problem> {
    // With its columns, so that the manager need not write them.
    status.display = rollup::deployment_display(&deployment.spec, &status);
    let old = deployment.status.clone().unwrap_or_default();
    let value = |status: &BundleDeploymentStatus| serde_json::to_value(status).unwrap_or_default();
    let patch = fleet_core::object::merge_patch::diff(&value(&old), &value(&status));
    if patch == json!({}) {
        return Ok(());
    }
    let api: Api<BundleDeployment> = Api::namespaced(context.hub.clone(), &context.registration.deployment_namespace);
    let patched = api
        .patch_status(name, &PatchParams::default(), &Patch::Merge(json!({"status": patch})))
        .await;
    match patched {
        Ok(written) => {
            context.store(written);
            for waiting in waiting_for(context, name) {
                context.queue.add(waiting);
            }
            Ok(())
        }
        Err(kube::Error::Api(answer)) if answer.is_not_found() => Ok(()),
        Err(source) => Err(Problem::Hub {
            what: format!("status of {name}"),
            source,
        }),
    }
}

/// Uninstalls what a deployment left, once the hub confirms that it is gone or going.
async fn remove(context: &Context, name: &str) -> Result<Option<Duration>, Problem> {
    context.watches.forget(name);
    let api: Api<BundleDeployment> = Api::namespaced(context.hub.clone(), &context.registration.deployment_namespace);
    let live = api.get_opt(name).await.map_err(|source| Problem::Hub {
        what: format!("deployment {name}"),
        source,
    })?;
    if let Some(live) = live.filter(|live| live.metadata.deletion_timestamp.is_none()) {
        // It is there after all: the watch will bring it, or has lost it.
        context.store(live);
        return Ok(Some(Duration::ZERO));
    }
    sweep::uninstall_bundle(context, name).await?;
    context.releases.remove(name);
    Ok(None)
}
