//! The custom resource definitions of Fleet's kinds on a cluster.

use fleet_core::api;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, PostParams};
use kube::{Client, ResourceExt};
use serde_json::Value;

/// Creates the definitions that are missing and updates those that differ; nothing is written where all are there.
///
/// # Errors
///
/// What the API server answered.
pub async fn install(client: &Client) -> Result<(), kube::Error> {
    let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
    for wanted in api::crds() {
        let wanted: CustomResourceDefinition = serde_json::from_value(wanted).map_err(kube::Error::SerdeError)?;
        match definitions.get_opt(&wanted.name_any()).await? {
            None => match definitions.create(&PostParams::default(), &wanted).await {
                Err(kube::Error::Api(status)) if status.is_already_exists() => {}
                other => {
                    other?;
                }
            },
            Some(found) => {
                if !covers(&spec_of(&found)?, &spec_of(&wanted)?) {
                    let mut replacement = wanted;
                    replacement.metadata.resource_version = found.metadata.resource_version;
                    definitions
                        .replace(&replacement.name_any(), &PostParams::default(), &replacement)
                        .await?;
                }
            }
        }
    }
    for definition in api::crds() {
        established(
            &definitions,
            definition["metadata"]["name"].as_str().unwrap_or_default(),
        )
        .await?;
    }
    Ok(())
}

fn spec_of(definition: &CustomResourceDefinition) -> Result<Value, kube::Error> {
    serde_json::to_value(&definition.spec).map_err(kube::Error::SerdeError)
}

/// Whether `found` says all that `wanted` says; what the server added beside it does not count.
fn covers(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::Object(found), Value::Object(wanted)) => wanted
            .iter()
            .all(|(key, value)| found.get(key).is_some_and(|found| covers(found, value))),
        (Value::Array(found), Value::Array(wanted)) => {
            found.len() == wanted.len() && found.iter().zip(wanted).all(|(found, wanted)| covers(found, wanted))
        }
        (found, wanted) => found == wanted,
    }
}

/// Waits until the server serves the kind: it says so in the condition `Established`.
async fn established(definitions: &Api<CustomResourceDefinition>, name: &str) -> Result<(), kube::Error> {
    let condition = kube::runtime::conditions::is_crd_established();
    let wait = kube::runtime::wait::await_condition(definitions.clone(), name, condition);
    match tokio::time::timeout(std::time::Duration::from_secs(30), wait).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(kube::Error::Service(Box::new(error))),
        Err(_) => Err(kube::Error::Service(
            format!("{name} was not established within 30 s").into(),
        )),
    }
}
