//! Helm v4.2.3's own answers for reading and writing YAML, from the foreign corpus (`FLEET_CORPUS`).
#![allow(clippy::disallowed_methods)]

use std::path::{Path, PathBuf};

use base64::Engine as _;
use fleet_core::yaml;
use serde_json::{Value, json};

mod support;

fn cases(name: &str) -> Option<Value> {
    let path = support::corpus()?.join("helm-cases").join(name);
    let text = std::fs::read_to_string(path).expect("the corpus has the file");
    Some(serde_json::from_str(&text).expect("the corpus is JSON"))
}

/// `fromYaml`: the map, or the error under the key `Error`.
fn from_yaml(text: Result<std::borrow::Cow<'_, str>, yaml::YamlError>) -> Value {
    let read = text
        .map_err(|error| yaml::YamlError::Conversion(Box::new(error)))
        .and_then(|text| yaml::read_object(&text));
    match read {
        Ok(map) => Value::Object(map),
        Err(error) => json!({"Error": error.to_string()}),
    }
}

/// `toYaml`: nothing if it fails, and without its last newline.
fn to_yaml(value: &Value) -> String {
    let text = yaml::write(value).unwrap_or_default();
    text.strip_suffix('\n').unwrap_or(&text).to_owned()
}

fn as_floats(value: &Value) -> Value {
    let mut value = value.clone();
    yaml::numbers_to_f64(&mut value);
    value
}

/// Our own cases, with the answers of Helm v4.2.3 (`fromYaml | toJson`, `toYaml`, `toYamlPretty`).
fn own(name: &str) -> Vec<Value> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/corpus/yaml")
        .join(name);
    let text = std::fs::read_to_string(path).expect("the file is beside the test");
    serde_json::from_str(&text).expect("the file is JSON")
}

#[test]
fn own_texts() {
    let cases = own("read.json");
    let mut failures = Vec::new();
    for case in &cases {
        let text = case["yaml"].as_str().expect("a text");
        let (got, want) = (from_yaml(Ok(text.into())), as_floats(&case["json"]));
        if got != want {
            failures.push(format!("{text:?}\n  got  {got}\n  want {want}"));
        }
    }
    report("read.json", cases.len(), &failures);
}

/// The odd corners of YAML 1.1, read and written again.
#[test]
fn own_oddities() {
    let cases = own("oddities.json");
    let mut failures = Vec::new();
    for case in &cases {
        let text = case["yaml"].as_str().expect("a text");
        let (got, want) = (from_yaml(Ok(text.into())), as_floats(&case["json"]));
        let (again, round) = (to_yaml(&got), case["round"].as_str().expect("a text"));
        if got != want {
            failures.push(format!("{}: {text:?}\n  got  {got}\n  want {want}", case["group"]));
        } else if again != round {
            failures.push(format!(
                "{}: {text:?} again\n  got  {again:?}\n  want {round:?}",
                case["group"]
            ));
        }
    }
    report("oddities.json", cases.len(), &failures);
}

#[test]
fn own_values() {
    let cases = own("write.json");
    let mut failures = Vec::new();
    for case in &cases {
        let value = as_floats(&case["json"]);
        let pretty = yaml::write_with(&value, yaml::WriteOptions::style(yaml::WriteStyle::GoYaml3))
            .expect("go-yaml v3 writes any text");
        let pretty = pretty.strip_suffix('\n').unwrap_or(&pretty);
        for (got, want) in [(to_yaml(&value).as_str(), &case["yaml"]), (pretty, &case["pretty"])] {
            if *want != got {
                failures.push(format!("{}\n  got  {got:?}\n  want {want}", case["json"]));
            }
        }
    }
    report("write.json", cases.len(), &failures);
}

fn report(name: &str, total: usize, failures: &[String]) {
    assert!(
        failures.is_empty(),
        "{name}: {} of {total} differ\n{}",
        failures.len(),
        failures.iter().take(20).cloned().collect::<Vec<_>>().join("\n")
    );
}

#[test]
fn reading() {
    let Some(cases) = cases("yaml-cases.json") else { return };
    let cases = cases.as_object().expect("a map by name");
    let mut failures = Vec::new();
    for (name, case) in cases {
        let bytes = match (&case["yaml"], &case["yamlBase64"]) {
            (Value::String(text), _) => text.clone().into_bytes(),
            (_, Value::String(text)) => base64::engine::general_purpose::STANDARD
                .decode(text)
                .expect("the corpus holds base64"),
            _ => panic!("{name} has no text"),
        };
        let (got, want) = (from_yaml(yaml::decode(&bytes)), as_floats(&case["expect"]));
        if got != want {
            failures.push(format!("{name}\n  got  {got}\n  want {want}"));
        }
    }
    report("yaml-cases", cases.len(), &failures);
}

#[test]
fn from_yaml_and_back() {
    let Some(cases) = cases("from-yaml-cases.json") else {
        return;
    };
    let cases = cases.as_array().expect("a list");
    let mut failures = Vec::new();
    for case in cases {
        let name = case["name"].as_str().expect("a name");
        let got = from_yaml(Ok(case["yaml"].as_str().expect("a text").into()));
        let want = match case.get("error") {
            Some(error) => json!({"Error": error}),
            None => as_floats(&case["json"]),
        };
        if got != want {
            failures.push(format!("{name}\n  got  {got}\n  want {want}"));
        } else if let Some(round) = case.get("round").and_then(Value::as_str)
            && to_yaml(&got) != round
        {
            failures.push(format!("{name} round\n  got  {:?}\n  want {round:?}", to_yaml(&got)));
        }
    }
    report("from-yaml-cases", cases.len(), &failures);
}

#[test]
fn writing() {
    let Some(cases) = cases("to-yaml-cases.json") else {
        return;
    };
    let cases = cases.as_array().expect("a list");
    let mut failures = Vec::new();
    for case in cases {
        let got = to_yaml(&as_floats(&case["json"]));
        let want = case["yaml"].as_str().expect("a text");
        if got != want {
            failures.push(format!("{}\n  got  {got:?}\n  want {want:?}", case["name"]));
        }
    }
    report("to-yaml-cases", cases.len(), &failures);
}

/// Every file below a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the corpus") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Plain documents are read in one pass; a directive before a text keeps it from that.
#[test]
fn documents_of_the_corpus_mean_the_same_with_a_directive() {
    let Some(corpus) = support::corpus() else { return };
    let mut found = Vec::new();
    files(&corpus.join("kustomize").join("tree"), &mut found);
    files(&corpus.join("helm").join("charts"), &mut found);
    let mut compared = 0;
    for path in found {
        let is_yaml = path.extension().is_some_and(|it| it == "yaml" || it == "yml");
        let Some(text) = is_yaml.then(|| std::fs::read_to_string(&path).ok()).flatten() else {
            continue;
        };
        let Ok(documents) = yaml::split_documents(&text) else {
            continue;
        };
        for document in documents {
            let bare = document.text.trim_start_matches("---\n");
            // The longest are all of one kind.
            if bare.len() > 200_000
                || bare.starts_with(['%', '\u{feff}'])
                || bare.lines().any(|line| line.starts_with("---"))
            {
                continue;
            }
            for dialect in [yaml::Dialect::GoYaml2, yaml::Dialect::GoYaml3] {
                let options = yaml::ReadOptions::dialect(dialect);
                let Ok(value) = yaml::read_with(bare, &options) else {
                    continue;
                };
                let long = yaml::read_with(&format!("%YAML 1.1\n---\n{bare}"), &options);
                assert!(long.as_ref() == Ok(&value), "{}", path.display());
                compared += 1;
            }
        }
    }
    assert!(compared > 3_000, "only {compared} documents");
}
