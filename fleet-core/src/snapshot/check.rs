//! Which clusters changed against kept texts, and why.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::Snapshots;
use crate::object::{self, difference::differences};
use crate::target::{BundleView, TargetVerdict, Verdict, explain};
use crate::yaml;

/// Most differences that are named of one object.
const MAXIMUM: usize = 10;
/// Most clusters that are named of one change.
const CLUSTERS: usize = 5;

/// What is different on clusters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SnapshotChange {
    /// `namespace/name` of the clusters, sorted; empty where a kept text is of no cluster any more.
    pub clusters: Vec<String>,
    /// What is different and why, a line each.
    pub reasons: Vec<String>,
}

/// The clusters whose objects are not those of the kept texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SnapshotChanges {
    /// By first cluster, each set of clusters with the same differences once.
    pub changes: Vec<SnapshotChange>,
}

impl std::error::Error for SnapshotChanges {}

/// A line for each set of clusters, and below it a line for each reason.
impl fmt::Display for SnapshotChanges {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, change) in self.changes.iter().enumerate() {
            if index > 0 {
                writeln!(out)?;
            }
            if change.clusters.is_empty() {
                write!(out, "{}", change.reasons.join("\n"))?;
                continue;
            }
            let named = change.clusters.len().min(CLUSTERS);
            write!(out, "{}", change.clusters[..named].join(", "))?;
            match change.clusters.len() - named {
                0 => write!(out, ":")?,
                more => write!(out, " and {more} more:")?,
            }
            for reason in &change.reasons {
                write!(out, "\n  {reason}")?;
            }
        }
        Ok(())
    }
}

/// An object of a text: its bundle and target, and the object; `None` of a bundle without objects.
type Document = (String, String, Option<Value>);

impl Snapshots {
    /// Compares with texts that were kept, by name. What stands before the first comment of a text, such as a header of insta, does
    /// not count.
    ///
    /// # Errors
    /// [`SnapshotChanges`], which names clusters and reasons.
    pub fn check(&self, kept: &BTreeMap<String, String>) -> Result<(), SnapshotChanges> {
        let kept: BTreeMap<&str, (BTreeSet<String>, &str)> =
            kept.iter().map(|(name, text)| (name.as_str(), parts(text))).collect();
        let mut changes: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
        let mut note = |clusters: Vec<String>, reasons: Vec<String>| {
            if !reasons.is_empty() {
                changes.entry(clusters).or_default().extend(reasons);
            }
        };
        // A name that no group has is of an earlier state.
        let names: BTreeSet<&str> = self.groups.iter().map(|group| group.name.as_str()).collect();
        let current: BTreeSet<&String> = self.groups.iter().flat_map(|group| &group.clusters).collect();
        let mut of_cluster: BTreeMap<&str, &str> = BTreeMap::new();
        for (name, (clusters, _)) in kept.iter().rev() {
            // Where a stale text names a cluster too, the one of a group counts.
            for cluster in clusters {
                let known = of_cluster.get(cluster.as_str());
                if known.is_none_or(|known| !names.contains(known)) {
                    of_cluster.insert(cluster, name);
                }
            }
            let gone: Vec<String> = clusters
                .iter()
                .filter(|cluster| !current.contains(cluster))
                .cloned()
                .collect();
            if !gone.is_empty() {
                note(gone, vec!["not in the inventory any more".to_owned()]);
            }
        }
        for group in &self.groups {
            let mut by_text: BTreeMap<Option<&str>, Vec<String>> = BTreeMap::new();
            for cluster in &group.clusters {
                let name = of_cluster.get(cluster.as_str()).copied();
                by_text.entry(name).or_default().push(cluster.clone());
            }
            let (_, now) = parts(&group.text);
            for (name, clusters) in by_text {
                let before = name.and_then(|name| kept.get(name)).map(|(_, text)| *text);
                let reasons = match before {
                    None => vec!["there is no snapshot of the cluster yet".to_owned()],
                    Some(before) if before.trim_end() == now.trim_end() => Vec::new(),
                    Some(before) => self.reasons(&clusters[0], &documents(before), &documents(now)),
                };
                note(clusters, reasons);
            }
        }
        let mut changes: Vec<SnapshotChange> = changes
            .into_iter()
            .map(|(clusters, reasons)| SnapshotChange { clusters, reasons })
            .collect();
        for name in kept.keys().filter(|name| !names.contains(**name)) {
            changes.push(SnapshotChange {
                clusters: Vec::new(),
                reasons: vec![format!(
                    "the snapshot {name} is of no group of clusters any more: remove it"
                )],
            });
        }
        if changes.is_empty() {
            Ok(())
        } else {
            Err(SnapshotChanges { changes })
        }
    }

    fn reasons(&self, cluster: &str, before: &[Document], now: &[Document]) -> Vec<String> {
        let mut reasons = Vec::new();
        let targets = |documents: &[Document]| -> BTreeMap<String, String> {
            let named = documents
                .iter()
                .map(|(bundle, target, _)| (bundle.clone(), target.clone()));
            named.collect()
        };
        let (old, new) = (targets(before), targets(now));
        for (bundle, target) in &old {
            match new.get(bundle) {
                Some(same) if same == target => {}
                Some(other) => {
                    let why = self.why(bundle, cluster, target);
                    reasons.push(format!("bundle {bundle}: {other} in place of {target}{why}"));
                }
                None => reasons.push(format!(
                    "bundle {bundle} is not deployed any more{}",
                    self.why(bundle, cluster, target)
                )),
            }
        }
        let added = new.iter().filter(|(bundle, _)| !old.contains_key(*bundle));
        reasons.extend(added.map(|(bundle, target)| format!("bundle {bundle} is deployed now, by {target}")));

        let objects = |documents: &'_ [Document]| -> BTreeMap<(String, String), Value> {
            let mut found = BTreeMap::new();
            for (bundle, _, object) in documents {
                if let Some(object) = object {
                    found.insert((bundle.clone(), title(object)), object.clone());
                }
            }
            found
        };
        let (old_objects, new_objects) = (objects(before), objects(now));
        let is_in_both = |bundle: &String| old.contains_key(bundle) && new.contains_key(bundle);
        for ((bundle, title), before) in old_objects.iter().filter(|((bundle, _), _)| is_in_both(bundle)) {
            match new_objects.get(&(bundle.clone(), title.clone())) {
                None => reasons.push(format!("bundle {bundle}: {title} is gone")),
                Some(now) => {
                    let found = differences(before, now, MAXIMUM);
                    let more = found.len() > MAXIMUM;
                    reasons.extend(found.iter().take(MAXIMUM).map(|found| {
                        let text = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), Value::to_string);
                        let (new, old) = (text(found.new), text(found.old));
                        format!("bundle {bundle}: {title}: {} is {new} in place of {old}", found.key)
                    }));
                    if more {
                        reasons.push(format!("bundle {bundle}: {title}: and more"));
                    }
                }
            }
        }
        let added = new_objects.keys().filter(|(bundle, _)| is_in_both(bundle));
        let added = added.filter(|key| !old_objects.contains_key(*key));
        reasons.extend(added.map(|(bundle, title)| format!("bundle {bundle}: {title} is new")));
        if reasons.is_empty() {
            reasons.push("the same objects in another order or form".to_owned());
        }
        reasons
    }

    /// Why a bundle's target, named as in a text, does not apply to a cluster any more; empty where that is not known.
    fn why(&self, bundle: &str, cluster: &str, target: &str) -> String {
        let Some(found) = self.bundles.iter().find(|found| *found.name == *bundle) else {
            return ": it is not in the repository any more".to_owned();
        };
        let Some((namespace, name)) = cluster.split_once('/') else {
            return String::new();
        };
        let view = BundleView::new(&found.namespace, &found.name, &found.spec).with_labels(&found.labels);
        let Ok(explanation) = explain(&view, &self.estate, namespace, name) else {
            return String::new();
        };
        let is_named = |verdict: &&TargetVerdict| {
            let words = target.split(", customized by ");
            words
                .map(|word| word.trim_start_matches("target "))
                .any(|word| word == verdict.name)
        };
        let mut whys = Vec::new();
        for verdict in explanation.targets.iter().filter(is_named) {
            let why = match &verdict.verdict {
                Verdict::DoesNotMatch { reasons } => reasons.join(", "),
                Verdict::DoesNotDeploy => "doNotDeploy".to_owned(),
                Verdict::Hidden { by } => {
                    let first = found.spec.targets.get(*by).map_or("", |target| target.name.as_str());
                    format!("{first} matches before it")
                }
                Verdict::NotRestricted => "no target restriction matches".to_owned(),
                Verdict::Deploys | Verdict::Customizes => continue,
            };
            whys.push(format!("{}: {why}", verdict.name));
        }
        if whys.is_empty() {
            return String::new();
        }
        format!(" ({})", whys.join("; "))
    }
}

/// The clusters of a text, and its documents.
fn parts(text: &str) -> (BTreeSet<String>, &str) {
    let start = text.find("# cluster ").unwrap_or(text.len());
    let mut rest = &text[start..];
    let mut clusters = BTreeSet::new();
    while let Some(line) = rest.strip_prefix("# cluster ") {
        let (cluster, after) = line.split_once('\n').unwrap_or((line, ""));
        clusters.insert(cluster.to_owned());
        rest = after;
    }
    (clusters, rest)
}

fn documents(text: &str) -> Vec<Document> {
    let text = text.strip_prefix("---\n").unwrap_or(text);
    let read = |document: &str| -> Option<Document> {
        let (head, object) = document.split_once('\n')?;
        let (bundle, target) = head.strip_prefix("# bundle ")?.split_once(", ")?;
        let object = yaml::read(object).ok().filter(|object| !object.is_null());
        Some((bundle.to_owned(), target.to_owned(), object))
    };
    text.split("\n---\n").filter_map(read).collect()
}

/// `Kind namespace/name`.
fn title(object: &Value) -> String {
    let (kind, namespace, name) = (object::kind(object), object::namespace(object), object::name(object));
    if namespace.is_empty() {
        format!("{kind} {name}")
    } else {
        format!("{kind} {namespace}/{name}")
    }
}
