//! Columns of built-in kinds (`k8s.io/kubernetes/pkg/printers/internalversion`, v1.36) for the kinds that people list most.
//! Kinds that are not here get the name and the age, as Kubernetes' default printer gives them.

use serde_json::{Value, json};

use super::{human_duration, since};
use crate::embedded::registry::Kind;

/// Name, type, priority.
type Column = (&'static str, &'static str, i64);

/// The columns of a kind.
pub(super) fn columns(kind: &Kind) -> Vec<Column> {
    const S: &str = "string";
    const I: &str = "integer";
    let wide: [Column; 3] = [("Containers", S, 1), ("Images", S, 1), ("Selector", S, 1)];
    let mut columns: Vec<Column> = vec![("Name", S, 0)];
    columns.extend_from_slice(match &*kind.table {
        "pods" => &[
            ("Ready", S, 0),
            ("Status", S, 0),
            ("Restarts", S, 0),
            ("Age", S, 0),
            ("IP", S, 1),
            ("Node", S, 1),
            ("Nominated Node", S, 1),
            ("Readiness Gates", S, 1),
        ],
        "deployments.apps" => &[
            ("Ready", S, 0),
            ("Up-to-date", I, 0),
            ("Available", I, 0),
            ("Age", S, 0),
        ],
        "replicasets.apps" | "replicationcontrollers" => {
            &[("Desired", I, 0), ("Current", I, 0), ("Ready", I, 0), ("Age", S, 0)]
        }
        "statefulsets.apps" => &[("Ready", S, 0), ("Age", S, 0), ("Containers", S, 1), ("Images", S, 1)],
        "daemonsets.apps" => &[
            ("Desired", I, 0),
            ("Current", I, 0),
            ("Ready", I, 0),
            ("Up-to-date", I, 0),
            ("Available", I, 0),
            ("Node Selector", S, 0),
            ("Age", S, 0),
        ],
        "jobs.batch" => &[
            ("Status", S, 0),
            ("Completions", S, 0),
            ("Duration", S, 0),
            ("Age", S, 0),
        ],
        "cronjobs.batch" => &[
            ("Schedule", S, 0),
            ("Timezone", S, 0),
            ("Suspend", "boolean", 0),
            ("Active", I, 0),
            ("Last Schedule", S, 0),
            ("Age", S, 0),
        ],
        "services" => &[
            ("Type", S, 0),
            ("Cluster-IP", S, 0),
            ("External-IP", S, 0),
            ("Port(s)", S, 0),
            ("Age", S, 0),
            ("Selector", S, 1),
        ],
        "ingresses.networking.k8s.io" => &[
            ("Class", S, 0),
            ("Hosts", S, 0),
            ("Address", S, 0),
            ("Ports", S, 0),
            ("Age", S, 0),
        ],
        "networkpolicies.networking.k8s.io" => &[("Pod-Selector", S, 0), ("Age", S, 0)],
        "namespaces" => &[("Status", S, 0), ("Age", S, 0)],
        "nodes" => &[("Status", S, 0), ("Roles", S, 0), ("Age", S, 0), ("Version", S, 0)],
        "secrets" => &[("Type", S, 0), ("Data", I, 0), ("Age", S, 0)],
        "configmaps" => &[("Data", S, 0), ("Age", S, 0)],
        "serviceaccounts" => &[("Age", S, 0)],
        "persistentvolumeclaims" => &[
            ("Status", S, 0),
            ("Volume", S, 0),
            ("Capacity", S, 0),
            ("Access Modes", S, 0),
            ("StorageClass", S, 0),
            ("VolumeAttributesClass", S, 0),
            ("Age", S, 0),
            ("VolumeMode", S, 1),
        ],
        "events" => &[
            ("Last Seen", S, 0),
            ("Type", S, 0),
            ("Reason", S, 0),
            ("Object", S, 0),
            ("Message", S, 0),
        ],
        "roles.rbac.authorization.k8s.io" | "clusterroles.rbac.authorization.k8s.io" => &[("Created At", S, 0)],
        "rolebindings.rbac.authorization.k8s.io" | "clusterrolebindings.rbac.authorization.k8s.io" => {
            &[("Role", S, 0), ("Age", S, 0)]
        }
        "customresourcedefinitions.apiextensions.k8s.io" => &[("Created At", S, 0)],
        "leases.coordination.k8s.io" => &[("Holder", S, 0), ("Age", S, 0)],
        "horizontalpodautoscalers.autoscaling" => &[
            ("Reference", S, 0),
            ("MinPods", S, 0),
            ("MaxPods", S, 0),
            ("Replicas", S, 0),
            ("Age", S, 0),
        ],
        "poddisruptionbudgets.policy" => &[
            ("Min Available", S, 0),
            ("Max Unavailable", S, 0),
            ("Allowed Disruptions", I, 0),
            ("Age", S, 0),
        ],
        "storageclasses.storage.k8s.io" => &[
            ("Provisioner", S, 0),
            ("ReclaimPolicy", S, 0),
            ("VolumeBindingMode", S, 0),
            ("AllowVolumeExpansion", S, 0),
            ("Age", S, 0),
        ],
        _ => &[("Age", S, 0)],
    });
    if has_containers(kind) {
        columns.extend_from_slice(&wide);
    }
    columns
}

fn has_containers(kind: &Kind) -> bool {
    let tables = [
        "deployments.apps",
        "replicasets.apps",
        "replicationcontrollers",
        "daemonsets.apps",
        "jobs.batch",
    ];
    tables.contains(&&*kind.table)
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "<none>".to_owned(),
        Value::String(text) if text.is_empty() => "<none>".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or(0)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn size(value: &Value) -> usize {
    value.as_object().map_or(0, serde_json::Map::len)
}

fn joined(values: impl Iterator<Item = String>) -> String {
    values.collect::<Vec<_>>().join(",")
}

fn or_none(text: String) -> String {
    if text.is_empty() { "<none>".to_owned() } else { text }
}

fn labels(value: &Value) -> String {
    or_none(joined(
        value
            .as_object()
            .into_iter()
            .flatten()
            .map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or_default())),
    ))
}

/// The cells of one object, one a column.
pub(super) fn cells(kind: &Kind, object: &Value, now: jiff::Timestamp) -> Vec<Value> {
    let (spec, status, metadata) = (&object["spec"], &object["status"], &object["metadata"]);
    let age = metadata["creationTimestamp"]
        .as_str()
        .map_or_else(|| "<unknown>".to_owned(), |t| since(t, now));
    let mut cells = vec![metadata["name"].clone()];
    cells.extend(match &*kind.table {
        "pods" => pod(object, age),
        "deployments.apps" => vec![
            json!(format!(
                "{}/{}",
                number(&status["readyReplicas"]),
                number(&spec["replicas"])
            )),
            json!(number(&status["updatedReplicas"])),
            json!(number(&status["availableReplicas"])),
            json!(age),
        ],
        "replicasets.apps" | "replicationcontrollers" => vec![
            json!(number(&spec["replicas"])),
            json!(number(&status["replicas"])),
            json!(number(&status["readyReplicas"])),
            json!(age),
        ],
        "statefulsets.apps" => {
            let (names, images) = containers(&spec["template"]["spec"]);
            vec![
                json!(format!(
                    "{}/{}",
                    number(&status["readyReplicas"]),
                    number(&spec["replicas"])
                )),
                json!(age),
                json!(names),
                json!(images),
            ]
        }
        "daemonsets.apps" => vec![
            json!(number(&status["desiredNumberScheduled"])),
            json!(number(&status["currentNumberScheduled"])),
            json!(number(&status["numberReady"])),
            json!(number(&status["updatedNumberScheduled"])),
            json!(number(&status["numberAvailable"])),
            json!(labels(&spec["template"]["spec"]["nodeSelector"])),
            json!(age),
        ],
        "jobs.batch" => job(spec, status, age, now),
        "cronjobs.batch" => vec![
            json!(text(&spec["schedule"])),
            json!(text(&spec["timeZone"])),
            json!(spec["suspend"] == true),
            json!(list(&status["active"]).len()),
            json!(
                status["lastScheduleTime"]
                    .as_str()
                    .map_or_else(|| "<none>".to_owned(), |t| since(t, now))
            ),
            json!(age),
        ],
        "services" => service(spec, status, age),
        "ingresses.networking.k8s.io" => {
            let hosts: Vec<String> = list(&spec["rules"])
                .iter()
                .filter_map(|r| r["host"].as_str().map(str::to_owned))
                .collect();
            let addresses = list(&status["loadBalancer"]["ingress"]).iter().map(|i| {
                i["ip"]
                    .as_str()
                    .or(i["hostname"].as_str())
                    .unwrap_or_default()
                    .to_owned()
            });
            vec![
                json!(text(&spec["ingressClassName"])),
                json!(if hosts.is_empty() {
                    "*".to_owned()
                } else {
                    hosts.join(",")
                }),
                json!(joined(addresses)),
                json!(if list(&spec["tls"]).is_empty() { "80" } else { "80, 443" }),
                json!(age),
            ]
        }
        "networkpolicies.networking.k8s.io" => vec![json!(labels(&spec["podSelector"]["matchLabels"])), json!(age)],
        "namespaces" => vec![json!(text(&status["phase"])), json!(age)],
        "nodes" => {
            let ready = list(&status["conditions"])
                .iter()
                .any(|c| c["type"] == "Ready" && c["status"] == "True");
            let mut state = if ready { "Ready" } else { "NotReady" }.to_owned();
            if spec["unschedulable"] == true {
                state.push_str(",SchedulingDisabled");
            }
            let prefix = "node-role.kubernetes.io/";
            let roles = metadata["labels"].as_object().into_iter().flatten();
            let roles = joined(roles.filter_map(|(k, _)| k.strip_prefix(prefix).map(str::to_owned)));
            vec![
                json!(state),
                json!(or_none(roles)),
                json!(age),
                json!(text(&status["nodeInfo"]["kubeletVersion"])),
            ]
        }
        "secrets" => vec![json!(text(&object["type"])), json!(size(&object["data"])), json!(age)],
        "configmaps" => vec![
            json!((size(&object["data"]) + size(&object["binaryData"])).to_string()),
            json!(age),
        ],
        "persistentvolumeclaims" => {
            let short = |mode: &Value| match mode.as_str() {
                Some("ReadWriteOnce") => "RWO".to_owned(),
                Some("ReadOnlyMany") => "ROX".to_owned(),
                Some("ReadWriteMany") => "RWX".to_owned(),
                Some("ReadWriteOncePod") => "RWOP".to_owned(),
                _ => String::new(),
            };
            let bound = !text(&spec["volumeName"]).starts_with('<');
            vec![
                json!(text(&status["phase"])),
                json!(spec["volumeName"].as_str().unwrap_or_default()),
                json!(if bound {
                    status["capacity"]["storage"].as_str().unwrap_or_default()
                } else {
                    ""
                }),
                json!(if bound {
                    joined(list(&status["accessModes"]).iter().map(short))
                } else {
                    String::new()
                }),
                json!(spec["storageClassName"].as_str().unwrap_or_default()),
                json!("<unset>"),
                json!(age),
                json!(text(&spec["volumeMode"])),
            ]
        }
        "events" => {
            let involved = &object["involvedObject"];
            let seen = ["lastTimestamp", "eventTime"].iter().find_map(|k| object[*k].as_str());
            let kind = involved["kind"].as_str().unwrap_or_default().to_lowercase();
            vec![
                json!(seen.map_or_else(|| age.clone(), |t| since(t, now))),
                json!(text(&object["type"])),
                json!(text(&object["reason"])),
                json!(format!("{kind}/{}", involved["name"].as_str().unwrap_or_default())),
                json!(object["message"].as_str().unwrap_or_default().trim()),
            ]
        }
        "roles.rbac.authorization.k8s.io"
        | "clusterroles.rbac.authorization.k8s.io"
        | "customresourcedefinitions.apiextensions.k8s.io" => vec![metadata["creationTimestamp"].clone()],
        "rolebindings.rbac.authorization.k8s.io" | "clusterrolebindings.rbac.authorization.k8s.io" => {
            let role = &object["roleRef"];
            vec![
                json!(format!("{}/{}", text(&role["kind"]), text(&role["name"]))),
                json!(age),
            ]
        }
        "leases.coordination.k8s.io" => vec![json!(spec["holderIdentity"].as_str().unwrap_or_default()), json!(age)],
        "horizontalpodautoscalers.autoscaling" => vec![
            json!(format!(
                "{}/{}",
                text(&spec["scaleTargetRef"]["kind"]),
                text(&spec["scaleTargetRef"]["name"])
            )),
            json!(text(&spec["minReplicas"])),
            json!(text(&spec["maxReplicas"])),
            json!(number(&status["currentReplicas"]).to_string()),
            json!(age),
        ],
        "poddisruptionbudgets.policy" => {
            let given = |v: &Value| if v.is_null() { "N/A".to_owned() } else { text(v) };
            vec![
                json!(given(&spec["minAvailable"])),
                json!(given(&spec["maxUnavailable"])),
                json!(number(&status["disruptionsAllowed"])),
                json!(age),
            ]
        }
        "storageclasses.storage.k8s.io" => vec![
            json!(text(&object["provisioner"])),
            json!(text(&object["reclaimPolicy"])),
            json!(text(&object["volumeBindingMode"])),
            json!((object["allowVolumeExpansion"] == true).to_string()),
            json!(age),
        ],
        _ => vec![json!(age)],
    });
    if has_containers(kind) {
        let (names, images) = containers(&spec["template"]["spec"]);
        cells.extend([
            json!(names),
            json!(images),
            json!(labels(&spec["selector"]["matchLabels"])),
        ]);
    }
    cells
}

fn containers(spec: &Value) -> (String, String) {
    let of = |field: &str| {
        joined(
            list(&spec["containers"])
                .iter()
                .map(|c| c[field].as_str().unwrap_or_default().to_owned()),
        )
    };
    (of("name"), of("image"))
}

fn pod(object: &Value, age: String) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let states = list(&status["containerStatuses"]);
    let ready = states.iter().filter(|c| c["ready"] == true).count();
    let restarts: i64 = states.iter().map(|c| number(&c["restartCount"])).sum();
    let mut phase = status["reason"]
        .as_str()
        .unwrap_or_else(|| status["phase"].as_str().unwrap_or("Unknown"))
        .to_owned();
    for state in states {
        if let Some(reason) = state["state"]["waiting"]["reason"]
            .as_str()
            .or(state["state"]["terminated"]["reason"].as_str())
        {
            phase = reason.to_owned();
        }
    }
    if object["metadata"]["deletionTimestamp"].is_string() {
        phase = "Terminating".to_owned();
    }
    vec![
        json!(format!("{ready}/{}", list(&spec["containers"]).len())),
        json!(phase),
        json!(restarts.to_string()),
        json!(age),
        json!(text(&status["podIP"])),
        json!(text(&spec["nodeName"])),
        json!(text(&status["nominatedNodeName"])),
        json!("<none>"),
    ]
}

fn job(spec: &Value, status: &Value, age: String, now: jiff::Timestamp) -> Vec<Value> {
    let condition = |ty: &str| {
        list(&status["conditions"])
            .iter()
            .any(|c| c["type"] == ty && c["status"] == "True")
    };
    let state = ["Complete", "Failed", "Suspended"]
        .iter()
        .find(|ty| condition(ty))
        .unwrap_or(&"Running");
    let wanted = spec["completions"]
        .as_i64()
        .map_or_else(|| "1".to_owned(), |n| n.to_string());
    let duration = match (status["startTime"].as_str(), status["completionTime"].as_str()) {
        (None, _) => String::new(),
        (Some(start), None) => since(start, now),
        (Some(start), Some(end)) => match (start.parse::<jiff::Timestamp>(), end.parse::<jiff::Timestamp>()) {
            (Ok(start), Ok(end)) => human_duration(end.as_second() - start.as_second()),
            _ => String::new(),
        },
    };
    let completions = format!("{}/{wanted}", number(&status["succeeded"]));
    vec![json!(state), json!(completions), json!(duration), json!(age)]
}

fn service(spec: &Value, status: &Value, age: String) -> Vec<Value> {
    let ty = text(&spec["type"]);
    let addresses = joined(list(&status["loadBalancer"]["ingress"]).iter().map(|i| {
        i["ip"]
            .as_str()
            .or(i["hostname"].as_str())
            .unwrap_or_default()
            .to_owned()
    }));
    let mut external = joined(list(&spec["externalIPs"]).iter().map(text));
    match ty.as_str() {
        "LoadBalancer" if !addresses.is_empty() => {
            external = if external.is_empty() {
                addresses
            } else {
                format!("{addresses},{external}")
            };
        }
        "LoadBalancer" if external.is_empty() => external = "<pending>".to_owned(),
        "ExternalName" => external = text(&spec["externalName"]),
        _ => {}
    }
    let ports = joined(list(&spec["ports"]).iter().map(|p| match p["nodePort"].as_i64() {
        Some(node) if node > 0 => format!("{}:{node}/{}", number(&p["port"]), text(&p["protocol"])),
        _ => format!("{}/{}", number(&p["port"]), text(&p["protocol"])),
    }));
    vec![
        json!(ty),
        json!(text(&spec["clusterIP"])),
        json!(or_none(external)),
        json!(or_none(ports)),
        json!(age),
        json!(labels(&spec["selector"])),
    ]
}
