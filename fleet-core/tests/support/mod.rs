//! What tests share: foreign inputs and tools, which may not be there, and cases in files.
#![allow(dead_code, unreachable_pub, clippy::disallowed_methods, clippy::unwrap_used)]

use std::io::Write as _;
use std::path::{Path, PathBuf};

use fleet_core::yaml;
use serde::Deserialize;
use serde_json::Value;

/// The folder of foreign inputs with the real tools' answers. Without it one line says so, and the test does nothing.
pub fn corpus() -> Option<PathBuf> {
    folder("FLEET_CORPUS")
}

/// The folder of the real helm and kubectl. Without it one line says so, and the test does nothing.
pub fn oracle() -> Option<PathBuf> {
    folder("FLEET_ORACLE")
}

fn folder(variable: &str) -> Option<PathBuf> {
    let folder = std::env::var_os(variable).map(PathBuf::from);
    if folder.is_none() {
        say(&format!("skipped: {variable} is not set"));
    }
    folder
}

/// Writes a line that the test harness does not hold back, as it does with `eprintln!`.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Reads a file of YAML or JSON.
pub fn read(path: impl AsRef<Path>) -> Value {
    let path = path.as_ref();
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    yaml::read(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Reads a list of cases.
pub fn cases(path: impl AsRef<Path>) -> Vec<Value> {
    match read(path.as_ref()) {
        Value::Array(cases) => cases,
        other => panic!("{}: {other}", path.as_ref().display()),
    }
}

/// A kustomization of the corpus, with what kubectl makes of it.
#[derive(Deserialize)]
pub struct KustomizeCase {
    pub case: String,
    pub dir: String,
    pub status: String,
    #[serde(default)]
    pub bytes: usize,
    #[serde(default)]
    pub sha256: String,
    #[serde(default)]
    pub error: String,
    pub warnings: String,
}

/// The kustomizations of the corpus whose names contain `KUSTOMIZE_CASE`, which is all of them where that is not set.
pub fn kustomize_cases(corpus: &Path) -> Vec<KustomizeCase> {
    let wanted = std::env::var("KUSTOMIZE_CASE").unwrap_or_default();
    let text = std::fs::read_to_string(corpus.join("cases.jsonl")).expect("the corpus has cases");
    let cases = text.lines().map(|line| serde_json::from_str(line).expect("a case"));
    cases
        .filter(|case: &KustomizeCase| case.case.contains(&wanted))
        .collect()
}

/// Runs every case, and reports all that fail by what `name` says of them.
pub fn run(cases: &[Value], name: impl Fn(&Value) -> String, check: impl Fn(&Value) -> Result<(), String>) {
    let failed: Vec<String> = cases
        .iter()
        .filter_map(|case| Some(format!("{}: {}", name(case), check(case).err()?)))
        .collect();
    assert!(
        failed.is_empty(),
        "{} of {}:\n{}",
        failed.len(),
        cases.len(),
        failed.join("\n---\n")
    );
}

/// Whether all that is wanted is there.
pub fn covers(got: &Value, want: &Value) -> bool {
    match (got, want) {
        (Value::Object(got), Value::Object(want)) => want
            .iter()
            .all(|(key, want)| covers(got.get(key).unwrap_or(&Value::Null), want)),
        (Value::Array(got), Value::Array(want)) => {
            got.len() == want.len() && got.iter().zip(want).all(|(got, want)| covers(got, want))
        }
        _ => got == want,
    }
}
