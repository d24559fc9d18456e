//! Registration: from a token to an agent's own credentials.
//!
//! # Expected flow
//!
//! With a Secret `fleet-agent` whose credentials work, nothing is to be done. Else the agent reads the registration token
//! from the Secret `fleet-agent-bootstrap`, creates a ClusterRegistration with its client ID and a random text, waits for
//! the credential Secret whose name only these two give, tries it, keeps it as `fleet-agent`, and removes the token.
//!
//! # Differences from Fleet
//!
//! A hub that cannot be reached is waited for; only credentials that the hub refuses lead to a new registration.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use fleet_core::api::{BundleDeployment, ClusterRegistration, ClusterRegistrationSpec, labels};
use fleet_core::naming::credential_secret_name;
use fleet_core::yaml;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Secret};
use kube::api::{Api, DeleteParams, ListParams, ObjectMeta, PostParams};
use kube::{Client, Error, ResourceExt};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::AgentOptions;

/// Secret with the agent's credentials.
const CREDENTIALS: &str = "fleet-agent";
/// Secret with the registration token.
const BOOTSTRAP: &str = "fleet-agent-bootstrap";
/// ConfigMap with labels and client ID.
const CONFIG: &str = "fleet-agent";
/// Longest pause between attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Time for the hub to grant a request, before another is made (Fleet: 30 min).
const GRANT_TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// How the hub is reached.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HubAccess {
    /// URL of its API server.
    pub url: String,
    /// PEM certificate authority; empty is the system's.
    pub certificate_authority: String,
    /// Bearer token.
    pub token: String,
}

impl std::fmt::Debug for HubAccess {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("HubAccess")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// Makes clients of the hub: over the network for agents, in process for embedded hubs.
#[async_trait]
pub trait Connect: Send + Sync {
    /// A client with this access.
    ///
    /// # Errors
    ///
    /// When the access makes no sense; a hub that cannot be reached shows at the first request.
    async fn connect(&self, access: &HubAccess) -> Result<Client, kube::Error>;
}

/// Connects over the network.
#[derive(Clone, Copy, Debug, Default)]
pub struct OverNetwork;

#[async_trait]
impl Connect for OverNetwork {
    async fn connect(&self, access: &HubAccess) -> Result<Client, kube::Error> {
        let url = access
            .url
            .parse()
            .map_err(|error| kube::Error::Service(Box::new(error)))?;
        let mut config = kube::Config::new(url);
        config.auth_info.token = Some(access.token.clone().into());
        if !access.certificate_authority.is_empty() {
            let authorities = pem_certificates(&access.certificate_authority);
            if authorities.is_empty() {
                return Err(kube::Error::Service("apiServerCA holds no PEM certificate".into()));
            }
            config.root_cert = Some(authorities);
        }
        Client::try_from(config)
    }
}

/// The certificates of a PEM text, as DER.
fn pem_certificates(text: &str) -> Vec<Vec<u8>> {
    use base64::Engine;
    let blocks = text.split("-----BEGIN CERTIFICATE-----").skip(1);
    let bodies = blocks.filter_map(|block| block.split_once("-----END CERTIFICATE-----"));
    let lines = bodies.map(|(body, _)| body.split_whitespace().collect::<String>());
    lines
        .filter_map(|body| base64::engine::general_purpose::STANDARD.decode(body).ok())
        .collect()
}

/// What registration gives: where the agent's deployments are, and what its cluster is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Namespace of the deployments on the hub.
    pub deployment_namespace: String,
    /// Namespace of the Cluster on the hub.
    pub cluster_namespace: String,
    /// Name of the Cluster on the hub.
    pub cluster_name: String,
}

/// Why registration cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// The agent's own cluster does not answer.
    #[error("{what}: {source}")]
    Local {
        /// What was asked.
        what: &'static str,
        /// The answer.
        source: kube::Error,
    },
}

/// Why one attempt failed; the next one may not.
#[derive(Debug, thiserror::Error)]
enum Attempt {
    #[error("looking up secret {namespace}/{BOOTSTRAP}: {problem}")]
    Bootstrap { namespace: String, problem: String },
    #[error("{what}: {source}")]
    Kube { what: &'static str, source: kube::Error },
    #[error("the hub granted no credentials within {} min", GRANT_TIMEOUT.as_secs() / 60)]
    NotGranted,
}

fn kube_error(what: &'static str) -> impl FnOnce(Error) -> Attempt {
    move |source| Attempt::Kube { what, source }
}

/// Registers the agent until it is; gives its registration and a client of the hub.
///
/// # Errors
///
/// None that time could cure: those are waited out.
pub async fn register(
    local: &Client,
    connect: &dyn Connect,
    options: &AgentOptions,
) -> Result<(Registration, Client), RegisterError> {
    let mut pause = Duration::from_millis(100);
    loop {
        match attempt(local, connect, options).await {
            Ok(registered) => {
                let secrets: Api<Secret> = Api::namespaced(local.clone(), &options.namespace);
                // The token has done its work; that it may be gone already does not matter.
                let _ = secrets.delete(BOOTSTRAP, &DeleteParams::default()).await;
                return Ok(registered);
            }
            Err(error) => tracing::warn!(%error, ?pause, "registration failed, it is tried again"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn attempt(
    local: &Client,
    connect: &dyn Connect,
    options: &AgentOptions,
) -> Result<(Registration, Client), Attempt> {
    let secrets: Api<Secret> = Api::namespaced(local.clone(), &options.namespace);
    let kept = secrets
        .get_opt(CREDENTIALS)
        .await
        .map_err(kube_error("reading the agent's credentials"))?;
    if let Some((registration, access)) = kept.as_ref().and_then(read_credentials) {
        let hub = connect
            .connect(&access)
            .await
            .map_err(kube_error("connecting to the hub"))?;
        match probe(&hub, &registration).await {
            Ok(()) => return Ok((registration, hub)),
            Err(Error::Api(answer)) if answer.code == 401 || answer.is_forbidden() => {
                tracing::warn!("the hub refuses the agent's credentials; registering anew");
            }
            Err(source) => {
                return Err(Attempt::Kube {
                    what: "reaching the hub",
                    source,
                });
            }
        }
    }
    request(local, connect, options, &secrets).await
}

async fn probe(hub: &Client, registration: &Registration) -> Result<(), Error> {
    let deployments: Api<BundleDeployment> = Api::namespaced(hub.clone(), &registration.deployment_namespace);
    deployments
        .list_metadata(&ListParams::default().limit(1))
        .await
        .map(|_| ())
}

async fn request(
    local: &Client,
    connect: &dyn Connect,
    options: &AgentOptions,
    secrets: &Api<Secret>,
) -> Result<(Registration, Client), Attempt> {
    let bootstrap = read_bootstrap(secrets, &options.namespace).await?;
    let config = read_config(local, options).await?;
    let client_id = match config.client_id.filter(|id| !id.is_empty()) {
        Some(id) => id,
        None => {
            let namespaces: Api<Namespace> = Api::all(local.clone());
            let system = namespaces
                .get("kube-system")
                .await
                .map_err(kube_error("reading namespace kube-system"))?;
            system.uid().unwrap_or_default()
        }
    };
    let client_random = random_text();
    let mut cluster_labels = config.labels;
    if !options.pod_name.is_empty() {
        cluster_labels.insert(labels::CREATED_BY_AGENT_POD.to_owned(), options.pod_name.clone());
    }
    let hub = connect
        .connect(&bootstrap.access)
        .await
        .map_err(kube_error("connecting to the hub"))?;
    let spec = ClusterRegistrationSpec {
        client_id,
        client_random,
        cluster_labels,
    };
    let secret_name = credential_secret_name(&spec.client_id, &spec.client_random);
    let mut registration = ClusterRegistration::new("", spec);
    registration.metadata = ObjectMeta {
        generate_name: Some("request-".to_owned()),
        namespace: Some(bootstrap.cluster_namespace.clone()),
        labels: Some([(labels::REGISTRATION_TOKEN.to_owned(), bootstrap.token_name.clone())].into()),
        ..ObjectMeta::default()
    };
    let requests: Api<ClusterRegistration> = Api::namespaced(hub.clone(), &bootstrap.cluster_namespace);
    requests
        .create(&PostParams::default(), &registration)
        .await
        .map_err(kube_error("requesting registration"))?;

    let granted: Api<Secret> = Api::namespaced(hub, &bootstrap.registration_namespace);
    let granted = wait_for(&granted, &secret_name).await?;
    let text = |key: &str| {
        let value = granted.data.as_ref().and_then(|data| data.get(key));
        value
            .map(|value| String::from_utf8_lossy(&value.0).into_owned())
            .unwrap_or_default()
    };
    let access = HubAccess {
        token: text("token"),
        ..bootstrap.access
    };
    let registration = Registration {
        deployment_namespace: text("deploymentNamespace"),
        cluster_namespace: text("clusterNamespace"),
        cluster_name: text("clusterName"),
    };
    let hub = connect
        .connect(&access)
        .await
        .map_err(kube_error("connecting to the hub"))?;
    probe(&hub, &registration)
        .await
        .map_err(kube_error("trying the granted credentials"))?;
    keep(secrets, options, &registration, &access)
        .await
        .map_err(kube_error("keeping the granted credentials"))?;
    Ok((registration, hub))
}

/// Waits for the credential. Before the hub grants the request the token may not read it, so "forbidden" means "not yet".
async fn wait_for(secrets: &Api<Secret>, name: &str) -> Result<Secret, Attempt> {
    let deadline = tokio::time::Instant::now() + GRANT_TIMEOUT;
    let mut pause = Duration::from_millis(5);
    while tokio::time::Instant::now() < deadline {
        match secrets.get_opt(name).await {
            Ok(Some(secret)) => return Ok(secret),
            Ok(None) => {}
            Err(Error::Api(answer)) if answer.is_forbidden() => {}
            Err(source) => {
                return Err(Attempt::Kube {
                    what: "reading the granted credentials",
                    source,
                });
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(2));
    }
    Err(Attempt::NotGranted)
}

/// 160 random bits, as text that a label could hold.
fn random_text() -> String {
    // Two version 4 UUIDs of the system's generator.
    let mut text = String::new();
    for _ in 0..2 {
        text.push_str(&uuid::Uuid::new_v4().simple().to_string());
    }
    text
}

struct Bootstrap {
    access: HubAccess,
    cluster_namespace: String,
    registration_namespace: String,
    token_name: String,
}

/// The registration token: keys of the Secret, or YAML under its key `values`, as Fleet's chart and a token's own Secret
/// have them.
async fn read_bootstrap(secrets: &Api<Secret>, namespace: &str) -> Result<Bootstrap, Attempt> {
    let missing = |problem: &str| Attempt::Bootstrap {
        namespace: namespace.to_owned(),
        problem: problem.to_owned(),
    };
    let secret = secrets
        .get_opt(BOOTSTRAP)
        .await
        .map_err(kube_error("reading the registration token"))?;
    let secret =
        secret.ok_or_else(|| missing("not found; install the agent with the values of a ClusterRegistrationToken"))?;
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for (key, value) in secret.data.into_iter().flatten() {
        let value = String::from_utf8_lossy(&value.0).into_owned();
        if key == "values" {
            let values = yaml::read(&value).map_err(|error| missing(&error.to_string()))?;
            let nested = values.as_object().into_iter().flatten();
            texts.extend(nested.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))));
        } else {
            texts.insert(key, value);
        }
    }
    let mut take = |key: &str| texts.remove(key).unwrap_or_default();
    let bootstrap = Bootstrap {
        access: HubAccess {
            url: take("apiServerURL"),
            certificate_authority: take("apiServerCA"),
            token: take("token"),
        },
        cluster_namespace: take("clusterNamespace"),
        registration_namespace: take("systemRegistrationNamespace"),
        token_name: take("tokenName"),
    };
    if bootstrap.access.token.is_empty() || bootstrap.cluster_namespace.is_empty() {
        return Err(missing("it has no token or no clusterNamespace"));
    }
    Ok(bootstrap)
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Config {
    labels: BTreeMap<String, String>,
    #[serde(rename = "clientID")]
    client_id: Option<String>,
}

async fn read_config(local: &Client, options: &AgentOptions) -> Result<Config, Attempt> {
    let maps: Api<ConfigMap> = Api::namespaced(local.clone(), &options.namespace);
    let map = maps
        .get_opt(CONFIG)
        .await
        .map_err(kube_error("reading the agent's configuration"))?;
    let text = map
        .and_then(|map| map.data)
        .and_then(|mut data| data.remove("config"))
        .unwrap_or_default();
    let value = yaml::read(&text).unwrap_or(Value::Null);
    Ok(serde_json::from_value(value).unwrap_or_default())
}

/// Kept as a kubeconfig, as Fleet's agent keeps it, so that either can take over from the other.
async fn keep(
    secrets: &Api<Secret>,
    options: &AgentOptions,
    registration: &Registration,
    access: &HubAccess,
) -> Result<(), Error> {
    let text = |text: &str| ByteString(text.as_bytes().to_vec());
    let secret = Secret {
        metadata: ObjectMeta {
            name: Some(CREDENTIALS.to_owned()),
            namespace: Some(options.namespace.clone()),
            ..ObjectMeta::default()
        },
        data: Some(BTreeMap::from([
            (
                "kubeconfig".to_owned(),
                ByteString(kubeconfig(access, registration).into_bytes()),
            ),
            (
                "deploymentNamespace".to_owned(),
                text(&registration.deployment_namespace),
            ),
            ("clusterNamespace".to_owned(), text(&registration.cluster_namespace)),
            ("clusterName".to_owned(), text(&registration.cluster_name)),
        ])),
        ..Secret::default()
    };
    match secrets.create(&PostParams::default(), &secret).await {
        Err(Error::Api(answer)) if answer.is_already_exists() => {
            secrets.delete(CREDENTIALS, &DeleteParams::default()).await?;
            secrets.create(&PostParams::default(), &secret).await.map(|_| ())
        }
        other => other.map(|_| ()),
    }
}

fn kubeconfig(access: &HubAccess, registration: &Registration) -> String {
    use base64::Engine;
    let mut cluster = serde_json::json!({"server": access.url});
    if !access.certificate_authority.is_empty() {
        let encoded = base64::engine::general_purpose::STANDARD.encode(&access.certificate_authority);
        cluster["certificate-authority-data"] = Value::from(encoded);
    }
    let config = serde_json::json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "default",
        "clusters": [{"name": "cluster", "cluster": cluster}],
        "users": [{"name": "user", "user": {"token": access.token}}],
        "contexts": [{"name": "default", "context": {
            "cluster": "cluster", "user": "user", "namespace": registration.deployment_namespace,
        }}],
    });
    yaml::write(&config).unwrap_or_else(|_| config.to_string())
}

fn read_credentials(secret: &Secret) -> Option<(Registration, HubAccess)> {
    use base64::Engine;
    let data = secret.data.as_ref()?;
    let text = |key: &str| {
        data.get(key)
            .map(|value| String::from_utf8_lossy(&value.0).into_owned())
    };
    let config = yaml::read(&text("kubeconfig")?).ok()?;
    let at = |pointer: &str| config.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let authority = at("/clusters/0/cluster/certificate-authority-data").unwrap_or_default();
    let authority = base64::engine::general_purpose::STANDARD.decode(authority).ok()?;
    let access = HubAccess {
        url: at("/clusters/0/cluster/server")?,
        certificate_authority: String::from_utf8(authority).ok()?,
        token: at("/users/0/user/token")?,
    };
    let registration = Registration {
        deployment_namespace: text("deploymentNamespace")?,
        cluster_namespace: text("clusterNamespace")?,
        cluster_name: text("clusterName")?,
    };
    Some((registration, access))
}
