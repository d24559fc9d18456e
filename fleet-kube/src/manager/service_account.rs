//! Service accounts with a token that does not rotate: what registration tokens and agents' credentials are made of.
//!
//! Kubernetes 1.24 and later fill a token into a Secret of type `kubernetes.io/service-account-token` that names the
//! account; the Secret belongs to the account and goes with it.

use std::time::Duration;

use fleet_core::api::labels;
use k8s_openapi::api::core::v1::{Secret, ServiceAccount};
use kube::api::{Api, ObjectMeta, PostParams};
use kube::{Client, Resource, ResourceExt};

use super::write;

/// How long the server may take to fill the token in before the key is put back.
const PATIENCE: Duration = Duration::from_secs(5);

/// Metadata with the label that marks what Fleet may clean up.
pub(crate) fn managed(namespace: &str, name: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.to_owned()),
        namespace: (!namespace.is_empty()).then(|| namespace.to_owned()),
        labels: Some([(labels::MANAGED.to_owned(), "true".to_owned())].into()),
        ..ObjectMeta::default()
    }
}

/// The token of an account; `None` while the server has not filled it in.
pub(crate) async fn token(client: &Client, account: &ServiceAccount) -> Result<Option<Vec<u8>>, kube::Error> {
    let namespace = account.namespace().unwrap_or_default();
    let name = format!("{}-token", account.name_any());
    let secrets: Api<Secret> = Api::namespaced(client.clone(), &namespace);
    if secrets.get_opt(&name).await?.is_none() {
        let mut metadata = managed(&namespace, &name);
        metadata.annotations = Some([("kubernetes.io/service-account.name".to_owned(), account.name_any())].into());
        metadata.owner_references = account.owner_ref(&()).map(|owner| vec![owner]);
        let secret = Secret {
            metadata,
            type_: Some("kubernetes.io/service-account-token".to_owned()),
            ..Secret::default()
        };
        write::create(&secrets, &secret).await?;
    }
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let mut delay = Duration::from_millis(5);
    loop {
        let found = secrets.get_opt(&name).await?;
        let token = found
            .and_then(|secret| secret.data)
            .and_then(|mut data| data.remove("token"));
        if let Some(token) = token.filter(|token| !token.0.is_empty()) {
            return Ok(Some(token.0));
        }
        if tokio::time::Instant::now() + delay > deadline {
            return Ok(None);
        }
        tokio::time::sleep(delay).await;
        delay = (delay * 2).min(Duration::from_millis(500));
    }
}

/// The account, made where it is missing.
pub(crate) async fn ensure(client: &Client, account: ServiceAccount) -> Result<ServiceAccount, kube::Error> {
    let namespace = account.namespace().unwrap_or_default();
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), &namespace);
    let name = account.name_any();
    if let Some(found) = accounts.get_opt(&name).await? {
        return Ok(found);
    }
    match accounts.create(&PostParams::default(), &account).await {
        Err(kube::Error::Api(answer)) if answer.is_already_exists() => accounts.get(&name).await,
        other => other,
    }
}
