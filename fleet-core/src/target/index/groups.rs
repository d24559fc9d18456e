//! The groups of an index, found by the labels of a cluster.
//!
//! A group whose selector asks for a label is found by that label, one that asks for a key by that key; only those that ask
//! for nothing of the kind are tried for every cluster of their namespace. So a cluster meets few of a thousand groups.

use std::collections::{BTreeMap, HashMap};

use roaring::RoaringBitmap;

use super::clusters::{ClusterId, Clusters, IndexedSelector, LabelId};
use super::texts::Symbol;
use crate::labels::Selector;
use crate::target::GroupView;

/// A number that stands for a group.
pub(super) type GroupId = u32;

/// A group and its clusters.
#[derive(Clone, Debug)]
pub(super) struct IndexedGroup {
    pub(super) view: GroupView,
    pub(super) namespace: Symbol,
    /// `None` where there is no selector, or an invalid one: then it has no clusters.
    selector: Option<IndexedSelector>,
    pub(super) members: RoaringBitmap,
}

/// What a group is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Anchor {
    Label(LabelId),
    Key(Symbol),
    Namespace(Symbol),
}

/// All groups.
#[derive(Clone, Debug, Default)]
pub(super) struct Groups {
    slots: Vec<Option<IndexedGroup>>,
    free: Vec<GroupId>,
    ids: BTreeMap<(Symbol, String), GroupId>,
    anchored: HashMap<Anchor, Vec<GroupId>>,
}

impl IndexedGroup {
    /// What it is found by: one of its anchors holds for every cluster that it can have.
    fn anchors(&self) -> Vec<Anchor> {
        let Some(selector) = &self.selector else {
            return Vec::new();
        };
        if let Some(labels) = selector.iter().find_map(|requirement| requirement.required_labels()) {
            return labels.iter().map(|label| Anchor::Label(*label)).collect();
        }
        match selector.iter().find_map(|requirement| requirement.required_key()) {
            Some(key) => vec![Anchor::Key(key)],
            None => vec![Anchor::Namespace(self.namespace)],
        }
    }
}

impl Groups {
    pub(super) fn get(&self, group: GroupId) -> Option<&IndexedGroup> {
        self.slots.get(group as usize)?.as_ref()
    }

    /// Groups of some namespaces.
    pub(super) fn of_namespaces(&self, namespaces: &[Symbol]) -> Vec<&IndexedGroup> {
        self.slots
            .iter()
            .flatten()
            .filter(|group| namespaces.contains(&group.namespace))
            .collect()
    }

    /// Groups of a cluster with these labels, sorted.
    pub(super) fn of_cluster(&self, clusters: &Clusters, namespace: Symbol, labels: &[LabelId]) -> Vec<GroupId> {
        let anchors = labels
            .iter()
            .flat_map(|label| [Anchor::Label(*label), Anchor::Key(clusters.key_of(*label))])
            .chain([Anchor::Namespace(namespace)]);
        let mut found: Vec<GroupId> = anchors
            .filter_map(|anchor| self.anchored.get(&anchor))
            .flatten()
            .copied()
            .filter(|id| {
                self.get(*id).is_some_and(|group| {
                    group.namespace == namespace
                        && group
                            .selector
                            .as_ref()
                            .is_some_and(|selector| clusters.matches(selector, labels))
                })
            })
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Puts a cluster into the groups that it belongs to now.
    pub(super) fn move_cluster(&mut self, cluster: ClusterId, before: &[GroupId], after: &[GroupId]) {
        for id in before.iter().filter(|id| !after.contains(id)) {
            if let Some(Some(group)) = self.slots.get_mut(*id as usize) {
                group.members.remove(cluster);
            }
        }
        for id in after.iter().filter(|id| !before.contains(id)) {
            if let Some(Some(group)) = self.slots.get_mut(*id as usize) {
                group.members.insert(cluster);
            }
        }
    }

    /// Adds or changes a group.
    pub(super) fn set(&mut self, clusters: &mut Clusters, namespace: Symbol, view: &GroupView) {
        self.remove(namespace, &view.name);
        let selector = view
            .selector
            .as_ref()
            .and_then(|selector| Selector::compile(selector).ok());
        let selector = selector.map(|selector| clusters.selector(&selector));
        let among = clusters.of_namespace(namespace);
        let members = selector
            .as_ref()
            .zip(among)
            .map(|(selector, among)| clusters.matching(selector, among));
        let group = IndexedGroup {
            view: view.clone(),
            namespace,
            selector,
            members: members.unwrap_or_default(),
        };
        let id = match self.free.pop() {
            Some(id) => id,
            None => {
                self.slots.push(None);
                u32::try_from(self.slots.len() - 1).expect("because an estate has fewer than 2^32 groups")
            }
        };
        for anchor in group.anchors() {
            self.anchored.entry(anchor).or_default().push(id);
        }
        self.ids.insert((namespace, view.name.clone()), id);
        self.slots[id as usize] = Some(group);
    }

    /// Takes a group away.
    pub(super) fn remove(&mut self, namespace: Symbol, name: &str) {
        let Some(id) = self.ids.remove(&(namespace, name.to_owned())) else {
            return;
        };
        let Some(group) = self.slots[id as usize].take() else {
            return;
        };
        for anchor in group.anchors() {
            if let Some(groups) = self.anchored.get_mut(&anchor) {
                groups.retain(|other| *other != id);
            }
        }
        self.free.push(id);
    }
}
