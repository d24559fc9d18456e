//! Random trees of bases, overlays and components: equal to what `kubectl kustomize` (v5.8.1) prints, to the byte.
//!
//! The program lies in `$FLEET_ORACLE`. `KUSTOMIZE_TREES` is how many trees (60), `KUSTOMIZE_SEED` where they begin (1).
#![cfg(feature = "kustomize")]
#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

use std::{collections::BTreeMap, fmt::Write as _, path::Path, process::Command};

use fleet_core::{
    kustomize::{BuildOptions, build},
    tree::{Entry, Tree},
};

mod support;

/// Numbers that follow from a seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }
}

const NAMES: [&str; 3] = ["web", "db", "api"];
const TARGETS: [&str; 8] = ["web", "web", "web", "web", "web", "web", "web", "db"];
const SCALARS: [&str; 13] = [
    "on",
    "'on'",
    "010",
    "1e3",
    "0x1F",
    "1_000",
    "~",
    "\"\"",
    "2001-01-01",
    "true",
    "'12'",
    "1.50",
    "é ü 漢",
];

fn pod(dice: &mut Dice, indent: &str) -> String {
    let mut text = format!(
        "{indent}serviceAccountName: {}\n{indent}containers:\n",
        dice.pick(&NAMES)
    );
    for container in 0..=dice.below(2) {
        let image = dice.pick(&[
            "nginx",
            "nginx:1.2",
            "reg.io/nginx@sha256:aa",
            "reg.io:5000/a/db:x",
            "busybox",
        ]);
        let _ = write!(
            text,
            "{indent}- name: c{container}\n{indent}  image: {image}\n{indent}  env:\n{indent}  - {{name: A, value: {}}}\n",
            dice.pick(&["'1'", "x", "$(NAME)"])
        );
        let name = dice.pick(&NAMES);
        match dice.below(4) {
            0 => {
                let _ = writeln!(text, "{indent}  envFrom: [{{configMapRef: {{name: {name}}}}}]");
            }
            1 => {
                let _ = writeln!(
                    text,
                    "{indent}  - {{name: B, valueFrom: {{secretKeyRef: {{name: {name}, key: k}}}}}}"
                );
            }
            2 => {
                let _ = writeln!(
                    text,
                    "{indent}  ports: [{{containerPort: 80}}, {{containerPort: 81, protocol: UDP}}]"
                );
            }
            _ => {}
        }
    }
    if dice.one_in(2) {
        let _ = writeln!(
            text,
            "{indent}volumes: [{{name: v, configMap: {{name: {}}}}}, {{name: w, emptyDir: {{}}}}]",
            dice.pick(&NAMES)
        );
    }
    text
}

fn resource(dice: &mut Dice, kind: &str, name: &str) -> String {
    let namespace = if name == "web" {
        ""
    } else {
        dice.pick(&["", "", "", "\n  namespace: one", "\n  namespace: two"])
    };
    let labels = dice.pick(&[
        "",
        "\n  labels: {app: web, tier: front}",
        "\n  annotations: {note: '1', list: 'true'}",
    ]);
    let head =
        |version: &str| format!("apiVersion: {version}\nkind: {kind}\nmetadata:\n  name: {name}{namespace}{labels}\n");
    let other = dice.pick(&NAMES);
    match kind {
        "Deployment" | "StatefulSet" => {
            let mut text = head("apps/v1");
            let _ = write!(text, "spec:\n  replicas: {}\n", dice.below(4));
            if dice.one_in(2) {
                text.push_str("  selector: {matchLabels: {app: web}}\n");
            }
            text.push_str("  template:\n    metadata: {labels: {app: web}}\n    spec:\n");
            text + &pod(dice, "      ")
        }
        "CronJob" => {
            head("batch/v1")
                + "spec:\n  schedule: '* * * * *'\n  jobTemplate:\n    spec:\n      template:\n        spec:\n"
                + &pod(dice, "          ")
        }
        "Service" => {
            head("v1") + "spec:\n  selector: {app: web}\n  ports: [{port: 80, name: http}, {port: 80, protocol: UDP}]\n"
        }
        "ConfigMap" => {
            let mut text = head("v1") + "data:\n";
            for key in 0..dice.below(4) {
                let _ = writeln!(text, "  k{key}: {}", dice.pick(&SCALARS));
            }
            text + "  long: a text of many words that goes on and on until it has to be folded somewhere beyond column eighty\n  lines: |\n    a\n     b\n\n"
        }
        "Secret" => head("v1") + "type: Opaque\ndata: {k: dg==}\n",
        "RoleBinding" | "ClusterRoleBinding" => {
            head("rbac.authorization.k8s.io/v1")
                + &format!(
                    "roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {other}}}\nsubjects:\n- {{kind: ServiceAccount, name: {}, namespace: {}}}\n",
                    dice.pick(&["default", "web", "db"]),
                    dice.pick(&["one", "two", "default"])
                )
        }
        "ClusterRole" => {
            head("rbac.authorization.k8s.io/v1")
                + &format!(
                    "rules: [{{apiGroups: [''], resources: [secrets], resourceNames: [{other}], verbs: [get]}}]\n"
                )
        }
        "Ingress" => {
            head("networking.k8s.io/v1")
                + &format!(
                    "spec:\n  tls: [{{secretName: {other}}}]\n  rules: [{{http: {{paths: [{{path: /, pathType: Prefix, backend: {{service: {{name: {other}, port: {{number: 80}}}}}}}}]}}}}]\n"
                )
        }
        "HorizontalPodAutoscaler" => {
            head("autoscaling/v2")
                + &format!("spec: {{scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: {other}}}}}\n")
        }
        "Rollout" => head("argoproj.io/v1alpha1") + "spec:\n  template:\n    spec:\n" + &pod(dice, "      "),
        _ => head("v1"),
    }
}

const KINDS: [&str; 14] = [
    "Deployment",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "Service",
    "ConfigMap",
    "Secret",
    "ServiceAccount",
    "RoleBinding",
    "ClusterRoleBinding",
    "ClusterRole",
    "Ingress",
    "HorizontalPodAutoscaler",
    "Rollout",
];

fn patch(dice: &mut Dice) -> String {
    let name = dice.pick(&TARGETS);
    match dice.below(5) {
        0 => format!(
            "- patch: |\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {{name: {name}}}\n    spec: {{template: {{spec: {{containers: [{{name: c1, image: new}}, {{name: c0, $patch: {}}}]}}}}}}\n",
            dice.pick(&["delete", "merge", "replace"])
        ),
        1 => format!(
            "- target: {{kind: {}}}\n  patch: |\n    - {{op: {}, path: /metadata/labels/{}, value: {}}}\n",
            dice.pick(&["Deployment", "ConfigMap|Secret", "S.*"]),
            dice.pick(&["add", "replace"]),
            dice.pick(&["app", "x~1y"]),
            dice.pick(&["'7'", "yes", "z"]),
        ),
        2 => format!(
            "- target: {{name: {name}, labelSelector: '{}'}}\n  patch: |\n    apiVersion: v1\n    kind: Any\n    metadata:\n      name: any\n      annotations: {{patched: 'yes', note: null}}\n",
            dice.pick(&["app=web", "app,tier!=back", "!none"])
        ),
        3 => format!(
            "- target: {{kind: StatefulSet|Deployment}}\n  patch: |\n    kind: x\n    metadata: {{name: x}}\n    spec:\n      replicas: null\n      template:\n        spec:\n          volumes: [{{name: w, $patch: delete}}, {{name: n, secret: {{secretName: {name}}}}}]\n"
        ),
        _ => "- target: {kind: Service}\n  patch: |\n    apiVersion: v1\n    kind: Service\n    metadata: {name: s}\n    spec: {ports: [{port: 80, targetPort: 8080}, {port: 443}]}\n".to_owned(),
    }
}

/// Fields of a kustomization; `depth` tells apart what layers generate.
fn fields(dice: &mut Dice, depth: usize) -> String {
    let mut text = String::new();
    let mut add = |dice: &mut Dice, odds: u64, options: &[&str]| {
        if dice.one_in(odds) {
            text.push_str(dice.pick(options));
            text.push('\n');
        }
    };
    add(dice, 3, &["namePrefix: p-", "namePrefix: q-"]);
    add(dice, 4, &["nameSuffix: -s"]);
    add(dice, 3, &["namespace: one", "namespace: three"]);
    add(dice, 3, &["commonLabels: {team: a}", "commonLabels: {app: other}"]);
    add(
        dice,
        3,
        &[
            "labels: [{pairs: {l: m}}]",
            "labels: [{pairs: {l: m}, includeSelectors: true}]",
            "labels: [{pairs: {l: m, '1': '2'}, includeTemplates: true}]",
        ],
    );
    add(dice, 3, &["commonAnnotations: {from: layer}"]);
    add(
        dice,
        2,
        &[
            "images: [{name: nginx, newTag: '9'}]",
            "images: [{name: reg.io/nginx, newName: other/nginx, digest: 'sha256:bb'}, {name: busybox, tagSuffix: -x}]",
        ],
    );
    add(
        dice,
        4,
        &[
            "generatorOptions: {labels: {gen: made}, disableNameSuffixHash: true}",
            "generatorOptions: {immutable: true}",
        ],
    );
    add(
        dice,
        8,
        &[
            "sortOptions: {order: fifo}",
            "buildMetadata: [managedByLabel, originAnnotations]",
        ],
    );
    if dice.one_in(2) {
        let _ = writeln!(
            text,
            "configMapGenerator: [{{name: made{depth}, literals: [a=1, 'b=\"x y\"', c=é]}}]"
        );
    }
    if dice.one_in(3) {
        let _ = writeln!(
            text,
            "secretGenerator: [{{name: {}{depth}, literals: [k=v], type: t}}]",
            dice.pick(&["made", "fresh"])
        );
    }
    if depth > 0 && dice.one_in(3) {
        let _ = writeln!(
            text,
            "replacements:\n- source: {{kind: Deployment, name: {}, fieldPath: {}}}\n  targets:\n  - select: {{kind: {}}}\n    fieldPaths: [{}]\n    options: {{create: true}}",
            dice.pick(&TARGETS),
            dice.pick(&["metadata.name", "spec.template.spec.containers.0.image"]),
            dice.pick(&["Service", "ConfigMap", "Ro.*"]),
            dice.pick(&[
                "metadata.annotations.copied",
                "'spec.template.spec.containers.[name=c0].env.[name=A].value'"
            ]),
        );
    }
    if depth > 0 {
        let patches: String = (0..dice.below(3)).map(|_| patch(dice)).collect();
        if !patches.is_empty() {
            let _ = write!(text, "patches:\n{patches}");
        }
    }
    text
}

/// A tree and the folder to build in it.
fn tree(seed: u64) -> (BTreeMap<String, String>, &'static str) {
    let dice = &mut Dice(seed);
    let mut files = BTreeMap::new();
    let mut documents: BTreeMap<(&str, &str), String> = BTreeMap::new();
    for number in 0..3 + dice.below(7) {
        // One is always there for patches and replacements.
        let (kind, name) = if number == 0 {
            ("Deployment", "web")
        } else {
            (dice.pick(&KINDS), dice.pick(&NAMES))
        };
        let text = resource(dice, kind, name);
        documents.insert((kind, name), text);
    }
    let all: Vec<String> = documents.into_values().collect();
    files.insert("base/all.yaml".to_owned(), all.join("---\n"));
    files.insert(
        "base/kustomization.yaml".to_owned(),
        format!("resources: [all.yaml]\n{}", fields(dice, 0)),
    );
    let component = dice.one_in(3);
    if component {
        let text = format!(
            "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n{}",
            fields(dice, 2)
        );
        files.insert("part/kustomization.yaml".to_owned(), text);
    }
    let parts = if component { "components: [../part]\n" } else { "" };
    let own = resource(dice, "ConfigMap", "own");
    files.insert("over/own.yaml".to_owned(), own);
    let text = format!("resources: [../base, own.yaml]\n{parts}{}", fields(dice, 1));
    files.insert("over/kustomization.yaml".to_owned(), text);
    if !dice.one_in(3) {
        return (files, "over");
    }
    files.insert(
        "top/kustomization.yaml".to_owned(),
        format!("resources: [../over]\n{}", fields(dice, 3)),
    );
    (files, "top")
}

fn theirs(kubectl: &Path, root: &Path, files: &BTreeMap<String, String>, folder: &str) -> Result<String, String> {
    for (path, text) in files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let output = Command::new(kubectl)
        .arg("kustomize")
        .arg(root.join(folder))
        .output()
        .unwrap();
    std::fs::remove_dir_all(root).unwrap();
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout).unwrap());
    }
    Err(String::from_utf8(output.stderr).unwrap())
}

fn ours(files: &BTreeMap<String, String>, folder: &str) -> Result<String, String> {
    let mut tree = Tree::new();
    for (path, text) in files {
        tree.insert(path, Entry::file(text.as_bytes())).unwrap();
    }
    let built = build(&tree, folder, &BuildOptions::default());
    built
        .and_then(|built| built.into_yaml())
        .map_err(|error| error.to_string())
}

#[test]
fn random_trees() {
    let Some(oracle) = support::oracle() else {
        return;
    };
    let kubectl = oracle.join("kubectl");
    let number = |name: &str, default: u64| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or(default)
    };
    let (first, count) = (number("KUSTOMIZE_SEED", 1), number("KUSTOMIZE_TREES", 60));
    let (mut failures, mut built) = (Vec::new(), 0);
    for seed in first..first + count {
        let (files, folder) = tree(seed);
        let root = std::env::temp_dir().join(format!("fleet-kustomize-{}-{seed}", std::process::id()));
        let (got, want) = (ours(&files, folder), theirs(&kubectl, &root, &files, folder));
        built += u64::from(want.is_ok());
        let same = match (&got, &want) {
            (Ok(got), Ok(want)) => got == want,
            (got, want) => got.is_err() == want.is_err(),
        };
        if !same {
            let first = match (&got, &want) {
                (Ok(got), Ok(want)) => {
                    let pair = got.lines().zip(want.lines()).find(|(got, want)| got != want);
                    format!("got, want: {pair:?}")
                }
                _ => format!("got {got:?}\nwant {want:?}"),
            };
            failures.push(format!("seed {seed}: {}", first.chars().take(1500).collect::<String>()));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {count} differ\n{}",
        failures.len(),
        failures.join("\n")
    );
    // Most trees have to build, or the comparison says little.
    assert!(built * 2 > count, "only {built} of {count} trees build");
}
