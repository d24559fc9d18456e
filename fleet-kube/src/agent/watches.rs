//! Watches of live objects: one for each kind that some release has, of objects that carry Fleet's mark only, and of their
//! metadata only. An event wakes the deployment whose mark the object carries.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fleet_core::cluster::Cluster;
use fleet_core::object::GroupVersionKind;
use fleet_core::render::{BundleContent, HASH_LABEL};
use futures::StreamExt;
use kube::ResourceExt;
use kube::api::{Api, DynamicObject};
use kube::core::PartialObjectMeta;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event};
use tokio::task::AbortHandle;

use crate::cluster::KubeCluster;
use crate::queue::Queue;

/// Corrections of one deployment within [`CORRECTION_WINDOW`]; who sets an object back more often than that fights with
/// another controller.
const MOST_CORRECTIONS: usize = 10;
const CORRECTION_WINDOW: Duration = Duration::from_secs(60);

/// The watches of an agent.
pub(crate) struct Watches {
    local: KubeCluster,
    queue: Arc<Queue<String>>,
    scopes: Scopes,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Deployment of each mark.
    marks: BTreeMap<String, String>,
    /// Kinds that each deployment needs watched.
    kinds: BTreeMap<String, BTreeSet<GroupVersionKind>>,
    running: BTreeMap<GroupVersionKind, AbortHandle>,
    corrections: BTreeMap<String, Vec<Instant>>,
}

impl Drop for Watches {
    fn drop(&mut self) {
        for handle in self.lock().running.values() {
            handle.abort();
        }
    }
}

impl Watches {
    pub(crate) fn new(local: KubeCluster, queue: Arc<Queue<String>>) -> Self {
        Self {
            local,
            queue,
            scopes: Scopes::default(),
            state: Arc::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of which kinds are cluster-scoped.
    pub(crate) fn scopes(&self) -> &Scopes {
        &self.scopes
    }

    /// Sees to it that a deployment hears of changes of objects of these kinds that carry its mark.
    pub(crate) async fn watch<'a>(
        &self,
        deployment: &str,
        mark: &str,
        kinds: impl Iterator<Item = &'a GroupVersionKind>,
    ) {
        let kinds: BTreeSet<GroupVersionKind> = kinds.cloned().collect();
        let missing: Vec<GroupVersionKind> = {
            let mut state = self.lock();
            state.marks.insert(mark.to_owned(), deployment.to_owned());
            let missing = kinds
                .iter()
                .filter(|kind| !state.running.contains_key(*kind))
                .cloned()
                .collect();
            state.kinds.insert(deployment.to_owned(), kinds);
            missing
        };
        for kind in missing {
            let Ok((resource, _)) = self.local.resource(&kind).await else {
                continue;
            };
            let api: Api<PartialObjectMeta<DynamicObject>> = Api::all_with(self.local.client().clone(), &resource);
            let mut state = self.lock();
            if state.running.contains_key(&kind) {
                continue;
            }
            let task = tokio::spawn(follow(api, self.state.clone(), self.queue.clone()));
            state.running.insert(kind, task.abort_handle());
        }
    }

    /// A deployment wants no news any more; watches that nobody needs end.
    pub(crate) fn forget(&self, deployment: &str) {
        let mut state = self.lock();
        state.marks.retain(|_, name| name != deployment);
        state.corrections.remove(deployment);
        if state.kinds.remove(deployment).is_none() {
            return;
        }
        let needed: BTreeSet<GroupVersionKind> = state.kinds.values().flatten().cloned().collect();
        state.running.retain(|kind, handle| {
            let keep = needed.contains(kind);
            if !keep {
                handle.abort();
            }
            keep
        });
    }

    /// Whether a deployment may be corrected once more now.
    pub(crate) fn may_correct(&self, deployment: &str) -> bool {
        let mut state = self.lock();
        let times = state.corrections.entry(deployment.to_owned()).or_default();
        times.retain(|time| time.elapsed() < CORRECTION_WINDOW);
        if times.len() >= MOST_CORRECTIONS {
            tracing::warn!(%deployment, "corrected too often: something else changes its objects back");
            drop(state);
            self.queue.add_after(deployment.to_owned(), CORRECTION_WINDOW);
            return false;
        }
        times.push(Instant::now());
        true
    }
}

async fn follow(api: Api<PartialObjectMeta<DynamicObject>>, state: Arc<Mutex<State>>, queue: Arc<Queue<String>>) {
    let config = watcher::Config::default().labels(HASH_LABEL);
    let mut stream = watcher::watcher(api, config).default_backoff().boxed();
    while let Some(event) = stream.next().await {
        // Objects of the first list were seen by whoever started the watch.
        let object = match event {
            Ok(Event::Apply(object) | Event::Delete(object) | Event::InitApply(object)) => object,
            Ok(Event::Init | Event::InitDone) | Err(_) => continue,
        };
        let Some(mark) = object.labels().get(HASH_LABEL) else {
            continue;
        };
        let deployment = state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .marks
            .get(mark)
            .cloned();
        if let Some(deployment) = deployment {
            queue.add(deployment);
        }
    }
}

/// Which kinds are cluster-scoped, as far as the cluster was asked.
#[derive(Debug, Default)]
pub(crate) struct Scopes(Mutex<BTreeMap<GroupVersionKind, bool>>);

impl Scopes {
    /// Whether objects of a kind have no namespace. A kind that the cluster does not know is taken for namespaced.
    pub(crate) fn is_cluster_scoped(&self, api_version: &str, kind: &str) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .get(&GroupVersionKind::new(api_version, kind))
            .copied()
            .unwrap_or(false)
    }

    /// Asks the cluster about every kind that a bundle could render.
    pub(crate) async fn learn(&self, cluster: &KubeCluster, content: &BundleContent) {
        let mut kinds = BTreeSet::new();
        for (_, bytes) in content.files() {
            let Ok(text) = std::str::from_utf8(bytes) else { continue };
            let mut api_version = "";
            for line in text.lines() {
                let line = line.trim_end();
                if line.starts_with("---") {
                    api_version = "";
                } else if let Some(value) = line.strip_prefix("apiVersion:") {
                    api_version = value.trim().trim_matches(['"', '\'']);
                }
                if let Some(kind) = line.strip_prefix("kind:") {
                    let kind = kind.trim().trim_matches(['"', '\'']);
                    kinds.insert(GroupVersionKind::new(api_version, kind));
                }
            }
        }
        for kind in kinds {
            if let Ok(namespaced) = cluster.is_namespaced(&kind).await {
                self.0
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(kind, !namespaced);
            }
        }
    }
}
