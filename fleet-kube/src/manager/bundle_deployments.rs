//! BundleDeployments and the Secrets with their values.
//!
//! Values leave the deployment's options for a Secret of its name (`values`, `stagedValues`); `valuesHash` ties the two
//! together, so an agent that sees one before the other waits.

use std::collections::BTreeMap;
use std::sync::Arc;

use fleet_core::api::{BundleDeployment, BundleDeploymentOptions, BundleDeploymentSpec, GenericMap, labels};
use fleet_core::naming::deployment_values_hash;
use fleet_core::target::Target;
use fleet_core::yaml::json;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, DeleteParams, ObjectMeta, PostParams};
use kube::{Resource, ResourceExt};

use super::inventory::Inventory;
use super::{Context, During, ReconcileError, write};
use crate::watch::{Change, key_of};

/// Writes a target's deployment where it differs; gives it as it is then.
pub(crate) async fn write(
    context: &Context,
    target: &Target,
    name: &str,
    labels: BTreeMap<String, String>,
    mut spec: BundleDeploymentSpec,
    current: Option<Arc<BundleDeployment>>,
) -> Result<Arc<BundleDeployment>, ReconcileError> {
    let namespace = target.cluster.deployment_namespace.clone().unwrap_or_default();
    let during = || format!("deployment {namespace}/{name}");
    // Options that were kept from the deployment that is there have had their values taken already; the hash says whether
    // the Secret holds them.
    let kept = current.as_ref().map(|found| &found.spec);
    let released = kept.is_none_or(|kept| kept.deployment_id != spec.deployment_id) || spec.options.helm_has_values();
    let staged = kept.is_none_or(|kept| kept.staged_deployment_id != spec.staged_deployment_id)
        || spec.staged_options.helm_has_values();
    let values = take_values(&mut spec.options);
    let staged_values = take_values(&mut spec.staged_options);
    let rewrite = if released || staged {
        let old = match kept {
            // A held-back deployment keeps the values that its Secret has for what it runs.
            Some(kept) if !released && !kept.values_hash.is_empty() => read_values(context, &namespace, name).await?,
            _ => None,
        };
        let values = if released { values } else { old.unwrap_or_default() };
        spec.values_hash = if values.is_empty() && staged_values.is_empty() {
            String::new()
        } else {
            deployment_values_hash(&values, &staged_values)
        };
        // Where there were no values and are none, there is no Secret and nothing to remove.
        let old_hash = kept.map_or("", |kept| kept.values_hash.as_str());
        (old_hash != spec.values_hash).then_some((values, staged_values))
    } else {
        None
    };
    let api: Api<BundleDeployment> = Api::namespaced(context.client.clone(), &namespace);
    let written = match current {
        None => {
            let mut deployment = BundleDeployment::new(name, spec);
            deployment.metadata.namespace = Some(namespace.clone());
            deployment.metadata.labels = Some(labels);
            deployment.metadata.finalizers = Some(vec![labels::BUNDLE_DEPLOYMENT_FINALIZER.to_owned()]);
            match api.create(&PostParams::default(), &deployment).await {
                Err(kube::Error::Api(answer)) if answer.is_already_exists() => {
                    let found = api.get(name).await.during(during)?;
                    context.take(Change::Applied(found), Inventory::deployment);
                    return Err(ReconcileError::Other(format!("{}: it was there already", during())));
                }
                other => other.during(during)?,
            }
        }
        Some(found) if found.spec == spec && same_labels(&found, &labels) => return Ok(found),
        Some(found) => {
            let mut replacement = found.as_ref().clone();
            replacement.spec = spec;
            replacement.metadata.labels = Some(labels);
            api.replace(name, &PostParams::default(), &replacement)
                .await
                .during(during)?
        }
    };
    if let Some((values, staged_values)) = rewrite {
        write_values(context, &written, values, staged_values)
            .await
            .during(|| format!("values of {}", during()))?;
    }
    context.take(Change::Applied(written.clone()), Inventory::deployment);
    Ok(Arc::new(written))
}

/// The commit alone is no reason for a write: the label names the commit that changed the deployment last.
fn same_labels(found: &BundleDeployment, wanted: &BTreeMap<String, String>) -> bool {
    let mut found = found.labels().clone();
    found.remove(labels::COMMIT);
    found
        .iter()
        .eq(wanted.iter().filter(|(key, _)| key.as_str() != labels::COMMIT))
}

trait HasValues {
    fn helm_has_values(&self) -> bool;
}

impl HasValues for BundleDeploymentOptions {
    fn helm_has_values(&self) -> bool {
        self.helm
            .as_ref()
            .and_then(|helm| helm.values.as_ref())
            .is_some_and(|values| !values.is_empty())
    }
}

/// Takes the values out of options; as JSON, empty where there are none.
fn take_values(options: &mut BundleDeploymentOptions) -> Vec<u8> {
    let values = options.helm.as_mut().and_then(|helm| helm.values.take());
    let values = values.filter(|values: &GenericMap| !values.is_empty());
    values.and_then(|values| json::to_vec(&values).ok()).unwrap_or_default()
}

async fn read_values(context: &Context, namespace: &str, name: &str) -> Result<Option<Vec<u8>>, ReconcileError> {
    let secrets: Api<Secret> = Api::namespaced(context.client.clone(), namespace);
    let secret = secrets
        .get_opt(name)
        .await
        .during(|| format!("values of deployment {namespace}/{name}"))?;
    let data = secret
        .and_then(|secret| secret.data)
        .and_then(|mut data| data.remove("values"));
    Ok(data.map(|values| values.0))
}

async fn write_values(
    context: &Context,
    deployment: &BundleDeployment,
    values: Vec<u8>,
    staged_values: Vec<u8>,
) -> Result<(), kube::Error> {
    let namespace = deployment.namespace().unwrap_or_default();
    let secrets: Api<Secret> = Api::namespaced(context.client.clone(), &namespace);
    let name = deployment.name_any();
    if values.is_empty() && staged_values.is_empty() {
        return match secrets.delete(&name, &DeleteParams::default()).await {
            Err(kube::Error::Api(answer)) if answer.is_not_found() => Ok(()),
            other => other.map(|_| ()),
        };
    }
    let secret = Secret {
        metadata: ObjectMeta {
            name: Some(name),
            namespace: Some(namespace),
            owner_references: deployment.owner_ref(&()).map(|owner| vec![owner]),
            ..ObjectMeta::default()
        },
        type_: Some(labels::BUNDLE_DEPLOYMENT_SECRET.to_owned()),
        data: Some(BTreeMap::from([
            ("values".to_owned(), ByteString(values)),
            ("stagedValues".to_owned(), ByteString(staged_values)),
        ])),
        ..Secret::default()
    };
    write::ensure(&secrets, &secret).await.map(|_| ())
}

/// Deletes a deployment: the agent uninstalls when it sees it go. The finalizer holds nothing up.
pub(crate) async fn delete(context: &Context, deployment: &BundleDeployment) -> Result<(), kube::Error> {
    let namespace = deployment.namespace().unwrap_or_default();
    let name = deployment.name_any();
    let api: Api<BundleDeployment> = Api::namespaced(context.client.clone(), &namespace);
    if deployment.metadata.deletion_timestamp.is_none() {
        match api.delete(&name, &DeleteParams::default()).await {
            Err(kube::Error::Api(answer)) if answer.is_not_found() => {
                context.take(Change::Deleted(key_of(deployment)), Inventory::deployment);
                return Ok(());
            }
            other => {
                other?;
            }
        }
    }
    let Some(found) = api.get_opt(&name).await? else {
        return Ok(());
    };
    write::remove_finalizer(&api, &found, labels::BUNDLE_DEPLOYMENT_FINALIZER).await
}
