//! All objects of a release against all live objects that carry its mark.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{difference, normalize, rules};
use crate::api::{ComparePatch, ModifiedStatus};
use crate::object::{self, ObjectKey};

/// How an object differs from what is desired.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Modification {
    /// No live object of that key carries the release's mark; `exists` is whether there is one that does not.
    Missing {
        /// Another's object, or one that lost its mark, has the key.
        exists: bool,
    },
    /// It carries the mark, and the release does not have it.
    Extra,
    /// It differs; the merge patch would restore it.
    Changed(Value),
}

/// What has drifted, and what is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drift {
    /// Objects that differ, by key.
    pub modified: BTreeMap<ObjectKey, Modification>,
    /// Live objects that belong to the release.
    pub live: BTreeMap<ObjectKey, Value>,
}

impl Drift {
    /// As a status has it, sorted by `apiVersion/kind/namespace/name`.
    pub fn modified_status(&self) -> Vec<ModifiedStatus> {
        let mut list: Vec<ModifiedStatus> = self
            .modified
            .iter()
            .map(|(key, modification)| {
                let mut status = ModifiedStatus {
                    kind: key.kind.kind.clone(),
                    api_version: key.kind.api_version(),
                    namespace: key.namespace.clone(),
                    name: key.name.clone(),
                    ..ModifiedStatus::default()
                };
                match modification {
                    Modification::Missing { exists } => {
                        status.missing = true;
                        status.exist = *exists;
                    }
                    Modification::Extra => status.delete = true,
                    Modification::Changed(patch) => status.patch = crate::yaml::json::to_string(patch),
                }
                status
            })
            .collect();
        list.sort_by_cached_key(|status| {
            format!(
                "{}/{}/{}/{}",
                status.api_version, status.kind, status.namespace, status.name
            )
        });
        list
    }
}

/// Compares the objects of a release with the live objects that carry its mark.
///
/// `previous` are the keys of the revision before: an object that carries the mark and was never in the release was marked
/// by somebody else, by a controller that copies labels for example, and does not count as extra.
pub fn plan(
    desired: &[(ObjectKey, Value)],
    marked: Vec<(ObjectKey, Value)>,
    previous: &BTreeSet<ObjectKey>,
    patches: &[ComparePatch],
) -> Drift {
    let wanted: BTreeMap<&ObjectKey, &Value> = desired.iter().map(|(key, value)| (key, value)).collect();
    let mut drift = Drift::default();
    for (key, live) in marked {
        if wanted.contains_key(&key) {
            drift.live.insert(key, live);
        } else if object::label(&live, "objectset.rio.cattle.io/prune") != Some("false")
            && previous.contains(&key)
            && !desired_in_another_version(&wanted, &key)
        {
            drift.modified.insert(key, Modification::Extra);
        }
    }
    let autoscalers: Vec<&Value> = drift
        .live
        .values()
        .filter(|live| object::kind(live) == "HorizontalPodAutoscaler")
        .collect();
    let mut modified = BTreeMap::new();
    for (key, wanted) in desired {
        let Some(live) = drift.live.get(key) else {
            if !rules::ignores_missing(patches, key) {
                modified.insert(key.clone(), Modification::Missing { exists: false });
            }
            continue;
        };
        let Some(mut patch) = difference(wanted, live, patches) else {
            continue;
        };
        normalize::autoscaled(&mut patch, live, &autoscalers);
        if patch != Value::Object(Map::new()) {
            modified.insert(key.clone(), Modification::Changed(patch));
        }
    }
    drift.modified.extend(modified);
    drift
}

fn desired_in_another_version(wanted: &BTreeMap<&ObjectKey, &Value>, key: &ObjectKey) -> bool {
    wanted.keys().any(|other| {
        other.kind.group == key.kind.group
            && other.kind.kind == key.kind.kind
            && other.namespace == key.namespace
            && other.name == key.name
    })
}
