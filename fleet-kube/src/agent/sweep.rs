//! Releases whose deployment is gone, or that go by an old name.
//!
//! A release is this agent's when its chart says so by annotation; the deployment that it belongs to is named there, too.

use std::collections::BTreeMap;
use std::sync::Arc;

use fleet_core::api::BundleDeployment;
use fleet_core::deploy::{self, Stored, UninstallOptions};
use fleet_core::helm::release::Release;
use fleet_core::render::release_identity;
use kube::api::Api;

use super::Context;
use super::deployment::{Problem, SystemClock};

const BUNDLE_ID: &str = "fleet.cattle.io/bundle-id";
const AGENT_NAMESPACE: &str = "fleet.cattle.io/agent-namespace";
const KEEP_RESOURCES: &str = "fleet.cattle.io/keep-resources";

fn annotation<'a>(release: &'a Release, key: &str) -> &'a str {
    release.chart.metadata.annotations.get(key).map_or("", String::as_str)
}

/// This agent's releases by namespace and name, each with its revisions, oldest first.
async fn own_releases(context: &Context) -> Result<BTreeMap<(String, String), Vec<Stored>>, Problem> {
    let found = deploy::releases(&context.local, None)
        .await
        .map_err(|error| Problem::Other(error.to_string()))?;
    let mut releases: BTreeMap<(String, String), Vec<Stored>> = BTreeMap::new();
    for stored in found {
        let release = &stored.release;
        let own = annotation(release, AGENT_NAMESPACE) == context.options.namespace;
        if own && !annotation(release, BUNDLE_ID).is_empty() {
            let key = (release.namespace.clone(), release.name.clone());
            releases.entry(key).or_default().push(stored);
        }
    }
    for revisions in releases.values_mut() {
        revisions.sort_by_key(|stored| stored.release.version);
    }
    Ok(releases)
}

async fn uninstall(context: &Context, revisions: &[Stored]) -> Result<(), Problem> {
    let Some(last) = revisions.last() else { return Ok(()) };
    let bundle = annotation(&last.release, BUNDLE_ID);
    // The agent's own bundle, should it be one of Fleet's, must not take itself away.
    let keep = annotation(&last.release, KEEP_RESOURCES) == "true" || bundle.starts_with("fleet-agent");
    let options = if keep {
        UninstallOptions::keeping_resources()
    } else {
        UninstallOptions::default()
    };
    deploy::uninstall(&context.local, &SystemClock, revisions, &options).await?;
    tracing::info!(release = %last.release.name, namespace = %last.release.namespace, %bundle, keep, "uninstalled");
    Ok(())
}

/// Uninstalls every release of a deployment that is gone.
pub(crate) async fn uninstall_bundle(context: &Context, name: &str) -> Result<(), Problem> {
    for revisions in own_releases(context).await?.values() {
        if revisions
            .last()
            .is_some_and(|last| annotation(&last.release, BUNDLE_ID) == name)
        {
            uninstall(context, revisions).await?;
        }
    }
    Ok(())
}

/// Uninstalls releases of a deployment other than the one that it has now. What the new release took over stays.
pub(crate) async fn remove_other_releases(context: &Context, name: &str, current: &Release) -> Result<(), Problem> {
    for ((namespace, release), revisions) in &own_releases(context).await? {
        let other = *namespace != current.namespace || *release != current.name;
        if other
            && revisions
                .last()
                .is_some_and(|last| annotation(&last.release, BUNDLE_ID) == name)
        {
            uninstall(context, revisions).await?;
        }
    }
    Ok(())
}

/// Sweeps at once, for what happened while no agent ran, then every interval.
pub(crate) async fn run(context: Arc<Context>) {
    loop {
        if let Err(error) = sweep(&context).await {
            tracing::warn!(%error, "sweep failed");
        }
        let interval = context.options.garbage_collection_interval;
        tokio::select! {
            () = tokio::time::sleep(interval) => {}
            () = context.queue.closed() => return,
        }
    }
}

/// Uninstalls releases whose deployment the hub confirms to be gone, and those whose deployment goes by another release.
/// One that fails keeps no other.
async fn sweep(context: &Context) -> Result<(), Problem> {
    let api: Api<BundleDeployment> = Api::namespaced(context.hub.clone(), &context.registration.deployment_namespace);
    for ((namespace, release), revisions) in &own_releases(context).await? {
        let Some(last) = revisions.last() else { continue };
        let name = annotation(&last.release, BUNDLE_ID);
        let orphan = match context.deployment(name) {
            Some(deployment) => {
                let applied = deployment
                    .status
                    .as_ref()
                    .map_or("", |status| status.applied_deployment_id.as_str());
                let (wanted, wanted_namespace) = release_identity(name, &deployment.spec.options, "default");
                // Only once the release that it has now is there.
                applied == deployment.spec.deployment_id && (*release != wanted || *namespace != wanted_namespace)
            }
            None => {
                let live = api.get_opt(name).await;
                live.map_err(|source| Problem::Hub {
                    what: format!("deployment {name}"),
                    source,
                })?
                .is_none()
            }
        };
        if orphan && let Err(error) = uninstall(context, revisions).await {
            tracing::warn!(%error, %release, %namespace, "orphaned release cannot be uninstalled");
        }
    }
    Ok(())
}
