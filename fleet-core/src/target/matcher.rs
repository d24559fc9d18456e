//! Which target of a bundle a cluster matches, and which customizations.
//!
//! The stored list of targets is customizations first, then real targets; with R restrictions and T targets the first T - R
//! are customizations, and none is where there are no restrictions.
//!
//! A cluster in several groups matches where one of them satisfies an entry: group name and group labels of one entry (and
//! of a target and its restriction) must be met by the same group. Upstream tries groups in random order; here the entry
//! that comes first in the list wins, which is one of upstream's outcomes.

use serde::Serialize;

use super::view::{ClusterView, GroupView};
use crate::api::labels::CLUSTER_DISPLAY_NAME;
use crate::api::{
    BundleSpec, BundleTarget, BundleTargetRestriction, CUSTOMIZE_ALL_MATCHES, GitTarget, LabelSelector, Partition,
    ScheduleTarget,
};
use crate::labels::{LabelError, Labels, Selector};

/// The criteria of a target, compiled. All that are given must hold; without any nothing matches.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Criteria {
    /// Name or display name of the cluster; empty says nothing.
    pub cluster_name: String,
    /// Labels of the cluster.
    pub cluster_selector: Option<Selector>,
    /// Name of a group of the cluster; empty says nothing.
    pub cluster_group: String,
    /// Labels of a group of the cluster.
    pub cluster_group_selector: Option<Selector>,
}

impl Criteria {
    /// Compiles the four criteria.
    ///
    /// # Errors
    /// An invalid selector.
    pub fn new(
        cluster_name: &str,
        cluster_selector: Option<&LabelSelector>,
        cluster_group: &str,
        cluster_group_selector: Option<&LabelSelector>,
    ) -> Result<Self, LabelError> {
        Ok(Self {
            cluster_name: cluster_name.to_owned(),
            cluster_selector: cluster_selector.map(Selector::compile).transpose()?,
            cluster_group: cluster_group.to_owned(),
            cluster_group_selector: cluster_group_selector.map(Selector::compile).transpose()?,
        })
    }

    /// True where no criterion is given.
    pub fn is_empty(&self) -> bool {
        self.cluster_name.is_empty()
            && self.cluster_selector.is_none()
            && self.cluster_group.is_empty()
            && self.cluster_group_selector.is_none()
    }

    /// True where a group decides.
    pub fn names_group(&self) -> bool {
        !self.cluster_group.is_empty() || self.cluster_group_selector.is_some()
    }

    /// Whether the criteria on the cluster itself hold.
    pub fn matches_cluster(&self, name: &str, labels: &Labels) -> bool {
        self.matches_name(name, labels)
            && self
                .cluster_selector
                .as_ref()
                .is_none_or(|selector| selector.matches(labels))
    }

    /// Whether the name of the cluster is the one that is asked for, or its display name.
    pub fn matches_name(&self, name: &str, labels: &Labels) -> bool {
        self.cluster_name.is_empty()
            || self.cluster_name == name
            || labels
                .get(CLUSTER_DISPLAY_NAME)
                .is_some_and(|display| *display == self.cluster_name)
    }

    /// Whether the criteria on a group hold; `None` is a cluster in no group, which has the name and labels of none.
    pub fn matches_group(&self, group: Option<&GroupView>) -> bool {
        static NO_LABELS: Labels = Labels::new();
        let (name, labels) = group.map_or(("", &NO_LABELS), |group| (group.name.as_str(), &group.labels));
        (self.cluster_group.is_empty() || self.cluster_group == name)
            && self
                .cluster_group_selector
                .as_ref()
                .is_none_or(|selector| selector.matches(labels))
    }

    /// Whether a cluster matches, in one of its groups or in none.
    pub fn matches(&self, cluster: &ClusterView, groups: &[&GroupView]) -> bool {
        !self.is_empty()
            && self.matches_cluster(&cluster.name, &cluster.labels)
            && each_group(groups).any(|group| self.matches_group(group))
    }
}

/// The groups of a cluster, or one time none.
pub(super) fn each_group<'a>(groups: &'a [&'a GroupView]) -> impl Iterator<Item = Option<&'a GroupView>> + Clone {
    groups
        .iter()
        .map(|group| Some(*group))
        .chain(groups.is_empty().then_some(None))
}

macro_rules! criteria_from {
    ($($kind:ty),*) => {$(
        impl TryFrom<&$kind> for Criteria {
            type Error = LabelError;

            fn try_from(entry: &$kind) -> Result<Self, LabelError> {
                Self::new(
                    &entry.cluster_name,
                    entry.cluster_selector.as_ref(),
                    &entry.cluster_group,
                    entry.cluster_group_selector.as_ref(),
                )
            }
        }
    )*};
}

criteria_from!(
    BundleTarget,
    BundleTargetRestriction,
    GitTarget,
    Partition,
    ScheduleTarget
);

/// What of a bundle's list of targets applies to a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Choice {
    /// Index of the target that decided.
    pub target: usize,
    /// Indices of customizations: at most one with `FirstMatch`.
    pub customizations: Vec<usize>,
}

/// A bundle's list of targets, over any form of criteria.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TargetList<C> {
    pub(super) targets: Vec<(C, bool)>,
    pub(super) restrictions: Vec<C>,
    pub(super) customizations: usize,
    pub(super) all_matches: bool,
}

impl<C> TargetList<C> {
    /// The list with criteria in another form.
    pub(super) fn map<D>(&self, mut form: impl FnMut(&C) -> D) -> TargetList<D> {
        TargetList {
            targets: self
                .targets
                .iter()
                .map(|(criteria, skip)| (form(criteria), *skip))
                .collect(),
            restrictions: self.restrictions.iter().map(form).collect(),
            customizations: self.customizations,
            all_matches: self.all_matches,
        }
    }

    /// What applies to a cluster, by whether criteria (which are not empty) hold for the cluster itself, and for each of
    /// its groups (`None` where it has none).
    pub(super) fn choose(
        &self,
        of_cluster: impl Fn(&C) -> bool,
        groups: usize,
        of_group: impl Fn(&C, Option<usize>) -> bool,
    ) -> Option<Choice> {
        let each = || (0..groups).map(Some).chain((groups == 0).then_some(None));
        let restricted = |group| {
            self.restrictions.is_empty()
                || self
                    .restrictions
                    .iter()
                    .any(|criteria| of_cluster(criteria) && of_group(criteria, group))
        };
        let (target, (_, skip)) = self
            .targets
            .iter()
            .enumerate()
            .skip(self.customizations)
            .find(|(_, entry)| {
                of_cluster(&entry.0) && each().any(|group| of_group(&entry.0, group) && restricted(group))
            })?;
        if *skip {
            return None;
        }
        let matching = self.targets[..self.customizations]
            .iter()
            .enumerate()
            .filter(|(_, entry)| of_cluster(&entry.0) && each().any(|group| of_group(&entry.0, group)));
        let mut customizations = Vec::new();
        for (index, (_, skip)) in matching.take(if self.all_matches { usize::MAX } else { 1 }) {
            if *skip {
                return None;
            }
            customizations.push(index);
        }
        Some(Choice { target, customizations })
    }
}

/// A bundle's targets, compiled.
#[derive(Clone, Debug, PartialEq)]
pub struct Matcher {
    pub(super) list: TargetList<Criteria>,
}

impl Matcher {
    /// Compiles the targets and restrictions of a bundle.
    ///
    /// # Errors
    /// An invalid selector, of any entry.
    pub fn new(spec: &BundleSpec) -> Result<Self, LabelError> {
        let target = |target: &BundleTarget| Ok((Criteria::try_from(target)?, target.do_not_deploy));
        let list = TargetList {
            targets: spec.targets.iter().map(target).collect::<Result<_, LabelError>>()?,
            restrictions: spec
                .target_restrictions
                .iter()
                .map(Criteria::try_from)
                .collect::<Result<_, _>>()?,
            customizations: customizations(spec.targets.len(), spec.target_restrictions.len()),
            all_matches: spec.target_customization_mode == CUSTOMIZE_ALL_MATCHES,
        };
        Ok(Self { list })
    }

    /// Criteria of the targets, in their order, and whether each says not to deploy.
    pub fn targets(&self) -> &[(Criteria, bool)] {
        &self.list.targets
    }

    /// Criteria of the restrictions, in their order.
    pub fn restrictions(&self) -> &[Criteria] {
        &self.list.restrictions
    }

    /// How many entries at the beginning of the list are customizations.
    pub fn customizations(&self) -> usize {
        self.list.customizations
    }

    /// Whether every customization that matches is merged.
    pub fn all_matches(&self) -> bool {
        self.list.all_matches
    }

    /// What applies to a cluster; `None` where it gets no deployment.
    pub fn choose(&self, cluster: &ClusterView, groups: &[&GroupView]) -> Option<Choice> {
        self.list.choose(
            |criteria| !criteria.is_empty() && criteria.matches_cluster(&cluster.name, &cluster.labels),
            groups.len(),
            |criteria, group| criteria.matches_group(group.map(|index| groups[index])),
        )
    }
}

/// How many of `targets` are customizations, with this many restrictions.
pub fn customizations(targets: usize, restrictions: usize) -> usize {
    if restrictions == 0 {
        0
    } else {
        targets.saturating_sub(restrictions)
    }
}
