//! The manager: GitRepos to Bundles, Bundles to BundleDeployments, registration of clusters, and the roll-up of states.
//!
//! # How it works
//!
//! One watch a kind feeds an in-memory inventory. Each change names what has to be looked at again, and a queue hands that
//! to a few workers, each key to one worker at a time. A worker computes what should be on the hub with the stages of
//! `fleet_core` and writes what differs.
//!
//! # Guarantees
//!
//! - **Quiet.** A write is sent only where the object differs; a restart writes nothing where nothing changed. Nothing on
//!   the way from a commit to a ready deployment waits for a fixed time.
//! - **Deletion is deliberate.** A Bundle is deleted because a scan of its GitRepo that succeeded for its folder does not
//!   have it any more; a BundleDeployment because its Bundle is being deleted or does not reach its cluster any more; never
//!   because a watch or a list lacks something: what is missing there is asked for live before anything is deleted.
//! - **One bad folder, bundle or cluster stops no other.**
//! - **Pull only.** The manager holds no client for any downstream cluster.
//!
//! # Not done here
//!
//! Manager-initiated import of clusters (`kubeConfigSecret`), HelmOps, ImageScans, Schedules and Policies: see
//! SHORTCOMINGS.md.

mod bundle;
mod bundle_deployments;
mod bundle_status;
mod bundle_values;
mod cluster;
mod cluster_group;
mod content;
mod credentials;
mod estate;
mod git_repo;
mod git_repo_bundles;
mod git_repo_status;
mod inventory;
mod registration;
mod registration_token;
mod service_account;
mod write;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fleet_core::api::labels;
use fleet_core::source::Source;
use futures::future::join_all;
use k8s_openapi::api::core::v1::Namespace;
use kube::api::Api;
use kube::core::PartialObjectMeta;
use kube::runtime::watcher;
use kube::{Client, Resource};
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tracing::Instrument;

use crate::queue::Queue;
use crate::watch::{self, Change};
use inventory::{Inventory, Work};

pub use registration::install_roles;
pub(crate) use write::ensure_plain_namespace as ensure_namespace;

/// How a manager is set up.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ManagerOptions {
    /// The manager's namespace.
    pub system_namespace: String,
    /// URL under which agents reach the hub; written into the values of registration tokens.
    pub api_server_url: String,
    /// PEM certificate authority of that URL.
    pub api_server_ca: String,
    /// Keys that are worked on at a time.
    pub workers: usize,
    /// Interval of polling for GitRepos that name none (Fleet: 15 s).
    pub polling_interval: Duration,
    /// Longest time that resolving or fetching a repository may take.
    pub source_timeout: Duration,
    /// Registration tokens without a time to live are deleted (`FLEET_REGISTRATION_TOKEN_TTL_REQUIRED`).
    pub registration_token_ttl_required: bool,
    /// Labels that agents ask for are not put on their Clusters (`ignoreClusterRegistrationLabels`).
    pub ignore_cluster_registration_labels: bool,
    /// Whether values of GitRepo addresses may be files of this machine is the source's choice; this one is whether a
    /// GitRepo without a branch follows the repository's own default branch. Fleet follows `master`.
    pub follow_default_branch: bool,
}

impl Default for ManagerOptions {
    fn default() -> Self {
        Self {
            system_namespace: "cattle-fleet-system".to_owned(),
            api_server_url: String::new(),
            api_server_ca: String::new(),
            workers: 8,
            polling_interval: Duration::from_secs(15),
            source_timeout: Duration::from_secs(300),
            registration_token_ttl_required: false,
            ignore_cluster_registration_labels: false,
            follow_default_branch: false,
        }
    }
}

impl ManagerOptions {
    /// Namespace of the agents' credentials: `-system` in the system namespace becomes `-clusters-system`.
    pub fn registration_namespace(&self) -> String {
        let name = self.system_namespace.replace("-system", "-clusters-system");
        if name == self.system_namespace {
            format!("{name}-clusters-system")
        } else {
            name
        }
    }
}

/// Why a manager ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManagerError {
    /// The hub could not be prepared: definitions, namespaces or roles.
    #[error("preparing the hub: {0}")]
    Prepare(#[source] kube::Error),
    /// A watch ended; without it the manager would act on old news.
    #[error("the watch of {0} ended")]
    WatchEnded(&'static str),
}

/// What every worker shares.
pub(crate) struct Context {
    pub(crate) client: Client,
    pub(crate) source: Arc<dyn Source>,
    pub(crate) options: ManagerOptions,
    pub(crate) queue: Queue<Work>,
    /// What random functions in templates of values follow from: the same after a restart, and unknown to who writes them.
    pub(crate) seed: [u8; 32],
    inventory: Mutex<Inventory>,
    pub(crate) syncs: Mutex<BTreeMap<crate::watch::Key, git_repo::Sync>>,
    pub(crate) values: bundle_values::ValuesCache,
    pub(crate) manifests: content::ManifestCache,
}

impl Context {
    /// The inventory. The lock is never held across an await.
    pub(crate) fn inventory(&self) -> MutexGuard<'_, Inventory> {
        self.inventory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a change in and queues what follows from it.
    pub(crate) fn take<T>(&self, change: Change<T>, handle: fn(&mut Inventory, Change<T>) -> Vec<Work>) {
        let work = handle(&mut self.inventory(), change);
        for key in work {
            self.queue.add(key);
        }
    }
}

/// What a worker says after a key: look again after that time, or not before something changes.
pub(crate) type Outcome = Result<Option<Duration>, ReconcileError>;

/// Why a key failed; it comes again, later each time.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReconcileError {
    #[error("{what}: {source}")]
    Api { what: String, source: kube::Error },
    #[error("{0}")]
    Other(String),
}

/// Adds what was being done to an error of the API server.
pub(crate) trait During<T> {
    fn during(self, what: impl FnOnce() -> String) -> Result<T, ReconcileError>;
}

impl<T> During<T> for Result<T, kube::Error> {
    fn during(self, what: impl FnOnce() -> String) -> Result<T, ReconcileError> {
        self.map_err(|source| ReconcileError::Api { what: what(), source })
    }
}

/// Installs the definitions, namespaces and roles that a manager needs on its hub; writes nothing where all are there.
///
/// # Errors
///
/// What the API server answered.
pub async fn prepare(client: &Client, options: &ManagerOptions) -> Result<(), ManagerError> {
    crate::crd::install(client).await.map_err(ManagerError::Prepare)?;
    for namespace in [&options.system_namespace, &options.registration_namespace()] {
        write::ensure_namespace(client, namespace, &[], &[])
            .await
            .map_err(ManagerError::Prepare)?;
    }
    install_roles(client).await.map_err(ManagerError::Prepare)
}

/// Runs a manager until `shutdown` resolves. [`prepare`] the hub first.
///
/// # Errors
///
/// [`ManagerError::WatchEnded`]; errors of single objects are written to their status and tried again.
pub async fn run(
    client: Client,
    source: Arc<dyn Source>,
    options: ManagerOptions,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), ManagerError> {
    let workers = options.workers.max(1);
    let seed = seed(&client, &options.system_namespace)
        .await
        .map_err(ManagerError::Prepare)?;
    let context = Arc::new(Context {
        client: client.clone(),
        source,
        options,
        queue: Queue::new(),
        seed,
        inventory: Mutex::new(Inventory::default()),
        syncs: Mutex::new(BTreeMap::new()),
        values: bundle_values::ValuesCache::default(),
        manifests: content::ManifestCache::default(),
    });
    let mut tasks = JoinSet::new();
    let mut synced = Vec::new();
    let mut watching = Watching {
        context: &context,
        tasks: &mut tasks,
        synced: &mut synced,
    };
    watching.add("namespaces", Api::all(client.clone()), Inventory::namespace);
    watching.add("clusters", Api::all(client.clone()), Inventory::cluster);
    watching.add("clustergroups", Api::all(client.clone()), Inventory::group);
    watching.add("bundlenamespacemappings", Api::all(client.clone()), Inventory::mapping);
    watching.add("bundledeployments", Api::all(client.clone()), Inventory::deployment);
    watching.add("bundles", Api::all(client.clone()), Inventory::bundle);
    watching.add("gitrepos", Api::all(client.clone()), Inventory::git_repo);
    watching.add(
        "clusterregistrations",
        Api::all(client.clone()),
        Inventory::registration,
    );
    watching.add("clusterregistrationtokens", Api::all(client.clone()), Inventory::token);
    watching.add(
        "contents",
        Api::<PartialObjectMeta<_>>::all(client.clone()),
        Inventory::content,
    );
    let of_deployments = watcher::Config::default().fields(&format!("type={}", labels::BUNDLE_DEPLOYMENT_SECRET));
    watching.add_some(
        "secrets",
        Api::all(client),
        of_deployments,
        Inventory::deployment_values,
    );

    tokio::pin!(shutdown);
    // Nothing is decided before every kind is known in full: half a picture would delete what it lacks.
    tokio::select! {
        _ = join_all(synced) => {}
        () = &mut shutdown => return Ok(()),
    }
    let mut running = JoinSet::new();
    for _ in 0..workers {
        running.spawn(work(context.clone()));
    }
    let ended = tokio::select! {
        Some(ended) = tasks.join_next() => ended.ok(),
        () = &mut shutdown => None,
    };
    context.queue.close();
    // What a worker has begun it ends: a half-written bundle would have to be repaired by the next manager.
    let _ = tokio::time::timeout(Duration::from_secs(10), async {
        while running.join_next().await.is_some() {}
    })
    .await;
    ended.map_or(Ok(()), |kind| Err(ManagerError::WatchEnded(kind)))
}

/// A seed that stays while the manager's namespace does.
async fn seed(client: &Client, system_namespace: &str) -> Result<[u8; 32], kube::Error> {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let uid = namespaces
        .get_metadata(system_namespace)
        .await?
        .metadata
        .uid
        .unwrap_or_default();
    Ok(Sha256::digest(uid.as_bytes()).into())
}

struct Watching<'a> {
    context: &'a Arc<Context>,
    tasks: &'a mut JoinSet<&'static str>,
    synced: &'a mut Vec<oneshot::Receiver<()>>,
}

impl Watching<'_> {
    fn add<T>(&mut self, plural: &'static str, api: Api<T>, handle: fn(&mut Inventory, Change<T>) -> Vec<Work>)
    where
        T: Resource<DynamicType = ()> + Clone + std::fmt::Debug + serde::de::DeserializeOwned + Send + 'static,
    {
        self.add_some(plural, api, watcher::Config::default(), handle);
    }

    fn add_some<T>(
        &mut self,
        plural: &'static str,
        api: Api<T>,
        which: watcher::Config,
        handle: fn(&mut Inventory, Change<T>) -> Vec<Work>,
    ) where
        T: Resource<DynamicType = ()> + Clone + std::fmt::Debug + serde::de::DeserializeOwned + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        self.synced.push(receiver);
        let context = self.context.clone();
        self.tasks.spawn(async move {
            watch::follow(api, which, sender, |change| context.take(change, handle)).await;
            plural
        });
    }
}

async fn work(context: Arc<Context>) {
    while let Some(key) = context.queue.next().await {
        let span = span(&context, &key);
        let outcome = reconcile(&context, &key).instrument(span.clone()).await;
        match outcome {
            Ok(after) => context.queue.done(&key, after),
            Err(error) => {
                let delay = context.queue.failed(&key);
                span.in_scope(|| tracing::warn!(?key, %error, ?delay, "failed, it is tried again"));
            }
        }
    }
}

/// What every line of the log about a key carries: who made the object, where Rancher says so (`userID`, as Fleet calls it).
fn span(context: &Context, key: &Work) -> tracing::Span {
    match context.inventory().created_by(key) {
        Some(user) => tracing::info_span!("reconcile", userID = %user),
        None => tracing::Span::none(),
    }
}

async fn reconcile(context: &Context, key: &Work) -> Outcome {
    match key {
        Work::GitRepo(repo) => git_repo::reconcile(context, repo).await,
        Work::GitRepoStatus(repo) => git_repo_status::reconcile(context, repo).await,
        Work::Bundle(bundle) => bundle::reconcile(context, bundle).await,
        Work::Cluster(cluster) => cluster::reconcile(context, cluster).await,
        Work::ClusterGroup(group) => cluster_group::reconcile(context, group).await,
        Work::Registration(registration) => registration::reconcile(context, registration).await,
        Work::Token(token) => registration_token::reconcile(context, token).await,
        Work::Content(content) => content::collect(context, content).await,
    }
}
