//! BundleDeployments and the Secrets with their values.
//!
//! Values leave the deployment's options for a Secret of its name (`values`, `stagedValues`); `valuesHash` ties the two
//! together, so an agent that sees one before the other waits. Such a Secret that somebody changes or deletes is put back.

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
use crate::watch::{Change, Key, key_of};

/// Key of the values of what runs.
const VALUES: &str = "values";
/// Key of the values of what is staged.
const STAGED_VALUES: &str = "stagedValues";

/// Writes a target's deployment where it differs, and its values where the Secret has others; gives it as it is then.
/// `target_id` is the deployment ID of what the target gets now.
pub(crate) async fn write(
    context: &Context,
    target: &Target,
    target_id: &str,
    name: &str,
    labels: BTreeMap<String, String>,
    mut spec: BundleDeploymentSpec,
    current: Option<Arc<BundleDeployment>>,
) -> Result<Arc<BundleDeployment>, ReconcileError> {
    let namespace = target.cluster.deployment_namespace.clone().unwrap_or_default();
    let during = || format!("deployment {namespace}/{name}");
    let key = (namespace.clone(), name.to_owned());
    let kept = current.as_ref().map(|found| &found.spec);
    let rewrite = values(context, &key, target, target_id, &mut spec, kept).await?;
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
        Some(found) if found.spec == spec && same_labels(&found, &labels) => {
            if let Some(values) = rewrite {
                write_values(context, &found, values)
                    .await
                    .during(|| format!("values of {}", during()))?;
            }
            return Ok(found);
        }
        Some(found) => {
            let mut replacement = found.as_ref().clone();
            replacement.spec = spec;
            replacement.metadata.labels = Some(labels);
            api.replace(name, &PostParams::default(), &replacement)
                .await
                .during(during)?
        }
    };
    if let Some(values) = rewrite {
        write_values(context, &written, values)
            .await
            .during(|| format!("values of {}", during()))?;
    }
    context.take(Change::Applied(written.clone()), Inventory::deployment);
    Ok(Arc::new(written))
}

/// What a values Secret holds, as JSON; empty where there are none.
#[derive(Debug, Default)]
struct Values {
    released: Vec<u8>,
    staged: Vec<u8>,
}

/// Takes the values out of a spec and sets their hash; gives them where the Secret has to be written.
///
/// Options that were kept from the deployment that is there have lost theirs already. Where they are what the target gets
/// now, its values are known all the same; what a deployment runs that is held back is in the Secret alone.
async fn values(
    context: &Context,
    key: &Key,
    target: &Target,
    target_id: &str,
    spec: &mut BundleDeploymentSpec,
    kept: Option<&BundleDeploymentSpec>,
) -> Result<Option<Values>, ReconcileError> {
    let kept_hash = kept.map_or("", |kept| kept.values_hash.as_str());
    let known = |id: &str, options: &mut BundleDeploymentOptions| {
        let taken = take_values(options);
        if id == target_id {
            let values = target.options.helm.as_ref().and_then(|helm| helm.values.as_ref());
            Some(values.map(encoded).unwrap_or_default())
        } else if !taken.is_empty() || id.is_empty() || kept_hash.is_empty() {
            Some(taken)
        } else {
            None
        }
    };
    let released = known(&spec.deployment_id, &mut spec.options);
    let staged = known(&spec.staged_deployment_id, &mut spec.staged_options);
    let values = match (released, staged, kept) {
        (Some(released), Some(staged), _) => Values { released, staged },
        (_, _, Some(kept))
            if kept.deployment_id == spec.deployment_id && kept.staged_deployment_id == spec.staged_deployment_id =>
        {
            return Ok(None);
        }
        (released, staged, kept) => {
            let old = read_values(context, key).await?;
            // What was staged may have been released.
            let of = |id: &str| match kept {
                Some(kept) if kept.deployment_id == id => old.released.clone(),
                Some(kept) if kept.staged_deployment_id == id => old.staged.clone(),
                _ => Vec::new(),
            };
            Values {
                released: released.unwrap_or_else(|| of(&spec.deployment_id)),
                staged: staged.unwrap_or_else(|| of(&spec.staged_deployment_id)),
            }
        }
    };
    spec.values_hash = values.hash();
    let is_there = || context.inventory().values_hash(key) == Some(spec.values_hash.as_str());
    // Where there were no values and are none, there is no Secret and nothing to remove.
    let rewrite = kept_hash != spec.values_hash || !spec.values_hash.is_empty() && !is_there();
    Ok(rewrite.then_some(values))
}

impl Values {
    fn hash(&self) -> String {
        hash(&self.released, &self.staged)
    }
}

/// The hash of values; empty where there are none.
fn hash(released: &[u8], staged: &[u8]) -> String {
    if released.is_empty() && staged.is_empty() {
        String::new()
    } else {
        deployment_values_hash(released, staged)
    }
}

/// The hash of what a Secret holds; `None` for one that is none of a deployment's.
pub(crate) fn hash_of(secret: &Secret) -> Option<String> {
    if secret.type_.as_deref() != Some(labels::BUNDLE_DEPLOYMENT_SECRET) {
        return None;
    }
    let data = |key: &str| {
        let bytes = secret.data.as_ref().and_then(|data| data.get(key));
        bytes.map_or(&[][..], |bytes| bytes.0.as_slice())
    };
    Some(hash(data(VALUES), data(STAGED_VALUES)))
}

/// The commit alone is no reason for a write: the label names the commit that changed the deployment last.
fn same_labels(found: &BundleDeployment, wanted: &BTreeMap<String, String>) -> bool {
    let mut found = found.labels().clone();
    found.remove(labels::COMMIT);
    found
        .iter()
        .eq(wanted.iter().filter(|(key, _)| key.as_str() != labels::COMMIT))
}

/// Takes the values out of options; as JSON, empty where there are none.
fn take_values(options: &mut BundleDeploymentOptions) -> Vec<u8> {
    let values = options.helm.as_mut().and_then(|helm| helm.values.take());
    values.as_ref().map(encoded).unwrap_or_default()
}

/// Values as JSON; empty where there are none.
fn encoded(values: &GenericMap) -> Vec<u8> {
    if values.is_empty() {
        return Vec::new();
    }
    json::to_vec(values).unwrap_or_default()
}

async fn read_values(context: &Context, key: &Key) -> Result<Values, ReconcileError> {
    let secrets: Api<Secret> = Api::namespaced(context.client.clone(), &key.0);
    let secret = secrets
        .get_opt(&key.1)
        .await
        .during(|| format!("values of deployment {}/{}", key.0, key.1))?;
    let mut data = secret.and_then(|secret| secret.data).unwrap_or_default();
    let mut take = |key: &str| data.remove(key).map(|bytes| bytes.0).unwrap_or_default();
    Ok(Values {
        released: take(VALUES),
        staged: take(STAGED_VALUES),
    })
}

async fn write_values(context: &Context, deployment: &BundleDeployment, values: Values) -> Result<(), kube::Error> {
    let namespace = deployment.namespace().unwrap_or_default();
    let secrets: Api<Secret> = Api::namespaced(context.client.clone(), &namespace);
    let name = deployment.name_any();
    if values.hash().is_empty() {
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
            (VALUES.to_owned(), ByteString(values.released)),
            (STAGED_VALUES.to_owned(), ByteString(values.staged)),
        ])),
        ..Secret::default()
    };
    let written = write::ensure(&secrets, &secret).await?;
    context.take(Change::Applied(written), Inventory::deployment_values);
    Ok(())
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
