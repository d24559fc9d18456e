//! What the manager knows of the hub: the objects its watches brought, and who must look again when one changes.
//!
//! Invariants: an object is replaced only by a newer one (its own writes enter at once, so a watch that lags behind
//! never brings an old state back); a change that concerns nobody wakes nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fleet_core::api::{
    Bundle, BundleDeployment, BundleNamespaceMapping, Cluster, ClusterGroup, ClusterRegistration,
    ClusterRegistrationToken, GitRepo, labels,
};
use fleet_core::target::{ClusterView, Estate};
use k8s_openapi::api::core::v1::{Namespace, Secret};
use kube::{Resource, ResourceExt};

use super::{bundle_deployments, estate};

use crate::watch::{Change, Key, key_of};

/// Something to look at again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Work {
    /// Poll, fetch and scan a GitRepo.
    GitRepo(Key),
    /// Sum a GitRepo's deployments up.
    GitRepoStatus(Key),
    /// Target a Bundle and write its deployments.
    Bundle(Key),
    /// Namespace and roll-up of a Cluster.
    Cluster(Key),
    /// Roll-up of a ClusterGroup.
    ClusterGroup(Key),
    /// Grant a ClusterRegistration.
    Registration(Key),
    /// Service account and Secret of a ClusterRegistrationToken.
    Token(Key),
    /// Remove a Content that nobody uses.
    Content(String),
}

/// Objects of one kind by namespace and name.
#[derive(Debug)]
pub(crate) struct Table<T>(BTreeMap<Key, Arc<T>>);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Resource> Table<T> {
    pub(crate) fn get(&self, key: &Key) -> Option<&Arc<T>> {
        self.0.get(key)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Key, &Arc<T>)> {
        self.0.iter()
    }

    /// The objects of one namespace.
    pub(crate) fn in_namespace<'a>(&'a self, namespace: &'a str) -> impl Iterator<Item = (&'a Key, &'a Arc<T>)> {
        self.0
            .range((namespace.to_owned(), String::new())..)
            .take_while(move |(key, _)| key.0 == namespace)
    }

    /// Takes the object in; `None` where it is not newer than the one there is.
    fn put(&mut self, object: T) -> Option<(Option<Arc<T>>, Arc<T>)> {
        let key = key_of(&object);
        if let Some(old) = self.0.get(&key)
            && old.uid() == object.uid()
            && !newer(&object.resource_version(), &old.resource_version())
        {
            return None;
        }
        let object = Arc::new(object);
        let old = self.0.insert(key, object.clone());
        Some((old, object))
    }

    fn remove(&mut self, key: &Key) -> Option<Arc<T>> {
        self.0.remove(key)
    }
}

/// Whether a resource version is newer than another. They are numbers that grow on every Kubernetes API server; where
/// one is not, any other text counts as newer.
fn newer(new: &Option<String>, old: &Option<String>) -> bool {
    let number = |version: &Option<String>| version.as_deref().and_then(|version| version.parse::<u64>().ok());
    match (number(new), number(old)) {
        (Some(new), Some(old)) => new > old,
        _ => new != old,
    }
}

/// Labels and annotations of a namespace.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct NamespaceView {
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) deleting: bool,
}

/// The hub as the watches have it.
#[derive(Debug, Default)]
pub(crate) struct Inventory {
    pub(crate) git_repos: Table<GitRepo>,
    pub(crate) bundles: Table<Bundle>,
    pub(crate) deployments: Table<BundleDeployment>,
    pub(crate) clusters: Table<Cluster>,
    pub(crate) groups: Table<ClusterGroup>,
    pub(crate) mappings: Table<BundleNamespaceMapping>,
    pub(crate) registrations: Table<ClusterRegistration>,
    pub(crate) tokens: Table<ClusterRegistrationToken>,
    pub(crate) namespaces: BTreeMap<String, NamespaceView>,
    pub(crate) contents: BTreeSet<String>,
    /// Version and hash of the values Secret of each deployment; the values themselves are not kept.
    values: BTreeMap<Key, (Option<String>, String)>,
    /// Deployments of each bundle.
    by_bundle: BTreeMap<Key, BTreeSet<Key>>,
    /// Deployments of each GitRepo.
    by_repo: BTreeMap<Key, BTreeSet<Key>>,
    /// Deployments that use each Content.
    by_content: BTreeMap<String, BTreeSet<Key>>,
    /// Cluster of each cluster namespace.
    cluster_of_namespace: BTreeMap<String, Key>,
    /// Clusters as targeting sees them.
    views: BTreeMap<Key, Arc<ClusterView>>,
    /// Namespaces of clusters that are gone, until they are cleaned up.
    pub(crate) gone: BTreeMap<Key, String>,
    /// All that targeting sees, until some of it changes.
    estate: Option<Arc<Estate>>,
}

impl Inventory {
    pub(crate) fn deployments_of_bundle(&self, bundle: &Key) -> Vec<Arc<BundleDeployment>> {
        self.resolve(self.by_bundle.get(bundle))
    }

    pub(crate) fn deployments_of_repo(&self, repo: &Key) -> Vec<Arc<BundleDeployment>> {
        self.resolve(self.by_repo.get(repo))
    }

    pub(crate) fn content_users(&self, content: &str) -> usize {
        self.by_content.get(content).map_or(0, BTreeSet::len)
    }

    pub(crate) fn cluster_views(&self) -> impl Iterator<Item = &Arc<ClusterView>> {
        self.views.values()
    }

    /// The estate as it is now.
    pub(crate) fn estate(&mut self) -> Arc<Estate> {
        if let Some(estate) = &self.estate {
            return estate.clone();
        }
        let estate = Arc::new(estate::build(self));
        self.estate = Some(estate.clone());
        estate
    }

    /// The Rancher user who made the GitRepo or Bundle of a key.
    pub(crate) fn created_by(&self, work: &Work) -> Option<String> {
        let user = match work {
            Work::GitRepo(key) | Work::GitRepoStatus(key) => {
                self.git_repos.get(key)?.labels().get(labels::CREATED_BY_USER_ID)
            }
            Work::Bundle(key) => self.bundles.get(key)?.labels().get(labels::CREATED_BY_USER_ID),
            _ => None,
        };
        user.cloned()
    }

    fn resolve(&self, keys: Option<&BTreeSet<Key>>) -> Vec<Arc<BundleDeployment>> {
        keys.into_iter()
            .flatten()
            .filter_map(|key| self.deployments.get(key).cloned())
            .collect()
    }

    /// Takes a change in and says who must look again.
    pub(crate) fn git_repo(&mut self, change: Change<GitRepo>) -> Vec<Work> {
        match change {
            Change::Applied(object) => {
                let Some((old, new)) = self.git_repos.put(object) else {
                    return Vec::new();
                };
                let key = key_of(new.as_ref());
                if old.is_none_or(|old| asks_anew(old.as_ref(), new.as_ref())) {
                    vec![Work::GitRepo(key.clone()), Work::GitRepoStatus(key)]
                } else {
                    vec![Work::GitRepoStatus(key)]
                }
            }
            Change::Deleted(key) => {
                self.git_repos.remove(&key);
                Vec::new()
            }
        }
    }

    pub(crate) fn bundle(&mut self, change: Change<Bundle>) -> Vec<Work> {
        match change {
            Change::Applied(object) => {
                let Some((old, new)) = self.bundles.put(object) else {
                    return Vec::new();
                };
                let key = key_of(new.as_ref());
                let mut work = Vec::new();
                work.extend(repo_of(new.as_ref()).map(Work::GitRepoStatus));
                if old.is_none_or(|old| asks_anew(old.as_ref(), new.as_ref())) {
                    work.push(Work::Bundle(key));
                }
                work
            }
            Change::Deleted(key) => {
                let Some(old) = self.bundles.remove(&key) else {
                    return Vec::new();
                };
                let repo = repo_of(old.as_ref());
                repo.map(|repo| vec![Work::GitRepo(repo.clone()), Work::GitRepoStatus(repo)])
                    .unwrap_or_default()
            }
        }
    }

    pub(crate) fn deployment(&mut self, change: Change<BundleDeployment>) -> Vec<Work> {
        let (old, new) = match change {
            Change::Applied(object) => match self.deployments.put(object) {
                Some((old, new)) => (old, Some(new)),
                None => return Vec::new(),
            },
            Change::Deleted(key) => (self.deployments.remove(&key), None),
        };
        if let Some(old) = &old {
            self.unindex(old);
        }
        if let Some(new) = &new {
            self.index(new);
        }
        let mut work = BTreeSet::new();
        for deployment in old.iter().chain(&new) {
            work.extend(bundle_of(deployment).map(Work::Bundle));
            work.extend(deployment_repo(deployment).map(Work::GitRepoStatus));
            let namespace = deployment.namespace().unwrap_or_default();
            work.extend(self.cluster_of_namespace.get(&namespace).cloned().map(Work::Cluster));
        }
        if let Some(content) = old.as_ref().and_then(|old| old.labels().get(labels::CONTENT_NAME))
            && self.content_users(content) == 0
        {
            work.insert(Work::Content(content.clone()));
        }
        work.into_iter().collect()
    }

    /// The hash of the values that a deployment's Secret holds.
    pub(crate) fn values_hash(&self, deployment: &Key) -> Option<&str> {
        self.values.get(deployment).map(|(_, hash)| hash.as_str())
    }

    /// A values Secret that is not what its deployment says concerns the bundle.
    pub(crate) fn deployment_values(&mut self, change: Change<Secret>) -> Vec<Work> {
        let key = match change {
            Change::Applied(secret) => {
                let Some(hash) = bundle_deployments::hash_of(&secret) else {
                    return Vec::new();
                };
                let (key, version) = (key_of(&secret), secret.resource_version());
                if self.values.get(&key).is_some_and(|(old, _)| !newer(&version, old)) {
                    return Vec::new();
                }
                self.values.insert(key.clone(), (version, hash));
                key
            }
            Change::Deleted(key) => {
                self.values.remove(&key);
                key
            }
        };
        let Some(deployment) = self.deployments.get(&key) else {
            return Vec::new();
        };
        let wanted = deployment.spec.values_hash.as_str();
        if wanted == self.values_hash(&key).unwrap_or_default() {
            return Vec::new();
        }
        bundle_of(deployment).map(Work::Bundle).into_iter().collect()
    }

    fn index(&mut self, deployment: &BundleDeployment) {
        let key = key_of(deployment);
        if let Some(bundle) = bundle_of(deployment) {
            self.by_bundle.entry(bundle).or_default().insert(key.clone());
        }
        if let Some(repo) = deployment_repo(deployment) {
            self.by_repo.entry(repo).or_default().insert(key.clone());
        }
        if let Some(content) = deployment.labels().get(labels::CONTENT_NAME) {
            self.by_content.entry(content.clone()).or_default().insert(key);
        }
    }

    fn unindex(&mut self, deployment: &BundleDeployment) {
        let key = key_of(deployment);
        let bundle = bundle_of(deployment);
        forget(&mut self.by_bundle, bundle.as_ref(), &key);
        forget(&mut self.by_repo, deployment_repo(deployment).as_ref(), &key);
        forget(
            &mut self.by_content,
            deployment.labels().get(labels::CONTENT_NAME),
            &key,
        );
    }

    pub(crate) fn cluster(&mut self, change: Change<Cluster>) -> Vec<Work> {
        let (old, new) = match change {
            Change::Applied(object) => match self.clusters.put(object) {
                Some((old, new)) => (old, Some(new)),
                None => return Vec::new(),
            },
            Change::Deleted(key) => (self.clusters.remove(&key), None),
        };
        if let Some(namespace) = old.as_deref().and_then(deployment_namespace) {
            self.cluster_of_namespace.remove(namespace);
        }
        if let Some(new) = &new
            && let Some(namespace) = deployment_namespace(new)
        {
            self.cluster_of_namespace
                .insert(namespace.to_owned(), key_of(new.as_ref()));
        }
        let moved = match (&old, &new) {
            (Some(old), Some(new)) => {
                asks_anew(old.as_ref(), new.as_ref())
                    || deployment_namespace(old) != deployment_namespace(new)
                    || schedule(old) != schedule(new)
            }
            _ => true,
        };
        let Some(cluster) = new.as_ref().or(old.as_ref()) else {
            return Vec::new();
        };
        let key = key_of(cluster.as_ref());
        let mut work: Vec<Work> = self
            .groups
            .in_namespace(&key.0)
            .map(|(group, _)| Work::ClusterGroup(group.clone()))
            .collect();
        if moved {
            self.estate = None;
            match &new {
                Some(new) => self.views.insert(key.clone(), estate::cluster_view(new)),
                None => self.views.remove(&key),
            };
            work.extend(self.bundles_that_see(&key.0));
            let waiting = self.registrations.in_namespace(&key.0);
            work.extend(waiting.map(|(registration, _)| Work::Registration(registration.clone())));
        }
        if new.is_none()
            && let Some(namespace) = old.as_deref().and_then(deployment_namespace)
        {
            self.gone.insert(key.clone(), namespace.to_owned());
        }
        work.push(Work::Cluster(key));
        work
    }

    pub(crate) fn group(&mut self, change: Change<ClusterGroup>) -> Vec<Work> {
        let (key, moved, there) = match change {
            Change::Applied(object) => {
                let Some((old, new)) = self.groups.put(object) else {
                    return Vec::new();
                };
                let moved = old.is_none_or(|old| asks_anew(old.as_ref(), new.as_ref()));
                (key_of(new.as_ref()), moved, true)
            }
            Change::Deleted(key) => {
                self.groups.remove(&key);
                (key, true, false)
            }
        };
        let mut work = Vec::new();
        if moved {
            self.estate = None;
            work = self.bundles_that_see(&key.0);
        }
        if there {
            work.push(Work::ClusterGroup(key));
        }
        work
    }

    pub(crate) fn mapping(&mut self, change: Change<BundleNamespaceMapping>) -> Vec<Work> {
        let namespace = match change {
            Change::Applied(object) => match self.mappings.put(object) {
                Some((_, new)) => key_of(new.as_ref()).0,
                None => return Vec::new(),
            },
            Change::Deleted(key) => {
                self.mappings.remove(&key);
                key.0
            }
        };
        self.estate = None;
        self.bundles
            .in_namespace(&namespace)
            .map(|(key, _)| Work::Bundle(key.clone()))
            .collect()
    }

    pub(crate) fn namespace(&mut self, change: Change<kube::core::PartialObjectMeta<Namespace>>) -> Vec<Work> {
        let (name, view) = match change {
            Change::Applied(object) => {
                let deleting = object.metadata.deletion_timestamp.is_some();
                (
                    object.name_any(),
                    Some(NamespaceView {
                        labels: object.labels().clone(),
                        deleting,
                    }),
                )
            }
            Change::Deleted((_, name)) => (name, None),
        };
        let old = match &view {
            Some(view) => self.namespaces.insert(name.clone(), view.clone()),
            None => self.namespaces.remove(&name),
        };
        if old == view {
            return Vec::new();
        }
        self.estate = None;
        // A cluster namespace that vanished is made again; mappings select namespaces by label.
        let mut work: Vec<Work> = self
            .cluster_of_namespace
            .get(&name)
            .cloned()
            .map(Work::Cluster)
            .into_iter()
            .collect();
        let mapped: BTreeSet<&str> = self.mappings.iter().map(|(key, _)| key.0.as_str()).collect();
        for namespace in mapped {
            work.extend(
                self.bundles
                    .in_namespace(namespace)
                    .map(|(key, _)| Work::Bundle(key.clone())),
            );
        }
        work
    }

    pub(crate) fn registration(&mut self, change: Change<ClusterRegistration>) -> Vec<Work> {
        match change {
            Change::Applied(object) => {
                let put = self.registrations.put(object);
                put.map(|(_, new)| vec![Work::Registration(key_of(new.as_ref()))])
                    .unwrap_or_default()
            }
            Change::Deleted(key) => {
                self.registrations.remove(&key);
                Vec::new()
            }
        }
    }

    pub(crate) fn token(&mut self, change: Change<ClusterRegistrationToken>) -> Vec<Work> {
        match change {
            Change::Applied(object) => {
                let put = self.tokens.put(object);
                put.map(|(_, new)| vec![Work::Token(key_of(new.as_ref()))])
                    .unwrap_or_default()
            }
            Change::Deleted(key) => {
                self.tokens.remove(&key);
                Vec::new()
            }
        }
    }

    pub(crate) fn content(
        &mut self,
        change: Change<kube::core::PartialObjectMeta<fleet_core::api::Content>>,
    ) -> Vec<Work> {
        match change {
            Change::Applied(object) => {
                let name = object.name_any();
                let unused = self.content_users(&name) == 0;
                self.contents.insert(name.clone());
                if unused { vec![Work::Content(name)] } else { Vec::new() }
            }
            Change::Deleted((_, name)) => {
                self.contents.remove(&name);
                Vec::new()
            }
        }
    }

    /// Bundles whose targets may lie in a namespace: its own, and those of namespaces with a mapping.
    fn bundles_that_see(&self, namespace: &str) -> Vec<Work> {
        let mut namespaces: BTreeSet<&str> = self.mappings.iter().map(|(key, _)| key.0.as_str()).collect();
        namespaces.insert(namespace);
        let bundles = namespaces
            .into_iter()
            .flat_map(|namespace| self.bundles.in_namespace(namespace));
        bundles.map(|(key, _)| Work::Bundle(key.clone())).collect()
    }
}

/// Whether what people or controllers ask of an object changed; a new status alone does not count.
fn asks_anew<T: Resource>(old: &T, new: &T) -> bool {
    let (old, new) = (old.meta(), new.meta());
    old.uid != new.uid
        || old.generation != new.generation
        || old.labels != new.labels
        || old.annotations != new.annotations
        || old.deletion_timestamp != new.deletion_timestamp
        || old.finalizers != new.finalizers
}

fn schedule(cluster: &Cluster) -> (bool, bool) {
    cluster
        .status
        .as_ref()
        .map_or((false, false), |status| (status.scheduled, status.active_schedule))
}

/// The namespace of a cluster's deployments, once it has one.
pub(crate) fn deployment_namespace(cluster: &Cluster) -> Option<&str> {
    cluster
        .status
        .as_ref()
        .map(|status| status.namespace.as_str())
        .filter(|namespace| !namespace.is_empty())
}

/// The bundle of a deployment.
pub(crate) fn bundle_of(deployment: &BundleDeployment) -> Option<Key> {
    let labels = deployment.labels();
    Some((
        labels.get(labels::BUNDLE_NAMESPACE)?.clone(),
        labels.get(labels::BUNDLE_NAME)?.clone(),
    ))
}

fn deployment_repo(deployment: &BundleDeployment) -> Option<Key> {
    let labels = deployment.labels();
    Some((
        labels.get(labels::BUNDLE_NAMESPACE)?.clone(),
        labels.get(labels::REPO_NAME)?.clone(),
    ))
}

/// The GitRepo of a bundle.
pub(crate) fn repo_of(bundle: &Bundle) -> Option<Key> {
    Some((bundle.namespace()?, bundle.labels().get(labels::REPO_NAME)?.clone()))
}

fn forget<I: Ord>(index: &mut BTreeMap<I, BTreeSet<Key>>, at: Option<&I>, key: &Key) {
    if let Some(at) = at
        && let Some(keys) = index.get_mut(at)
    {
        keys.remove(key);
        if keys.is_empty() {
            index.remove(at);
        }
    }
}
