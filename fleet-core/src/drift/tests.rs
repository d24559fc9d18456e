use serde_json::{Value, json};

use super::*;
use crate::api::Operation;
use crate::object::ObjectKey;

fn deployment(replicas: i64, image: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d", "namespace": "n"},
        "spec": {"replicas": replicas, "template": {"spec": {"containers": [
            {"name": "c", "image": image, "ports": [{"containerPort": 80}], "resources": {"limits": {"cpu": "1000m"}}},
        ]}}},
    })
}

/// The same as a server has it: with defaults, and an injected container.
fn defaulted() -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "d", "namespace": "n", "uid": "u", "labels": {"added": "x"}},
        "spec": {"replicas": 2, "revisionHistoryLimit": 10, "template": {"spec": {"restartPolicy": "Always", "containers": [
            {"name": "injected", "image": "sidecar"},
            {"name": "c", "image": "nginx", "imagePullPolicy": "Always",
             "ports": [{"containerPort": 80, "protocol": "TCP"}], "resources": {"limits": {"cpu": "1"}}},
        ]}}},
        "status": {"replicas": 2},
    })
}

#[test]
fn defaults_and_what_others_add_are_no_drift() {
    assert_eq!(difference(&deployment(2, "nginx"), &defaulted(), &[]), None);
}

#[test]
fn changed_and_removed_fields_are_drift() {
    assert_eq!(
        difference(&deployment(3, "nginx"), &defaulted(), &[]),
        Some(json!({"spec": {"replicas": 3}}))
    );
    let service = json!({"apiVersion": "v1", "kind": "Service", "spec": {"selector": {"a": "b"}}});
    let live = json!({"apiVersion": "v1", "kind": "Service", "spec": {"selector": {"a": "x"}, "type": "ClusterIP"}});
    assert_eq!(
        difference(&service, &live, &[]),
        Some(json!({"spec": {"selector": {"a": "b"}}}))
    );
    let removed = json!({"apiVersion": "v1", "kind": "Service", "spec": {"type": "ClusterIP"}});
    assert_eq!(
        difference(&service, &removed, &[]),
        Some(json!({"spec": {"selector": {"a": "b"}}}))
    );
}

#[test]
fn nulls_and_zero_values_say_nothing() {
    let wanted =
        json!({"apiVersion": "v1", "kind": "Pod", "spec": {"hostNetwork": false, "x": null, "l": [], "m": {}}});
    assert_eq!(
        difference(&wanted, &json!({"apiVersion": "v1", "kind": "Pod", "spec": {}}), &[]),
        None
    );
}

#[test]
fn plain_text_of_a_secret_is_compared_encoded() {
    let wanted = json!({"apiVersion": "v1", "kind": "Secret", "stringData": {"k": "v"}});
    let live = json!({"apiVersion": "v1", "kind": "Secret", "data": {"k": "dg=="}, "type": "Opaque"});
    assert_eq!(difference(&wanted, &live, &[]), None);
}

#[test]
fn injected_authorities_are_no_drift_and_given_ones_are() {
    let hook = |bundle: Option<&str>| {
        let mut hook = json!({"name": "a", "clientConfig": {"service": {"name": "s"}}});
        if let Some(bundle) = bundle {
            hook["clientConfig"]["caBundle"] = json!(bundle);
        }
        json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration", "webhooks": [hook]})
    };
    assert_eq!(difference(&hook(None), &hook(Some("Q0E=")), &[]), None);
    assert!(difference(&hook(Some("T1dO")), &hook(Some("Q0E=")), &[]).is_some());
}

#[test]
fn rules_take_fields_out() {
    let rule = ComparePatch {
        api_version: "apps/v1".into(),
        kind: "Deployment".into(),
        name: "d".into(),
        namespace: "n".into(),
        operations: vec![
            Operation {
                op: "remove".into(),
                path: "/spec/absent".into(),
                ..Operation::default()
            },
            Operation {
                op: "remove".into(),
                path: "/spec/replicas".into(),
                ..Operation::default()
            },
        ],
        ..ComparePatch::default()
    };
    assert_eq!(difference(&deployment(5, "nginx"), &defaulted(), &[rule]), None);
    let pointer = ComparePatch {
        api_version: "apps/v1".into(),
        kind: "*".into(),
        json_pointers: vec!["/spec/replicas".into()],
        ..ComparePatch::default()
    };
    assert_eq!(difference(&deployment(5, "nginx"), &defaulted(), &[pointer]), None);
}

#[test]
fn missing_objects_can_be_forgiven_by_name_or_pattern() {
    let key = ObjectKey::new("v1", "ConfigMap", "n", "my-obs-config");
    let rule = |name: &str| ComparePatch {
        api_version: "v1".into(),
        kind: "ConfigMap".into(),
        namespace: "n".into(),
        name: name.into(),
        operations: vec![Operation {
            op: "ignore".into(),
            ..Operation::default()
        }],
        ..ComparePatch::default()
    };
    for (name, forgiven) in [
        ("", true),
        ("my-obs-config", true),
        (".*obs.*", true),
        ("*obs*", false),
        ("other", false),
    ] {
        assert_eq!(rules::ignores_missing(&[rule(name)], &key), forgiven, "{name}");
    }
}

#[test]
fn a_plan_tells_missing_extra_and_changed() {
    let entry = |name: &str, value: &str| {
        let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"k": value}});
        (ObjectKey::new("v1", "ConfigMap", "n", name), object)
    };
    let desired = [entry("same", "1"), entry("changed", "1"), entry("missing", "1")];
    let marked = vec![
        entry("same", "1"),
        entry("changed", "2"),
        entry("extra", "1"),
        entry("foreign", "1"),
    ];
    let previous = [entry("extra", "").0].into();
    let drift = plan(&desired, marked, &previous, &[]);
    let names: Vec<(&str, bool)> = drift
        .modified
        .iter()
        .map(|(key, m)| (key.name.as_str(), *m == Modification::Extra))
        .collect();
    assert_eq!(names, [("changed", false), ("extra", true), ("missing", false)]);
    assert_eq!(drift.live.len(), 2);
    assert_eq!(drift.modified_status()[0].patch, r#"{"data":{"k":"1"}}"#);
}

#[test]
fn replicas_of_an_autoscaled_workload_are_the_autoscalers() {
    let autoscaler = |least: i64, most: i64| {
        json!({
            "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "h", "namespace": "n"},
            "spec": {"minReplicas": least, "maxReplicas": most, "scaleTargetRef": {"kind": "Deployment", "name": "d"}},
        })
    };
    for (least, most, drifted) in [(1, 3, false), (3, 4, true), (1, 1, true)] {
        let entries = |object: Value| (ObjectKey::of(&object), object);
        let desired = [entries(deployment(5, "nginx")), entries(autoscaler(least, most))];
        let marked = vec![entries(defaulted()), entries(autoscaler(least, most))];
        let drift = plan(&desired, marked, &Default::default(), &[]);
        assert_eq!(!drift.modified.is_empty(), drifted, "{least}-{most}");
    }
}
