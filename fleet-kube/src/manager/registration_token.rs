//! ClusterRegistrationTokens: for each a service account that may create ClusterRegistrations and nothing else, and the
//! Secret with the values that an agent registers with.

use std::time::Duration;

use fleet_core::api::{ClusterRegistrationToken, ClusterRegistrationTokenStatus, Time, labels};
use fleet_core::naming::safe_concat;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{Secret, ServiceAccount};
use k8s_openapi::api::rbac::v1::{PolicyRule, Role, RoleBinding, RoleRef, Subject};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::api::{Api, DeleteParams};
use kube::{Resource, ResourceExt};
use serde_json::json;

use super::inventory::Inventory;
use super::{Context, During, Outcome, service_account, write};
use crate::watch::{Change, Key};

/// How soon to look again while the server has not filled the account's token in.
const TOKEN_PENDING: Duration = Duration::from_secs(2);

pub(crate) async fn reconcile(context: &Context, key: &Key) -> Outcome {
    let Some(token) = context.inventory().tokens.get(key).cloned() else {
        return Ok(None);
    };
    if token.metadata.deletion_timestamp.is_some() {
        return Ok(None);
    }
    let api: Api<ClusterRegistrationToken> = Api::namespaced(context.client.clone(), &key.0);
    let ttl = token
        .spec
        .ttl
        .as_ref()
        .and_then(|ttl| ttl.to_std())
        .filter(|ttl| !ttl.is_zero());
    let expires = ttl.and_then(|ttl| Some((token.metadata.creation_timestamp.as_ref()?.0, ttl)));
    let expires =
        expires.and_then(|(created, ttl)| created.checked_add(jiff::SignedDuration::try_from(ttl).ok()?).ok());
    let now = jiff::Timestamp::now();
    let required = context.options.registration_token_ttl_required && ttl.is_none();
    if required || expires.is_some_and(|expires| expires <= now) {
        match api.delete(&key.1, &DeleteParams::default()).await {
            Err(kube::Error::Api(answer)) if answer.is_not_found() => {}
            Err(error) if required => {
                return Err(error).during(|| format!("deleting registration token {}/{}", key.0, key.1));
            }
            _ => {}
        }
        return Ok(None);
    }

    let account_name = account_name(&token);
    let during = || format!("registration token {}/{}", key.0, key.1);
    let owner: Vec<OwnerReference> = token.owner_ref(&()).into_iter().collect();
    let metadata = |name: &str| {
        let mut metadata = service_account::managed(&key.0, name);
        metadata.owner_references = Some(owner.clone());
        metadata
    };
    let account = ServiceAccount {
        metadata: metadata(&account_name),
        ..ServiceAccount::default()
    };
    let account = service_account::ensure(&context.client, account).await.during(during)?;
    let role_name = format!("{account_name}-role");
    let role = Role {
        metadata: metadata(&role_name),
        rules: Some(vec![PolicyRule {
            api_groups: Some(vec![fleet_core::api::GROUP.to_owned()]),
            resources: Some(vec!["clusterregistrations".to_owned()]),
            verbs: vec!["create".to_owned()],
            ..PolicyRule::default()
        }]),
    };
    write::ensure(&Api::namespaced(context.client.clone(), &key.0), &role)
        .await
        .during(during)?;
    let binding = role_binding(
        metadata(&format!("{account_name}-to-role")),
        "Role",
        &role_name,
        &key.0,
        &account_name,
    );
    write::ensure(&Api::namespaced(context.client.clone(), &key.0), &binding)
        .await
        .during(during)?;

    let mut status = ClusterRegistrationTokenStatus {
        expires: expires.map(Time::from_timestamp),
        ..Default::default()
    };
    let bearer = service_account::token(&context.client, &account).await.during(during)?;
    if let Some(bearer) = &bearer {
        let secret = Secret {
            metadata: metadata(&key.1),
            type_: Some(labels::CLUSTER_REGISTRATION_VALUES_SECRET.to_owned()),
            data: Some(
                [(
                    "values".to_owned(),
                    ByteString(values(context, key, bearer).into_bytes()),
                )]
                .into(),
            ),
            ..Secret::default()
        };
        write::ensure(&Api::namespaced(context.client.clone(), &key.0), &secret)
            .await
            .during(during)?;
        status.secret_name = key.1.clone();
    }
    if let Some(patched) = write::status(&api, &token, token.status.as_ref(), &status)
        .await
        .during(during)?
    {
        context.take(Change::Applied(patched), Inventory::token);
    }
    if bearer.is_none() {
        return Ok(Some(TOKEN_PENDING));
    }
    let remaining = expires.and_then(|expires| Duration::try_from(expires.duration_since(now)).ok());
    Ok(remaining)
}

/// Name of a token's service account.
pub(crate) fn account_name(token: &ClusterRegistrationToken) -> String {
    safe_concat(&[&token.name_any(), token.metadata.uid.as_deref().unwrap_or_default()])
}

/// The values that `helm install fleet-agent` takes (Fleet's registration token controller).
fn values(context: &Context, key: &Key, bearer: &[u8]) -> String {
    let mut values = json!({
        "clusterNamespace": key.0,
        "apiServerURL": context.options.api_server_url,
        "apiServerCA": context.options.api_server_ca,
        "token": String::from_utf8_lossy(bearer),
        "systemRegistrationNamespace": context.options.registration_namespace(),
        "tokenName": key.1,
    });
    if context.options.system_namespace != "cattle-fleet-system" {
        values["internal"] = json!({"systemNamespace": context.options.system_namespace});
    }
    // JSON is YAML; the fallback is unreachable for text that holds no control characters.
    fleet_core::yaml::write(&values).unwrap_or_else(|_| values.to_string())
}

/// A binding of a role to one service account.
pub(crate) fn role_binding(
    metadata: kube::api::ObjectMeta,
    role_kind: &str,
    role: &str,
    account_namespace: &str,
    account: &str,
) -> RoleBinding {
    RoleBinding {
        metadata,
        role_ref: RoleRef {
            api_group: "rbac.authorization.k8s.io".to_owned(),
            kind: role_kind.to_owned(),
            name: role.to_owned(),
        },
        subjects: Some(vec![subject(account_namespace, account)]),
    }
}

/// A service account as the subject of a binding.
pub(crate) fn subject(namespace: &str, name: &str) -> Subject {
    Subject {
        kind: "ServiceAccount".to_owned(),
        name: name.to_owned(),
        namespace: Some(namespace.to_owned()),
        ..Subject::default()
    }
}
