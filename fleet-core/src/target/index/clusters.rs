//! The clusters of an index: numbers for names and labels, and for every label the set of clusters that have it.

use std::collections::HashMap;

use roaring::RoaringBitmap;

use super::texts::{Symbol, Texts};
use crate::labels::{Labels, Operator, Selector};

/// A number that stands for a cluster.
pub(super) type ClusterId = u32;
/// A number that stands for a label, key and value.
pub(super) type LabelId = u32;

/// All clusters.
#[derive(Clone, Debug, Default)]
pub(super) struct Clusters {
    pub(super) texts: Texts,
    /// Namespace and name of each cluster.
    keys: Vec<(Symbol, Symbol)>,
    /// Where the labels of each cluster stand in the pool.
    spans: Vec<(u32, u32)>,
    pool: Vec<LabelId>,
    /// Places in the pool that no cluster uses.
    unused: usize,
    free: Vec<ClusterId>,
    by_key: HashMap<(Symbol, Symbol), ClusterId>,
    by_namespace: HashMap<Symbol, RoaringBitmap>,
    label_ids: HashMap<(Symbol, Symbol), LabelId>,
    /// Key of each label.
    label_keys: Vec<Symbol>,
    with_label: Vec<RoaringBitmap>,
    with_key: HashMap<Symbol, RoaringBitmap>,
}

/// A requirement of a selector, in numbers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct IndexedRequirement {
    pub(super) key: Symbol,
    operator: Operator,
    labels: Vec<LabelId>,
}

impl IndexedRequirement {
    /// Labels one of which a cluster must have.
    pub(super) fn required_labels(&self) -> Option<&[LabelId]> {
        matches!(self.operator, Operator::In | Operator::Equals | Operator::DoubleEquals).then_some(&self.labels)
    }

    /// A key that a cluster must have.
    pub(super) fn required_key(&self) -> Option<Symbol> {
        (self.operator == Operator::Exists).then_some(self.key)
    }
}

/// A selector, in numbers.
pub(super) type IndexedSelector = Vec<IndexedRequirement>;

impl Clusters {
    /// The number of a label, which it gets if it has none.
    pub(super) fn label(&mut self, key: &str, value: &str) -> LabelId {
        let pair = (self.texts.intern(key), self.texts.intern(value));
        if let Some(label) = self.label_ids.get(&pair) {
            return *label;
        }
        let label =
            u32::try_from(self.label_keys.len()).expect("because labels are fewer than the bytes of their texts");
        self.label_ids.insert(pair, label);
        self.label_keys.push(pair.0);
        self.with_label.push(RoaringBitmap::new());
        label
    }

    /// A selector in numbers.
    pub(super) fn selector(&mut self, selector: &Selector) -> IndexedSelector {
        let requirements = selector.requirements().iter();
        requirements
            .map(|requirement| {
                let mut labels: Vec<LabelId> = requirement
                    .values()
                    .iter()
                    .map(|value| self.label(requirement.key(), value))
                    .collect();
                labels.sort_unstable();
                IndexedRequirement {
                    key: self.texts.intern(requirement.key()),
                    operator: requirement.operator(),
                    labels,
                }
            })
            .collect()
    }

    /// The number of a cluster.
    pub(super) fn find(&self, namespace: &str, name: &str) -> Option<ClusterId> {
        self.by_key
            .get(&(self.texts.find(namespace)?, self.texts.find(name)?))
            .copied()
    }

    /// The number of a cluster, by numbers.
    pub(super) fn of_key(&self, namespace: Symbol, name: Symbol) -> Option<ClusterId> {
        self.by_key.get(&(namespace, name)).copied()
    }

    /// Namespace and name of a cluster, in numbers.
    pub(super) fn key(&self, cluster: ClusterId) -> (Symbol, Symbol) {
        self.keys[cluster as usize]
    }

    /// Labels of a cluster, sorted.
    pub(super) fn labels(&self, cluster: ClusterId) -> &[LabelId] {
        let (start, length) = self.spans[cluster as usize];
        &self.pool[start as usize..(start + length) as usize]
    }

    /// Clusters of a namespace.
    pub(super) fn of_namespace(&self, namespace: Symbol) -> Option<&RoaringBitmap> {
        self.by_namespace.get(&namespace)
    }

    /// Clusters with a label.
    pub(super) fn with_label(&self, label: LabelId) -> &RoaringBitmap {
        &self.with_label[label as usize]
    }

    /// The key of a label.
    pub(super) fn key_of(&self, label: LabelId) -> Symbol {
        self.label_keys[label as usize]
    }

    /// Sets the labels of a cluster, which is made if it is not there. Gives its number, and whether it was made.
    pub(super) fn set(&mut self, namespace: &str, name: &str, labels: &Labels) -> (ClusterId, bool) {
        let mut ids: Vec<LabelId> = labels.iter().map(|(key, value)| self.label(key, value)).collect();
        ids.sort_unstable();
        let key = (self.texts.intern(namespace), self.texts.intern(name));
        let (cluster, made) = match self.by_key.get(&key) {
            Some(cluster) => (*cluster, false),
            None => (self.make(key), true),
        };
        self.set_labels(cluster, &ids);
        (cluster, made)
    }

    fn make(&mut self, key: (Symbol, Symbol)) -> ClusterId {
        let cluster = match self.free.pop() {
            Some(cluster) => {
                self.keys[cluster as usize] = key;
                cluster
            }
            None => {
                let cluster = u32::try_from(self.keys.len()).expect("because an estate has fewer than 2^32 clusters");
                self.keys.push(key);
                self.spans.push((0, 0));
                cluster
            }
        };
        self.by_key.insert(key, cluster);
        self.by_namespace.entry(key.0).or_default().insert(cluster);
        cluster
    }

    /// Takes a cluster away.
    pub(super) fn remove(&mut self, cluster: ClusterId) {
        self.set_labels(cluster, &[]);
        let key = self.key(cluster);
        self.by_key.remove(&key);
        if let Some(clusters) = self.by_namespace.get_mut(&key.0) {
            clusters.remove(cluster);
        }
        self.free.push(cluster);
    }

    fn set_labels(&mut self, cluster: ClusterId, labels: &[LabelId]) {
        let before = self.labels(cluster).to_vec();
        if before == labels {
            return;
        }
        for label in before.iter().filter(|label| labels.binary_search(label).is_err()) {
            self.with_label[*label as usize].remove(cluster);
            let key = self.key_of(*label);
            if let Some(clusters) = self.with_key.get_mut(&key) {
                clusters.remove(cluster);
            }
        }
        for label in labels {
            self.with_label[*label as usize].insert(cluster);
            let key = self.key_of(*label);
            self.with_key.entry(key).or_default().insert(cluster);
        }
        let (start, length) = self.spans[cluster as usize];
        let start = if labels.len() <= length as usize {
            self.unused += length as usize - labels.len();
            start as usize
        } else {
            self.unused += length as usize;
            self.pool.extend(std::iter::repeat_n(0, labels.len()));
            self.pool.len() - labels.len()
        };
        self.pool[start..start + labels.len()].copy_from_slice(labels);
        self.spans[cluster as usize] = (start as u32, labels.len() as u32);
        if self.unused > 1024 && self.unused > self.pool.len() / 2 {
            self.compact();
        }
    }

    /// Moves labels together.
    fn compact(&mut self) {
        let mut pool = Vec::with_capacity(self.pool.len() - self.unused);
        for (start, length) in &mut self.spans {
            let labels = &self.pool[*start as usize..(*start + *length) as usize];
            *start = pool.len() as u32;
            pool.extend_from_slice(labels);
        }
        (self.pool, self.unused) = (pool, 0);
    }

    /// Whether a cluster with labels meets a selector.
    pub(super) fn matches(&self, selector: &IndexedSelector, labels: &[LabelId]) -> bool {
        selector.iter().all(|requirement| {
            let has_label = || {
                requirement
                    .labels
                    .iter()
                    .any(|label| labels.binary_search(label).is_ok())
            };
            let has_key = || labels.iter().any(|label| self.key_of(*label) == requirement.key);
            match requirement.operator {
                Operator::In | Operator::Equals | Operator::DoubleEquals => has_label(),
                Operator::NotIn | Operator::NotEquals => !has_label(),
                Operator::Exists => has_key(),
                Operator::DoesNotExist => !has_key(),
                // Not in `metav1.LabelSelector`.
                Operator::GreaterThan | Operator::LessThan => false,
            }
        })
    }

    /// The clusters of a set that meet a selector.
    pub(super) fn matching(&self, selector: &IndexedSelector, among: &RoaringBitmap) -> RoaringBitmap {
        let mut matching = among.clone();
        for requirement in selector {
            let with_labels = || match requirement.labels.as_slice() {
                [label] => std::borrow::Cow::Borrowed(self.with_label(*label)),
                labels => {
                    let mut union = RoaringBitmap::new();
                    labels.iter().for_each(|label| union |= self.with_label(*label));
                    std::borrow::Cow::Owned(union)
                }
            };
            let with_key = self.with_key.get(&requirement.key);
            match requirement.operator {
                Operator::In | Operator::Equals | Operator::DoubleEquals => matching &= with_labels().as_ref(),
                Operator::NotIn | Operator::NotEquals => matching -= with_labels().as_ref(),
                Operator::Exists => match with_key {
                    Some(clusters) => matching &= clusters,
                    None => matching.clear(),
                },
                Operator::DoesNotExist => {
                    if let Some(clusters) = with_key {
                        matching -= clusters;
                    }
                }
                Operator::GreaterThan | Operator::LessThan => matching.clear(),
            }
        }
        matching
    }
}
