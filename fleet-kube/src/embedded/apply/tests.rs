//! Rules of server-side apply on values.

use serde_json::{Value, json};

use super::manager::{Apply, updated};
use crate::embedded::registry::Registry;

const T: &str = "2026-01-01T00:00:00Z";

fn apply(live: Option<&Value>, config: Value, manager: &str, force: bool) -> Result<Value, String> {
    let registry = Registry::builtin();
    let kind = registry
        .kind(config["apiVersion"].as_str().unwrap(), config["kind"].as_str().unwrap())
        .unwrap();
    let request = Apply {
        kind,
        manager,
        subresource: None,
        force,
        now: T,
    };
    request.merge(live, &config).map_err(|e| e.message)
}

fn config_map(data: Value) -> Value {
    json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "c" }, "data": data })
}

fn owners(object: &Value) -> Vec<(String, Value)> {
    let entries = object["metadata"]["managedFields"].as_array().unwrap();
    entries
        .iter()
        .map(|e| (e["manager"].as_str().unwrap().to_owned(), e["fieldsV1"].clone()))
        .collect()
}

#[test]
fn dropped_fields_go_and_shared_fields_stay() {
    let a = apply(None, config_map(json!({ "x": "1", "y": "1" })), "a", false).unwrap();
    let b = apply(Some(&a), config_map(json!({ "y": "1", "z": "1" })), "b", false).unwrap();
    let a = apply(Some(&b), config_map(json!({})), "a", false).unwrap();
    assert_eq!(a["data"], json!({ "y": "1", "z": "1" }));
    assert_eq!(
        owners(&a),
        [
            ("a".into(), json!({ "f:data": {} })),
            ("b".into(), json!({ "f:data": { "f:y": {}, "f:z": {} } }))
        ]
    );
}

#[test]
fn conflicts_name_manager_and_field() {
    let a = apply(None, config_map(json!({ "x": "1" })), "a", false).unwrap();
    let error = apply(Some(&a), config_map(json!({ "x": "2" })), "b", false).unwrap_err();
    assert_eq!(error, "Apply failed with 1 conflict: conflict with \"a\": .data.x");
    let b = apply(Some(&a), config_map(json!({ "x": "2" })), "b", true).unwrap();
    assert_eq!(owners(&b), [("b".into(), json!({ "f:data": { "f:x": {} } }))]);
}

#[test]
fn updates_take_fields_over() {
    let registry = Registry::builtin();
    let kind = registry.kind("v1", "ConfigMap").unwrap();
    let a = apply(None, config_map(json!({ "x": "1" })), "a", false).unwrap();
    let mut edited = a.clone();
    edited["data"]["x"] = json!("2");
    updated(kind, &a, &mut edited, "edit", None, T);
    assert_eq!(owners(&edited), [("edit".into(), json!({ "f:data": { "f:x": {} } }))]);
    let error = apply(Some(&edited), config_map(json!({ "x": "1" })), "a", false).unwrap_err();
    assert_eq!(
        error,
        format!("Apply failed with 1 conflict: conflict with \"edit\" using v1 at {T}: .data.x")
    );
}

#[test]
fn lists_with_keys_are_merged_and_others_replaced() {
    let service = |ports: Value| {
        json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "s", "finalizers": ["a/b"] },
            "spec": { "ports": ports } })
    };
    let live = apply(
        None,
        service(json!([{ "port": 80, "name": "web" }, { "port": 81, "name": "x" }])),
        "a",
        false,
    )
    .unwrap();
    let other = apply(Some(&live), service(json!([{ "port": 82, "name": "y" }])), "b", false).unwrap();
    assert_eq!(other["spec"]["ports"].as_array().unwrap().len(), 3);
    let dropped = apply(
        Some(&other),
        service(json!([{ "port": 80, "name": "web" }])),
        "a",
        false,
    )
    .unwrap();
    let ports: Vec<i64> = dropped["spec"]["ports"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["port"].as_i64().unwrap())
        .collect();
    assert_eq!(ports, [80, 82]);
    let fields = owners(&dropped);
    assert_eq!(
        fields[0].1,
        json!({
            "f:metadata": { "f:finalizers": { "v:\"a/b\"": {} } },
            "f:spec": { "f:ports": { "k:{\"port\":80,\"protocol\":\"TCP\"}": { ".": {}, "f:name": {}, "f:port": {} } } },
        })
    );
}

#[test]
fn containers_are_merged_by_name() {
    let deployment = |containers: Value| {
        json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "d" },
            "spec": { "template": { "spec": { "containers": containers } } } })
    };
    let live = apply(
        None,
        deployment(json!([{ "name": "a", "image": "1", "args": ["x"] }])),
        "m",
        false,
    )
    .unwrap();
    let side = apply(
        Some(&live),
        deployment(json!([{ "name": "side", "image": "s" }])),
        "n",
        false,
    )
    .unwrap();
    let next = apply(
        Some(&side),
        deployment(json!([{ "name": "a", "image": "2" }])),
        "m",
        false,
    )
    .unwrap();
    assert_eq!(
        next["spec"]["template"]["spec"]["containers"],
        json!([{ "name": "a", "image": "2" }, { "name": "side", "image": "s" }])
    );
}
