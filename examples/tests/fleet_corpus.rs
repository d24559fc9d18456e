//! What Fleet's own CLI made of two real repositories and of a folder for each rule, compared with ours.
//!
//! `$FLEET_CORPUS/fleet` holds the inputs and the answers. A failing run prints groups of causes.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::{collections::BTreeMap, fs, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use clap::Parser as _;
use fleet_core::render::{BundleContent, RenderContext, content, render};
use fleet_core::yaml;
use fleet_examples::cli::{apply::ApplyCommand, deploy::list, target::TargetCommand, test::TestCommand};
use serde_json::Value;

#[path = "../../fleet-core/tests/support/mod.rs"]
mod support;

#[derive(clap::Parser)]
struct Apply {
    #[command(flatten)]
    command: ApplyCommand,
}

struct Case {
    name: String,
    arguments: Vec<String>,
    root: PathBuf,
    expected: PathBuf,
    row: Value,
}

fn cases() -> Option<Vec<Case>> {
    let fleet = support::corpus()?.join("fleet");
    let mut cases = Vec::new();
    for file in ["cases.jsonl", "rules.jsonl"] {
        for line in fs::read_to_string(fleet.join(file)).unwrap().lines() {
            let row: Value = serde_json::from_str(line).unwrap();
            let text = |key: &str| row[key].as_str().unwrap().to_owned();
            let arguments = match row["args"].as_array() {
                Some(arguments) => arguments
                    .iter()
                    .map(|argument| argument.as_str().unwrap().to_owned())
                    .collect(),
                None => ["apply", "-n", "fleet-default", "-o", "-", "repo", &text("path")]
                    .map(str::to_owned)
                    .to_vec(),
            };
            cases.push(Case {
                name: text("case"),
                arguments,
                root: fleet.join("repos").join(text("repo")),
                expected: fleet.join("expected").join(text("case")),
                row,
            });
        }
    }
    Some(cases)
}

/// Compressed texts differ from Go's: both sides are compared after decompression.
fn decompress(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if map.get("encoding").and_then(Value::as_str) == Some("base64+gz") {
                let resource = serde_json::from_value(Value::Object(map.clone())).unwrap();
                let content = fleet_core::scan::pack::unpack(&resource, 1 << 30).unwrap();
                map.insert("content".to_owned(), STANDARD.encode(content).into());
            }
            if map.get("kind").and_then(Value::as_str) == Some("Content") {
                let spec = serde_json::from_value(Value::Object(map.clone())).unwrap();
                map.insert(
                    "content".to_owned(),
                    serde_json::to_value(content::decode(&spec).unwrap()).unwrap(),
                );
            }
            map.values_mut().for_each(decompress);
        }
        Value::Array(items) => items.iter_mut().for_each(decompress),
        _ => {}
    }
}

fn comparable(text: &str) -> String {
    text.split("\n---\n")
        .map(|document| {
            let mut value = yaml::read(document).unwrap();
            if !document.contains("base64+gz") && !document.contains("kind: Content") {
                return document.trim_end().to_owned();
            }
            decompress(&mut value);
            yaml::write(&value).unwrap().trim_end().to_owned()
        })
        .collect::<Vec<_>>()
        .join("\n---\n")
}

fn first_difference(ours: &str, expected: &str) -> String {
    let mut ours = ours.lines();
    for (number, expected) in expected.lines().enumerate() {
        match ours.next() {
            Some(line) if line == expected => {}
            other => {
                return format!(
                    "line {}: expected {expected:?}, got {:?}",
                    number + 1,
                    other.unwrap_or("nothing")
                );
            }
        }
    }
    format!("more than expected: {:?}", ours.next())
}

/// The words of an expected error that ours must have too: the key, the file, or the sentence that people search for.
fn cause(expected: &str) -> Vec<String> {
    let fragments = [
        "no resource found at the following paths to deploy: ",
        "invalid path glob",
        "target escapes bundle directory",
        "imagescan is disabled",
        "the name of scan is required",
        "invalid bundle path",
        "failed to open file",
        "must specify either 'name' or 'selector'",
        "invalid state",
        "chart.metadata.version is required",
        "syntax error in pattern",
        "control characters are not allowed",
        "no such file or directory",
        "reading values file",
    ];
    let mut words: Vec<String> = fragments
        .iter()
        .filter(|fragment| expected.contains(**fragment))
        .map(|text| (*text).to_owned())
        .collect();
    if let Some((_, rest)) = expected.split_once("Go struct field ") {
        // `HelmOptions.BundleSpec.BundleDeploymentOptions.helm.version of type string`: the key is the last word.
        let key = rest.split(" of type").next().unwrap().rsplit('.').next().unwrap();
        words.push(key.to_owned());
    }
    if let Some((_, rest)) = expected.rsplit_once("yaml: ")
        && !expected.contains("error unmarshaling JSON")
        && !expected.contains("validating")
    {
        words.push(rest.to_owned());
    }
    words
}

#[test]
fn bundles() {
    let Some(cases) = cases() else { return };
    let total = cases.len();
    let mut failures: BTreeMap<String, String> = BTreeMap::new();
    for case in cases {
        std::env::set_current_dir(&case.root).unwrap();
        let commit = ["--commit", "0123456789abcdef0123456789abcdef01234567"].map(str::to_owned);
        let has_commit = case.arguments.iter().any(|argument| argument == "--commit");
        let arguments = case
            .arguments
            .iter()
            .cloned()
            .chain(if has_commit { [].to_vec() } else { commit.to_vec() });
        let command = match Apply::try_parse_from(arguments) {
            Ok(parsed) => parsed.command,
            Err(error) => {
                failures.insert(case.name, format!("arguments: {error}"));
                continue;
            }
        };
        let mut out = Vec::new();
        let result = command.run(&mut out, &mut Vec::new());
        let status = case.row["status"].as_str().unwrap();
        let failure = match (result, status) {
            (Ok(()), "ok") => {
                let expected = comparable(&fs::read_to_string(case.expected.join("bundles.yaml")).unwrap());
                let ours = comparable(&String::from_utf8(out).unwrap());
                (ours != expected).then(|| first_difference(&ours, &expected))
            }
            (Ok(()), _) => Some(format!("no error, expected {}", case.row["error"])),
            (Err(error), "ok") => Some(format!("error: {error:#}")),
            (Err(error), _) => {
                let expected = case.row["error"].as_str().unwrap();
                let ours = format!("{error:#}");
                let missing: Vec<String> = cause(expected)
                    .into_iter()
                    .filter(|word| !ours.contains(word))
                    .collect();
                (!missing.is_empty()).then(|| format!("error without {missing:?}: {ours}\n      expected {expected}"))
            }
        };
        if let Some(failure) = failure {
            failures.insert(case.name, failure);
        }
    }
    for (name, failure) in &failures {
        eprintln!("{name}: {failure}");
    }
    assert!(
        failures.is_empty(),
        "bundles: {} of {total} cases differ",
        failures.len()
    );
}

/// The folders with a target.yaml of a case, with the expected errors of each one's deployments by cluster.
fn deployments(case: &Case) -> Vec<(PathBuf, Value)> {
    let mut found = Vec::new();
    if case.expected.join("target.yaml").exists() {
        found.push((case.expected.clone(), case.row["deploy_errors"].clone()));
    }
    for entry in fs::read_dir(&case.expected).into_iter().flatten() {
        let entry = entry.unwrap();
        if entry.path().join("target.yaml").exists() {
            let name = entry.file_name().into_string().unwrap();
            found.push((entry.path(), case.row["deploy_errors"][&name].clone()));
        }
    }
    found
}

#[test]
fn deploys() {
    let Some(cases) = cases() else { return };
    let (mut total, mut failures) = (0, BTreeMap::<String, String>::new());
    for case in cases {
        for (folder, errors) in deployments(&case) {
            let text = fs::read_to_string(folder.join("target.yaml")).unwrap();
            let objects = yaml::read_all(&text).unwrap();
            let of_kind = |kind: &str| {
                objects
                    .iter()
                    .filter(move |object| object["kind"] == kind)
                    .cloned()
                    .collect::<Vec<_>>()
            };
            let Some(found) = of_kind("Content").first().cloned() else {
                continue;
            };
            let resources = content::decode(&serde_json::from_value(found).unwrap()).unwrap();
            let bundle = BundleContent::from_resources(&resources).unwrap();
            for deployment in of_kind("BundleDeployment") {
                total += 1;
                let cluster = deployment["metadata"]["labels"]["fleet.cattle.io/cluster"]
                    .as_str()
                    .unwrap();
                let name = deployment["metadata"]["name"].as_str().unwrap();
                let options = serde_json::from_value(deployment["spec"]["options"].clone()).unwrap_or_default();
                let rendered = render(name, &bundle, &options, &RenderContext::dry_run());
                let failure = match (rendered, errors[cluster].as_str()) {
                    (Ok(rendered), None) => {
                        let objects: Vec<Value> = rendered.objects.into_iter().chain(rendered.hook_objects).collect();
                        let ours = list(objects).unwrap();
                        let expected = fs::read_to_string(folder.join(format!("deploy-{cluster}.yaml"))).unwrap();
                        (ours != expected).then(|| first_difference(&ours, &expected))
                    }
                    (Ok(_), Some(error)) => Some(format!("no error, expected {error}")),
                    (Err(error), None) => Some(format!("error: {error}")),
                    (Err(error), Some(expected)) => {
                        let expected: String = expected
                            .lines()
                            .filter(|line| !line.starts_with("# Warning"))
                            .collect::<Vec<_>>()
                            .join("\n");
                        let network = case.row["network"] == true;
                        // The record was made without the line breaks at the end.
                        (!network && error.to_string().trim_end() != expected)
                            .then(|| format!("error: {error}\n      expected {expected}"))
                    }
                };
                if let Some(failure) = failure {
                    failures.insert(format!("{} {name} {cluster}", case.name), failure);
                }
            }
        }
    }
    let mut causes: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, failure) in &failures {
        causes.entry(failure).or_default().push(name);
    }
    for (cause, names) in &causes {
        eprintln!(
            "{} x {cause}\n    {}",
            names.len(),
            names[..names.len().min(3)].join(", ")
        );
    }
    assert!(failures.is_empty(), "deploys: {} of {total} differ", failures.len());
}

#[derive(clap::Parser)]
struct Target {
    #[command(flatten)]
    command: TargetCommand,
}

#[test]
fn targets() {
    let Some(cases) = cases() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bundle.yaml");
    let inventory = PathBuf::from(std::env::var_os("FLEET_CORPUS").unwrap()).join("fleet/inventory.yaml");
    let (mut total, mut failures) = (0, Vec::new());
    for case in cases {
        let Ok(text) = fs::read_to_string(case.expected.join("bundles.yaml")) else {
            continue;
        };
        for document in text.split("\n---\n") {
            let bundle = yaml::read(document).unwrap();
            let name = bundle["metadata"]["name"].as_str().unwrap();
            let one = case.expected.join("target.yaml");
            let several = case.expected.join(name).join("target.yaml");
            let error = match &case.row["target_error"] {
                Value::Object(errors) => errors.get(name).and_then(Value::as_str),
                other => other.as_str(),
            };
            let expected = [one, several]
                .into_iter()
                .find_map(|file| fs::read_to_string(file).ok());
            if bundle["kind"] != "Bundle" || (expected.is_none() && error.is_none()) {
                continue;
            }
            total += 1;
            fs::write(&file, document).unwrap();
            let arguments = [
                "target",
                "-b",
                file.to_str().unwrap(),
                "--inventory",
                inventory.to_str().unwrap(),
            ];
            let mut out = Vec::new();
            let result = Target::try_parse_from(arguments)
                .unwrap()
                .command
                .run(&mut out, &mut Vec::new());
            let failure = match (result, error) {
                (Ok(()), None) => {
                    let expected = expected.unwrap();
                    let (ours, expected) = (comparable(&String::from_utf8(out).unwrap()), comparable(&expected));
                    (ours != expected).then(|| first_difference(&ours, &expected))
                }
                (Ok(()), Some(error)) => Some(format!("no error, expected {error}")),
                (Err(error), None) => Some(format!("error: {error:#}")),
                (Err(error), Some(expected)) => {
                    let ours = format!("{error:#}");
                    (!ours.starts_with(expected)).then(|| format!("error: {ours}\n    expected {expected}"))
                }
            };
            failures.extend(failure.map(|failure| format!("{} {name}: {failure}", case.name)));
        }
    }
    assert!(
        failures.is_empty(),
        "targets: {} of {total} differ\n{}",
        failures.len(),
        failures.join("\n")
    );
}

#[derive(clap::Parser)]
struct Test {
    #[command(flatten)]
    command: TestCommand,
}

#[test]
fn tests() {
    let Some(cases) = cases() else { return };
    let (mut total, mut failures) = (0, Vec::new());
    for case in cases {
        for environment in ["default", "dev", "test", "prod"] {
            let expected = fs::read_to_string(case.expected.join(format!("test-{environment}.yaml"))).ok();
            let error = case.row["test_errors"][environment].as_str();
            if expected.is_none() && error.is_none() {
                continue;
            }
            total += 1;
            let path = case.root.join(case.row["path"].as_str().unwrap());
            let mut arguments = vec!["test".to_owned(), path.to_str().unwrap().to_owned()];
            if environment != "default" {
                arguments.extend(["-l".to_owned(), format!("env={environment}")]);
            }
            let mut out = Vec::new();
            let result = Test::try_parse_from(arguments)
                .unwrap()
                .command
                .run(&mut out, &mut Vec::new());
            let failure = match (result, error) {
                (Ok(()), None) => {
                    let (ours, expected) = (String::from_utf8(out).unwrap(), expected.unwrap());
                    (ours != expected).then(|| first_difference(&ours, &expected))
                }
                (Ok(()), Some(error)) => Some(format!("no error, expected {error}")),
                (Err(error), None) => Some(format!("error: {error:#}")),
                (Err(error), Some(expected)) => {
                    let expected: Vec<&str> = expected.lines().filter(|line| !line.starts_with("# ")).collect();
                    let ours = format!("{error:#}");
                    let network = case.row["network"] == true;
                    (!network && ours != expected.join("\n"))
                        .then(|| format!("error: {ours}\n    expected {}", expected.join("\n")))
                }
            };
            failures.extend(failure.map(|failure| format!("{} {environment}: {failure}", case.name)));
        }
    }
    assert!(
        failures.is_empty(),
        "tests: {} of {total} differ\n{}",
        failures.len(),
        failures.join("\n")
    );
}
