//! The bundles and groups of an index, in numbers, and which clusters a bundle chooses.

use std::collections::BTreeSet;

use roaring::RoaringBitmap;

use super::clusters::{Clusters, IndexedSelector, LabelId};
use super::groups::IndexedGroup;
use super::texts::Symbol;
use crate::api::labels::CLUSTER_DISPLAY_NAME;
use crate::labels::Labels;
use crate::target::matcher::{Criteria, TargetList};
use crate::target::{Choice, GroupView};

/// Criteria, those on clusters in numbers.
#[derive(Clone, Debug)]
pub(super) struct IndexedCriteria {
    pub(super) text: Criteria,
    /// Name of the cluster, and the label with its display name.
    name: Option<(Symbol, LabelId)>,
    selector: Option<IndexedSelector>,
}

impl IndexedCriteria {
    pub(super) fn new(criteria: &Criteria, clusters: &mut Clusters) -> Self {
        let name = &criteria.cluster_name;
        Self {
            name: (!name.is_empty()).then(|| (clusters.texts.intern(name), clusters.label(CLUSTER_DISPLAY_NAME, name))),
            selector: criteria
                .cluster_selector
                .as_ref()
                .map(|selector| clusters.selector(selector)),
            text: criteria.clone(),
        }
    }

    /// Keys of labels that decide.
    fn keys(&self, clusters: &Clusters, keys: &mut BTreeSet<Symbol>) {
        keys.extend(self.name.map(|(_, label)| clusters.key_of(label)));
        keys.extend(self.selector.iter().flatten().map(|requirement| requirement.key));
    }

    fn matches_cluster(&self, clusters: &Clusters, name: Symbol, labels: &[LabelId]) -> bool {
        !self.text.is_empty()
            && self
                .name
                .is_none_or(|(wanted, display)| wanted == name || labels.binary_search(&display).is_ok())
            && self
                .selector
                .as_ref()
                .is_none_or(|selector| clusters.matches(selector, labels))
    }

    /// Clusters of a set for which the criteria on clusters hold.
    fn clusters(&self, clusters: &Clusters, namespaces: &[Symbol], among: &RoaringBitmap) -> RoaringBitmap {
        if self.text.is_empty() {
            return RoaringBitmap::new();
        }
        let named;
        let among = match self.name {
            None => among,
            Some((name, display)) => {
                let mut by_name: RoaringBitmap = namespaces
                    .iter()
                    .filter_map(|namespace| clusters.of_key(*namespace, name))
                    .collect();
                by_name |= clusters.with_label(display);
                by_name &= among;
                named = by_name;
                &named
            }
        };
        match &self.selector {
            None => among.clone(),
            Some(selector) => clusters.matching(selector, among),
        }
    }
}

/// A bundle.
#[derive(Clone, Debug)]
pub(super) struct IndexedBundle {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) labels: Labels,
    pub(super) list: TargetList<IndexedCriteria>,
    /// Namespaces that it reaches.
    pub(super) namespaces: Vec<Symbol>,
    /// Keys of labels that decide.
    pub(super) keys: BTreeSet<Symbol>,
    /// Whether groups decide.
    pub(super) uses_groups: bool,
}

/// Clusters by what applies to them; no cluster is in two.
pub(super) type Choices = Vec<(Choice, RoaringBitmap)>;

impl IndexedBundle {
    /// Keys of labels that decide, and whether groups do.
    pub(super) fn find_deciders(&mut self, clusters: &Clusters) {
        let list = &self.list;
        let all = || {
            list.targets
                .iter()
                .map(|(criteria, _)| criteria)
                .chain(&list.restrictions)
        };
        let mut keys = BTreeSet::new();
        all().for_each(|criteria| criteria.keys(clusters, &mut keys));
        let uses_groups = all().any(|criteria| criteria.text.names_group());
        (self.keys, self.uses_groups) = (keys, uses_groups);
    }

    /// What applies to a cluster with these labels and groups.
    pub(super) fn choose(
        &self,
        clusters: &Clusters,
        (namespace, name): (Symbol, Symbol),
        labels: &[LabelId],
        groups: &[&IndexedGroup],
    ) -> Option<Choice> {
        if !self.namespaces.contains(&namespace) {
            return None;
        }
        self.list.choose(
            |criteria| criteria.matches_cluster(clusters, name, labels),
            groups.len(),
            |criteria, group| criteria.text.matches_group(group.map(|index| &groups[index].view)),
        )
    }

    /// Clusters by what applies to them.
    pub(super) fn choices(&self, clusters: &Clusters, groups: &[&IndexedGroup]) -> Choices {
        let mut reach = RoaringBitmap::new();
        for namespace in &self.namespaces {
            if let Some(of_namespace) = clusters.of_namespace(*namespace) {
                reach |= of_namespace;
            }
        }
        let evaluation = Evaluation {
            bundle: self,
            clusters,
            groups,
            reach: &reach,
        };
        evaluation.choices()
    }
}

/// One computation of a bundle's choices.
struct Evaluation<'a> {
    bundle: &'a IndexedBundle,
    clusters: &'a Clusters,
    /// Groups in the namespaces that the bundle reaches.
    groups: &'a [&'a IndexedGroup],
    reach: &'a RoaringBitmap,
}

impl Evaluation<'_> {
    fn of_clusters(&self, criteria: &IndexedCriteria, among: &RoaringBitmap) -> RoaringBitmap {
        criteria.clusters(self.clusters, &self.bundle.namespaces, among)
    }

    /// Clusters in no group.
    fn ungrouped(&self) -> RoaringBitmap {
        let mut clusters = self.reach.clone();
        self.groups.iter().for_each(|group| clusters -= &group.members);
        clusters
    }

    /// Clusters for which criteria hold, and at least one of the restrictions with the same group.
    fn matching(
        &self,
        criteria: &IndexedCriteria,
        restrictions: &[IndexedCriteria],
        among: &RoaringBitmap,
    ) -> RoaringBitmap {
        let matching = self.of_clusters(criteria, among);
        if matching.is_empty() {
            return matching;
        }
        let with_group = criteria.text.names_group();
        if restrictions.is_empty() {
            return if with_group {
                matching & self.in_groups(&[criteria])
            } else {
                matching
            };
        }
        let mut restricted = RoaringBitmap::new();
        for restriction in restrictions {
            let clusters = self.of_clusters(restriction, &matching);
            if clusters.is_empty() {
                continue;
            }
            restricted |= match (with_group, restriction.text.names_group()) {
                (false, false) => clusters,
                (true, false) => clusters & self.in_groups(&[criteria]),
                (false, true) => clusters & self.in_groups(&[restriction]),
                // One group must meet both.
                (true, true) => clusters & self.in_groups(&[criteria, restriction]),
            };
        }
        restricted
    }

    /// Clusters in a group that meets the group criteria of all; those in no group where these hold without one.
    fn in_groups(&self, all: &[&IndexedCriteria]) -> RoaringBitmap {
        let meets = |view: Option<&GroupView>| all.iter().all(|criteria| criteria.text.matches_group(view));
        let mut clusters = if meets(None) {
            self.ungrouped()
        } else {
            RoaringBitmap::new()
        };
        for group in self.groups.iter().filter(|group| meets(Some(&group.view))) {
            clusters |= &group.members;
        }
        clusters
    }

    fn choices(&self) -> Choices {
        let list = &self.bundle.list;
        let mut undecided = self.reach.clone();
        let mut decided: Vec<(usize, RoaringBitmap)> = Vec::new();
        for (index, (criteria, skip)) in list.targets.iter().enumerate().skip(list.customizations) {
            let matching = self.matching(criteria, &list.restrictions, &undecided);
            if matching.is_empty() {
                continue;
            }
            undecided -= &matching;
            if !skip {
                decided.push((index, matching));
            }
        }
        let mut choices = Choices::new();
        for (target, mut clusters) in decided {
            let mut parts: Choices = Vec::new();
            let none = || Choice {
                target,
                customizations: Vec::new(),
            };
            if list.all_matches {
                parts.push((none(), clusters));
                clusters = RoaringBitmap::new();
            }
            for (index, (criteria, skip)) in list.targets.iter().enumerate().take(list.customizations) {
                if !list.all_matches {
                    let matching = self.matching(criteria, &[], &clusters);
                    clusters -= &matching;
                    if !skip && !matching.is_empty() {
                        parts.push((
                            Choice {
                                target,
                                customizations: vec![index],
                            },
                            matching,
                        ));
                    }
                    continue;
                }
                for (choice, part) in std::mem::take(&mut parts) {
                    let matching = self.matching(criteria, &[], &part);
                    let others = part - &matching;
                    if !others.is_empty() {
                        parts.push((choice.clone(), others));
                    }
                    if !skip && !matching.is_empty() {
                        let mut customizations = choice.customizations;
                        customizations.push(index);
                        parts.push((Choice { target, customizations }, matching));
                    }
                }
            }
            if !clusters.is_empty() {
                parts.push((none(), clusters));
            }
            choices.extend(parts.into_iter().filter(|(_, clusters)| !clusters.is_empty()));
        }
        choices
    }
}

/// Clusters to which something else applies.
pub(super) fn difference(before: &Choices, after: &Choices) -> RoaringBitmap {
    let mut same = RoaringBitmap::new();
    for (choice, clusters) in before {
        for (_, other) in after.iter().filter(|(other, _)| other == choice) {
            same |= clusters & other;
        }
    }
    let mut all = RoaringBitmap::new();
    before.iter().chain(after).for_each(|(_, clusters)| all |= clusters);
    all - same
}
