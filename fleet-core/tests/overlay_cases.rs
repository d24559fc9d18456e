//! Overlays of raw YAML: patches as Fleet applies them (foreign corpus, `FLEET_CORPUS`).
#![allow(clippy::disallowed_methods)]

use std::path::Path;

use fleet_core::object::{self, json_patch, merge_patch, schema, strategic};
use fleet_core::yaml;
use serde_json::Value;

mod support;

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    yaml::read(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn patched(base: &Value, patch: &Value) -> Value {
    match patch {
        Value::Array(_) => json_patch::apply(base, &json_patch::read(patch).expect("operations")).expect("it applies"),
        _ if schema::type_of(base).is_some() => strategic::apply(base, patch).expect("it applies"),
        _ => merge_patch::apply(base, patch),
    }
}

/// Without what the deployer adds to every object.
fn without_marks(mut object: Value) -> Value {
    let metadata = object
        .get_mut("metadata")
        .and_then(Value::as_object_mut)
        .expect("metadata");
    for section in ["labels", "annotations"] {
        if let Some(map) = metadata.get_mut(section).and_then(Value::as_object_mut) {
            map.retain(|key, _| !key.starts_with("objectset.rio.cattle.io/"));
            if map.is_empty() {
                metadata.remove(section);
            }
        }
    }
    object
}

#[test]
fn patches_are_applied_as_fleet_does() {
    let Some(corpus) = support::corpus() else {
        return;
    };
    let fleet = corpus.join("fleet");
    let mut compared = 0;
    for case in [
        "overlay-strategic",
        "overlay-containers",
        "overlay-element-order",
        "overlay-ports",
        "overlay-ports-delete",
        "overlay-ports-replace",
        "overlay-volumes",
        "overlay-retain-keys",
        "overlay-merge-patch",
        "overlay-merge-patch-no-kind",
        "overlay-json-patch-yaml",
        "overlay-other-name",
    ] {
        let folder = fleet.join("repos/rules").join(case);
        let overlay = std::fs::read_dir(folder.join("overlays"))
            .expect("overlays")
            .next()
            .expect("one")
            .expect("readable");
        for patch in std::fs::read_dir(overlay.path()).expect("files") {
            let patch = patch.expect("readable").path();
            let name = patch
                .file_name()
                .and_then(|name| name.to_str())
                .expect("a name")
                .to_owned();
            let Some(base) = name.contains("_patch.").then(|| name.replace("_patch.", ".")) else {
                continue;
            };
            let got = patched(&read(&folder.join(base)), &read(&patch));
            let deployed = read(&fleet.join("expected/rules").join(case).join("deploy-c-dev.yaml"));
            let want = deployed
                .as_array()
                .expect("a list of objects")
                .iter()
                .find(|want| object::kind(want) == object::kind(&got) && object::name(want) == object::name(&got))
                .unwrap_or_else(|| panic!("{case}: {} is not deployed", object::name(&got)));
            assert_eq!(without_marks(got), without_marks(want.clone()), "{case}");
            compared += 1;
        }
    }
    assert!(compared >= 12, "only {compared} patches were compared");
}
