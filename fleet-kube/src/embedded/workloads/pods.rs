//! The ReplicaSets and Pods that workload controllers make.

use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::embedded::objects::set_or_remove;
use crate::embedded::reactions::{delete, edit, make};
use crate::embedded::state::State;
use crate::embedded::store::Location;

/// Most Pods that are made for one object: a wish for millions must not fill the memory.
const MAX_PODS: i64 = 100;

/// The suffix of a ReplicaSet's name: equal templates have equal hashes.
pub(super) fn template_hash(template: &Value) -> String {
    const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let text = fleet_core::yaml::json::to_string(template);
    let digest = Sha256::digest(text.as_bytes());
    digest
        .iter()
        .take(10)
        .map(|b| ALPHABET[usize::from(*b) % ALPHABET.len()] as char)
        .collect()
}

/// Makes and removes what `object` wants.
pub(super) fn keep_up(state: &State, table: &str, object: &Value) {
    let spec = &object["spec"];
    match table {
        "deployments.apps" => deployment(state, object),
        "replicasets.apps" | "replicationcontrollers" => {
            let wanted = spec["replicas"].as_i64().unwrap_or(1).clamp(0, MAX_PODS);
            let api = if table == "replicasets.apps" {
                ("apps/v1", "ReplicaSet")
            } else {
                ("v1", "ReplicationController")
            };
            numbered(state, object, api, wanted, |_| None);
        }
        "statefulsets.apps" => {
            let wanted = spec["replicas"].as_i64().unwrap_or(1).clamp(0, MAX_PODS);
            let start = spec["ordinals"]["start"].as_i64().unwrap_or(0);
            numbered(state, object, ("apps/v1", "StatefulSet"), wanted, |i| {
                Some((start + i).to_string())
            });
            claims(state, object, wanted, start);
        }
        "daemonsets.apps" => numbered(state, object, ("apps/v1", "DaemonSet"), 1, |_| None),
        "jobs.batch" if spec["suspend"] != true => {
            let wanted = spec["completions"].as_i64().unwrap_or(1).clamp(0, MAX_PODS);
            numbered(state, object, ("batch/v1", "Job"), wanted, |_| None);
        }
        _ => {}
    }
}

/// A Pod is gone: its controller makes another.
pub(super) fn owner_of_deleted(state: &State, pod: &Value) {
    for owner in pod["metadata"]["ownerReferences"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|o| o["controller"] == true)
    {
        if let Some(location) = owner["uid"].as_str().and_then(|uid| state.store.location_of_uid(uid))
            && let Some(object) = state.store.get(&location.table, &location.namespace, &location.name)
            && !object["metadata"]["deletionTimestamp"].is_string()
            && &*location.table != "jobs.batch"
        {
            keep_up(state, &location.table, &object);
        }
    }
}

fn namespace(object: &Value) -> &str {
    object["metadata"]["namespace"].as_str().unwrap_or_default()
}

fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

fn location(table: &str, object: &Value, name: &str) -> Location {
    Location {
        table: table.into(),
        namespace: namespace(object).into(),
        name: name.into(),
    }
}

fn reference(object: &Value, api: (&str, &str)) -> Value {
    json!([{
        "apiVersion": api.0, "kind": api.1, "name": name(object), "uid": object["metadata"]["uid"],
        "controller": true, "blockOwnerDeletion": true,
    }])
}

/// The objects of `table` that `owner` controls.
fn controlled(state: &State, table: &str, owner: &Value) -> Vec<Arc<Value>> {
    let uid = owner["metadata"]["uid"].as_str().unwrap_or_default();
    let dependents = state.store.dependents(uid).into_iter().filter(|d| &*d.table == table);
    dependents
        .filter_map(|d| state.store.get(&d.table, &d.namespace, &d.name))
        .collect()
}

fn deployment(state: &State, object: &Value) {
    let spec = &object["spec"];
    let sets = controlled(state, "replicasets.apps", object);
    let hash = template_hash(&spec["template"]);
    let set_name = format!("{}-{hash}", name(object));
    let revision = |set: &Value| {
        set["metadata"]["annotations"]["deployment.kubernetes.io/revision"]
            .as_str()
            .and_then(|r| r.parse::<u64>().ok())
            .unwrap_or(0)
    };
    let newest = sets.iter().map(|s| revision(s)).max().unwrap_or(0);
    let current = sets.iter().find(|s| name(s) == set_name);
    let number = match current {
        Some(set) if revision(set) == newest => newest,
        _ => newest + 1,
    };
    let annotations = json!({
        "deployment.kubernetes.io/desired-replicas": spec["replicas"].to_string(),
        "deployment.kubernetes.io/max-replicas": spec["replicas"].to_string(),
        "deployment.kubernetes.io/revision": number.to_string(),
    });
    match current {
        Some(_) => edit(state, &location("replicasets.apps", object, &set_name), |set| {
            let mut set = set.clone();
            if set["spec"]["replicas"] != spec["replicas"] {
                let generation = set["metadata"]["generation"].as_i64().unwrap_or(0);
                set["metadata"]["generation"] = json!(generation + 1);
                set["spec"]["replicas"] = spec["replicas"].clone();
            }
            set["metadata"]["annotations"] = annotations.clone();
            Some(set)
        }),
        None => {
            let mut template = spec["template"].clone();
            template["metadata"]["labels"]["pod-template-hash"] = json!(hash);
            let mut selector = spec["selector"].clone();
            selector["matchLabels"]["pod-template-hash"] = json!(hash);
            let set = json!({
                "apiVersion": "apps/v1", "kind": "ReplicaSet",
                "metadata": {
                    "labels": template["metadata"]["labels"], "annotations": annotations, "generation": 1,
                    "ownerReferences": reference(object, ("apps/v1", "Deployment")),
                },
                "spec": { "replicas": spec["replicas"], "selector": selector, "template": template },
                "status": { "replicas": 0 },
            });
            make(state, &location("replicasets.apps", object, &set_name), set);
        }
    }
    // Earlier ReplicaSets are scaled down and kept, up to the limit.
    let mut old: Vec<&Arc<Value>> = sets.iter().filter(|s| name(s) != set_name).collect();
    old.sort_by_key(|s| revision(s));
    let keep = spec["revisionHistoryLimit"].as_u64().unwrap_or(10) as usize;
    let surplus = old.len().saturating_sub(keep);
    for (index, set) in old.iter().enumerate() {
        let place = location("replicasets.apps", object, name(set));
        if index < surplus {
            delete(state, &place, None);
        } else if set["spec"]["replicas"] != 0 {
            edit(state, &place, |set| {
                let mut set = set.clone();
                set["spec"]["replicas"] = json!(0);
                let generation = set["metadata"]["generation"].as_i64().unwrap_or(0);
                set["metadata"]["generation"] = json!(generation + 1);
                Some(set)
            });
        }
    }
    edit(
        state,
        &location("deployments.apps", object, name(object)),
        |deployment| {
            let mut deployment = deployment.clone();
            deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = json!(number.to_string());
            Some(deployment)
        },
    );
}

/// Makes `wanted` Pods and removes what is too many, or what comes from an earlier template.
fn numbered(state: &State, owner: &Value, api: (&str, &str), wanted: i64, suffix: impl Fn(i64) -> Option<String>) {
    let template = &owner["spec"]["template"];
    let hash = template_hash(template);
    let pods = controlled(state, "pods", owner);
    let (current, outdated): (Vec<_>, Vec<_>) = pods
        .iter()
        .partition(|p| p["metadata"]["annotations"]["fleet.embedded/template-hash"] == *hash);
    for pod in outdated
        .iter()
        .copied()
        .chain(current.iter().copied().skip(wanted as usize))
    {
        delete(state, &location("pods", owner, name(pod)), None);
    }
    let taken: Vec<&str> = current.iter().map(|p| name(p)).collect();
    let mut missing = wanted - current.len() as i64;
    for index in 0..wanted {
        if missing <= 0 {
            break;
        }
        let suffix = suffix(index).unwrap_or_else(|| state.name_suffix(5));
        let pod_name = format!("{}-{suffix}", name(owner));
        if taken.contains(&pod_name.as_str()) {
            continue;
        }
        missing -= 1;
        let mut metadata = template["metadata"].clone();
        if metadata.is_null() {
            metadata = json!({});
        }
        set_or_remove(&mut metadata, "creationTimestamp", None);
        metadata["annotations"]["fleet.embedded/template-hash"] = json!(hash);
        metadata["ownerReferences"] = reference(owner, api);
        metadata["generation"] = json!(1);
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"],
            "status": { "phase": "Pending", "qosClass": "BestEffort" },
        });
        make(state, &location("pods", owner, &pod_name), pod);
    }
}

/// The claims of a StatefulSet's Pods. They stay when it goes, as `whenDeleted: Retain` says.
fn claims(state: &State, owner: &Value, wanted: i64, start: i64) {
    for template in owner["spec"]["volumeClaimTemplates"].as_array().into_iter().flatten() {
        for index in 0..wanted {
            let claim_name = format!("{}-{}-{}", name(template), name(owner), start + index);
            let claim = json!({
                "apiVersion": "v1", "kind": "PersistentVolumeClaim",
                "metadata": { "labels": owner["spec"]["selector"]["matchLabels"] },
                "spec": template["spec"], "status": { "phase": "Pending" },
            });
            make(state, &location("persistentvolumeclaims", owner, &claim_name), claim);
        }
    }
}
