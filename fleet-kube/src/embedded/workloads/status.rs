//! The statuses of ready objects, kind by kind.

use serde_json::{Map, Value, json};

use crate::embedded::state::State;

/// The status that a ready object reports; `None`: the kind has none to simulate.
///
/// Times are kept where they were set before, so that a status that says the same is the same.
pub(super) fn of(state: &State, table: &str, object: &Value, with_pods: bool) -> Option<Value> {
    let now = state.now();
    let (spec, old) = (&object["spec"], &object["status"]);
    let generation = object["metadata"]["generation"].as_i64().unwrap_or(1);
    let replicas = spec["replicas"].as_i64().unwrap_or(1);
    let mut status = match table {
        "deployments.apps" => deployment(object, generation, replicas, &now, with_pods),
        "replicasets.apps" => counted(
            json!({ "observedGeneration": generation, "replicas": replicas }),
            replicas,
            &["fullyLabeledReplicas", "readyReplicas", "availableReplicas"],
        ),
        "replicationcontrollers" => counted(
            json!({ "observedGeneration": generation, "replicas": replicas }),
            replicas,
            &["fullyLabeledReplicas", "readyReplicas", "availableReplicas"],
        ),
        "statefulsets.apps" => {
            let revision = format!("{}-{}", name(object), super::pods::template_hash(&spec["template"]));
            let base = json!({
                "observedGeneration": generation, "replicas": replicas, "collisionCount": 0,
                "currentRevision": revision, "updateRevision": revision, "availableReplicas": replicas,
            });
            counted(base, replicas, &["readyReplicas", "currentReplicas", "updatedReplicas"])
        }
        "daemonsets.apps" => json!({
            "observedGeneration": generation, "desiredNumberScheduled": 1, "currentNumberScheduled": 1,
            "numberReady": 1, "updatedNumberScheduled": 1, "numberAvailable": 1, "numberMisscheduled": 0,
        }),
        "jobs.batch" => job(object, &now),
        "pods" => pod(object, &now),
        "persistentvolumeclaims" => json!({
            "phase": "Bound", "accessModes": spec["accessModes"],
            "capacity": { "storage": spec["resources"]["requests"]["storage"] },
        }),
        "persistentvolumes" => json!({ "phase": "Available" }),
        "services" if spec["type"] == "LoadBalancer" => {
            let last = spec["clusterIP"]
                .as_str()
                .and_then(|ip| ip.rsplit('.').next())
                .unwrap_or("1")
                .to_owned();
            json!({ "loadBalancer": { "ingress": [{ "ip": format!("192.0.2.{last}"), "ipMode": "VIP" }] } })
        }
        "poddisruptionbudgets.policy" => json!({
            "observedGeneration": generation, "disruptionsAllowed": 1, "currentHealthy": 1, "desiredHealthy": 0,
            "expectedPods": 1,
            "conditions": [condition(old, "DisruptionAllowed", "SufficientPods", "", &now)],
        }),
        "apiservices.apiregistration.k8s.io" => {
            json!({ "conditions": [condition(old, "Available", "Passed", "all checks passed", &now)] })
        }
        _ => return None,
    };
    // Fields that others wrote and that a controller would leave alone.
    if let (Some(new), Some(old)) = (status.as_object_mut(), old.as_object()) {
        for key in ["qosClass", "terminatingReplicas"] {
            if let Some(value) = old.get(key) {
                new.entry(key.to_owned()).or_insert_with(|| value.clone());
            }
        }
    }
    Some(status)
}

fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

/// Counts are left out where they are zero, as Go's `omitempty` does.
fn counted(mut status: Value, replicas: i64, counts: &[&str]) -> Value {
    if replicas > 0 {
        for count in counts {
            status[*count] = json!(replicas);
        }
    }
    status
}

/// A true condition; times stay where it was true before.
fn condition(old: &Value, ty: &str, reason: &str, message: &str, now: &str) -> Value {
    let before = old["conditions"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|c| c["type"] == ty && c["status"] == "True");
    let time = before.map_or_else(|| json!(now), |c| c["lastTransitionTime"].clone());
    json!({ "type": ty, "status": "True", "reason": reason, "message": message, "lastTransitionTime": time })
}

fn deployment(object: &Value, generation: i64, replicas: i64, now: &str, with_pods: bool) -> Value {
    let old = &object["status"];
    let mut status = counted(
        json!({ "observedGeneration": generation }),
        replicas,
        &["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"],
    );
    let mut conditions = Vec::new();
    let set = format!(
        "{}-{}",
        name(object),
        super::pods::template_hash(&object["spec"]["template"])
    );
    let message = format!("ReplicaSet \"{set}\" has successfully progressed.");
    let available = "Deployment has minimum availability.";
    for (ty, reason, message) in [
        ("Available", "MinimumReplicasAvailable", available),
        ("Progressing", "NewReplicaSetAvailable", message.as_str()),
    ] {
        let mut condition = condition(old, ty, reason, message, now);
        let before = old["conditions"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|c| c["type"] == ty);
        let unchanged = before
            .filter(|b| b["message"] == condition["message"])
            .map(|b| b["lastUpdateTime"].clone());
        condition["lastUpdateTime"] = unchanged.unwrap_or_else(|| json!(now));
        conditions.push(condition);
    }
    status["conditions"] = json!(conditions);
    if with_pods && replicas > 0 {
        status["terminatingReplicas"] = json!(0);
    }
    status
}

fn job(object: &Value, now: &str) -> Value {
    let (spec, old) = (&object["spec"], &object["status"]);
    if spec["suspend"] == true {
        let condition = condition(old, "Suspended", "JobSuspended", "Job suspended", now);
        return json!({ "conditions": [condition] });
    }
    let keep = |key: &str| old.get(key).cloned().unwrap_or_else(|| json!(now));
    let succeeded = spec["completions"].as_i64().unwrap_or(1);
    let message = "Reached expected number of succeeded pods";
    let conditions: Vec<Value> = ["SuccessCriteriaMet", "Complete"]
        .iter()
        .map(|ty| {
            let mut condition = condition(old, ty, "CompletionsReached", message, now);
            condition["lastProbeTime"] = condition["lastTransitionTime"].clone();
            condition
        })
        .collect();
    json!({
        "startTime": keep("startTime"), "completionTime": keep("completionTime"), "succeeded": succeeded, "ready": 0,
        "terminating": 0, "uncountedTerminatedPods": {}, "conditions": conditions,
    })
}

fn pod(object: &Value, now: &str) -> Value {
    let (spec, old) = (&object["spec"], &object["status"]);
    // Pods that end (Jobs, hooks, tests) have ended; the others run.
    let done = spec["restartPolicy"] == "Never" || spec["restartPolicy"] == "OnFailure";
    let start = old.get("startTime").cloned().unwrap_or_else(|| json!(now));
    let containers = |list: &str, ended: bool| -> Vec<Value> {
        let containers = spec[list].as_array().into_iter().flatten();
        containers
            .map(|container| {
                let state = if ended {
                    json!({ "terminated": { "exitCode": 0, "reason": "Completed", "startedAt": start, "finishedAt": start } })
                } else {
                    json!({ "running": { "startedAt": start } })
                };
                json!({
                    "name": container["name"], "image": container["image"], "imageID": "", "ready": !ended || list == "initContainers",
                    "started": !ended, "restartCount": 0, "state": state, "lastState": {},
                })
            })
            .collect()
    };
    let reason = if done { "PodCompleted" } else { "" };
    let conditions: Vec<Value> = [
        "PodReadyToStartContainers",
        "Initialized",
        "Ready",
        "ContainersReady",
        "PodScheduled",
    ]
    .iter()
    .map(|ty| {
        let holds = !(done && ["PodReadyToStartContainers", "Ready", "ContainersReady"].contains(ty));
        let mut condition = Map::new();
        condition.insert("type".into(), json!(ty));
        condition.insert("status".into(), json!(if holds { "True" } else { "False" }));
        if done && !reason.is_empty() && *ty != "PodScheduled" {
            condition.insert("reason".into(), json!(reason));
        }
        condition.insert("lastProbeTime".into(), Value::Null);
        condition.insert("lastTransitionTime".into(), start.clone());
        Value::Object(condition)
    })
    .collect();
    let address = old.get("podIP").cloned().unwrap_or_else(|| {
        let digest = object["metadata"]["uid"]
            .as_str()
            .unwrap_or_default()
            .bytes()
            .fold(7u32, |h, b| h.wrapping_mul(31).wrapping_add(u32::from(b)));
        json!(format!("10.244.{}.{}", (digest >> 8) % 256, digest % 254 + 1))
    });
    let mut status = json!({
        "phase": if done { "Succeeded" } else { "Running" }, "conditions": conditions, "startTime": start,
        "hostIP": "127.0.0.1", "podIP": address, "podIPs": [{ "ip": address }],
        "containerStatuses": containers("containers", done),
    });
    let init = containers("initContainers", true);
    if !init.is_empty() {
        status["initContainerStatuses"] = json!(init);
    }
    status
}
