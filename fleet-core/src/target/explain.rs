//! Why a bundle reaches a cluster, or does not.

use std::fmt;

use serde::Serialize;

use super::matcher::{Criteria, each_group};
use super::{BundleView, Choice, ClusterView, Estate, GroupView, Matcher, TargetError};
use crate::api::labels::CLUSTER_DISPLAY_NAME;
use crate::labels::{Labels, Selector};

/// What an entry of a bundle's target list says about a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum Verdict {
    /// It decides that the bundle is deployed.
    Deploys,
    /// It decides that the bundle is not deployed (`doNotDeploy`).
    DoesNotDeploy,
    /// A customization whose options are used.
    Customizes,
    /// It would match, and one before it did.
    Hidden {
        /// Index of the one before it.
        by: usize,
    },
    /// It matches, and none of the target restrictions does.
    NotRestricted,
    /// It does not match.
    DoesNotMatch {
        /// What of it does not hold.
        reasons: Vec<String>,
    },
}

/// An entry of a bundle's target list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TargetVerdict {
    /// Index in the list.
    pub index: usize,
    /// Name of the entry.
    pub name: String,
    /// Whether it is a customization.
    pub customization: bool,
    /// What it says.
    pub verdict: Verdict,
}

/// Why a bundle reaches a cluster, or does not. `Display` gives it as text, a line for each entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// `<namespace>/<name>` of the bundle.
    pub bundle: String,
    /// `<namespace>/<name>` of the cluster.
    pub cluster: String,
    /// Groups of the cluster.
    pub groups: Vec<String>,
    /// What applies; `None` where the bundle is not deployed.
    pub choice: Option<Choice>,
    /// Set where no target was asked: the cluster is not in a namespace that the bundle reaches, or does not exist.
    pub out_of_reach: Option<String>,
    /// Every entry of the bundle's target list.
    pub targets: Vec<TargetVerdict>,
}

/// Explains a bundle on a cluster.
///
/// # Errors
/// An invalid selector in the bundle.
pub fn explain(
    bundle: &BundleView<'_>,
    estate: &Estate,
    cluster_namespace: &str,
    cluster_name: &str,
) -> Result<Explanation, TargetError> {
    let matcher = Matcher::new(bundle.spec)?;
    let mut explanation = Explanation {
        bundle: format!("{}/{}", bundle.namespace, bundle.name),
        cluster: format!("{cluster_namespace}/{cluster_name}"),
        groups: Vec::new(),
        choice: None,
        out_of_reach: None,
        targets: Vec::new(),
    };
    let namespaces = estate.namespaces_of(bundle);
    if !namespaces.contains(cluster_namespace) {
        let reached: Vec<&str> = namespaces.iter().map(String::as_str).collect();
        explanation.out_of_reach = Some(format!("the bundle reaches clusters in {} only", reached.join(", ")));
        return Ok(explanation);
    }
    let found = estate
        .clusters
        .iter()
        .find(|cluster| cluster.namespace == cluster_namespace && cluster.name == cluster_name);
    let Some(cluster) = found else {
        explanation.out_of_reach = Some("there is no such cluster".to_owned());
        return Ok(explanation);
    };
    let compiled = estate.compiled_groups();
    let groups = Estate::groups_of(cluster, &compiled);
    explanation.groups = groups.iter().map(|group| group.name.clone()).collect();
    explanation.choice = matcher.choose(cluster, &groups);
    explanation.targets = verdicts(bundle, &matcher, cluster, &groups);
    Ok(explanation)
}

fn verdicts(
    bundle: &BundleView<'_>,
    matcher: &Matcher,
    cluster: &ClusterView,
    groups: &[&GroupView],
) -> Vec<TargetVerdict> {
    let mut decided: Option<usize> = None;
    let mut customized: Option<usize> = None;
    let mut verdicts = Vec::new();
    for (index, (criteria, skip)) in matcher.targets().iter().enumerate() {
        let customization = index < matcher.customizations();
        let before = if customization {
            customized.filter(|_| !matcher.all_matches())
        } else {
            decided
        };
        let verdict = if !criteria.matches(cluster, groups) {
            Verdict::DoesNotMatch {
                reasons: reasons(criteria, cluster, groups),
            }
        } else if let Some(by) = before {
            Verdict::Hidden { by }
        } else if !customization && !restricted(matcher, criteria, cluster, groups) {
            Verdict::NotRestricted
        } else {
            *(if customization { &mut customized } else { &mut decided }) = Some(index);
            match (skip, customization) {
                (true, _) => Verdict::DoesNotDeploy,
                (false, true) => Verdict::Customizes,
                (false, false) => Verdict::Deploys,
            }
        };
        let name = bundle
            .spec
            .targets
            .get(index)
            .map(|target| target.name.clone())
            .unwrap_or_default();
        verdicts.push(TargetVerdict {
            index,
            name,
            customization,
            verdict,
        });
    }
    verdicts
}

fn restricted(matcher: &Matcher, criteria: &Criteria, cluster: &ClusterView, groups: &[&GroupView]) -> bool {
    let holds = |group| {
        criteria.matches_group(group)
            && matcher.restrictions().iter().any(|restriction| {
                !restriction.is_empty()
                    && restriction.matches_cluster(&cluster.name, &cluster.labels)
                    && restriction.matches_group(group)
            })
    };
    matcher.restrictions().is_empty() || each_group(groups).any(holds)
}

/// What of criteria does not hold.
fn reasons(criteria: &Criteria, cluster: &ClusterView, groups: &[&GroupView]) -> Vec<String> {
    if criteria.is_empty() {
        return vec!["it has no criterion, and so matches nothing".to_owned()];
    }
    let mut reasons = Vec::new();
    let wanted = &criteria.cluster_name;
    if !criteria.matches_name(&cluster.name, &cluster.labels) {
        reasons.push(match cluster.labels.get(CLUSTER_DISPLAY_NAME) {
            Some(display) => format!(
                "clusterName is {wanted:?}, the cluster is {:?}, displayed as {display:?}",
                cluster.name
            ),
            None => format!("clusterName is {wanted:?}, the cluster is {:?}", cluster.name),
        });
    }
    if let Some(selector) = &criteria.cluster_selector {
        reasons.extend(unmet("clusterSelector", selector, &cluster.labels));
    }
    if criteria.names_group() && !each_group(groups).any(|group| criteria.matches_group(group)) {
        let names: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
        let groups_of = if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        };
        if !criteria.cluster_group.is_empty() && !names.contains(&criteria.cluster_group.as_str()) {
            let wanted = &criteria.cluster_group;
            reasons.push(format!(
                "clusterGroup is {wanted:?}, the cluster's groups are: {groups_of}"
            ));
        } else if let Some(selector) = &criteria.cluster_group_selector {
            reasons.push(format!(
                "clusterGroupSelector {selector} matches no group of the cluster: {groups_of}"
            ));
        }
    }
    reasons
}

fn unmet(what: &str, selector: &Selector, labels: &Labels) -> Vec<String> {
    let unmet = selector
        .requirements()
        .iter()
        .filter(|requirement| !requirement.matches(labels));
    unmet
        .map(|requirement| match labels.get(requirement.key()) {
            Some(value) => format!("{what} wants {requirement}, the label is {value:?}"),
            None => format!("{what} wants {requirement}, there is no such label"),
        })
        .collect()
}

impl fmt::Display for Explanation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = if self.choice.is_some() {
            "is deployed to"
        } else {
            "is not deployed to"
        };
        writeln!(formatter, "bundle {} {outcome} cluster {}", self.bundle, self.cluster)?;
        if let Some(reason) = &self.out_of_reach {
            return writeln!(formatter, "  {reason}");
        }
        for target in &self.targets {
            let kind = if target.customization {
                "customization"
            } else {
                "target"
            };
            write!(formatter, "  {kind} {} {:?}: ", target.index, target.name)?;
            match &target.verdict {
                Verdict::Deploys => writeln!(formatter, "matches, deploys")?,
                Verdict::DoesNotDeploy => writeln!(formatter, "matches, and says not to deploy")?,
                Verdict::Customizes => writeln!(formatter, "matches, its options are used")?,
                Verdict::Hidden { by } => writeln!(formatter, "matches, but {by} matched before it")?,
                Verdict::NotRestricted => writeln!(formatter, "matches, but no target restriction does")?,
                Verdict::DoesNotMatch { reasons } => writeln!(formatter, "{}", reasons.join("; "))?,
            }
        }
        Ok(())
    }
}
