//! The agent: registers its cluster, pulls its BundleDeployments, deploys each as a Helm release, watches and reports.
//!
//! # Expected flow
//!
//! [`run`] first makes sure of credentials: those of the Secret `fleet-agent`, or new ones by the registration token of
//! the Secret `fleet-agent-bootstrap` (see [`register`]). Then it follows the BundleDeployments of its cluster's namespace
//! on the hub, and the objects on its own cluster that carry Fleet's mark; each change of either leads to one look at one
//! deployment, which ends in a status that is written where it differs.
//!
//! # Guarantees
//!
//! - Outbound connections only; on the hub it needs no more than an agent's roles give.
//! - A deployment is uninstalled because the hub says that it is gone, asked for live, and never because a watch lacks it.
//! - A deployment that fails stops no other, and is tried again with growing delays unless its error is one that only a
//!   change can cure.
//! - When it loses what it needs to work it ends with an error instead of idling, so that whoever runs it starts it anew.

mod check_in;
mod content;
mod deployment;
mod monitor;
pub mod register;
mod sweep;
mod values;
mod watches;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fleet_core::api::BundleDeployment;
use kube::Client;
use kube::api::Api;
use kube::runtime::watcher;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::cluster::KubeCluster;
use crate::queue::Queue;
use crate::watch::{self, Change, Key};

pub use register::{Connect, HubAccess, OverNetwork, RegisterError, Registration};

/// How an agent is set up.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AgentOptions {
    /// The agent's namespace on its cluster.
    pub namespace: String,
    /// The agent's scope, where several agents share a cluster (`AGENT_SCOPE`).
    pub scope: String,
    /// Time between check-ins (Fleet: 15 min); the first is at once.
    pub check_in_interval: Duration,
    /// Time between sweeps for releases whose deployment is gone (Fleet: 15 min).
    pub garbage_collection_interval: Duration,
    /// Deployments that are worked on at a time.
    pub workers: usize,
    /// Name of this agent's pod, a label of the registration.
    pub pod_name: String,
    /// Conditions of kinds that are errors (`CATTLE_WRANGLER_CHECK_GVK_ERROR_MAPPING`); empty is none beside the usual.
    pub error_mapping: String,
}

impl Default for AgentOptions {
    fn default() -> Self {
        let quarter = Duration::from_secs(15 * 60);
        Self {
            namespace: "cattle-fleet-system".to_owned(),
            scope: String::new(),
            check_in_interval: quarter,
            garbage_collection_interval: quarter,
            workers: 8,
            pod_name: String::new(),
            error_mapping: String::new(),
        }
    }
}

/// Why an agent ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgentError {
    /// It could not be registered.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// The watch of its deployments ended.
    #[error("the watch of the deployments ended")]
    WatchEnded,
}

/// What every worker shares.
pub(crate) struct Context {
    pub(crate) hub: Client,
    pub(crate) local: KubeCluster,
    pub(crate) options: AgentOptions,
    pub(crate) registration: Registration,
    pub(crate) queue: Arc<Queue<String>>,
    pub(crate) watches: watches::Watches,
    pub(crate) contents: content::Cache,
    pub(crate) releases: monitor::ReleaseCache,
    deployments: Mutex<BTreeMap<String, Arc<BundleDeployment>>>,
}

impl Context {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Arc<BundleDeployment>>> {
        self.deployments.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A deployment as the watch, or this agent's own last write, has it.
    pub(crate) fn deployment(&self, name: &str) -> Option<Arc<BundleDeployment>> {
        self.lock().get(name).cloned()
    }

    /// Every deployment.
    pub(crate) fn all(&self) -> Vec<Arc<BundleDeployment>> {
        self.lock().values().cloned().collect()
    }

    fn take(&self, change: Change<BundleDeployment>) {
        let name = match change {
            Change::Applied(object) => {
                let (_, name): Key = watch::key_of(&object);
                let object = Arc::new(object);
                let old = self.lock().insert(name.clone(), object.clone());
                // A status alone is what this agent wrote itself.
                if old.is_some_and(|old| !deployment::asks_anew(&old, &object)) {
                    return;
                }
                for waiting in deployment::waiting_for(self, &name) {
                    self.queue.add(waiting);
                }
                name
            }
            Change::Deleted((_, name)) => {
                self.lock().remove(&name);
                name
            }
        };
        self.queue.add(name);
    }

    /// Takes over what a write of a status gave back.
    pub(crate) fn store(&self, object: BundleDeployment) {
        let (_, name) = watch::key_of(&object);
        self.lock().insert(name, Arc::new(object));
    }
}

/// Runs an agent until `shutdown` resolves: registers it where it is not, then deploys and reports.
///
/// `local` reaches the agent's own cluster; `connect` makes clients of the hub from the access that registration gives.
///
/// # Errors
///
/// [`AgentError`]. Errors of single deployments are in their status.
pub async fn run(
    local: Client,
    connect: Arc<dyn Connect>,
    options: AgentOptions,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), AgentError> {
    tokio::pin!(shutdown);
    let registered = tokio::select! {
        registered = register::register(&local, connect.as_ref(), &options) => registered?,
        () = &mut shutdown => return Ok(()),
    };
    let (registration, hub) = registered;
    let workers = options.workers.max(1);
    let queue = Arc::new(Queue::new());
    let local = KubeCluster::new(local);
    let context = Arc::new(Context {
        watches: watches::Watches::new(local.clone(), queue.clone()),
        hub,
        local,
        options,
        registration,
        queue,
        contents: content::Cache::default(),
        releases: monitor::ReleaseCache::default(),
        deployments: Mutex::default(),
    });
    let mut tasks = JoinSet::new();
    let (sender, synced) = oneshot::channel();
    let api: Api<BundleDeployment> = Api::namespaced(context.hub.clone(), &context.registration.deployment_namespace);
    tasks.spawn({
        let context = context.clone();
        async move { watch::follow(api, watcher::Config::default(), sender, |change| context.take(change)).await }
    });
    tasks.spawn(check_in::run(context.clone()));
    tokio::select! {
        _ = synced => {}
        () = &mut shutdown => return Ok(()),
    }
    for deployment in context.all() {
        context.queue.add(watch::key_of(deployment.as_ref()).1);
    }
    let mut running = JoinSet::new();
    for _ in 0..workers {
        running.spawn(work(context.clone()));
    }
    running.spawn(sweep::run(context.clone()));
    let outcome = tokio::select! {
        _ = tasks.join_next() => Err(AgentError::WatchEnded),
        () = &mut shutdown => Ok(()),
    };
    context.queue.close();
    // A release that is half way is recorded as pending; ending it here saves the next agent from repairing it.
    let _ = tokio::time::timeout(Duration::from_secs(10), async {
        while running.join_next().await.is_some() {}
    })
    .await;
    outcome
}

async fn work(context: Arc<Context>) {
    while let Some(name) = context.queue.next().await {
        match deployment::reconcile(&context, &name).await {
            Ok(after) => context.queue.done(&name, after),
            Err(error) => {
                let delay = context.queue.failed(&name);
                tracing::warn!(deployment = %name, %error, ?delay, "failed, it is tried again");
            }
        }
    }
}
