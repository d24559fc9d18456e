//! Simulated workloads: what the controllers, the scheduler and the kubelet of a real cluster would report, at once.
//!
//! Deployments get a ReplicaSet, ReplicaSets, StatefulSets, DaemonSets and Jobs get Pods, and everything reports itself ready in
//! the fields that readiness checks read. Nothing runs: no image is pulled, a Job "succeeds" without having done
//! anything, CronJobs never start. With [`Workloads::StatusOnly`](super::Workloads) no ReplicaSets and Pods are made.

use serde_json::{Value, json};

use super::Workloads;
use super::objects::set_or_remove;
use super::reactions::edit;
use super::registry::Kind;
use super::state::State;
use super::store::{Change, ChangeKind, Location};

mod pods;
mod status;

/// The one node of a simulated cluster.
pub(super) const NODE: &str = "embedded";

/// Addresses and node ports that an API server allocates when an object is created.
pub(super) fn allocate(state: &State, kind: &Kind, object: &mut Value) {
    match &*kind.table {
        "services" => allocate_service(state, object),
        "jobs.batch" => job_selector(object),
        "pods" => object["status"] = json!({ "phase": "Pending", "qosClass": "BestEffort" }),
        "persistentvolumeclaims" => object["status"] = json!({ "phase": "Pending" }),
        "persistentvolumes" => object["status"] = json!({ "phase": "Available" }),
        "namespaces" => object["status"] = json!({ "phase": "Active" }),
        "deployments.apps" | "replicasets.apps" | "statefulsets.apps" | "daemonsets.apps" => {
            object["status"] = json!({});
        }
        _ => {}
    }
}

/// What was allocated stays where an update leaves it out.
pub(super) fn keep_allocated(kind: &Kind, current: &Value, object: &mut Value) {
    match &*kind.table {
        "services" => keep_service(current, object),
        "jobs.batch" => {
            for path in [&["spec", "selector"][..], &["spec", "template", "metadata", "labels"]] {
                keep(current, object, path);
            }
        }
        "persistentvolumeclaims" => {
            for path in [&["spec", "volumeName"][..], &["spec", "storageClassName"]] {
                keep(current, object, path);
            }
        }
        "pods" => {
            keep(current, object, &["spec", "nodeName"]);
        }
        _ => {}
    }
}

fn keep(current: &Value, object: &mut Value, path: &[&str]) {
    let Some((last, parents)) = path.split_last() else {
        return;
    };
    let Some(old) = path.iter().try_fold(current, |v, key| v.get(*key)) else {
        return;
    };
    let mut place = object;
    for key in parents {
        if !place[*key].is_object() {
            place[*key] = json!({});
        }
        place = &mut place[*key];
    }
    if place[*last].is_null() {
        place[*last] = old.clone();
    }
}

fn address(state: &State) -> String {
    // 10.96.0.0/12 without its first addresses, as kubeadm's default; a taken one is not handed out again for a long time.
    let number = state.next_address();
    format!(
        "10.{}.{}.{}",
        96 + (number >> 16) % 16,
        (number >> 8) % 256,
        number % 256
    )
}

fn allocate_service(state: &State, object: &mut Value) {
    let spec = &mut object["spec"];
    let ty = spec["type"].as_str().unwrap_or("ClusterIP").to_owned();
    if ty != "ExternalName" {
        if spec["clusterIP"].as_str().is_none_or(str::is_empty) {
            spec["clusterIP"] = json!(address(state));
        }
        spec["clusterIPs"] = json!([spec["clusterIP"]]);
    }
    if ty == "NodePort" || ty == "LoadBalancer" {
        for port in spec["ports"].as_array_mut().into_iter().flatten() {
            if port["nodePort"].as_i64().unwrap_or(0) == 0 {
                port["nodePort"] = json!(30_000 + state.next_address() % 2768);
            }
        }
    }
    object["status"] = json!({ "loadBalancer": {} });
}

fn keep_service(current: &Value, object: &mut Value) {
    let (old, new) = (&current["spec"], &mut object["spec"]);
    let was_external = old["type"] == "ExternalName";
    if new["type"] == "ExternalName" {
        return;
    }
    if was_external {
        // Becoming a real Service needs an address; the old one's number is free to reuse.
        if new["clusterIP"].as_str().is_none_or(str::is_empty) {
            new["clusterIP"] = json!("10.111.255.254");
        }
        new["clusterIPs"] = json!([new["clusterIP"]]);
        return;
    }
    for key in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
        let empty = new[key].is_null() || new[key] == "";
        if empty {
            set_or_remove(new, key, old.get(key).cloned());
        }
    }
    if new["type"] == "NodePort" || new["type"] == "LoadBalancer" {
        let old_ports = old["ports"].as_array().cloned().unwrap_or_default();
        for port in new["ports"].as_array_mut().into_iter().flatten() {
            let same = |p: &&Value| p["port"] == port["port"] && p["protocol"] == port["protocol"];
            if port["nodePort"].as_i64().unwrap_or(0) == 0
                && let Some(node_port) = old_ports.iter().find(same).and_then(|p| p.get("nodePort"))
            {
                port["nodePort"] = node_port.clone();
            }
        }
    }
}

/// Jobs get a selector and labels by their uid (`batch/job` strategy).
fn job_selector(object: &mut Value) {
    if object["spec"]["manualSelector"] == true {
        return;
    }
    let (uid, name) = (object["metadata"]["uid"].clone(), object["metadata"]["name"].clone());
    let labels = &mut object["spec"]["template"]["metadata"]["labels"];
    for (key, value) in [("controller-uid", &uid), ("job-name", &name)] {
        labels[format!("batch.kubernetes.io/{key}")] = value.clone();
        labels[key] = value.clone();
    }
    object["spec"]["selector"] = json!({ "matchLabels": { "batch.kubernetes.io/controller-uid": uid } });
}

/// Reacts to a change as the workload controllers and the kubelet do.
pub(super) fn react(state: &State, change: &Change) {
    let with_pods = match state.config.workloads {
        Workloads::Off => return,
        Workloads::StatusOnly => false,
        Workloads::Simulated => true,
    };
    if change.kind == ChangeKind::Deleted {
        if with_pods && &*change.table == "pods" {
            pods::owner_of_deleted(state, &change.object);
        }
        return;
    }
    if change.object["metadata"]["deletionTimestamp"].is_string() {
        return;
    }
    if with_pods {
        pods::keep_up(state, &change.table, &change.object);
    }
    let location = Location {
        table: change.table.clone(),
        namespace: change.namespace.clone(),
        name: change.name.clone(),
    };
    if &*change.table == "persistentvolumeclaims" && change.object["spec"]["volumeName"].is_null() {
        edit(state, &location, |claim| {
            let mut claim = claim.clone();
            claim["spec"]["volumeName"] =
                json!(format!("pvc-{}", claim["metadata"]["uid"].as_str().unwrap_or_default()));
            Some(claim)
        });
    }
    if &*change.table == "pods" && change.object["spec"]["nodeName"].is_null() {
        edit(state, &location, |pod| {
            let mut pod = pod.clone();
            pod["spec"]["nodeName"] = json!(NODE);
            Some(pod)
        });
    }
    edit(state, &location, |object| {
        let status = status::of(state, &change.table, object, with_pods)?;
        let mut object = object.clone();
        object["status"] = status;
        Some(object)
    });
}

/// The node that simulated Pods say they run on.
pub(super) fn node(now: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": { "labels": {
            "kubernetes.io/hostname": NODE, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
        } },
        "spec": {},
        "status": {
            "capacity": { "cpu": "4", "memory": "16Gi", "pods": "110" },
            "allocatable": { "cpu": "4", "memory": "16Gi", "pods": "110" },
            "conditions": [{
                "type": "Ready", "status": "True", "reason": "Simulated", "message": "no kubelet runs here",
                "lastHeartbeatTime": now, "lastTransitionTime": now,
            }],
            "addresses": [{ "type": "Hostname", "address": NODE }],
            "nodeInfo": {
                "architecture": "amd64", "bootID": "", "containerRuntimeVersion": "simulated://0", "kernelVersion": "",
                "kubeProxyVersion": "", "kubeletVersion": "simulated", "machineID": "", "operatingSystem": "linux",
                "osImage": "", "systemUUID": "",
            },
        },
    })
}
