//! A whole fleet in one process: a hub, its clusters, the manager and an agent for each cluster.
//!
//! It is what `fleet up` runs and what end-to-end tests run on, against embedded API servers or real ones: the manager and
//! the agents are the ones of production, agents register themselves by token, and the manager gets a client of the hub
//! alone.
//!
//! ```
//! # async fn example(source: std::sync::Arc<dyn fleet_core::source::Source>) -> Result<(), fleet_kube::local::LocalError> {
//! use fleet_kube::local::{Inventory, LocalFleet};
//!
//! let fleet = LocalFleet::embedded(Inventory::example(), source, Default::default()).await?;
//! // …create GitRepos with `fleet.hub().client`, look at clusters with `fleet.members()`…
//! fleet.stop().await;
//! # Ok(())
//! # }
//! ```

mod bootstrap;
mod follow;
mod inventory;
mod report;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use fleet_core::source::Source;
use kube::Client;
use kube::ResourceExt;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::agent::{self, AgentOptions, Connect, HubAccess};
use crate::embedded::{ApiServer, Identity};
use crate::manager::{self, ManagerError, ManagerOptions};

pub use follow::follow;
pub use inventory::{Inventory, InventoryError};
pub use report::{Report, ResourceProblem, Row, report};

/// Why a local fleet could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocalError {
    /// The hub could not be prepared.
    #[error(transparent)]
    Manager(#[from] ManagerError),
    /// An object could not be written.
    #[error("{what}: {source}")]
    Kube {
        /// What was done.
        what: String,
        /// The answer.
        source: kube::Error,
    },
    /// The inventory makes no sense.
    #[error(transparent)]
    Inventory(#[from] InventoryError),
    /// The manager made no Secret for the registration token.
    #[error("registration token {namespace}/{name} got no values; is the manager running?")]
    Token {
        /// Namespace of the token.
        namespace: String,
        /// Name of the token.
        name: String,
    },
}

pub(crate) fn kube_error(what: impl Into<String>) -> impl FnOnce(kube::Error) -> LocalError {
    let what = what.into();
    move |source| LocalError::Kube { what, source }
}

/// An API server of a fleet.
#[derive(Clone)]
pub struct Endpoint {
    /// A client of an administrator.
    pub client: Client,
    /// The embedded server behind it, where it is one.
    pub server: Option<ApiServer>,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Endpoint")
            .field("embedded", &self.server.is_some())
            .finish_non_exhaustive()
    }
}

impl Endpoint {
    /// An embedded API server, with the namespaces that every cluster has.
    pub fn embedded() -> Self {
        let server = ApiServer::new();
        Self {
            client: server.client(),
            server: Some(server),
        }
    }

    /// An API server behind a client.
    pub fn of(client: Client) -> Self {
        Self { client, server: None }
    }
}

/// A cluster of a fleet.
#[derive(Clone, Debug)]
pub struct Member {
    /// Name of the Cluster.
    pub name: String,
    /// Namespace of the Cluster.
    pub namespace: String,
    /// Its API server.
    pub endpoint: Endpoint,
}

/// How a local fleet runs.
#[derive(Clone)]
#[non_exhaustive]
pub struct LocalOptions {
    /// The manager's options.
    pub manager: ManagerOptions,
    /// The agents' options.
    pub agent: AgentOptions,
    /// How agents reach the hub; by default in process, where the hub is embedded.
    pub connect: Option<Arc<dyn Connect>>,
}

impl Default for LocalOptions {
    fn default() -> Self {
        let manager = ManagerOptions {
            follow_default_branch: true,
            api_server_url: "https://hub.fleet.invalid".to_owned(),
            ..ManagerOptions::default()
        };
        Self {
            manager,
            agent: AgentOptions::default(),
            connect: None,
        }
    }
}

impl std::fmt::Debug for LocalOptions {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let options = (&self.manager, &self.agent);
        formatter.debug_tuple("LocalOptions").field(&options).finish()
    }
}

/// A running fleet. Dropping it ends it at once; [`LocalFleet::stop`] lets what was begun end.
#[derive(Debug)]
pub struct LocalFleet {
    hub: Endpoint,
    members: Vec<Member>,
    shutdown: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for LocalFleet {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl LocalFleet {
    /// A fleet of embedded API servers: one for the hub, one for each Cluster of the inventory.
    ///
    /// # Errors
    ///
    /// [`LocalError`]
    pub async fn embedded(
        inventory: Inventory,
        source: Arc<dyn Source>,
        options: LocalOptions,
    ) -> Result<Self, LocalError> {
        let hub = Endpoint::embedded();
        let endpoints = inventory.clusters.iter().map(|_| Endpoint::embedded()).collect();
        Self::start(hub, endpoints, inventory, source, options).await
    }

    /// A fleet whose hub is its only cluster (single-cluster style), in the workspace `fleet-local`.
    ///
    /// # Errors
    ///
    /// [`LocalError`]
    pub async fn single(hub: Endpoint, source: Arc<dyn Source>, options: LocalOptions) -> Result<Self, LocalError> {
        Self::start(hub.clone(), vec![hub], Inventory::single(), source, options).await
    }

    /// A fleet of these API servers: `endpoints` are those of the inventory's Clusters, in their order.
    ///
    /// # Errors
    ///
    /// [`LocalError`]
    pub async fn start(
        hub: Endpoint,
        endpoints: Vec<Endpoint>,
        inventory: Inventory,
        source: Arc<dyn Source>,
        options: LocalOptions,
    ) -> Result<Self, LocalError> {
        let (shutdown, _) = watch::channel(false);
        let members: Vec<Member> = inventory
            .clusters
            .iter()
            .zip(endpoints)
            .map(|(cluster, endpoint)| Member {
                name: cluster.name_any(),
                namespace: cluster.namespace().unwrap_or_default(),
                endpoint,
            })
            .collect();
        let mut fleet = Self {
            hub,
            members,
            shutdown,
            tasks: Vec::new(),
        };
        manager::prepare(&fleet.hub.client, &options.manager).await?;
        bootstrap::inventory(&fleet.hub.client, &inventory).await?;
        fleet.run_manager(source, &options);
        fleet.run_agents(&options).await?;
        Ok(fleet)
    }

    fn run_manager(&mut self, source: Arc<dyn Source>, options: &LocalOptions) {
        // The manager's requests are told from others by its name.
        let client = match &self.hub.server {
            Some(server) => server.client_named(&Identity::admin(), "fleet-manager"),
            None => self.hub.client.clone(),
        };
        let (options, stopped) = (options.manager.clone(), self.stopped());
        self.tasks.push(tokio::spawn(async move {
            if let Err(error) = manager::run(client, source, options, stopped).await {
                tracing::error!(%error, "the manager ended");
            }
        }));
    }

    async fn run_agents(&mut self, options: &LocalOptions) -> Result<(), LocalError> {
        let connect = options.connect.clone().or_else(|| {
            let server = self.hub.server.clone()?;
            Some(Arc::new(InProcess { server }) as Arc<dyn Connect>)
        });
        let Some(connect) = connect else {
            return Err(LocalError::Token {
                namespace: String::new(),
                name: "no way for agents to connect".to_owned(),
            });
        };
        let mut tokens: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for member in self.members.clone() {
            let values = match tokens.get(&member.namespace) {
                Some(values) => values.clone(),
                None => {
                    let values = bootstrap::token(&self.hub.client, &member.namespace).await?;
                    tokens.insert(member.namespace.clone(), values.clone());
                    values
                }
            };
            bootstrap::agent(&self.hub.client, &member, &options.agent, values).await?;
            let client = match &member.endpoint.server {
                Some(server) => server.client_named(&Identity::admin(), "fleet-agent"),
                None => member.endpoint.client.clone(),
            };
            let (connect, options, stopped) = (connect.clone(), options.agent.clone(), self.stopped());
            let name = member.name.clone();
            self.tasks.push(tokio::spawn(async move {
                if let Err(error) = agent::run(client, connect, options, stopped).await {
                    tracing::error!(%error, cluster = %name, "the agent ended");
                }
            }));
        }
        Ok(())
    }

    fn stopped(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut receiver = self.shutdown.subscribe();
        async move {
            // The sender goes with the fleet, which is as good as being told.
            let _ = receiver.wait_for(|stopped| *stopped).await;
        }
    }

    /// The hub.
    pub fn hub(&self) -> &Endpoint {
        &self.hub
    }

    /// The clusters.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Tells manager and agents to end, and waits until they have.
    pub async fn stop(mut self) {
        let _ = self.shutdown.send(true);
        for task in self.tasks.drain(..) {
            let _ = task.await;
        }
    }
}

/// Agents of an embedded hub connect in process, with their tokens and nothing else.
struct InProcess {
    server: ApiServer,
}

#[async_trait]
impl Connect for InProcess {
    async fn connect(&self, access: &HubAccess) -> Result<Client, kube::Error> {
        Ok(self.server.client_with_token(&access.token, "fleet-agent"))
    }
}
