//! The program `fleet render kustomize` beside `kubectl kustomize`: standard output, standard error and exit code, for real
//! kustomizations, a matrix of flags and remote bases.
//!
//! Kustomizations lie in `$FLEET_CORPUS`, with what kubectl made of them; the program itself lies in `$FLEET_ORACLE`. `KUSTOMIZE_CASE`
//! picks cases by a part of their name.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
};

#[path = "../../fleet-git/tests/support/repository.rs"]
mod repository;
#[path = "../../fleet-core/tests/support/mod.rs"]
mod support;

use repository::Repository;
use support::KustomizeCase;

/// What a program does: exit code, standard output, standard error.
#[derive(Debug, PartialEq)]
struct Outcome(i32, String, String);

fn run(mut command: Command, folder: &Path, arguments: &[&str]) -> Outcome {
    let output = command.args(arguments).current_dir(folder).output().unwrap();
    // The head of a line of kubectl's log: time, process and place.
    let is_log = |line: &str| line.contains(" log.go:") && line.starts_with(['I', 'W', 'E']);
    let errors = String::from_utf8(output.stderr).unwrap();
    let errors = errors.split_inclusive('\n').map(|line| match line.split_once("] ") {
        Some((_, text)) if is_log(line) => text,
        _ => line,
    });
    Outcome(
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        errors.collect(),
    )
}

fn ours(folder: &Path, arguments: &[&str]) -> Outcome {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fleet"));
    command.args(["render", "kustomize"]);
    run(command, folder, arguments)
}

fn theirs(kubectl: &Path, folder: &Path, arguments: &[&str]) -> Outcome {
    let mut command = Command::new(kubectl);
    command.arg("kustomize");
    run(command, folder, arguments)
}

fn check(corpus: &Path, case: &KustomizeCase) -> Result<(), String> {
    let root = corpus.join(case.dir.split('/').take(2).collect::<PathBuf>());
    let rooted = |text: &str| text.replace("<root>", root.to_str().unwrap());
    let Outcome(code, out, errors) = ours(corpus, &[&case.dir]);
    let same = |what: &str, got: &str, want: &str| {
        let same = got.trim_end() == want.trim_end();
        let different = got.lines().zip(want.lines()).find(|(got, want)| got != want);
        same.then_some(()).ok_or_else(|| format!("{what}: {different:?}"))
    };
    if case.status == "ok" {
        same("standard error", &errors, &rooted(&case.warnings))?;
        let expected = corpus.join("expected").join(format!("{}.yaml", case.case));
        match std::fs::read_to_string(expected) {
            Ok(want) if want != out => same("standard output", &out, &want)?,
            Err(_) if out.len() != case.bytes => return Err(format!("{} bytes, want {}", out.len(), case.bytes)),
            _ => {}
        }
        return (code == 0).then_some(()).ok_or_else(|| format!("exit code {code}"));
    }
    let part = |warnings: bool| {
        let lines = errors.split_inclusive('\n');
        lines
            .filter(|line| line.starts_with("# Warning") == warnings)
            .collect::<String>()
    };
    same("warnings", &part(true), &rooted(&case.warnings))?;
    same("error", &part(false), &rooted(&case.error))?;
    (code == 1 && out.is_empty())
        .then_some(())
        .ok_or_else(|| format!("exit code {code}, output {out}"))
}

#[test]
fn real_kustomizations() {
    let Some(corpus) = support::corpus() else { return };
    let corpus = std::fs::canonicalize(corpus.join("kustomize")).unwrap();
    let cases = support::kustomize_cases(&corpus);
    let check_all = |cases: &[&KustomizeCase]| -> Vec<String> {
        let outcomes = cases.iter().map(|case| (case, check(&corpus, case)));
        outcomes
            .filter_map(|(case, outcome)| Some(format!("{}: {}", case.case, outcome.err()?)))
            .collect()
    };
    // Two at a time: the large ones take seconds without optimisation.
    let (even, odd): (Vec<_>, Vec<_>) = cases.iter().enumerate().partition(|(at, _)| at % 2 == 0);
    let halves = [even, odd].map(|half| half.into_iter().map(|(_, case)| case).collect::<Vec<_>>());
    let failures: Vec<String> = std::thread::scope(|scope| {
        let threads = halves.each_ref().map(|half| scope.spawn(|| check_all(half)));
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(
        failures.is_empty() && !cases.is_empty(),
        "{} of {}\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n")
    );
}

const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: {a: b}\n";

/// Kustomizations for the flags.
const FILES: &[(&str, &str)] = &[
    (
        "app/kustomization.yaml",
        "resources: [r.yaml, ../base]\nnamePrefix: p-\ncommonLabels: {a: b}\nconfigMapGenerator: [{name: g, literals: [a=b]}]\n",
    ),
    (
        "app/r.yaml",
        "apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: one}\n---\n\
         apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: 'a:b'}\n",
    ),
    ("base/kustomization.yml", "resources: [m.yaml]\nnamespace: two\n"),
    ("base/m.yaml", MAP),
    ("outside/kustomization.yaml", "resources: [../base/m.yaml]\n"),
    (
        "charts/kustomization.yaml",
        "helmGlobals: {chartHome: home}\nhelmCharts:\n- name: c\n  releaseName: r\n  namespace: n\n  valuesInline: {a: inline}\n  valuesFile: v.yaml\n",
    ),
    ("charts/v.yaml", "a: file\nb: file\n"),
    ("charts/home/c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n"),
    ("charts/home/c/values.yaml", "a: chart\nb: chart\nc: chart\n"),
    (
        "charts/home/c/templates/t.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n  namespace: {{ .Release.Namespace }}\ndata:\n  a: {{ .Values.a }}\n  \
         b: {{ .Values.b }}\n  c: {{ .Values.c }}\n  v: {{ .Capabilities.KubeVersion.Version }}\n  x: {{ .Capabilities.APIVersions.Has \"x.io/v1\" | quote }}\n",
    ),
    (
        "function/kustomization.yaml",
        "resources: [../base]\ntransformers: [\"{apiVersion: x.io/v1, kind: Mine, metadata: {name: f}}\"]\n",
    ),
    ("empty/x", ""),
];

/// Arguments, run where [`FILES`] lie.
const FLAGS: &[&[&str]] = &[
    &["app"],
    &["./app/"],
    &["app/../app"],
    &["none"],
    &["app/r.yaml"],
    &["empty"],
    &["outside"],
    &["outside", "--load-restrictor", "LoadRestrictionsNone"],
    &["outside", "--load-restrictor=LoadRestrictionsRootOnly"],
    &["app", "--load-restrictor=LoadRestrictionsNone"],
    &["charts"],
    &["charts", "--enable-helm"],
    &["charts", "--enable-helm=true"],
    &["charts", "--enable-helm=false"],
    &["charts", "--enable-helm", "--helm-kube-version", "1.29.4"],
    &["charts", "--enable-helm", "--helm-api-versions", "x.io/v1,y.io/v1"],
    &["charts", "--enable-helm", "--load-restrictor", "LoadRestrictionsNone"],
    &["app", "--enable-helm"],
    &["function"],
    &["function", "--as-current-user"],
    &[
        "function",
        "--network",
        "--network-name",
        "none",
        "--mount",
        "type=bind",
        "-e",
        "A=B",
    ],
    &["app", "--as-current-user"],
    &[
        "app",
        "--as-current-user=false",
        "--network=false",
        "--enable-alpha-plugins=false",
    ],
    &["app", "--env", "A", "--env", "B=C", "--network-name=x", "--mount", "m"],
    &["app", "-o", "out.yaml"],
    &["app", "--output=out.yaml"],
    &["app", "-o", "out"],
    &["base", "-o", "out"],
    &["outside", "-o", "out"],
    &["app", "-o", ""],
];

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

/// The output files of a run, by name, and takes them away.
fn outputs(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let file = folder.join("out.yaml");
    if let Ok(text) = std::fs::read_to_string(&file) {
        found.insert("out.yaml".to_owned(), text);
        std::fs::remove_file(file).unwrap();
    }
    for entry in std::fs::read_dir(folder.join("out")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        found.insert(name, std::fs::read_to_string(&path).unwrap());
        std::fs::remove_file(path).unwrap();
    }
    found
}

#[test]
fn flags() {
    let Some(oracle) = support::oracle() else { return };
    let oracle = std::fs::canonicalize(oracle).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let root = std::fs::canonicalize(folder.path()).unwrap();
    write(&root, FILES);
    std::fs::create_dir(root.join("out")).unwrap();
    let helm = oracle.join("helm");
    let mut failures = Vec::new();
    for flags in FLAGS {
        let mut theirs_flags = flags.to_vec();
        if flags.contains(&"--enable-helm") || flags.contains(&"--enable-helm=true") {
            theirs_flags.extend(["--helm-command", helm.to_str().unwrap()]);
        }
        let want = (theirs(&oracle.join("kubectl"), &root, &theirs_flags), outputs(&root));
        let got = (ours(&root, flags), outputs(&root));
        if got != want {
            failures.push(format!("{flags:?}\n got {got:?}\nwant {want:?}"));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {}\n{}",
        failures.len(),
        FLAGS.len(),
        failures.join("\n")
    );
    // The real helm, where it is asked for.
    let flags = ["charts", "--enable-helm", "--helm-command", helm.to_str().unwrap()];
    assert_eq!(ours(&root, &flags), ours(&root, &flags[..2]));
}

#[test]
fn remote_bases() {
    let Some(oracle) = support::oracle() else { return };
    let kubectl = std::fs::canonicalize(oracle).unwrap().join("kubectl");
    let repository = Repository::with(&[
        ("base/kustomization.yaml", "resources: [m.yaml, ../other]\n"),
        ("base/m.yaml", MAP),
        ("other/kustomization.yaml", "resources: [s.yaml]\n"),
        ("other/s.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: s}\n"),
        ("component/kustomization.yaml", "kind: Component\nnameSuffix: -c\n"),
        ("escape/kustomization.yaml", "resources: [../base/m.yaml]\n"),
        ("kustomization.yaml", "resources: [base]\nnamePrefix: root-\n"),
    ]);
    repository.git(&["tag", "v1"]);
    repository.git(&["switch", "--quiet", "--create", "next"]);
    repository.commit(&[("base/m.yaml", &MAP.replace("a: b", "a: next"))]);
    repository.git(&["switch", "--quiet", "main"]);
    let address = format!("file://{}", repository.address());
    let folder = tempfile::tempdir().unwrap();
    let root = std::fs::canonicalize(folder.path()).unwrap();
    let mut failures = Vec::new();
    // What is built, and whether its error is worth comparing: git's own words are not.
    let builds = [
        format!("resources: ['{address}//base']\n"),
        format!("resources: ['{address}']\n"),
        format!("resources: ['{address}//base?ref=v1']\nnamePrefix: p-\n"),
        format!("resources: ['{address}//base?ref=next']\n"),
        format!("resources: ['{address}//base?ref=main', '{address}//component?ref=v1']\n"),
        format!("resources: [m.yaml]\ncomponents: ['{address}//component']\n"),
        format!("resources: ['{address}//base?ref=next', m.yaml]\nbuildMetadata: [originAnnotations]\n"),
        format!("resources: ['{address}//base?submodules=false&timeout=30s']\n"),
        format!("resources: ['{address}//escape']\n"),
        format!("resources: ['{address}//none']\n"),
        format!("resources: ['{address}//base?ref=none']\n"),
        format!("resources: ['{address}/none.git//base']\n"),
    ];
    for build in &builds {
        write(
            &root,
            &[
                ("kustomization.yaml", build),
                ("m.yaml", &MAP.replace("name: m", "name: local")),
            ],
        );
        let (Outcome(code, out, _), Outcome(want_code, want, error)) =
            (ours(&root, &["."]), theirs(&kubectl, &root, &["."]));
        if (code, &out) != (want_code, &want) {
            failures.push(format!("{build}\n got {code} {out}\nwant {want_code} {want}{error}"));
        }
    }
    for entry in [
        format!("{address}//base?ref=next"),
        format!("{address}//none"),
        address.clone(),
    ] {
        let (Outcome(code, out, _), Outcome(want_code, want, error)) =
            (ours(&root, &[&entry]), theirs(&kubectl, &root, &[&entry]));
        if (code, &out) != (want_code, &want) {
            failures.push(format!("{entry}\n got {code} {out}\nwant {want_code} {want}{error}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
