//! What people do to bring a fleet up: create the inventory, a registration token, and the agents' Secrets.

use std::collections::BTreeMap;
use std::time::Duration;

use fleet_core::api::{Cluster, ClusterRegistrationToken, ClusterRegistrationTokenSpec};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::api::{Api, ObjectMeta, Patch, PatchParams, PostParams};
use kube::{Client, Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::{Inventory, LocalError, Member, kube_error};
use crate::agent::AgentOptions;

/// Name of the registration token of each workspace.
const TOKEN: &str = "agents";
/// Time for the manager to make a token's Secret.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(30);

/// Creates what is missing of an inventory on the hub. Clusters get their name as client ID, which agents register with.
pub(super) async fn inventory(hub: &Client, inventory: &Inventory) -> Result<(), LocalError> {
    let mut namespaces: Vec<String> = inventory.clusters.iter().filter_map(ResourceExt::namespace).collect();
    namespaces.extend(inventory.groups.iter().filter_map(ResourceExt::namespace));
    namespaces.extend(inventory.mappings.iter().filter_map(ResourceExt::namespace));
    for namespace in &inventory.namespaces {
        create(&Api::all(hub.clone()), namespace).await?;
    }
    namespaces.sort();
    namespaces.dedup();
    for namespace in &namespaces {
        let made = crate::manager::ensure_namespace(hub, namespace).await;
        made.map_err(kube_error(format!("creating namespace {namespace}")))?;
    }
    for group in &inventory.groups {
        create(
            &Api::namespaced(hub.clone(), &group.namespace().unwrap_or_default()),
            group,
        )
        .await?;
    }
    for mapping in &inventory.mappings {
        create(
            &Api::namespaced(hub.clone(), &mapping.namespace().unwrap_or_default()),
            mapping,
        )
        .await?;
    }
    for cluster in &inventory.clusters {
        let api: Api<Cluster> = Api::namespaced(hub.clone(), &cluster.namespace().unwrap_or_default());
        let mut wanted = cluster.clone();
        if wanted.spec.client_id.is_empty() {
            wanted.spec.client_id = client_id(&wanted.namespace().unwrap_or_default(), &wanted.name_any());
        }
        create(&api, &wanted).await?;
        let namespace = cluster.status.as_ref().map_or("", |status| status.namespace.as_str());
        if !namespace.is_empty() {
            let patch = Patch::Merge(json!({"status": {"namespace": namespace}}));
            let patched = api
                .patch_status(&cluster.name_any(), &PatchParams::default(), &patch)
                .await;
            patched.map_err(kube_error(format!("status of cluster {}", cluster.name_any())))?;
        }
    }
    Ok(())
}

fn client_id(namespace: &str, name: &str) -> String {
    format!("{namespace}-{name}")
}

async fn create<T>(api: &Api<T>, object: &T) -> Result<(), LocalError>
where
    T: Resource<DynamicType = ()> + Clone + std::fmt::Debug + DeserializeOwned + Serialize,
{
    match api.create(&PostParams::default(), object).await {
        Err(kube::Error::Api(answer)) if answer.is_already_exists() => Ok(()),
        other => {
            let kind = T::kind(&());
            other
                .map(|_| ())
                .map_err(kube_error(format!("creating {kind} {}", object.name_any())))
        }
    }
}

/// The values of a workspace's registration token, once the manager has made them.
pub(super) async fn token(hub: &Client, namespace: &str) -> Result<Vec<u8>, LocalError> {
    let mut token = ClusterRegistrationToken::new(TOKEN, ClusterRegistrationTokenSpec::default());
    token.metadata.namespace = Some(namespace.to_owned());
    create(&Api::namespaced(hub.clone(), namespace), &token).await?;
    let secrets: Api<Secret> = Api::namespaced(hub.clone(), namespace);
    let deadline = tokio::time::Instant::now() + TOKEN_TIMEOUT;
    let mut pause = Duration::from_millis(2);
    while tokio::time::Instant::now() < deadline {
        let found = secrets
            .get_opt(TOKEN)
            .await
            .map_err(kube_error(format!("reading token {namespace}/{TOKEN}")))?;
        if let Some(values) = found
            .and_then(|secret| secret.data)
            .and_then(|mut data| data.remove("values"))
        {
            return Ok(values.0);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(200));
    }
    Err(LocalError::Token {
        namespace: namespace.to_owned(),
        name: TOKEN.to_owned(),
    })
}

/// Puts the registration token and the client ID where the agent of a cluster looks for them. An agent that has its
/// credentials already gets nothing new.
pub(super) async fn agent(
    hub: &Client,
    member: &Member,
    options: &AgentOptions,
    values: Vec<u8>,
) -> Result<(), LocalError> {
    let local = &member.endpoint.client;
    let what = |what: &str| format!("{what} on cluster {}", member.name);
    let made = crate::manager::ensure_namespace(local, &options.namespace).await;
    made.map_err(kube_error(what("creating the agent's namespace")))?;
    let secrets: Api<Secret> = Api::namespaced(local.clone(), &options.namespace);
    if secrets
        .get_opt("fleet-agent")
        .await
        .map_err(kube_error(what("reading the agent's credentials")))?
        .is_some()
    {
        return Ok(());
    }
    let clusters: Api<Cluster> = Api::namespaced(hub.clone(), &member.namespace);
    let cluster = clusters
        .get(&member.name)
        .await
        .map_err(kube_error(format!("reading cluster {}", member.name)))?;
    let metadata = |name: &str| ObjectMeta {
        name: Some(name.to_owned()),
        namespace: Some(options.namespace.clone()),
        ..ObjectMeta::default()
    };
    let config = ConfigMap {
        metadata: metadata("fleet-agent"),
        data: Some(BTreeMap::from([(
            "config".to_owned(),
            json!({"clientID": cluster.spec.client_id}).to_string(),
        )])),
        ..ConfigMap::default()
    };
    create(&Api::namespaced(local.clone(), &options.namespace), &config).await?;
    let secret = Secret {
        metadata: metadata("fleet-agent-bootstrap"),
        data: Some(BTreeMap::from([("values".to_owned(), ByteString(values))])),
        ..Secret::default()
    };
    create(&secrets, &secret).await
}
