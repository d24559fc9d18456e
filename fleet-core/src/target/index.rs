//! The matches of an estate that changes: what a change of one cluster, group or bundle means for deployments.
//!
//! Targeting a bundle looks at every cluster, and an event of a cluster at every bundle; at thousands of both that is most
//! of what a manager does. An index compiles every selector once, keeps for each label the set of clusters that have it,
//! and for each key the bundles that ask for it:
//!
//! - **a cluster's labels change**: only bundles that ask for a key that changed, or for a group that the cluster entered
//!   or left, are looked at, for that cluster alone;
//! - **a bundle changes**: its clusters are unions and intersections of sets;
//! - **a group or mapping changes**: bundles that use groups, or reach other namespaces than before.
//!
//! Guarantees: the same as [`super::targets`] finds, for any order of changes (a property test says so). No match is kept:
//! memory grows with clusters and their labels, not with clusters times bundles.
//!
//! What a match means for options is computed by [`super::Resolver`].

mod bundles;
mod clusters;
mod groups;
mod texts;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use roaring::RoaringBitmap;
use serde::Serialize;

use self::bundles::{Choices, IndexedBundle, IndexedCriteria, difference};
use self::clusters::{ClusterId, Clusters, LabelId};
use self::groups::{GroupId, Groups, IndexedGroup};
use self::texts::Symbol;
use super::matcher::{Choice, Matcher};
use super::{BundleView, ClusterView, GroupView, MappingView, NamespaceView, TargetError};

/// Namespace and name of an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Key {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl Key {
    /// A key.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
        }
    }
}

/// A bundle for which something else applies to a cluster than before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The bundle.
    pub bundle: Key,
    /// What applied; `None` is no deployment.
    pub before: Option<Choice>,
    /// What applies.
    pub after: Option<Choice>,
}

/// A set of clusters of an index; [`Index::clusters`] names them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClusterSet(RoaringBitmap);

impl ClusterSet {
    /// How many clusters.
    pub fn len(&self) -> u64 {
        self.0.len()
    }

    /// True where there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Labels and groups of a cluster, before or after a change.
type Side<'a> = (&'a [LabelId], &'a [GroupId]);

/// The matches of an estate that changes.
#[derive(Clone, Debug, Default)]
pub struct Index {
    clusters: Clusters,
    groups: Groups,
    bundles: Vec<Option<IndexedBundle>>,
    free: Vec<usize>,
    by_key: HashMap<Key, usize>,
    bundles_by_label: HashMap<Symbol, BTreeSet<usize>>,
    bundles_by_namespace: HashMap<Symbol, BTreeSet<usize>>,
    bundles_with_groups: BTreeSet<usize>,
    mappings: BTreeMap<Key, MappingView>,
    namespaces: BTreeMap<String, NamespaceView>,
}

impl Index {
    /// An index of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a cluster, or changes its labels; gives the bundles for which something else applies to it.
    pub fn set_cluster(&mut self, cluster: &ClusterView) -> Vec<Change> {
        let before = self.clusters.find(&cluster.namespace, &cluster.name);
        let old: Vec<LabelId> = before.map(|id| self.clusters.labels(id).to_vec()).unwrap_or_default();
        let old_groups = before.map(|id| self.groups_of(id)).unwrap_or_default();
        let (id, made) = self.clusters.set(&cluster.namespace, &cluster.name, &cluster.labels);
        let new = self.clusters.labels(id).to_vec();
        if !made && old == new {
            return Vec::new();
        }
        let changed: BTreeSet<Symbol> = old
            .iter()
            .filter(|label| new.binary_search(label).is_err())
            .chain(new.iter().filter(|label| old.binary_search(label).is_err()))
            .map(|label| self.clusters.key_of(*label))
            .collect();
        let new_groups = self.groups_of(id);
        self.groups.move_cluster(id, &old_groups, &new_groups);
        let key = self.clusters.key(id);
        let mut affected: BTreeSet<usize> = BTreeSet::new();
        if made {
            affected.extend(self.bundles_by_namespace.get(&key.0).into_iter().flatten());
        } else {
            affected.extend(
                changed
                    .iter()
                    .filter_map(|key| self.bundles_by_label.get(key))
                    .flatten(),
            );
            if old_groups != new_groups {
                affected.extend(&self.bundles_with_groups);
            }
        }
        self.compare(
            key,
            affected,
            (!made).then_some((&old, &old_groups)),
            Some((&new, &new_groups)),
        )
    }

    /// Takes a cluster away; gives the bundles that were deployed to it.
    pub fn remove_cluster(&mut self, namespace: &str, name: &str) -> Vec<Change> {
        let Some(id) = self.clusters.find(namespace, name) else {
            return Vec::new();
        };
        let key = self.clusters.key(id);
        let (old, groups) = (self.clusters.labels(id).to_vec(), self.groups_of(id));
        let affected = self.bundles_by_namespace.get(&key.0).cloned().unwrap_or_default();
        let changes = self.compare(key, affected, Some((&old, &groups)), None);
        self.groups.move_cluster(id, &groups, &[]);
        self.clusters.remove(id);
        changes
    }

    /// Adds or changes a bundle; gives the clusters to which something else applies.
    ///
    /// # Errors
    /// An invalid selector; the bundle is then as it was.
    pub fn set_bundle(&mut self, bundle: &BundleView<'_>) -> Result<ClusterSet, TargetError> {
        let matcher = Matcher::new(bundle.spec)?;
        let key = Key::new(bundle.namespace, bundle.name);
        let before = self.choices_of(self.by_key.get(&key).copied());
        let list = matcher
            .list
            .map(|criteria| IndexedCriteria::new(criteria, &mut self.clusters));
        let mut indexed = IndexedBundle {
            namespace: bundle.namespace.to_owned(),
            name: bundle.name.to_owned(),
            labels: bundle.labels.clone(),
            list,
            namespaces: Vec::new(),
            keys: BTreeSet::new(),
            uses_groups: false,
        };
        indexed.find_deciders(&self.clusters);
        indexed.namespaces = self.reach(&indexed);
        if let Some(index) = self.by_key.get(&key).copied() {
            self.unlink(index);
        }
        let index = match self.by_key.get(&key).copied().or_else(|| self.free.pop()) {
            Some(index) => index,
            None => {
                self.bundles.push(None);
                self.bundles.len() - 1
            }
        };
        self.by_key.insert(key, index);
        self.bundles[index] = Some(indexed);
        self.link(index);
        Ok(ClusterSet(difference(&before, &self.choices_of(Some(index)))))
    }

    /// Takes a bundle away; gives the clusters that it was deployed to.
    pub fn remove_bundle(&mut self, namespace: &str, name: &str) -> ClusterSet {
        let Some(index) = self.by_key.remove(&Key::new(namespace, name)) else {
            return ClusterSet::default();
        };
        let before = self.choices_of(Some(index));
        self.unlink(index);
        self.bundles[index] = None;
        self.free.push(index);
        ClusterSet(difference(&before, &Choices::new()))
    }

    /// Adds or changes a group; gives each bundle for which something else applies to clusters, and these.
    pub fn set_group(&mut self, group: &GroupView) -> Vec<(Key, ClusterSet)> {
        let namespace = self.clusters.texts.intern(&group.namespace);
        self.with_groups_changed(namespace, |index| {
            index.groups.set(&mut index.clusters, namespace, group)
        })
    }

    /// Takes a group away; gives each bundle for which something else applies to clusters, and these.
    pub fn remove_group(&mut self, namespace: &str, name: &str) -> Vec<(Key, ClusterSet)> {
        let Some(namespace) = self.clusters.texts.find(namespace) else {
            return Vec::new();
        };
        self.with_groups_changed(namespace, |index| index.groups.remove(namespace, name))
    }

    /// Adds or changes a mapping; gives each bundle that reaches other clusters than before, and these.
    pub fn set_mapping(&mut self, mapping: &MappingView) -> Vec<(Key, ClusterSet)> {
        self.mappings.insert(
            Key::new(mapping.namespace.as_str(), mapping.name.as_str()),
            mapping.clone(),
        );
        self.reach_again()
    }

    /// Takes a mapping away; gives each bundle that reaches other clusters than before, and these.
    pub fn remove_mapping(&mut self, namespace: &str, name: &str) -> Vec<(Key, ClusterSet)> {
        self.mappings.remove(&Key::new(namespace, name));
        self.reach_again()
    }

    /// Adds or changes a namespace; gives each bundle that reaches other clusters than before, and these.
    pub fn set_namespace(&mut self, namespace: &NamespaceView) -> Vec<(Key, ClusterSet)> {
        self.namespaces.insert(namespace.name.clone(), namespace.clone());
        self.reach_again()
    }

    /// Takes a namespace away; gives each bundle that reaches other clusters than before, and these.
    pub fn remove_namespace(&mut self, name: &str) -> Vec<(Key, ClusterSet)> {
        self.namespaces.remove(name);
        self.reach_again()
    }

    /// Clusters of a bundle and what applies to each, sorted by name of the cluster, then namespace.
    pub fn matches(&self, namespace: &str, name: &str) -> Vec<(Key, Choice)> {
        let choices = self.choices_of(self.by_key.get(&Key::new(namespace, name)).copied());
        let mut matches: Vec<(Key, Choice)> = choices
            .iter()
            .flat_map(|(choice, clusters)| clusters.iter().map(|id| (self.cluster_key(id), choice.clone())))
            .collect();
        matches.sort_by(|(a, _), (b, _)| (&a.name, &a.namespace).cmp(&(&b.name, &b.namespace)));
        matches
    }

    /// Bundles of a cluster and what applies of each, sorted by namespace and name.
    pub fn matches_of_cluster(&self, namespace: &str, name: &str) -> Vec<(Key, Choice)> {
        let Some(id) = self.clusters.find(namespace, name) else {
            return Vec::new();
        };
        let key = self.clusters.key(id);
        let groups = self.groups_of(id);
        let groups: Vec<&IndexedGroup> = groups.iter().filter_map(|group| self.groups.get(*group)).collect();
        let bundles = self.bundles_by_namespace.get(&key.0).into_iter().flatten();
        let mut matches: Vec<(Key, Choice)> = bundles
            .filter_map(|index| self.bundles[*index].as_ref())
            .filter_map(|bundle| {
                let choice = bundle.choose(&self.clusters, key, self.clusters.labels(id), &groups)?;
                Some((Key::new(bundle.namespace.as_str(), bundle.name.as_str()), choice))
            })
            .collect();
        matches.sort();
        matches
    }

    /// Names of the clusters of a set.
    pub fn clusters(&self, set: &ClusterSet) -> impl Iterator<Item = Key> {
        set.0.iter().map(|id| self.cluster_key(id))
    }

    fn cluster_key(&self, id: ClusterId) -> Key {
        let (namespace, name) = self.clusters.key(id);
        Key::new(self.clusters.texts.text(namespace), self.clusters.texts.text(name))
    }

    /// Groups of a cluster.
    fn groups_of(&self, id: ClusterId) -> Vec<GroupId> {
        self.groups
            .of_cluster(&self.clusters, self.clusters.key(id).0, self.clusters.labels(id))
    }

    /// What applied and applies of bundles to a cluster.
    fn compare(
        &self,
        key: (Symbol, Symbol),
        bundles: BTreeSet<usize>,
        before: Option<Side<'_>>,
        after: Option<Side<'_>>,
    ) -> Vec<Change> {
        let groups = |state: Option<Side<'_>>| -> Vec<&IndexedGroup> {
            state
                .into_iter()
                .flat_map(|(_, groups)| groups.iter().filter_map(|group| self.groups.get(*group)))
                .collect()
        };
        let (old_groups, new_groups) = (groups(before), groups(after));
        let mut changes = Vec::new();
        for bundle in bundles.into_iter().filter_map(|index| self.bundles[index].as_ref()) {
            let before = before.and_then(|(labels, _)| bundle.choose(&self.clusters, key, labels, &old_groups));
            let after = after.and_then(|(labels, _)| bundle.choose(&self.clusters, key, labels, &new_groups));
            if before != after {
                let bundle = Key::new(bundle.namespace.as_str(), bundle.name.as_str());
                changes.push(Change { bundle, before, after });
            }
        }
        changes
    }

    fn choices_of(&self, index: Option<usize>) -> Choices {
        let Some(bundle) = index.and_then(|index| self.bundles[index].as_ref()) else {
            return Choices::new();
        };
        let groups: Vec<&IndexedGroup> = if bundle.uses_groups {
            self.groups.of_namespaces(&bundle.namespaces)
        } else {
            Vec::new()
        };
        bundle.choices(&self.clusters, &groups)
    }

    fn link(&mut self, index: usize) {
        let Some(bundle) = &self.bundles[index] else { return };
        for key in &bundle.keys {
            self.bundles_by_label.entry(*key).or_default().insert(index);
        }
        for namespace in &bundle.namespaces {
            self.bundles_by_namespace.entry(*namespace).or_default().insert(index);
        }
        if bundle.uses_groups {
            self.bundles_with_groups.insert(index);
        }
    }

    fn unlink(&mut self, index: usize) {
        let Some(bundle) = &self.bundles[index] else { return };
        for key in &bundle.keys {
            if let Some(bundles) = self.bundles_by_label.get_mut(key) {
                bundles.remove(&index);
            }
        }
        for namespace in &bundle.namespaces {
            if let Some(bundles) = self.bundles_by_namespace.get_mut(namespace) {
                bundles.remove(&index);
            }
        }
        self.bundles_with_groups.remove(&index);
    }

    /// Namespaces that a bundle reaches.
    fn reach(&mut self, bundle: &IndexedBundle) -> Vec<Symbol> {
        let mut names: BTreeSet<&str> = [bundle.namespace.as_str()].into();
        for mapping in self
            .mappings
            .values()
            .filter(|mapping| mapping.namespace == bundle.namespace)
        {
            names.extend(
                mapping
                    .opened_to(&bundle.labels, self.namespaces.values())
                    .map(|opened| opened.name.as_str()),
            );
        }
        names.into_iter().map(|name| self.clusters.texts.intern(name)).collect()
    }

    fn reach_again(&mut self) -> Vec<(Key, ClusterSet)> {
        let mut changes = Vec::new();
        for index in 0..self.bundles.len() {
            let Some(bundle) = self.bundles[index].clone() else {
                continue;
            };
            let namespaces = self.reach(&bundle);
            if namespaces == bundle.namespaces {
                continue;
            }
            let before = self.choices_of(Some(index));
            self.unlink(index);
            let key = Key::new(bundle.namespace.as_str(), bundle.name.as_str());
            self.bundles[index] = Some(IndexedBundle { namespaces, ..bundle });
            self.link(index);
            let changed = difference(&before, &self.choices_of(Some(index)));
            if !changed.is_empty() {
                changes.push((key, ClusterSet(changed)));
            }
        }
        changes
    }

    /// Runs a change of groups in a namespace, and compares the bundles that groups decide for there.
    fn with_groups_changed(&mut self, namespace: Symbol, change: impl FnOnce(&mut Self)) -> Vec<(Key, ClusterSet)> {
        let reach = |index: &usize| {
            self.bundles[*index]
                .as_ref()
                .is_some_and(|bundle| bundle.namespaces.contains(&namespace))
        };
        let affected: Vec<usize> = self.bundles_with_groups.iter().copied().filter(reach).collect();
        let before: Vec<Choices> = affected.iter().map(|index| self.choices_of(Some(*index))).collect();
        change(self);
        let mut changes = Vec::new();
        for (index, before) in affected.into_iter().zip(before) {
            let changed = difference(&before, &self.choices_of(Some(index)));
            if let Some(bundle) = self.bundles[index].as_ref().filter(|_| !changed.is_empty()) {
                changes.push((
                    Key::new(bundle.namespace.as_str(), bundle.name.as_str()),
                    ClusterSet(changed),
                ));
            }
        }
        changes
    }
}

#[cfg(test)]
mod tests;
