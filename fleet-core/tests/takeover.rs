//! A take-over says nothing where all is well, and what and why where something is not.
#![allow(clippy::disallowed_methods, clippy::print_stderr, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use fleet_core::api::BundleSpec;
use fleet_core::target::takeover::{Effect, takeover};
use fleet_core::{object, yaml};
use serde::Deserialize as _;
use serde_json::{Value, json};

mod support;

/// Each file is a hub (`objects`, an example that is well) and `cases`: merge patches of objects by `kind namespace/name` (null:
/// it is not there), bundles scanned anew (`scanned`), and the changes that are reported.
#[test]
fn cases() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/takeover/hub.yaml");
    let file = support::read(file);
    let objects = file["objects"].as_array().unwrap();
    let cases = file["cases"].as_array().unwrap();
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let mut hub = Vec::new();
        for object in objects {
            let key = format!(
                "{} {}/{}",
                object::kind(object),
                object::namespace(object),
                object::name(object)
            );
            match case["changed"].get(&key) {
                Some(Value::Null) => {}
                Some(patch) => {
                    let mut object = object.clone();
                    merge(&mut object, patch);
                    hub.push(object);
                }
                None => hub.push(object.clone()),
            }
        }
        hub.extend(case["more"].as_array().into_iter().flatten().cloned());
        let mut scanned = BTreeMap::new();
        for (key, spec) in case["scanned"].as_object().into_iter().flatten() {
            let (namespace, name) = key.split_once('/').unwrap();
            let spec = BundleSpec::deserialize(spec).unwrap();
            scanned.insert((namespace.to_owned(), name.to_owned()), spec);
        }
        let report = takeover(&hub, &scanned, &Default::default()).unwrap();
        let changes: Vec<Value> = report
            .changes
            .iter()
            .map(|change| {
                json!({"bundle": change.bundle, "cluster": change.cluster, "effect": change.effect, "reasons": change.reasons})
            })
            .collect();
        let want = case.get("want").cloned().unwrap_or_else(|| json!([]));
        assert_eq!(
            yaml::write(&Value::Array(changes)).unwrap(),
            yaml::write(&want).unwrap(),
            "{name}\n{report}"
        );
    }
}

fn merge(object: &mut Value, patch: &Value) {
    let (Value::Object(map), Value::Object(patch)) = (&mut *object, patch) else {
        *object = patch.clone();
        return;
    };
    for (key, value) in patch {
        if value.is_null() {
            map.remove(key);
        } else {
            merge(map.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

/// What Fleet's own CLI makes of each bundle of the corpus stays as it is.
#[test]
fn a_hub_of_fleet_stays_as_it_is() {
    let Some(corpus) = support::corpus() else {
        return;
    };
    let corpus = corpus.join("fleet");
    let read = |file: PathBuf| yaml::read_all(&std::fs::read_to_string(file).ok()?).ok();
    let inventory = read(corpus.join("inventory.yaml")).unwrap();
    let (mut bundles, mut deployments) = (0, 0);
    let cases = ["cases.jsonl", "rules.jsonl"].map(|list| std::fs::read_to_string(corpus.join(list)).unwrap());
    for case in cases.iter().flat_map(|list| list.lines()) {
        let case: Value = serde_json::from_str(case).unwrap();
        let folder = corpus.join("expected").join(case["case"].as_str().unwrap());
        let bundles_of_case = read(folder.join("bundles.yaml")).into_iter().flatten();
        for bundle in bundles_of_case.filter(|object| object::kind(object) == "Bundle") {
            let one = read(folder.join("target.yaml"));
            let Some(targets) = one.or_else(|| read(folder.join(object::name(&bundle)).join("target.yaml"))) else {
                continue;
            };
            // A fleet.yaml of the rules gives a hash without a Secret.
            let has_hash = bundle["spec"].get("valuesHash").is_some();
            let hub: Vec<Value> = inventory.iter().cloned().chain([bundle]).chain(targets).collect();
            let report = takeover(&hub, &BTreeMap::new(), &Default::default()).unwrap();
            let known = report
                .changes
                .iter()
                .filter(|change| change.effect != Effect::Unknown || !has_hash);
            assert_eq!(known.count(), 0, "{}\n{report}", folder.display());
            bundles += report.bundles;
            deployments += report.unchanged;
        }
    }
    eprintln!("{deployments} deployments of {bundles} bundles");
    assert!(deployments > 500, "{deployments}");
}
