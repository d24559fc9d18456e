//! A Kubernetes API server in process.
//!
//! [`ApiServer`] answers the Kubernetes API from memory: through a [`kube::Client`] with no sockets between, and on loopback
//! for kubectl, helm and any other client. It is what `fleet up` runs clusters on and what controllers are tested with.
//!
//! ```
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use fleet_kube::embedded::ApiServer;
//!
//! let server = ApiServer::new();
//! let client = server.client();
//! let served = server.serve(([127, 0, 0, 1], 0).into()).await?;
//! println!("{}", server.kubeconfig("dev", &served.url()));
//! # Ok(())
//! # }
//! ```
//!
//! # What it does as Kubernetes does
//!
//! One revision counter; watches from a revision with bookmarks, streaming lists, timeouts and 410; optimistic concurrency;
//! generation, uid, `generateName`, finalizers, garbage collection by owner (background, foreground, orphan); namespaces that must
//! exist and take their content with them; `/status` and `/scale`; dry run; selectors, paging, tables and partial metadata;
//! field validation; JSON patch, merge patch, strategic merge patch and server-side apply; CustomResourceDefinitions with pruning,
//! defaulting, validation and printer columns; RBAC, service account tokens, impersonation, access reviews; discovery,
//! aggregated discovery and OpenAPI v3. Requests may be JSON, YAML or protobuf.
//!
//! # What it is not
//!
//! * There is no kubelet and no scheduler: [workloads are simulated](Workloads) or left alone. `exec`, `attach`,
//!   `port-forward` and `proxy` are refused, logs are empty.
//! * There are no admission or conversion webhooks, no admission policies, no quotas, no CEL rules of
//!   CustomResourceDefinitions; of the validation of built-in kinds only what is most often hit.
//! * It keeps everything in memory. [`ApiServer::snapshot`] takes the data out, [`Builder::restore`] puts them in.
//! * Versions of one resource share their stored form: there is no conversion between them.
//! * It speaks plain HTTP and only on loopback. Tokens are checked, but this is no server for a network.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use serde_json::{Value, json};

mod admission;
mod answer;
mod apply;
mod authorization;
mod custom;
mod decode;
mod defaults;
mod discovery;
mod error;
mod handlers;
mod identity;
mod objects;
mod openapi;
mod patch;
mod protobuf;
mod reactions;
mod recorder;
mod registry;
mod request;
mod reviews;
mod selector;
mod serve;
mod service;
mod state;
mod store;
mod structural;
mod table;
mod types;
mod watch;
mod workloads;

pub use answer::ApiBody;
pub use identity::Identity;
pub use recorder::{Fault, Faults, RequestGroup, RequestRecord, Requests};
pub use serve::Served;
pub use service::ApiService;

use service::Caller;
use state::{Config, State};
use store::{Location, Objects};

/// What an embedded API server can fail with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbeddedError {
    /// Another program has the port, or the address is not this machine's.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// The server is not made for a network.
    #[error(
        "{address} is not a loopback address: the embedded API server speaks plain HTTP and listens on loopback only"
    )]
    NotLoopback {
        /// The address asked for.
        address: SocketAddr,
    },
}

/// What happens to Deployments, Jobs, Pods and their like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Workloads {
    /// They become ready at once, with ReplicaSets and Pods as a cluster would make them. Nothing runs.
    #[default]
    Simulated,
    /// Their statuses become ready at once; no ReplicaSets and Pods are made. For large estates.
    StatusOnly,
    /// Nothing: their statuses are the test's to write.
    Off,
}

/// Choices for an [`ApiServer`].
#[derive(Debug, Clone)]
pub struct Builder {
    config: Config,
    history: usize,
    queue: usize,
    log: usize,
    snapshot: Option<Snapshot>,
}

impl Builder {
    /// What happens to workloads. Default: [`Workloads::Simulated`].
    #[must_use]
    pub fn workloads(mut self, workloads: Workloads) -> Self {
        self.config.workloads = workloads;
        self
    }

    /// The version that `/version` reports. Default: `v1.36.3`.
    #[must_use]
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.config.version = version.into();
        self
    }

    /// How many changes of each resource are kept for watches that begin in the past. Default: 1024.
    #[must_use]
    pub fn history(mut self, changes: usize) -> Self {
        self.history = changes;
        self
    }

    /// How many changes a watcher may fall behind before it is cut off. Default: 16,384.
    #[must_use]
    pub fn watch_queue(mut self, changes: usize) -> Self {
        self.queue = changes.max(1);
        self
    }

    /// How many requests [`Requests::log`] keeps. Default: 65,536.
    #[must_use]
    pub fn request_log(mut self, requests: usize) -> Self {
        self.log = requests;
        self
    }

    /// How often an idle watch that allows bookmarks gets one, and how long a watch without `timeoutSeconds` lasts.
    /// Default: a minute and 45 minutes.
    #[must_use]
    pub fn watch_pace(mut self, bookmark: Duration, timeout: Duration) -> Self {
        self.config.pace = watch::Pace { bookmark, timeout };
        self
    }

    /// Whether creates, updates and patches are noted in `managedFields`, as Kubernetes does. Without, only server-side
    /// applies are, which saves memory and time in large estates. Default: true.
    #[must_use]
    pub fn track_updates(mut self, track: bool) -> Self {
        self.config.track_updates = track;
        self
    }

    /// Begins with the data of another server, as after a restart: revisions go on, tokens of service account Secrets stay valid,
    /// watches must start again.
    #[must_use]
    pub fn restore(mut self, snapshot: Snapshot) -> Self {
        self.snapshot = Some(snapshot);
        self
    }

    /// The server.
    pub fn build(self) -> ApiServer {
        let state = State::new(self.config, self.history, self.queue, self.log);
        match &self.snapshot {
            Some(snapshot) => {
                state.store.load(&snapshot.data, snapshot.revision);
                for (token, identity) in &snapshot.tokens {
                    state.add_token(token.clone(), identity.clone());
                }
                reactions::rebuild(&state);
            }
            None => begin(&state),
        }
        reactions::settle(&state);
        ApiServer { state: Arc::new(state) }
    }
}

/// The namespaces of an empty cluster, and its node.
fn begin(state: &State) {
    for name in ["default", "kube-node-lease", "kube-public", "kube-system"] {
        let location = Location {
            table: "namespaces".into(),
            namespace: "".into(),
            name: name.into(),
        };
        let namespace = json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": { "labels": { "kubernetes.io/metadata.name": name } },
            "spec": { "finalizers": ["kubernetes"] }, "status": { "phase": "Active" },
        });
        reactions::make(state, &location, namespace);
    }
    if state.config.workloads == Workloads::Simulated {
        let location = Location {
            table: "nodes".into(),
            namespace: "".into(),
            name: workloads::NODE.into(),
        };
        reactions::make(state, &location, workloads::node(&state.now()));
    }
    let location = Location {
        table: "clusterroles.rbac.authorization.k8s.io".into(),
        namespace: "".into(),
        name: "cluster-admin".into(),
    };
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": { "labels": { "kubernetes.io/bootstrapping": "rbac-defaults" } },
        "rules": [
            { "apiGroups": ["*"], "resources": ["*"], "verbs": ["*"] },
            { "nonResourceURLs": ["*"], "verbs": ["*"] },
        ],
    });
    reactions::make(state, &location, role);
}

/// The data of a server at one moment. Cheap to keep: objects are shared with the server.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    data: BTreeMap<Arc<str>, Objects>,
    revision: u64,
    tokens: Vec<(String, Identity)>,
}

impl Snapshot {
    /// The revision of the last change.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// All objects, by resource, namespace and name.
    pub fn objects(&self) -> impl Iterator<Item = &Value> {
        self.data
            .values()
            .flat_map(BTreeMap::values)
            .flat_map(BTreeMap::values)
            .map(AsRef::as_ref)
    }
}

/// A Kubernetes API server in process. A cheap handle: clones are the same server.
///
/// # Guarantees
/// A request is carried out between its arrival and its answer, with all that follows from it (garbage collection, simulated
/// statuses): who reads after a write sees the outcome. Writes are ordered by `resourceVersion` over all resources.
///
/// # Caveats
/// [`client`](Self::client) and its like need a Tokio runtime, as every [`kube::Client`] does.
#[derive(Clone)]
pub struct ApiServer {
    state: Arc<State>,
}

impl std::fmt::Debug for ApiServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiServer")
            .field("revision", &self.state.store.revision())
            .finish_non_exhaustive()
    }
}

impl Default for ApiServer {
    fn default() -> Self {
        Self::new()
    }
}

impl ApiServer {
    /// An empty cluster with the default choices.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// An empty cluster with choices of its own.
    pub fn builder() -> Builder {
        Builder {
            config: Config {
                version: "v1.36.3".into(),
                workloads: Workloads::default(),
                pace: watch::Pace::default(),
                track_updates: true,
            },
            history: 1024,
            queue: 16_384,
            log: 65_536,
            snapshot: None,
        }
    }

    fn service(&self, caller: Caller, user_agent: Option<&str>) -> ApiService {
        let user_agent = user_agent.and_then(|a| HeaderValue::from_str(a).ok());
        ApiService {
            state: self.state.clone(),
            caller,
            user_agent,
        }
    }

    /// A client that may do anything.
    pub fn client(&self) -> kube::Client {
        self.client_as(&Identity::admin())
    }

    /// A client of an identity, with the rights that RBAC gives it.
    pub fn client_as(&self, identity: &Identity) -> kube::Client {
        self.client_named(identity, "")
    }

    /// A client of an identity that sends `user_agent`, so that [`Requests`] tells programs of one identity apart.
    pub fn client_named(&self, identity: &Identity, user_agent: &str) -> kube::Client {
        let agent = Some(user_agent).filter(|a| !a.is_empty());
        kube::Client::new(
            self.service(Caller::Known(Arc::new(identity.clone())), agent),
            "default",
        )
    }

    /// A client that sends `token` with every request, as a program elsewhere would.
    pub fn client_with_token(&self, token: &str, user_agent: &str) -> kube::Client {
        let agent = Some(user_agent).filter(|a| !a.is_empty());
        let service = self.service(Caller::Token, agent);
        let value = HeaderValue::from_str(&format!("Bearer {token}"));
        let service = tower::util::MapRequest::new(service, move |mut request: http::Request<kube::client::Body>| {
            // A token that no header can carry is one that the server does not know: it will say so.
            if let Ok(value) = &value {
                request.headers_mut().insert(http::header::AUTHORIZATION, value.clone());
            }
            request
        });
        kube::Client::new(service, "default")
    }

    /// The HTTP service, in which each request's bearer token says who it is.
    pub fn http_service(&self) -> ApiService {
        self.service(Caller::Token, None)
    }

    /// A new bearer token for an identity, valid until the server ends.
    pub fn token(&self, identity: &Identity) -> String {
        self.state.new_token(identity, json!({}))
    }

    /// Lets `token` stand for `identity`.
    pub fn accept_token(&self, token: impl Into<String>, identity: Identity) {
        self.state.add_token(token.into(), identity);
    }

    /// Listens on a loopback address (port 0: a free one).
    ///
    /// # Errors
    /// [`EmbeddedError::NotLoopback`]; [`EmbeddedError::Listen`] where the port is taken.
    pub async fn serve(&self, address: SocketAddr) -> Result<Served, EmbeddedError> {
        serve::serve(self.http_service(), address).await
    }

    /// A kubeconfig with one context `name` for an administrator of the server at `url`.
    pub fn kubeconfig(&self, name: &str, url: &str) -> String {
        kubeconfig(&[Context::new(name, url, self.token(&Identity::admin()))])
    }

    /// What was asked so far.
    pub fn requests(&self) -> &Requests {
        &self.state.requests
    }

    /// Where faults are injected.
    pub fn faults(&self) -> &Faults {
        &self.state.faults
    }

    /// The revision of the last change.
    pub fn revision(&self) -> u64 {
        self.state.store.revision()
    }

    /// The object as it is stored: `("deployments.apps", "namespace", "name")`; an empty namespace for cluster scope.
    pub fn get(&self, resource: &str, namespace: &str, name: &str) -> Option<Arc<Value>> {
        self.state.store.get(resource, namespace, name)
    }

    /// The objects of a resource (`"deployments.apps"`), in all namespaces or one, by namespace and name.
    pub fn list(&self, resource: &str, namespace: Option<&str>) -> Vec<Arc<Value>> {
        self.state.store.list(resource, namespace).0
    }

    /// Number of open watches.
    pub fn watches(&self) -> usize {
        self.state.store.watches()
    }

    /// Number of open watches of a resource in one namespace, or (`None`) over all namespaces.
    pub fn watches_of(&self, resource: &str, namespace: Option<&str>) -> usize {
        self.state.store.watches_of(resource, namespace)
    }

    /// Ends all watches, or those of one resource, as a restart of a server does. Clients begin again where they were.
    pub fn drop_watches(&self, resource: Option<&str>) {
        self.state.store.drop_watches(resource);
    }

    /// Forgets the history: watches that begin in the past get 410 Gone.
    pub fn compact(&self) {
        self.state.store.compact();
    }

    /// The data of now.
    pub fn snapshot(&self) -> Snapshot {
        let (data, revision) = self.state.store.dump();
        Snapshot {
            data,
            revision,
            tokens: self.state.tokens(),
        }
    }
}

/// One context of a kubeconfig.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Context {
    /// Name of context, cluster and user.
    pub name: String,
    /// URL of the server.
    pub url: String,
    /// Bearer token.
    pub token: String,
    /// Default namespace; `None`: `default`.
    pub namespace: Option<String>,
}

impl Context {
    /// A context without a default namespace.
    pub fn new(name: impl Into<String>, url: impl Into<String>, token: impl Into<String>) -> Self {
        Context {
            name: name.into(),
            url: url.into(),
            token: token.into(),
            namespace: None,
        }
    }
}

/// A kubeconfig (JSON, which is YAML too) with these contexts; the first is the current one.
///
/// Clients written in Go send no token over plain HTTP; so the token stands in the path of the server's URL, where the embedded
/// server reads it as well as in the `Authorization` header.
pub fn kubeconfig(contexts: &[Context]) -> String {
    let all = |make: &dyn Fn(&Context) -> Value| -> Vec<Value> { contexts.iter().map(make).collect() };
    let value = json!({
        "apiVersion": "v1", "kind": "Config",
        "clusters": all(&|c| json!({ "name": c.name, "cluster": { "server": format!("{}/as/{}", c.url, c.token) } })),
        "users": all(&|c| json!({ "name": c.name, "user": { "token": c.token } })),
        "contexts": all(&|c| {
            let mut context = json!({ "cluster": c.name, "user": c.name });
            if let Some(namespace) = &c.namespace {
                context["namespace"] = json!(namespace);
            }
            json!({ "name": c.name, "context": context })
        }),
        "current-context": contexts.first().map(|c| c.name.as_str()).unwrap_or_default(),
    });
    fleet_core::yaml::json::to_string_pretty(&value)
}
