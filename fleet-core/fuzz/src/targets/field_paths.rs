//! Field paths: where a replacement reads and writes, and where a field spec leads, in any object.
//!
//! An input has parts separated by lines of `%%`: the objects; then paths, one a line. Each path is used in every place that has one.

use fleet_core::kustomize::BuildOptions;
use fleet_core::tree::{Entry, Tree};
use serde_json::{Value, json};

use super::kustomization::check;
use crate::Target;

/// The target.
pub const TARGET: Target = Target {
    name: "field_paths",
    run,
    words: &[
        "\n%%\n",
        "\n",
        "metadata.name",
        "metadata/name",
        "metadata.annotations.[a.b/c]",
        "metadata.annotations.a\\.b",
        "spec.containers.[name=c].image",
        "spec.containers.[name=^c.*$]",
        "spec.containers.*.image",
        "spec.containers.0.image",
        "spec.containers[0].image",
        "spec.containers.-1",
        "spec/containers[]/image",
        "spec/a\\/b",
        ".*",
        ".",
        "..",
        "/",
        "[",
        "]",
        "[=",
        "[=a]",
        "=",
        "*",
        "-",
        "99999999999999999999",
        "9999999",
        "\\",
        "(",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
        "data: {a: 'b: {c: [d]}', j: '{\"x\":[1]}'}\n",
        "spec: {containers: [{name: c, image: i}], list: [a, b]}\n",
        "---\n",
        "null",
        "{}",
        "[]",
        "$(V)",
    ],
};

/// Kustomizations that use a path.
fn places(path: &str) -> [Value; 7] {
    let source = |path: &str| json!({"kind": "ConfigMap", "name": "s", "fieldPath": path});
    let replace = |source: Value, options: Value, path: &str| {
        json!({"replacements": [{
            "source": source,
            "targets": [{"select": {"kind": ".*"}, "reject": [{"name": "r"}], "fieldPaths": [path], "options": options}],
        }]})
    };
    let spec = json!([{"path": path, "create": true}]);
    let transformer = |kind: &str, more: &str, value: Value| {
        let config = json!({"apiVersion": "builtin", "kind": kind, "metadata": {"name": "t", "namespace": "n"},
            "fieldSpecs": spec, more: value});
        json!({"transformers": [config.to_string()]})
    };
    [
        replace(source("data.v"), json!({"create": true}), path),
        replace(source("data.v"), json!({"delimiter": ":", "index": 1}), path),
        replace(source(path), json!({"create": true}), "spec.made"),
        transformer("LabelTransformer", "labels", json!({"a": "b"})),
        transformer("NamespaceTransformer", "unsetOnly", json!(true)),
        transformer("ImageTagTransformer", "imageTag", json!({"name": "i", "newTag": "t"})),
        json!({"vars": [{"name": "V", "objref": {"apiVersion": "v1", "kind": "ConfigMap", "name": "s"},
            "fieldref": {"fieldpath": path}}], "configurations": ["c.yaml"]}),
    ]
}

/// Makes a kustomization of each path and place.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (objects, paths) = text.split_once("\n%%\n").unwrap_or((&text, "metadata.name"));
    for path in paths.lines().take(4) {
        for mut place in places(path) {
            place["resources"] = json!(["s.yaml", "r.yaml"]);
            let configuration = json!({"varReference": [{"path": path}], "nameReference": [
                {"kind": "ConfigMap", "fieldSpecs": [{"path": path}]}]});
            let mut tree = Tree::new();
            for (name, content) in [
                ("kustomization.yaml", place.to_string()),
                (
                    "s.yaml",
                    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: s}\ndata: {v: 'x:y'}\n".to_owned(),
                ),
                ("r.yaml", objects.to_owned()),
                ("c.yaml", configuration.to_string()),
            ] {
                tree.insert(name, Entry::file(content))
                    .expect("because the path is clean");
            }
            check(&tree, "", &BuildOptions::default());
        }
    }
}
