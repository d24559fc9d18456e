//! ClusterRegistrations: an agent's request becomes a Cluster (found by client ID, or made), a service account in the
//! cluster's namespace with exactly the rights of an agent, and a Secret with its token that only the registration token
//! of the request may read.
//!
//! The order is Fleet's: nothing is granted before the Cluster has its namespace and the account its token.

use std::collections::BTreeMap;
use std::time::Duration;

use fleet_core::api::{
    Cluster, ClusterRegistration, ClusterRegistrationStatus, ClusterRegistrationToken, ClusterSpec, GROUP, labels,
};
use fleet_core::naming::{credential_secret_name, key_hash, safe_concat};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{Secret, ServiceAccount};
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleRef};
use kube::api::{Api, DeleteParams, ObjectMeta, PostParams};
use kube::{Client, Resource, ResourceExt};

use super::inventory::{Inventory, deployment_namespace};
use super::registration_token::{account_name, role_binding, subject};
use super::service_account::managed;
use super::{Context, During, Outcome, ReconcileError, service_account, write};
use crate::watch::{Change, Key};

/// ClusterRole of agents in their cluster namespace.
const BUNDLE_DEPLOYMENT_ROLE: &str = "fleet-bundle-deployment";
/// ClusterRole of agents on the whole hub.
const CONTENT_ROLE: &str = "fleet-content";
/// Credentials are taken back after this time; the agent has its own copy by then (Fleet: 40 min).
const CREDENTIAL_LIFETIME: Duration = Duration::from_secs(40 * 60);
/// How soon to look again while the server has not filled the account's token in.
const TOKEN_PENDING: Duration = Duration::from_secs(2);

/// The two roles that every agent is bound to.
pub async fn install_roles(client: &Client) -> Result<(), kube::Error> {
    let rule = |groups: &str, resources: &[&str], verbs: &[&str]| PolicyRule {
        api_groups: Some(vec![groups.to_owned()]),
        resources: Some(resources.iter().map(|text| (*text).to_owned()).collect()),
        verbs: verbs.iter().map(|text| (*text).to_owned()).collect(),
        ..PolicyRule::default()
    };
    let roles = [
        (
            BUNDLE_DEPLOYMENT_ROLE,
            vec![
                rule(GROUP, &["bundledeployments"], &["get", "list", "watch"]),
                rule(GROUP, &["bundledeployments/status"], &["update", "patch"]),
                rule("", &["secrets", "configmaps"], &["get"]),
            ],
        ),
        (CONTENT_ROLE, vec![rule(GROUP, &["contents"], &["get"])]),
    ];
    let api: Api<ClusterRole> = Api::all(client.clone());
    for (name, rules) in roles {
        let metadata = ObjectMeta {
            name: Some(name.to_owned()),
            ..ObjectMeta::default()
        };
        write::ensure(
            &api,
            &ClusterRole {
                metadata,
                rules: Some(rules),
                ..ClusterRole::default()
            },
        )
        .await?;
    }
    Ok(())
}

pub(crate) async fn reconcile(context: &Context, key: &Key) -> Outcome {
    let Some(request) = context.inventory().registrations.get(key).cloned() else {
        return Ok(None);
    };
    let granted = request.status.as_ref().is_some_and(|status| status.granted);
    if unmanaged(request.labels()) || request.metadata.deletion_timestamp.is_some() {
        return Ok(None);
    }
    if granted {
        return expire_credentials(context, &request).await;
    }
    let during = || format!("cluster registration {}/{}", key.0, key.1);
    let cluster = cluster_of(context, &request).await?;
    let cluster_name = cluster.name_any();
    let api: Api<ClusterRegistration> = Api::namespaced(context.client.clone(), &key.0);
    let Some(namespace) = deployment_namespace(&cluster) else {
        let status = ClusterRegistrationStatus {
            cluster_name,
            ..Default::default()
        };
        let patched = write::status(&api, &request, request.status.as_ref(), &status)
            .await
            .during(during)?;
        patched
            .into_iter()
            .for_each(|object| context.take(Change::Applied(object), Inventory::registration));
        // The Cluster's change, once it has its namespace, brings this request back.
        return Ok(None);
    };

    let uid = request.metadata.uid.as_deref().unwrap_or_default();
    let account = safe_concat(&[&key.1, uid]);
    let mut metadata = managed(namespace, &account);
    metadata.annotations = Some(BTreeMap::from([
        (labels::CLUSTER.to_owned(), cluster_name.clone()),
        ("fleet.cattle.io/cluster-registration".to_owned(), key.1.clone()),
        (
            "fleet.cattle.io/cluster-registration-namespace".to_owned(),
            key.0.clone(),
        ),
    ]));
    let account = ServiceAccount {
        metadata,
        ..ServiceAccount::default()
    };
    let account = service_account::ensure(&context.client, account).await.during(during)?;
    let Some(bearer) = service_account::token(&context.client, &account).await.during(during)? else {
        return Ok(Some(TOKEN_PENDING));
    };
    delete_older(context, &request).await?;
    grant(context, &request, &cluster, namespace, &account.name_any(), bearer)
        .await
        .during(during)?;

    let status = ClusterRegistrationStatus {
        cluster_name,
        granted: true,
    };
    let patched = write::status(&api, &request, request.status.as_ref(), &status)
        .await
        .during(during)?;
    patched
        .into_iter()
        .for_each(|object| context.take(Change::Applied(object), Inventory::registration));
    Ok(Some(CREDENTIAL_LIFETIME))
}

/// Whether somebody else looks after the object.
pub(crate) fn unmanaged(labels_of: &BTreeMap<String, String>) -> bool {
    labels_of
        .get(labels::CLUSTER_MANAGEMENT)
        .is_some_and(|value| !value.is_empty())
}

/// The Cluster with the request's client ID, made where there is none.
async fn cluster_of(context: &Context, request: &ClusterRegistration) -> Result<Cluster, ReconcileError> {
    let namespace = request.namespace().unwrap_or_default();
    let client_id = &request.spec.client_id;
    let found = {
        let inventory = context.inventory();
        let found = inventory
            .clusters
            .in_namespace(&namespace)
            .find(|(_, cluster)| &cluster.spec.client_id == client_id);
        found.map(|(_, cluster)| cluster.as_ref().clone())
    };
    if let Some(cluster) = found {
        return Ok(cluster);
    }
    let name = safe_concat(&["cluster", &key_hash(client_id)]);
    let during = || format!("cluster {namespace}/{name}");
    let api: Api<Cluster> = Api::namespaced(context.client.clone(), &namespace);
    if let Some(found) = api.get_opt(&name).await.during(during)? {
        if &found.spec.client_id == client_id {
            return Ok(found);
        }
        return Err(ReconcileError::Other(format!(
            "cluster {namespace}/{name} exists with another client ID than that of registration {}",
            request.name_any()
        )));
    }
    let mut cluster = Cluster::new(
        &name,
        ClusterSpec {
            client_id: client_id.clone(),
            ..ClusterSpec::default()
        },
    );
    cluster.metadata.namespace = Some(namespace.clone());
    let mut wanted = if context.options.ignore_cluster_registration_labels {
        BTreeMap::new()
    } else {
        permitted_labels(&request.spec.cluster_labels)
    };
    wanted.insert(labels::CLUSTER.to_owned(), name.clone());
    cluster.metadata.labels = Some(wanted);
    let created = api.create(&PostParams::default(), &cluster).await.during(during)?;
    context.take(Change::Applied(created.clone()), Inventory::cluster);
    Ok(created)
}

/// Labels that an agent may ask for: none with a prefix that targets and Rancher trust, but for the name of its pod.
fn permitted_labels(asked: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let permitted = asked.iter().filter(|(key, _)| {
        key.as_str() == labels::CREATED_BY_AGENT_POD
            || !(key.starts_with("fleet.cattle.io/") || key.starts_with("management.cattle.io/"))
    });
    permitted.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Older requests of the same agent are of no use any more.
async fn delete_older(context: &Context, request: &ClusterRegistration) -> Result<(), ReconcileError> {
    let namespace = request.namespace().unwrap_or_default();
    let older: Vec<String> = {
        let inventory = context.inventory();
        let others = inventory.registrations.in_namespace(&namespace).map(|(_, other)| other);
        let older = others.filter(|other| {
            other.spec.client_id == request.spec.client_id
                && other.spec.client_random != request.spec.client_random
                && other.metadata.name != request.metadata.name
                && other.metadata.creation_timestamp < request.metadata.creation_timestamp
        });
        older.map(|other| other.name_any()).collect()
    };
    let api: Api<ClusterRegistration> = Api::namespaced(context.client.clone(), &namespace);
    for name in older {
        match api.delete(&name, &DeleteParams::default()).await {
            Err(kube::Error::Api(answer)) if answer.is_not_found() => {}
            other => {
                other.during(|| format!("deleting cluster registration {namespace}/{name}"))?;
            }
        }
    }
    Ok(())
}

/// Writes the credential, and the rights of the agent and of its registration token.
async fn grant(
    context: &Context,
    request: &ClusterRegistration,
    cluster: &Cluster,
    cluster_namespace: &str,
    account: &str,
    bearer: Vec<u8>,
) -> Result<(), kube::Error> {
    let client = &context.client;
    let workspace = request.namespace().unwrap_or_default();
    let name = request.name_any();
    let cluster_name = cluster.name_any();
    let registration_namespace = context.options.registration_namespace();
    let credential = credential_secret_name(&request.spec.client_id, &request.spec.client_random);

    // Everything of the workspace goes with the request, and the request with its Cluster.
    let owner = cluster.owner_ref(&());
    let requests: Api<ClusterRegistration> = Api::namespaced(client.clone(), &workspace);
    let mut owned = ClusterRegistration::new(&name, request.spec.clone());
    owned.metadata.namespace = Some(workspace.clone());
    owned.metadata.owner_references = owner.map(|owner| vec![owner]);
    let owned = write::ensure(&requests, &owned).await?;
    context.take(Change::Applied(owned), Inventory::registration);

    let mut in_workspace = managed(&workspace, &name);
    in_workspace.owner_references = request.owner_ref(&()).map(|owner| vec![owner]);
    let patch_status = PolicyRule {
        api_groups: Some(vec![GROUP.to_owned()]),
        resources: Some(vec!["clusters/status".to_owned()]),
        resource_names: Some(vec![cluster_name.clone()]),
        verbs: vec!["patch".to_owned()],
        ..PolicyRule::default()
    };
    let role = Role {
        metadata: in_workspace.clone(),
        rules: Some(vec![patch_status]),
    };
    write::ensure(&Api::namespaced(client.clone(), &workspace), &role).await?;
    let binding = role_binding(in_workspace, "Role", &name, cluster_namespace, account);
    write::ensure(&Api::namespaced(client.clone(), &workspace), &binding).await?;
    let in_cluster = managed(cluster_namespace, &name);
    let binding = role_binding(
        in_cluster,
        "ClusterRole",
        BUNDLE_DEPLOYMENT_ROLE,
        cluster_namespace,
        account,
    );
    write::ensure(&Api::namespaced(client.clone(), cluster_namespace), &binding).await?;
    let contents = ClusterRoleBinding {
        metadata: managed("", &safe_concat(&[&name, "content"])),
        role_ref: RoleRef {
            api_group: "rbac.authorization.k8s.io".to_owned(),
            kind: "ClusterRole".to_owned(),
            name: CONTENT_ROLE.to_owned(),
        },
        subjects: Some(vec![subject(cluster_namespace, account)]),
    };
    write::ensure(&Api::all(client.clone()), &contents).await?;

    let mut metadata = managed(&registration_namespace, &credential);
    metadata
        .labels
        .get_or_insert_default()
        .insert(labels::CLUSTER.to_owned(), cluster_name.clone());
    let text = |text: &str| ByteString(text.as_bytes().to_vec());
    let secret = Secret {
        metadata,
        type_: Some(labels::AGENT_CREDENTIAL_SECRET.to_owned()),
        data: Some(BTreeMap::from([
            ("token".to_owned(), ByteString(bearer)),
            ("deploymentNamespace".to_owned(), text(cluster_namespace)),
            ("clusterNamespace".to_owned(), text(&workspace)),
            ("clusterName".to_owned(), text(&cluster_name)),
            ("systemNamespace".to_owned(), text(&context.options.system_namespace)),
        ])),
        ..Secret::default()
    };
    write::ensure(&Api::namespaced(client.clone(), &registration_namespace), &secret).await?;

    if let Some((token_account, prefix)) = token_account(context, request, &cluster_name) {
        let credentials = safe_concat(&[&prefix, "creds"]);
        let metadata = managed(&registration_namespace, &credentials);
        let role = Role {
            metadata: metadata.clone(),
            rules: Some(vec![PolicyRule {
                api_groups: Some(vec![String::new()]),
                resources: Some(vec!["secrets".to_owned()]),
                resource_names: Some(vec![credential]),
                verbs: vec!["get".to_owned()],
                ..PolicyRule::default()
            }]),
        };
        write::ensure(&Api::namespaced(client.clone(), &registration_namespace), &role).await?;
        let binding = role_binding(metadata, "Role", &credentials, &workspace, &token_account);
        write::ensure(&Api::namespaced(client.clone(), &registration_namespace), &binding).await?;
    }
    Ok(())
}

/// The service account that may read the credential, and what its role is named after: that of the cluster's import
/// token, else that of the token that the request names. Without either the agent can never read it.
fn token_account(context: &Context, request: &ClusterRegistration, cluster: &str) -> Option<(String, String)> {
    let inventory = context.inventory();
    let workspace = request.namespace().unwrap_or_default();
    let find = |name: &str| -> Option<std::sync::Arc<ClusterRegistrationToken>> {
        inventory.tokens.get(&(workspace.clone(), name.to_owned())).cloned()
    };
    if let Some(token) = find(&safe_concat(&[&format!("import-token-{cluster}")])) {
        let account = account_name(&token);
        return Some((account.clone(), account));
    }
    let named = request
        .labels()
        .get(labels::REGISTRATION_TOKEN)
        .filter(|name| !name.is_empty())?;
    let Some(token) = find(named) else {
        tracing::warn!(
            registration = %request.name_any(), token = %named,
            "the registration token is gone: the agent cannot read its credential and has to register anew"
        );
        return None;
    };
    Some((account_name(&token), request.name_any()))
}

/// Takes a credential back once its agent has had the time to copy it.
async fn expire_credentials(context: &Context, request: &ClusterRegistration) -> Outcome {
    let Some(created) = &request.metadata.creation_timestamp else {
        return Ok(None);
    };
    let age = Duration::try_from(jiff::Timestamp::now().duration_since(created.0)).unwrap_or_default();
    if age < CREDENTIAL_LIFETIME {
        return Ok(Some(CREDENTIAL_LIFETIME.saturating_sub(age)));
    }
    let name = credential_secret_name(&request.spec.client_id, &request.spec.client_random);
    let secrets: Api<Secret> = Api::namespaced(context.client.clone(), &context.options.registration_namespace());
    if secrets
        .get_metadata_opt(&name)
        .await
        .during(|| format!("credential {name}"))?
        .is_some()
    {
        secrets
            .delete(&name, &DeleteParams::default())
            .await
            .during(|| format!("deleting credential {name}"))?;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_cannot_claim_labels_that_targets_trust() {
        let asked = BTreeMap::from(
            [
                ("env", "prod"),
                ("fleet.cattle.io/cluster", "other"),
                ("management.cattle.io/cluster-display-name", "prod"),
                ("fleet.cattle.io/created-by-agent-pod", "pod-1"),
            ]
            .map(|(key, value)| (key.to_owned(), value.to_owned())),
        );
        let permitted: Vec<_> = permitted_labels(&asked).into_keys().collect();
        assert_eq!(permitted, ["env", "fleet.cattle.io/created-by-agent-pod"]);
    }
}
