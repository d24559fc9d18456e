//! What a GitRepo's Secrets say about how to reach its repository.

use std::collections::BTreeMap;

use fleet_core::api::GitRepo;
use fleet_core::source::{Credentials, SourceReference};
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::ResourceExt;
use kube::api::Api;

use super::{Context, During, ReconcileError};

/// Name of the Secret that counts where a GitRepo names none.
const DEFAULT_SECRET: &str = "gitcredential";
/// ConfigMap in the system namespace with the host keys that every GitRepo trusts.
const KNOWN_HOSTS: &str = "known-hosts";

/// Where a GitRepo's commits come from, with the credentials of `clientSecretName` (else of `gitcredential`, where that
/// exists) and the known hosts of the system namespace.
pub(crate) async fn reference(context: &Context, repo: &GitRepo) -> Result<SourceReference, ReconcileError> {
    let namespace = repo.namespace().unwrap_or_default();
    let spec = &repo.spec;
    let mut reference = SourceReference::new(spec.repo.as_str());
    reference.revision = (!spec.revision.is_empty()).then(|| spec.revision.clone());
    reference.branch = match spec.branch.as_str() {
        "" if context.options.follow_default_branch => None,
        "" => Some("master".to_owned()),
        branch => Some(branch.to_owned()),
    };
    reference.insecure_skip_tls_verify = spec.insecure_skip_tls_verify;
    reference.certificate_authorities = (!spec.ca_bundle.is_empty()).then(|| spec.ca_bundle.0.clone());

    let named = !spec.client_secret_name.is_empty();
    let name = if named {
        spec.client_secret_name.as_str()
    } else {
        DEFAULT_SECRET
    };
    let secrets: Api<Secret> = Api::namespaced(context.client.clone(), &namespace);
    let secret = secrets
        .get_opt(name)
        .await
        .during(|| format!("git credentials {namespace}/{name}"))?;
    match secret {
        None if named => {
            return Err(ReconcileError::Other(format!(
                "git credentials {namespace}/{name}: there is no such Secret; create it or clear clientSecretName"
            )));
        }
        None => {}
        Some(secret) => {
            let data: BTreeMap<String, Vec<u8>> = secret
                .data
                .into_iter()
                .flatten()
                .map(|(key, value)| (key, value.0))
                .collect();
            let kind = secret.type_.unwrap_or_default();
            reference.credentials = Credentials::from_secret(&kind, &data)
                .map_err(|error| ReconcileError::Other(format!("git credentials {namespace}/{name}: {error}")))?;
        }
    }
    if is_ssh(&spec.repo) {
        let system = &context.options.system_namespace;
        let maps: Api<ConfigMap> = Api::namespaced(context.client.clone(), system);
        let map = maps
            .get_opt(KNOWN_HOSTS)
            .await
            .during(|| format!("known hosts {system}/{KNOWN_HOSTS}"))?;
        reference.known_hosts = map
            .and_then(|map| map.data)
            .and_then(|mut data| data.remove("known_hosts"));
    }
    Ok(reference)
}

/// Host keys matter for ssh alone, in URL or SCP form.
fn is_ssh(repository: &str) -> bool {
    repository.starts_with("ssh://")
        || repository.starts_with("git+ssh://")
        || (!repository.contains("://") && repository.contains('@') && repository.contains(':'))
}
