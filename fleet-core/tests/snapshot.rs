//! Snapshots of a repository on an inventory: which clusters share one, and what is said when something changes.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

use std::collections::BTreeMap;

use fleet_core::render::RenderContext;
use fleet_core::scan::{ScanOptions, scan};
use fleet_core::snapshot::{Snapshots, snapshot};
use fleet_core::target::Estate;
use fleet_core::tree::{Entry, Tree};
use serde_json::Value;

mod support;

fn snapshots(files: &BTreeMap<String, String>, clusters: &BTreeMap<String, Value>) -> Result<Snapshots, String> {
    let mut tree = Tree::new();
    for (path, content) in files {
        tree.insert(path, Entry::file(content.as_str())).unwrap();
    }
    let objects: Vec<Value> = clusters.values().cloned().collect();
    let estate = Estate::from_objects(&objects).unwrap();
    let scanned = scan(&tree, "shop", &ScanOptions::default()).finish();
    snapshot(&scanned, &estate, &RenderContext::default()).map_err(|error| {
        let source = std::error::Error::source(&error).map(ToString::to_string);
        format!("{error}: {}", source.unwrap_or_default())
    })
}

/// Changes of a map by key; null removes.
fn changed<T: Clone + serde::de::DeserializeOwned>(base: &BTreeMap<String, T>, changes: &Value) -> BTreeMap<String, T> {
    let mut map = base.clone();
    for (key, value) in changes.as_object().into_iter().flatten() {
        if value.is_null() {
            map.remove(key);
        } else {
            map.insert(key.clone(), serde_json::from_value(value.clone()).unwrap());
        }
    }
    map
}

#[test]
fn changes_are_named_with_their_clusters_and_reasons() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/snapshot/cases.yaml");
    let file = support::read(path);
    let files: BTreeMap<String, String> = serde_json::from_value(file["files"].clone()).unwrap();
    let clusters: BTreeMap<String, Value> = serde_json::from_value(file["clusters"].clone()).unwrap();
    let first = snapshots(&files, &clusters).unwrap();
    let names: Vec<Vec<String>> = first.groups.iter().map(|group| group.clusters.clone()).collect();
    assert_eq!(serde_json::to_value(&names).unwrap(), file["groups"]);
    assert_eq!(
        snapshots(&files, &clusters).unwrap().groups,
        first.groups,
        "the same twice"
    );
    // As insta keeps them: with a header, and without the line break at the end.
    let kept: BTreeMap<String, String> = first
        .groups
        .iter()
        .map(|group| {
            (
                group.name.clone(),
                format!("---\nsource: a.rs\nexpression: group\n---\n{}", group.text.trim_end()),
            )
        })
        .collect();
    for case in file["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let files = changed(&files, &case["files"]);
        let clusters = changed(&clusters, &case["clusters"]);
        let kept = changed(&kept, &case["kept"]);
        let said = match snapshots(&files, &clusters) {
            Err(error) => error,
            Ok(after) => after
                .check(&kept)
                .map_or_else(|changes| changes.to_string(), |()| "nothing".to_owned()),
        };
        assert_eq!(
            said.trim_end(),
            case["want"].as_str().unwrap().trim_end(),
            "{name}\n{said}"
        );
    }
}
