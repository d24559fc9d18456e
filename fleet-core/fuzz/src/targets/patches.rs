//! Objects and patches for them: merged, or refused. Each patch is tried in every place that a kustomization has for one.
//!
//! An input has parts separated by lines of `%%`: the objects, then the patches.

use fleet_core::kustomize::BuildOptions;
use fleet_core::tree::{Entry, Tree};

use super::kustomization::check;
use crate::Target;

/// The target.
pub const TARGET: Target = Target {
    name: "patches",
    run,
    words: &[
        "\n%%\n",
        "---\n",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n",
        "apiVersion: x.io/v1\nkind: Custom\nmetadata: {name: a}\n",
        "spec:\n  ",
        "template: {spec: ",
        "containers: [{name: c, image: i}]",
        "containers:\n- name: c\n  ",
        "ports: [{containerPort: 80, protocol: TCP}]",
        "finalizers: [a, b]",
        "$patch: delete",
        "$patch: replace",
        "$patch: merge",
        "$patch: x",
        "$retainKeys: [a]",
        "$setElementOrder/containers: [{name: c}]",
        "$deleteFromPrimitiveList/finalizers: [a]",
        "null",
        "{}",
        "[]",
        "- {op: add, path: /spec/a, value: 1}\n",
        "- {op: remove, path: /spec/a}\n",
        "- {op: replace, path: /spec/a/-1, value: [1]}\n",
        "- {op: move, from: /spec/a, path: /spec/b}\n",
        "- {op: copy, from: /spec, path: /spec/b}\n",
        "- {op: test, path: /spec/a, value: null}\n",
        "[{\"op\": \"add\", \"path\": \"/metadata/labels/a~1b~0c\", \"value\": \"x\"}]",
        "/-",
        "/0",
        "~1",
        "~0",
        "&a ",
        "*a",
        "<<: *a",
        "!!str ",
        "1e400",
        ".inf",
        "9223372036854775808",
    ],
};

/// Where a patch may stand.
const PLACES: [&str; 5] = [
    "patches: [{path: p.yaml}]\n",
    "patches: [{path: p.yaml, target: {kind: .*}, options: {allowNameChange: true, allowKindChange: true}}]\n",
    "patches: [{path: p.yaml, target: {name: a, labelSelector: '!x'}}]\n",
    "patchesStrategicMerge: [p.yaml]\n",
    "patchesJson6902: [{path: p.yaml, target: {version: v1, name: a}}]\n",
];

/// Makes a kustomization of each patch and place.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut parts = text.split("\n%%\n");
    let objects = parts.next().unwrap_or_default();
    for patch in parts.take(4) {
        for place in PLACES {
            let mut tree = Tree::new();
            let kustomization = format!("resources: [r.yaml]\n{place}");
            for (path, content) in [
                ("kustomization.yaml", kustomization.as_str()),
                ("r.yaml", objects),
                ("p.yaml", patch),
            ] {
                tree.insert(path, Entry::file(content))
                    .expect("because the path is clean");
            }
            check(&tree, "", &BuildOptions::default());
        }
    }
}
