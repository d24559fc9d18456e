//! Defaults of built-in kinds, as `k8s.io/kubernetes/pkg/apis/*/*/defaults.go` (v1.36) sets them: what a client sees when it
//! reads back what it wrote, and what readiness and drift are judged on.
//!
//! Addresses and ports that a server allocates are in `workloads`; here is only what follows from the object itself.

use serde_json::{Map, Value, json};

use super::registry::Kind;

/// Sets `key` where it is missing.
fn default(value: &mut Value, key: &str, with: Value) {
    if value.is_null() {
        *value = Value::Object(Map::new());
    }
    if let Some(map) = value.as_object_mut() {
        map.entry(key.to_owned()).or_insert(with);
    }
}

fn items<'a>(value: &'a mut Value, key: &str) -> impl Iterator<Item = &'a mut Value> {
    value.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten()
}

/// Fills in the defaults of `object`.
pub(super) fn set(kind: &Kind, object: &mut Value) {
    match &*kind.table {
        "deployments.apps" => deployment(object),
        "statefulsets.apps" => stateful_set(object),
        "daemonsets.apps" => {
            let spec = &mut object["spec"];
            pod_template(spec);
            default(spec, "revisionHistoryLimit", json!(10));
            default(spec, "updateStrategy", json!({}));
            default(&mut spec["updateStrategy"], "type", json!("RollingUpdate"));
            if spec["updateStrategy"]["type"] == "RollingUpdate" {
                default(&mut spec["updateStrategy"], "rollingUpdate", json!({}));
                default(&mut spec["updateStrategy"]["rollingUpdate"], "maxSurge", json!(0));
                default(&mut spec["updateStrategy"]["rollingUpdate"], "maxUnavailable", json!(1));
            }
        }
        "replicasets.apps" | "replicationcontrollers" => {
            default(&mut object["spec"], "replicas", json!(1));
            pod_template(&mut object["spec"]);
        }
        "jobs.batch" => job_spec(&mut object["spec"], true),
        "cronjobs.batch" => {
            let spec = &mut object["spec"];
            default(spec, "concurrencyPolicy", json!("Allow"));
            default(spec, "suspend", json!(false));
            default(spec, "successfulJobsHistoryLimit", json!(3));
            default(spec, "failedJobsHistoryLimit", json!(1));
            if let Some(template) = spec.get_mut("jobTemplate") {
                default(template, "metadata", json!({}));
                if template["spec"].is_object() {
                    pod_template(&mut template["spec"]);
                }
            }
        }
        "pods" => pod_spec(&mut object["spec"]),
        "services" => service(&mut object["spec"]),
        "secrets" => default(object, "type", json!("Opaque")),
        "persistentvolumeclaims" => default(&mut object["spec"], "volumeMode", json!("Filesystem")),
        "persistentvolumes" => {
            default(&mut object["spec"], "volumeMode", json!("Filesystem"));
            default(&mut object["spec"], "persistentVolumeReclaimPolicy", json!("Retain"));
        }
        "namespaces" => {
            let name = object["metadata"]["name"].clone();
            default(&mut object["metadata"]["labels"], "kubernetes.io/metadata.name", name);
            default(&mut object["spec"], "finalizers", json!(["kubernetes"]));
        }
        "networkpolicies.networking.k8s.io" => {
            let spec = &mut object["spec"];
            let egress = spec["egress"].is_array();
            default(
                spec,
                "policyTypes",
                if egress {
                    json!(["Ingress", "Egress"])
                } else {
                    json!(["Ingress"])
                },
            );
            for rule in ["ingress", "egress"] {
                for rule in items(spec, rule) {
                    items(rule, "ports").for_each(|port| default(port, "protocol", json!("TCP")));
                }
            }
        }
        "horizontalpodautoscalers.autoscaling" => default(&mut object["spec"], "minReplicas", json!(1)),
        "rolebindings.rbac.authorization.k8s.io" | "clusterrolebindings.rbac.authorization.k8s.io" => binding(object),
        "storageclasses.storage.k8s.io" => {
            default(object, "reclaimPolicy", json!("Delete"));
            default(object, "volumeBindingMode", json!("Immediate"));
        }
        "priorityclasses.scheduling.k8s.io" => default(object, "preemptionPolicy", json!("PreemptLowerPriority")),
        "apiservices.apiregistration.k8s.io" => {
            if let Some(service) = object["spec"].get_mut("service") {
                default(service, "port", json!(443));
            }
        }
        "validatingwebhookconfigurations.admissionregistration.k8s.io" => webhooks(object, false),
        "mutatingwebhookconfigurations.admissionregistration.k8s.io" => webhooks(object, true),
        _ => {}
    }
}

fn deployment(object: &mut Value) {
    let spec = &mut object["spec"];
    default(spec, "replicas", json!(1));
    default(spec, "revisionHistoryLimit", json!(10));
    default(spec, "progressDeadlineSeconds", json!(600));
    default(spec, "strategy", json!({}));
    let strategy = &mut spec["strategy"];
    default(strategy, "type", json!("RollingUpdate"));
    if strategy["type"] == "RollingUpdate" {
        default(strategy, "rollingUpdate", json!({}));
        default(&mut strategy["rollingUpdate"], "maxUnavailable", json!("25%"));
        default(&mut strategy["rollingUpdate"], "maxSurge", json!("25%"));
    }
    pod_template(spec);
}

fn stateful_set(object: &mut Value) {
    let spec = &mut object["spec"];
    default(spec, "replicas", json!(1));
    default(spec, "revisionHistoryLimit", json!(10));
    default(spec, "podManagementPolicy", json!("OrderedReady"));
    default(
        spec,
        "persistentVolumeClaimRetentionPolicy",
        json!({ "whenDeleted": "Retain", "whenScaled": "Retain" }),
    );
    default(spec, "updateStrategy", json!({}));
    default(&mut spec["updateStrategy"], "type", json!("RollingUpdate"));
    if spec["updateStrategy"]["type"] == "RollingUpdate" {
        default(&mut spec["updateStrategy"], "rollingUpdate", json!({}));
        default(&mut spec["updateStrategy"]["rollingUpdate"], "partition", json!(0));
    }
    for claim in items(spec, "volumeClaimTemplates") {
        default(claim, "apiVersion", json!("v1"));
        default(claim, "kind", json!("PersistentVolumeClaim"));
        default(&mut claim["spec"], "volumeMode", json!("Filesystem"));
        default(&mut claim["status"], "phase", json!("Pending"));
    }
    pod_template(spec);
}

fn job_spec(spec: &mut Value, own: bool) {
    if own {
        let parallel = spec.get("parallelism").is_some();
        default(spec, "parallelism", json!(1));
        if !parallel {
            default(spec, "completions", json!(1));
        }
        default(spec, "backoffLimit", json!(6));
        default(spec, "completionMode", json!("NonIndexed"));
        default(spec, "suspend", json!(false));
        default(spec, "manualSelector", json!(false));
        default(spec, "podReplacementPolicy", json!("TerminatingOrFailed"));
    }
    pod_template(spec);
}

fn pod_template(spec: &mut Value) {
    if let Some(template) = spec.get_mut("template")
        && template["spec"].is_object()
    {
        pod_spec(&mut template["spec"]);
    }
}

fn pod_spec(spec: &mut Value) {
    default(spec, "restartPolicy", json!("Always"));
    default(spec, "dnsPolicy", json!("ClusterFirst"));
    default(spec, "schedulerName", json!("default-scheduler"));
    default(spec, "terminationGracePeriodSeconds", json!(30));
    default(spec, "securityContext", json!({}));
    for (one, other) in [
        ("serviceAccountName", "serviceAccount"),
        ("serviceAccount", "serviceAccountName"),
    ] {
        if let Some(name) = spec.get(one).cloned() {
            default(spec, other, name);
        }
    }
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        items(spec, list).for_each(container);
    }
    for volume in items(spec, "volumes") {
        for source in ["secret", "configMap", "downwardAPI", "projected"] {
            if let Some(source) = volume.get_mut(source) {
                default(source, "defaultMode", json!(420));
            }
        }
        if let Some(source) = volume.get_mut("hostPath") {
            default(source, "type", json!(""));
        }
        if let Some(projected) = volume.get_mut("projected") {
            for source in items(projected, "sources") {
                if let Some(token) = source.get_mut("serviceAccountToken") {
                    default(token, "expirationSeconds", json!(3600));
                }
                if let Some(downward) = source.get_mut("downwardAPI") {
                    field_references(downward, "items");
                }
            }
        }
        if let Some(downward) = volume.get_mut("downwardAPI") {
            field_references(downward, "items");
        }
    }
}

fn field_references(value: &mut Value, list: &str) {
    for item in items(value, list) {
        if let Some(reference) = item.get_mut("fieldRef") {
            default(reference, "apiVersion", json!("v1"));
        }
    }
}

fn container(container: &mut Value) {
    default(container, "terminationMessagePath", json!("/dev/termination-log"));
    default(container, "terminationMessagePolicy", json!("File"));
    default(container, "resources", json!({}));
    let image = container["image"].as_str().unwrap_or_default();
    let last = image.rsplit('/').next().unwrap_or_default();
    let latest = !image.contains('@') && last.split_once(':').is_none_or(|(_, tag)| tag == "latest");
    default(
        container,
        "imagePullPolicy",
        json!(if latest { "Always" } else { "IfNotPresent" }),
    );
    items(container, "ports").for_each(|port| default(port, "protocol", json!("TCP")));
    for variable in items(container, "env") {
        if let Some(reference) = variable.get_mut("valueFrom").and_then(|v| v.get_mut("fieldRef")) {
            default(reference, "apiVersion", json!("v1"));
        }
    }
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(probe) = container.get_mut(probe) {
            default(probe, "timeoutSeconds", json!(1));
            default(probe, "periodSeconds", json!(10));
            default(probe, "successThreshold", json!(1));
            default(probe, "failureThreshold", json!(3));
            http_get(probe);
            if let Some(grpc) = probe.get_mut("grpc") {
                default(grpc, "service", json!(""));
            }
        }
    }
    if let Some(lifecycle) = container.get_mut("lifecycle") {
        for hook in ["postStart", "preStop"] {
            if let Some(hook) = lifecycle.get_mut(hook) {
                http_get(hook);
            }
        }
    }
    // Limits are requests where none are given.
    if let Some(limits) = container["resources"]
        .get("limits")
        .cloned()
        .and_then(|l| l.as_object().cloned())
    {
        default(&mut container["resources"], "requests", json!({}));
        for (name, value) in limits {
            default(&mut container["resources"]["requests"], &name, value);
        }
    }
}

fn http_get(handler: &mut Value) {
    if let Some(get) = handler.get_mut("httpGet") {
        default(get, "path", json!("/"));
        default(get, "scheme", json!("HTTP"));
    }
}

fn service(spec: &mut Value) {
    default(spec, "type", json!("ClusterIP"));
    default(spec, "sessionAffinity", json!("None"));
    for port in items(spec, "ports") {
        default(port, "protocol", json!("TCP"));
        let number = port["port"].clone();
        if !number.is_null() {
            default(port, "targetPort", number);
        }
    }
    if spec["sessionAffinity"] == "ClientIP" {
        default(
            spec,
            "sessionAffinityConfig",
            json!({ "clientIP": { "timeoutSeconds": 10800 } }),
        );
    }
    let ty = spec["type"].as_str().unwrap_or_default().to_owned();
    if ty != "ExternalName" {
        default(spec, "internalTrafficPolicy", json!("Cluster"));
        default(spec, "ipFamilyPolicy", json!("SingleStack"));
        default(spec, "ipFamilies", json!(["IPv4"]));
    }
    if ty == "NodePort" || ty == "LoadBalancer" {
        default(spec, "externalTrafficPolicy", json!("Cluster"));
    }
    if ty == "LoadBalancer" {
        default(spec, "allocateLoadBalancerNodePorts", json!(true));
    }
}

fn binding(object: &mut Value) {
    if object["roleRef"].is_object() {
        default(&mut object["roleRef"], "apiGroup", json!("rbac.authorization.k8s.io"));
    }
    let namespace = object["metadata"]["namespace"].clone();
    for subject in items(object, "subjects") {
        if subject["kind"] == "User" || subject["kind"] == "Group" {
            default(subject, "apiGroup", json!("rbac.authorization.k8s.io"));
        } else if !namespace.is_null() {
            default(subject, "namespace", namespace.clone());
        }
    }
}

fn webhooks(object: &mut Value, mutating: bool) {
    for hook in items(object, "webhooks") {
        default(hook, "failurePolicy", json!("Fail"));
        default(hook, "matchPolicy", json!("Equivalent"));
        default(hook, "namespaceSelector", json!({}));
        default(hook, "objectSelector", json!({}));
        default(hook, "timeoutSeconds", json!(10));
        if mutating {
            default(hook, "reinvocationPolicy", json!("Never"));
        }
        for rule in items(hook, "rules") {
            default(rule, "scope", json!("*"));
        }
        if let Some(service) = hook.get_mut("clientConfig").and_then(|c| c.get_mut("service")) {
            default(service, "port", json!(443));
        }
    }
}
