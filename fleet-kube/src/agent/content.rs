//! The contents of bundles, fetched once and kept while a deployment uses them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use fleet_core::api::{BundleDeployment, Content};
use fleet_core::naming::manifest_of_deployment;
use fleet_core::render::{BundleContent, content};
use kube::api::Api;

use super::Context;
use super::deployment::Problem;

/// Contents by ID, kept as long as somebody holds them.
#[derive(Debug, Default)]
pub(crate) struct Cache(Mutex<BTreeMap<String, Weak<BundleContent>>>);

/// The content of a deployment: its digest is checked against its name and its own.
pub(crate) async fn fetch(context: &Context, deployment: &BundleDeployment) -> Result<Arc<BundleContent>, Problem> {
    if deployment.spec.oci_contents {
        return Err(Problem::Unsupported("contents in an OCI registry"));
    }
    if deployment.spec.helm_chart_options.is_some() {
        return Err(Problem::Unsupported("charts that the agent downloads (HelmOps)"));
    }
    let id = manifest_of_deployment(&deployment.spec.deployment_id).to_owned();
    let lock = || context.contents.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = lock().get(&id).and_then(Weak::upgrade) {
        return Ok(found);
    }
    let contents: Api<Content> = Api::all(context.hub.clone());
    let object = contents.get(&id).await.map_err(|source| Problem::Hub {
        what: format!("content {id}"),
        source,
    })?;
    let resources = content::decode(&object.spec).map_err(Problem::Render)?;
    let unpacked = Arc::new(BundleContent::from_resources(&resources).map_err(Problem::Render)?);
    if unpacked.manifest_id() != id {
        return Err(Problem::Other(format!(
            "content {id} holds the manifest {}",
            unpacked.manifest_id()
        )));
    }
    let mut cache = lock();
    cache.retain(|_, content| content.strong_count() > 0);
    cache.insert(id, Arc::downgrade(&unpacked));
    Ok(unpacked)
}
