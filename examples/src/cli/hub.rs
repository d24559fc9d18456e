//! The objects of a hub, for commands that look at all of it. Nothing is written.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use fleet_core::api::{self as fleet_api, labels};
use fleet_kube::kube::{
    Client,
    api::{Api, ApiResource, DynamicObject, GroupVersionKind, ListParams},
};
use serde_json::Value;

/// Kinds of Fleet that say which clusters there are.
const INVENTORY: [&str; 3] = ["Cluster", "ClusterGroup", "BundleNamespaceMapping"];
/// Kinds of Fleet that say what is deployed there.
const DEPLOYED: [&str; 3] = ["Bundle", "BundleDeployment", "GitRepo"];
/// Objects of one answer.
const PAGE: u32 = 500;

/// Fleet's objects, the Secrets with their values, and the namespaces; not the Contents.
pub async fn read(client: &Client) -> Result<Vec<Value>> {
    let mut objects = inventory(client).await?;
    for kind in DEPLOYED {
        objects.extend(list(client, fleet_api::GROUP, fleet_api::VERSION, kind, "").await?);
    }
    for kind in [labels::BUNDLE_VALUES_SECRET, labels::BUNDLE_DEPLOYMENT_SECRET] {
        objects.extend(list(client, "", "v1", "Secret", &format!("type={kind}")).await?);
    }
    Ok(objects)
}

/// Clusters, groups, mappings and namespaces.
pub async fn inventory(client: &Client) -> Result<Vec<Value>> {
    let mut objects = list(client, "", "v1", "Namespace", "").await?;
    for kind in INVENTORY {
        objects.extend(list(client, fleet_api::GROUP, fleet_api::VERSION, kind, "").await?);
    }
    Ok(objects)
}

/// Contents by name; those that are gone are left out.
pub async fn contents(client: &Client, names: &BTreeSet<String>) -> Result<Vec<Value>> {
    let api: Api<DynamicObject> = Api::all_with(
        client.clone(),
        &resource(fleet_api::GROUP, fleet_api::VERSION, "Content"),
    );
    let mut found = Vec::new();
    for name in names {
        if let Some(object) = api
            .get_opt(name)
            .await
            .with_context(|| format!("reading Content {name}"))?
        {
            found.push(value(object, "Content")?);
        }
    }
    Ok(found)
}

async fn list(client: &Client, group: &str, version: &str, kind: &str, fields: &str) -> Result<Vec<Value>> {
    let api: Api<DynamicObject> = Api::all_with(client.clone(), &resource(group, version, kind));
    let mut parameters = ListParams::default().limit(PAGE);
    if !fields.is_empty() {
        parameters = parameters.fields(fields);
    }
    let mut objects = Vec::new();
    loop {
        let page = api.list(&parameters).await;
        let page = page.with_context(|| format!("listing {kind} objects"))?;
        for object in page.items {
            objects.push(value(object, kind)?);
        }
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => parameters.continue_token = Some(token),
            None => return Ok(objects),
        }
    }
}

fn resource(group: &str, version: &str, kind: &str) -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind))
}

/// Lists do not say what their items are.
fn value(object: DynamicObject, kind: &str) -> Result<Value> {
    let mut value = serde_json::to_value(object)?;
    value["kind"] = kind.into();
    Ok(value)
}
