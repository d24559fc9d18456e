//! Our CustomResourceDefinitions against upstream's (`FLEET_CORPUS`): what upstream's accept and keep, ours accept and keep.
#![cfg(feature = "crd")]
#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

use fleet_core::api::{self, crds};
use fleet_core::yaml;
use kube::core::CustomResourceExt;
use serde_json::{Value, json};

mod support;

/// Properties that are newer than upstream's schema of the corpus.
const NEWER: &[&str] = &["waitingForDependency"];

fn preserves(schema: &Value) -> bool {
    schema["x-kubernetes-preserve-unknown-fields"] == true
}

fn compare(path: &str, ours: &Value, theirs: &Value, differences: &mut Vec<String>) {
    if preserves(ours) && !preserves(theirs) {
        // Free-form here: everything that upstream knows is accepted and kept.
        if ours["type"] != theirs["type"] || ours["nullable"] != theirs["nullable"] {
            differences.push(format!("{path}: {ours} for another type"));
        }
        return;
    }
    for key in [
        "type",
        "nullable",
        "format",
        "enum",
        "default",
        "pattern",
        "minLength",
        "maxLength",
        "anyOf",
        "required",
        "x-kubernetes-int-or-string",
        "x-kubernetes-preserve-unknown-fields",
        "x-kubernetes-validations",
        "x-kubernetes-map-type",
        "x-kubernetes-list-type",
    ] {
        if ours[key] != theirs[key] {
            differences.push(format!("{path}: {key} is {}, upstream's {}", ours[key], theirs[key]));
        }
    }
    for key in ["items", "additionalProperties"] {
        match (ours.get(key), theirs.get(key)) {
            (None, None) => {}
            (Some(ours), Some(theirs)) => compare(&format!("{path}.{key}"), ours, theirs, differences),
            (ours, theirs) => differences.push(format!("{path}: {key} is {ours:?}, upstream's {theirs:?}")),
        }
    }
    let properties = |schema: &Value| schema["properties"].as_object().cloned().unwrap_or_default();
    let (ours, theirs) = (properties(ours), properties(theirs));
    for (name, theirs) in &theirs {
        match ours.get(name) {
            Some(ours) => compare(&format!("{path}.{name}"), ours, theirs, differences),
            None => differences.push(format!("{path}.{name} is missing")),
        }
    }
    for name in ours
        .keys()
        .filter(|name| !theirs.contains_key(*name) && !NEWER.contains(&name.as_str()))
    {
        differences.push(format!("{path}.{name} is not upstream's"));
    }
}

#[test]
fn definitions_are_upstream_s() {
    let Some(corpus) = support::corpus() else {
        return;
    };
    let text = std::fs::read_to_string(corpus.join("fleet/crds.yaml")).unwrap();
    let theirs = yaml::read_all(&text).unwrap();
    let ours = crds();
    assert_eq!(ours.len(), theirs.len());
    let mut differences = Vec::new();
    for (ours, theirs) in ours.iter().zip(&theirs) {
        let name = theirs["metadata"]["name"].as_str().unwrap();
        assert_eq!(ours["metadata"]["name"], name);
        for key in ["group", "names", "scope"] {
            assert_eq!(ours["spec"][key], theirs["spec"][key], "{name} {key}");
        }
        let (ours, theirs) = (&ours["spec"]["versions"][0], &theirs["spec"]["versions"][0]);
        for key in ["name", "served", "storage", "subresources", "additionalPrinterColumns"] {
            assert_eq!(ours[key], theirs[key], "{name} {key}");
        }
        compare(
            name,
            &ours["schema"]["openAPIV3Schema"],
            &theirs["schema"]["openAPIV3Schema"],
            &mut differences,
        );
    }
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

#[test]
fn root_types_read_and_write_objects() {
    let repository: api::GitRepo = serde_json::from_value(json!({
        "apiVersion": "fleet.cattle.io/v1alpha1",
        "kind": "GitRepo",
        "metadata": {"name": "a", "namespace": "b"},
    }))
    .unwrap();
    assert_eq!(repository.spec, api::GitRepoSpec::default());
    let content: api::Content = serde_json::from_value(json!({
        "metadata": {"name": "s-1"}, "content": "H4sI", "sha256sum": "1", "status": {"referenceCount": 2},
    }))
    .unwrap();
    assert_eq!(content.spec.content.0, [0x1f, 0x8b, 8]);
    assert_eq!(
        serde_json::to_value(&content).unwrap(),
        json!({
            "apiVersion": "fleet.cattle.io/v1alpha1", "kind": "Content", "metadata": {"name": "s-1"},
            "content": "H4sI", "sha256sum": "1", "status": {"referenceCount": 2},
        })
    );
    assert_eq!(
        api::Bundle::crd().metadata.name.as_deref(),
        Some(api::Bundle::crd_name())
    );
}
