//! Helm values that a deployment's options leave to Secrets and ConfigMaps.

use fleet_core::api::{BundleDeployment, BundleDeploymentOptions, GenericMap};
use fleet_core::cluster::Cluster;
use fleet_core::naming::deployment_values_hash;
use fleet_core::object::ObjectKey;
use fleet_core::render::{release_identity, values_references};
use fleet_core::yaml;
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;
use kube::api::Api;
use serde_json::{Map, Value};

use super::Context;
use super::deployment::Problem;

/// The options with the values of the deployment's Secret on the hub, whose hash must be the one that the deployment names.
pub(crate) async fn options(
    context: &Context,
    deployment: &BundleDeployment,
) -> Result<BundleDeploymentOptions, Problem> {
    let mut options = deployment.spec.options.clone();
    let wanted = &deployment.spec.values_hash;
    if wanted.is_empty() {
        return Ok(options);
    }
    let name = deployment.name_any();
    let secrets: Api<Secret> = Api::namespaced(context.hub.clone(), &context.registration.deployment_namespace);
    let secret = secrets.get(&name).await;
    let secret = secret.map_err(|source| Problem::Hub {
        what: format!("values of {name}"),
        source,
    })?;
    let mut data = secret.data.unwrap_or_default();
    let mut take = |key: &str| data.remove(key).map(|value| value.0).unwrap_or_default();
    let (values, staged) = (take("values"), take("stagedValues"));
    let found = deployment_values_hash(&values, &staged);
    if found != *wanted {
        return Err(Problem::Other(format!(
            "values of {name}: hash mismatch: the Secret has {found}, wanted is {wanted}"
        )));
    }
    if !values.is_empty() {
        let values: GenericMap =
            serde_json::from_slice(&values).map_err(|error| Problem::Other(format!("values of {name}: {error}")))?;
        options.helm.get_or_insert_default().values = Some(values);
    }
    Ok(options)
}

/// The values of `valuesFrom`, read on the agent's cluster as the deployment's identity.
pub(crate) async fn referenced(
    cluster: &dyn Cluster,
    name: &str,
    options: &BundleDeploymentOptions,
) -> Result<Vec<Map<String, Value>>, Problem> {
    let (_, namespace) = release_identity(name, options, "default");
    let mut values = Vec::new();
    for reference in values_references(options, &namespace) {
        let key = ObjectKey::new("v1", reference.kind, &reference.namespace, &reference.name);
        let what = || format!("key {:?} of {key} in valuesFrom", reference.key);
        let found = cluster
            .get(&key)
            .await
            .map_err(|error| Problem::Other(format!("{}: {error}", what())))?;
        let found = found.ok_or_else(|| Problem::Other(format!("{}: the object does not exist", what())))?;
        let text = text_of(&found, reference.kind, &reference.key)
            .ok_or_else(|| Problem::Other(format!("{}: there is no such key", what())))?;
        let read = yaml::read_object(&text).map_err(|error| Problem::Other(format!("{}: {error}", what())))?;
        values.push(read);
    }
    Ok(values)
}

fn text_of(found: &Value, kind: &str, key: &str) -> Option<String> {
    use base64::Engine;
    let text = found.get("data")?.get(key)?.as_str()?;
    if kind != "Secret" {
        return Some(text.to_owned());
    }
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).ok()?;
    String::from_utf8(bytes).ok()
}
