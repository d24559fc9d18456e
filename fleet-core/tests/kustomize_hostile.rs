//! Kustomizations that are made to exhaust memory, stack or time, or to reach out of their root: a clear error each, soon.
#![cfg(feature = "kustomize")]
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use fleet_core::kustomize::{BuildOptions, LoadRestrictor, build, needs};
use fleet_core::tree::{Entry, Tree};

/// No build may take longer, even without optimisation and on a busy machine.
const SOON: Duration = Duration::from_secs(60);

const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: {a: b}\n";

fn tree(files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::new();
    for (path, text) in files {
        let entry = match text.strip_prefix("-> ") {
            Some(target) => Entry::symlink(target),
            None => Entry::file(text),
        };
        tree.insert(path, entry).expect("a clean path");
    }
    tree
}

/// What a build of `o` (or the root) ends in.
fn outcome(tree: &Tree) -> Result<String, String> {
    let folder = if tree.is_folder("o") { "o" } else { "" };
    let began = Instant::now();
    let built = build(tree, folder, &BuildOptions::default()).and_then(|built| built.into_yaml());
    let _ = needs(tree, folder, &BuildOptions::default());
    assert!(began.elapsed() < SOON, "took {:?}", began.elapsed());
    built.map_err(|error| error.to_string())
}

fn failure(files: &[(&str, &str)], wanted: &str) {
    match outcome(&tree(files)) {
        Ok(text) => panic!("built {} bytes, want {wanted}", text.len()),
        Err(error) => assert!(error.contains(wanted), "{error}\nwant {wanted}"),
    }
}

fn success(files: &[(&str, &str)]) -> String {
    outcome(&tree(files)).expect("it can be built")
}

#[test]
fn cycles() {
    for wanted in ["resources", "components", "transformers", "generators", "validators"] {
        let kind = if wanted == "components" {
            "kind: Component\n"
        } else {
            ""
        };
        let file = |to: &str| format!("{kind}{wanted}: [{to}]\n");
        let files = [
            ("o/kustomization.yaml", file("../p")),
            ("p/kustomization.yaml", file("../q")),
            ("q/kustomization.yaml", file("../o")),
        ];
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        failure(&files, "cycle detected: candidate root '/o' contains visited root '/o'");
    }
    failure(
        &[("o/kustomization.yaml", "resources: [l]\n"), ("o/l", "-> .")],
        "cycle detected",
    );
    failure(
        &[("kustomization.yaml", "resources: [.]\n")],
        "cycle detected: candidate root '/' contains visited root '/'",
    );
}

#[test]
fn two_hundred_layers() {
    let mut files = Vec::new();
    for layer in 0..200 {
        let folder = if layer == 0 {
            "o".to_owned()
        } else {
            format!("l{layer}")
        };
        files.push((
            format!("{folder}/kustomization.yaml"),
            format!("resources: [../l{}]\n", layer + 1),
        ));
    }
    files.push(("l200/kustomization.yaml".to_owned(), "resources: [m.yaml]\n".to_owned()));
    files.push(("l200/m.yaml".to_owned(), MAP.to_owned()));
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    failure(&files, "more than 64 kustomizations within each other");
}

#[test]
fn components_in_components() {
    let mut files = vec![("o/kustomization.yaml".to_owned(), "components: [../l0]\n".to_owned())];
    for layer in 0..60 {
        let next = format!("kind: Component\ncomponents: [../l{}]\n", layer + 1);
        files.push((format!("l{layer}/kustomization.yaml"), next));
    }
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let error = outcome(&tree(&files)).expect_err("the last one is missing");
    assert!(error.contains("/l60") && error.len() < 1 << 20, "{} bytes", error.len());
}

#[test]
fn layers_that_double() {
    // Each layer takes the next one twice, by two folders in between.
    let mut files = vec![(
        "o/kustomization.yaml".to_owned(),
        "resources: [../a0, ../b0]\n".to_owned(),
    )];
    for layer in 0..20 {
        let next = format!("resources: [../a{0}, ../b{0}]\n", layer + 1);
        files.push((format!("a{layer}/kustomization.yaml"), format!("namePrefix: a\n{next}")));
        files.push((format!("b{layer}/kustomization.yaml"), format!("namePrefix: b\n{next}")));
    }
    for name in ["a20", "b20"] {
        files.push((format!("{name}/kustomization.yaml"), "namePrefix: x\n".to_owned()));
    }
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    failure(&files, "more than 100000 files in one build");
}

#[test]
fn large_generators() {
    let text = "0123456789abcdef\n".repeat(1 << 20);
    let built = success(&[
        ("kustomization.yaml", "configMapGenerator: [{name: m, files: [f]}]\n"),
        ("f", &text),
    ]);
    assert!(built.len() > text.len());
    let mut lines = String::new();
    for line in 0..50_000 {
        let _ = writeln!(lines, "KEY_{line}=value");
    }
    let built = success(&[
        (
            "o/kustomization.yaml",
            "resources: [../b]\nconfigMapGenerator: [{name: m, behavior: merge, envs: [e]}]\n",
        ),
        ("o/e", &lines),
        ("b/kustomization.yaml", "configMapGenerator: [{name: m, envs: [e]}]\n"),
        ("b/e", &lines.replace("KEY", "OLD")),
    ]);
    assert!(built.lines().count() > 100_000);
}

/// An alias in ten aliases, nine levels deep: a billion texts.
fn bomb(indent: &str) -> String {
    let mut text = format!("{indent}l0: &l0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for level in 1..9 {
        let below = vec![format!("*l{}", level - 1); 10].join(", ");
        let _ = writeln!(text, "{indent}l{level}: &l{level} [{below}]");
    }
    text
}

#[test]
fn alias_bombs() {
    let bomb = bomb("  ");
    let object = format!("{}spec:\n{bomb}", MAP.replace("data: {a: b}\n", ""));
    let wanted = "excessive aliasing";
    failure(
        &[("kustomization.yaml", "resources: [m.yaml]\n"), ("m.yaml", &object)],
        wanted,
    );
    failure(&[("kustomization.yaml", &format!("metadata:\n{bomb}"))], wanted);
    for place in ["patches: [{path: p.yaml}]", "patchesStrategicMerge: [p.yaml]"] {
        let kustomization = format!("resources: [m.yaml]\n{place}\n");
        let files = [
            ("kustomization.yaml", kustomization.as_str()),
            ("m.yaml", MAP),
            ("p.yaml", &object),
        ];
        assert!(outcome(&tree(&files)).is_err(), "{place}");
    }
    let operations = format!("- op: add\n  path: /spec\n  value:\n{}", bomb.replace("  l", "    l"));
    let place = "resources: [m.yaml]\npatches: [{path: p.yaml, target: {kind: ConfigMap}}]\n";
    failure(
        &[("kustomization.yaml", place), ("m.yaml", MAP), ("p.yaml", &operations)],
        "unable to parse SM or JSON patch",
    );
    failure(
        &[
            ("kustomization.yaml", "resources: [m.yaml]\nconfigurations: [c.yaml]\n"),
            ("m.yaml", MAP),
            ("c.yaml", &format!("namePrefix:\n{bomb}")),
        ],
        wanted,
    );
}

#[test]
fn objects_that_grow() {
    // Each step puts the object's data into itself: thirty doublings.
    let operations: String = (0..30)
        .map(|step| format!("- {{op: copy, from: /data, path: /data/x{step}}}\n"))
        .collect();
    let place = "resources: [m.yaml]\npatches: [{path: p.yaml, target: {kind: ConfigMap}}]\n";
    failure(
        &[("kustomization.yaml", place), ("m.yaml", MAP), ("p.yaml", &operations)],
        "transformers add more than 2000000 fields and elements",
    );
    let steps = |target: &dyn Fn(usize) -> String| {
        let steps = (0..30).map(|step| format!("- {{source: {{kind: ConfigMap, fieldPath: {}\n", target(step)));
        format!("resources: [m.yaml]\nreplacements:\n{}", steps.collect::<String>())
    };
    let doubled = steps(&|step| {
        format!(
            "data}}, targets: [{{select: {{kind: ConfigMap}}, fieldPaths: [data.x{step}], options: {{create: true}}}}]}}"
        )
    });
    failure(
        &[("kustomization.yaml", &doubled), ("m.yaml", MAP)],
        "transformers add more than 2000000 fields and elements",
    );
    let joined = steps(&|_| {
        "data.a}, targets: [{select: {kind: ConfigMap}, fieldPaths: [data.a], options: {delimiter: '/', index: 99999999}}]}"
            .to_owned()
    });
    failure(
        &[("kustomization.yaml", &joined), ("m.yaml", MAP)],
        "transformers add more than 268435456 bytes of text",
    );
    let value = "x".repeat(1 << 20);
    let uses = "$(V)".repeat(1000);
    let pod = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {{containers: [{{name: c, args: ['{uses}']}}]}}\n"
    );
    let object = MAP.replace("a: b", &format!("a: {value}"));
    let variables = "resources: [m.yaml, p.yaml]\nvars: [{name: V, objref: {apiVersion: v1, kind: ConfigMap, name: m}, fieldref: {fieldpath: data.a}}]\n";
    failure(
        &[("kustomization.yaml", variables), ("m.yaml", &object), ("p.yaml", &pod)],
        "bytes of text",
    );
    let objects: String = (0..2000)
        .map(|at| format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: m{at}}}}}\n---\n"))
        .collect();
    failure(
        &[
            (
                "kustomization.yaml",
                &format!("resources: [m.yaml]\ncommonAnnotations: {{a: {value}}}\n"),
            ),
            ("m.yaml", &objects),
        ],
        "bytes of text",
    );
}

#[test]
fn depth() {
    let place = "resources: [m.yaml]\npatches: [{path: p.yaml, target: {kind: ConfigMap}}]\n";
    // The deepest field is copied below itself: the depth doubles.
    let mut operations = String::from("- {op: add, path: /data, value: {a: {}}}\n");
    let mut path = String::from("/data/a");
    for _ in 0..15 {
        let _ = writeln!(operations, "- {{op: copy, from: /data, path: {path}}}");
        path = format!("{path}{}", path.strip_prefix("/data").unwrap_or_default());
    }
    failure(
        &[("kustomization.yaml", place), ("m.yaml", MAP), ("p.yaml", &operations)],
        "a field more than 500 levels deep",
    );
    let deep = |separator: &str| vec!["a"; 100_000].join(separator);
    for kustomization in [
        format!(
            "labels: [{{pairs: {{a: b}}, fields: [{{path: {}, create: true}}]}}]\n",
            deep("/")
        ),
        format!(
            "replacements: [{{sourceValue: x, targets: [{{select: {{kind: ConfigMap}}, fieldPaths: [{}], options: {{create: true}}}}]}}]\n",
            deep(".")
        ),
        format!(
            "transformers: ['{{apiVersion: builtin, kind: ValueAddTransformer, metadata: {{name: t}}, targets: [{{fieldPath: {}}}]}}']\n",
            deep("/")
        ),
    ] {
        let kustomization = format!("resources: [m.yaml]\n{kustomization}");
        failure(
            &[("kustomization.yaml", &kustomization), ("m.yaml", MAP)],
            "a field more than 500 levels deep",
        );
    }
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let object = MAP.replace("{a: b}", &nested);
    failure(
        &[("kustomization.yaml", "resources: [m.yaml]\n"), ("m.yaml", &object)],
        "exceeded max depth",
    );
    // As deep as it goes, and then as deep again by a field spec.
    let nested = format!("{}{{}}{}", "[".repeat(490), "]".repeat(490));
    let object = MAP.replace("{a: b}", &nested);
    let path = vec!["a"; 490].join("/");
    let kustomization =
        format!("resources: [m.yaml]\nlabels: [{{pairs: {{a: b}}, fields: [{{path: data/{path}, create: true}}]}}]\n");
    let _ = outcome(&tree(&[("kustomization.yaml", &kustomization), ("m.yaml", &object)]));
}

#[test]
fn definitions_that_refer_to_each_other() {
    let mut definitions = String::from(
        "{\"v1.ConfigMap\": {\"Schema\": {\"properties\": {\"kind\": {}, \"apiVersion\": {}, \"metadata\": {}",
    );
    let _ = write!(definitions, ", \"a\": {{\"$ref\": \"d0\"}}}}}}}}");
    for level in 0..15 {
        let properties: Vec<String> = (0..10)
            .map(|at| format!("\"p{at}\": {{\"$ref\": \"d{}\"}}", level + 1))
            .collect();
        let _ = write!(
            definitions,
            ", \"d{level}\": {{\"Schema\": {{\"properties\": {{{}}}}}}}",
            properties.join(", ")
        );
    }
    definitions.push('}');
    let files = |text| {
        [
            ("kustomization.yaml", "resources: [m.yaml]\ncrds: [d.json]\n"),
            ("m.yaml", MAP),
            ("d.json", text),
        ]
    };
    failure(&files(&definitions), "more than 100000 fields in open API definitions");
    success(&files(
        "{\"v1.ConfigMap\": {\"Schema\": {\"properties\": {\"kind\": {}, \"apiVersion\": {}, \"metadata\": {}, \"a\": {\"$ref\": \"v1.ConfigMap\"}}}}}",
    ));
    // A schema for merging that goes round in circles is followed only as far as the patch goes.
    let schema = "{\"definitions\": {\"m\": {\"$ref\": \"#/definitions/n\"}, \"n\": {\"$ref\": \"#/definitions/m\", \"x-kubernetes-group-version-kind\": \
                  [{\"group\": \"\", \"version\": \"v1\", \"kind\": \"ConfigMap\"}]}}}";
    let patch = "resources: [m.yaml]\nopenapi: {path: s.json}\npatches: [{patch: '{apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {c: d}}'}]\n";
    success(&[("kustomization.yaml", patch), ("m.yaml", MAP), ("s.json", schema)]);
}

#[test]
fn expressions() {
    for (place, wanted) in [
        (
            "patches: [{target: {name: '((a{1000}){1000}){1000}'}, patch: '[{\"op\": \"remove\", \"path\": \"/data\"}]'}]",
            "error parsing regexp",
        ),
        (
            "images: [{name: '((a{1000}){1000}){1000}', newTag: x}]",
            "is no expression",
        ),
    ] {
        failure(
            &[
                ("kustomization.yaml", &format!("resources: [m.yaml]\n{place}\n")),
                ("m.yaml", MAP),
            ],
            wanted,
        );
    }
    let object = MAP.replace("a: b", &format!("a: {}", "a".repeat(1 << 20)));
    let place = "patches: [{target: {annotationSelector: '!x', kind: '(a*)*(a*)*C.*'}, patch: '[{\"op\": \"remove\", \"path\": \"/data\"}]'}]";
    success(&[
        ("kustomization.yaml", &format!("resources: [m.yaml]\n{place}\n")),
        ("m.yaml", &object),
    ]);
}

#[test]
fn ways_out_of_the_root() {
    for entry in [
        "../m.yaml",
        "/m.yaml",
        "l.yaml",
        "d/l.yaml",
        "../../../m.yaml",
        "d/../../m.yaml",
    ] {
        for place in [
            "resources: [X]",
            "configMapGenerator: [{name: m, files: [X]}]",
            "patches: [{path: X}]",
            "crds: [X]",
            "openapi: {path: X}",
        ] {
            let kustomization = format!("{}\n", place.replace('X', entry));
            failure(
                &[
                    ("o/kustomization.yaml", &kustomization),
                    ("o/l.yaml", "-> ../m.yaml"),
                    ("o/d/l.yaml", "-> /m.yaml"),
                    ("m.yaml", MAP),
                ],
                "security; file",
            );
        }
    }
    let files = tree(&[
        ("o/kustomization.yaml", "resources: [l.yaml]\n"),
        ("o/l.yaml", "-> ../m.yaml"),
        ("m.yaml", MAP),
    ]);
    let options = BuildOptions::default().load_restrictor(LoadRestrictor::None);
    assert!(build(&files, "o", &options).is_ok());
}

#[test]
fn circles_of_links() {
    failure(
        &[("kustomization.yaml", "resources: [a]\n"), ("a", "-> b"), ("b", "-> a")],
        "too many links",
    );
    failure(
        &[("kustomization.yaml", "resources: [d/d/d/m.yaml]\n"), ("d", "-> d/x")],
        "too many links",
    );
    // Each link stands for the next one twice.
    let mut files = vec![("kustomization.yaml".to_owned(), "resources: [l0]\n".to_owned())];
    for level in 0..40 {
        files.push((format!("l{level}"), format!("-> l{0}/../l{0}", level + 1)));
    }
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    assert!(outcome(&tree(&files)).is_err());
}
