//! The Fleet CLI's own answers (`fleet target`) for the bundles of the foreign corpus (`FLEET_CORPUS`): which clusters,
//! with which options and deployment IDs.
#![allow(clippy::disallowed_methods, clippy::print_stderr, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;

use fleet_core::api::{BundleDeploymentSpec, BundleSpec, ClusterSpec};
use fleet_core::target::{BundleView, ClusterView, Estate, GroupView, NamespaceView, Target, deployment, targets};
use fleet_core::{naming, rollout, yaml};
use serde_json::{Value, json};

mod support;

fn labels(object: &Value, key: &str) -> BTreeMap<String, String> {
    serde_json::from_value(object["metadata"][key].clone()).unwrap_or_default()
}

fn text(object: &Value, pointer: &str) -> String {
    object
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn estate(corpus: &Path) -> Estate {
    let inventory = std::fs::read_to_string(corpus.join("inventory.yaml")).expect("the corpus has an inventory");
    let mut estate = Estate::default();
    for object in yaml::read_all(&inventory).expect("the inventory is YAML") {
        let (namespace, name) = (text(&object, "/metadata/namespace"), text(&object, "/metadata/name"));
        match object["kind"].as_str() {
            Some("Cluster") => {
                let spec: ClusterSpec = serde_json::from_value(object["spec"].clone()).unwrap();
                let mut cluster = ClusterView::new(namespace, name).with_labels(labels(&object, "labels"));
                cluster.annotations = labels(&object, "annotations");
                cluster.template_values = spec.template_values;
                cluster.paused = spec.paused;
                cluster.deployment_namespace = Some(text(&object, "/status/namespace"));
                estate.clusters.push(cluster.into());
            }
            Some("ClusterGroup") => estate.groups.push(GroupView {
                name,
                namespace,
                labels: labels(&object, "labels"),
                selector: serde_json::from_value(object["spec"]["selector"].clone()).unwrap(),
            }),
            Some("Namespace") => estate.namespaces.push(NamespaceView {
                name,
                labels: labels(&object, "labels"),
            }),
            _ => {}
        }
    }
    estate
}

/// What `fleet target` prints of a target.
fn printed(bundle: &BundleView<'_>, target: &Target, mut spec: BundleDeploymentSpec) -> Value {
    // The CLI leaves to the controller what depends on where contents are.
    spec.oci_contents = false;
    spec.helm_chart_options = None;
    json!({
        "metadata": {
            "labels": deployment::labels(bundle, target, None),
            "name": bundle.name,
            "namespace": target.cluster.deployment_namespace,
        },
        "spec": spec,
    })
}

#[test]
fn targets_are_the_cli_s() {
    let Some(corpus) = support::corpus() else {
        return;
    };
    let corpus = corpus.join("fleet");
    let estate = estate(&corpus);
    let mut compared = 0;
    let mut failures: Vec<String> = Vec::new();
    for list in ["cases.jsonl", "rules.jsonl"] {
        for line in std::fs::read_to_string(corpus.join(list))
            .expect("the corpus has a list of cases")
            .lines()
        {
            let case: Value = serde_json::from_str(line).expect("a case is JSON");
            let name = text(&case, "/case");
            let folder = corpus.join("expected").join(&name);
            let Ok(bundles) = std::fs::read_to_string(folder.join("bundles.yaml")) else {
                continue;
            };
            let bundles = yaml::read_all(&bundles).expect("bundles are YAML");
            for object in bundles.iter().filter(|object| object["kind"] == "Bundle") {
                let bundle_name = text(object, "/metadata/name");
                let namespace = text(object, "/metadata/namespace");
                let bundle_labels = labels(object, "labels");
                let spec: BundleSpec = match serde_json::from_value(object["spec"].clone()) {
                    Ok(spec) => spec,
                    Err(error) => {
                        failures.push(format!("{name} {bundle_name}: {error}"));
                        continue;
                    }
                };
                let bundle = BundleView::new(&namespace, &bundle_name, &spec).with_labels(&bundle_labels);
                let one = folder.join("target.yaml");
                let file = if one.exists() {
                    one
                } else {
                    folder.join(&bundle_name).join("target.yaml")
                };
                let target_error = match &case["target_error"] {
                    Value::Object(errors) => errors.get(&bundle_name).and_then(Value::as_str),
                    other => other.as_str(),
                };
                let manifest = naming::manifest_id(&naming::manifest_json(&spec.resources));
                let result = targets(&bundle, &estate)
                    .map_err(|error| error.to_string())
                    .and_then(|targets| {
                        let staged = rollout::stage_all(&bundle, &targets, &estate, &manifest.id);
                        Ok(targets
                            .into_iter()
                            .zip(staged.map_err(|error| error.to_string())?)
                            .collect::<Vec<_>>())
                    });
                match (result, target_error, std::fs::read_to_string(&file)) {
                    (Err(error), Some(wanted), _) => {
                        compared += 1;
                        if !error.starts_with(wanted) {
                            failures.push(format!("{name} {bundle_name}:\n  got  {error}\n  want {wanted}"));
                        }
                    }
                    (Err(error), None, _) => failures.push(format!("{name} {bundle_name}: error {error}")),
                    (Ok(_), Some(wanted), _) => failures.push(format!("{name} {bundle_name}: no error, want {wanted}")),
                    (Ok(targets), None, Ok(expected)) => {
                        compared += 1;
                        let expected = yaml::read_all(&expected).expect("targets are YAML");
                        let mut got = vec![json!({"metadata": {"name": manifest.id}, "sha256sum": manifest.digest})];
                        got.extend(
                            targets
                                .into_iter()
                                .filter_map(|(target, spec)| Some(printed(&bundle, &target, spec?))),
                        );
                        let want: Vec<Value> = expected
                            .into_iter()
                            .map(|mut object| {
                                for key in ["apiVersion", "kind", "status", "content"] {
                                    object.as_object_mut().unwrap().remove(key);
                                }
                                object
                            })
                            .collect();
                        let [got, want] = [got, want].map(|list| yaml::write(&Value::Array(list)).unwrap());
                        if got != want {
                            let different = got.lines().zip(want.lines()).find(|(got, want)| got != want);
                            failures.push(format!("{name} {bundle_name}: got, want: {different:?}"));
                        }
                    }
                    // Not every bundle of the corpus was targeted.
                    (Ok(_), None, Err(_)) => {}
                }
            }
        }
    }
    eprintln!("{compared} bundles compared");
    assert!(
        failures.is_empty(),
        "{} failures:\n{}",
        failures.len(),
        failures.join("\n")
    );
    assert!(compared > 300, "only {compared} bundles were compared");
}
